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
		steps_done(&steps, steps.size);
	}
	assert_true(count <= 11);
	steps_begin(&steps, steps.size); /* the next round remembers */
	assert_true(steps.size >= 50 * MB);
}

/* A line that carries `window` bytes between two cuts, on average; each step costs `pause` bytes more. */
static void run_line(struct steps *steps, int64_t window, int64_t pause, int64_t total, int64_t *lost)
{
	int64_t left = window / 2 + (int64_t)(tools_random((uint64_t)window)), done = 0;

	for (*lost = 0; done < total;) {
		if (steps->size + pause <= left) {
			left -= steps->size + pause;
			done += steps->size;
			steps_done(steps, steps->size);
		} else {
			*lost += left > pause ? left - pause : 0;
			left = window / 2 + (int64_t)(tools_random((uint64_t)window));
			steps_cut(steps);
		}
	}
}

static void of_what_goes_over_a_bad_line_little_goes_twice(void **state)
{
	(void)state;
	for (int64_t window = 256 * 1024; window < 64 * MB; window *= 2) {
		struct steps steps;
		int64_t lost;

		steps_begin(&steps, 0);
		run_line(&steps, window, window / 64, 40 * window, &lost);
		if (lost * 100 / (40 * window) > 15)
			fail_msg("%lld of %lld bytes were sent twice", (long long)lost,
				(long long)(40 * window));
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
		steps_cut(&steps);
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
