/* Watches for reports of people in danger, so that a light, a sound or a message to somebody's telephone does
 * not wait for a round with a slow relay, nor for anybody to sign in.
 *
 * The rule is urgent.c's. Guards: what the command gets is one word and whether sound is wanted, nothing of
 * any report; a command that hangs or fails is ended, tried again, given up, and never holds up the flag
 * itself, which is on the card before. A signal that a restart came between is given afterwards. A thread of
 * the sync role; it shares nothing with the role's loop but the home. */
#include "sync/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "node/base/child.h"
#include "node/base/clock.h"
#include "node/base/files.h"
#include "node/base/log.h"
#include "node/store/doorbell.h"
#include "node/store/spool.h"
#include "sync/mailboxes.h"
#include "sync/state.h"
#include "sync/urgent.h"

#define COMMAND_MS 10000 /* a command takes no longer */
#define COMMAND_TRIES 3
#define COMMAND_PAUSE_MS 10000 /* between two tries */
#define COMMAND_OUTPUT_MAX 65536
#define MISSING_MS 60000 /* a database that cannot be read is looked at again */

struct watch {
	const struct home *home;
	struct member_keys self;
	pthread_t thread;
	int bell, wake, lock;
	volatile int ends;
	struct urgent_flag flag;
	struct urgent_office office; /* as last read: a damaged office.db lowers nothing */
	int64_t unread;
	int tries;	     /* of the signal that is owed */
	int64_t try_at_ms;   /* the next one */
	int64_t look_at_ms;  /* something could not be read; 0: all could */
	char complaint[512]; /* what was logged last, so that it is said once */
};

static void complain(struct watch *watch, const struct error *error)
{
	watch->look_at_ms = clock_boot_ms() + MISSING_MS;
	if (strcmp(watch->complaint, error->message) == 0)
		return;
	snprintf(watch->complaint, sizeof watch->complaint, "%s", error->message);
	log_error("watching for what is urgent: %s", error->message);
}

/* ---- facts ---- */

/* NULL where its role has not made it yet, or is just making it. */
static const struct error *open_other(
	struct watch *watch, const char *name, unsigned version, struct db **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char *path = home_file(scratch, watch->home, name);
	const struct error *error;

	*out = NULL;
	if (!files_exist(path))
		return NULL;
	error = db_open_foreign(path, version, out);
	if (!error || error->code != ERROR_UNAVAILABLE)
		return error;
	watch->look_at_ms = clock_boot_ms() + MISSING_MS;
	return NULL;
}

static const struct error *look_at_office(struct watch *watch)
{
	struct db *office CLEANUP(db_close) = NULL, *mailbox CLEANUP(db_close) = NULL;

	TRY(open_other(watch, "office.db", SPOOL_DB_VERSION, &office));
	if (!office)
		return NULL;
	TRY(urgent_office_read(office, &watch->office));
	if (watch->self.role != MEMBER_HEADQUARTERS)
		return NULL;
	TRY(open_other(watch, "mailbox.db", MAILBOX_DB_VERSION, &mailbox));
	return mailbox ? urgent_unread(mailbox, office, watch->self.log, &watch->unread) : NULL;
}

static const struct error *look_at_intake(struct watch *watch, struct urgent_facts *out)
{
	struct db *sync CLEANUP(db_close) = NULL, *intake CLEANUP(db_close) = NULL;
	const struct error *error;

	TRY(open_other(watch, "sync.db", SYNC_DB_VERSION, &sync));
	if (!sync)
		return error_new(ERROR_UNAVAILABLE, "sync.db is not there");
	error = open_other(watch, "intake.db", SPOOL_DB_VERSION, &intake);
	if (error)
		complain(watch, error);
	return urgent_facts_read(sync, intake, &watch->office, out);
}

/* False: nothing is known for sure, and all stays as it is. */
static bool look(struct watch *watch, struct urgent_facts *facts)
{
	const struct error *error;

	watch->look_at_ms = 0;
	error = look_at_office(watch);
	if (error)
		complain(watch, error);
	error = look_at_intake(watch, facts);
	if (error)
		complain(watch, error);
	facts->unread = watch->unread;
	if (!watch->look_at_ms)
		watch->complaint[0] = '\0';
	return !error;
}

/* ---- telling ---- */

static void keep(struct watch *watch)
{
	const struct error *error = urgent_write(watch->home, &watch->flag);

	if (error)
		complain(watch, error);
}

/* Nothing that it prints is looked at or logged: it may hold somebody's number. */
static bool run_command(struct watch *watch)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const char *signal = urgent_signal_name(watch->flag.owed);
	const char *const argv[] = {watch->home->config->urgent.command, signal, NULL};
	const char *const environment[] = {
		urgent_may_sound_now(watch->home) ? "ENGABO_SOUND=yes" : "ENGABO_SOUND=no", NULL};
	const struct child child = {
		.argv = argv,
		.environment = environment,
		.directory = "/",
		.deadline_ms = COMMAND_MS,
		.stop = &watch->ends,
		.output_max = COMMAND_OUTPUT_MAX,
	};
	struct child_result result;
	const struct error *error = child_run(scratch, &child, &result);

	if (watch->ends)
		return false;
	if (error)
		log_warning("the command of [urgent], \"%s\": %s", signal, error->message);
	else if (result.timed_out)
		log_warning("the command of [urgent], \"%s\", was ended after %d seconds", signal,
			COMMAND_MS / 1000);
	else if (result.status)
		log_warning("the command of [urgent], \"%s\", ended with status %d", signal, result.status);
	return !error && !result.timed_out && !result.status;
}

