/* The guard against conflicts of interest (casework.md, "Conflict of interest"): whoever may have done it
 * does not get to hear who told. Pure; asked before a referral is sent, and again whenever it is sent on.
 *
 * A referral is blocked when
 * - a perpetrator of the case or of one of its incidents is of the provider's agency (the police-liaison is
 *   of the police, 010104), or the one agency is a branch of the other;
 * - an incident names in words the provider's agency or organisation;
 * - it is not known who did it (99, or nothing), and the provider's agency is the state's (0101.., 0102,
 *   0103).
 * It goes all the same when a second person of this hub agrees and the person consented to that agency.
 *
 * An entry of the directory does not forget: what it ever said of agency, profession and organisation counts,
 * so that nobody loosens the guard alone by changing it (directory_entry gathers it).
 *
 * Safe houses are never shown to providers: every list that a provider can see passes guard_hide. */
#ifndef ENGABO_CASEWORK_GUARD_H
#define ENGABO_CASEWORK_GUARD_H

#include <stdbool.h>

#include "node/base/json.h"
#include "node/casework/codes.h"

enum guard_reason {
	GUARD_CLEAR,
	GUARD_SAME,    /* a perpetrator's code is of the agency */
	GUARD_NAMED,   /* an incident names it in words */
	GUARD_UNKNOWN, /* nobody knows who did it, and it is the state's */
};
struct guard_verdict {
	enum guard_reason reason;
	const char *agency; /* the code that the person's consent must name; "" where the directory tells
			       none, and then nothing helps. As long as what was asked about. */
};
/* `codes`: what was added to the lists; what a coalition added under an agency is of that agency. `in_case`
 * has "perpetrators" (a list of codes), `incidents` is a list with "perpetrator" (a code) and "agency"
 * (words), `provider` has "agency", "profession" and "organisation", and in "was" lists of what these were
 * before. `agreed`: a consent whose agencies do not block, since a second person agreed to them; or NULL. */
struct guard_verdict guard_look(const struct codes *codes, const json_t *in_case, const json_t *incidents,
	const json_t *provider, const json_t *agreed);
/* Whether a consent's "agencies" names it. */
bool guard_consents(const json_t *consent, const char *agency);

/* Whether providers must not learn of this entry of the directory. */
bool guard_is_hidden(const struct codes *codes, const json_t *provider);
/* Takes such entries out of a list. */
void guard_hide(const struct codes *codes, json_t *providers);

#endif
