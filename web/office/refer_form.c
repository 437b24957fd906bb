/* What goes along, exactly what they will see, Send: the second and third step of a referral. Which boxes
 * there are is refer_copy.c's, who must not be asked is node/casework/guard's, a second person's word is
 * agree.c's.
 *
 * "Nothing is sealed to the other hub before Send": until then all of it is in the browser's form, and each
 * step checks everything again. Office role. */
#include "web/office/refer.h"

#include <string.h>

#include "node/base/clock.h"
#include "node/base/text.h"
#include "node/casework/directory.h"
#include "node/casework/lists.h"
#include "web/office/agree.h"
#include "web/office/fields.h"
#include "web/office/readers.h"
#include "web/office/recheck.h"
#include "web/office/referred.h"
#include "web/office/rules.h"
#include "web/office/show.h"

#define PARTS_MOST 100 /* of a kind, of one case */
#define CONSENT_TEXT_MAX 600
#define NEW "new" /* the choice of a consent that is written down here */

static const struct asked about_asked[] = {
	{"service", NULL, NULL, true, false},
	{"urgency", NULL, NULL, true, false},
	{"reason", NULL, SAY("They read this. No names here: tick them below, if they must have them."), true,
		false},
	{"appointment", NULL, SAY("When and where they meet, if you know."), false, false},
	{"expires", NULL,
		SAY("From then on they cannot read it. Left empty: after 3 days in an emergency, 7 when it "
		    "is urgent, "
		    "else 30."),
		false, false},
	{0},
};
static const struct asked consent_asked[] = {
	{"purpose", NULL, SAY("For instance: legal help."), true, false},
	{"to_whom", NULL, NULL, true, false},
	{"not_to", NULL, NULL, false, false},
	{"how", NULL, NULL, true, false},
	{"given", NULL, NULL, true, false},
	{"text", NULL, NULL, false, false},
	{"agencies", NULL, SAY("Only where they named it themselves."), false, false},
	{0},
};

/* ---- what it is about ---- */

static int refer_free(struct refer *refer)
{
	json_decref(refer->in_case);
	json_decref(refer->provider);
	json_decref(refer->old);
	json_decref(refer->incidents);
	json_decref(refer->consents);
	json_decref(refer->people);
	json_decref(refer->contacts);
	json_decref(refer->plans);
	json_decref(refer->set);
	json_decref(refer->new_consent);
	json_decref(refer->consent);
	return 0;
}

/* An earlier referral of this case, whose form this one starts from. */
static const struct error *find_old(struct visit *visit, struct refer *refer)
{
	const char *from =
		form_text(visit->context, visit->form ? visit->form : visit->request->query, "from");

	if (!ids_is_key(from))
		return NULL;
	TRY(casefile_get(visit->office->file, "referral", from, &refer->old));
	if (strcmp(json_text_or(refer->old, "case", ""), refer->case_key) != 0)
		return error_new(ERROR_NOT_FOUND, "this case has no such referral");
	return NULL;
}

static const struct error *find(struct visit *visit, struct refer **out)
{
	struct refer *refer = memory_new(visit->context, struct refer);
	struct casefile *file = visit->office->file;

	talloc_set_destructor(refer, refer_free);
	TRY(case_find(visit, visit->parts[0], &refer->in_case));
	refer->case_key = memory_string(refer, json_text_or(refer->in_case, "key", ""));
	refer->provider_key = visit->parts[1];
	TRY(directory_entry(file, refer->provider_key, &refer->provider));
	TRY(find_old(visit, refer));
	TRY(lists_parts(file, "incident", refer->case_key, PARTS_MOST, &refer->incidents));
	TRY(lists_parts(file, "consent", refer->case_key, PARTS_MOST, &refer->consents));
	TRY(lists_parts(file, "person", refer->case_key, PARTS_MOST, &refer->people));
	TRY(lists_parts(file, "contact", refer->case_key, PARTS_MOST, &refer->contacts));
	TRY(lists_parts(file, "plan", refer->case_key, PARTS_MOST, &refer->plans));
	refer->verdict = guard_look(visit->codes, refer->in_case, refer->incidents, refer->provider, NULL);
	*out = refer;
	return NULL;
}

static bool is_blocked(const struct refer *refer)
{
	return refer->verdict.reason != GUARD_CLEAR;
}

/* ---- the second step ---- */

