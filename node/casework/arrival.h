/* How far what this hub said of a record has got: which commit of its own log carries it, which hubs have
 * that commit, and which say that people there have opened it.
 *
 * "Arrived is never shown as opened": the first is what a hub's signed commits acknowledge, the second an
 * event that its office writes when a person looks. */
#ifndef ENGABO_CASEWORK_ARRIVAL_H
#define ENGABO_CASEWORK_ARRIVAL_H

#include "node/casework/casefile.h"

/* A place in our own log. */
struct arrival_place {
	int epoch;
	int64_t seq; /* of the commit; 0: in none yet */
};

/* A commit of `hub`, verified by the caller, acknowledges our log up to here: within a batch. Never goes
 * back, in whatever order commits are read. */
const struct error *arrival_note(
	struct casefile *file, const char *hub, const struct arrival_place *upto) MUST_CHECK;
const struct error *arrival_has(
	struct casefile *file, const char *hub, const struct arrival_place *place, bool *out) MUST_CHECK;

/* The newest that `self` said of a record, by whom it is for, itself among them: a log id, "all" or, last,
 * "hq". What does not count is left out; none when it said nothing of it. On `context`. */
struct arrival_reader {
	char whom[LOG_ID_SIZE];
	struct arrival_place place;
};
const struct error *arrival_readers(const void *context, struct casefile *file, const char *self,
	const char *entity, const char *key, struct arrival_reader **out, size_t *count) MUST_CHECK;
/* Where `self` first said to `hub` that a record's state is `state`. *is_there: it did. */
const struct error *arrival_said(struct casefile *file, const char *self, const char *entity, const char *key,
	const char *state, const char *hub, struct arrival_place *out, bool *is_there) MUST_CHECK;

/* ---- opened ---- */

/* The page on which people read a record: "report" (and its messages), "case" (and its actions, follow-ups
 * and notes), "referral", "transfer". NULL: on none whose opening is told. */
const char *arrival_page(const char *entity);
/* What other hubs have said of what stands on such a page, as far as it is known here:
 * ["<log> <epoch> <seq>"], the last commit of each. The caller's. */
const struct error *arrival_seen(
	struct casefile *file, const char *self, const char *page, const char *key, json_t **out) MUST_CHECK;
/* The key of the record in which `hub` says how far it has opened the record of that key. */
void arrival_opening(char out[static ENTITY_KEY_SIZE], const char *hub, const char *key);
/* Whether such a list names `log` at this place or behind it. */
bool arrival_covers(const json_t *upto, const char *log, const struct arrival_place *place);
/* The log id, and the place in that log, of an entry of such a list; false for anything else. */
bool arrival_parse(const char *text, char log[static LOG_ID_SIZE], struct arrival_place *place);
/* Whether people at `hub` have opened that page since they have what `self` put there. */
const struct error *arrival_is_opened(struct casefile *file, const char *self, const char *hub,
	const char *page, const char *key, const struct arrival_place *place, bool *out) MUST_CHECK;

#endif
