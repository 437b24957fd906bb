/* Asks the guard again, each time that a referral is looked at: nothing has to notice that the case's
 * perpetrators or the directory changed, whichever hub changed them. What blocks is node/casework/guard's.
 *
 * "Told, not done": a referral is never withdrawn by this, for the person may wait at the provider's door;
 * the case, the referral and Today say so until somebody decides. Office role. */
#include "web/office/recheck.h"

#include <string.h>

#include "node/casework/codes.h"
#include "node/casework/directory.h"
#include "node/casework/lists.h"
#include "node/casework/referral.h"
#include "web/office/show.h"
#include "web/office/withdraw.h"

#define INCIDENTS_MOST 100 /* of one case */
#define OPEN_MOST 1000	   /* looked at for Today */

const char *recheck_agency(const struct visit *visit, const char *agency)
{
	const char *label = codes_label(visit->codes, "perpetrators", agency);

	return label ? say(visit->request, label) : agency;
}

const char *recheck_words(
	const struct visit *visit, const json_t *provider, const struct guard_verdict *verdict)
{
	const char *name = json_text_or(provider, "name", ""),
		   *agency = recheck_agency(visit, verdict->agency);

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

/* The consent, where a second person agreed; NULL else. The caller's. */
static const struct error *find_agreed(struct visit *visit, const json_t *referral, json_t **out)
{
	const char *key = json_text_or(referral, "consent", "");
	const struct error *error;

	*out = NULL;
	if (!*json_text_or(referral, "override_by", "") || !*key)
		return NULL;
	error = casefile_get(visit->office->file, "consent", key, out);
	return error && error->code == ERROR_NOT_FOUND ? NULL : error;
}

/* An entry of the directory, kept in `entries` by its key; NULL where there is none. */
static const struct error *find_entry(
	struct visit *visit, json_t *entries, const char *key, const json_t **out)
{
	const struct error *error;
	json_t *entry;

	*out = json_object_get(entries, key);
	if (*out)
		return NULL;
	error = directory_entry(visit->office->file, key, &entry);
	if (error)
		return error->code == ERROR_NOT_FOUND ? NULL : error;
	json_object_set_new(entries, key, entry);
	*out = entry;
	return NULL;
}

static const struct error *look(
	struct visit *visit, json_t *entries, const json_t *referral, const json_t *in_case, const char **why)
{
	json_t *incidents CLEANUP(json_decref) = NULL, *agreed CLEANUP(json_decref) = NULL;
	struct guard_verdict verdict;
	const json_t *provider;

	*why = "";
	TRY(find_entry(visit, entries, json_text_or(referral, "provider", ""), &provider));
	if (!provider)
		return NULL;
	TRY(find_agreed(visit, referral, &agreed));
	TRY(lists_parts(visit->office->file, "incident", json_text_or(in_case, "key", ""), INCIDENTS_MOST,
		&incidents));
	verdict = guard_look(visit->codes, in_case, incidents, provider, agreed);
	if (verdict.reason != GUARD_CLEAR)
		*why = recheck_words(visit, provider, &verdict);
	return NULL;
}

const struct error *recheck_referral(
	struct visit *visit, const json_t *referral, const json_t *in_case, const char **why)
{
	json_t *entries CLEANUP(json_decref) = json_object();

	return look(visit, entries, referral, in_case, why);
}

static const struct error *add_row(struct visit *visit, json_t *entries, json_t *row, json_t *list)
{
	struct referral_state state =
		referral_state(row, json_object_get(row, "replies"), show_today(visit->context));
	json_t *in_case CLEANUP(json_decref) = NULL;
	const char *why;

	if (!withdraw_is_open(&state))
		return NULL;
	in_case = json_pack("{sO, sO}", "key", json_object_get(row, "case_key"), "perpetrators",
		json_object_get(row, "perpetrators"));
	TRY(look(visit, entries, row, in_case, &why));
	if (*why)
		json_array_append_new(list, json_pack("{ss, ss, ss, ss}", "key", json_text_or(row, "key", ""),
						    "ref", json_text_or(row, "case_ref", ""), "name",
						    json_text_or(row, "provider_name", ""), "why", why));
	return NULL;
}

const struct error *recheck_today(struct visit *visit)
{
	json_t *rows CLEANUP(json_decref) = NULL, *list CLEANUP(json_decref) = json_array(),
		     *entries CLEANUP(json_decref) = json_object(), *row;
	size_t i;

	TRY(referral_list_open(visit->office->file, visit->office->trust.self.log, show_today(visit->context),
		OPEN_MOST, &rows));
	json_array_foreach (rows, i, row)
		TRY(add_row(visit, entries, row, list));
	visit_set(visit, "in_the_way", json_array_size(list) ? json_pack("{sO}", "list", list) : json_null());
	return NULL;
}
