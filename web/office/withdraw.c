/* A referral is taken back. What was read cannot be un-read, and the page says so; from then on the provider
 * sees nothing of it.
 *
 * "A withdrawn consent blocks what depended on it from that moment": the referrals go in the batch that says
 * that the consent is withdrawn, so that never the one holds without the other. Office role. */
#include "web/office/withdraw.h"

#include <string.h>

#include "node/casework/lists.h"
#include "web/office/fields.h"
#include "web/office/referred.h"
#include "web/office/show.h"

#define REFERRALS_MOST 1000 /* of one case */

static const struct asked asked_why[] = {
	{"withdrawn_why", NULL, SAY("They read this."), true, false},
	{0},
};

static const struct error *write_withdrawn(
	struct batch *batch, const char *case_key, const char *key, const char *why, const char *on)
{
	TRY(batch_event(batch, "referral", key, case_key,
		json_pack("{ss, ss}", "state", "withdrawn", "withdrawn_why", why), NULL));
	return batch_audit(batch, "withdrew a referral", on);
}

/* ---- by the consent ---- */

/* Also what is done: the provider could read it on. */
static const struct error *withdraw_one(struct visit *visit, struct batch *batch, const char *case_key,
	const json_t *row, struct withdrawn *out)
{
	const char *key = json_text_or(row, "key", "");

	if (strcmp(json_text_or(row, "state", ""), "sent") != 0)
		return NULL;
	if (strcmp(referral_sender(row), visit->office->trust.self.log) != 0) {
		out->elsewhere++; /* withdrawn as soon as it is handed on (lapse.c) */
		return NULL;
	}
	out->here++;
	return write_withdrawn(batch, case_key, key,
		say(visit_in_english(visit)->request, "The person no longer agrees to it."),
		memory_format(visit->context, "%s to %.200s, with the consent", key,
			json_text_or(row, "provider_name", "")));
}

const struct error *withdraw_for_consent(struct visit *visit, struct batch *batch, const char *case_key,
	const char *consent, struct withdrawn *out)
{
	json_t *rows CLEANUP(json_decref) = NULL, *row;
	size_t i;

	*out = (struct withdrawn){0};
	TRY(lists_referred(visit->office->file, case_key, REFERRALS_MOST, &rows));
	json_array_foreach (rows, i, row)
		if (strcmp(json_text_or(row, "consent", ""), consent) == 0)
			TRY(withdraw_one(visit, batch, case_key, row, out));
	return NULL;
}

/* ---- by hand ---- */

static const struct error *find(struct visit *visit, json_t **record)
{
	struct referral_state state;

	TRY(referred_find(visit, visit->parts[0], record, &state));
	if (strcmp(referral_sender(*record), visit->office->trust.self.log) != 0)
		return error_new(ERROR_NOT_FOUND, "this hub has sent no such referral");
	if (!referral_is_owed(&state))
		return error_new(ERROR_CONFLICT, "this referral is over; there is nothing to withdraw");
	return NULL;
}

static const struct error *show(struct visit *visit, const json_t *record)
{
	struct asking asking = {"referral", visit->parts[0], record, asked_why};

	TRY(fields_show(visit, &asking));
	visit_text(visit, "caption",
		say(visit->request, "They can read it no more. What they have read, nobody can take back."));
	return fields_page(visit, &(struct fields_page){SAY("Withdraw the referral"), SAY("Withdraw it"),
					  visit_path(visit, "/referrals/%s/withdraw", visit->parts[0]),
					  visit_path(visit, "/cases/%s", json_text_or(record, "case", ""))});
}

const struct error *withdraw_form(struct visit *visit)
{
	json_t *record CLEANUP(json_decref) = NULL;

	TRY(find(visit, &record));
	return show(visit, record);
}

const struct error *withdraw_save(struct visit *visit)
{
	json_t *record CLEANUP(json_decref) = NULL, *set CLEANUP(json_decref) = NULL,
		       *over CLEANUP(json_decref) = NULL;
	struct asking asking = {"referral", visit->parts[0], NULL, asked_why};
	struct batch *batch = visit_batch(visit);
	const char *case_key;

	TRY(find(visit, &record));
	asking.now = record;
	TRY(fields_take(visit, &asking, &set, &over));
	if (visit_has_problems(visit))
		return show(visit, record);
	case_key = json_text_or(record, "case", "");
	TRY(write_withdrawn(
		batch, case_key, visit->parts[0], visit_field(visit, "withdrawn_why"), visit->parts[0]));
	TRY(batch_commit(batch));
	return visit_go(visit, visit_path(visit, "/cases/%s", case_key), "The referral is withdrawn.");
}
