/* Puts together what several hubs said about one record, so that every hub shows the same and no edit is
 * silently lost: see merge.h.
 *
 * Which events may be used is permit.c's decision; writing the result into the case file is rows.c's. Time
 * breaks ties and nothing else. The answer depends only on the set of events: nothing here looks at the order
 * in which they came. Runs in office. */
#include "node/casework/merge.h"

#include <stdlib.h>
#include <string.h>

#include "node/base/text.h"

/* One field while it is worked out. Flags go with claims by their place in `merged->claims`. */
struct work {
	const struct merged *merged;
	const char *field;
	const size_t *by_identity; /* places of claims, sorted by identity */
	bool *is_replaced;	   /* by any event */
	bool *is_edited; /* by an event that is not a restatement, itself or through what it stands for */
	json_t *edited_unknown;	  /* identities replaced by such, that are not at hand */
	size_t *todo, todo_count; /* restatements whose own "over" is still to be marked; each at most once */
};

void merge_identity(char out[static MERGE_IDENTITY_SIZE], const struct claim *claim)
{
	memcpy(out, claim->origin.log, LOG_ID_SIZE - 1);
	out[LOG_ID_SIZE - 1] = '/';
	memcpy(out + LOG_ID_SIZE, claim->event->id, ULID_SIZE);
}

static int compare_order(const void *a, const void *b)
{
	return permit_order(*(const struct claim *const *)a, *(const struct claim *const *)b);
}

static int compare_identity(const char *identity, const struct claim *claim)
{
	int by_log = strncmp(identity, claim->origin.log, LOG_ID_SIZE - 1);

	return by_log ? by_log : strcmp(identity + LOG_ID_SIZE, claim->event->id);
}

static int compare_places(const void *a, const void *b, void *merged)
{
	const struct claim **claims = ((struct merged *)merged)->claims;
	char identity[MERGE_IDENTITY_SIZE];

	merge_identity(identity, claims[*(const size_t *)a]);
	return compare_identity(identity, claims[*(const size_t *)b]);
}

/* The place of an event among the claims; their count when it is not at hand. */
static size_t find(const struct work *work, const char *identity)
{
	size_t low = 0, high = work->merged->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_identity(identity, work->merged->claims[work->by_identity[middle]]);

		if (order == 0)
			return work->by_identity[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return work->merged->count;
}

static const json_t *over_of(const struct claim *claim, const char *field)
{
	return json_object_get(claim->event->over, field);
}

static bool sets(const struct claim *claim, const char *field)
{
	return json_object_get(claim->event->set, field) != NULL;
}

/* Marks what `claim` itself replaces. Restatements that a person has replaced go on the list: what they stand
 * for is replaced as well. */
static void mark_direct(struct work *work, const struct claim *claim, bool is_edit)
{
	const json_t *identity;
	size_t i;

	json_array_foreach (over_of(claim, work->field), i, identity) {
		size_t at = find(work, json_string_value(identity));

		if (at == work->merged->count) {
			if (is_edit)
				json_object_set_new(
					work->edited_unknown, json_string_value(identity), json_true());
			continue;
		}
		if (work->merged->claims[at] == claim)
			continue;
		work->is_replaced[at] = true;
		if (is_edit && !work->is_edited[at]) {
			work->is_edited[at] = true;
			if (work->merged->claims[at]->event->is_restated)
				work->todo[work->todo_count++] = at;
		}
	}
}

static void mark(struct work *work, const struct claim *claim, bool is_edit)
{
	mark_direct(work, claim, is_edit);
	while (work->todo_count)
		mark_direct(work, work->merged->claims[work->todo[--work->todo_count]], true);
}

/* Whether a restatement says nothing new: everything it stands for is at hand. */
static bool is_passed_over(const struct work *work, const struct claim *claim)
{
	const json_t *identity, *over = over_of(claim, work->field);
	size_t i;

	if (!claim->event->is_restated || json_array_size(over) == 0)
		return false;
	json_array_foreach (over, i, identity) {
		size_t at = find(work, json_string_value(identity));

		if (at == work->merged->count || work->merged->claims[at] == claim ||
			!sets(work->merged->claims[at], work->field))
			return false;
	}
	return true;
}

/* Whether all that a restatement stands for has been replaced by people. */
static bool is_outdated(const struct work *work, const struct claim *claim)
{
	const json_t *identity, *over = over_of(claim, work->field);
	size_t i;

	if (!claim->event->is_restated || json_array_size(over) == 0)
		return false;
	json_array_foreach (over, i, identity) {
		const char *text = json_string_value(identity);
		size_t at = find(work, text);

		if (at < work->merged->count ? !work->is_edited[at]
					     : !json_object_get(work->edited_unknown, text))
			return false;
	}
	return true;
}

static void mark_all(struct work *work)
{
	for (size_t i = 0; i < work->merged->count; i++) {
		const struct claim *claim = work->merged->claims[i];

		if (!claim->event->is_restated)
			mark(work, claim, true);
		else if (!is_passed_over(work, claim))
			mark(work, claim, false);
	}
}

/* Hubs that replace each other's events in a ring leave no head: then all that were said stand, in conflict.
 * So do restatements that stand for one another. */
static void find_heads(const struct work *work, struct merged_field *out)
{
	for (int round = 0; round < 3 && !out->head_count; round++)
		for (size_t i = 0; i < work->merged->count; i++) {
			const struct claim *claim = work->merged->claims[i];

			if (!sets(claim, work->field) || (round < 2 && is_passed_over(work, claim)))
				continue;
			if (round || (!work->is_replaced[i] && !is_outdated(work, claim)))
				out->heads[out->head_count++] = claim;
		}
}

static void merge_field(struct work *work, struct merged_field *out)
{
	size_t setters = 0;

	for (size_t i = 0; i < work->merged->count; i++)
		setters += sets(work->merged->claims[i], work->field);
	if (!setters)
		return;
	memset(work->is_replaced, 0, work->merged->count);
	memset(work->is_edited, 0, work->merged->count);
	json_object_clear(work->edited_unknown);
	mark_all(work);
	out->heads = memory_array(work->merged, const struct claim *, setters);
	find_heads(work, out);
	out->value = json_object_get(out->heads[out->head_count - 1]->event->set, work->field);
	for (size_t i = 0; i + 1 < out->head_count; i++)
		if (!json_equal(out->value, json_object_get(out->heads[i]->event->set, work->field)))
			out->is_conflict = true;
}

struct merged *merge_claims(
	const void *context, const struct entity *entity, const struct claim *claims, size_t count)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct merged *merged = memory_new(context, struct merged);
	size_t *by_identity = memory_array(scratch, size_t, count);
	struct work work = {.merged = merged, .by_identity = by_identity};

	merged->entity = entity;
	merged->fields = memory_array(merged, struct merged_field, entity->count);
	merged->claims = memory_array(merged, const struct claim *, count);
	for (size_t i = 0; i < count; i++)
		if (claims[i].judgement.standing == STANDING_PERMITTED)
			merged->claims[merged->count++] = &claims[i];
	qsort(merged->claims, merged->count, sizeof(void *), compare_order);
	for (size_t i = 0; i < merged->count; i++)
		by_identity[i] = i;
	qsort_r(by_identity, merged->count, sizeof *by_identity, compare_places, merged);
	work.is_replaced = memory_array(scratch, bool, merged->count);
	work.is_edited = memory_array(scratch, bool, merged->count);
	work.todo = memory_array(scratch, size_t, merged->count);
	work.edited_unknown = json_object();
	for (size_t i = 0; i < entity->count; i++) {
		work.field = entity->fields[i].name;
		merge_field(&work, &merged->fields[i]);
	}
	json_decref(work.edited_unknown);
	return merged;
}

