/* The tables of records: what pages read of each, written when it was worked out anew. */
#ifndef ENGABO_CASEWORK_ROWS_H
#define ENGABO_CASEWORK_ROWS_H

#include "node/casework/ledger.h"
#include "node/casework/merge.h"

/* Hangs on a talloc context with its statements. */
struct rows;
const struct error *rows_new(const void *context, struct db *db, struct rows **out) MUST_CHECK;
/* The row, conflicts, search text, mailboxes and link of one record, as `merged` says; no row when none of
 * its events count. Sets the row's conflicts and search, for the caller to keep. */
const struct error *rows_write(
	struct rows *rows, struct ledger_entity *row, const struct merged *merged) MUST_CHECK;

/* Where an entity is read, a table or a view: "case_" for case. */
const char *rows_table(const struct entity *entity);
/* "key, created, changed, author, conflicts[, case_key], <fields>[, named]", quoted: all columns that events
 * decide. */
void rows_columns(struct buffer *out, const struct entity *entity);

#endif
