/* The rules that every commit of a log must keep (FORMAT.md, "What a receiver checks"), one commit at a time,
 * oldest first.
 *
 * What a rule says no to is ERROR_INVALID, ERROR_DENIED, ERROR_CONFLICT or, for what is missing,
 * ERROR_NOT_FOUND; a roster version that is not here yet is ERROR_UNAVAILABLE; anything else is our own
 * trouble. */
#ifndef ENGABO_SYNC_CHECK_H
#define ENGABO_SYNC_CHECK_H

#include "sync/back.h"
#include "sync/logs.h"

#define CHECK_BLOB_MAX 65536

struct check {
	struct repo *from; /* where the commits lie, to be read with care */
	const struct roster_chain *chain;
	const struct member_keys *self; /* whose log this is while no roster names it; NULL: a roster must */
	const char *log;
	int epoch;
	struct log_tip tip; /* the last good commit; the next must follow it */
};
/* Whether the roster knows this log; ERROR_UNAVAILABLE where the commit names a roster version that may. */
const struct error *check_known(const struct check *check, const struct log_commit *commit) MUST_CHECK;
/* Whose signature counts in this log. ERROR_DENIED: no member has it. */
const struct error *check_signer(const struct check *check, struct signer *out) MUST_CHECK;
/* The last Seq that counts: a revoked log's, else COMMIT_SEQ_MAX. */
int64_t check_last(const struct check *check);

struct checked {
	struct raw_commit raw;
	struct log_commit commit;
};
/* Reads a commit and checks what can be said of it alone: message, form, signature, and that it is this
 * log's. */
const struct error *check_read(const void *context, const struct check *check, const struct oid *oid,
	struct checked *out) MUST_CHECK;
const struct error *check_signature(const struct check *check, const struct checked *checked) MUST_CHECK;
/* That it follows check->tip: parent, Seq, Prev-SHA256, roster version, and what a revocation allows. */
const struct error *check_follows(const struct check *check, const struct checked *checked) MUST_CHECK;
const struct error *check_back(const struct back *back, const struct log_commit *commit) MUST_CHECK;

/* Its tree and envelopes: names, modes, sizes, age headers, and the digest over all. One body at a time is in
 * memory, each given to `each` before the digest is known to be right. */
typedef void check_body(void *user, const struct tree_entry *entry, struct bytes body);
const struct error *check_entries(const void *context, const struct check *check,
	const struct checked *checked, check_body *each, void *user, struct tree_entry **entries,
	size_t *count) MUST_CHECK;
/* A body that everybody will accept: an age file to X25519 recipients, not too large. */
const struct error *check_body_form(struct bytes body) MUST_CHECK;
/* check->tip becomes this commit. */
void check_advance(struct check *check, const struct oid *oid, const struct checked *checked);
/* A commit in `repo` that was found good before, as a tip. */
const struct error *check_tip_at(struct repo *repo, const struct oid *oid, struct log_tip *out) MUST_CHECK;

#endif
