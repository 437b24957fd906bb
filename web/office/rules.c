/* What the fields of a record must say together, whatever form they come from: see rules.h. What each may say
 * by itself is node/casework/schema's. Office role. */
#include "web/office/rules.h"

#include <string.h>

#include "node/base/text.h"
#include "web/office/show.h"

/* Two days of which the second cannot come before the first. */
static bool is_before(const json_t *values, const char *later, const char *earlier)
{
	const char *b = json_text_or(values, later, ""), *a = json_text_or(values, earlier, "");

	return text_is_date(a) && text_is_date(b) && strcmp(b, a) < 0;
}

static bool is_to_come(const struct visit *visit, const json_t *values, const char *name)
{
	const char *day = json_text_or(values, name, "");

	return text_is_date(day) && strcmp(day, show_today(visit->context)) > 0;
}

static bool is_empty(const json_t *values, const char *name)
{
	return !*json_text_or(values, name, "");
}

static const char *check_report(const json_t *values, const char **field)
{
	*field = "consent";
	return strcmp(json_text_or(values, "how", ""), "third-party") == 0 && is_empty(values, "consent")
		       ? SAY("Does the person know and agree: somebody else told it, so write this, or that "
			     "it is not "
			     "known")
		       : NULL;
}

static const char *check_case(const json_t *values, const char **field)
{
	*field = "reason";
	return strcmp(json_text_or(values, "state", ""), "closed") == 0 && is_empty(values, "reason")
		       ? SAY("Reason for closing: say why the case is closed")
		       : NULL;
}

static const char *check_action(const json_t *values, const char **field)
{
	const char *state = json_text_or(values, "state", "");

	*field = "outcome";
	if ((strcmp(state, "done") == 0 || strcmp(state, "dropped") == 0) && is_empty(values, "outcome"))
		return SAY("Outcome: say what came of it");
	*field = "due";
	return is_before(values, "due", "agreed") ? SAY("Due: this is before the day on which it was agreed")
						  : NULL;
}

static const char *check_followup(const json_t *values, const char **field)
{
	*field = "next";
	return strcmp(json_text_or(values, "result", ""), "closed") == 0 && !is_empty(values, "next")
		       ? SAY("Next due: after “Closed” nothing more is to follow; empty it, or choose "
			     "another result")
		       : NULL;
}

static const char *check_plan(const json_t *values, const char **field)
{
	if (is_empty(values, "personnel"))
		return NULL;
	*field = is_empty(values, "personnel_why") ? "personnel_why" : "personnel_agreed";
	if (!is_empty(values, *field))
		return NULL;
	return strcmp(*field, "personnel_why") == 0
		       ? SAY("Why they are inevitable: security personnel are taken in only with a reason")
		       : SAY("Who agreed to them: security personnel are taken in only when this is known");
}

static const char *check_consent(const json_t *values, const char **field)
{
	*field = "withdrawn";
	return is_before(values, "withdrawn", "given") ? SAY("Withdrawn on: this is before it was given")
						       : NULL;
}

static const char *check_provider(const json_t *values, const char **field)
{
	*field = is_empty(values, "vetted_by") ? "vetted_by" : "vetted_on";
	if (is_empty(values, "vetted_by") == is_empty(values, "vetted_on"))
		return NULL;
	return is_empty(values, "vetted_by") ? SAY("Vetted by: say who vouches for them")
					     : SAY("Vetted on: say since when");
}

static const char *check_reply(const json_t *values, const char **field)
{
	*field = "text";
	if (strcmp(json_text_or(values, "why", ""), "other") == 0 && is_empty(values, "text"))
		return SAY("What was said: for another reason, say which");
	*field = "next";
	return is_before(values, "next", "on") ? SAY("Next word by: this day has passed") : NULL;
}

bool rules_hold(struct visit *visit, const char *entity, const json_t *values)
{
	static const struct {
		const char *entity;
		const char *(*check)(const json_t *values, const char **field);
	} rules[] = {{"report", check_report}, {"case", check_case}, {"action", check_action},
		{"followup", check_followup}, {"plan", check_plan}, {"consent", check_consent},
		{"provider", check_provider}, {"reply", check_reply}};
	static const struct {
		const char *entity, *field, *words;
	} past[] = {{"action", "agreed", SAY("Agreed on: this day has not come yet")},
		{"followup", "made", SAY("Made on: this day has not come yet")},
		{"incident", "when", SAY("When it happened: this day has not come yet")},
		{"consent", "given", SAY("Given on: this day has not come yet")},
		{"consent", "withdrawn", SAY("Withdrawn on: this day has not come yet")},
		{"provider", "vetted_on", SAY("Vetted on: this day has not come yet")},
		{"reply", "on", SAY("Given on: this day has not come yet")}};
	const char *wrong, *field = "";

	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		wrong = strcmp(rules[i].entity, entity) == 0 ? rules[i].check(values, &field) : NULL;
		if (wrong) {
			visit_problem(visit, field, wrong);
			return false;
		}
	}
	for (size_t i = 0; i < sizeof past / sizeof *past; i++)
		if (strcmp(past[i].entity, entity) == 0 && is_to_come(visit, values, past[i].field)) {
			visit_problem(visit, past[i].field, past[i].words);
			return false;
		}
	return true;
}
