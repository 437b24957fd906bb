/* Handing on records that were sealed to fewer hubs than now may read them (formats.md, "Restating"): a case
 * to its new owner, more of a case to headquarters. */
#ifndef ENGABO_WEB_OFFICE_HAND_H
#define ENGABO_WEB_OFFICE_HAND_H

#include "web/office/readers.h"
#include "web/office/write.h"

/* Everything that this hub still owes: cases that other hubs have taken over, with what came in for them
 * since, and all its cases when the coalition's policy became wider. Cheap when nothing is owed. */
const struct error *hand_all(struct office *office) MUST_CHECK;
/* What headquarters gets more of a case from now on; part of the batch that says so. */
const struct error *hand_wider(
	struct batch *batch, const char *case_key, enum sharing_policy sharing) MUST_CHECK;

/* Whether the new owner accepted without having seen that this hub withdrew its offer: then a person here
 * says whether the records follow. */
const struct error *hand_is_crossed(struct office *office, const char *case_key, bool *out) MUST_CHECK;
/* They do. */
const struct error *hand_agree(struct office *office, const char *case_key) MUST_CHECK;
/* How many records of a case this hub has yet to hand on; 0 when it never owned it, or still does. */
const struct error *hand_owed(struct office *office, const char *case_key, size_t *out) MUST_CHECK;

#endif
