/* `engabo remote add|list|remove`: the relays that this hub uses. */
#include "sync/commands/commands.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "node/base/files.h"
#include "node/base/home.h"
#include "sync/remote.h"
#include "sync/state.h"

struct options {
	const char *words[3];
	size_t count;
	bool as_json;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'j':
		options->as_json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (options->count == 3)
			return command_misused(state, "%s is one word too many", argument);
		options->words[options->count++] = argument;
		return 0;
	case ARGP_KEY_END:
		if (!options->count)
			return command_misused(state, "say what to do: add NAME URL, list, or remove NAME");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct error *list(const void *context, const struct home *home, bool as_json)
{
	char *path = home_file(context, home, "sync.db");
	struct db *db CLEANUP(db_close) = NULL;
	json_t *status CLEANUP(json_decref) = NULL, *remotes, *remote;
	size_t i;

	if (files_exist(path)) { /* else sync never ran here, and no remote was added */
		TRY(db_open_foreign(path, SYNC_DB_VERSION, &db));
		TRY(state_status(db, &status));
	} else {
		status = json_pack("{s[]}", "remotes");
	}
	remotes = json_object_get(status, "remotes");
	if (as_json) {
		fputs((const char *)json_pretty(context, remotes).data, stdout);
		return NULL;
	}
	json_array_foreach (remotes, i, remote)
		printf("%s\t%s\n", json_text_or(remote, "name", ""), json_text_or(remote, "url", ""));
	return NULL;
}

static const struct error *run(const struct command_call *call)
{
	static const struct argp_option words[] = {{"json", 'j', NULL, 0, "print facts as JSON", 0}, {0}};
	static const struct argp argp = {words, parse, "add NAME URL\nlist\nremove NAME",
		"The relays that this hub sends to and fetches from. URL is a path, ssh://... or "
		"https://...; passwords in it are kept apart and never shown.",
		NULL, NULL, NULL};
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct options options = {0};
	struct home *home;

	TRY(command_parse(call, &argp, &options));
	TRY(home_open(context, call->state, &home));
	if (strcmp(options.words[0], "list") == 0 && options.count == 1)
		return list(context, home, options.as_json);
	if (strcmp(options.words[0], "add") == 0 && options.count == 3)
		return remote_add(home, options.words[1], remote_absolute(context, options.words[2]));
	if (strcmp(options.words[0], "remove") == 0 && options.count == 2)
		return remote_remove(home, options.words[1]);
	return error_new(
		ERROR_USAGE, "engabo remote add NAME URL, engabo remote list, or engabo remote remove NAME");
}

const struct command command_remote = {"remote", "add, list or remove relays", run};
