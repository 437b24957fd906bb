/* What waits for somebody, kept ready: see pending.h. Which of it is whose, and in what order it is shown, is
 * owed.c's.
 *
 * Invariant: what is owed and unanswered follows from the tables of records alone, whatever order events came
 * in; nothing of a case that is closed is in table owed, however much rests there. Runs in office and in
 * commands. */
#include "node/casework/pending.h"

#include <string.h>

#include "node/base/json.h"
#include "node/casework/lists.h"
#include "node/casework/schema.h"

struct pending {
	json_t *cases, *reports; /* sets of keys */
	json_t *referrals;	 /* whose cases are touched */
	json_t *asked; /* keys of cases and providers, of whose referrals the guard is asked again */
	bool is_all_asked;
};

#define FROM_CASE " FROM c JOIN entity e ON e.case_tail = substr(c.key, -8) AND e.case_key = c.key JOIN "
#define OF_CASE " a ON a.id = e.id WHERE c.key = ?1 AND c.is_closed = 0"
/* Whose it is (owed.whose) goes by the hub that said the officer's name, as in sight.c: a name that another
 * hub said is nobody's here once the case is ours, and "name@owner", which no user is called, as long as the
 * case is another's. So is what is owed in a case that this hub gave away. */
/* What has no day ('9999') is owed on none. A word of a provider is owed until the next comes, whatever that
 * says. */
#define OWED_ADD                                                                                             \
	"WITH hub AS (SELECT value AS self FROM meta WHERE name = 'self'),"                                  \
	" c AS (SELECT d.key, d.id, d.review_by, d.is_closed, self, owner,"                                  \
	" CASE WHEN owner = self THEN iif(is_ours, followed_by, '') WHEN is_given THEN followed_by || '"     \
	"@' || owner"                                                                                        \
	" WHEN is_ours OR followed_by = '' THEN followed_by ELSE followed_by || '@' || owner END AS whose,"  \
	" owner = self AND NOT is_moved AS is_home FROM (SELECT d.*, self, coalesce((SELECT log FROM "       \
	"case_owner o"                                                                                       \
	" WHERE o.case_key = d.key ORDER BY o.place DESC LIMIT 1), d.home) AS owner, substr(d.named, -16) "  \
	"= self AS is_ours,"                                                                                 \
	" d.home = self OR EXISTS (SELECT 1 FROM case_owner o WHERE o.log = self AND o.case_key = d.key) "   \
	"AS is_given,"                                                                                       \
	" EXISTS (SELECT 1 FROM case_owner o WHERE o.case_key = d.key) AS is_moved"                          \
	" FROM case_ d CROSS JOIN hub WHERE d.key = ?1) d)"                                                  \
	"INSERT INTO owed(case_key, kind, key, id, due, whose, doer)"                                        \
	" SELECT c.key, 'followup', a.key, a.id, a.due_by, iif(c.is_home OR (c.owner = c.self AND EXISTS "   \
	"(SELECT 1 FROM user u"                                                                              \
	" WHERE u.name = a.owner AND u.state = 'active')), coalesce(nullif(a.owner, ''), c.whose), "         \
	"c.whose), ''" FROM_CASE "followup" OF_CASE " AND a.is_open = 1 AND a.due_by < '9999'"               \
	" UNION ALL SELECT c.key, 'action', a.key, a.id, a.due_by, c.whose, iif(c.owner = c.self OR "        \
	"(a.home = c.self AND c.whose NOT LIKE '%@%'), coalesce(a.who, ''), '')" FROM_CASE "action" OF_CASE  \
	" AND a.is_open = 1 AND a.due_by < '9999'"                                                           \
	" UNION ALL SELECT c.key, 'plan', a.key, a.id, a.review_by, c.whose, ''" FROM_CASE "plan" OF_CASE    \
	" AND a.review_by < '9999'"                                                                          \
	" UNION ALL SELECT c.key, 'review', c.key, c.id, c.review_by, c.whose, ''"                           \
	" FROM c WHERE c.key = ?1 AND c.is_closed = 0 AND c.review_by < '9999'"                              \
	" UNION ALL SELECT c.key, 'reply', r.key, r.id, a.next, c.whose, ''"                                 \
	" FROM c JOIN referral r ON r.case_key = c.key JOIN reply a ON a.referral = r.key"                   \
	" WHERE c.key = ?1 AND c.is_closed = 0 AND r.state = 'sent' AND a.next <> ''"                        \
	" AND a.kind IN ('accepted', 'progress') AND NOT EXISTS (SELECT 1 FROM reply b"                      \
	" WHERE b.referral = a.referral AND (b.created, b.key) > (a.created, a.key))"

/* The bare columns beside max() are those of the row that has it: the newest, by the milliseconds of its
 * ULID, which begins at the 18th character of a key. */
#define UNANSWERED_ADD                                                                                       \
	"INSERT INTO unanswered(report, message, created) SELECT report, id, created FROM ("                 \
	"SELECT m.report, m.id, m.created, max(substr(m.key, 18)) FROM message m"                            \
	" JOIN report r ON r.key = m.report WHERE m.report = ?1 AND coalesce(m.kind, '') <> 'seen'"          \
	" GROUP BY m.report HAVING m.\"from\" = 'reporter' AND sum(m.\"from\" = 'reporter' AND "             \
	"coalesce(m.kind, '') = 'closed') = 0 AND (r.state <> 'closed' OR m.created >= r.updated))"

