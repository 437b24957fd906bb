/* "Someone else may have my code": what was sent with the code after its mailbox was closed may be from
 * somebody else. One hub closes; another that has not heard of it yet goes on taking messages and photos, and
 * when both come together people must be told. Pure.
 *
 * One log tells its own order. Between two, only clocks can, and only where both were sure: then by the time
 * that people see. (The hybrid clock does not go back when a clock that ran ahead is set right, so it says
 * less.) */
#ifndef ENGABO_CASEWORK_CLOSING_H
#define ENGABO_CASEWORK_CLOSING_H

#include "node/base/ids.h"
#include "node/base/json.h"

/* Of what lists_messages finds, each with "hub", "epoch", "hlc", "at" and "clock" of its event: what the
 * reporter's code sent gets "after_closing", "yes" or "perhaps", where it came after any closing. */
void closing_mark(json_t *messages);

enum closing { CLOSING_BEFORE, CLOSING_PERHAPS_AFTER, CLOSING_AFTER };

/* When something was said, as its event tells. */
struct closing_moment {
	char log[LOG_ID_SIZE];
	int epoch; /* 0: the event itself is not at hand, only what restates it; then no more than `at` is
		      known */
	uint64_t hlc;
	int64_t at; /* seconds, by the clock of the hub that took it */
	bool is_sure;
};
/* How `said` stands to a closing of the mailbox that was said at `closed`. */
enum closing closing_order(const struct closing_moment *closed, const struct closing_moment *said);

#endif