static void show_guard(struct visit *visit, const struct refer *refer)
{
	if (is_blocked(refer))
		visit_set(visit, "guard",
			json_pack("{ss, ss}", "why",
				recheck_words(
					visit, json_text_or(refer->provider, "name", ""), &refer->verdict),
				"agency", recheck_agency(visit, refer->verdict.agency)));
}

static json_t *consent_choices(const struct visit *visit, const struct refer *refer, bool *is_new)
{
	const struct entity *entity = schema_entity("consent");
	const char *chosen = visit_field(visit, "consent");
	json_t *list = json_array();
	const json_t *row;
	size_t i;

	json_array_foreach (refer->consents, i, row) {
		const char *key = json_text_or(row, "key", "");

		if (*json_text_or(row, "withdrawn", ""))
			continue;
		json_array_append_new(list,
			json_pack("{ss, ss, so, sb}", "code", key, "label", json_text_or(row, "purpose", ""),
				"facts", show_fields(visit, entity, row, "to_whom not_to agencies how given"),
				"selected", strcmp(key, chosen) == 0));
	}
	*is_new = strcmp(chosen, NEW) == 0 || (!*chosen && !json_array_size(list));
	return list;
}

/* The fields of one asking under a name of their own in the view. */
static const struct error *show_fields_as(struct visit *visit, const struct asking *asking, const char *name)
{
	TRY(fields_show(visit, asking));
	visit_set(visit, name, json_pack("{sO}", "fields", json_object_get(visit->view, "fields")));
	return NULL;
}

static const struct error *show_fields_of(struct visit *visit, const struct refer *refer)
{
	json_t *proposed CLEANUP(json_decref) = refer->old ? json_copy(refer->old) : json_object();
	json_t *given CLEANUP(json_decref) = json_pack("{ss, ss}", "given", show_today(visit->context),
		"to_whom", json_text_or(refer->provider, "name", ""));
	struct asking about = {"referral", NULL, proposed, about_asked},
		      consent = {"consent", NULL, given, consent_asked};

	json_object_del(proposed, "expires"); /* counted anew */
	TRY(show_fields_as(visit, &about, "about"));
	return show_fields_as(visit, &consent, "giving");
}

static void show_head(struct visit *visit, const struct refer *refer)
{
	visit_text(visit, "caption",
		memory_format(visit->context, "%s %s", json_text_or(refer->in_case, "ref", ""),
			json_text_or(refer->in_case, "alias", "")));
	visit_text(visit, "case_key", refer->case_key);
	visit_text(visit, "provider", refer_provider_words(visit, refer->provider));
	visit_text(visit, "from", refer->old ? json_text_or(refer->old, "key", "") : "");
	visit_text(visit, "action",
		visit_path(visit, "/cases/%s/refer/%s", refer->case_key, refer->provider_key));
}

static const struct error *show_form(struct visit *visit, struct refer *refer)
{
	const char *capacity = json_text_or(refer->provider, "capacity", "");
	bool is_new;

	TRY(show_fields_of(visit, refer));
	show_head(visit, refer);
	show_guard(visit, refer);
	visit_set(visit, "is_unvetted", json_boolean(!*json_text_or(refer->provider, "vetted_on", "")));
	visit_set(visit, "is_full", json_boolean(strcmp(capacity, "full") == 0));
	visit_set(visit, "is_anew", json_boolean(refer->old != NULL));
	visit_set(visit, "offers", refer_offers(visit, refer));
	visit_set(visit, "consents", consent_choices(visit, refer, &is_new));
	visit_set(visit, "is_new", json_boolean(is_new));
	visit_text(visit, "back",
		visit_path(visit, refer->old ? "/cases/%s/refer?from=%s" : "/cases/%s/refer%s",
			refer->case_key, refer->old ? json_text_or(refer->old, "key", "") : ""));
	return visit_show(visit, "office-refer-form", "What goes along?");
}

const struct error *refer_form(struct visit *visit)
{
	struct refer *refer;

	TRY(find(visit, &refer));
	return show_form(visit, refer);
}

/* ---- checking ---- */

