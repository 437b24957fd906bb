/* A round with one remote: fetch into quarantine, check and keep what is good, push what it lacks. How a case
 * gets from Gulu to Kampala.
 *
 * Leaves carrying to transport.c and every rule for what came to logs.c and rosters.c. Guards: only logs of
 * the roster are looked at; what a remote once held and now does not is told to people; what failed is kept
 * with its reason and tried again later, never silently. Runs in the sync role, or in a command that holds
 * its lock. */
#include "sync/hub.h"

#include <string.h>

#include "node/base/clock.h"
#include "node/base/files.h"
#include "node/base/ids.h"
#include "sync/fetch.h"
#include "sync/mailboxes.h"
#include "sync/pieces.h"
#include "sync/push.h"
#include "sync/remote.h"
#include "sync/rosters.h"
#include "sync/stick.h"
#include "sync/transport.h"

#define BACK_OFF_SECONDS 30
#define BACK_OFF_MAX_SECONDS 3600
#define FETCH_MAX ((uint64_t)512 << 20) /* bytes at once; and never more than half of what is free */

struct round {
	void *context;
	struct hub *hub;
	struct remote remote;
	struct transport transport;
	struct push push;
	int64_t received;
	struct {
		struct stick at;
		struct pieces *pieces;	/* NULL: it holds a repository */
		int64_t brought, taken; /* records */
		json_t *skipped;	/* pieces that were passed over */
	} stick;
	json_t *refused;
	char *problem; /* what hindered the round; NULL: nothing */
};

/* ---- what a remote shows ---- */

static const struct error *inbox_ref(
	const struct round *round, const char *name, struct oid *out, bool *found)
{
	const struct error *error = repo_ref(round->hub->inbox,
		memory_format(round->context, "refs/inbox/%s/%s", round->remote.name, name), out);

	*found = !error;
	return error && error->code != ERROR_NOT_FOUND ? error : NULL;
}

/* Into the report and the table of troubles. */
static const struct error *note(struct round *round, const char *log, const char *kind, const char *reason)
{
	json_t *row = json_pack("{ssssss}", "log", log, "kind", kind, "reason", reason);

	json_array_append_new(round->refused,
		row ? row : json_pack("{ssssss}", "log", log, "kind", kind, "reason", "unreadable"));
	return state_trouble(round->hub->db, round->remote.name, log, kind, reason);
}

/* `moved`: new commits of it were kept; what waited anywhere for them or for the roster no longer does. */
static const struct error *all_is_well(struct round *round, const char *log, bool moved)
{
	TRY(state_trouble_end(round->hub->db, round->remote.name, log, TROUBLE_REFUSED));
	return state_trouble_end(round->hub->db, moved ? NULL : round->remote.name, log, TROUBLE_WAITS);
}

/* ---- the roster ---- */

static const struct error *keep_roster(struct round *round, const struct oid *offered, bool *behind)
{
	struct hub *hub = round->hub;
	const struct error *error;
	int taken = 0;

	error = rosters_keep(hub->log, hub->inbox, &hub->trust, offered, &taken);
	*behind = !error;
	if (!error) {
		TRY(all_is_well(round, "roster", taken > 0));
		return taken ? hub_refresh(hub) : NULL;
	}
	if (error->code == ERROR_SYSTEM || error->code == ERROR_FULL)
		return error;
	return note(round, "roster", TROUBLE_REFUSED, error->message);
}

static const struct error *do_roster(struct round *round)
{
	bool shown, behind = true, here;
	const struct error *error;
	struct oid offered = {""}, ours;

	if (!round->hub->trust.has_coalition)
		return NULL;
	TRY(inbox_ref(round, "roster", &offered, &shown));
	if (shown && strcmp(offered.hex, round->hub->roster_at.hex) != 0)
		TRY(keep_roster(round, &offered, &behind));
	error = repo_ref(round->hub->log, ROSTER_REF, &ours);
	here = !error;
	if (error && error->code != ERROR_NOT_FOUND)
		return error;
	if (here && behind && strcmp(ours.hex, offered.hex) != 0)
		push_add(&round->push, &(struct push_branch){.ref = ROSTER_REF, .tip = ours});
	return NULL;
}

/* ---- logs ---- */

