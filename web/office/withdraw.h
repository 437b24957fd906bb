/* Taking a referral back: by hand, or because the consent that it rests on was withdrawn. */
#ifndef ENGABO_WEB_OFFICE_WITHDRAW_H
#define ENGABO_WEB_OFFICE_WITHDRAW_H

#include "node/casework/referral.h"
#include "web/office/pages.h"

/* How many were withdrawn; how many stand with another hub, which alone could withdraw them. */
struct withdrawn {
	size_t here, elsewhere;
};
/* Adds to `batch` that every referral of the case which was sent on this consent, whatever was answered, is
 * withdrawn. */
const struct error *withdraw_for_consent(struct visit *visit, struct batch *batch, const char *case_key,
	const char *consent, struct withdrawn *out) MUST_CHECK;

#endif
