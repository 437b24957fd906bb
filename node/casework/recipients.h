/* Whom an event is sealed to: the hubs in its "to", as keys of the roster, and the epoch's recovery recipient
 * (formats.md, "Envelope"). Pure. */
#ifndef ENGABO_CASEWORK_RECIPIENTS_H
#define ENGABO_CASEWORK_RECIPIENTS_H

#include "node/base/json.h"
#include "node/roster/roster.h"

/* The "to" of a record that belongs to the hub `home`, by the coalition's sharing policy (casework.md,
 * "Sharing"): its own hub and, where all is shared, headquarters; else whoever writes it reads it as well. A
 * home that has left gets nothing new. `roster` NULL: this hub works alone, and what it writes waits for
 * headquarters. The caller's. */
json_t *recipients_named(const struct roster *roster, const struct member_keys *self, const char *home);
/* The same where less or more than that is shared; what headquarters gets as a summary is an event of its
 * own. */
json_t *recipients_shared(const struct roster *roster, const struct member_keys *self, const char *home,
	enum sharing_policy sharing);
/* The "to" of what is between two hubs and nobody else's, neither headquarters' unless it is one of them: a
 * referral and the replies on it. `b` may be "" or the same; one that has left gets nothing new. The
 * caller's.
 */
json_t *recipients_between(
	const struct roster *roster, const struct member_keys *self, const char *a, const char *b);
/* `roster` NULL: this hub works alone, and all is sealed to itself. "hq" means every active headquarters hub,
 * "all" the coalition recipient; a log id that is not an active member is ERROR_NOT_FOUND. No recipient
 * twice. out holds AGE_RECIPIENTS_MAX. */
const struct error *recipients_of(const json_t *to, const struct roster *roster,
	const struct member_keys *self, struct age_recipient *out, size_t *count) MUST_CHECK;

#endif
