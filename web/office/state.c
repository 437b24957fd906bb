/* What becomes of a case: begun, closed, opened again, found to be the same as another. Each is a page of its
 * own, because each asks something of its own.
 *
 * "Nothing that was agreed is forgotten by closing": whoever closes a case says what happens to what is still
 * owed in it. And nothing is deleted here; the day until which a closed case is kept is proposed and shown.
 * Office role. */
#include "web/office/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/text.h"
#include "node/casework/lists.h"
#include "web/office/fields.h"
#include "web/office/show.h"

#define OPEN_MOST 300 /* actions or follow-ups of one case that closing drops at once */

static bool is_closed(const json_t *record)
{
	return strcmp(json_text_or(record, "state", "open"), "closed") == 0;
}

/* ---- on the page of the case ---- */

/* The case that this one repeats, when it can be seen here: {"href","name"}. */
static json_t *original_of(struct visit *visit, const json_t *record)
{
	json_t *found CLEANUP(json_decref) = NULL;
	const char *key = json_text_or(record, "duplicate_of", "");

	if (!*key)
		return json_null();
	if (casefile_get(visit->office->file, "case", key, &found))
		return json_pack(
			"{ss, ss}", "href", "", "name", say(visit->request, "a case that is not here"));
	return json_pack("{ss, ss}", "href", visit_path(visit, "/cases/%s", key), "name",
		memory_format(visit->context, "%s %s", json_text_or(found, "ref", ""),
			json_text_or(found, "alias", "")));
}

static const struct error *add_duplicates(struct visit *visit, const char *key)
{
	json_t *rows CLEANUP(json_decref) = NULL;

	TRY(lists_duplicates(visit->office->file, key, &rows));
	visit_set(visit, "duplicates", json_array_size(rows) ? json_pack("{sO}", "list", rows) : json_null());
	return NULL;
}

/* What was told beside the report that the case was opened from. */
static const struct error *add_reports(struct visit *visit, const char *key)
{
	json_t *rows CLEANUP(json_decref) = NULL, *others CLEANUP(json_decref) = json_array(), *row;
	size_t i;

	TRY(lists_case_reports(visit->office->file, key, &rows));
	json_array_foreach (rows, i, row)
		if (strcmp(json_text_or(row, "key", ""), key) != 0)
			json_array_append_new(others,
				json_pack("{ss, ss}", "href",
					visit_path(visit, "/reports/%s", json_text_or(row, "key", "")), "at",
					show_time(visit, json_text_or(row, "created", ""))));
	visit_set(visit, "told_again",
		json_array_size(others) ? json_pack("{sO}", "list", others) : json_null());
	return NULL;
}

const struct error *state_show(struct visit *visit, const json_t *record)
{
	const char *key = memory_string(visit->context, json_text_or(record, "key", "")), *seen;
	const char *assessed = json_text_or(record, "assessed", ""),
		   *review = json_text_or(record, "review", "");
	struct asking asking = {"case", key, record, NULL};

	TRY(fields_heads(visit, &asking, "state", &seen));
	TRY(add_duplicates(visit, key));
	TRY(add_reports(visit, key));
	visit_set(visit, "original", original_of(visit, record));
	visit_text(visit, "seen_state", seen);
	visit_set(visit, "is_closed", json_boolean(is_closed(record)));
	visit_set(visit, "is_open", json_boolean(strcmp(json_text_or(record, "state", "open"), "open") == 0));
	visit_text(visit, "assessed_on", *assessed ? show_date(visit, assessed) : "");
	visit_set(visit, "reassess", !is_closed(record) && *review ? show_due(visit, review) : json_null());
	return NULL;
}

/* ---- what the pages share ---- */

static const struct error *find(struct visit *visit, json_t **record, const char **key)
{
	TRY(case_find(visit, visit->parts[0], record));
	*key = memory_string(visit->context, json_text_or(*record, "key", ""));
	return NULL;
}

/* What the person saw of the state, or a problem; and a problem when the case is not as the page needs it. */
static const struct error *check_state(
	struct visit *visit, const json_t *record, const char *key, bool needs_closed)
{
	struct asking asking = {"case", key, record, NULL};
	json_t *over CLEANUP(json_decref) = NULL;

	if (is_closed(record) != needs_closed) {
		visit->request->status = 409;
		visit_problem(visit, "",
			needs_closed
				? SAY("This case is not closed; somebody may have opened it again meanwhile")
				: SAY("This case is closed already; somebody may have closed it meanwhile"));
		return NULL;
	}
	return fields_seen(visit, &asking, "state", &over);
}

