/* A command of `engabo`: each lies in a file of its own (sync/commands, web/commands) and stands in the table
 * of node/main.c.
 *
 * run() parses its own words with argp(3) (argv[0] is "engabo NAME"; --help and wrong usage end the process
 * with 0 or 64) and returns what failed; main prints it as one line and exits by its code. Facts go to
 * standard output, all else to standard error. */
#ifndef ENGABO_BASE_COMMAND_H
#define ENGABO_BASE_COMMAND_H

#include "node/base/error.h"

struct command_call {
	const char *state; /* the state directory, absolute */
	int argc;
	char **argv;
};
struct command {
	const char *name;
	const char *summary; /* one line for `engabo --help` */
	const struct error *(*run)(const struct command_call *call);
};

#endif
