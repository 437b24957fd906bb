/* `engabo check`: verifies everything there is: databases, the roster's chain, every signature and digest of
 * every log, and with a keyholder's passphrase that what is addressed to this hub opens. Says what it found,
 * part by part; what is derived and does not hold is removed so that it is made again, the rest is named. */
#include "web/commands/commands.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "node/base/child.h"
#include "node/base/files.h"
#include "node/base/home.h"
#include "node/casework/envelope.h"
#include "node/casework/snapshot.h"
#include "node/casework/trail.h"
#include "node/roster/trust.h"
#include "node/vault/keyring.h"
#include "sync/logs.h"
#include "sync/mailboxes.h"
#include "node/store/spool.h"
#include "sync/rosters.h"
#include "sync/signkey.h"
#include "sync/state.h"
#include "web/authority.h"
#include "web/commands/as.h"
#include "web/office/people.h"

struct options {
	struct as as;
	bool as_json;
};

struct check {
	void *context;
	struct home *home;
	struct trust trust;
	struct repo *repo;
	struct roster_chain *chain;
	struct vault *vault;	/* NULL: nothing is opened */
	struct casefile *trail; /* the audit entries of this hub's log, and nothing else */
	json_t *parts;		/* [{"part","ok","say"}] */
	int bad;
};

static void part(struct check *check, const char *name, const struct error *error, const char *say)
{
	check->bad += error != NULL;
	json_array_append_new(check->parts, json_pack("{sssbss}", "part", name, "ok", error == NULL, "say",
						    error ? error->message : say));
}

static void check_keys(struct check *check)
{
	struct secret *seed CLEANUP(secret_free) = NULL;

	part(check, "keys", signkey_read(check->home, &check->trust.self.sign, &seed),
		"the log's key is the one that trust.json names");
}

static const struct error *integrity(const char *path, unsigned version)
{
	struct db *db CLEANUP(db_close) = NULL;
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	TRY(db_open_foreign(path, version, &db));
	TRY(db_prepare(db, &query, "PRAGMA integrity_check(1)"));
	TRY(db_step(&query, &row));
	if (!row || strcmp(db_text(&query, 0), "ok") != 0)
		return error_new(ERROR_INVALID, "damaged: %s", row ? db_text(&query, 0) : "no answer");
	return NULL;
}

/* How far sync had come with a spool; 0 when it never took anything, or nobody knows any more. */
static int64_t taken_of(struct check *check, const char *spool)
{
	struct db *db CLEANUP(db_close) = NULL;
	int64_t upto = 0;

	if (!db_open_foreign(home_file(check->context, check->home, "sync.db"), SYNC_DB_VERSION, &db))
		error_ignore(state_taken(db, spool, &upto));
	return upto;
}

/* A database whose role has never run is fine to be missing; sync makes mailbox.db again by itself. */
static const struct error *check_missing(struct check *check, const char *name)
{
	struct repo *repo CLEANUP(repo_close) = NULL;
	struct log_tip tip;
	bool was_there = false;

	TRY(repo_open(home_file(check->context, check->home, "log.git"), &repo));
	TRY(logs_tip(repo, check->trust.self.log, check->trust.self.epoch, &tip));
	if (strcmp(name, "sync.db") == 0)
		was_there = tip.seq > 0;
	else if (strcmp(name, "mailbox.db") != 0)
		was_there = taken_of(check, strcmp(name, "intake.db") == 0 ? "intake" : "office") > 0;
	if (was_there)
		return error_new(ERROR_NOT_FOUND, "is missing, and it was there: what waited in it is lost, "
						  "bring it back from a backup");
	return NULL;
}

