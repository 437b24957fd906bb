/* What failed is said in one line, with a code that scripts can rely on. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "node/base/error.h"

static void an_error_is_one_line(void **state)
{
	const struct error *error =
		error_new(ERROR_INVALID, "bad \"%s\" at %d", "a\nforged: line\x1b[31m\x7f", 3);

	assert_int_equal(error->code, ERROR_INVALID);
	assert_string_equal(error->message, "bad \"a?forged: line?[31m?\" at 3");
	error = error_wrap(error, "file %s", "x\r");
	assert_int_equal(error->code, ERROR_INVALID);
	assert_string_equal(error->message, "file x?: bad \"a?forged: line?[31m?\" at 3");
}

static void a_long_one_is_cut_and_not_spilt(void **state)
{
	char text[2000];
	const struct error *error;

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	error = error_new(ERROR_SYSTEM, "%s", text);
	assert_int_equal(strlen(error->message), sizeof error->message - 1);
	error = error_wrap(error, "%s", text);
	assert_int_equal(strlen(error->message), sizeof error->message - 1);
	error = error_system(EIO, "%s", text);
	assert_int_equal(strlen(error->message), sizeof error->message - 1);
}

static void the_system_s_refusals_have_their_codes(void **state)
{
	assert_int_equal(error_system(ENOSPC, "x")->code, ERROR_FULL);
	assert_int_equal(error_system(EDQUOT, "x")->code, ERROR_FULL);
	assert_int_equal(error_system(ENOENT, "x")->code, ERROR_NOT_FOUND);
	assert_int_equal(error_system(EACCES, "x")->code, ERROR_DENIED);
	assert_int_equal(error_system(EPERM, "x")->code, ERROR_DENIED);
	assert_int_equal(error_system(EEXIST, "x")->code, ERROR_EXISTS);
	assert_int_equal(error_system(EIO, "x")->code, ERROR_SYSTEM);
	assert_string_equal(error_system(ENOENT, "cannot read %s", "y")->message,
		"cannot read y: No such file or directory");
}

static void exit_statuses_are_those_of_sysexits(void **state)
{
	static const int statuses[][2] = {{ERROR_USAGE, 64}, {ERROR_INVALID, 65}, {ERROR_CONFLICT, 65},
		{ERROR_NOT_FOUND, 66}, {ERROR_LOCKED, 69}, {ERROR_UNAVAILABLE, 69}, {ERROR_EXISTS, 73},
		{ERROR_FULL, 74}, {ERROR_SYSTEM, 74}, {ERROR_DENIED, 77}, {ERROR_CONFIG, 78}};

	assert_int_equal(error_exit_status(NULL), 0);
	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
		assert_int_equal(
			error_exit_status(error_new((enum error_code)statuses[i][0], "x")), statuses[i][1]);
}

static void an_error_lives_through_fifteen_more(void **state)
{
	const struct error *first = error_new(ERROR_FULL, "first");

	for (int i = 0; i < 15; i++)
		error_ignore(error_new(ERROR_SYSTEM, "later"));
	assert_string_equal(first->message, "first");
}

static void *fail_often(void *user)
{
	for (int i = 0; i < 100; i++)
		error_ignore(error_new(ERROR_SYSTEM, "of another thread"));
	return user;
}

static void threads_do_not_touch_each_other_s(void **state)
{
	const struct error *mine = error_new(ERROR_FULL, "mine");
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, fail_often, NULL), 0);
	pthread_join(thread, NULL);
	assert_string_equal(mine->message, "mine");
}

static const struct error *fail_if(int n)
{
	return n ? error_new(ERROR_CONFLICT, "%d", n) : NULL;
}

static const struct error *try_both(int first, int second, int *reached)
{
	TRY(fail_if(first));
	*reached = 1;
	TRY(fail_if(second));
	*reached = 2;
	return NULL;
}

static void try_passes_on_the_first_failure(void **state)
{
	int reached = 0;

	assert_string_equal(try_both(3, 4, &reached)->message, "3");
	assert_int_equal(reached, 0);
	assert_string_equal(try_both(0, 4, &reached)->message, "4");
	assert_int_equal(reached, 1);
	assert_null(try_both(0, 0, &reached));
	assert_int_equal(reached, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_error_is_one_line),
		cmocka_unit_test(a_long_one_is_cut_and_not_spilt),
		cmocka_unit_test(the_system_s_refusals_have_their_codes),
		cmocka_unit_test(exit_statuses_are_those_of_sysexits),
		cmocka_unit_test(an_error_lives_through_fifteen_more),
		cmocka_unit_test(threads_do_not_touch_each_other_s),
		cmocka_unit_test(try_passes_on_the_first_failure),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
