/* One rule for every field: heads, ties, conflicts, restatements. */
#include "tests/unit/casework/sample.h"

#include "node/casework/merge.h"

/* Events about one case, each setting "risk"; `over` names others by number, or -1. */
struct table {
	void *context;
	struct claim claims[16];
	size_t count;
};

static char *identity_of(struct table *table, size_t at)
{
	char *out = memory_array(table->context, char, MERGE_IDENTITY_SIZE);

	merge_identity(out, &table->claims[at]);
	return out;
}

static size_t add_over(
	struct table *table, const char *log, int number, const char *risk, json_t *over, bool restate)
{
	json_t *body = sample_body(table->context, number, "okot", "case",
		sample_key(table->context, GULU, 1), NULL, json_pack("{s:s}", "risk", risk), over);
	struct said *said;

	if (restate) {
		json_object_set_new(body, "restate", json_true());
		json_object_set_new(body, "from", json_array());
	}
	said = sample_json(table->context, log, 'o', number, body);
	table->claims[table->count] = (struct claim){
		.event = said->event, .origin = said->origin, .judgement = {STANDING_PERMITTED, ""}};
	return table->count++;
}

static size_t add(struct table *table, const char *log, int number, const char *risk, int over)
{
	return add_over(table, log, number, risk,
		over < 0 ? NULL : json_pack("{s:[s]}", "risk", identity_of(table, (size_t)over)), false);
}

static struct merged_field *risk_of(struct table *table)
{
	const struct entity *entity = schema_entity("case");
	struct merged *merged = merge_claims(table->context, entity, table->claims, table->count);

	return &merged->fields[schema_field(entity, "risk") - entity->fields];
}

static void expect(struct table *table, const char *value, size_t heads, bool conflict)
{
	struct merged_field *field = risk_of(table);

	assert_int_equal(field->head_count, heads);
	assert_int_equal(field->is_conflict, conflict);
	if (value)
		assert_string_equal(json_string_value(field->value), value);
	else
		assert_null(field->value);
}

static void the_last_edit_that_saw_the_others_counts(void **state)
{
	struct table table = {.context = memory_context(NULL)};

	expect(&table, NULL, 0, false);
	add(&table, GULU, 1, "low", -1);
	expect(&table, "low", 1, false);
	add(&table, GULU, 9, "high", 0);
	add(&table, MBALE, 5, "medium", 1); /* a clock that is behind does not matter */
	expect(&table, "medium", 1, false);
	talloc_free(table.context);
}

static void unseen_edits_are_both_heads(void **state)
{
	struct table table = {.context = memory_context(NULL)};

	add(&table, GULU, 1, "low", -1);
	add(&table, GULU, 5, "high", 0);
	add(&table, MBALE, 3, "medium", 0);
	expect(&table, "high", 2, true);
	talloc_free(table.context);
}

static void hubs_that_agree_are_not_in_conflict(void **state)
{
	struct table table = {.context = memory_context(NULL)};

	add(&table, GULU, 1, "high", -1);
	add(&table, MBALE, 2, "high", -1);
	expect(&table, "high", 2, false);
	talloc_free(table.context);
}

static void ties_are_broken_by_time_then_log_then_id(void **state)
{
	struct table table = {.context = memory_context(NULL)};

	add(&table, MBALE, 4, "medium", -1);
	add(&table, GULU, 4, "low", -1);
	expect(&table, "medium", 2, true);
	assert_true(permit_order(&table.claims[0], &table.claims[1]) > 0);
	assert_int_equal(permit_order(&table.claims[0], &table.claims[0]), 0);
	talloc_free(table.context);
}

static void what_is_not_permitted_neither_counts_nor_replaces(void **state)
{
	struct table table = {.context = memory_context(NULL)};

	add(&table, GULU, 1, "low", -1);
	table.claims[add(&table, MBALE, 2, "high", 0)].judgement.standing = STANDING_REFUSED;
	expect(&table, "low", 1, false);
	talloc_free(table.context);
}