static void add_frame(struct visit *visit, const json_t *record, const char *key)
{
	visit_text(visit, "key", key);
	case_caption(visit, record);
	visit_text(visit, "back", visit_path(visit, "/cases/%s", key));
}

static const struct error *add_seen(struct visit *visit, const json_t *record, const char *key)
{
	struct asking asking = {"case", key, record, NULL};
	const char *seen;

	TRY(fields_heads(visit, &asking, "state", &seen));
	visit_text(visit, "seen_state", seen);
	return NULL;
}

static int days_in(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 1 && is_leap ? 29 : days[month];
}

/* The same day so many months later, or the last of that month. */
static const char *months_after(const void *context, const char *date, int months)
{
	int year = (int)strtol(date, NULL, 10), month = (int)strtol(date + 5, NULL, 10) - 1 + months;
	int day = (int)strtol(date + 8, NULL, 10);

	year += month / 12;
	month %= 12;
	if (day > days_in(year, month))
		day = days_in(year, month);
	return memory_format(context, "%04d-%02d-%02d", year, month + 1, day);
}

static const char *proposed_retention(const struct visit *visit)
{
	return months_after(visit->context, show_today(visit->context),
		visit->office->home->config->keep.closed_cases_months);
}

/* ---- begun ---- */

const struct error *state_begin(struct visit *visit)
{
	json_t *record CLEANUP(json_decref) = NULL;
	struct batch *batch = visit_batch(visit);
	const char *key;

	TRY(find(visit, &record, &key));
	if (strcmp(json_text_or(record, "state", "open"), "open") != 0)
		return visit_go(visit, visit_path(visit, "/cases/%s", key),
			"Nothing was changed: the case was not waiting any more.");
	TRY(batch_event(batch, "case", key, "", json_pack("{ss}", "state", "in-progress"), NULL));
	TRY(batch_commit(batch));
	return visit_go(visit, visit_path(visit, "/cases/%s", key), "The case is in progress.");
}

/* ---- closed ---- */

static const struct asked close_asked[] = {
	{"reason", NULL, SAY("Why nothing more is to be done, or can be."), true, false},
	{"outcome", NULL, SAY("What came of it, for the person and for us."), true, false},
	{"retention", NULL,
		SAY("Proposed by this hub’s settings. From then on a coordinator is asked to look at it; "
		    "nothing is "
		    "deleted by itself."),
		true, true},
	{0},
};

struct rest { /* what is still owed in a case */
	json_t *actions, *followups;
};

static void keep_open(json_t *rows, bool is_followup)
{
	size_t i = 0;

	while (i < json_array_size(rows)) {
		const json_t *row = json_array_get(rows, i);
		bool is_open = is_followup ? json_is_true(json_object_get(row, "open"))
					   : strcmp(json_text_or(row, "state", "open"), "open") == 0;

		if (is_open)
			i++;
		else
			json_array_remove(rows, i);
	}
}

static const struct error *find_rest(struct visit *visit, const char *key, struct rest *rest)
{
	const char *today = show_today(visit->context);

	TRY(lists_actions(visit->office->file, key, today, OPEN_MOST, &rest->actions));
	TRY(lists_followups(visit->office->file, key, today, OPEN_MOST, &rest->followups));
	keep_open(rest->actions, false);
	keep_open(rest->followups, true);
	return NULL;
}

static void free_rest(struct rest *rest)
{
	json_decref(rest->actions);
	json_decref(rest->followups);
}

static bool is_any(const struct rest *rest)
{
	return json_array_size(rest->actions) || json_array_size(rest->followups);
}

static json_t *lines_of(struct visit *visit, const struct rest *rest)
{
	json_t *list = json_array(), *row;
	size_t i;

	json_array_foreach (rest->actions, i, row)
		json_array_append_new(
			list, json_pack("{ss, so}", "what",
				      reports_shortened(visit->context, json_text_or(row, "what", "")),
				      "clock", show_due(visit, json_text_or(row, "due", ""))));
	json_array_foreach (rest->followups, i, row)
		json_array_append_new(
			list, json_pack("{ss, so}", "what", say(visit->request, "Follow-up"), "clock",
				      show_missed(visit, json_text_or(row, "due", ""))));
	return list;
}

/* The question what happens to it, for office-state-rest. */
static void show_rest(struct visit *visit, const struct rest *rest)
{
	const char *typed = visit_field(visit, "rest");

	if (!is_any(rest))
		return;
	visit_set(visit, "rest",
		json_pack("{so, sb, sb}", "list", lines_of(visit, rest), "is_kept",
			strcmp(typed, "keep") == 0, "is_dropped", strcmp(typed, "drop") == 0));
}

