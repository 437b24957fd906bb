/* How far a record got, in words: on this hub, left, arrived, opened there. And the event by which other hubs
 * hear that something was opened here. */
#ifndef ENGABO_WEB_OFFICE_TOLD_H
#define ENGABO_WEB_OFFICE_TOLD_H

#include "web/office/visit.h"

/* One line about the newest that this hub said of a record, for every hub that it is for: "Arrived at
 * headquarters, not known to be opened there." "" where this hub said nothing of it, and in practice. `page`
 * is the key of the record on whose page it stands: of an action its case's, of a message its report's. */
const struct error *told_line(struct visit *visit, const char *entity, const char *key, const char *page,
	const char **out) MUST_CHECK;
/* Of a referral or an offer of a case that waits for the hub `hub` to answer: whether that hub has it.
 * `state`: what this hub said when it sent it. False where it was for nobody else. */
const struct error *told_is_received(struct visit *visit, const char *entity, const char *key,
	const char *state, const char *hub, bool *out) MUST_CHECK;
/* Sets "received" of a referral or of its row (referral.h), where this hub sent it to another. */
const struct error *told_referral(struct visit *visit, json_t *referral) MUST_CHECK;

/* Whoever asks is being shown this page ("report", "case", "referral", "transfer"): the hubs that said what
 * is new on it hear so, once. Never keeps anybody from reading; not in practice. */
void told_open(struct visit *visit, const char *page, const char *key);

#endif
