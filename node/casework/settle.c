/* Writes what the merge found into the tables that pages read, a record at a time: see settle.h.
 *
 * A record is always worked out anew from all its events, so that what the tables say never depends on the
 * order in which events came. Which events count is permit.c's, what they add up to merge.c's. Answers come
 * last: they are judged by what they answer. Runs in office. */
#include "node/casework/settle.h"

#include <stdlib.h>
#include <string.h>

#include "node/base/text.h"
#include "node/casework/owners.h"
#include "node/casework/pending.h"
#include "node/casework/sender.h"
#include "node/casework/trail.h"

#define ENTITIES_MAX 32
#define SEARCH_HASH_BITS 20
#define SEARCH_SECONDS_MAX (INT64_C(1) << 42)

enum statement {
	SEARCH_READ,
	SEARCH_TAKEN,
	SEARCH_ADD,
	SEARCH_DROP,
	CONFLICT_ADD,
	CONFLICT_DROP,
	MAILBOX_READ,
	MAILBOX_ADD,
	MAILBOX_DROP,
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
	[SEARCH_READ] = "SELECT text FROM searched WHERE id = ?",
	[SEARCH_TAKEN] = "SELECT 1 FROM entity WHERE search_row = ?1 AND id <> ?2",
	[SEARCH_ADD] = "INSERT INTO search(rowid, text) VALUES(?, ?)",
	[SEARCH_DROP] = "DELETE FROM search WHERE rowid = ?",
	[CONFLICT_ADD] = "INSERT INTO conflict(entity, field) VALUES(?, ?)",
	[CONFLICT_DROP] = "DELETE FROM conflict WHERE entity = ?",
	[MAILBOX_READ] = "SELECT text FROM mailbox WHERE report = ?",
	[MAILBOX_ADD] = "INSERT OR IGNORE INTO mailbox(report, text) VALUES(?, ?)",
	[MAILBOX_DROP] = "DELETE FROM mailbox WHERE report = ?",
	[REPORT_FIND] = "SELECT id FROM report WHERE key = ?",
	[REFERRAL_FIND] = "SELECT coalesce(hub, ''), case_key, id FROM referral WHERE key = ?",
	[TRANSFER_FIND] = "SELECT coalesce(\"to\", ''), '', 0 FROM transfer WHERE key = ?",
	[CASE_RECORDS] = records_of_case,
};

struct settle {
	struct ledger *ledger;
	struct pending *pending;
	struct query statements[STATEMENTS];
	struct query write[ENTITIES_MAX], drop[ENTITIES_MAX]; /* a row of the entity's own table */
};

static bool is_case(const struct entity *entity)
{
	return strcmp(entity->name, "case") == 0;
}

const char *settle_table(const struct entity *entity)
{
	return is_case(entity) ? "case_" : entity->name;
}

void settle_columns(struct buffer *out, const struct entity *entity)
{
	buffer_text(out, "key, created, changed, author, conflicts");
	if (entity->in_case)
		buffer_text(out, ", case_key");
	for (size_t i = 0; i < entity->count; i++)
		buffer_format(out, ", \"%s\"", entity->fields[i].name);
	if (is_case(entity))
		buffer_text(out, ", named");
}

static int settle_free(struct settle *settle)
{
	for (size_t i = 0; i < STATEMENTS; i++)
		db_finish(&settle->statements[i]);
	for (size_t i = 0; i < ENTITIES_MAX; i++) {
		db_finish(&settle->write[i]);
		db_finish(&settle->drop[i]);
	}
	return 0;
}

static const struct error *prepare_entity(struct settle *settle, const struct entity *entity, size_t at)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	size_t columns = 1 + 5 + entity->in_case + entity->count + is_case(entity);
	struct buffer *sql = buffer_new(scratch);

	buffer_format(sql, "INSERT OR REPLACE INTO %s(id, ", settle_table(entity));
	settle_columns(sql, entity);
	buffer_text(sql, ") VALUES(?");
	for (size_t i = 1; i < columns; i++)
		buffer_text(sql, ", ?");
	buffer_text(sql, ")");
	TRY(db_prepare(settle->ledger->db, &settle->write[at], (const char *)sql->data));
	return db_prepare(settle->ledger->db, &settle->drop[at],
		memory_format(scratch, "DELETE FROM %s WHERE id = ?", settle_table(entity)));
}

const struct error *settle_new(const void *context, struct ledger *ledger, struct settle **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct settle *settle = memory_new(scratch, struct settle);
	const struct entity *entities;
	size_t count;

	entities = schema_entities(&count);
	settle->ledger = ledger;
	settle->pending = pending_new(settle);
	talloc_set_destructor(settle, settle_free);
	for (size_t i = 0; i < STATEMENTS; i++)
		TRY(db_prepare(ledger->db, &settle->statements[i], texts[i]));
	for (size_t i = 0; i < count && i < ENTITIES_MAX; i++)
		TRY(prepare_entity(settle, &entities[i], i));
	*out = talloc_steal(context, settle);
	return NULL;
}

