/* Catching up: reads what sync put into log.git (and checks it once more on the way), opens what is sealed to
 * this hub, and gives it to the case file. Merging and who may say what are node/casework's; the branches'
 * form is sync/logs.c's.
 *
 * "No role takes another's word": the roster's chain is checked here from trust.json, and every commit's
 * signature and digest by logs_read, because log.git is written by another process. Office role and commands.
 */
#include "web/office/catch.h"

#include <string.h>

#include "node/base/clock.h"
#include "node/casework/arrival.h"
#include "node/casework/envelope.h"
#include "node/store/spool.h"
#include "sync/logs.h"
#include "sync/rosters.h"
#include "sync/state.h"
#include "web/office/hand.h"
#include "web/office/lapse.h"
#include "web/office/restate.h"
#include "web/office/urgent.h"

#define BATCH_COMMITS 64 /* commits merged at a time */
#define SPOOL_AT_ONCE 256
#define SNAPSHOT_EVERY 1000 /* new events */

/* A failure that must not keep people from reading what is there: a full card, names that do not open. */
static void tell(struct office *office, const struct error *error)
{
	if (error)
		office_trouble(office, office->trust.self.log, error->message);
}

/* members.age of the newest version: the names of the hubs, and the identity behind "all". */
static const struct error *read_names(struct office *office)
{
	const struct secret *identities[] = {office->vault->opening};
	struct secret *plain CLEANUP(secret_free) = NULL;
	struct roster_names *names = NULL;
	struct roster_files files;

	TRY(rosters_files(office->chain_context, office->repo, &files));
	TRY(age_open(identities, 1, files.members, &plain));
	TRY(roster_names_parse(office->chain_context, (struct bytes){plain->data, plain->len}, &names));
	office->names = names;
	return NULL;
}

const struct error *catch_roster(struct office *office)
{
	void *context;
	struct roster_chain *chain;
	const struct error *error;
	struct oid oid = {0};

	error = repo_ref(office->repo, ROSTER_REF, &oid);
	if (error && error->code != ERROR_NOT_FOUND)
		return error;
	if (office->chain && strcmp(oid.hex, office->roster_oid.hex) == 0)
		return NULL;
	context = memory_context(office);
	error = rosters_load(
		context, office->repo, &office->trust, (int)db_meta_number(office->db, "roster", 0), &chain);
	if (error) {
		talloc_free(context);
		return error;
	}
	if (office->names)
		secret_free(office->names->identity);
	office->names = NULL;
	talloc_free(office->chain_context);
	office->chain_context = context;
	office->chain = chain;
	office->roster_oid = oid;
	for (size_t i = 0; i < office->seen_count; i++)
		office->seen[i].oid = (struct oid){0}; /* a log may have waited for this version */
	if (office->is_writer)
		tell(office, db_meta_set_number(office->db, "roster", office_roster_version(office)));
	if (office->vault && office_roster(office))
		tell(office, read_names(office));
	return NULL;
}

static size_t identities_of(const struct office *office, const struct secret *identities[static 2])
{
	size_t count = 0;

	identities[count++] = office->vault->opening;
	if (office->names && office->names->identity)
		identities[count++] = office->names->identity;
	return count;
}

/* One envelope into the case file. What cannot be opened or does not hold is noted and passed over: the log
 * goes on behind it. `narrow` (may be NULL) gets the keys of what must be restated. */
static const struct error *take_envelope(struct office *office, const struct event_origin *origin,
	const struct signer *key, struct bytes body, json_t *narrow)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct secret *identities[2];
	size_t count = identities_of(office, identities);
	const struct error *error;
	struct event *event;
	enum taken taken;

	error = envelope_open(scratch, body, identities, count, origin, key, &event);
	if (error && error->code == ERROR_DENIED)
		return NULL;
	if (error) {
		office_trouble(office, origin->log, error->message);
		return NULL;
	}
	clock_see(event->hlc);
	TRY(casefile_take(office->file, event, origin, &taken));
	if (taken == TAKEN_NEW)
		office->new_events++;
	if (narrow && restate_is_narrow(office, event, origin, body))
		json_array_append_new(narrow, json_string(event->key));
	return NULL;
}

struct reading {
	struct office *office;
	int waiting; /* commits taken since the batch began */
};

/* The log's office key and role by the version that its commit names; the newest version does not change what
 * an older one allowed. */
static const struct signer *origin_by(
	const struct office *office, const struct log_commit *commit, struct event_origin *origin)
{
	const struct roster *roster = roster_chain_at(office->chain, commit->roster);
	const struct roster_member *member = roster ? roster_member(roster, commit->log) : NULL;
	const struct member_keys *self = &office->trust.self;

	memcpy(origin->log, commit->log, sizeof origin->log);
	origin->epoch = commit->epoch;
	origin->seq = commit->seq;
	origin->roster_version = commit->roster;
	origin->is_headquarters = member && member->keys.role == MEMBER_HEADQUARTERS;
	if (member)
		return &member->keys.office;
	return strcmp(commit->log, self->log) == 0 ? &self->office : NULL;
}

/* What their signed word says they have of our log. */
static const struct error *take_acks(struct office *office, const struct log_commit *commit)
{
	for (size_t i = 0; i < commit->ack_count; i++) {
		const struct commit_ack *ack = &commit->acks[i];
		struct arrival_place place = {ack->epoch, ack->seq};

		if (strcmp(ack->log, office->trust.self.log) == 0)
			TRY(arrival_note(office->file, commit->log, &place));
	}
	return NULL;
}