static const struct error *read_keys(struct check *check)
{
	static const char *const pems[] = {"keys/ssh", "keys/tls-intake", "keys/tls-office", "keys/tls-sync"};
	struct secret *seed CLEANUP(secret_free) = NULL;
	struct signer signer;

	TRY(sshsig_seed_read(home_file(check->context, check->home, "keys/sign"), &seed));
	sshsig_public_of(&signer, seed);
	if (memcmp(&signer, &check->trust.self.sign, sizeof signer) != 0)
		return error_new(ERROR_CONFLICT, "keys/sign is not the key that trust.json names");
	for (size_t i = 0; i < sizeof pems / sizeof pems[0]; i++) {
		struct secret *pem CLEANUP(secret_free) = NULL;

		TRY(secret_read(home_file(check->context, check->home, pems[i]), 65536, &pem));
	}
	return NULL;
}

static void check_files(struct check *check)
{
	struct keyring *keyring;

	part(check, "keys", read_keys(check), "all there, and the log's is the one that trust.json names");
	part(check, "keyring.json", people_keyring(check->context, check->home, &keyring), "well-formed");
	if (!files_exist(home_file(check->context, check->home, "engabo.conf")))
		part(check, "engabo.conf",
			error_new(ERROR_NOT_FOUND, "is missing: the hub has lost its name and code"), "");
}

static void check_databases(struct check *check)
{
	static const struct {
		const char *name;
		unsigned version;
	} files[] = {{"intake.db", SPOOL_DB_VERSION}, {"office.db", SPOOL_DB_VERSION},
		{"sync.db", SYNC_DB_VERSION}, {"mailbox.db", MAILBOX_DB_VERSION}};

	for (size_t i = 0; i < 4; i++) {
		char *path = home_file(check->context, check->home, files[i].name);
		const struct error *error;

		if (!files_exist(path)) {
			part(check, files[i].name, check_missing(check, files[i].name),
				"not made yet: its role has not run");
			continue;
		}
		error = integrity(path, files[i].version);
		if (error && strcmp(files[i].name, "mailbox.db") == 0 && unlink(path) == 0) {
			part(check, files[i].name, NULL,
				"was damaged and is removed: sync makes it again from the log at its next "
				"start");
			continue;
		}
		part(check, files[i].name, error, "whole");
	}
}

static const struct error *git_fsck(struct check *check)
{
	char *path = home_file(check->context, check->home, "log.git");
	const char *const words[] = {"git", "-c", "safe.directory=*", "-C", path, "fsck", "--strict",
		"--no-progress", "--no-dangling", NULL};
	const char *const environment[] = {"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", NULL};
	struct child child = {
		.argv = words, .environment = environment, .deadline_ms = 600000, .output_max = 1 << 20};
	struct child_result result;

	TRY(child_run(check->context, &child, &result));
	if (result.status != 0)
		return error_new(ERROR_INVALID, "git fsck: %s", result.complaint);
	return NULL;
}

struct tally {
	struct check *check;
	const char *log;
	int epoch;
	int64_t commits, envelopes, opened, others, items;
};

/* The office key that signed the events of a log when this commit was made. */
static const struct signer *office_key(const struct check *check, const char *log, int version)
{
	const struct roster *roster = roster_chain_at(check->chain, version);
	const struct roster_member *member = roster ? roster_member(roster, log) : NULL;

	if (!member && strcmp(log, check->trust.self.log) == 0)
		return &check->trust.self.office;
	return member ? &member->keys.office : NULL;
}

static const struct error *open_one(
	struct tally *tally, const struct log_commit *commit, char kind, struct bytes body)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct secret *identities[] = {tally->check->vault->opening};
	struct event_origin origin = {
		.epoch = commit->epoch, .seq = commit->seq, .kind = kind, .roster_version = commit->roster};
	const struct error *error;
	struct event *event;
	enum taken taken;

	memcpy(origin.log, commit->log, sizeof origin.log);
	error = envelope_open(scratch, body, identities, 1, &origin,
		kind == 'o' ? office_key(tally->check, commit->log, commit->roster) : NULL, &event);
	if (!error && kind == 'o' && strcmp(event->entity, "audit") == 0)
		TRY(casefile_take(tally->check->trail, event, &origin, &taken));
	if (!error)
		tally->opened++;
	else if (error->code == ERROR_DENIED)
		tally->others++;
	else
		return error_wrap(error, "commit %lld", (long long)commit->seq);
	return NULL;
}

