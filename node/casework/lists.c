/* The lists that a day in the office is made of: what is new, what is owed, what hubs disagree about, what
 * somebody looks for.
 *
 * The tables are rows.c's; here are only questions to them, each answered from an index (a test asks SQLite
 * how it would). What a person types is data, never SQL and never FTS syntax. Runs in office and in commands
 * that read. */
#include "node/casework/lists.h"

#include <ctype.h>
#include <string.h>

#include "node/base/ids.h"
#include "node/base/text.h"
#include "node/casework/closing.h"
#include "node/casework/permit.h"
#include "node/casework/rows.h"

#define SEARCH_WORDS_MAX 8
#define SEARCH_LENGTH_MAX 200
#define SEARCH_BEGINNING_MIN 3 /* bytes: shorter ones begin too many words */
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
const struct error *lists_rows(struct query *query, json_t **out)
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

/* For whom such records do not exist, the list is empty. */
static bool is_nothing_for(const struct casefile *file, const char *entity, json_t **out)
{
	if (casefile_reads(file, entity))
		return false;
	*out = json_array();
	return true;
}

#define REPORT_COLUMNS                                                                                       \
	"SELECT r.key, r.what, r.danger, r.district, r.created, r.state, r.due, r.home AS hub, r.\"case\" "  \
	"AS "                                                                                                \
	"case_key FROM report r LEFT JOIN case_ c ON c.key = r.\"case\" WHERE " SIGHT_CASE

const struct error *lists_reports(
	struct casefile *file, const char *state, int limit, int offset, json_t **out)
{
	struct query query;

	if (is_nothing_for(file, "report", out))
		return NULL;
	TRY(db_prepare(casefile_db(file), &query,
		state ? REPORT_COLUMNS " AND r.state = ?3 ORDER BY r.urgency, r.created LIMIT ?1 OFFSET ?2"
		      : REPORT_COLUMNS " ORDER BY r.urgency, r.created LIMIT ?1 OFFSET ?2"));
	db_bind_integer(&query, 1, limit);
	db_bind_integer(&query, 2, offset);
	if (state)
		db_bind_text(&query, 3, state);
	return lists_rows(&query, out);
}

#define CASE_COLUMNS                                                                                         \
	"SELECT c.key, c.ref, c.alias, c.risk, c.state, c.district, c.officer, substr(c.named, -16) AS "     \
	"officer_hub, c.updated, c.conflicts, "                                                              \
	"c.restricted, c.team, substr(c.named, 1, 16) AS team_hub, c.retention FROM "
#define CASES "case_ c WHERE " SIGHT_CASE
/* Behind the case ?2, in the order of the list. */
#define CASES_AFTER                                                                                          \
	"(SELECT pressing AS p, updated AS u, id AS i FROM case_ WHERE key = ?2) CROSS JOIN " CASES          \
	" AND c.pressing >= p AND (c.pressing > p OR c.updated < u OR (c.updated = u AND c.id > i))"
#define OF_STATE " AND c.state = ?3"
#define CASES_ORDER " ORDER BY c.pressing, c.updated DESC, c.id LIMIT ?1"

const struct error *lists_cases(
	struct casefile *file, const char *state, const char *after, int limit, json_t **out)
{
	struct query query;

	if (is_nothing_for(file, "case", out))
		return NULL;
	if (after)
		TRY(casefile_may_see(file, "case", after));
	if (after && state)
		TRY(db_prepare(casefile_db(file), &query, CASE_COLUMNS CASES_AFTER OF_STATE CASES_ORDER));
	else if (after)
		TRY(db_prepare(casefile_db(file), &query, CASE_COLUMNS CASES_AFTER CASES_ORDER));
	else if (state)
		TRY(db_prepare(casefile_db(file), &query, CASE_COLUMNS CASES OF_STATE CASES_ORDER));
	else
		TRY(db_prepare(casefile_db(file), &query, CASE_COLUMNS CASES CASES_ORDER));
	db_bind_integer(&query, 1, limit);
	if (after)
		db_bind_text(&query, 2, after);
	if (state)
		db_bind_text(&query, 3, state);
	return lists_rows(&query, out);
}

