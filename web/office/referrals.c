/* The referrals that somebody has to do with: a provider those to them, staff what this hub received and
 * sent. What became of each is node/casework/referral's. Office role. */
#include "web/office/pages.h"

#include <string.h>

#include "node/base/text.h"
#include "web/office/show.h"
#include "web/office/told.h"

#define ROWS 200 /* to one provider */
#define PAGE 50

/* What a provider's list may tell of one: nothing of the person once it is closed, or before the principles
 * are accepted. */
static void add_words(
	struct visit *visit, json_t *row, const struct referral_state *state, bool is_sender, bool is_open)
{
	static const char *const names[] = {"service", "urgency"};
	const struct entity *entity = schema_entity("referral");
	const char *stage = referral_stage_name(state->stage), *sender = referral_sender(row);

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		json_object_set_new(row, visit_path(visit, "%s_label", names[i]),
			json_string(show_value(
				visit, schema_field(entity, names[i]), json_object_get(row, names[i]))));
	json_object_set_new(row, "urgency_class", json_string(show_tag(json_text_or(row, "urgency", ""))));
	json_object_set_new(row, "state_label", json_string(show_choice(visit, stage)));
	json_object_set_new(row, "state_class", json_string(show_tag(stage)));
	json_object_set_new(row, "clock", *state->due ? show_due(visit, state->due) : json_null());
	json_object_set_new(row, "from", json_string(office_hub_name(visit->office, sender)));
	json_object_set_new(row, "sent_on", json_string(show_time(visit, json_text_or(row, "sent_at", ""))));
	if (is_sender || (is_open && state->is_readable))
		return;
	json_object_del(row, "ref");
	json_object_del(row, "alias");
}

/* Of one that another hub is to receive and is not known to have: how far it got. */
static const struct error *add_way(
	struct visit *visit, json_t *row, const struct referral_state *state, bool is_sender)
{
	const char *key = json_text_or(row, "key", ""), *way;

	if (!is_sender || state->stage != REFERRAL_SENT || !json_object_get(row, "received"))
		return NULL;
	TRY(told_line(visit, "referral", key, key, &way));
	json_object_set_new(row, "way", json_string(way));
	return NULL;
}

/* What is overdue comes first; within that, as they came: newest first. */
static const struct error *table(struct visit *visit, json_t *rows, bool is_sender, bool is_open,
	size_t *overdue, size_t *fresh, json_t **out)
{
	json_t *late CLEANUP(json_decref) = json_array(), *others CLEANUP(json_decref) = json_array(), *row;
	size_t i;

	*overdue = *fresh = 0;
	json_array_foreach (rows, i, row) {
		struct referral_state state;

		TRY(told_referral(visit, row));
		state = referral_state(row, json_object_get(row, "replies"), show_today(visit->context));
		add_words(visit, row, &state, is_sender, is_open);
		TRY(add_way(visit, row, &state, is_sender));
		*overdue += state.is_overdue;
		*fresh += state.stage == REFERRAL_SENT;
		json_array_append(state.is_overdue ? late : others, row);
	}
	json_array_extend(late, others);
	*out = json_array_size(late) ? json_pack("{sO}", "rows", late) : json_null();
	return NULL;
}

/* To the provider who asks. */
static const struct error *own(struct visit *visit, json_t **out, size_t *overdue, size_t *fresh)
{
	json_t *rows CLEANUP(json_decref) = NULL;
	bool is_due;

	TRY(principles_are_due(visit, &is_due));
	visit_set(visit, "is_due", json_boolean(is_due));
	TRY(referral_list_to(visit->office->file, visit->reader.provider, ROWS, &rows));
	return table(visit, rows, false, !is_due, overdue, fresh, out);
}

/* One side of what this hub has to do with, from the place that the address names; what is behind, by a link.
 */
static const struct error *side(struct visit *visit, const char *name, bool is_sender)
{
	const char *self = visit->office->trust.self.log;
	json_t *rows CLEANUP(json_decref) = NULL, *view;
	size_t overdue, fresh;
	uint64_t from = 0;
	bool has_more;

	error_ignore(text_to_number(form_text(visit->context, visit->request->query, name), 1000000, &from));
	if (is_sender)
		TRY(referral_list_sent(visit->office->file, self, PAGE + 1, (int)from, &rows));
	else
		TRY(referral_list_received(visit->office->file, self, PAGE + 1, (int)from, &rows));
	has_more = json_array_size(rows) > PAGE;
	json_array_remove(rows, PAGE);
	TRY(table(visit, rows, is_sender, true, &overdue, &fresh, &view));
	if (has_more)
		json_object_set_new(view, "more",
			json_string(visit_path(visit, "/referrals?%s=%d#%s", name, (int)from + PAGE, name)));
	visit_set(visit, name, view);
	return NULL;
}

static const struct error *both_sides(struct visit *visit)
{
	TRY(side(visit, "received", false));
	return side(visit, "sent", true);
}

const struct error *referrals_page(struct visit *visit)
{
	bool is_provider = visit->person.role == ROLE_PROVIDER;
	size_t overdue, fresh;
	json_t *rows = NULL;

	visit_set(visit, "is_provider", json_boolean(is_provider));
	if (!is_provider) {
		TRY(both_sides(visit));
	} else if (*visit->reader.provider) {
		TRY(own(visit, &rows, &overdue, &fresh));
		visit_set(visit, "received", rows);
	} else {
		visit_set(visit, "is_untied", json_true());
	}
	return visit_show(visit, "office-referrals", "Referrals");
}

/* The first page of whoever does not work on cases. */
const struct error *referrals_today(struct visit *visit)
{
	size_t overdue = 0, fresh = 0;
	json_t *rows CLEANUP(json_decref) = NULL;

	if (*visit->reader.provider)
		TRY(own(visit, &rows, &overdue, &fresh));
	visit_set(visit, "overdue", show_count(overdue));
	visit_set(visit, "fresh", show_count(fresh));
	visit_set(visit, "waits", json_boolean(overdue || fresh));
	return visit_show(visit, "office-plain", "Today");
}
