/* Conflicts: two hubs changed one field without seeing each other's change. Both values stand on top of the
 * record, with who said what and when, until a person chooses one or writes a third; that event names all
 * heads, and the conflict is settled on every hub.
 *
 * "Only what hubs disagree about is changed here": any other field has its own form, with its own rules.
 * Office role. */
#include "web/office/pages.h"

#include <string.h>

#include "web/office/fields.h"
#include "web/office/parts.h"
#include "web/office/rules.h"
#include "web/office/show.h"
#include "web/office/traces.h"

/* What no person writes: disagreements on who opened a report first are report.c's, and a case's reference
 * and a reporter's mailbox are made once. */
static bool is_silent(const char *field)
{
	static const char *const fields[] = {"opened_at", "opened_by", "mailbox", "ref"};

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (strcmp(field, fields[i]) == 0)
			return true;
	return false;
}

static const json_t *conflict_of(const json_t *record, const char *field)
{
	const json_t *conflict;
	size_t i;

	json_array_foreach (json_object_get(record, "conflicts"), i, conflict)
		if (strcmp(json_text_or(conflict, "field", ""), field) == 0)
			return conflict;
	return NULL;
}

/* What became of a report is said by what its other pages do, and what a code comes under is chosen from its
 * list, so only what a hub did say can be chosen. */
static bool may_be_another(const struct entity *entity, const struct field *field)
{
	if (strcmp(entity->name, "code") == 0)
		return strcmp(field->name, "label") == 0;
	return strcmp(entity->name, "report") != 0 ||
	       (strcmp(field->name, "state") != 0 && strcmp(field->name, "case") != 0);
}

static json_t *values_view(struct visit *visit, const struct field *field, const json_t *values)
{
	json_t *list = json_array();
	const json_t *value;
	size_t i;

	json_array_foreach (values, i, value)
		json_array_append_new(
			list, json_pack("{ss, ss, ss}", "event", json_text_or(value, "event", ""), "text",
				      show_value(visit, field, json_object_get(value, "value")), "who",
				      show_who(visit, value)));
	return list;
}

static const struct error *show_one(struct visit *visit, const struct asking *asking, const json_t *conflict,
	const char *what, json_t *list)
{
	const struct entity *entity = schema_entity(asking->entity);
	const char *name = json_text_or(conflict, "field", ""), *seen;
	const struct field *field = schema_field(entity, name);

	if (!field || is_silent(name))
		return NULL;
	TRY(fields_heads(visit, asking, name, &seen));
	json_array_append_new(
		list, json_pack("{ss, ss, ss, ss, ss, ss, sb, so}", "field", name, "label",
			      say(visit->request, field->label), "what", what, "entity", asking->entity,
			      "key", asking->key, "seen", seen, "may_write", may_be_another(entity, field),
			      "values", values_view(visit, field, json_object_get(conflict, "values"))));
	return NULL;
}

const struct error *settle_show(
	struct visit *visit, const char *entity, const json_t *record, const char *what)
{
	const char *key = memory_string(visit->context, json_text_or(record, "key", ""));
	struct asking asking = {entity, key, record, NULL};
	json_t *list = json_object_get(visit->view, "conflicts");
	const json_t *conflict;
	size_t i;

	if (!list) {
		list = json_array();
		visit_set(visit, "conflicts", list);
	}
	json_array_foreach (json_object_get(record, "conflicts"), i, conflict)
		TRY(show_one(visit, &asking, conflict, what, list));
	return NULL;
}

const struct error *settle_values(
	struct visit *visit, const char *entity, const char *key, const char *name, json_t **out)
{
	json_t *record CLEANUP(json_decref) = NULL, *value;
	const struct entity *kind = schema_entity(entity);
	const struct field *field = kind ? schema_field(kind, name) : NULL;
	const json_t *conflict;
	size_t i;

	*out = json_array();
	if (!field || field->type == FIELD_KEY || parts_is_secret(entity))
		return NULL;
	TRY(casefile_get(visit->office->file, entity, key, &record));
	conflict = conflict_of(record, name);
	json_array_foreach (json_object_get(conflict, "values"), i, value)
		json_array_append_new(
			*out, json_pack("{ss, ss}", "text",
				      reports_shortened(visit->context,
					      show_value(visit, field, json_object_get(value, "value"))),
				      "who", show_who(visit, value)));
	return NULL;
}

/* The value of the event that was chosen; the caller's. NULL: none of them was. */
static json_t *chosen_value(struct visit *visit, const json_t *conflict)
{
	const char *event = visit_field(visit, "choice");
	const json_t *value;
	size_t i;

	json_array_foreach (json_object_get(conflict, "values"), i, value)
		if (strcmp(json_text_or(value, "event", ""), event) == 0)
			return json_incref(json_object_get(value, "value"));
	return NULL;
}

