/* Need to know, within one hub: see sight.h. A case of a team is for that team, a restricted one for those it
 * names; a coordinator, who holds the keys, sees all. What belongs to a case is seen by whoever sees the
 * case.
 *
 * Who may see a case is said by its officer and by coordinators, who cannot be shut out. Names, and teams,
 * are those of the hub that said them: a namesake at another hub is somebody else.
 *
 * Invariant: "may not see" and "is not there" look the same, so that nobody learns from a refusal that a
 * restricted case exists. Between hubs sealing decides. Runs in office and in commands. */
#include "node/casework/sight.h"

#include <string.h>

#include "node/base/ids.h"
#include "node/base/json.h"
#include "node/base/text.h"
#include "node/casework/schema.h"

struct sight {
	struct db *db;
	char self[LOG_ID_SIZE];
	const struct reader *reader;
};

/* Who a case is for, in the words of a hub. */
struct share {
	const char *team, *restricted, *officer;
	const json_t *readers;
	bool is_our_team, are_our_readers, is_our_officer; /* said by this hub: names of its people */
};

static bool is_named(const json_t *names, const char *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach (names, i, one)
		if (json_is_string(one) && strcmp(json_string_value(one), name) == 0)
			return true;
	return false;
}

static bool may_see_case(const struct reader *reader, const struct share *share)
{
	if (reader->role == ROLE_COORDINATOR)
		return true;
	if (!access_reads(reader->role, "case"))
		return false;
	if (share->is_our_officer && share->officer && strcmp(share->officer, reader->name) == 0)
		return true;
	if (share->are_our_readers && is_named(share->readers, reader->name))
		return true;
	if (share->restricted && strcmp(share->restricted, "yes") == 0)
		return false;
	if (!share->team || !*share->team)
		return true;
	return share->is_our_team && strcmp(share->team, reader->team) == 0;
}

bool sight_sees_case(const struct reader *reader, const json_t *record)
{
	const struct share share = {json_text_or(record, "team", ""), json_text_or(record, "restricted", ""),
		json_text_or(record, "officer", ""), json_object_get(record, "readers"), true, true, true};

	return may_see_case(reader, &share);
}

/* A case that nobody follows and that is not restricted is there for whoever takes it up. */
bool sight_may_share(const struct reader *reader, const json_t *record)
{
	const char *officer = json_text_or(record, "officer", "");

	if (reader->role == ROLE_COORDINATOR)
		return true;
	if (!access_writes(reader->role, "case"))
		return false;
	if (*officer)
		return strcmp(officer, reader->name) == 0 &&
		       !json_is_false(json_object_get(record, "is_our_officer"));
	return strcmp(json_text_or(record, "restricted", ""), "yes") != 0;
}

static const char *text_of(sqlite3_value *value)
{
	return (const char *)sqlite3_value_text(value);
}

static json_t *list_of(const char *text)
{
	return text ? json_loads(text, 0, NULL) : NULL;
}

/* Whether the hub at this place of the column `named` is this one. */
static bool is_ours(const struct sight *sight, const char *named, int place)
{
	for (; named && place; place--) {
		named = strchr(named, ' ');
		named += named != NULL;
	}
	return named && text_starts(named, sight->self);
}

static void may_see(sqlite3_context *context, int count, sqlite3_value **values)
{
	const struct sight *sight = sqlite3_user_data(context);
	json_t *readers CLEANUP(json_decref) = sight->reader ? list_of(text_of(values[2])) : NULL;
	const char *named = text_of(values[4]);
	const struct share share = {text_of(values[0]), text_of(values[1]), text_of(values[3]), readers,
		is_ours(sight, named, 0), is_ours(sight, named, 1), is_ours(sight, named, 2)};

	sqlite3_result_int(context, !sight->reader || may_see_case(sight->reader, &share));
}

