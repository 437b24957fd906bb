/* What was agreed in a case: actions (who does what until when) and follow-ups (when somebody looks after it
 * again). New ones and changes are one form; a follow-up that names the next one makes it. */
#include "web/office/pages.h"

#include <string.h>

#include "node/base/text.h"
#include "web/office/fields.h"
#include "web/office/show.h"

struct kind {
	const char *entity, *path, *heading, *heading_new;
	const struct asked *asked_new, *asked;
};

static const struct asked action_new[] = {
	{"what", NULL, NULL, true, false},
	{"who", NULL, SAY("A person here, or somebody outside."), true, false},
	{"due", NULL, NULL, true, true},
	{0},
};
static const struct asked action_asked[] = {
	{"state", NULL, NULL, true, false},
	{"outcome", NULL, SAY("What came of it; needed when it is done or dropped."), false, false},
	{"what", NULL, NULL, true, false},
	{"who", NULL, NULL, true, false},
	{"due", NULL, NULL, true, false},
	{0},
};
static const struct asked followup_new[] = {
	{"due", SAY("When to look after it"), NULL, true, true},
	{"by_whom", NULL, NULL, false, false},
	{"how", NULL, SAY("A visit, a telephone call, through somebody."), false, false},
	{0},
};
static const struct asked followup_asked[] = {
	{"made", NULL, NULL, true, false},
	{"result", NULL, NULL, true, false},
	{"text", SAY("What was said, what you saw"), NULL, false, false},
	{"by_whom", NULL, NULL, false, false},
	{"how", NULL, NULL, false, false},
	{"next", SAY("When to look after it next"), SAY("A new follow-up is noted for that day."), false,
		true},
	{"due", NULL, NULL, true, false},
	{0},
};
static const struct kind actions = {
	"action", "actions", SAY("Action"), SAY("Add an action"), action_new, action_asked};
static const struct kind followups = {
	"followup", "followups", SAY("Follow-up"), SAY("Add a follow-up"), followup_new, followup_asked};

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

static bool is_new(const struct visit *visit)
{
	return strcmp(visit->parts[1], "new") == 0;
}

/* The case in the address, and the task unless it is a new one. */
static const struct error *find(struct visit *visit, const struct kind *kind, json_t **in_case, json_t **task)
{
	TRY(case_find(visit, visit->parts[0], in_case));
	if (is_new(visit))
		return NULL;
	TRY(casefile_get(visit->office->file, kind->entity, visit->parts[1], task));
	if (strcmp(json_text_or(*task, "case", ""), json_text_or(*in_case, "key", "")) != 0)
		return error_new(ERROR_NOT_FOUND, "this case has no such record");
	return NULL;
}

static struct asking asking_of(const struct visit *visit, const struct kind *kind, const json_t *task)
{
	return (struct asking){kind->entity, is_new(visit) ? NULL : visit->parts[1], task,
		is_new(visit) ? kind->asked_new : kind->asked};
}

static const struct error *show(
	struct visit *visit, const struct kind *kind, const json_t *in_case, const json_t *task)
{
	struct asking asking = asking_of(visit, kind, task);
	const char *heading = is_new(visit) ? kind->heading_new : kind->heading;

	TRY(fields_show(visit, &asking));
	visit_text(visit, "heading", say(visit->request, heading));
	visit_text(visit, "caption",
		memory_format(visit->context, "%s %s", json_text_or(in_case, "ref", ""),
			json_text_or(in_case, "alias", "")));
	visit_text(visit, "button", say(visit->request, "Save"));
	visit_text(visit, "action",
		visit_path(visit, "/cases/%s/%s/%s", visit->parts[0], kind->path, visit->parts[1]));
	visit_text(visit, "back", visit_path(visit, "/cases/%s", visit->parts[0]));
	if (!is_new(visit))
		visit_text(
			visit, "history", visit_path(visit, "/history/%s/%s", kind->entity, visit->parts[1]));
	return visit_show(visit, "office-form", heading);
}

static const struct error *form_of(struct visit *visit, const struct kind *kind)
{
	json_t *in_case CLEANUP(json_decref) = NULL, *task CLEANUP(json_decref) = NULL;

	TRY(find(visit, kind, &in_case, &task));
	return show(visit, kind, in_case, task);
}

static void check_together(struct visit *visit, const struct kind *kind)
{
	json_t *typed CLEANUP(json_decref) = json_pack("{ssssss}", "state", visit_field(visit, "state"),
		"outcome", visit_field(visit, "outcome"), "made", visit_field(visit, "made"));

	if (!is_new(visit))
		fields_agree(visit, kind->entity, typed);
}

static const struct error *write_task(
	struct visit *visit, const struct kind *kind, const char *case_key, json_t *set, json_t *over)
{
	const char *next = json_text_or(set, "next", "");
	struct batch *batch = visit_batch(visit);
	char key[ENTITY_KEY_SIZE];

	write_key_new(key, visit->office);
	if (is_new(visit) && kind == &actions)
		json_object_set_new(set, "state", json_string("open"));
	if (is_new(visit))
		TRY(batch_event(batch, kind->entity, key, case_key, json_incref(set), NULL));
	else
		TRY(batch_event(
			batch, kind->entity, visit->parts[1], case_key, json_incref(set), json_incref(over)));
	if (*next) {
		write_key_new(key, visit->office);
		TRY(batch_event(batch, kind->entity, key, case_key, json_pack("{ss}", "due", next), NULL));
	}
	return batch_commit(batch);
}

static const struct error *save(struct visit *visit, const struct kind *kind, const char *notice)
{
	json_t *in_case CLEANUP(json_decref) = NULL, *task CLEANUP(json_decref) = NULL;
	json_t *set CLEANUP(json_decref) = NULL, *over CLEANUP(json_decref) = NULL;
	const char *back = visit_path(visit, "/cases/%s", visit->parts[0]);
	struct asking asking;

	TRY(find(visit, kind, &in_case, &task));
	asking = asking_of(visit, kind, task);
	check_together(visit, kind);
	TRY(fields_take(visit, &asking, &set, &over));
	if (visit_has_problems(visit))
		return show(visit, kind, in_case, task);
	if (!json_object_size(set))
		return visit_go(visit, back, "Nothing was changed.");
	TRY(write_task(visit, kind, json_text_or(in_case, "key", ""), set, over));
	return visit_go(visit, back, notice);
}

const struct error *action_form(struct visit *visit)
{
	return form_of(visit, &actions);
}

const struct error *action_save(struct visit *visit)
{
	return save(
		visit, &actions, is_new(visit) ? SAY("The action is added.") : SAY("The action is saved."));
}

const struct error *followup_form(struct visit *visit)
{
	return form_of(visit, &followups);
}

const struct error *followup_save(struct visit *visit)
{
	return save(visit, &followups,
		is_new(visit) ? SAY("The follow-up is added.") : SAY("The follow-up is saved."));
}
