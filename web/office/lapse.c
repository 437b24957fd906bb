/* A consent that was withdrawn at another hub takes the referrals of this one with it as soon as its event
 * arrives; nobody has to look. So does one that was withdrawn here before the referral's first sender handed
 * it on. What is withdrawn here goes in one batch with its consent (withdraw.c). Office role. */
#include "web/office/lapse.h"

#include "node/casework/referral.h"
#include "web/office/visit.h"
#include "web/office/write.h"

#define LAPSE_AT_ONCE 200 /* the rest when a log moves again: our own does, with these */

const struct error *lapse_all(struct office *office)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct batch *batch = batch_new(scratch, office, "");
	json_t *rows CLEANUP(json_decref) = NULL, *row;
	size_t i;

	TRY(referral_list_lapsed(office->file, office->trust.self.log, LAPSE_AT_ONCE, &rows));
	json_array_foreach (rows, i, row) {
		const char *key = json_text_or(row, "key", ""), *in_case = json_text_or(row, "case_key", "");

		TRY(batch_event(batch, "referral", key, in_case,
			json_pack("{ss, ss}", "state", "withdrawn", "withdrawn_why",
				SAY("Consent was withdrawn")),
			NULL));
		TRY(batch_audit(batch, "withdrew a referral", key));
	}
	return json_array_size(rows) ? batch_commit(batch) : NULL;
}
