/* The code lists are well-formed, whole, and say the same as the standards they come from. */
#include "tests/unit/casework/sample.h"

#include "node/base/files.h"
#include "node/base/text.h"
#include "node/casework/codes.h"

static const char *const lists[] = {
	"acts", "districts", "needs", "perpetrators", "precision", "themes", "violation-status"};

static void codes_have_labels(void **state)
{
	assert_string_equal(codes_label(NULL, "acts", "01010102"), "Killing");
	assert_string_equal(codes_label(NULL, "acts", "02010304"), "Stalking");
	assert_string_equal(codes_label(NULL, "perpetrators", "010104"), "Police");
	assert_string_equal(codes_label(NULL, "districts", "UG-304"), "Gulu");
	assert_string_equal(codes_label(NULL, "violation-status", "01"), "Confirmed");
	assert_null(codes_label(NULL, "acts", "nothing"));
	assert_null(codes_label(NULL, "nothing", "01"));
	assert_true(codes_offers(NULL, "needs", "legal"));
	assert_false(codes_offers(NULL, "needs", "lega"));
}

static void chosen_ones_are_marked(void **state)
{
	json_t *chosen CLEANUP(json_decref) = json_pack("[s,s]", "legal", "funds");
	json_t *choices CLEANUP(json_decref) = codes_choices(NULL, "needs", chosen, NULL);
	json_t *one CLEANUP(json_decref) = json_string("medical");
	json_t *single CLEANUP(json_decref) = codes_choices(NULL, "needs", one, NULL);
	json_t *none CLEANUP(json_decref) = codes_choices(NULL, "nothing", NULL, NULL);
	size_t i, selected = 0;
	json_t *choice;

	json_array_foreach (choices, i, choice)
		selected += json_is_true(json_object_get(choice, "selected"));
	assert_int_equal(selected, 2);
	assert_true(json_is_true(json_object_get(json_array_get(single, 1), "selected")));
	assert_int_equal(json_array_size(none), 0);
}

static void a_list_can_be_gone_through(void **state)
{
	json_t *choices CLEANUP(json_decref) = codes_choices(NULL, "districts", NULL, NULL);
	const char *code, *label;
	size_t count = 0;

	for (; (code = codes_at("districts", count, &label)); count++)
		assert_string_equal(label, codes_label(NULL, "districts", code));
	assert_int_equal(count, json_array_size(choices));
	assert_null(codes_at("nothing", 0, &label));
}

static struct codes *added(const void *context)
{
	struct codes *codes = codes_new(context);

	codes_add(codes, &(struct code_added){"perpetrators", "L1", "Flying squad", "010104", true});
	codes_add(codes, &(struct code_added){"perpetrators", "L2", "Old squad", "010104", false});
	codes_add(codes, &(struct code_added){"perpetrators", "L3", "Moneylenders", "", true});
	codes_add(codes, &(struct code_added){"needs", "L4", "A bicycle", "", true});
	return codes;
}

/* The codes of choices, a space behind each. */
static char *codes_of(const void *context, json_t *choices)
{
	struct buffer *text = buffer_new(context);
	json_t *choice;
	size_t i;

	json_array_foreach (choices, i, choice)
		buffer_format(text, "%s ", json_text_or(choice, "code", ""));
	json_decref(choices);
	return (char *)buffer_bytes(text).data;
}

static void what_was_added_is_a_code_like_any_other(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct codes *codes = added(context);

	assert_string_equal(codes_label(codes, "perpetrators", "L1"), "Flying squad");
	assert_null(codes_label(codes, "needs", "L1"));
	assert_null(codes_label(NULL, "perpetrators", "L1"));
	assert_string_equal(codes_root(codes, "perpetrators", "L1"), "010104");
	assert_string_equal(codes_root(codes, "perpetrators", "L3"), "L3");
	assert_string_equal(codes_root(codes, "perpetrators", "0204"), "0204");
}

static void what_was_retired_keeps_its_label_and_is_not_offered(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct codes *codes = added(context);
	json_t *standing CLEANUP(json_decref) = json_pack("[s,s,s]", "L2", "010104", "newer");
	char *offered = codes_of(context, codes_choices(codes, "perpetrators", NULL, NULL));
	char *kept = codes_of(context, codes_choices(codes, "perpetrators", standing, standing));

	assert_string_equal(codes_label(codes, "perpetrators", "L2"), "Old squad");
	assert_true(codes_offers(codes, "perpetrators", "L1"));
	assert_false(codes_offers(codes, "perpetrators", "L2"));
	assert_non_null(strstr(offered, " 010104 L1 "));
	assert_true(text_ends(offered, " L3 "));
	assert_null(strstr(offered, "L2"));
	assert_null(strstr(offered, "L4"));
	assert_true(text_ends(kept, " L3 L2 newer "));
}

static size_t count_of(const char *text, char c)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == c;
	return n;
}

static void check_line(const void *context, const char *list, char *line, json_t *seen)
{
	char *code = strsep(&line, ","), *label = strsep(&line, ","), *parent = strsep(&line, ",");

	if (!*code || !*label || json_object_get(seen, code) || strchr(label, '"'))
		fail_msg("%s: %s", list, code);
	assert_string_equal(codes_label(NULL, list, code), label);
	assert_true(!*line || text_is_date(line));
	if (*parent && strcmp(list, "districts") != 0 && !codes_offers(NULL, list, parent))
		fail_msg("%s: the parent of %s is missing", list, code);
	json_object_set_new(seen, code, json_true());
}

static void every_list_is_well_formed(void **state)
{
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		void *context CLEANUP(memory_free) = memory_context(NULL);
		char *path = memory_format(context, "node/casework/codes/%s.csv", lists[i]), *rest, *line;
		json_t *choices CLEANUP(json_decref) = codes_choices(NULL, lists[i], NULL, NULL);
		json_t *seen CLEANUP(json_decref) = json_object();
		struct bytes text;

		assert_null(files_read(context, path, 65536, &text));
		assert_true(text_is_utf8(text.data, text.len));
		rest = memory_string(context, (const char *)text.data);
		assert_string_equal(strsep(&rest, "\n"), "code,label,parent,valid_from");
		while ((line = strsep(&rest, "\n")) && *line) {
			assert_int_equal(count_of(line, ','), 3);
			check_line(context, lists[i], line, seen);
		}
		assert_int_equal(json_array_size(choices), json_object_size(seen));
	}
}

/* 135 districts of ISO 3166-2 (Kampala among them) and Terego, which it lacks. */
static void uganda_has_all_its_districts(void **state)
{
	json_t *districts CLEANUP(json_decref) = codes_choices(NULL, "districts", NULL, NULL);

	assert_int_equal(json_array_size(districts), 136);
	assert_true(codes_offers(NULL, "districts", "UG-102"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_have_labels),
		cmocka_unit_test(chosen_ones_are_marked),
		cmocka_unit_test(a_list_can_be_gone_through),
		cmocka_unit_test(what_was_added_is_a_code_like_any_other),
		cmocka_unit_test(what_was_retired_keeps_its_label_and_is_not_offered),
		cmocka_unit_test(every_list_is_well_formed),
		cmocka_unit_test(uganda_has_all_its_districts),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
