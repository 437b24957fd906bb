/* `engabo sync [NAME|PATH|URL]...`: one round now, with all remotes or those named, and what came of it. By
 * the running role, or in its place while it is down. */
#include "sync/commands/commands.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "node/base/home.h"
#include "node/base/text.h"
#include "sync/hub.h"
#include "sync/remote.h"

#define CALL_MS (60 * 60 * 1000)

struct options {
	json_t *remotes;
	bool as_json;
};

/* A word without a slash is a name. */
static void add_remote(json_t *remotes, const char *word)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);

	json_array_append_new(
		remotes, json_string(strchr(word, '/') ? remote_absolute(scratch, word) : word));
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'j':
		options->as_json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (!text_is_utf8(argument, strlen(argument)))
			return command_misused(state, "an address is text in UTF-8");
		add_remote(options->remotes, argument);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct error *sync_with(struct hub *hub, const char *name, json_t *reports)
{
	json_t *report = NULL;

	TRY(round_remote(hub, name, &report));
	json_array_append_new(reports, report);
	return NULL;
}

/* In the role's place. */
static const struct error *sync_here(struct home *home, const json_t *remotes, json_t **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *reports = json_array(), *reply CLEANUP(json_decref) = json_pack("{so}", "remotes", reports);
	struct hub *hub CLEANUP(hub_close) = NULL;
	const struct error *error;
	int64_t committed;
	char **names;
	size_t count;

	TRY(hub_open(scratch, home, &hub));
	hub->is_asked = true;
	error = round_commit(hub, &committed);
	if (error)
		round_trouble(reply, error);
	json_object_set_new(reply, "committed", json_integer(committed));
	TRY(remote_names(scratch, hub->db, &names, &count));
	for (size_t i = 0; i < json_array_size(remotes); i++)
		TRY(sync_with(hub, json_string_value(json_array_get(remotes, i)), reports));
	for (size_t i = 0; !json_array_size(remotes) && i < count; i++)
		TRY(sync_with(hub, names[i], reports));
	TRY(hub_tidy(hub));
	*out = reply;
	reply = NULL;
	return NULL;
}

static long long number_of(const json_t *object, const char *name)
{
	return (long long)json_integer_value(json_object_get(object, name));
}

/* ---- what came of it ---- */

static const json_t *remotes_of(const json_t *reply)
{
	return json_object_get(reply, "remotes");
}

static const char *problem_of(const json_t *report)
{
	return json_text_or(report, "error", NULL);
}

/* All that a person should look at: remotes that failed, logs that were refused or are alarming. */
struct troubles {
	size_t failed, refused, waiting;
	char *first; /* in one line; NULL: there is none */
};

static char *refusal_line(const void *context, const json_t *report, const json_t *row)
{
	const char *kind = json_text_or(row, "kind", ""), *log = json_text_or(row, "log", ""),
		   *reason = json_text_or(row, "reason", "");
	size_t len = strlen(log);

	if (len && strncmp(reason, log, len) == 0 && reason[len] == ' ') /* it is named already */
		reason += len + 1;
	return memory_format(context, "%s: %s log %s: %s", json_text_or(report, "remote", ""),
		strcmp(kind, TROUBLE_WAITS) == 0     ? "waits:"
		: strcmp(kind, TROUBLE_REFUSED) == 0 ? "refused"
						     : "alarm:",
		log, reason);
}

static void add_report(const void *context, struct troubles *troubles, const json_t *report, bool print)
{
	const json_t *refused = json_object_get(report, "refused");
	const char *problem = problem_of(report);

	troubles->failed += problem != NULL;
	if (problem && !troubles->first)
		troubles->first = memory_string(context, problem);
	if (problem && print)
		printf("%s: %s\n", json_text_or(report, "remote", ""), problem);
	for (size_t i = 0; i < json_array_size(refused); i++) {
		const json_t *row = json_array_get(refused, i);
		char *line = refusal_line(context, report, row);

		if (print)
			printf("%s\n", line);
		if (strcmp(json_text_or(row, "kind", ""), TROUBLE_WAITS) == 0)
			troubles->waiting++;
		else
			troubles->refused++;
		if (!troubles->first)
			troubles->first = line;
	}
}

static struct troubles troubles_of(const void *context, const json_t *reply, bool print)
{
	const json_t *reports = remotes_of(reply);
	struct troubles troubles = {0};

	for (size_t i = 0; i < json_array_size(reports); i++)
		add_report(context, &troubles, json_array_get(reports, i), print);
	return troubles;
}