/* All of one case, what is owed first. ?1 limit, ?2 today, ?3 case. */
static const struct error *owed(struct casefile *file, const char *sql, const char *case_key,
	const char *today, int limit, json_t **out)
{
	struct query query;

	if (is_nothing_for(file, "case", out))
		return NULL;
	TRY(casefile_may_see(file, "case", case_key));
	TRY(db_prepare(casefile_db(file), &query, sql));
	db_bind_integer(&query, 1, limit);
	db_bind_text(&query, 2, today);
	db_bind_text(&query, 3, case_key);
	return lists_rows(&query, out);
}

#define OVERDUE "(a.is_open AND a.due_by < ?2) AS \"is:overdue\""
#define OF_CASE                                                                                              \
	" a JOIN entity e ON e.id = a.id LEFT JOIN case_ c ON c.key = a.case_key WHERE "                     \
	"e.case_tail = substr(?3, -8) AND e.case_key = ?3 ORDER BY a.is_open DESC, a.due_by LIMIT ?1"
#define ACTION_COLUMNS                                                                                       \
	"SELECT a.key, a.what, a.who, a.due, a.state, a.outcome, a.case_key, c.ref, a.conflicts, " OVERDUE   \
	" FROM action"
#define FOLLOWUP_COLUMNS                                                                                     \
	"SELECT a.key, a.due, a.made, a.owner, a.by_whom, a.how, a.result, a.next, a.text, a.missed, "       \
	"a.case_key, "                                                                                       \
	"c.ref, a.is_open AS \"is:open\", "                                                                  \
	"a.conflicts, " OVERDUE " FROM followup"

const struct error *lists_actions(
	struct casefile *file, const char *case_key, const char *today, int limit, json_t **out)
{
	return owed(file, ACTION_COLUMNS OF_CASE, case_key, today, limit, out);
}

const struct error *lists_followups(
	struct casefile *file, const char *case_key, const char *today, int limit, json_t **out)
{
	return owed(file, FOLLOWUP_COLUMNS OF_CASE, case_key, today, limit, out);
}

static const struct error *rows_for(struct casefile *file, const char *sql, const char *key, json_t **out)
{
	struct query query;

	TRY(db_prepare(casefile_db(file), &query, sql));
	db_bind_text(&query, 1, key);
	return lists_rows(&query, out);
}

const struct error *lists_notes(struct casefile *file, const char *case_key, json_t **out)
{
	TRY(casefile_may_see(file, "case", case_key));
	return rows_for(file,
		"SELECT n.key, n.text, n.author AS \"by\", n.home AS hub, n.created AS at FROM entity e"
		" JOIN note n ON n.id = e.id WHERE e.case_tail = substr(?1, -8) AND e.case_key = ?1 ORDER BY "
		"n.created DESC, n.key DESC",
		case_key, out);
}

const struct error *lists_messages(struct casefile *file, const char *report_key, json_t **out)
{
	TRY(casefile_may_see(file, "report", report_key));
	/* What only restates it says nothing of when it was said first. */
	TRY(rows_for(file,
		"SELECT m.key, m.\"from\", m.text, m.created AS at, m.kind, m.\"on\", m.answers AS "
		"\"list:answers\", m.pieces AS \"list:pieces\", m.identity, m.size, m.home AS hub, v.epoch, "
		"json_extract(v.line, '$.hlc') AS hlc, json_extract(v.line, "
		"'$.clock') AS clock"
		" FROM message m LEFT JOIN said v ON v.entity = m.id AND v.standing = 0 AND "
		"json_extract(v.line, '$.restate') IS NOT 1"
		" WHERE m.report = ? ORDER BY m.created, m.key",
		report_key, out));
	closing_mark(*out);
	return NULL;
}

const struct error *lists_case_reports(struct casefile *file, const char *case_key, json_t **out)
{
	return rows_for(file,
		"SELECT r.key, r.created, r.how, r.home AS hub FROM report r LEFT JOIN case_ c ON c.key = "
		"r.\"case\""
		" WHERE r.\"case\" <> '' AND r.\"case\" = ? AND " SIGHT_CASE " ORDER BY r.created, r.key",
		case_key, out);
}

