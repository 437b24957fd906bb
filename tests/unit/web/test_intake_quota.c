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
	assert_int_equal(others, 200); /* a third of the hour, and then the first one of each */
}

/* So many addresses send all they can, every minute, for two hours. */
static void flood_from(int addresses)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct quota *quota = quota_new(context, 300, 20);
	char address[32];
	int taken = 0;

	for (int64_t minute = 0; minute < 120; minute++) {
		for (int i = 0; i < 10 * addresses; i++) {
			snprintf(address, sizeof address, "10.0.%d.%d", i % addresses / 250,
				i % addresses % 250);
			taken += quota_report(quota, address, 1 + minute * MINUTE) == 0;
		}
		snprintf(address, sizeof address, "192.0.2.%d", (int)minute);
		assert_int_equal(quota_report(quota, address, 1 + minute * MINUTE), 0);
	}
	assert_in_range(taken, 300, 3 * 1200); /* what the card has to bear */
}

static void whoever_comes_anew_gets_in_while_thirty_a_hundred_or_three_hundred_flood(void **state)
{
	flood_from(30);
	flood_from(100);
	flood_from(300);
}

static void what_was_not_taken_beyond_the_hour_is_given_back_there(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct quota *quota = quota_new(context, 3, 20);
	char address[32];

	for (int i = 0; i < 3; i++) {
		snprintf(address, sizeof address, "10.0.0.%d", i);
		assert_int_equal(quota_report(quota, address, 1), 0);
	}
	for (int i = 0; i < 100; i++) {
		assert_int_equal(quota_report(quota, "10.0.1.1", 1), 0);
		quota_report_back(quota, "10.0.1.1");
	}
	assert_int_equal(quota_report(quota, "10.0.1.1", 1), 0);
	assert_true(quota_report(quota, "10.0.1.1", 1) > 0);
}

static void a_machine_with_a_network_of_addresses_is_one(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct quota *quota = quota_new(context, 300, 20);
	char address[32];
	int taken = 0;

	for (int i = 0; i < 1000; i++) {
		snprintf(address, sizeof address, "2001:db8::%x", i);
		taken += quota_report(quota, address, 1) == 0;
	}
	assert_int_equal(taken, 20);
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
	assert_int_equal(taken, 300 + QUOTA_BEYOND * 300);
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

#define MEGABYTE (UINT64_C(1) << 20)

static void photos_have_a_days_budget_and_an_address_a_quarter_of_it(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct quota *quota = quota_new(context, 300, 20);
	int taken = 0, others = 0;
	char address[32];

	assert_int_equal(quota_photo(quota, "10.0.0.1", 1, 1), 24); /* none are taken */
	quota_photos(quota, 200 * MEGABYTE, 100 * MEGABYTE, 1);
	for (int i = 0; i < 100; i++)
		taken += quota_photo(quota, "10.0.0.1", 10 * MEGABYTE, 1) == 0;
	assert_int_equal(taken, 5);
	assert_true(quota_photo(quota, "10.0.0.1", 10 * MEGABYTE, 1) > 0);
	for (int i = 0; i < 100; i++) {
		snprintf(address, sizeof address, "10.0.1.%d", i);
		others += quota_photo(quota, address, 10 * MEGABYTE, 1) == 0;
	}
	assert_int_equal(others, 5); /* what lay on the card from before counts, too */
	quota_photo_back(quota, "10.0.0.1", 10 * MEGABYTE);
	assert_int_equal(quota_photo(quota, "10.0.0.1", 10 * MEGABYTE, 1), 0);
	assert_int_equal(quota_photo(quota, "10.0.0.1", 10 * MEGABYTE, 24 * 60 * MINUTE), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_waits_while_another_goes_on),
		cmocka_unit_test(who_sends_many_leaves_a_third_of_the_hour_to_others),
		cmocka_unit_test(whoever_comes_anew_gets_in_while_thirty_a_hundred_or_three_hundred_flood),
		cmocka_unit_test(what_was_not_taken_beyond_the_hour_is_given_back_there),
		cmocka_unit_test(a_machine_with_a_network_of_addresses_is_one),
		cmocka_unit_test(the_hub_takes_so_many_an_hour_from_all),
		cmocka_unit_test(what_was_not_taken_is_given_back),
		cmocka_unit_test(zero_is_no_limit),
		cmocka_unit_test(photos_have_a_days_budget_and_an_address_a_quarter_of_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
