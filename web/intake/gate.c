/* Decides by which way a phone reaches the form, and keeps in step with what staff chose and with
 * certificates that were renewed while intake runs (gate.h). The choice itself is office's to write; that
 * something was written, the system tells (node/base/changes.h).
 *
 * Invariant: what a person types goes over plain http only while a workshop is open, and only to devices near
 * by. Runs in intake; the looking on the role's own thread, the deciding on the servers'. */
#include "web/intake/gate.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "node/base/changes.h"
#include "node/base/clock.h"
#include "node/base/files.h"
#include "node/base/log.h"
#include "node/base/text.h"
#include "web/authority.h"
#include "web/certificate.h"
#include "web/intake/address.h"
#include "web/intake/intake.h"
#include "web/interfaces.h"
#include "web/public.h"
#include "web/settings.h"
#include "web/way.h"

#define GRACE_MS (INT64_C(30) * 60 * 1000) /* for who was writing when the workshop ended */
#define A_DEVICE_FOR_MANY 150 /* reports an hour from one address, in a workshop and at a counter */
#define SETTLE_MS 250	      /* a renewal writes its files one after the other */
#define SLOW_MS 600000	      /* where something cannot be watched */

/* What is looked at: what staff choose, and what is shown. */
enum { SETTINGS, WORKSHOP, OWN_CERTIFICATE, OWN_KEY, PUBLIC_CERTIFICATE, PUBLIC_KEY, FILES };

/* A file by what changes when it is replaced, or may be read at last. */
struct stamp {
	dev_t device;
	ino_t inode;
	struct timespec changed;
	off_t size;
};

struct gate {
	struct intake *intake;
	pthread_mutex_t mutex;
	char public_name[CERTIFICATE_NAME_SIZE]; /* of the public certificate that is shown; "" for none */
	uint8_t whole[DIGEST_LEN];		 /* the fingerprint of the hub's own */
	int64_t workshop_until_ms;		 /* the last one's end, on the boot clock; 0: none was */
	/* the loop's own */
	struct stamp stamps[FILES];
	int changes; /* tells that one of the files has changed; -1: not now */
	int64_t due_ms;
};

struct gate *gate_new(struct intake *intake)
{
	struct gate *gate = memory_new(intake, struct gate);

	gate->intake = intake;
	gate->changes = -1;
	pthread_mutex_init(&gate->mutex, NULL);
	return gate;
}

void gate_close(struct gate *gate)
{
	if (!gate)
		return;
	fd_close(gate->changes);
	pthread_mutex_destroy(&gate->mutex);
	memory_free(gate);
}

/* ---- deciding ---- */

static bool is_private(const struct in6_addr *peer)
{
	struct in_addr v4;

	if (!IN6_IS_ADDR_V4MAPPED(peer))
		return IN6_IS_ADDR_LOOPBACK(peer) || IN6_IS_ADDR_LINKLOCAL(peer) ||
		       (peer->s6_addr[0] & 0xfe) == 0xfc;
	memcpy(&v4, peer->s6_addr + 12, sizeof v4);
	return interfaces_is_private(v4);
}

static bool is_near(const struct request *request)
{
	const char *interface = intake_of(request)->home->config->wifi.interface;
	char text[sizeof request->address + sizeof "::ffff:"];
	struct in6_addr peer;

	snprintf(text, sizeof text, "%s%s", strchr(request->address, ':') ? "" : "::ffff:", request->address);
	text[strcspn(text, "%")] = '\0';
	if (inet_pton(AF_INET6, text, &peer) != 1)
		return false;
	return *interface ? address_is_on(&peer, interface) : is_private(&peer);
}

static int64_t workshop_until(const struct request *request)
{
	struct gate *gate = intake_of(request)->gate;
	int64_t until;

	pthread_mutex_lock(&gate->mutex);
	until = gate->workshop_until_ms;
	pthread_mutex_unlock(&gate->mutex);
	return until;
}

bool gate_is_workshop(const struct request *request)
{
	return clock_boot_ms() < workshop_until(request);
}

/* Over plain http: the whole form while the workshop is open; Send and the receipt for a while after. Never
 * what lies behind a code: whoever overhears the code of an earlier report reads all its answers. */
