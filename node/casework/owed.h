/* Everything that is owed to somebody, of all kinds in one list: follow-ups, actions, safety plans and risks
 * to look at again, words that providers owe. Nothing of a closed case: its reminders rest. */
#ifndef ENGABO_CASEWORK_OWED_H
#define ENGABO_CASEWORK_OWED_H

#include "node/casework/casefile.h"

struct owed_asked {
	const char *today; /* "2026-11-23" */
	const char *until; /* the last day that counts */
	const char *user;  /* what they see to, and what nobody sees to yet; NULL: everybody's */
	int limit;
};
/* Missed follow-ups first, which stay there until somebody deals with them; then by day, what is overdue
 * before what is not:
 * [{"kind":"followup"|"action"|"plan"|"review"|"reply","key","what","who","who_hub","due","case_key","ref",
 * "overdue":bool}]. `what`: an action's words, a follow-up's "how", a reply's service (a code); `who`: who
 * sees to it, as far as it is said; `who_hub`: the log id of the hub whose person that is, "" of this one's.
 * The caller owns it. */
const struct error *owed_list(struct casefile *file, const struct owed_asked *asked, json_t **out) MUST_CHECK;

#endif
