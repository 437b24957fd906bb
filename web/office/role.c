/* The office role: starts the server, answers commands, and ends when the hub is to be locked. Locking is
 * ending: the process that held the secrets is gone, and its keeper starts a new one that has none. Pages are
 * routes.c's, requests visit.c's, reading and writing office.c's.
 *
 * "Locked at start; never unlocked by itself." Office role, main thread. */
#include "web/office/role.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "node/base/clock.h"
#include "node/base/control.h"
#include "node/base/files.h"
#include "node/base/log.h"
#include "node/store/doorbell.h"
#include "node/vault/encoding.h"
#include "web/authority.h"
#include "web/office/attach.h"
#include "web/office/catch.h"
#include "web/office/code.h"
#include "web/office/sign.h"
#include "web/office/traces.h"
#include "web/static.h"

#define LOOK_MS 60000 /* how often, at least, the loop looks whether the hub is open now */
#define MINUTE_MS 60000
#define SPOOL_ENTRIES_MAX 16

static const struct error *serve_health(struct request *request)
{
	request->type = "text/plain; charset=utf-8";
	request->body = (struct bytes){(const uint8_t *)"ok\n", 3};
	return NULL;
}

static const struct route routes[] = {
	{METHOD_GET, "/healthz", serve_health, 0},
	{METHOD_GET,
		"/static/"
		"*",
		static_serve, 0},
	{METHOD_POST,
		"/files/"
		"*",
		visit_serve, 0},
	{METHOD_GET | METHOD_POST,
		"/"
		"*",
		visit_serve, 0},
	{0},
};

/* A hub that is open already is no more open for whoever has no key. */
static const struct error *check_keyholder(struct reception *reception, const char *name)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct error *error;
	struct person person = {0};

	pthread_mutex_lock(&reception->mutex);
	error = people_find(scratch, reception->office->file, name, &person);
	pthread_mutex_unlock(&reception->mutex);
	TRY(error);
	return person.is_keyholder ? NULL
				   : error_new(ERROR_DENIED,
					     "%s has no key to this hub; ask an officer to open it", name);
}

/* {"do":"unlock","name","passphrase"}: for a hub without a screen. */
static const struct error *answer_unlock(struct reception *reception, const json_t *request)
{
	struct secret *passphrase CLEANUP(secret_free) = NULL;
	const struct error *error;
	const char *name, *words;

	TRY(json_get_string(request, "name", PERSON_NAME_MAX, &name));
	TRY(json_get_string(request, "passphrase", 400, &words));
	passphrase = secret_copy(words, strlen(words) + 1);
	secret_wipe((char *)words, strlen(words));
	pthread_mutex_lock(&reception->slow);
	error = sign_check(reception, name, passphrase);
	pthread_mutex_unlock(&reception->slow);
	return error ? error : check_keyholder(reception, name);
}

static const struct error *read_sealed(const void *context, const json_t *entry, struct sealed *out)
{
	const char *kind, *mailbox, *body;

	TRY(json_get_string(entry, "kind", 1, &kind));
	TRY(json_get_string(entry, "mailbox", sizeof out->mailbox - 1, &mailbox));
	TRY(json_get_string(entry, "body", 2 * SPOOL_BODY_MAX, &body));
	if (kind[0] != 'o' && kind[0] != 'm')
		return error_new(ERROR_INVALID, "a spool entry is of kind o or m");
	out->kind = kind[0];
	memcpy(out->mailbox, mailbox, strlen(mailbox) + 1);
	return encoding_from_base64(context, body, &out->body);
}

/* {"do":"spool","entries":[{"kind","mailbox","body"}]}: what a command sealed itself. An unlocked office
 * takes it up at once. */
static const struct error *answer_spool(struct reception *reception, const json_t *request)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct sealed *sealed;
	json_t *entries, *entry;
	int64_t upto;
	size_t i;

	TRY(json_get_array(request, "entries", SPOOL_ENTRIES_MAX, &entries));
	sealed = memory_array(scratch, struct sealed, json_array_size(entries) + 1);
	json_array_foreach (entries, i, entry)
		TRY(read_sealed(scratch, entry, &sealed[i]));
	TRY(write_spool(reception->office, sealed, json_array_size(entries)));
	return reception->is_open ? catch_spool(reception->office, 0, &upto) : NULL;
}

/* {"do":"names"}: {"names":{"<log>":{"code","name","region"}}} of the coalition's hubs and of this one;
 * nothing while locked, since the names of the others are sealed. */
static json_t *names_of(const struct reception *reception)
{
	const struct office *office = reception->office;
	const struct config *config = office->home->config;
	const char *code = config->hub.code, *name = config->hub.name, *region = config->hub.region;
	json_t *names = json_object();

	if (!reception->is_open)
		return names;
	json_object_set_new(names, office->trust.self.log,
		json_pack("{ssssss}", "code", code ? code : "", "name", name ? name : "", "region",
			region ? region : ""));
	for (size_t i = 0; office->names && i < office->names->count; i++) {
		const struct roster_name *hub = &office->names->hubs[i];

		json_object_set_new(names, hub->log,
			json_pack("{ssssss}", "code", hub->code, "name", hub->name, "region", hub->region));
	}
	return names;
}

