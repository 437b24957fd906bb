/* `engabo urgent`: whether something urgent waits here, for a light, a buzzer or a script. Nothing of any
 * report is told: how many, and since when.
 *
 * It reads what the sync role's watch keeps (sync/urgent.h). With --follow it sleeps until that changes or
 * the watch ends: the kernel wakes it, no clock does. Guards: where nobody watches, nobody is told that all
 * is quiet. It opens no socket, so that the unit that runs it can do without. */
#include "sync/commands/commands.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "node/base/changes.h"
#include "sync/urgent.h"
#include "sync/watch.h"

#define SLOW_MS 60000 /* where the flag's file cannot be watched */

struct options {
	bool as_json, follows;
};

static const struct error *print_flag(
	const struct home *home, const struct urgent_flag *flag, const struct options *options)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *facts CLEANUP(json_decref) = urgent_as_json(home, flag);

	if (options->as_json)
		printf("%s\n", (const char *)json_line(scratch, facts).data);
	else
		printf("%s\n", urgent_as_text(scratch, home, flag));
	return fflush(stdout) ? error_system(errno, "cannot write") : NULL;
}

/* Quiet is believed only while somebody watches. */
static const struct error *answer(const struct home *home, const struct options *options)
{
	int watch CLEANUP(fd_close) = -1;
	struct urgent_flag flag;

	TRY(urgent_read(home, &flag));
	TRY(watch_find(home, &watch));
	if (flag.state == URGENT_QUIET && watch < 0)
		return error_new(ERROR_UNAVAILABLE,
			"the sync role does not run, so nobody watches for what is urgent; engabo serve");
	TRY(print_flag(home, &flag, options));
	return flag.state == URGENT_QUIET ? NULL : &command_answered_one;
}

/* Every signal is one more line: also that nothing has changed for half an hour. */
static bool is_told(const struct urgent_flag *was, const struct urgent_flag *flag)
{
	return was->state == flag->state && was->told == flag->told &&
	       (flag->state != URGENT_WAITING || was->waiting == flag->waiting) &&
	       (flag->state != URGENT_UNREAD || was->unread == flag->unread);
}

struct following {
	const struct home *home;
	const struct options *options;
	int watch; /* the process that keeps the flag; -1: none */
	struct urgent_flag told;
	bool is_told, is_unknown; /* what the newest line said */
	bool goes_on;		  /* somebody reads our lines */
};

static const struct error *tell_unknown(struct following *following)
{
	if (following->is_told && following->is_unknown)
		return NULL;
	following->is_told = following->is_unknown = true;
	printf("%s\n", following->options->as_json ? "{\"state\":\"unknown\"}" : "unknown");
	return fflush(stdout) ? error_system(errno, "cannot write") : NULL;
}

static const struct error *tell(struct following *following)
{
	struct urgent_flag flag;

	if (following->watch < 0)
		TRY(watch_find(following->home, &following->watch));
	if (following->watch < 0)
		return tell_unknown(following);
	TRY(urgent_read(following->home, &flag));
	if (following->is_told && !following->is_unknown && is_told(&following->told, &flag))
		return NULL;
	following->is_told = true;
	following->is_unknown = false;
	following->told = flag;
	return print_flag(following->home, &flag, following->options);
}

/* Sleeps until `changes` tells that the flag's file was replaced, as a watch does when it starts, too, or
 * until the watch ends. */
static const struct error *wait_for_change(struct following *following, int changes, int at_most_ms)
{
	struct pollfd fds[3] = {{.fd = changes, .events = POLLIN}, {.fd = STDOUT_FILENO},
		{.fd = following->watch, .events = POLLIN}};

	if (poll(fds, 3, at_most_ms) < 0 && errno != EINTR)
		return error_system(errno, "cannot wait");
	following->goes_on = !(fds[1].revents & (POLLERR | POLLHUP | POLLNVAL));
	if (fds[2].revents) {
		close(following->watch);
		following->watch = -1;
	}
	return NULL;
}

static const struct error *follow_on(struct following *following, const char *flag)
{
	while (following->goes_on) {
		bool is_watched;
		int changes CLEANUP(fd_close) = changes_open(&flag, 1, &is_watched);

		TRY(tell(following));
		TRY(wait_for_change(following, changes, is_watched ? -1 : SLOW_MS));
	}
	return NULL;
}

static const struct error *follow(const struct home *home, const struct options *options)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct following following = {.home = home, .options = options, .watch = -1, .goes_on = true};
	const struct error *error = follow_on(&following, home_file(scratch, home, URGENT_FILE));

	fd_close(following.watch);
	return error;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'j':
		options->as_json = true;
		return 0;
	case 'f':
		options->follows = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct error *run(const struct command_call *call)
{
	static const struct argp_option words[] = {
		{"follow", 'f', NULL, 0,
			"stay, and print a line at each change, and again every 30 minutes while it waits; "
			"\"unknown\" when nobody watches",
			0},
		{"json", 'j', NULL, 0, "print facts as JSON, one line each", 0},
		{0},
	};
	static const struct argp argp = {words, parse, NULL,
		"Whether something urgent waits here that nobody has opened. Exit status: 0 nothing waits, 1 "
		"something waits.",
		NULL, NULL, NULL};
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct options options = {0};
	struct home *home;

	TRY(command_parse(call, &argp, &options));
	TRY(home_open(context, call->state, &home));
	return options.follows ? follow(home, &options) : answer(home, &options);
}

const struct command command_urgent = {"urgent", "whether something urgent waits", run};
