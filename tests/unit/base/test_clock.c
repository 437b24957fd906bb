/* Time only goes forward, however wrong the clock on the wall is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/clock.h"

#define DAY (UINT64_C(24) * 3600 * 1000 << 16)

static void each_value_is_greater_than_the_one_before(void **state)
{
	uint64_t last = clock_next();

	for (int i = 0; i < 100000; i++) {
		uint64_t next = clock_next();

		assert_true(next > last);
		last = next;
	}
	assert_true(last >= (uint64_t)1700000000000 << 16); /* never below the build's date */
}

static void it_starts_behind_what_was_last_used(void **state)
{
	uint64_t last = clock_next() + (UINT64_C(3600) * 1000 << 16);

	clock_start(last);
	assert_true(clock_next() == last + 1);
	clock_start(1); /* never back */
	assert_true(clock_next() == last + 2);
}

static void another_hub_moves_it_by_a_day_at_most(void **state)
{
	uint64_t now = clock_next(), near = now + DAY / 4;

	clock_see(near);
	assert_true(clock_next() > near);
	now = clock_next();
	clock_see(((uint64_t)clock_wall_ms() << 16) + 2 * DAY);
	clock_see(UINT64_MAX);
	clock_see(0);
	assert_true(clock_next() == now + 1);
}

static void text_goes_there_and_back(void **state)
{
	static const char *const bad[] = {"", "0", "0193f2a0b1c4000", "0193f2a0b1c400030", "0193F2a0b1c40003",
		"0193f2a0b1c4000g", " 193f2a0b1c40003", "-193f2a0b1c40003"};
	char text[HLC_SIZE];
	uint64_t value = 7;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_non_null(clock_hlc_parse(bad[i], &value));
	assert_true(value == 7);
	assert_null(clock_hlc_parse("0193f2a0b1c40003", &value));
	clock_hlc_text(text, value);
	assert_string_equal(text, "0193f2a0b1c40003");
	assert_null(clock_hlc_parse("ffffffffffffffff", &value));
	assert_true(value == UINT64_MAX);
}

struct taker {
	pthread_t thread;
	uint64_t values[1000];
};

static void *take(void *user)
{
	struct taker *taker = user;

	for (int i = 0; i < 1000; i++)
		taker->values[i] = clock_next();
	return NULL;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void threads_never_share_a_value(void **state)
{
	static struct taker takers[4];
	static uint64_t all[4000];

	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&takers[i].thread, NULL, take, &takers[i]), 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(takers[i].thread, NULL);
		memcpy(all + 1000 * i, takers[i].values, sizeof takers[i].values);
	}
	qsort(all, 4000, sizeof *all, by_value);
	for (int i = 1; i < 4000; i++)
		assert_true(all[i] != all[i - 1]);
}

static void the_boot_clock_runs(void **state)
{
	int64_t before = clock_boot_ms();

	assert_true(before > 0);
	assert_true(clock_boot_ms() >= before);
	assert_true(clock_wall_seconds() <= clock_wall_ms() / 1000 && clock_wall_seconds() > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_value_is_greater_than_the_one_before),
		cmocka_unit_test(it_starts_behind_what_was_last_used),
		cmocka_unit_test(another_hub_moves_it_by_a_day_at_most),
		cmocka_unit_test(text_goes_there_and_back),
		cmocka_unit_test(threads_never_share_a_value),
		cmocka_unit_test(the_boot_clock_runs),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
