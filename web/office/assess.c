/* How great the danger is: three questions, a proposal from them (node/casework/risk.h), and what the officer
 * says in the end. Two steps at one address: the answers, then the risk.
 *
 * "The arithmetic proposes, a person decides": another risk than the proposed one needs a reason, which
 * stands in the case as a note. Office role. */
#include "web/office/pages.h"

#include <string.h>

#include "node/base/text.h"
#include "node/casework/risk.h"
#include "web/office/fields.h"
#include "web/office/show.h"

static const struct asked questions[] = {
	{"threats", NULL,
		SAY("Low: bad words, nothing aimed at them. Medium: somebody named, followed or warned them. "
		    "High: they "
		    "were attacked, or whoever threatens them has said so, is near and can do it."),
		true, false},
	{"vulnerabilities", NULL,
		SAY("Low: people around them look out, nobody knows their ways. Medium: alone at times, the "
		    "same roads "
		    "at the same hours. High: alone, their home is known, or those they care for can be "
		    "reached."),
		true, false},
	{"capacities", NULL,
		SAY("Low: nowhere to go, nobody to call. Medium: some people, some plan. High: a plan that "
		    "was tried, a "
		    "safe place, people and institutions that come when called."),
		true, false},
	{0},
};
static const struct asked decision[] = {
	{"risk", NULL, NULL, true, false},
	{"review", SAY("Assess it again on"),
		SAY("Proposed by the risk. When you choose another risk and leave the day as it is, the day "
		    "follows."),
		false, true},
	{0},
};
static const struct asked all_asked[] = {
	{"threats", NULL, NULL, true, false},
	{"vulnerabilities", NULL, NULL, true, false},
	{"capacities", NULL, NULL, true, false},
	{"risk", NULL, NULL, true, false},
	{"review", SAY("Assess it again on"), NULL, false, true},
	{0},
};
static const struct asked why_asked = {.name = "why", .label = SAY("Why otherwise")};

static const char *proposed_by(const struct visit *visit)
{
	const char *risk = risk_propose(visit_field(visit, "threats"), visit_field(visit, "vulnerabilities"),
		visit_field(visit, "capacities"));

	return risk ? risk : "";
}

static const char *review_after(const struct visit *visit, const char *risk)
{
	return show_day(visit->context, risk_review_days(risk));
}

static void add_frame(struct visit *visit, const json_t *record, const char *key)
{
	const char *assessed = json_text_or(record, "assessed", "");

	visit_text(visit, "key", key);
	case_caption(visit, record);
	visit_text(visit, "assessed_on", *assessed ? show_date(visit, assessed) : "");
	visit_text(visit, "back", visit_path(visit, "/cases/%s", key));
}

/* ---- the first step ---- */

static const struct error *ask(struct visit *visit, const json_t *record, const char *key)
{
	struct asking asking = {"case", key, record, questions};

	TRY(fields_show(visit, &asking));
	visit_set(visit, "asks", json_true());
	add_frame(visit, record, key);
	return visit_show(visit, "office-risk", "Assess the risk");
}

/* ---- the second ---- */

/* The three answers in words, as hidden fields, with what the person saw of each: after a problem that told
 * of somebody's change, what stands now. */
static const struct error *add_answers(struct visit *visit, const json_t *record, const char *key)
{
	const struct asking asking = {"case", key, record, NULL};
	const struct entity *entity = schema_entity("case");
	json_t *list = json_array();

	visit_set(visit, "answers", list);
	for (const struct asked *asked = questions; asked->name; asked++) {
		const char *seen = visit_field(visit, visit_path(visit, "seen.%s", asked->name));

		if (visit_has_problems(visit))
			TRY(fields_heads(visit, &asking, asked->name, &seen));
		json_array_append_new(
			list, json_pack("{ss, ss, ss, ss, ss}", "name", asked->name, "value",
				      visit_field(visit, asked->name), "seen", seen, "label",
				      say(visit->request, schema_field(entity, asked->name)->label), "words",
				      show_choice(visit, visit_field(visit, asked->name))));
	}
	return NULL;
}

