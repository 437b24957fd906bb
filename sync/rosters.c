/* The roster's branch: who belongs to the coalition, version by version, in git, so that it travels as the
 * logs do. Used by every role to read; by sync, and by the keeper's commands, to add to it.
 *
 * Leaves what a roster says and who must have signed it to node/roster. Guards: each role checks the whole
 * chain from its own trust.json, and never accepts less than it accepted before; nothing of a version is kept
 * before all of it is checked. */
#include "sync/rosters.h"

#include <string.h>

#include "node/base/text.h"
#include "sync/commit.h"
#include "sync/pack.h"

#define VERSIONS_MAX 10000
#define SIGNATURES_MAX (2 * ROSTER_COORDINATORS_MAX) /* of the version before, and of this one */
#define SIGNATURE_MAX 1024
#define FILE_COUNT 4

static const char *const file_names[FILE_COUNT] = {
	"allowed_signers", "members.age", "roster.json", "signatures"};

static char *version_message(const void *context, int version, const struct roster_files *files)
{
	uint8_t digest[DIGEST_LEN];
	char hex[2 * DIGEST_LEN + 1];

	roster_digest(digest, files);
	text_hex(hex, digest, sizeof digest);
	return memory_format(context, "engabo roster 1\n\nVersion: %d\nFiles-SHA256: %s\n", version, hex);
}

static const struct error *read_signatures(
	const void *context, struct repo *repo, const struct oid *oid, struct roster_files *out)
{
	struct tree_entry *entries;
	size_t count;

	TRY(repo_tree(context, repo, oid, SIGNATURES_MAX, &entries, &count));
	out->signatures = memory_array(context, struct roster_signature, count);
	for (size_t i = 0; i < count; i++) {
		struct roster_signature *signature = &out->signatures[i];
		struct bytes armor;

		if (entries[i].mode != 0100644 || !text_ends(entries[i].name, ".sig") ||
			(i && strcmp(entries[i - 1].name, entries[i].name) >= 0))
			return error_new(ERROR_INVALID, "its folder signatures holds something else");
		TRY(repo_blob(context, repo, &entries[i].oid, SIGNATURE_MAX, &armor));
		if (memchr(armor.data, '\0', armor.len))
			return error_new(ERROR_INVALID, "one of its signatures is not text");
		signature->fingerprint =
			memory_string_of(context, entries[i].name, strlen(entries[i].name) - strlen(".sig"));
		signature->armor = memory_string_of(context, armor.data, armor.len);
	}
	out->signature_count = count;
	return NULL;
}

/* The files of one version: exactly these, and no others. */
static const struct error *read_files(
	const void *context, struct repo *repo, const struct oid *tree, struct roster_files *out)
{
	struct roster_files files = {0};
	struct bytes *const to[FILE_COUNT - 1] = {&files.allowed_signers, &files.members, &files.json};
	struct tree_entry *entries;
	size_t count;

	TRY(repo_tree(context, repo, tree, FILE_COUNT, &entries, &count));
	for (size_t i = 0; i < FILE_COUNT; i++)
		if (count != FILE_COUNT || strcmp(entries[i].name, file_names[i]) != 0 ||
			entries[i].mode != (i < FILE_COUNT - 1 ? 0100644u : 040000u))
			return error_new(ERROR_INVALID, "its files are not the four of a roster");
	for (size_t i = 0; i < FILE_COUNT - 1; i++)
		TRY(repo_blob(context, repo, &entries[i].oid, ROSTER_FILE_MAX, to[i]));
	TRY(read_signatures(context, repo, &entries[FILE_COUNT - 1].oid, &files));
	*out = files;
	return NULL;
}

struct branch {
	struct oid *commits; /* newest first */
	size_t count;
};

/* From `tip` down to the first version, or to `until`, which is not counted in (*met). */
static const struct error *walk(void *context, struct repo *repo, const struct oid *tip,
	const struct oid *until, struct branch *out, bool *met)
{
	struct oid at = *tip;

	out->commits = memory_array(context, struct oid, VERSIONS_MAX);
	for (*met = false; out->count < VERSIONS_MAX;) {
		void *scratch CLEANUP(memory_free) = memory_context(NULL);
		struct raw_commit raw;

		*met = until && strcmp(at.hex, until->hex) == 0;
		if (*met)
			return NULL;
		out->commits[out->count++] = at;
		TRY(repo_commit(scratch, repo, &at, &raw));
		if (raw.parent_count == 0)
			return NULL;
		if (raw.parent_count > 1)
			return error_new(ERROR_INVALID, "the roster's branch has a commit with two parents");
		at = raw.parents[0];
	}
	return error_new(ERROR_INVALID, "the roster has more than %d versions", VERSIONS_MAX);
}

