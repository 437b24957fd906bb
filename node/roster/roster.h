/* The roster: who belongs. A pure parser and verifier; reads and writes no file and no repository
 * (formats.md, "Roster").
 *
 * A version is a set of files: roster.json, allowed_signers, members.age, signatures/<fingerprint>.sig. Its
 * digest is SHA-256 over, for each file but the signatures in name order, name || 0x00 || SHA-256(content).
 * Version 1 is believed when its digest is the root in trust.json and it is signed by its own coordinators;
 * version n + 1 when at least `threshold` coordinators of version n signed it, and, where the coordinators or
 * the threshold changed, `threshold` of its own as well. A signature is an SSHSIG in namespace engabo-roster
 * over the digest as 64 hex digits and a newline, so that ssh-keygen -Y verify checks what sha256sum prints.
 * roster.json's own form: README of this folder. */
#ifndef ENGABO_ROSTER_ROSTER_H
#define ENGABO_ROSTER_ROSTER_H

#include "node/roster/trust.h"

#define ROSTER_MEMBERS_MAX 64
#define ROSTER_COORDINATORS_MAX 16
#define ROSTER_FILE_MAX (256 * 1024)

struct roster_signature {
	char *fingerprint; /* "SHA256:..." with '/' written '_' ; the file's name without .sig */
	char *armor;
};
struct roster_files {
	struct bytes json, allowed_signers, members;
	struct roster_signature *signatures;
	size_t signature_count;
};

enum member_status { MEMBER_ACTIVE, MEMBER_REVOKED };
struct roster_member {
	struct member_keys keys;
	enum member_status status;
	int64_t last_seq;     /* of a revoked log: the last commit that counts; -1 while active */
	char last_commit[65]; /* its SHA-256 over the raw commit, hex; empty while active */
};

enum sharing_policy { SHARING_FULL, SHARING_SUMMARY, SHARING_NONE };
/* "full", "summary" or "none"; ERROR_INVALID for anything else. */
const struct error *roster_sharing_parse(const char *name, enum sharing_policy *out) MUST_CHECK;
struct roster {
	int version;
	char coalition[ULID_SIZE];
	struct signer coordinators[ROSTER_COORDINATORS_MAX];
	size_t coordinator_count;
	int threshold;
	char keeper[LOG_ID_SIZE]; /* the one hub that commits new versions */
	enum sharing_policy sharing;
	int epoch;
	struct age_recipient recovery; /* of the current epoch */
	struct age_recipient coalition_recipient;
	struct roster_member members[ROSTER_MEMBERS_MAX];
	size_t member_count;
	uint8_t digest[DIGEST_LEN]; /* of its files; filled by verification and by roster_print_files */
};

void roster_digest(uint8_t out[static DIGEST_LEN], const struct roster_files *files);
const struct error *roster_parse(struct bytes json, struct roster *out) MUST_CHECK;
/* roster.json and allowed_signers for these values (members.age is the caller's); also used to check that the
 * files of a version agree: allowed_signers must be exactly what roster.json gives. */
struct bytes roster_print(const void *context, const struct roster *roster);
struct bytes roster_allowed_signers(const void *context, const struct roster *roster);
struct roster_signature roster_sign(
	const void *context, const struct roster_files *files, const struct secret *coordinator);

const struct roster_member *roster_member(const struct roster *roster, const char *log); /* NULL: unknown */
/* Active headquarters members' recipients, appended to out (at most `max`); returns how many. */
size_t roster_headquarters(const struct roster *roster, struct age_recipient *out, size_t max);

/* All versions from 1, each checked against the one before. */
struct roster_chain;
struct roster_chain *roster_chain_new(const void *context, const struct trust *trust);
/* Checks and adds the next version. ERROR_DENIED: not signed as it must be, or another root; ERROR_INVALID:
 * malformed; ERROR_CONFLICT: not the next version, or another coalition. On failure the chain is as before.
 */
const struct error *roster_chain_add(struct roster_chain *chain, const struct roster_files *files) MUST_CHECK;
/* The newest; NULL while the chain is empty (a hub that works alone). */
const struct roster *roster_chain_newest(const struct roster_chain *chain);
/* NULL for a version not in the chain. */
const struct roster *roster_chain_at(const struct roster_chain *chain, int version);

/* The names behind the keys: members.age opened.
 * {"v":1,"name":coalition's,"hubs":[{"log","name","code","region"}],
 * "identities":[{"epoch":1,"identity":"AGE-SECRET-KEY-1..."}]} */
struct roster_name {
	char log[LOG_ID_SIZE];
	char *name, *code, *region;
};
struct roster_names {
	char *coalition;
	struct roster_name *hubs;
	size_t count;
	int epoch;		 /* the current one */
	struct secret *identity; /* of the coalition recipient in that epoch; the caller frees it */
};
/* The names hang on `context`, the identity does not. */
const struct error *roster_names_parse(
	const void *context, struct bytes json, struct roster_names **out) MUST_CHECK;
struct secret *roster_names_print(const struct roster_names *names);

#endif
