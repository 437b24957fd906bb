/* One form for every kind of record: its inputs come from the schema, so that a new field is a row there and
 * a name in a list here.
 *
 * "Nothing typed is lost, nobody is silently overwritten": what does not hold comes back as it was typed with
 * the reason beside it, and what was changed by somebody else meanwhile is shown before it is replaced.
 * Office role. */
#include "web/office/fields.h"

#include <string.h>

#include "node/base/text.h"
#include "node/casework/lists.h"
#include "node/casework/schema.h"
#include "web/office/show.h"

#define RADIOS_MOST 5

const char *fields_seen_text(const void *context, const json_t *heads)
{
	struct buffer *text = buffer_new(context);
	const json_t *one;
	size_t i;

	json_array_foreach (heads, i, one)
		buffer_format(text, "%s%s", i ? "," : "", json_string_value(one));
	return (const char *)buffer_bytes(text).data;
}

json_t *fields_seen_parse(const char *text)
{
	json_t *heads = json_array();

	while (*text) {
		size_t len = strcspn(text, ",");

		if (len)
			json_array_append_new(heads, json_stringn(text, len));
		text += len + (text[len] == ',');
	}
	return heads;
}

static const char *seen_name(const struct visit *visit, const char *field)
{
	return visit_path(visit, "seen.%s", field);
}

/* What was posted for a field, unchecked: text, or a list. */
static json_t *typed_value(const struct visit *visit, const struct field *field)
{
	json_t *list;

	if (!schema_is_list(field))
		return json_string(visit_field(visit, field->name));
	list = json_array();
	for (size_t i = 0; visit->form && i < visit->form->count; i++)
		if (strcmp(visit->form->fields[i].name, field->name) == 0 && *visit->form->fields[i].value)
			json_array_append_new(list, json_string(visit->form->fields[i].value));
	return list;
}

static json_t *empty_value(const struct field *field)
{
	return schema_is_list(field) ? json_array() : json_string("");
}

/* What stands in the case file, as the form shows it: so somebody of another hub can stay, and a namesake of
 * this one is another choice. Nothing is as good as empty. The caller's. */
static json_t *standing_value(const struct visit *visit, const struct field *field, const json_t *now)
{
	json_t *value = show_standing(visit, field, now);

	if (!value || json_is_null(value)) {
		json_decref(value);
		return empty_value(field);
	}
	return value;
}

static bool is_among(const json_t *list, const char *name)
{
	json_t *one;
	size_t i;

	json_array_foreach ((json_t *)list, i, one)
		if (strcmp(json_string_value(one), name) == 0)
			return true;
	return false;
}

/* Lists have no order: a form ticks them in its own, another hub wrote them in theirs. */
static bool is_same(const json_t *a, const json_t *b)
{
	json_t *one;
	size_t i;

	if (!json_is_array(a) || !json_is_array(b))
		return json_equal(a, b);
	if (json_array_size(a) != json_array_size(b))
		return false;
	json_array_foreach ((json_t *)a, i, one)
		if (!json_is_string(one) || !is_among(b, json_string_value(one)))
			return false;
	return true;
}

static json_t *choices_of(const struct visit *visit, const struct field *field, const char *chosen)
{
	json_t *choices = json_array();

	for (const char *at = field->choices; at && *at;) {
		size_t len = strcspn(at, "|");
		char *code = memory_string_of(visit->context, at, len);

		json_array_append_new(
			choices, json_pack("{sssssb}", "code", code, "label", show_choice(visit, code),
					 "selected", strcmp(code, chosen) == 0));
		at += len + (at[len] == '|');
	}
	return choices;
}

/* Whoever works on cases; of an entry in the directory, the provider who signs in by it. */
static bool is_meant(const struct field *field, enum person_role role)
{
	return strcmp(field->name, "user") == 0 ? role == ROLE_PROVIDER : access_may(role, MAY_READ_CASES);
}

static bool is_offered(const json_t *choices, const char *code)
{
	const json_t *choice;
	size_t i;

	json_array_foreach ((json_t *)choices, i, choice)
		if (strcmp(json_text_or(choice, "code", ""), code) == 0)
			return true;
	return false;
}

static json_t *person_choice(const char *name, bool is_chosen)
{
	return json_pack("{sssssb}", "code", name, "label", name, "selected", is_chosen);
}

