/* What a browser sends is read exactly; what no browser sends is refused whole. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "web/form.h"

static const struct error *parse(void *context, const char *body, struct form **out)
{
	return form_parse(context, (struct bytes){(const uint8_t *)body, strlen(body)}, out);
}

static void a_form_is_read_as_it_was_typed(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct form *form;

	assert_null(parse(context,
		"what=They+came%2C+at+night%21&place=&needs=medical&needs=legal&bare&&x%5By%5D=%C5%8Bma",
		&form));
	assert_int_equal(form->count, 6);
	assert_string_equal(form_get(form, "what"), "They came, at night!");
	assert_string_equal(form_get(form, "place"), "");
	assert_string_equal(form_get(form, "needs"), "medical");
	assert_string_equal(form->fields[3].value, "legal");
	assert_string_equal(form_get(form, "bare"), "");
	assert_string_equal(form_get(form, "x[y]"), "\xc5\x8bma");
	assert_null(form_get(form, "none"));
	assert_null(form_get(NULL, "what"));
}

static void lines_end_as_on_unix_and_text_is_trimmed_when_asked(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct form *form;

	assert_null(parse(context, "text=++one%0D%0Atwo%0Dthree%0A+", &form));
	assert_string_equal(form_get(form, "text"), "  one\ntwo\nthree\n ");
	assert_string_equal(form_text(context, form, "text"), "one\ntwo\nthree");
	assert_string_equal(form_text(context, form, "none"), "");
}

static void an_empty_body_is_an_empty_form(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct form *form;

	assert_null(form_parse(context, (struct bytes){NULL, 0}, &form));
	assert_int_equal(form->count, 0);
}

static void what_no_browser_sends_is_refused(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	static const char *const bad[] = {
		"a=%",
		"a=%4",
		"a=%zz",
		"a=%4g",
		"%=a", /* broken escapes */
		"a=%00",
		"%00=a",
		"a=b%00c", /* NUL */
		"a=%ff",
		"a=%c0%80",
		"a=%ed%a0%80",
		"%ff=a", /* not UTF-8 */
		"a=\x80",
	};
	struct form *form;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const struct error *error = parse(context, bad[i], &form);

		assert_non_null(error);
		assert_int_equal(error->code, ERROR_INVALID);
	}
	form = NULL;
	assert_non_null(parse(context, "good=1&a=%zz", &form));
	assert_non_null(parse(context, "good=1&%ff=a", &form));
	assert_null(form);
	assert_non_null(form_parse(context, (struct bytes){(const uint8_t *)"a=b\0c", 5}, &form));
}

static void what_is_not_utf8_is_named_beside_all_that_can_be_read(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	const struct error *error;
	struct form *form;

	error = parse(context, "ok=1&place=%ff&what=x&by=%ff", &form);
	assert_non_null(error);
	assert_non_null(strstr(error->message, "place"));
	assert_string_equal(form->unreadable, "place");
	assert_int_equal(form->count, 2);
	assert_string_equal(form_get(form, "ok"), "1");
	assert_string_equal(form_get(form, "what"), "x");
	assert_null(form_get(form, "place"));
}

static void names_and_numbers_of_fields_are_bounded(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct buffer *body = buffer_new(context);
	struct form *form;

	for (int i = 0; i < 128; i++)
		buffer_format(body, "f%d=%d&", i, i);
	assert_null(form_parse(context, buffer_bytes(body), &form));
	assert_int_equal(form->count, 128);
	assert_string_equal(form_get(form, "f127"), "127");
	buffer_text(body, "one=more");
	assert_non_null(form_parse(context, buffer_bytes(body), &form));

	body = buffer_new(context);
	for (int i = 0; i < 64; i++)
		buffer_text(body, "n");
	assert_null(form_parse(context, buffer_bytes(body), &form));
	buffer_text(body, "n=1");
	assert_non_null(form_parse(context, buffer_bytes(body), &form));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_form_is_read_as_it_was_typed),
		cmocka_unit_test(lines_end_as_on_unix_and_text_is_trimmed_when_asked),
		cmocka_unit_test(an_empty_body_is_an_empty_form),
		cmocka_unit_test(what_no_browser_sends_is_refused),
		cmocka_unit_test(what_is_not_utf8_is_named_beside_all_that_can_be_read),
		cmocka_unit_test(names_and_numbers_of_fields_are_bounded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
