/* Works records out anew, those that were touched and whatever depends on them: see settle.h.
 *
 * A record is always worked out anew from all its events, so that what the tables say never depends on the
 * order in which events came. Which events count is permit.c's, what they add up to merge.c's, writing it
 * down rows.c's. Answers come last: they are judged by what they answer. Runs in office. */
#include "node/casework/settle.h"

#include <stdlib.h>
#include <string.h>

#include "node/casework/owners.h"
#include "node/casework/pending.h"
#include "node/casework/rows.h"
#include "node/casework/sender.h"

enum statement {
	MAILBOX_READ,
	REPORT_FIND,
	REFERRAL_FIND,
	TRANSFER_FIND,
	CASE_RECORDS,
	STATEMENTS,
};
static const char records_of_case[] =
	"SELECT id FROM entity WHERE case_tail = substr(?1, -8) AND case_key = ?1 UNION ALL SELECT id FROM "
	"entity"
	" WHERE tail = substr(?1, -8) AND key = ?1 AND type IN ('case', 'report')";
static const char *const texts[STATEMENTS] = {
	[MAILBOX_READ] = "SELECT text FROM mailbox WHERE report = ?",
	[REPORT_FIND] = "SELECT id FROM report WHERE key = ?",
	[REFERRAL_FIND] = "SELECT coalesce(hub, ''), case_key, id FROM referral WHERE key = ?",
	[TRANSFER_FIND] = "SELECT coalesce(\"to\", ''), '', 0 FROM transfer WHERE key = ?",
	[CASE_RECORDS] = records_of_case,
};

struct settle {
	struct ledger *ledger;
	struct rows *rows;
	struct pending *pending;
	struct query statements[STATEMENTS];
};

static int settle_free(struct settle *settle)
{
	for (size_t i = 0; i < STATEMENTS; i++)
		db_finish(&settle->statements[i]);
	return 0;
}

const struct error *settle_new(const void *context, struct ledger *ledger, struct settle **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct settle *settle = memory_new(scratch, struct settle);

	settle->ledger = ledger;
	settle->pending = pending_new(settle);
	talloc_set_destructor(settle, settle_free);
	for (size_t i = 0; i < STATEMENTS; i++)
		TRY(db_prepare(ledger->db, &settle->statements[i], texts[i]));
	TRY(rows_new(settle, ledger->db, &settle->rows));
	*out = talloc_steal(context, settle);
	return NULL;
}

static struct query *statement(struct settle *settle, enum statement which)
{
	db_reset(&settle->statements[which]);
	return &settle->statements[which];
}

static const struct error *mailboxes_of(
	struct settle *settle, const void *context, const char *report, char ***out)
{
	struct query *find = statement(settle, REPORT_FIND), *read = statement(settle, MAILBOX_READ);
	char **list = memory_array(context, char *, 1);
	size_t count = 0;
	int64_t id = 0;
	bool row;

	*out = NULL;
	db_bind_text(find, 1, report);
	TRY(db_step(find, &row));
	if (row)
		id = db_integer(find, 0);
	db_reset(find);
	if (!row)
		return NULL;
	db_bind_integer(read, 1, id);
	for (;;) {
		TRY(db_step(read, &row));
		if (!row)
			break;
		list = memory_resize(context, list, char *, count + 2);
		list[count++] = memory_string(context, db_text(read, 0));
		list[count] = NULL;
	}
	db_reset(read);
	*out = list;
	return NULL;
}

static char **add_logs(const void *context, char **list, size_t *count, const struct owners *hubs)
{
	list = memory_resize(context, list, char *, *count + 1 + (hubs ? hubs->count : 0));
	for (size_t i = 0; hubs && i < hubs->count; i++)
		list[(*count)++] = memory_string(context, hubs->list[i].log);
	list[*count] = NULL;
	return list;
}

/* The hub that was asked, and of a referral (`id`) those that sent it and whoever owned its case. */
static const struct error *hub_asked(
	struct settle *settle, const void *context, enum statement which, const char *key, char ***out)
{
	struct query *query = statement(settle, which);
	struct owners *owners = NULL;
	struct claim *claims;
	char **list, *case_key;
	size_t count = 0, claim_count;
	int64_t id;
	bool row;

	*out = NULL;
	db_bind_text(query, 1, key);
	TRY(db_step(query, &row));
	if (!row) {
		db_reset(query);
		return NULL;
	}
	list = memory_array(context, char *, 2);
	list[count++] = memory_string(context, db_text(query, 0));
	case_key = memory_string(context, db_text(query, 1));
	id = db_integer(query, 2);
	db_reset(query);
	TRY(owners_read(settle->ledger, context, case_key, &owners));
	list = add_logs(context, list, &count, owners);
	if (id) {
		TRY(ledger_claims(settle->ledger, context, id, false, &claims, &claim_count));
		list = add_logs(context, list, &count,
			sender_walk(context, key, case_key, claims, claim_count, owners));
	}
	*out = list;
	return NULL;
}

/* permit_answerers */
static const struct error *answerers_of(
	void *user, const void *context, const char *entity, const char *key, char ***out)
{
	if (strcmp(entity, "report") == 0)
		return mailboxes_of(user, context, key, out);
	return hub_asked(
		user, context, strcmp(entity, "referral") == 0 ? REFERRAL_FIND : TRANSFER_FIND, key, out);
}

/* permit_owners */
static const struct error *owners_of(
	void *user, const void *context, const char *case_key, struct owners **out)
{
	const struct settle *settle = user;

	return owners_read(settle->ledger, context, case_key, out);
}

