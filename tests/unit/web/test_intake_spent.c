/* What was left is not answered again; a finger that presses twice is; the memory has an end. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "node/base/memory.h"
#include "web/intake/spent.h"

static void what_was_taken_is_not_taken_again(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct spent *spent = spent_new(context);

	assert_true(spent_take(spent, 7, 1000));
	assert_true(spent_take(spent, 7, 1000 + SPENT_GRACE_MS - 1));
	assert_false(spent_take(spent, 7, 1000 + SPENT_GRACE_MS));
	assert_true(spent_take(spent, 8, 1000 + SPENT_GRACE_MS));
	assert_false(spent_is_left(spent, 7));
}

static void what_was_left_is_not_taken_even_at_once(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct spent *spent = spent_new(context);

	assert_true(spent_take(spent, 7, 1000));
	spent_leave(spent, 7);
	assert_true(spent_is_left(spent, 7));
	assert_false(spent_take(spent, 7, 1000));
	spent_leave(spent, 9);
	assert_false(spent_take(spent, 9, 1000));
	assert_false(spent_is_left(spent, 10));
}

static void it_holds_the_newest_and_does_not_grow(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct spent *spent = spent_new(context);

	for (int64_t id = 1; id <= SPENT_MOST + 1; id++)
		spent_leave(spent, id);
	assert_false(spent_is_left(spent, 1));
	assert_true(spent_is_left(spent, 2));
	assert_true(spent_is_left(spent, SPENT_MOST + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_taken_is_not_taken_again),
		cmocka_unit_test(what_was_left_is_not_taken_even_at_once),
		cmocka_unit_test(it_holds_the_newest_and_does_not_grow),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
