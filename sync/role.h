/* The sync role: one loop over doorbells, timers, the command socket and avahi. Holds the log-signing key and
 * the transport keys, never an opening key. */
#ifndef ENGABO_SYNC_ROLE_H
#define ENGABO_SYNC_ROLE_H

#include "node/base/home.h"

/* Rung when a branch of log.git has moved, for whoever shows it to neighbours. */
#define SYNC_NEWS_BELL "run/news.bell"

/* Runs until *stop (set by a signal handler; a signal interrupts poll). Takes run/sync.lock. */
const struct error *sync_run(struct home *home, const volatile int *stop) MUST_CHECK;

#endif
