/* The network interfaces of this machine that have an IPv4 address, asked of the kernel by ioctl, because the
 * units of intake and office allow no netlink. */
#ifndef ENGABO_WEB_INTERFACES_H
#define ENGABO_WEB_INTERFACES_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#define INTERFACES_MOST 64

struct interface {
	char name[IF_NAMESIZE];
	struct in_addr address;
	bool is_shared; /* up, and neither loopback nor a tunnel to one other: others can come by it */
};
/* How many there are; an interface with two addresses is there twice. */
size_t interfaces_list(struct interface list[static INTERFACES_MOST]);
/* In an address of nobody in particular: RFC 1918, link-local (RFC 3927), loopback. */
bool interfaces_is_private(struct in_addr address);

#endif