static void hubs_that_replace_each_other_in_a_ring_hide_nothing(void **state)
{
	struct table table = {.context = memory_context(NULL)};

	add_over(&table, GULU, 1, "low", json_pack("{s:[s]}", "risk", MBALE "/01je0000000000000000000002"),
		false);
	add(&table, MBALE, 2, "high", 0);
	assert_string_equal(identity_of(&table, 1), MBALE "/01je0000000000000000000002");
	expect(&table, "high", 2, true);
	add_over(&table, KAMPALA, 3, "medium",
		json_pack("{s:[s]}", "risk", KAMPALA "/01je0000000000000000000003"), false);
	expect(&table, "medium", 1, false);
	talloc_free(table.context);
}

static void restatements_that_stand_for_one_another_hide_nothing(void **state)
{
	struct table table = {.context = memory_context(NULL)};

	add_over(&table, GULU, 1, "low", json_pack("{s:[s]}", "risk", MBALE "/01je0000000000000000000002"),
		true);
	add_over(&table, MBALE, 2, "high", json_pack("{s:[s]}", "risk", GULU "/01je0000000000000000000001"),
		true);
	expect(&table, "high", 2, true);
	talloc_free(table.context);
}

static void over_names_all_heads_and_what_they_stand_for(void **state)
{
	struct table table = {.context = memory_context(NULL)};
	json_t *over;

	add(&table, GULU, 1, "low", -1);
	add(&table, MBALE, 2, "high", -1);
	over = merge_over(risk_of(&table), "risk", 100);
	assert_int_equal(json_array_size(over), 2);
	json_decref(over);
	over = merge_over(risk_of(&table), "risk", 1);
	assert_int_equal(json_array_size(over), 1);
	assert_string_equal(json_string_value(json_array_get(over, 0)), identity_of(&table, 1));
	json_decref(over);
	table.count = 0;
	add_over(&table, GULU, 5, "low",
		json_pack("{s:[s,s]}", "risk", MBALE "/01je0000000000000000000002",
			GULU "/01je0000000000000000000001"),
		true);
	over = merge_over(risk_of(&table), "risk", 100);
	assert_int_equal(json_array_size(over), 3);
	json_decref(over);
	talloc_free(table.context);
}

/* A reader who has one of two originals, the restatement of both, and an edit of what is missing. */
static void a_restatement_takes_the_place_of_what_is_missing(void **state)
{
	struct table table = {.context = memory_context(NULL)};
	const char *missing = MBALE "/01je0000000000000000000002";
	size_t original = add(&table, GULU, 1, "low", -1);

	add_over(&table, GULU, 5, "high",
		json_pack("{s:[s,s]}", "risk", missing, identity_of(&table, original)), true);
	expect(&table, "high", 1, false);
	add_over(&table, MBALE, 6, "medium", json_pack("{s:[s]}", "risk", missing), false);
	expect(&table, "medium", 2, true); /* the other original is still unreplaced */
	add_over(&table, MBALE, 7, "emergency",
		json_pack("{s:[s,s]}", "risk", identity_of(&table, original), identity_of(&table, 2)), false);
	expect(&table, "emergency", 1, false);
	talloc_free(table.context);
}

static void a_long_chain_of_restatements_is_followed_to_its_end(void **state)
{
	struct table table = {.context = memory_context(NULL)};

	add(&table, GULU, 1, "low", -1);
	for (int i = 0; i < 10; i++)
		add_over(&table, GULU, 2 + i, "low",
			json_pack("{s:[s]}", "risk", identity_of(&table, (size_t)i)), true);
	expect(&table, "low", 1, false);
	add(&table, MBALE, 1, "high", 10); /* replaces the last; the first goes with it */
	expect(&table, "high", 1, false);
	talloc_free(table.context);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_edit_that_saw_the_others_counts),
		cmocka_unit_test(unseen_edits_are_both_heads),
		cmocka_unit_test(hubs_that_agree_are_not_in_conflict),
		cmocka_unit_test(ties_are_broken_by_time_then_log_then_id),
		cmocka_unit_test(what_is_not_permitted_neither_counts_nor_replaces),
		cmocka_unit_test(hubs_that_replace_each_other_in_a_ring_hide_nothing),
		cmocka_unit_test(restatements_that_stand_for_one_another_hide_nothing),
		cmocka_unit_test(over_names_all_heads_and_what_they_stand_for),
		cmocka_unit_test(a_restatement_takes_the_place_of_what_is_missing),
		cmocka_unit_test(a_long_chain_of_restatements_is_followed_to_its_end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
