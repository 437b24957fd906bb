/* What headquarters gets of one case: more than the coalition's policy, with a reason that is written down.
 * What was shared cannot be un-read; the page says so. Office role. */
#include <string.h>

#include "node/base/text.h"
#include "web/office/fields.h"
#include "web/office/hand.h"
#include "web/office/pages.h"
#include "web/office/show.h"

static const struct {
	const char *code, *label;
} ways[] = {{"policy", SAY("What the coalition's policy says")},
	{"summary", SAY("A summary: no names, no free text")}, {"full", SAY("Everything in the case")}};

static const char *policy_words(const struct visit *visit, enum sharing_policy policy)
{
	static const char *const words[] = {[SHARING_FULL] = SAY("everything"),
		[SHARING_SUMMARY] = SAY("a summary: no names, no free text"),
		[SHARING_NONE] = SAY("nothing")};

	return say(visit->request, words[policy]);
}

static enum sharing_policy policy_of(const struct visit *visit)
{
	const struct roster *roster = readers_roster(visit->office);

	return roster ? roster->sharing : SHARING_FULL;
}

static const struct error *show(struct visit *visit, const json_t *record)
{
	const char *key = json_text_or(record, "key", ""), *now = json_text_or(record, "shared", "policy");
	const char *chosen = visit->form ? visit_field(visit, "shared") : now;
	json_t *choices = json_array();

	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
		json_array_append_new(choices, json_pack("{sssssb}", "code", ways[i].code, "label",
						       say(visit->request, ways[i].label), "selected",
						       strcmp(ways[i].code, chosen) == 0));
	visit_set(visit, "choices", choices);
	visit_text(visit, "policy", policy_words(visit, policy_of(visit)));
	visit_text(visit, "now", policy_words(visit, readers_wider(policy_of(visit), now)));
	visit_text(visit, "why", visit_field(visit, "why"));
	case_caption(visit, record);
	visit_text(visit, "action", visit_path(visit, "/cases/%s/sharing", key));
	visit_text(visit, "back", visit_path(visit, "/cases/%s", key));
	return visit_show(visit, "office-sharing", "What headquarters gets");
}

const struct error *sharing_form(struct visit *visit)
{
	json_t *record CLEANUP(json_decref) = NULL;

	TRY(case_find(visit, visit->parts[0], &record));
	return show(visit, record);
}

static bool is_way(const char *code)
{
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
		if (strcmp(ways[i].code, code) == 0)
			return true;
	return false;
}

/* Headquarters could not know that the case is this hub's: nobody told it of the transfer. */
static const struct error *check_known(struct visit *visit, const char *case_key)
{
	char home[LOG_ID_SIZE];

	ids_key_log(home, case_key);
	if (policy_of(visit) == SHARING_NONE && strcmp(home, visit->office->trust.self.log) != 0)
		visit_problem(visit, "shared",
			"Headquarters was told nothing of this case, nor that it came here from another hub; "
			"it "
			"cannot take it from this one");
	return NULL;
}

const struct error *sharing_save(struct visit *visit)
{
	json_t *record CLEANUP(json_decref) = NULL;
	const char *shared = visit_field(visit, "shared"), *why = visit_field(visit, "why"), *case_key;
	enum sharing_policy before, after;
	struct batch *batch = visit_batch(visit);

	TRY(case_find(visit, visit->parts[0], &record));
	case_key = json_text_or(record, "key", "");
	if (!is_way(shared))
		visit_problem(visit, "shared", "What headquarters gets: choose one");
	if (!*why)
		visit_problem(visit, "why", "Why: write it down, it stays in the audit trail");
	else if (text_length(why) > 200)
		visit_problem(visit, "why", "Why: too long; at most 200 characters fit");
	TRY(check_known(visit, case_key));
	if (visit_has_problems(visit))
		return show(visit, record);
	before = readers_wider(policy_of(visit), json_text_or(record, "shared", ""));
	after = readers_wider(policy_of(visit), shared);
	TRY(batch_event(batch, "case", case_key, "", json_pack("{ss}", "shared", shared), NULL));
	TRY(batch_audit(batch,
		memory_format(visit->context, "headquarters gets of the case: %s; %s", shared, why),
		json_text_or(record, "ref", "")));
	if (after < before)
		TRY(hand_wider(batch, case_key, after));
	TRY(batch_commit(batch));
	return visit_go(visit, visit_path(visit, "/cases/%s", case_key),
		after < before
			? SAY("Headquarters gets more of this case from now on, and what stands in it today.")
		: after > before
			? SAY("From now on headquarters gets less. What it has read, nobody can take back.")
			: SAY("What headquarters gets stays as it was."));
}
