/* Writing: what a person did, as events sealed on the card and taken into the case file, all of it or none.
 *
 * One batch is one transaction of the spool: a page that changes a report and answers its reporter cannot
 * half happen. */
#ifndef ENGABO_WEB_OFFICE_WRITE_H
#define ENGABO_WEB_OFFICE_WRITE_H

#include "node/casework/access.h"
#include "node/casework/event.h"
#include "web/office/office.h"

struct batch;
/* `by`: the user's name. Hangs on `context`. */
struct batch *batch_new(const void *context, struct office *office, const char *by);
/* For a page that is only shown: nothing can be committed. */
void batch_close(struct batch *batch);
struct office *batch_office(const struct batch *batch);
const char *batch_by(const struct batch *batch);

/* What is to be said about one entity. `set` and `over` are taken over. `over` NULL: what stands in the case
 * file now; a page that was shown before gives what the person saw. */
const struct error *batch_event(struct batch *batch, const char *entity, const char *key,
	const char *case_key, json_t *set, json_t *over) MUST_CHECK;
/* A restatement of one entity (formats.md, "Restating"). `set` and `from` are taken over. */
const struct error *batch_restate(struct batch *batch, const char *entity, const char *key,
	const char *case_key, json_t *set, json_t *from) MUST_CHECK;
/* The same of what another hub wrote too late: `over` names it beside what stands. All three are taken over.
 */
const struct error *batch_adopt(struct batch *batch, const char *entity, const char *key,
	const char *case_key, json_t *set, json_t *over, json_t *from) MUST_CHECK;
/* The state of an entity said again for one more reader, "hq" or a hub; this hub itself learns nothing from
 * it. `set` and `from` are taken over. */
const struct error *batch_hand(struct batch *batch, const char *entity, const char *key, const char *case_key,
	json_t *set, json_t *from, const char *whom) MUST_CHECK;
/* An event of this hub, to the byte, sealed for one more reader. */
const struct error *batch_pass(struct batch *batch, struct bytes line, const char *whom) MUST_CHECK;
/* An entry of the audit trail: what was done, on what: a key, or a case's reference, more words behind it as
 * one likes; or anything else. What an event does by itself (traces.c has the list) is written down without
 * asking. */
const struct error *batch_audit(struct batch *batch, const char *what, const char *on) MUST_CHECK;
/* An item for a reporter's mailbox, given as the report's field "mailbox"; an empty one is nothing to do.
 * `item` is taken over. */
const struct error *batch_item(struct batch *batch, const char *mailbox, json_t *item) MUST_CHECK;
/* Nobody else may change an entity whose home is neither this hub nor, at headquarters, any hub: ERROR_DENIED
 * with nothing written. */
const struct error *batch_commit(struct batch *batch) MUST_CHECK;

/* A fresh entity key of this hub. */
void write_key_new(char out[static ENTITY_KEY_SIZE], const struct office *office);

/* For people_first_user and the role's socket: one sealed envelope into the spool of `db`, durable when it
 * returns. */
struct sealed {
	char kind; /* 'o', or 'm' for a mailbox item */
	char mailbox[33];
	struct bytes body;
};
const struct error *write_spool(struct office *office, const struct sealed *sealed, size_t count) MUST_CHECK;

#endif
