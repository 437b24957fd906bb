/* Whoever is signed in stays so in that browser alone, for a while; memory holds nothing that would sign
 * anybody in. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "web/office/session.h"

#define IDLE (15 * 60000)
#define TOTAL (8 * 3600000)

static char token[SESSION_TOKEN_SIZE], was[PERSON_NAME_MAX + 1];

static struct sessions *fresh(void **state)
{
	return sessions_new(*state, IDLE, TOTAL);
}

static int set_up(void **state)
{
	secret_start();
	*state = memory_context(NULL);
	return 0;
}

static int tear_down(void **state)
{
	memory_free(*state);
	return 0;
}

static void a_token_finds_its_session_and_no_other_does(void **state)
{
	struct sessions *sessions = fresh(state);
	struct session *session = session_begin(sessions, "akello", 1000, token);
	char other[SESSION_TOKEN_SIZE];

	assert_int_equal(strlen(token), SESSION_TOKEN_SIZE - 1);
	assert_ptr_equal(session_find(sessions, token, 2000, was), session);
	assert_string_equal(session->user, "akello");
	session_token_new(other);
	assert_null(session_find(sessions, other, 2000, was));
	assert_null(session_find(sessions, "", 2000, was));
	assert_null(session_find(sessions, NULL, 2000, was));
	token[0] = token[0] == 'A' ? 'B' : 'A';
	assert_null(session_find(sessions, token, 2000, was));
	assert_string_equal(was, "");
}

static void memory_holds_no_token(void **state)
{
	struct sessions *sessions = fresh(state);

	session_begin(sessions, "akello", 1000, token);
	assert_null(memmem(sessions, talloc_get_size(sessions), token, strlen(token)));
}

static void each_sign_in_gets_a_new_token_and_a_new_form_token(void **state)
{
	struct sessions *sessions = fresh(state);
	char first[SESSION_TOKEN_SIZE], csrf[SESSION_TOKEN_SIZE];
	struct session *session = session_begin(sessions, "akello", 1000, first);

	memcpy(csrf, session->csrf, sizeof csrf);
	session = session_begin(sessions, "akello", 1000, token);
	assert_string_not_equal(first, token);
	assert_string_not_equal(csrf, session->csrf);
	assert_true(session_csrf_fits(session, session->csrf));
	assert_false(session_csrf_fits(session, csrf));
	assert_false(session_csrf_fits(session, ""));
	assert_false(session_csrf_fits(session, NULL));
}

static void an_idle_session_ends_and_says_whose_it_was(void **state)
{
	struct sessions *sessions = fresh(state);

	session_begin(sessions, "akello", 0, token);
	assert_non_null(session_find(sessions, token, IDLE, was));
	assert_non_null(session_find(sessions, token, 2 * IDLE, was)); /* it was used in between */
	assert_null(session_find(sessions, token, 3 * IDLE + 1, was));
	assert_string_equal(was, "akello");
}

static void a_session_that_is_used_all_day_ends_all_the_same(void **state)
{
	struct sessions *sessions = fresh(state);
	int64_t now = 0;

	session_begin(sessions, "akello", 0, token);
	for (; now <= TOTAL; now += IDLE)
		assert_non_null(session_find(sessions, token, now, was));
	assert_null(session_find(sessions, token, now, was));
}

static void who_signs_out_or_loses_their_rights_is_out(void **state)
{
	struct sessions *sessions = fresh(state);
	char mine[SESSION_TOKEN_SIZE];
	struct session *session = session_begin(sessions, "namata", 0, mine);

	session_begin(sessions, "akello", 0, token);
	sessions_end_of(sessions, "akello", NULL);
	assert_null(session_find(sessions, token, 1, was));
	assert_string_equal(was, "");
	session_end(session_find(sessions, mine, 1, was));
	assert_null(session_find(sessions, mine, 1, was));
	session = session_begin(sessions, "namata", 0, mine);
	sessions_end_of(sessions, "namata", session);
	assert_non_null(session_find(sessions, mine, 1, was));
}

static void when_all_places_are_taken_the_one_idle_longest_makes_room(void **state)
{
	struct sessions *sessions = fresh(state);
	char first[SESSION_TOKEN_SIZE], second[SESSION_TOKEN_SIZE];

	session_begin(sessions, "first", 1, first);
	session_begin(sessions, "second", 2, second);
	assert_non_null(session_find(sessions, first, 3, was));
	for (int i = 2; i < SESSIONS_MAX + 1; i++)
		session_begin(sessions, "other", 10 + i, token);
	assert_null(session_find(sessions, second, 100, was));
	assert_non_null(session_find(sessions, first, 100, was));
}

static void a_form_that_was_saved_is_remembered_by_its_session_alone_among_the_newest(void **state)
{
	struct sessions *sessions = fresh(state);
	struct session *mine = session_begin(sessions, "akello", 1000, token);
	struct session *other = session_begin(sessions, "akello", 1000, token);
	uint8_t form[DIGEST_LEN] = {0};

	assert_null(session_done(mine, form));
	session_remember(mine, form, "/cases/x");
	assert_string_equal(session_done(mine, form), "/cases/x");
	assert_null(session_done(other, form));
	for (int i = 0; i < 1000; i++) {
		form[0] = 1 + i % 250;
		form[1] = (uint8_t)(i / 250);
		session_remember(mine, form, "/cases/y");
	}
	assert_string_equal(session_done(mine, form), "/cases/y");
	memset(form, 0, sizeof form);
	assert_null(session_done(mine, form));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_token_finds_its_session_and_no_other_does, set_up, tear_down),
		cmocka_unit_test_setup_teardown(memory_holds_no_token, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			each_sign_in_gets_a_new_token_and_a_new_form_token, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			an_idle_session_ends_and_says_whose_it_was, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_session_that_is_used_all_day_ends_all_the_same, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			who_signs_out_or_loses_their_rights_is_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			when_all_places_are_taken_the_one_idle_longest_makes_room, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_form_that_was_saved_is_remembered_by_its_session_alone_among_the_newest, set_up,
			tear_down),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
