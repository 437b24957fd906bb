/* Finding other hubs on the local network: see discover.h. Runs in the sync role's loop, on its thread.
 *
 * Leaves the table `found` to role.c. Guards: nothing published tells who or where this is. mDNS forgets
 * slowly and remembers too well: a hub that was cut off silently is still listed, and gives no sign when it
 * is back. So everything is looked for afresh once a minute, and what no longer answers is dropped. */
#include "sync/discover.h"

#include <avahi-client/client.h>
#include <avahi-client/lookup.h>
#include <avahi-client/publish.h>
#include <avahi-common/address.h>
#include <avahi-common/error.h>
#include <avahi-common/simple-watch.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "node/base/clock.h"
#include "node/base/ids.h"
#include "node/base/memory.h"

#define TYPE "_hubsync._tcp"
#define LOOK_EVERY_MS 60000
#define FORGET_MS 200000 /* three looks without an answer */
#define RETRY_MS 30000
#define FDS_MAX 64
#define HUBS_MAX 256

struct sighting {
	struct sighting *next;
	struct discover_hub hub;
	int64_t at_ms;
};

struct discover {
	AvahiSimplePoll *poll;
	AvahiClient *client;
	AvahiEntryGroup *group;
	AvahiServiceBrowser *browser;
	bool failed;	  /* the client is of no use any more: seen in a callback, acted on outside */
	int64_t retry_ms; /* when the next client may be made */
	int64_t look_ms;  /* when to browse afresh */
	char name[64];
	int port;
	bool announce;
	discover_change *change;
	void *user;
	struct sighting *sightings;
	size_t sighting_count;
	struct pollfd *fds; /* the caller's, while it waits */
	size_t fd_count;
};

/* ---- what is found ---- */

static void forget(struct discover *discover, struct sighting **at)
{
	struct sighting *gone = *at;

	*at = gone->next;
	discover->sighting_count--;
	discover->change(discover->user, &gone->hub, false);
	memory_free(gone);
}

static void sight(struct discover *discover, const struct discover_hub *hub)
{
	struct sighting *sighting;

	for (sighting = discover->sightings; sighting; sighting = sighting->next) {
		if (strcmp(sighting->hub.name, hub->name) != 0 ||
			strcmp(sighting->hub.address, hub->address) != 0)
			continue;
		sighting->at_ms = clock_boot_ms();
		if (sighting->hub.port != hub->port || strcmp(sighting->hub.host, hub->host) != 0) {
			sighting->hub = *hub;
			discover->change(discover->user, hub, true);
		}
		return;
	}
	if (discover->sighting_count == HUBS_MAX)
		return;
	sighting = memory_new(discover, struct sighting);
	sighting->hub = *hub;
	sighting->at_ms = clock_boot_ms();
	sighting->next = discover->sightings;
	discover->sightings = sighting;
	discover->sighting_count++;
	discover->change(discover->user, hub, true);
}

/* `name` NULL: all that were not seen since `before_ms`. */
static void forget_old(struct discover *discover, const char *name, int64_t before_ms)
{
	for (struct sighting **at = &discover->sightings; *at;) {
		if (name ? strcmp((*at)->hub.name, name) == 0 : (*at)->at_ms < before_ms)
			forget(discover, at);
		else
			at = &(*at)->next;
	}
}

static void on_resolved(AvahiServiceResolver *resolver, AvahiIfIndex interface, AvahiProtocol protocol,
	AvahiResolverEvent event, const char *name, const char *type, const char *domain, const char *host,
	const AvahiAddress *address, uint16_t port, AvahiStringList *txt, AvahiLookupResultFlags flags,
	void *user)
{
	char interface_name[IF_NAMESIZE], number[AVAHI_ADDRESS_STR_MAX];
	struct discover_hub hub = {.port = port};
	struct discover *discover = user;

	if (event == AVAHI_RESOLVER_FOUND) {
		avahi_address_snprint(number, sizeof number, address);
		snprintf(hub.name, sizeof hub.name, "%s", name);
		snprintf(hub.host, sizeof hub.host, "%s", host);
		/* Link-local addresses mean nothing without their interface. */
		if (strncmp(number, "fe80:", 5) == 0 && if_indextoname((unsigned)interface, interface_name))
			snprintf(hub.address, sizeof hub.address, "%s%%%s", number, interface_name);
		else
			snprintf(hub.address, sizeof hub.address, "%s", number);
		sight(discover, &hub);
	}
	avahi_service_resolver_free(resolver);
}

static void on_browsed(AvahiServiceBrowser *browser, AvahiIfIndex interface, AvahiProtocol protocol,
	AvahiBrowserEvent event, const char *name, const char *type, const char *domain,
	AvahiLookupResultFlags flags, void *user)
{
	struct discover *discover = user;

	switch (event) {
	case AVAHI_BROWSER_NEW:
		if (strcmp(name, discover->name) !=
			0) /* a resolver that cannot be made: the next look tries again */
			avahi_service_resolver_new(discover->client, interface, protocol, name, type, domain,
				AVAHI_PROTO_UNSPEC, 0, on_resolved, discover);
		break;
	case AVAHI_BROWSER_REMOVE: /* on one of its interfaces; where it still is, the next look finds it */
		forget_old(discover, name, 0);
		break;
	case AVAHI_BROWSER_FAILURE:
		discover->failed = true;
		break;
	default:
		break;
	}
}

static void look(struct discover *discover)
{
	if (discover->browser)
		avahi_service_browser_free(discover->browser);
	discover->browser = avahi_service_browser_new(
		discover->client, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, TYPE, NULL, 0, on_browsed, discover);
	discover->look_ms = clock_boot_ms() + LOOK_EVERY_MS;
}

