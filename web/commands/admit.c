/* `engabo admit REQUEST`: a coordinator lets a hub into the coalition, by signing the roster's next version.
 * The new version is committed by the keeper hub's sync role (or here, under its lock, while it is down). */
#include "web/commands/commands.h"

#include <stdio.h>
#include <string.h>

#include "node/base/home.h"
#include "node/roster/enrol.h"
#include "node/vault/keyring.h"
#include "sync/rosters.h"
#include "sync/round.h"
#include "web/commands/as.h"
#include "web/commands/paper.h"

struct options {
	struct as as;
	const char *request, *words;
	bool is_headquarters;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'w':
		options->words = argument;
		return 0;
	case ARGP_KEY_ARG:
		if (options->request)
			return command_misused(state, "one request at a time, not also %s", argument);
		options->request = argument;
		return 0;
	case ARGP_KEY_END:
		if (!options->request || !options->as.name)
			return command_misused(state, "%s",
				options->request
					? "--as NAME is missing, the coordinator who admits it"
					: "the REQUEST is missing (a file, or - for standard input)");
		return 0;
	default:
		return as_parse(&options->as, key, argument);
	}
}

/* The new hub's name, code and region, from what it sealed to us. */
static const struct error *open_names(const void *context, const struct join_request *request,
	const struct vault *vault, struct roster_name *out)
{
	const struct secret *identities[] = {vault->opening};
	struct secret *plain CLEANUP(secret_free) = NULL;
	json_t *names CLEANUP(json_decref) = NULL;
	const char *name, *code, *region;

	TRY(age_open(identities, 1, request->names, &plain));
	TRY(json_object_parse((struct bytes){plain->data, plain->len}, &names));
	TRY(json_get_string(names, "name", 240, &name));
	TRY(json_get_string(names, "code", 8, &code));
	TRY(json_get_string(names, "region", 240, &region));
	if (!ids_is_code(code))
		return error_new(ERROR_INVALID, "the request's short code is not one");
	memcpy(out->log, request->keys.log, sizeof out->log);
	out->name = memory_string(context, name);
	out->code = memory_string(context, code);
	out->region = memory_string(context, region);
	return NULL;
}

static const struct error *add_member(struct roster *roster, const struct join_request *request)
{
	if (roster->member_count == ROSTER_MEMBERS_MAX)
		return error_new(ERROR_FULL, "the roster holds %d hubs at most", ROSTER_MEMBERS_MAX);
	roster->members[roster->member_count] =
		(struct roster_member){.keys = request->keys, .status = MEMBER_ACTIVE, .last_seq = -1};
	roster->members[roster->member_count].keys.role = MEMBER_HUB;
	roster->member_count++;
	roster->version++;
	return NULL;
}

/* members.age again, with the new hub's name in it and the new hub among its readers. */
static const struct error *seal_names(const void *context, const struct roster *roster,
	const struct vault *vault, const struct roster_name *added, struct bytes old, struct bytes *out)
{
	const struct secret *identities[] = {vault->opening};
	struct secret *plain CLEANUP(secret_free) = NULL, *again CLEANUP(secret_free) = NULL;
	struct age_recipient to[AGE_RECIPIENTS_MAX];
	struct roster_names *names;
	struct roster_name *hubs;
	const struct error *error;
	size_t count = 0;

	TRY(age_open(identities, 1, old, &plain));
	TRY(roster_names_parse(context, (struct bytes){plain->data, plain->len}, &names));
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->hubs[i].code, added->code) == 0) {
			secret_free(names->identity);
			return error_new(ERROR_CONFLICT,
				"the code %s belongs to %s already, and case references begin with it; let "
				"the new hub choose "
				"another (code in its engabo.conf) and ask again",
				added->code, names->hubs[i].name);
		}
	hubs = memory_array(context, struct roster_name, names->count + 1);
	memcpy(hubs, names->hubs, names->count * sizeof *hubs);
	hubs[names->count] = *added;
	names->hubs = hubs;
	names->count++;
	again = roster_names_print(names);
	for (size_t i = 0; i < roster->member_count && count < AGE_RECIPIENTS_MAX - 1; i++)
		if (roster->members[i].status == MEMBER_ACTIVE)
			to[count++] = roster->members[i].keys.recipient;
	to[count++] = roster->recovery;
	error = age_seal(
		context, (struct bytes){again->data, strlen((const char *)again->data)}, to, count, out);
	secret_free(names->identity);
	return error;
}