/* The people of this hub who can be meant; whoever stands there from another hub stays choosable. */
static json_t *people_choices(struct visit *visit, const struct field *field, const char *chosen)
{
	json_t *users CLEANUP(json_decref) = NULL, *choices = json_array(), *row;
	bool is_there = !*chosen;
	size_t i;

	error_ignore(lists_users(visit->reception->office->file, &users)); /* in practice, too */
	json_array_foreach (users, i, row) {
		const char *name = json_text_or(row, "name", "");
		bool is_chosen = strcmp(name, chosen) == 0;
		enum person_role role;

		if (!is_chosen && (strcmp(json_text_or(row, "state", ""), "active") != 0 ||
					  person_role_parse(json_text_or(row, "role", ""), &role) ||
					  !is_meant(field, role)))
			continue;
		is_there |= is_chosen;
		json_array_append_new(choices, person_choice(name, is_chosen));
	}
	if (!is_there)
		json_array_append_new(choices, person_choice(chosen, true));
	return choices;
}

/* The same, for a list of them. */
static json_t *readers_choices(struct visit *visit, const struct field *field, const json_t *chosen)
{
	json_t *choices = people_choices(visit, field, ""), *one;
	size_t i;

	json_array_foreach (choices, i, one)
		json_object_set_new(
			one, "selected", json_boolean(is_among(chosen, json_text_or(one, "code", ""))));
	json_array_foreach ((json_t *)chosen, i, one)
		if (!is_offered(choices, json_string_value(one)))
			json_array_append_new(choices, person_choice(json_string_value(one), true));
	return choices;
}

static const char *input_of(const struct field *field, const json_t *choices)
{
	switch (field->type) {
	case FIELD_LONG:
		return "area";
	case FIELD_DATE:
		return "date";
	case FIELD_CODES:
	case FIELD_USERS:
		return "boxes";
	case FIELD_CODE:
		return field->choices && json_array_size(choices) <= RADIOS_MOST ? "radios" : "menu";
	case FIELD_USER:
		return "menu";
	default:
		return "line";
	}
}

/* What kind of input it is, for the partial: exactly one of line, area, date, radios, menu, boxes is set. */
static void add_input(struct visit *visit, json_t *view, const struct field *field, const json_t *value,
	const json_t *standing)
{
	const char *text = json_is_string(value) ? json_string_value(value) : "";
	json_t *choices = NULL;

	if (field->type == FIELD_USER)
		choices = people_choices(visit, field, text);
	else if (field->type == FIELD_USERS)
		choices = readers_choices(visit, field, value);
	else if (field->choices)
		choices = choices_of(visit, field, text);
	else if (field->codes)
		choices = show_codes(visit, field->codes, value, standing);
	json_object_set_new(view, input_of(field, choices), json_true());
	if (choices)
		json_object_set_new(view, "choices", choices);
	json_object_set_new(view, "chosen", show_count(json_array_size(value)));
	json_object_set_new(view, "value", json_string(text));
}

static const char *label_of(const struct visit *visit, const struct field *field, const struct asked *asked)
{
	return say(visit->request, asked->label ? asked->label : field->label);
}

static json_t *field_view(struct visit *visit, const struct field *field, const struct asked *asked,
	const json_t *value, const json_t *standing, const char *seen)
{
	json_t *errors = json_object_get(visit->view, "errors");
	json_t *view = json_pack("{ss, ss, ss, ss, ss, sb}", "name", field->name, "label",
		label_of(visit, field, asked), "hint", asked->hint ? say(visit->request, asked->hint) : "",
		"error", json_text_or(errors, field->name, ""), "seen", seen, "optional",
		!asked->is_required);

	add_input(visit, view, field, value, standing);
	return view;
}

static const struct error *heads_of(
	struct visit *visit, const struct asking *asking, const struct entity *entity, json_t **out)
{
	json_t *set CLEANUP(json_decref) = json_object();

	if (!asking->key) {
		*out = json_object();
		return NULL;
	}
	for (const struct asked *asked = asking->asked; asked->name; asked++) {
		const struct field *field = schema_field(entity, asked->name);

		json_object_set_new(set, asked->name, empty_value(field));
	}
	return casefile_over(visit->office->file, asking->entity, asking->key, set, out);
}

const struct error *fields_show(struct visit *visit, const struct asking *asking)
{
	const struct entity *entity = schema_entity(asking->entity);
	json_t *heads CLEANUP(json_decref) = NULL, *list = json_array();
	const struct error *error = heads_of(visit, asking, entity, &heads);

	if (error) {
		json_decref(list);
		return error;
	}
	for (const struct asked *asked = asking->asked; asked->name; asked++) {
		const struct field *field = schema_field(entity, asked->name);
		json_t *standing CLEANUP(json_decref) = standing_value(visit, field, asking->now);
		json_t *value CLEANUP(json_decref) =
			visit->form ? typed_value(visit, field) : json_incref(standing);
		const char *seen = fields_seen_text(visit->context, json_object_get(heads, asked->name));

		json_array_append_new(list, field_view(visit, field, asked, value, standing, seen));
	}
	visit_set(visit, "fields", list);
	return NULL;
}

