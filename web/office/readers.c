/* Decides who reads what of a case (casework.md, "Sharing"): the one place that sealing (write.c) and the
 * page that tells it (show.c) both ask, so that the page is true.
 *
 * The policy is the coalition's; a case may be shared more widely than that, never less. Office role and
 * commands. */
#include "web/office/readers.h"

#include <string.h>

#include "node/casework/lists.h"

const struct roster *readers_roster(const struct office *office)
{
	const struct roster *roster = office_roster(office);

	return roster && roster_member(roster, office->trust.self.log) ? roster : NULL;
}

enum sharing_policy readers_wider(enum sharing_policy policy, const char *shared)
{
	if (strcmp(shared, "full") == 0)
		return SHARING_FULL;
	return strcmp(shared, "summary") == 0 && policy == SHARING_NONE ? SHARING_SUMMARY : policy;
}

static const struct error *find_shared(
	struct office *office, const char *key, enum sharing_policy policy, enum sharing_policy *out)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	TRY(db_prepare(
		casefile_db(office->file), &query, "SELECT coalesce(shared, '') FROM case_ WHERE key = ?"));
	db_bind_text(&query, 1, key);
	TRY(db_step(&query, &row));
	*out = readers_wider(policy, row ? db_text(&query, 0) : "");
	return NULL;
}

const struct error *readers_find(struct office *office, const char *key, struct readers *out)
{
	const struct roster *roster = readers_roster(office);

	*out = (struct readers){.of_reports = roster ? roster->sharing : SHARING_FULL};
	TRY(casefile_owner(office->file, key, out->owner));
	TRY(lists_is_for_headquarters(office->file, key, &out->is_for_headquarters));
	return find_shared(office, key, out->of_reports, &out->sharing);
}

bool readers_summary_has(const char *entity, const char *field)
{
	static const struct {
		const char *entity, *fields;
	} summaries[] = {{"case", " ref risk state district violations perpetrators needs priority "},
		{"transfer", " to state ref risk district "}, {"report", " danger needs district "}};
	size_t len = strlen(field);

	for (size_t i = 0; i < sizeof summaries / sizeof *summaries; i++) {
		const char *at = summaries[i].fields;

		if (strcmp(summaries[i].entity, entity) != 0)
			continue;
		while ((at = strstr(at, field)) && !(at[-1] == ' ' && at[len] == ' '))
			at += len;
		return at;
	}
	return false;
}
