/* Logs in log.git: names of branches, extending our own, and the checks before anybody else's moves.
 *
 * "Only verified commits reach log.git": logs_keep is the only way in for what came from outside. */
#ifndef ENGABO_SYNC_LOGS_H
#define ENGABO_SYNC_LOGS_H

#include "node/roster/roster.h"
#include "sync/commit.h"

#define LOG_REF_SIZE 64
#define LOG_REFS "refs/heads/log/"
void logs_ref(char out[static LOG_REF_SIZE], const char *log, int epoch); /* refs/heads/log/<id>/<epoch> */
/* Takes such a name apart; false: it is none. */
bool logs_ref_parse(const char *ref, char log[static LOG_ID_SIZE], int *epoch);

/* Where a log ends. seq 0: it does not exist yet. */
struct log_tip {
	struct oid oid;
	int64_t seq;
	int roster;
	uint8_t sha256[DIGEST_LEN]; /* of the raw tip commit */
};
const struct error *logs_tip(struct repo *repo, const char *log, int epoch, struct log_tip *out) MUST_CHECK;

/* Adds to *envelopes how many the `commits` up to `tip` hold, which were found good before. */
const struct error *logs_envelopes(
	struct repo *repo, const struct oid *tip, int64_t commits, int64_t *envelopes) MUST_CHECK;

/* Adds commits of at most COMMIT_ENTRIES_MAX entries and about 32 KiB each, as one pack, then moves the
 * branch. Durable when it returns. `tip` is advanced. Entry names are given here from kind, mailbox and
 * order. */
struct log_entry {
	char kind;
	char mailbox[33];
	struct bytes body;
	bool is_checked;	    /* by logs_entry_check; what stands above must not change afterwards */
	uint8_t sha256[DIGEST_LEN]; /* of the body, from then on */
	int64_t seq;		    /* where logs_append has put it: the commit, */
	struct oid oid;		    /* and the blob */
};
/* Whether everybody will accept it: kind, mailbox id, an age file of at most 64 KiB. logs_append refuses a
 * batch with one that is not: leave it out first. */
const struct error *logs_entry_check(struct log_entry *entry) MUST_CHECK;
/* Nothing at all to append changes nothing; acknowledgements alone make one commit. ERROR_INVALID: an entry
 * or an acknowledgement that others would refuse; ERROR_CONFLICT: the branch is elsewhere, or `roster` is
 * lower than the log's. */
const struct error *logs_append(struct repo *repo, const char *log, int epoch, const struct secret *sign,
	int roster, const struct commit_ack *acks, size_t ack_count, struct log_entry *entries, size_t count,
	struct log_tip *tip) MUST_CHECK;

enum log_verdict {
	LOG_NOTHING_NEW,
	LOG_NEW,	 /* good commits behind ours: kept */
	LOG_BEHIND,	 /* the offered tip is an ancestor of ours */
	LOG_ROLLED_BACK, /* an alarm: the remote once had more (caller knows from its high-water mark) */
	LOG_FORKED,	 /* a validly signed branch that contradicts ours: kept as proof under
			    refs/forks/<log>/<oid> */
	LOG_WAITS,	 /* names a roster version that we do not have yet */
	LOG_REFUSED,	 /* breaks a rule: `reason` */
};
struct log_offer {
	enum log_verdict verdict;
	struct log_tip tip; /* ours afterwards */
	int64_t taken;	    /* commits kept */
	int64_t envelopes;
	int64_t bytes;
	char reason[256]; /* one line: what and where ("gul... seq 42: Prev-SHA256 does not match") */
};
/* Checks the branch whose tip is `offered` in `inbox` (which sees log.git's objects by alternates) against
 * our tip of that log, oldest first, by every rule of FORMAT.md; good commits are rebuilt object by object in
 * `repo`, and the branch moves. Nothing changes otherwise. An error is only for our own failures (disk,
 * memory). At most 20,000 commits a call: `verdict` LOG_NEW and call again. */
const struct error *logs_keep(struct repo *repo, struct repo *inbox, const struct roster_chain *chain,
	const char *log, int epoch, const struct oid *offered, struct log_offer *out) MUST_CHECK;

/* Whether a log that we have holds envelopes behind `seq`, and not acknowledgements alone. */
const struct error *logs_have_envelopes(
	struct repo *repo, const char *log, int epoch, int64_t seq, bool *out) MUST_CHECK;

/* Reads our (already verified) log again, oldest first, from behind `seq`; checks signature, chain and
 * digests once more, and gives every entry to `each`. Stops at the first commit whose roster version is not
 * in the chain (*waits). `each` may stop by failing. Used by office, by check, and to rebuild mailbox.db. */
typedef const struct error *logs_each(void *user, const struct log_commit *commit, const struct oid *oid,
	const struct commit_entry *entries, size_t count);
const struct error *logs_read(struct repo *repo, const struct roster_chain *chain,
	const struct member_keys *self, const char *log, int epoch, int64_t after_seq,
	const char *after_commit, logs_each *each, void *user, bool *waits) MUST_CHECK;

#endif
