/* What the three questions propose, for each of their 27 answers, and how soon somebody looks again. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "node/casework/risk.h"

static const char *const answers[] = {"low", "medium", "high"};

/* By threats, then vulnerabilities, then capacities. */
static const char *const expected[3][3][3] = {
	{{"low", "low", "low"}, {"medium", "low", "low"}, {"high", "medium", "low"}},
	{{"medium", "low", "low"}, {"high", "medium", "medium"}, {"emergency", "high", "medium"}},
	{{"high", "medium", "medium"}, {"emergency", "high", "medium"}, {"emergency", "emergency", "high"}},
};

static const char *proposed(int threats, int vulnerabilities, int capacities)
{
	return risk_propose(answers[threats], answers[vulnerabilities], answers[capacities]);
}

static int rank(const char *risk)
{
	static const char *const risks[] = {"low", "medium", "high", "emergency"};

	for (int i = 0; i < 4; i++)
		if (strcmp(risks[i], risk) == 0)
			return i;
	fail_msg("%s is no risk", risk);
	return -1;
}

static void each_of_the_27_answers_has_its_proposal(void **state)
{
	for (int t = 0; t < 3; t++)
		for (int v = 0; v < 3; v++)
			for (int c = 0; c < 3; c++)
				assert_string_equal(proposed(t, v, c), expected[t][v][c]);
}

static void more_danger_never_lowers_it_and_more_protection_never_raises_it(void **state)
{
	for (int t = 0; t < 3; t++)
		for (int v = 0; v < 3; v++)
			for (int c = 0; c < 3; c++) {
				int here = rank(proposed(t, v, c));

				assert_true(t == 2 || rank(proposed(t + 1, v, c)) >= here);
				assert_true(v == 2 || rank(proposed(t, v + 1, c)) >= here);
				assert_true(c == 2 || rank(proposed(t, v, c + 1)) <= here);
			}
}

static void strong_threats_are_never_a_low_risk(void **state)
{
	for (int v = 0; v < 3; v++)
		for (int c = 0; c < 3; c++)
			assert_true(rank(proposed(2, v, c)) > 0);
}

static void nothing_is_proposed_before_all_three_are_answered(void **state)
{
	assert_null(risk_propose("", "high", "low"));
	assert_null(risk_propose("high", NULL, "low"));
	assert_null(risk_propose("high", "high", "enormous"));
}

static void the_greater_the_risk_the_sooner_somebody_looks(void **state)
{
	assert_true(risk_followup_days("emergency") < risk_followup_days("high"));
	assert_true(risk_followup_days("high") < risk_followup_days("medium"));
	assert_true(risk_followup_days("medium") < risk_followup_days("low"));
	assert_true(risk_review_days("emergency") < risk_review_days("high"));
	assert_true(risk_review_days("high") < risk_review_days("medium"));
	assert_true(risk_review_days("medium") < risk_review_days("low"));
	assert_int_equal(risk_followup_days(""), risk_followup_days("low"));
	assert_int_equal(risk_review_days("of a newer hub"), risk_review_days("low"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_of_the_27_answers_has_its_proposal),
		cmocka_unit_test(more_danger_never_lowers_it_and_more_protection_never_raises_it),
		cmocka_unit_test(strong_threats_are_never_a_low_risk),
		cmocka_unit_test(nothing_is_proposed_before_all_three_are_answered),
		cmocka_unit_test(the_greater_the_risk_the_sooner_somebody_looks),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
