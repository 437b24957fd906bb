/* Who in this hub may do what, by the role a coordinator gave them (casework.md, "Who may do what").
 *
 * One row a role, and one a kind of record, so that the whole answer is seen at a glance. Only keyholders
 * (coordinators and officers) have a keyring slot; what a provider or facilitator knows opens nothing.
 * Between hubs it is permit.c that decides. Runs in office and in commands. */
#include "node/casework/access.h"

#include <string.h>

#define MAY(what) (1u << (what))
#define KEYHOLDER                                                                                            \
	(MAY(MAY_UNLOCK) | MAY(MAY_READ_REPORTS) | MAY(MAY_READ_CASES) | MAY(MAY_WRITE_CASES) |              \
		MAY(MAY_SETTLE_CONFLICTS) | MAY(MAY_EXPORT) | MAY(MAY_SEE_SYNC) | MAY(MAY_REFER) |           \
		MAY(MAY_SEE_IDENTITY) | MAY(MAY_ANSWER_REFERRALS) | MAY(MAY_READ_DIRECTORY) |                \
		MAY(MAY_WRITE_DIRECTORY))

static const struct {
	const char *name;
	unsigned may;
} roles[] = {
	[ROLE_COORDINATOR] = {"coordinator", KEYHOLDER | MAY(MAY_MANAGE_PEOPLE) | MAY(MAY_SEE_AUDIT)},
	[ROLE_OFFICER] = {"officer", KEYHOLDER},
	[ROLE_PROVIDER] = {"provider", MAY(MAY_ANSWER_REFERRALS)},
	[ROLE_FACILITATOR] = {"facilitator", MAY(MAY_READ_DIRECTORY)},
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

/* Letters of the roles that read and write each kind of record: c coordinator, o officer, p provider, f
 * facilitator. */
static const struct {
	const char *entity, *read, *write;
} kinds[] = {
	{"report", "co", "co"}, {"message", "co", "co"}, {"case", "co", "co"}, {"person", "co", "co"},
	{"contact", "co", "co"}, {"plan", "co", "co"}, {"incident", "co", "co"}, {"consent", "co", "co"},
	{"action", "co", "co"}, {"followup", "co", "co"}, {"note", "co", "co"}, {"attachment", "co", "co"},
	{"transfer", "co", "co"}, {"takeover", "co", "co"}, {"referral", "cop", "co"},
	{"reply", "cop", "cop"}, {"provider", "copf", "cop"}, /* a provider their own entry (sight.c) */
	{"principles", "copf", "c"}, {"code", "copf", "c"}, {"user", "c", "c"},
	{"audit", "c", "copf"}, /* everybody leaves traces */
	{"opened", "", ""},	/* the office itself */
};

static bool is_among(const char *letters, enum person_role role)
{
	return strchr(letters, roles[role].name[0]) != NULL;
}

bool access_reads(enum person_role role, const char *entity)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i].entity, entity) == 0)
			return is_among(kinds[i].read, role);
	return false;
}

bool access_writes(enum person_role role, const char *entity)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i].entity, entity) == 0)
			return is_among(kinds[i].write, role);
	return false;
}
