/* `engabo sync [NAME|PATH|URL]...`: one round now, with all remotes or those named, and what came of it. By
 * the running role, or in its place while it is down. */
#include "sync/commands/commands.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

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
	error = round_commit(hub, &committed);
	if (error)
		json_object_set_new(reply, "log_trouble", json_string(error->message));
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

static void print_report(const json_t *report)
{
	const char *remote = json_text_or(report, "remote", "");
	const json_t *refused = json_object_get(report, "refused");

	for (size_t i = 0; i < json_array_size(refused); i++) {
		const json_t *row = json_array_get(refused, i);
		const char *kind = json_text_or(row, "kind", "");

		printf("%s: %s log %s: %s\n", remote,
			strcmp(kind, TROUBLE_WAITS) == 0     ? "waits:"
			: strcmp(kind, TROUBLE_REFUSED) == 0 ? "refused"
							     : "alarm:",
			json_text_or(row, "log", ""), json_text_or(row, "reason", ""));
	}
	if (number_of(report, "sent") || number_of(report, "received"))
		printf("%s: sent %lld, received %lld commits\n", remote, number_of(report, "sent"),
			number_of(report, "received"));
	else if (json_is_true(json_object_get(report, "ok")) && !json_array_size(refused))
		printf("%s: nothing new\n", remote);
}

static void print_all(const json_t *reply)
{
	const json_t *reports = json_object_get(reply, "remotes");

	if (number_of(reply, "committed"))
		printf("%lld new records put into this hub's log\n", number_of(reply, "committed"));
	for (size_t i = 0; i < json_array_size(reports); i++)
		print_report(json_array_get(reports, i));
	if (!json_array_size(reports))
		printf("no remote is known; engabo remote add NAME URL adds one\n");
}

/* The exit status: one line for what failed. */
static const struct error *outcome(const json_t *reply)
{
	const json_t *reports = json_object_get(reply, "remotes");
	const char *trouble = json_text_or(reply, "log_trouble", NULL), *first = NULL;
	size_t failed = 0, count = json_array_size(reports);

	if (trouble)
		return error_new(ERROR_CONFLICT, "%s", trouble);
	for (size_t i = 0; i < count; i++) {
		const char *problem = json_text_or(json_array_get(reports, i), "error", NULL);

		failed += problem != NULL;
		first = first ? first : problem;
	}
	if (!failed)
		return NULL;
	if (count == 1)
		return error_new(ERROR_UNAVAILABLE, "%s", first);
	return error_new(ERROR_UNAVAILABLE, "%zu of %zu remotes failed: %s", failed, count, first);
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
		print_all(reply);
	return outcome(reply);
}

static const struct error *run(const struct command_call *call)
{
	static const struct argp_option words[] = {{"json", 'j', NULL, 0, "print facts as JSON", 0}, {0}};
	static const struct argp argp = {words, parse, "[NAME|PATH|URL]...",
		"Sends and fetches now, with all remotes or those named.", NULL, NULL, NULL};
	json_t *remotes CLEANUP(json_decref) = json_array();
	struct options options = {.remotes = remotes};

	TRY(command_parse(call, &argp, &options));
	return sync_once(call, &options);
}

const struct command command_sync = {"sync", "send and fetch now", run};
