/* Who may see a case: its team, whether it is restricted, who reads it then. The fields for a form, and what
 * they must say together; who decides is node/casework/sight.h. */
#ifndef ENGABO_WEB_OFFICE_SHARE_H
#define ENGABO_WEB_OFFICE_SHARE_H

#include "web/office/fields.h"

#define SHARE_COUNT 3
/* Rows of a `struct asked`. */
#define SHARE_ASKED                                                                                          \
	{"team", NULL,                                                                                       \
		SAY("Only this team and coordinators see the case. Empty: everybody here who works on "      \
		    "cases."),                                                                               \
		false, false},                                                                               \
		{"restricted", NULL,                                                                         \
			SAY("Yes: not even the team sees it, only its officer, those named below, and "      \
			    "coordinators. To all others it is not there."),                                 \
			false, false},                                                                       \
	{                                                                                                    \
		"readers", NULL, SAY("They see it in any case, whatever their team."), false, false          \
	}

/* Adds problems when the case with `set` on top of `now` (NULL: a new one) would have a team that nobody
 * belongs to, or would be out of the sight of whoever writes this. */
const struct error *share_check(struct visit *visit, const json_t *now, const json_t *set) MUST_CHECK;

#endif
