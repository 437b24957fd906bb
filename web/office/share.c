/* What a form may say about who sees a case: see share.h. That it is theirs to say at all, write.c asks of
 * every event, whatever form it comes from. Office role. */
#include "web/office/share.h"

#include <string.h>

#include "node/casework/lists.h"
#include "web/office/show.h"

static const struct asked fields[] = {
	{"team", NULL,
		SAY("Only this team and coordinators see the case. Empty: everybody here who works on "
		    "cases."),
		false, false},
	{"restricted", NULL,
		SAY("Yes: not even the team sees it, only its officer, those named below, and coordinators. "
		    "To all "
		    "others it is not there."),
		false, false},
	{"readers", NULL, SAY("They see it in any case, whatever their team."), false, false},
	{0},
};

const struct asked *share_fields(const struct visit *visit, const struct asked *asked)
{
	size_t count = 0;
	struct asked *all;

	while (asked[count].name)
		count++;
	all = memory_array(visit->context, struct asked, count + sizeof fields / sizeof *fields);
	memcpy(all, asked, count * sizeof *all);
	memcpy(all + count, fields, sizeof fields);
	return all;
}

/* A team with a typing slip in it would be nobody's. */
static const struct error *check_team(struct visit *visit, const char *team)
{
	json_t *teams CLEANUP(json_decref) = NULL, *row;
	struct buffer *names = buffer_new(visit->context);
	size_t i;

	TRY(lists_teams(visit->office->file, &teams));
	json_array_foreach (teams, i, row) {
		if (strcmp(json_text_or(row, "team", ""), team) == 0)
			return NULL;
		buffer_format(names, "%s%s", i ? ", " : "", json_text_or(row, "team", ""));
	}
	visit_problem(visit, "team",
		json_array_size(teams)
			? visit_path(visit,
				  say(visit->request, "Team: nobody here belongs to that one. There are: %s"),
				  (const char *)buffer_bytes(names).data)
			: SAY("Team: nobody here belongs to one yet; a coordinator puts people into teams"));
	return NULL;
}

const struct error *share_check(struct visit *visit, const json_t *now, const json_t *set)
{
	static const char *const names[] = {"team", "restricted", "readers", "officer"};
	json_t *after CLEANUP(json_decref) = now ? json_copy((json_t *)now) : json_object();
	bool is_changed = false;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (json_object_get(set, names[i])) {
			json_object_set(after, names[i], json_object_get(set, names[i]));
			is_changed = true;
		} else if (json_object_get(after, names[i])) { /* a namesake elsewhere is nobody here */
			json_object_set_new(after, names[i],
				show_standing(visit, schema_field(schema_entity("case"), names[i]), now));
		}
	if (*json_text_or(set, "team", ""))
		TRY(check_team(visit, json_text_or(set, "team", "")));
	if (is_changed && !sight_sees_case(&visit->reader, after))
		visit_problem(visit, "readers",
			SAY("Who may read it: you would not see this case any more yourself. Stay its "
			    "officer, name "
			    "yourself here, or ask a coordinator to do it"));
	return NULL;
}