static bool may_pass(const struct request *request, const char *path)
{
	int64_t until = workshop_until(request), now = clock_boot_ms();

	if (!until || now >= until + GRACE_MS || text_starts(path, "/messages") || !is_near(request))
		return false;
	return now < until || strcmp(path, "/form/send") == 0 || text_starts(path, "/done/");
}

/* The host of the public certificate, "" when none is shown. */
static void public_name(struct gate *gate, char name[static CERTIFICATE_NAME_SIZE])
{
	name[0] = '\0';
	if (gate->intake->home->config->intake.form != FORM_PUBLIC)
		return;
	pthread_mutex_lock(&gate->mutex);
	memcpy(name, gate->public_name, sizeof gate->public_name);
	pthread_mutex_unlock(&gate->mutex);
}

/* At the desk only: because staff chose it, or because the public certificate that they chose cannot be
 * shown. A warning in its place would be the way that nobody chose. */
static bool is_at_desk(const struct request *request)
{
	struct intake *intake = intake_of(request);
	enum form_way form = intake->home->config->intake.form;
	char name[CERTIFICATE_NAME_SIZE];

	if (form != FORM_PUBLIC)
		return form == FORM_COUNTER;
	public_name(intake->gate, name);
	return !*name;
}

bool gate_is_closed(const struct request *request)
{
	return !request->is_secure && is_at_desk(request) && !may_pass(request, "/");
}

char *gate_public(const struct request *request, const char *path)
{
	struct intake *intake = intake_of(request);
	char name[CERTIFICATE_NAME_SIZE];

	public_name(intake->gate, name);
	return *name ? address_url(request->context, "https", name, server_port(intake->https), path) : NULL;
}

bool gate_has_name(const struct request *request, const char *name)
{
	char public[CERTIFICATE_NAME_SIZE];

	public_name(intake_of(request)->gate, public);
	return strcasecmp(public, name) == 0;
}

bool gate_warns(const struct request *request, const char *path)
{
	char name[CERTIFICATE_NAME_SIZE];

	if (request->is_secure || may_pass(request, path) || gate_is_closed(request))
		return false;
	public_name(intake_of(request)->gate, name);
	return !*name;
}

char *gate_elsewhere(const struct request *request, const char *path)
{
	char *public;

	if (request->is_secure || may_pass(request, path))
		return NULL;
	if (gate_is_closed(request))
		return address_plain(request, "/");
	public = gate_public(request, path);
	return public ? public : address_secure(request, path);
}

void gate_fingerprint(const struct request *request, uint8_t whole[static DIGEST_LEN])
{
	struct gate *gate = intake_of(request)->gate;

	pthread_mutex_lock(&gate->mutex);
	memcpy(whole, gate->whole, DIGEST_LEN);
	pthread_mutex_unlock(&gate->mutex);
}

/* ---- looking ---- */

static bool has_changed(const char *path, struct stamp *stamp)
{
	struct stamp now = {0};
	struct stat st;

	if (stat(path, &st) == 0)
		now = (struct stamp){st.st_dev, st.st_ino, st.st_ctim, st.st_size};
	if (now.device == stamp->device && now.inode == stamp->inode && now.size == stamp->size &&
		now.changed.tv_sec == stamp->changed.tv_sec && now.changed.tv_nsec == stamp->changed.tv_nsec)
		return false;
	*stamp = now;
	return true;
}

static void look_at_workshop(struct gate *gate)
{
	int64_t until = way_workshop_until_ms(gate->intake->home), now = clock_boot_ms();

	if (until && gate->due_ms > until)
		gate->due_ms = until;
	pthread_mutex_lock(&gate->mutex);
	if (until)
		gate->workshop_until_ms = until;
	else if (gate->workshop_until_ms > now)
		gate->workshop_until_ms = now; /* staff closed it */
	pthread_mutex_unlock(&gate->mutex);
}

/* At a counter and in a workshop one device is handed from one to the next. */
static void set_quota(const struct gate *gate)
{
	const struct config *config = gate->intake->home->config;
	int most = config->intake.reports_an_address;
	bool is_shared = config->intake.form == FORM_COUNTER || way_is_workshop(gate->intake->home);

	quota_set_address(gate->intake->quota,
		most && is_shared && most < A_DEVICE_FOR_MANY ? A_DEVICE_FOR_MANY : most);
}

