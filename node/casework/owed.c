/* What is owed, of all kinds in one order: see owed.h. Table owed holds it (pending.c), so that what rests in
 * closed cases, or is owed later, costs nothing, however much of it there is: only what is shown is looked
 * up.
 *
 * "A missed follow-up stays on top until somebody deals with it." Runs in office. */
#include "node/casework/owed.h"

#include "node/casework/lists.h"

/* ?1 limit, ?2 today, ?3 until, ?4 user. An index gives the order of each part; CROSS JOIN keeps it. */
#define NAME "substr(o.whose, 1, instr(o.whose || '@', '@') - 1)" /* without the hub: see casefile.sql */
#define HUB "substr(o.whose, instr(o.whose || '@', '@') + 1)"
#define ROWS                                                                                                 \
	"SELECT o.kind, o.key AS key, CASE o.kind WHEN 'followup' THEN (SELECT how FROM followup WHERE id "  \
	"= o.id)"                                                                                            \
	" WHEN 'action' THEN (SELECT what FROM action WHERE id = o.id)"                                      \
	" WHEN 'reply' THEN (SELECT service FROM referral WHERE id = o.id) END AS what,"                     \
	" CASE o.kind WHEN 'followup' THEN coalesce((SELECT nullif(by_whom, '') FROM followup WHERE"         \
	" id = o.id), " NAME ") WHEN 'action' THEN (SELECT who FROM action WHERE id = o.id) WHEN 'reply' "   \
	"THEN (SELECT v.name FROM referral r"                                                                \
	" JOIN provider v ON v.key = r.provider WHERE r.id = o.id) ELSE " NAME " END AS who,"                \
	" iif(o.kind IN ('action', 'reply'), '', " HUB ") AS who_hub,"                                       \
	" o.due AS due, o.case_key, c.ref, (o.due < ?2) AS \"is:overdue\""                                   \
	" FROM owed o CROSS JOIN case_ c ON c.key = o.case_key WHERE "
#define MISSED " AND o.kind = 'followup' AND o.due < ?2 AND o.due <= ?3 AND " SIGHT_CASE
#define OTHERS " AND NOT (o.kind = 'followup' AND o.due < ?2) AND o.due <= ?3 AND " SIGHT_CASE
#define IN_ORDER " ORDER BY due, key LIMIT ?1"
/* Theirs, or nobody's; what they do in a case that is another's. */
#define THEIRS(part)                                                                                         \
	ROWS "o.whose = ''" part " UNION ALL " ROWS "o.whose = ?4" part " UNION ALL " ROWS                   \
	     "o.doer <> '' AND o.doer = ?4 AND o.whose NOT IN ('', ?4)" part IN_ORDER

static const char *const everybodys[] = {ROWS "1" MISSED IN_ORDER, ROWS "1" OTHERS IN_ORDER, NULL};
static const char *const theirs[] = {THEIRS(MISSED), THEIRS(OTHERS), NULL};

static const struct error *add_rows(
	struct casefile *file, const char *sql, const struct owed_asked *asked, json_t *out)
{
	json_t *rows = NULL;
	struct query query;

	TRY(db_prepare(casefile_db(file), &query, sql));
	db_bind_integer(&query, 1, asked->limit - (int)json_array_size(out));
	db_bind_text(&query, 2, asked->today);
	db_bind_text(&query, 3, asked->until);
	if (asked->user)
		db_bind_text(&query, 4, asked->user);
	TRY(lists_rows(&query, &rows));
	json_array_extend(out, rows);
	json_decref(rows);
	return NULL;
}

const struct error *owed_list(struct casefile *file, const struct owed_asked *asked, json_t **out)
{
	json_t *rows CLEANUP(json_decref) = json_array();

	for (const char *const *query = asked->user ? theirs : everybodys; *query; query++)
		if ((int)json_array_size(rows) < asked->limit)
			TRY(add_rows(file, *query, asked, rows));
	*out = json_incref(rows);
	return NULL;
}
