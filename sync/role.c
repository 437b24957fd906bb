/* The sync role: waits for bells, timers, commands and news of other hubs, and does one thing at a time. The
 * process that talks to the internet; it never holds a readable case.
 *
 * Leaves the work to round.c. Guards: it ends soon after it is told to, whatever git is doing; a remote that
 * fails is tried less and less often, and holds up nobody else. While a round runs, commands wait: `engabo
 * status` therefore reads sync.db itself. */
#include "sync/role.h"

#include <string.h>

#include "node/base/clock.h"
#include "node/base/control.h"
#include "node/base/files.h"
#include "node/base/log.h"
#include "node/store/doorbell.h"
#include "sync/discover.h"
#include "sync/hub.h"
#include "sync/neighbours.h"
#include "sync/remote.h"
#include "sync/urgent.h"
#include "sync/watch.h"
#include "sync/wish.h"

#define GATHER_MS 1000 /* after a bell: more may come, and one commit holds them all */
#define LOOK_MS 60000  /* a bell may be lost */
#define SOON_MS 500
#define REMOTES_MAX 64

struct due {
	char name[REMOTE_NAME_SIZE];
	int64_t at_ms; /* boot clock */
	bool failed;   /* its last round */
};

struct role {
	struct hub *hub;
	const volatile int *stop;
	bool ends; /* a command said so */
	struct discover *discover;
	struct neighbours *neighbours;
	struct due dues[REMOTES_MAX];
	size_t due_count;
	int64_t commit_ms;   /* when to look at the spools */
	char complaint[512]; /* what was logged last about the log, so that it is said once */
};

static bool is_over(const struct role *role)
{
	return role->ends || *role->stop;
}

/* ---- when which remote ---- */

static struct due *due_of(struct role *role, const char *name)
{
	for (size_t i = 0; i < role->due_count; i++)
		if (strcmp(role->dues[i].name, name) == 0)
			return &role->dues[i];
	return NULL;
}

/* The table's remotes; new ones are due at once. */
static const struct error *read_dues(struct role *role)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct due *dues = memory_array(scratch, struct due, REMOTES_MAX);
	char **names;
	size_t count;

	TRY(remote_names(scratch, role->hub->db, &names, &count));
	if (count > REMOTES_MAX) {
		log_warning("only the first %d of %zu remotes are used", REMOTES_MAX, count);
		count = REMOTES_MAX;
	}
	for (size_t i = 0; i < count; i++) {
		const struct due *known = due_of(role, names[i]);

		if (known)
			dues[i] = *known;
		else
			dues[i].at_ms = clock_boot_ms();
		snprintf(dues[i].name, sizeof dues[i].name, "%s", names[i]);
	}
	memcpy(role->dues, dues, sizeof role->dues);
	role->due_count = count;
	return NULL;
}

/* There is something new to send; those that fail keep their pace. */
static void hurry(struct role *role, const char *but)
{
	int64_t soon = clock_boot_ms() + SOON_MS;

	for (size_t i = 0; i < role->due_count; i++)
		if (!role->dues[i].failed && role->dues[i].at_ms > soon &&
			(!but || strcmp(role->dues[i].name, but) != 0))
			role->dues[i].at_ms = soon;
}

/* next_try is by the wall clock, for people; how far it lies ahead is what counts. */
static const struct error *plan_next(struct role *role, const char *name, bool failed)
{
	struct query query CLEANUP(db_finish) = {0};
	struct due *due = due_of(role, name);
	bool row;

	TRY(db_prepare(role->hub->db, &query, "SELECT next_try - last_try FROM remote WHERE name = ?"));
	db_bind_text(&query, 1, name);
	TRY(db_step(&query, &row));
	if (!due || !row)
		return NULL;
	due->at_ms = clock_boot_ms() + (db_integer(&query, 0) > 0 ? db_integer(&query, 0) : 60) * 1000;
	due->failed = failed;
	return NULL;
}

/* ---- work ---- */

static void say_report(const json_t *report)
{
	const json_t *refused = json_object_get(report, "refused"), *row;
	const char *remote = json_text_or(report, "remote", ""), *problem = json_text_or(report, "error", "");
	long long sent = json_integer_value(json_object_get(report, "sent"));
	long long received = json_integer_value(json_object_get(report, "received"));
	size_t i;

	if (*problem)
		log_warning("%s: %s", remote, problem);
	if (sent || received)
		log_info("%s: sent %lld, received %lld", remote, sent, received);
	json_array_foreach ((json_t *)refused, i, row)
		log_warning("%s: log %s: %s", remote, json_text_or(row, "log", ""),
			json_text_or(row, "reason", ""));
}

/* There is something new in log.git: an open office reads it now, not when somebody next clicks, and
 * neighbours are told. */
static void tell_readers(const struct role *role)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);

	doorbell_ring(home_file(scratch, role->hub->home, "run/office.bell"));
	doorbell_ring(home_file(scratch, role->hub->home, URGENT_BELL));
	doorbell_ring(home_file(scratch, role->hub->home, SYNC_NEWS_BELL));
}