/* What the tip in quarantine says its Seq is; 0 when it says nothing that can be read. */
static int64_t claimed_seq(struct round *round, const char *log, const struct oid *offered)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct log_commit *commit = memory_new(scratch, struct log_commit);
	struct raw_commit raw;
	const struct error *error;

	error = repo_commit(scratch, round->hub->inbox, offered, &raw);
	if (!error)
		error = commit_parse(raw.message, commit);
	return error || strcmp(commit->log, log) != 0 ? 0 : commit->seq;
}

/* `seq`: what the remote has of what we know to be good. */
static const struct error *check_reach(
	struct round *round, const char *log, int epoch, int64_t seq, int64_t claimed)
{
	char reason[200];
	int64_t before;

	TRY(state_reach(round->hub->db, round->remote.name, log, epoch, &before));
	if (seq < before && claimed < before) {
		snprintf(reason, sizeof reason,
			"rolled back at %s: it held this log up to seq %lld, and now shows seq %lld; ours is "
			"kept",
			round->remote.name, (long long)before, (long long)seq);
		TRY(note(round, log, TROUBLE_ROLLED_BACK, reason));
	}
	return state_reach_set(round->hub->db, round->remote.name, log, epoch, seq, claimed);
}

static const struct error *note_verdict(struct round *round, const char *log, const struct log_offer *offer)
{
	switch (offer->verdict) {
	case LOG_REFUSED:
		return note(round, log, TROUBLE_REFUSED, offer->reason);
	case LOG_FORKED:
		return note(round, log, TROUBLE_FORKED, offer->reason);
	case LOG_WAITS:
		return note(round, log, TROUBLE_WAITS, offer->reason);
	default:
		return all_is_well(round, log, offer->taken > 0);
	}
}

/* Until all is kept or a rule says no: one call takes a bounded number of commits. */
static const struct error *keep_log(
	struct round *round, const char *log, int epoch, const struct oid *offered, struct log_offer *offer)
{
	struct hub *hub = round->hub;
	bool more;

	do {
		TRY(logs_keep(hub->log, hub->inbox, hub->chain, log, epoch, offered, offer));
		if (offer->verdict != LOG_FORKED) {
			round->received += offer->taken;
			round->stick.brought += offer->envelopes;
		}
		if (offer->taken) {
			TRY(mailboxes_index(hub, log, epoch));
			TRY(state_known_set(hub->db, log, epoch, &offer->tip));
		}
		more = offer->verdict == LOG_NEW && strcmp(offer->tip.oid.hex, offered->hex) != 0;
	} while (more && !(hub->stop && *hub->stop));
	return note_verdict(round, log, offer);
}

static void add_log(struct round *round, const char *log, int epoch, int64_t there, const struct log_tip *tip)
{
	struct push_branch branch = {.tip = tip->oid, .epoch = epoch, .there = there, .to = tip->seq};

	logs_ref(branch.ref, log, epoch);
	snprintf(branch.log, sizeof branch.log, "%s", log);
	push_add(&round->push, &branch);
}

static const struct error *do_log(struct round *round, const char *log, int epoch)
{
	char name[LOG_REF_SIZE];
	struct log_offer offer = {.verdict = LOG_BEHIND};
	int64_t claimed = 0, there = 0;
	struct oid offered = {""};
	bool shown;

	snprintf(name, sizeof name, "log/%s/%d", log, epoch);
	TRY(inbox_ref(round, name, &offered, &shown));
	if (shown) {
		claimed = claimed_seq(round, log, &offered);
		TRY(keep_log(round, log, epoch, &offered, &offer));
	}
	if (!shown)
		TRY(logs_tip(round->hub->log, log, epoch, &offer.tip));
	if (offer.verdict == LOG_REFUSED && !claimed) /* where it stands cannot be told; that it is bad was */
		return NULL;
	if (offer.verdict == LOG_BEHIND)
		there = claimed;
	else if (offer.verdict == LOG_NOTHING_NEW || offer.verdict == LOG_NEW)
		there = offer.tip.seq;
	TRY(check_reach(round, log, epoch, there, claimed));
	if (offer.verdict == LOG_BEHIND && offer.tip.seq) {
		add_log(round, log, epoch, there, &offer.tip);
	}
	return NULL;
}

/* Whether a commit of ours in quarantine, which log.git does not have, is really signed by our key. */
static bool is_by_us(struct round *round, const struct oid *offered, int64_t *seq)
{
	const struct member_keys *self = &round->hub->trust.self;
	struct log_commit *commit = memory_new(round->context, struct log_commit);
	const struct error *error;
	struct raw_commit raw;

	error = repo_commit(round->context, round->hub->inbox, offered, &raw);
	if (!error)
		error = commit_parse(raw.message, commit);
	if (error || !raw.signature || strcmp(commit->log, self->log) != 0 || commit->epoch != self->epoch)
		return false;
	*seq = commit->seq;
	return sshsig_verify(raw.signature, &self->sign, "git", raw.signed_part) == NULL;
}

