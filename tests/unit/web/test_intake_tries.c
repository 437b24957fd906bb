/* Whoever guesses codes is slow, and makes nobody else slow; whoever has one does not wait. The line is real,
 * with its thread; only its pace is faster than on a hub. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "node/base/clock.h"
#include "node/base/memory.h"
#include "web/intake/tries.h"

#define EVERY_MS 20
#define NEVER_MS 1000000

/* What became of one who asked: -1 waits, 0 let in, else the seconds told. */
struct asking {
	atomic_int said;
};

static atomic_int let_in;

static void said(void *user, int seconds)
{
	struct asking *asking = user;

	if (!seconds)
		atomic_fetch_add(&let_in, 1);
	atomic_store(&asking->said, seconds);
}

static void wait_until_let_in(struct asking *asking)
{
	while (atomic_load(&asking->said) == -1)
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	assert_int_equal(atomic_load(&asking->said), 0);
}

static void ask(struct tries *tries, const char *address, struct asking *asking)
{
	atomic_store(&asking->said, -1);
	tries_ask(tries, address, said, asking);
}

static void a_hundred_right_codes_from_one_address_wait_for_nothing(void **state)
{
	struct asking asking;
	struct tries *tries;

	assert_null(tries_start(NEVER_MS, &tries)); /* a place that is not given back is gone for good */
	for (int i = 0; i < 100; i++) {
		ask(tries, "10.0.0.1", &asking);
		wait_until_let_in(&asking);
		tries_end(tries, "10.0.0.1", true);
	}
	tries_stop(tries);
	tries_free(tries);
}

static void three_wrong_ones_at_once_and_then_only_with_time(void **state)
{
	struct asking asking[10];
	struct tries *tries;
	char address[32];

	assert_null(tries_start(NEVER_MS, &tries));
	for (int i = 0; i < 10; i++) {
		snprintf(address, sizeof address, "10.0.0.%d", i);
		ask(tries, address, &asking[i]);
		if (i < 3) {
			wait_until_let_in(&asking[i]);
			tries_end(tries, address, false);
		}
	}
	nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
	for (int i = 3; i < 10; i++)
		assert_int_equal(atomic_load(&asking[i].said), -1);
	tries_stop(tries); /* and tells those who wait */
	for (int i = 3; i < 10; i++)
		assert_true(atomic_load(&asking[i].said) > 0);
	tries_free(tries);
}

static void a_place_is_kept_for_those_who_have_not_guessed(void **state)
{
	struct asking guess, owner;
	struct tries *tries;

	assert_null(tries_start(NEVER_MS, &tries));
	for (int i = 0; i < 2; i++) {
		ask(tries, "10.0.0.1", &guess);
		wait_until_let_in(&guess);
		tries_end(tries, "10.0.0.1", false);
	}
	ask(tries, "10.0.0.1", &guess);
	ask(tries, "10.0.0.2", &owner);
	wait_until_let_in(&owner);
	assert_int_equal(atomic_load(&guess.said), -1);
	tries_stop(tries);
	tries_free(tries);
}

struct guesser {
	struct tries *tries;
	atomic_bool is_over;
};

static void *guess_at_full_speed(void *user)
{
	struct guesser *guesser = user;
	struct asking asking;

	while (!atomic_load(&guesser->is_over)) {
		ask(guesser->tries, "10.0.0.1", &asking);
		while (atomic_load(&asking.said) == -1)
			nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
		if (!atomic_load(&asking.said))
			tries_end(guesser->tries, "10.0.0.1", false);
	}
	return NULL;
}

/* Behind the very address from which somebody guesses on sixteen connections at once. */
static void the_owner_gets_in_after_those_who_were_there_before(void **state)
{
	struct guesser guesser = {.is_over = false};
	pthread_t threads[16];
	struct asking owner;

	assert_null(tries_start(EVERY_MS, &guesser.tries));
	for (int i = 0; i < 16; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, guess_at_full_speed, &guesser), 0);
	for (int i = 0; i < 5; i++) {
		int before;

		ask(guesser.tries, "10.0.0.1", &owner);
		before = atomic_load(
			&let_in); /* from here on she stands in line, however slow this machine is */
		wait_until_let_in(&owner);
		assert_true(
			atomic_load(&let_in) - before <= 18); /* sixteen before, one after, and this one */
		tries_end(guesser.tries, "10.0.0.1", true);
	}
	atomic_store(&guesser.is_over, true);
	tries_stop(guesser.tries);
	for (int i = 0; i < 16; i++)
		pthread_join(threads[i], NULL);
	tries_free(guesser.tries);
}

