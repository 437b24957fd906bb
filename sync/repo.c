/* A hub's git repositories: where the signed history of every hub lies on the card (log.git), and where what
 * was fetched waits to be checked (inbox.git). Used by sync, office and commands.
 *
 * Leaves the pack stream to pack.c, housekeeping to upkeep.c, what a commit of ours says to commit.c, and the
 * network to the git program. Guards: an object's header is looked at before its content is read, nothing is
 * read through a tree, and whatever is written is on the card before a branch names it. */
#include "sync/repo.h"

#include <errno.h>
#include <fcntl.h>
#include <git2.h>
#include <git2/sys/alloc.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "node/base/files.h"
#include "node/base/text.h"

#define OBJECT_MAX 65536 /* of a commit or a tree */

#define ENTRY_LEN_MIN 24 /* of a tree: a digit, a space, a letter, a zero byte, an id */
#define ALLOCATION_MAX ((size_t)16 << 20)

struct repo {
	git_repository *git;
	git_odb *odb;
	git_odb *packs; /* those of its own alone */
	char *path;
};

/* The library's memory. An object's header does not tell what it is a difference to: eight bytes can stand on
 * a gigabyte, which would be unpacked first. Nothing that we read is that large, so such a request gets
 * nothing, and the read fails. */
static void *bounded_malloc(size_t size, const char *file, int line)
{
	void *memory = size > ALLOCATION_MAX ? NULL : malloc(size);

	if (!memory && size <= ALLOCATION_MAX)
		abort();
	if (!memory)
		git_error_set_oom();
	return memory;
}

static void *bounded_realloc(void *old, size_t size, const char *file, int line)
{
	void *memory = size > ALLOCATION_MAX ? NULL : realloc(old, size);

	if (!memory && size && size <= ALLOCATION_MAX)
		abort();
	if (!memory)
		git_error_set_oom();
	return memory;
}

#if LIBGIT2_VER_MAJOR == 1 && LIBGIT2_VER_MINOR < 6
static void *bounded_reallocarray(void *old, size_t count, size_t size, const char *file, int line)
{
	size_t total = 0;

	if (__builtin_mul_overflow(count, size, &total))
		total = SIZE_MAX;
	return bounded_realloc(old, total, file, line);
}

static void *bounded_mallocarray(size_t count, size_t size, const char *file, int line)
{
	return bounded_reallocarray(NULL, count, size, file, line);
}

static void *bounded_calloc(size_t count, size_t size, const char *file, int line)
{
	void *memory = bounded_mallocarray(count, size, file, line);

	if (memory)
		memset(memory, 0, count * size);
	return memory;
}

static char *bounded_substrdup(const char *text, size_t len, const char *file, int line)
{
	char *copy = bounded_malloc(len + 1, file, line);

	if (!copy)
		return NULL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

static char *bounded_strdup(const char *text, const char *file, int line)
{
	return bounded_substrdup(text, strlen(text), file, line);
}

static char *bounded_strndup(const char *text, size_t most, const char *file, int line)
{
	return bounded_substrdup(text, strnlen(text, most), file, line);
}
#endif

static git_allocator bounded = {
	.gmalloc = bounded_malloc,
	.grealloc = bounded_realloc,
	.gfree = free,
#if LIBGIT2_VER_MAJOR == 1 && LIBGIT2_VER_MINOR < 6
	.gcalloc = bounded_calloc,
	.gstrdup = bounded_strdup,
	.gstrndup = bounded_strndup,
	.gsubstrdup = bounded_substrdup,
	.greallocarray = bounded_reallocarray,
	.gmallocarray = bounded_mallocarray,
#endif
};

/* When it starts, the library readies itself for ssh and https, which here are the git program's: it fills
 * OpenSSL's tables and reads the certificates of all authorities, two megabytes in each of our processes, and
 * has no option against it. The dynamic linker takes these two in place of libssh2's and mbedTLS's. Without
 * authorities, no https of its own would find anybody to trust. */
int libssh2_init(int flags);
int libssh2_init(int flags)
{
	return 0;
}

int mbedtls_x509_crt_parse_file(void *chain, const char *path);
int mbedtls_x509_crt_parse_file(void *chain, const char *path)
{
	return 0;
}

/* Windows and caches fit a Raspberry Pi; nobody's own git configuration plays a part; ids need no checking by
 * SHA-1 on each read, since every reader of ours checks a SHA-256, makes the object's id anew, or opens an
 * envelope with its key. */
static void library_start(void)
{
	static const int levels[] = {GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM,
		GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL};
	int failures = git_libgit2_opts(GIT_OPT_SET_ALLOCATOR, &bounded) < 0;

	failures += git_libgit2_init() < 1;
	failures += git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1) < 0;
	failures += git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0) < 0;
	failures += git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0) < 0;
	failures += git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, (size_t)32 << 20) < 0;
	failures += git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, (size_t)256 << 20) < 0;
	failures += git_libgit2_opts(GIT_OPT_SET_MWINDOW_FILE_LIMIT, (size_t)64) < 0;
	failures += git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, (ssize_t)16 << 20) < 0;
	for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
		failures += git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "") < 0;
	if (failures)
		abort();
}

