/* The lists that a day in the office is made of: what is new, what is owed, what hubs disagree about, what
 * somebody looks for.
 *
 * The tables are settle.c's; here are only questions to them, each answered from an index (a test asks SQLite
 * how it would). What a person types is data, never SQL and never FTS syntax. Runs in office and in commands
 * that read. */
#include "node/casework/lists.h"

#include <ctype.h>
#include <string.h>

#include "node/base/ids.h"
#include "node/base/text.h"
#include "node/casework/closing.h"
#include "node/casework/settle.h"

#define SEARCH_WORDS_MAX 8
#define SEARCH_LENGTH_MAX 200
#define REFERENCE_ATTEMPTS 1000

/* A value by its name in the row. Names that begin with "is:" are booleans, with "list:" lists; NULL is left
 * out. */
static void add_column(json_t *row, struct query *query, int column)
{
	const char *name = sqlite3_column_name(query->statement, column);

	if (db_is_null(query, column))
		return;
	if (text_starts(name, "is:"))
		json_object_set_new(row, name + 3, json_boolean(db_integer(query, column)));
	else if (text_starts(name, "list:"))
		json_object_set_new(row, name + 5, json_loads(db_text(query, column), 0, NULL));
	else if (sqlite3_column_type(query->statement, column) == SQLITE_INTEGER)
		json_object_set_new(row, name, json_integer(db_integer(query, column)));
	else
		json_object_set_new(row, name, json_string(db_text(query, column)));
}

/* All rows as objects; finishes the query. */
static const struct error *rows_of(struct query *query, json_t **out)
{
	json_t *rows CLEANUP(json_decref) = json_array();
	bool more;

	for (;;) {
		const struct error *error = db_step(query, &more);
		json_t *row;

		if (error || !more) {
			db_finish(query);
			if (!error)
				*out = json_incref(rows);
			return error;
		}
		row = json_object();
		for (int i = 0; i < sqlite3_column_count(query->statement); i++)
			add_column(row, query, i);
		json_array_append_new(rows, row);
	}
}

#define REPORT_COLUMNS                                                                                       \
	"SELECT key, what, danger, district, created, state, due, home AS hub, \"case\" AS case_key FROM "   \
	"report "

const struct error *lists_reports(
	struct casefile *file, const char *state, int limit, int offset, json_t **out)
{
	struct query query;

	TRY(db_prepare(casefile_db(file), &query,
		state ? REPORT_COLUMNS "WHERE state = ?3 ORDER BY urgency, created LIMIT ?1 OFFSET ?2"
		      : REPORT_COLUMNS "ORDER BY urgency, created LIMIT ?1 OFFSET ?2"));
	db_bind_integer(&query, 1, limit);
	db_bind_integer(&query, 2, offset);
	if (state)
		db_bind_text(&query, 3, state);
	return rows_of(&query, out);
}

#define CASE_COLUMNS "SELECT key, ref, alias, risk, state, district, officer, updated, conflicts FROM case_ "

const struct error *lists_cases(struct casefile *file, const char *state, int limit, int offset, json_t **out)
{
	struct query query;

	TRY(db_prepare(casefile_db(file), &query,
		state ? CASE_COLUMNS "WHERE state = ?3 ORDER BY pressing, updated DESC LIMIT ?1 OFFSET ?2"
		      : CASE_COLUMNS "ORDER BY pressing, updated DESC LIMIT ?1 OFFSET ?2"));
	db_bind_integer(&query, 1, limit);
	db_bind_integer(&query, 2, offset);
	if (state)
		db_bind_text(&query, 3, state);
	return rows_of(&query, out);
}

/* Of one case: all, what is owed first. Of all cases: what is owed, in cases that are not closed. ?1 limit,
 * ?2 today, ?3 case. */
