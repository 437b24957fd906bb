/* A flood from one place leaves room for the next person; what was not taken costs nobody anything; memory is
 * bounded. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#include "node/base/memory.h"
#include "web/intake/quota.h"

#define MINUTE INT64_C(60000)

static void an_address_waits_while_another_goes_on(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct quota *quota = quota_new(context, 300, 20);

	for (int i = 0; i < 20; i++)
		assert_int_equal(quota_report(quota, "10.0.0.1", 1), 0);
	for (int64_t now = 1; now < 30 * MINUTE; now += MINUTE) { /* and then one a minute */
		assert_int_equal(quota_report(quota, "10.0.0.1", now), 1);
		assert_int_equal(quota_report(quota, "10.0.0.2", now), 0);
		assert_int_equal(quota_report(quota, "10.0.0.1", now + MINUTE), 0);
	}
}

static void who_sends_many_leaves_a_third_of_the_hour_to_others(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct quota *quota = quota_new(context, 300, 150);
	char address[32];
	int many = 0, others = 0;

	for (int i = 0; i < 600; i++) {
		snprintf(address, sizeof address, "10.0.0.%d", i % 2);
		many += quota_report(quota, address, 1) == 0;
	}
	assert_int_equal(many, 200);
	for (int i = 0; i < 200; i++) {
		snprintf(address, sizeof address, "10.0.1.%d", i);
		others += quota_report(quota, address, 1) == 0;
	}
	assert_int_equal(others, 100);
}

static void the_hub_takes_so_many_an_hour_from_all(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct quota *quota = quota_new(context, 300, 20);
	char address[32];
	int taken = 0;

	for (int i = 0; i < 4000; i++) { /* more places than are remembered */
		snprintf(address, sizeof address, "10.1.%d.%d", i / 250, i % 250);
		taken += quota_report(quota, address, 5) == 0;
	}
	assert_int_equal(taken, 300);
	assert_int_equal(quota_report(quota, "10.2.0.1", 5 + 60 * MINUTE), 0);
}

static void what_was_not_taken_is_given_back(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct quota *quota = quota_new(context, 300, 2);

	for (int i = 0; i < 1000; i++) {
		assert_int_equal(quota_report(quota, "10.0.0.1", 1), 0);
		quota_report_back(quota, "10.0.0.1");
	}
}

static void zero_is_no_limit(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct quota *quota = quota_new(context, 0, 0);

	for (int i = 0; i < 10000; i++)
		assert_int_equal(quota_report(quota, "10.0.0.1", 1), 0);
	quota_report_back(quota, "10.0.0.1");
}

static void guesses_stay_below_ten_in_any_minute(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct quota *quota = quota_new(context, 300, 20);
	int64_t taken[1000];
	size_t count = 0;
	char address[32];

	for (int64_t now = 1; now < 10 * MINUTE; now += 500) { /* a new address for each try */
		snprintf(address, sizeof address, "fe80::%x", (unsigned)now);
		if (!quota_try(quota, address, now))
			taken[count++] = now;
	}
	for (size_t i = 10; i < count; i++)
		assert_true(taken[i] - taken[i - 10] > MINUTE);
	assert_true(count > 40); /* and people are not shut out */
}

static void who_has_the_code_is_never_made_to_wait(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct quota *quota = quota_new(context, 300, 20);

	for (int i = 0; i < 100; i++) {
		assert_int_equal(quota_try(quota, "10.0.0.1", 7), 0);
		quota_try_back(quota, "10.0.0.1");
	}
	for (int i = 0; i < 10; i++)
		quota_try(quota, "10.0.0.9", 7);
	assert_int_not_equal(quota_try(quota, "10.0.0.9", 7), 0);
	assert_int_equal(quota_try(quota, "10.0.0.1", 7), 0); /* one who guesses leaves room */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_waits_while_another_goes_on),
		cmocka_unit_test(who_sends_many_leaves_a_third_of_the_hour_to_others),
		cmocka_unit_test(the_hub_takes_so_many_an_hour_from_all),
		cmocka_unit_test(what_was_not_taken_is_given_back),
		cmocka_unit_test(zero_is_no_limit),
		cmocka_unit_test(guesses_stay_below_ten_in_any_minute),
		cmocka_unit_test(who_has_the_code_is_never_made_to_wait),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