const struct error *fields_page(struct visit *visit, const struct fields_page *page)
{
	visit_text(visit, "heading", say(visit->request, page->heading));
	visit_text(visit, "button", say(visit->request, page->button));
	visit_text(visit, "action", page->action);
	visit_text(visit, "back", page->back);
	return visit_show(visit, "office-form", page->heading);
}

void fields_offer(struct visit *visit, const char *name, json_t *choices)
{
	json_t *field, *choice;
	size_t i, k;

	json_array_foreach (json_object_get(visit->view, "fields"), i, field) {
		if (strcmp(json_text_or(field, "name", ""), name) != 0)
			continue;
		json_array_foreach (choices, k, choice)
			json_object_set_new(choice, "selected",
				json_boolean(strcmp(json_text_or(choice, "code", ""),
						     json_text_or(field, "value", "")) == 0));
		json_object_del(field, "line");
		if (!json_is_true(json_object_get(field, "radios")))
			json_object_set_new(field, "menu", json_true());
		json_object_set(field, "choices", choices);
	}
	json_decref(choices);
}

/* A date that has passed is sometimes meant; it is asked about once, and accepted when it comes again. */
static bool is_past_unconfirmed(struct visit *visit, const struct field *field, const char *date)
{
	const char *again = visit_field(visit, visit_path(visit, "past.%s", field->name));

	return text_is_date(date) && strcmp(date, show_today(visit->context)) < 0 && strcmp(again, date) != 0;
}

/* Somebody who is not among those that can be chosen; whoever stands there already may stay. */
static bool is_stranger(
	struct visit *visit, const struct field *field, const char *name, const char *standing)
{
	json_t *choices CLEANUP(json_decref) = people_choices(visit, field, standing);

	return *name && !is_offered(choices, name);
}

static bool has_stranger(
	struct visit *visit, const struct field *field, const json_t *value, const json_t *standing)
{
	const json_t *one;
	size_t i;

	if (field->type == FIELD_USER)
		return is_stranger(visit, field, json_string_value(value),
			json_is_string(standing) ? json_string_value(standing) : "");
	if (field->type != FIELD_USERS)
		return false;
	json_array_foreach ((json_t *)value, i, one)
		if (!is_among(standing, json_string_value(one)) &&
			is_stranger(visit, field, json_string_value(one), ""))
			return true;
	return false;
}

/* Of what happened, a month or a year may be all that is known; what is to be done has a day. Some phones let
 * people type it. */
static bool is_day_missing(const struct field *field, const char *text)
{
	return field->type == FIELD_DATE && strcmp(field->name, "when") != 0 && *text &&
	       strlen(text) < sizeof "2026-11-23" - 1;
}

json_t *fields_value(
	struct visit *visit, const struct field *field, const struct asked *asked, const json_t *standing)
{
	json_t *value = typed_value(visit, field);
	const struct error *error =
		is_same(value, standing) ? NULL : schema_check(field, value, visit->codes, standing);
	const char *label = label_of(visit, field, asked),
		   *text = json_is_string(value) ? json_string_value(value) : "";
	bool is_empty = json_is_array(value) ? !json_array_size(value) : !*text;

	if (error) {
		visit_problem(visit, field->name, error->message);
	} else if (is_day_missing(field, text) && !is_same(value, standing)) {
		visit_problem(visit, field->name,
			visit_path(visit, say(visit->request, "%s: give the whole day, like 2026-11-23"),
				label));
	} else if (is_empty && asked->is_required) {
		visit_problem(visit, field->name,
			visit_path(visit, say(visit->request, "%s: this must be filled in"), label));
	} else if (asked->is_ahead && is_past_unconfirmed(visit, field, text)) {
		visit_problem(visit, field->name,
			visit_path(visit,
				say(visit->request, "%s: %s has passed. If that is right, save again"), label,
				show_date(visit, text)));
		visit_set(visit, "past", json_pack("[{ssss}]", "name", field->name, "value", text));
	} else {
		return value;
	}
	json_decref(value);
	return NULL;
}

/* The value that the person saw, from the history of the record: the first of the heads they were shown. */
static const struct error *seen_value(struct visit *visit, const struct asking *asking,
	const struct field *field, const json_t *seen, json_t **out)
{
	json_t *history CLEANUP(json_decref) = NULL, *row;
	const char *event = json_string_value(json_array_get(seen, 0));
	size_t i;

	*out = NULL;
	TRY(casefile_history(visit->office->file, asking->entity, asking->key, &history));
	json_array_foreach (history, i, row)
		if (event && strcmp(json_text_or(row, "event", ""), event) == 0 &&
			strcmp(json_text_or(row, "field", ""), field->name) == 0)
			*out = json_incref(json_object_get(row, "value"));
	if (!*out)
		*out = empty_value(field);
	return NULL;
}

