/* The event: the unit of change (formats.md, "Event"). Pure: parsing, checking, printing.
 *
 * An event sets fields of one entity. Its identity is (log id, event id); the log is that of the log which
 * carried it, so it stands in the origin and not in the JSON. */
#ifndef ENGABO_CASEWORK_EVENT_H
#define ENGABO_CASEWORK_EVENT_H

#include <stdbool.h>

#include "node/base/clock.h"
#include "node/base/ids.h"
#include "node/base/json.h"

#define EVENT_VERSION 1
#define EVENT_JSON_MAX 60000
#define EVENT_TO_MAX 40

/* Where an event came from; what rights it has follows from this. */
struct event_origin {
	char log[LOG_ID_SIZE];
	int epoch;
	int64_t seq;	      /* of the commit; 0 for our own that are not committed yet */
	char kind;	      /* 'i' intake, 'o' office */
	int roster_version;   /* named by the commit that carried it; 0 while a hub works alone */
	bool is_headquarters; /* the log's role in that version */
};

struct event {
	char id[ULID_SIZE];
	uint64_t hlc;
	int64_t at;	    /* seconds, wall clock of the writer */
	bool is_sure;	    /* its clock was synchronised or confirmed */
	const char *by;	    /* user name; "" from intake */
	const char *entity; /* "case" */
	char key[ENTITY_KEY_SIZE];
	char case_key[ENTITY_KEY_SIZE]; /* "" where it belongs to no case */
	json_t *set;			/* field -> value (text, integer, boolean, or list of texts) */
	json_t *over; /* field -> ["<log>/<event id>", ...]; NULL when nothing is replaced */
	json_t *to;   /* ["<log>", "hq", "all", ...] */
	json_t *from; /* of a restatement: [{"event":"<log>/<event id>","by","at"}] it stands for; else NULL
		       */
	bool is_restated;
	json_t *json;	   /* the whole object; owns all of the above */
	struct bytes line; /* exactly as it was written: what is signed and compared */
};

/* Parses and checks the form; *out hangs on `context` and frees its JSON with it. ERROR_INVALID names the
 * key; ERROR_CONFIG for a version we do not know. Unknown keys are kept. */
const struct error *event_parse(const void *context, struct bytes line, struct event **out) MUST_CHECK;

/* What a writer wants to say; event_make gives it id, hlc and time. `set`, `over`, `to` are borrowed (`over`
 * may be NULL). */
struct event_draft {
	const char *entity, *key, *case_key, *by;
	json_t *set, *over, *to, *from;
	bool is_restated;
	bool is_summary; /* also for headquarters, which gets a summary only (web/office/write.c) */
};
/* The event ready to be sealed; fails like event_parse. */
const struct error *event_make(
	const void *context, const struct event_draft *draft, struct event **out) MUST_CHECK;

#endif
