/* Who saw, changed, exported and referred what in this hub, for its coordinators: newest first, by person, by
 * record, by day; and whether anything of it is missing (node/casework/trail.h). Reading it changes nothing
 * and leaves nothing. */
#include "web/office/pages.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "node/base/text.h"
#include "node/casework/lists.h"
#include "node/casework/trail.h"
#include "web/office/show.h"

#define ROWS 50

static const char *asked_for(const struct visit *visit, const char *name)
{
	return text_trim(visit->context, form_text(visit->context, visit->request->query, name));
}

/* Midnight of the hub's clock, `days` after that day (a whole date), as the entries tell times. */
static const char *midnight(const struct visit *visit, const char *day, int days)
{
	char *time = memory_array(visit->context, char, TEXT_TIME_SIZE);
	struct tm local = {.tm_isdst = -1};

	local.tm_year = (int)strtol(day, NULL, 10) - 1900;
	local.tm_mon = (int)strtol(day + strlen("2026-"), NULL, 10) - 1;
	local.tm_mday = (int)strtol(day + strlen("2026-11-"), NULL, 10) + days;
	text_time(time, mktime(&local));
	return time;
}

static void read_day(struct visit *visit, struct trail_wanted *wanted)
{
	const char *day = asked_for(visit, "day");

	visit_text(visit, "day", day);
	if (!*day)
		return;
	if (!text_is_date(day)) {
		visit_problem(visit, "day", "Day: not a date like 2026-11-23");
		return;
	}
	wanted->from = midnight(visit, day, 0);
	wanted->before = midnight(visit, day, 1);
}

/* What people call it, or its key. */
static void read_record(struct visit *visit, struct trail_wanted *wanted)
{
	const char *name = asked_for(visit, "record");
	const char *key = name;

	visit_text(visit, "record", name);
	if (!*name)
		return;
	if (!ids_is_key(name) && case_key_of(visit, name, &key))
		visit_problem(visit, "record", "Case: there is none of this reference");
	wanted->record = key;
}

/* Everybody who is or was here. */
static const struct error *add_people(struct visit *visit, struct trail_wanted *wanted)
{
	const char *who = asked_for(visit, "who");
	json_t *users = NULL, *row;
	size_t i;

	TRY(lists_users(visit->office->file, &users));
	json_array_foreach (users, i, row)
		json_object_set_new(
			row, "selected", json_boolean(strcmp(json_text_or(row, "name", ""), who) == 0));
	visit_set(visit, "people", users);
	visit_text(visit, "who", who);
	wanted->who = *who ? who : NULL;
	return NULL;
}

static bool is_of(const struct visit *visit, const char *sql, const char *key)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row = false;

	if (db_prepare(casefile_db(visit->office->file), &query, sql))
		return false;
	db_bind_text(&query, 1, key);
	return !db_step(&query, &row) && row;
}

/* Where an entry leads: a case, else a report. */
static const char *href_of(const struct visit *visit, const char *key)
{
	if (!ids_is_key(key))
		return "";
	if (is_of(visit, "SELECT 1 FROM case_ WHERE key = ?", key))
		return visit_path(visit, "/cases/%s", key);
	return is_of(visit, "SELECT 1 FROM report WHERE key = ?", key) ? visit_path(visit, "/reports/%s", key)
								       : "";
}

static const struct error *add_entries(struct visit *visit, const struct trail_wanted *wanted)
{
	json_t *rows, *row;
	bool is_more;
	size_t i;

	TRY(trail_list(casefile_db(visit->office->file), wanted, &rows));
	is_more = json_array_size(rows) > ROWS;
	if (is_more)
		json_array_remove(rows, ROWS);
	json_array_foreach (rows, i, row) {
		json_object_set_new(row, "when", json_string(show_time(visit, json_text_or(row, "at", ""))));
		json_object_set_new(
			row, "href", json_string(href_of(visit, json_text_or(row, "record", ""))));
	}
	visit_set(visit, "has_entries", json_boolean(json_array_size(rows)));
	visit_set(visit, "entries", rows);
	visit_set(visit, "more",
		is_more ? json_pack("{ss}", "from", visit_path(visit, "%d", wanted->offset + ROWS))
			: json_null());
	visit_set(visit, "less",
		wanted->offset
			? json_pack("{ss}", "from",
				  visit_path(visit, "%d", wanted->offset > ROWS ? wanted->offset - ROWS : 0))
			: json_null());
	return NULL;
}

static const struct error *add_state(struct visit *visit)
{
	struct trail_state state;

	TRY(trail_state(casefile_db(visit->office->file), &state));
	visit_set(visit, "count", show_count((size_t)state.count));
	if (state.missing)
		visit_set(visit, "broken",
			json_pack("{ss, so}", "since", show_time(visit, state.since), "missing",
				show_count((size_t)state.missing)));
	return NULL;
}

const struct error *audit_page(struct visit *visit)
{
	struct trail_wanted wanted = {.limit = ROWS + 1};
	uint64_t offset = 0;

	error_ignore(text_to_number(asked_for(visit, "from"), 1000000, &offset));
	wanted.offset = (int)offset;
	read_day(visit, &wanted);
	read_record(visit, &wanted);
	TRY(add_people(visit, &wanted));
	if (!visit_has_problems(visit))
		TRY(add_entries(visit, &wanted));
	TRY(add_state(visit));
	return visit_show(visit, "office-audit", "Audit");
}
