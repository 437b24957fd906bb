/* What a case consists of: actions, follow-ups, incidents, safety plans, safe contacts, people, consent. One
 * form for all of them, new ones and changes; a kind is a row of the table here and its fields in
 * node/casework/entities.c.
 *
 * "Who somebody is, is shown when it is asked for, and that is written down": the case page has no name of a
 * person, and each way to one leaves an entry of the audit trail first. Office role. */
#include "web/office/parts.h"

#include <stdlib.h>
#include <string.h>

#include "node/base/text.h"
#include "node/casework/lists.h"
#include "node/casework/risk.h"
#include "web/office/fields.h"
#include "web/office/rules.h"
#include "web/office/show.h"
#include "web/office/told.h"
#include "web/office/withdraw.h"

#define PARTS_MOST 100 /* of a kind, shown with a case */

struct part {
	const char *entity, *path, *heading, *heading_new, *added, *saved;
	const struct asked *asked_new, *asked; /* asked NULL: the same as for a new one */
	const char *title, *facts; /* its line on the case page: fields; NULL: it has a table there */
	bool is_secret;		   /* opened only for a reason, which is written down */
};

static const struct asked action_new[] = {
	{"what", NULL, NULL, true, false},
	{"who", NULL, SAY("A person here, or somebody outside."), true, false},
	{"agreed", NULL, NULL, false, false},
	{"due", NULL, NULL, true, true},
	{0},
};
static const struct asked action_asked[] = {
	{"state", NULL, NULL, true, false},
	{"outcome", NULL, SAY("What came of it; needed when it is done or dropped."), false, false},
	{"what", NULL, NULL, true, false},
	{"who", NULL, NULL, true, false},
	{"agreed", NULL, NULL, false, false},
	{"due", NULL, NULL, true, false},
	{0},
};
static const struct asked followup_new[] = {
	{"due", SAY("When to look after it"), NULL, true, true},
	{"owner", NULL, NULL, false, false},
	{"by_whom", NULL, SAY("If somebody outside makes it."), false, false},
	{"how", NULL, SAY("A visit, a telephone call, through somebody."), false, false},
	{0},
};
static const struct asked followup_asked[] = {
	{"made", NULL, NULL, true, false},
	{"result", NULL, NULL, true, false},
	{"text", SAY("What was said, what you saw"), NULL, false, false},
	{"owner", NULL, NULL, false, false},
	{"by_whom", NULL, NULL, false, false},
	{"how", NULL, NULL, false, false},
	{"next", SAY("When to look after it next"),
		SAY("Proposed by the risk. A new follow-up is noted for that day; empty it if there is to be "
		    "none."),
		false, true},
	{"due", NULL, NULL, true, false},
	{0},
};
static const struct asked followup_made[] = {
	{"made", NULL, NULL, true, false},
	{"result", NULL, NULL, true, false},
	{"text", SAY("What was said, what you saw"), NULL, false, false},
	{"owner", NULL, NULL, false, false},
	{"by_whom", NULL, NULL, false, false},
	{"how", NULL, NULL, false, false},
	{"due", NULL, NULL, true, false},
	{0},
};
static const struct asked incident_asked[] = {
	{"act", NULL, NULL, true, false},
	{"text", NULL, NULL, false, false},
	{"when", NULL, NULL, false, false},
	{"precision", NULL, NULL, false, false},
	{"district", NULL, NULL, false, false},
	{"place_kind", NULL, NULL, false, false},
	{"perpetrator", NULL, NULL, false, false},
	{"agency", NULL, NULL, false, false},
	{"source", NULL, SAY("Their part in it, not their name."), false, false},
	{"reliability", NULL, NULL, false, false},
	{"status", NULL, NULL, false, false},
	{0},
};
static const struct asked plan_asked[] = {
	{"at_risk", NULL, NULL, true, false},
	{"risk_defender", NULL, NULL, false, false},
	{"risk_provider", NULL, SAY("Also whoever helps can be in danger."), false, false},
	{"measures", NULL, NULL, true, false},
	{"personnel", NULL, SAY("Only where nothing else is left. Who they are, and from where."), false,
		false},
	{"personnel_why", NULL, NULL, false, false},
	{"personnel_agreed", NULL, NULL, false, false},
	{"review", NULL, NULL, true, true},
	{0},
};
static const struct asked contact_asked[] = {
	{"channel", NULL, NULL, true, false},
	{"address", NULL, NULL, false, false},
	{"hours", NULL, NULL, false, false},
	{"phrase", NULL, SAY("So that they know that it is you."), false, false},
	{"never_message", NULL, NULL, false, false},
	{"holders", NULL, NULL, false, false},
	{"text", NULL, NULL, false, false},
	{0},
};
static const struct asked consent_asked[] = {
	{"purpose", NULL, SAY("For instance: legal help, a report to the press."), true, false},
	{"to_whom", NULL, NULL, true, false},
	{"not_to", NULL, NULL, false, false},
	{"how", NULL, NULL, true, false},
	{"given", NULL, NULL, true, false},
	{"text", NULL, NULL, false, false},
	{"agencies", NULL, SAY("Only where they named it themselves."), false, false},
	{"withdrawn", NULL, SAY("From then on it counts no more."), false, false},
	{0},
};
static const struct asked person_asked[] = {
	{"part", NULL, NULL, true, false},
	{"names", NULL, NULL, false, false},
	{"contacts", NULL, NULL, false, false},
	{"gender", NULL, NULL, false, false},
	{"age", NULL, NULL, false, false},
	{"characteristics", NULL, NULL, false, false},
	{"theme", NULL, NULL, false, false},
	{"text", NULL, NULL, false, false},
	{0},
};

