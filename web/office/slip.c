/* The slip that a person takes to a provider: reference, appointment, how to find them; more only where it is
 * ticked each time. For a provider without an account also a one-time code, which opens this one referral at
 * the office (code.c).
 *
 * "The code is on the paper and nowhere else": here is only its digest; 80 random bits need no slow one.
 * Whatever is printed of who somebody is, is written down first. Office role. */
#include "web/office/code.h"

#include <string.h>

#include "node/base/text.h"
#include "node/vault/words.h"
#include "web/office/recheck.h"
#include "web/office/referred.h"
#include "web/office/show.h"

#define CODE_WORDS 8 /* ten bits each */

static const char *const details[] = {"service", "urgency", "reason", "consent_text", "alias", "risk",
	"district", "summary", "needs", "violations", "names", "contacts", "safe_contact", "plan"};

struct slip {
	json_t *record, *provider, *in_case;
	bool has_account;
};

static int slip_free(struct slip *slip)
{
	json_decref(slip->record);
	json_decref(slip->provider);
	json_decref(slip->in_case);
	return 0;
}

static const struct error *check_consent(struct visit *visit, const struct slip *slip)
{
	json_t *consent CLEANUP(json_decref) = NULL;
	const char *key = json_text_or(slip->record, "consent", "");

	if (!*key)
		return NULL;
	TRY(casefile_get(visit->office->file, "consent", key, &consent));
	if (*json_text_or(consent, "withdrawn", ""))
		return error_new(
			ERROR_CONFLICT, "the consent it rests on was withdrawn; there is no slip for it");
	return NULL;
}

static const struct error *find(struct visit *visit, struct slip **out)
{
	struct slip *slip = memory_new(visit->context, struct slip);
	struct casefile *file = visit->office->file;
	struct referral_state state;

	talloc_set_destructor(slip, slip_free);
	TRY(referred_find(visit, visit->parts[0], &slip->record, &state));
	if (strcmp(referral_sender(slip->record), visit->office->trust.self.log) != 0)
		return error_new(ERROR_NOT_FOUND, "this hub has sent no such referral");
	TRY(check_consent(visit, slip));
	if (!referral_is_owed(&state))
		return error_new(ERROR_CONFLICT, "this referral is over; there is no slip for it");
	TRY(casefile_get(file, "case", json_text_or(slip->record, "case", ""), &slip->in_case));
	TRY(casefile_get(file, "provider", json_text_or(slip->record, "provider", ""), &slip->provider));
	slip->has_account = *json_text_or(slip->record, "hub", "") != 0;
	*out = slip;
	return NULL;
}

static bool is_ticked(const struct visit *visit, const char *name)
{
	for (size_t i = 0; visit->form && i < visit->form->count; i++)
		if (strcmp(visit->form->fields[i].name, "details") == 0 &&
			strcmp(visit->form->fields[i].value, name) == 0)
			return true;
	return false;
}

/* The fields that there are, each with its box; those that are ticked for the paper. */
static void show_details(struct visit *visit, const struct slip *slip)
{
	const struct entity *entity = schema_entity("referral");
	json_t *boxes = json_array(), *printed = json_array();

	for (size_t i = 0; i < sizeof details / sizeof *details; i++) {
		const struct field *field = schema_field(entity, details[i]);
		json_t *one CLEANUP(json_decref) = show_fields(visit, entity, slip->record, field->name);
		const char *label = say(visit->request, field->label);

		if (!json_array_size(one))
			continue;
		json_array_append_new(boxes, json_pack("{ss, ss, sb}", "code", field->name, "label", label,
						     "selected", is_ticked(visit, field->name)));
		if (is_ticked(visit, field->name))
			json_array_append(printed, json_array_get(one, 0));
	}
	visit_set(visit, "boxes", boxes);
	visit_set(visit, "printed", printed);
}

static const struct error *show(struct visit *visit, const struct slip *slip, const char *code)
{
	const char *host = request_header(visit->request, "Host");

	show_details(visit, slip);
	visit_text(visit, "ref", json_text_or(slip->in_case, "ref", ""));
	visit_text(visit, "appointment", json_text_or(slip->record, "appointment", ""));
	visit_text(visit, "name", json_text_or(slip->provider, "name", ""));
	visit_set(visit, "facts",
		show_fields(visit, schema_entity("provider"), slip->provider, "organisation contact hours"));
	visit_text(visit, "until", show_date(visit, json_text_or(slip->record, "expires", "")));
	visit_text(visit, "hub_name", office_hub_name(visit->office, visit->office->trust.self.log));
	visit_text(visit, "address", visit_path(visit, "https://%s/code", host ? host : ""));
	visit_text(visit, "code", code);
	visit_set(visit, "has_account", json_boolean(slip->has_account));
	visit_text(visit, "action", visit_path(visit, "/referrals/%s/slip", visit->parts[0]));
	visit_text(visit, "back", visit_path(visit, "/cases/%s", json_text_or(slip->in_case, "key", "")));
	return visit_show(visit, "office-slip", "Slip");
}

const struct error *slip_page(struct visit *visit)
{
	struct slip *slip;

	TRY(find(visit, &slip));
	return show(visit, slip, "");
}

static const struct error *write_code(
	struct visit *visit, struct batch *batch, const struct slip *slip, const struct secret *code)
{
	TRY(batch_event(batch, "referral", visit->parts[0], json_text_or(slip->in_case, "key", ""),
		json_pack("{ss}", "pass", code_verifier(visit->context, code)), NULL));
	return batch_audit(batch, "made a one-time code for a referral",
		memory_format(visit->context, "%s: %.200s", json_text_or(slip->in_case, "ref", ""),
			json_text_or(slip->provider, "name", "")));
}

/* The case or the directory may tell more than when it was sent. */
static const struct error *check_guard(struct visit *visit, const struct slip *slip)
{
	const char *why;

	TRY(recheck_referral(visit, slip->record, slip->in_case, &why));
	if (*why)
		visit_problem(visit, "code",
			"One-time code: the case tells now that this provider has a conflict of interest. "
			"Withdraw the referral; it can be sent anew when a second person agrees");
	return NULL;
}

const struct error *slip_print(struct visit *visit)
{
	struct secret *code CLEANUP(secret_free) = NULL;
	struct batch *batch = visit_batch(visit);
	const char *words = "";
	struct slip *slip;
	bool is_code;

	TRY(find(visit, &slip));
	is_code = !slip->has_account && *visit_field(visit, "code");
	if (is_code)
		TRY(check_guard(visit, slip));
	if (is_ticked(visit, "names") || is_ticked(visit, "contacts"))
		TRY(batch_audit(batch, "looked up who a person is: for a slip",
			memory_format(visit->context, "%s: %.200s", json_text_or(slip->in_case, "ref", ""),
				json_text_or(slip->provider, "name", ""))));
	if (is_code && !visit_has_problems(visit)) {
		code = words_passphrase(CODE_WORDS);
		words = memory_string_of(visit->context, (const char *)code->data, code->len);
		TRY(write_code(visit, batch, slip, code));
	}
	TRY(batch_commit(batch));
	return show(visit, slip, words);
}
