/* sync.db and mailbox.db: what the sync role remembers. It alone writes them; office reads sync.db (status), intake reads mailbox.db. */
#ifndef ENGABO_SYNC_STATE_H
#define ENGABO_SYNC_STATE_H

#include "node/base/home.h"
#include "node/base/json.h"
#include "node/store/db.h"

#define SYNC_DB_VERSION 1
#define MAILBOX_DB_VERSION 1
extern const struct db_schema sync_schema;    /* state.sql */
extern const struct db_schema mailbox_schema; /* mailbox.sql */

/* mailbox.db, read by intake:
 *   item(mailbox TEXT, log TEXT, epoch INTEGER, seq INTEGER, place INTEGER, body BLOB, PRIMARY KEY(mailbox, log, epoch, seq, place))
 *   taken(spool TEXT PRIMARY KEY, upto INTEGER)      -- 'intake': rows of intake.db's spool that are in the log
 * sync.db, read by office:
 *   taken(spool, upto), urgent(id INTEGER PRIMARY KEY, at INTEGER)  -- reports with danger = yes, from our own intake
 *   remote(name, url, last_ok, last_try, last_error, next_try, sent, received), known(log, epoch, seq, oid, sha256, seen),
 *   trouble(id, at, log, kind, reason), found(name, host, address, port, seen), ack(log, epoch, by, seq) */

struct mailbox_item {
	char log[17];
	int epoch;
	int64_t seq;
	struct bytes body;
};
/* All items of one mailbox, oldest first, on `context`. */
const struct error *mailbox_items(const void *context, struct db *mailbox_db, const char *mailbox, struct mailbox_item **out,
	size_t *count) MUST_CHECK;
/* How far sync has taken a spool ('intake' from mailbox.db, 'office' from sync.db). */
const struct error *state_taken(struct db *db, const char *spool, int64_t *upto) MUST_CHECK;
/* The newest urgent report's row, 0 when there was none; for the flag on the sign-in page. */
const struct error *state_urgent(struct db *sync_db, int64_t *newest, int64_t *at) MUST_CHECK;
/* Status as `engabo status --json` and /sync show it; the caller owns it. Reads sync.db through `db` only. */
const struct error *state_status(struct db *db, json_t **out) MUST_CHECK;

#endif
