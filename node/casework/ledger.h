/* The ledger: every event that was ever taken, to the byte, and what was decided about it (tables entity,
 * event, overstep, waiting of casefile.sql). Adding is idempotent and commutative. Reading gives the events
 * of one record as claims. */
#ifndef ENGABO_CASEWORK_LEDGER_H
#define ENGABO_CASEWORK_LEDGER_H

#include "node/casework/packing.h"
#include "node/casework/permit.h"
#include "node/store/db.h"

enum ledger_statement {
	LEDGER_ENTITY_FIND,
	LEDGER_ENTITY_ADD,
	LEDGER_ENTITY_READ,
	LEDGER_ENTITY_WRITE,
	LEDGER_EVENT_FIND,
	LEDGER_LOG_ADD,
	LEDGER_EVENT_ADD,
	LEDGER_EVENT_ORIGIN,
	LEDGER_EVENT_STANDING,
	LEDGER_EVENTS,
	LEDGER_ABOUT_ADD,
	LEDGER_ABOUT_READ,
	LEDGER_OWNERS_READ,
	LEDGER_OWNERS_ADD,
	LEDGER_OWNERS_DROP,
	LEDGER_REFUSED_ADD,
	LEDGER_REFUSED_DROP,
	LEDGER_WAITING_ADD,
	LEDGER_WAITING_DROP,
	LEDGER_STATEMENTS,
};
/* Hangs on a talloc context together with its statements; `db` must outlive it. */
struct ledger {
	struct db *db;
	struct packing *packing; /* of the events' lines */
	char self[LOG_ID_SIZE];
	struct query statements[LEDGER_STATEMENTS];
};
const struct error *ledger_new(
	const void *context, struct db *db, const char *self, struct ledger **out) MUST_CHECK;

/* A row of table entity. */
struct ledger_entity {
	int64_t id;
	char type[40];
	char key[ENTITY_KEY_SIZE];
	char case_key[ENTITY_KEY_SIZE]; /* "" while not known */
	bool creator_hq;
	int64_t conflicts;
	int64_t search; /* 0: not in the full-text index */
};
/* id 0 when there is none. */
const struct error *ledger_find(
	struct ledger *ledger, const char *type, const char *key, struct ledger_entity *out) MUST_CHECK;
const struct error *ledger_read(struct ledger *ledger, int64_t id, struct ledger_entity *out) MUST_CHECK;
/* Writes what may change: case_key, creator_hq, conflicts, search. */
const struct error *ledger_write(struct ledger *ledger, const struct ledger_entity *entity) MUST_CHECK;

/* Adds an event. touched gets the rows of the entities (0 to LEDGER_TOUCHED_MAX) that must be settled anew.
 */
#define LEDGER_TOUCHED_MAX 4
struct ledger_added {
	bool is_new;	 /* these bytes were not known */
	bool is_doubled; /* its identity was used for other bytes, and those count */
	int64_t entity;	 /* the row of the record that it is about */
	int64_t touched[LEDGER_TOUCHED_MAX];
	size_t count;
};
const struct error *ledger_add(struct ledger *ledger, const struct event *event,
	const struct event_origin *origin, struct ledger_added *out) MUST_CHECK;

/* The events about an entity, doubled ones left out, on `context`; with only_permitted those that now count.
 */
const struct error *ledger_claims(struct ledger *ledger, const void *context, int64_t entity,
	bool only_permitted, struct claim **out, size_t *count) MUST_CHECK;
/* Keeps what was decided: `was` is what stood there. */
const struct error *ledger_decide(
	struct ledger *ledger, const struct claim *claim, enum standing was) MUST_CHECK;
/* An answer (a message, a reply) is to be looked at again when what it answers changes, an offer when its
 * case does. */
const struct error *ledger_note_about(struct ledger *ledger, const char *key, int64_t answer) MUST_CHECK;

/* Runs a statement and resets it; for callers inside this folder. */
struct query *ledger_query(struct ledger *ledger, enum ledger_statement which);

#endif
