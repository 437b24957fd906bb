/* Whoever can help is found by what they do, where, and in which language; and the principles are accepted
 * for a year. */
#include "tests/unit/casework/sample.h"

#include "node/casework/directory.h"

static void add(const void *context, struct casefile *file, int number, const char *entity, json_t *set)
{
	sample_take(file, sample_event(context, GULU, 'o', number, entity, sample_key(context, GULU, number),
				  NULL, set, NULL));
}

/* The names that were found, joined by spaces. */
static char *names(const void *context, json_t *rows)
{
	struct buffer *out = buffer_new(context);
	json_t *row;
	size_t i;

	json_array_foreach (rows, i, row)
		buffer_format(out, "%s%s", i ? " " : "", json_text_or(row, "name", "-"));
	json_decref(rows);
	return (char *)buffer_bytes(out).data;
}

static char *found(const void *context, struct casefile *file, struct directory_filter filter)
{
	json_t *rows;

	assert_null(directory_list(file, &filter, 10, 0, &rows));
	return names(context, rows);
}

static struct casefile *filled(const void *context)
{
	struct casefile *file;

	assert_null(casefile_new(context, GULU, &file));
	add(context, file, 1, "provider",
		json_pack("{s:s, s:[s,s], s:[s], s:s, s:s}", "name", "Auma", "services", "medical",
			"psychosocial", "districts", "UG-304", "languages", "Acholi, English", "capacity",
			"few"));
	add(context, file, 2, "provider",
		json_pack("{s:s, s:[s], s:s, s:s}", "name", "Opio", "services", "legal", "languages",
			"Luganda", "capacity", "free"));
	add(context, file, 3, "provider",
		json_pack("{s:s, s:[s,s]}", "name", "House", "services", "relocation", "medical"));
	add(context, file, 4, "provider",
		json_pack("{s:s, s:[s], s:s}", "name", "Gone", "services", "legal", "state", "left"));
	add(context, file, 5, "provider", json_pack("{s:s, s:s}", "name", "Empty", "profession", "lawyer"));
	add(context, file, 6, "provider",
		json_pack("{s:s, s:s}", "name", "Hidden", "profession", "safe-house"));
	return file;
}

static void a_search_narrows_by_each_word(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = filled(context);

	assert_string_equal(found(context, file, (struct directory_filter){"", "", "", "", "active"}),
		"Auma Empty Hidden House Opio");
	assert_string_equal(found(context, file, (struct directory_filter){"medical", "", "", "", "active"}),
		"Auma House");
	assert_string_equal(
		found(context, file, (struct directory_filter){"", "UG-304", "", "", "active"}), "Auma");
	assert_string_equal(
		found(context, file, (struct directory_filter){"", "", "ACHOLI", "", "active"}), "Auma");
	assert_string_equal(
		found(context, file, (struct directory_filter){"", "", "", "free", "active"}), "Opio");
	assert_string_equal(
		found(context, file, (struct directory_filter){"legal", "", "", "", "left"}), "Gone");
	assert_string_equal(found(context, file, (struct directory_filter){"med", "", "", "", "active"}), "");
	assert_string_equal(
		found(context, file, (struct directory_filter){"\"", "%", "'", "", "active"}), "");
}

static void colleagues_are_no_safe_houses(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = filled(context);
	json_t *rows;

	assert_null(directory_colleagues(file, sample_key(context, GULU, 1), 10, &rows));
	assert_null(json_object_get(json_array_get(rows, 0), "contact"));
	assert_string_equal(names(context, rows), "Empty Opio");
}

/* Nor what a coalition called otherwise, and put under them. */
static void what_was_added_under_safe_houses_is_one(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = filled(context);
	const char *codes[3];
	json_t *rows;

	for (int i = 0; i < 3; i++) {
		static const char *const lists[] = {"professions", "needs", "professions"},
					 *const parents[] = {"safe-house", "relocation", "doctor"};
		const char *key = sample_key(context, KAMPALA, 20 + i);

		sample_take(file, sample_event(context, KAMPALA, 'o', 20 + i, "code", key, NULL,
					  json_pack("{ss, ss, ss}", "list", lists[i], "label", "Words",
						  "parent", parents[i]),
					  NULL));
		codes[i] = memory_format(context, "L%s", strchr(key, '.') + 1);
	}
	add(context, file, 7, "provider", json_pack("{ss, ss}", "name", "Shelter", "profession", codes[0]));
	add(context, file, 8, "provider", json_pack("{ss, s[s]}", "name", "Bed", "services", codes[1]));
	add(context, file, 9, "provider", json_pack("{ss, ss}", "name", "Healer", "profession", codes[2]));
	assert_null(directory_colleagues(file, sample_key(context, GULU, 1), 10, &rows));
	assert_string_equal(names(context, rows), "Empty Healer Opio");
}

