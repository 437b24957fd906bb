/* People may do what their role says and nothing more; only keyholders can unlock. */
#include "tests/unit/casework/sample.h"

#include "node/casework/access.h"

static void roles_have_names(void **state)
{
	enum person_role role;

	for (int i = ROLE_COORDINATOR; i <= ROLE_FACILITATOR; i++) {
		assert_null(person_role_parse(person_role_name((enum person_role)i), &role));
		assert_int_equal(role, i);
	}
	assert_int_equal(person_role_parse("admin", &role)->code, ERROR_INVALID);
	assert_non_null(person_role_parse("", &role));
}

static void officers_do_casework_and_only_coordinators_manage_people(void **state)
{
	for (int what = MAY_UNLOCK; what <= MAY_SEE_SYNC; what++) {
		assert_true(access_may(ROLE_COORDINATOR, (enum access)what));
		assert_int_equal(access_may(ROLE_OFFICER, (enum access)what), what != MAY_MANAGE_PEOPLE);
	}
}

static void providers_and_facilitators_open_nothing(void **state)
{
	for (int what = MAY_UNLOCK; what <= MAY_SEE_SYNC; what++) {
		assert_false(access_may(ROLE_PROVIDER, (enum access)what));
		assert_false(access_may(ROLE_FACILITATOR, (enum access)what));
	}
}

static void providers_answer_and_facilitators_look_up(void **state)
{
	assert_true(access_may(ROLE_PROVIDER, MAY_ANSWER_REFERRALS));
	assert_false(access_may(ROLE_PROVIDER, MAY_READ_DIRECTORY));
	assert_false(access_may(ROLE_PROVIDER, MAY_WRITE_DIRECTORY));
	assert_true(access_may(ROLE_FACILITATOR, MAY_READ_DIRECTORY));
	assert_false(access_may(ROLE_FACILITATOR, MAY_WRITE_DIRECTORY));
	assert_false(access_may(ROLE_FACILITATOR, MAY_ANSWER_REFERRALS));
	assert_true(access_may(ROLE_OFFICER, MAY_WRITE_DIRECTORY));
	assert_false(access_writes(ROLE_OFFICER, "principles"));
	assert_true(access_reads(ROLE_FACILITATOR, "principles"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roles_have_names),
		cmocka_unit_test(officers_do_casework_and_only_coordinators_manage_people),
		cmocka_unit_test(providers_and_facilitators_open_nothing),
		cmocka_unit_test(providers_answer_and_facilitators_look_up),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
