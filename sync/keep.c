/* What another hub's log says that ours of it does not yet: fetched, checked, and only then kept (logs_keep
 * in logs.h). This is the only way for records from outside into log.git. Used by sync.
 *
 * Leaves the rules for a single commit to check.c. Guards: until the last commit of a call is found good,
 * log.git does not change by a byte; a branch only ever grows; a hub that says two things at one Seq is
 * shown, not believed. */
#include <string.h>

#include "node/base/text.h"
#include "sync/check.h"
#include "sync/logs.h"
#include "sync/pack.h"
#include "sync/verify.h"

#define COMMITS_A_CALL 20000
#define FORKS_MAX 16 /* of one log that are looked at: the first proves it */
#define FORK_REF_SIZE 96

struct keep {
	struct repo *repo;
	struct check check; /* reads from the inbox */
	struct log_tip ours;
	struct oid offered;
	int64_t offered_seq;
	struct log_tip join; /* the last commit that the offered branch and ours share; Seq 0: none */
	struct oid *window;  /* offered commits behind it */
	size_t window_count;
	struct log_offer *out;
};

/* The verdict for what a rule said of the commit at `seq` (0: of the tip, before its Seq can be believed), or
 * else the error, which is our own trouble. */
static const struct error *refuse(struct keep *keep, int64_t seq, const struct error *error)
{
	char where[32] = "tip";

	switch (error->code) {
	case ERROR_INVALID:
	case ERROR_DENIED:
	case ERROR_CONFLICT:
	case ERROR_NOT_FOUND:
		keep->out->verdict = LOG_REFUSED;
		break;
	case ERROR_UNAVAILABLE:
		keep->out->verdict = LOG_WAITS;
		break;
	default:
		return error;
	}
	if (seq)
		snprintf(where, sizeof where, "seq %lld", (long long)seq);
	snprintf(keep->out->reason, sizeof keep->out->reason, "%s %s: %.200s", keep->check.log, where,
		error->message);
	return NULL;
}

/* log.git itself cannot be read: no remote's fault. */
static const struct error *ours_is_damaged(const struct error *error)
{
	return error ? error_new(ERROR_SYSTEM, "our own log cannot be read: %s", error->message) : NULL;
}

/* `oid` becomes its parent. */
static const struct error *step_down(struct repo *repo, int64_t seq, struct oid *oid)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct raw_commit raw;

	TRY(repo_commit(scratch, repo, oid, &raw));
	if (raw.parent_count > 1)
		return error_new(ERROR_INVALID, "it has %zu parents", raw.parent_count);
	if (raw.parent_count != (seq > 1))
		return error_new(ERROR_INVALID, "its branch begins at another Seq than its tip says");
	*oid = raw.parents[0];
	return NULL;
}

/* Whether `at`, a commit with this Seq, is in our branch. `mine` walks along with it: the commit of ours at
 * seq + 1 before, at seq after. */
static const struct error *is_ours(
	const struct keep *keep, int64_t seq, const struct oid *at, struct oid *mine, bool *out)
{
	*out = false;
	if (seq > keep->ours.seq)
		return NULL;
	if (seq == keep->ours.seq || !*mine->hex) {
		struct back back = {keep->repo, keep->ours.seq, keep->ours.oid, NULL, 0};

		TRY(ours_is_damaged(back_find(&back, seq, mine)));
	} else {
		TRY(ours_is_damaged(step_down(keep->repo, seq + 1, mine)));
	}
	*out = strcmp(mine->hex, at->hex) == 0;
	return NULL;
}

/* From the offered tip, whose Seq is signed, down to where it meets our branch, by parents alone. Of a long
 * way the oldest commits are remembered; the others come with the next call. */
static const struct error *walk(struct keep *keep, struct oid *ring, int64_t ring_size, int64_t *failed_seq)
{
	struct oid at = keep->offered, mine = {""};
	int64_t seq;

	for (seq = keep->offered_seq; seq > 0; seq--) {
		bool ours;

		*failed_seq = seq;
		TRY(is_ours(keep, seq, &at, &mine, &ours));
		if (ours)
			return ours_is_damaged(check_tip_at(keep->repo, &at, &keep->join));
		ring[seq % ring_size] = at;
		TRY(step_down(keep->check.from, seq, &at));
	}
	return NULL;
}

