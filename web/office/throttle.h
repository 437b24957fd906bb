/* Wrong passphrases cost time, for the account and for where they came from; nobody is locked out for good.
 * Times are milliseconds of the boot clock. Not thread-safe.
 *
 * Each failure adds 5 s to the delay before the next try; the first 15 s are free, 10 minutes are the most.
 * An hour without a failure, or signing in, forgets them. A browser in which this person signed in before
 * waits for its own failures alone, so that a stranger's guesses do not keep the owner out; they count for
 * the account as well, and signing in there forgets the browser's own only. Memory is fixed: names are
 * counted by a keyed hash in a small table; two names that share a place share their delay. */
#ifndef ENGABO_WEB_OFFICE_THROTTLE_H
#define ENGABO_WEB_OFFICE_THROTTLE_H

#include "node/base/memory.h"

struct throttle;
struct throttle *throttle_new(const void *context);

struct throttle_who {
	const char *account; /* the name typed */
	const char *source;  /* the address */
	const char *device;  /* of a browser we know as this account's: a name for it; NULL else */
};
/* How long until the next try may be made; 0: now. */
int64_t throttle_wait_ms(const struct throttle *throttle, const struct throttle_who *who, int64_t now_ms);
void throttle_failed(struct throttle *throttle, const struct throttle_who *who, int64_t now_ms);
void throttle_succeeded(struct throttle *throttle, const struct throttle_who *who);

#endif