static const struct error *each(void *user, const struct log_commit *commit, const struct oid *oid,
	const struct commit_entry *entries, size_t count)
{
	struct tally *tally = user;

	tally->commits++;
	for (size_t i = 0; i < count; i++) {
		char kind, mailbox[33];

		tally->envelopes++;
		if (commit_entry_name(entries[i].name, i, &kind, mailbox) && kind == 'm')
			tally->items++;
		else if (tally->check->vault)
			TRY(open_one(tally, commit, kind, entries[i].body));
	}
	return NULL;
}

static void check_log(struct check *check, const char *log, int epoch)
{
	struct tally tally = {.check = check, .log = log, .epoch = epoch};
	char *name = memory_format(check->context, "log %s/%d", log, epoch);
	bool waits = false;
	const struct error *error = logs_read(
		check->repo, check->chain, &check->trust.self, log, epoch, 0, "", each, &tally, &waits);
	char *say = memory_format(check->context, "%lld commits, %lld entries, all signed and linked",
		(long long)tally.commits, (long long)tally.envelopes);

	if (check->vault)
		say = memory_format(check->context,
			"%s; %lld opened, %lld not for this hub, %lld for reporters", say,
			(long long)tally.opened, (long long)tally.others, (long long)tally.items);
	if (waits)
		say = memory_format(check->context, "%s; the next one waits for a newer roster", say);
	part(check, name, error, say);
}

static void check_logs(struct check *check)
{
	const struct roster *roster = roster_chain_newest(check->chain);

	if (!roster || !roster_member(roster, check->trust.self.log))
		check_log(check, check->trust.self.log, check->trust.self.epoch);
	for (size_t i = 0; roster && i < roster->member_count; i++)
		check_log(check, roster->members[i].keys.log, roster->members[i].keys.epoch);
}

static const struct error *read_trail(struct check *check, struct trail_state *out)
{
	TRY(casefile_end(check->trail));
	return trail_state(casefile_db(check->trail), out);
}

/* As far as the log has it: what waits in the spool follows that. */
static void check_trail(struct check *check)
{
	struct trail_state state = {0};
	const struct error *error;

	if (!check->trail)
		return;
	error = read_trail(check, &state);
	if (!error && state.missing)
		error = error_new(ERROR_INVALID,
			"not whole since %s: %lld of %lld entries follow one that is not there", state.since,
			(long long)state.missing, (long long)state.count);
	part(check, "audit", error,
		memory_format(check->context, "whole: %lld entries, each linked to the one before it",
			(long long)state.count));
}

static const struct error *start_trail(struct check *check)
{
	if (!check->vault)
		return NULL;
	TRY(casefile_new(check->context, check->trust.self.log, &check->trail));
	return casefile_begin(check->trail);
}

static void check_snapshot(struct check *check)
{
	const struct roster *roster = roster_chain_newest(check->chain);
	struct snapshot_place place = {
		check->trust.self.log, check->trust.self.epoch, roster ? roster->version : 0};
	struct casefile *file = NULL;
	const struct error *error;

	if (!check->vault)
		return;
	error = snapshot_read(check->context, check->home, check->vault, &place, &file);
	if (!error || error->code == ERROR_NOT_FOUND) {
		part(check, "snapshot", NULL,
			error ? "none: the next unlocking reads the logs" : "signed by this hub, and opens");
		return;
	}
	unlink(home_file(check->context, check->home, "snapshot.sig"));
	unlink(home_file(check->context, check->home, "snapshot.age"));
	part(check, "snapshot", NULL,
		memory_format(check->context,
			"was not believed (%s) and is removed: the next unlocking reads the logs",
			error->message));
}