static void a_line_has_an_end_and_says_how_long_it_takes(void **state)
{
	struct asking asking[TRIES_AN_ADDRESS + 3];
	struct tries *tries;

	assert_null(tries_start(NEVER_MS, &tries));
	for (int i = 0; i < 2; i++) {
		ask(tries, "10.0.0.1", &asking[0]);
		wait_until_let_in(&asking[0]);
		tries_end(tries, "10.0.0.1", false);
	}
	for (int i = 0; i < TRIES_AN_ADDRESS + 3; i++)
		ask(tries, "10.0.0.1", &asking[i]);
	assert_int_equal(atomic_load(&asking[TRIES_AN_ADDRESS - 1].said), -1);
	assert_int_equal(
		atomic_load(&asking[TRIES_AN_ADDRESS].said), (TRIES_AN_ADDRESS + 1) * NEVER_MS / 1000 + 1);
	ask(tries, "10.0.0.2", &asking[0]); /* of that address alone */
	wait_until_let_in(&asking[0]);
	tries_stop(tries);
	tries_free(tries);
}

struct guess {
	struct tries *tries;
	char address[64];
	atomic_int said;
};

static void guessed(void *user, int seconds)
{
	struct guess *guess = user;

	if (!seconds) {
		atomic_fetch_add(&let_in, 1);
		tries_end(guess->tries, guess->address, false);
	}
	atomic_store(&guess->said, seconds);
}

/* Guesses from so many addresses fill the line again and again, and go on while an owner waits: she gets into
 * the full line, and comes before everybody who has guessed, behind one turn at the most of each address that
 * has not yet. */
static void an_owner_passes(int addresses, const char *prefix)
{
	static struct guess guesses[6 * TRIES_WAITING];
	struct tries *tries;
	struct asking owner;
	int before = 0;

	assert_null(tries_start(EVERY_MS, &tries));
	for (int i = 0; i < 6 * TRIES_WAITING; i++) {
		if (i == 3 * TRIES_WAITING) {
			ask(tries, "192.0.2.7", &owner);
			before = atomic_load(&let_in); /* once she stands in line */
		}
		guesses[i].tries = tries;
		snprintf(guesses[i].address, sizeof guesses[i].address, "%s%d", prefix, i % addresses);
		atomic_store(&guesses[i].said, -1);
		tries_ask(tries, guesses[i].address, guessed, &guesses[i]);
	}
	wait_until_let_in(&owner);
	assert_true(atomic_load(&let_in) - before <= addresses + 1);
	tries_end(tries, "192.0.2.7", true);
	tries_stop(tries);
	for (int i = 0; i < 6 * TRIES_WAITING; i++)
		assert_int_not_equal(atomic_load(&guesses[i].said), -1); /* nobody is forgotten */
	tries_free(tries);
}

static void an_owner_gets_in_past_guesses_from_three_addresses(void **state)
{
	an_owner_passes(3, "10.0.0.");
}

static void and_from_forty(void **state)
{
	an_owner_passes(40, "10.0.0.");
}

static void and_from_a_whole_network_of_them(void **state)
{
	an_owner_passes(150, "2001:db8::");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hundred_right_codes_from_one_address_wait_for_nothing),
		cmocka_unit_test(three_wrong_ones_at_once_and_then_only_with_time),
		cmocka_unit_test(a_place_is_kept_for_those_who_have_not_guessed),
		cmocka_unit_test(the_owner_gets_in_after_those_who_were_there_before),
		cmocka_unit_test(a_line_has_an_end_and_says_how_long_it_takes),
		cmocka_unit_test(an_owner_gets_in_past_guesses_from_three_addresses),
		cmocka_unit_test(and_from_forty),
		cmocka_unit_test(and_from_a_whole_network_of_them),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
