/* A second person of this hub agrees to what one alone may not do. */
#ifndef ENGABO_WEB_OFFICE_AGREE_H
#define ENGABO_WEB_OFFICE_AGREE_H

#include "web/office/visit.h"

/* What follows: with problems in the view they did not agree. */
typedef const struct error *agree_then(struct visit *visit, void *job);
/* Reads the fields "second" (a name) and "passphrase" of the form. They must be somebody else than who asks,
 * an officer or coordinator, and may see this case. Wrong guesses cost what they cost on the sign-in page.
 * `then` is called once, perhaps later on the worker's thread with the mutex held; `job` hangs on the visit's
 * context. */
const struct error *agree_ask(
	struct visit *visit, const char *case_key, agree_then *then, void *job) MUST_CHECK;

#endif
