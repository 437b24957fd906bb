/* The spool: sealed envelopes on the card that sync has yet to put into the log. The same table in intake.db
 * and office.db; its owner adds and prunes, sync only reads (spool.sql says what each column is).
 *
 * An entry's name in the commit is made by sync from `kind` and `mailbox` (formats.md, "Log"). */
#ifndef ENGABO_STORE_SPOOL_H
#define ENGABO_STORE_SPOOL_H

#include "node/store/db.h"

#define SPOOL_BODY_MAX 65536
#define SPOOL_DB_VERSION                                                                                     \
	1 /* of the files with a spool, intake.db and office.db: what sync asks db_open_foreign for */

extern const char spool_sql[]; /* the CREATE TABLE, to be put into a role's schema */

struct spool_entry {
	int64_t id;	   /* rises; never used twice */
	char kind;	   /* 'i' from intake, 'o' from office, 'm' a mailbox item */
	char mailbox[33];  /* for 'm': the mailbox id, 32 hex digits; else empty */
	bool urgent;	   /* danger = yes: a flag without content */
	struct bytes body; /* an age file of at most SPOOL_BODY_MAX bytes */
};

/* The file with the spool is that of the hub with this log id, from the first call on. ERROR_CONFIG when it
 * is another's: what is sealed for one hub must not leave in the name of another. */
const struct error *spool_claim(struct db *db, const char *log) MUST_CHECK;
/* Within the caller's transaction. */
const struct error *spool_add(struct db *db, const struct spool_entry *entry, int64_t *id) MUST_CHECK;
/* At most `most` entries with id > after, oldest first, on `context`. Their bodies together are at most 16
 * MiB. */
const struct error *spool_after(const void *context, struct db *db, int64_t after, size_t most,
	struct spool_entry **entries, size_t *count) MUST_CHECK;
/* Deletes what sync has put into the log: at most `most` rows with ids up to `upto`, oldest first. */
const struct error *spool_prune(struct db *db, int64_t upto, int64_t most) MUST_CHECK;
const struct error *spool_count(struct db *db, int64_t after, int64_t *count) MUST_CHECK;

#endif
