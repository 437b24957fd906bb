/* Search over reports, cases, actions and notes; newest first. The index and what may be typed are
 * node/casework/lists'. */
#include "web/office/pages.h"

#include <string.h>

#include "node/base/text.h"
#include "node/casework/lists.h"

#define ROWS 50

static const struct {
	const char *entity, *label;
} kinds[] = {{"report", SAY("Report")}, {"case", SAY("Case")}, {"action", SAY("Action")},
	{"followup", SAY("Follow-up")}, {"note", SAY("Note")}, {"referral", SAY("Referral")},
	{"provider", SAY("Directory")}};

static const char *page_of(struct visit *visit, const char *entity, const char *key, const char *case_key)
{
	if (strcmp(entity, "report") == 0 || strcmp(entity, "referral") == 0 ||
		strcmp(entity, "provider") == 0)
		return visit_path(visit, "/%ss/%s", entity, key);
	return visit_path(visit, "/cases/%s", strcmp(entity, "case") == 0 ? key : case_key);
}

const struct error *search_page(struct visit *visit)
{
	const char *words = form_text(visit->context, visit->request->query, "q");
	json_t *rows = NULL, *row;
	size_t i;

	visit_text(visit, "q", words);
	visit_set(visit, "has_words", json_boolean(*words));
	if (!*words)
		return visit_show(visit, "office-search", "Search");
	TRY(lists_search(visit->office->file, words, ROWS, &rows));
	json_array_foreach (rows, i, row) {
		const char *entity = json_text_or(row, "entity", ""),
			   *case_key = json_text_or(row, "case_key", "");
		const char *key = json_text_or(row, "key", "");
		const char *snippet = text_trim(visit->context, json_text_or(row, "snippet", ""));

		for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
			if (strcmp(kinds[k].entity, entity) == 0)
				json_object_set_new(
					row, "kind", json_string(say(visit->request, kinds[k].label)));
		if (strcmp(json_text_or(row, "title", ""), snippet) == 0) /* a note says all in its title */
			json_object_del(row, "snippet");
		json_object_set_new(row, "href", json_string(page_of(visit, entity, key, case_key)));
	}
	visit_set(visit, "found", rows);
	return visit_show(visit, "office-search", "Search");
}