static const struct error *find_window(void *context, struct keep *keep, int64_t *failed_seq)
{
	int64_t size = keep->offered_seq < COMMITS_A_CALL ? keep->offered_seq : COMMITS_A_CALL, count;
	struct oid *ring = memory_resize(context, NULL, struct oid, (size_t)size);

	TRY(walk(keep, ring, size, failed_seq));
	count = keep->offered_seq - keep->join.seq;
	keep->window_count = (size_t)(count < size ? count : size);
	keep->window = memory_resize(context, NULL, struct oid, keep->window_count);
	for (size_t i = 0; i < keep->window_count; i++)
		keep->window[i] = ring[(keep->join.seq + 1 + (int64_t)i) % size];
	talloc_free(ring);
	return NULL;
}

/* The tip's own signature comes before everything: only the hub itself can make us walk. */
static const struct error *look_at_tip(struct keep *keep)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct checked *checked = memory_new(scratch, struct checked);

	TRY(check_read(scratch, &keep->check, &keep->offered, checked));
	TRY(check_known(&keep->check, &checked->commit));
	TRY(check_signature(&keep->check, checked));
	keep->offered_seq = checked->commit.seq;
	return NULL;
}

struct rebuilding {
	struct pack *pack;
	int64_t bytes;
	bool differs;
};

static void rebuild_body(void *user, const struct tree_entry *entry, struct bytes body)
{
	struct rebuilding *rebuilding = user;
	struct oid oid;

	pack_blob(rebuilding->pack, body, &oid);
	rebuilding->bytes += (int64_t)body.len;
	rebuilding->differs |= strcmp(oid.hex, entry->oid.hex) != 0;
}

/* One commit, but for its signature: checked, and made anew from what was checked. What comes out must have
 * the ids that went in. */
static const struct error *take_commit(
	struct keep *keep, size_t i, const struct checked *checked, struct pack *pack)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct back back = {keep->check.from, keep->join.seq, keep->join.oid, keep->window, i};
	struct rebuilding rebuilding = {pack, 0, false};
	const struct oid *oid = &keep->window[i];
	struct tree_entry *entries;
	struct oid tree, commit;
	size_t count;

	TRY(check_follows(&keep->check, checked));
	TRY(check_back(&back, &checked->commit));
	TRY(check_entries(scratch, &keep->check, checked, rebuild_body, &rebuilding, &entries, &count));
	pack_tree(pack, entries, count, &tree);
	pack_commit(pack, checked->raw.raw, &commit);
	if (rebuilding.differs || strcmp(tree.hex, checked->raw.tree.hex) != 0 ||
		strcmp(commit.hex, oid->hex) != 0)
		return error_new(ERROR_INVALID, "an object does not have the id it came under");
	check_advance(&keep->check, oid, checked);
	keep->out->taken++;
	keep->out->envelopes += (int64_t)count;
	keep->out->bytes += rebuilding.bytes;
	return NULL;
}

/* Checks and rebuilds the commits of the window, *done of them; the error of the oldest that is refused.
 * Signatures are verified meanwhile. */
static const struct error *take_commits(struct keep *keep, struct pack *pack, size_t *done)
{
	struct verification *verification;
	const struct error *error = NULL, *forged;
	struct signer signer;
	size_t first;

	*done = 0;
	TRY(check_signer(&keep->check, &signer));
	verification = verify_begin(pack, &signer);
	while (*done < keep->window_count && !error) {
		void *scratch CLEANUP(memory_free) = memory_context(NULL);
		struct checked *checked = memory_new(scratch, struct checked);

		error = check_read(scratch, &keep->check, &keep->window[*done], checked);
		if (!error && !verify_add(verification, &checked->raw))
			break;
		if (!error)
			error = take_commit(keep, *done, checked, pack);
		*done += !error;
	}
	forged = verify_end(verification, &first);
	if (!forged)
		return error;
	*done = first;
	return forged;
}

static const struct error *move_branch(struct keep *keep)
{
	bool fork = keep->join.seq < keep->ours.seq;
	char ref[FORK_REF_SIZE];

	if (fork)
		snprintf(ref, sizeof ref, "refs/forks/%s/%s", keep->check.log, keep->check.tip.oid.hex);
	else
		logs_ref(ref, keep->check.log, keep->check.epoch);
	TRY(repo_ref_set(
		keep->repo, ref, &keep->check.tip.oid, fork || !keep->ours.seq ? NULL : &keep->ours.oid));
	if (!fork) {
		keep->out->tip = keep->check.tip;
		return NULL;
	}
	keep->out->verdict = LOG_FORKED;
	snprintf(keep->out->reason, sizeof keep->out->reason,
		"%s seq %lld: the hub signed two different records here", keep->check.log,
		(long long)keep->join.seq + 1);
	return NULL;
}