static const struct part parts[] = {
	{"action", "actions", SAY("Action"), SAY("Add an action"), SAY("The action is added."),
		SAY("The action is saved."), action_new, action_asked, NULL, NULL, false},
	{"followup", "followups", SAY("Follow-up"), SAY("Add a follow-up"), SAY("The follow-up is added."),
		SAY("The follow-up is saved."), followup_new, followup_asked, NULL, NULL, false},
	{"contact", "contacts", SAY("Safe way to reach them"), SAY("Add a safe way to reach them"),
		SAY("The safe way to reach them is added."), SAY("The safe way to reach them is saved."),
		contact_asked, NULL, "channel address", "hours phrase never_message holders text", false},
	{"plan", "plans", SAY("Safety plan"), SAY("Add a safety plan"), SAY("The safety plan is added."),
		SAY("The safety plan is saved."), plan_asked, NULL, "",
		"at_risk review risk_defender risk_provider measures personnel personnel_why "
		"personnel_agreed",
		false},
	{"incident", "incidents", SAY("Incident"), SAY("Add an incident"), SAY("The incident is added."),
		SAY("The incident is saved."), incident_asked, NULL, "act when",
		"text district place_kind perpetrator agency status source reliability", false},
	{"consent", "consents", SAY("Consent"), SAY("Add a consent"), SAY("The consent is added."),
		SAY("The consent is saved."), consent_asked, NULL, "purpose to_whom",
		"not_to how given withdrawn text agencies", false},
	{"person", "people", SAY("Person"), SAY("Add a person of the case"), SAY("The person is added."),
		SAY("The person is saved."), person_asked, NULL, "part", "age", true},
};

static const struct part *part_of(const char *path)
{
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (strcmp(parts[i].path, path) == 0)
			return &parts[i];
	return NULL;
}

static const struct part *part_for(const char *entity)
{
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (strcmp(parts[i].entity, entity) == 0)
			return &parts[i];
	return NULL;
}

const char *parts_heading(const char *entity)
{
	const struct part *part = part_for(entity);

	return part ? part->heading : "";
}

bool parts_is_secret(const char *entity)
{
	const struct part *part = part_for(entity);

	return part && part->is_secret;
}

/* ---- on the page of the case ---- */

