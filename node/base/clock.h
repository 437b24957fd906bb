/* Time on a machine without a battery clock.
 *
 * The wall clock may be wrong by years after a power cut; nothing is ever refused for its time. Order between
 * events comes from a hybrid logical clock (Kulkarni et al., 2014): 48 bits of milliseconds, 16 bits of
 * counter, written as 16 lower-case hex digits. It never starts below the build date or the last value seen,
 * and a remote value never pushes it further ahead than the wall clock plus 24 hours. Timeouts use the boot
 * clock, which nobody sets. */
#ifndef ENGABO_BASE_CLOCK_H
#define ENGABO_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "node/base/error.h"

#define HLC_SIZE 17 /* 16 hex digits and a NUL */

int64_t clock_wall_ms(void);
int64_t clock_wall_seconds(void);
/* The same, but never before this program was built: a clock that says so is known to be wrong. */
int64_t clock_likely_seconds(void);
/* A time that some clock gave, likewise. */
int64_t clock_likely(int64_t seconds);
/* Milliseconds since boot, sleep included. */
int64_t clock_boot_ms(void);
/* True once the kernel says that time was synchronised (adjtimex), or a person confirmed it. */
bool clock_is_sure(void);

/* Starts the process-wide clock at max(build date, wall clock, last). Call once before clock_next.
 * Thread-safe after. */
void clock_start(uint64_t last);
/* The next value for an event made here: greater than all given out and all seen. */
uint64_t clock_next(void);
/* Takes a value from another hub into account. */
void clock_see(uint64_t remote);

void clock_hlc_text(char out[static HLC_SIZE], uint64_t hlc);
const struct error *clock_hlc_parse(const char *text, uint64_t *out) MUST_CHECK;

#endif
