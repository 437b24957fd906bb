/* The state directory of one hub: making its skeleton and recognising it again (see home.h).
 *
 * What lies in it belongs to other files; the invariant here is that nothing of ours is ever opened, or made,
 * in a directory that is not a hub of this version, so that a mistyped --state harms nothing. Used by every
 * process, at start. */
#include "node/base/home.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "node/base/files.h"

#define FORMAT "engabo 1\n"

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
	if (error && error->code != ERROR_INVALID)
		return error;
	if (error || format.len < 7 || memcmp(format.data, "engabo ", 7) != 0)
		return error_new(
			ERROR_CONFIG, "%s/format is not one of ours; this directory is not a hub", path);
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
		return errno == ENOTDIR ? error_new(ERROR_EXISTS, "%s is not a directory", path)
					: error_system(errno, "cannot read %s", path);
	while (!error && (entry = readdir(directory)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			error = error_new(ERROR_EXISTS,
				"%s is not empty (%s); give an empty or a new directory", path,
				entry->d_name);
	closedir(directory);
	return error;
}

const struct error *home_create(const void *context, const char *path, struct home **out)
{
	static const char *const inside[] = {"keys", "run"};
	void *scratch CLEANUP(memory_free) = memory_context(NULL);

	TRY(files_directory(path, 0700));
	TRY(check_empty(path));
	for (size_t i = 0; i < sizeof inside / sizeof *inside; i++)
		TRY(files_directory(memory_format(scratch, "%s/%s", path, inside[i]), 0700));
	/* Last: what has no format is no hub. */
	TRY(files_write_new(memory_format(scratch, "%s/format", path),
		(struct bytes){(const uint8_t *)FORMAT, strlen(FORMAT)}, 0644));
	return make(context, path, out);
}

char *home_file(const void *context, const struct home *home, const char *name)
{
	return memory_format(context, "%s/%s", home->path, name);
}
