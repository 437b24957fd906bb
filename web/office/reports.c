/* The list of reports, most pressing first: danger, then the clock that runs. What a report says is
 * report.c's. */
#include "web/office/pages.h"

#include <string.h>

#include "node/base/text.h"
#include "node/casework/lists.h"
#include "web/office/show.h"
#include "web/office/urgent.h"

#define ROWS 50
#define WAITING_ROWS 40 /* new ones, and as many that were read */
#define SHORT_MAX 140	/* bytes of "what happened" in a list */

const char *reports_shortened(const void *context, const char *text)
{
	size_t len = strlen(text);

	if (len <= SHORT_MAX)
		return text;
	len = SHORT_MAX;
	while (len > SHORT_MAX / 2 && text[len] != ' ')
		len--;
	while (len && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return memory_format(context, "%.*s …", (int)len, text);
}

/* A report of somebody in danger that nobody has opened: how long it has waited, and after two hours whose it
 * is to see to. */
static void add_waited(struct visit *visit, struct urgent_all *all, json_t *row)
{
	const char *home = json_text_or(row, "hub", "");
	int64_t waited = urgent_waited(visit->office, all, json_text_or(row, "key", ""));

	json_object_set_new(row, "waited", json_string(urgent_words(visit, waited)));
	if (waited < URGENT_LATE_SECONDS)
		return;
	json_object_set_new(row, "is_late", json_true());
	if (strcmp(home, visit->office->trust.self.log) != 0)
		json_object_set_new(row, "late_at", json_string(office_hub_name(visit->office, home)));
}

json_t *reports_table(struct visit *visit, json_t *rows)
{
	struct urgent_all all = {0};
	json_t *row;
	size_t i;

	json_array_foreach (rows, i, row) {
		const char *state = json_text_or(row, "state", "new"),
			   *district = json_text_or(row, "district", ""),
			   *what = json_text_or(row, "what", "");
		const char *label = codes_label(visit->codes, "districts", district);
		bool is_waiting = strcmp(state, "new") == 0 || strcmp(state, "opened") == 0;

		json_object_set_new(row, "short",
			json_string(*what ? reports_shortened(visit->context, what)
					  : say(visit->request, "A summary: the words stay at its hub")));
		json_object_set_new(
			row, "is_urgent", json_boolean(strcmp(json_text_or(row, "danger", ""), "yes") == 0));
		json_object_set_new(row, "is_new", json_boolean(strcmp(state, "new") == 0));
		if (strcmp(state, "new") == 0 && strcmp(json_text_or(row, "danger", ""), "yes") == 0)
			add_waited(visit, &all, row);
		json_object_set_new(row, "state_label", json_string(show_choice(visit, state)));
		json_object_set_new(row, "state_class", json_string(show_tag(state)));
		json_object_set_new(row, "district_label", json_string(label ? label : district));
		json_object_set_new(row, "hub_name",
			json_string(office_hub_name(visit->office, json_text_or(row, "hub", ""))));
		json_object_set_new(
			row, "created_at", json_string(show_time(visit, json_text_or(row, "created", ""))));
		json_object_set_new(row, "clock",
			is_waiting ? show_due(visit, json_text_or(row, "due", "")) : json_null());
	}
	if (json_array_size(rows))
		return json_pack("{so}", "reports", rows);
	json_decref(rows);
	return json_null();
}

static int offset_of(const struct visit *visit)
{
	uint64_t offset = 0;

	error_ignore(
		text_to_number(form_text(visit->context, visit->request->query, "from"), 1000000, &offset));
	return (int)offset;
}

/* What waits for a decision: first what nobody has read, then what somebody read. */
/* Where the list goes on, forwards and back. */
static void add_turns(struct visit *visit, int offset, int rows, bool is_more)
{
	visit_set(visit, "more", is_more ? json_pack("{si}", "from", offset + rows) : json_null());
	visit_set(visit, "less",
		offset ? json_pack("{ss}", "from", visit_path(visit, "%d", offset > rows ? offset - rows : 0))
		       : json_null());
}

/* What waits for a decision: first what nobody has read, then what somebody read. */
static const struct error *waiting(struct visit *visit)
{
	json_t *fresh = NULL, *opened = NULL;
	int offset = offset_of(visit);

	TRY(lists_reports(visit->office->file, "new", WAITING_ROWS, offset, &fresh));
	TRY(lists_reports(visit->office->file, "opened", WAITING_ROWS, offset, &opened));
	add_turns(visit, offset, WAITING_ROWS,
		json_array_size(fresh) == WAITING_ROWS || json_array_size(opened) == WAITING_ROWS);
	visit_set(visit, "fresh", reports_table(visit, fresh));
	visit_set(visit, "opened", reports_table(visit, opened));
	return NULL;
}

static const struct error *all(struct visit *visit)
{
	int offset = offset_of(visit);
	json_t *rows = NULL;

	TRY(lists_reports(visit->office->file, NULL, ROWS, offset, &rows));
	add_turns(visit, offset, ROWS, json_array_size(rows) == ROWS);
	visit_set(visit, "every", reports_table(visit, rows));
	return NULL;
}

const struct error *reports_page(struct visit *visit)
{
	bool is_all = strcmp(form_text(visit->context, visit->request->query, "all"), "1") == 0;

	visit_set(visit, "is_all", json_boolean(is_all));
	TRY(is_all ? all(visit) : waiting(visit));
	return visit_show(visit, "office-reports", "Reports");
}
