/* The guard (guard.h) asked again of referrals that are on their way: the case or the directory may tell more
 * by now than when they were sent, whichever hub said it. What it answered is kept in table in_the_way; which
 * referrals it has to be asked of once more, in table unchecked, which pending.c fills whenever a record that
 * it goes by settles. So Today costs what is in the way, and not what is on its way. */
#ifndef ENGABO_CASEWORK_OBSTACLE_H
#define ENGABO_CASEWORK_OBSTACLE_H

#include "node/casework/casefile.h"
#include "node/casework/guard.h"

/* What is in the way of one referral by what is known now; GUARD_CLEAR also where a second person and the
 * person herself agreed to that agency, or the provider's entry is not here. `referral` has "provider",
 * "consent" and "override_by", `in_case` "key" and "perpetrators". verdict->agency lives as long as the
 * lists, or *entry: the provider's (directory_entry), the caller's; NULL where it is not here. */
const struct error *obstacle_find(struct casefile *file, const struct codes *codes, const json_t *referral,
	const json_t *in_case, struct guard_verdict *verdict, json_t **entry) MUST_CHECK;

/* Of what this hub sent and is still within its days: {"key", "case_ref", "provider_name", "reason",
 * "agency", and what referral_state wants}, in cases that the reader sees. Asks the guard what is to be asked
 * first, with the eyes of the hub. The caller owns *out. */
const struct error *obstacle_list(struct casefile *file, const struct codes *codes,
	const struct reader *reader, const char *hub, const char *today, int limit, json_t **out) MUST_CHECK;

#endif
