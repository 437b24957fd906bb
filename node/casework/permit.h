/* Who may say what, between hubs (casework.md, "Who may do what"; formats.md, "Permitted"). Pure, and a
 * function of the *set* of events known: asked again when more are known, it may answer differently, and the
 * order in which they came never matters.
 *
 * - From intake (i): a report under its own log's key, only what a form can hold; a message signed with its
 *   report's mailbox key.
 * - Provider: the hub in its key, and headquarters.
 * - Report, case: the same, until the case is another hub's by a transfer (owner.h); a report goes with the
 *   case of its key.
 * - What is in a case: the case's owner, and headquarters; the case is the one that the creating event names.
 * - What an earlier owner wrote after the transfer waits for the owner to adopt it; its restatements count,
 *   unless they name what a later owner said.
 * - Referral: its sender, the hub in its key or whom that one named (sender.h), whoever owns the case.
 * - Message: written once, by the hub in its key: the reporter's signature holds, or the office is a writer
 * of the report.
 * - Reply: written once, by the hub that its referral names, or one that sent the referral. Takeover:
 *   written once, by the hub that its transfer names.
 * - Principles: headquarters; a hub that works alone has its own.
 * - User, audit: this hub alone; no other hub has a say in them. */
#ifndef ENGABO_CASEWORK_PERMIT_H
#define ENGABO_CASEWORK_PERMIT_H

#include "node/casework/event.h"
#include "node/casework/owner.h"
#include "node/casework/schema.h"

enum standing {
	STANDING_UNJUDGED = -1,
	STANDING_PERMITTED,
	STANDING_WAITING, /* for something that may still come */
	STANDING_REFUSED,
	STANDING_DOUBLED, /* its hub said two things under one identity, and the other one counts */
};
struct judgement {
	enum standing standing;
	const char *reason; /* for people; "" when permitted. A constant. */
};
/* One event and where it came from. */
struct claim {
	int64_t id; /* its row in the case file */
	struct event *event;
	struct event_origin origin;
	struct judgement judgement;
};

/* < 0, 0, > 0 by (hlc, log, id): the order that breaks ties. */
int permit_order(const struct claim *a, const struct claim *b);

/* The reason of what waits for the owner of its case to adopt it. */
#define PERMIT_HELD "written after the case went to another hub; its owner decides"

/* What can be said of an event without knowing any other. */
struct judgement permit_alone(const char *self, const struct event *event, const struct event_origin *origin);
/* The same of an event of a case, a report or a message to its reporter, when the case that has the report's
 * key was transferred. `owners` NULL: it never was. */
struct judgement permit_owned(const char *self, const struct event *event, const struct event_origin *origin,
	const struct owners *owners);
/* What can be said of an event of something in a case, when `case_key` is its case. */
struct judgement permit_child(const struct event *event, const struct event_origin *origin,
	const char *case_key, const struct owners *owners);

/* Who may answer a record of the kind `entity`, as a list on `context` ended by NULL; *out is NULL while it
 * is not known. Of a report its mailboxes ("<id> <ssh-ed25519 key> <age1...>"), of a referral or transfer the
 * log id of the hub that it is for, and of a referral its senders and all owners of its case. */
typedef const struct error *permit_answerers(
	void *user, const void *context, const char *entity, const char *key, char ***out);
/* The owners of a case; NULL while it is the hub's in its key. On `context`. */
typedef const struct error *permit_owners(
	void *user, const void *context, const char *case_key, struct owners **out);
/* Judges all claims about one entity. *case_key (may be "") and *creator_hq come from the event that made it.
 */
struct permit_subject {
	const char *self;
	const struct entity *entity; /* NULL: this version does not know such a thing */
	const char *key;
	permit_answerers *answerers;
	permit_owners *owners; /* NULL: no case was ever transferred */
	void *user;
};
const struct error *permit_judge(const struct permit_subject *subject, struct claim *claims, size_t count,
	const char **case_key, bool *creator_hq) MUST_CHECK;

#endif
