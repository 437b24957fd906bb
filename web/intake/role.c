/* The process that strangers talk to: starts and ends the parts of intake, serves the form over https and its
 * first page over http, answers `engabo report`, and tidies up after time has passed. What happens in a
 * request lies in pages.c, form_pages.c, send.c and messages.c; `engabo report` in desk.c.
 *
 * Invariant: this process never holds a key that opens a record, so that whoever takes it over reads only
 * what passes through. */
#include "web/intake/role.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>

#include "node/base/clock.h"
#include "node/base/control.h"
#include "node/base/files.h"
#include "node/base/log.h"
#include "node/store/doorbell.h"
#include "web/intake/captive.h"
#include "web/intake/connect.h"
#include "web/intake/desk.h"
#include "web/intake/gate.h"
#include "web/intake/intake.h"
#include "web/intake/pool.h"
#include "web/intake/staff.h"
#include "web/settings.h"
#include "web/static.h"
#include "web/way.h"

#define BODY_MAX (256 * 1024) /* what was typed too long comes back to be shortened */
#define TLS_PEM_MAX 65536
#define TIDY_SOON_MS 60000 /* after a report: sync has had time to take it */
#define NEVER INT64_MAX
#define PROBE(path)                                                                                          \
	{                                                                                                    \
		METHOD_GET, path, captive_probe, TAG_PROBE                                                   \
	}

static const struct route routes[] = {
	{METHOD_GET, "/", welcome_show, TAG_OPEN},
	{METHOD_POST, "/form/send", send_report, TAG_FORM},
	{METHOD_GET, "/form/send", form_show, TAG_FORM}, /* a phone that opens its tabs again */
	{METHOD_GET, "/form/*", form_show, TAG_FORM},
	{METHOD_GET, "/done/*", done_show, TAG_FORM},
	{METHOD_GET, "/messages", messages_show, TAG_FORM},
	{METHOD_POST, "/messages", messages_answer, TAG_FORM},
	{METHOD_POST, "/messages/close", messages_close, TAG_FORM},
	{METHOD_POST, "/messages/photo", photo_send, TAG_FORM},
	{METHOD_GET, "/privacy", privacy_show, TAG_OPEN},
	{METHOD_GET, "/safety", safety_show, TAG_OPEN},
	{METHOD_GET, "/help", help_show, TAG_OPEN},
	{METHOD_GET, "/leave", leave_show, TAG_OPEN},
	{METHOD_POST, "/leave", leave_press, TAG_OPEN},
	{METHOD_GET, "/connect", connect_show, TAG_OPEN},
	{METHOD_GET, "/connect/poster", poster_show, TAG_OPEN},
	{METHOD_GET, "/connect/wifi.svg", connect_wifi_code, TAG_QUIET},
	{METHOD_GET, "/connect/form.svg", connect_form_code, TAG_QUIET},
	{METHOD_GET, "/connect/browser", connect_browser, TAG_OPEN},
	{METHOD_GET, "/connect/stayed", connect_stayed, TAG_OPEN},
	{METHOD_GET, "/connect/staff", staff_show, TAG_OPEN},
	{METHOD_GET, "/connect/staff/ca.crt", staff_certificate, TAG_QUIET},
	{METHOD_GET, "/connect/staff/tick.svg", staff_tick, TAG_QUIET},
	{METHOD_GET, "/connect/staff/check", staff_check, TAG_OPEN},
	{METHOD_POST, "/connect/stay", captive_stay, TAG_OPEN},
	{METHOD_GET, "/healthz", health_show, TAG_QUIET},
	PROBE("/static/hotspot.txt"),
	{METHOD_GET, "/static/forget.css", forget_style, TAG_QUIET},
	{METHOD_GET, "/static/*", static_serve, TAG_QUIET},
	/* What phones ask for when they join a Wi-Fi (captive.c tells which). */
	PROBE("/generate_204"),
	PROBE("/gen_204"),
	PROBE("/generate204"),
	PROBE("/hotspot-detect.html"),
	PROBE("/library/test/success.html"),
	PROBE("/connecttest.txt"),
	PROBE("/ncsi.txt"),
	PROBE("/redirect"),
	PROBE("/canonical.html"),
	PROBE("/success.txt"),
	PROBE("/kindle-wifi/wifistub.html"),
	PROBE("/kindle-wifi/wifiredirect.html"),
	PROBE("/check_network_status.txt"),
	PROBE("/nm"),
	PROBE("/nm-check.txt"),
	{0, NULL, NULL, 0},
};

