/* What a coalition added to the code lists (codes.h): records of the kind "code", written at headquarters as
 * the principles are, and read by every hub. The code is "L" and the ULID of the record's key: nobody types
 * it, and no two are alike.
 *
 * A hub that works alone adds its own. Once it joined they are still read, there and where its records went,
 * but offered in no form. Runs in office. */
#ifndef ENGABO_CASEWORK_ADDED_H
#define ENGABO_CASEWORK_ADDED_H

#include "node/casework/casefile.h"
#include "node/casework/codes.h"

/* Whether what this hub wrote holds for all: headquarters', or our own while we work alone. */
typedef bool added_rules(void *user, const char *log);

/* All of one list, or of all lists with "", by label: {"key","list","code","label","parent","state","home"}.
 */
const struct error *added_list(struct casefile *file, const char *list, json_t **out) MUST_CHECK;
/* All, for looking up and offering; on `context`. Offered is what is not retired and whose home `rules`. */
const struct error *added_codes(const void *context, struct casefile *file, added_rules *rules, void *user,
	struct codes **out) MUST_CHECK;

#endif
