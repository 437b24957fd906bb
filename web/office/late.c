/* What an earlier owner wrote about a case after it had left it: the owner takes each of these over, or
 * leaves it. Until then it stands nowhere; decided, it is not asked about again (the case's field "settled").
 *
 * Taken over it is said again in this hub's name, naming what it stands for, so that everybody sees who said
 * it first. Office role. */
#include <string.h>

#include "node/base/text.h"
#include "node/casework/lists.h"
#include "web/office/pages.h"
#include "web/office/show.h"

#define LATE_MOST 64 /* as many as a case's list of decisions holds */

const struct error *late_waiting(struct visit *visit, const char *case_key, json_t **out)
{
	json_t *rows CLEANUP(json_decref) = NULL, *record CLEANUP(json_decref) = NULL, *row, *one;
	const json_t *settled;
	size_t i, k;

	*out = NULL;
	TRY(casefile_get(visit->office->file, "case", case_key, &record));
	settled = json_object_get(record, "settled");
	TRY(lists_late(visit->office->file, case_key, LATE_MOST, &rows));
	*out = json_array();
	json_array_foreach (rows, i, row) {
		bool is_settled = false;

		json_array_foreach ((json_t *)settled, k, one)
			is_settled |= strcmp(json_string_value(one), json_text_or(row, "event", "")) == 0;
		if (!is_settled)
			json_array_append(*out, row);
	}
	return NULL;
}

static json_t *row_view(struct visit *visit, const json_t *row)
{
	const struct entity *entity = schema_entity(json_text_or(row, "entity", ""));
	json_t *event CLEANUP(json_decref) = json_loads(json_text_or(row, "line", "{}"), 0, NULL);
	json_t *set = json_object_get(event, "set"), *facts = json_array();
	json_t *who CLEANUP(json_decref) = json_pack("{ss, ss, ss, ss}", "by", json_text_or(event, "by", ""),
		"hub", json_text_or(row, "hub", ""), "at", json_text_or(event, "at", ""), "clock",
		json_text_or(event, "clock", ""));

	for (size_t i = 0; entity && i < entity->count; i++) {
		const struct field *field = &entity->fields[i];
		const char *value = show_value(visit, field, json_object_get(set, field->name));

		if (!*value || show_is_for_programs(field))
			continue;
		if (show_is_identity(entity, field))
			value = say(visit->request, "Is there; not shown here");
		json_array_append_new(facts,
			json_pack("{ssss}", "label", say(visit->request, field->label), "value", value));
	}
	return json_pack("{ss, ss, ss, so}", "event", json_text_or(row, "event", ""), "kind",
		show_choice(visit, json_text_or(row, "entity", "")), "who", show_who(visit, who), "facts",
		facts);
}

static const struct error *show(struct visit *visit, const json_t *record)
{
	const char *key = json_text_or(record, "key", "");
	json_t *rows CLEANUP(json_decref) = NULL, *list = json_array(), *row;
	const struct error *error = late_waiting(visit, key, &rows);
	size_t i;

	json_array_foreach (rows, i, row)
		json_array_append_new(list, row_view(visit, row));
	visit_set(visit, "late", json_array_size(list) ? json_pack("{so}", "list", list) : json_null());
	if (error)
		return error;
	case_caption(visit, record);
	visit_text(visit, "action", visit_path(visit, "/cases/%s/late", key));
	visit_text(visit, "back", visit_path(visit, "/cases/%s", key));
	return visit_show(visit, "office-late", "Written after the transfer");
}

const struct error *late_page(struct visit *visit)
{
	json_t *record CLEANUP(json_decref) = NULL;

	TRY(case_find(visit, visit->parts[0], &record));
	return show(visit, record);
}

/* The event said again: of the fields that this version knows, in place of what stands now. */
static const struct error *adopt(
	struct visit *visit, struct batch *batch, const char *case_key, const json_t *row)
{
	const char *type = json_text_or(row, "entity", ""), *key = json_text_or(row, "key", ""),
		   *name = json_text_or(row, "event", "");
	const struct entity *entity = schema_entity(type);
	json_t *event CLEANUP(json_decref) = json_loads(json_text_or(row, "line", "{}"), 0, NULL);
	json_t *set = json_object(), *over = NULL, *value;
	const struct error *error;
	const char *field;

	json_object_foreach (json_object_get(event, "set"), field, value)
		if (schema_field(entity, field))
			json_object_set(set, field, value);
	error = casefile_over(visit->office->file, type, key, set, &over);
	if (error) {
		json_decref(set);
		return error;
	}
	json_object_foreach (set, field, value) {
		if (!json_object_get(over, field))
			json_object_set_new(over, field, json_array());
		json_array_append_new(json_object_get(over, field), json_string(name));
	}
	return batch_adopt(batch, type, key, entity->in_case ? case_key : "", set, over,
		json_pack("[{ssssss}]", "event", name, "by", json_text_or(event, "by", ""), "at",
			json_text_or(event, "at", "")));
}

static json_t *with(const json_t *settled, const char *event)
{
	json_t *list = settled ? json_copy((json_t *)settled) : json_array();

	json_array_append_new(list, json_string(event));
	return list;
}

const struct error *late_decide(struct visit *visit)
{
	json_t *record CLEANUP(json_decref) = NULL, *rows CLEANUP(json_decref) = NULL, *row, *found = NULL;
	const char *event = visit_field(visit, "event"), *case_key;
	bool is_adopted = strcmp(visit_field(visit, "what"), "adopt") == 0;
	struct batch *batch = visit_batch(visit);
	size_t i;

	TRY(case_find(visit, visit->parts[0], &record));
	case_key = json_text_or(record, "key", "");
	TRY(late_waiting(visit, case_key, &rows));
	json_array_foreach (rows, i, row)
		if (strcmp(json_text_or(row, "event", ""), event) == 0)
			found = row;
	if (!found)
		return visit_go(
			visit, visit_path(visit, "/cases/%s/late", case_key), "This is decided already.");
	if (is_adopted)
		TRY(adopt(visit, batch, case_key, found));
	TRY(batch_event(batch, "case", case_key, "",
		json_pack("{so}", "settled", with(json_object_get(record, "settled"), event)), NULL));
	TRY(batch_commit(batch));
	return visit_go(visit, visit_path(visit, "/cases/%s/late", case_key),
		is_adopted ? SAY("It is taken over.") : SAY("It is left as it is."));
}
