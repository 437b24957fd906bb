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
#define COMMIT_SEQ_MAX ((int64_t)1 << COMMIT_BACK_MAX)
#define COMMIT_EPOCH_MAX 1000000
#define COMMIT_ROSTER_MAX 1000000
#define COMMIT_EPOCH_SECONDS                                                                                 \
	1577836800 /* author time of Seq 0: 2020-01-01T00:00:00Z; time = this + Seq: no working hours leak   \
		    */

struct commit_ack {
	char log[LOG_ID_SIZE];
	int epoch;
	int64_t seq;
};
struct commit_entry {
	char name[64]; /* "i-0000.age", "o-0001.age", "m-<mailbox id>-0002.age" */
	struct bytes body;
	struct oid oid; /* its blob, where it was read from a repository */
};
struct log_commit {
	char log[LOG_ID_SIZE];
	int epoch;
	int64_t seq;			  /* from 1 */
	int roster;			  /* 0 while a hub works alone */
	uint8_t prev[DIGEST_LEN];	  /* SHA-256 of the raw commit at seq - 1; of nothing at 1 */
	uint8_t envelopes[DIGEST_LEN];	  /* commit_envelopes_digest */
	struct oid back[COMMIT_BACK_MAX]; /* commits at seq-1, -2, -4, -8 ... */
	size_t back_count;
	struct commit_ack acks[COMMIT_ACKS_MAX];
	size_t ack_count;
};
void commit_envelopes_digest(
	uint8_t out[static DIGEST_LEN], const struct commit_entry *entries, size_t count);
/* The same for those who hold one blob at a time: one entry more, by the SHA-256 of its body. digest_start
 * before, digest_end after. */
void commit_envelopes_add(struct digest *digest, const char *name, const uint8_t body[static DIGEST_LEN]);
char *commit_message(const void *context, const struct log_commit *commit);
/* Strict: exactly what commit_message would print, or ERROR_INVALID. */
const struct error *commit_parse(const char *message, struct log_commit *out) MUST_CHECK;
/* The raw commit object, signed by `sign` (namespace git), author and committer as FORMAT.md says. */
struct bytes commit_raw(const void *context, const struct log_commit *commit, const struct oid *tree,
	const struct oid *parent, const struct secret *sign);
/* The commit object without its signature: what the signature covers. Any branch of ours: log id and time for
 * author and committer; `parent` NULL for the first. */
struct bytes commit_frame(const void *context, const char *log, int64_t seconds, const struct oid *tree,
	const struct oid *parent, const char *message);
/* A frame with its signature put in: the raw object. `armor` as sshsig_sign gives it, or without its last
 * newline. */
struct bytes commit_with_signature(const void *context, struct bytes frame, const char *armor);
/* Whether `raw` is exactly this frame and a signature in git's place. (sshsig_verify takes one spelling of a
 * signature only; together no relay can make a second commit, and so a fork, of one that the hub signed
 * once.) ERROR_INVALID says what differs. */
const struct error *commit_is_framed(const struct raw_commit *raw, struct bytes frame) MUST_CHECK;
int64_t commit_seconds(int64_t seq); /* the author time of a Seq (or a roster version) */
/* How many commits Back names at this Seq: one for each 2^k < seq. */
size_t commit_back_count(int64_t seq);
/* Whether an entry's name is one of the three forms; *kind is 'i', 'o' or 'm'; mailbox gets the id (33 bytes)
 * or "". Its number must be `index`'s. */
bool commit_entry_name(const char *name, size_t index, char *kind, char mailbox[static 33]);

#endif
