/* engabo: the table of commands, and nothing else. The one file that sees every layer. */
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "node/base/memory.h"
#include "node/vault/secret.h"
#include "sync/commands/commands.h"
#include "web/commands/commands.h"
#include "web/language.h"

static const struct command *const commands[] = {
	&command_init,
	&command_serve,
	&command_status,
	&command_urgent,
	&command_report,
	&command_unlock,
	&command_lock,
	&command_user,
	&command_invite,
	&command_join,
	&command_admit,
	&command_sharing,
	&command_hubs,
	&command_remote,
	&command_sync,
	&command_export,
	&command_recover,
	&command_check,
	&command_doctor,
};
#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void help(FILE *to)
{
	fprintf(to, "usage: engabo [--state DIR] COMMAND [OPTIONS]\n\n"
		    "The hub lives in DIR (else $ENGABO_STATE, else /var/lib/engabo).\n\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(to, "  %-9s %s\n", commands[i]->name, commands[i]->summary);
	fprintf(to, "\nengabo COMMAND --help tells the options of each.\n");
}

static const struct command *command_named(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int complain(const struct error *error)
{
	fprintf(stderr, "engabo: %s\n", error->message);
	return error_exit_status(error);
}

int main(int argc, char **argv)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	const char *state = getenv("ENGABO_STATE");
	const struct command *command;
	struct command_call call;
	int at = 1;

	secret_start();
	language_start();
	if (!state || !*state)
		state = "/var/lib/engabo";
	for (; at < argc && argv[at][0] == '-'; at++) {
		if (strcmp(argv[at], "--help") == 0) {
			help(stdout);
			return EX_OK;
		}
		if (strncmp(argv[at], "--state=", 8) == 0) {
			state = argv[at] + 8;
		} else if (strcmp(argv[at], "--state") == 0) {
			state = at + 1 < argc ? argv[++at] : "";
		} else {
			return complain(error_new(
				ERROR_USAGE, "unknown option %s; engabo --help tells the options", argv[at]));
		}
	}
	if (!*state)
		return complain(error_new(
			ERROR_USAGE, "--state needs a value, DIR; engabo --help tells the options"));
	if (at == argc) {
		help(stderr);
		return EX_USAGE;
	}
	command = command_named(argv[at]);
	if (!command)
		return complain(error_new(ERROR_USAGE, "no command %s; engabo --help lists them", argv[at]));
	if (state[0] != '/') {
		char here[PATH_MAX];

		if (!getcwd(here, sizeof here))
			return complain(error_new(ERROR_SYSTEM, "cannot tell the current directory"));
		state = memory_format(context, "%s/%s", here, state);
	}
	argv[at] = memory_format(context, "engabo %s", command->name);
	call = (struct command_call){.state = state, .argc = argc - at, .argv = argv + at};
	{
		const struct error *error = command->run(&call);

		if (error == &command_answered_one)
			return EXIT_FAILURE;
		return error && error != &command_answered ? complain(error) : EX_OK;
	}
}
