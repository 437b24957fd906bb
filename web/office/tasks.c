/* What is owed as rows of a table: what it is, by whom, how late. What there is, node/casework/owed.c knows;
 * the forms are parts.c's. */
#include "web/office/pages.h"

#include <string.h>

#include "web/office/show.h"

static const struct {
	const char *kind, *words, *title, *path; /* path: below the case's; ends with '/' before the key */
} kinds[] = {
	{"followup", SAY("follow-up"), SAY("Follow-up"), "/followups/"},
	{"action", SAY("action"), SAY("Action"), "/actions/"},
	{"plan", SAY("safety plan"), SAY("Look at the safety plan again"), "/plans/"},
	{"review", SAY("risk"), SAY("Assess the risk again"), "/risk"},
	{"reply", SAY("provider"), SAY("Word from the provider"), ""},
};
#define KINDS (sizeof kinds / sizeof *kinds)

static size_t kind_of(const json_t *row)
{
	size_t i = 0;

	while (i < KINDS - 1 && strcmp(kinds[i].kind, json_text_or(row, "kind", "")) != 0)
		i++;
	return i;
}

const char *tasks_kind(const struct visit *visit, const json_t *row)
{
	return say(visit->request, kinds[kind_of(row)].words);
}

static const char *title_of(const struct visit *visit, const json_t *row)
{
	const char *kind = json_text_or(row, "kind", ""), *what = json_text_or(row, "what", "");
	const char *title = say(visit->request, kinds[kind_of(row)].title);

	if (strcmp(kind, "reply") == 0)
		what = show_value(visit, schema_field(schema_entity("referral"), "service"),
			json_object_get(row, "what"));
	if (strcmp(kind, "action") == 0 && *what)
		return reports_shortened(visit->context, what);
	return *what ? memory_format(visit->context, "%s: %s", title, what) : title;
}

json_t *tasks_owed(struct visit *visit, json_t *rows)
{
	json_t *row;
	size_t i;

	json_array_foreach (rows, i, row) {
		const char *path = kinds[kind_of(row)].path, *due = json_text_or(row, "due", "");
		bool is_followup = strcmp(json_text_or(row, "kind", ""), "followup") == 0;
		bool has_key = *path && path[strlen(path) - 1] == '/';

		json_object_set_new(row, "href",
			json_string(visit_path(visit, "/cases/%s%s%s", json_text_or(row, "case_key", ""),
				path, has_key ? json_text_or(row, "key", "") : "")));
		json_object_set_new(row, "who",
			json_string(show_named(
				visit, json_text_or(row, "who", ""), json_text_or(row, "who_hub", ""))));
		json_object_set_new(row, "title", json_string(title_of(visit, row)));
		json_object_set_new(
			row, "clock", is_followup ? show_missed(visit, due) : show_due(visit, due));
	}
	if (json_array_size(rows))
		return json_pack("{so}", "tasks", rows);
	json_decref(rows);
	return json_null();
}

static json_t *clock_of(const struct visit *visit, const json_t *row, const char *kind)
{
	const char *due = json_text_or(row, "due", "");

	return strcmp(kind, "followups") == 0 ? show_missed(visit, due) : show_due(visit, due);
}

/* Of a follow-up that is to be made: who sees to it, whose name says of which hub they are. */
static const char *who_sees_to(const struct visit *visit, const json_t *row)
{
	const struct field *owner = schema_field(schema_entity("followup"), "owner");
	json_t *record CLEANUP(json_decref) = NULL, *name CLEANUP(json_decref) = NULL;

	if (*json_text_or(row, "by_whom", "") || !*json_text_or(row, "owner", ""))
		return json_text_or(row, "by_whom", "");
	error_ignore(casefile_get(visit->office->file, "followup", json_text_or(row, "key", ""), &record));
	name = show_standing(visit, owner, record ? record : row);
	return memory_string(visit->context, json_string_value(name));
}

json_t *tasks_table(struct visit *visit, json_t *rows, const char *kind)
{
	json_t *row;
	size_t i;

	json_array_foreach (rows, i, row) {
		const char *result = json_text_or(row, "result", ""), *made = json_text_or(row, "made", "");
		const char *state = json_text_or(row, "state", *made ? "done" : "open");
		bool is_followup = strcmp(kind, "followups") == 0;
		bool is_open =
			is_followup ? json_is_true(json_object_get(row, "open")) : strcmp(state, "open") == 0;

		json_object_set_new(row, "href",
			json_string(visit_path(visit, "/cases/%s/%s/%s", json_text_or(row, "case_key", ""),
				kind, json_text_or(row, "key", ""))));
		json_object_set_new(row, "is_open", json_boolean(is_open));
		json_object_set_new(row, "clock", is_open ? clock_of(visit, row, kind) : json_null());
		if (is_followup && is_open)
			json_object_set_new(row, "by_whom", json_string(who_sees_to(visit, row)));
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