static const struct error *answer_quick(
	struct reception *reception, const char *what, const json_t *request, json_t *reply)
{
	if (reception->is_opening)
		return error_new(ERROR_UNAVAILABLE, "the hub is being opened; try again in a moment");
	if (strcmp(what, "spool") == 0)
		return answer_spool(reception, request);
	if (strcmp(what, "names") == 0) {
		json_object_set_new(reply, "names", names_of(reception));
		return NULL;
	}
	if (strcmp(what, "state") == 0) {
		json_object_set_new(reply, "locked", json_boolean(!reception->is_open));
		return NULL;
	}
	return error_new(ERROR_USAGE, "the office does not know how to do \"%s\"", what);
}

static const struct error *answer(void *user, const json_t *request, json_t *reply)
{
	struct reception *reception = user;
	const struct error *error;
	const char *what;

	TRY(json_get_string(request, "do", 32, &what));
	if (strcmp(what, "lock") == 0 || strcmp(what, "end") == 0) {
		sign_ask_lock(reception);
		return NULL;
	}
	if (strcmp(what, "unlock") == 0)
		return answer_unlock(reception, request);
	pthread_mutex_lock(&reception->mutex);
	error = answer_quick(reception, what, request, reply);
	pthread_mutex_unlock(&reception->mutex);
	return error;
}

/* How long the loop may sleep; 0: it is time to lock. Opening wakes nobody: no hub locks sooner than LOOK_MS
 * after it. */
static int64_t sleep_ms(struct reception *reception, int64_t lock_ms)
{
	int64_t left = LOOK_MS;

	pthread_mutex_lock(&reception->mutex);
	if (reception->is_open)
		left = reception->staff_seen_ms + lock_ms + 1 - clock_boot_ms();
	if (reception->wants_lock || left < 0)
		left = 0;
	pthread_mutex_unlock(&reception->mutex);
	return left < LOOK_MS ? left : LOOK_MS;
}

/* Sync has put something into the log. An open office reads it now, though nobody clicks: it may be urgent.
 */
static void look_for_news(struct reception *reception)
{
	const struct error *error = NULL;

	pthread_mutex_lock(&reception->mutex);
	if (reception->is_open && !reception->is_opening)
		error = catch_up(reception->office);
	pthread_mutex_unlock(&reception->mutex);
	if (error)
		log_error("catching up: %s", error->message);
}

static void answer_command(struct reception *reception, int control)
{
	const struct error *error = control_serve(control, answer, reception);

	if (error)
		log_warning("a command could not be answered: %s", error->message);
}

static const struct error *renew(struct reception *reception, struct server *server)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct office *office = reception->office;
	struct secret *pem CLEANUP(secret_free) = NULL;
	struct bytes certificate;
	bool is_new;

	TRY(authority_renew(office->home, office->vault, &is_new));
	if (!is_new)
		return NULL;
	TRY(secret_read(home_file(scratch, office->home, "keys/tls-office"), AUTHORITY_PEM_MAX, &pem));
	TRY(authority_certificate(scratch, office->home, "office", pem, &certificate));
	return server_set_certificate(
		server, CREDENTIALS_OWN, (const char *)certificate.data, (const char *)pem->data);
}

/* While the hub is open: this machine may have got another address. */
static void look_at_certificates(struct reception *reception, struct server *server)
{
	const struct error *error = NULL;

	pthread_mutex_lock(&reception->mutex);
	if (reception->is_open && !reception->is_opening)
		error = renew(reception, server);
	pthread_mutex_unlock(&reception->mutex);
	if (error)
		log_error("the certificates cannot be renewed: %s", error->message);
}

/* Who looked at what, once a minute; at the end with whatever came since. A full card is told, and tried
 * again.
 */
static void write_traces(struct reception *reception)
{
	const struct error *error = NULL;

	pthread_mutex_lock(&reception->mutex);
	if (reception->is_open && !reception->is_opening)
		error = traces_flush(reception->office);
	pthread_mutex_unlock(&reception->mutex);
	if (error)
		log_error("who looked at what could not be written down yet: %s", error->message);
}

