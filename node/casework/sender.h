/* Who speaks as the sender of a referral: the hub in its key, then along its own words: a sender names the
 * next one (field `sender`) when the case went to another hub. Pure, and a function of what the logs hold;
 * places in logs decide, never a time.
 *
 * The provider's hub knows nothing of transfers and goes by the sender's word alone. */
#ifndef ENGABO_CASEWORK_SENDER_H
#define ENGABO_CASEWORK_SENDER_H

#include "node/casework/permit.h"

/* The senders in their order, on `context`: whatever one of them said up to the place where it named the next
 * counts. `claims` are the events about the referral `key`, `case_key` its case. `owners` of that case, NULL
 * where none are known: a hub that was given a case by one of them goes by that one's word, though it was not
 * told how the referral came to it. */
struct owners *sender_walk(const void *context, const char *key, const char *case_key,
	const struct claim *claims, size_t count, const struct owners *owners);

#endif
