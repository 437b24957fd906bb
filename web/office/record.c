/* New records by staff: a report that somebody brought in person or by telephone, and a case from a report.
 *
 * A case has its report's key, and its reference follows from the key, so that two hubs which open it at once
 * have opened one case. */
#include "web/office/pages.h"

#include <string.h>

#include "node/base/clock.h"
#include "node/base/text.h"
#include "node/casework/lists.h"
#include "web/office/rules.h"
#include "web/office/share.h"
#include "web/office/show.h"

static const struct asked report_asked[] = {
	{"what", NULL, SAY("In their words, as far as you can."), true, false},
	{"how", NULL, NULL, true, false},
	{"danger", SAY("Is anyone in danger now"), NULL, true, false},
	{"when", SAY("When it happened"), SAY("As far as it is known."), false, false},
	{"precision", NULL, NULL, false, false},
	{"district", NULL, NULL, false, false},
	{"place", NULL, NULL, false, false},
	{"who", NULL, NULL, false, false},
	{"by", NULL, NULL, false, false},
	{"needs", NULL, NULL, false, false},
	{"contact", NULL, SAY("How and when, and what never to do."), false, false},
	{"consent", SAY("Does the person know and agree"),
		SAY("Does whoever is at risk know of this report, and what may be done with it? Needed when "
		    "somebody else "
		    "told it."),
		false, false},
	{"language", SAY("Language they speak"), NULL, false, false},
	{0},
};

static const struct asked case_asked[] = {
	{"alias", NULL,
		SAY("What we call the defender here: not their name, a word that only this office "
		    "understands."),
		true, false},
	{"risk", NULL, SAY("Threats, times how exposed they are, divided by what protects them."), true,
		false},
	{"summary", NULL, NULL, false, false},
	{"officer", NULL, NULL, false, false},
	{"district", NULL, NULL, false, false},
	{"violations", NULL, NULL, false, false},
	{"perpetrators", NULL, NULL, false, false},
	{"needs", NULL, NULL, false, false},
	{"consent", SAY("What the person agreed to"), NULL, false, false},
	{"review", NULL, NULL, false, true},
	{0},
};

static const struct error *show(
	struct visit *visit, const char *heading, const char *button, const char *back)
{
	visit_text(visit, "heading", say(visit->request, heading));
	visit_text(visit, "button", say(visit->request, button));
	visit_text(visit, "back", back);
	return visit_show(visit, "office-form", heading);
}

/* What came by the form, staff do not write. */
static void leave_out_form(struct visit *visit)
{
	json_t *field, *choice;
	size_t i, k;

	json_array_foreach (json_object_get(visit->view, "fields"), i, field) {
		json_t *choices = json_object_get(field, "choices");

		if (strcmp(json_text_or(field, "name", ""), "how") != 0)
			continue;
		json_array_foreach (choices, k, choice)
			if (strcmp(json_text_or(choice, "code", ""), "form") == 0)
				json_array_remove(choices, k--);
	}
}

static const struct error *show_report(struct visit *visit)
{
	struct asking asking = {"report", NULL, NULL, report_asked};

	TRY(fields_show(visit, &asking));
	leave_out_form(visit);
	visit_text(visit, "action", "/reports/new");
	return show(visit, SAY("Record a report"), SAY("Save the report"), "/reports");
}

const struct error *record_form(struct visit *visit)
{
	return show_report(visit);
}

static void check_report(struct visit *visit)
{
	const char *how = visit_field(visit, "how");
	json_t *typed CLEANUP(json_decref) =
		json_pack("{ss, ss}", "how", how, "consent", visit_field(visit, "consent"));

	if (strcmp(how, "form") == 0)
		visit_problem(visit, "how", SAY("How it reached us: the form writes such reports itself"));
	rules_hold(visit, "report", typed);
}