/* ---- what is published ---- */

static void draw_name(struct discover *discover)
{
	char id[LOG_ID_SIZE];

	ids_log_new(id);
	snprintf(discover->name, sizeof discover->name, "%.8s", id);
}

static void publish(struct discover *discover);

static void on_group(AvahiEntryGroup *group, AvahiEntryGroupState state, void *user)
{
	struct discover *discover = user;

	discover->group = group; /* may be called before avahi_entry_group_new returns */
	if (state == AVAHI_ENTRY_GROUP_COLLISION) {
		draw_name(discover);
		avahi_entry_group_reset(group);
		publish(discover);
	} else if (state == AVAHI_ENTRY_GROUP_FAILURE) {
		discover->failed = true;
	}
}

static void publish(struct discover *discover)
{
	int code;

	if (!discover->announce)
		return;
	if (!discover->group)
		discover->group = avahi_entry_group_new(discover->client, on_group, discover);
	if (!discover->group || !avahi_entry_group_is_empty(discover->group))
		return;
	do {
		code = avahi_entry_group_add_service(discover->group, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, 0,
			discover->name, TYPE, NULL, NULL, (uint16_t)discover->port, "v=1", NULL);
		if (code == AVAHI_ERR_COLLISION)
			draw_name(discover);
	} while (code == AVAHI_ERR_COLLISION);
	if (code || avahi_entry_group_commit(discover->group))
		discover->failed = true;
}

/* ---- the daemon ---- */

static void on_client(AvahiClient *client, AvahiClientState state, void *user)
{
	struct discover *discover = user;

	discover->client = client; /* may be called before avahi_client_new returns */
	switch (state) {
	case AVAHI_CLIENT_S_RUNNING:
		publish(discover);
		look(discover);
		break;
	case AVAHI_CLIENT_S_COLLISION:
	case AVAHI_CLIENT_S_REGISTERING: /* the host's name changes, and what names it must be said again */
		if (discover->group)
			avahi_entry_group_reset(discover->group);
		break;
	case AVAHI_CLIENT_FAILURE: /* the daemon or the bus went away */
		discover->failed = true;
		break;
	default:
		break;
	}
}

static void drop_client(struct discover *discover)
{
	if (discover->client)
		avahi_client_free(discover->client); /* with its browsers, resolvers and groups */
	discover->client = NULL;
	discover->group = NULL;
	discover->browser = NULL;
	discover->failed = false;
	while (discover->sightings)
		forget(discover, &discover->sightings);
}

/* What is due: a new client, a fresh look. Never from inside a callback. */
static void tend(struct discover *discover)
{
	int64_t now = clock_boot_ms();
	int code;

	if (discover->failed) {
		drop_client(discover);
		discover->retry_ms = now + 1000; /* a restarted daemon is soon back */
	}
	if (!discover->client && now >= discover->retry_ms) {
		discover->retry_ms = now + RETRY_MS;
		discover->client = avahi_client_new(avahi_simple_poll_get(discover->poll),
			AVAHI_CLIENT_NO_FAIL, on_client, discover, &code);
		if (!discover->client)
			discover->failed = false;
	}
	if (discover->browser && now >= discover->look_ms) {
		look(discover);
		forget_old(discover, NULL, now - FORGET_MS);
	}
}

static int next_due(const struct discover *discover, int timeout_ms)
{
	int64_t now = clock_boot_ms(), due = discover->failed	 ? now
					     : !discover->client ? discover->retry_ms
								 : now + LOOK_EVERY_MS;

	if (discover->browser && discover->look_ms < due)
		due = discover->look_ms;
	due = due > now ? due - now : 0;
	return timeout_ms < 0 || due < timeout_ms ? (int)due : timeout_ms;
}

/* ---- the loop ---- */

/* avahi's poll with the caller's descriptors beside its own. */
static int poll_both(struct pollfd *theirs, unsigned count, int timeout, void *user)
{
	struct discover *discover = user;
	struct pollfd all[FDS_MAX];
	int n;

	if (count + discover->fd_count > FDS_MAX)
		abort(); /* avahi has two: its pipe and the bus */
	if (count)
		memcpy(all, theirs, count * sizeof *all);
	if (discover->fd_count)
		memcpy(all + count, discover->fds, discover->fd_count * sizeof *all);
	n = poll(all, count + discover->fd_count, timeout);
	for (unsigned i = 0; i < count; i++)
		theirs[i].revents = n > 0 ? all[i].revents : 0;
	for (size_t i = 0; i < discover->fd_count; i++)
		discover->fds[i].revents = n > 0 ? all[count + i].revents : 0;
	return n < 0 && errno == EINTR ? 0 : n; /* a signal: let the role look at why */
}

void discover_wait(struct discover *discover, struct pollfd *fds, size_t count, int timeout_ms)
{
	tend(discover);
	discover->fds = fds;
	discover->fd_count = count;
	if (avahi_simple_poll_iterate(discover->poll, next_due(discover, timeout_ms)) != 0)
		discover->failed = true;
	discover->fds = NULL;
	discover->fd_count = 0;
}

struct discover *discover_start(int port, bool announce, discover_change *change, void *user)
{
	struct discover *discover = memory_new(NULL, struct discover);

	discover->poll = avahi_simple_poll_new();
	if (!discover->poll)
		abort(); /* out of memory or descriptors */
	discover->port = port;
	discover->announce = announce;
	discover->change = change;
	discover->user = user;
	draw_name(discover);
	avahi_simple_poll_set_func(discover->poll, poll_both, discover);
	return discover;
}

void discover_stop(struct discover *discover)
{
	drop_client(discover);
	avahi_simple_poll_free(discover->poll);
	memory_free(discover);
}