/* Signals arrive only inside ppoll, so that none is lost between looking at *stop and sleeping. */
static void loop(struct reception *reception, struct server *server, int control, int bell,
	const sigset_t *while_sleeping, const volatile int *stop)
{
	int64_t lock_ms = (int64_t)reception->office->home->config->office.lock_minutes * MINUTE_MS, sleep;
	int64_t look = 0;
	struct pollfd waits[3] = {{.fd = control, .events = POLLIN},
		{.fd = reception->wake, .events = POLLIN}, {.fd = bell, .events = POLLIN}};

	while (!*stop && (sleep = sleep_ms(reception, lock_ms))) {
		struct timespec timeout;

		if (clock_boot_ms() >= look) {
			look_at_certificates(reception, server);
			write_traces(reception);
			look = clock_boot_ms() + LOOK_MS;
		}
		if (sleep > look - clock_boot_ms())
			sleep = look > clock_boot_ms() ? look - clock_boot_ms() : 0;
		timeout = (struct timespec){sleep / 1000, sleep % 1000 * 1000000};
		if (ppoll(waits, 3, &timeout, while_sleeping) <= 0)
			continue;
		if (waits[2].revents) {
			doorbell_drain(bell);
			look_for_news(reception);
		}
		if (waits[0].revents & POLLIN)
			answer_command(reception, control);
	}
}

static const struct error *start_server(struct reception *reception, struct server **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct home *home = reception->office->home;
	struct server_options options = {
		.address = home->config->address,
		.port = home->config->office.https,
		.routes = routes,
		.uploads = attach_uploads,
		.problem = visit_problem_page,
		.is_limited = true,
		.user = reception,
	};
	struct secret *pem CLEANUP(secret_free) = NULL;
	struct bytes certificate;

	TRY(secret_read(home_file(scratch, home, "keys/tls-office"), AUTHORITY_PEM_MAX, &pem));
	TRY(authority_certificate(scratch, home, "office", pem, &certificate));
	options.certificate_pem = (const char *)certificate.data;
	options.key_pem = (const char *)pem->data;
	return server_start(&options, out);
}

static void reception_start(struct reception *reception, struct office *office, void *context)
{
	const struct config *config = office->home->config;

	pthread_mutex_init(&reception->mutex, NULL);
	pthread_mutex_init(&reception->slow, NULL);
	reception->office = office;
	reception->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	reception->sessions = sessions_new(context, (int64_t)config->office.idle_minutes * MINUTE_MS,
		(int64_t)config->office.session_hours * 60 * MINUTE_MS);
	reception->slips = sessions_new(context, CODE_HOURS * 60 * MINUTE_MS, CODE_HOURS * 60 * MINUTE_MS);
	reception->throttle = throttle_new(context);
	reception->kept = kept_new(context);
	snprintf(reception->session_cookie, sizeof reception->session_cookie, "__Host-office-%d",
		config->office.https);
	snprintf(reception->slip_cookie, sizeof reception->slip_cookie, "__Host-slip-%d",
		config->office.https);
	snprintf(reception->language_cookie, sizeof reception->language_cookie, "__Host-language-%d",
		config->office.https);
	snprintf(reception->device_cookie, sizeof reception->device_cookie, "__Host-known-%d",
		config->office.https);
}

/* What was asked for is answered, what was written is on the card already; the snapshot only saves time at
 * the next sign-in. */
static void end(struct reception *reception, struct server *server)
{
	const struct error *error = NULL;

	worker_end(reception->worker);
	server_stop(server);
	worker_stop(reception->worker);
	write_traces(reception);
	if (reception->is_open)
		error = office_save(reception->office);
	if (error)
		log_warning("the snapshot could not be written; the next sign-in takes longer: %s",
			error->message);
	secret_wipe(reception->sessions, talloc_get_size(reception->sessions));
	close(reception->wake);
	pthread_mutex_destroy(&reception->mutex);
	pthread_mutex_destroy(&reception->slow);
}

static const struct error *run_locked(
	struct home *home, void *context, const sigset_t *while_sleeping, const volatile int *stop)
{
	struct office *office CLEANUP(office_close) = NULL;
	struct reception *reception = memory_new(context, struct reception);
	int control CLEANUP(fd_close) = -1, bell CLEANUP(fd_close) = -1;
	struct server *server;
	const struct error *error;

	TRY(control_listen(home_file(context, home, "run/office.sock"), &control));
	TRY(doorbell_listen(home_file(context, home, "run/office.bell"), &bell));
	TRY(office_open(context, home, true, &office));
	TRY(attach_start(home));
	reception_start(reception, office, context);
	TRY(worker_start(&reception->worker));
	error = start_server(reception, &server);
	if (error) {
		worker_stop(reception->worker);
		return error;
	}
	log_info("the office is locked and listens on port %d", server_port(server));
	loop(reception, server, control, bell, while_sleeping, stop);
	end(reception, server);
	log_info("the office is locked");
	return NULL;
}

const struct error *office_run(struct home *home, const volatile int *stop)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	int lock CLEANUP(fd_close) = -1;
	sigset_t ours, before;
	const struct error *error;

	TRY(files_lock(home_file(context, home, "run/office.lock"), &lock));
	sigemptyset(&ours);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ours, &before);
	error = run_locked(home, context, &before, stop);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}
