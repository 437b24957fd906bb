/* A case on paper: what whoever prints it may see, without the names of people, and on the audit trail. The
 * browser's own lines with the address are kept off by the style (static/paper.css). Office role. */
#include "web/office/pages.h"

#include "node/base/clock.h"
#include "node/base/text.h"
#include "node/casework/lists.h"
#include "web/office/parts.h"
#include "web/office/referred.h"
#include "web/office/show.h"

#define TASKS_MOST 200

static const struct error *note_printed(struct visit *visit, const char *ref)
{
	struct batch *batch = visit_batch(visit);

	TRY(batch_audit(batch, "printed a case", ref));
	return batch_commit(batch);
}

/* The kinds that have lines on the page of the case, but for people. */
static void add_sections(struct visit *visit)
{
	static const struct {
		const char *path, *heading;
	} kinds[] = {{"contacts", SAY("Safe ways to reach them")}, {"plans", SAY("Safety plans")},
		{"incidents", SAY("Incidents")}, {"consents", SAY("Consent")}};
	const json_t *parts = json_object_get(visit->view, "parts");
	json_t *sections = json_array();

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		json_t *list = json_object_get(json_object_get(parts, kinds[i].path), "list");

		if (list)
			json_array_append_new(
				sections, json_pack("{ss, sO}", "heading",
						  say(visit->request, kinds[i].heading), "list", list));
	}
	visit_set(visit, "sections", sections);
}

static const struct error *add_tasks(struct visit *visit, const char *key)
{
	const char *today = show_today(visit->context);
	json_t *actions = NULL, *followups = NULL;

	TRY(lists_actions(visit->office->file, key, today, TASKS_MOST, &actions));
	visit_set(visit, "actions", tasks_table(visit, actions, "actions"));
	TRY(lists_followups(visit->office->file, key, today, TASKS_MOST, &followups));
	visit_set(visit, "followups", tasks_table(visit, followups, "followups"));
	return NULL;
}

const struct error *case_print(struct visit *visit)
{
	json_t *record CLEANUP(json_decref) = NULL;
	char now[TEXT_TIME_SIZE];
	const char *key, *ref;

	TRY(case_find(visit, visit->parts[0], &record));
	key = json_text_or(record, "key", "");
	ref = json_text_or(record, "ref", "");
	TRY(note_printed(visit, ref));
	TRY(parts_show(visit, key));
	add_sections(visit);
	TRY(add_tasks(visit, key));
	TRY(referred_of_case(visit, record));
	case_facts(visit, record);
	text_time(now, clock_wall_seconds());
	visit_text(visit, "printed", show_time(visit, now));
	visit_text(visit, "printer", visit->person.name);
	visit_text(visit, "back", visit_path(visit, "/cases/%s", key));
	return visit_show(visit, "office-sheet", ref);
}