static const struct error *take_commit(void *user, const struct log_commit *commit, const struct oid *oid,
	const struct commit_entry *entries, size_t count)
{
	struct reading *reading = user;
	struct office *office = reading->office;
	struct event_origin origin = {0};
	const struct signer *key = origin_by(office, commit, &origin);
	struct position position = {.epoch = commit->epoch, .seq = commit->seq};
	json_t *narrow CLEANUP(json_decref) = json_array();
	char mailbox[33], kind = 0;

	for (size_t i = 0; i < count; i++) {
		if (!commit_entry_name(entries[i].name, i, &kind, mailbox) || kind == 'm')
			continue;
		origin.kind = kind;
		TRY(take_envelope(office, &origin, key, entries[i].body, narrow));
	}
	TRY(take_acks(office, commit));
	TRY(restate_note(office, commit->seq, narrow));
	memcpy(position.log, commit->log, sizeof position.log);
	memcpy(position.commit, oid->hex, sizeof position.commit);
	TRY(casefile_set_position(office->file, &position));
	if (++reading->waiting < BATCH_COMMITS)
		return NULL;
	reading->waiting = 0;
	TRY(casefile_end(office->file));
	return casefile_begin(office->file);
}

static struct log_seen *seen_of(struct office *office, const char *log, int epoch)
{
	struct log_seen *seen;

	for (size_t i = 0; i < office->seen_count; i++)
		if (office->seen[i].epoch == epoch && strcmp(office->seen[i].log, log) == 0)
			return &office->seen[i];
	office->seen = memory_resize(office, office->seen, struct log_seen, office->seen_count + 1);
	seen = &office->seen[office->seen_count++];
	memset(seen, 0, sizeof *seen);
	memcpy(seen->log, log, sizeof seen->log);
	seen->epoch = epoch;
	return seen;
}

static const struct error *read_log(struct office *office, const char *log, int epoch)
{
	struct reading reading = {.office = office};
	struct position position;
	const struct error *error;
	bool waits = false;

	TRY(casefile_position(office->file, log, epoch, &position));
	TRY(casefile_begin(office->file));
	error = logs_read(office->repo, office->chain, &office->trust.self, log, epoch, position.seq,
		position.commit, take_commit, &reading, &waits);
	if (error) /* what was whole before stands, with its position; the rest is tried again when the branch
		      moves */
		office_trouble(office, log, error->message);
	return casefile_end(office->file);
}

static const struct error *catch_log(struct office *office, const char *log, int epoch, bool *moved)
{
	struct log_seen *seen = seen_of(office, log, epoch);
	const struct error *error;
	char ref[LOG_REF_SIZE];
	struct oid oid;

	logs_ref(ref, log, epoch);
	error = repo_ref(office->repo, ref, &oid);
	if (error && error->code == ERROR_NOT_FOUND)
		return NULL;
	if (error)
		return error;
	if (strcmp(oid.hex, seen->oid.hex) == 0)
		return NULL;
	TRY(read_log(office, log, epoch));
	seen->oid = oid;
	*moved = true;
	return NULL;
}

const struct error *catch_spool(struct office *office, int64_t after, int64_t *upto)
{
	const struct roster *roster = office_roster(office);
	const struct member_keys *self = &office->trust.self;
	struct event_origin origin = {
		.epoch = self->epoch, .kind = 'o', .roster_version = office_roster_version(office)};
	size_t count = 1;

	memcpy(origin.log, self->log, sizeof origin.log);
	origin.is_headquarters =
		roster && roster_member(roster, self->log) && self->role == MEMBER_HEADQUARTERS;
	*upto = after;
	TRY(casefile_begin(office->file));
	while (count) {
		void *scratch CLEANUP(memory_free) = memory_context(NULL);
		struct spool_entry *entries;

		TRY(spool_after(scratch, office->db, *upto, SPOOL_AT_ONCE, &entries, &count));
		for (size_t i = 0; i < count; i++) {
			if (entries[i].kind == 'o')
				TRY(take_envelope(office, &origin, &self->office, entries[i].body, NULL));
			*upto = entries[i].id;
		}
	}
	return casefile_end(office->file);
}

/* What sync has put into the log is not needed in the spool any more. */
static const struct error *prune(struct office *office)
{
	struct db *sync = office_sync_db(office);
	int64_t upto = 0;

	if (!sync || !office->is_writer)
		return NULL;
	TRY(state_taken(sync, "office", &upto));
	if (upto <= db_meta_number(office->db, "pruned", 0))
		return NULL;
	TRY(spool_prune(office->db, upto, INT64_MAX));
	return db_meta_set_number(office->db, "pruned", upto);
}

const struct error *catch_up(struct office *office)
{
	const struct roster *roster;
	bool moved = false;

	TRY(catch_roster(office));
	roster = office_roster(office);
	if (!roster || !roster_member(roster, office->trust.self.log))
		TRY(catch_log(office, office->trust.self.log, office->trust.self.epoch, &moved));
	for (size_t i = 0; roster && i < roster->member_count; i++)
		TRY(catch_log(office, roster->members[i].keys.log, roster->members[i].keys.epoch, &moved));
	if (!office->is_writer)
		return NULL;
	if (moved)
		tell(office, prune(office));
	tell(office, restate_all(office));
	if (moved)
		tell(office, lapse_all(office));
	if (moved)
		tell(office, hand_all(office));
	tell(office, urgent_note(office));
	if (office->new_events >= SNAPSHOT_EVERY)
		tell(office, office_save(office));
	return NULL;
}
