/* Code lists: data files (codes/<list>.csv: code,label,parent,valid_from), embedded, and what a coalition
 * added to them (added.h). A code once used is never removed, only retired. Lists: acts, perpetrators,
 * themes, needs (services), districts, violation-status, precision, places, professions.
 *
 * Labels are English, or as the coalition wrote them; whoever shows one looks it up in the reader's
 * language. */
#ifndef ENGABO_CASEWORK_CODES_H
#define ENGABO_CASEWORK_CODES_H

#include <stdbool.h>

#include "node/base/json.h"
#include "node/base/memory.h"

/* What was added to the lists; NULL, here and everywhere below: nothing. Belongs to its context. */
struct codes;
struct code_added {
	const char *list, *code, *label;
	const char *parent; /* of the same list; "": it comes under none */
	bool is_offered;    /* false: retired, shown on the records that have it */
};
struct codes *codes_new(const void *context);
/* Copies what it is given. Where two have one code, the first counts. */
void codes_add(struct codes *codes, const struct code_added *added);

/* The list's name by its place, from 0; NULL behind the last. */
const char *codes_list(size_t place);
/* NULL when the list has no such code. Belongs to the lists. */
const char *codes_label(const struct codes *codes, const char *list, const char *code);
/* Whether forms offer it: in the list, and not retired. */
bool codes_offers(const struct codes *codes, const char *list, const char *code);
/* What an added code comes under, so that what holds for the police holds for a unit of theirs; any other
 * code is its own. As long as `code` and the lists. */
const char *codes_root(const struct codes *codes, const char *list, const char *code);
/* The code at this place of the data file, from 0, with its label; NULL behind the last. */
const char *codes_at(const char *list, size_t place, const char **label);
/* [{"code","label"}] that a form offers, in the list's order, what was added behind what it comes under.
 * `chosen` (text, list of texts or NULL) marks "selected":true. `standing` (the same) is what the record
 * says: of it, what is not offered can stay. The caller owns it. */
json_t *codes_choices(
	const struct codes *codes, const char *list, const json_t *chosen, const json_t *standing);

#endif