static const struct error *is_here(struct round *round, const struct oid *oid, bool *here)
{
	const struct error *error;
	struct raw_commit raw;

	error = repo_commit(round->context, round->hub->log, oid, &raw);
	*here = !error;
	return error && error->code != ERROR_NOT_FOUND && error->code != ERROR_INVALID ? error : NULL;
}

/* Somebody else writes with our key, or this card is an old one. */
static const struct error *do_own_elsewhere(struct round *round, const struct oid *offered, int64_t ours)
{
	const char *self = round->hub->trust.self.log;
	char reason[400];
	int64_t seq = 0;

	if (!is_by_us(round, offered, &seq))
		return note(round, self, TROUBLE_REFUSED,
			"what stands there as this hub's log is not signed by this hub");
	snprintf(reason, sizeof reason,
		"%s holds records signed with this hub's key that this card has not got (seq %lld; here "
		"%lld): "
		"this card is an older copy, or another one is in use. Stop one of the two; a coordinator "
		"revokes this hub and admits it anew",
		round->remote.name, (long long)seq, (long long)ours);
	TRY(note(round, self, TROUBLE_FORKED, reason));
	return round->hub->halted ? NULL : hub_halt(round->hub, TROUBLE_FORKED, reason);
}

/* What a remote has of our own log is never more than we have. */
static const struct error *do_own_log(struct round *round)
{
	const struct member_keys *self = &round->hub->trust.self;
	char name[LOG_REF_SIZE];
	int64_t claimed = 0;
	struct oid offered = {""};
	struct log_tip tip;
	bool shown, here = true;

	snprintf(name, sizeof name, "log/%s/%d", self->log, self->epoch);
	TRY(inbox_ref(round, name, &offered, &shown));
	TRY(logs_tip(round->hub->log, self->log, self->epoch, &tip));
	if (shown)
		TRY(is_here(round, &offered, &here));
	if (!here)
		return do_own_elsewhere(round, &offered, tip.seq);
	if (shown)
		claimed = claimed_seq(round, self->log, &offered);
	TRY(all_is_well(round, self->log, false));
	TRY(check_reach(round, self->log, self->epoch, claimed, claimed));
	if (tip.seq && strcmp(tip.oid.hex, offered.hex) != 0) {
		add_log(round, self->log, self->epoch, claimed, &tip);
	}
	return NULL;
}

/* What this round brought may be acknowledged in it: then our log has grown. */
static const struct error *do_acknowledge(struct round *round)
{
	const struct member_keys *self = &round->hub->trust.self;
	struct log_tip before, after;

	TRY(logs_tip(round->hub->log, self->log, self->epoch, &before));
	TRY(round_acknowledge(round->hub));
	TRY(logs_tip(round->hub->log, self->log, self->epoch, &after));
	return after.seq > before.seq ? do_own_log(round) : NULL;
}

static const struct error *do_logs(struct round *round)
{
	const struct roster *roster = hub_roster(round->hub);

	TRY(do_own_log(round));
	for (size_t i = 0; roster && i < roster->member_count; i++)
		if (strcmp(roster->members[i].keys.log, round->hub->trust.self.log) != 0)
			TRY(do_log(round, roster->members[i].keys.log, roster->members[i].keys.epoch));
	return do_acknowledge(round);
}

/* ---- forks: what proves that a hub said two things travels, too ---- */

static const struct roster_member *member_of(struct round *round, const char *log)
{
	const struct roster *roster = hub_roster(round->hub);

	return roster ? roster_member(roster, log) : NULL;
}

/* `below`: "<log id>/<oid>", of what the remote shows. */
static const struct error *take_fork(struct round *round, const char *below, const struct oid *offered)
{
	const struct member_keys *self = &round->hub->trust.self;
	const struct roster_member *member;
	char log[LOG_ID_SIZE];
	struct log_offer offer;
	struct log_tip tip;
	bool here;

	snprintf(log, sizeof log, "%s", below);
	member = member_of(round, log);
	TRY(is_here(round, offered, &here));
	if (!member || here)
		return NULL;
	if (strcmp(log, self->log) != 0)
		return keep_log(round, log, member->keys.epoch, offered, &offer);
	TRY(logs_tip(round->hub->log, self->log, self->epoch, &tip));
	return do_own_elsewhere(round, offered, tip.seq);
}