/* Somebody else, who is there, at a hub that may hear of it. */
static const struct error *check_provider(struct visit *visit, const struct refer *refer)
{
	const char *hub = refer_hub_of(visit, refer->provider), *self = visit->office->trust.self.log;
	const char *state = json_text_or(refer->provider, "state", "active"), *wrong = NULL;
	char home[LOG_ID_SIZE];
	bool is_for_headquarters;

	ids_key_log(home, refer->case_key);
	TRY(lists_is_for_headquarters(visit->office->file, refer->case_key, &is_for_headquarters));
	if (strcmp(hub, self) == 0 &&
		strcmp(json_text_or(refer->provider, "user", ""), visit->person.name) == 0)
		wrong = SAY("Provider: this is you. A referral goes to somebody else");
	else if (strcmp(state, "left") == 0)
		wrong = SAY("Provider: they have left. Choose somebody else");
	else if (strcmp(state, "active") != 0)
		wrong = SAY("Provider: they take nothing on at the moment. Choose somebody else");
	else if (!refer_may_reach(visit, hub))
		wrong = SAY("Provider: their hub does not belong to the coalition any more. Choose somebody "
			    "else");
	else if (is_for_headquarters && strcmp(hub, home) == 0)
		wrong = SAY(
			"Provider: the person does not want the office where they work to hear of it. Choose "
			"somebody of another hub");
	if (wrong)
		visit_problem(visit, "provider", wrong);
	return NULL;
}

static void check_expires(struct visit *visit, struct refer *refer)
{
	const char *day = json_text_or(refer->set, "expires", ""),
		   *urgency = json_text_or(refer->set, "urgency", "");
	int days = strcmp(urgency, "emergency") == 0 ? 3 : strcmp(urgency, "urgent") == 0 ? 7 : 30;
	char time[TEXT_TIME_SIZE];

	if (*day && !text_is_date(day)) {
		visit_problem(visit, "expires", "Expires on: give the whole day");
	} else if (*day && strcmp(day, show_today(visit->context)) < 0) {
		visit_problem(visit, "expires", "Expires on: this day has passed");
	} else if (!*day) {
		text_time(time, clock_wall_seconds() + days * INT64_C(86400));
		time[sizeof "2026-11-23" - 1] = '\0';
		json_object_set_new(refer->set, "expires", json_string(time));
	}
}

static const struct error *check_about(struct visit *visit, struct refer *refer)
{
	struct asking about = {"referral", NULL, NULL, about_asked};
	json_t *over CLEANUP(json_decref) = NULL;

	TRY(fields_take(visit, &about, &refer->set, &over));
	check_expires(visit, refer);
	return NULL;
}

static const struct error *take_new_consent(struct visit *visit, struct refer *refer)
{
	struct asking asking = {"consent", NULL, NULL, consent_asked};
	json_t *typed CLEANUP(json_decref) = json_object(), *over CLEANUP(json_decref) = NULL;

	for (const struct asked *asked = consent_asked; asked->name; asked++)
		json_object_set_new(typed, asked->name, json_string(visit_field(visit, asked->name)));
	rules_hold(visit, "consent", typed);
	TRY(fields_take(visit, &asking, &refer->new_consent, &over));
	refer->consent = json_incref(refer->new_consent);
	return NULL;
}

static void take_known_consent(struct visit *visit, struct refer *refer, const char *chosen)
{
	json_t *row;
	size_t i;

	json_array_foreach (refer->consents, i, row)
		if (strcmp(json_text_or(row, "key", ""), chosen) == 0)
			refer->consent = json_incref(row);
	if (!refer->consent)
		visit_problem(visit, "consent", "Consent: choose what it rests on, or write down a new one");
	else if (*json_text_or(refer->consent, "withdrawn", ""))
		visit_problem(visit, "consent",
			visit_path(visit,
				say(visit->request, "Consent: this one was withdrawn on %s. Ask the person "
						    "again, or choose another"),
				show_date(visit, json_text_or(refer->consent, "withdrawn", ""))));
}

/* Whoever may have done it hears of it only when the person named them and agreed. */
static void check_guard(struct visit *visit, const struct refer *refer)
{
	const char *agency = refer->verdict.agency;

	if (!is_blocked(refer) || !json_object_size(refer->consent) || guard_consents(refer->consent, agency))
		return;
	visit_problem(visit, "consent",
		*agency ? visit_path(visit,
				  say(visit->request, "Consent: %s It can go to them only if the person "
						      "named this agency and agrees: %s"),
				  recheck_words(
					  visit, json_text_or(refer->provider, "name", ""), &refer->verdict),
				  recheck_agency(visit, agency))
			: visit_path(visit,
				  say(visit->request, "Consent: %s The directory does not tell their agency, "
						      "so nobody can agree to it: "
						      "choose somebody else, or have it written there first"),
				  recheck_words(visit, json_text_or(refer->provider, "name", ""),
					  &refer->verdict)));
}

