/* Durable small files: see files.h. Used by every process. */
#include "node/base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "node/base/ids.h"
#include "node/base/text.h"

const struct error *files_read(const void *context, const char *path, size_t max, struct bytes *out)
{
	int fd CLEANUP(fd_close) = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct buffer *content;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_system(errno, "cannot read %s", path);
	if (S_ISDIR(st.st_mode))
		return error_new(ERROR_INVALID, "%s is a directory, not a file", path);
	content = buffer_new(context);
	for (;;) {
		uint8_t chunk[8192];
		ssize_t got = read(fd, chunk, sizeof chunk);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			const struct error *error = error_system(errno, "cannot read %s", path);

			memory_free(content);
			return error;
		}
		if (got == 0)
			break;
		if (content->len + (size_t)got > max) {
			memory_free(content);
			return error_new(ERROR_INVALID, "%s is larger than %zu bytes", path, max);
		}
		buffer_add(content, chunk, (size_t)got);
	}
	*out = buffer_bytes(content);
	return NULL;
}

const struct error *files_sync_directory(const char *path)
{
	int fd CLEANUP(fd_close) = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return error_system(errno, "cannot sync directory %s", path);
	return NULL;
}

const struct error *files_put(int fd, struct bytes part, const char *path)
{
	while (part.len) {
		ssize_t done = write(fd, part.data, part.len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return error_system(errno, "cannot write %s", path);
		part.data += done;
		part.len -= (size_t)done;
	}
	return NULL;
}

static const struct error *fill_and_sync(int fd, const char *path, files_fill *fill, void *user)
{
	TRY(fill(user, fd));
	if (fsync(fd) < 0)
		return error_system(errno, "cannot sync %s", path);
	return NULL;
}

/* Writes beside `path` and hands over by rename (replacing) or link (refusing to replace). */
static const struct error *write_beside(
	const char *path, mode_t mode, bool replace, files_fill *fill, void *user)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct error *error;
	char *beside;
	uint8_t random[8];
	char suffix[17];
	int fd;

	ids_random(random, sizeof random);
	text_hex(suffix, random, sizeof random);
	beside = memory_format(scratch, "%s.new-%s", path, suffix);
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return error_system(errno, "cannot create %s", path);
	error = fchmod(fd, mode) < 0 ? error_system(errno, "cannot create %s", path) : NULL;
	if (!error)
		error = fill_and_sync(fd, path, fill, user);
	close(fd);
	if (!error && replace && rename(beside, path) < 0)
		error = error_system(errno, "cannot replace %s", path);
	if (!error && !replace && link(beside, path) < 0)
		error = error_system(errno, "cannot create %s", path);
	if (error || !replace)
		unlink(beside);
	if (error)
		return error;
	return files_sync_directory(dirname(memory_string(scratch, path)));
}

const struct error *files_write_by(const char *path, mode_t mode, files_fill *fill, void *user)
{
	return write_beside(path, mode, true, fill, user);
}

struct whole {
	struct bytes content;
	const char *path;
};

static const struct error *put_whole(void *user, int fd)
{
	const struct whole *whole = user;

	return files_put(fd, whole->content, whole->path);
}

const struct error *files_write(const char *path, struct bytes content, mode_t mode)
{
	struct whole whole = {content, path};

	return write_beside(path, mode, true, put_whole, &whole);
}

const struct error *files_write_new(const char *path, struct bytes content, mode_t mode)
{
	struct whole whole = {content, path};

	return write_beside(path, mode, false, put_whole, &whole);
}

const struct error *files_directory(const char *path, mode_t mode)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);

	if (mkdir(path, mode) < 0) {
		if (errno == EEXIST)
			return NULL;
		return error_system(errno, "cannot make directory %s", path);
	}
	return files_sync_directory(dirname(memory_string(scratch, path)));
}

bool files_exist(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

const struct error *files_lock(const char *path, int *out)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_system(errno, "cannot open %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		const struct error *error =
			errno == EWOULDBLOCK
				? error_new(ERROR_UNAVAILABLE,
					  "%s is held by another process, which runs already", path)
				: error_system(errno, "cannot lock %s", path);

		close(fd);
		return error;
	}
	*out = fd;
	return NULL;
}

const struct error *files_free_space(const char *path, uint64_t *out)
{
	struct statvfs st;

	if (statvfs(path, &st) < 0)
		return error_system(errno, "cannot ask for the free space at %s", path);
	*out = (uint64_t)st.f_bavail * st.f_frsize;
	return NULL;
}
