/* Opening a mailbox (inbox.h). Who may write into it is checked as far as can be: only the hub that carried a
 * receipt can have been its owner; answers are sealed to a key that only those who hold the report know.
 *
 * Invariant: nothing that was opened outlives the request. Runs in intake. */
#include "web/intake/inbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/text.h"
#include "node/casework/envelope.h"
#include "sync/state.h"

#define TEXT_MAX 8192
#define ITEMS_MOST 500 /* of one mailbox; more than an office ever writes */

/* One item, opened. NULL where it does not open or is none that we know. */
static json_t *open_item(const void *context, struct bytes body, const struct mailbox *mailbox)
{
	json_t *item = NULL;
	struct bytes line;
	int64_t at;

	if (envelope_open_item(context, body, mailbox->identity, &line) || json_object_parse(line, &item))
		return NULL;
	if (json_integer_value(json_object_get(item, "v")) == 1 &&
		text_to_time(json_text_or(item, "at", ""), &at) == NULL)
		return item;
	json_decref(item);
	return NULL;
}

/* `log`: the log that carried it. */
static void add_item(
	json_t *items, const void *context, const char *log, struct bytes body, const struct mailbox *mailbox)
{
	json_t *item = json_array_size(items) < ITEMS_MOST ? open_item(context, body, mailbox) : NULL;

	if (!item)
		return;
	json_object_set_new(item, "log", json_string(log));
	json_array_append_new(items, item);
}

static const struct error *add_from_mailbox_db(
	json_t *items, const void *context, const struct intake *intake, const struct mailbox *mailbox)
{
	struct db *db CLEANUP(db_close) = NULL;
	const struct error *error =
		db_open_foreign(home_file(context, intake->home, "mailbox.db"), MAILBOX_DB_VERSION, &db);
	struct mailbox_item *found;
	size_t count;

	if (error) /* sync has never run: nothing came from anywhere */
		return error->code == ERROR_UNAVAILABLE ? NULL : error;
	TRY(mailbox_items(context, db, mailbox->id, &found, &count));
	for (size_t i = 0; i < count; i++)
		add_item(items, context, found[i].log, found[i].body, mailbox);
	return NULL;
}

static const struct error *add_from_spool(
	json_t *items, const void *context, struct intake *intake, const struct mailbox *mailbox)
{
	struct query query CLEANUP(db_finish) = {NULL, NULL};
	bool row = true;

	TRY(db_prepare(intake->reader, &query,
		"SELECT body FROM spool WHERE kind = 'm' AND mailbox = ?1 ORDER BY id"));
	db_bind_text(&query, 1, mailbox->id);
	while (row) {
		TRY(db_step(&query, &row));
		if (row)
			add_item(items, context, coalition_self(intake->coalition)->log, db_bytes(&query, 0),
				mailbox);
	}
	return NULL;
}

static bool is_kind(const json_t *item, const char *kind)
{
	return strcmp(json_text_or(item, "kind", ""), kind) == 0;
}

static const json_t *find_receipt(const json_t *items)
{
	const json_t *item;
	size_t i;

	json_array_foreach (items, i, item) {
		const char *owner = json_text_or(item, "owner", "");

		if (is_kind(item, "receipt") && ids_is_log(owner) &&
			ids_is_key(json_text_or(item, "report", "")) &&
			strcmp(owner, json_text_or(item, "log", "")) == 0)
			return item;
	}
	return NULL;
}

/* Oldest first; the logs that carried them are each in order, but not together. The caller owns it. */
static json_t *by_time(json_t *items)
{
	json_t *sorted = json_array(), *item;
	size_t i;

	json_array_foreach (items, i, item) {
		size_t at = json_array_size(sorted);

		while (at && strcmp(json_text_or(json_array_get(sorted, at - 1), "at", ""),
				     json_text_or(item, "at", "")) > 0)
			at--;
		json_array_insert(sorted, at, item);
	}
	return sorted;
}

static void read_answers(struct inbox *out, const void *context, json_t *items)
{
	json_t *sorted CLEANUP(json_decref) = by_time(items);
	const json_t *item;
	size_t i;

	json_array_foreach (sorted, i, item) {
		const char *text = json_text_or(item, "text", ""), *state = json_text_or(item, "state", "");

		if (is_kind(item, "answer") && *text && strlen(text) <= TEXT_MAX)
			json_array_append_new(out->answers,
				json_pack("{s:s,s:s}", "day",
					inbox_day(context, json_text_or(item, "at", "")), "text", text));
		if (is_kind(item, "state") && strlen(state) < sizeof out->state)
			snprintf(out->state, sizeof out->state, "%s", state);
	}
}

const struct error *inbox_read(struct intake *intake, const struct mailbox *mailbox, struct inbox *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *items CLEANUP(json_decref) = json_array();
	const struct error *error;
	const json_t *receipt;

	TRY(add_from_mailbox_db(items, scratch, intake, mailbox));
	if (!find_receipt(items)) {
		pthread_mutex_lock(&intake->lock);
		error = add_from_spool(items, scratch, intake, mailbox);
		pthread_mutex_unlock(&intake->lock);
		if (error)
			return error;
	}
	receipt = find_receipt(items);
	if (!receipt)
		return error_new(ERROR_NOT_FOUND, "no report is known here by this code");
	*out = (struct inbox){.answers = json_array(), .state = "new"};
	snprintf(out->report, sizeof out->report, "%s", json_text_or(receipt, "report", ""));
	snprintf(out->owner, sizeof out->owner, "%s", json_text_or(receipt, "owner", ""));
	memcpy(out->saved_at, json_text_or(receipt, "at", ""), sizeof out->saved_at - 1);
	read_answers(out, scratch, items);
	return NULL;
}

char *inbox_day(const void *context, const char *date)
{
	static const char *const months[] = {"January", "February", "March", "April", "May", "June", "July",
		"August", "September", "October", "November", "December"};
	long month = strtol(date + 5, NULL, 10), day = strtol(date + 8, NULL, 10);

	return memory_format(context, "%ld %s %.4s", day, months[month - 1], date);
}
