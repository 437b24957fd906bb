/* Watches files by what leads to them (see changes.h): an idle hub does not wake to look.
 *
 * What is there is watched itself, each directory, link and file on the way, as inotify(7) tells when it is
 * replaced or removed; where nothing is, the directory is that would hold it. So a directory in which other
 * files come and go, as databases do, wakes nobody. Runs in intake, and in `engabo urgent --follow`. */
#include "node/base/changes.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/base/memory.h"

#define LINKS_MAX 40 /* as many as the system follows (path_resolution(7)) */
#define GONE (IN_MOVE_SELF | IN_DELETE_SELF)
#define CHANGED (GONE | IN_ATTRIB | IN_CLOSE_WRITE) /* IN_ATTRIB: a name less, when another file gets it */
#define COME (IN_CREATE | IN_MOVED_TO)

struct changes {
	int fd;
	bool are_all;
};

static bool watch(struct changes *changes, const char *path, uint32_t what)
{
	if (inotify_add_watch(changes->fd, path, what | IN_MASK_ADD | IN_DONT_FOLLOW) >= 0)
		return true;
	if (errno != ENOENT)
		changes->are_all = false;
	return false;
}

/* Of a directory, what happens in it is left out. */
static bool watch_itself(struct changes *changes, const char *path, struct stat *st)
{
	if (lstat(path, st) == 0)
		return watch(changes, path, S_ISDIR(st->st_mode) ? GONE : CHANGED) || errno != ENOENT;
	if (errno != ENOENT)
		changes->are_all = false;
	return false;
}

/* Whether `path`, in the directory `at`, is there. What comes before its directory is watched is found the
 * second time. */
static bool watch_step(struct changes *changes, const char *at, const char *path, struct stat *st)
{
	return watch_itself(changes, path, st) ||
	       (watch(changes, at, COME) && watch_itself(changes, path, st));
}

/* Where the link leads, with what follows it; NULL when it is none any more. */
static char *read_link(const void *context, const char *path, const char *rest)
{
	char target[PATH_MAX];
	ssize_t len = readlink(path, target, sizeof target - 1);

	return len <= 0 ? NULL : memory_format(context, "%.*s%s", (int)len, target, rest);
}

/* Follows the path as the system does. */
static void watch_way(struct changes *changes, const char *path)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const char *at = *path == '/' ? "/" : ".", *rest = path;
	int links = 0;

	while (*(rest += strspn(rest, "/"))) {
		size_t len = strcspn(rest, "/");
		char *next = memory_format(scratch, "%s/%.*s", at, (int)len, rest);
		struct stat st;

		if (!watch_step(changes, at, next, &st))
			return;
		rest += len;
		if (!S_ISLNK(st.st_mode)) {
			at = next;
			continue;
		}
		rest = read_link(scratch, next, rest);
		if (!rest || ++links > LINKS_MAX)
			return;
		if (*rest == '/')
			at = "/";
	}
}

int changes_open(const char *const *paths, size_t count, bool *are_all)
{
	struct changes changes = {.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), .are_all = true};

	*are_all = false;
	if (changes.fd < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		watch_way(&changes, paths[i]);
	*are_all = changes.are_all;
	return changes.fd;
}
