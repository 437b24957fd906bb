/* The names and addresses by which phones reach this hub, and what of them may be told to whom asks.
 *
 * A name in an address of ours is never what a stranger wrote into the header Host, unless it is one that
 * only this hub can have. */
#ifndef ENGABO_WEB_INTAKE_ADDRESS_H
#define ENGABO_WEB_INTAKE_ADDRESS_H

#include <netinet/in.h>

#include "web/server.h"

/* Whether the request was asked of us by a name of ours: a name of the local network, that of a public
 * certificate, an address in numbers,
 * or none at all (HTTP/1.0). False when a phone was led here while it looked for another place. */
bool address_is_ours(const struct request *request);
/* "http://<host>:<port><path>", without a port that goes without saying. On `context`. */
char *address_url(const void *context, const char *scheme, const char *host, int port, const char *path);
/* `path` of ours over http or https, by the name that the reader used where it is ours, else in the numbers
 * that the reader reaches. On the request's context. */
char *address_plain(const struct request *request, const char *path);
char *address_secure(const struct request *request, const char *path);

/* Whether this peer (IPv4, mapped) lies in the network of an interface of ours, such as "wlan0". Never for
 * IPv6, which our access point does not speak. */
bool address_is_on(const struct in6_addr *peer, const char *interface);

/* For a poster. In words: "<host name>.local", as the local network knows this machine; NULL when it has no
 * name. In numbers: of [wifi] interface, or any Wi-Fi, where there is one, else where the reader reaches us,
 * else any; NULL when only this machine reaches itself. On the request's context. */
char *address_words(const struct request *request);
char *address_numbers(const struct request *request);

#endif
