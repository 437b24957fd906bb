/* A case goes to another hub: offering it, withdrawing that, accepting or declining what is offered here, and
 * what of it the case page tells. Whose a case is, node/casework/owner decides; handing on the records is
 * hand.c's, deciding on what came too late late.c's. Office role. */
#include "web/office/transfer.h"

#include <string.h>

#include "node/base/text.h"
#include "node/casework/lists.h"
#include "web/office/fields.h"
#include "web/office/hand.h"
#include "web/office/show.h"
#include "web/office/told.h"

#define OFFERS_MOST 50
#define OURS_MOST 50

static const struct asked reason_asked = {.name = "reason", .label = SAY("Why"), .is_required = true};

/* The newest offer of this case by this hub; NULL when there is none. */
static const struct error *find_newest(struct visit *visit, const char *case_key, json_t **out)
{
	json_t *rows CLEANUP(json_decref) = NULL, *row;
	size_t i;

	*out = NULL;
	TRY(lists_transfers_of(visit->office->file, case_key, &rows));
	json_array_foreach (rows, i, row)
		if (strcmp(json_text_or(row, "hub", ""), visit->office->trust.self.log) == 0) {
			*out = json_incref(row);
			return NULL;
		}
	return NULL;
}

/* The same, while it waits for its answer. */
static const struct error *find_open(struct visit *visit, const char *case_key, json_t **out)
{
	TRY(find_newest(visit, case_key, out));
	if (*out && (strcmp(json_text_or(*out, "state", ""), "offered") != 0 ||
			    json_object_get(*out, "answer"))) {
		json_decref(*out);
		*out = NULL;
	}
	return NULL;
}

/* An offer that was not answered yet, and how far it got. */
static const struct error *add_waiting(struct visit *visit, const json_t *row, const char *hub, json_t *shown)
{
	const char *key = json_text_or(row, "key", ""), *way;

	TRY(told_line(visit, "transfer", key, key, &way));
	json_object_set_new(shown, "offer", json_pack("{ss, ss}", "hub", hub, "way", way));
	return NULL;
}

/* How the last offer stands, when the case is still ours. */
static const struct error *add_offer(struct visit *visit, const char *case_key, json_t *shown)
{
	json_t *row CLEANUP(json_decref) = NULL;
	const char *answer, *hub;

	TRY(find_newest(visit, case_key, &row));
	answer = json_text_or(row, "answer", "");
	hub = office_hub_name(visit->office, json_text_or(row, "to", ""));
	if (strcmp(answer, "declined") == 0)
		json_object_set_new(shown, "declined",
			json_pack("{ssss}", "hub", hub, "why", json_text_or(row, "why", "")));
	else if (!*answer && strcmp(json_text_or(row, "state", ""), "offered") == 0)
		TRY(add_waiting(visit, row, hub, shown));
	return NULL;
}

const struct error *transfer_show(struct visit *visit, const char *case_key)
{
	struct office *office = visit->office;
	json_t *late CLEANUP(json_decref) = NULL, *shown = json_object();
	bool is_ours, is_crossed;
	struct readers readers;
	size_t owed;

	visit_set(visit, "transfer", shown);
	TRY(readers_find(office, case_key, &readers));
	is_ours = strcmp(readers.owner, office->trust.self.log) == 0;
	json_object_set_new(shown, "is_ours", json_boolean(is_ours));
	json_object_set_new(shown, "may_offer", json_boolean(is_ours && readers_roster(office)));
	json_object_set_new(shown, "owner", json_string(office_hub_name(office, readers.owner)));
	if (is_ours) {
		TRY(add_offer(visit, case_key, shown));
		TRY(late_waiting(visit, case_key, &late));
		json_object_set_new(shown, "late", show_count(json_array_size(late)));
		return NULL;
	}
	json_object_set_new(
		shown, "is_foreign", json_boolean(office->trust.self.role != MEMBER_HEADQUARTERS));
	TRY(hand_is_crossed(office, case_key, &is_crossed));
	TRY(hand_owed(office, case_key, &owed));
	json_object_set_new(shown, "is_crossed", json_boolean(is_crossed && owed));
	json_object_set_new(shown, "owed", is_crossed ? json_null() : show_count(owed));
	return NULL;
}

static json_t *offer_view(struct visit *visit, const json_t *row)
{
	const struct entity *entity = schema_entity("transfer");
	const char *risk = json_text_or(row, "risk", "");

	return json_pack("{ss, ss, ss, ss, ss, ss, ss, ss, so}", "href",
		visit_path(visit, "/transfers/%s", json_text_or(row, "key", "")), "ref",
		json_text_or(row, "ref", ""), "alias", json_text_or(row, "alias", ""), "hub",
		office_hub_name(visit->office, json_text_or(row, "hub", "")), "risk_label",
		show_choice(visit, risk), "risk_class", show_tag(risk), "reason",
		json_text_or(row, "reason", ""), "at", show_time(visit, json_text_or(row, "at", "")), "facts",
		show_fields(visit, entity, row, "district"));
}

