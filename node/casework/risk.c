/* The arithmetic of a risk: see risk.h. Each answer counts one to three; what the product of threats and
 * vulnerabilities comes to, divided by the capacities, is put into four words.
 *
 * "Strong threats are never called a low risk", however well somebody is protected. Runs in office. */
#include "node/casework/risk.h"

#include <stddef.h>
#include <string.h>

static int weight(const char *answer)
{
	static const char *const answers[] = {"low", "medium", "high"};

	for (size_t i = 0; answer && i < sizeof answers / sizeof *answers; i++)
		if (strcmp(answers[i], answer) == 0)
			return (int)i + 1;
	return 0;
}

const char *risk_propose(const char *threats, const char *vulnerabilities, const char *capacities)
{
	int threat = weight(threats), exposed = weight(vulnerabilities), able = weight(capacities);
	int product = threat * exposed;

	if (!product || !able)
		return NULL;
	if (2 * product >= 9 * able) /* 4.5 and more */
		return "emergency";
	if (product >= 3 * able)
		return "high";
	return product > able || threat == 3 ? "medium" : "low";
}

static const struct {
	const char *risk;
	int followup, review;
} waits[] = {{"emergency", 1, 3}, {"high", 3, 14}, {"medium", 14, 30}, {"low", 30, 90}};
#define WAITS (sizeof waits / sizeof *waits)

static size_t wait_of(const char *risk)
{
	for (size_t i = 0; i < WAITS; i++)
		if (strcmp(waits[i].risk, risk) == 0)
			return i;
	return WAITS - 1;
}

int risk_followup_days(const char *risk)
{
	return waits[wait_of(risk)].followup;
}

int risk_review_days(const char *risk)
{
	return waits[wait_of(risk)].review;
}
