/* Files on a card that loses power: whole or not at all, and synced before anyone is told.
 *
 * files_write is write-new, fsync, rename, fsync the directory. Reads are bounded. */
#ifndef ENGABO_BASE_FILES_H
#define ENGABO_BASE_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "node/base/error.h"
#include "node/base/memory.h"

/* The whole file on `context` (NUL behind it); ERROR_NOT_FOUND, or ERROR_INVALID when it is larger than
 * `max`. */
const struct error *files_read(
	const void *context, const char *path, size_t max, struct bytes *out) MUST_CHECK;
/* Replaces or makes `path` with exactly these bytes and mode, durably. */
const struct error *files_write(const char *path, struct bytes content, mode_t mode) MUST_CHECK;
/* The same where the content is written by `fill`, part by part: what need never be in memory as a whole. */
typedef const struct error *files_fill(void *user, int fd);
const struct error *files_write_by(const char *path, mode_t mode, files_fill *fill, void *user) MUST_CHECK;
/* A part of it. `path` is for the error's words. */
const struct error *files_put(int fd, struct bytes part, const char *path) MUST_CHECK;
/* The same as files_write, but ERROR_EXISTS where there already is something. */
const struct error *files_write_new(const char *path, struct bytes content, mode_t mode) MUST_CHECK;
/* Makes one directory; one that is there already is fine. */
const struct error *files_directory(const char *path, mode_t mode) MUST_CHECK;
const struct error *files_sync_directory(const char *path) MUST_CHECK;
bool files_exist(const char *path);
/* Takes an exclusive flock on `path` (made when missing) and leaves its descriptor open in *fd;
 * ERROR_UNAVAILABLE when another process holds it. The lock goes with the descriptor. */
const struct error *files_lock(const char *path, int *fd) MUST_CHECK;
/* Bytes that can still be written below `path`. */
const struct error *files_free_space(const char *path, uint64_t *out) MUST_CHECK;

#endif