/* Taken over, and the old hub, which has not heard of it, still has all records. */
static const struct error *show_awaited(struct visit *visit)
{
	const struct office *office = visit->office;
	json_t *rows CLEANUP(json_decref) = NULL, *list CLEANUP(json_decref) = json_array(), *row;
	size_t i;

	TRY(lists_transfers_awaited(office->file, office->trust.self.log, OFFERS_MOST, &rows));
	json_array_foreach (rows, i, row)
		json_array_append_new(list, json_pack("{ss, ss, ss}", "ref", json_text_or(row, "ref", ""),
						    "alias", json_text_or(row, "alias", ""), "hub",
						    office_hub_name(office, json_text_or(row, "hub", ""))));
	visit_set(visit, "awaited", json_array_size(list) ? json_pack("{sO}", "list", list) : json_null());
	return NULL;
}

const struct error *transfer_show_offers(struct visit *visit)
{
	json_t *rows CLEANUP(json_decref) = NULL, *list = json_array(), *row;
	const struct error *error = lists_transfers(
		visit->office->file, visit->office->trust.self.log, false, OFFERS_MOST, &rows);
	size_t i;

	json_array_foreach (rows, i, row)
		json_array_append_new(list, offer_view(visit, row));
	visit_set(visit, "offers", json_array_size(list) ? json_pack("{so}", "list", list) : json_null());
	return error ? error : show_awaited(visit);
}

/* ---- offering ---- */

static void add_hubs(struct visit *visit)
{
	const struct office *office = visit->office;
	const struct roster *roster = readers_roster(office);
	const char *chosen = visit_field(visit, "to");
	json_t *hubs = json_array();

	for (size_t i = 0; roster && i < roster->member_count; i++) {
		const struct roster_member *member = &roster->members[i];
		const char *log = member->keys.log;

		if (member->status == MEMBER_ACTIVE && strcmp(log, office->trust.self.log) != 0)
			json_array_append_new(hubs,
				json_pack("{sssssb}", "code", log, "label", office_hub_name(office, log),
					"selected", strcmp(log, chosen) == 0));
	}
	visit_set(visit, "has_hubs", json_boolean(json_array_size(hubs)));
	visit_set(visit, "hubs", hubs);
}

static const struct error *show_offer(struct visit *visit, const json_t *record)
{
	const char *key = json_text_or(record, "key", "");
	json_t *open CLEANUP(json_decref) = NULL;

	TRY(find_open(visit, key, &open));
	add_hubs(visit);
	if (open)
		visit_set(visit, "open",
			json_pack("{ss, ss, ss}", "hub",
				office_hub_name(visit->office, json_text_or(open, "to", "")), "reason",
				json_text_or(open, "reason", ""), "at",
				show_time(visit, json_text_or(open, "at", ""))));
	case_caption(visit, record);
	visit_text(visit, "reason", visit_field(visit, "reason"));
	visit_text(visit, "action", visit_path(visit, "/cases/%s/transfer", key));
	visit_text(visit, "back", visit_path(visit, "/cases/%s", key));
	return visit_show(visit, "office-transfer", "Give the case to another hub");
}

const struct error *transfer_form(struct visit *visit)
{
	json_t *record CLEANUP(json_decref) = NULL;

	TRY(case_find(visit, visit->parts[0], &record));
	return show_offer(visit, record);
}

static void check_to(struct visit *visit, const char *to)
{
	const struct office *office = visit->office;
	const struct roster *roster = readers_roster(office);
	const struct roster_member *member = roster ? roster_member(roster, to) : NULL;

	if (!*to)
		visit_problem(visit, "to", "To which hub: choose one");
	else if (strcmp(to, office->trust.self.log) == 0)
		visit_problem(visit, "to", "To which hub: the case is at this hub already");
	else if (!member)
		visit_problem(visit, "to", "To which hub: this hub does not belong to the coalition");
	else if (member->status != MEMBER_ACTIVE)
		visit_problem(visit, "to",
			"To which hub: this hub was revoked, and nothing may be sent to it any more");
}

static const struct error *check_offer(struct visit *visit, const char *key, const char *to)
{
	json_t *open CLEANUP(json_decref) = NULL;
	struct readers readers;

	check_to(visit, to);
	TRY(readers_find(visit->office, key, &readers));
	if (readers.is_for_headquarters)
		visit_problem(visit, "",
			"The person wanted nobody but headquarters to read this; so it cannot go to another "
			"hub");
	if (strcmp(readers.owner, visit->office->trust.self.log) != 0)
		visit_problem(visit, "", "This case belongs to another hub, which alone can give it away");
	TRY(find_open(visit, key, &open));
	if (open)
		visit_problem(visit, "",
			"The case is offered to a hub already. Withdraw that before you offer it to another");
	return NULL;
}

