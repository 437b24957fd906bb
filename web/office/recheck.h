/* The guard against conflicts of interest, asked again of referrals that are sent: the case or the directory
 * may tell more by now than then. */
#ifndef ENGABO_WEB_OFFICE_RECHECK_H
#define ENGABO_WEB_OFFICE_RECHECK_H

#include "node/casework/guard.h"
#include "web/office/visit.h"

/* Why a provider must not be asked, in a sentence; the agency's name. */
const char *recheck_words(
	const struct visit *visit, const char *provider, const struct guard_verdict *verdict);
const char *recheck_agency(const struct visit *visit, const char *agency);

/* The same for a referral that was sent, by what is known now; "" when nothing is in the way, or a second
 * person and the person herself agreed to that agency. `referral` has "provider", "consent" and
 * "override_by", `in_case` "key" and "perpetrators". */
const struct error *recheck_referral(
	struct visit *visit, const json_t *referral, const json_t *in_case, const char **why) MUST_CHECK;
/* "in_the_way" of the view: open referrals of this hub that by now should not go on, in all cases that this
 * person may see, for whose officer it is may be away or at another hub; null when there is none. */
const struct error *recheck_today(struct visit *visit) MUST_CHECK;

#endif
