/* Forms that were posted after their session had ended: kept in memory for ten minutes, shown again after the
 * new sign-in, so that what somebody wrote is not lost. Times are milliseconds of the boot clock. Not
 * thread-safe. */
#ifndef ENGABO_WEB_OFFICE_KEPT_H
#define ENGABO_WEB_OFFICE_KEPT_H

#include "web/form.h"
#include "web/office/session.h"

#define KEPT_MS (10 * 60 * 1000)

struct kept_form {
	char id[SESSION_TOKEN_SIZE];
	char user[PERSON_NAME_MAX +
		  1];	  /* whose it was; "" when that is not known any more: then whoever has the id */
	const char *path; /* where it was posted */
	struct form form;
	int64_t at_ms;
};

struct kept;
struct kept *kept_new(const void *context);
/* Copies the form, but fields that hold passphrases or tokens. NULL when there is nothing worth keeping. The
 * oldest makes room. */
const char *kept_add(
	struct kept *kept, const char *user, const char *path, const struct form *form, int64_t now_ms);
/* Hands it out for `user`, once: it hangs on `context` and is forgotten here. NULL when there is none. */
struct kept_form *kept_take(
	const void *context, struct kept *kept, const char *id, const char *user, int64_t now_ms);

#endif
