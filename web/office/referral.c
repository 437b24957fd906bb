/* One referral, for both of its sides: what went along, what the person agreed to, what came back, and what
 * can be answered now. The answers' forms are reply.c's, sending is refer.c's.
 *
 * "Exactly what was ticked, and only while it may be read": the receiver's page is made of the referral's own
 * copies and knows nothing of the case; once it was withdrawn, declined or is over, it says that and no more.
 * Office role. */
#include "web/office/pages.h"

#include <string.h>

#include "web/office/recheck.h"
#include "web/office/referred.h"
#include "web/office/show.h"
#include "web/office/told.h"

static const char sender_facts[] = "withdrawn_why override_by override_why";

void referral_seen_free(struct referral_seen *seen)
{
	json_decref(seen->record);
	json_decref(seen->replies);
	*seen = (struct referral_seen){0};
}

static const struct error *see(struct visit *visit, struct referral_seen *out)
{
	const char *self = visit->office->trust.self.log;

	TRY(casefile_get(visit->office->file, "referral", visit->parts[0], &out->record));
	TRY(referral_replies(visit->office->file, visit->parts[0], &out->replies));
	TRY(told_referral(visit, out->record));
	out->state = referral_state(out->record, out->replies, show_today(visit->context));
	out->is_provider = visit->person.role == ROLE_PROVIDER;
	out->is_sender = !out->is_provider && strcmp(referral_sender(out->record), self) == 0;
	out->is_party = out->is_sender || strcmp(json_text_or(out->record, "hub", ""), self) == 0;
	return NULL;
}

const struct error *referral_see(struct visit *visit, struct referral_seen *out)
{
	const struct error *error;

	*out = (struct referral_seen){0};
	error = see(visit, out);
	if (error)
		referral_seen_free(out);
	return error;
}

const struct error *referral_ask_principles(struct visit *visit)
{
	return visit_go(visit, visit_path(visit, "/principles?next=/referrals/%s", visit->parts[0]),
		"Read our principles and accept them; then what was referred to you opens.");
}

/* ---- what came back ---- */

static const char *how_of(const struct visit *visit, const json_t *reply)
{
	const char *how = json_text_or(reply, "how", ""), *who = json_text_or(reply, "who", "");

	if (strcmp(how, "page") == 0 || !*how)
		return "";
	return memory_format(visit->context, "%s%s%s", show_choice(visit, how), *who ? ": " : "", who);
}

static void add_reply(
	struct visit *visit, const struct referral_seen *seen, const json_t *reply, json_t *list)
{
	const char *kind = json_text_or(reply, "kind", ""), *why = json_text_or(reply, "why", ""),
		   *next = json_text_or(reply, "next", "");
	bool is_shown = seen->is_sender || seen->state.is_readable || seen->state.stage == REFERRAL_DECLINED;
	json_t *who CLEANUP(json_decref) = json_pack("{ss, ss, ss}", "by", json_text_or(reply, "by", ""),
		"hub", json_text_or(reply, "hub", ""), "at", json_text_or(reply, "created", ""));

	json_array_append_new(list,
		json_pack("{ss, ss, ss, ss, ss, ss, ss, ss}", "kind", show_choice(visit, kind), "why",
			*why ? show_choice(visit, why) : "", "text",
			is_shown ? json_text_or(reply, "text", "") : "", "next", show_date(visit, next),
			"proposed", json_text_or(reply, "provider_name", ""), "how", how_of(visit, reply),
			"on", show_date(visit, json_text_or(reply, "on", "")), "who", show_who(visit, who)));
}

static void add_replies(struct visit *visit, const struct referral_seen *seen)
{
	json_t *list = json_array();
	const json_t *reply;
	size_t i;

	json_array_foreach (seen->replies, i, reply)
		add_reply(visit, seen, reply, list);
	visit_set(visit, "replies", json_array_size(list) ? json_pack("{sO}", "list", list) : json_null());
	json_decref(list);
}

/* ---- what can be answered ---- */

static void add_answers(struct visit *visit, const struct referral_seen *seen)
{
	static const struct {
		const char *kind, *path, *label;
		bool is_first;
	} answers[] = {{"accepted", "accept", SAY("Accept"), true},
		{"progress", "progress", SAY("Report progress"), true},
		{"done", "finish", SAY("Finish"), false}, {"declined", "decline", SAY("Decline"), false},
		{"proposal", "propose", SAY("Propose a colleague"), false}};
	json_t *list = json_array();

	for (size_t i = 0; seen->is_party && i < sizeof answers / sizeof *answers; i++)
		if (referral_takes(&seen->state, answers[i].kind))
			json_array_append_new(list, json_pack("{ss, ss, sb}", "href",
							    visit_path(visit, "/referrals/%s/reply/%s",
								    visit->parts[0], answers[i].path),
							    "label", say(visit->request, answers[i].label),
							    "is_first", answers[i].is_first));
	visit_set(visit, "answers", json_array_size(list) ? json_pack("{sO}", "list", list) : json_null());
	json_decref(list);
}

/* Why nothing of it is shown. */
static const char *closed_words(const struct visit *visit, enum referral_stage stage)
{
	if (stage == REFERRAL_WITHDRAWN)
		return say(visit->request, "This referral was withdrawn. What it said is no longer shown, "
					   "and it takes no answers.");
	if (stage == REFERRAL_DECLINED)
		return say(visit->request, "This referral was declined. What it said is no longer shown.");
	return say(visit->request,
		"This referral is over. What it said is no longer shown, and it takes no answers.");
}

