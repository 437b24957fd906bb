/* Finding a commit of a log by its Seq, without walking all of it: by the Back lines of its commits
 * (FORMAT.md). */
#ifndef ENGABO_SYNC_BACK_H
#define ENGABO_SYNC_BACK_H

#include "sync/commit.h"

/* A log whose commits up to `base` are in `repo` and good, and behind them some whose ids are known already.
 */
struct back {
	struct repo *repo;
	int64_t base_seq; /* 0: nothing yet */
	struct oid base;
	const struct oid *recent; /* recent[i] has Seq base_seq + 1 + i */
	size_t recent_count;
};
/* The commit at `seq`, from 1 to base_seq + recent_count. A few reads, however long the log. */
const struct error *back_find(const struct back *back, int64_t seq, struct oid *out) MUST_CHECK;
/* What Back must say at `seq`: fills back and back_count of `out`. */
const struct error *back_fill(const struct back *back, int64_t seq, struct log_commit *out) MUST_CHECK;

#endif
