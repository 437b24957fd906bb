/* Today: what needs somebody, most pressing first. Everything on it is a list of another page; here it is cut
 * to what fits one look. */
#include "web/office/pages.h"

#include <string.h>

#include "node/base/clock.h"
#include "node/base/text.h"
#include "node/casework/lists.h"
#include "node/casework/owed.h"
#include "node/casework/pending.h"
#include "sync/state.h"
#include "web/office/parts.h"
#include "web/office/recheck.h"
#include "web/office/show.h"
#include "web/office/transfer.h"

#define REPORTS_MOST 10
#define OWED_MINE_MOST 20
#define OWED_MOST 100
#define CONFLICTS_MOST 10
#define URGENT_MOST 20
#define MESSAGES_MOST 10
#define CERTIFICATES_MS 60000	      /* how long those that were found good need not be read again */
#define QUIET_SECONDS (3 * 24 * 3600) /* a hub not heard from for so long is worth a word */

/* What is overdue or due within a week: what this person sees to and what nobody does, or everybody's. */
static const struct error *add_owed(struct visit *visit, bool is_all)
{
	const struct owed_asked asked = {.today = show_today(visit->context),
		.until = show_day(visit->context, 7),
		.user = is_all ? NULL : visit->person.name,
		.limit = is_all ? OWED_MOST : OWED_MINE_MOST};
	json_t *rows = NULL;

	TRY(owed_list(visit->office->file, &asked, &rows));
	visit_set(visit, "is_cut", json_boolean((int)json_array_size(rows) == asked.limit));
	visit_set(visit, "owed", tasks_owed(visit, rows));
	return NULL;
}

/* Closed cases that have been kept as long as they were to be: for a coordinator to look at. */
static const struct error *add_past(struct visit *visit)
{
	json_t *rows CLEANUP(json_decref) = NULL;

	TRY(lists_cases_past(visit->office->file, show_today(visit->context), 1, &rows));
	visit_set(visit, "has_past", json_boolean(json_array_size(rows)));
	return NULL;
}

/* Where it is settled, and what it is called. */
static void name_conflict(struct visit *visit, json_t *row)
{
	const char *entity = json_text_or(row, "entity", ""), *key = json_text_or(row, "key", "");
	const char *case_key = json_text_or(row, "case_key", ""), *ref = json_text_or(row, "ref", "");
	const char *name = *ref ? ref : say(visit->request, "a case"), *href, *what = parts_heading(entity);

	if (strcmp(entity, "report") == 0) {
		href = visit_path(visit, "/reports/%s", key);
		name = say(visit->request, "a report");
	} else if (strcmp(entity, "provider") == 0) {
		href = visit_path(visit, "/providers/%s", key);
		name = say(visit->request, "the directory");
	} else if (strcmp(entity, "code") == 0) {
		href = visit_path(visit, "/history/code/%s", key);
		name = say(visit->request, "the code lists");
	} else if (parts_is_secret(entity)) {
		href = visit_path(visit, "/cases/%s/people/%s", case_key, key);
	} else if (*case_key) {
		href = visit_path(visit, "/cases/%s", case_key);
	} else {
		href = visit_path(visit, "/history/%s/%s", entity, key);
		name = say(visit->request, "another record");
	}
	json_object_set_new(row, "href", json_string(href));
	json_object_set_new(row, "name", json_string(name));
	json_object_set_new(row, "part", json_string(*what ? say(visit->request, what) : ""));
}

static const struct error *add_conflicts(struct visit *visit)
{
	json_t *conflicts CLEANUP(json_decref) = NULL, *row;
	size_t i;

	TRY(lists_conflicts(visit->office->file, CONFLICTS_MOST, &conflicts));
	json_array_foreach (conflicts, i, row) {
		json_t *values = NULL;

		name_conflict(visit, row);
		TRY(settle_values(visit, json_text_or(row, "entity", ""), json_text_or(row, "key", ""),
			json_text_or(row, "field", ""), &values));
		json_object_set_new(row, "values", values);
	}
	visit_set(visit, "disagree",
		json_array_size(conflicts) ? json_pack("{sOsb}", "conflicts", conflicts, "is_cut",
						     json_array_size(conflicts) == CONFLICTS_MOST)
					   : json_null());
	return NULL;
}

/* Somebody waits for an answer. */
static const struct error *add_messages(struct visit *visit)
{
	json_t *rows CLEANUP(json_decref) = NULL, *list CLEANUP(json_decref) = json_array(), *row;
	size_t i;

	TRY(pending_unanswered(visit->office->file, MESSAGES_MOST, &rows));
	json_array_foreach (rows, i, row) {
		bool is_photo = strcmp(json_text_or(row, "kind", ""), "photo") == 0;

		json_array_append_new(list,
			json_pack("{ss, ss, ss}", "report", json_text_or(row, "report", ""), "text",
				is_photo ? say(visit->request, "A photo")
					 : reports_shortened(visit->context, json_text_or(row, "text", "")),
				"at", show_time(visit, json_text_or(row, "created", ""))));
	}
	visit_set(visit, "messages",
		json_array_size(list)
			? json_pack("{sOsb}", "list", list, "is_cut", json_array_size(list) == MESSAGES_MOST)
			: json_null());
	return NULL;
}

