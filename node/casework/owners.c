/* Gathers what owner.c needs: every offer of a case and the answers to it, as they stand in the ledger.
 *
 * Read from the events and not from the merged tables: who owns a case decides which events count, so it must
 * not depend on which of them counted before. Runs in office. */
#include "node/casework/owners.h"

#include <string.h>

#include "node/base/text.h"

const struct error *owners_read(
	struct ledger *ledger, const void *context, const char *case_key, struct owners **out)
{
	struct query *query = ledger_query(ledger, LEDGER_OWNERS_READ);
	struct owners *owners = memory_new(context, struct owners);
	bool row;

	*out = NULL;
	db_bind_text(query, 1, case_key);
	for (;;) {
		struct tenure *tenure;

		TRY(db_step(query, &row));
		if (!row)
			break;
		owners->list = memory_resize(owners, owners->list, struct tenure, owners->count + 1);
		tenure = &owners->list[owners->count++];
		*tenure = (struct tenure){.first = {(int)db_integer(query, 1), db_integer(query, 2)},
			.last = {(int)db_integer(query, 3), db_integer(query, 4)},
			.is_over = !db_is_null(query, 4)};
		memcpy(tenure->log, db_text(query, 0), LOG_ID_SIZE);
	}
	db_reset(query);
	if (owners->count)
		*out = owners;
	return NULL;
}

static const struct error *write_owners(
	struct ledger *ledger, const char *case_key, const struct owners *owners)
{
	struct query *query = ledger_query(ledger, LEDGER_OWNERS_DROP);

	db_bind_text(query, 1, case_key);
	TRY(db_done(query));
	for (size_t i = 0; owners->count > 1 && i < owners->count; i++) {
		const struct tenure *tenure = &owners->list[i];

		query = ledger_query(ledger, LEDGER_OWNERS_ADD);
		db_bind_text(query, 1, case_key);
		db_bind_integer(query, 2, (int64_t)i);
		db_bind_text(query, 3, tenure->log);
		db_bind_integer(query, 4, tenure->first.epoch);
		db_bind_integer(query, 5, tenure->first.seq);
		if (tenure->is_over) {
			db_bind_integer(query, 6, tenure->last.epoch);
			db_bind_integer(query, 7, tenure->last.seq);
		}
		TRY(db_done(query));
	}
	return NULL;
}

static bool is_same(const struct owners *a, const struct owners *b)
{
	if (!a || a->count != b->count)
		return !a && b->count < 2;
	for (size_t i = 0; i < a->count; i++) {
		const struct tenure *x = &a->list[i], *y = &b->list[i];

		if (strcmp(x->log, y->log) != 0 || x->is_over != y->is_over ||
			owner_place_order(&x->first, &y->first) != 0 ||
			(x->is_over && owner_place_order(&x->last, &y->last) != 0))
			return false;
	}
	return true;
}

/* The records that `key` is answered by, or that were made for it, of one kind. */
static const struct error *about(
	struct ledger *ledger, const void *context, const char *key, int64_t **out, size_t *count)
{
	struct query *query = ledger_query(ledger, LEDGER_ABOUT_READ);
	bool row;

	*out = NULL;
	*count = 0;
	db_bind_text(query, 1, key);
	for (;;) {
		TRY(db_step(query, &row));
		if (!row)
			break;
		*out = memory_resize(context, *out, int64_t, *count + 1);
		(*out)[(*count)++] = db_integer(query, 0);
	}
	db_reset(query);
	return NULL;
}

static bool is_by(const struct claim *claim, const char *log)
{
	return claim->origin.kind == 'o' && !claim->event->is_restated && strcmp(claim->origin.log, log) == 0;
}

/* An offer as its hub's log tells it. */
struct offer {
	char key[ENTITY_KEY_SIZE], from[LOG_ID_SIZE], to[LOG_ID_SIZE];
	struct place offered, withdrawn;
	bool is_withdrawn;
};

