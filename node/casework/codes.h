/* Code lists: data files (codes/<list>.csv: code,label,parent,valid_from), embedded. A code once used is
 * never removed, only retired. Lists: acts, perpetrators, themes, needs (services), districts,
 * violation-status, precision, places, professions. */
#ifndef ENGABO_CASEWORK_CODES_H
#define ENGABO_CASEWORK_CODES_H

#include <stdbool.h>

#include "node/base/json.h"

/* NULL when the list has no such code. */
const char *codes_label(const char *list, const char *code);
bool codes_has(const char *list, const char *code);
/* The code at this place of the list, from 0, with its label; NULL behind the last. */
const char *codes_at(const char *list, size_t place, const char **label);
/* [{"code","label"}] in the list's order; `chosen` (text, list of texts or NULL) marks "selected":true. The
 * caller owns it. */
json_t *codes_choices(const char *list, const json_t *chosen);

#endif