static const struct error *decide(struct visit *visit, const json_t *record, const char *key, bool is_first)
{
	const char *risk = proposed_by(visit);
	json_t *offered CLEANUP(json_decref) =
		json_pack("{ss, ss}", "risk", risk, "review", review_after(visit, risk));
	struct asking asking = {"case", key, is_first ? offered : record, decision};
	const struct form *form = visit->form;

	TRY(add_answers(visit, record, key));
	if (is_first) /* nothing of this step was typed yet */
		visit->form = NULL;
	TRY(fields_show(visit, &asking));
	visit->form = form;
	visit_text(visit, "proposed", show_choice(visit, risk));
	visit_text(visit, "proposed_class", show_tag(risk));
	visit_text(visit, "why", visit_field(visit, "why"));
	add_frame(visit, record, key);
	return visit_show(visit, "office-risk", "Assess the risk");
}

/* Said beside what the form asked: over what stands now. */
static const struct error *also_set(
	struct visit *visit, const char *key, const char *name, const char *value, json_t *set, json_t *over)
{
	json_t *one CLEANUP(json_decref) = json_pack("{ss}", name, value), *heads CLEANUP(json_decref) = NULL;

	TRY(casefile_over(visit->office->file, "case", key, one, &heads));
	json_object_update(set, one);
	json_object_update(over, heads);
	return NULL;
}

/* The day was left to the risk: emptied, or as it was proposed with another risk. */
static bool follows_risk(const struct visit *visit, const char *risk)
{
	const char *review = visit_field(visit, "review"), *proposed = proposed_by(visit);

	return !*review ||
	       (strcmp(risk, proposed) != 0 && strcmp(review, review_after(visit, proposed)) == 0);
}

static const struct error *write_all(struct visit *visit, const json_t *record, const char *key,
	const char *why, json_t *set, json_t *over)
{
	const char *today = show_today(visit->context), *risk = visit_field(visit, "risk");
	struct batch *batch = visit_batch(visit);
	char note[ENTITY_KEY_SIZE];

	if (follows_risk(visit, risk))
		TRY(also_set(visit, key, "review", review_after(visit, risk), set, over));
	if (strcmp(json_text_or(record, "assessed", ""), today) != 0)
		TRY(also_set(visit, key, "assessed", today, set, over));
	if (json_object_size(set))
		TRY(batch_event(batch, "case", key, "", json_incref(set), json_incref(over)));
	write_key_new(note, visit->office);
	if (*why)
		TRY(batch_event(batch, "note", note, key, json_pack("{ss}", "text", why), NULL));
	return batch_commit(batch);
}

/* The reason as a note; "" where none is needed. */
static const char *why_note(struct visit *visit, const char *proposed)
{
	struct field field = *schema_field(schema_entity("case"), "reason");
	json_t *why CLEANUP(json_decref) = NULL;
	const struct visit *english = visit_in_english(visit);
	const char *risk = visit_field(visit, "risk");
	const char *text;

	field.name = why_asked.name;
	field.label = why_asked.label;
	why = fields_value(visit, &field, &why_asked, NULL);
	text = json_is_string(why) ? json_string_value(why) : "";
	if (strcmp(risk, proposed) != 0 && *risk && !*text && why)
		visit_problem(visit, "why", SAY("Why otherwise: say why the risk is not the one proposed"));
	if (!*text)
		return "";
	return memory_format(visit->context,
		say(english->request, "Risk assessed as %s, where the three questions propose %s: %s"),
		show_choice(english, risk), show_choice(english, proposed), text);
}

const struct error *assess_form(struct visit *visit)
{
	json_t *record CLEANUP(json_decref) = NULL;

	TRY(case_find(visit, visit->parts[0], &record));
	return ask(visit, record, memory_string(visit->context, json_text_or(record, "key", "")));
}

const struct error *assess_save(struct visit *visit)
{
	json_t *record CLEANUP(json_decref) = NULL, *set CLEANUP(json_decref) = NULL,
		       *over CLEANUP(json_decref) = NULL;
	bool is_first = strcmp(visit_field(visit, "step"), "2") != 0;
	const char *key, *proposed = proposed_by(visit), *why = "";
	struct asking asking = {"case", NULL, NULL, is_first ? questions : all_asked};

	TRY(case_find(visit, visit->parts[0], &record));
	key = memory_string(visit->context, json_text_or(record, "key", ""));
	asking.key = key;
	asking.now = record;
	if (!is_first && *proposed)
		why = why_note(visit, proposed);
	TRY(fields_take(visit, &asking, &set, &over));
	if (!*proposed || (is_first && visit_has_problems(visit)))
		return ask(visit, record, key);
	if (is_first || visit_has_problems(visit))
		return decide(visit, record, key, is_first);
	TRY(write_all(visit, record, key, why, set, over));
	return visit_go(visit, visit_path(visit, "/cases/%s", key), "The risk is assessed.");
}