const struct error *record_save(struct visit *visit)
{
	struct asking asking = {"report", NULL, NULL, report_asked};
	json_t *set = NULL, *over CLEANUP(json_decref) = NULL;
	struct batch *batch = visit_batch(visit);
	char key[ENTITY_KEY_SIZE], at[TEXT_TIME_SIZE];

	check_report(visit);
	TRY(fields_take(visit, &asking, &set, &over));
	if (visit_has_problems(visit)) {
		json_decref(set);
		return show_report(visit);
	}
	text_time(at, clock_wall_seconds());
	json_object_set_new(set, "state", json_string("opened"));
	json_object_set_new(set, "opened_at", json_string(at));
	json_object_set_new(set, "opened_by", json_string(visit->person.name));
	write_key_new(key, visit->office);
	TRY(batch_event(batch, "report", key, "", set, NULL));
	TRY(batch_commit(batch));
	return visit_go(visit, visit_path(visit, "/reports/%s", key), "The report is saved.");
}

/* What the report says already, offered for the case. */
static json_t *offered(struct visit *visit, const json_t *report)
{
	static const char *const same[] = {"district", "needs", "consent"};
	json_t *now = json_pack("{ss, ss}", "officer", visit->person.name, "team", visit->person.team);

	json_object_set(now, "summary", json_object_get(report, "what"));
	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		json_object_set(now, same[i], json_object_get(report, same[i]));
	if (strcmp(json_text_or(report, "danger", ""), "yes") == 0)
		json_object_set_new(now, "risk", json_string("emergency"));
	return now;
}

/* A case that another officer, or another hub, has opened from this report already. */
static bool is_open_already(struct visit *visit, const char *key)
{
	json_t *found CLEANUP(json_decref) = NULL;

	return !casefile_get(visit->office->file, "case", key, &found);
}

static const struct error *show_case(struct visit *visit, const json_t *report)
{
	json_t *now CLEANUP(json_decref) = offered(visit, report);
	struct asking asking = {"case", NULL, now, share_fields(visit, case_asked)};

	TRY(fields_show(visit, &asking));
	visit_text(visit, "action", visit_path(visit, "/reports/%s/case", visit->parts[0]));
	return show(visit, SAY("Open a case"), SAY("Open the case"),
		visit_path(visit, "/reports/%s", visit->parts[0]));
}

const struct error *open_form(struct visit *visit)
{
	json_t *report CLEANUP(json_decref) = NULL;

	TRY(report_find(visit, visit->parts[0], &report));
	if (is_open_already(visit, visit->parts[0]))
		return visit_go(visit, visit_path(visit, "/cases/%s", visit->parts[0]),
			"There is a case from this report already.");
	return show_case(visit, report);
}

/* What the form gave as offered is part of the new case as well. */
static const struct error *write_case(struct visit *visit, const json_t *report, json_t *set)
{
	const char *key = visit->parts[0];
	struct batch *batch = visit_batch(visit);
	char ref[REFERENCE_SIZE], home[LOG_ID_SIZE];

	ids_key_log(home, key);
	TRY(lists_free_reference(visit->office->file, office_hub_code(visit->office, home), key, ref));
	json_object_set_new(set, "ref", json_string(ref));
	json_object_set_new(set, "state", json_string("open"));
	TRY(batch_event(batch, "case", key, "", json_incref(set), NULL));
	TRY(batch_event(
		batch, "report", key, "", json_pack("{ss, ss}", "state", "added", "case", key), NULL));
	TRY(talk_tell_state(batch, report, "added"));
	return batch_commit(batch);
}

const struct error *open_save(struct visit *visit)
{
	struct asking asking = {"case", NULL, NULL, share_fields(visit, case_asked)};
	json_t *report CLEANUP(json_decref) = NULL, *set CLEANUP(json_decref) = NULL,
		       *over CLEANUP(json_decref) = NULL;

	TRY(report_find(visit, visit->parts[0], &report));
	if (is_open_already(visit, visit->parts[0]))
		visit_problem(visit, "",
			"Somebody opened a case from this report while you were writing. Copy what you need, "
			"then go to that case");
	TRY(fields_take(visit, &asking, &set, &over));
	TRY(share_check(visit, NULL, set));
	if (visit_has_problems(visit))
		return show_case(visit, report);
	TRY(write_case(visit, report, set));
	return visit_go(visit, visit_path(visit, "/cases/%s", visit->parts[0]), "The case is open.");
}
