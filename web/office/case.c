/* One case: what is known, what was agreed, what hubs disagree about; changing it; notes. Its parts are
 * parts.c's, settling is settle.c's. */
#include "web/office/pages.h"

#include <string.h>

#include "node/base/text.h"
#include "node/casework/lists.h"
#include "web/office/attach.h"
#include "web/office/fields.h"
#include "web/office/parts.h"
#include "web/office/referred.h"
#include "web/office/share.h"
#include "web/office/show.h"
#include "web/office/state.h"
#include "web/office/told.h"
#include "web/office/transfer.h"

#define TASKS_MOST 100

static const char facts[] =
	"district officer team readers violations perpetrators needs consent priority review threats "
	"vulnerabilities capacities reason outcome retention";

static const struct asked edit_asked[] = {
	{"alias", NULL, SAY("What we call the defender here; not their name."), true, false},
	{"risk", NULL, SAY("“Assess the risk” on the case’s page proposes it from three questions."), true,
		false},
	{"summary", NULL, NULL, false, false},
	{"officer", NULL, NULL, false, false},
	{"priority", NULL, NULL, false, false},
	{"district", NULL, NULL, false, false},
	{"violations", NULL, NULL, false, false},
	{"perpetrators", NULL, NULL, false, false},
	{"needs", NULL, NULL, false, false},
	{"consent", SAY("What the person agreed to"), NULL, false, false},
	{"review", NULL, NULL, false, false},
	{0},
};

/* Of a closed one also what closing said. */
static const struct asked closed_asked[] = {
	{"alias", NULL, SAY("What we call the defender here; not their name."), true, false},
	{"reason", NULL, NULL, true, false},
	{"outcome", NULL, SAY("What came of it."), false, false},
	{"retention", NULL, SAY("From then on a coordinator is asked to look at it."), false, false},
	{"summary", NULL, NULL, false, false},
	{"officer", NULL, NULL, false, false},
	{"district", NULL, NULL, false, false},
	{"violations", NULL, NULL, false, false},
	{"perpetrators", NULL, NULL, false, false},
	{"needs", NULL, NULL, false, false},
	{"consent", SAY("What the person agreed to"), NULL, false, false},
	{0},
};

static const struct asked *asked_of(const json_t *record)
{
	return strcmp(json_text_or(record, "state", ""), "closed") == 0 ? closed_asked : edit_asked;
}

/* Each conflict of a part of the case stands with the case's own. */
static const struct error *add_conflicts(
	struct visit *visit, const char *table, const char *entity, const char *what)
{
	const json_t *tasks = json_object_get(json_object_get(visit->view, table), "tasks");
	json_t *row;
	size_t i;

	json_array_foreach (tasks, i, row) {
		json_t *record CLEANUP(json_decref) = NULL;

		if (!json_integer_value(json_object_get(row, "conflicts")))
			continue;
		TRY(casefile_get(visit->office->file, entity, json_text_or(row, "key", ""), &record));
		TRY(settle_show(visit, entity, record, what));
	}
	return NULL;
}

static const struct error *add_tasks(struct visit *visit, const char *key)
{
	const char *today = show_today(visit->context);
	json_t *actions = NULL, *followups = NULL;

	TRY(lists_actions(visit->office->file, key, today, TASKS_MOST, &actions));
	visit_set(visit, "actions", tasks_table(visit, actions, "actions"));
	TRY(add_conflicts(visit, "actions", "action", say(visit->request, "an action")));
	TRY(lists_followups(visit->office->file, key, today, TASKS_MOST, &followups));
	visit_set(visit, "followups", tasks_table(visit, followups, "followups"));
	return add_conflicts(visit, "followups", "followup", say(visit->request, "a follow-up"));
}

static const struct error *add_notes(struct visit *visit, const char *key)
{
	json_t *notes = NULL, *row;
	size_t i;

	TRY(lists_notes(visit->office->file, key, &notes));
	json_array_foreach (notes, i, row)
		json_object_set_new(row, "who", json_string(show_who(visit, row)));
	visit_set(visit, "notes", json_array_size(notes) ? json_pack("{sO}", "list", notes) : json_null());
	json_decref(notes);
	return NULL;
}

void case_facts(struct visit *visit, const json_t *record)
{
	const char *risk = json_text_or(record, "risk", ""), *state = json_text_or(record, "state", "open");

	visit_text(visit, "ref", json_text_or(record, "ref", ""));
	visit_text(visit, "alias", json_text_or(record, "alias", ""));
	visit_text(visit, "summary", json_text_or(record, "summary", ""));
	visit_text(visit, "risk_label", show_choice(visit, risk));
	visit_text(visit, "risk_class", show_tag(risk));
	visit_text(visit, "state_label", show_choice(visit, state));
	visit_text(visit, "state_class", show_tag(state));
	visit_set(visit, "is_restricted",
		json_boolean(strcmp(json_text_or(record, "restricted", ""), "yes") == 0));
	visit_set(visit, "facts", show_fields(visit, schema_entity("case"), record, facts));
}