static void give_owed(struct watch *watch)
{
	if (watch->flag.owed == SIGNAL_NOTHING || clock_boot_ms() < watch->try_at_ms)
		return;
	if (!run_command(watch)) {
		if (watch->ends) /* owed still, after the restart */
			return;
		watch->try_at_ms = clock_boot_ms() + COMMAND_PAUSE_MS;
		if (++watch->tries < COMMAND_TRIES)
			return;
		log_error("the command of [urgent] failed %d times; it is next run when there is more to "
			  "tell",
			COMMAND_TRIES);
	}
	watch->flag.owed = SIGNAL_NOTHING;
	keep(watch);
}

/* A newer signal takes the place of one that could not be given. */
static void owe(struct watch *watch, enum urgent_signal signal)
{
	watch->flag.owed = *watch->home->config->urgent.command ? signal : SIGNAL_NOTHING;
	watch->tries = 0;
	watch->try_at_ms = 0;
}

static bool is_same(const struct urgent_flag *a, const struct urgent_flag *b)
{
	return a->waiting == b->waiting && a->since == b->since && a->fact_since == b->fact_since &&
	       a->unread == b->unread && a->unread_since == b->unread_since;
}

static void take(struct watch *watch, const struct urgent_facts *facts)
{
	const struct urgent_now now = urgent_now();
	enum urgent_signal signal;

	do {
		const struct urgent_flag was = watch->flag;

		signal = urgent_step(&watch->flag, facts, &now);
		if (signal)
			owe(watch, signal);
		if (signal || !is_same(&was, &watch->flag))
			keep(watch);
		if (signal)
			give_owed(watch);
	} while (signal && !watch->ends);
}

/* ---- the loop ---- */

static int sleep_ms(const struct watch *watch)
{
	int64_t now = clock_boot_ms(), due = urgent_due_ms(&watch->flag);

	if (watch->flag.owed && (due < 0 || watch->try_at_ms < due))
		due = watch->try_at_ms;
	if (watch->look_at_ms && (due < 0 || watch->look_at_ms < due))
		due = watch->look_at_ms;
	return due < 0 ? -1 : due > now ? (int)(due - now) : 0;
}

static void *run(void *user)
{
	struct watch *watch = user;
	struct pollfd fds[2] = {{.fd = watch->bell, .events = POLLIN}, {.fd = watch->wake, .events = POLLIN}};

	while (!watch->ends) {
		struct urgent_facts facts;

		if (look(watch, &facts))
			take(watch, &facts);
		give_owed(watch);
		if (watch->ends)
			break;
		poll(fds, 2, sleep_ms(watch));
		doorbell_drain(watch->bell);
	}
	return NULL;
}

static void watch_free(struct watch *watch)
{
	fd_close(watch->bell);
	fd_close(watch->wake);
	fd_close(watch->lock);
	memory_free(watch);
}

/* The flag as it was kept; a damaged file is as good as none: the facts raise it again. */
static void resume(struct watch *watch)
{
	const struct urgent_now now = urgent_now();
	const struct error *error = urgent_read(watch->home, &watch->flag);

	if (error)
		complain(watch, error);
	urgent_resume(&watch->flag, &now);
	if (!*watch->home->config->urgent.command)
		watch->flag.owed = SIGNAL_NOTHING;
	keep(watch); /* so that there is a file to look at */
}

/* Only one process can come here, for it holds the role's lock. */
static const struct error *take_lock(struct watch *watch)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	watch->lock = open(
		home_file(scratch, watch->home, WATCH_LOCK), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (watch->lock < 0 || fcntl(watch->lock, F_SETLK, &lock) < 0)
		return error_system(errno, "cannot lock %s", WATCH_LOCK);
	return NULL;
}

static const struct error *start(struct watch *watch)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	sigset_t all, before;
	int failed;

	watch->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (watch->wake < 0)
		return error_system(errno, "cannot watch for what is urgent");
	TRY(doorbell_listen(home_file(scratch, watch->home, URGENT_BELL), &watch->bell));
	TRY(take_lock(watch));
	resume(watch);
	sigfillset(&all); /* signals are for the role's loop */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&watch->thread, NULL, run, watch);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed ? error_system(failed, "cannot watch for what is urgent") : NULL;
}

const struct error *watch_start(const struct home *home, const struct member_keys *self, struct watch **out)
{
	struct watch *watch = memory_new(NULL, struct watch);
	const struct error *error;

	watch->home = home;
	watch->self = *self;
	watch->bell = watch->wake = watch->lock = -1;
	error = start(watch);
	if (error)
		watch_free(watch);
	else
		*out = watch;
	return error;
}

void watch_stop(struct watch *watch)
{
	if (!watch)
		return;
	watch->ends = 1;
	eventfd_write(watch->wake, 1);
	pthread_join(watch->thread, NULL);
	watch_free(watch);
}

/* 0: nobody. */
static pid_t holder_of(int file)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	return fcntl(file, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK ? 0 : lock.l_pid;
}

const struct error *watch_find(const struct home *home, int *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	int file CLEANUP(fd_close) = open(home_file(scratch, home, WATCH_LOCK), O_RDONLY | O_CLOEXEC);
	pid_t holder;

	*out = -1;
	if (file < 0)
		return errno == ENOENT ? NULL : error_system(errno, "cannot open %s", WATCH_LOCK);
	holder = holder_of(file);
	if (holder <= 0)
		return NULL;
	*out = pidfd_open(holder, 0);
	if (*out < 0)
		return errno == ESRCH ? NULL : error_system(errno, "cannot tell whether sync runs");
	if (holder_of(file) != holder) { /* it ended, and its number may be another's */
		close(*out);
		*out = -1;
	}
	return NULL;
}