static void add_content(struct visit *visit, const struct referral_seen *seen)
{
	const json_t *record = seen->record;
	json_t *own CLEANUP(json_decref) = NULL;

	referral_shown(visit, record);
	visit_set(visit, "is_open", json_true());
	if (seen->is_sender || !seen->is_party)
		visit_text(visit, "case_key", json_text_or(record, "case", ""));
	if (!seen->is_sender)
		return;
	own = show_fields(visit, schema_entity("referral"), record, sender_facts);
	visit_set(visit, "own", json_array_size(own) ? json_pack("{sO}", "list", own) : json_null());
}

/* Whoever reads in it who the person is, leaves a trace; no trace, no page. */
static const struct error *note_looked(struct visit *visit, const struct referral_seen *seen)
{
	struct batch *batch = visit_batch(visit);

	if (!seen->state.is_readable && !seen->is_sender)
		return NULL;
	if (!*json_text_or(seen->record, "names", "") && !*json_text_or(seen->record, "contacts", ""))
		return NULL;
	TRY(batch_audit(batch, "looked up who a person is: in a referral",
		memory_format(
			visit->context, "%s %s", json_text_or(seen->record, "ref", ""), visit->parts[0])));
	return batch_commit(batch);
}

static const struct error *add_provider(struct visit *visit, const struct referral_seen *seen)
{
	const char *key = json_text_or(seen->record, "provider", "");
	json_t *provider CLEANUP(json_decref) = NULL;
	const struct error *error;

	if (seen->is_provider || !*key)
		return NULL;
	error = casefile_get(visit->office->file, "provider", key, &provider);
	if (error && error->code != ERROR_NOT_FOUND)
		return error;
	visit_set(visit, "provider",
		json_pack("{ss, ss, ss}", "key", provider ? key : "", "name",
			json_text_or(provider, "name", key), "hub",
			office_hub_name(visit->office, json_text_or(seen->record, "hub", ""))));
	return NULL;
}

/* What the case or the directory tells by now is for those who work on the case. */
static const struct error *add_guard(struct visit *visit, const struct referral_seen *seen)
{
	json_t *in_case CLEANUP(json_decref) = NULL;
	const struct error *error;
	const char *why;

	if (!seen->is_sender || !referral_is_owed(&seen->state))
		return NULL;
	error = casefile_get(visit->office->file, "case", json_text_or(seen->record, "case", ""), &in_case);
	if (error)
		return error->code == ERROR_NOT_FOUND ? NULL : error;
	TRY(recheck_referral(visit, seen->record, in_case, &why));
	visit_text(visit, "in_the_way", why);
	return NULL;
}

/* Who sees to it, where that is not who sent it; for a hub with no part in it, how that is. */
static const struct error *add_sender(struct visit *visit, const struct referral_seen *seen)
{
	const char *home = json_text_or(seen->record, "home", ""), *sender = referral_sender(seen->record),
		   *self = visit->office->trust.self.log;
	json_t *with CLEANUP(json_decref) = json_pack("{ss}", "hub", office_hub_name(visit->office, sender));
	char owner[LOG_ID_SIZE];

	visit_text(visit, "from", office_hub_name(visit->office, home));
	if (seen->is_party) {
		visit_set(visit, "now",
			strcmp(home, sender) == 0 || strcmp(sender, self) == 0 ? json_null()
									       : json_incref(with));
		return NULL;
	}
	TRY(casefile_owner(visit->office->file, json_text_or(seen->record, "case", ""), owner));
	visit_set(visit, strcmp(owner, self) == 0 ? "to_come" : "gone", json_incref(with));
	return NULL;
}

/* How far it got, for its sender; for the provider's side, that it was opened there. */
static const struct error *add_way(struct visit *visit, const struct referral_seen *seen)
{
	const char *key = visit->parts[0], *way;

	if (!seen->is_sender)
		told_open(visit, "referral", key);
	if (!seen->is_sender || seen->state.stage == REFERRAL_DRAFT)
		return NULL;
	TRY(told_line(visit, "referral", key, key, &way));
	visit_text(visit, "way", way);
	return NULL;
}

static const struct error *show(struct visit *visit, const struct referral_seen *seen)
{
	const char *stage = referral_stage_name(seen->state.stage);

	TRY(note_looked(visit, seen));
	TRY(add_way(visit, seen));
	TRY(add_sender(visit, seen));
	TRY(add_guard(visit, seen));
	visit_text(visit, "key", visit->parts[0]);
	visit_text(visit, "sent_at", show_time(visit, json_text_or(seen->record, "sent_at", "")));
	visit_text(visit, "state_label", show_choice(visit, stage));
	visit_text(visit, "state_class", show_tag(stage));
	if (*seen->state.due)
		visit_set(visit, "clock", show_due(visit, seen->state.due));
	if (seen->state.is_readable || seen->is_sender)
		add_content(visit, seen);
	else
		visit_text(visit, "closed", closed_words(visit, seen->state.stage));
	TRY(add_provider(visit, seen));
	add_replies(visit, seen);
	add_answers(visit, seen);
	visit_set(visit, "is_for_them", json_boolean(!seen->is_provider));
	visit_set(visit, "has_history", json_boolean(seen->is_sender));
	visit_text(visit, "back", "/referrals");
	return visit_show(visit, "office-referral", "Referral");
}

const struct error *referral_page(struct visit *visit)
{
	struct referral_seen seen;
	const struct error *error;
	bool is_due;

	TRY(referral_see(visit, &seen));
	error = principles_are_due(visit, &is_due);
	if (!error)
		error = is_due ? referral_ask_principles(visit) : show(visit, &seen);
	referral_seen_free(&seen);
	return error;
}
