/* Answers the questions that phones ask by themselves (captive.h tells what, when and why).
 *
 * Who has been here is remembered by address, in memory, for half an hour and for a bounded number of phones:
 * never on the card, because a thief must not learn who came. Whoever fakes an address only spoils what his
 * own phone is told. What stands on the page is left to connect.c. Runs in intake, on the threads of both of
 * its servers. */
#include "web/intake/captive.h"

#include <pthread.h>
#include <string.h>

#include "node/base/clock.h"
#include "node/base/text.h"
#include "web/intake/address.h"
#include "web/intake/intake.h"

#define VISITS_MOST 512
#define VISIT_MS (30 * 60 * 1000)
#define APPLE_WELL "<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>"

/* What is enough for a phone to be told that all is well. */
enum visit { NEVER_HERE, HAS_OPENED, WANTS_TO_STAY, NEVER_ENOUGH };

static const struct probe {
	const char *path;
	enum visit enough;
	const char *type, *body; /* NULL: 204 */
} probes[] = {
	/* Android and ChromeOS; makers use their own hosts with the same paths. */
	{"/generate_204", WANTS_TO_STAY, NULL, NULL},
	{"/gen_204", WANTS_TO_STAY, NULL, NULL},
	{"/generate204", WANTS_TO_STAY, NULL, NULL},
	/* iOS and macOS. */
	{"/hotspot-detect.html", HAS_OPENED, "text/html", APPLE_WELL},
	{"/library/test/success.html", HAS_OPENED, "text/html", APPLE_WELL},
	/* Windows 10 and later, 7 and 8. */
	{"/connecttest.txt", HAS_OPENED, "text/plain", "Microsoft Connect Test"},
	{"/ncsi.txt", HAS_OPENED, "text/plain", "Microsoft NCSI"},
	/* Firefox. */
	{"/canonical.html", WANTS_TO_STAY, "text/html",
		"<meta http-equiv=\"refresh\" "
		"content=\"0;url=https://support.mozilla.org/kb/captive-portal\"/>"},
	{"/success.txt", WANTS_TO_STAY, "text/plain", "success\n"},
	/* GNOME and KDE: Debian, Fedora, Arch. */
	{"/check_network_status.txt", WANTS_TO_STAY, "text/plain", "NetworkManager is online\n"},
	{"/nm", WANTS_TO_STAY, "text/plain", "NetworkManager is online\n"},
	{"/nm-check.txt", WANTS_TO_STAY, "text/plain", "NetworkManager is online\n"},
	{"/static/hotspot.txt", WANTS_TO_STAY, "text/plain", "OK"},
	/* What Windows and Kindle open in a window: always the page. */
	{"/redirect", NEVER_ENOUGH, NULL, NULL},
	{"/kindle-wifi/wifistub.html", NEVER_ENOUGH, NULL, NULL},
	{"/kindle-wifi/wifiredirect.html", NEVER_ENOUGH, NULL, NULL},
};

/* For the paths that Apple's make up. */
static const struct probe apple_anywhere = {"", HAS_OPENED, "text/html", APPLE_WELL};

struct captive {
	pthread_mutex_t lock;
	struct {
		char address[64];
		enum visit visit;
		int64_t until_ms; /* boot clock */
	} visits[VISITS_MOST];
};

struct captive *captive_new(const void *context)
{
	struct captive *captive = memory_new(context, struct captive);

	pthread_mutex_init(&captive->lock, NULL);
	return captive;
}

void captive_stop(struct captive *captive)
{
	if (captive)
		pthread_mutex_destroy(&captive->lock);
}

static enum visit visit_of(struct captive *captive, const char *address)
{
	int64_t now = clock_boot_ms();
	enum visit visit = NEVER_HERE;

	pthread_mutex_lock(&captive->lock);
	for (size_t i = 0; i < VISITS_MOST; i++)
		if (captive->visits[i].until_ms > now && strcmp(captive->visits[i].address, address) == 0)
			visit = captive->visits[i].visit;
	pthread_mutex_unlock(&captive->lock);
	return visit;
}