static const struct error *tell_of_change(struct visit *visit, const struct asking *asking,
	const struct field *field, const char *label, const json_t *heads, const json_t *standing)
{
	json_t *history CLEANUP(json_decref) = NULL, *row;
	const char *head = json_string_value(json_array_get(heads, 0)),
		   *who = say(visit->request, "somebody");
	const char *value = show_value(visit, field, standing);
	size_t i;

	TRY(casefile_history(visit->office->file, asking->entity, asking->key, &history));
	json_array_foreach (history, i, row)
		if (head && strcmp(json_text_or(row, "event", ""), head) == 0)
			who = show_who(visit, row);
	visit_problem(visit, field->name,
		visit_path(visit,
			say(visit->request,
				"%s: changed to “%s” while you were writing (%s). Save again to put yours in "
				"its place"),
			label, *value ? value : say(visit->request, "nothing"), who));
	visit->request->status = 409;
	return NULL;
}

/* One field: whether this person changed it, and whether somebody else did since they looked. */
static const struct error *take_field(struct visit *visit, const struct asking *asking,
	const struct field *field, const struct asked *asked, const json_t *heads, json_t *set, json_t *over)
{
	json_t *standing CLEANUP(json_decref) = standing_value(visit, field, asking->now);
	json_t *typed CLEANUP(json_decref) = fields_value(visit, field, asked, standing),
		      *was CLEANUP(json_decref) = NULL;
	json_t *seen CLEANUP(json_decref) =
		fields_seen_parse(visit_field(visit, seen_name(visit, field->name)));
	json_t *none CLEANUP(json_decref) = json_array();

	if (!typed || is_same(typed, standing))
		return NULL;
	if (has_stranger(visit, field, typed, standing)) {
		visit_problem(visit, field->name,
			visit_path(visit, say(visit->request, "%s: choose somebody from the list"),
				label_of(visit, field, asked)));
		return NULL;
	}
	if (!heads)
		heads = none;
	if (asking->key && !json_equal(seen, heads)) {
		TRY(seen_value(visit, asking, field, seen, &was));
		if (is_same(typed, was))
			return NULL;
		return tell_of_change(visit, asking, field, label_of(visit, field, asked), heads, standing);
	}
	json_object_set(set, field->name, typed);
	if (json_array_size(seen))
		json_object_set(over, field->name, seen);
	return NULL;
}

const struct error *fields_take(struct visit *visit, const struct asking *asking, json_t **set, json_t **over)
{
	const struct entity *entity = schema_entity(asking->entity);
	json_t *heads CLEANUP(json_decref) = NULL, *changed = json_object(), *seen = json_object();
	const struct error *error = heads_of(visit, asking, entity, &heads);

	for (const struct asked *asked = asking->asked; asked->name && !error; asked++) {
		const struct field *field = schema_field(entity, asked->name);

		error = take_field(
			visit, asking, field, asked, json_object_get(heads, asked->name), changed, seen);
	}
	if (error) {
		json_decref(changed);
		json_decref(seen);
		return error;
	}
	if (visit_has_problems(visit)) {
		json_object_clear(changed);
		json_object_clear(seen);
	}
	*set = changed;
	*over = seen;
	return NULL;
}

const struct error *fields_heads(
	struct visit *visit, const struct asking *asking, const char *name, const char **out)
{
	const struct asked asked[] = {{.name = name}, {0}};
	const struct asking one = {asking->entity, asking->key, asking->now, asked};
	json_t *heads CLEANUP(json_decref) = NULL;

	TRY(heads_of(visit, &one, schema_entity(asking->entity), &heads));
	*out = fields_seen_text(visit->context, json_object_get(heads, name));
	return NULL;
}

const struct error *fields_seen(
	struct visit *visit, const struct asking *asking, const char *name, json_t **over)
{
	const char *seen = visit_field(visit, seen_name(visit, name)), *now;

	TRY(fields_heads(visit, asking, name, &now));
	if (strcmp(seen, now) != 0) {
		visit->request->status = 409;
		visit_problem(visit, "",
			"Somebody changed this while you were reading. Look at it again and repeat what you "
			"want to do");
	}
	*over = *seen ? json_pack("{so}", name, fields_seen_parse(seen)) : json_object();
	return NULL;
}
