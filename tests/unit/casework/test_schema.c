/* Forms are checked strictly and say which field is off; what other hubs say is taken if it has the right
 * shape. */
#include "tests/unit/casework/sample.h"

#include "node/casework/schema.h"
#include "node/casework/codes.h"
#include "node/casework/rows.h"

static const struct error *check(const char *entity, const char *field, json_t *value)
{
	const struct error *error =
		schema_check(schema_field(schema_entity(entity), field), value, NULL, NULL);

	json_decref(value);
	return error;
}

static void a_good_answer_passes(void **state)
{
	assert_null(check("report", "what", json_string("Two men\nasked for me.")));
	assert_null(check("report", "what", json_string("")));
	assert_null(check("report", "when", json_string("2026-11-23")));
	assert_null(check("report", "when", json_string("2026-11")));
	assert_null(check("report", "when", json_string("2026")));
	assert_null(check("report", "danger", json_string("unknown")));
	assert_null(check("report", "district", json_string("UG-304")));
	assert_null(check("report", "needs", json_pack("[s,s]", "legal", "medical")));
	assert_null(check("report", "opened_at", json_string("2026-11-23T09:12:44Z")));
	assert_null(check("user", "name", json_string("akello.grace")));
	assert_null(check("report", "case", json_string(GULU ".01jd0000000000000000000001")));
}

static void a_wrong_answer_names_its_field(void **state)
{
	const struct error *error = check("report", "when", json_string("2026-02-30"));

	assert_int_equal(error->code, ERROR_INVALID);
	assert_int_equal(strncmp(error->message, "When it happened: ", 18), 0);
	assert_non_null(check("report", "when", json_string("yesterday")));
	assert_non_null(check("report", "when", json_string("2026-13")));
	assert_non_null(check("report", "what", json_integer(1)));
	assert_non_null(check("report", "place", json_string("two\nlines")));
	assert_non_null(check("report", "danger", json_string("ye")));
	assert_non_null(check("report", "danger", json_string("yes|no")));
	assert_non_null(check("report", "district", json_string("UG-999")));
	assert_non_null(check("report", "needs", json_string("legal")));
	assert_non_null(check("report", "needs", json_pack("[s]", "gold")));
	assert_non_null(check("report", "needs", json_pack("[i]", 1)));
	assert_non_null(check("report", "opened_at", json_string("2026-11-23")));
	assert_non_null(check("user", "name", json_string("Grace Akello")));
	assert_non_null(check("user", "name", json_string("../root")));
	assert_non_null(check("report", "case", json_string("GUL-7K2QX")));
}

/* What was retired, or what only a newer hub knows, stays where it stands and comes to no other record. */
static void a_code_that_stands_may_stay(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	const struct field *needs = schema_field(schema_entity("case"), "needs"),
			   *district = schema_field(schema_entity("case"), "district");
	struct codes *codes = codes_new(context);
	json_t *typed CLEANUP(json_decref) = json_pack("[s,s]", "L1", "legal");
	json_t *retired CLEANUP(json_decref) = json_pack("[s,s]", "L2", "legal");
	json_t *here CLEANUP(json_decref) = json_string("UG-999");

	codes_add(codes, &(struct code_added){"needs", "L1", "A bicycle", "", true});
	codes_add(codes, &(struct code_added){"needs", "L2", "A horse", "", false});
	assert_null(schema_check(needs, typed, codes, NULL));
	assert_non_null(schema_check(needs, typed, NULL, NULL));
	assert_non_null(schema_check(needs, retired, codes, NULL));
	assert_non_null(schema_check(needs, retired, codes, typed));
	assert_null(schema_check(needs, retired, codes, retired));
	assert_non_null(schema_check(district, here, codes, NULL));
	assert_null(schema_check(district, here, codes, here));
}

static void length_counts_characters_not_bytes(void **state)
{
	char text[2 * 300 + 3] = "";

	for (int i = 0; i < 300; i++)
		strcat(text, "\xc5\x8b");
	assert_null(check("report", "place", json_string(text)));
	strcat(text, "x");
	assert_non_null(strstr(check("report", "place", json_string(text))->message, "too long by 1 "));
}

static void another_hub_may_know_newer_codes(void **state)
{
	json_t *code CLEANUP(json_decref) = json_string("UG-999"),
		     *number CLEANUP(json_decref) = json_integer(3);

	assert_true(schema_fits(schema_field(schema_entity("report"), "district"), code));
	assert_false(schema_fits(schema_field(schema_entity("report"), "district"), number));
	assert_false(schema_fits(schema_field(schema_entity("report"), "needs"), code));
	assert_false(schema_fits(schema_field(schema_entity("report"), "case"), code));
}

static void every_field_is_whole_and_has_its_column(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	const struct entity *entities;
	struct casefile *file;
	size_t count;

	entities = schema_entities(&count);
	assert_null(casefile_new(context, GULU, &file));
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < entities[i].count; j++) {
			const struct field *field = &entities[i].fields[j];
			char *sql = memory_format(context,
				"SELECT count(*) FROM pragma_table_info('%s') WHERE name = '%s'",
				rows_table(&entities[i]), field->name);

			assert_int_equal(sample_number(file, sql), 1);
			assert_true(field->max > 0);
			assert_true(*field->label >= 'A' && *field->label <= 'Z');
			assert_ptr_equal(schema_field(&entities[i], field->name), field);
			if (field->type == FIELD_CODE || field->type == FIELD_CODES)
				assert_true((field->codes != NULL) != (field->choices != NULL));
			if (field->codes) {
				json_t *choices CLEANUP(json_decref) =
					codes_choices(NULL, field->codes, NULL, NULL);

				assert_true(json_array_size(choices) > 0);
			}
			assert_int_equal(strcmp(field->name, "state") == 0, schema_default(field) != NULL);
		}
	assert_null(schema_entity("sighting"));
	assert_null(schema_field(schema_entity("case"), "mood"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_answer_passes),
		cmocka_unit_test(a_wrong_answer_names_its_field),
		cmocka_unit_test(a_code_that_stands_may_stay),
		cmocka_unit_test(length_counts_characters_not_bytes),
		cmocka_unit_test(another_hub_may_know_newer_codes),
		cmocka_unit_test(every_field_is_whole_and_has_its_column),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
