/* Writes what the merge found of a record into the tables that pages read: see rows.h.
 *
 * What counts is settled before: here is only what a row says, what of it can be searched, in which fields
 * hubs disagree, who may write as a report's reporter, and how an audit entry is linked. Runs in office. */
#include "node/casework/rows.h"

#include <string.h>

#include "node/base/text.h"
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
	MAILBOX_ADD,
	MAILBOX_DROP,
	STATEMENTS,
};
static const char *const texts[STATEMENTS] = {
	[SEARCH_READ] = "SELECT text FROM searched WHERE id = ?",
	[SEARCH_TAKEN] = "SELECT 1 FROM entity WHERE search_row = ?1 AND id <> ?2",
	[SEARCH_ADD] = "INSERT INTO search(rowid, text) VALUES(?, ?)",
	[SEARCH_DROP] = "DELETE FROM search WHERE rowid = ?",
	[CONFLICT_ADD] = "INSERT INTO conflict(entity, field) VALUES(?, ?)",
	[CONFLICT_DROP] = "DELETE FROM conflict WHERE entity = ?",
	[MAILBOX_ADD] = "INSERT OR IGNORE INTO mailbox(report, text) VALUES(?, ?)",
	[MAILBOX_DROP] = "DELETE FROM mailbox WHERE report = ?",
};

struct rows {
	struct db *db;
	struct query statements[STATEMENTS];
	struct query write[ENTITIES_MAX], drop[ENTITIES_MAX]; /* a row of the entity's own table */
};

static bool is_case(const struct entity *entity)
{
	return strcmp(entity->name, "case") == 0;
}

const char *rows_table(const struct entity *entity)
{
	return is_case(entity) ? "case_" : entity->name;
}

static void add_columns(struct buffer *out, const struct entity *entity, bool has_keys)
{
	buffer_format(out, "%screated, changed, author, conflicts", has_keys ? "key, " : "");
	if (has_keys && entity->in_case)
		buffer_text(out, ", case_key");
	for (size_t i = 0; i < entity->count; i++)
		buffer_format(out, ", \"%s\"", entity->fields[i].name);
	if (is_case(entity))
		buffer_text(out, ", named");
}

void rows_columns(struct buffer *out, const struct entity *entity)
{
	add_columns(out, entity, true);
}

static int rows_free(struct rows *rows)
{
	for (size_t i = 0; i < STATEMENTS; i++)
		db_finish(&rows->statements[i]);
	for (size_t i = 0; i < ENTITIES_MAX; i++) {
		db_finish(&rows->write[i]);
		db_finish(&rows->drop[i]);
	}
	return 0;
}

static const struct error *prepare_entity(struct rows *rows, const struct entity *entity, size_t at)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const char *table = memory_format(scratch, "%s%s", rows_table(entity), entity->is_part ? "_" : "");
	size_t keys = entity->is_part ? 0 : 1 + entity->in_case;
	size_t columns = 1 + keys + 4 + entity->count + is_case(entity);
	struct buffer *sql = buffer_new(scratch);

	buffer_format(sql, "INSERT OR REPLACE INTO %s(id, ", table);
	add_columns(sql, entity, keys);
	buffer_text(sql, ") VALUES(?");
	for (size_t i = 1; i < columns; i++)
		buffer_text(sql, ", ?");
	buffer_text(sql, ")");
	TRY(db_prepare(rows->db, &rows->write[at], (const char *)sql->data));
	return db_prepare(
		rows->db, &rows->drop[at], memory_format(scratch, "DELETE FROM %s WHERE id = ?", table));
}

const struct error *rows_new(const void *context, struct db *db, struct rows **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct rows *rows = memory_new(scratch, struct rows);
	const struct entity *entities;
	size_t count;

	entities = schema_entities(&count);
	rows->db = db;
	talloc_set_destructor(rows, rows_free);
	for (size_t i = 0; i < STATEMENTS; i++)
		TRY(db_prepare(db, &rows->statements[i], texts[i]));
	for (size_t i = 0; i < count && i < ENTITIES_MAX; i++)
		TRY(prepare_entity(rows, &entities[i], i));
	*out = talloc_steal(context, rows);
	return NULL;
}

static struct query *statement(struct rows *rows, enum statement which)
{
	db_reset(&rows->statements[which]);
	return &rows->statements[which];
}

static const struct error *run_on(struct rows *rows, enum statement which, int64_t id)
{
	struct query *query = statement(rows, which);

	db_bind_integer(query, 1, id);
	return db_done(query);
}

