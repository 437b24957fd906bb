/* Who may have a code looked up, and when: a line to wait in instead of a refusal.
 *
 * Wrong codes cost a place each, right ones give theirs back: at most ten wrong ones in any minute for the
 * whole hub (three at once, and one more every 8.6 s), while a hundred phones behind one address open theirs
 * as fast as the processor can. Each address has a line of its own. The next place goes to the address with
 * the fewest wrong codes lately, and in its line to who has waited longest; the last place is kept for
 * addresses without any. So whoever guesses at full speed holds nobody else up, and those who share that
 * address for no longer than their turn takes.
 *
 * A line that is full lets a newcomer in and puts out the last of the address with the most wrong codes, or
 * else of the one with the most in line, where that is worse than the newcomer. So an owner at an address
 * without wrong codes always gets into it, and waits for no more than one turn of each address that guesses,
 * until somebody guesses from 64 addresses at once that have not guessed in the last ten minutes. What is
 * one address says limits_group.
 *
 * Addresses are in memory alone, 1,024 at most. Thread-safe. */
#ifndef ENGABO_WEB_INTAKE_TRIES_H
#define ENGABO_WEB_INTAKE_TRIES_H

#include <stdbool.h>

#include "node/base/error.h"

#define TRIES_EVERY_MS 8572 /* seven a minute, and three at once */
#define TRIES_AN_ADDRESS 24 /* in line; fewer than its connections, so that some are left for all else */
#define TRIES_WAITING 64    /* in line in all; so few for the same reason */

struct tries;
/* `every_ms`: TRIES_EVERY_MS; less in tests. */
const struct error *tries_start(int every_ms, struct tries **out) MUST_CHECK;
/* Ends the lines: who waits is told so, and who asks from now on. */
void tries_stop(struct tries *tries);
/* After tries_stop, once nobody can ask any more. NULL is fine. */
void tries_free(struct tries *tries);

/* `turn` is called once, on another thread: with 0 when it is this one's turn, and then tries_end has to
 * come; else with the seconds after which to ask again, because the line is too long. */
typedef void tries_turn(void *user, int seconds);
void tries_ask(struct tries *tries, const char *address, tries_turn *turn, void *user);
void tries_end(struct tries *tries, const char *address, bool was_right);

#endif
