/* mailbox.db: which envelopes of log.git are whose mailbox's. The sync role writes it, in the course of
 * looking through each log once; intake and sync's own watch read it. What each table and column is for
 * stands in mailbox.sql. */
#ifndef ENGABO_SYNC_MAILBOXES_H
#define ENGABO_SYNC_MAILBOXES_H

#include "node/store/db.h"
#include "sync/logs.h"

#define MAILBOX_DB_VERSION 1
extern const struct db_schema mailbox_schema; /* mailbox.sql */

/* ---- for readers ---- */

struct mailbox_item {
	char log[LOG_ID_SIZE];
	struct bytes body;
};
/* All items of one mailbox on `context`, each log's in its order, as far as log.git has them. */
const struct error *mailboxes_find(const void *context, struct db *mailbox_db, struct repo *log_git,
	const char *mailbox, struct mailbox_item **out, size_t *count) MUST_CHECK;

/* ---- for the sync role alone ---- */

struct hub;
/* Brings mailbox.db, and the acknowledgements in sync.db, up to the log's tip in log.git; cheap when they
 * are. */
const struct error *mailboxes_index(struct hub *hub, const char *log, int epoch) MUST_CHECK;
/* The same for what logs_append has put into our own log behind `before`: from memory, where the rest of it
 * had been looked through. Acknowledgements are the caller's. `taken`: how far intake's spool is in the log
 * now. */
const struct error *mailboxes_add(struct hub *hub, const struct log_tip *before, const struct log_tip *tip,
	const struct log_entry *entries, size_t count, int64_t taken) MUST_CHECK;

#endif