/* What the other hub sees before it accepts, and no more. */
static json_t *offered_set(const json_t *record, const char *to, const json_t *reason)
{
	static const char *const names[] = {"ref", "alias", "risk", "district"};
	json_t *set = json_pack("{ss, sO, ss}", "to", to, "reason", reason, "state", "offered");

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (*json_text_or(record, names[i], ""))
			json_object_set(set, names[i], json_object_get(record, names[i]));
	return set;
}

const struct error *transfer_offer(struct visit *visit)
{
	json_t *record CLEANUP(json_decref) = NULL, *reason CLEANUP(json_decref) = NULL;
	const char *to = visit_field(visit, "to"), *case_key;
	struct batch *batch = visit_batch(visit);
	char key[ENTITY_KEY_SIZE];

	TRY(case_find(visit, visit->parts[0], &record));
	case_key = json_text_or(record, "key", "");
	TRY(check_offer(visit, case_key, to));
	reason = fields_value(visit, schema_field(schema_entity("transfer"), "reason"), &reason_asked, NULL);
	if (visit_has_problems(visit))
		return show_offer(visit, record);
	write_key_new(key, visit->office);
	TRY(batch_event(batch, "transfer", key, case_key, offered_set(record, to, reason), NULL));
	TRY(batch_audit(batch,
		memory_format(visit->context, "offered a case to %s", office_hub_name(visit->office, to)),
		json_text_or(record, "ref", "")));
	TRY(batch_commit(batch));
	return visit_go(visit, visit_path(visit, "/cases/%s", case_key), "The case is offered to that hub.");
}

const struct error *transfer_withdraw(struct visit *visit)
{
	json_t *record CLEANUP(json_decref) = NULL, *open CLEANUP(json_decref) = NULL;
	struct batch *batch = visit_batch(visit);
	const char *case_key;

	TRY(case_find(visit, visit->parts[0], &record));
	case_key = json_text_or(record, "key", "");
	TRY(find_open(visit, case_key, &open));
	if (!open)
		return visit_go(visit, visit_path(visit, "/cases/%s", case_key),
			"There is no offer of this case that waits for an answer.");
	TRY(batch_event(batch, "transfer", json_text_or(open, "key", ""), case_key,
		json_pack("{ss}", "state", "withdrawn"), NULL));
	TRY(batch_audit(batch, "withdrew the offer of a case", json_text_or(record, "ref", "")));
	TRY(batch_commit(batch));
	return visit_go(visit, visit_path(visit, "/cases/%s", case_key), "The offer is withdrawn.");
}

const struct error *transfer_hand(struct visit *visit)
{
	json_t *record CLEANUP(json_decref) = NULL;
	struct batch *batch = visit_batch(visit);
	const char *case_key;
	bool is_crossed;

	TRY(case_find(visit, visit->parts[0], &record));
	case_key = json_text_or(record, "key", "");
	TRY(hand_is_crossed(visit->office, case_key, &is_crossed));
	if (!is_crossed || visit->office->is_practice)
		return visit_go(visit, visit_path(visit, "/cases/%s", case_key),
			"There is nothing to hand on (any more): the new owner may have the records "
			"already.");
	TRY(batch_audit(
		batch, "handed on a case in spite of the withdrawal", json_text_or(record, "ref", "")));
	TRY(batch_commit(batch));
	casefile_read_as(visit->office->file, NULL);
	TRY(hand_agree(visit->office, case_key));
	casefile_read_as(visit->office->file, &visit->reader);
	return visit_go(visit, visit_path(visit, "/cases/%s", case_key), "The records go to the new owner.");
}

/* ---- answering ---- */

static const struct error *find_offer(struct visit *visit, json_t **out)
{
	json_t *rows CLEANUP(json_decref) = NULL, *row;
	size_t i;

	*out = NULL;
	TRY(lists_transfers(visit->office->file, visit->office->trust.self.log, false, -1, &rows));
	json_array_foreach (rows, i, row)
		if (strcmp(json_text_or(row, "key", ""), visit->parts[0]) == 0) {
			*out = json_incref(row);
			return NULL;
		}
	return error_new(ERROR_NOT_FOUND,
		"this offer does not wait for an answer of this hub; it may have been withdrawn or answered");
}

