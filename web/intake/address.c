/* Finds out by which names and addresses a phone can come to the form: what stands on the poster, and where a
 * phone is sent on to that was looking for something else.
 *
 * Which page is behind an address is left to the pages. Guards: no address that we write is bent by what a
 * stranger put into Host. Asks the kernel by ioctl and by a socket that sends nothing, because intake may
 * open no other kind of socket (systemd/engabo-intake.service). Runs in intake. */
#include "web/intake/address.h"

#include <arpa/inet.h>
#include <limits.h>
#include <net/if.h>
#include <netdb.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "node/base/text.h"
#include "web/host.h"
#include "web/interfaces.h"
#include "web/intake/gate.h"
#include "web/intake/intake.h"

#define RANK_WIFI 3
#define RANK_WANTED 4

static bool is_own_name(const struct request *request, const char *name)
{
	uint8_t address[16];

	return strcmp(name, "localhost") == 0 || text_ends(name, ".local") || name[0] == '[' ||
	       inet_pton(AF_INET, name, address) == 1 || gate_has_name(request, name);
}

bool address_is_ours(const struct request *request)
{
	const char *header = request_header(request, "Host");
	char name[HOST_NAME_SIZE];

	return !header || (host_parse(header, name) && is_own_name(request, name));
}

char *address_url(const void *context, const char *scheme, const char *host, int port, const char *path)
{
	if (port == (strcmp(scheme, "https") == 0 ? 443 : 80))
		return memory_format(context, "%s://%s%s", scheme, host, path);
	return memory_format(context, "%s://%s:%d%s", scheme, host, port, path);
}

/* What the kernel says of an interface's IPv4 side: SIOCGIFADDR or SIOCGIFNETMASK. */
static bool ask_interface(unsigned long question, const char *interface, struct in_addr *out)
{
	int fd CLEANUP(fd_close) = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq row = {0};
	struct sockaddr_in address;

	snprintf(row.ifr_name, sizeof row.ifr_name, "%s", interface);
	if (fd < 0 || ioctl(fd, question, &row) != 0)
		return false;
	memcpy(&address, &row.ifr_addr, sizeof address);
	*out = address.sin_addr;
	return address.sin_family == AF_INET;
}

bool address_is_on(const struct in6_addr *peer, const char *interface)
{
	struct in_addr own, mask, theirs;

	if (!IN6_IS_ADDR_V4MAPPED(peer) || !ask_interface(SIOCGIFADDR, interface, &own) ||
		!ask_interface(SIOCGIFNETMASK, interface, &mask))
		return false;
	memcpy(&theirs, &peer->s6_addr[12], sizeof theirs);
	return (own.s_addr & mask.s_addr) == (theirs.s_addr & mask.s_addr);
}

/* How much a poster would like this interface's address: phones come by Wi-Fi; what has no device behind it
 * is a bridge or a tunnel. `wanted`: the one that the administrator named, or "". */
static int rank_of(const char *interface, const char *wanted)
{
	char path[64 + IF_NAMESIZE];

	if (strcmp(interface, wanted) == 0)
		return RANK_WANTED;
	snprintf(path, sizeof path, "/sys/class/net/%.*s/phy80211", IF_NAMESIZE - 1, interface);
	if (access(path, F_OK) == 0)
		return RANK_WIFI;
	snprintf(path, sizeof path, "/sys/class/net/%.*s/device", IF_NAMESIZE - 1, interface);
	return access(path, F_OK) == 0 ? 2 : 1;
}

/* The IPv4 address of the best interface of at least that rank: what people can type. */
static char *interface_address(const struct request *request, int least)
{
	struct interface list[INTERFACES_MOST];
	size_t count = interfaces_list(list);
	const char *wanted = intake_of(request)->home->config->wifi.interface;
	char text[INET_ADDRSTRLEN], *best = NULL;

	for (size_t i = 0; i < count; i++) {
		int rank = rank_of(list[i].name, wanted);

		if (rank < least || !list[i].is_shared)
			continue;
		inet_ntop(AF_INET, &list[i].address, text, sizeof text);
		best = memory_string(request->context, text);
		least = rank + 1;
	}
	return best;
}

/* What [network] address says when it names one; NULL when the hub listens on all. */
static const char *only_address(const struct request *request)
{
	const char *address = intake_of(request)->home->config->address;

	return strcmp(address, "::") == 0 || strcmp(address, "0.0.0.0") == 0 ? NULL : address;
}

static bool is_loopback(const char *address)
{
	return text_starts(address, "127.") || strcmp(address, "::1") == 0 ||
	       text_starts(address, "::ffff:127.");
}

static char *in_address_bar(const void *context, const char *address)
{
	/* A browser knows an IPv4 address that came over an IPv6 socket by its numbers alone. */
	if (text_starts(address, "::ffff:") && strchr(address, '.'))
		address += strlen("::ffff:");
	return memory_format(context, strchr(address, ':') ? "[%s]" : "%s", address);
}

/* The address of ours from which the kernel would send to this phone: nothing is sent. NULL when there is
 * none that an address bar takes. */
static char *reached_address(const struct request *request)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_DGRAM};
	char text[INET6_ADDRSTRLEN + IF_NAMESIZE + 1] = "";
	struct sockaddr_storage own;
	socklen_t len = sizeof own;
	struct addrinfo *peer;
	int fd CLEANUP(fd_close) = -1;

	if (getaddrinfo(request->address, "9", &hints, &peer) != 0)
		return NULL;
	fd = socket(peer->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, peer->ai_addr, peer->ai_addrlen) != 0 ||
		getsockname(fd, (struct sockaddr *)&own, &len) != 0 ||
		getnameinfo((struct sockaddr *)&own, len, text, sizeof text, NULL, 0, NI_NUMERICHOST) != 0)
		text[0] = '\0';
	freeaddrinfo(peer);
	return text[0] && !strchr(text, '%') ? memory_string(request->context, text) : NULL;
}

static const char *host_for(const struct request *request)
{
	char name[HOST_NAME_SIZE], *numbers;

	if (host_parse(request_header(request, "Host"), name) && is_own_name(request, name))
		return memory_string(request->context, name);
	numbers = reached_address(request);
	if (numbers)
		return in_address_bar(request->context, numbers);
	numbers = interface_address(request, 1);
	return numbers ? numbers : "localhost";
}

char *address_plain(const struct request *request, const char *path)
{
	return address_url(
		request->context, "http", host_for(request), server_port(intake_of(request)->http), path);
}

char *address_secure(const struct request *request, const char *path)
{
	return address_url(
		request->context, "https", host_for(request), server_port(intake_of(request)->https), path);
}

char *address_words(const struct request *request)
{
	char name[HOST_NAME_MAX + 1], parsed[HOST_NAME_SIZE];

	if (gethostname(name, sizeof name) != 0)
		return NULL;
	name[sizeof name - 1] = '\0';
	name[strcspn(name, ".")] = '\0';
	if (!name[0] || strcmp(name, "localhost") == 0 || !host_parse(name, parsed))
		return NULL;
	return memory_format(request->context, "%s.local", parsed);
}

char *address_numbers(const struct request *request)
{
	const char *only = only_address(request);
	char *numbers;

	if (only)
		return is_loopback(only) ? NULL : in_address_bar(request->context, only);
	numbers = interface_address(request, RANK_WIFI);
	if (numbers)
		return numbers;
	numbers = reached_address(request);
	if (numbers && !is_loopback(numbers))
		return in_address_bar(request->context, numbers);
	return interface_address(request, 1);
}