static void check_rest(struct visit *visit, const struct rest *rest)
{
	const char *typed = visit_field(visit, "rest");

	if (is_any(rest) && strcmp(typed, "keep") != 0 && strcmp(typed, "drop") != 0)
		visit_problem(visit, "rest", SAY("What is still owed: say what happens to it"));
}

/* With the case's reason as their outcome. What is kept rests until the case is opened again. */
static const struct error *drop_rest(
	struct visit *visit, struct batch *batch, const char *key, const struct rest *rest, const char *why)
{
	const char *outcome = memory_format(
		visit->context, say(visit_in_english(visit)->request, "The case was closed: %s"), why);
	json_t *row;
	size_t i;

	if (strcmp(visit_field(visit, "rest"), "drop") != 0)
		return NULL;
	json_array_foreach (rest->actions, i, row)
		TRY(batch_event(batch, "action", json_text_or(row, "key", ""), key,
			json_pack("{ss, ss}", "state", "dropped", "outcome", outcome), NULL));
	json_array_foreach (rest->followups, i, row)
		TRY(batch_event(batch, "followup", json_text_or(row, "key", ""), key,
			json_pack("{ss}", "result", "closed"), NULL));
	return NULL;
}

static const struct error *show_close(
	struct visit *visit, const json_t *record, const char *key, const struct rest *rest)
{
	json_t *offered CLEANUP(json_decref) = json_pack("{ss}", "retention", proposed_retention(visit));
	struct asking asking = {"case", key, offered, close_asked};

	TRY(fields_show(visit, &asking));
	TRY(add_seen(visit, record, key));
	show_rest(visit, rest);
	add_frame(visit, record, key);
	return visit_show(visit, "office-close", "Close the case");
}

static const struct error *close_with(
	struct visit *visit, const json_t *record, const char *key, const struct rest *rest)
{
	json_t *set CLEANUP(json_decref) = NULL, *over CLEANUP(json_decref) = NULL;
	struct asking asking = {"case", key, record, close_asked};
	struct batch *batch = visit_batch(visit);

	TRY(check_state(visit, record, key, false));
	TRY(fields_take(visit, &asking, &set, &over));
	check_rest(visit, rest);
	if (visit_has_problems(visit))
		return show_close(visit, record, key, rest);
	json_object_set_new(set, "state", json_string("closed"));
	TRY(drop_rest(visit, batch, key, rest, visit_field(visit, "reason")));
	TRY(batch_event(batch, "case", key, "", json_incref(set), NULL));
	TRY(batch_commit(batch));
	return visit_go(visit, visit_path(visit, "/cases/%s", key), "The case is closed.");
}

static const struct error *close_page(
	struct visit *visit, const struct error *(*page)(struct visit *visit, const json_t *record,
				     const char *key, const struct rest *rest))
{
	json_t *record CLEANUP(json_decref) = NULL;
	const struct error *error;
	struct rest rest = {0};
	const char *key;

	TRY(find(visit, &record, &key));
	if (is_closed(record) && !visit->form)
		return visit_go(visit, visit_path(visit, "/cases/%s", key), "This case is closed already.");
	error = find_rest(visit, key, &rest);
	if (!error)
		error = page(visit, record, key, &rest);
	free_rest(&rest);
	return error;
}

const struct error *state_close_form(struct visit *visit)
{
	return close_page(visit, show_close);
}

const struct error *state_close(struct visit *visit)
{
	return close_page(visit, close_with);
}

/* ---- opened again ---- */

static const struct asked reopen_asked = {
	.name = "why", .label = SAY("Why it is opened again"), .is_required = true};

static const struct error *show_reopen(struct visit *visit, const json_t *record, const char *key)
{
	visit_text(visit, "why", visit_field(visit, "why"));
	TRY(add_seen(visit, record, key));
	add_frame(visit, record, key);
	return visit_show(visit, "office-reopen", "Open the case again");
}

const struct error *state_reopen_form(struct visit *visit)
{
	json_t *record CLEANUP(json_decref) = NULL;
	const char *key;

	TRY(find(visit, &record, &key));
	if (!is_closed(record))
		return visit_go(visit, visit_path(visit, "/cases/%s", key), "This case is not closed.");
	return show_reopen(visit, record, key);
}