void case_caption(struct visit *visit, const json_t *record)
{
	visit_text(visit, "caption",
		memory_format(visit->context, "%s %s", json_text_or(record, "ref", ""),
			json_text_or(record, "alias", "")));
}

static const struct error *show(struct visit *visit, const char *key)
{
	json_t *record CLEANUP(json_decref) = NULL, *report CLEANUP(json_decref) = NULL;
	char owner[LOG_ID_SIZE];
	const char *way;

	TRY(case_find(visit, key, &record));
	TRY(settle_show(visit, "case", record, ""));
	TRY(state_show(visit, record));
	TRY(add_tasks(visit, key));
	TRY(parts_show(visit, key));
	TRY(attach_show(visit, key));
	TRY(referred_of_case(visit, record));
	TRY(add_notes(visit, key));
	case_facts(visit, record);
	TRY(casefile_owner(visit->office->file, key, owner));
	visit_text(visit, "hub_name", office_hub_name(visit->office, owner));
	TRY(told_line(visit, "case", key, key, &way));
	visit_text(visit, "way", way);
	TRY(transfer_show(visit, key));
	TRY(show_readers(visit, key, true));
	visit_set(visit, "has_report", json_boolean(!report_find(visit, key, &report)));
	visit_text(visit, "key", key);
	visit_text(visit, "case_key", key);
	visit_text(visit, "note", visit_field(visit, "text"));
	visit_text(visit, "back", "/cases");
	return visit_show(visit, "office-case",
		memory_format(
			visit->context, say(visit->request, "Case %s"), json_text_or(record, "ref", "")));
}

/* The key of the case in the address, which may also be its reference. */
static const struct error *key_of(struct visit *visit, json_t **record, const char **key)
{
	TRY(case_find(visit, visit->parts[0], record));
	*key = memory_string(visit->context, json_text_or(*record, "key", ""));
	return NULL;
}

const struct error *case_page(struct visit *visit)
{
	json_t *record CLEANUP(json_decref) = NULL;
	const char *key;

	TRY(key_of(visit, &record, &key));
	told_open(visit, "case", key);
	return show(visit, key);
}

/* Who may see it is asked of those who may say so. */
static const struct asked *edit_fields(const struct visit *visit, const json_t *record)
{
	const struct asked *asked = asked_of(record);
	json_t *standing CLEANUP(json_decref) = json_copy((json_t *)record);

	json_object_set_new(standing, "is_our_officer", json_boolean(show_is_ours(visit, record, "officer")));
	return sight_may_share(&visit->reader, standing) ? share_fields(visit, asked) : asked;
}

static const struct error *show_edit(struct visit *visit, const json_t *record, const char *key)
{
	struct asking asking = {"case", key, record, edit_fields(visit, record)};

	TRY(fields_show(visit, &asking));
	case_caption(visit, record);
	return fields_page(visit,
		&(struct fields_page){SAY("Change the case"), SAY("Save"),
			visit_path(visit, "/cases/%s/edit", key), visit_path(visit, "/cases/%s", key)});
}

const struct error *case_edit(struct visit *visit)
{
	json_t *record CLEANUP(json_decref) = NULL;
	const char *key;

	TRY(key_of(visit, &record, &key));
	return show_edit(visit, record, key);
}

const struct error *case_save(struct visit *visit)
{
	json_t *record CLEANUP(json_decref) = NULL, *set CLEANUP(json_decref) = NULL,
		       *over CLEANUP(json_decref) = NULL;
	struct asking asking = {"case", NULL, NULL, NULL};
	struct batch *batch = visit_batch(visit);

	TRY(key_of(visit, &record, &asking.key));
	asking.now = record;
	asking.asked = edit_fields(visit, record);
	TRY(fields_take(visit, &asking, &set, &over));
	TRY(share_check(visit, record, set));
	if (visit_has_problems(visit))
		return show_edit(visit, record, asking.key);
	if (!json_object_size(set))
		return visit_go(visit, visit_path(visit, "/cases/%s", asking.key), "Nothing was changed.");
	TRY(batch_event(batch, "case", asking.key, "", json_incref(set), json_incref(over)));
	TRY(batch_commit(batch));
	return visit_go(visit, visit_path(visit, "/cases/%s", asking.key), "The case is saved.");
}

const struct error *case_note(struct visit *visit)
{
	static const struct asked asked = {.name = "text", .label = SAY("Note"), .is_required = true};
	json_t *record CLEANUP(json_decref) = NULL, *text CLEANUP(json_decref) = NULL;
	struct batch *batch = visit_batch(visit);
	char key[ENTITY_KEY_SIZE];
	const char *case_key;

	TRY(key_of(visit, &record, &case_key));
	text = fields_value(visit, schema_field(schema_entity("note"), "text"), &asked, NULL);
	if (visit_has_problems(visit))
		return show(visit, case_key);
	write_key_new(key, visit->office);
	TRY(batch_event(batch, "note", key, case_key, json_pack("{sO}", "text", text), NULL));
	TRY(batch_commit(batch));
	return visit_go(visit, visit_path(visit, "/cases/%s", case_key), "The note is added.");
}