static const struct error *do_remote(struct role *role, const char *name, json_t **report)
{
	TRY(round_remote(role->hub, name, report));
	if (!is_over(role)) /* what we broke off ourselves is nobody's fault */
		say_report(*report);
	if (json_integer_value(json_object_get(*report, "received"))) {
		hurry(role, json_text_or(*report, "remote", ""));
		tell_readers(role);
	}
	return plan_next(
		role, json_text_or(*report, "remote", ""), !json_is_true(json_object_get(*report, "ok")));
}

/* Our own failures (a full card, a damaged log) are said once, not every minute. */
static void complain(struct role *role, const char *doing, const struct error *error)
{
	if (strcmp(role->complaint, error->message) == 0)
		return;
	snprintf(role->complaint, sizeof role->complaint, "%s", error->message);
	log_error("%s: %s", doing, error->message);
}

static const struct error *do_commit(struct role *role, int64_t *count)
{
	role->commit_ms = clock_boot_ms() + LOOK_MS;
	TRY(round_commit(role->hub, count));
	role->complaint[0] = '\0';
	if (*count) {
		hurry(role, NULL);
		tell_readers(role);
	}
	return NULL;
}

/* The first remote that is due, and no more: commands and bells come in between. */
static void do_next_remote(struct role *role)
{
	int64_t now = clock_boot_ms();

	for (size_t i = 0; i < role->due_count; i++) {
		json_t *report CLEANUP(json_decref) = NULL;
		const struct error *error;

		if (role->dues[i].at_ms > now)
			continue;
		role->dues[i].at_ms = now + LOOK_MS; /* should it fail by our own fault */
		error = do_remote(role, role->dues[i].name, &report);
		if (error)
			complain(role, "the round failed", error);
		return;
	}
}

/* What neighbours have, which goes on to relays and other neighbours. */
static const struct error *do_neighbours(struct role *role)
{
	json_t *reports CLEANUP(json_decref) = json_array(), *report;
	const struct error *error = neighbours_work(role->neighbours, reports);
	size_t i;

	json_array_foreach (reports, i, report) {
		say_report(report);
		tell_readers(role);
		if (json_integer_value(json_object_get(report, "received")))
			hurry(role, NULL);
	}
	return error;
}

/* What somebody asked on the office's page. */
static const struct error *do_wish(struct role *role)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *report CLEANUP(json_decref) = NULL;
	char *stick;

	TRY(wish_next(scratch, role->hub, &stick));
	return stick ? do_remote(role, stick, &report) : NULL;
}

static void do_what_is_due(struct role *role)
{
	bool is_look = clock_boot_ms() >= role->commit_ms;
	const struct error *error = do_neighbours(role);
	int64_t count;

	if (error)
		complain(role, "cannot take what a neighbour has", error);
	error = NULL;
	if (is_look)
		error = do_commit(role, &count);
	if (error)
		complain(role, "cannot put new records into the log", error);
	error = is_look && !is_over(role) ? do_wish(role) : NULL;
	if (error)
		complain(role, "cannot do what the office asked", error);
	if (!is_over(role))
		do_next_remote(role);
	error = is_over(role) || neighbours_fetch(role->neighbours) ? NULL : hub_tidy(role->hub);
	if (error)
		complain(role, "cannot merge packs", error);
}

/* ---- commands ---- */

static const struct error *sync_with(struct role *role, const char *name, json_t *reports)
{
	json_t *report = NULL;

	TRY(do_remote(role, name, &report));
	json_array_append_new(reports, report);
	return NULL;
}

static const struct error *sync_now(struct role *role, const json_t *request, json_t *reply)
{
	json_t *remotes = json_object_get(request, "remotes"), *reports = json_array(), *name;
	const struct error *error;
	int64_t committed = 0;
	size_t i;

	json_object_set_new(reply, "remotes", reports);
	error = do_commit(role, &committed);
	if (error) /* what was committed before still travels */
		round_trouble(reply, error);
	json_object_set_new(reply, "committed", json_integer(committed));
	json_array_foreach (remotes, i, name) {
		if (!json_is_string(name))
			return error_new(ERROR_USAGE, "a remote's name is text");
		TRY(sync_with(role, json_string_value(name), reports));
	}
	for (i = 0; !json_array_size(remotes) && i < role->due_count && !is_over(role); i++)
		TRY(sync_with(role, role->dues[i].name, reports));
	return NULL;
}

static const struct error *remote_command(struct role *role, const char *what, const json_t *request)
{
	const char *name, *url;

	TRY(json_get_string(request, "name", REMOTE_NAME_SIZE, &name));
	if (strcmp(what, "remote-add") == 0) {
		struct due *due;

		TRY(json_get_string(request, "url", REMOTE_URL_MAX, &url));
		TRY(remote_row_add(role->hub->home, role->hub->db, name, url));
		due = due_of(role, name);
		if (due)
			due->at_ms = clock_boot_ms();
	} else {
		TRY(remote_row_remove(role->hub->home, role->hub->db, name));
	}
	return read_dues(role);
}

