/* `engabo serve`: runs the hub. Without --role it is the keeper of three processes of this same binary, one a
 * role, each with only what it needs; one that dies is started again. With --role it is that role. Under
 * systemd the three are units of their own.
 *
 * The keeper itself opens nothing of the hub: no database, no key. */
#include "web/commands/commands.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "node/base/clock.h"
#include "node/base/files.h"
#include "node/base/home.h"
#include "node/base/log.h"
#include "sync/role.h"
#include "web/intake/role.h"
#include "web/office/role.h"
#include "web/peer.h"
#include "web/settings.h"
#include "web/template.h"

#define STOP_MS 5000 /* after SIGTERM all is over within this */
#define RESTART_MIN_MS 200
#define RESTART_MAX_MS 1000    /* a reporter is waiting */
#define RESTART_UNSET_MS 10000 /* what only a person can set right is looked at less often */
#define STEADY_MS 60000	       /* a role that ran so long has earned a quick restart */

static volatile int stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART: poll must wake */

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
}

static const struct error *peer_and_sync(struct home *home, const volatile int *ends)
{
	struct peer *peer = NULL;
	const struct error *error;

	TRY(peer_start(home, &peer));
	error = sync_run(home, ends);
	peer_stop(peer);
	return error;
}

static const struct role {
	const char *name;
	const struct error *(*run)(struct home *home, const volatile int *stop);
} roles[] = {{"intake", intake_run}, {"office", office_run}, {"sync", peer_and_sync}};
#define ROLE_COUNT (sizeof roles / sizeof roles[0])

struct options {
	const char *role;
	const char *from_disk;
};

static const struct error *run_role(const struct command_call *call, const struct role *role)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct home *home;

	TRY(home_open(context, call->state, &home));
	log_start(role->name);
	error_ignore(settings_check(home)); /* what engabo.conf has wrong of it stops intake, and only that */
	if (home->config->settings_wrong)
		log_error("what was set on the page /settings does not count: %s",
			home->config->settings_wrong);
	return role->run(home, &stop);
}

struct keeper {
	const struct command_call *call;
	const struct options *options;
	pid_t pids[ROLE_COUNT];
	int64_t started_ms[ROLE_COUNT], start_at_ms[ROLE_COUNT], delay_ms[ROLE_COUNT];
	bool has_restarted[ROLE_COUNT];
};

static const struct error *start(struct keeper *keeper, size_t which)
{
	pid_t self = getpid(), pid = fork();

	if (pid < 0)
		return error_system(errno, "cannot start the role %s", roles[which].name);
	if (pid == 0) {
		const char *words[9] = {
			"engabo", "--state", keeper->call->state, "serve", "--role", roles[which].name};
		int count = 6;

		if (keeper->options->from_disk) {
			words[count++] = "--from-disk";
			words[count++] = keeper->options->from_disk;
		}
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != self)
			_exit(EX_OK);
		execv("/proc/self/exe", (char *const *)words);
		_exit(EX_OSERR);
	}
	keeper->pids[which] = pid;
	keeper->started_ms[which] = clock_boot_ms();
	return NULL;
}

/* A role has ended: when to start it again. False: it never ran, and says that a person must set something
 * right. A hub that runs is not taken down by what was written into its settings meanwhile. */
static bool ended(struct keeper *keeper, size_t which, int status)
{
	int64_t now = clock_boot_ms();
	bool clean = WIFEXITED(status) && WEXITSTATUS(status) == EX_OK;
	bool is_unset = WIFEXITED(status) && WEXITSTATUS(status) == EX_CONFIG;

	keeper->pids[which] = 0;
	if (is_unset && !keeper->has_restarted[which])
		return false;
	keeper->has_restarted[which] = true;
	if (is_unset)
		keeper->delay_ms[which] = RESTART_UNSET_MS;
	else if (clean || now - keeper->started_ms[which] > STEADY_MS || !keeper->delay_ms[which] ||
		 keeper->delay_ms[which] > RESTART_MAX_MS)
		keeper->delay_ms[which] = RESTART_MIN_MS;
	else if (keeper->delay_ms[which] < RESTART_MAX_MS)
		keeper->delay_ms[which] *= 2;
	keeper->start_at_ms[which] = now + keeper->delay_ms[which];
	if (WIFSIGNALED(status))
		log_warning(
			"%s was ended by signal %d; starting it again", roles[which].name, WTERMSIG(status));
	else if (!clean)
		log_warning(
			"%s ended with status %d; starting it again", roles[which].name, WEXITSTATUS(status));
	return true;
}