/* "Legal help; To whom: a lawyer; Not to whom: the police; How it was given: Spoken ...": without their own
 * words, which may name somebody. */
static void put_consent_text(struct visit *visit, struct refer *refer)
{
	json_t *facts CLEANUP(json_decref) = show_fields(visit_in_english(visit), schema_entity("consent"),
		refer->consent, "to_whom not_to how given"),
		      *fact;
	struct buffer *text = buffer_new(visit->context);
	char *whole;
	size_t i, len;

	buffer_text(text, json_text_or(refer->consent, "purpose", ""));
	json_array_foreach (facts, i, fact)
		buffer_format(
			text, "; %s: %s", json_text_or(fact, "label", ""), json_text_or(fact, "value", ""));
	whole = memory_string(visit->context, (const char *)buffer_bytes(text).data);
	for (len = strlen(whole); text_length(whole) > CONSENT_TEXT_MAX; whole[len] = '\0')
		for (len--; len && ((unsigned char)whole[len] & 0xc0) == 0x80;)
			len--;
	json_object_set_new(refer->set, "consent_text", json_string(whole));
}

/* A case that went to another hub is that one's to refer. */
static const struct error *check_owner(struct visit *visit, const struct refer *refer)
{
	const struct trust *trust = &visit->office->trust;
	struct readers readers;

	TRY(readers_find(visit->office, refer->case_key, &readers));
	if (strcmp(readers.owner, trust->self.log) != 0 && trust->self.role != MEMBER_HEADQUARTERS)
		visit_problem(visit, "", "This case belongs to another hub, which alone can refer it");
	return NULL;
}

/* Everything that has to hold, at each step anew. */
static const struct error *check(struct visit *visit, struct refer *refer)
{
	const char *chosen = visit_field(visit, "consent");

	TRY(check_owner(visit, refer));
	TRY(check_provider(visit, refer));
	TRY(check_about(visit, refer));
	refer_copy(visit, refer);
	if (strcmp(chosen, NEW) == 0)
		TRY(take_new_consent(visit, refer));
	else
		take_known_consent(visit, refer, chosen);
	check_guard(visit, refer);
	if (!visit_has_problems(visit))
		put_consent_text(visit, refer);
	return NULL;
}

/* ---- the third step ---- */

/* What was typed so far, for hidden fields; what belongs to this page itself is typed there. */
static json_t *carried(const struct visit *visit)
{
	static const char *const own[] = {"csrf", "once", "step", "second", "passphrase", "override_why"};
	json_t *list = json_array();

	for (size_t i = 0; i < visit->form->count; i++) {
		const struct form_field *field = &visit->form->fields[i];
		bool is_own = text_starts(field->name, "seen.");

		for (size_t k = 0; k < sizeof own / sizeof *own; k++)
			is_own |= strcmp(field->name, own[k]) == 0;
		if (!is_own && *field->value)
			json_array_append_new(
				list, json_pack("{ss, ss}", "name", field->name, "value", field->value));
	}
	return list;
}

static const char *readers(const struct visit *visit, const struct refer *refer)
{
	const char *hub = refer_hub_of(visit, refer->provider), *self = visit->office->trust.self.log;

	if (!*hub || strcmp(hub, self) == 0)
		return office_hub_name(visit->office, self);
	return visit_path(
		visit, "%s, %s", office_hub_name(visit->office, self), office_hub_name(visit->office, hub));
}

static const char *on_what(const struct visit *visit, const struct refer *refer)
{
	return memory_format(visit->context, "%s: %.200s", json_text_or(refer->in_case, "ref", ""),
		json_text_or(refer->provider, "name", ""));
}

/* The names that the preview shows are looked at as on the person's own page. */
static const struct error *note_look(struct visit *visit, const struct refer *refer)
{
	struct batch *batch;

	if (!refer_has_identity(refer))
		return NULL;
	batch = batch_new(visit->context, visit->office, visit->person.name);
	TRY(batch_audit(batch, "looked up who a person is: for a referral", on_what(visit, refer)));
	return batch_commit(batch);
}