static const char *joined(
	const struct visit *visit, const struct entity *entity, const json_t *record, const char *names)
{
	json_t *list CLEANUP(json_decref) = show_fields(visit, entity, record, names), *one;
	struct buffer *text = buffer_new(visit->context);
	size_t i;

	json_array_foreach (list, i, one)
		buffer_format(text, "%s%s", i ? ", " : "", json_text_or(one, "value", ""));
	return (const char *)buffer_bytes(text).data;
}

/* Conflicts of what is not shown here are told by a mark on its line. */
static const struct error *add_line(
	struct visit *visit, const struct part *part, const json_t *row, json_t *list)
{
	const struct entity *entity = schema_entity(part->entity);
	const char *key = json_text_or(row, "key", ""), *title = joined(visit, entity, row, part->title);
	bool is_conflict = json_integer_value(json_object_get(row, "conflicts")) > 0;
	json_t *record CLEANUP(json_decref) = NULL;

	json_array_append_new(list,
		json_pack("{ss, ss, so, sb, sb, sb}", "href",
			visit_path(
				visit, "/cases/%s/%s/%s", json_text_or(row, "case_key", ""), part->path, key),
			"title", *title ? title : say(visit->request, part->heading), "facts",
			show_fields(visit, entity, row, part->facts), "is_secret", part->is_secret, "is_over",
			*json_text_or(row, "withdrawn", "") != 0, "is_conflict", is_conflict));
	if (!is_conflict || part->is_secret)
		return NULL;
	TRY(casefile_get(visit->office->file, part->entity, key, &record));
	return settle_show(visit, part->entity, record, say(visit->request, part->heading));
}

const struct error *parts_show(struct visit *visit, const char *case_key)
{
	json_t *shown = json_object();

	visit_set(visit, "parts", shown);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		json_t *rows CLEANUP(json_decref) = NULL, *list, *row;
		size_t k;

		if (!parts[i].title)
			continue;
		TRY(lists_parts(visit->office->file, parts[i].entity, case_key, PARTS_MOST, &rows));
		if (!json_array_size(rows))
			continue;
		list = json_array();
		json_object_set_new(shown, parts[i].path, json_pack("{so}", "list", list));
		json_array_foreach (rows, k, row)
			TRY(add_line(visit, &parts[i], row, list));
	}
	return NULL;
}

/* ---- the form ---- */

/* Of a follow-up: nobody has made it, and it was not dropped with its case. */
static bool is_owed(const json_t *record)
{
	return !*json_text_or(record, "made", "") &&
	       strcmp(json_text_or(record, "result", ""), "closed") != 0;
}

static bool is_new(const struct visit *visit)
{
	return strcmp(visit->parts[2], "new") == 0;
}

/* The kind in the address, its case, and itself unless it is a new one. */
static const struct error *find(
	struct visit *visit, const struct part **part, json_t **in_case, json_t **record)
{
	*part = part_of(visit->parts[1]);
	if (!*part)
		return error_new(ERROR_NOT_FOUND, "there is no such page");
	TRY(case_find(visit, visit->parts[0], in_case));
	if (is_new(visit))
		return NULL;
	TRY(casefile_get(visit->office->file, (*part)->entity, visit->parts[2], record));
	if (strcmp(json_text_or(*record, "case", ""), json_text_or(*in_case, "key", "")) != 0)
		return error_new(ERROR_NOT_FOUND, "this case has no such record");
	return NULL;
}

/* Who follows the case, when that is somebody here. */
static const char *officer_here(const struct visit *visit, const json_t *in_case)
{
	return show_is_ours(visit, in_case, "officer") ? json_text_or(in_case, "officer", "") : "";
}

/* What the form offers before anybody has typed: of a new one; and of a follow-up that is to be made, the
 * next one. A follow-up is proposed the sooner, the higher the risk. NULL: what stands. The caller's. */