static const struct error *do_forks(struct round *round)
{
	struct hub *hub = round->hub;
	char *prefix = memory_format(round->context, "refs/inbox/%s/forks/", round->remote.name), **names;
	struct oid oid, there;
	bool shown;
	size_t count;

	TRY(repo_refs(round->context, hub->inbox, prefix, PUSH_FORKS_MAX, &names, &count));
	for (size_t i = 0; i < count; i++) {
		TRY(repo_ref(hub->inbox, names[i], &oid));
		TRY(take_fork(round, names[i] + strlen(prefix), &oid));
	}
	TRY(repo_refs(round->context, hub->log, "refs/forks/", PUSH_FORKS_MAX, &names, &count));
	for (size_t i = 0; i < count; i++) {
		TRY(inbox_ref(round, names[i] + strlen("refs/"), &there, &shown));
		TRY(repo_ref(hub->log, names[i], &oid));
		if (!shown) {
			struct push_branch fork = {.tip = oid};

			snprintf(fork.ref, sizeof fork.ref, "%s", names[i]);
			push_add(&round->push, &fork);
		}
	}
	return NULL;
}

/* ---- sending ---- */

static const struct error *do_push(struct round *round)
{
	struct push *push = &round->push;

	if (round->stick.pieces)
		return pieces_push(round->stick.pieces, &push->commits, &round->stick.taken, &round->problem);
	if (push->count && round->stick.at.is_read_only) {
		round->problem = memory_format(round->context,
			"%s: it can be read but not written; is the stick or disk write-protected?",
			round->stick.at.folder);
		return NULL;
	}
	TRY(push_send(
		round->context, round->hub, round->remote.name, &round->transport, push, &round->problem));
	for (size_t i = 0; round->stick.at.is_removable && i < push->count; i++) {
		const struct push_branch *branch = &push->branches[i];

		if (*branch->log && branch->there == branch->to)
			TRY(logs_envelopes(round->hub->log, &branch->tip, branch->to - branch->from,
				&round->stick.taken));
	}
	return NULL;
}

/* ---- the round ---- */

/* Spread by a quarter up and down, so that thirty hubs that came back with the power do not all call at once.
 */
static int64_t jittered(int64_t seconds)
{
	uint32_t random;

	ids_random(&random, sizeof random);
	return seconds * 3 / 4 + (int64_t)(random % (uint64_t)(seconds / 2 + 1));
}

static const struct error *write_outcome(struct round *round)
{
	struct query query CLEANUP(db_finish) = {0};
	int64_t now = clock_wall_seconds(), failures = 0,
		delay = round->hub->home->config->sync.interval_minutes * INT64_C(60);
	bool row;

	if (!round->remote.has_row ||
		(round->problem && round->hub->stop && *round->hub->stop)) /* broken off by ourselves */
		return NULL;
	if (round->problem) {
		struct query before CLEANUP(db_finish) = {0};

		TRY(db_prepare(round->hub->db, &before, "SELECT failures FROM remote WHERE name = ?"));
		db_bind_text(&before, 1, round->remote.name);
		TRY(db_step(&before, &row));
		failures = row ? db_integer(&before, 0) + 1 : 1;
		delay = BACK_OFF_SECONDS << (failures > 8 ? 8 : failures - 1);
		delay = delay > BACK_OFF_MAX_SECONDS ? BACK_OFF_MAX_SECONDS : delay;
	}
	TRY(db_prepare(round->hub->db, &query,
		"UPDATE remote SET last_try = ?1, last_ok = CASE WHEN ?2 IS NULL THEN ?1 ELSE last_ok END, "
		"last_error = ?2, "
		"next_try = ?3, failures = ?4, sent = sent + ?5, received = received + ?6 WHERE name = ?7"));
	db_bind_integer(&query, 1, now);
	db_bind_text(&query, 2, round->problem);
	db_bind_integer(&query, 3, now + jittered(delay));
	db_bind_integer(&query, 4, failures);
	db_bind_integer(&query, 5, round->push.commits);
	db_bind_integer(&query, 6, round->received);
	db_bind_text(&query, 7, round->remote.name);
	return db_done(&query);
}

