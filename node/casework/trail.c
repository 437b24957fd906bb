/* What people did is told to the coordinators by a chain: each entry names the SHA-256 of the one that it
 * follows. Whoever takes one out, or changes it, leaves another that follows nothing, and that is seen from
 * here on and on every hub that holds the log's ciphertext and gets the keys.
 *
 * A command may write while the office does, so two entries may follow the same one: a branch, and no alarm.
 * What is loose is worked out as entries are settled, in any order, so that asking costs nothing. Runs in
 * office and in commands. */
#include "node/casework/trail.h"

#include <stdio.h>
#include <string.h>

#include "node/base/text.h"

void trail_hash(char out[static TRAIL_HASH_SIZE], struct bytes line)
{
	uint8_t digest[DIGEST_LEN];

	digest_of(digest, line);
	text_hex(out, digest, sizeof digest);
}

const struct error *trail_end(struct db *db, struct trail_end *out)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	*out = (struct trail_end){0};
	TRY(db_prepare(db, &query, "SELECT hash, n FROM trail ORDER BY n DESC, hash DESC LIMIT 1"));
	TRY(db_step(&query, &row));
	if (row && strlen(db_text(&query, 0)) < sizeof out->hash) {
		memcpy(out->hash, db_text(&query, 0), strlen(db_text(&query, 0)));
		out->n = db_integer(&query, 1);
	}
	return NULL;
}

/* Whatever follows the entry's former bytes follows nothing any more. */
static const struct error *loosen(struct db *db, int64_t id)
{
	struct query query CLEANUP(db_finish) = {0};

	TRY(db_prepare(db, &query,
		"UPDATE trail SET is_loose = 1 WHERE n > 0 AND prev = (SELECT hash FROM trail WHERE entry = "
		"?)"));
	db_bind_integer(&query, 1, id);
	return db_done(&query);
}

const struct error *trail_drop(struct db *db, int64_t id)
{
	struct query query CLEANUP(db_finish) = {0};

	TRY(loosen(db, id));
	TRY(db_prepare(db, &query, "DELETE FROM trail WHERE entry = ?"));
	db_bind_integer(&query, 1, id);
	return db_done(&query);
}

static const struct error *fasten(struct db *db, const char *hash, int64_t n)
{
	struct query query CLEANUP(db_finish) = {0};

	TRY(db_prepare(db, &query, "UPDATE trail SET is_loose = 0 WHERE prev = ? AND n = ? + 1"));
	db_bind_text(&query, 1, hash);
	db_bind_integer(&query, 2, n);
	return db_done(&query);
}

/* An entry without a count was written before there were links; it is not part of the chain. */
const struct error *trail_settle(struct db *db, int64_t id, const json_t *set, struct bytes line)
{
	struct query query CLEANUP(db_finish) = {0};
	int64_t n = json_integer_value(json_object_get(set, "n"));
	char hash[TRAIL_HASH_SIZE];

	trail_hash(hash, line);
	TRY(loosen(db, id));
	TRY(db_prepare(db, &query,
		"INSERT OR REPLACE INTO trail(entry, hash, prev, n, is_loose) VALUES(?1, ?2, ?3, ?4,"
		" ?4 > 0 AND NOT (?4 = 1 AND ?3 = '')"
		" AND NOT EXISTS (SELECT 1 FROM trail WHERE hash = ?3 AND n = ?4 - 1))"));
	db_bind_integer(&query, 1, id);
	db_bind_text(&query, 2, hash);
	db_bind_text(&query, 3, json_text_or(set, "prev", ""));
	db_bind_integer(&query, 4, n > 0 ? n : 0);
	TRY(db_done(&query));
	return fasten(db, hash, n > 0 ? n : 0);
}

const struct error *trail_state(struct db *db, struct trail_state *out)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	*out = (struct trail_state){0};
	TRY(db_prepare(db, &query,
		"SELECT (SELECT count(*) FROM trail), count(*), coalesce(min(a.at), '') FROM trail t"
		" JOIN audit a ON a.id = t.entry WHERE t.is_loose = 1"));
	TRY(db_step(&query, &row));
	if (!row)
		return NULL;
	out->count = db_integer(&query, 0);
	out->missing = db_integer(&query, 1);
	snprintf(out->since, sizeof out->since, "%s", db_text(&query, 2));
	return NULL;
}

const struct error *trail_has(
	struct db *db, const char *who, const char *record, const char *what, const char *day, bool *out)
{
	struct query query CLEANUP(db_finish) = {0};

	TRY(db_prepare(db, &query,
		"SELECT 1 FROM audit WHERE record = ? AND at >= ? AND who = ? AND what = ? LIMIT 1"));
	db_bind_text(&query, 1, record);
	db_bind_text(&query, 2, day);
	db_bind_text(&query, 3, who);
	db_bind_text(&query, 4, what);
	return db_step(&query, out);
}

static json_t *entry_of(struct query *query)
{
	return json_pack("{ss, ss, ss, ss, ss, ss}", "key", db_text(query, 0), "what", db_text(query, 1),
		"who", db_text(query, 2), "on", db_text(query, 3), "record", db_text(query, 4), "at",
		db_text(query, 5));
}

/* The narrowest of what was asked for is in the index; the rest is few. */
static const char *sql_of(const void *context, const struct trail_wanted *wanted)
{
	return memory_format(context,
		"SELECT key, what, coalesce(who, ''), coalesce(\"on\", ''), coalesce(record, ''), "
		"coalesce(at, '')"
		" FROM audit WHERE %s%sat >= ?3 AND at < ?4 ORDER BY at DESC, key DESC LIMIT ?5 OFFSET ?6",
		wanted->record ? "record = ?1 AND " : "",
		!wanted->who	 ? ""
		: wanted->record ? "+who = ?2 AND "
				 : "who = ?2 AND ");
}

const struct error *trail_list(struct db *db, const struct trail_wanted *wanted, json_t **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct query query CLEANUP(db_finish) = {0};
	json_t *rows CLEANUP(json_decref) = json_array();
	bool more;

	TRY(db_prepare(db, &query, sql_of(scratch, wanted)));
	if (wanted->record)
		db_bind_text(&query, 1, wanted->record);
	if (wanted->who)
		db_bind_text(&query, 2, wanted->who);
	db_bind_text(&query, 3, wanted->from ? wanted->from : "");
	db_bind_text(&query, 4, wanted->before ? wanted->before : "~");
	db_bind_integer(&query, 5, wanted->limit);
	db_bind_integer(&query, 6, wanted->offset);
	for (;;) {
		TRY(db_step(&query, &more));
		if (!more)
			break;
		json_array_append_new(rows, entry_of(&query));
	}
	*out = json_incref(rows);
	return NULL;
}