/* A revoked hub's log ends where the roster says. */
static bool cut_window(struct keep *keep)
{
	int64_t last = check_last(&keep->check), left = last - keep->join.seq;

	if (left <= 0) {
		keep->out->verdict = LOG_REFUSED;
		snprintf(keep->out->reason, sizeof keep->out->reason,
			"%s seq %lld: the hub is revoked; its last record that counts is seq %lld",
			keep->check.log, (long long)keep->join.seq + 1, (long long)last);
		return false;
	}
	if (left < (int64_t)keep->window_count)
		keep->window_count = (size_t)left;
	return true;
}

/* Checks the window and keeps it, or nothing of it. A roster version that is not here yet ends it early: what
 * came before counts. */
static const struct error *take_window(void *context, struct keep *keep)
{
	struct log_offer *out = keep->out;
	const struct error *error;
	struct pack *pack;
	size_t done;

	if (!cut_window(keep))
		return NULL;
	pack = pack_begin(context, keep->repo);
	out->verdict = LOG_NEW;
	error = take_commits(keep, pack, &done);
	if (error)
		TRY(refuse(keep, keep->join.seq + 1 + (int64_t)done, error));
	if (out->verdict == LOG_REFUSED)
		out->taken = out->envelopes = out->bytes = 0;
	if (!out->taken) {
		talloc_free(pack);
		return NULL;
	}
	TRY(pack_end(pack));
	return move_branch(keep);
}

/* Whether a fork of this log and epoch is kept already; such a log takes no further commits. */
static const struct error *has_forked(void *context, const struct keep *keep, bool *out)
{
	char prefix[FORK_REF_SIZE], **names;
	size_t count;

	snprintf(prefix, sizeof prefix, "refs/forks/%s/", keep->check.log);
	TRY(repo_refs(context, keep->repo, prefix, FORKS_MAX, &names, &count));
	*out = false;
	for (size_t i = 0; i < count && !*out; i++) {
		struct log_commit commit;
		struct raw_commit raw;
		struct oid oid;

		TRY(repo_ref(keep->repo, names[i], &oid));
		TRY(repo_commit(context, keep->repo, &oid, &raw));
		TRY(commit_parse(raw.message, &commit));
		*out = commit.epoch == keep->check.epoch;
	}
	return NULL;
}

/* Joined somewhere: behind ours, ahead of it, or beside it. */
static const struct error *judge(void *context, struct keep *keep)
{
	struct log_offer *out = keep->out;
	bool forked;

	if (keep->join.seq == keep->offered_seq) {
		out->verdict = LOG_BEHIND;
		return NULL;
	}
	TRY(has_forked(context, keep, &forked));
	if (forked) {
		out->verdict = keep->join.seq < keep->ours.seq ? LOG_FORKED : LOG_REFUSED;
		snprintf(out->reason, sizeof out->reason,
			"%s seq %lld: this log has forked and takes no further records", keep->check.log,
			(long long)keep->join.seq + 1);
		return NULL;
	}
	keep->check.tip = keep->join;
	return take_window(context, keep);
}

const struct error *logs_keep(struct repo *repo, struct repo *inbox, const struct roster_chain *chain,
	const char *log, int epoch, const struct oid *offered, struct log_offer *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct keep keep = {.repo = repo,
		.offered = *offered,
		.out = out,
		.check = {.from = inbox, .chain = chain, .log = log, .epoch = epoch}};
	const struct error *error;
	int64_t seq = 0;

	*out = (struct log_offer){.verdict = LOG_NOTHING_NEW};
	TRY(logs_tip(repo, log, epoch, &keep.ours));
	out->tip = keep.ours;
	if (keep.ours.seq && strcmp(keep.ours.oid.hex, offered->hex) == 0)
		return NULL;
	error = look_at_tip(&keep);
	if (!error)
		error = find_window(scratch, &keep, &seq);
	if (error)
		return refuse(&keep, seq, error);
	return judge(scratch, &keep);
}
