/* `engabo export`: the records of this hub as JSON, for a keyholder who may. It leaves an audit entry before
 * anything is printed. */
#include "web/commands/commands.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "node/base/text.h"
#include "node/casework/lists.h"
#include "web/commands/as.h"
#include "web/commands/keyholder.h"

static const struct {
	const char *name, *entity;
} kinds[] = {{"reports", "report"}, {"cases", "case"}, {"actions", "action"}, {"followups", "followup"},
	{"notes", "note"}, {"messages", "message"}};
#define KINDS (sizeof kinds / sizeof *kinds)

struct options {
	struct as as;
	const char *format;
	bool wanted[KINDS];
	bool any;
};

static bool want(struct options *options, const char *name)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(kinds[i].name, name) == 0) {
			options->wanted[i] = options->any = true;
			return true;
		}
	return false;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'f':
		if (strcmp(argument, "json") != 0)
			return command_misused(state, "there is no format %s, only json", argument);
		return 0;
	case ARGP_KEY_ARG:
		if (!want(options, argument))
			return command_misused(state,
				"no records are called %s: there are reports, cases, actions, followups, "
				"notes and messages",
				argument);
		return 0;
	case ARGP_KEY_END:
		if (!options->as.name)
			return command_misused(state, "--as NAME is missing, the keyholder who exports");
		return 0;
	default:
		return as_parse(&options->as, key, argument);
	}
}

/* All that was asked for, as one object, and in *what the names of it. */
static const struct error *collect(const void *context, struct casefile *file, const struct options *options,
	json_t *into, const char **what)
{
	struct buffer *names = buffer_new(context);

	for (size_t i = 0; i < KINDS; i++) {
		json_t *rows;

		if (options->any && !options->wanted[i])
			continue;
		TRY(lists_export(file, kinds[i].entity, &rows));
		json_object_set_new(into, kinds[i].name, rows);
		buffer_format(names, "%s%s", names->len ? " " : "", kinds[i].name);
	}
	*what = (const char *)buffer_bytes(names).data;
	return NULL;
}

static const struct error *export(const struct command_call *call, const struct options *options)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	KEYHOLDER holder = {.lock = -1}; /* hangs on context, so it goes first */
	json_t *whole CLEANUP(json_decref) = json_object();
	char at[TEXT_TIME_SIZE];
	struct batch *batch;
	const char *what;
	struct bytes text;

	TRY(keyholder_open(context, call->state, &options->as, MAY_EXPORT, &holder));
	text_time(at, clock_wall_seconds());
	json_object_set_new(whole, "v", json_integer(1));
	json_object_set_new(whole, "hub", json_string(holder.office->trust.self.log));
	json_object_set_new(whole, "at", json_string(at));
	TRY(collect(context, holder.office->file, options, whole, &what));
	batch = keyholder_batch(context, &holder);
	TRY(batch_audit(batch, "exported", what));
	TRY(batch_commit(batch));
	text = json_pretty(context, whole);
	if (fwrite(text.data, 1, text.len, stdout) != text.len || fflush(stdout) != 0)
		return error_new(ERROR_SYSTEM, "the records could not be written to the end");
	return NULL;
}

static const struct error *run(const struct command_call *call)
{
	static const struct argp_option words[] = {
		{"as", 'a', "NAME", 0, "the keyholder who exports", 0},
		{"passphrase-file", 'p', "FILE", 0, "their passphrase (-: standard input)", 0},
		{"format", 'f', "FORMAT", 0, "json", 0},
		{0},
	};
	static const struct argp argp = {words, parse, "[reports|cases|actions|followups|notes|messages]...",
		"Prints this hub's records, all kinds or those named. What is printed is readable: keep it "
		"as safe as the hub.",
		NULL, NULL, NULL};
	struct options options = {0};

	TRY(command_parse(call, &argp, &options));
	return export(call, &options);
}

const struct command command_export = {"export", "print the hub's records", run};