const struct error *lists_duplicates(struct casefile *file, const char *case_key, json_t **out)
{
	return rows_for(file,
		"SELECT c.key, coalesce(c.ref, '') AS ref, coalesce(c.alias, '') AS alias FROM case_ c WHERE "
		"c.duplicate_of <> '' AND c.duplicate_of = ?"
		" AND " SIGHT_CASE " ORDER BY c.ref",
		case_key, out);
}

const struct error *lists_cases_past(struct casefile *file, const char *today, int limit, json_t **out)
{
	struct query query;

	TRY(db_prepare(casefile_db(file), &query,
		CASE_COLUMNS CASES " AND retention <> '' AND retention < ?2 AND +is_closed = 1"
				   " ORDER BY retention LIMIT ?1"));
	db_bind_integer(&query, 1, limit);
	db_bind_text(&query, 2, today);
	return lists_rows(&query, out);
}

static const struct error *rows_limited(struct casefile *file, const char *sql, int limit, json_t **out)
{
	struct query query;

	TRY(db_prepare(casefile_db(file), &query, sql));
	db_bind_integer(&query, 1, limit);
	return lists_rows(&query, out);
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

#define CONFLICTS                                                                                            \
	" FROM conflict f JOIN entity e ON e.id = f.entity"                                                  \
	" LEFT JOIN report r ON e.type = 'report' AND r.id = e.id"                                           \
	" LEFT JOIN case_ c ON c.key = CASE e.type WHEN 'case' THEN e.key WHEN 'report' THEN r.\"case\""     \
	" ELSE e.case_key END WHERE " SIGHT_CASE

const struct error *lists_conflicts(struct casefile *file, int limit, json_t **out)
{
	json_t *rows;

	if (is_nothing_for(file, "case", out))
		return NULL;
	TRY(rows_limited(file,
		"SELECT e.type AS entity, e.key, iif(e.type = 'case', e.key, e.case_key) AS case_key, c.ref, "
		"f.field" CONFLICTS " ORDER BY f.entity DESC, f.field LIMIT ?",
		limit, &rows));
	add_labels(rows);
	*out = rows;
	return NULL;
}

const struct error *lists_oversteps(struct casefile *file, int limit, json_t **out)
{
	return rows_limited(file,
		"SELECT v.log, v.event, e.type AS entity, e.key, o.reason, json_extract(v.line, "
		"'$.at') AS at"
		" FROM overstep o JOIN said v ON v.id = o.event JOIN entity e ON e.id = v.entity"
		" ORDER BY o.event DESC LIMIT ?",
		limit, out);
}

const struct error *lists_is_for_headquarters(struct casefile *file, const char *key, bool *out)
{
	struct query query CLEANUP(db_finish) = {0};

	/* Under the policy "summary" an event is for headquarters alone, too; it does not say what happened.
	 */
	TRY(db_prepare(casefile_db(file), &query,
		"SELECT 1 FROM entity e JOIN said v ON v.entity = e.id WHERE e.tail = substr(?1, -8) AND "
		"e.key = ?1 AND e.type = 'report'"
		" AND v.kind = 'i' AND v.standing = 0 AND json_extract(v.line, '$.to') = "
		"'[\"hq\"]'"
		" AND json_extract(v.line, '$.set.what') IS NOT NULL"));
	db_bind_text(&query, 1, key);
	return db_step(&query, out);
}

const struct error *lists_users(struct casefile *file, json_t **out)
{
	return rows_limited(file, "SELECT name, role, state, team FROM user ORDER BY name LIMIT ?", -1, out);
}

const struct error *lists_teams(struct casefile *file, json_t **out)
{
	return rows_limited(file,
		"SELECT DISTINCT team FROM user WHERE team <> '' AND state = 'active' ORDER BY team LIMIT ?",
		-1, out);
}

const struct error *lists_provider_of(
	const void *context, struct casefile *file, const char *user, const char **key)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	TRY(db_prepare(casefile_db(file), &query,
		"SELECT key FROM provider WHERE home = (SELECT value FROM meta WHERE name = 'self') AND "
		"\"user\" = ?"
		" AND \"user\" <> '' ORDER BY state = 'active' DESC, key LIMIT 1"));
	db_bind_text(&query, 1, user);
	TRY(db_step(&query, &row));
	*key = row ? memory_string(context, db_text(&query, 0)) : "";
	return NULL;
}

