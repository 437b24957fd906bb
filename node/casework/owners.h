/* The owners of a case, from the ledger: table case_owner, which has only cases that were transferred. */
#ifndef ENGABO_CASEWORK_OWNERS_H
#define ENGABO_CASEWORK_OWNERS_H

#include "node/casework/ledger.h"
#include "node/casework/owner.h"

/* On `context`; NULL: the hub in its key, as ever. */
const struct error *owners_read(
	struct ledger *ledger, const void *context, const char *case_key, struct owners **out) MUST_CHECK;
/* Works them out anew from all transfers of the case and their answers, and says whether they changed. */
const struct error *owners_work_out(struct ledger *ledger, const char *case_key, bool *is_changed) MUST_CHECK;

#endif
