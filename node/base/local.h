/* Addresses of Unix sockets in the state directory. sockaddr_un holds 107 bytes and a state directory may lie
 * deeper than that, so that a long path is reached through an open descriptor of its directory. */
#ifndef ENGABO_BASE_LOCAL_H
#define ENGABO_BASE_LOCAL_H

#include <sys/socket.h>
#include <sys/un.h>

#include "node/base/error.h"

struct local_address {
	struct sockaddr_un name;
	socklen_t len;
	int directory; /* open as long as `name` is used; -1 for a short path */
};

/* ERROR_NOT_FOUND where there is no such directory. Close with local_wipe. */
const struct error *local_address(struct local_address *out, const char *path) MUST_CHECK;
void local_wipe(struct local_address *address);
/* A non-blocking socket of `type` (SOCK_STREAM, SOCK_DGRAM) bound to `path` with these permissions; what lay
 * there is replaced. */
const struct error *local_bind(const char *path, int type, mode_t mode, int *fd) MUST_CHECK;

#endif
