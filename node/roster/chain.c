/* The chain of roster versions, from the root that this hub was given to the newest (see roster.h).
 *
 * Every role checks it for itself, so that none of them, taken over, can slip in a recipient or a hub: a
 * version counts only when coordinators whom the version before names have signed its exact bytes, and when
 * it keeps what must stay (a log's key, a revocation, the coalition). What a version means by itself is
 * roster.c's. Pure; runs in every role and in commands. */
#include "node/roster/roster.h"

#include <string.h>

#include "node/base/text.h"

#define NAMESPACE "engabo-roster"
#define SIGNATURES_MAX (2 * ROSTER_COORDINATORS_MAX)
#define MESSAGE_SIZE (2 * DIGEST_LEN + 2)

struct roster_chain {
	struct trust trust;
	struct roster **versions; /* [0] is version 1 */
	size_t count;
};

/* What is signed: the digest as a line of text, so that ssh-keygen -Y verify can check it against what
 * sha256sum prints. */
static struct bytes signed_message(char out[static MESSAGE_SIZE], const uint8_t digest[static DIGEST_LEN])
{
	text_hex(out, digest, DIGEST_LEN);
	out[MESSAGE_SIZE - 2] = '\n';
	out[MESSAGE_SIZE - 1] = '\0';
	return (struct bytes){(const uint8_t *)out, MESSAGE_SIZE - 1};
}

/* The fingerprint as a file's name. */
static void signature_name(char out[static SSHSIG_FINGERPRINT_SIZE], const struct signer *signer)
{
	sshsig_fingerprint(out, signer);
	for (char *c = out; *c; c++)
		if (*c == '/')
			*c = '_';
}

struct roster_signature roster_sign(
	const void *context, const struct roster_files *files, const struct secret *coordinator)
{
	char name[SSHSIG_FINGERPRINT_SIZE], message[MESSAGE_SIZE];
	uint8_t digest[DIGEST_LEN];
	struct signer signer;

	roster_digest(digest, files);
	sshsig_public_of(&signer, coordinator);
	signature_name(name, &signer);
	return (struct roster_signature){
		.fingerprint = memory_string(context, name),
		.armor = sshsig_sign(context, coordinator, NAMESPACE, signed_message(message, digest)),
	};
}

struct roster_chain *roster_chain_new(const void *context, const struct trust *trust)
{
	struct roster_chain *chain = memory_new(context, struct roster_chain);

	chain->trust = *trust;
	return chain;
}

const struct roster *roster_chain_newest(const struct roster_chain *chain)
{
	return chain->count ? chain->versions[chain->count - 1] : NULL;
}

const struct roster *roster_chain_at(const struct roster_chain *chain, int version)
{
	return version >= 1 && (size_t)version <= chain->count ? chain->versions[version - 1] : NULL;
}

static bool is_coordinator(const struct roster *roster, const struct signer *signer)
{
	for (size_t i = 0; i < roster->coordinator_count; i++)
		if (memcmp(roster->coordinators[i].key, signer->key, sizeof signer->key) == 0)
			return true;
	return false;
}

/* Whether the same people decide, by the same rule; their order says nothing. */
static bool same_coordinators(const struct roster *a, const struct roster *b)
{
	if (a->coordinator_count != b->coordinator_count || a->threshold != b->threshold)
		return false;
	for (size_t i = 0; i < a->coordinator_count; i++)
		if (!is_coordinator(b, &a->coordinators[i]))
			return false;
	return true;
}

/* One signature: well named, by one of `before` or `after`, over exactly this message. */
static const struct error *check_signature(const struct roster_signature *signature, struct bytes message,
	const struct roster *before, const struct roster *after, struct signer *out)
{
	char name[SSHSIG_FINGERPRINT_SIZE];
	const struct error *error;

	error = sshsig_signer(signature->armor, out);
	if (error)
		return error_wrap(error, "signatures/%s.sig", signature->fingerprint);
	signature_name(name, out);
	if (strcmp(name, signature->fingerprint) != 0)
		return error_new(ERROR_INVALID, "signatures/%s.sig is by %s", signature->fingerprint, name);
	if (!is_coordinator(before, out) && !is_coordinator(after, out))
		return error_new(ERROR_DENIED, "%s signed but is not a coordinator", name);
	error = sshsig_verify(signature->armor, out, NAMESPACE, message);
	return error ? error_wrap(error, "signatures/%s.sig", name) : NULL;
}

