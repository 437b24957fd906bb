/* Reads the name by which a phone asked for us. Pages lead on to it and compare with it, so that a phone
 * which typed the hub's name keeps it in its address bar.
 *
 * The bytes are hostile: what is not a plain host name or address in numbers is no name at all, so that
 * nothing that stands in it can bend an address that we make from it. Which names are ours is left to the
 * pages. Pure; runs in intake and office. */
#include "web/host.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "node/base/text.h"

#define NAME_BYTES "abcdefghijklmnopqrstuvwxyz0123456789-."
#define PORT_DIGITS_MOST 5

static bool is_port(const char *text)
{
	size_t len = strspn(text, "0123456789");
	int port = 0;

	if (len == 0 || len > PORT_DIGITS_MOST || text[len])
		return false;
	for (; *text; text++)
		port = port * 10 + (*text - '0');
	return port > 0 && port <= UINT16_MAX;
}

static bool is_bracketed(const char *name, size_t len)
{
	char address[INET6_ADDRSTRLEN];
	struct in6_addr parsed;

	if (len < 2 || len - 2 >= sizeof address || name[0] != '[' || name[len - 1] != ']')
		return false;
	memcpy(address, name + 1, len - 2);
	address[len - 2] = '\0';
	return inet_pton(AF_INET6, address, &parsed) == 1;
}

bool host_parse(const char *header, char name[static HOST_NAME_SIZE])
{
	size_t len;

	if (!header)
		return false;
	len = header[0] == '[' ? strcspn(header, "]") + 1 : strcspn(header, ":");
	if (len == 0 || len >= HOST_NAME_SIZE || len > strlen(header))
		return false;
	if (header[len] && (header[len] != ':' || !is_port(header + len + 1)))
		return false;
	memcpy(name, header, len);
	name[len] = '\0';
	text_lower(name);
	return is_bracketed(name, len) || strspn(name, NAME_BYTES) == len;
}

bool host_is_foreign(const char *origin, const char *fetch_site, const char *host)
{
	const char *from;

	if (fetch_site && strcmp(fetch_site, "cross-site") == 0)
		return true;
	if (!origin)
		return false;
	from = strstr(origin, "://");
	return !from || !host || strcasecmp(from + strlen("://"), host) != 0;
}