const struct error *sight_new(const void *context, struct db *db, const char *self, struct sight **out)
{
	struct sight *sight = memory_new(context, struct sight);

	sight->db = db;
	snprintf(sight->self, sizeof sight->self, "%s", self);
	if (sqlite3_create_function(db->handle, "may_see", 5, SQLITE_UTF8 | SQLITE_DIRECTONLY, sight, may_see,
		    NULL, NULL) != SQLITE_OK)
		return db_error(db, "teach it who may see what");
	*out = sight;
	return NULL;
}

void sight_set(struct sight *sight, const struct reader *reader)
{
	sight->reader = reader;
}

static const struct error *nothing_there(const char *entity)
{
	return error_new(ERROR_NOT_FOUND, "there is no such %s here", entity);
}

/* Whether the first row, if there is one, says yes. */
static const struct error *ask(struct sight *sight, const char *sql, const char *key, bool *yes)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	TRY(db_prepare(sight->db, &query, sql));
	db_bind_text(&query, 1, key);
	TRY(db_step(&query, &row));
	*yes = !row || db_integer(&query, 0);
	return NULL;
}

static const struct error *sees_referral(struct sight *sight, const char *sql, const char *key, bool *yes)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	TRY(db_prepare(sight->db, &query, sql));
	db_bind_text(&query, 1, key);
	db_bind_text(&query, 2, sight->reader->provider);
	TRY(db_step(&query, &row));
	*yes = !row || db_integer(&query, 0);
	return NULL;
}

static const struct error *sees_part(
	struct sight *sight, const struct entity *entity, const char *key, bool *yes)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);

	return ask(sight,
		memory_format(scratch,
			"SELECT " SIGHT_CASE " FROM entity e JOIN case_ c ON c.key = e.case_key"
			" WHERE e.tail = substr(?1, -8) AND e.key = ?1 AND e.type = '%s'",
			entity->name),
		key, yes);
}

#define FOR_PROVIDER "SELECT r.state <> 'draft' AND r.provider = ?2 AND ?2 <> '' FROM referral r "

/* What the rules beyond the role say of this record. */
static const struct error *sees(struct sight *sight, const struct entity *entity, const char *key, bool *yes)
{
	const char *name = entity->name;

	*yes = true;
	if (sight->reader->role == ROLE_PROVIDER && strcmp(name, "referral") == 0)
		return sees_referral(sight, FOR_PROVIDER "WHERE r.key = ?1", key, yes);
	if (sight->reader->role == ROLE_PROVIDER && strcmp(name, "provider") == 0) {
		*yes = strcmp(key, sight->reader->provider) == 0;
		return NULL;
	}
	if (sight->reader->role == ROLE_PROVIDER && strcmp(name, "reply") == 0)
		return sees_referral(
			sight, FOR_PROVIDER "JOIN reply p ON p.referral = r.key WHERE p.key = ?1", key, yes);
	if (strcmp(name, "case") == 0)
		return ask(sight, "SELECT " SIGHT_CASE " FROM case_ c WHERE c.key = ?", key, yes);
	if (strcmp(name, "report") == 0)
		return ask(sight,
			"SELECT " SIGHT_CASE
			" FROM report r JOIN case_ c ON c.key = r.\"case\" WHERE r.key = ?",
			key, yes);
	if (strcmp(name, "message") == 0)
		return ask(sight,
			"SELECT " SIGHT_CASE " FROM message m JOIN report r ON r.key = m.report"
			" JOIN case_ c ON c.key = r.\"case\" WHERE m.key = ?",
			key, yes);
	if (strcmp(name, "reply") == 0)
		return ask(sight,
			"SELECT " SIGHT_CASE " FROM reply p JOIN referral r ON r.key = p.referral"
			" JOIN case_ c ON c.key = r.case_key WHERE p.key = ?",
			key, yes);
	if (strcmp(name, "takeover") == 0)
		return ask(sight,
			"SELECT " SIGHT_CASE " FROM takeover k JOIN transfer t ON t.key = k.transfer"
			" JOIN case_ c ON c.key = t.case_key WHERE k.key = ?",
			key, yes);
	return entity->in_case ? sees_part(sight, entity, key, yes) : NULL;
}