static void library_need(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, library_start);
}

static enum error_code code_of(int code, int klass, int errno_value)
{
	switch (code) {
	case GIT_ENOTFOUND:
		return ERROR_NOT_FOUND;
	case GIT_EEXISTS:
	case GIT_EMODIFIED:
		return ERROR_CONFLICT;
	case GIT_ELOCKED:
		return ERROR_UNAVAILABLE;
	case GIT_EINVALIDSPEC:
	case GIT_EINVALID:
	case GIT_EMISMATCH:
		return ERROR_INVALID;
	}
	switch (klass) {
	case GIT_ERROR_NOMEMORY: /* more than bounded_malloc gives */
	case GIT_ERROR_ZLIB:
	case GIT_ERROR_ODB:
	case GIT_ERROR_OBJECT:
	case GIT_ERROR_INVALID:
	case GIT_ERROR_INDEXER:
	case GIT_ERROR_SHA1:
		return ERROR_INVALID;
	}
	return errno_value == ENOSPC || errno_value == EDQUOT ? ERROR_FULL : ERROR_SYSTEM;
}

/* What libgit2 says went wrong, as one of our errors. */
static const struct error *failed(int code, const char *what, const char *name)
{
	int errno_value = errno;
	const git_error *last = git_error_last();
	int klass = last ? last->klass : GIT_ERROR_NONE;

	return error_new(code_of(code, klass, errno_value), "cannot %s %s: %s", what, name,
		last ? last->message : "?");
}

static const struct error *to_git(git_oid *out, const struct oid *oid)
{
	if (git_oid_fromstrp(out, oid->hex) < 0 || oid->hex[OID_SIZE - 1])
		return error_new(ERROR_INVALID, "not an object id");
	return NULL;
}

static void from_git(struct oid *out, const git_oid *oid)
{
	git_oid_tostr(out->hex, sizeof out->hex, oid);
}

static int repo_release(struct repo *repo)
{
	git_odb_free(repo->packs);
	git_odb_free(repo->odb);
	git_repository_free(repo->git);
	return 0;
}

void repo_close(struct repo *repo)
{
	talloc_free(repo);
}

const char *repo_path(const struct repo *repo)
{
	return repo->path;
}

/* Beside one another, repositories name each other relatively: a state directory may be moved. */
static const struct error *write_alternate(const void *scratch, const char *path, const char *alternate)
{
	char mine[PATH_MAX], theirs[PATH_MAX];
	char *name, *file;
	bool beside;

	if (!realpath(path, mine) || !realpath(alternate, theirs))
		return error_system(errno, "cannot find %s", alternate);
	name = memory_string(scratch, basename(memory_string(scratch, theirs)));
	beside = strcmp(dirname(mine), dirname(memory_string(scratch, theirs))) == 0;
	name = beside ? memory_format(scratch, "../../%s/objects\n", name)
		      : memory_format(scratch, "%s/objects\n", theirs);
	file = memory_format(scratch, "%s/objects/info/alternates", path);
	return files_write(file, (struct bytes){(const uint8_t *)name, strlen(name)}, 0600);
}

