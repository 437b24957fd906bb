/* `engabo sharing POLICY`: what headquarters gets of the hubs' records from the next roster version on. Run
 * at the keeper hub by a coordinator of the coalition.
 *
 * Each hub hands on by itself what headquarters may read then and could not before (web/office/hand.c). The
 * other way round nobody can un-read, and the command says so. */
#include "web/commands/commands.h"

#include <stdio.h>
#include <string.h>

#include "node/base/home.h"
#include "node/vault/keyring.h"
#include "sync/repo.h"
#include "sync/rosters.h"
#include "sync/round.h"
#include "web/commands/as.h"

struct options {
	struct as as;
	const char *policy;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (options->policy)
			argp_usage(state);
		options->policy = argument;
		return 0;
	case ARGP_KEY_END:
		if (!options->policy || !options->as.name)
			argp_usage(state);
		return 0;
	default:
		return as_parse(&options->as, key, argument);
	}
}

/* The next version: checked here as every hub will check it, before anybody sees it. */
static const struct error *sign_next(void *context, const struct home *home, const struct trust *trust,
	enum sharing_policy policy, const struct keyring_key *key, struct roster_files *files,
	struct roster *next)
{
	struct repo *repo CLEANUP(repo_close) = NULL;
	struct roster_signature *signature = memory_new(context, struct roster_signature);
	struct roster_chain *chain;

	TRY(repo_open(home_file(context, home, "log.git"), &repo));
	TRY(rosters_load(context, repo, trust, 1, &chain));
	TRY(rosters_files(context, repo, files));
	*next = *roster_chain_newest(chain);
	if (strcmp(next->keeper, trust->self.log) != 0)
		return error_new(ERROR_DENIED,
			"only the keeper hub %s commits the roster; run engabo sharing there", next->keeper);
	if (next->sharing == policy)
		return error_new(ERROR_EXISTS, "this is the coalition's policy already");
	next->sharing = policy;
	next->version++;
	files->json = roster_print(context, next);
	files->allowed_signers = roster_allowed_signers(context, next);
	*signature = roster_sign(context, files, key->own);
	files->signatures = signature;
	files->signature_count = 1;
	return roster_chain_add(chain, files);
}

static const struct error *run(const struct command_call *call)
{
	static const struct argp_option words[] = {
		{"as", 'a', "NAME", 0, "the coordinator who says so", 0},
		{"passphrase-file", 'p', "FILE", 0, "their passphrase (-: standard input)", 0},
		{0},
	};
	static const struct argp argp = {words, parse, "full|summary|none",
		"Sets what headquarters gets of the hubs' records. Nobody can un-read what they have.", NULL,
		NULL, NULL};
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct keyring_key *key CLEANUP(keyring_key_free) = NULL;
	struct vault *vault CLEANUP(vault_free) = NULL;
	struct options options = {0};
	struct roster_files files;
	enum sharing_policy policy;
	struct roster *next = memory_new(context, struct roster);
	struct trust trust;
	struct home *home;

	TRY(command_parse(call, &argp, &options));
	TRY(roster_sharing_parse(options.policy, &policy));
	TRY(home_open(context, call->state, &home));
	TRY(trust_read(home, &trust));
	if (!trust.has_coalition)
		return error_new(ERROR_NOT_FOUND, "this hub belongs to no coalition");
	TRY(as_open_keyring(&options.as, home, &key, &vault));
	TRY(sign_next(context, home, &trust, policy, key, &files, next));
	TRY(round_roster(home, next->version, &files));
	printf("Version %d of the roster: headquarters gets %s.\n", next->version,
		policy == SHARING_FULL	    ? "everything that hubs write"
		: policy == SHARING_SUMMARY ? "summaries, without names and free text"
					    : "nothing of reports and cases");
	return NULL;
}

const struct command command_sharing = {"sharing", "set what headquarters gets of records", run};
