/* Who in this hub may do what, by the role a coordinator gave them (casework.md, "Who may do what").
 *
 * One row a role, so that the whole answer is seen at a glance. Only keyholders (coordinators and officers)
 * have a keyring slot; what a provider or facilitator knows opens nothing. Between hubs it is permit.c that
 * decides. Runs in office and in commands. */
#include "node/casework/access.h"

#include <string.h>

#define MAY(what) (1u << (what))
#define KEYHOLDER                                                                                            \
	(MAY(MAY_UNLOCK) | MAY(MAY_READ_REPORTS) | MAY(MAY_READ_CASES) | MAY(MAY_WRITE_CASES) |              \
		MAY(MAY_SETTLE_CONFLICTS) | MAY(MAY_EXPORT) | MAY(MAY_SEE_SYNC))

static const struct {
	const char *name;
	unsigned may;
} roles[] = {
	[ROLE_COORDINATOR] = {"coordinator", KEYHOLDER | MAY(MAY_MANAGE_PEOPLE)},
	[ROLE_OFFICER] = {"officer", KEYHOLDER},
	[ROLE_PROVIDER] = {"provider", 0},
	[ROLE_FACILITATOR] = {"facilitator", 0},
};

const char *person_role_name(enum person_role role)
{
	return roles[role].name;
}

const struct error *person_role_parse(const char *name, enum person_role *out)
{
	for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
		if (strcmp(roles[i].name, name) == 0) {
			*out = (enum person_role)i;
			return NULL;
		}
	return error_new(
		ERROR_INVALID, "\"%s\" is not a role: coordinator, officer, provider or facilitator", name);
}

bool access_may(enum person_role role, enum access what)
{
	return roles[role].may & MAY(what);
}
