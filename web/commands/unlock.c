/* `engabo unlock`: opens a hub that has no screen, by a keyholder's passphrase. The one passphrase that is
 * handed to another process: over the office role's own 0600 socket, to the process that has to hold what it
 * opens. */
#include "web/commands/commands.h"

#include <string.h>

#include "node/base/control.h"
#include "node/base/home.h"
#include "web/commands/as.h"

#define DEADLINE_MS 300000 /* a large hub without a snapshot takes its time */

struct options {
	struct as as;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_END:
		if (!options->as.name)
			return command_misused(state, "--as NAME is missing, a keyholder");
		return 0;
	default:
		return as_parse(&options->as, key, argument);
	}
}

static const struct error *unlock(const struct command_call *call, const struct options *options)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	json_t *request CLEANUP(json_decref) = NULL, *reply CLEANUP(json_decref) = NULL;
	struct secret *passphrase CLEANUP(secret_free) = NULL;
	const struct error *error;
	struct home *home;

	TRY(home_open(context, call->state, &home));
	TRY(as_ask(&options->as, &passphrase));
	request = json_pack("{ss, ss, ss}", "do", "unlock", "name", options->as.name, "passphrase",
		(const char *)passphrase->data);
	error = control_call(home_file(context, home, "run/office.sock"), request, DEADLINE_MS, &reply);
	secret_wipe((char *)json_string_value(json_object_get(request, "passphrase")),
		strlen((const char *)passphrase->data));
	if (error && error->code == ERROR_UNAVAILABLE)
		return error_new(
			ERROR_UNAVAILABLE, "%s; the office must be running (engabo serve)", error->message);
	return error;
}

static const struct error *run(const struct command_call *call)
{
	static const struct argp_option words[] = {
		{"as", 'a', "NAME", 0, "the keyholder", 0},
		{"passphrase-file", 'p', "FILE", 0, "their passphrase (-: standard input)", 0},
		{0},
	};
	static const struct argp argp = {words, parse, NULL,
		"Opens the hub, as signing in on the office's page does.", NULL, NULL, NULL};
	struct options options = {0};

	TRY(command_parse(call, &argp, &options));
	return unlock(call, &options);
}

const struct command command_unlock = {"unlock", "open a hub without a screen", run};
