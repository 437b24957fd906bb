/* Referrals that were sent: what whoever gets one sees, and their lines on the page of the case. Sending one
 * is refer.c's. */
#ifndef ENGABO_WEB_OFFICE_REFERRED_H
#define ENGABO_WEB_OFFICE_REFERRED_H

#include "node/casework/referral.h"
#include "web/office/pages.h"

/* "referred" of the view, for the partial office-referred: everything of it that the provider sees, and
 * nothing else. The one before Send is shown by it, and the one that arrived. `record`: as casefile_get gives
 * it, or the fields that are to be sent. */
void referral_shown(struct visit *visit, const json_t *record);
/* The fields that go along only when ticked, separated by spaces. */
extern const char referral_along[];

/* "referrals" of the view, for office-case-referrals; null when there is none. */
const struct error *referred_of_case(struct visit *visit, const json_t *in_case) MUST_CHECK;
/* A referral that may be seen, its answers and its state, for the pages of one. The caller's. */
const struct error *referred_find(
	struct visit *visit, const char *key, json_t **record, struct referral_state *state) MUST_CHECK;

#endif
