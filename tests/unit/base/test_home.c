/* A state directory is made once, recognised again, and never made out of somebody else's. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/base/files.h"
#include "node/base/home.h"
#include "tests/unit/place.h"

static struct bytes text_bytes(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static void what_was_made_is_opened_again(void **state)
{
	char *path = place_file(*state, "hub"), *format;
	struct home *home;
	struct bytes text;
	struct stat st;

	assert_int_equal(home_open(*state, path, &home)->code, ERROR_NOT_FOUND);
	assert_null(home_create(*state, path, &home));
	assert_int_equal(stat(home_file(*state, home, "keys"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(stat(home_file(*state, home, "run"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	format = home_file(*state, home, "format");
	assert_null(files_read(*state, format, 100, &text));
	assert_string_equal((const char *)text.data, "engabo 1\n");
	assert_null(
		files_write(home_file(*state, home, "engabo.conf"), text_bytes("[hub]\ncode = GUL\n"), 0644));
	assert_null(home_open(*state, path, &home));
	assert_string_equal(home->path, path);
	assert_string_equal(home->config->hub.code, "GUL");
}

static void a_path_becomes_absolute(void **state)
{
	struct home *home;

	assert_int_equal(chdir(*state), 0);
	assert_null(home_create(*state, "hub", &home));
	assert_string_equal(home->path, place_file(*state, "hub"));
	assert_int_equal(chdir("/"), 0);
	assert_true(files_exist(home_file(*state, home, "format")));
}

static void nothing_is_overwritten(void **state)
{
	char *path = place_file(*state, "hub"), *other = place_file(*state, "letters");
	const struct error *error;
	struct home *home;

	assert_null(home_create(*state, path, &home));
	error = home_create(*state, path, &home);
	assert_int_equal(error->code, ERROR_EXISTS);
	assert_non_null(strstr(error->message, "there is a hub"));
	assert_null(files_directory(other, 0700));
	assert_null(files_write(place_file(*state, "letters/letter"), text_bytes("dear"), 0600));
	error = home_create(*state, other, &home);
	assert_int_equal(error->code, ERROR_EXISTS);
	assert_non_null(strstr(error->message, "letter"));
	assert_false(files_exist(place_file(*state, "letters/keys")));
	assert_int_equal(
		home_create(*state, place_file(*state, "letters/letter"), &home)->code, ERROR_EXISTS);
	assert_int_equal(
		home_create(*state, place_file(*state, "no/such/hub"), &home)->code, ERROR_NOT_FOUND);
	assert_null(files_directory(place_file(*state, "empty"), 0700));
	assert_null(home_create(*state, place_file(*state, "empty"), &home));
}

static void half_a_hub_is_none_and_is_begun_anew(void **state)
{
	char *path = place_file(*state, "hub"), *key = place_file(*state, "hub/keys/sign");
	struct home_making first, second;
	struct home *home;

	assert_null(home_begin(*state, path, &first));
	assert_null(files_write(key, text_bytes("secret"), 0600));
	assert_int_equal(home_open(*state, path, &home)->code, ERROR_NOT_FOUND);
	assert_int_equal(
		home_begin(*state, path, &second)->code, ERROR_UNAVAILABLE); /* it is at work there */
	assert_true(files_exist(key));
	fd_close(first.lock); /* as if it was killed */
	assert_null(home_begin(*state, path, &second));
	assert_false(files_exist(key));
	assert_null(home_finish(&second));
	assert_null(home_open(*state, path, &home));
	assert_int_equal(home_begin(*state, path, &first)->code, ERROR_EXISTS);
}

static void what_is_given_up_leaves_nothing(void **state)
{
	char *path = place_file(*state, "hub");
	struct home_making making;

	assert_null(home_begin(*state, path, &making));
	assert_null(files_write(place_file(*state, "hub/keys/sign"), text_bytes("secret"), 0600));
	home_abandon(&making);
	assert_false(files_exist(path));
	assert_null(files_directory(path, 0700));
	assert_null(home_begin(*state, path, &making));
	home_abandon(&making);
	assert_true(files_exist(path)); /* it was there before */
	assert_int_equal(rmdir(path), 0);
}

static void another_version_is_refused_in_words(void **state)
{
	static const char *const formats[] = {
		"engabo 2\n", "engabo 1", "engabo 1\nmore\n", "", "something else\n"};
	char *path = place_file(*state, "hub");
	const struct error *error;
	struct home *home = NULL;

	assert_null(files_directory(path, 0700));
	error = home_open(*state, path, &home);
	assert_int_equal(error->code, ERROR_NOT_FOUND);
	assert_non_null(strstr(error->message, "engabo init"));
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		assert_null(files_write(place_file(*state, "hub/format"), text_bytes(formats[i]), 0644));
		assert_int_equal(home_open(*state, path, &home)->code, ERROR_CONFIG);
	}
	assert_null(files_write(place_file(*state, "hub/format"), text_bytes("engabo 1\n"), 0644));
	assert_null(files_write(place_file(*state, "hub/engabo.conf"), text_bytes("nonsense\n"), 0644));
	assert_int_equal(home_open(*state, path, &home)->code, ERROR_CONFIG);
	assert_null(home);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(what_was_made_is_opened_again),
		PLACE_TEST(a_path_becomes_absolute),
		PLACE_TEST(nothing_is_overwritten),
		PLACE_TEST(half_a_hub_is_none_and_is_begun_anew),
		PLACE_TEST(what_is_given_up_leaves_nothing),
		PLACE_TEST(another_version_is_refused_in_words),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
