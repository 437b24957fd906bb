/* Who may do what, by role: the one place that knows (casework.md, "Who may do what"). Between hubs it is
 * permit.c that decides. */
#ifndef ENGABO_CASEWORK_ACCESS_H
#define ENGABO_CASEWORK_ACCESS_H

#include <stdbool.h>

#include "node/base/error.h"

enum person_role { ROLE_COORDINATOR, ROLE_OFFICER, ROLE_PROVIDER, ROLE_FACILITATOR };
enum access {
	MAY_UNLOCK,	  /* has a keyring slot */
	MAY_READ_REPORTS, /* and triage, answer */
	MAY_READ_CASES,
	MAY_WRITE_CASES,
	MAY_SETTLE_CONFLICTS,
	MAY_MANAGE_PEOPLE, /* people, hubs, settings */
	MAY_EXPORT,
	MAY_SEE_SYNC,
	MAY_REFER,	  /* and offer a transfer */
	MAY_SEE_IDENTITY, /* of persons; each time it is written down */
	MAY_ANSWER_REFERRALS,
	MAY_SEE_AUDIT,
	MAY_READ_DIRECTORY,
	MAY_WRITE_DIRECTORY, /* a provider their own entry without it (sight.h) */
};
const char *person_role_name(enum person_role role);
const struct error *person_role_parse(const char *name, enum person_role *out) MUST_CHECK;
bool access_may(enum person_role role, enum access what);
/* Whether the role has to do with records of this kind at all ("case"); which of them, sight.h tells. */
bool access_reads(enum person_role role, const char *entity);
bool access_writes(enum person_role role, const char *entity);

#endif