static const struct error *owed(struct casefile *file, const char *of_case, const char *of_all,
	const char *case_key, const char *today, int limit, json_t **out)
{
	struct query query;

	TRY(db_prepare(casefile_db(file), &query, case_key ? of_case : of_all));
	db_bind_integer(&query, 1, limit);
	db_bind_text(&query, 2, today);
	if (case_key)
		db_bind_text(&query, 3, case_key);
	return rows_of(&query, out);
}

#define OVERDUE "(a.is_open AND a.due_by < ?2) AS \"is:overdue\""
#define OF_CASE                                                                                              \
	" a LEFT JOIN case_ c ON c.key = a.case_key WHERE a.case_key = ?3 ORDER BY a.is_open DESC, "         \
	"a.due_by LIMIT ?1"
#define OF_ALL                                                                                               \
	" a LEFT JOIN case_ c ON c.key = a.case_key WHERE a.is_open = 1 AND c.is_closed IS NOT 1"            \
	" ORDER BY a.due_by LIMIT ?1"
#define ACTION_COLUMNS                                                                                       \
	"SELECT a.key, a.what, a.who, a.due, a.state, a.outcome, a.case_key, c.ref, a.conflicts, " OVERDUE   \
	" FROM action"
#define FOLLOWUP_COLUMNS                                                                                     \
	"SELECT a.key, a.due, a.made, a.by_whom, a.how, a.result, a.next, a.text, a.case_key, c.ref, "       \
	"a.conflicts, " OVERDUE " FROM followup"

const struct error *lists_actions(
	struct casefile *file, const char *case_key, const char *today, int limit, json_t **out)
{
	return owed(file, ACTION_COLUMNS OF_CASE, ACTION_COLUMNS OF_ALL, case_key, today, limit, out);
}

const struct error *lists_followups(
	struct casefile *file, const char *case_key, const char *today, int limit, json_t **out)
{
	return owed(file, FOLLOWUP_COLUMNS OF_CASE, FOLLOWUP_COLUMNS OF_ALL, case_key, today, limit, out);
}

static const struct error *rows_for(struct casefile *file, const char *sql, const char *key, json_t **out)
{
	struct query query;

	TRY(db_prepare(casefile_db(file), &query, sql));
	db_bind_text(&query, 1, key);
	return rows_of(&query, out);
}

const struct error *lists_notes(struct casefile *file, const char *case_key, json_t **out)
{
	return rows_for(file,
		"SELECT key, text, author AS \"by\", home AS hub, created AS at FROM note WHERE case_key = ?"
		" ORDER BY created DESC, key DESC",
		case_key, out);
}

const struct error *lists_messages(struct casefile *file, const char *report_key, json_t **out)
{
	/* What only restates it says nothing of when it was said first. */
	TRY(rows_for(file,
		"SELECT m.key, m.\"from\", m.text, m.created AS at, m.kind, m.\"on\", m.answers AS "
		"\"list:answers\", m.pieces AS \"list:pieces\", m.identity, m.size, m.home AS hub, v.epoch, "
		"json_extract(v.line, '$.hlc') AS hlc, json_extract(v.line, '$.clock') AS clock"
		" FROM message m LEFT JOIN event v ON v.entity = m.id AND v.standing = 0 AND "
		"json_extract(v.line, '$.restate') IS NOT 1"
		" WHERE m.report = ? ORDER BY m.created, m.key",
		report_key, out));
	closing_mark(*out);
	return NULL;
}

static const struct error *rows_limited(struct casefile *file, const char *sql, int limit, json_t **out)
{
	struct query query;

	TRY(db_prepare(casefile_db(file), &query, sql));
	db_bind_integer(&query, 1, limit);
	return rows_of(&query, out);
}

static void add_labels(json_t *rows)
{
	json_t *row;
	size_t i;

	json_array_foreach (rows, i, row) {
		const struct entity *entity = schema_entity(json_text_or(row, "entity", ""));
		const struct field *field =
			entity ? schema_field(entity, json_text_or(row, "field", "")) : NULL;

		json_object_set_new(row, "label", json_string(field ? field->label : ""));
	}
}

