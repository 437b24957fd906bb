/* One record as a page shows it: its values, who said what, what stands against what. Reads the ledger;
 * changes nothing. */
#ifndef ENGABO_CASEWORK_RECORD_H
#define ENGABO_CASEWORK_RECORD_H

#include "node/casework/ledger.h"

/* As casefile_get, casefile_history and casefile_over say (casefile.h). */
const struct error *record_get(
	struct ledger *ledger, const char *type, const char *key, json_t **out) MUST_CHECK;
const struct error *record_history(
	struct ledger *ledger, const char *type, const char *key, json_t **out) MUST_CHECK;
const struct error *record_over(
	struct ledger *ledger, const char *type, const char *key, const json_t *set, json_t **out) MUST_CHECK;

#endif