static const struct error *show_answer(struct visit *visit, const json_t *offer)
{
	const char *kind = visit_field(visit, "kind");

	visit_set(visit, "offer", offer_view(visit, offer));
	visit_text(visit, "text", visit_field(visit, "text"));
	visit_set(visit, "is_accepted", json_boolean(strcmp(kind, "accepted") == 0));
	visit_set(visit, "is_declined", json_boolean(strcmp(kind, "declined") == 0));
	visit_text(visit, "back", "/transfers");
	return visit_show(visit, "office-transfer-answer", "A case is offered to this hub");
}

const struct error *transfer_page(struct visit *visit)
{
	json_t *offer CLEANUP(json_decref) = NULL;

	TRY(find_offer(visit, &offer));
	told_open(visit, "transfer", json_text_or(offer, "key", ""));
	return show_answer(visit, offer);
}

/* How far this hub has read the log of the one that offers: what that wrote behind it is held. */
static const struct error *read_upto(struct visit *visit, const json_t *offer, struct position *out)
{
	const char *from = json_text_or(offer, "hub", "");
	const struct roster *roster = readers_roster(visit->office);
	const struct roster_member *member = roster ? roster_member(roster, from) : NULL;

	if (!member)
		return error_new(
			ERROR_NOT_FOUND, "the hub that offered this does not belong to the coalition");
	return casefile_position(visit->office->file, from, member->keys.epoch, out);
}

const struct error *transfer_answer(struct visit *visit)
{
	static const struct asked why = {.name = "text", .label = SAY("Why not"), .is_required = true};
	json_t *offer CLEANUP(json_decref) = NULL, *text CLEANUP(json_decref) = NULL, *set;
	const char *kind = visit_field(visit, "kind");
	bool is_accepted = strcmp(kind, "accepted") == 0;
	struct batch *batch = visit_batch(visit);
	char key[ENTITY_KEY_SIZE];
	struct position position;

	TRY(find_offer(visit, &offer));
	if (!is_accepted && strcmp(kind, "declined") != 0)
		visit_problem(visit, "kind", "Your answer: choose one");
	else if (!is_accepted)
		text = fields_value(visit, schema_field(schema_entity("takeover"), "text"), &why, NULL);
	if (visit_has_problems(visit))
		return show_answer(visit, offer);
	TRY(read_upto(visit, offer, &position));
	set = json_pack("{ss, ss, si, sI}", "transfer", json_text_or(offer, "key", ""), "kind", kind, "epoch",
		position.epoch, "seq", (json_int_t)position.seq);
	if (text)
		json_object_set(set, "text", text);
	write_key_new(key, visit->office);
	TRY(batch_event(batch, "takeover", key, "", set, NULL));
	TRY(batch_audit(batch, is_accepted ? "took over a case" : "declined to take over a case",
		json_text_or(offer, "ref", "")));
	TRY(batch_commit(batch));
	return visit_go(visit, "/transfers",
		is_accepted ? SAY("The case is this hub's now. Its records come when the other hub has heard "
				  "of it, and with them the referrals that it sent: until then only that hub "
				  "can withdraw these.")
			    : SAY("The offer is declined."));
}

/* ---- all of them ---- */

/* "received": the other hub has the offer, and has not answered. */
static const struct error *add_ours(struct visit *visit, const json_t *row, json_t *list)
{
	const char *key = json_text_or(row, "key", ""), *to = json_text_or(row, "to", "");
	const char *answer = json_text_or(row, "answer", ""), *state = json_text_or(row, "state", "offered");
	bool waits = !*answer && strcmp(state, "offered") == 0, is_received = false;
	const char *way = "";

	if (waits) {
		TRY(told_is_received(visit, "transfer", key, "offered", to, &is_received));
		TRY(told_line(visit, "transfer", key, key, &way));
	}
	json_array_append_new(list,
		json_pack("{ss, ss, ss, ss, ss, ss, ss}", "href",
			visit_path(visit, "/cases/%s", json_text_or(row, "case_key", "")), "ref",
			json_text_or(row, "ref", ""), "hub", office_hub_name(visit->office, to), "state",
			show_choice(visit, is_received ? "received"
					   : *answer   ? answer
						       : state),
			"why", json_text_or(row, "why", ""), "way", way, "at",
			show_time(visit, json_text_or(row, "at", ""))));
	return NULL;
}

const struct error *transfers_page(struct visit *visit)
{
	json_t *rows CLEANUP(json_decref) = NULL, *list CLEANUP(json_decref) = json_array(), *row;
	size_t i;

	TRY(lists_transfers(visit->office->file, visit->office->trust.self.log, true, OURS_MOST, &rows));
	json_array_foreach (rows, i, row)
		TRY(add_ours(visit, row, list));
	visit_set(visit, "ours", json_array_size(list) ? json_pack("{sO}", "list", list) : json_null());
	TRY(transfer_show_offers(visit));
	return visit_show(visit, "office-transfers", "Cases between hubs");
}