static const struct error *find_tip(struct repo *repo, struct oid *tip, bool *found)
{
	const struct error *error = repo_ref(repo, ROSTER_REF, tip);

	*found = !error;
	return error && error->code != ERROR_NOT_FOUND ? error : NULL;
}

/* Our own branch, oldest first, into the chain. */
static const struct error *load(struct repo *repo, const struct branch *ours, struct roster_chain *chain)
{
	for (size_t i = ours->count; i-- > 0;) {
		void *scratch CLEANUP(memory_free) = memory_context(NULL);
		struct roster_files files;
		struct raw_commit raw;
		const struct error *error = repo_commit(scratch, repo, &ours->commits[i], &raw);

		if (!error)
			error = read_files(scratch, repo, &raw.tree, &files);
		if (!error)
			error = roster_chain_add(chain, &files);
		if (error)
			return error_wrap(error, "branch roster, commit %zu", ours->count - i);
	}
	return NULL;
}

const struct error *rosters_load(const void *context, struct repo *repo, const struct trust *trust, int least,
	struct roster_chain **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct roster_chain *chain = roster_chain_new(context, trust);
	const struct error *error = NULL;
	struct branch ours = {0};
	struct oid tip;
	bool found = false, met;
	int version;

	if (trust->has_coalition)
		error = find_tip(repo, &tip, &found);
	if (!error && found)
		error = walk(scratch, repo, &tip, NULL, &ours, &met);
	if (!error)
		error = load(repo, &ours, chain);
	version = !error && roster_chain_newest(chain) ? roster_chain_newest(chain)->version : 0;
	if (!error && version < least)
		error = error_new(ERROR_DENIED,
			"the roster was rolled back: it ends at version %d, and version %d was here", version,
			least);
	if (error) {
		talloc_free(chain);
		return error;
	}
	*out = chain;
	return NULL;
}

const struct error *rosters_files(const void *context, struct repo *repo, struct roster_files *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct raw_commit raw;
	struct oid tip;

	TRY(repo_ref(repo, ROSTER_REF, &tip));
	TRY(repo_commit(scratch, repo, &tip, &raw));
	return read_files(context, repo, &raw.tree, out);
}

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct tree_entry *)a)->name, ((const struct tree_entry *)b)->name);
}

static const struct error *add_signatures(
	struct pack *pack, const struct roster_files *files, struct tree_entry *out)
{
	struct tree_entry entries[SIGNATURES_MAX] = {0};

	if (files->signature_count > SIGNATURES_MAX)
		return error_new(ERROR_INVALID, "a roster with %zu signatures", files->signature_count);
	for (size_t i = 0; i < files->signature_count; i++) {
		const struct roster_signature *signature = &files->signatures[i];

		if (strlen(signature->fingerprint) + sizeof ".sig" > sizeof entries[i].name)
			return error_new(ERROR_INVALID, "a roster's signature with too long a name");
		snprintf(entries[i].name, sizeof entries[i].name, "%s.sig", signature->fingerprint);
		entries[i].mode = 0100644;
		pack_blob(pack, (struct bytes){(const uint8_t *)signature->armor, strlen(signature->armor)},
			&entries[i].oid);
	}
	qsort(entries, files->signature_count, sizeof *entries, compare_entries);
	pack_tree(pack, entries, files->signature_count, &out->oid);
	return NULL;
}

/* All objects of one version but its commit. */
static const struct error *add_files(struct pack *pack, const struct roster_files *files, struct oid *tree)
{
	const struct bytes from[FILE_COUNT - 1] = {files->allowed_signers, files->members, files->json};
	struct tree_entry entries[FILE_COUNT] = {0};

	for (size_t i = 0; i < FILE_COUNT; i++) {
		snprintf(entries[i].name, sizeof entries[i].name, "%s", file_names[i]);
		entries[i].mode = i < FILE_COUNT - 1 ? 0100644 : 040000;
		if (i < FILE_COUNT - 1)
			pack_blob(pack, from[i], &entries[i].oid);
	}
	TRY(add_signatures(pack, files, &entries[FILE_COUNT - 1]));
	pack_tree(pack, entries, FILE_COUNT, tree);
	return NULL;
}

