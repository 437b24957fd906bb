/* What a record's fields hold, given the permitted events about it (formats.md, "Event": heads, conflicts,
 * restating). Pure, and a function of the set of events.
 *
 * The heads of a field are the events that set it and that no other event replaces ("over"). One head, or
 * several that say the same: that is its value. Several that differ: the greatest (hlc, log, id) is shown,
 * and the field is in conflict until an event names all heads.
 *
 * A restatement stands for the events in its "over". Where all of those are at hand it says nothing new and
 * is passed over; where some are missing it takes their place, whoever replaces it replaces them, and whoever
 * replaces all of them replaces it. */
#ifndef ENGABO_CASEWORK_MERGE_H
#define ENGABO_CASEWORK_MERGE_H

#include "node/casework/permit.h"

struct merged_field {
	const struct claim **heads; /* in permit_order, the shown one last */
	size_t head_count;	    /* 0: never set */
	const json_t *value;	    /* NULL: never set; borrowed from its event */
	bool is_conflict;
};
struct merged {
	const struct entity *entity;
	const struct claim **claims; /* the permitted ones, in permit_order */
	size_t count;
	struct merged_field *fields; /* as in entity->fields */
};

/* Takes the permitted among `claims`, which must live as long as the result; the result hangs on `context`.
 */
struct merged *merge_claims(
	const void *context, const struct entity *entity, const struct claim *claims, size_t count);

/* "<log>/<event id>" */
#define MERGE_IDENTITY_SIZE (LOG_ID_SIZE + ULID_SIZE)
void merge_identity(char out[static MERGE_IDENTITY_SIZE], const struct claim *claim);
/* What an event that replaces the field's present value names in "over": its heads, and what restatements
 * among them stand for. At most `max`; the caller owns it. */
json_t *merge_over(const struct merged_field *field, const char *name, size_t max);

/* Who gave `field` its value, and when, as people want to know it: of a restatement, whoever said it in the
 * first place. `field` NULL: who made the record. */
struct merge_author {
	const char *by; /* "" from the public form */
	char hub[LOG_ID_SIZE];
	int64_t at;
	bool is_sure;
};
void merge_author(struct merge_author *out, const struct claim *claim, const char *field);

#endif
