/* git repositories by libgit2: the only file that includes git2.h. Objects, packs, refs; no network (git the
 * program does that, transport.h).
 *
 * Everything read may be hostile: an object's header is read before the object, sizes are bounded, trees are
 * read one level. Everything written is fsynced before a ref moves. Memory limits are small (findings:
 * 32/256/16 MiB windows, 64 pack descriptors). */
#ifndef ENGABO_SYNC_REPO_H
#define ENGABO_SYNC_REPO_H

#include <stdbool.h>

#include "node/base/error.h"
#include "node/base/memory.h"
#include "node/vault/digest.h"

#define OID_SIZE 41 /* 40 hex digits of SHA-1 and a NUL */
#define OID_LEN 20  /* as bytes */

struct oid {
	char hex[OID_SIZE];
};

struct repo;
void repo_close(struct repo *repo); /* NULL is fine */
DEFINE_CLEANUP(struct repo *, repo_close)
/* A bare repository. `alternate` (may be NULL): another one whose objects it sees too. Made whole: synced
 * with syncfs. Sets gc.auto=0, fetch.unpackLimit=1, core.logAllRefUpdates=false. */
const struct error *repo_create(const char *path, const char *alternate) MUST_CHECK;
/* Ownership is not asked (a stick is somebody else's). */
const struct error *repo_open(const char *path, struct repo **out) MUST_CHECK;
const char *repo_path(const struct repo *repo);
/* What a killed writer leaves behind (findings.md, libgit2): call only under the role's lock, with no git
 * child alive. */
const struct error *repo_clean(const char *path) MUST_CHECK;

/* With all that is in it; none is fine. */
const struct error *repo_remove(const char *path) MUST_CHECK;

/* ERROR_NOT_FOUND where there is no such ref. */
const struct error *repo_ref(struct repo *repo, const char *name, struct oid *out) MUST_CHECK;
/* Moves or makes; `expected` NULL: must not exist yet. ERROR_CONFLICT when it is elsewhere. */
const struct error *repo_ref_set(
	struct repo *repo, const char *name, const struct oid *to, const struct oid *expected) MUST_CHECK;
const struct error *repo_ref_delete(struct repo *repo, const char *name) MUST_CHECK;
/* Names under a prefix, sorted, on `context`; at most `most`. */
const struct error *repo_refs(const void *context, struct repo *repo, const char *prefix, size_t most,
	char ***names, size_t *count) MUST_CHECK;

/* The raw commit object, at most 64 KiB; tells tree and parents as well. */
struct raw_commit {
	struct oid tree;
	struct oid parents[2];
	size_t parent_count;	  /* ERROR_INVALID over 2 */
	struct bytes raw;	  /* as hashed: what Prev-SHA256 is taken over */
	struct bytes signed_part; /* raw without the gpgsig header: what the signature covers */
	char *signature; /* armor as in the header, with newlines, without the last; NULL: unsigned */
	char *message;
};
const struct error *repo_commit(
	const void *context, struct repo *repo, const struct oid *oid, struct raw_commit *out) MUST_CHECK;

struct tree_entry {
	char name[64]; /* longer names are ERROR_INVALID */
	unsigned mode;
	struct oid oid;
};
/* One level; ERROR_INVALID when the object is over 64 KiB or there are more than `most`. */
const struct error *repo_tree(const void *context, struct repo *repo, const struct oid *oid, size_t most,
	struct tree_entry **out, size_t *count) MUST_CHECK;
/* Its header first: ERROR_INVALID when not a blob or over max. */
const struct error *repo_blob(const void *context, struct repo *repo, const struct oid *oid, size_t max,
	struct bytes *out) MUST_CHECK;

/* How many bytes an object has, unpacked; only its header is read. */
const struct error *repo_size(struct repo *repo, const struct oid *oid, size_t *out) MUST_CHECK;

/* Whether the object is in one of its own packs, as far as they are known. */
bool repo_has(struct repo *repo, const struct oid *oid);
/* Looks for packs that were written since. */
void repo_refresh(struct repo *repo);

/* Number of packs; when past fifty, the git program merges them (repo_repack: bounded child, see findings).
 */
size_t repo_pack_count(const struct repo *repo);
const struct error *repo_repack(const char *path) MUST_CHECK;

#endif