static const struct error *show_own(struct gate *gate, const void *scratch)
{
	const struct home *home = gate->intake->home;
	struct secret *pem CLEANUP(secret_free) = NULL;
	struct certificate facts;
	struct bytes certificate;

	TRY(secret_read(home_file(scratch, home, "keys/tls-intake"), AUTHORITY_PEM_MAX, &pem));
	TRY(authority_certificate(scratch, home, "intake", pem, &certificate));
	TRY(certificate_read(certificate, &facts));
	TRY(server_set_certificate(gate->intake->https, CREDENTIALS_OWN, (const char *)certificate.data,
		(const char *)pem->data));
	pthread_mutex_lock(&gate->mutex);
	memcpy(gate->whole, facts.whole, sizeof gate->whole);
	pthread_mutex_unlock(&gate->mutex);
	return NULL;
}

/* *name: of the certificate. */
static const struct error *show_public(
	const struct gate *gate, const void *scratch, char name[static CERTIFICATE_NAME_SIZE])
{
	const struct config *config = gate->intake->home->config;
	struct secret *key CLEANUP(secret_free) = NULL;
	struct public_pair pair;

	if (config->intake.form != FORM_PUBLIC)
		return server_set_certificate(gate->intake->https, CREDENTIALS_PUBLIC, NULL, NULL);
	TRY(public_read(scratch, config, &pair));
	key = pair.key;
	TRY(server_set_certificate(gate->intake->https, CREDENTIALS_PUBLIC,
		(const char *)pair.certificate.data, (const char *)key->data));
	memcpy(name, pair.name, sizeof pair.name);
	return NULL;
}

static void show_certificates(struct gate *gate)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char name[CERTIFICATE_NAME_SIZE] = "";
	const struct error *error = show_own(gate, scratch);

	if (error)
		log_error("the hub's certificate cannot be shown: %s", error->message);
	error = show_public(gate, scratch, name);
	if (error) {
		log_error("the public certificate cannot be shown: %s", error->message);
		return; /* what was shown before goes on: a renewal writes its files one after the other */
	}
	pthread_mutex_lock(&gate->mutex);
	memcpy(gate->public_name, name, sizeof gate->public_name);
	pthread_mutex_unlock(&gate->mutex);
}

int gate_fd(const struct gate *gate)
{
	return gate->changes;
}

int64_t gate_due_ms(const struct gate *gate)
{
	return gate->due_ms;
}

static void stop_watching(struct gate *gate)
{
	fd_close(gate->changes);
	gate->changes = -1;
}

void gate_notice(struct gate *gate)
{
	int64_t soon = clock_boot_ms() + SETTLE_MS;

	stop_watching(gate);
	if (gate->due_ms > soon)
		gate->due_ms = soon;
}

static void watch(struct gate *gate, const void *context, const char *paths[static FILES])
{
	const struct home *home = gate->intake->home;
	bool are_all;

	paths[SETTINGS] = home_file(context, home, CONFIG_SETTINGS);
	paths[WORKSHOP] = home_file(context, home, WAY_FILE);
	paths[OWN_CERTIFICATE] = home_file(context, home, "intake.crt");
	paths[OWN_KEY] = home_file(context, home, "keys/tls-intake");
	paths[PUBLIC_CERTIFICATE] = home->config->intake.certificate;
	paths[PUBLIC_KEY] = home->config->intake.key;
	stop_watching(gate);
	gate->changes = changes_open(paths, FILES, &are_all);
	gate->due_ms = are_all ? INT64_MAX : clock_boot_ms() + SLOW_MS;
}

void gate_look(struct gate *gate)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct home *home = gate->intake->home;
	const struct error *error = NULL;
	const char *paths[FILES];
	bool is_new;

	watch(gate, scratch, paths);
	is_new = has_changed(paths[SETTINGS], &gate->stamps[SETTINGS]);
	if (is_new) {
		error = settings_reload(home);
		watch(gate, scratch, paths); /* engabo.conf was read, too: it may name other files */
	}
	if (error)
		log_error("the settings cannot be read: %s", error->message);
	else if (is_new && home->config->settings_wrong)
		log_error("what was set on the page /settings does not count: %s",
			home->config->settings_wrong);
	for (size_t i = OWN_CERTIFICATE; i < FILES; i++)
		is_new |= has_changed(paths[i], &gate->stamps[i]);
	look_at_workshop(gate);
	set_quota(gate);
	if (is_new)
		show_certificates(gate);
}
