/* The entities and their fields: one table (entities.c) that merge, case file, forms, export and checks all
 * read. To add a field, add a row there and a column in casefile.sql. */
#ifndef ENGABO_CASEWORK_SCHEMA_H
#define ENGABO_CASEWORK_SCHEMA_H

#include <stdbool.h>

#include "node/base/json.h"
#include "node/casework/codes.h"

enum field_type {
	FIELD_TEXT,  /* one line */
	FIELD_LONG,  /* several lines */
	FIELD_CODE,  /* one of the code list `codes`, or of the fixed `choices` */
	FIELD_CODES, /* a list of such */
	FIELD_LIST,  /* a list of texts that programs write for each other */
	FIELD_DATE,  /* 2026-11-23, 2026-11 or 2026 */
	FIELD_TIME,  /* RFC 3339 UTC */
	FIELD_NUMBER,
	FIELD_KEY,   /* of another entity */
	FIELD_USER,  /* a user name of some hub */
	FIELD_USERS, /* a list of such */
};
struct field {
	const char *name;
	enum field_type type;
	size_t max;	     /* characters; entries of a list */
	const char *codes;   /* code list by name, or NULL */
	const char *choices; /* "open|done|dropped", or NULL */
	bool from_intake;    /* a reporter's form may set it */
	bool is_searched;    /* goes into the full-text index */
	bool is_kept;	     /* for the hub that writes it alone: sealed to no other, and not handed on */
	const char *label;   /* English, as a page shows it */
};
struct entity {
	const char *name; /* "case" */
	const struct field *fields;
	size_t count;
	bool in_case;	   /* has a case key */
	bool is_part;	   /* only asked for with its case: its table holds no keys (casefile.sql) */
	bool is_local;	   /* sealed to the own hub only (user, audit) */
	bool is_for_all;   /* sealed to the whole coalition */
	bool is_once;	   /* written once and never changed */
	const char *about; /* the field that names the record which it answers, called like that record's
			      kind; NULL: it answers none */
};
const struct entity *schema_entity(const char *name); /* NULL: not known to this version */
const struct field *schema_field(const struct entity *entity, const char *name);
/* Every entity, for loops. */
const struct entity *schema_entities(size_t *count);
bool schema_is_list(const struct field *field);
/* Names of people, and of teams: of the hub that said them, where a namesake of another hub is somebody else.
 */
bool schema_is_of_hub(const struct field *field);
/* What people here type: ERROR_INVALID with a message for them that begins with the field's label. A code
 * must be one that forms offer, or stand in the record already (`standing`, its value of this field, or
 * NULL). */
const struct error *schema_check(const struct field *field, const json_t *value, const struct codes *codes,
	const json_t *standing) MUST_CHECK;
/* Whether a value that came from a hub has the shape of this field, whatever code or choice it names: another
 * hub may know newer ones, and what this version does not know is shown as it stands. */
bool schema_fits(const struct field *field, const json_t *value);
/* What a state is until somebody sets it: the first of its choices. NULL for every other field. */
const char *schema_default(const struct field *field);

#endif
