/* The states of a case: what its page tells of them, and finding the case that another belongs to (state.c).
 */
#ifndef ENGABO_WEB_OFFICE_STATE_H
#define ENGABO_WEB_OFFICE_STATE_H

#include "web/office/pages.h"

/* For office-case-state: "is_closed", "is_open", "seen_state", "original" {"href","name"}, "duplicates",
 * "told_again", "assessed_on", "reassess". */
const struct error *state_show(struct visit *visit, const json_t *record) MUST_CHECK;
/* The open case whose reference was typed as `field`, which is not the one of `key`; NULL with a problem. The
 * caller's. */
const struct error *state_find_target(
	struct visit *visit, const char *field, const char *key, json_t **out) MUST_CHECK;

#endif
