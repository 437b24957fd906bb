/* What Today asks for, kept ready in tables (casefile.sql: owed, unanswered; and unchecked for obstacle.h),
 * so that a page costs what it shows and not what there is. Worked out anew, a case or a report at a time,
 * whenever a record of it settles. */
#ifndef ENGABO_CASEWORK_PENDING_H
#define ENGABO_CASEWORK_PENDING_H

#include "node/casework/ledger.h"

/* The cases and reports that a batch touched; each once. */
struct pending;
struct pending *pending_new(const void *context);
/* This record was settled; `before` as it stood. */
void pending_touch(struct pending *pending, const struct ledger_entity *before,
	const struct ledger_entity *now, const struct claim *claims, size_t count);
/* Works out what was touched; nothing is, afterwards, also when it fails. */
const struct error *pending_settle(struct pending *pending, struct db *db) MUST_CHECK;

/* What the reporter sent behind the office's last words, the longest waiting first; not that an answer was
 * read, nor anything from a mailbox that its reporter closed; closing a report answers what was there.
 * [{"report","kind","text","created"}]; the caller owns it. */
struct casefile;
const struct error *pending_unanswered(struct casefile *file, int limit, json_t **out) MUST_CHECK;

#endif
