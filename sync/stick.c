/* What a stick holds for hubs, and the beginning on a new one. For records that travel where no network goes.
 *
 * Leaves carrying to transport.c and pieces.c. Guards: what others left on it is never changed; nothing is
 * begun on this machine's own disk because a stick was not mounted. Runs in sync, or in a command that holds
 * its lock. */
#include "sync/stick.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "node/base/child.h"
#include "sync/piece.h"

#define FOLDER "sync"
#define MAKE_MS 60000
#define ENTRIES_MAX 100000

#ifndef EXFAT_SUPER_MAGIC
#define EXFAT_SUPER_MAGIC 0x2011BAB0
#endif
#define NTFS3_SUPER_MAGIC 0x7366746e /* the kernel's header has none for it */

/* Of no use to git: no owners, names without case; FUSE has exFAT and NTFS where the kernel has not. */
static bool is_for_pieces(const char *path)
{
	struct statfs st;

	if (statfs(path, &st) < 0)
		return false;
	return (uint32_t)st.f_type == MSDOS_SUPER_MAGIC || (uint32_t)st.f_type == EXFAT_SUPER_MAGIC ||
	       (uint32_t)st.f_type == NTFS3_SUPER_MAGIC || (uint32_t)st.f_type == FUSE_SUPER_MAGIC;
}

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_on_same(const char *a, const char *b)
{
	struct stat one, other;

	return stat(a, &one) < 0 || stat(b, &other) < 0 || one.st_dev == other.st_dev;
}

static bool is_read_only(const char *path)
{
	struct statvfs st;

	return statvfs(path, &st) == 0 && (st.f_flag & ST_RDONLY);
}

static bool has(const char *folder, const char *name)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);

	return access(memory_format(scratch, "%s/%s", folder, name), F_OK) == 0;
}

static bool is_repository(const char *path)
{
	return (has(path, "HEAD") && has(path, "objects") && has(path, "refs")) || has(path, ".git");
}

/* What a folder holds beside what a file system, a `git init` or a piece that were cut short leave. */
struct content {
	bool pieces, others;
};

static bool is_nothing(const char *name)
{
	static const char *const names[] = {
		".", "..", "lost+found", "HEAD", "config", "description", "info", "objects", "refs", "hooks"};

	if (piece_is_part(name))
		return true;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static struct content content_of(const char *folder)
{
	struct content content = {0};
	DIR *directory = opendir(folder);
	struct dirent *entry;

	for (int i = 0; i < ENTRIES_MAX && directory && (entry = readdir(directory)); i++)
		if (piece_is_name(entry->d_name))
			content.pieces = true;
		else if (!is_nothing(entry->d_name))
			content.others = true;
	if (directory)
		closedir(directory);
	return content;
}

static char *cannot_begin(const void *context, const char *folder, const char *why)
{
	return memory_format(
		context, "%s: nothing can be written there (%s); is the stick write-protected?", folder, why);
}

/* Hubs have users of different numbers, so all may write: what lies there is sealed and checked. */
static const struct error *make_repository(const void *context, const char *folder, char **problem)
{
	static const char *const environment[] = {
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", NULL};
	const char *argv[] = {"git", "init", "--bare", "--quiet", "--shared=0666",
		"--template=", "--initial-branch=roster", folder, NULL};
	struct child child = {.argv = argv,
		.environment = environment,
		.deadline_ms = MAKE_MS,
		.output_max = PIECE_HEADER_MAX};
	struct child_result result;

	TRY(child_run(context, &child, &result));
	if (result.status)
		*problem = cannot_begin(context, folder, result.complaint);
	return NULL;
}

static const struct error *begin(const void *context, struct stick *stick, char **problem)
{
	if (mkdir(stick->folder, 0777) < 0 && errno != EEXIST) {
		*problem = cannot_begin(context, stick->folder, strerror(errno));
		return NULL;
	}
	if (is_for_pieces(stick->folder)) {
		stick->kind = STICK_PIECES;
		return NULL;
	}
	return make_repository(context, stick->folder, problem);
}

const struct error *stick_open(const void *context, const char *state, const char *path, bool may_begin,
	struct stick *out, char **problem)
{
	char *below = memory_format(context, "%s/" FOLDER, path),
	     *above = memory_format(context, "%s/..", path);
	struct content content;

	*problem = NULL;
	*out = (struct stick){.kind = STICK_REPOSITORY, .folder = memory_string(context, path)};
	if (!is_directory(path))
		return NULL;
	out->is_removable = !is_on_same(path, state) && !is_on_same(path, "/");
	out->is_read_only = is_read_only(path);
	if (is_repository(path))
		return NULL;
	if (is_directory(below) || (out->is_removable && may_begin && !is_on_same(path, above)))
		out->folder = below;
	if (is_repository(out->folder))
		return NULL;
	content = content_of(out->folder);
	if (content.pieces)
		out->kind = STICK_PIECES;
	else if (out->is_removable && may_begin && !content.others)
		return begin(context, out, problem);
	else if (out->is_removable && may_begin)
		*problem = memory_format(context,
			"%s: it holds other files and nothing of a hub's; they were left alone. Name an "
			"empty "
			"folder on the stick",
			out->folder);
	return NULL;
}

const struct error *stick_settle(const struct stick *stick)
{
	int fd CLEANUP(fd_close) = open(stick->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || syncfs(fd) < 0)
		return error_system(errno, "what was written may not be on the stick");
	return NULL;
}
