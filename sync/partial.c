/* Half-fetched logs: see partial.h. What came before a line broke need not come again.
 *
 * git throws away what is cut, but leaves the file behind. A pack holds the newest commits first, then their
 * trees, then their envelopes, newest first: so what is there of it is whole from the tip down to some
 * commit. There git is told that the history ends (a shallow boundary), and a deeper fetch brings what lies
 * below it. Any git server can do that.
 *
 * Leaves fetching to transport.c and all rules to keep.c. Runs in the sync role, or in a command that holds
 * its lock. */
#include "sync/partial.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "node/base/child.h"
#include "node/base/files.h"
#include "node/base/text.h"

#define SALVAGE_MAX ((size_t)16 << 20)
#define SALVAGE_MS 120000

bool partial_is_there(const void *context, struct hub *hub, const char *remote)
{
	char *path = home_file(context, hub->home, "partial.git"), **names;
	struct repo *repo CLEANUP(repo_close) = NULL;
	size_t count = 0;

	if (!files_exist(path) || repo_open(path, &repo) != NULL)
		return false;
	return repo_refs(context, repo, memory_format(context, "refs/inbox/%s/", remote), 1, &names,
		       &count) == NULL &&
	       count > 0;
}

const struct error *partial_end(const struct hub *hub)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);

	return repo_remove(home_file(scratch, hub->home, "partial.git"));
}

/* Lines "<oid>\t<ref>". What we have is left out. */
static void read_listing(struct partial *partial, char *listing)
{
	char *line;

	while ((line = strsep(&listing, "\n")) && partial->count < PARTIAL_MAX) {
		struct partial_log *log = &partial->list[partial->count];
		char *oid = strsep(&line, "\t");
		void *scratch CLEANUP(memory_free) = memory_context(NULL);
		struct raw_commit raw;

		if (!line || strlen(oid) != OID_SIZE - 1 || strlen(line) >= LOG_REF_SIZE ||
			!text_starts(line, "refs/heads/log/"))
			continue;
		*log = (struct partial_log){.depth = 0};
		memcpy(log->tip.hex, oid, OID_SIZE);
		memcpy(log->ref, line, strlen(line) + 1);
		snprintf(log->own, sizeof log->own, "refs/inbox/%s/%s", partial->remote,
			line + strlen("refs/heads/"));
		partial->count += repo_commit(scratch, partial->hub->log, &log->tip, &raw) != NULL;
	}
}

const struct error *partial_begin(
	const void *context, struct hub *hub, const char *remote, char *listing, struct partial **out)
{
	struct partial *partial = memory_new(context, struct partial);

	partial->hub = hub;
	partial->remote = remote;
	partial->path = home_file(context, hub->home, "partial.git");
	if (!partial_is_there(context, hub, remote)) {
		TRY(partial_end(hub));
		TRY(repo_create(partial->path, repo_path(hub->log)));
	}
	read_listing(partial, listing);
	*out = partial;
	return NULL;
}

/* ---- what a broken fetch left ---- */

static const struct error *read_start(const void *context, const char *path, struct bytes *out)
{
	int fd CLEANUP(fd_close) = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	uint8_t *data = memory_resize(context, NULL, uint8_t, SALVAGE_MAX);
	size_t len = 0;
	ssize_t got = 0;

	if (fd < 0)
		return error_system(errno, "cannot read %s", path);
	while (len < SALVAGE_MAX && (got = read(fd, data + len, SALVAGE_MAX - len)) > 0)
		len += (size_t)got;
	if (got < 0)
		return error_system(errno, "cannot read %s", path);
	*out = (struct bytes){data, len};
	return NULL;
}

/* The objects of a pack that ends too early, as far as it goes: git complains, but unpacks them. */
static const struct error *salvage(const struct partial *partial, const char *pack)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const char *const argv[] = {"git", "unpack-objects", "-r", "-q", NULL};
	const char *const environment[] = {memory_format(scratch, "GIT_DIR=%s", partial->path),
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_NO_REPLACE_OBJECTS=1", NULL};
	struct child child = {.argv = argv,
		.environment = environment,
		.deadline_ms = SALVAGE_MS,
		.memory_max = (uint64_t)512 << 20,
		.file_max = SALVAGE_MAX,
		.cpu_seconds = 60,
		.output_max = 65536,
		.stop = partial->hub->stop};
	struct child_result result;

	TRY(read_start(scratch, pack, &child.input));
	TRY(child_run(scratch, &child, &result));
	return unlink(pack) < 0 ? error_system(errno, "cannot clear %s", pack) : NULL;
}

