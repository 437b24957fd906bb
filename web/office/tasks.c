/* Actions and follow-ups as rows of a table: what is owed, by whom, how late it is. Their forms are
 * parts.c's. */
#include "web/office/pages.h"

#include <string.h>

#include "web/office/show.h"

json_t *tasks_table(struct visit *visit, json_t *rows, const char *kind)
{
	json_t *row;
	size_t i;

	json_array_foreach (rows, i, row) {
		const char *result = json_text_or(row, "result", ""), *made = json_text_or(row, "made", "");
		const char *state = json_text_or(row, "state", *made ? "done" : "open");
		bool is_open = strcmp(state, "open") == 0;

		json_object_set_new(row, "href",
			json_string(visit_path(visit, "/cases/%s/%s/%s", json_text_or(row, "case_key", ""),
				kind, json_text_or(row, "key", ""))));
		json_object_set_new(row, "is_open", json_boolean(is_open));
		json_object_set_new(
			row, "clock", is_open ? show_due(visit, json_text_or(row, "due", "")) : json_null());
		json_object_set_new(row, "made_on", json_string(show_date(visit, made)));
		json_object_set_new(row, "result_label", json_string(show_choice(visit, result)));
		json_object_set_new(row, "result_class", json_string(show_tag(result)));
		json_object_set_new(row, "state_label", json_string(show_choice(visit, state)));
		json_object_set_new(row, "state_class", json_string(show_tag(state)));
	}
	if (json_array_size(rows))
		return json_pack("{so}", "tasks", rows);
	json_decref(rows);
	return json_null();
}
