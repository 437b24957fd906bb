/* How great a danger is, from the three questions (Front Line Defenders: threats, times vulnerabilities,
 * divided by capacities), and how soon somebody looks again. A proposal: what holds is what a person says.
 * Pure. */
#ifndef ENGABO_CASEWORK_RISK_H
#define ENGABO_CASEWORK_RISK_H

/* Each "low", "medium" or "high"; answers "low", "medium", "high" or "emergency". NULL when one is not
 * answered.
 */
const char *risk_propose(const char *threats, const char *vulnerabilities, const char *capacities);
/* Days until the next follow-up, and until the risk is to be assessed anew. A risk that nobody has said, or
 * that only a newer hub knows, waits as long as a low one. */
int risk_followup_days(const char *risk);
int risk_review_days(const char *risk);

#endif
