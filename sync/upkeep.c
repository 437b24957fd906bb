/* Housekeeping in a repository: what a killed writer left, and too many packs. Used by sync and commands.
 *
 * Needs no git library and knows no object (repo.c does). Guards: only what is nobody's is removed; no link
 * is followed out of the repository. */
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/base/child.h"
#include "node/base/files.h"
#include "node/base/text.h"
#include "sync/repo.h"

/* `folder` and `name` below the repository. */
static bool is_left_over(const char *folder, const char *name)
{
	if (text_ends(name, ".lock"))
		return true;
	return text_starts(folder, "/objects") &&
	       (text_starts(name, "tmp_") || text_starts(name, "pack_git2_"));
}

static bool is_lone_index(const void *scratch, const char *path)
{
	size_t len = strlen(path);

	if (!text_ends(path, ".idx") || !strstr(path, "/objects/pack/pack-"))
		return false;
	return !files_exist(memory_format(scratch, "%.*s.pack", (int)(len - 4), path));
}

/* Clears one folder and those below it; `all`: the folder itself is a leftover. Links are never followed. */
static const struct error *clean_folder(const char *root, const char *below, bool all, int depth)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char *path = memory_format(scratch, "%s%s", root, below);
	const struct error *error = NULL;
	struct dirent *entry;
	DIR *folder;

	if (depth > 12)
		return error_new(ERROR_INVALID, "%s lies too deep to be a repository's", path);
	folder = opendir(path);
	if (!folder)
		return error_system(errno, "cannot read %s", path);
	while (!error && (entry = readdir(folder))) {
		char *inside = memory_format(scratch, "%s/%s", path, entry->d_name);
		bool doomed = all || is_left_over(below, entry->d_name);
		struct stat st;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (lstat(inside, &st) < 0)
			error = error_system(errno, "cannot look at %s", inside);
		else if (S_ISDIR(st.st_mode))
			error = clean_folder(root, inside + strlen(root), doomed, depth + 1);
		else if ((doomed || is_lone_index(scratch, inside)) && unlink(inside) < 0)
			error = error_system(errno, "cannot clear %s", inside);
		if (!error && doomed && S_ISDIR(st.st_mode) && rmdir(inside) < 0)
			error = error_system(errno, "cannot clear %s", inside);
	}
	closedir(folder);
	return error;
}

const struct error *repo_clean(const char *path)
{
	return clean_folder(path, "", false, 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

const struct error *repo_remove(const char *path)
{
	if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) < 0 && errno != ENOENT)
		return error_system(errno, "cannot clear %s", path);
	return NULL;
}

size_t repo_pack_count(const struct repo *repo)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	DIR *folder = opendir(memory_format(scratch, "%s/objects/pack", repo_path(repo)));
	struct dirent *entry;
	size_t count = 0;

	if (!folder)
		return 0;
	while ((entry = readdir(folder)))
		count += text_ends(entry->d_name, ".pack");
	closedir(folder);
	return count;
}

const struct error *repo_repack(const char *path)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const char *const argv[] = {"git", "-c", "pack.threads=1", "-c", "pack.window=0", "-c",
		"pack.compression=0", "-c", "core.fsync=all", "-c", "core.fsyncMethod=fsync", "repack",
		"--geometric=2", "-d", "-q", "-n", NULL};
	const char *const environment[] = {memory_format(scratch, "GIT_DIR=%s", path),
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_NO_REPLACE_OBJECTS=1",
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*", NULL};
	struct child child = {.argv = argv,
		.environment = environment,
		.deadline_ms = 600000,
		.memory_max = (uint64_t)512 << 20,
		.cpu_seconds = 300,
		.output_max = 65536};
	struct child_result result;

	TRY(child_run(scratch, &child, &result));
	if (result.status)
		return error_new(
			ERROR_SYSTEM, "git could not merge the packs of %s: %s", path, result.complaint);
	return NULL;
}