static const struct error *start_servers(struct intake *intake)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct config *config = intake->home->config;
	struct secret *pem CLEANUP(secret_free) = NULL;
	struct server_options options = {
		.address = config->address,
		.port = config->intake.https,
		.routes = routes,
		.uploads = photo_uploads,
		.guard = pages_guard,
		.problem = pages_problem,
		.body_max = BODY_MAX,
		.is_compressed =
			true, /* no cookies: another site can make a phone ask, but not as somebody */
		.is_limited = config->intake.reports_an_hour != 0,
		.user = intake,
	};
	const struct error *error;

	TRY(secret_read(home_file(scratch, intake->home, "keys/tls-intake"), TLS_PEM_MAX, &pem));
	options.certificate_pem = options.key_pem = (const char *)pem->data;
	TRY(server_start(&options, &intake->https));
	options.certificate_pem = options.key_pem = NULL;
	options.port = config->intake.http;
	error = server_start(&options, &intake->http);
	if (error) {
		server_stop(intake->https);
		intake->https = NULL;
	}
	return error;
}

static void intake_free(struct intake *intake)
{
	if (intake->tries)
		tries_stop(intake->tries);
	server_stop(intake->http);
	server_stop(intake->https);
	gate_close(intake->gate);
	tries_free(intake->tries);
	sealer_stop(intake->sealer);
	if (intake->group)
		group_stop(intake->group);
	db_close(intake->reader);
	secret_free(intake->token_key);
	fd_close(intake->wake_fd);
	captive_stop(intake->captive);
	pthread_mutex_destroy(&intake->lock);
	memory_free(intake);
}

struct accepted {
	int version;
};

static const struct error *accepted_work(struct db *db, void *job)
{
	const struct accepted *accepted = job;

	if (db_meta_number(db, "roster", 0) >= accepted->version)
		return NULL;
	return db_meta_set_number(db, "roster", accepted->version);
}

static void accepted_done(void *job, const struct error *error)
{
	if (error)
		log_error("the roster's version cannot be kept: %s", error->message);
	memory_free(job);
}

/* On the card with, or before, the first report that is sealed by it. */
static void accept_version(void *user, int version)
{
	struct intake *intake = user;
	struct accepted *accepted = memory_new(NULL, struct accepted);

	accepted->version = version;
	group_submit(intake->group, accepted_work, accepted_done, accepted);
}

static const struct error *start(struct intake *intake)
{
	const struct config *config = intake->home->config;
	const struct error *error;
	struct db *db;
	int roster;

	TRY(settings_check(intake->home));
	TRY(intake_open_db(intake->home, &db, &roster));
	intake->seen = seen_new(intake);
	intake->spent = spent_new(intake);
	intake->is_log_marked = true; /* perhaps, by a run before this one */
	error = intake_claim_db(intake->home, db);
	if (!error)
		error = receipts_note_all(db, intake->seen);
	if (!error)
		error = group_start(db, &intake->group);
	if (error) {
		db_close(db);
		return error;
	}
	TRY(sealer_start(&intake->sealer));
	TRY(tries_start(TRIES_EVERY_MS, &intake->tries));
	TRY(coalition_open(intake, intake->home, roster, accept_version, intake, &intake->coalition));
	TRY(db_open_foreign(home_file(intake, intake->home, "intake.db"), SPOOL_DB_VERSION, &intake->reader));
	intake->token_key = secret_random(32);
	intake->captive = captive_new(intake);
	intake->quota = quota_new(intake, config->intake.reports_an_hour, config->intake.reports_an_address);
	TRY(photos_start(intake, &intake->photos));
	way_tidy(intake->home);
	intake->gate = gate_new(intake);
	TRY(start_servers(intake));
	gate_look(intake->gate);
	return NULL;
}

const struct error *intake_start(struct home *home, struct code_source *codes, struct intake **out)
{
	struct intake *intake = memory_new(NULL, struct intake);
	const struct error *error;

	intake->home = home;
	intake->codes = codes;
	intake->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&intake->lock, NULL);
	error = start(intake);
	if (error)
		intake_free(intake);
	else
		*out = intake;
	return error;
}

int intake_http_port(const struct intake *intake)
{
	return server_port(intake->http);
}

int intake_https_port(const struct intake *intake)
{
	return server_port(intake->https);
}

void intake_stop(struct intake *intake)
{
	intake_free(intake);
}

/* What time undoes: codes whose page died, receipts of yesterday, spool rows that sync has put into the log.
 */
struct tidying {
	struct intake *intake;
	int64_t receipts_gone; /* places up to here */
	int64_t receipts_next; /* seconds on the boot clock; 0: nothing is left to come back for */
	int64_t spool_left;
	bool is_log_to_go;
};

