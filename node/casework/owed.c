/* What is owed, from five tables: see owed.h. Each is asked through the open cases, one's own or all, so that
 * what rests in closed ones costs nothing, however much of it there is; the rows are put into one order here.
 *
 * "A missed follow-up stays on top until somebody deals with it." Runs in office. */
#include "node/casework/owed.h"

#include <stdlib.h>
#include <string.h>

#include "node/casework/lists.h"

/* ?1 limit, ?2 today, ?3 until, ?4 user. */
#define FOLLOWUP                                                                                             \
	"SELECT 'followup' AS kind, a.key, a.how AS what, coalesce(nullif(a.by_whom, ''), nullif(a.owner, "  \
	"''), c.officer) AS who, a.due_by AS due, a.case_key, c.ref, (a.due_by < ?2) AS \"is:overdue\""
#define ACTION                                                                                               \
	"SELECT 'action' AS kind, a.key, a.what, a.who, a.due_by AS due, a.case_key, c.ref, (a.due_by < "    \
	"?2) "                                                                                               \
	"AS \"is:overdue\""
#define PLAN                                                                                                 \
	"SELECT 'plan' AS kind, a.key, c.officer AS who, a.review_by AS due, a.case_key, c.ref, "            \
	"(a.review_by "                                                                                      \
	"< ?2) AS \"is:overdue\""
#define REVIEW                                                                                               \
	"SELECT 'review' AS kind, c.key, c.officer AS who, c.review_by AS due, c.key AS case_key, c.ref, "   \
	"(c.review_by < ?2) AS \"is:overdue\" FROM case_ c WHERE c.is_closed = 0 AND c.review_by <= ?3 "     \
	"AND " SIGHT_CASE
/* Owed until the next word comes, whatever that says. */
#define REPLY                                                                                                \
	"SELECT 'reply' AS kind, r.key, r.service AS what, v.name AS who, a.next AS due, r.case_key, "       \
	"c.ref, "                                                                                            \
	"(a.next < ?2) AS \"is:overdue\" FROM reply a JOIN referral r ON r.key = a.referral JOIN case_ c "   \
	"ON "                                                                                                \
	"c.key = r.case_key LEFT JOIN provider v ON v.key = r.provider WHERE a.next <> '' AND a.next <= ?3 " \
	"AND r.state = 'sent' AND a.kind IN ('accepted', 'progress') AND NOT EXISTS (SELECT 1 FROM reply b " \
	"WHERE b.referral = a.referral AND (b.created, b.key) > (a.created, a.key)) AND c.is_closed = 0 "    \
	"AND " SIGHT_CASE
#define OF_CASES(table)                                                                                      \
	" FROM case_ c CROSS JOIN " table " a ON a.case_key = c.key WHERE c.is_closed = 0 AND " SIGHT_CASE
#define IS_OPEN " AND a.is_open = 1 AND a.due_by <= ?3"
#define BY_DAY(day) " ORDER BY " day " LIMIT ?1"
/* Theirs, or nobody's. */
#define THEIRS " AND c.followed_by IN ('', ?4)"

static const char *const everybodys[] = {
	FOLLOWUP OF_CASES("followup") IS_OPEN BY_DAY("a.due_by"),
	ACTION OF_CASES("action") IS_OPEN BY_DAY("a.due_by"),
	PLAN OF_CASES("plan") " AND a.review_by <= ?3" BY_DAY("a.review_by"),
	REVIEW BY_DAY("c.review_by"),
	REPLY BY_DAY("a.next"),
	NULL,
};

static const char *const theirs[] = {
	FOLLOWUP OF_CASES("followup") IS_OPEN THEIRS " AND coalesce(a.owner, '') = ''" BY_DAY("a.due_by"),
	FOLLOWUP
	" FROM followup a JOIN case_ c ON c.key = a.case_key WHERE a.owner <> '' AND a.owner = ?4" IS_OPEN
	" AND c.is_closed = 0 AND " SIGHT_CASE BY_DAY("a.due_by"),
	ACTION OF_CASES("action") IS_OPEN THEIRS BY_DAY("a.due_by"),
	ACTION " FROM action a JOIN case_ c ON c.key = a.case_key WHERE a.who = ?4" IS_OPEN
	       " AND c.followed_by NOT IN ('', ?4) AND c.is_closed = 0 AND " SIGHT_CASE BY_DAY("a.due_by"),
	PLAN OF_CASES("plan") " AND a.review_by <= ?3" THEIRS BY_DAY("a.review_by"),
	REVIEW THEIRS BY_DAY("c.review_by"),
	REPLY THEIRS BY_DAY("a.next"),
	NULL,
};

static const struct error *add_rows(
	struct casefile *file, const char *sql, const struct owed_asked *asked, json_t *out)
{
	json_t *rows = NULL;
	struct query query;

	TRY(db_prepare(casefile_db(file), &query, sql));
	db_bind_integer(&query, 1, asked->limit);
	db_bind_text(&query, 2, asked->today);
	db_bind_text(&query, 3, asked->until);
	if (asked->user)
		db_bind_text(&query, 4, asked->user);
	TRY(lists_rows(&query, &rows));
	json_array_extend(out, rows);
	json_decref(rows);
	return NULL;
}

static bool is_missed(const json_t *row)
{
	return json_is_true(json_object_get(row, "overdue")) &&
	       strcmp(json_text_or(row, "kind", ""), "followup") == 0;
}

static int compare(const void *a, const void *b)
{
	const json_t *left = *(json_t *const *)a, *right = *(json_t *const *)b;
	int order = is_missed(right) - is_missed(left);

	if (!order)
		order = strcmp(json_text_or(left, "due", ""), json_text_or(right, "due", ""));
	return order ? order : strcmp(json_text_or(left, "key", ""), json_text_or(right, "key", ""));
}

/* The most pressing of `rows`, in order; the caller's. */
static json_t *sorted(const json_t *rows, size_t limit)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	size_t count = json_array_size(rows);
	json_t **places = memory_array(scratch, json_t *, count + 1), *out = json_array();

	for (size_t i = 0; i < count; i++)
		places[i] = json_array_get(rows, i);
	qsort(places, count, sizeof(void *), compare);
	for (size_t i = 0; i < count && i < limit; i++)
		json_array_append(out, places[i]);
	return out;
}

const struct error *owed_list(struct casefile *file, const struct owed_asked *asked, json_t **out)
{
	json_t *rows CLEANUP(json_decref) = json_array();

	for (const char *const *query = asked->user ? theirs : everybodys; *query; query++)
		TRY(add_rows(file, *query, asked, rows));
	*out = sorted(rows, (size_t)asked->limit);
	return NULL;
}