static json_t *proposal(
	const struct visit *visit, const struct part *part, const json_t *in_case, const json_t *record)
{
	const char *day = show_day(visit->context, risk_followup_days(json_text_or(in_case, "risk", "")));
	json_t *offered;

	if (strcmp(part->entity, "action") == 0 && !record)
		return json_pack("{ss}", "agreed", show_today(visit->context));
	if (strcmp(part->entity, "followup") != 0)
		return NULL;
	if (!record)
		return json_pack("{ss, ss}", "due", day, "owner", officer_here(visit, in_case));
	if (!is_owed(record) || strcmp(json_text_or(in_case, "state", ""), "closed") == 0)
		return NULL;
	offered = json_copy((json_t *)record);
	json_object_set_new(offered, "next", json_string(day));
	if (!*json_text_or(record, "owner", ""))
		json_object_set_new(offered, "owner", json_string(officer_here(visit, in_case)));
	return offered;
}

static struct asking asking_of(const struct visit *visit, const struct part *part, const json_t *record)
{
	const struct asked *asked = is_new(visit) || !part->asked ? part->asked_new : part->asked;

	/* The next one was noted when this one was made; it has a day of its own since. */
	if (asked == followup_asked && record && !is_owed(record))
		asked = followup_made;
	return (struct asking){part->entity, is_new(visit) ? NULL : visit->parts[2], record, asked};
}

static const struct error *show(
	struct visit *visit, const struct part *part, const json_t *in_case, const json_t *record)
{
	json_t *offered CLEANUP(json_decref) = proposal(visit, part, in_case, record);
	struct asking asking = asking_of(visit, part, offered ? offered : record);
	const char *heading = is_new(visit) ? part->heading_new : part->heading, *way = "";

	if (record && !part->is_secret)
		TRY(told_line(visit, part->entity, visit->parts[2], json_text_or(in_case, "key", ""), &way));
	visit_text(visit, "way", way);
	if (record && part->is_secret)
		TRY(settle_show(visit, part->entity, record, say(visit->request, part->heading)));
	TRY(fields_show(visit, &asking));
	case_caption(visit, in_case);
	if (record && strcmp(part->entity, "followup") == 0 && is_owed(record))
		visit_text(visit, "missed",
			visit_path(visit, "/cases/%s/followups/%s/missed", visit->parts[0], visit->parts[2]));
	if (!is_new(visit) && !part->is_secret)
		visit_text(
			visit, "history", visit_path(visit, "/history/%s/%s", part->entity, visit->parts[2]));
	return fields_page(visit,
		&(struct fields_page){heading, SAY("Save"),
			visit_path(visit, "/cases/%s/%s/%s", visit->parts[0], part->path, visit->parts[2]),
			visit_path(visit, "/cases/%s", visit->parts[0])});
}

/* ---- who somebody is ---- */

/* Also while a form is only shown again: what it is compared with is shown beside it. */
const struct error *parts_note_person(struct visit *visit, const json_t *person, const char *why)
{
	struct batch *batch = batch_new(visit->context, visit->office, visit->person.name);

	TRY(batch_audit(batch,
		memory_format(visit->context, "looked up who a person is (%s, %.150s) in",
			json_text_or(person, "part", "person"), why),
		json_text_or(person, "case", "")));
	return batch_commit(batch);
}

static const struct error *ask_why(struct visit *visit, const json_t *in_case)
{
	case_caption(visit, in_case);
	visit_text(visit, "why", visit_field(visit, "why"));
	visit_text(visit, "action",
		visit_path(visit, "/cases/%s/people/%s/show", visit->parts[0], visit->parts[2]));
	visit_text(visit, "back", visit_path(visit, "/cases/%s", visit->parts[0]));
	return visit_show(visit, "office-person", "Person");
}

const struct error *part_person(struct visit *visit)
{
	json_t *in_case CLEANUP(json_decref) = NULL, *record CLEANUP(json_decref) = NULL;
	const struct part *part;

	visit->parts[2] = visit->parts[1];
	visit->parts[1] = "people";
	TRY(find(visit, &part, &in_case, &record));
	if (!record)
		return error_new(ERROR_NOT_FOUND, "there is no such page");
	if (!*visit_field(visit, "why"))
		visit_problem(visit, "why", "Write why you need to know");
	if (visit_has_problems(visit))
		return ask_why(visit, in_case);
	TRY(parts_note_person(visit, record, visit_field(visit, "why")));
	visit->form = NULL; /* what stands is shown, nothing that was typed */
	return show(visit, part, in_case, record);
}

