/* Where connections come in. A thread of its own takes them from the kernel as fast as they come, and closes
 * at once those that have no place (limits.h): whoever knocks a thousand times a second must not fill the
 * kernel's queue, in which an honest phone waits, too. */
#ifndef ENGABO_WEB_DOOR_H
#define ENGABO_WEB_DOOR_H

#include <sys/socket.h>

#include "node/base/error.h"
#include "web/limits.h"

/* A socket for door_open on `address` ("::", or in numbers); *port_out is the port that it has, for port 0.
 * Waits a moment for a port that is being given up. ERROR_CONFIG, with what to do, where the port is taken or
 * forbidden; ERROR_UNAVAILABLE where the machine has no such address now. */
const struct error *door_listen(const char *address, int port, int *out, int *port_out) MUST_CHECK;

struct door;
/* Takes over the socket (not blocking, close-on-exec). On the door's thread; a place is kept for the address
 * until limits_enter. */
typedef void door_enter(void *user, int socket, const struct sockaddr *address, socklen_t len);
/* Takes over `listening`, also on failure. */
const struct error *door_open(
	int listening, struct limits *limits, door_enter *enter, void *user, struct door **out) MUST_CHECK;
/* From here on nobody comes in. */
void door_close(struct door *door);

#endif