static const struct error *tidy_work(struct db *db, void *job)
{
	struct tidying *tidying = job;
	int64_t taken;

	TRY(receipts_tidy(db, intake_seconds(), &tidying->receipts_gone, &tidying->receipts_next));
	TRY(intake_taken(tidying->intake, &taken));
	TRY(spool_prune(db, taken, INT64_MAX));
	TRY(spool_count(db, 0, &tidying->spool_left));
	/* Which rows were urgent is told nowhere any more, the log included. */
	tidying->is_log_to_go = !tidying->spool_left && tidying->intake->is_log_marked;
	tidying->intake->is_log_marked &= !tidying->is_log_to_go;
	return NULL;
}

/* When to tidy again, in milliseconds on the boot clock; NEVER: not before the next report. */
static int64_t tidy(struct intake *intake)
{
	struct tidying tidying = {.intake = intake};
	const struct error *error = group_wait(intake->group, tidy_work, &tidying);
	int64_t soon = clock_boot_ms() + TIDY_SOON_MS, receipts = tidying.receipts_next * 1000;

	malloc_trim(0); /* what many phones at once took goes back to the system */
	if (error)
		log_error("tidying: %s", error->message);
	if (!error && tidying.receipts_gone)
		seen_forget(intake->seen, tidying.receipts_gone);
	if (!error && tidying.is_log_to_go)
		group_empty_log(intake->group);
	if (error || tidying.spool_left)
		return receipts && receipts < soon && !error ? receipts : soon;
	return receipts ? receipts : NEVER;
}

struct role {
	struct intake *intake;
	int control_fd, broken_fd;
	const char *bell; /* of sync */
	sigset_t while_waiting;
	const volatile int *stop;
};

/* Signals arrive only inside ppoll, so that none is lost between looking at *stop and waiting. */
static const struct error *loop(const struct role *role)
{
	struct gate *gate = role->intake->gate;
	int64_t due = clock_boot_ms();

	while (!*role->stop) {
		struct pollfd fds[] = {{role->control_fd, POLLIN, 0}, {role->broken_fd, POLLIN, 0},
			{role->intake->wake_fd, POLLIN, 0}, {gate_fd(gate), POLLIN, 0}};
		int64_t now = clock_boot_ms(), look = gate_due_ms(gate), next = due < look ? due : look;
		int64_t wait = next > now ? next - now : 0;
		struct timespec timeout = {wait / 1000, wait % 1000 * 1000000};
		uint64_t count;

		if (due <= now) {
			due = tidy(role->intake);
			continue;
		}
		if (look <= now) {
			gate_look(gate);
			continue;
		}
		if (ppoll(fds, 4, next == NEVER ? NULL : &timeout, &role->while_waiting) < 0) {
			if (errno == EINTR)
				continue;
			return error_system(errno, "cannot wait for work");
		}
		if (fds[1].revents)
			return error_new(ERROR_UNAVAILABLE, "the process that makes receipt codes has ended");
		if (fds[2].revents && read(role->intake->wake_fd, &count, sizeof count) > 0) {
			atomic_store(
				&role->intake->is_told, false); /* before the bell: it rings for all so far */
			doorbell_ring(role->bell);
			if (due > clock_boot_ms() + TIDY_SOON_MS)
				due = clock_boot_ms() + TIDY_SOON_MS;
		}
		if (fds[3].revents)
			gate_notice(gate);
		if (fds[0].revents) {
			const struct error *error =
				control_serve(role->control_fd, desk_answer, role->intake);

			if (error)
				log_warning("a call over the socket failed: %s", error->message);
		}
	}
	return NULL;
}

static const struct error *run_with(struct home *home, struct pool *pool, struct role *role)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	int lock CLEANUP(fd_close) = -1;
	const struct error *error;

	TRY(files_lock(home_file(scratch, home, "run/intake.lock"), &lock));
	TRY(intake_start(home, pool_source(pool), &role->intake));
	role->broken_fd = pool_broken_fd(pool);
	role->bell = home_file(scratch, home, "run/sync.bell");
	error = control_listen(home_file(scratch, home, "run/intake.sock"), &role->control_fd);
	if (!error) {
		log_info("serving on ports %d and %d", intake_http_port(role->intake),
			intake_https_port(role->intake));
		error = loop(role);
		fd_close(role->control_fd);
	}
	pool_stop(pool); /* whoever still waits for a code is told so, and has lost nothing */
	intake_stop(role->intake);
	doorbell_ring(role->bell); /* for what was saved last */
	return error;
}

const struct error *intake_run(struct home *home, const volatile int *stop)
{
	struct role role = {.stop = stop};
	struct pool *pool;
	const struct error *error;
	sigset_t ours;

	TRY(pool_start(&pool));
	sigemptyset(&ours);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ours, &role.while_waiting);
	error = run_with(home, pool, &role);
	if (!role.intake)
		pool_stop(pool);
	pool_free(pool);
	pthread_sigmask(SIG_SETMASK, &role.while_waiting, NULL);
	return error;
}