/* One line on synchronising, and who has been silent. */
static const struct error *add_sync(struct visit *visit)
{
	struct db *db = office_sync_db(visit->office);
	json_t *status CLEANUP(json_decref) = NULL, *silent CLEANUP(json_decref) = json_array(), *row;
	int64_t newest = 0, now = clock_wall_seconds();
	char time[TEXT_TIME_SIZE];
	size_t i, failing = 0;

	if (!db)
		return NULL;
	TRY(state_status(db, &status));
	json_array_foreach (json_object_get(status, "remotes"), i, row) {
		int64_t ok = json_integer_value(json_object_get(row, "last_ok"));

		newest = ok > newest ? ok : newest;
		failing += json_integer_value(json_object_get(row, "failures")) > 0;
	}
	json_array_foreach (json_object_get(status, "logs"), i, row) {
		const char *log = json_text_or(row, "log", "");
		int64_t seen = json_integer_value(json_object_get(row, "seen"));

		if (strcmp(log, visit->office->trust.self.log) == 0 || now - seen < QUIET_SECONDS)
			continue;
		text_time(time, seen);
		json_array_append_new(silent, json_pack("{ssss}", "name", office_hub_name(visit->office, log),
						      "at", show_time(visit, time)));
	}
	visit_set(visit, "silent", json_array_size(silent) ? json_pack("{sO}", "hubs", silent) : json_null());
	text_time(time, newest);
	visit_text(visit, "synced", newest ? show_time(visit, time) : "");
	visit_set(visit, "failing", show_count(failing));
	visit_set(visit, "troubles", show_count(json_array_size(json_object_get(status, "trouble"))));
	return NULL;
}

/* Danger first and apart; the oldest, which may be another hub's, on top. */
static const struct error *add_reports(struct visit *visit)
{
	json_t *rows CLEANUP(json_decref) = NULL, *opened = NULL, *urgent = json_array(),
		     *fresh = json_array(), *row;
	bool is_more;
	size_t i;

	TRY(lists_reports(visit->office->file, "new", URGENT_MOST + REPORTS_MOST, 0, &rows));
	TRY(lists_reports(visit->office->file, "opened", REPORTS_MOST, 0, &opened));
	json_array_foreach (rows, i, row) {
		bool is_urgent = strcmp(json_text_or(row, "danger", ""), "yes") == 0;

		if (is_urgent && json_array_size(urgent) < URGENT_MOST)
			json_array_append(urgent, row);
		else if (json_array_size(fresh) < REPORTS_MOST)
			json_array_append(fresh, row);
	}
	is_more = json_array_size(urgent) + json_array_size(fresh) < json_array_size(rows) ||
		  json_array_size(rows) == URGENT_MOST + REPORTS_MOST ||
		  json_array_size(opened) == REPORTS_MOST;
	visit_set(visit, "more_reports", json_boolean(is_more));
	visit_set(visit, "urgent", reports_table(visit, urgent));
	visit_set(visit, "fresh", reports_table(visit, fresh));
	visit_set(visit, "opened", reports_table(visit, opened));
	return NULL;
}

/* They are files, and reading them costs more than all else here. */
static void add_certificates(struct visit *visit)
{
	int64_t now = clock_boot_ms();
	json_t *expiring;

	if (now < visit->office->certificates_ms)
		return;
	expiring = settings_certificates(visit, true);
	if (json_is_null(expiring))
		visit->office->certificates_ms = now + CERTIFICATES_MS;
	visit_set(visit, "expiring", expiring);
}

const struct error *today_page(struct visit *visit)
{
	bool is_all = strcmp(form_text(visit->context, visit->request->query, "all"), "1") == 0;

	if (!visit_may(visit, MAY_READ_REPORTS))
		return referrals_today(visit);
	TRY(add_owed(visit, is_all));
	if (is_all)
		return visit_show(visit, "office-owed", "Owed by everybody");
	TRY(add_reports(visit));
	TRY(add_messages(visit));
	TRY(transfer_show_offers(visit));
	TRY(recheck_today(visit));
	TRY(add_conflicts(visit));
	TRY(add_sync(visit));
	if (visit_may(visit, MAY_MANAGE_PEOPLE)) {
		TRY(add_past(visit));
		add_certificates(visit);
	}
	return visit_show(visit, "office-today", "Today");
}
