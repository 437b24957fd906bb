/* The list of cases, and finding one by the reference that people say on the phone. What a case holds is
 * case.c's. */
#include "web/office/pages.h"

#include <string.h>

#include "node/base/text.h"
#include "node/casework/lists.h"
#include "web/office/show.h"
#include "web/office/traces.h"

#define ROWS 50
#define PAST_MOST 200

const struct error *case_key_of(struct visit *visit, const char *ref, const char **out)
{
	struct query query CLEANUP(db_finish) = {0};
	char *upper = memory_string(visit->context, ref);
	bool row;

	for (char *at = upper; *at; at++)
		if (*at >= 'a' && *at <= 'z')
			*at = (char)(*at - 'a' + 'A');
	TRY(db_prepare(
		casefile_db(visit->office->file), &query, "SELECT key FROM case_ WHERE ref = ? LIMIT 1"));
	db_bind_text(&query, 1, upper);
	TRY(db_step(&query, &row));
	if (!row)
		return error_new(ERROR_NOT_FOUND, "there is no such case here");
	*out = memory_string(visit->context, db_text(&query, 0));
	return NULL;
}

const struct error *case_find(struct visit *visit, const char *name, json_t **out)
{
	const char *key = name;

	if (!ids_is_key(name))
		TRY(case_key_of(visit, name, &key));
	TRY(casefile_get(visit->office->file, "case", key, out));
	return traces_read(visit->office, visit->person.name, "case", key, "");
}

static json_t *rows_of(struct visit *visit, json_t *rows)
{
	json_t *row;
	size_t i;

	json_array_foreach (rows, i, row) {
		const char *risk = json_text_or(row, "risk", ""), *state = json_text_or(row, "state", "");
		const char *district = json_text_or(row, "district", ""),
			   *label = codes_label(visit->codes, "districts", district);

		json_object_set_new(row, "conflicts",
			show_count((size_t)json_integer_value(json_object_get(row, "conflicts"))));
		json_object_set_new(row, "risk_label", json_string(show_choice(visit, risk)));
		json_object_set_new(row, "risk_class", json_string(show_tag(risk)));
		json_object_set_new(row, "state_label", json_string(show_choice(visit, state)));
		json_object_set_new(row, "state_class", json_string(show_tag(state)));
		json_object_set_new(row, "district_label", json_string(label ? label : district));
		json_object_set_new(row, "officer",
			json_string(show_named(visit, json_text_or(row, "officer", ""),
				json_text_or(row, "officer_hub", ""))));
		json_object_set_new(row, "team",
			json_string(show_named(
				visit, json_text_or(row, "team", ""), json_text_or(row, "team_hub", ""))));
		json_object_set_new(row, "is_restricted",
			json_boolean(strcmp(json_text_or(row, "restricted", ""), "yes") == 0));
		json_object_set_new(
			row, "updated_at", json_string(show_time(visit, json_text_or(row, "updated", ""))));
	}
	return rows;
}

/* Closed cases that have been kept as long as they were to be. */
static const struct error *past(struct visit *visit)
{
	json_t *rows = NULL, *row;
	size_t i;

	TRY(lists_cases_past(visit->office->file, show_today(visit->context), PAST_MOST, &rows));
	json_array_foreach (rows, i, row)
		json_object_set_new(
			row, "until", json_string(show_date(visit, json_text_or(row, "retention", ""))));
	visit_set(visit, "is_past", json_true());
	visit_set(visit, "has_cases", json_boolean(json_array_size(rows)));
	visit_set(visit, "cases", rows_of(visit, rows));
	visit_text(visit, "back", "/cases");
	return visit_show(visit, "office-cases", "Cases kept long enough");
}

const struct error *cases_page(struct visit *visit)
{
	const char *state = form_text(visit->context, visit->request->query, "state");
	const char *after = form_text(visit->context, visit->request->query, "after");
	json_t *rows = NULL;
	size_t count;
	bool has_more;
	bool is_known = strcmp(state, "open") == 0 || strcmp(state, "in-progress") == 0 ||
			strcmp(state, "closed") == 0;

	if (strcmp(state, "past") == 0 && visit_may(visit, MAY_MANAGE_PEOPLE))
		return past(visit);
	TRY(lists_cases(
		visit->office->file, is_known ? state : NULL, *after ? after : NULL, ROWS + 1, &rows));
	has_more = json_array_remove(rows, ROWS) == 0;
	count = json_array_size(rows);
	visit_set(visit, "more",
		has_more
			? json_pack("{ss}", "after", json_text_or(json_array_get(rows, count - 1), "key", ""))
			: json_null());
	visit_set(visit, "has_cases", json_boolean(count));
	visit_set(visit, "cases", rows_of(visit, rows));
	visit_text(visit, "state", is_known ? state : "");
	visit_set(visit, "states",
		json_pack("[{ss ss sb} {ss ss sb} {ss ss sb} {ss ss sb}]", "code", "", "label",
			say(visit->request, "All"), "here", !is_known, "code", "open", "label",
			show_choice(visit, "open"), "here", strcmp(state, "open") == 0, "code", "in-progress",
			"label", show_choice(visit, "in-progress"), "here", strcmp(state, "in-progress") == 0,
			"code", "closed", "label", show_choice(visit, "closed"), "here",
			strcmp(state, "closed") == 0));
	return visit_show(visit, "office-cases", "Cases");
}
