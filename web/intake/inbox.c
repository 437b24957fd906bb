/* Opening a mailbox (inbox.h). Who may write into it is checked as far as can be: only the hub that carried a
 * receipt can have been its owner; answers are sealed to a key that only those who hold the report know; what
 * a phone put there itself is signed with the code's own key.
 *
 * Invariant: nothing that was opened outlives the request. Runs in intake. */
#include "web/intake/inbox.h"

#include <stdio.h>
#include <string.h>

#include "node/base/text.h"
#include "node/casework/envelope.h"
#include "node/casework/message.h"
#include "sync/mailboxes.h"

#define TEXT_MAX 16000 /* bytes: the longest message in the widest letters */
#define ITEMS_MOST 500 /* of one mailbox; more than people ever write */

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

static bool is_kind(const json_t *item, const char *kind)
{
	return strcmp(json_text_or(item, "kind", ""), kind) == 0;
}

/* `log`: the log that carried it. */
static void add_item(
	json_t *items, const void *context, const char *log, struct bytes body, const struct mailbox *mailbox)
{
	json_t *item = open_item(context, body, mailbox);
	bool is_own;

	if (!item)
		return;
	if (json_array_size(items) >= ITEMS_MOST && !is_kind(item, "receipt") && !is_kind(item, "closed")) {
		json_decref(item);
		return;
	}
	is_own = message_item_is_signed(item, &mailbox->signer);
	json_object_set_new(item, "is_own", json_boolean(is_own));
	json_object_set_new(item, "log", json_string(log));
	json_array_append_new(items, item);
}

static const struct error *add_from_logs(
	json_t *items, const void *context, const struct intake *intake, const struct mailbox *mailbox)
{
	struct db *db CLEANUP(db_close) = NULL;
	struct repo *log_git CLEANUP(repo_close) = NULL;
	const struct error *error =
		db_open_foreign(home_file(context, intake->home, "mailbox.db"), MAILBOX_DB_VERSION, &db);
	struct mailbox_item *found;
	size_t count;

	if (error) /* sync has never run: nothing came from anywhere */
		return error->code == ERROR_UNAVAILABLE ? NULL : error;
	TRY(repo_open(home_file(context, intake->home, "log.git"), &log_git));
	TRY(mailboxes_find(context, db, log_git, mailbox->id, &found, &count));
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

static void read_answer(struct inbox *out, const json_t *item)
{
	const char *text = json_text_or(item, "text", ""), *key = json_text_or(item, "message", "");

	if (!*text || strlen(text) > TEXT_MAX)
		return;
	json_array_append_new(out->answers, json_pack("{s:s,s:s,s:b}", "at", json_text_or(item, "at", ""),
						    "text", text, "is_question", is_kind(item, "question")));
	if (ids_is_key(key))
		json_array_append_new(out->unseen, json_string(key));
}

static bool has(const json_t *list, const char *text)
{
	const json_t *one;
	size_t i;

	json_array_foreach (list, i, one)
		if (json_is_string(one) && strcmp(json_string_value(one), text) == 0)
			return true;
	return false;
}

/* While sync has taken an item and not yet told us so, it is in both places. */
static bool is_known(const json_t *sent, const char *key)
{
	const json_t *one;
	size_t i;

	json_array_foreach (sent, i, one)
		if (strcmp(json_text_or(one, "key", ""), key) == 0)
			return true;
	return false;
}

/* What whoever holds the code has put there. */
static void read_own(struct inbox *out, const json_t *item)
{
	const json_t *answers = json_object_get(item, "answers");
	const char *key = json_text_or(item, "message", ""), *what = json_text_or(item, "what", "");

	if (is_kind(item, "closed"))
		out->is_closed = true;
	if (is_kind(item, "seen"))
		for (size_t i = json_array_size(out->unseen); i-- > 0;)
			if (has(answers, json_string_value(json_array_get(out->unseen, i))))
				json_array_remove(out->unseen, i);
	if (is_kind(item, "sent") && !is_known(out->sent, key))
		json_array_append_new(
			out->sent, json_pack("{s:s,s:s,s:s}", "at", json_text_or(item, "at", ""), "what",
					   what, "key", key));
}

/* About this report, and signed with the code's own key. */
static bool is_own(const json_t *item, const struct inbox *inbox)
{
	return json_is_true(json_object_get(item, "is_own")) &&
	       strcmp(json_text_or(item, "report", ""), inbox->report) == 0;
}

/* Answers first: what says that they were read may carry an earlier time, from a hub whose clock is late. */
static void read_items(struct inbox *out, json_t *items)
{
	json_t *sorted CLEANUP(json_decref) = by_time(items);
	const json_t *item;
	size_t i;

	json_array_foreach (sorted, i, item) {
		const char *state = json_text_or(item, "state", "");

		if (is_kind(item, "answer") || is_kind(item, "question"))
			read_answer(out, item);
		if (is_kind(item, "state") && strlen(state) < sizeof out->state)
			snprintf(out->state, sizeof out->state, "%s", state);
	}
	json_array_foreach (sorted, i, item)
		if ((is_kind(item, "closed") || is_kind(item, "seen") || is_kind(item, "sent")) &&
			is_own(item, out))
			read_own(out, item);
}

void inbox_cleanup(struct inbox *inbox)
{
	json_decref(inbox->to);
	json_decref(inbox->answers);
	json_decref(inbox->sent);
	json_decref(inbox->unseen);
	*inbox = (struct inbox){.to = NULL};
}

const struct error *inbox_read(struct intake *intake, const struct mailbox *mailbox, struct inbox *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *items CLEANUP(json_decref) = json_array();
	const struct error *error;
	const json_t *receipt;

	TRY(add_from_logs(items, scratch, intake, mailbox));
	pthread_mutex_lock(&intake->lock);
	error = add_from_spool(items, scratch, intake, mailbox);
	pthread_mutex_unlock(&intake->lock);
	if (error)
		return error;
	receipt = find_receipt(items);
	if (!receipt)
		return error_new(ERROR_NOT_FOUND, "no report is known here by this code");
	*out = (struct inbox){
		.answers = json_array(), .sent = json_array(), .unseen = json_array(), .state = "new"};
	snprintf(out->report, sizeof out->report, "%s", json_text_or(receipt, "report", ""));
	snprintf(out->owner, sizeof out->owner, "%s", json_text_or(receipt, "owner", ""));
	memcpy(out->saved_at, json_text_or(receipt, "at", ""), sizeof out->saved_at - 1);
	if (json_is_array(json_object_get(receipt, "to")))
		out->to = json_incref(json_object_get(receipt, "to"));
	read_items(out, items);
	return NULL;
}