static int configure(git_repository *git)
{
	git_config *config = NULL;
	int code = git_repository_config(&config, git);

	if (!code)
		code = git_config_set_int32(config, "gc.auto", 0);
	if (!code)
		code = git_config_set_int32(config, "fetch.unpackLimit", 1);
	if (!code)
		code = git_config_set_int32(config, "receive.unpackLimit", 1);
	if (!code)
		code = git_config_set_bool(config, "core.logAllRefUpdates", 0);
	git_config_free(config);
	return code;
}

/* The library does not sync what it makes here, so the whole file system is asked to, once. */
static const struct error *sync_all(const char *path)
{
	int fd CLEANUP(fd_close) = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || syncfs(fd) < 0)
		return error_system(errno, "cannot sync %s", path);
	return NULL;
}

const struct error *repo_create(const char *path, const char *alternate)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	git_repository_init_options options;
	git_repository *git = NULL;
	int code;

	library_need();
	git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
	options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_NO_REINIT | GIT_REPOSITORY_INIT_MKDIR;
	options.mode = 0750;
	options.initial_head = "roster";
	code = git_repository_init_ext(&git, path, &options);
	if (!code)
		code = configure(git);
	git_repository_free(git);
	if (code)
		return failed(code, "make the repository", path);
	if (alternate)
		TRY(write_alternate(scratch, path, alternate));
	TRY(sync_all(path));
	return files_sync_directory(dirname(memory_string(scratch, path)));
}

static int open_packs(git_odb **out, const char *path)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	git_odb_backend *backend = NULL;
	int code = git_odb_new(out);

	if (!code)
		code = git_odb_backend_pack(&backend, memory_format(scratch, "%s/objects", path));
	return code ? code : git_odb_add_backend(*out, backend, 1);
}

const struct error *repo_open(const char *path, struct repo **out)
{
	struct repo *repo;
	int code;

	library_need();
	repo = memory_new(NULL, struct repo);
	talloc_set_destructor(repo, repo_release);
	repo->path = memory_string(repo, path);
	code = git_repository_open_bare(&repo->git, path);
	if (!code)
		code = git_repository_odb(&repo->odb, repo->git);
	if (!code)
		code = open_packs(&repo->packs, path);
	if (code) {
		const struct error *error = failed(code, "open the repository", path);

		repo_close(repo);
		return error;
	}
	*out = repo;
	return NULL;
}

const struct error *repo_ref(struct repo *repo, const char *name, struct oid *out)
{
	git_reference *ref = NULL;
	int code = git_reference_lookup(&ref, repo->git, name);
	const git_oid *target;

	if (code)
		return failed(code, "find", name);
	target = git_reference_target(ref);
	if (target)
		from_git(out, target);
	git_reference_free(ref);
	if (!target)
		return error_new(ERROR_INVALID, "%s names another branch instead of a commit", name);
	return NULL;
}

/* A branch's first move makes folders, and a folder is on the card when the one that holds it is synced. */
static const struct error *sync_folders_of(const struct repo *repo, const char *name)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char *folder = memory_format(scratch, "%s/%s", repo->path, name);

	while (strlen(folder) > strlen(repo->path) + strlen("/refs")) {
		folder = dirname(folder);
		TRY(files_sync_directory(folder));
	}
	return NULL;
}

const struct error *repo_ref_set(
	struct repo *repo, const char *name, const struct oid *to, const struct oid *expected)
{
	git_reference *ref = NULL;
	git_oid target, old;
	int code;

	TRY(to_git(&target, to));
	if (expected) {
		TRY(to_git(&old, expected));
		code = git_reference_create_matching(&ref, repo->git, name, &target, 1, &old, NULL);
	} else {
		code = git_reference_create(&ref, repo->git, name, &target, 0, NULL);
	}
	git_reference_free(ref);
	if (code)
		return failed(code, "move", name);
	return expected ? NULL : sync_folders_of(repo, name);
}

