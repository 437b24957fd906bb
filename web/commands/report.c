/* `engabo report -`: takes one report as JSON, as the form would, also while the hub is locked; prints the
 * receipt's code. For a desk with a keyboard, and for whatever else brings reports to this hub.
 *
 * A running intake is asked over its socket; while it is down the command does its work under its lock
 * (web/intake/desk.c). Nothing of the report is ever in an argument, a file or the journal. */
#include "web/commands/commands.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "node/base/control.h"
#include "node/base/home.h"
#include "node/base/text.h"
#include "web/intake/compose.h"
#include "web/intake/role.h"

#define INPUT_MAX 65536
#define DEADLINE_MS 30000 /* a code may have to be made first, on a small board */

struct options {
	const char *input;
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
		if (options->input || strcmp(argument, "-") != 0)
			return command_misused(
				state, "say engabo report -: a report is read from standard input");
		options->input = argument;
		return 0;
	case ARGP_KEY_NO_ARGS:
		return command_misused(state, "say engabo report -: a report is read from standard input");
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct error *read_input(const void *context, struct bytes *out)
{
	struct buffer *input = buffer_new(context);
	char chunk[4096];
	ssize_t got;

	while ((got = read(STDIN_FILENO, chunk, sizeof chunk)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_system(errno, "cannot read the report from standard input");
		if (input->len + (size_t)got > INPUT_MAX)
			return error_new(ERROR_INVALID, "the report is longer than %d bytes; please say less",
				INPUT_MAX);
		buffer_add(input, chunk, (size_t)got);
	}
	if (!text_is_utf8(input->data, input->len))
		return error_new(ERROR_INVALID, "the report is not UTF-8 text; nothing was saved");
	*out = buffer_bytes(input);
	return NULL;
}

/* By the socket of the running role; else, when nobody listens there, in this process. */
static const struct error *pass_on(const void *context, struct home *home, json_t *fields, json_t **reply)
{
	json_t *request CLEANUP(json_decref) = json_pack("{s:s,s:O}", "do", "report", "report", fields);
	char shown[MAILBOX_SHOWN_SIZE], key[ENTITY_KEY_SIZE];
	const struct error *alone, *error = control_call(home_file(context, home, "run/intake.sock"), request,
					   DEADLINE_MS, reply);

	if (!error || error->code != ERROR_UNAVAILABLE)
		return error;
	alone = intake_report(home, fields, shown, key);
	if (alone)
		return alone->code == ERROR_UNAVAILABLE ? error : alone;
	*reply = json_pack("{s:s,s:s}", "code", shown, "report", key);
	return NULL;
}

static void print(const struct options *options, const void *context, const json_t *reply)
{
	json_t *facts CLEANUP(json_decref) = json_pack("{s:s,s:s}", "code", json_text_or(reply, "code", ""),
		"report", json_text_or(reply, "report", ""));

	if (options->as_json)
		printf("%s\n", (const char *)json_line(context, facts).data);
	else
		printf("%s\n", json_text_or(reply, "code", ""));
}

static const struct error *report_run(const struct command_call *call)
{
	static const struct argp_option words[] = {
		{"json", 'j', NULL, 0, "Print the code and the report's key as JSON", 0},
		{NULL, 0, NULL, 0, NULL, 0},
	};
	const struct argp argp = {words, parse, "-",
		"Takes one report as a JSON object on standard input, as the form would, and prints its "
		"receipt code.\v"
		"Keys, all but what optional: what when precision district place who by needs (a list) "
		"danger (yes, no, unknown) contact consent language.",
		NULL, NULL, NULL};
	void *context CLEANUP(memory_free) = NULL;
	json_t *fields CLEANUP(json_decref) = NULL;
	json_t *reply CLEANUP(json_decref) = NULL;
	struct options options = {NULL, false};
	struct home *home;
	struct bytes input;

	TRY(command_parse(call, &argp, &options));
	context = memory_context(NULL);
	TRY(home_open(context, call->state, &home));
	TRY(read_input(context, &input));
	TRY(json_object_parse(input, &fields));
	TRY(compose_check(fields));
	TRY(pass_on(context, home, fields, &reply));
	print(&options, context, reply);
	return NULL;
}

const struct command command_report = {"report",
	"takes one report from standard input, as the form would; prints its receipt code", report_run};