json_t *merge_over(const struct merged_field *field, const char *name, size_t max)
{
	json_t *out = json_array(), *seen = json_object();

	for (size_t i = field->head_count; i-- > 0 && json_array_size(out) < max;) {
		const struct claim *head = field->heads[i];
		const json_t *stands_for = head->event->is_restated ? over_of(head, name) : NULL;
		char identity[MERGE_IDENTITY_SIZE];

		merge_identity(identity, head);
		json_array_append_new(out, json_string(identity));
		for (size_t j = 0; j < json_array_size(stands_for) && json_array_size(out) < max; j++) {
			json_t *one = json_array_get(stands_for, j);

			if (json_object_get(seen, json_string_value(one)))
				continue;
			json_object_set_new(seen, json_string_value(one), json_true());
			json_array_append(out, one);
		}
	}
	json_decref(seen);
	return out;
}

/* Of what a restatement stands for: the newest that gave `field` its value; with `field` NULL the oldest of
 * all. */
static const json_t *source_of(const struct claim *claim, const char *field)
{
	const json_t *over = field ? over_of(claim, field) : NULL, *one, *identity, *best = NULL;
	size_t i, j;

	json_array_foreach (claim->event->from, i, one) {
		const char *event = json_text_or(one, "event", ""), *at = json_text_or(one, "at", "");
		bool is_source = !field;

		json_array_foreach (over, j, identity)
			is_source = is_source || strcmp(json_string_value(identity), event) == 0;
		if (is_source && (!best || (strcmp(at, json_text_or(best, "at", "")) > 0) == (field != NULL)))
			best = one;
	}
	return best;
}

void merge_author(struct merge_author *out, const struct claim *claim, const char *field)
{
	const json_t *source = source_of(claim, field);

	*out = (struct merge_author){
		.by = claim->event->by, .at = claim->event->at, .is_sure = claim->event->is_sure};
	memcpy(out->hub, claim->origin.log, LOG_ID_SIZE);
	if (!source)
		return;
	out->by = json_text_or(source, "by", "");
	memcpy(out->hub, json_text_or(source, "event", ""), LOG_ID_SIZE - 1);
	error_ignore(text_to_time(json_text_or(source, "at", ""), &out->at));
}
