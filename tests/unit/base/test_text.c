/* What comes from outside is measured before it is believed: text, numbers, hex, dates. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "node/base/ids.h"
#include "node/base/text.h"

static void utf8_is_strict(void **state)
{
	assert_true(text_is_utf8("Apiyo \xc5\x8b", 8));
	assert_true(text_is_utf8("", 0));
	assert_false(text_is_utf8("\xc0\x80", 2));	   /* overlong */
	assert_false(text_is_utf8("\xed\xa0\x80", 3));	   /* surrogate */
	assert_false(text_is_utf8("\xf4\x90\x80\x80", 4)); /* past the end */
	assert_false(text_is_utf8("\xe2\x82", 2));	   /* cut off */
	assert_false(text_is_utf8("a\0b", 3));
}

static void numbers_are_plain_digits_within_bounds(void **state)
{
	uint64_t n = 7;

	assert_null(text_to_number("18446744073709551615", UINT64_MAX, &n));
	assert_true(n == UINT64_MAX);
	assert_non_null(text_to_number("18446744073709551616", UINT64_MAX, &n));
	assert_non_null(text_to_number("01", 10, &n));
	assert_non_null(text_to_number("-1", 10, &n));
	assert_non_null(text_to_number("", 10, &n));
	assert_non_null(text_to_number("11", 10, &n));
	assert_non_null(text_to_number("9", 8, &n));
	assert_null(text_to_number("0", 0, &n));
	assert_int_equal(n, 0);
}

static void times_go_there_and_back(void **state)
{
	char text[TEXT_TIME_SIZE];
	int64_t seconds;

	assert_null(text_to_time("2026-11-23T09:12:44Z", &seconds));
	text_time(text, seconds);
	assert_string_equal(text, "2026-11-23T09:12:44Z");
	assert_non_null(text_to_time("2026-02-30T09:12:44Z", &seconds));
	assert_true(text_is_date("2024-02-29"));
	assert_false(text_is_date("2026-02-29"));
	assert_false(text_is_date("2026-2-9"));
}

static void ids_have_their_shape_and_never_repeat(void **state)
{
	char a[ULID_SIZE], b[ULID_SIZE], log[LOG_ID_SIZE], key[ENTITY_KEY_SIZE], back[LOG_ID_SIZE];
	char ref[REFERENCE_SIZE], again[REFERENCE_SIZE];

	ids_log_new(log);
	assert_true(ids_is_log(log));
	ids_ulid_new(a, 1700000000000);
	assert_true(ids_ulid_ms(a) == 1700000000000);
	for (int i = 0; i < 1000; i++) {
		ids_ulid_new(b, 1700000000000);
		assert_true(ids_is_ulid(b));
		assert_true(strcmp(a, b) < 0);
		memcpy(a, b, sizeof a);
	}
	ids_key_make(key, log, b);
	assert_true(ids_is_key(key));
	ids_key_log(back, key);
	assert_string_equal(back, log);
	ids_reference(ref, "GUL", key, 0);
	ids_reference(again, "GUL", key, 0);
	assert_string_equal(ref, again);
	assert_int_equal(strlen(ref), 9);
	ids_reference(again, "GUL", key, 1);
	assert_string_not_equal(ref, again);
	assert_false(ids_is_log("k7q2m9x4t0ab3c5l"));
	assert_false(ids_is_code("gul"));
	assert_true(ids_is_code("GUL"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_is_strict),
		cmocka_unit_test(numbers_are_plain_digits_within_bounds),
		cmocka_unit_test(times_go_there_and_back),
		cmocka_unit_test(ids_have_their_shape_and_never_repeat),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
