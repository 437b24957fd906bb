/* How much is sent at once over lines that are good, bad, and hardly there. */
#include "tests/unit/vault/tools.h"

#include "sync/steps.h"

#define MB (1024 * 1024)

static void a_good_line_soon_carries_everything_at_once(void **state)
{
	struct steps steps;
	int64_t sent = 0;
	int count = 0;

	(void)state;
	for (steps_begin(&steps, 0); sent < 100 * MB; count++) {
		sent += steps.size;
		steps_done(&steps, steps.size, 100);
	}
	assert_true(count <= 11);
	steps_begin(&steps, steps.size); /* the next round remembers */
	assert_true(steps.size >= 50 * MB);
}

/* A line of so many bytes a millisecond that lasts so long on average; each step takes `pause` longer.
 * Answers how many per cent of the steps' time was lost. */
static int64_t run_line(struct steps *steps, int64_t rate, int64_t lasts_ms, int64_t pause_ms)
{
	int64_t left = lasts_ms, lost = 0, used = 0;

	for (int cuts = 0; cuts < 60;) {
		int64_t takes = steps->size / rate + pause_ms;

		if (takes <= left) {
			left -= takes;
			used += takes;
			steps_done(steps, steps->size, takes);
		} else {
			lost += left;
			steps_cut(steps, left);
			cuts++;
			left = lasts_ms / 2 + (int64_t)tools_random((uint64_t)lasts_ms);
		}
	}
	return lost * 100 / (lost + used);
}

static void of_what_goes_over_a_bad_line_little_goes_twice(void **state)
{
	(void)state;
	for (int64_t rate = 10; rate < 2000; rate *= 4)
		for (int64_t pause = 100; pause <= 2000; pause *= 2) {
			struct steps steps;
			int64_t lost;

			steps_begin(&steps, 0);
			lost = run_line(&steps, rate, 30000, pause);
			if (lost > 20) /* a tenth, and what finding out has cost */
				fail_msg("%lld %% at %lld bytes/ms with pauses of %lld ms", (long long)lost,
					(long long)rate, (long long)pause);
			assert_true(steps.size > 2 * 1024 * rate); /* and the pauses do not eat the time */
		}
}

static void a_line_that_lets_nothing_through_gets_less_and_less_but_something(void **state)
{
	struct steps steps;
	int64_t before = 0;

	(void)state;
	steps_begin(&steps, 0);
	for (int i = 0; i < 100; i++) {
		before = steps.size;
		steps_cut(&steps, 1000);
		assert_true(steps.size <= before && steps.size > 0);
	}
	assert_int_equal(steps.size, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_line_soon_carries_everything_at_once),
		cmocka_unit_test(of_what_goes_over_a_bad_line_little_goes_twice),
		cmocka_unit_test(a_line_that_lets_nothing_through_gets_less_and_less_but_something),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, tools_start, tools_end);
}
