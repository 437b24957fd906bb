/* The watch: a thread of the sync role that keeps the flag of what is urgent (urgent.h), whatever the role
 * itself is doing, and runs the command of [urgent]. It sleeps until a fact changes or the flag is to be told
 * again. */
#ifndef ENGABO_SYNC_WATCH_H
#define ENGABO_SYNC_WATCH_H

#include <stdbool.h>

#include "node/base/home.h"
#include "node/roster/trust.h"

struct watch;
#define WATCH_LOCK "run/urgent.lock" /* locked by fcntl while a watch runs; the kernel names who holds it */

/* Holds the role's lock meanwhile. `self`: this hub's keys. */
const struct error *watch_start(
	const struct home *home, const struct member_keys *self, struct watch **out) MUST_CHECK;
/* Ends a command that runs; NULL is fine. */
void watch_stop(struct watch *watch);
/* A pidfd that becomes readable when the watch of this hub ends, however it ends; -1: nobody watches. */
const struct error *watch_find(const struct home *home, int *out) MUST_CHECK;

#endif
