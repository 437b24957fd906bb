/* Values as a tired person reads them: lists of every kind, what is missed, days to come. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "node/base/text.h"
#include "web/office/show.h"

static struct request request;
static struct visit visit = {.request = &request};

static int set_up(void **state)
{
	visit.context = memory_context(NULL);
	return 0;
}

static int tear_down(void **state)
{
	memory_free(visit.context);
	return 0;
}

static const char *shown(const char *entity, const char *field, json_t *value)
{
	const char *text = show_value(&visit, schema_field(schema_entity(entity), field), value);

	json_decref(value);
	return text;
}

static void lists_are_shown_in_words(void **state)
{
	assert_string_equal(
		shown("case", "needs", json_pack("[s, s]", "legal", "funds")), "Legal help, Emergency funds");
	assert_string_equal(shown("case", "needs", json_pack("[s]", "of a newer hub")), "of a newer hub");
	assert_string_equal(
		shown("case", "readers", json_pack("[s, s]", "akello", "dr.auma")), "akello, dr.auma");
	assert_string_equal(shown("case", "readers", json_array()), "");
	assert_string_equal(shown("message", "answers", json_pack("[s]", "x")), "x");
}

static void a_language_is_called_by_its_name(void **state)
{
	assert_string_equal(shown("report", "language", json_string("lg")), "Luganda");
	assert_string_equal(shown("report", "language", json_string("Lango")), "Lango");
}

static void who_spoke_with_an_unsure_clock_is_told(void **state)
{
	json_t *row =
		json_pack("{ss, ss, ss}", "by", "akello", "at", "2026-11-23T09:12:44Z", "clock", "unsure");

	assert_non_null(strstr(show_who(&visit, row), "akello"));
	assert_non_null(strstr(show_who(&visit, row), "(its clock was not sure)"));
	json_object_set_new(row, "clock", json_string("sure"));
	assert_null(strstr(show_who(&visit, row), "clock"));
	json_decref(row);
}

static const char *missed(int days)
{
	json_t *view = show_missed(&visit, show_day(visit.context, days));
	const char *text = memory_format(
		visit.context, "%s/%s", json_text_or(view, "text", ""), json_text_or(view, "class", ""));

	json_decref(view);
	return text;
}

static void a_missed_day_is_told_with_its_days(void **state)
{
	assert_string_equal(missed(-1), "missed by 1 day/bad");
	assert_string_equal(missed(-40), "missed by 40 days/bad");
	assert_string_equal(missed(0), "due today/warn");
	assert_string_equal(missed(1), "due tomorrow/");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lists_are_shown_in_words, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_language_is_called_by_its_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_spoke_with_an_unsure_clock_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_missed_day_is_told_with_its_days, set_up, tear_down),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
