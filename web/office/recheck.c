/* What stands in the way of a referral by now, in words: what node/casework/obstacle found.
 *
 * "Told, not done": a referral is never withdrawn by this, for the person may wait at the provider's door;
 * the case, the referral and Today say so until somebody decides. Office role. */
#include "web/office/recheck.h"

#include <string.h>

#include "node/casework/codes.h"
#include "node/casework/obstacle.h"
#include "node/casework/referral.h"
#include "web/office/show.h"

#define SHOWN_MOST 100

const char *recheck_agency(const struct visit *visit, const char *agency)
{
	const char *label = codes_label(visit->codes, "perpetrators", agency);

	return label ? say(visit->request, label) : agency;
}

const char *recheck_words(const struct visit *visit, const char *name, const struct guard_verdict *verdict)
{
	const char *agency = recheck_agency(visit, verdict->agency);

	if (verdict->reason == GUARD_SAME)
		return visit_path(visit,
			say(visit->request, "%s belongs to those who are said to have done it: %s."), name,
			agency);
	if (verdict->reason == GUARD_NAMED)
		return visit_path(visit,
			say(visit->request, "An incident of this case names the group or unit of %s."), name);
	return visit_path(visit,
		say(visit->request, "It is not known who did it, and %s belongs to the state: %s."), name,
		agency);
}

const struct error *recheck_referral(
	struct visit *visit, const json_t *referral, const json_t *in_case, const char **why)
{
	json_t *entry CLEANUP(json_decref) = NULL;
	struct guard_verdict verdict;

	*why = "";
	TRY(obstacle_find(visit->office->file, visit->codes, referral, in_case, &verdict, &entry));
	if (verdict.reason != GUARD_CLEAR)
		*why = recheck_words(visit, json_text_or(entry, "name", ""), &verdict);
	return NULL;
}

static void add_row(struct visit *visit, json_t *row, json_t *list)
{
	const char *name = json_text_or(row, "provider_name", "");
	struct referral_state state =
		referral_state(row, json_object_get(row, "replies"), show_today(visit->context));
	struct guard_verdict verdict = {(enum guard_reason)json_integer_value(json_object_get(row, "reason")),
		json_text_or(row, "agency", "")};

	if (referral_is_owed(&state))
		json_array_append_new(list, json_pack("{ss, ss, ss, ss}", "key", json_text_or(row, "key", ""),
						    "ref", json_text_or(row, "case_ref", ""), "name", name,
						    "why", recheck_words(visit, name, &verdict)));
}

const struct error *recheck_today(struct visit *visit)
{
	json_t *rows CLEANUP(json_decref) = NULL, *list CLEANUP(json_decref) = json_array(), *row;
	size_t i;

	TRY(obstacle_list(visit->office->file, visit->codes, &visit->reader, visit->office->trust.self.log,
		show_today(visit->context), SHOWN_MOST, &rows));
	json_array_foreach (rows, i, row)
		add_row(visit, row, list);
	visit_set(visit, "in_the_way", json_array_size(list) ? json_pack("{sO}", "list", list) : json_null());
	return NULL;
}
