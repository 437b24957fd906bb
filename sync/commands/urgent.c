/* `engabo urgent`: whether something urgent waits here, for a light, a buzzer or a script. Nothing of any
 * report is told: how many, and since when.
 *
 * It reads what the sync role's watch keeps (sync/urgent.h). With --follow it sleeps until that changes: the
 * kernel wakes it, no clock does. */
#include "sync/commands/commands.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>

#include "node/base/control.h"
#include "sync/urgent.h"

#define EVENTS_SIZE (64 * (sizeof(struct inotify_event) + NAME_MAX + 1))

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
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct urgent_flag flag;

	TRY(urgent_read(home, &flag));
	if (flag.state == URGENT_QUIET && !control_is_listening(home_file(scratch, home, "run/sync.sock")))
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

/* Sleeps until the flag's file is replaced; false once whoever reads our lines is gone. */
static const struct error *wait_for_change(int changes, bool *goes_on)
{
	struct pollfd fds[2] = {{.fd = changes, .events = POLLIN}, {.fd = STDOUT_FILENO}};
	_Alignas(struct inotify_event) char events[EVENTS_SIZE];

	if (poll(fds, 2, -1) < 0 && errno != EINTR)
		return error_system(errno, "cannot wait");
	*goes_on = !(fds[1].revents & (POLLERR | POLLHUP | POLLNVAL));
	if (fds[0].revents && read(changes, events, sizeof events) < 0 && errno != EAGAIN)
		return error_system(errno, "cannot wait");
	return NULL;
}

static const struct error *follow(const struct home *home, const struct options *options)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	int changes CLEANUP(fd_close) = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	struct urgent_flag flag, was = {0};
	bool goes_on = true, is_first = true;

	/* Of the files in run/, only the flag's is replaced by renaming. */
	if (changes < 0 || inotify_add_watch(changes, home_file(scratch, home, "run"), IN_MOVED_TO) < 0)
		return error_system(errno, "cannot follow what is urgent");
	while (goes_on) {
		TRY(urgent_read(home, &flag));
		if (is_first || !is_told(&was, &flag))
			TRY(print_flag(home, &flag, options));
		is_first = false;
		was = flag;
		TRY(wait_for_change(changes, &goes_on));
	}
	return NULL;
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
			"stay, and print a line at each change, and again every 30 minutes while it waits",
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