const struct error *lists_conflicts(struct casefile *file, int limit, json_t **out)
{
	json_t *rows;

	TRY(rows_limited(file,
		"SELECT e.type AS entity, e.key, iif(e.type = 'case', e.key, e.case_key) AS case_key, c.ref, "
		"f.field"
		" FROM conflict f JOIN entity e ON e.id = f.entity"
		" LEFT JOIN case_ c ON c.key = iif(e.type = 'case', e.key, e.case_key)"
		" ORDER BY f.entity DESC, f.field LIMIT ?",
		limit, &rows));
	add_labels(rows);
	*out = rows;
	return NULL;
}

const struct error *lists_oversteps(struct casefile *file, int limit, json_t **out)
{
	return rows_limited(file,
		"SELECT v.log, v.event, e.type AS entity, e.key, o.reason, json_extract(v.line, '$.at') AS at"
		" FROM overstep o JOIN event v ON v.id = o.event JOIN entity e ON e.id = v.entity"
		" ORDER BY o.event DESC LIMIT ?",
		limit, out);
}

const struct error *lists_is_for_headquarters(struct casefile *file, const char *key, bool *out)
{
	struct query query CLEANUP(db_finish) = {0};

	/* Under the policy "summary" an event is for headquarters alone, too; it does not say what happened.
	 */
	TRY(db_prepare(casefile_db(file), &query,
		"SELECT 1 FROM entity e JOIN event v ON v.entity = e.id WHERE e.type = 'report' AND e.key = "
		"?1"
		" AND v.kind = 'i' AND v.standing = 0 AND json_extract(v.line, '$.to') = '[\"hq\"]'"
		" AND json_extract(v.line, '$.set.what') IS NOT NULL"));
	db_bind_text(&query, 1, key);
	return db_step(&query, out);
}

const struct error *lists_users(struct casefile *file, json_t **out)
{
	return rows_limited(file, "SELECT name, role, state FROM user ORDER BY name LIMIT ?", -1, out);
}

const struct error *lists_counts(struct casefile *file, const char *today, json_t **out)
{
	struct query query;
	json_t *rows;

	TRY(db_prepare(casefile_db(file), &query,
		"SELECT (SELECT count(*) FROM report WHERE state = 'new') AS new_reports,"
		" (SELECT count(*) FROM report WHERE state = 'new' AND urgency = 0) AS urgent,"
		" (SELECT count(*) FROM action a LEFT JOIN case_ c ON c.key = a.case_key"
		"   WHERE a.is_open = 1 AND a.due_by < ?1 AND c.is_closed IS NOT 1)"
		" + (SELECT count(*) FROM followup a LEFT JOIN case_ c ON c.key = a.case_key"
		"   WHERE a.is_open = 1 AND a.due_by < ?1 AND c.is_closed IS NOT 1) AS overdue,"
		" (SELECT count(*) FROM conflict WHERE entity > 0) AS conflicts,"
		" (SELECT count(*) FROM case_ WHERE is_closed = 0) AS open_cases"));
	db_bind_text(&query, 1, today);
	TRY(rows_of(&query, &rows));
	*out = json_incref(json_array_get(rows, 0));
	json_decref(rows);
	return NULL;
}

/* Whether a byte separates words; letters beyond ASCII are left to the tokenizer. */
static bool is_break(char c)
{
	return !isalnum((unsigned char)c) && (unsigned char)c < 0x80;
}

/* "gul"* "7k2qx"*: each word quoted, so that nothing in it means anything to FTS5; all must be there, as
 * beginnings of words. */
