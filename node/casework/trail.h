/* The audit trail in the case file: who saw, changed, exported or referred what in this hub, each entry
 * linked to the one that it follows (EVENT.md, "The audit trail"). */
#ifndef ENGABO_CASEWORK_TRAIL_H
#define ENGABO_CASEWORK_TRAIL_H

#include "node/base/json.h"
#include "node/store/db.h"
#include "node/vault/digest.h"

#define TRAIL_HASH_SIZE (2 * DIGEST_LEN + 1) /* hex and a NUL */

/* What the next entry follows: the newest known. `hash` "" and `n` 0 while there is none. */
struct trail_end {
	char hash[TRAIL_HASH_SIZE];
	int64_t n;
};
const struct error *trail_end(struct db *db, struct trail_end *out) MUST_CHECK;
/* The link to an event, for the one that follows it. */
void trail_hash(char out[static TRAIL_HASH_SIZE], struct bytes line);

/* For rows.c: the entry `id` of entity `audit` says `set` in an event of these bytes; or it counts no more.
 */
const struct error *trail_settle(struct db *db, int64_t id, const json_t *set, struct bytes line) MUST_CHECK;
const struct error *trail_drop(struct db *db, int64_t id) MUST_CHECK;

struct trail_state {
	int64_t count;	 /* entries */
	int64_t missing; /* entries that follow one which is not here */
	char since[24];	 /* when the first of these was written; "" when there is none */
};
const struct error *trail_state(struct db *db, struct trail_state *out) MUST_CHECK;

/* Whether there is an entry of this person, on this record, that says so, of that day (UTC) or later. */
const struct error *trail_has(struct db *db, const char *who, const char *record, const char *what,
	const char *day, bool *out) MUST_CHECK;

/* Newest first: [{"key","what","who","on","record","at"}]. NULL in `who`, `record`: all; in `from`, `before`
 * (RFC 3339): no bound. */
struct trail_wanted {
	const char *who, *record, *from, *before;
	int limit, offset;
};
const struct error *trail_list(struct db *db, const struct trail_wanted *wanted, json_t **out) MUST_CHECK;

#endif
