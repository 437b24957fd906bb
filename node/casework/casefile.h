/* The case file: all that this hub can read, merged, in an in-memory SQLite database (casefile.sql). Lives in
 * the office process while it is unlocked; reaches the card only as an age file (snapshot.h).
 *
 * Merge: one rule for all (formats.md, "Event"). Permitted is a function of the set of known events
 * (permit.c). Taking events is idempotent and commutative: any order, any repetition, same case file. */
#ifndef ENGABO_CASEWORK_CASEFILE_H
#define ENGABO_CASEWORK_CASEFILE_H

#include "node/casework/event.h"
#include "node/casework/sight.h"
#include "node/store/db.h"

/* Raised whenever casefile.sql, or what permit.c and merge.c decide, changes: a saved file of another version
 * is built anew from the logs. */
#define CASEFILE_VERSION 12

/* Bytes: SQLite holds no more in one piece. */
#define CASEFILE_MAX ((size_t)0x7fff0000)

struct casefile;
/* `self` is this hub's log id. */
const struct error *casefile_new(const void *context, const char *self, struct casefile **out) MUST_CHECK;
/* All of it as one SQLite file, as it lies in memory: nothing is copied. Valid until something is written. */
const struct error *casefile_image(struct casefile *file, struct bytes *out) MUST_CHECK;
/* From such an image, which `fill` writes to where it will stay: at most `max` bytes, *len, which begins
 * as 0, of them also when it fails.
 * ERROR_CONFIG for another schema version (rebuild then). Freed with its context or talloc_free. */
typedef const struct error *casefile_fill(void *user, uint8_t *to, size_t max, size_t *len);
const struct error *casefile_load(const void *context, const char *self, size_t max, casefile_fill *fill,
	void *user, struct casefile **out) MUST_CHECK;
struct db *casefile_db(struct casefile *file);
/* From here on with the eyes of `reader`, who must live as long: casefile_get, casefile_history,
 * casefile_over and all lists (lists.h) know nothing of what they may not see. NULL: of the hub itself. */
void casefile_read_as(struct casefile *file, const struct reader *reader);
/* Whether they may say something about this record, in this case ("": of none): ERROR_NOT_FOUND when they may
 * not see it, ERROR_DENIED when their role does not write such records. */
const struct error *casefile_may_write(
	struct casefile *file, const char *entity, const char *key, const char *case_key) MUST_CHECK;

/* ERROR_DENIED when `set` changes who may see this record, and that is not theirs to say (sight.h). */
const struct error *casefile_may_set(
	struct casefile *file, const char *entity, const char *key, const json_t *set) MUST_CHECK;
/* Whether their role has to do with such records at all. */
bool casefile_reads(const struct casefile *file, const char *entity);
/* ERROR_NOT_FOUND when there is no such record, or they may not see it: nobody can tell which. */
const struct error *casefile_may_see(struct casefile *file, const char *entity, const char *key) MUST_CHECK;

/* Brackets a batch: changes are merged when it ends. Positions and events go in together or not at all. */
const struct error *casefile_begin(struct casefile *file) MUST_CHECK;
const struct error *casefile_end(struct casefile *file) MUST_CHECK;
void casefile_abandon(struct casefile *file);

enum taken { TAKEN_NEW, TAKEN_KNOWN, TAKEN_WAITING, TAKEN_REFUSED };
/* Within a batch. Never fails for what an event says: what oversteps is kept and not applied, with the reason
 * (table `overstep`). *out is what can be said at once; when the batch ends, all that belong to the same
 * record are judged together. */
const struct error *casefile_take(struct casefile *file, const struct event *event,
	const struct event_origin *origin, enum taken *out) MUST_CHECK;

/* The hub that owns a case, or a report with the case that was opened from it: the one in its key, until it
 * was transferred. */
const struct error *casefile_owner(
	struct casefile *file, const char *key, char out[static LOG_ID_SIZE]) MUST_CHECK;

/* How far each log was read. */
struct position {
	char log[LOG_ID_SIZE];
	int epoch;
	int64_t seq;
	char commit[41];
};
const struct error *casefile_set_position(struct casefile *file, const struct position *position) MUST_CHECK;
/* seq 0 and "" when nothing was read yet. */
const struct error *casefile_position(
	struct casefile *file, const char *log, int epoch, struct position *out) MUST_CHECK;

/* The heads of each field in `set`, as an event's "over": what a writer who saw the present state replaces.
 */
const struct error *casefile_over(struct casefile *file, const char *entity, const char *key,
	const json_t *set, json_t **over) MUST_CHECK;

/* One entity as pages show it, or ERROR_NOT_FOUND:
 * {"key","entity","case","home","created",  <field>: value ...,
 *  "hubs":{<field>: log id}, of names of people and teams (schema_is_of_hub): the hub that said them,
 *  "conflicts":[{"field","label","values":[{"value","by","hub","at","clock","event"}]}]}. The caller owns it.
 */
const struct error *casefile_get(
	struct casefile *file, const char *entity, const char *key, json_t **out) MUST_CHECK;
/* Who changed what, newest first: [{"field","label","value","by","hub","at","clock","event"}] */
const struct error *casefile_history(
	struct casefile *file, const char *entity, const char *key, json_t **out) MUST_CHECK;
/* Digest over everything that events and acknowledgements decide (not ids of rows): equal for equal sets of
 * them. */
const struct error *casefile_digest(struct casefile *file, uint8_t out[static 32]) MUST_CHECK;

#endif
