/* A form is sent once: tokens hold only for the process that made them, and the address of a receipt tells
 * nothing of the token. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "web/intake/token.h"

static void a_token_is_good_from_its_least_age_until_two_hours(void **state)
{
	struct secret *key CLEANUP(secret_free) = secret_random(32);
	char token[TOKEN_SIZE];

	token_new(token, key, 1000);
	assert_int_equal(token_check(token, key, 1000, 5), TOKEN_YOUNG);
	assert_int_equal(token_check(token, key, 1004, 5), TOKEN_YOUNG);
	assert_int_equal(token_check(token, key, 1005, 5), TOKEN_GOOD);
	assert_int_equal(token_check(token, key, 1000, 0), TOKEN_GOOD);
	assert_int_equal(token_check(token, key, 1000 + TOKEN_LIFE_SECONDS, 5), TOKEN_GOOD);
	assert_int_equal(token_check(token, key, 1001 + TOKEN_LIFE_SECONDS, 5), TOKEN_STALE);
	assert_int_equal(token_check(token, key, 999, 0), TOKEN_YOUNG); /* from the future: never good */
}

/* A page that is too old to send with is still known for an hour, so that whoever is on it stays there. */
static void a_token_is_known_for_an_hour_longer_and_by_its_own_process_alone(void **state)
{
	struct secret *key CLEANUP(secret_free) = secret_random(32);
	struct secret *other CLEANUP(secret_free) = secret_random(32);
	char token[TOKEN_SIZE];

	token_new(token, key, 1000);
	assert_false(token_is_lost(token, key, 1000));
	assert_false(token_is_lost(token, key, 1001 + TOKEN_LIFE_SECONDS));
	assert_false(token_is_lost(token, key, 4600 + TOKEN_LIFE_SECONDS));
	assert_true(token_is_lost(token, key, 4601 + TOKEN_LIFE_SECONDS));
	assert_true(token_is_lost(token, other, 1000));
	assert_true(token_is_lost("", key, 1000));
}

static void nobody_else_makes_tokens(void **state)
{
	struct secret *key CLEANUP(secret_free) = secret_random(32);
	struct secret *other CLEANUP(secret_free) = secret_random(32);
	char token[TOKEN_SIZE], changed[TOKEN_SIZE];

	token_new(token, key, 1000);
	assert_int_equal(token_check(token, other, 1010, 5), TOKEN_STALE);
	for (size_t i = 0; i < TOKEN_SIZE - 1; i++) {
		memcpy(changed, token, sizeof changed);
		changed[i] = changed[i] == '0' ? '1' : '0';
		assert_int_equal(token_check(changed, key, 1010, 5), TOKEN_STALE);
	}
}

static void what_is_no_token_is_stale(void **state)
{
	struct secret *key CLEANUP(secret_free) = secret_random(32);
	char token[TOKEN_SIZE], longer[TOKEN_SIZE + 1];

	token_new(token, key, 1000);
	assert_true(token_is_whole(token));
	strcpy(longer, token);
	strcat(longer, "0");
	assert_int_equal(token_check(longer, key, 1010, 5), TOKEN_STALE);
	assert_int_equal(token_check("", key, 1010, 5), TOKEN_STALE);
	token[3] = 'G';
	assert_false(token_is_whole(token));
	assert_int_equal(token_check(token, key, 1010, 5), TOKEN_STALE);
}

static void a_ticket_is_always_the_same_and_another_for_each_token(void **state)
{
	struct secret *key CLEANUP(secret_free) = secret_random(32);
	char a[TOKEN_SIZE], b[TOKEN_SIZE], ticket_a[TICKET_SIZE], again[TICKET_SIZE], ticket_b[TICKET_SIZE];

	token_new(a, key, 1000);
	token_new(b, key, 1000);
	token_ticket(ticket_a, a);
	token_ticket(again, a);
	token_ticket(ticket_b, b);
	assert_string_equal(ticket_a, again);
	assert_string_not_equal(ticket_a, ticket_b);
	assert_true(token_is_ticket(ticket_a));
	assert_false(token_is_ticket(a));
	assert_false(token_is_ticket("../../etc/passwd"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_is_good_from_its_least_age_until_two_hours),
		cmocka_unit_test(a_token_is_known_for_an_hour_longer_and_by_its_own_process_alone),
		cmocka_unit_test(nobody_else_makes_tokens),
		cmocka_unit_test(what_is_no_token_is_stale),
		cmocka_unit_test(a_ticket_is_always_the_same_and_another_for_each_token),
	};

	secret_start();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