const struct error *lists_counts(struct casefile *file, json_t **out)
{
	struct query query;
	json_t *rows;

	TRY(db_prepare(casefile_db(file), &query,
		"SELECT count(*) AS new_reports, count(*) FILTER (WHERE r.urgency = 0) AS urgent"
		" FROM report r LEFT JOIN case_ c ON c.key = r.\"case\" WHERE r.state = 'new' "
		"AND " SIGHT_CASE));
	TRY(lists_rows(&query, &rows));
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
 * whole words or also as beginnings of words. */
static const char *search_query(const void *context, const char *words, bool is_beginnings)
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
			buffer_text(
				out, is_beginnings && words - start >= SEARCH_BEGINNING_MIN ? "\"* " : "\" ");
			count++;
		}
		while (words < end && is_break(*words))
			words++;
	}
	return (const char *)out->data;
}

static const struct error *search(struct casefile *file, const char *wanted, int limit, json_t **out)
{
	struct query query;

	TRY(db_prepare(casefile_db(file), &query,
		"SELECT e.type AS entity, e.key,"
		" CASE e.type WHEN 'case' THEN e.key WHEN 'report' THEN r.\"case\" ELSE e.case_key END AS "
		"case_key, c.ref, c.restricted,"
		" substr(CASE e.type WHEN 'report' THEN r.what WHEN 'case' THEN coalesce(nullif(c.alias, "
		"''), c.summary)"
		"   WHEN 'action' THEN a.what WHEN 'note' THEN n.text"
		"   ELSE substr(search.text, 1, instr(search.text, char(10)) - 1) END, 1, 120) AS title,"
		" snippet(search, 0, '', '', '…', 16) AS snippet"
		" FROM search JOIN entity e ON e.search_row = search.rowid"
		" LEFT JOIN report r ON e.type = 'report' AND r.id = e.id"
		" LEFT JOIN action a ON e.type = 'action' AND a.id = e.id"
		" LEFT JOIN note n ON e.type = 'note' AND n.id = e.id"
		" LEFT JOIN case_ c ON c.key = CASE e.type WHEN 'case' THEN e.key WHEN 'report' THEN "
		"r.\"case\" ELSE e.case_key END"
		" WHERE search MATCH ?1 AND " SIGHT_CASE " ORDER BY search.rowid DESC LIMIT ?2"));
	db_bind_text(&query, 1, wanted);
	db_bind_integer(&query, 2, limit);
	return lists_rows(&query, out);
}

/* FTS5 stops after `limit` rows with a whole word, but gathers all places of all words that begin alike
 * before it shows the newest. So those come only where whole words find too little. */
const struct error *lists_search(struct casefile *file, const char *words, int limit, json_t **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const char *wanted = search_query(scratch, words, false);
	json_t *rows;

	if (is_nothing_for(file, "case", out))
		return NULL;
	if (!*wanted) {
		*out = json_array();
		return NULL;
	}
	TRY(search(file, wanted, limit, &rows));
	if ((int)json_array_size(rows) < limit) {
		json_decref(rows);
		TRY(search(file, search_query(scratch, words, true), limit, &rows));
	}
	*out = rows;
	return NULL;
}

/* Of a table or its alias `from`. */
static void add_fields(struct buffer *sql, const struct entity *entity, const char *from)
{
	for (size_t i = 0; i < entity->count; i++)
		buffer_format(sql, ", %s.\"%s\" AS \"%s%s\"", from, entity->fields[i].name,
			schema_is_list(&entity->fields[i]) ? "list:" : "", entity->fields[i].name);
}