/* Where all places are taken, in that of whoever has been away longest. */
static void remember(struct captive *captive, const char *address, enum visit visit)
{
	int64_t now = clock_boot_ms();
	size_t place = 0;

	pthread_mutex_lock(&captive->lock);
	for (size_t i = 0; i < VISITS_MOST; i++) {
		if (strcmp(captive->visits[i].address, address) == 0) {
			place = i;
			break;
		}
		if (captive->visits[i].until_ms < captive->visits[place].until_ms)
			place = i;
	}
	if (strcmp(captive->visits[place].address, address) != 0 || captive->visits[place].until_ms <= now ||
		captive->visits[place].visit < visit)
		captive->visits[place].visit = visit;
	snprintf(captive->visits[place].address, sizeof captive->visits[place].address, "%s", address);
	captive->visits[place].until_ms = now + VISIT_MS;
	pthread_mutex_unlock(&captive->lock);
}

static const char *agent_of(const struct request *request)
{
	const char *agent = request_header(request, "User-Agent");

	return agent ? agent : "";
}

/* Apple's phones and computers also ask for paths that they make up. */
static bool is_apple(const struct request *request)
{
	return strstr(agent_of(request), "CaptiveNetworkSupport");
}

/* The phone itself and not a person: Apple's and Microsoft's go where they are sent, and report what they
 * find there. */
static bool is_machine(const struct request *request)
{
	return is_apple(request) || strstr(agent_of(request), "Microsoft NCSI");
}

bool captive_is_small_window(const struct request *request)
{
	const char *agent = agent_of(request);

	/* Android's WebView says "wv". Apple's browser says "Safari", its window for signing in does not. */
	return strstr(agent, "; wv)") || strstr(agent, "CaptivePortalLogin") ||
	       strstr(agent, "CaptiveNetworkSupport") ||
	       (strstr(agent, "AppleWebKit") && strstr(agent, "Mobile/") && !strstr(agent, "Safari/"));
}

static const struct probe *probe_of(const char *path)
{
	for (size_t i = 0; i < sizeof probes / sizeof *probes; i++)
		if (strcmp(probes[i].path, path) == 0)
			return &probes[i];
	return NULL;
}

static bool is_on(const struct request *request)
{
	return intake_of(request)->home->config->intake.captive;
}

static void lead(struct request *request)
{
	request->status = 302;
	request_add_header(request, "Location", address_plain(request, "/"));
}

static void say_well(struct request *request, const struct probe *probe)
{
	if (!probe->body) {
		request->status = 204;
		return;
	}
	request->type = probe->type;
	request->body = (struct bytes){(const uint8_t *)probe->body, strlen(probe->body)};
}

/* Over https no name but ours has a certificate, and nobody comes here by another. */
static bool is_astray(const struct request *request)
{
	return is_on(request) && !request->is_secure && !address_is_ours(request);
}

void captive_guard(struct request *request)
{
	int tag = request_tag(request);

	if (tag == TAG_QUIET || tag == TAG_PROBE)
		return;
	if (is_astray(request))
		lead(request);
	else if (!is_machine(request))
		remember(intake_of(request)->captive, request->address, HAS_OPENED);
}

bool captive_leads(struct request *request)
{
	if (request->status != 404 || !is_astray(request))
		return false;
	if (is_apple(request) && visit_of(intake_of(request)->captive, request->address) >= HAS_OPENED) {
		request->status = 200;
		say_well(request, &apple_anywhere);
	} else {
		lead(request);
	}
	return true;
}

const struct error *captive_probe(struct request *request)
{
	const struct probe *probe = probe_of(request->path);

	if (!probe || !is_on(request))
		return error_new(ERROR_NOT_FOUND, "%s", say(request, "there is no such page"));
	if (visit_of(intake_of(request)->captive, request->address) < probe->enough)
		lead(request);
	else
		say_well(request, probe);
	return NULL;
}

const struct error *captive_stay(struct request *request)
{
	remember(intake_of(request)->captive, request->address, WANTS_TO_STAY);
	request_redirect(request, intake_link(request, "/connect/stayed"));
	return NULL;
}