/* Without the vault, engabo doctor sees whether one signed the other. */
static void check_certificates(struct check *check)
{
	static const char *const names[] = {"ca", "intake", "office"};

	for (size_t i = 0; check->vault && check->vault->authority && i < sizeof names / sizeof *names; i++)
		part(check, memory_format(check->context, "%s.crt", names[i]),
			authority_check(check->home, check->vault, names[i]), "as this hub made it");
}

static const struct error *open_vault(
	struct check *check, const struct options *options, struct signed_in *in)
{
	struct secret *passphrase CLEANUP(secret_free) = NULL;

	if (!options->as.name)
		return NULL;
	TRY(as_ask(&options->as, &passphrase));
	TRY(people_open(check->home, options->as.name, passphrase, in));
	check->vault = in->vault;
	return NULL;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'j':
		options->as_json = true;
		return 0;
	default:
		return as_parse(&options->as, key, argument);
	}
}

static void tell(const struct check *check, bool as_json)
{
	json_t *entry;
	size_t i;

	if (as_json) {
		fputs((const char *)json_pretty(check->context, check->parts).data, stdout);
		return;
	}
	json_array_foreach (check->parts, i, entry)
		printf("%-4s %-24s %s\n", json_is_true(json_object_get(entry, "ok")) ? "ok" : "BAD",
			json_text_or(entry, "part", ""), json_text_or(entry, "say", ""));
	if (check->bad)
		printf("     %-24s relays and other hubs hold copies of the log; keep this directory as it "
		       "is and ask headquarters\n",
			"");
	if (!check->vault)
		printf("     %-24s with --as NAME it is also tried whether all that is for this hub opens\n",
			"");
}

static const struct error *check_all(struct check *check, const struct options *options)
{
	struct signed_in in = {0};
	const struct error *error;

	check_keys(check);
	check_files(check);
	check_databases(check);
	part(check, "log.git", git_fsck(check), "git fsck finds nothing");
	TRY(repo_open(home_file(check->context, check->home, "log.git"), &check->repo));
	error = rosters_load(check->context, check->repo, &check->trust, 0, &check->chain);
	part(check, "roster", error,
		!error && roster_chain_newest(check->chain)
			? memory_format(check->context, "%d versions, each signed as it must be",
				  roster_chain_newest(check->chain)->version)
			: "none: this hub works alone");
	if (error)
		return NULL; /* without it no log can be checked, and that was said */
	error = open_vault(check, options, &in);
	if (!error)
		error = start_trail(check);
	if (!error) {
		check_logs(check);
		check_trail(check);
		check_snapshot(check);
		check_certificates(check);
	}
	people_signed_in_wipe(&in);
	return error;
}

static const struct error *run(const struct command_call *call)
{
	static const struct argp_option words[] = {
		{"as", 'a', "NAME", 0, "a keyholder: also opens what is addressed to this hub", 0},
		{"passphrase-file", 'p', "FILE", 0, "their passphrase (-: standard input)", 0},
		{"json", 'j', NULL, 0, "print the parts as JSON", 0},
		{0},
	};
	static const struct argp argp = {words, parse, NULL,
		"Verifies signatures, chains, digests, databases and what opens.", NULL, NULL, NULL};
	void *context CLEANUP(memory_free) = memory_context(NULL);
	json_t *parts CLEANUP(json_decref) = json_array();
	struct check check = {.context = context, .parts = parts};
	struct options options = {0};
	const struct error *error;

	TRY(command_parse(call, &argp, &options));
	TRY(home_open(context, call->state, &check.home));
	TRY(trust_read(check.home, &check.trust));
	error = check_all(&check, &options);
	repo_close(check.repo);
	TRY(error);
	tell(&check, options.as_json);
	if (check.bad)
		return error_new(ERROR_INVALID, "%d part%s of this hub do%s not hold, see above", check.bad,
			check.bad == 1 ? "" : "s", check.bad == 1 ? "es" : "");
	return NULL;
}

const struct command command_check = {"check", "verify everything there is", run};