const struct error *lists_parts(
	struct casefile *file, const char *entity_name, const char *case_key, int limit, json_t **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct entity *entity = schema_entity(entity_name);
	struct buffer *sql = buffer_new(scratch);
	struct query query;

	TRY(casefile_may_see(file, "case", case_key));
	buffer_text(sql, "SELECT t.key, t.case_key, t.created, t.author, t.conflicts");
	add_fields(sql, entity, "t");
	buffer_format(sql,
		" FROM entity e JOIN %s t ON t.id = e.id WHERE e.case_tail = substr(?1, -8) AND e.case_key = "
		"?1 ORDER BY t.created, t.key "
		"LIMIT ?2",
		rows_table(entity));
	TRY(db_prepare(casefile_db(file), &query, (const char *)sql->data));
	db_bind_text(&query, 1, case_key);
	db_bind_integer(&query, 2, limit);
	return lists_rows(&query, out);
}

/* From a record `t` to the case `c` that decides who may see it. */
static const char *way_to_case(const struct entity *entity)
{
	if (strcmp(entity->name, "case") == 0)
		return " LEFT JOIN case_ c ON c.key = t.key";
	if (strcmp(entity->name, "report") == 0)
		return " LEFT JOIN case_ c ON c.key = t.\"case\"";
	if (strcmp(entity->name, "message") == 0)
		return " LEFT JOIN report r ON r.key = t.report LEFT JOIN case_ c ON c.key = r.\"case\"";
	if (strcmp(entity->name, "reply") == 0)
		return " LEFT JOIN referral r ON r.key = t.referral LEFT JOIN case_ c ON c.key = r.case_key";
	if (strcmp(entity->name, "takeover") == 0)
		return " LEFT JOIN transfer r ON r.key = t.transfer LEFT JOIN case_ c ON c.key = r.case_key";
	return entity->in_case ? " LEFT JOIN case_ c ON c.key = t.case_key" : NULL;
}

#define TRANSFER_COLUMNS                                                                                     \
	"SELECT t.key, t.case_key, t.home AS hub, t.\"to\", t.reason, t.state, t.ref, t.alias, t.risk, "     \
	"t.district, t.created AS at, k.kind AS answer, k.text AS why FROM transfer t LEFT JOIN case_ c ON " \
	"c.key = t.case_key LEFT JOIN takeover k ON k.transfer = t.key WHERE " SIGHT_CASE

const struct error *lists_transfers(
	struct casefile *file, const char *self, bool is_ours, int limit, json_t **out)
{
	struct query query;

	TRY(db_prepare(casefile_db(file), &query,
		is_ours ? TRANSFER_COLUMNS " AND t.home = ?1 ORDER BY t.created DESC LIMIT ?2"
			: TRANSFER_COLUMNS " AND t.\"to\" = ?1 AND t.state = 'offered' AND k.key IS NULL"
					   " ORDER BY t.created LIMIT ?2"));
	db_bind_text(&query, 1, self);
	db_bind_integer(&query, 2, limit);
	return lists_rows(&query, out);
}

const struct error *lists_transfers_awaited(struct casefile *file, const char *self, int limit, json_t **out)
{
	struct query query;

	TRY(db_prepare(casefile_db(file), &query,
		TRANSFER_COLUMNS
		" AND t.\"to\" = ?1 AND k.home = ?1 AND k.kind = 'accepted' AND c.key IS NULL"
		" ORDER BY t.created LIMIT ?2"));
	db_bind_text(&query, 1, self);
	db_bind_integer(&query, 2, limit);
	return lists_rows(&query, out);
}

const struct error *lists_transfers_of(struct casefile *file, const char *case_key, json_t **out)
{
	return rows_for(file, TRANSFER_COLUMNS " AND t.case_key = ? ORDER BY t.created DESC, t.key DESC",
		case_key, out);
}

const struct error *lists_late(struct casefile *file, const char *case_key, int limit, json_t **out)
{
	struct query query;

	TRY(db_prepare(casefile_db(file), &query,
		"SELECT v.log || '/' || v.event AS event, v.log AS hub, e.type AS entity, e.key, "
		"v.line AS line"
		" FROM entity e JOIN said v ON v.entity = e.id JOIN waiting w ON w.event = v.id"
		" WHERE e.id IN (SELECT id FROM entity WHERE case_tail = substr(?1, -8) AND case_key = ?1 "
		"UNION ALL"
		"   SELECT id FROM entity WHERE tail = substr(?1, -8) AND key = ?1 AND type IN ('case', "
		"'report'))"
		/* Of those that wait alone the line is read. */
		" AND e.type <> 'transfer' AND CASE w.reason WHEN '" PERMIT_HELD
		"' THEN json_extract(v.line, '$.restate') IS NULL END"
		" ORDER BY json_extract(v.line, '$.hlc') LIMIT ?2"));
	db_bind_text(&query, 1, case_key);
	db_bind_integer(&query, 2, limit);
	return lists_rows(&query, out);
}

