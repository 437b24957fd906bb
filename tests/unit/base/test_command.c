/* Wrong words get one line that names the word, and nothing is done. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#include "node/base/command.h"

struct options {
	const char *as, *file;
	bool as_json;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'a':
		options->as = argument;
		return 0;
	case 'j':
		options->as_json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (options->file)
			return command_misused(state, "one file at a time, not also %s", argument);
		options->file = argument;
		return 0;
	case ARGP_KEY_END:
		if (!options->as)
			return command_misused(state, "--as NAME is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option words[] = {
	{"as", 'a', "NAME", 0, "who", 0},
	{"json", 'j', NULL, 0, "print as JSON", 0},
	{"jump", 'u', "METRES", 0, "how far", 0},
	{0},
};
static const struct argp argp = {words, parse, "FILE", "Does it.", NULL, NULL, NULL};

/* The line for the words behind "engabo try", which end with a NULL. */
static const char *said(const struct argp *how, struct options *options, ...)
{
	char *argv[12] = {(char *)"engabo try"};
	struct command_call call = {.argc = 1, .argv = argv};
	const struct error *error;
	va_list more;
	char *word;

	va_start(more, options);
	while ((word = va_arg(more, char *)))
		argv[call.argc++] = word;
	va_end(more);
	error = command_parse(&call, how, options);
	if (error)
		assert_int_equal(error_exit_status(error), 64);
	return error ? error->message : "";
}

#define SAYS(line, ...)                                                                                      \
	assert_string_equal(said(&argp, &(struct options){0}, __VA_ARGS__, NULL),                            \
		line "; engabo try --help tells the options")

static void right_words_arrive(void **state)
{
	struct options options = {0};

	assert_string_equal(said(&argp, &options, "letter", "--as=akello", "--js", NULL), "");
	assert_string_equal(options.as, "akello");
	assert_string_equal(options.file, "letter");
	assert_true(options.as_json);
}

static void help_is_an_answer_and_no_failure(void **state)
{
	char *argv[] = {(char *)"engabo try", (char *)"--help", (char *)"--bad"};
	struct command_call call = {.argc = 3, .argv = argv};
	struct options options = {0};

	assert_ptr_equal(command_parse(&call, &argp, &options), &command_answered);
	call.argc = 2;
	argv[1] = (char *)"--usage";
	assert_ptr_equal(command_parse(&call, &argp, &options), &command_answered);
}

static void an_unknown_option_is_named(void **state)
{
	SAYS("unknown option --bad", "--bad");
	SAYS("unknown option --bad=3", "-j", "--bad=3", "letter");
	SAYS("unknown option --j", "--j"); /* json or jump? */
	SAYS("unknown option -z", "-z", "letter");
	SAYS("unknown option -jz", "-jz");
	SAYS("unknown option -zj", "-j", "-zj");
}

static void a_missing_value_is_named_with_its_meaning(void **state)
{
	SAYS("--as needs a value, NAME", "letter", "--as");
	SAYS("-a needs a value, NAME", "-a");
	SAYS("--jum needs a value, METRES", "--jum");
	SAYS("--json takes no value", "--json=3");
}

static void what_the_command_itself_finds_wrong_is_said_once(void **state)
{
	SAYS("one file at a time, not also other", "letter", "other", "third");
	SAYS("--as NAME is missing", "letter");
}

static void a_word_too_many_is_named(void **state)
{
	static const struct argp none = {NULL, NULL, NULL, "Does it.", NULL, NULL, NULL};

	assert_string_equal(said(&none, NULL, NULL), "");
	assert_string_equal(
		said(&none, NULL, "x", NULL), "x is one word too many; engabo try --help tells the options");
	assert_string_equal(said(&none, NULL, "--", "--x", NULL),
		"--x is one word too many; engabo try --help tells the options");
	assert_string_equal(
		said(&none, NULL, "-x", NULL), "unknown option -x; engabo try --help tells the options");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right_words_arrive),
		cmocka_unit_test(help_is_an_answer_and_no_failure),
		cmocka_unit_test(an_unknown_option_is_named),
		cmocka_unit_test(a_missing_value_is_named_with_its_meaning),
		cmocka_unit_test(what_the_command_itself_finds_wrong_is_said_once),
		cmocka_unit_test(a_word_too_many_is_named),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
