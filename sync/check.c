/* Whether a commit is what its hub said, and all of it: see check.h. No stranger, relay or stick gets a
 * record into the log but by these rules. Used by sync for what was fetched, by office and commands for what
 * is read again.
 *
 * Leaves the way a commit is written to commit.c, and which commits to look at to logs.c. Guards: an object's
 * size is known before it is read; one tree shape is accepted; nothing that is signed rests on SHA-1. */
#include "sync/check.h"

#include <string.h>

#include "node/base/text.h"
#include "node/vault/age.h"

/* A member of the newest roster; NULL for one that is in none. */
static const struct roster_member *member_of(const struct check *check)
{
	const struct roster *newest = check->chain ? roster_chain_newest(check->chain) : NULL;

	return newest ? roster_member(newest, check->log) : NULL;
}

const struct error *check_signer(const struct check *check, struct signer *out)
{
	const struct roster_member *member = member_of(check);

	if (member)
		*out = member->keys.sign;
	else if (check->self && strcmp(check->self->log, check->log) == 0)
		*out = check->self->sign;
	else
		return error_new(ERROR_DENIED, "no member of the coalition has this log");
	return NULL;
}

static const struct error *check_version(const struct check *check, int version)
{
	const struct roster *newest = check->chain ? roster_chain_newest(check->chain) : NULL;

	if (version && (!newest || version > newest->version))
		return error_new(
			ERROR_UNAVAILABLE, "it names roster version %d, which is not here yet", version);
	return NULL;
}

const struct error *check_known(const struct check *check, const struct log_commit *commit)
{
	struct signer signer;
	const struct error *error = check_signer(check, &signer);

	if (error)
		TRY(check_version(check, commit->roster));
	return error;
}

int64_t check_last(const struct check *check)
{
	const struct roster_member *member = member_of(check);

	return member && member->status == MEMBER_REVOKED ? member->last_seq : COMMIT_SEQ_MAX;
}

const struct error *check_read(
	const void *context, const struct check *check, const struct oid *oid, struct checked *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct log_commit *commit = &out->commit;

	TRY(repo_commit(context, check->from, oid, &out->raw));
	TRY(commit_parse(out->raw.message, &out->commit));
	if (strcmp(commit->log, check->log) != 0 || commit->epoch != check->epoch)
		return error_new(
			ERROR_INVALID, "it says it is of log %s, epoch %d", commit->log, commit->epoch);
	if (out->raw.parent_count != (commit->seq > 1))
		return error_new(ERROR_INVALID, "it has %zu parents", out->raw.parent_count);
	return commit_is_framed(
		&out->raw, commit_frame(scratch, commit->log, commit_seconds(commit->seq), &out->raw.tree,
				   out->raw.parent_count ? &out->raw.parents[0] : NULL, out->raw.message));
}

const struct error *check_signature(const struct check *check, const struct checked *checked)
{
	struct signer signer;

	TRY(check_signer(check, &signer));
	return sshsig_verify(checked->raw.signature, &signer, "git", checked->raw.signed_part);
}

static const struct error *check_revocation(const struct check *check, const struct checked *checked)
{
	const struct roster_member *member = member_of(check);
	uint8_t sha256[DIGEST_LEN];
	char hex[2 * DIGEST_LEN + 1];

	if (!member || member->status != MEMBER_REVOKED || checked->commit.seq < member->last_seq)
		return NULL;
	if (checked->commit.seq > member->last_seq)
		return error_new(ERROR_DENIED, "the hub is revoked; its last record that counts is Seq %lld",
			(long long)member->last_seq);
	digest_of(sha256, checked->raw.raw);
	text_hex(hex, sha256, sizeof sha256);
	if (strcmp(hex, member->last_commit) != 0)
		return error_new(
			ERROR_DENIED, "the hub is revoked, and the roster names another commit as its last");
	return NULL;
}