/* Where the roster stands, and whether this person, on this hub, may add to it. Asked before anything else:
 * whoever may not need not compare words. */
struct standing {
	struct roster_chain *chain;
	struct roster_files files;
	const struct roster *roster;
};

static const struct error *read_standing(
	const void *context, const struct home *home, const struct trust *trust, struct standing *out)
{
	struct repo *repo CLEANUP(repo_close) = NULL;

	TRY(repo_open(home_file(context, home, "log.git"), &repo));
	TRY(rosters_load(context, repo, trust, 1, &out->chain));
	TRY(rosters_files(context, repo, &out->files));
	out->roster = roster_chain_newest(out->chain);
	if (strcmp(out->roster->keeper, trust->self.log) != 0)
		return error_new(ERROR_DENIED,
			"only the keeper hub %s commits the roster; run engabo admit there",
			out->roster->keeper);
	return NULL;
}

static const struct error *check_coordinator(
	const struct roster *roster, const struct keyring_key *key, const char *name)
{
	struct signer own;

	sshsig_public_of(&own, key->own);
	for (size_t i = 0; i < roster->coordinator_count; i++)
		if (memcmp(&roster->coordinators[i], &own, sizeof own) == 0)
			return NULL;
	return error_new(ERROR_DENIED,
		"%s is not a coordinator of this coalition; a coordinator must admit hubs", name);
}

/* The next version: checked here as every hub will check it, before anybody sees it. */
static const struct error *sign_next(const void *context, const struct standing *standing,
	const struct join_request *request, const struct roster_name *name, const struct keyring_key *key,
	const struct vault *vault, struct roster_files *files, int *version)
{
	struct roster_signature *signature = memory_new(context, struct roster_signature);
	struct roster next = *standing->roster;

	TRY(add_member(&next, request));
	TRY(seal_names(context, &next, vault, name, standing->files.members, &files->members));
	files->json = roster_print(context, &next);
	files->allowed_signers = roster_allowed_signers(context, &next);
	files->signature_count = 0;
	*signature = roster_sign(context, files, key->own);
	files->signatures = signature;
	files->signature_count = 1;
	*version = next.version;
	return roster_chain_add(standing->chain, files);
}

static const struct error *run(const struct command_call *call)
{
	static const struct argp_option words[] = {
		{"as", 'a', "NAME", 0, "the coordinator who admits it", 0},
		{"passphrase-file", 'p', "FILE", 0, "their passphrase (-: standard input)", 0},
		{"words", 'w', "WORDS", 0, "the six words that the other side shows, for a script", 0},
		{0},
	};
	static const struct argp argp = {words, parse, "REQUEST",
		"Lets a hub into the coalition. Compare the six words by voice, not by the way the "
		"request came.",
		NULL, NULL, NULL};
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct keyring_key *key CLEANUP(keyring_key_free) = NULL;
	struct vault *vault CLEANUP(vault_free) = NULL;
	struct options options = {0};
	struct join_request *request;
	struct standing standing;
	struct roster_files files;
	struct roster_name name;
	struct trust trust;
	struct bytes text;
	struct home *home;
	char *six;
	int version;

	TRY(command_parse(call, &argp, &options));
	TRY(home_open(context, call->state, &home));
	TRY(trust_read(home, &trust));
	if (!trust.has_coalition)
		return error_new(ERROR_NOT_FOUND, "this hub belongs to no coalition");
	TRY(paper_read(context, options.request, &text));
	TRY(join_parse(context, text, &request));
	if (memcmp(request->root, trust.root, DIGEST_LEN) != 0)
		return error_new(ERROR_CONFLICT, "the request is for another coalition");
	TRY(read_standing(context, home, &trust, &standing));
	if (roster_member(standing.roster, request->keys.log))
		return error_new(ERROR_EXISTS, "%s is in the roster already", request->keys.log);
	TRY(as_open_keyring(&options.as, home, &key, &vault));
	TRY(check_coordinator(standing.roster, key, options.as.name));
	TRY(open_names(context, request, vault, &name));
	six = join_words(context, text, trust.root);
	fprintf(stderr, "%s (%s, %s) asks to join.\nSix words: %s\n", name.name, name.code, name.region, six);
	TRY(paper_agree(six, options.words));
	TRY(sign_next(context, &standing, request, &name, key, vault, &files, &version));
	TRY(round_roster(home, version, &files));
	printf("%s is admitted with version %d of the roster.\n", name.code, version);
	return NULL;
}

const struct command command_admit = {"admit", "let a hub into the coalition", run};