const struct error *round_room(const struct hub *hub, uint64_t *out)
{
	uint64_t room;

	TRY(files_free_space(hub->home->path, &room));
	*out = room / 2 < FETCH_MAX ? room / 2 : FETCH_MAX;
	return NULL;
}

static const struct error *keep_all(struct round *round)
{
	TRY(do_roster(round));
	TRY(do_logs(round));
	return do_forks(round);
}

/* ---- a stick ---- */

static const struct error *open_stick(struct round *round)
{
	struct hub *hub = round->hub;

	TRY(stick_open(round->context, hub->home->path, round->remote.url, !round->remote.has_row,
		&round->stick.at, &round->problem));
	round->transport.url = round->stick.at.folder;
	if (!round->stick.at.is_removable)
		return NULL;
	TRY(state_stick_begin(hub->db, round->remote.url));
	/* Another one may have been in this place before: that it holds less is no alarm. */
	return round->remote.has_row ? NULL : state_reach_forget(hub->db, round->remote.name);
}

static const struct error *do_fetch(struct round *round)
{
	if (round->remote.url[0] == '/')
		TRY(open_stick(round));
	if (round->problem)
		return NULL;
	if (round->stick.at.kind == STICK_PIECES)
		return pieces_fetch(round->context, round->hub, &round->transport, round->stick.at.folder,
			round->remote.name, round->stick.skipped, &round->stick.pieces, &round->problem);
	return fetch_remote(
		round->context, round->hub, round->remote.name, &round->transport, &round->problem);
}

/* What people are told beside what they are told of any remote; null where there is no stick. */
static const struct error *end_stick(struct round *round, json_t **report)
{
	const struct error *error;

	*report = json_null();
	if (!round->stick.at.is_removable)
		return NULL;
	error = stick_settle(&round->stick.at);
	if (error && !round->problem)
		round->problem = memory_string(round->context, error->message);
	*report = json_pack("{sIsIsOsb}", "brought", (json_int_t)round->stick.brought, "taken",
		(json_int_t)round->stick.taken, "skipped", round->stick.skipped, "may_pull", !error);
	return state_stick_end(round->hub->db, round->remote.url, *report, round->problem);
}

static const struct error *carry_out(struct round *round)
{
	TRY(round_room(round->hub, &round->transport.room));
	TRY(do_fetch(round));
	if (round->problem)
		return NULL;
	TRY(keep_all(round));
	return do_push(round);
}

static const struct error *make_report(struct round *round, const char *shown, json_t *stick, json_t **report)
{
	*report = json_pack("{sssbsosIsIsOsO}", "remote", shown, "ok", !round->problem, "error",
		round->problem ? json_string(round->problem) : json_null(), "sent",
		(json_int_t)round->push.commits, "received", (json_int_t)round->received, "refused",
		round->refused, "stick", stick);
	if (!*report)
		return error_new(ERROR_INVALID, "the remote's address or answer is not text");
	return NULL;
}

static struct round *round_new(void *context, struct hub *hub, json_t *refused)
{
	struct round *round = memory_new(context, struct round);

	round->context = context;
	round->hub = hub;
	round->refused = refused;
	return round;
}

const struct error *round_remote(struct hub *hub, const char *name_or_url, json_t **report)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	json_t *refused CLEANUP(json_decref) = json_array(), *skipped CLEANUP(json_decref) = json_array(),
			*stick CLEANUP(json_decref) = NULL;
	struct round *round = round_new(context, hub, refused);
	const struct error *error;

	round->stick.skipped = skipped;
	TRY(hub_refresh(hub));
	TRY(remote_find(context, hub->home, hub->db, name_or_url, &round->remote));
	round->transport =
		(struct transport){.state = hub->home->path, .url = round->remote.url, .stop = hub->stop};
	error = carry_out(round);
	transport_close(&round->transport);
	TRY(error);
	TRY(end_stick(round, &stick));
	TRY(write_outcome(round));
	return make_report(round,
		round->remote.has_row ? round->remote.name : remote_url_shown(context, round->remote.url),
		stick, report);
}

const struct error *round_kept(struct hub *hub, const char *name, json_t **report)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	json_t *refused CLEANUP(json_decref) = json_array();
	struct round *round = round_new(context, hub, refused);

	snprintf(round->remote.name, sizeof round->remote.name, "%s", name);
	TRY(hub_refresh(hub));
	TRY(keep_all(round));
	return make_report(round, name, json_null(), report);
}
