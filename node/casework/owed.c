/* What is owed, from five tables: see owed.h. Each is asked for its most pressing rows by its own index; they
 * are put into one order here, so that no query has to sort more than fits a page.
 *
 * "A missed follow-up stays on top until somebody deals with it." Runs in office. */
#include "node/casework/owed.h"

#include <stdlib.h>
#include <string.h>

#include "node/casework/lists.h"

/* ?1 limit, ?2 today, ?3 until, ?4 user. What nobody sees to is everybody's. */
#define OVERDUE(due) ", (" due " < ?2) AS \"is:overdue\""
#define OF_OFFICER "(?4 IS NULL OR coalesce(c.officer, '') IN ('', ?4))"
#define OF_OPEN_CASE " AND c.is_closed IS NOT 1 AND " SIGHT_CASE

static const char *const queries[] = {
	"SELECT 'followup' AS kind, a.key, a.how AS what, coalesce(nullif(a.by_whom, ''), nullif(a.owner, "
	"''), "
	"c.officer) AS who, a.due_by AS due, a.case_key, c.ref" OVERDUE(
		"a.due_by") " FROM followup a LEFT JOIN case_ c ON c.key = a.case_key WHERE a.is_open = 1 "
			    "AND a.due_by <= ?3"
			    " AND (?4 IS NULL OR coalesce(nullif(a.owner, ''), c.officer, '') IN ('', "
			    "?4))" OF_OPEN_CASE " ORDER BY a.due_by LIMIT ?1",

	"SELECT 'action' AS kind, a.key, a.what, a.who, a.due_by AS due, a.case_key, c.ref" OVERDUE(
		"a.due_by") " FROM action a LEFT JOIN case_ c ON c.key = a.case_key WHERE a.is_open = 1 AND "
			    "a.due_by <= ?3"
			    " AND (a.who = ?4 OR " OF_OFFICER ")" OF_OPEN_CASE " ORDER BY a.due_by LIMIT ?1",

	"SELECT 'plan' AS kind, a.key, c.officer AS who, a.review_by AS due, a.case_key, c.ref" OVERDUE(
		"a.review_by") " FROM plan a LEFT JOIN case_ c ON c.key = a.case_key WHERE a.review_by <= ?3"
			       " AND " OF_OFFICER OF_OPEN_CASE " ORDER BY a.review_by LIMIT ?1",

	"SELECT 'review' AS kind, c.key, c.officer AS who, c.review_by AS due, c.key AS case_key, "
	"c.ref" OVERDUE("c.review_by") " FROM case_ c WHERE c.is_closed = 0 AND c.review_by <= ?3"
				       " AND " OF_OFFICER " AND " SIGHT_CASE " ORDER BY c.review_by LIMIT ?1",

	/* Owed until the next word comes, whatever that says. */
	"SELECT 'reply' AS kind, r.key, r.service AS what, v.name AS who, a.next AS due, r.case_key, "
	"c.ref" OVERDUE("a.next") " FROM reply a JOIN referral r ON r.key = a.referral JOIN case_ c ON c.key "
				  "= r.case_key"
				  " LEFT JOIN provider v ON v.key = r.provider"
				  " WHERE a.next <> '' AND a.next <= ?3 AND r.state = 'sent' AND a.kind IN "
				  "('accepted', 'progress')"
				  " AND NOT EXISTS (SELECT 1 FROM reply b WHERE b.referral = a.referral"
				  "   AND (b.created, b.key) > (a.created, a.key))"
				  " AND " OF_OFFICER OF_OPEN_CASE " ORDER BY a.next LIMIT ?1",
};
#define QUERIES (sizeof queries / sizeof *queries)

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
	qsort(places, count, sizeof *places, compare);
	for (size_t i = 0; i < count && i < limit; i++)
		json_array_append(out, places[i]);
	return out;
}

const struct error *owed_list(struct casefile *file, const struct owed_asked *asked, json_t **out)
{
	json_t *rows CLEANUP(json_decref) = json_array();

	for (size_t i = 0; i < QUERIES; i++)
		TRY(add_rows(file, queries[i], asked, rows));
	*out = sorted(rows, (size_t)asked->limit);
	return NULL;
}