/* `before` is `after` itself for version 1. */
static const struct error *check_signatures(
	const struct roster_files *files, const struct roster *before, const struct roster *after)
{
	struct signer signers[SIGNATURES_MAX];
	int by_before = 0, by_after = 0;
	char text[MESSAGE_SIZE];
	struct bytes message = signed_message(text, after->digest);

	if (files->signature_count > SIGNATURES_MAX)
		return error_new(ERROR_INVALID, "more than %d signatures", SIGNATURES_MAX);
	for (size_t i = 0; i < files->signature_count; i++) {
		TRY(check_signature(&files->signatures[i], message, before, after, &signers[i]));
		for (size_t j = 0; j < i; j++)
			if (memcmp(signers[i].key, signers[j].key, sizeof signers[i].key) == 0)
				return error_new(
					ERROR_DENIED, "%s signed twice", files->signatures[i].fingerprint);
		by_before += is_coordinator(before, &signers[i]);
		by_after += is_coordinator(after, &signers[i]);
	}
	if (by_before < before->threshold)
		return error_new(ERROR_DENIED, "%d of the coordinators signed where %d are needed", by_before,
			before->threshold);
	if (!same_coordinators(before, after) && by_after < after->threshold)
		return error_new(ERROR_DENIED, "%d of the new coordinators signed where %d are needed",
			by_after, after->threshold);
	return NULL;
}

/* The files of one version say the same thing. */
static const struct error *check_files(const struct roster_files *files, const struct roster *roster)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct bytes expected = roster_allowed_signers(scratch, roster);
	size_t recipients, header_len;
	const struct error *error;

	if (files->allowed_signers.len != expected.len ||
		memcmp(files->allowed_signers.data, expected.data, expected.len) != 0)
		return error_new(ERROR_INVALID, "allowed_signers does not say what roster.json says");
	if (files->members.len > ROSTER_FILE_MAX)
		return error_new(ERROR_INVALID, "members.age is larger than %d bytes", ROSTER_FILE_MAX);
	error = age_look(files->members, &recipients, &header_len);
	return error ? error_wrap(error, "members.age") : NULL;
}

static const struct error *check_member(const struct roster_member *old, const struct roster *after)
{
	const struct roster_member *now = roster_member(after, old->keys.log);

	if (!now)
		return error_new(
			ERROR_INVALID, "the log %s is gone; a log can only be revoked", old->keys.log);
	if (memcmp(now->keys.sign.key, old->keys.sign.key, sizeof now->keys.sign.key) != 0)
		return error_new(ERROR_INVALID, "the log %s has another signing key", old->keys.log);
	if (old->status == MEMBER_REVOKED && now->status != MEMBER_REVOKED)
		return error_new(ERROR_INVALID, "the log %s was revoked and cannot come back", old->keys.log);
	if (now->keys.epoch < old->keys.epoch)
		return error_new(ERROR_INVALID, "the log %s goes back to an earlier epoch", old->keys.log);
	return NULL;
}

static const struct error *check_step(const struct roster *before, const struct roster *after)
{
	if (after->epoch < before->epoch)
		return error_new(ERROR_INVALID, "the epoch goes back");
	for (size_t i = 0; i < before->member_count; i++)
		TRY(check_member(&before->members[i], after));
	return NULL;
}

static const struct error *check_root(const struct trust *trust, const struct roster *roster)
{
	if (memcmp(trust->root, roster->digest, DIGEST_LEN) != 0)
		return error_new(ERROR_DENIED, "it is not the root that this hub was given");
	return NULL;
}

static const struct error *check(
	const struct roster_chain *chain, const struct roster_files *files, const struct roster *after)
{
	const struct roster *before = roster_chain_newest(chain);

	if (!chain->trust.has_coalition)
		return error_new(ERROR_CONFLICT, "this hub works alone and belongs to no coalition");
	if (strcmp(after->coalition, chain->trust.coalition) != 0)
		return error_new(ERROR_CONFLICT, "it is of another coalition");
	if ((size_t)after->version != chain->count + 1)
		return error_new(ERROR_CONFLICT, "it is version %d where %zu comes next", after->version,
			chain->count + 1);
	TRY(check_files(files, after));
	if (before)
		TRY(check_step(before, after));
	else
		TRY(check_root(&chain->trust, after));
	return check_signatures(files, before ? before : after, after);
}

const struct error *roster_chain_add(struct roster_chain *chain, const struct roster_files *files)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct roster *roster = memory_new(scratch, struct roster);
	const struct error *error;

	TRY(roster_parse(files->json, roster));
	roster_digest(roster->digest, files);
	error = check(chain, files, roster);
	if (error)
		return error_wrap(error, "roster version %d", roster->version);
	chain->versions = memory_resize(chain, chain->versions, struct roster *, chain->count + 1);
	chain->versions[chain->count++] = talloc_steal(chain, roster);
	return NULL;
}