static const struct error *read_offer(
	struct ledger *ledger, const char *case_key, int64_t id, struct offer *out, bool *is_offer)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct ledger_entity row;
	struct claim *claims;
	size_t count;

	*out = (struct offer){.is_withdrawn = false};
	*is_offer = false;
	TRY(ledger_read(ledger, id, &row));
	if (strcmp(row.type, "transfer") != 0)
		return NULL;
	memcpy(out->key, row.key, sizeof out->key);
	ids_key_log(out->from, row.key);
	TRY(ledger_claims(ledger, scratch, id, false, &claims, &count));
	for (size_t i = 0; i < count; i++) {
		const json_t *set = claims[i].event->set;
		const char *to = json_text_or(set, "to", "");
		struct place place = owner_place(&claims[i].origin);

		if (!is_by(&claims[i], out->from) || strcmp(claims[i].event->case_key, case_key) != 0)
			continue;
		if (ids_is_log(to) && strcmp(to, out->from) != 0 &&
			(!*is_offer || owner_place_order(&place, &out->offered) < 0)) {
			*is_offer = true;
			out->offered = place;
			memcpy(out->to, to, sizeof out->to);
		}
		if (strcmp(json_text_or(set, "state", ""), "withdrawn") == 0 &&
			(!out->is_withdrawn || owner_place_order(&place, &out->withdrawn) < 0)) {
			out->is_withdrawn = true;
			out->withdrawn = place;
		}
	}
	return NULL;
}

/* The first answer of the hub that was asked, in the order of its log. */
static const struct error *first_answer(
	struct ledger *ledger, const void *context, const struct offer *offer, const struct claim **out)
{
	int64_t *ids;
	size_t count;

	*out = NULL;
	TRY(about(ledger, context, offer->key, &ids, &count));
	for (size_t i = 0; i < count; i++) {
		struct claim *claims;
		size_t claim_count;

		TRY(ledger_claims(ledger, context, ids[i], false, &claims, &claim_count));
		for (size_t k = 0; k < claim_count; k++) {
			const struct event *event = claims[k].event;
			struct place place = owner_place(&claims[k].origin), best;
			int order;

			if (!is_by(&claims[k], offer->to) || strcmp(event->entity, "takeover") != 0 ||
				strncmp(event->key, offer->to, LOG_ID_SIZE - 1) != 0 ||
				strcmp(json_text_or(event->set, "transfer", ""), offer->key) != 0)
				continue;
			best = *out ? owner_place(&(*out)->origin) : place;
			order = *out ? owner_place_order(&place, &best) : -1;
			if (order < 0 || (order == 0 && strcmp(event->id, (*out)->event->id) < 0))
				*out = &claims[k];
		}
	}
	return NULL;
}

/* Whether the answer takes the case over; fills in what owner_walk wants. */
static bool is_accepted(const struct offer *offer, const struct claim *answer, struct accepted *out)
{
	const json_t *epoch, *seq;

	if (!answer || strcmp(json_text_or(answer->event->set, "kind", ""), "accepted") != 0)
		return false;
	epoch = json_object_get(answer->event->set, "epoch");
	seq = json_object_get(answer->event->set, "seq");
	if (!json_is_integer(epoch) || !json_is_integer(seq))
		return false;
	*out = (struct accepted){.offered = offer->offered,
		.covered = {(int)json_integer_value(epoch), json_integer_value(seq)},
		.accepted = owner_place(&answer->origin)};
	memcpy(out->from, offer->from, sizeof out->from);
	memcpy(out->to, offer->to, sizeof out->to);
	memcpy(out->key, offer->key, sizeof out->key);
	if (owner_place_order(&out->offered, &out->covered) > 0)
		return false;
	return !offer->is_withdrawn || owner_place_order(&offer->withdrawn, &out->covered) > 0;
}

const struct error *owners_work_out(struct ledger *ledger, const char *case_key, bool *is_changed)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct accepted *accepted = NULL;
	struct owners *before, *now;
	char home[LOG_ID_SIZE];
	int64_t *ids;
	size_t count, accepted_count = 0;

	TRY(about(ledger, scratch, case_key, &ids, &count));
	for (size_t i = 0; i < count; i++) {
		const struct claim *answer;
		struct offer offer;
		bool is_offer;

		TRY(read_offer(ledger, case_key, ids[i], &offer, &is_offer));
		if (!is_offer)
			continue;
		TRY(first_answer(ledger, scratch, &offer, &answer));
		accepted = memory_resize(scratch, accepted, struct accepted, accepted_count + 1);
		accepted_count += is_accepted(&offer, answer, &accepted[accepted_count]);
	}
	ids_key_log(home, case_key);
	now = owner_walk(scratch, ledger->self, home, accepted, accepted_count);
	TRY(owners_read(ledger, scratch, case_key, &before));
	*is_changed = !is_same(before, now);
	return *is_changed ? write_owners(ledger, case_key, now) : NULL;
}
