/* A consent that was withdrawn at another hub takes the referrals of this one with it as soon as its event
 * arrives; nobody has to look. What is withdrawn here goes in one batch with its consent (withdraw.c).
 *
 * Of a case that went to another hub nothing new may be said here, so its referrals are left alone: else they
 * would be withdrawn in vain each time a log moves. Office role. */
#include "web/office/lapse.h"

#include <string.h>

#include "node/casework/referral.h"
#include "web/office/readers.h"
#include "web/office/visit.h"
#include "web/office/write.h"

#define LAPSE_AT_ONCE 200 /* the rest when a log moves again: our own does, with these */

static const struct error *is_ours(struct office *office, const char *case_key, bool *out)
{
	const struct member_keys *self = &office->trust.self;
	struct readers readers;

	TRY(readers_find(office, case_key, &readers));
	*out = self->role == MEMBER_HEADQUARTERS || strcmp(readers.owner, self->log) == 0;
	return NULL;
}

const struct error *lapse_all(struct office *office)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct batch *batch = batch_new(scratch, office, "");
	json_t *rows CLEANUP(json_decref) = NULL, *row;
	size_t i, count = 0;

	TRY(referral_list_lapsed(office->file, office->trust.self.log, LAPSE_AT_ONCE, &rows));
	json_array_foreach (rows, i, row) {
		const char *key = json_text_or(row, "key", ""), *in_case = json_text_or(row, "case_key", "");
		bool is_here;

		TRY(is_ours(office, in_case, &is_here));
		if (!is_here)
			continue;
		TRY(batch_event(batch, "referral", key, in_case,
			json_pack("{ss, ss}", "state", "withdrawn", "withdrawn_why",
				SAY("Consent was withdrawn")),
			NULL));
		TRY(batch_audit(batch, "withdrew a referral", key));
		count++;
	}
	return count ? batch_commit(batch) : NULL;
}