const struct error *part_form(struct visit *visit)
{
	json_t *in_case CLEANUP(json_decref) = NULL, *record CLEANUP(json_decref) = NULL;
	const struct part *part;

	TRY(find(visit, &part, &in_case, &record));
	if (part->is_secret && record)
		return ask_why(visit, in_case);
	return show(visit, part, in_case, record);
}

/* ---- saving ---- */

static void check_together(struct visit *visit, const struct asking *asking)
{
	json_t *typed CLEANUP(json_decref) = json_object();

	for (const struct asked *asked = asking->asked; asked->name; asked++)
		json_object_set_new(typed, asked->name, json_string(visit_field(visit, asked->name)));
	rules_hold(visit, asking->entity, typed);
}

/* Of the next follow-up: whoever sees to this one from now on, when that is somebody here. */
static const char *next_owner(const struct visit *visit, const json_t *record, const json_t *set)
{
	return json_text_or(
		set, "owner", show_is_ours(visit, record, "owner") ? json_text_or(record, "owner", "") : "");
}

static const struct error *write_part(struct visit *visit, const struct part *part, const json_t *record,
	const char *case_key, json_t *set, json_t *over, struct withdrawn *gone)
{
	const char *next = json_text_or(set, "next", "");
	struct batch *batch = visit_batch(visit);
	char key[ENTITY_KEY_SIZE];

	write_key_new(key, visit->office);
	if (is_new(visit) && strcmp(part->entity, "action") == 0)
		json_object_set_new(set, "state", json_string("open"));
	if (is_new(visit))
		TRY(batch_event(batch, part->entity, key, case_key, json_incref(set), NULL));
	else
		TRY(batch_event(
			batch, part->entity, visit->parts[2], case_key, json_incref(set), json_incref(over)));
	if (*next && strcmp(part->entity, "followup") == 0) {
		write_key_new(key, visit->office);
		TRY(batch_event(batch, "followup", key, case_key,
			json_pack("{ss, ss}", "due", next, "owner", next_owner(visit, record, set)), NULL));
	}
	if (!is_new(visit) && strcmp(part->entity, "consent") == 0 && *json_text_or(set, "withdrawn", ""))
		TRY(withdraw_for_consent(visit, batch, case_key, visit->parts[2], gone));
	return batch_commit(batch);
}

const struct error *part_save(struct visit *visit)
{
	json_t *in_case CLEANUP(json_decref) = NULL, *record CLEANUP(json_decref) = NULL;
	json_t *set CLEANUP(json_decref) = NULL, *over CLEANUP(json_decref) = NULL;
	const char *back = visit_path(visit, "/cases/%s", visit->parts[0]);
	const struct error *error;
	const struct part *part;
	struct asking asking;
	struct withdrawn gone = {0};

	TRY(find(visit, &part, &in_case, &record));
	asking = asking_of(visit, part, record);
	/* What somebody else changed meanwhile is shown beside what was typed. */
	if (part->is_secret && record) {
		error = parts_note_person(visit, record, "to change it");
		if (error && visit->is_shown_again) /* a full card: what was typed, and nothing that stands */
			return show(visit, part, in_case, NULL);
		TRY(error);
	}
	check_together(visit, &asking);
	TRY(fields_take(visit, &asking, &set, &over));
	if (visit_has_problems(visit))
		return show(visit, part, in_case, record);
	if (!json_object_size(set))
		return visit_go(visit, back, "Nothing was changed.");
	TRY(write_part(visit, part, record, json_text_or(in_case, "key", ""), set, over, &gone));
	if (gone.elsewhere)
		return visit_go(visit, back,
			"The consent is withdrawn. But a referral that rests on it is still with another "
			"hub, "
			"which alone can withdraw it: call that hub, and the provider. It is withdrawn here "
			"as soon "
			"as that hub hands it on.");
	if (gone.here)
		return visit_go(visit, back,
			"The consent is withdrawn, and with it the referrals that rested on it.");
	return visit_go(visit, back, is_new(visit) ? part->added : part->saved);
}
