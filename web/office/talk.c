/* What an office and a reporter say to each other after the report: texts and questions of the office, texts
 * and photos of the reporter, that an answer was read, that the mailbox was closed. The page around it is
 * report.c's; whose words count is node/casework/permit's, what may be from somebody else casework/closing's.
 *
 * What a reporter sent as a photo leaves the hub as a download only, never as something that a browser shows.
 * Office role. */
#include <string.h>

#include "node/base/clock.h"
#include "node/base/text.h"
#include "node/casework/lists.h"
#include "web/office/pages.h"
#include "web/office/download.h"
#include "web/office/show.h"
#include "web/office/told.h"
#include "web/office/traces.h"

/* For the reporter's mailbox; the caller adds what is new. */
static json_t *mailbox_item(const char *kind, const char *key)
{
	char at[TEXT_TIME_SIZE], owner[LOG_ID_SIZE];

	ids_key_log(owner, key);
	text_time(at, clock_wall_seconds());
	return json_pack(
		"{si, ss, ss, ss, ss}", "v", 1, "kind", kind, "report", key, "owner", owner, "at", at);
}

const struct error *talk_tell_state(struct batch *batch, const json_t *report, const char *state)
{
	json_t *item = mailbox_item("state", json_text_or(report, "key", ""));

	json_object_set_new(item, "state", json_string(state));
	return batch_item(batch, json_text_or(report, "mailbox", ""), item);
}

const struct error *talk_say(struct batch *batch, const json_t *report, const char *text, bool is_question)
{
	const char *about = json_text_or(report, "key", "");
	json_t *item = mailbox_item(is_question ? "question" : "answer", about);
	json_t *set = json_pack("{ss, ss, ss}", "report", about, "from", "office", "text", text);
	char key[ENTITY_KEY_SIZE];

	write_key_new(key, batch_office(batch));
	json_object_set_new(item, "text", json_string(text));
	json_object_set_new(item, "message", json_string(key));
	if (is_question)
		json_object_set_new(set, "kind", json_string("question"));
	TRY(batch_item(batch, json_text_or(report, "mailbox", ""), item));
	return batch_event(batch, "message", key, "", set, NULL);
}

static bool is_from(const json_t *row, const char *who, const char *kind)
{
	return strcmp(json_text_or(row, "from", ""), who) == 0 &&
	       strcmp(json_text_or(row, "kind", ""), kind) == 0;
}

const struct error *talk_is_closed(struct visit *visit, const char *report, bool *out)
{
	json_t *rows CLEANUP(json_decref) = NULL;
	const json_t *row;
	size_t i;

	*out = false;
	TRY(lists_messages(visit->office->file, report, &rows));
	json_array_foreach (rows, i, row) {
		if (is_from(row, "reporter", "closed"))
			*out = true;
	}
	return NULL;
}

static bool is_late(const json_t *row)
{
	return json_object_get(row, "after_closing") != NULL;
}

/* Whether `one` tells better that an answer was read: surely by the reporter, then on which day first. */
static bool tells_better(const json_t *one, const json_t *known)
{
	if (is_late(one) != is_late(known))
		return is_late(known);
	return strcmp(json_text_or(one, "on", ""), json_text_or(known, "on", "")) < 0;
}

/* {key of the office's message: the row that tells that it was read}. */
static json_t *find_read(json_t *rows)
{
	json_t *read = json_object(), *key, *row;
	size_t i, j;

	json_array_foreach (rows, i, row) {
		if (!is_from(row, "reporter", "seen"))
			continue;
		json_array_foreach (json_object_get(row, "answers"), j, key) {
			const json_t *known = json_object_get(read, json_string_value(key));

			if (!known || tells_better(row, known))
				json_object_set(read, json_string_value(key), row);
		}
	}
	return read;
}

static void show_photo(struct visit *visit, const char *report, json_t *row)
{
	const char *key = json_text_or(row, "key", "");
	double megabytes = (double)json_integer_value(json_object_get(row, "size")) / 1e6;
	char hub[LOG_ID_SIZE];

	json_object_set_new(row, "is_photo", json_true());
	json_object_set_new(
		row, "size", json_string(visit_path(visit, "%.1f", megabytes < 0.1 ? 0.1 : megabytes)));
	if (download_is_here(visit, DOWNLOAD_PHOTOS, row)) {
		json_object_set_new(
			row, "href", json_string(visit_path(visit, "/reports/%s/photo/%s", report, key)));
		return;
	}
	ids_key_log(hub, key);
	json_object_set_new(row, "away", json_string(office_hub_name(visit->office, hub)));
}

