/* The state directory of one hub: making its skeleton and recognising it again (see home.h).
 *
 * What lies in it belongs to other files; the invariant here is that nothing of ours is ever opened, or made,
 * in a directory that is not a hub of this version, so that a mistyped --state harms nothing, and that half a
 * hub is no hub. Used by every process, at start. */
#include "node/base/home.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/base/files.h"
#include "node/base/text.h"

#define FORMAT "engabo 1\n"
#define UNFINISHED "engabo unfinished\n"

static const struct error *make(const void *context, const char *path, struct home **out)
{
	struct home *home = memory_new(context, struct home);
	const struct error *error = NULL;
	char real[PATH_MAX];

	if (!realpath(path, real))
		error = error_system(errno, "%s", path);
	if (!error) {
		home->path = memory_string(home, real);
		error = config_load(home, home->path, &home->config);
	}
	if (error) {
		memory_free(home);
		return error;
	}
	*out = home;
	return NULL;
}

static const struct error *check_format(const char *path)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct error *error;
	struct bytes format;

	error = files_read(scratch, memory_format(scratch, "%s/format", path), 100, &format);
	if (error && error->code == ERROR_NOT_FOUND)
		return error_new(ERROR_NOT_FOUND, "no hub in %s; engabo init makes one", path);
	if (error && error->code == ERROR_DENIED)
		return error_new(ERROR_DENIED,
			"%s belongs to another user; run engabo as that user, or as root", path);
	if (error && error->code != ERROR_INVALID)
		return error;
	if (error || format.len < 7 || memcmp(format.data, "engabo ", 7) != 0)
		return error_new(
			ERROR_CONFIG, "%s/format is not one of ours; this directory is not a hub", path);
	if (strcmp((const char *)format.data, UNFINISHED) == 0)
		return error_new(ERROR_NOT_FOUND,
			"the hub in %s was not made to the end; run engabo init again", path);
	if (strcmp((const char *)format.data, FORMAT) != 0)
		return error_new(ERROR_CONFIG,
			"%s is a hub of another version (%.20s); use the engabo that made it, or a newer one",
			path, strtok((char *)format.data, "\n"));
	return NULL;
}

const struct error *home_open(const void *context, const char *path, struct home **out)
{
	TRY(check_format(path));
	return make(context, path, out);
}

const struct error *home_reload(struct home *home)
{
	struct config *config;

	TRY(config_load(home, home->path, &config));
	__atomic_store_n(&home->config, config, __ATOMIC_RELEASE);
	return NULL;
}

void home_refuse_settings(struct home *home, const char *why)
{
	struct config *config = config_refuse_settings(home, home->config, why);

	__atomic_store_n(&home->config, config, __ATOMIC_RELEASE);
}

/* ---- making ---- */

/* Whether an init that was interrupted left this; also what files_write_new leaves of a format. */
static bool is_unfinished(const char *path)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct error *error;
	struct bytes format;

	error = files_read(scratch, memory_format(scratch, "%s/format", path), 100, &format);
	return !error && strcmp((const char *)format.data, UNFINISHED) == 0;
}

static const struct error *check_empty(const char *path)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct error *error = NULL;
	struct dirent *entry;
	DIR *directory;

	if (files_exist(memory_format(scratch, "%s/format", path)))
		return error_new(ERROR_EXISTS, "there is a hub in %s already", path);
	directory = opendir(path);
	if (!directory)
		return error_system(errno, "cannot read %s", path);
	while (!error && (entry = readdir(directory)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
			!text_starts(entry->d_name, "format.new-"))
			error = error_new(ERROR_EXISTS,
				"%s is not empty (%s); give an empty or a new directory", path,
				entry->d_name);
	closedir(directory);
	return error;
}

static int remove_below(const char *path, const struct stat *st, int kind, struct FTW *place)
{
	return place->level ? remove(path) : 0;
}

static const struct error *clear(const char *path)
{
	if (nftw(path, remove_below, 16, FTW_DEPTH | FTW_PHYS) != 0)
		return error_system(errno, "cannot clear %s", path);
	return NULL;
}

static const struct error *write_format(const char *path, const char *format)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);

	return files_write(memory_format(scratch, "%s/format", path),
		(struct bytes){(const uint8_t *)format, strlen(format)}, 0644);
}

static const struct error *lock_directory(const char *path, int *out)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOTDIR ? error_new(ERROR_EXISTS, "%s is not a directory", path)
					: error_system(errno, "cannot read %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		close(fd);
		return error_new(ERROR_UNAVAILABLE, "another engabo init is at work in %s", path);
	}
	*out = fd;
	return NULL;
}

static const struct error *make_skeleton(const void *context, const char *path, struct home **out)
{
	static const char *const inside[] = {"keys", "run"};
	void *scratch CLEANUP(memory_free) = memory_context(NULL);

	if (!is_unfinished(path))
		TRY(check_empty(path));
	TRY(clear(path));
	TRY(write_format(path, UNFINISHED));
	for (size_t i = 0; i < sizeof inside / sizeof *inside; i++)
		TRY(files_directory(memory_format(scratch, "%s/%s", path, inside[i]), 0700));
	return make(context, path, out);
}

const struct error *home_begin(const void *context, const char *path, struct home_making *out)
{
	struct home_making making = {.is_new = !files_exist(path), .lock = -1};
	const struct error *error;

	TRY(files_directory(path, 0700));
	TRY(lock_directory(path, &making.lock));
	error = make_skeleton(context, path, &making.home);
	if (error) {
		/* Only what is ours goes: of a directory that holds something else not a byte was touched. */
		if (is_unfinished(path))
			error_ignore(clear(path));
		if (making.is_new)
			rmdir(path);
		close(making.lock);
		return error;
	}
	*out = making;
	return NULL;
}

const struct error *home_finish(struct home_making *making)
{
	TRY(write_format(making->home->path, FORMAT));
	fd_close(making->lock);
	making->lock = -1;
	return NULL;
}

void home_abandon(struct home_making *making)
{
	error_ignore(clear(making->home->path));
	if (making->is_new)
		rmdir(making->home->path);
	fd_close(making->lock);
	making->lock = -1;
}

const struct error *home_create(const void *context, const char *path, struct home **out)
{
	struct home_making making;

	TRY(home_begin(context, path, &making));
	TRY(home_finish(&making));
	*out = making.home;
	return NULL;
}

char *home_file(const void *context, const struct home *home, const char *name)
{
	return memory_format(context, "%s/%s", home->path, name);
}
