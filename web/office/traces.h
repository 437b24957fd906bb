/* What people did that must be answered for, on its way into the audit trail (node/casework/trail.h): looking
 * at a case or a report, changing it, taking something out of the hub.
 *
 * A look is noted once a person, record and day, and waits in memory for the next batch, a minute at most: it
 * must not cost a write to the card. Who somebody is, is another matter: that is written before it is shown
 * (traces_looked_up). */
#ifndef ENGABO_WEB_OFFICE_TRACES_H
#define ENGABO_WEB_OFFICE_TRACES_H

#include "node/casework/event.h"
#include "web/office/office.h"

/* Waits for the next batch: `who` did `what` ("looked at") to `record` (key of a case or report), which
 * people call `on`. The same is noted only once a day. */
const struct error *traces_note(struct office *office, const char *who, const char *what, const char *on,
	const char *record) MUST_CHECK;
/* The same for any record that somebody reads: noted on the case or report that it belongs to. */
const struct error *traces_read(struct office *office, const char *who, const char *entity, const char *key,
	const char *case_key) MUST_CHECK;
/* {"what","who","on","record","at"} for what an event does, appended to `into`: by name where it has one
 * ("sent a referral"), else that the record was changed, once a day. */
const struct error *traces_of_event(
	struct office *office, const struct event *event, json_t *into) MUST_CHECK;
/* An entry; the caller's. The record is the one that `on` names: by its key (of a referral, its case), or a
 * case's reference in front. */
const struct error *traces_entry(
	struct office *office, const char *who, const char *what, const char *on, json_t **out) MUST_CHECK;
/* What waits, as such entries (the office's), and that it waits no more. */
const json_t *traces_waiting(const struct office *office);
void traces_clear(struct office *office);
/* Writes down what waits. */
const struct error *traces_flush(struct office *office) MUST_CHECK;

#endif
