/* "Look at my spool": an empty datagram from intake or office to sync (see doorbell.h). It carries nothing,
 * so that nothing can be forged with it but a look for nothing. Runs in all roles. */
#include "node/store/doorbell.h"

#include <sys/socket.h>
#include <unistd.h>

#include "node/base/local.h"
#include "node/base/memory.h"

#define DRAIN_MAX 1000 /* whoever rings without end is looked at again later */

const struct error *doorbell_listen(const char *path, int *fd)
{
	return local_bind(path, SOCK_DGRAM, 0660, fd);
}

void doorbell_drain(int fd)
{
	char nothing;

	for (int i = 0; i < DRAIN_MAX; i++)
		if (recv(fd, &nothing, sizeof nothing, MSG_DONTWAIT) < 0)
			return;
}

void doorbell_ring(const char *path)
{
	struct local_address address;
	const struct error *error = local_address(&address, path);
	int fd;

	if (error)
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* It fails when nobody is there or the bell rings already: both are fine. */
	if (fd >= 0)
		sendto(fd, "", 0, MSG_NOSIGNAL, (struct sockaddr *)&address.name, address.len);
	fd_close(fd);
	local_wipe(&address);
}