static const struct error *answer(void *user, const json_t *request, json_t *reply)
{
	struct role *role = user;
	json_t *status = NULL;
	const char *what;

	TRY(json_get_string(request, "do", 32, &what));
	if (strcmp(what, "sync") == 0) {
		const struct error *error;

		role->hub->is_asked = true;
		error = sync_now(role, request, reply);
		role->hub->is_asked = false;
		return error;
	}
	if (strcmp(what, "remote-add") == 0 || strcmp(what, "remote-remove") == 0)
		return remote_command(role, what, request);
	if (strcmp(what, "status") == 0 || strcmp(what, "remote-list") == 0) {
		TRY(state_status(role->hub->db, &status));
		json_object_set_new(reply, "status", status);
		return NULL;
	}
	if (strcmp(what, "roster") == 0) {
		TRY(round_roster_take(role->hub));
		hurry(role, NULL);
		tell_readers(role);
		return NULL;
	}
	if (strcmp(what, "end") == 0) {
		role->ends = true;
		return NULL;
	}
	return error_new(ERROR_USAGE, "the sync role does not know \"%s\"", what);
}

/* ---- hubs nearby ---- */

static const struct error *write_found(struct db *db, const struct discover_hub *hub, bool there)
{
	struct query query CLEANUP(db_finish) = {0};

	TRY(db_prepare(db, &query,
		there ? "INSERT OR REPLACE INTO found(name, address, host, port, seen) VALUES(?, ?, ?, ?, ?)"
		      : "DELETE FROM found WHERE name = ? AND address = ?"));
	db_bind_text(&query, 1, hub->name);
	db_bind_text(&query, 2, hub->address);
	if (there) {
		db_bind_text(&query, 3, hub->host);
		db_bind_integer(&query, 4, hub->port);
		db_bind_integer(&query, 5, clock_wall_seconds());
	}
	return db_done(&query);
}

static void on_change(void *user, const struct discover_hub *hub, bool there)
{
	struct role *role = user;
	const struct error *error = write_found(role->hub->db, hub, there);

	if (error)
		complain(role, "cannot note a hub nearby", error);
	neighbours_see(role->neighbours, hub, there);
}

/* ---- the loop ---- */

static int next_timeout(const struct role *role)
{
	int64_t now = clock_boot_ms(), at = role->commit_ms;

	for (size_t i = 0; i < role->due_count; i++)
		if (role->dues[i].at_ms < at)
			at = role->dues[i].at_ms;
	return at > now ? (int)(at - now) : 0;
}

static void loop(struct role *role, int bell, int commands)
{
	struct pollfd fds[] = {{.fd = bell, .events = POLLIN}, {.fd = commands, .events = POLLIN},
		{.fd = neighbours_bell(role->neighbours), .events = POLLIN}};

	while (!is_over(role)) {
		do_what_is_due(role);
		if (is_over(role))
			break;
		discover_wait(role->discover, fds, 3, next_timeout(role));
		if (fds[0].revents) {
			int64_t soon = clock_boot_ms() + GATHER_MS;

			doorbell_drain(bell);
			if (role->commit_ms > soon)
				role->commit_ms = soon;
		}
		if (fds[1].revents) {
			const struct error *error = control_serve(commands, answer, role);

			if (error)
				complain(role, "a command", error);
		}
	}
}

static const struct error *run(struct role *role, struct home *home, int *bell, int *commands)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct error *error;
	struct watch *watch;

	TRY(doorbell_listen(home_file(scratch, home, "run/sync.bell"), bell));
	TRY(control_listen(home_file(scratch, home, "run/sync.sock"), commands));
	TRY(db_run(role->hub->db, "DELETE FROM found"));
	TRY(read_dues(role));
	TRY(watch_start(home, &role->hub->trust.self, &watch));
	if (role->hub->halted)
		log_error("this hub's log takes nothing new: %s", role->hub->halted);
	error = neighbours_start(role->hub, &role->neighbours);
	if (error) {
		watch_stop(watch);
		return error;
	}
	role->discover =
		discover_start(home->config->sync.https, home->config->sync.announce, on_change, role);
	loop(role, *bell, *commands);
	discover_stop(role->discover);
	neighbours_stop(role->neighbours);
	watch_stop(watch);
	return NULL;
}

const struct error *sync_run(struct home *home, const volatile int *stop)
{
	struct hub *hub CLEANUP(hub_close) = NULL;
	int bell CLEANUP(fd_close) = -1, commands CLEANUP(fd_close) = -1;
	struct role *role = memory_new(home, struct role);
	const struct error *error;

	role->stop = stop;
	TRY(hub_open(home, home, &hub));
	hub_stop_when(hub, stop);
	role->hub = hub;
	error = run(role, home, &bell, &commands);
	memory_free(role);
	return error;
}