static const struct error *salvage_all(const struct partial *partial, const char *repository)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char *path = memory_format(scratch, "%s/objects/pack", repository);
	const struct error *error = NULL;
	DIR *folder = opendir(path);
	struct dirent *entry;

	if (!folder)
		return error_system(errno, "cannot read %s", path);
	while (!error && (entry = readdir(folder)))
		if (text_starts(entry->d_name, "tmp_pack_"))
			error = salvage(partial, memory_format(scratch, "%s/%s", path, entry->d_name));
	closedir(folder);
	return error;
}

/* ---- how far every log is ---- */

static bool is_here(struct repo *repo, const struct oid *oid)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct raw_commit raw;

	return repo_commit(scratch, repo, oid, &raw) == NULL;
}

/* A commit with its tree and all that the tree names; *parent: the one below, "" for the first. */
static bool is_here_in_full(struct repo *repo, const struct oid *oid, struct oid *parent)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct tree_entry *entries;
	struct raw_commit raw;
	size_t count, size;

	if (repo_commit(scratch, repo, oid, &raw) ||
		repo_tree(scratch, repo, &raw.tree, COMMIT_ENTRIES_MAX, &entries, &count))
		return false;
	for (size_t i = 0; i < count; i++)
		if (repo_size(repo, &entries[i].oid, &size))
			return false;
	*parent = raw.parent_count ? raw.parents[0] : (struct oid){""};
	return true;
}

/* *last: the lowest commit that is here in full. */
static void look_down(
	const struct partial *partial, struct repo *repo, struct partial_log *log, struct oid *last)
{
	struct oid at = log->tip, parent;

	log->depth = 0;
	log->is_whole = false;
	for (;;) {
		log->is_whole = !*at.hex || is_here(partial->hub->log, &at);
		if (log->is_whole || !is_here_in_full(repo, &at, &parent))
			return;
		*last = at;
		at = parent;
		log->depth++;
	}
}

/* What git believes about a log: its tip, and that nothing lies below `last`. */
static const struct error *mark(struct repo *repo, const struct partial_log *log)
{
	struct oid now;
	const struct error *error = repo_ref(repo, log->own, &now);

	if (error && error->code != ERROR_NOT_FOUND)
		return error;
	if (!log->depth || (!error && strcmp(now.hex, log->tip.hex) == 0))
		return NULL;
	return repo_ref_set(repo, log->own, &log->tip, error ? NULL : &now);
}

const struct error *partial_gather(struct partial *partial, const char *repository)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char *shallow = memory_format(scratch, "%s/shallow", partial->path);
	struct buffer *boundaries = buffer_new(scratch);
	struct repo *repo CLEANUP(repo_close) = NULL;

	TRY(salvage_all(partial, repository));
	TRY(repo_open(partial->path, &repo));
	for (size_t i = 0; i < partial->count; i++) {
		struct partial_log *log = &partial->list[i];
		struct oid now, last = {""};

		if (repo_ref(repo, log->own, &now) == NULL) /* it may have grown there meanwhile */
			log->tip = now;
		look_down(partial, repo, log, &last);
		TRY(mark(repo, log));
		if (!log->is_whole && log->depth) {
			buffer_text(boundaries, last.hex);
			buffer_text(boundaries, "\n");
		}
	}
	if (boundaries->len)
		return files_write(shallow, buffer_bytes(boundaries), 0600);
	return unlink(shallow) < 0 && errno != ENOENT ? error_system(errno, "cannot remove %s", shallow)
						      : NULL;
}

struct partial_log *partial_next(struct partial *partial)
{
	for (size_t i = 0; i < partial->count; i++)
		if (!partial->list[i].is_whole)
			return &partial->list[i];
	return NULL;
}