const struct error *rosters_append(struct repo *repo, int version, const struct roster_files *files,
	const char *log, const struct secret *sign)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct pack *pack = pack_begin(scratch, repo);
	struct oid tip, tree, commit;
	struct bytes frame;
	bool found;

	TRY(find_tip(repo, &tip, &found));
	if (found != (version > 1))
		return error_new(ERROR_CONFLICT, "roster version %d does not follow what is here", version);
	TRY(add_files(pack, files, &tree));
	frame = commit_frame(scratch, log, commit_seconds(version), &tree, found ? &tip : NULL,
		version_message(scratch, version, files));
	pack_commit(pack, commit_with_signature(scratch, frame, sshsig_sign(scratch, sign, "git", frame)),
		&commit);
	TRY(pack_end(pack));
	return repo_ref_set(repo, ROSTER_REF, &commit, found ? &tip : NULL);
}

/* Written and signed by the keeper whom the version before names, or, for the first and where the keeper
 * changes, this one. */
static const struct error *check_keeper(
	const struct raw_commit *raw, const struct roster *roster, int version, const char *message)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct roster_member *keeper = roster ? roster_member(roster, roster->keeper) : NULL;

	if (!keeper)
		return error_new(ERROR_DENIED, "it has no keeper among its members");
	TRY(commit_is_framed(raw, commit_frame(scratch, keeper->keys.log, commit_seconds(version), &raw->tree,
					  raw->parent_count ? &raw->parents[0] : NULL, message)));
	return sshsig_verify(raw->signature, &keeper->keys.sign, "git", raw->signed_part);
}

/* One version from outside: its chain, its keeper, and the same objects made anew. */
static const struct error *take_version(
	struct repo *inbox, const struct oid *oid, struct roster_chain *chain, struct pack *pack)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct roster *before = roster_chain_newest(chain), *now;
	const struct error *error;
	struct roster_files files;
	struct raw_commit raw;
	struct oid tree, commit;
	char *message;

	TRY(repo_commit(scratch, inbox, oid, &raw));
	TRY(read_files(scratch, inbox, &raw.tree, &files));
	TRY(roster_chain_add(chain, &files));
	now = roster_chain_newest(chain);
	message = version_message(scratch, now->version, &files);
	error = check_keeper(&raw, now, now->version, message);
	if (error && before)
		error = check_keeper(&raw, before, now->version, message);
	if (error)
		return error;
	TRY(add_files(pack, &files, &tree));
	pack_commit(pack, raw.raw, &commit);
	if (strcmp(tree.hex, raw.tree.hex) != 0 || strcmp(commit.hex, oid->hex) != 0)
		return error_new(ERROR_INVALID, "an object does not have the id it came under");
	return NULL;
}

static bool is_in(const struct branch *branch, const struct oid *oid)
{
	for (size_t i = 0; i < branch->count; i++)
		if (strcmp(branch->commits[i].hex, oid->hex) == 0)
			return true;
	return false;
}

const struct error *rosters_keep(struct repo *repo, struct repo *inbox, const struct trust *trust,
	const struct oid *offered, int *taken)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct roster_chain *chain = roster_chain_new(scratch, trust);
	struct branch ours = {0}, theirs = {0};
	struct pack *pack;
	struct oid tip;
	bool found, met = false;

	if (!trust->has_coalition)
		return error_new(ERROR_DENIED, "this hub has not joined a coalition; it takes no roster");
	TRY(find_tip(repo, &tip, &found));
	if (found)
		TRY(walk(scratch, repo, &tip, NULL, &ours, &met));
	if (is_in(&ours, offered)) {
		*taken = 0;
		return NULL;
	}
	TRY(load(repo, &ours, chain));
	TRY(walk(scratch, inbox, offered, found ? &tip : NULL, &theirs, &met));
	if (found && !met)
		return error_new(ERROR_CONFLICT, "another roster than ours from some version up to %zu on",
			ours.count);
	pack = pack_begin(scratch, repo);
	for (size_t i = theirs.count; i-- > 0;) {
		const struct error *error = take_version(inbox, &theirs.commits[i], chain, pack);

		if (error)
			return error_wrap(error, "branch roster, commit %zu", ours.count + theirs.count - i);
	}
	TRY(pack_end(pack));
	TRY(repo_ref_set(repo, ROSTER_REF, &theirs.commits[0], found ? &tip : NULL));
	*taken = (int)theirs.count;
	return NULL;
}