const struct error *check_follows(const struct check *check, const struct checked *checked)
{
	const struct log_commit *commit = &checked->commit;
	const struct log_tip *tip = &check->tip;
	uint8_t prev[DIGEST_LEN];

	if (commit->seq != tip->seq + 1)
		return error_new(ERROR_INVALID, "it says Seq %lld where %lld is next", (long long)commit->seq,
			(long long)tip->seq + 1);
	if (tip->seq && strcmp(checked->raw.parents[0].hex, tip->oid.hex) != 0)
		return error_new(ERROR_INVALID, "its parent is not the commit before");
	if (tip->seq)
		memcpy(prev, tip->sha256, sizeof prev);
	else
		digest_of(prev, (struct bytes){(const uint8_t *)"", 0});
	if (memcmp(commit->prev, prev, sizeof prev) != 0)
		return error_new(ERROR_INVALID, "Prev-SHA256 does not match the commit before");
	if (commit->roster < tip->roster)
		return error_new(ERROR_INVALID, "it names roster version %d after version %d", commit->roster,
			tip->roster);
	TRY(check_version(check, commit->roster));
	return check_revocation(check, checked);
}

const struct error *check_back(const struct back *back, const struct log_commit *commit)
{
	struct log_commit expected;

	TRY(back_fill(back, commit->seq, &expected));
	for (size_t i = 0; i < expected.back_count; i++)
		if (strcmp(expected.back[i].hex, commit->back[i].hex) != 0)
			return error_new(ERROR_INVALID, "Back names a commit that is not at Seq %lld",
				(long long)commit->seq - ((int64_t)1 << i));
	return NULL;
}

const struct error *check_body_form(struct bytes body)
{
	size_t recipients, header;

	if (body.len > CHECK_BLOB_MAX)
		return error_new(ERROR_INVALID, "an envelope has %zu bytes; at most %d are allowed", body.len,
			CHECK_BLOB_MAX);
	return age_look(body, &recipients, &header);
}

static const struct error *check_names(const struct tree_entry *entries, size_t count)
{
	char kind, mailbox[33];

	for (size_t i = 0; i < count; i++) {
		if (entries[i].mode != 0100644)
			return error_new(
				ERROR_INVALID, "entry %zu has mode %o instead of 100644", i, entries[i].mode);
		if (!commit_entry_name(entries[i].name, i, &kind, mailbox))
			return error_new(ERROR_INVALID, "entry %zu has a name that is not allowed there", i);
		if (i && strcmp(entries[i - 1].name, entries[i].name) >= 0)
			return error_new(ERROR_INVALID, "its entries are not sorted");
	}
	return NULL;
}

const struct error *check_entries(const void *context, const struct check *check,
	const struct checked *checked, check_body *each, void *user, struct tree_entry **entries,
	size_t *count)
{
	uint8_t expected[DIGEST_LEN], sha256[DIGEST_LEN];
	struct digest digest;

	TRY(repo_tree(context, check->from, &checked->raw.tree, COMMIT_ENTRIES_MAX, entries, count));
	TRY(check_names(*entries, *count));
	digest_start(&digest);
	for (size_t i = 0; i < *count; i++) {
		void *scratch CLEANUP(memory_free) = memory_context(NULL);
		const struct tree_entry *entry = &(*entries)[i];
		const struct error *error;
		struct bytes body;

		error = repo_blob(scratch, check->from, &entry->oid, CHECK_BLOB_MAX, &body);
		if (!error)
			error = check_body_form(body);
		if (error)
			return error_wrap(error, "entry %s", entry->name);
		digest_of(sha256, body);
		commit_envelopes_add(&digest, entry->name, sha256);
		each(user, entry, body);
	}
	digest_end(&digest, expected);
	if (memcmp(expected, checked->commit.envelopes, sizeof expected) != 0)
		return error_new(ERROR_INVALID, "Envelopes-SHA256 does not match its envelopes");
	return NULL;
}

static void tip_of(struct log_tip *tip, const struct oid *oid, const struct checked *checked)
{
	tip->oid = *oid;
	tip->seq = checked->commit.seq;
	tip->roster = checked->commit.roster;
	digest_of(tip->sha256, checked->raw.raw);
}

void check_advance(struct check *check, const struct oid *oid, const struct checked *checked)
{
	tip_of(&check->tip, oid, checked);
}

const struct error *check_tip_at(struct repo *repo, const struct oid *oid, struct log_tip *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct checked checked;

	TRY(repo_commit(scratch, repo, oid, &checked.raw));
	TRY(commit_parse(checked.raw.message, &checked.commit));
	tip_of(out, oid, &checked);
	return NULL;
}