static const struct error *show_ours(struct visit *visit, const char *report, const json_t *read, json_t *row)
{
	const char *key = json_text_or(row, "key", ""), *way;
	const json_t *seen = json_object_get(read, key);

	TRY(told_line(visit, "message", key, report, &way));
	json_object_set_new(row, "way", json_string(way));
	json_object_set_new(row, "is_ours", json_true());
	json_object_set_new(row, "is_question", json_boolean(is_from(row, "office", "question")));
	if (!seen)
		return NULL;
	json_object_set_new(row, "read_on", json_string(show_date(visit, json_text_or(seen, "on", ""))));
	json_object_set_new(row, "is_read_late", json_boolean(is_late(seen)));
	return NULL;
}

static void show_theirs(struct visit *visit, const char *report, json_t *row)
{
	bool is_sure = strcmp(json_text_or(row, "after_closing", ""), "yes") == 0;

	if (is_from(row, "reporter", "photo"))
		show_photo(visit, report, row);
	json_object_set_new(row, "is_doubtful", json_boolean(is_late(row)));
	json_object_set_new(row, "is_late", json_boolean(is_sure));
	json_object_set_new(row, "may_be_late", json_boolean(is_late(row) && !is_sure));
	json_object_set_new(
		row, "taken_at", json_string(office_hub_name(visit->office, json_text_or(row, "hub", ""))));
}

const struct error *talk_show(struct visit *visit, const json_t *report)
{
	const char *key = json_text_or(report, "key", "");
	json_t *rows CLEANUP(json_decref) = NULL, *read CLEANUP(json_decref) = NULL;
	json_t *list CLEANUP(json_decref) = json_array(), *row;
	bool is_closed = false;
	size_t i;

	TRY(lists_messages(visit->office->file, key, &rows));
	read = find_read(rows);
	json_array_foreach (rows, i, row) {
		json_object_set_new(row, "when", json_string(show_time(visit, json_text_or(row, "at", ""))));
		if (is_from(row, "reporter", "seen"))
			continue;
		if (is_from(row, "reporter", "closed")) {
			if (!is_closed)
				visit_text(visit, "closed_on", json_text_or(row, "when", ""));
			is_closed = true;
			continue;
		}
		if (strcmp(json_text_or(row, "from", ""), "office") == 0)
			TRY(show_ours(visit, key, read, row));
		else
			show_theirs(visit, key, row);
		json_array_append(list, row);
	}
	visit_set(visit, "messages", json_array_size(list) ? json_pack("{sO}", "list", list) : json_null());
	visit_set(visit, "has_mailbox", json_boolean(*json_text_or(report, "mailbox", "")));
	visit_set(visit, "is_mailbox_closed", json_boolean(is_closed));
	visit_set(visit, "can_answer", json_boolean(*json_text_or(report, "mailbox", "") && !is_closed));
	return NULL;
}

/* What the reporter calls it is not known here; the last letters of its key tell it apart. */
static const char *number_of(const char *key)
{
	return key + strlen(key) - 6;
}

static const struct error *find_photo(struct visit *visit, const char *report, const char *key, json_t **out)
{
	json_t *rows CLEANUP(json_decref) = NULL, *row;
	size_t i;

	TRY(lists_messages(visit->office->file, report, &rows));
	json_array_foreach (rows, i, row)
		if (is_from(row, "reporter", "photo") && strcmp(json_text_or(row, "key", ""), key) == 0) {
			*out = json_incref(row);
			return NULL;
		}
	return error_new(ERROR_NOT_FOUND, "there is no such photo here");
}

const struct error *talk_photo(struct visit *visit)
{
	json_t *report CLEANUP(json_decref) = NULL, *row CLEANUP(json_decref) = NULL;

	TRY(report_find(visit, visit->parts[0], &report));
	TRY(find_photo(visit, visit->parts[0], visit->parts[1], &row));
	TRY(download(visit, DOWNLOAD_PHOTOS, row, visit_path(visit, "photo-%s", number_of(visit->parts[1]))));
	return traces_note(
		visit->office, visit->person.name, "downloaded a photo of", SAY("a report"), visit->parts[0]);
}