/* Those that are on their way: of a case or to a provider (?1), or all. */
#define UNCHECKED_ADD "INSERT OR IGNORE INTO unchecked SELECT id FROM referral WHERE state = 'sent'"
#define UNCHECKED_OF                                                                                         \
	UNCHECKED_ADD                                                                                        \
	" AND case_key = ?1 UNION SELECT id FROM referral WHERE state = 'sent' AND provider = ?1"

static int pending_free(struct pending *pending)
{
	json_decref(pending->cases);
	json_decref(pending->reports);
	json_decref(pending->referrals);
	json_decref(pending->asked);
	return 0;
}

struct pending *pending_new(const void *context)
{
	struct pending *pending = memory_new(context, struct pending);

	pending->cases = json_object();
	pending->reports = json_object();
	pending->referrals = json_object();
	pending->asked = json_object();
	talloc_set_destructor(pending, pending_free);
	return pending;
}

static void add(json_t *keys, const char *key)
{
	if (*key)
		json_object_set_new(keys, key, json_true());
}

/* What each event says it answers: not all of them count, and those that do not may have counted before. */
static void add_answered(json_t *keys, const struct entity *entity, const struct claim *claims, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add(keys, json_text_or(claims[i].event->set, entity->about, ""));
}

/* What the guard goes by (obstacle.h). */
static void touch_guard(
	struct pending *pending, const struct ledger_entity *before, const struct ledger_entity *now)
{
	static const char *const in_case[] = {"incident", "consent", "referral"};

	if (strcmp(now->type, "code") == 0)
		pending->is_all_asked = true;
	if (strcmp(now->type, "case") == 0 || strcmp(now->type, "provider") == 0)
		add(pending->asked, now->key);
	for (size_t i = 0; i < sizeof in_case / sizeof *in_case; i++)
		if (strcmp(now->type, in_case[i]) == 0) {
			add(pending->asked, before->case_key);
			add(pending->asked, now->case_key);
		}
}

void pending_touch(struct pending *pending, const struct ledger_entity *before,
	const struct ledger_entity *now, const struct claim *claims, size_t count)
{
	const struct entity *entity = schema_entity(now->type);

	if (!entity)
		return;
	touch_guard(pending, before, now);
	if (strcmp(entity->name, "case") == 0)
		add(pending->cases, now->key);
	else if (strcmp(entity->name, "report") == 0)
		add(pending->reports, now->key);
	else if (strcmp(entity->name, "message") == 0)
		add_answered(pending->reports, entity, claims, count);
	else if (strcmp(entity->name, "reply") == 0)
		add_answered(pending->referrals, entity, claims, count);
	else if (strcmp(entity->name, "action") == 0 || strcmp(entity->name, "followup") == 0 ||
		 strcmp(entity->name, "plan") == 0 || strcmp(entity->name, "referral") == 0) {
		add(pending->cases, before->case_key);
		add(pending->cases, now->case_key);
	}
}

static const struct error *run(struct db *db, const char *sql, const char *key)
{
	struct query query CLEANUP(db_finish) = {0};

	TRY(db_prepare(db, &query, sql));
	db_bind_text(&query, 1, key);
	return db_done(&query);
}

static const struct error *add_case_of(struct db *db, const char *referral, json_t *cases)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	TRY(db_prepare(db, &query, "SELECT case_key FROM referral WHERE key = ?"));
	db_bind_text(&query, 1, referral);
	TRY(db_step(&query, &row));
	if (row)
		add(cases, db_text(&query, 0));
	return NULL;
}

static const struct error *work_out(struct pending *pending, struct db *db)
{
	const char *key;
	json_t *unused;

	json_object_foreach (pending->referrals, key, unused)
		TRY(add_case_of(db, key, pending->cases));
	json_object_foreach (pending->cases, key, unused) {
		TRY(run(db, "DELETE FROM owed WHERE case_key = ?", key));
		TRY(run(db, OWED_ADD, key));
	}
	json_object_foreach (pending->reports, key, unused) {
		TRY(run(db, "DELETE FROM unanswered WHERE report = ?", key));
		TRY(run(db, UNANSWERED_ADD, key));
	}
	json_object_foreach (pending->asked, key, unused)
		TRY(run(db, UNCHECKED_OF, key));
	return pending->is_all_asked ? db_run(db, UNCHECKED_ADD) : NULL;
}

const struct error *pending_settle(struct pending *pending, struct db *db)
{
	const struct error *error = work_out(pending, db);

	json_object_clear(pending->cases);
	json_object_clear(pending->reports);
	json_object_clear(pending->referrals);
	json_object_clear(pending->asked);
	pending->is_all_asked = false;
	return error;
}

const struct error *pending_unanswered(struct casefile *file, int limit, json_t **out)
{
	struct query query;

	TRY(db_prepare(casefile_db(file), &query,
		"SELECT u.report, m.kind, m.text, m.created FROM unanswered u JOIN message m ON m.id = "
		"u.message"
		" JOIN report r ON r.key = u.report LEFT JOIN case_ c ON c.key = r.\"case\" WHERE " SIGHT_CASE
		" ORDER BY u.created LIMIT ?"));
	db_bind_integer(&query, 1, limit);
	return lists_rows(&query, out);
}
