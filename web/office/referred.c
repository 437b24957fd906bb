/* What of a case went to whom, and what has become of it. What a referral may hold is node/casework's; what a
 * provider does with it has its own pages.
 *
 * "They see exactly this": the officer before sending, and the provider after, read the same partial, filled
 * by the same function. Office role. */
#include "web/office/referred.h"

#include <string.h>

#include "node/casework/lists.h"
#include "web/office/recheck.h"
#include "web/office/show.h"
#include "web/office/told.h"

#define REFERRALS_MOST 100 /* of one case */

const char referral_along[] =
	"ref alias risk district summary needs violations names contacts safe_contact plan";

/* In the order of the schema. */
static const char facts[] =
	"service urgency reason appointment expires ref alias risk district summary needs violations names "
	"contacts plan";

void referral_shown(struct visit *visit, const json_t *record)
{
	const struct entity *entity = schema_entity("referral");
	const char *sender = referral_sender(record), *self = visit->office->trust.self.log;

	visit_set(visit, "referred",
		json_pack("{ss, so, ss, ss}", "hub", office_hub_name(visit->office, *sender ? sender : self),
			"facts", show_fields(visit, entity, record, facts), "safe_contact",
			json_text_or(record, "safe_contact", ""), "consent",
			json_text_or(record, "consent_text", "")));
}

const struct error *referred_find(
	struct visit *visit, const char *key, json_t **record, struct referral_state *state)
{
	json_t *replies CLEANUP(json_decref) = NULL;

	TRY(casefile_get(visit->office->file, "referral", key, record));
	TRY(referral_replies(visit->office->file, key, &replies));
	*state = referral_state(*record, replies, show_today(visit->context));
	return NULL;
}

/* ---- on the page of the case ---- */

static json_t *proposals_of(
	const struct visit *visit, const char *case_key, const char *key, const json_t *replies)
{
	json_t *list = json_array(), *reply;
	size_t i;

	json_array_foreach (replies, i, reply) {
		const char *provider = json_text_or(reply, "provider", "");

		if (strcmp(json_text_or(reply, "kind", ""), "proposal") != 0)
			continue;
		json_array_append_new(list,
			json_pack("{ss, ss, ss}", "name", json_text_or(reply, "provider_name", ""), "text",
				json_text_or(reply, "text", ""), "href",
				visit_path(visit, "/cases/%s/refer/%s?from=%s", case_key, provider, key)));
	}
	return list;
}

/* The last thing that was said about it, but for proposals. */
static const json_t *last_word(const json_t *replies)
{
	for (size_t i = json_array_size(replies); i-- > 0;) {
		const json_t *reply = json_array_get(replies, i);

		if (strcmp(json_text_or(reply, "kind", ""), "proposal") != 0)
			return reply;
	}
	return NULL;
}

static const char *why_of(const struct visit *visit, const json_t *row, const json_t *last)
{
	const char *why = json_text_or(last, "why", ""), *text = json_text_or(last, "text", "");

	if (strcmp(json_text_or(row, "state", ""), "withdrawn") == 0)
		return json_text_or(row, "withdrawn_why", "");
	if (!*why)
		return text;
	return visit_path(visit, *text ? "%s: %s" : "%s%s", show_choice(visit, why), text);
}

/* The hub that sees to it, where that is not this one; "with" to come here, or "gone" from here. */
static void add_elsewhere(const struct visit *visit, const json_t *row, bool is_ours, json_t *line)
{
	const char *sender = referral_sender(row);

	if (strcmp(sender, visit->office->trust.self.log) == 0)
		json_object_set_new(line, "is_here", json_true());
	else
		json_object_set_new(line, is_ours ? "to_come" : "gone",
			json_pack("{ss}", "hub", office_hub_name(visit->office, sender)));
}

static const struct error *add_line(
	struct visit *visit, const json_t *in_case, bool is_ours, json_t *row, json_t *list)
{
	json_t *replies CLEANUP(json_decref) = NULL, *line;
	const char *case_key = json_text_or(in_case, "key", ""), *why = "", *way = "";
	const char *key = json_text_or(row, "key", ""), *stage, *urgency = json_text_or(row, "urgency", "");
	const struct entity *entity = schema_entity("referral");
	struct referral_state state;
	bool is_owed;

	TRY(referral_replies(visit->office->file, key, &replies));
	TRY(told_referral(visit, row));
	state = referral_state(row, replies, show_today(visit->context));
	stage = referral_stage_name(state.stage);
	is_owed = referral_is_owed(&state);
	if (is_owed && is_ours)
		TRY(recheck_referral(visit, row, in_case, &why));
	if (state.stage == REFERRAL_SENT && json_object_get(row, "received"))
		TRY(told_line(visit, "referral", key, key, &way));
	line = json_pack("{ss, ss, ss, ss, ss, ss, ss, ss, sb, sb, sb, so, so, ss, ss}", "key", key, "name",
		json_text_or(row, "provider_name", ""), "service",
		show_value(visit, schema_field(entity, "service"), json_object_get(row, "service")),
		"urgency_label", show_choice(visit, urgency), "urgency_class", show_tag(urgency),
		"state_label", show_choice(visit, stage), "state_class", show_tag(stage), "why",
		why_of(visit, row, last_word(replies)), "is_owed", is_owed, "is_over", !is_owed,
		"is_consent_withdrawn", is_owed && *json_text_or(row, "consent_withdrawn", "") != 0, "due",
		*state.due ? show_due(visit, state.due) : json_null(), "proposals",
		proposals_of(visit, case_key, key, replies), "in_the_way", why, "way", way);
	add_elsewhere(visit, row, is_ours, line);
	json_array_append_new(list, line);
	return NULL;
}

const struct error *referred_of_case(struct visit *visit, const json_t *in_case)
{
	json_t *rows CLEANUP(json_decref) = NULL, *list = json_array(), *row;
	const char *case_key = json_text_or(in_case, "key", "");
	char owner[LOG_ID_SIZE];
	size_t i;

	visit_set(visit, "referrals", json_pack("{so}", "list", list));
	TRY(casefile_owner(visit->office->file, case_key, owner));
	TRY(lists_referred(visit->office->file, case_key, REFERRALS_MOST, &rows));
	json_array_foreach (rows, i, row)
		TRY(add_line(visit, in_case, strcmp(owner, visit->office->trust.self.log) == 0, row, list));
	if (!json_array_size(list))
		visit_set(visit, "referrals", json_null());
	return NULL;
}
