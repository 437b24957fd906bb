/* Browsers in which somebody signed in before, each for that person alone. The card holds digests and the key
 * of the user entity, never a name. */
#ifndef ENGABO_WEB_OFFICE_DEVICES_H
#define ENGABO_WEB_OFFICE_DEVICES_H

#include "web/office/visit.h"

/* For throttle_who: this person's browser by a name that says nothing, on the request's context. NULL when
 * `name` did not sign in here before, whoever else did. */
const char *devices_lane(const struct visit *visit, const char *name);
/* Whose browser this is, as text that only the same person's devices_lane gives again; NULL for a browser
 * that nobody signed in with. */
const char *devices_owner(const struct visit *visit);
/* From now on this browser is theirs; sets the cookie. */
const struct error *devices_remember(struct visit *visit, const struct person *person) MUST_CHECK;
/* Forgets what was not used for long, and all of people who may not sign in any more. The hub is open. */
const struct error *devices_prune(struct office *office) MUST_CHECK;

#endif
