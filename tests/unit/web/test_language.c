/* Choosing the language of a page. What the catalogues say is tested through the pages themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "web/language.h"

static void the_phone_s_own_language_is_taken_when_it_is_ours(void **state)
{
	assert_string_equal(language_code(language_accepted("sw-KE,sw;q=0.9,en;q=0.8")), "sw");
	assert_string_equal(language_code(language_accepted("fr, LG-ug")), "lg");
	assert_string_equal(language_code(language_accepted("de;q=0.4 , en-GB")), "en");
	assert_string_equal(language_code(language_accepted("lg;q=0, ach")), "ach");
	assert_string_equal(language_code(language_accepted("sw;q=1")), "sw");
}

static void anything_else_is_english(void **state)
{
	static const char *const headers[] = {"", ",", ";", "q=0", "swahili", "sw;q=0", "sw;q=0.000", "xx-sw",
		",,;;,-,", "s w", "lgx", "verylonglanguagecode", ";q=1"};

	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
		assert_null(language_accepted(headers[i]));
	assert_null(language_accepted(NULL));
	assert_null(language_find(""));
	assert_string_equal(language_code(NULL), "en");
	assert_string_equal(language_text(NULL, "Send"), "Send");
	assert_string_equal(language_plural(NULL, "day", "days", 1), "day");
	assert_string_equal(language_plural(NULL, "day", "days", 0), "days");
	assert_string_equal(language_text(language_find("lg"), ""), "");
}

static void dates_are_said_as_people_say_them(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);

	assert_string_equal(language_date(context, NULL, "2026-11-03"), "3 November 2026");
	assert_string_equal(language_date(context, NULL, "2026-01"), "January 2026");
	assert_string_equal(language_date(context, NULL, "2026"), "2026");
	assert_string_equal(language_date(context, NULL, "2026-13-03"), "2026-13-03");
	assert_string_equal(language_date(context, NULL, "last week"), "last week");
	assert_string_equal(language_date(context, NULL, ""), "");
}

static void the_languages_of_a_hub_are_those_it_names_in_their_order(void **state)
{
	static const char codes[] = " ach  en sw";

	assert_ptr_equal(language_chosen(codes, 0), language_find("ach"));
	assert_ptr_equal(language_chosen(codes, 1), language_find("en"));
	assert_ptr_equal(language_chosen(codes, 2), language_find("sw"));
	assert_null(language_chosen(codes, 3));
	assert_null(language_chosen(codes, 9));
	assert_null(language_chosen("", 0));
	assert_null(language_unknown(codes));
	assert_null(language_unknown(""));
	assert_string_equal(language_unknown("en xx sw"), "xx sw");
	assert_string_equal(language_unknown("en e"), "e");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_phone_s_own_language_is_taken_when_it_is_ours),
		cmocka_unit_test(anything_else_is_english),
		cmocka_unit_test(dates_are_said_as_people_say_them),
		cmocka_unit_test(the_languages_of_a_hub_are_those_it_names_in_their_order),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	language_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