/* Whether the role has to do with such records is the caller's. */
static const struct error *check(struct sight *sight, const char *entity, const char *key)
{
	const struct entity *kind = schema_entity(entity);
	bool yes = false;

	if (kind)
		TRY(sees(sight, kind, key, &yes));
	return yes ? NULL : nothing_there(entity);
}

const struct error *sight_check(struct sight *sight, const char *entity, const char *key)
{
	if (!sight->reader)
		return NULL;
	return access_reads(sight->reader->role, entity) ? check(sight, entity, key) : nothing_there(entity);
}

const struct error *sight_check_write(
	struct sight *sight, const char *entity, const char *key, const char *case_key)
{
	if (!sight->reader)
		return NULL;
	if (!access_writes(sight->reader->role, entity))
		return error_new(ERROR_DENIED, "your role here does not include this; ask a coordinator");
	if (*case_key)
		TRY(check(sight, "case", case_key));
	return check(sight, entity, key);
}

bool sight_reads(const struct sight *sight, const char *entity)
{
	return !sight->reader || access_reads(sight->reader->role, entity);
}

/* The case as it stands, as far as who sees it goes; NULL while there is none. The caller's. */
static const struct error *standing_case(struct sight *sight, const char *key, json_t **out)
{
	struct query query CLEANUP(db_finish) = {0};
	json_t *readers;
	bool row;

	*out = NULL;
	TRY(db_prepare(sight->db, &query,
		"SELECT coalesce(team, ''), coalesce(restricted, ''), readers, coalesce(officer, ''), "
		"is_apart, named"
		" FROM case_ WHERE key = ?"));
	db_bind_text(&query, 1, key);
	TRY(db_step(&query, &row));
	if (!row)
		return NULL;
	readers = list_of(db_text(&query, 2));
	*out = json_pack("{ss, ss, so, ss, sb, sb, sb, sb}", "team", db_text(&query, 0), "restricted",
		db_text(&query, 1), "readers", readers ? readers : json_array(), "officer",
		db_text(&query, 3), "is_apart", (int)db_integer(&query, 4), "is_our_team",
		is_ours(sight, db_text(&query, 5), 0), "are_our_readers",
		is_ours(sight, db_text(&query, 5), 1), "is_our_officer",
		is_ours(sight, db_text(&query, 5), 2));
	return NULL;
}

static bool is_empty(const json_t *value)
{
	return json_is_array(value) ? !json_array_size(value) : !*json_string_value(value);
}

/* The same name said by another hub was of somebody else. `ours`: where the record says that this hub said
 * it; NULL: it names nobody. */
static bool is_changed(const json_t *record, const json_t *set, const char *name, const char *ours)
{
	const json_t *value = json_object_get(set, name);
	bool is_of_others = ours && !json_is_true(json_object_get(record, ours));

	return value &&
	       (!json_equal(value, json_object_get(record, name)) || (is_of_others && !is_empty(value)));
}

/* Another officer is another reader where not everybody reads it. */
static bool is_sharing(const json_t *record, const json_t *set)
{
	return is_changed(record, set, "team", "is_our_team") ||
	       is_changed(record, set, "restricted", NULL) ||
	       is_changed(record, set, "readers", "are_our_readers") ||
	       (json_is_true(json_object_get(record, "is_apart")) &&
		       is_changed(record, set, "officer", "is_our_officer"));
}

const struct error *sight_check_set(
	struct sight *sight, const char *entity, const char *key, const json_t *set)
{
	json_t *record CLEANUP(json_decref) = NULL;

	if (!sight->reader || strcmp(entity, "case") != 0)
		return NULL;
	TRY(standing_case(sight, key, &record));
	if (!record || !is_sharing(record, set) || sight_may_share(sight->reader, record))
		return NULL;
	return error_new(
		ERROR_DENIED, "who may see a case is said by its officer or a coordinator; ask one of them");
}
