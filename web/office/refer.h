/* Sending a referral, in three steps: to whom (refer.c), what goes along (refer_form.c, refer_copy.c),
 * exactly what they will see. What was typed travels in hidden fields; nothing is written before Send. */
#ifndef ENGABO_WEB_OFFICE_REFER_H
#define ENGABO_WEB_OFFICE_REFER_H

#include "node/casework/guard.h"
#include "web/office/pages.h"

/* What is being sent. Hangs on the visit's context, with all it holds. */
struct refer {
	const char *case_key, *provider_key;
	json_t *in_case, *provider;
	json_t *old; /* the referral that it starts from; NULL: none */
	json_t *incidents, *consents, *people, *contacts, *plans; /* of the case: lists_parts */
	json_t *set;						  /* what the provider gets */
	json_t *new_consent; /* typed on the form; NULL: one of the list */
	json_t *consent;     /* what it rests on; NULL: none yet */
	struct guard_verdict verdict;
};

/* The boxes to tick: [{"code","label","hint","selected"}]. */
json_t *refer_offers(const struct visit *visit, const struct refer *refer);
/* Copies what was ticked into refer->set; a problem where that is nothing, or too long. */
void refer_copy(struct visit *visit, struct refer *refer);
/* Whether names or telephone numbers of a person are among it. */
bool refer_has_identity(const struct refer *refer);
/* The labels of what goes along: "Reference, Summary"; for the audit trail. */
const char *refer_copied(const struct visit *visit, const struct refer *refer);
/* "Okot, Lawyer, Gulu Legal Aid". */
const char *refer_provider_words(const struct visit *visit, const json_t *provider);
/* The hub whose provider signs in there; "" when they have no account. */
const char *refer_hub_of(const struct visit *visit, const json_t *provider);

/* Whether that hub may be sent something: "" (they have no account), this one, or an active one of the
 * coalition. */
bool refer_may_reach(const struct visit *visit, const char *hub);

#endif
