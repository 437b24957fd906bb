/* `engabo join INVITE`: asks to be let into a coalition. From here on this hub trusts that coalition's root
 * and no other; until a coordinator there has admitted it, it goes on working alone. */
#include "web/commands/commands.h"

#include <stdio.h>
#include <string.h>

#include "node/base/files.h"
#include "node/base/home.h"
#include "node/roster/enrol.h"
#include "sync/remote.h"
#include "sync/rosters.h"
#include "sync/signkey.h"
#include "web/commands/paper.h"

struct options {
	const char *invite, *output;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'o':
		options->output = argument;
		return 0;
	case ARGP_KEY_ARG:
		if (options->invite)
			return command_misused(state, "one invite at a time, not also %s", argument);
		options->invite = argument;
		return 0;
	case ARGP_KEY_END:
		if (!options->invite)
			return command_misused(
				state, "the invite is missing (a file, or - for standard input)");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Name, code and region go sealed to headquarters: the paper itself names nobody and no place. */
static const struct error *make_request(const void *context, const struct home *home,
	const struct trust *trust, const struct invite *invite, struct bytes *out)
{
	json_t *names CLEANUP(json_decref) = json_pack("{ssssss}", "name", home->config->hub.name, "code",
		home->config->hub.code, "region", home->config->hub.region);
	struct secret *seed CLEANUP(secret_free) = NULL;
	struct join_request request = {.keys = trust->self};

	memcpy(request.root, invite->root, sizeof request.root);
	TRY(age_seal(context, json_line(context, names), invite->headquarters, invite->headquarters_count,
		&request.names));
	TRY(signkey_read(home, &trust->self.sign, &seed));
	*out = join_print(context, &request, seed);
	return NULL;
}

/* A member has no need to ask. */
static const struct error *check_outside(const struct home *home, const struct trust *trust)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct repo *repo CLEANUP(repo_close) = NULL;
	const struct roster *roster;
	struct roster_chain *chain;

	if (!trust->has_coalition)
		return NULL;
	TRY(repo_open(home_file(scratch, home, "log.git"), &repo));
	TRY(rosters_load(scratch, repo, trust, 0, &chain));
	roster = roster_chain_newest(chain);
	if (roster && roster_member(roster, trust->self.log))
		return error_new(ERROR_EXISTS,
			"this hub is a member of its coalition already; there is nothing to ask for");
	return NULL;
}

static const struct error *run(const struct command_call *call)
{
	static const struct argp_option words[] = {
		{"output", 'o', "FILE", 0, "write the request there (else to standard output)", 0}, {0}};
	static const struct argp argp = {words, parse, "INVITE",
		"Asks to join the coalition of an invite; prints the request and six words.", NULL, NULL,
		NULL};
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct options options = {0};
	struct bytes text, request;
	struct invite *invite;
	struct trust trust;
	struct home *home;

	TRY(command_parse(call, &argp, &options));
	TRY(home_open(context, call->state, &home));
	TRY(trust_read(home, &trust));
	TRY(paper_read(context, options.invite, &text));
	TRY(invite_parse(context, text, &invite));
	if (trust.has_coalition && (strcmp(trust.coalition, invite->coalition) != 0 ||
					   memcmp(trust.root, invite->root, DIGEST_LEN) != 0))
		return error_new(ERROR_CONFLICT,
			"this hub already belongs to another coalition; it cannot join a second one");
	TRY(check_outside(home, &trust));
	TRY(make_request(context, home, &trust, invite, &request));
	TRY(paper_write(options.output, request));
	if (!trust.has_coalition) {
		trust.has_coalition = true;
		memcpy(trust.coalition, invite->coalition, sizeof trust.coalition);
		memcpy(trust.root, invite->root, sizeof trust.root);
		TRY(files_write(home_file(context, home, "trust.json"), trust_print(context, &trust), 0644));
	}
	for (size_t i = 0; i < invite->relay_count; i++)
		TRY(remote_add(
			home, memory_format(context, i ? "relay-%zu" : "relay", i + 1), invite->relays[i]));
	paper_restart_roles(home);
	fprintf(stderr,
		"Six words: %s\nA coordinator at headquarters must see the same words when they run engabo "
		"admit.\n",
		join_words(context, request, trust.root));
	return NULL;
}

const struct command command_join = {"join", "ask to join the coalition of an invite", run};
