/* `engabo lock`: ends the office process that holds the secrets; its keeper starts a new one, locked. Anybody
 * who may reach the socket may lock. */
#include "web/commands/commands.h"

#include <stdbool.h>
#include <time.h>

#include "node/base/clock.h"
#include "node/base/control.h"
#include "node/base/home.h"

#define CALL_MS 5000
#define WAIT_MS 10000

/* Whether the secrets are gone: nothing answers, or what answers is the new, locked process. */
static bool is_locked(const char *socket)
{
	json_t *request CLEANUP(json_decref) = json_pack("{ss}", "do", "state");
	json_t *reply CLEANUP(json_decref) = NULL;

	return control_call(socket, request, CALL_MS, &reply) ||
	       json_is_true(json_object_get(reply, "locked"));
}

static const struct error *lock(const struct command_call *call)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	json_t *request CLEANUP(json_decref) = json_pack("{ss}", "do", "lock");
	json_t *reply CLEANUP(json_decref) = NULL;
	int64_t deadline = clock_boot_ms() + WAIT_MS;
	const char *socket = memory_format(context, "%s/run/office.sock", call->state);
	const struct error *error, *broken;
	struct home *home;

	/* What is wrong with the settings can wait until it is locked. */
	broken = home_open(context, call->state, &home);
	if (broken && broken->code != ERROR_CONFIG)
		return broken;
	error = control_call(socket, request, CALL_MS, &reply);
	if (error && error->code == ERROR_UNAVAILABLE)
		return broken; /* nothing runs that could hold a secret */
	if (error)
		return error;
	while (!is_locked(socket)) {
		if (clock_boot_ms() > deadline)
			return error_new(
				ERROR_UNAVAILABLE, "the office has not ended yet; end its process by hand");
		nanosleep(&(struct timespec){.tv_nsec = 50 * 1000 * 1000}, NULL);
	}
	return NULL;
}

static const struct error *run(const struct command_call *call)
{
	static const struct argp argp = {NULL, NULL, NULL,
		"Locks the hub: nothing on it can be read until a keyholder signs in.", NULL, NULL, NULL};

	TRY(command_parse(call, &argp, NULL));
	return lock(call);
}

const struct command command_lock = {"lock", "lock the hub at once", run};
