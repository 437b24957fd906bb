/* The words of a command: argp(3) sorts them, and what is wrong with them is said here, in one line that
 * names the word and where help is (see command.h).
 *
 * argp's own complaints take two lines and name no reason, so it is told to be silent, and what it stumbled
 * over is looked up from where it stopped. Used by every command. */
#include "node/base/command.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct parsing {
	const struct argp *argp;
	void *input;
	const char *name;	   /* "engabo sync" */
	const struct error *error; /* the first */
	int stopped_at;		   /* behind the word that argp did not take */
};

error_t command_misused(const struct argp_state *state, const char *format, ...)
{
	struct parsing *parsing = state->hook;
	char text[300];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (!parsing->error)
		parsing->error =
			error_new(ERROR_USAGE, "%s; %s --help tells the options", text, parsing->name);
	return EINVAL;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct parsing *parsing = state->input;
	error_t result;

	state->hook = parsing;
	if (key == ARGP_KEY_ERROR)
		parsing->stopped_at = state->next;
	if (!parsing->argp->parser) {
		result = ARGP_ERR_UNKNOWN;
	} else {
		state->input = parsing->input;
		result = parsing->argp->parser(key, argument, state);
		state->input = parsing;
	}
	if (key == ARGP_KEY_ARG && result == ARGP_ERR_UNKNOWN)
		return command_misused(state, "%s is one word too many", argument);
	return result;
}

/* The option that a word means, as getopt understands it: whole, or the beginning of just one name. */
static const struct argp_option *option_of(const struct argp *argp, const char *word)
{
	size_t len = strcspn(word, "=");
	const struct argp_option *found = NULL;

	for (const struct argp_option *option = argp->options; option && option->name; option++) {
		if (word[0] == '-' && word[1] == option->key && strlen(word) == 2)
			return option;
		if (len < 3 || strncmp(word, "--", 2) != 0 || strncmp(option->name, word + 2, len - 2) != 0)
			continue;
		if (strlen(option->name) == len - 2)
			return option;
		if (found)
			return NULL;
		found = option;
	}
	return found;
}

static const struct error *stumble(const struct parsing *parsing, int argc, char **argv)
{
	int at = parsing->stopped_at - 1;
	const struct argp_option *option;
	const char *word;

	option = at < 1 ? NULL : option_of(parsing->argp, argv[at]);
	/* Between several short options in one word argp has not gone on to the next word yet. */
	if ((at < 1 || (option && !option->arg && !strchr(argv[at], '='))) && at + 1 < argc)
		option = option_of(parsing->argp, argv[++at]);
	word = argv[at];
	if (option && option->arg)
		return error_new(ERROR_USAGE, "%s needs a value, %s; %s --help tells the options", word,
			option->arg, parsing->name);
	if (option)
		return error_new(ERROR_USAGE, "--%s takes no value; %s --help tells the options",
			option->name, parsing->name);
	return error_new(ERROR_USAGE, "unknown option %s; %s --help tells the options", word, parsing->name);
}

const struct error command_answered;
const struct error command_answered_one;

static bool is_answered(const struct command_call *call, const struct argp *argp)
{
	static const struct {
		const char *asking;
		unsigned what;
	} answers[] = {
		{"--help", ARGP_HELP_STD_HELP}, {"-?", ARGP_HELP_STD_HELP}, {"--usage", ARGP_HELP_USAGE}};

	for (int i = 1; i < call->argc && strcmp(call->argv[i], "--") != 0; i++)
		for (size_t j = 0; j < sizeof answers / sizeof *answers; j++)
			if (strcmp(call->argv[i], answers[j].asking) == 0) {
				argp_help(argp, stdout, answers[j].what, call->argv[0]);
				return true;
			}
	return false;
}

const struct error *command_parse(const struct command_call *call, const struct argp *argp, void *input)
{
	struct parsing parsing = {.argp = argp, .input = input, .name = call->argv[0]};
	struct argp outer = *argp;
	error_t result;

	if (is_answered(call, argp))
		return &command_answered;
	outer.parser = parse;
	result = argp_parse(
		&outer, call->argc, call->argv, ARGP_NO_ERRS | ARGP_NO_HELP | ARGP_NO_EXIT, NULL, &parsing);
	if (!result)
		return NULL;
	return parsing.error ? parsing.error : stumble(&parsing, call->argc, call->argv);
}
