/* Answers "what do we know of this, who said so, and do they agree?" about one record, from its events: see
 * record.h.
 *
 * Which events count was decided when the batch ended (settle.c); here they are merged once more, because
 * tables keep only what is shown and not who said it. The cost grows with the events of this one record. Runs
 * in office. */
#include "node/casework/record.h"

#include <string.h>

#include "node/base/text.h"
#include "node/casework/merge.h"

#define OVER_AT_MOST 200    /* heads named for a field; settling more takes two events */
#define CONFLICT_AT_MOST 20 /* values shown */

/* The merged record; *out hangs on `context`. */
static const struct error *load(struct ledger *ledger, const void *context, const char *type, const char *key,
	struct ledger_entity *row, struct merged **out)
{
	const struct entity *entity = schema_entity(type);
	struct claim *claims;
	size_t count;

	if (!entity)
		return error_new(ERROR_NOT_FOUND, "there are no records of the kind %s", type);
	TRY(ledger_find(ledger, type, key, row));
	if (!row->id)
		return error_new(ERROR_NOT_FOUND, "there is no such %s here", type); /* as in sight.c */
	TRY(ledger_claims(ledger, context, row->id, true, &claims, &count));
	*out = merge_claims(context, entity, claims, count);
	if (!(*out)->count)
		return error_new(ERROR_NOT_FOUND, "there is no such %s here", type);
	return NULL;
}

/* {"value","by","hub","at","clock","event"} */
static json_t *statement(const struct claim *claim, const char *field)
{
	char identity[MERGE_IDENTITY_SIZE], at[TEXT_TIME_SIZE];
	struct merge_author author;
	json_t *out = json_object();

	merge_identity(identity, claim);
	merge_author(&author, claim, field);
	text_time(at, author.at);
	json_object_set(out, "value", json_object_get(claim->event->set, field));
	json_object_set_new(out, "by", json_string(author.by));
	json_object_set_new(out, "hub", json_string(author.hub));
	json_object_set_new(out, "at", json_string(at));
	json_object_set_new(out, "clock", json_string(author.is_sure ? "sure" : "unsure"));
	json_object_set_new(out, "event", json_string(identity));
	return out;
}

/* The shown value first; each value once, by whoever said it last. */
static json_t *values_of(const struct merged_field *field, const char *name)
{
	json_t *out = json_array(), *one;

	for (size_t i = field->head_count; i-- > 0 && json_array_size(out) < CONFLICT_AT_MOST;) {
		const json_t *value = json_object_get(field->heads[i]->event->set, name);
		bool is_known = false;
		size_t j;

		json_array_foreach (out, j, one)
			is_known = is_known || json_equal(json_object_get(one, "value"), value);
		if (!is_known)
			json_array_append_new(out, statement(field->heads[i], name));
	}
	return out;
}

/* The hub that said what is shown. */
static void add_hub(json_t *hubs, const struct merged_field *now, const char *name)
{
	struct merge_author author;

	merge_author(&author, now->heads[now->head_count - 1], name);
	json_object_set_new(hubs, name, json_string(author.hub));
}

static void add_fields(json_t *out, const struct merged *merged)
{
	json_t *conflicts = json_array(), *hubs = json_object();

	for (size_t i = 0; i < merged->entity->count; i++) {
		const struct field *field = &merged->entity->fields[i];
		const struct merged_field *now = &merged->fields[i];

		if (now->value)
			json_object_set_new(out, field->name, json_deep_copy(now->value));
		else if (schema_default(field))
			json_object_set_new(out, field->name, json_string(schema_default(field)));
		if (now->head_count && schema_is_of_hub(field))
			add_hub(hubs, now, field->name);
		if (now->is_conflict)
			json_array_append_new(
				conflicts, json_pack("{s:s, s:s, s:o}", "field", field->name, "label",
						   field->label, "values", values_of(now, field->name)));
	}
	json_object_set_new(out, "hubs", hubs);
	json_object_set_new(out, "conflicts", conflicts);
}

const struct error *record_get(struct ledger *ledger, const char *type, const char *key, json_t **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char home[LOG_ID_SIZE], created[TEXT_TIME_SIZE];
	struct merge_author author;
	struct ledger_entity row;
	struct merged *merged;

	TRY(load(ledger, scratch, type, key, &row, &merged));
	ids_key_log(home, key);
	merge_author(&author, merged->claims[0], NULL);
	text_time(created, author.at);
	*out = json_pack("{s:s, s:s, s:s, s:s, s:s}", "key", key, "entity", type, "case",
		strcmp(type, "case") == 0 ? key : row.case_key, "home", home, "created", created);
	add_fields(*out, merged);
	return NULL;
}

const struct error *record_history(struct ledger *ledger, const char *type, const char *key, json_t **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct ledger_entity row;
	struct merged *merged;

	TRY(load(ledger, scratch, type, key, &row, &merged));
	*out = json_array();
	for (size_t i = merged->count; i-- > 0;)
		for (size_t j = 0; j < merged->entity->count; j++) {
			const struct field *field = &merged->entity->fields[j];
			json_t *one;

			if (!json_object_get(merged->claims[i]->event->set, field->name))
				continue;
			one = statement(merged->claims[i], field->name);
			json_object_set_new(one, "field", json_string(field->name));
			json_object_set_new(one, "label", json_string(field->label));
			json_array_append_new(*out, one);
		}
	return NULL;
}

const struct error *record_over(
	struct ledger *ledger, const char *type, const char *key, const json_t *set, json_t **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct error *error;
	struct ledger_entity row;
	struct merged *merged;

	error = load(ledger, scratch, type, key, &row, &merged);
	if (error && error->code != ERROR_NOT_FOUND)
		return error;
	*out = json_object();
	for (size_t i = 0; !error && i < merged->entity->count; i++) {
		const char *name = merged->entity->fields[i].name;

		if (json_object_get(set, name) && merged->fields[i].head_count)
			json_object_set_new(*out, name, merge_over(&merged->fields[i], name, OVER_AT_MOST));
	}
	return NULL;
}
