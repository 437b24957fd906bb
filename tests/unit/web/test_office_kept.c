/* What somebody typed when their session had just ended is kept for them, for ten minutes, once; passphrases
 * are not. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "web/office/kept.h"

static struct form_field fields[] = {
	{"csrf", "secret token"}, {"text", "A long note"}, {"passphrase", "seven words"}, {"seen.text", ""}};
static const struct form note = {fields, 4, NULL};

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

static void a_form_comes_back_once_to_whom_it_was(void **state)
{
	struct kept *kept = kept_new(*state);
	const char *id = memory_string(*state, kept_add(kept, "akello", "/cases/x/notes", &note, 1000));
	struct kept_form *back;

	assert_null(kept_take(*state, kept, id, "okot", 2000));
	assert_null(kept_take(*state, kept, "something else", "akello", 2000));
	back = kept_take(*state, kept, id, "akello", 2000);
	assert_non_null(back);
	assert_string_equal(back->path, "/cases/x/notes");
	assert_string_equal(form_get(&back->form, "text"), "A long note");
	assert_null(kept_take(*state, kept, id, "akello", 2000));
}

static void no_passphrase_and_no_token_is_kept(void **state)
{
	struct kept *kept = kept_new(*state);
	const char *id = memory_string(*state, kept_add(kept, "akello", "/users/new", &note, 1000));
	struct kept_form *back = kept_take(*state, kept, id, "akello", 2000);

	assert_null(form_get(&back->form, "passphrase"));
	assert_null(form_get(&back->form, "csrf"));
}

static void it_is_forgotten_after_ten_minutes(void **state)
{
	struct kept *kept = kept_new(*state);
	const char *id = memory_string(*state, kept_add(kept, "akello", "/cases/x/notes", &note, 1000));

	assert_null(kept_take(*state, kept, id, "akello", 1001 + KEPT_MS));
}

static void what_nobody_can_be_named_for_is_not_kept(void **state)
{
	assert_null(kept_add(kept_new(*state), "", "/cases/x/notes", &note, 1000));
}

static void an_empty_or_enormous_form_is_not_worth_keeping(void **state)
{
	struct kept *kept = kept_new(*state);
	char *large = memory_zeroed(*state, 70000, "large");
	struct form_field one = {"text", ""}, big = {"text", large};

	memset(large, 'x', 69999);
	assert_null(kept_add(kept, "akello", "/", &(struct form){&one, 1, NULL}, 1000));
	assert_null(kept_add(kept, "akello", "/", &(struct form){&big, 1, NULL}, 1000));
	assert_null(kept_add(kept, "akello", "/", NULL, 1000));
}

static void a_flood_of_one_s_forms_pushes_out_their_own_oldest(void **state)
{
	struct kept *kept = kept_new(*state);
	const char *first = memory_string(*state, kept_add(kept, "okot", "/a", &note, 1000));
	const char *other = memory_string(*state, kept_add(kept, "akello", "/a", &note, 1)), *last = NULL;

	for (int i = 0; i < 1000; i++)
		last = memory_string(*state, kept_add(kept, "okot", "/b", &note, 1001 + i));
	assert_null(kept_take(*state, kept, first, "okot", 2000));
	assert_non_null(kept_take(*state, kept, last, "okot", 2000));
	assert_non_null(kept_take(*state, kept, other, "akello", 2000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_form_comes_back_once_to_whom_it_was, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_passphrase_and_no_token_is_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(it_is_forgotten_after_ten_minutes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_nobody_can_be_named_for_is_not_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			an_empty_or_enormous_form_is_not_worth_keeping, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_flood_of_one_s_forms_pushes_out_their_own_oldest, set_up, tear_down),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
