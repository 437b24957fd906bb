/* A command of `engabo`: each lies in a file of its own (sync/commands, web/commands) and stands in the table
 * of node/main.c.
 *
 * run() parses its own words by command_parse (argv[0] is "engabo NAME") and returns what failed; main prints
 * it as one line and exits by its code. Facts go to standard output, all else to standard error. */
#ifndef ENGABO_BASE_COMMAND_H
#define ENGABO_BASE_COMMAND_H

#include <argp.h>

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

/* --help was asked for and is on standard output: nothing more is to be done, and nothing failed. */
extern const struct error command_answered;
/* The answer is on standard output, and is yes to what a script asks by the exit status: 1, which no failure
 * of ours has. */
extern const struct error command_answered_one;
/* Goes through the command's words with argp(3), whose parser gets `input` as usual. ERROR_USAGE, in one
 * line: an unknown option, a missing value, a word too many, or what the parser said by command_misused. */
const struct error *command_parse(
	const struct command_call *call, const struct argp *argp, void *input) MUST_CHECK;

/* For a command's parser in place of argp_error: what is wrong with the words, without a full stop. Its
 * result is the parser's. */
error_t command_misused(const struct argp_state *state, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