static struct query *statement(struct settle *settle, enum statement which)
{
	db_reset(&settle->statements[which]);
	return &settle->statements[which];
}

static const struct error *run_on(struct settle *settle, enum statement which, int64_t id)
{
	struct query *query = statement(settle, which);

	db_bind_integer(query, 1, id);
	return db_done(query);
}

static size_t place_of(const struct entity *entity)
{
	size_t count;

	return (size_t)(entity - schema_entities(&count));
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

static void bind_value(struct query *query, int at, const struct field *field, const json_t *value)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);

	if (!value)
		db_bind_text(query, at, schema_default(field));
	else if (json_is_string(value))
		db_bind_text(query, at, json_string_value(value));
	else if (json_is_integer(value))
		db_bind_integer(query, at, json_integer_value(value));
	else
		db_bind_text(query, at, (const char *)json_line(scratch, value).data);
}

/* When the newest of the shown values was said. */
static int64_t updated_at(const struct merged *merged, int64_t created)
{
	int64_t updated = created;

	for (size_t i = 0; i < merged->entity->count; i++) {
		const struct merged_field *field = &merged->fields[i];
		struct merge_author author;

		if (!field->head_count)
			continue;
		merge_author(&author, field->heads[field->head_count - 1], merged->entity->fields[i].name);
		if (author.at > updated)
			updated = author.at;
	}
	return updated;
}

/* Whose people the names in a case are: column `named`, which sight.c reads. */
static void bind_named(struct query *query, int at, const struct merged *merged)
{
	static const char *const names[] = {"team", "readers", "officer"};
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct buffer *text = buffer_new(scratch);

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct field *field = schema_field(merged->entity, names[i]);
		const struct merged_field *said = &merged->fields[field - merged->entity->fields];
		struct merge_author author = {.hub = "-"};

		if (said->head_count)
			merge_author(&author, said->heads[said->head_count - 1], names[i]);
		buffer_format(text, "%s%s", i ? " " : "", author.hub);
	}
	db_bind_text(query, at, (const char *)text->data);
}

static const struct error *write_row(struct settle *settle, const struct ledger_entity *row,
	const struct merged *merged, const struct merge_author *author)
{
	struct query *query = &settle->write[place_of(merged->entity)];
	char created[TEXT_TIME_SIZE], changed[TEXT_TIME_SIZE];
	int64_t changed_at = updated_at(merged, author->at);
	int at = 1;

	text_time(created, author->at);
	text_time(changed, changed_at);
	db_reset(query);
	db_bind_integer(query, at++, row->id);
	db_bind_text(query, at++, row->key);
	db_bind_text(query, at++, created);
	db_bind_text(query, at++, changed_at > author->at ? changed : NULL);
	db_bind_text(query, at++, author->by);
	db_bind_integer(query, at++, row->conflicts);
	if (merged->entity->in_case)
		db_bind_text(query, at++, row->case_key);
	for (size_t i = 0; i < merged->entity->count; i++)
		bind_value(query, at++, &merged->entity->fields[i], merged->fields[i].value);
	if (is_case(merged->entity))
		bind_named(query, at, merged);
	return db_done(query);
}

static const struct error *drop_row(struct settle *settle, const struct entity *entity, int64_t id)
{
	struct query *query = &settle->drop[place_of(entity)];

	db_reset(query);
	db_bind_integer(query, 1, id);
	return db_done(query);
}

static const struct error *write_conflicts(
	struct settle *settle, struct ledger_entity *row, const struct merged *merged)
{
	int64_t before = row->conflicts;

	row->conflicts = 0;
	if (before)
		TRY(run_on(settle, CONFLICT_DROP, row->id));
	for (size_t i = 0; i < merged->entity->count; i++) {
		struct query *query = statement(settle, CONFLICT_ADD);

		if (!merged->fields[i].is_conflict)
			continue;
		row->conflicts++;
		db_bind_integer(query, 1, row->id);
		db_bind_text(query, 2, merged->entity->fields[i].name);
		TRY(db_done(query));
	}
	return NULL;
}

/* A file that somebody took out of its case is not found, either. */
static bool is_taken_out(const struct merged *merged)
{
	const struct field *field = schema_field(merged->entity, "state");
	const json_t *state;

	if (strcmp(merged->entity->name, "attachment") != 0)
		return false;
	state = merged->fields[field - merged->entity->fields].value;
	return json_is_string(state) && strcmp(json_string_value(state), "removed") == 0;
}