static const char *search_query(const void *context, const char *words)
{
	struct buffer *out = buffer_new(context);
	const char *end = words + strnlen(words, SEARCH_LENGTH_MAX);

	for (int count = 0; count < SEARCH_WORDS_MAX && words < end;) {
		const char *start = words;

		while (words < end && !is_break(*words))
			words++;
		if (words > start) {
			buffer_text(out, "\"");
			buffer_add(out, start, (size_t)(words - start));
			buffer_text(out, "\"* ");
			count++;
		}
		while (words < end && is_break(*words))
			words++;
	}
	return (const char *)out->data;
}

const struct error *lists_search(struct casefile *file, const char *words, int limit, json_t **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const char *wanted = search_query(scratch, words);
	struct query query;

	if (!*wanted) {
		*out = json_array();
		return NULL;
	}
	TRY(db_prepare(casefile_db(file), &query,
		"SELECT e.type AS entity, e.key,"
		" CASE e.type WHEN 'case' THEN e.key WHEN 'report' THEN r.\"case\" ELSE e.case_key END AS "
		"case_key, c.ref,"
		" substr(CASE e.type WHEN 'report' THEN r.what WHEN 'case' THEN coalesce(nullif(c.alias, "
		"''), c.summary)"
		"   WHEN 'action' THEN a.what ELSE n.text END, 1, 120) AS title,"
		" snippet(search, 0, '', '', '…', 16) AS snippet"
		" FROM search JOIN entity e ON e.id = search.entity"
		" LEFT JOIN report r ON e.type = 'report' AND r.id = e.id"
		" LEFT JOIN action a ON e.type = 'action' AND a.id = e.id"
		" LEFT JOIN note n ON e.type = 'note' AND n.id = e.id"
		" LEFT JOIN case_ c ON c.key = CASE e.type WHEN 'case' THEN e.key WHEN 'report' THEN "
		"r.\"case\" ELSE e.case_key END"
		" WHERE search MATCH ?1 ORDER BY search.rowid DESC LIMIT ?2"));
	db_bind_text(&query, 1, wanted);
	db_bind_integer(&query, 2, limit);
	return rows_of(&query, out);
}

static bool is_list(const struct field *field)
{
	return field->type == FIELD_CODES || field->type == FIELD_LIST;
}

const struct error *lists_export(struct casefile *file, const char *entity_name, json_t **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct entity *entity = schema_entity(entity_name);
	struct buffer *sql = buffer_new(scratch);

	if (!entity)
		return error_new(ERROR_INVALID, "there are no records of the kind %s", entity_name);
	buffer_text(sql, "SELECT key, home, created, updated, author, conflicts");
	if (entity->in_case)
		buffer_text(sql, ", case_key");
	for (size_t i = 0; i < entity->count; i++)
		buffer_format(sql, ", \"%s\" AS \"%s%s\"", entity->fields[i].name,
			is_list(&entity->fields[i]) ? "list:" : "", entity->fields[i].name);
	buffer_format(sql, " FROM %s ORDER BY key LIMIT ?", settle_table(entity));
	return rows_limited(file, (const char *)sql->data, -1, out);
}

static const struct error *is_reference_free(
	struct casefile *file, const char *ref, const char *key, bool *out)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	TRY(db_prepare(casefile_db(file), &query, "SELECT 1 FROM case_ WHERE ref = ? AND key <> ?"));
	db_bind_text(&query, 1, ref);
	db_bind_text(&query, 2, key);
	TRY(db_step(&query, &row));
	*out = !row;
	return NULL;
}

const struct error *lists_free_reference(
	struct casefile *file, const char *code, const char *key, char out[static REFERENCE_SIZE])
{
	char reference[REFERENCE_SIZE];
	bool is_free;

	for (unsigned attempt = 0; attempt < REFERENCE_ATTEMPTS; attempt++) {
		ids_reference(reference, code, key, attempt);
		TRY(is_reference_free(file, reference, key, &is_free));
		if (is_free) {
			memcpy(out, reference, sizeof reference);
			return NULL;
		}
	}
	return error_new(ERROR_EXISTS, "no case reference is free for %s", code);
}