static size_t place_of(const struct entity *entity)
{
	size_t count;

	return (size_t)(entity - schema_entities(&count));
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

static const struct error *write_row(struct rows *rows, const struct ledger_entity *row,
	const struct merged *merged, const struct merge_author *author)
{
	struct query *query = &rows->write[place_of(merged->entity)];
	char created[TEXT_TIME_SIZE], changed[TEXT_TIME_SIZE];
	int64_t changed_at = updated_at(merged, author->at);
	int at = 1;

	text_time(created, author->at);
	text_time(changed, changed_at);
	db_reset(query);
	db_bind_integer(query, at++, row->id);
	if (!merged->entity->is_part)
		db_bind_text(query, at++, row->key);
	db_bind_text(query, at++, created);
	db_bind_text(query, at++, changed_at > author->at ? changed : NULL);
	db_bind_text(query, at++, author->by);
	db_bind_integer(query, at++, row->conflicts);
	if (merged->entity->in_case && !merged->entity->is_part)
		db_bind_text(query, at++, row->case_key);
	for (size_t i = 0; i < merged->entity->count; i++)
		bind_value(query, at++, &merged->entity->fields[i], merged->fields[i].value);
	if (is_case(merged->entity))
		bind_named(query, at, merged);
	return db_done(query);
}

static const struct error *drop_row(struct rows *rows, const struct entity *entity, int64_t id)
{
	struct query *query = &rows->drop[place_of(entity)];

	db_reset(query);
	db_bind_integer(query, 1, id);
	return db_done(query);
}

static const struct error *write_conflicts(
	struct rows *rows, struct ledger_entity *row, const struct merged *merged)
{
	int64_t before = row->conflicts;

	row->conflicts = 0;
	if (before)
		TRY(run_on(rows, CONFLICT_DROP, row->id));
	for (size_t i = 0; i < merged->entity->count; i++) {
		struct query *query = statement(rows, CONFLICT_ADD);

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

static const struct error *is_indexed(struct rows *rows, int64_t place, const char *text, bool *yes)
{
	struct query *query = statement(rows, SEARCH_READ);
	bool row;

	db_bind_integer(query, 1, place);
	TRY(db_step(query, &row));
	*yes = row && strcmp(db_text(query, 0), text) == 0;
	db_reset(query);
	return NULL;
}

static const struct error *is_taken(struct rows *rows, int64_t place, int64_t id, bool *yes)
{
	struct query *query = statement(rows, SEARCH_TAKEN);

	db_bind_integer(query, 1, place);
	db_bind_integer(query, 2, id);
	TRY(db_step(query, yes));
	db_reset(query);
	return NULL;
}

/* Before the record's own row is written: the index holds no text, and to forget a record it is shown what it
 * learned, which still stands there. */
static const struct error *write_search(
	struct rows *rows, struct ledger_entity *row, const char *text, int64_t created)
{
	int64_t place = search_place(row->key, created);
	struct query *query;
	bool is;

	if (row->search) {
		TRY(is_indexed(rows, row->search, text, &is));
		if (is && row->search >> SEARCH_HASH_BITS == place >> SEARCH_HASH_BITS)
			return NULL;
		TRY(run_on(rows, SEARCH_DROP, row->search));
		row->search = 0;
	}
	if (!*text)
		return NULL;
	for (;; place++) {
		TRY(is_taken(rows, place, row->id, &is));
		if (!is)
			break;
	}
	query = statement(rows, SEARCH_ADD);
	db_bind_integer(query, 1, place);
	db_bind_text(query, 2, text);
	row->search = place;
	return db_done(query);
}

/* Every mailbox that a permitted event gave to the report: a later one does not take an earlier reporter's
 * voice away. */
static const struct error *write_mailboxes(struct rows *rows, int64_t report, const struct merged *merged)
{
	TRY(run_on(rows, MAILBOX_DROP, report));
	for (size_t i = 0; i < merged->count; i++) {
		struct query *query = statement(rows, MAILBOX_ADD);
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
static const struct error *write_trail(struct rows *rows, int64_t id, const struct merged *merged)
{
	const struct event *event = merged->count ? merged->claims[0]->event : NULL;

	return event ? trail_settle(rows->db, id, event->set, event->line) : trail_drop(rows->db, id);
}

const struct error *rows_write(struct rows *rows, struct ledger_entity *row, const struct merged *merged)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct merge_author author = {.by = ""};

	TRY(write_conflicts(rows, row, merged));
	if (strcmp(merged->entity->name, "report") == 0)
		TRY(write_mailboxes(rows, row->id, merged));
	if (strcmp(merged->entity->name, "audit") == 0)
		TRY(write_trail(rows, row->id, merged));
	if (merged->count == 0) {
		TRY(write_search(rows, row, "", 0));
		return drop_row(rows, merged->entity, row->id);
	}
	merge_author(&author, merged->claims[0], NULL);
	TRY(write_search(rows, row, search_text(scratch, merged), author.at));
	return write_row(rows, row, merged, &author);
}