static bool is_said_with_others(const char *field)
{
	static const char *const fields[] = {"state", "reason", "outcome", "made", "personnel",
		"personnel_why", "personnel_agreed", "given", "withdrawn"};

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (strcmp(field, fields[i]) == 0)
			return true;
	return false;
}

/* The value that was chosen or written, if the record may say it; the caller's. NULL with a problem. */
static json_t *settled_value(
	struct visit *visit, const struct entity *entity, const struct field *field, const json_t *record)
{
	struct asked asked = {.name = field->name, .is_required = true};
	json_t *after CLEANUP(json_decref) = json_copy((json_t *)record), *value;

	if (strcmp(visit_field(visit, "choice"), "other") == 0 && may_be_another(entity, field))
		value = fields_value(visit, field, &asked, json_object_get(record, field->name));
	else
		value = chosen_value(visit, conflict_of(record, field->name));
	if (!value && !visit_has_problems(visit))
		visit_problem(visit, "choice", "Choose one of the values");
	if (!value)
		return NULL;
	json_object_set(after, field->name, value);
	if ((!is_said_with_others(field->name) || rules_hold(visit, entity->name, after)) &&
		!visit_has_problems(visit))
		return value;
	json_decref(value);
	return NULL;
}

static const char *page_of(struct visit *visit, const char *entity, const json_t *record)
{
	const char *case_key = json_text_or(record, "case", ""), *key = json_text_or(record, "key", "");

	if (strcmp(entity, "report") == 0)
		return visit_path(visit, "/reports/%s", key);
	if (strcmp(entity, "provider") == 0)
		return visit_path(visit, "/providers/%s", key);
	if (strcmp(entity, "code") == 0)
		return visit_path(visit, "/codes/%s/%s", json_text_or(record, "list", ""), key);
	return visit_path(visit, "/cases/%s", strcmp(entity, "case") == 0 ? key : case_key);
}

/* Asked again: with the third value's input, and with what was wrong. */
static const struct error *ask(
	struct visit *visit, const struct asking *about, const json_t *record, const struct field *field)
{
	const struct asked asked[] = {{.name = field->name}, {0}};
	const struct asking asking = {about->entity, about->key, about->now, asked};
	const struct entity *entity = schema_entity(about->entity);
	json_t *conflict;
	size_t i;

	TRY(settle_show(visit, asking.entity, record, ""));
	json_array_foreach (json_object_get(visit->view, "conflicts"), i, conflict)
		if (strcmp(json_text_or(conflict, "field", ""), field->name) == 0)
			visit_set(visit, "conflict", json_incref(conflict));
	if (may_be_another(entity, field))
		TRY(fields_show(visit, &asking));
	visit_text(visit, "action",
		visit_path(visit, "/settle/%s/%s/%s", asking.entity, asking.key, field->name));
	visit_text(visit, "back", page_of(visit, asking.entity, record));
	return visit_show(visit, "office-settle", field->label);
}

/* Both values are shown, or told by what is chosen: of a person, who that is. */
static const struct error *note_read(struct visit *visit, const struct entity *entity, const json_t *record)
{
	const char *case_key = json_text_or(record, "case", "");

	if (strcmp(entity->name, "person") == 0)
		return parts_note_person(visit, record, "to settle what hubs disagree about");
	return traces_read(
		visit->office, visit->person.name, entity->name, json_text_or(record, "key", ""), case_key);
}

const struct error *settle_save(struct visit *visit)
{
	const struct entity *entity = schema_entity(visit->parts[0]);
	const struct field *field =
		entity && !entity->is_local ? schema_field(entity, visit->parts[2]) : NULL;
	json_t *record CLEANUP(json_decref) = NULL, *value CLEANUP(json_decref) = NULL,
		       *over CLEANUP(json_decref) = NULL;
	struct asking asking = {visit->parts[0], visit->parts[1], NULL, NULL};
	struct batch *batch = visit_batch(visit);

	if (!field || is_silent(field->name))
		return error_new(ERROR_NOT_FOUND, "there is no such record here");
	TRY(casefile_get(visit->office->file, entity->name, asking.key, &record));
	TRY(note_read(visit, entity, record));
	asking.now = record;
	if (!conflict_of(record, field->name)) {
		visit->request->status = 409;
		return error_new(ERROR_CONFLICT,
			"hubs do not disagree about this, or somebody has settled it meanwhile; look at the "
			"record again");
	}
	if (strcmp(visit_field(visit, "choice"), "ask") == 0)
		return ask(visit, &asking, record, field);
	TRY(fields_seen(visit, &asking, field->name, &over));
	value = settled_value(visit, entity, field, record);
	if (!value)
		return ask(visit, &asking, record, field);
	TRY(batch_event(batch, entity->name, asking.key,
		entity->in_case ? json_text_or(record, "case", "") : "",
		json_pack("{sO}", field->name, value), json_incref(over)));
	TRY(batch_commit(batch));
	return visit_go(visit, page_of(visit, entity->name, record), "It is settled.");
}