const struct error *repo_ref_delete(struct repo *repo, const char *name)
{
	int code = git_reference_remove(repo->git, name);

	return code ? failed(code, "remove", name) : NULL;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

const struct error *repo_refs(
	const void *context, struct repo *repo, const char *prefix, size_t most, char ***names, size_t *count)
{
	char *glob = memory_format(context, "%s*", prefix);
	git_reference_iterator *iterator = NULL;
	int code = git_reference_iterator_glob_new(&iterator, repo->git, glob);
	char **found = memory_array(context, char *, most);
	const char *name;
	size_t n = 0;

	while (!code && n < most) {
		code = git_reference_next_name(&name, iterator);
		if (!code && text_starts(name, prefix))
			found[n++] = memory_string(found, name);
	}
	git_reference_iterator_free(iterator);
	talloc_free(glob);
	if (code && code != GIT_ITEROVER)
		return failed(code, "list", prefix);
	qsort(found, n, sizeof *found, compare_names);
	*names = found;
	*count = n;
	return NULL;
}

void repo_refresh(struct repo *repo)
{
	git_odb_refresh(repo->packs);
}

bool repo_has(struct repo *repo, const struct oid *oid)
{
	git_oid id;

	return git_oid_fromstrp(&id, oid->hex) == 0 &&
	       git_odb_exists_ext(repo->packs, &id, GIT_ODB_LOOKUP_NO_REFRESH);
}

static const struct error *read_header(
	struct repo *repo, const struct oid *oid, git_oid *id, size_t *len, git_object_t *kind)
{
	int code;

	TRY(to_git(id, oid));
	code = git_odb_read_header(len, kind, repo->odb, id);
	if (code == GIT_ENOTFOUND)
		return error_new(ERROR_NOT_FOUND, "object %s is not there", oid->hex);
	return code ? failed(code, "read", oid->hex) : NULL;
}

const struct error *repo_size(struct repo *repo, const struct oid *oid, size_t *out)
{
	git_object_t kind;
	git_oid id;

	return read_header(repo, oid, &id, out, &kind);
}

/* Asks the header for kind and size, and only then reads. The object is freed by the caller. */
static const struct error *read_object(
	struct repo *repo, const struct oid *oid, git_object_t kind, size_t max, git_odb_object **out)
{
	git_object_t found;
	git_oid id;
	size_t len;
	int code;

	TRY(read_header(repo, oid, &id, &len, &found));
	if (found != kind)
		return error_new(ERROR_INVALID, "object %s is a %s, not a %s", oid->hex,
			git_object_type2string(found), git_object_type2string(kind));
	if (len > max)
		return error_new(ERROR_INVALID, "object %s has %zu bytes; at most %zu are allowed", oid->hex,
			len, max);
	code = git_odb_read(out, repo->odb, &id);
	if (code)
		return failed(code, "read", oid->hex);
	if (git_odb_object_size(*out) != len || git_odb_object_type(*out) != kind) {
		git_odb_object_free(*out);
		return error_new(ERROR_INVALID, "object %s is not what its header says", oid->hex);
	}
	return NULL;
}

static struct bytes content_of(const void *context, git_odb_object *object)
{
	struct bytes content =
		memory_bytes(context, git_odb_object_data(object), git_odb_object_size(object));

	git_odb_object_free(object);
	return content;
}

/* The oid behind "<label> " at the start of a line. */
static bool take_oid(const char **at, const char *label, struct oid *out)
{
	size_t skip = strlen(label);

	if (strncmp(*at, label, skip) != 0 || memchr(*at + skip, '\0', OID_SIZE - 1) ||
		(*at)[skip + OID_SIZE - 1] != '\n')
		return false;
	memcpy(out->hex, *at + skip, OID_SIZE - 1);
	out->hex[OID_SIZE - 1] = '\0';
	*at += skip + OID_SIZE;
	return strspn(out->hex, "0123456789abcdef") == OID_SIZE - 1;
}

/* Takes the gpgsig header out of the others. `end` is the empty line's newline. */
static void split_signature(
	const void *context, const char *raw, size_t len, const char *end, struct raw_commit *out)
{
	static const char label[] = "\ngpgsig ";
	const char *from = strstr(raw, label), *to;
	struct buffer *armor, *rest;

	if (!from || from >= end) {
		out->signed_part = out->raw;
		return;
	}
	armor = buffer_new(context);
	rest = buffer_new(context);
	buffer_add(rest, raw, (size_t)(from + 1 - raw));
	for (from += strlen(label); (to = strchr(from, '\n')) && to[1] == ' '; from = to + 2) {
		buffer_add(armor, from, (size_t)(to - from));
		buffer_text(armor, "\n");
	}
	if (!to)
		abort(); /* `end` is a newline behind `from` */
	buffer_add(armor, from, (size_t)(to - from));
	buffer_add(rest, to + 1, len - (size_t)(to + 1 - raw));
	out->signature = (char *)armor->data;
	out->signed_part = buffer_bytes(rest);
}

const struct error *repo_commit(
	const void *context, struct repo *repo, const struct oid *oid, struct raw_commit *out)
{
	struct raw_commit commit = {0};
	git_odb_object *object = NULL;
	const char *at, *end;
	struct oid parent;

	TRY(read_object(repo, oid, GIT_OBJECT_COMMIT, OBJECT_MAX, &object));
	commit.raw = content_of(context, object);
	at = (const char *)commit.raw.data;
	end = strstr(at, "\n\n");
	if (memchr(at, '\0', commit.raw.len) || !end || !take_oid(&at, "tree ", &commit.tree))
		return error_new(ERROR_INVALID, "commit %s is malformed", oid->hex);
	while (take_oid(&at, "parent ", &parent)) {
		if (commit.parent_count == 2)
			return error_new(ERROR_INVALID, "commit %s has more than two parents", oid->hex);
		commit.parents[commit.parent_count++] = parent;
	}
	split_signature(context, (const char *)commit.raw.data, commit.raw.len, end, &commit);
	commit.message = memory_string(context, end + 2);
	*out = commit;
	return NULL;
}

/* "<octal mode> <name>\0<20 bytes>", again and again. */
static const struct error *parse_entry(const uint8_t **at, const uint8_t *end, struct tree_entry *out)
{
	const uint8_t *zero = memchr(*at, '\0', (size_t)(end - *at));
	const uint8_t *space = zero ? memchr(*at, ' ', (size_t)(zero - *at)) : NULL;
	git_oid id;

	if (!space || end - zero < 1 + GIT_OID_RAWSZ || space == *at || space - *at > 6 || **at == '0')
		return error_new(ERROR_INVALID, "a tree is malformed");
	if (zero - space - 1 < 1 || zero - space - 1 >= (ptrdiff_t)sizeof out->name)
		return error_new(ERROR_INVALID, "a tree has an entry whose name is empty or over %zu bytes",
			sizeof out->name - 1);
	out->mode = 0;
	for (const uint8_t *c = *at; c < space; c++) {
		if (*c < '0' || *c > '7')
			return error_new(ERROR_INVALID, "a tree is malformed");
		out->mode = out->mode * 8 + (*c - '0');
	}
	memcpy(out->name, space + 1, (size_t)(zero - space));
	git_oid_fromraw(&id, zero + 1);
	from_git(&out->oid, &id);
	*at = zero + 1 + GIT_OID_RAWSZ;
	return NULL;
}

const struct error *repo_tree(const void *context, struct repo *repo, const struct oid *oid, size_t most,
	struct tree_entry **out, size_t *count)
{
	git_odb_object *object = NULL;
	struct tree_entry *entries;
	const uint8_t *at, *end;
	struct bytes raw;
	size_t n = 0;

	TRY(read_object(repo, oid, GIT_OBJECT_TREE, OBJECT_MAX, &object));
	raw = content_of(context, object);
	if (most > raw.len / ENTRY_LEN_MIN)
		most = raw.len / ENTRY_LEN_MIN + 1;
	entries = memory_array(context, struct tree_entry, most);
	at = raw.data;
	end = raw.data + raw.len;
	while (at < end) {
		if (n == most)
			return error_new(ERROR_INVALID, "tree %s has more than %zu entries", oid->hex, most);
		TRY(parse_entry(&at, end, &entries[n++]));
	}
	*out = entries;
	*count = n;
	return NULL;
}

const struct error *repo_blob(
	const void *context, struct repo *repo, const struct oid *oid, size_t max, struct bytes *out)
{
	git_odb_object *object = NULL;

	TRY(read_object(repo, oid, GIT_OBJECT_BLOB, max, &object));
	*out = content_of(context, object);
	return NULL;
}