/* What people may look for in this record, a field a line, as view `searched` will have it; "" when there is
 * nothing. */
static const char *search_text(const void *context, const struct merged *merged)
{
	struct buffer *text = buffer_new(context);

	if (is_taken_out(merged))
		return "";
	for (size_t i = 0; i < merged->entity->count; i++) {
		const json_t *value = merged->fields[i].value;
		const char *said;

		if (!merged->entity->fields[i].is_searched || !value)
			continue;
		said = json_is_string(value) ? json_string_value(value)
					     : (const char *)json_line(context, value).data;
		if (*said)
			buffer_format(text, "%s\n", said);
	}
	return (const char *)text->data;
}

/* Rows sort by time of creation; the last bits keep records of one second apart. */
static int64_t search_place(const char *key, int64_t created)
{
	uint32_t hash = 2166136261u;

	for (; *key; key++)
		hash = (hash ^ (uint8_t)*key) * 16777619u;
	if (created < 1)
		created = 1;
	if (created > SEARCH_SECONDS_MAX)
		created = SEARCH_SECONDS_MAX;
	return created << SEARCH_HASH_BITS | (hash >> (32 - SEARCH_HASH_BITS));
}

static const struct error *is_indexed(struct settle *settle, int64_t place, const char *text, bool *yes)
{
	struct query *query = statement(settle, SEARCH_READ);
	bool row;

	db_bind_integer(query, 1, place);
	TRY(db_step(query, &row));
	*yes = row && strcmp(db_text(query, 0), text) == 0;
	db_reset(query);
	return NULL;
}

static const struct error *is_taken(struct settle *settle, int64_t place, int64_t id, bool *yes)
{
	struct query *query = statement(settle, SEARCH_TAKEN);

	db_bind_integer(query, 1, place);
	db_bind_integer(query, 2, id);
	TRY(db_step(query, yes));
	db_reset(query);
	return NULL;
}

/* Before the record's own row is written: the index holds no text, and to forget a record it is shown what it
 * learned, which still stands there. */
static const struct error *write_search(
	struct settle *settle, struct ledger_entity *row, const char *text, int64_t created)
{
	int64_t place = search_place(row->key, created);
	struct query *query;
	bool is;

	if (row->search) {
		TRY(is_indexed(settle, row->search, text, &is));
		if (is && row->search >> SEARCH_HASH_BITS == place >> SEARCH_HASH_BITS)
			return NULL;
		TRY(run_on(settle, SEARCH_DROP, row->search));
		row->search = 0;
	}
	if (!*text)
		return NULL;
	for (;; place++) {
		TRY(is_taken(settle, place, row->id, &is));
		if (!is)
			break;
	}
	query = statement(settle, SEARCH_ADD);
	db_bind_integer(query, 1, place);
	db_bind_text(query, 2, text);
	row->search = place;
	return db_done(query);
}

/* Every mailbox that a permitted event gave to the report: a later one does not take an earlier reporter's
 * voice away. */
static const struct error *write_mailboxes(struct settle *settle, int64_t report, const struct merged *merged)
{
	TRY(run_on(settle, MAILBOX_DROP, report));
	for (size_t i = 0; i < merged->count; i++) {
		struct query *query = statement(settle, MAILBOX_ADD);
		const char *mailbox = json_text_or(merged->claims[i]->event->set, "mailbox", "");

		if (!*mailbox)
			continue;
		db_bind_integer(query, 1, report);
		db_bind_text(query, 2, mailbox);
		TRY(db_done(query));
	}
	return NULL;
}

/* An audit entry is written once, so that one event says all of it. */
static const struct error *write_trail(struct settle *settle, int64_t id, const struct merged *merged)
{
	const struct event *event = merged->count ? merged->claims[0]->event : NULL;

	return event ? trail_settle(settle->ledger->db, id, event->set, event->line)
		     : trail_drop(settle->ledger->db, id);
}

static const struct error *write_record(
	struct settle *settle, struct ledger_entity *row, const struct merged *merged)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct merge_author author = {.by = ""};

	TRY(write_conflicts(settle, row, merged));
	if (strcmp(merged->entity->name, "report") == 0)
		TRY(write_mailboxes(settle, row->id, merged));
	if (strcmp(merged->entity->name, "audit") == 0)
		TRY(write_trail(settle, row->id, merged));
	if (merged->count == 0) {
		TRY(write_search(settle, row, "", 0));
		return drop_row(settle, merged->entity, row->id);
	}
	merge_author(&author, merged->claims[0], NULL);
	TRY(write_search(settle, row, search_text(scratch, merged), author.at));
	return write_row(settle, row, merged, &author);
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
		TRY(write_record(settle, row, merge_claims(scratch, entity, claims, count)));
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