static void end_all(struct keeper *keeper)
{
	int64_t deadline = clock_boot_ms() + STOP_MS;
	bool left = true;

	for (size_t i = 0; i < ROLE_COUNT; i++)
		if (keeper->pids[i])
			kill(keeper->pids[i], SIGTERM);
	while (left && clock_boot_ms() < deadline) {
		left = false;
		for (size_t i = 0; i < ROLE_COUNT; i++) {
			if (keeper->pids[i] && waitpid(keeper->pids[i], NULL, WNOHANG) == keeper->pids[i])
				keeper->pids[i] = 0;
			left |= keeper->pids[i] != 0;
		}
		if (left)
			nanosleep(&(struct timespec){.tv_nsec = 20 * 1000 * 1000}, NULL);
	}
	for (size_t i = 0; i < ROLE_COUNT; i++)
		if (keeper->pids[i]) {
			log_warning("%s did not end in time and was killed", roles[i].name);
			kill(keeper->pids[i], SIGKILL);
			waitpid(keeper->pids[i], NULL, 0);
		}
}

/* Until the earliest restart that is due, or a child's end, or the word to stop. */
static void wait_for_change(const struct keeper *keeper, const sigset_t *awaited)
{
	int64_t now = clock_boot_ms(), next = INT64_MAX, wait;
	struct timespec limit;
	int number;

	for (size_t i = 0; i < ROLE_COUNT; i++)
		if (!keeper->pids[i] && keeper->start_at_ms[i] < next)
			next = keeper->start_at_ms[i];
	wait = next > now ? next - now : 0;
	limit = (struct timespec){.tv_sec = wait / 1000, .tv_nsec = wait % 1000 * 1000000};
	number = sigtimedwait(awaited, NULL, next == INT64_MAX ? NULL : &limit);
	if (number == SIGTERM || number == SIGINT)
		stop = 1;
}

/* Takes note of every role that has ended. */
static const struct error *reap(struct keeper *keeper)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < ROLE_COUNT; i++)
			if (keeper->pids[i] == pid && !ended(keeper, i, status))
				return error_new(ERROR_CONFIG,
					"the role %s cannot run: see its message above", roles[i].name);
	return NULL;
}

/* One keeper a hub: two would start the same roles for ever. */
static const struct error *lock_home(const void *context, const struct home *home, int *lock)
{
	const struct error *error = files_lock(home_file(context, home, "run/serve.lock"), lock);

	if (error && error->code == ERROR_UNAVAILABLE)
		return error_new(ERROR_UNAVAILABLE, "engabo serve runs already for %s", home->path);
	return error;
}

static const struct error *keep_roles(const struct command_call *call, const struct options *options)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct keeper keeper = {.call = call, .options = options};
	int lock CLEANUP(fd_close) = -1;
	const struct error *error = NULL;
	struct home *home;
	sigset_t awaited;

	TRY(home_open(context, call->state, &home)); /* a broken configuration is said once, here */
	TRY(lock_home(context, home, &lock));
	log_start("engabo");
	if (getenv("ENGABO_TEST_CHEAP_KEYS"))
		log_warning("ENGABO_TEST_CHEAP_KEYS is set: passphrases set now are cheap to guess; for "
			    "tests only");
	sigemptyset(&awaited);
	sigaddset(&awaited, SIGCHLD);
	sigaddset(&awaited, SIGTERM);
	sigaddset(&awaited, SIGINT);
	sigprocmask(SIG_BLOCK, &awaited, NULL);
	while (!stop && !error) {
		for (size_t i = 0; i < ROLE_COUNT && !error; i++)
			if (!keeper.pids[i] && clock_boot_ms() >= keeper.start_at_ms[i])
				error = start(&keeper, i);
		if (!error)
			wait_for_change(&keeper, &awaited);
		if (!error && !stop)
			error = reap(&keeper);
	}
	end_all(&keeper);
	return error;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'r':
		options->role = argument;
		return 0;
	case 'd':
		options->from_disk = argument;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct error *run(const struct command_call *call)
{
	static const struct argp_option words[] = {
		{"role", 'r', "ROLE", 0, "only this one: intake, office or sync", 0},
		{"from-disk", 'd', "DIR", 0, "read pages and styles from DIR (web/) on each request", 0},
		{0},
	};
	static const struct argp argp = {words, parse, NULL,
		"Runs the hub: the public form, the staff pages and the synchronising, as three processes.",
		NULL, NULL, NULL};
	struct options options = {0};

	TRY(command_parse(call, &argp, &options));
	catch_signals();
	if (options.from_disk)
		template_from_disk(options.from_disk);
	if (!options.role)
		return keep_roles(call, &options);
	for (size_t i = 0; i < ROLE_COUNT; i++)
		if (strcmp(roles[i].name, options.role) == 0)
			return run_role(call, &roles[i]);
	return error_new(ERROR_USAGE,
		"there is no role %s, only intake, office and sync; engabo serve --help tells the options",
		options.role);
}

const struct command command_serve = {"serve", "run the hub", run};
