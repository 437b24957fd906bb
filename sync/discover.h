/* Hubs nearby, by mDNS (DNS-SD, RFC 6763): publishing _hubsync._tcp and browsing for it through avahi's
 * daemon. The only file with avahi.
 *
 * What is found are hints, believed for nothing. The instance name is random and new at every start; TXT says
 * v=1 and no more. Without a daemon, or when it goes away, nothing fails: it is tried again. */
#ifndef ENGABO_SYNC_DISCOVER_H
#define ENGABO_SYNC_DISCOVER_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

struct discover_hub {
	char name[64];	  /* instance */
	char host[256];	  /* <name>.local */
	char address[64]; /* in numbers; link-local ones end in %<interface> */
	int port;
};
/* `there`: it appeared; else it is gone. */
typedef void discover_change(void *user, const struct discover_hub *hub, bool there);

struct discover;
/* `port` is published when `announce`; browsing happens always. */
struct discover *discover_start(int port, bool announce, discover_change *change, void *user);
void discover_stop(struct discover *discover);
/* poll(2) for these and for avahi's, whose work is done before it returns; fds[].revents are filled. A signal
 * ends it early. */
void discover_wait(struct discover *discover, struct pollfd *fds, size_t count, int timeout_ms);

#endif
