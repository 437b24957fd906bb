/* `engabo invite`: the coalition's root and its relays, for a hub that wants to join. Nothing in it is
 * secret; that nobody swapped it on the way is what the six words are for. */
#include "web/commands/commands.h"

#include <stdio.h>
#include <string.h>

#include "node/base/files.h"
#include "node/base/home.h"
#include "node/roster/enrol.h"
#include "sync/rosters.h"
#include "sync/state.h"
#include "web/commands/paper.h"

#define RELAYS_MAX 16

static error_t parse(int key, char *argument, struct argp_state *state)
{
	const char **file = state->input;

	if (key != 'o')
		return ARGP_ERR_UNKNOWN;
	*file = argument;
	return 0;
}

/* The relays that this hub uses. Addresses with a password in them are left out: they are not for everybody.
 */
static const struct error *add_relays(const void *context, const struct home *home, struct invite *invite)
{
	struct db *db CLEANUP(db_close) = NULL;
	struct query query CLEANUP(db_finish) = {0};
	const struct error *error =
		db_open_foreign(home_file(context, home, "sync.db"), SYNC_DB_VERSION, &db);
	bool row;

	if (error) { /* sync never ran here: no relay is known yet */
		error_ignore(error);
		return NULL;
	}
	invite->relays = memory_array(context, char *, RELAYS_MAX);
	TRY(db_prepare(db, &query, "SELECT url FROM remote ORDER BY name"));
	TRY(db_step(&query, &row));
	while (row && invite->relay_count < RELAYS_MAX) {
		const char *url = db_text(&query, 0), *at = strchr(url, '@'), *scheme = strstr(url, "://");
		const char *colon = scheme ? strchr(scheme + 3, ':') : NULL;

		if (!(at && colon && colon < at))
			invite->relays[invite->relay_count++] = memory_string(context, url);
		TRY(db_step(&query, &row));
	}
	return NULL;
}

static const struct error *run(const struct command_call *call)
{
	static const struct argp_option words[] = {
		{"output", 'o', "FILE", 0, "write it there (else to standard output)", 0}, {0}};
	static const struct argp argp = {words, parse, NULL,
		"Makes an invite for a new hub: hand it over by stick, message or paper.", NULL, NULL, NULL};
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct invite *invite = memory_new(context, struct invite);
	struct repo *repo CLEANUP(repo_close) = NULL;
	const struct roster *roster;
	struct roster_chain *chain;
	const char *file = NULL;
	struct trust trust;
	struct home *home;

	TRY(command_parse(call, &argp, &file));
	TRY(home_open(context, call->state, &home));
	TRY(trust_read(home, &trust));
	if (!trust.has_coalition)
		return error_new(ERROR_NOT_FOUND, "this hub belongs to no coalition; an invite is made where "
						  "engabo init --headquarters was run");
	TRY(repo_open(home_file(context, home, "log.git"), &repo));
	TRY(rosters_load(context, repo, &trust, 0, &chain));
	roster = roster_chain_newest(chain);
	if (!roster)
		return error_new(ERROR_UNAVAILABLE,
			"the coalition's roster has not arrived here yet; run engabo sync first");
	memcpy(invite->coalition, trust.coalition, sizeof invite->coalition);
	memcpy(invite->root, trust.root, sizeof invite->root);
	invite->headquarters_count = roster_headquarters(
		roster, invite->headquarters, sizeof invite->headquarters / sizeof invite->headquarters[0]);
	TRY(add_relays(context, home, invite));
	return paper_write(file, invite_print(context, invite));
}

const struct command command_invite = {"invite", "make an invite for a new hub", run};
