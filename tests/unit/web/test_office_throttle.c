/* Guessing a passphrase is slow whatever name, address or browser it comes from, and the owner still gets in.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>

#include "web/office/throttle.h"

#define MINUTE 60000

static int set_up(void **state)
{
	*state = throttle_new(NULL);
	return 0;
}

static int tear_down(void **state)
{
	memory_free(*state);
	return 0;
}

static void a_few_slips_cost_nothing(void **state)
{
	struct throttle_who who = {"akello", "10.0.0.7", NULL};

	for (int i = 0; i < 3; i++) {
		assert_int_equal(throttle_wait_ms(*state, &who, 1000), 0);
		throttle_failed(*state, &who, 1000);
	}
	assert_int_equal(throttle_wait_ms(*state, &who, 1000), 0);
	throttle_failed(*state, &who, 1000);
	assert_int_equal(throttle_wait_ms(*state, &who, 1000), 20000);
	assert_int_equal(throttle_wait_ms(*state, &who, 21000), 0);
}

/* How many guesses get through until `guesses` are made, each as soon as it may be; and how long that took.
 */
static int64_t time_of(struct throttle *throttle, int guesses, bool changes_name, bool changes_source)
{
	int64_t now = 1;

	for (int i = 0; i < guesses; i++) {
		char account[32], source[32];
		struct throttle_who who = {account, source, NULL};

		snprintf(account, sizeof account, "name%d", changes_name ? i : 0);
		snprintf(source, sizeof source, "10.0.%d.%d", changes_source ? i / 256 : 0,
			changes_source ? i % 256 : 0);
		now += throttle_wait_ms(throttle, &who, now);
		throttle_failed(throttle, &who, now);
	}
	return now;
}

static void ten_thousand_guesses_come_to_fewer_than_ten_a_minute(void **state)
{
	assert_true(10000 / ((double)time_of(*state, 10000, false, true) / MINUTE) <
		    10); /* one name from everywhere */
	assert_true(10000 / ((double)time_of(throttle_new(*state), 10000, true, false) / MINUTE) < 10);
	assert_true(10000 / ((double)time_of(throttle_new(*state), 10000, false, false) / MINUTE) < 10);
}

static void nobody_waits_longer_than_ten_minutes(void **state)
{
	struct throttle_who who = {"akello", "10.0.0.7", NULL};

	for (int i = 0; i < 100000; i++)
		throttle_failed(*state, &who, 1000);
	assert_int_equal(throttle_wait_ms(*state, &who, 1000), 10 * MINUTE);
	assert_int_equal(throttle_wait_ms(*state, &who, 1000 + 10 * MINUTE), 0);
}

static void an_hour_without_a_failure_or_signing_in_forgets_them(void **state)
{
	struct throttle_who who = {"akello", "10.0.0.7", NULL};

	for (int i = 0; i < 50; i++)
		throttle_failed(*state, &who, 1000);
	throttle_succeeded(*state, &who);
	assert_int_equal(throttle_wait_ms(*state, &who, 1001), 0);
	for (int i = 0; i < 50; i++)
		throttle_failed(*state, &who, 2000);
	throttle_failed(*state, &who, 2000 + 61 * MINUTE);
	assert_int_equal(throttle_wait_ms(*state, &who, 2001 + 61 * MINUTE), 0);
}

static void the_owner_s_own_browser_is_not_held_up_by_strangers(void **state)
{
	struct throttle_who owner = {"akello", "10.0.0.7", "the owner's laptop"};

	time_of(*state, 1000, true, true);
	for (int i = 0; i < 1000; i++)
		throttle_failed(*state, &(struct throttle_who){"akello", "10.0.0.7", NULL}, 5000);
	assert_int_equal(throttle_wait_ms(*state, &owner, 5000), 0);
	for (int i = 0; i < 4; i++)
		throttle_failed(*state, &owner, 5000);
	assert_int_equal(throttle_wait_ms(*state, &owner, 5000), 20000); /* it is held up by its own */
}

static void guesses_from_a_known_browser_count_for_the_account_and_signing_in_there_does_not_undo_it(
	void **state)
{
	struct throttle_who known = {"akello", "10.0.0.7", "the owner's laptop"},
			    other = {"akello", "10.0.0.8", NULL};

	for (int i = 0; i < 8; i++)
		throttle_failed(*state, &known, 5000);
	throttle_succeeded(*state, &known);
	assert_int_equal(throttle_wait_ms(*state, &known, 5000), 0);
	assert_int_equal(throttle_wait_ms(*state, &other, 5000), 40000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_few_slips_cost_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			ten_thousand_guesses_come_to_fewer_than_ten_a_minute, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nobody_waits_longer_than_ten_minutes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			an_hour_without_a_failure_or_signing_in_forgets_them, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			the_owner_s_own_browser_is_not_held_up_by_strangers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			guesses_from_a_known_browser_count_for_the_account_and_signing_in_there_does_not_undo_it,
			set_up, tear_down),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
