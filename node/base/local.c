/* Unix sockets by path, however long: see local.h. control.c and node/store/doorbell.c build on it. A socket
 * is never reachable with wider permissions than it was asked for, not even for a moment. Used by every
 * process. */
#include "node/base/local.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/base/memory.h"

const struct error *local_address(struct local_address *out, const char *path)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct local_address address = {.name.sun_family = AF_UNIX, .directory = -1};
	const char *reach = path, *slash = strrchr(path, '/');

	if (strlen(path) >= sizeof address.name.sun_path) {
		const char *directory =
			slash ? memory_string_of(scratch, path, (size_t)(slash - path) + 1) : ".";

		address.directory = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (address.directory < 0)
			return error_system(errno, "cannot open %s", directory);
		reach = memory_format(
			scratch, "/proc/self/fd/%d/%s", address.directory, slash ? slash + 1 : path);
		if (strlen(reach) >= sizeof address.name.sun_path) {
			close(address.directory);
			return error_new(ERROR_INVALID, "%s: the name is too long for a socket", path);
		}
	}
	memcpy(address.name.sun_path, reach, strlen(reach) + 1);
	address.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(reach) + 1);
	*out = address;
	return NULL;
}

void local_wipe(struct local_address *address)
{
	fd_close(address->directory);
	address->directory = -1;
}

const struct error *local_bind(const char *path, int type, mode_t mode, int *out)
{
	const struct error *error = NULL;
	struct local_address address;
	int fd;

	TRY(local_address(&address, path));
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		error = error_system(errno, "cannot make a socket");
	if (!error && unlink(path) < 0 && errno != ENOENT)
		error = error_system(errno, "cannot replace %s", path);
	/* Linux gives the file the mode of the socket itself, so that it is narrow from the start. */
	if (!error && (fchmod(fd, mode) < 0 || bind(fd, (struct sockaddr *)&address.name, address.len) < 0))
		error = error_system(errno, "cannot listen at %s", path);
	local_wipe(&address);
	if (error) {
		fd_close(fd);
		return error;
	}
	*out = fd;
	return NULL;
}