static const struct error *show_preview(struct visit *visit, struct refer *refer)
{
	const struct error *error = note_look(visit, refer);

	if (error && visit_has_problems(visit)) /* a full card: what was typed, and no names */
		return show_form(visit, refer);
	TRY(error);
	referral_shown(visit, refer->set);
	show_head(visit, refer);
	show_guard(visit, refer);
	visit_set(visit, "carried", carried(visit));
	visit_text(visit, "readers", readers(visit, refer));
	visit_set(visit, "has_account", json_boolean(*refer_hub_of(visit, refer->provider)));
	visit_text(visit, "second", visit_field(visit, "second"));
	visit_text(visit, "override_why", visit_field(visit, "override_why"));
	return visit_show(visit, "office-refer-look", "This is what they will see");
}

/* ---- Send ---- */

static const struct error *write_override(
	struct visit *visit, struct batch *batch, const struct refer *refer, const char *key)
{
	const char *why = visit_field(visit, "override_why");
	char *second = memory_string(visit->context, visit_field(visit, "second"));

	text_lower(second);
	TRY(batch_event(batch, "referral", key, refer->case_key,
		json_pack("{ss, ss}", "override_by", second, "override_why", why), NULL));
	return batch_audit(batch,
		memory_format(visit->context,
			"referred in spite of a conflict of interest, %s agreed: %.200s", second, why),
		on_what(visit, refer));
}

static const struct error *write_referral(struct visit *visit, struct refer *refer, const char *key)
{
	struct batch *batch = visit_batch(visit);
	char consent[ENTITY_KEY_SIZE], sent[TEXT_TIME_SIZE];

	text_time(sent, clock_wall_seconds());
	write_key_new(consent, visit->office);
	if (refer->new_consent)
		TRY(batch_event(
			batch, "consent", consent, refer->case_key, json_incref(refer->new_consent), NULL));
	json_object_set_new(refer->set, "consent",
		json_string(refer->new_consent ? consent : json_text_or(refer->consent, "key", "")));
	json_object_set_new(refer->set, "provider", json_string(refer->provider_key));
	json_object_set_new(refer->set, "hub", json_string(refer_hub_of(visit, refer->provider)));
	json_object_set_new(refer->set, "state", json_string("sent"));
	json_object_set_new(refer->set, "sent_at", json_string(sent));
	TRY(batch_event(batch, "referral", key, refer->case_key, json_incref(refer->set), NULL));
	TRY(batch_audit(batch, memory_format(visit->context, "referred: %.200s", refer_copied(visit, refer)),
		on_what(visit, refer)));
	if (is_blocked(refer))
		TRY(write_override(visit, batch, refer, key));
	return batch_commit(batch);
}

static const struct error *send(struct visit *visit, struct refer *refer)
{
	bool has_account = *refer_hub_of(visit, refer->provider) != 0;
	char key[ENTITY_KEY_SIZE];

	write_key_new(key, visit->office);
	TRY(write_referral(visit, refer, key));
	if (!has_account)
		return visit_go(visit, visit_path(visit, "/referrals/%s/slip", key),
			"The referral is written down. Print the slip, and give it to the person.");
	return visit_go(visit, visit_path(visit, "/cases/%s", refer->case_key), "The referral is sent.");
}

/* The second person has agreed, or there are problems; the case may have changed while they typed. */
static const struct error *send_agreed(struct visit *visit, void *user)
{
	struct refer *refer = user;
	const struct error *failed;

	if (visit_has_problems(visit))
		return show_preview(visit, refer);
	failed = send(visit, refer);
	if (failed && visit_tell_unsaved(visit, failed))
		return show_preview(visit, refer);
	return failed;
}

const struct error *refer_save(struct visit *visit)
{
	const char *step = visit_field(visit, "step");
	bool is_back = strcmp(step, "look") != 0 && strcmp(step, "send") != 0;
	struct refer *refer;

	TRY(find(visit, &refer));
	if (is_back || visit_has_problems(visit))
		return show_form(visit, refer);
	TRY(check(visit, refer));
	if (visit_has_problems(visit))
		return show_form(visit, refer);
	if (strcmp(step, "look") == 0)
		return show_preview(visit, refer);
	if (!is_blocked(refer))
		return send(visit, refer);
	if (!*visit_field(visit, "override_why"))
		visit_problem(visit, "override_why", "Say why it has to be them in spite of this");
	else if (text_length(visit_field(visit, "override_why")) > 1000)
		visit_problem(visit, "override_why",
			"Why it has to be them: this is too long; at most 1000 characters");
	return agree_ask(visit, refer->case_key, send_agreed, refer);
}