/* What came of it is told also where something hindered it. */
static void print_stick(const json_t *report, const json_t *stick)
{
	const char *remote = json_text_or(report, "remote", "");
	json_t *skipped = json_object_get(stick, "skipped"), *row;
	size_t i;

	if (number_of(report, "sent") || number_of(report, "received"))
		printf("%s: the stick brought %lld records and took %lld\n", remote,
			number_of(stick, "brought"), number_of(stick, "taken"));
	else if (!problem_of(report))
		printf("%s: nothing new, on either side\n", remote);
	json_array_foreach (skipped, i, row)
		printf("%s: %s was left alone: %s\n", remote, json_text_or(row, "file", ""),
			json_text_or(row, "reason", ""));
	if (json_is_true(json_object_get(stick, "may_pull")))
		printf("The stick can be pulled out now.\n");
}

static void print_report(const json_t *report)
{
	const char *remote = json_text_or(report, "remote", "");
	const json_t *stick = json_object_get(report, "stick");

	if (json_is_object(stick))
		print_stick(report, stick);
	else if (number_of(report, "sent") || number_of(report, "received"))
		printf("%s: sent %lld, received %lld commits\n", remote, number_of(report, "sent"),
			number_of(report, "received"));
	else if (!problem_of(report) && !json_array_size(json_object_get(report, "refused")))
		printf("%s: nothing new\n", remote);
}

/* A single trouble is the error's own line; several stand here one by one. */
static void print_all(const void *context, const json_t *reply)
{
	const json_t *reports = remotes_of(reply);
	struct troubles troubles = troubles_of(context, reply, false);

	if (number_of(reply, "committed"))
		printf("%lld new records put into this hub's log\n", number_of(reply, "committed"));
	for (size_t i = 0; i < json_array_size(reports); i++)
		print_report(json_array_get(reports, i));
	if (!json_array_size(reports))
		printf("no remote is known; engabo remote add NAME URL adds one\n");
	if (troubles.failed + troubles.refused + troubles.waiting > 1)
		troubles_of(context, reply, true);
}

/* The exit status: one line for what failed. */
static const struct error *outcome(const void *context, const json_t *reply)
{
	const char *trouble = json_text_or(reply, "log_trouble", NULL);
	struct troubles troubles = troubles_of(context, reply, false);
	size_t all = troubles.failed + troubles.refused + troubles.waiting,
	       count = json_array_size(remotes_of(reply));

	if (trouble)
		return error_new(json_integer_value(json_object_get(reply, "log_exit")) == EX_IOERR
					 ? ERROR_SYSTEM
					 : ERROR_CONFLICT,
			"%s", trouble);
	if (!all)
		return NULL;
	if (all == troubles.failed && count > 1)
		return error_new(ERROR_UNAVAILABLE, "%zu of %zu remotes failed: %s", troubles.failed, count,
			troubles.first);
	if (all > 1)
		return error_new(troubles.refused ? ERROR_INVALID : ERROR_UNAVAILABLE,
			"%zu troubles, the first: %s", all, troubles.first);
	return error_new(troubles.refused ? ERROR_INVALID : ERROR_UNAVAILABLE, "%s", troubles.first);
}

static const struct error *sync_once(const struct command_call *call, const struct options *options)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	json_t *request CLEANUP(json_decref) = json_pack("{sssO}", "do", "sync", "remotes", options->remotes);
	json_t *reply CLEANUP(json_decref) = NULL;
	struct home *home;
	bool is_down;

	TRY(home_open(context, call->state, &home));
	TRY(hub_call(home, request, CALL_MS, &reply, &is_down));
	if (is_down)
		TRY(sync_here(home, options->remotes, &reply));
	if (options->as_json)
		fputs((const char *)json_pretty(context, reply).data, stdout);
	else
		print_all(context, reply);
	return outcome(context, reply);
}

static const struct error *run(const struct command_call *call)
{
	static const struct argp_option words[] = {{"json", 'j', NULL, 0, "print facts as JSON", 0}, {0}};
	static const struct argp argp = {words, parse, "[NAME|PATH|URL]...",
		"Sends and fetches now, with all remotes or those named; a path may be where a stick is "
		"plugged in.",
		NULL, NULL, NULL};
	json_t *remotes CLEANUP(json_decref) = json_array();
	struct options options = {.remotes = remotes};

	TRY(command_parse(call, &argp, &options));
	return sync_once(call, &options);
}

const struct command command_sync = {"sync", "send and fetch now", run};
