/* JSON from outside is one bounded object, or nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "node/base/json.h"

static const struct error *parse(const char *text, json_t **out)
{
	return json_object_parse((struct bytes){(const uint8_t *)text, strlen(text)}, out);
}

static void only_one_clean_object_is_taken(void **state)
{
	static const char *const bad[] = {"", "null", "[]", "\"a\"", "{", "{}x", "{}{}", "{\"a\":1,\"a\":2}",
		"{\"a\":\"\xff\"}", "{\"a\":\"\\u0000\"}", "{\"a\":\"\\ud800\"}", "{a:1}", "{\"a\":1,}",
		"{\"a\":99999999999999999999}", "{\"a\":[[[[[[[[1]]]]]]]]}"};
	json_t *object = NULL;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const struct error *error = parse(bad[i], &object);

		assert_non_null(error);
		assert_int_equal(error->code, ERROR_INVALID);
		assert_null(object);
	}
	assert_non_null(json_object_parse(BYTES_OF("{}"), &object)); /* the NUL is a byte behind it */
	assert_null(parse(" {\"a\":[[[[[[[1]]]]]]],\"b\":\"[[[[[[[[[[\\\"[[\"}\n", &object));
	json_decref(object);
}

static void getters_measure_what_they_give(void **state)
{
	json_t *object CLEANUP(json_decref) = NULL, *child;
	const char *text = "untouched";
	int64_t number = 7;

	assert_null(parse(
		"{\"text\":\"abc\",\"number\":5,\"list\":[1,2],\"object\":{},\"null\":null,\"half\":0.5}",
		&object));
	assert_non_null(json_get_string(object, "text", 2, &text));
	assert_non_null(json_get_string(object, "number", 9, &text));
	assert_non_null(json_get_string(object, "none", 9, &text));
	assert_string_equal(text, "untouched");
	assert_null(json_get_string(object, "text", 3, &text));
	assert_string_equal(text, "abc");
	assert_non_null(json_get_integer(object, "number", 6, 9, &number));
	assert_non_null(json_get_integer(object, "number", 1, 4, &number));
	assert_non_null(json_get_integer(object, "half", 0, 9, &number));
	assert_int_equal(number, 7);
	assert_null(json_get_integer(object, "number", 5, 5, &number));
	assert_int_equal(number, 5);
	assert_null(json_get_array(object, "list", 2, &child));
	assert_int_equal(json_array_size(child), 2);
	assert_non_null(json_get_array(object, "list", 1, &child));
	assert_non_null(json_get_array(object, "object", 1, &child));
	assert_null(json_get_object(object, "object", &child));
	assert_non_null(json_get_object(object, "list", &child));
	assert_string_equal(json_text_or(object, "text", "else"), "abc");
	assert_string_equal(json_text_or(object, "null", "else"), "else");
	assert_string_equal(json_text_or(object, "none", "else"), "else");
}

static void printing_keeps_the_order_and_parses_back(void **state)
{
	void *context = memory_context(NULL);
	json_t *object CLEANUP(json_decref) = NULL, *back CLEANUP(json_decref) = NULL;
	struct bytes line, pretty;

	assert_null(parse("{\"z\":1,\"a\":[\"x\\ny\",{}]}", &object));
	line = json_line(context, object);
	assert_string_equal((const char *)line.data, "{\"z\":1,\"a\":[\"x\\ny\",{}]}");
	assert_int_equal(line.len, strlen((const char *)line.data));
	pretty = json_pretty(context, object);
	assert_int_equal(pretty.data[pretty.len - 1], '\n');
	assert_null(json_object_parse(pretty, &back));
	assert_true(json_equal(object, back));
	memory_free(context);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_one_clean_object_is_taken),
		cmocka_unit_test(getters_measure_what_they_give),
		cmocka_unit_test(printing_keeps_the_order_and_parses_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