static void the_newest_principles_come_first(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file;
	json_t *rows;

	assert_null(casefile_new(context, GULU, &file));
	for (int i = 1; i <= 3; i++)
		sample_take(file,
			sample_event(context, KAMPALA, 'o', i, "principles", sample_key(context, KAMPALA, i),
				NULL, json_pack("{s:i, s:s}", "version", i == 2 ? 9 : i, "text", "x"), NULL));
	sample_take(file, sample_event(context, GULU, 'o', 4, "principles", sample_key(context, GULU, 4),
				  NULL, json_pack("{s:i}", "version", 20), NULL));
	assert_null(directory_principles(file, &rows));
	assert_int_equal(json_array_size(rows), 3);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(rows, 0), "version")), 9);
	json_decref(rows);
}

static bool has_agreed(int version, const char *on, int64_t newest)
{
	json_t *entry CLEANUP(json_decref) =
		json_pack("{s:i, s:s}", "agreed_version", version, "agreed_on", on);

	return directory_has_agreed(entry, newest, "2026-11-23");
}

static void principles_are_accepted_for_a_year_and_a_version(void **state)
{
	json_t *nothing CLEANUP(json_decref) = json_object();

	assert_true(has_agreed(2, "2026-11-23", 2));
	assert_true(has_agreed(2, "2025-11-24", 2));
	assert_false(has_agreed(2, "2025-11-23", 2));
	assert_false(has_agreed(2, "2024-12-31", 2));
	assert_true(has_agreed(2, "2025-12-31", 2));
	assert_false(has_agreed(1, "2026-11-23", 2));
	assert_true(has_agreed(3, "2026-11-23", 2));
	assert_false(has_agreed(2, "2026-11", 2));
	assert_false(directory_has_agreed(nothing, 1, "2026-11-23"));
	assert_false(directory_has_agreed(NULL, 1, "2026-11-23"));
}

static void an_entry_tells_what_it_said_before(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	json_t *entry CLEANUP(json_decref) = NULL, *was;
	struct casefile *file;

	assert_null(casefile_new(context, GULU, &file));
	add(context, file, 1, "provider",
		json_pack("{s:s, s:s, s:s}", "name", "Ojok", "profession", "police-liaison", "agency",
			"010104"));
	for (int i = 2; i < 5; i++)
		sample_take(file, sample_event(context, i == 3 ? KAMPALA : GULU, 'o', i, "provider",
					  sample_key(context, GULU, 1), NULL,
					  json_pack("{s:s, s:s}", "profession", "lawyer", "agency",
						  i == 3 ? "010104" : ""),
					  NULL));
	assert_null(directory_entry(file, sample_key(context, GULU, 1), &entry));
	assert_string_equal(json_text_or(entry, "profession", ""), "lawyer");
	was = json_object_get(entry, "was");
	assert_int_equal(json_array_size(json_object_get(was, "agency")), 1);
	assert_string_equal(json_string_value(json_array_get(json_object_get(was, "agency"), 0)), "010104");
	assert_int_equal(json_array_size(json_object_get(was, "profession")), 1);
	assert_int_equal(json_array_size(json_object_get(was, "organisation")), 0);
	assert_non_null(directory_entry(file, sample_key(context, GULU, 9), &was));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_search_narrows_by_each_word),
		cmocka_unit_test(colleagues_are_no_safe_houses),
		cmocka_unit_test(what_was_added_under_safe_houses_is_one),
		cmocka_unit_test(the_newest_principles_come_first),
		cmocka_unit_test(principles_are_accepted_for_a_year_and_a_version),
		cmocka_unit_test(an_entry_tells_what_it_said_before),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
