/* `engabo hubs`: who belongs to the coalition, when each was last heard of, and how much of ours it has.
 * Names are known only to an unlocked office; while it is locked, log ids stand in their place. */
#include "web/commands/commands.h"

#include <stdio.h>
#include <string.h>

#include "node/base/control.h"
#include "node/base/home.h"
#include "node/base/text.h"
#include "node/roster/trust.h"
#include "sync/logs.h"
#include "sync/rosters.h"
#include "sync/state.h"

struct options {
	bool keys, as_json;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'k':
		options->keys = true;
		return 0;
	case 'j':
		options->as_json = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* {"<log>":{"name","code","region"}} from the unlocked office; an empty object else. */
static json_t *ask_names(const struct home *home)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *request CLEANUP(json_decref) = json_pack("{ss}", "do", "names");
	json_t *reply CLEANUP(json_decref) = NULL;
	const struct error *error =
		control_call(home_file(scratch, home, "run/office.sock"), request, 5000, &reply);
	json_t *names = error ? NULL : json_object_get(reply, "names");

	return json_is_object(names) ? json_incref(names) : json_object();
}

struct listing {
	struct home *home;
	struct trust trust;
	struct repo *repo;
	struct db *sync_db; /* NULL: sync has not run here yet */
	json_t *names;
	json_t *hubs; /* what is printed */
};

/* How many of our commits this hub has not yet acknowledged. */
static const struct error *add_backlog(struct listing *listing, const struct member_keys *keys, json_t *entry)
{
	struct query query CLEANUP(db_finish) = {0};
	const struct member_keys *self = &listing->trust.self;
	struct log_tip ours;
	bool row;

	if (strcmp(keys->log, self->log) == 0)
		return NULL;
	TRY(logs_tip(listing->repo, self->log, self->epoch, &ours));
	TRY(db_prepare(
		listing->sync_db, &query, "SELECT max(seq) FROM ack WHERE log = ? AND epoch = ? AND by = ?"));
	db_bind_text(&query, 1, self->log);
	db_bind_integer(&query, 2, self->epoch);
	db_bind_text(&query, 3, keys->log);
	TRY(db_step(&query, &row));
	json_object_set_new(entry, "backlog", json_integer(ours.seq - (row ? db_integer(&query, 0) : 0)));
	return NULL;
}

/* The log's tip, and when it came, put into `entry`. */
static const struct error *add_tip(struct listing *listing, const struct member_keys *keys, json_t *entry)
{
	struct query query CLEANUP(db_finish) = {0};
	struct log_tip tip;
	bool row;

	TRY(logs_tip(listing->repo, keys->log, keys->epoch, &tip));
	json_object_set_new(entry, "version", json_integer(tip.roster));
	if (!listing->sync_db)
		return NULL;
	TRY(db_prepare(listing->sync_db, &query, "SELECT seq, seen FROM known WHERE log = ? AND epoch = ?"));
	db_bind_text(&query, 1, keys->log);
	db_bind_integer(&query, 2, keys->epoch);
	TRY(db_step(&query, &row));
	if (row) {
		json_object_set_new(entry, "seq", json_integer(db_integer(&query, 0)));
		json_object_set_new(entry, "heard", json_integer(db_integer(&query, 1)));
	}
	return add_backlog(listing, keys, entry);
}

static const struct error *add_member(struct listing *listing, const struct roster_member *member)
{
	const json_t *name = json_object_get(listing->names, member->keys.log);
	json_t *entry = json_pack("{ssssssssssss}", "log", member->keys.log, "role",
		member_role_name(member->keys.role), "status",
		member->status == MEMBER_ACTIVE ? "active" : "revoked", "code",
		json_text_or(name, "code", ""), "name", json_text_or(name, "name", ""), "region",
		json_text_or(name, "region", ""));

	json_array_append_new(listing->hubs, entry);
	return add_tip(listing, &member->keys, entry);
}

static void print_table(const json_t *hubs)
{
	json_t *hub;
	size_t i;

	json_array_foreach (hubs, i, hub) {
		int64_t heard = json_integer_value(json_object_get(hub, "heard"));
		char when[TEXT_TIME_SIZE] = "never";

		if (heard)
			text_time(when, heard);
		printf("%-16s %-8s %-20s %-12s %-8s %6lld commits, newest arrived %s, roster %lld",
			json_text_or(hub, "log", ""), json_text_or(hub, "code", ""),
			json_text_or(hub, "name", ""), json_text_or(hub, "role", ""),
			json_text_or(hub, "status", ""),
			(long long)json_integer_value(json_object_get(hub, "seq")), when,
			(long long)json_integer_value(json_object_get(hub, "version")));
		if (json_object_get(hub, "backlog"))
			printf(", has not acknowledged %lld of ours",
				(long long)json_integer_value(json_object_get(hub, "backlog")));
		putchar('\n');
	}
}

static void print_keys(const void *context, const struct roster *roster)
{
	for (size_t i = 0; i < roster->member_count; i++)
		if (roster->members[i].status == MEMBER_ACTIVE)
			printf("restrict %s %s\n", sshsig_public_text(context, &roster->members[i].keys.ssh),
				roster->members[i].keys.log);
}

static const struct error *list(struct listing *listing, const struct options *options)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	const struct roster *roster;
	struct roster_chain *chain;

	TRY(repo_open(home_file(context, listing->home, "log.git"), &listing->repo));
	TRY(rosters_load(context, listing->repo, &listing->trust, 0, &chain));
	roster = roster_chain_newest(chain);
	if (!roster)
		return error_new(ERROR_NOT_FOUND,
			listing->trust.has_coalition
				? "the coalition's roster has not arrived here yet; run engabo sync"
				: "this hub works alone; engabo join INVITE asks to be let in");
	if (options->keys) {
		print_keys(context, roster);
		return NULL;
	}
	error_ignore(db_open_foreign(
		home_file(context, listing->home, "sync.db"), SYNC_DB_VERSION, &listing->sync_db));
	listing->names = ask_names(listing->home);
	for (size_t i = 0; i < roster->member_count; i++)
		TRY(add_member(listing, &roster->members[i]));
	if (options->as_json)
		fputs((const char *)json_pretty(context, listing->hubs).data, stdout);
	else
		print_table(listing->hubs);
	return NULL;
}

static const struct error *run(const struct command_call *call)
{
	static const struct argp_option words[] = {
		{"authorized-keys", 'k', NULL, 0, "print the hubs' ssh keys, for a relay's authorized_keys",
			0},
		{"json", 'j', NULL, 0, "print as JSON", 0},
		{0},
	};
	static const struct argp argp = {
		words, parse, NULL, "Lists the hubs of the coalition.", NULL, NULL, NULL};
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct listing listing = {0};
	struct options options = {0};
	const struct error *error;

	TRY(command_parse(call, &argp, &options));
	TRY(home_open(context, call->state, &listing.home));
	TRY(trust_read(listing.home, &listing.trust));
	listing.hubs = json_array();
	error = list(&listing, &options);
	json_decref(listing.hubs);
	json_decref(listing.names);
	db_close(listing.sync_db);
	repo_close(listing.repo);
	return error;
}

const struct command command_hubs = {"hubs", "list the hubs of the coalition", run};
