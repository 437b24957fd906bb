/* Settling: brings the table row, the conflicts and the search text of a record up to what its events now
 * say. */
#ifndef ENGABO_CASEWORK_SETTLE_H
#define ENGABO_CASEWORK_SETTLE_H

#include "node/casework/ledger.h"

/* Hangs on a talloc context with its statements. */
struct settle;
const struct error *settle_new(const void *context, struct ledger *ledger, struct settle **out) MUST_CHECK;
/* Settles these rows of table entity (any order, repetitions welcome; sorted in place), and the messages that
 * depend on them. */
const struct error *settle_all(struct settle *settle, int64_t *ids, size_t count) MUST_CHECK;

#endif
