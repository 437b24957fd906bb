/* Long leaps through a hub's log, so that sending one record costs the same after ten years: see back.h. Used
 * by sync, office and commands.
 *
 * Guards: only the Back lines of commits that were checked are followed. Whether a new commit's Back is right
 * is asked here and judged in check.c. */
#include "sync/back.h"

#include <assert.h>

static const struct error *read_back(const struct back *back, const struct oid *oid, struct log_commit *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct raw_commit raw;

	TRY(repo_commit(scratch, back->repo, oid, &raw));
	return commit_parse(raw.message, out);
}

const struct error *back_find(const struct back *back, int64_t seq, struct oid *out)
{
	struct oid at = back->base;
	struct log_commit commit;

	assert(seq >= 1 && seq <= back->base_seq + (int64_t)back->recent_count);
	if (seq > back->base_seq) {
		*out = back->recent[seq - back->base_seq - 1];
		return NULL;
	}
	for (int64_t at_seq = back->base_seq; at_seq > seq;) {
		size_t leap = 0;

		TRY(read_back(back, &at, &commit));
		if (commit.seq != at_seq)
			return error_new(ERROR_INVALID, "commit %s has Seq %lld where %lld was due", at.hex,
				(long long)commit.seq, (long long)at_seq);
		while ((int64_t)2 << leap <= at_seq - seq)
			leap++;
		at = commit.back[leap];
		at_seq -= (int64_t)1 << leap;
	}
	*out = at;
	return NULL;
}

/* Seq - 2^k is named by the commit at Seq - 2^(k-1), in the same place but one: one read a leap, and none for
 * those whose ids are known. */
const struct error *back_fill(const struct back *back, int64_t seq, struct log_commit *out)
{
	size_t count = commit_back_count(seq);
	struct log_commit nearer;

	for (size_t k = 0; k < count; k++) {
		int64_t target = seq - ((int64_t)1 << k), half = k ? seq - ((int64_t)1 << (k - 1)) : 0;

		if (target > back->base_seq || !half || half > back->base_seq) {
			TRY(back_find(back, target, &out->back[k]));
		} else {
			TRY(read_back(back, &out->back[k - 1], &nearer));
			out->back[k] = nearer.back[k - 1];
		}
	}
	out->back_count = count;
	return NULL;
}
