/* One commit of a log: its message and its raw object (sync/FORMAT.md). Pure. */
#ifndef ENGABO_SYNC_COMMIT_H
#define ENGABO_SYNC_COMMIT_H

#include "node/base/ids.h"
#include "node/vault/digest.h"
#include "node/vault/sshsig.h"
#include "sync/repo.h"

#define COMMIT_ENTRIES_MAX 256
#define COMMIT_BACK_MAX 40
#define COMMIT_ACKS_MAX 64
#define COMMIT_EPOCH_SECONDS 1577836800 /* author time of Seq 0: 2020-01-01T00:00:00Z; time = this + Seq: no working hours leak */

struct commit_ack {
	char log[LOG_ID_SIZE];
	int epoch;
	int64_t seq;
};
struct commit_entry {
	char name[64]; /* "i-0000.age", "o-0001.age", "m-<mailbox id>-0002.age" */
	struct bytes body;
};
struct log_commit {
	char log[LOG_ID_SIZE];
	int epoch;
	int64_t seq; /* from 1 */
	int roster;  /* 0 while a hub works alone */
	uint8_t prev[DIGEST_LEN];      /* SHA-256 of the raw commit at seq - 1; of nothing at 1 */
	uint8_t envelopes[DIGEST_LEN]; /* commit_envelopes_digest */
	struct oid back[COMMIT_BACK_MAX]; /* commits at seq-1, -2, -4, -8 ... */
	size_t back_count;
	struct commit_ack acks[COMMIT_ACKS_MAX];
	size_t ack_count;
};
void commit_envelopes_digest(uint8_t out[static DIGEST_LEN], const struct commit_entry *entries, size_t count);
/* SHA-256 incremental variant for readers that hold one blob at a time lies in check.c. */
char *commit_message(const void *context, const struct log_commit *commit);
/* Strict: exactly what commit_message would print, or ERROR_INVALID. */
const struct error *commit_parse(const char *message, struct log_commit *out) MUST_CHECK;
/* The raw commit object, signed by `sign` (namespace git), author and committer as FORMAT.md says. */
struct bytes commit_raw(const void *context, const struct log_commit *commit, const struct oid *tree,
	const struct oid *parent, const struct secret *sign);
/* Whether an entry's name is one of the three forms; *kind is 'i', 'o' or 'm'; mailbox gets the id (33 bytes) or "". Its number must be
 * `index`'s. */
bool commit_entry_name(const char *name, size_t index, char *kind, char mailbox[static 33]);

#endif