const struct error *lists_export(struct casefile *file, const char *entity_name, json_t **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct entity *entity = schema_entity(entity_name);
	struct buffer *sql = buffer_new(scratch);
	const char *way;

	if (!entity)
		return error_new(ERROR_INVALID, "there are no records of the kind %s", entity_name);
	way = way_to_case(entity);
	if (is_nothing_for(file, entity_name, out) || (way && is_nothing_for(file, "case", out)))
		return NULL;
	buffer_text(sql, "SELECT t.key, t.home, t.created, t.updated, t.author, t.conflicts");
	if (entity->in_case)
		buffer_text(sql, ", t.case_key");
	add_fields(sql, entity, "t");
	buffer_format(sql, " FROM %s t%s%s ORDER BY t.key LIMIT ?", rows_table(entity), way ? way : "",
		way ? " WHERE " SIGHT_CASE : "");
	return rows_limited(file, (const char *)sql->data, -1, out);
}

/* A code within a list in JSON, as it stands there. */
static const char *quoted(const void *context, const char *code)
{
	return *code ? memory_format(context, "\"%s\"", code) : "";
}

const struct error *lists_helpers(
	struct casefile *file, const struct lists_wish *wish, int limit, json_t **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct buffer *sql = buffer_new(scratch);
	struct query query;

	buffer_text(sql, "SELECT key, home");
	add_fields(sql, schema_entity("provider"), "provider");
	buffer_text(sql, " FROM provider WHERE state = 'active' AND (?2 = '' OR instr(services, ?2))"
			 " AND (?3 = '' OR coalesce(districts, '[]') IN ('', '[]') OR instr(districts, ?3)) "
			 "AND (?4 = '' OR instr(lower(languages), lower(?4)))"
			 " AND (NOT ?5 OR capacity IS NOT 'full') ORDER BY name LIMIT ?1");
	TRY(db_prepare(casefile_db(file), &query, (const char *)sql->data));
	db_bind_integer(&query, 1, limit);
	db_bind_text(&query, 2, quoted(scratch, wish->service));
	db_bind_text(&query, 3, quoted(scratch, wish->district));
	db_bind_text(&query, 4, wish->language);
	db_bind_integer(&query, 5, wish->has_room);
	return lists_rows(&query, out);
}

const struct error *lists_referred(struct casefile *file, const char *case_key, int limit, json_t **out)
{
	struct query query;

	TRY(db_prepare(casefile_db(file), &query,
		"SELECT r.key, r.provider, p.name AS provider_name, r.hub, r.service, r.urgency, r.state,"
		" r.sent_at, r.expires, r.consent, r.withdrawn_why, r.home, r.sender, r.override_by,"
		" s.withdrawn AS consent_withdrawn"
		" FROM referral r LEFT JOIN case_ c ON c.key = r.case_key LEFT JOIN provider p ON p.key = "
		"r.provider LEFT JOIN consent s ON s.key = r.consent"
		" WHERE r.case_key = ?1 AND r.state <> 'draft' AND " SIGHT_CASE
		" ORDER BY r.created DESC, r.key DESC LIMIT ?2"));
	db_bind_text(&query, 1, case_key);
	db_bind_integer(&query, 2, limit);
	return lists_rows(&query, out);
}

const struct error *lists_of_pass(
	const void *context, struct casefile *file, const char *pass, const char **key)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	TRY(db_prepare(casefile_db(file), &query, "SELECT key FROM referral WHERE pass = ?1 AND pass <> ''"));
	db_bind_text(&query, 1, pass);
	TRY(db_step(&query, &row));
	*key = row ? memory_string(context, db_text(&query, 0)) : "";
	return NULL;
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