static const struct error *decide(struct settle *settle, struct ledger_entity *row,
	const struct entity *entity, struct claim *claims, size_t count)
{
	const struct permit_subject subject = {
		.self = settle->ledger->self,
		.entity = entity,
		.key = row->key,
		.answerers = answerers_of,
		.owners = owners_of,
		.user = settle,
	};
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	enum standing *was = memory_array(scratch, enum standing, count);
	const char *case_key;

	for (size_t i = 0; i < count; i++)
		was[i] = claims[i].judgement.standing;
	TRY(permit_judge(&subject, claims, count, &case_key, &row->creator_hq));
	memcpy(row->case_key, case_key, strlen(case_key) + 1);
	for (size_t i = 0; i < count; i++)
		if (was[i] != STANDING_PERMITTED || claims[i].judgement.standing != STANDING_PERMITTED)
			TRY(ledger_decide(settle->ledger, &claims[i], was[i]));
	return NULL;
}

static const struct error *settle_one(struct settle *settle, struct ledger_entity *row)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct entity *entity = schema_entity(row->type);
	const struct ledger_entity before = *row;
	struct claim *claims;
	size_t count;

	TRY(ledger_claims(settle->ledger, scratch, row->id, false, &claims, &count));
	TRY(decide(settle, row, entity, claims, count));
	if (entity)
		TRY(rows_write(settle->rows, row, merge_claims(scratch, entity, claims, count)));
	pending_touch(settle->pending, &before, row, claims, count);
	if (strcmp(before.case_key, row->case_key) == 0 && before.creator_hq == row->creator_hq &&
		before.conflicts == row->conflicts && before.search == row->search)
		return NULL;
	return ledger_write(settle->ledger, row);
}

static int compare_ids(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

/* The rows of answers, to be settled when what they answer is. */
struct later {
	int64_t *ids;
	size_t count;
};

static void add_later(const void *context, struct later *later, int64_t id)
{
	later->ids = memory_resize(context, later->ids, int64_t, later->count + 1);
	later->ids[later->count++] = id;
}

static const struct error *add_answers_to(
	struct settle *settle, const void *context, const char *key, struct later *later)
{
	struct query *query = ledger_query(settle->ledger, LEDGER_ABOUT_READ);
	bool row;

	db_bind_text(query, 1, key);
	for (;;) {
		TRY(db_step(query, &row));
		if (!row)
			break;
		add_later(context, later, db_integer(query, 0));
	}
	db_reset(query);
	return NULL;
}

static bool is_answer(const struct ledger_entity *row)
{
	const struct entity *entity = schema_entity(row->type);

	return entity && entity->about;
}

/* Each row once; answers are put off when `later` is given. */
static const struct error *settle_some(
	struct settle *settle, const void *context, int64_t *ids, size_t count, struct later *later)
{
	if (count)
		qsort(ids, count, sizeof *ids, compare_ids);
	for (size_t i = 0; i < count; i++) {
		struct ledger_entity row;

		if (i && ids[i] == ids[i - 1])
			continue;
		TRY(ledger_read(settle->ledger, ids[i], &row));
		if (later && is_answer(&row)) {
			add_later(context, later, row.id);
			continue;
		}
		TRY(settle_one(settle, &row));
		if (later)
			TRY(add_answers_to(settle, context, row.key, later));
	}
	return NULL;
}

static const struct error *settle_rows(struct settle *settle, const void *context, int64_t *ids, size_t count)
{
	struct later later = {0};

	TRY(settle_some(settle, context, ids, count, &later));
	return settle_some(settle, context, later.ids, later.count, NULL);
}

/* Everything of one case, once it has another owner than before. */
static const struct error *settle_case(struct settle *settle, const char *case_key)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct query *query;
	struct later rows = {0};
	bool is_changed, row;

	TRY(owners_work_out(settle->ledger, case_key, &is_changed));
	if (!is_changed)
		return NULL;
	query = statement(settle, CASE_RECORDS);
	db_bind_text(query, 1, case_key);
	for (;;) {
		TRY(db_step(query, &row));
		if (!row)
			break;
		add_later(scratch, &rows, db_integer(query, 0));
	}
	db_reset(query);
	return settle_rows(settle, scratch, rows.ids, rows.count);
}

/* The cases that the events of a transfer, or those of an answer to it, name. */
static const struct error *add_cases_of(struct settle *settle, const struct ledger_entity *row, json_t *cases)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	bool is_answer = strcmp(row->type, "takeover") == 0;
	struct ledger_entity transfer;
	struct claim *claims;
	size_t count;

	if (!is_answer && strcmp(row->type, "transfer") != 0)
		return NULL;
	TRY(ledger_claims(settle->ledger, scratch, row->id, false, &claims, &count));
	for (size_t i = 0; i < count; i++) {
		if (!is_answer) {
			if (*claims[i].event->case_key)
				json_object_set_new(cases, claims[i].event->case_key, json_true());
			continue;
		}
		TRY(ledger_find(settle->ledger, "transfer",
			json_text_or(claims[i].event->set, "transfer", ""), &transfer));
		if (transfer.id)
			TRY(add_cases_of(settle, &transfer, cases));
	}
	return NULL;
}

const struct error *settle_all(struct settle *settle, int64_t *ids, size_t count)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *cases CLEANUP(json_decref) = json_object(), *value;
	const char *case_key;

	TRY(settle_rows(settle, scratch, ids, count));
	for (size_t i = 0; i < count; i++) {
		struct ledger_entity row;

		if (i && ids[i] == ids[i - 1])
			continue;
		TRY(ledger_read(settle->ledger, ids[i], &row));
		TRY(add_cases_of(settle, &row, cases));
	}
	json_object_foreach (cases, case_key, value)
		TRY(settle_case(settle, case_key));
	return pending_settle(settle->pending, settle->ledger->db);
}
