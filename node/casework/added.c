/* What a coalition added to the code lists: see added.h. Who may write such records is permit.c's between
 * hubs and access.c's within one; what a form offers and what a code is called is codes.c's. Runs in office.
 */
#include "node/casework/added.h"

#include <string.h>

#include "node/casework/lists.h"

const struct error *added_list(struct casefile *file, const char *list, json_t **out)
{
	struct query query;

	TRY(db_prepare(casefile_db(file), &query,
		*list ? "SELECT key, list, code, label, parent, state, home FROM code WHERE list = ? ORDER "
			"BY "
			"label, key"
		      : "SELECT key, list, code, label, parent, state, home FROM code WHERE ? = '' ORDER BY "
			"list, label, key"));
	db_bind_text(&query, 1, list);
	return lists_rows(&query, out);
}

static void add(struct codes *codes, const json_t *row, bool is_ruling)
{
	codes_add(codes, &(struct code_added){
				 .list = json_text_or(row, "list", ""),
				 .code = json_text_or(row, "code", ""),
				 .label = json_text_or(row, "label", ""),
				 .parent = json_text_or(row, "parent", ""),
				 .is_offered = is_ruling &&
					       strcmp(json_text_or(row, "state", "active"), "active") == 0,
			 });
}

/* Those that hold for all come first, so that no hub puts its own words on them. */
const struct error *added_codes(
	const void *context, struct casefile *file, added_rules *rules, void *user, struct codes **out)
{
	json_t *rows CLEANUP(json_decref) = NULL, *row;
	struct codes *codes;
	size_t i;

	TRY(added_list(file, "", &rows));
	codes = codes_new(context);
	for (int is_ruling = 1; is_ruling >= 0; is_ruling--)
		json_array_foreach (rows, i, row)
			if (rules(user, json_text_or(row, "home", "")) == is_ruling)
				add(codes, row, is_ruling);
	*out = codes;
	return NULL;
}