/* The reason stands as a note, with what closing had said, which is taken back. */
static const char *reopening_note(struct visit *visit, const json_t *record, const char *why)
{
	const char *reason = json_text_or(record, "reason", ""),
		   *outcome = json_text_or(record, "outcome", "");
	const struct request *english = visit_in_english(visit)->request;
	struct buffer *text = buffer_new(visit->context);

	buffer_format(text, say(english, "Opened again: %s"), why);
	if (*reason) {
		buffer_text(text, "\n");
		buffer_format(text, say(english, "It had been closed: %s"), reason);
	}
	if (*outcome) {
		buffer_text(text, "\n");
		buffer_format(text, say(english, "Outcome then: %s"), outcome);
	}
	return (const char *)buffer_bytes(text).data;
}

static const struct error *add_note(
	struct visit *visit, struct batch *batch, const char *case_key, const char *text)
{
	char key[ENTITY_KEY_SIZE];

	write_key_new(key, visit->office);
	return batch_event(batch, "note", key, case_key, json_pack("{ss}", "text", text), NULL);
}

const struct error *state_reopen(struct visit *visit)
{
	json_t *record CLEANUP(json_decref) = NULL, *why CLEANUP(json_decref) = NULL;
	struct field field = *schema_field(schema_entity("case"), "reason");
	struct batch *batch = visit_batch(visit);
	const char *key;

	field.name = reopen_asked.name;
	field.label = reopen_asked.label;
	TRY(find(visit, &record, &key));
	TRY(check_state(visit, record, key, true));
	why = fields_value(visit, &field, &reopen_asked, NULL);
	if (visit_has_problems(visit))
		return show_reopen(visit, record, key);
	TRY(batch_event(batch, "case", key, "",
		json_pack("{ss, ss, ss, ss, ss}", "state", "in-progress", "reason", "", "outcome", "",
			"retention", "", "duplicate_of", ""),
		NULL));
	TRY(add_note(visit, batch, key, reopening_note(visit, record, json_string_value(why))));
	TRY(batch_commit(batch));
	return visit_go(visit, visit_path(visit, "/cases/%s", key), "The case is open again.");
}

/* ---- the same as another ---- */

const struct error *state_find_target(struct visit *visit, const char *field, const char *key, json_t **out)
{
	const char *ref = visit_field(visit, field), *target;
	json_t *found CLEANUP(json_decref) = NULL;

	*out = NULL;
	if (!*ref) {
		visit_problem(visit, field, SAY("Reference of the case: this must be filled in"));
		return NULL;
	}
	if (case_find(visit, ref, &found)) {
		visit_problem(visit, field, SAY("Reference of the case: there is no such case here"));
		return NULL;
	}
	target = json_text_or(found, "key", "");
	if (strcmp(target, key) == 0)
		visit_problem(visit, field, SAY("Reference of the case: this is the same case"));
	else if (*json_text_or(found, "duplicate_of", ""))
		visit_problem(visit, field,
			SAY("Reference of the case: that one repeats another case itself; its page leads "
			    "there"));
	else if (is_closed(found))
		visit_problem(
			visit, field, SAY("Reference of the case: that one is closed; open it again first"));
	else
		*out = json_incref(found);
	return NULL;
}

static const struct error *show_duplicate(
	struct visit *visit, const json_t *record, const char *key, const struct rest *rest)
{
	visit_text(visit, "ref", visit_field(visit, "ref"));
	TRY(add_seen(visit, record, key));
	show_rest(visit, rest);
	add_frame(visit, record, key);
	return visit_show(visit, "office-duplicate", "The same as another case");
}

static const struct error *duplicate_with(
	struct visit *visit, const json_t *record, const char *key, const struct rest *rest)
{
	json_t *target CLEANUP(json_decref) = NULL;
	struct batch *batch = visit_batch(visit);
	const char *reason;

	TRY(check_state(visit, record, key, false));
	TRY(state_find_target(visit, "ref", key, &target));
	check_rest(visit, rest);
	if (visit_has_problems(visit))
		return show_duplicate(visit, record, key, rest);
	reason = memory_format(visit->context, say(visit_in_english(visit)->request, "The same as %s"),
		json_text_or(target, "ref", ""));
	TRY(drop_rest(visit, batch, key, rest, reason));
	TRY(batch_event(batch, "case", key, "",
		json_pack("{ss, ss, ss, ss}", "state", "closed", "reason", reason, "retention",
			proposed_retention(visit), "duplicate_of", json_text_or(target, "key", "")),
		NULL));
	TRY(batch_commit(batch));
	return visit_go(visit, visit_path(visit, "/cases/%s", json_text_or(target, "key", "")),
		"This is the case to go on with; the other is closed and leads here.");
}

const struct error *state_duplicate_form(struct visit *visit)
{
	return close_page(visit, show_duplicate);
}

const struct error *state_duplicate(struct visit *visit)
{
	return close_page(visit, duplicate_with);
}
