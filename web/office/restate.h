/* Handing on what was written while this hub worked alone (formats.md, "Restating"): once, when the roster
 * holds it. */
#ifndef ENGABO_WEB_OFFICE_RESTATE_H
#define ENGABO_WEB_OFFICE_RESTATE_H

#include "node/casework/event.h"
#include "node/casework/schema.h"
#include "web/office/office.h"

/* Whether this event of our own log can be opened by this hub alone though it is meant for headquarters too.
 */
bool restate_is_narrow(const struct office *office, const struct event *event,
	const struct event_origin *origin, struct bytes sealed);
/* Remembers the keys of such events, of our own commit `seq`; those of a commit that was noted before are
 * left out. */
const struct error *restate_note(struct office *office, int64_t seq, const json_t *keys) MUST_CHECK;
/* Restates all that was noted; nothing to do while the hub works alone, or once it is done. */
const struct error *restate_all(struct office *office) MUST_CHECK;
/* A record's present state, all fields, and the events it stands for: what a restatement says.
 * ERROR_NOT_FOUND; the caller owns *set and *from. */
const struct error *restate_state(struct office *office, const struct entity *entity, const char *key,
	char case_key[static ENTITY_KEY_SIZE], json_t **set, json_t **from) MUST_CHECK;

#endif
