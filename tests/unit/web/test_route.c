/* An address means one page or none. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "web/route.h"

static const struct error *page_a(struct request *request)
{
	return NULL;
}
static const struct error *page_b(struct request *request)
{
	return NULL;
}

static const struct route table[] = {
	{METHOD_GET, "/cases/new", page_a, 1},
	{METHOD_POST, "/cases/new", page_b, 2},
	{METHOD_GET, "/cases/*", page_a, 3},
	{METHOD_GET | METHOD_POST, "/cases", page_a, 4},
	{0, NULL, NULL, 0},
};

static int tag_of(const char *path, int method, int *allowed, const char **rest)
{
	const struct route *route;

	*rest = "";
	route = route_find(table, path, method, allowed, rest);
	return route ? route->tag : 0;
}

static void the_first_pattern_that_fits_decides(void **state)
{
	const char *rest;
	int allowed;

	assert_int_equal(tag_of("/cases/new", METHOD_GET, &allowed, &rest), 1);
	assert_int_equal(allowed, METHOD_GET | METHOD_POST);
	assert_string_equal(rest, "");
	assert_int_equal(tag_of("/cases/new", METHOD_POST, &allowed, &rest), 2);
	assert_int_equal(tag_of("/cases/GUL-1/edit", METHOD_GET, &allowed, &rest), 3);
	assert_string_equal(rest, "GUL-1/edit");
	assert_int_equal(tag_of("/cases/", METHOD_GET, &allowed, &rest), 3);
	assert_string_equal(rest, "");
	assert_int_equal(tag_of("/cases", METHOD_POST, &allowed, &rest), 4);
}

static void what_is_not_in_the_table_is_not_there(void **state)
{
	const char *rest;
	int allowed;

	assert_int_equal(tag_of("/case", METHOD_GET, &allowed, &rest), 0);
	assert_int_equal(allowed, 0);
	assert_int_equal(tag_of("/cases/GUL-1", METHOD_POST, &allowed, &rest), 0);
	assert_int_equal(allowed, METHOD_GET);
	assert_int_equal(tag_of("/cases/new", 0, &allowed, &rest), 0);
	assert_int_equal(allowed, METHOD_GET | METHOD_POST);
}

static void a_plain_address_is_decoded_once(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	static const char *const good[][2] = {
		{"/", "/"},
		{"/a/", "/a/"},
		{"/a%20b+c", "/a b+c"},
		{"/%C5%8Bma", "/\xc5\x8bma"},
		{"/%2541", "/%41"},
		{"/...", "/..."},
		{"/.a/..b", "/.a/..b"},
		{"/%3Fq%23", "/?q#"},
	};
	const char *path;

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_null(route_path(context, good[i][0], strlen(good[i][0]), &path));
		assert_string_equal(path, good[i][1]);
	}
	assert_null(route_path(context, "/cases?q=1", 6, &path));
	assert_string_equal(path, "/cases");
}

static void an_address_with_two_meanings_is_refused(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	static const char *const bad[] = {
		"",
		"a",
		"*",
		"http://hub/",
		"/..",
		"/../a",
		"/a/..",
		"/a/../b",
		"/.",
		"/a/.",
		"/./a",
		"//",
		"//a",
		"/a//b",
		"/a//",
		"/%2e%2e/a",
		"/%2E",
		"/a%2fb",
		"/a%2Fb",
		"/a%5cb",
		"/a\\b",
		"/%00",
		"/a%00.html",
		"/%0d%0a",
		"/\x01",
		"/%7f",
		"/%",
		"/%4",
		"/%zz",
		"/%4g",
		"/%ff",
		"/\xff",
		"/%c0%ae%c0%ae/a",
		"/%ed%a0%80",
	};
	const char *path = NULL;
	char long_path[1100];

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const struct error *error = route_path(context, bad[i], strlen(bad[i]), &path);

		if (!error)
			print_message("%s became %s\n", bad[i], path);
		assert_non_null(error);
		assert_int_equal(error->code, ERROR_INVALID);
	}
	assert_non_null(route_path(context, "/%41", 3, &path)); /* the escape reaches past the end */
	memset(long_path, 'a', sizeof long_path);
	long_path[0] = '/';
	assert_null(route_path(context, long_path, 1024, &path));
	assert_non_null(route_path(context, long_path, 1025, &path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_pattern_that_fits_decides),
		cmocka_unit_test(what_is_not_in_the_table_is_not_there),
		cmocka_unit_test(a_plain_address_is_decoded_once),
		cmocka_unit_test(an_address_with_two_meanings_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
