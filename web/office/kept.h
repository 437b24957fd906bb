/* Forms that were posted after their session had ended: kept in memory for ten minutes, shown again after the
 * new sign-in, so that what somebody wrote is not lost. Times are milliseconds of the boot clock. Not
 * thread-safe. */
#ifndef ENGABO_WEB_OFFICE_KEPT_H
#define ENGABO_WEB_OFFICE_KEPT_H

#include "web/form.h"
#include "web/office/session.h"

#define KEPT_MS (10 * 60 * 1000)
#define KEPT_OF_ONE 4	   /* forms of one owner */
#define KEPT_OWNER_SIZE 65 /* a person's name, or what devices_owner says */

struct kept_form {
	char id[SESSION_TOKEN_SIZE];
	char owner[KEPT_OWNER_SIZE]; /* whose it is */
	const char *path;	     /* where it was posted */
	struct form form;
	int64_t at_ms;
};

struct kept;
struct kept *kept_new(const void *context);
/* Copies the form, but fields that hold passphrases or tokens. NULL when there is nothing worth keeping. The
 * owner's own oldest makes room, and where the owner has few, the oldest. */
const char *kept_add(
	struct kept *kept, const char *owner, const char *path, const struct form *form, int64_t now_ms);
/* Hands it out to its owner, once: it hangs on `context` and is forgotten here. NULL when they have none of
 * that id. */
struct kept_form *kept_take(
	const void *context, struct kept *kept, const char *id, const char *owner, int64_t now_ms);

#endif
