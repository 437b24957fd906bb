/* What sync remembers between rounds: how far the spools are taken, how far each log and each remote has
 * come, and what people should know.
 *
 * Leaves to batch.c and round.c when something is remembered. Guards: high-water marks never go back, so that
 * a relay or a card that was rolled back is noticed. Written by the sync role (or a command that holds its
 * lock); read by office and commands. */
#include "sync/state.h"

#include <string.h>

#include "node/base/clock.h"
#include "node/base/embed.h"
#include "node/base/text.h"

#define TROUBLE_DAYS 30

EMBED(sync_state_sql, "sync/state.sql");
EMBED(sync_state_2_sql, "sync/state_2.sql");

static const char *const sync_steps[] = {sync_state_sql, sync_state_2_sql, NULL};
const struct db_schema sync_schema = {sync_steps, SYNC_DB_VERSION};

const struct error *state_taken(struct db *db, const char *spool, int64_t *upto)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	TRY(db_prepare(db, &query, "SELECT upto FROM taken WHERE spool = ?"));
	db_bind_text(&query, 1, spool);
	TRY(db_step(&query, &row));
	*upto = row ? db_integer(&query, 0) : 0;
	return NULL;
}

const struct error *state_taken_set(struct db *db, const char *spool, int64_t upto)
{
	struct query query CLEANUP(db_finish) = {0};

	TRY(db_prepare(db, &query,
		"INSERT INTO taken(spool, upto) VALUES(?, ?) ON CONFLICT(spool) DO UPDATE SET "
		"upto = max(upto, excluded.upto)"));
	db_bind_text(&query, 1, spool);
	db_bind_integer(&query, 2, upto);
	return db_done(&query);
}

const struct error *state_trouble(
	struct db *db, const char *remote, const char *log, const char *kind, const char *reason)
{
	struct query query CLEANUP(db_finish) = {0};

	TRY(db_prepare(db, &query,
		"INSERT INTO trouble(at, remote, log, kind, reason) VALUES(?, ?, ?, ?, ?) "
		"ON CONFLICT(remote, log, kind) DO UPDATE SET at = excluded.at, reason = excluded.reason"));
	db_bind_integer(&query, 1, clock_wall_seconds());
	db_bind_text(&query, 2, remote);
	db_bind_text(&query, 3, log);
	db_bind_text(&query, 4, kind);
	db_bind_text(&query, 5, reason);
	return db_done(&query);
}

const struct error *state_trouble_end(struct db *db, const char *remote, const char *log, const char *kind)
{
	struct query query CLEANUP(db_finish) = {0};

	TRY(db_prepare(db, &query,
		"DELETE FROM trouble WHERE remote = coalesce(?, remote) AND log = ? AND kind = ?"));
	db_bind_text(&query, 1, remote);
	db_bind_text(&query, 2, log);
	db_bind_text(&query, 3, kind);
	return db_done(&query);
}

const struct error *state_trouble_forget(struct db *db)
{
	struct query query CLEANUP(db_finish) = {0};

	TRY(db_prepare(db, &query, "DELETE FROM trouble WHERE at < ?"));
	db_bind_integer(&query, 1, clock_wall_seconds() - TROUBLE_DAYS * 86400);
	return db_done(&query);
}

const struct error *state_known(struct db *db, const char *log, int epoch, struct log_tip *out)
{
	struct query query CLEANUP(db_finish) = {0};
	struct log_tip tip = {0};
	bool row;

	TRY(db_prepare(db, &query, "SELECT seq, oid, sha256 FROM known WHERE log = ? AND epoch = ?"));
	db_bind_text(&query, 1, log);
	db_bind_integer(&query, 2, epoch);
	TRY(db_step(&query, &row));
	if (row) {
		tip.seq = db_integer(&query, 0);
		snprintf(tip.oid.hex, sizeof tip.oid.hex, "%s", db_text(&query, 1));
		TRY(text_from_hex(tip.sha256, sizeof tip.sha256, db_text(&query, 2)));
	}
	*out = tip;
	return NULL;
}

const struct error *state_known_set(struct db *db, const char *log, int epoch, const struct log_tip *tip)
{
	struct query query CLEANUP(db_finish) = {0};
	char sha256[2 * DIGEST_LEN + 1];

	text_hex(sha256, tip->sha256, sizeof tip->sha256);
	TRY(db_prepare(db, &query,
		"INSERT INTO known(log, epoch, seq, oid, sha256, seen) VALUES(?, ?, ?, ?, ?, ?) ON "
		"CONFLICT(log, epoch) DO UPDATE SET "
		"seq = excluded.seq, oid = excluded.oid, sha256 = excluded.sha256, seen = excluded.seen "
		"WHERE excluded.seq > seq"));
	db_bind_text(&query, 1, log);
	db_bind_integer(&query, 2, epoch);
	db_bind_integer(&query, 3, tip->seq);
	db_bind_text(&query, 4, tip->oid.hex);
	db_bind_text(&query, 5, sha256);
	db_bind_integer(&query, 6, clock_wall_seconds());
	return db_done(&query);
}

const struct error *state_reach(struct db *db, const char *remote, const char *log, int epoch, int64_t *seq)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	TRY(db_prepare(db, &query, "SELECT seq FROM reach WHERE remote = ? AND log = ? AND epoch = ?"));
	db_bind_text(&query, 1, remote);
	db_bind_text(&query, 2, log);
	db_bind_integer(&query, 3, epoch);
	TRY(db_step(&query, &row));
	*seq = row ? db_integer(&query, 0) : 0;
	return NULL;
}

const struct error *state_reach_set(
	struct db *db, const char *remote, const char *log, int epoch, int64_t seq, int64_t claimed)
{
	struct query query CLEANUP(db_finish) = {0};

	TRY(db_prepare(db, &query,
		"INSERT INTO reach(remote, log, epoch, seq, claimed) VALUES(?, ?, ?, ?, ?) ON "
		"CONFLICT(remote, log, "
		"epoch) DO UPDATE SET seq = max(seq, excluded.seq), claimed = excluded.claimed "
		"WHERE excluded.seq > seq OR excluded.claimed != claimed"));
	db_bind_text(&query, 1, remote);
	db_bind_text(&query, 2, log);
	db_bind_integer(&query, 3, epoch);
	db_bind_integer(&query, 4, seq);
	db_bind_integer(&query, 5, claimed);
	return db_done(&query);
}

const struct error *state_left(struct db *db, const char *log, int epoch, int64_t *seq)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	TRY(db_prepare(db, &query, "SELECT max(seq) FROM reach WHERE log = ? AND epoch = ?"));
	db_bind_text(&query, 1, log);
	db_bind_integer(&query, 2, epoch);
	TRY(db_step(&query, &row));
	*seq = row ? db_integer(&query, 0) : 0;
	return NULL;
}

const struct error *state_reach_forget(struct db *db, const char *remote)
{
	struct query query CLEANUP(db_finish) = {0};

	TRY(db_prepare(db, &query, "DELETE FROM reach WHERE remote = ?"));
	db_bind_text(&query, 1, remote);
	return db_done(&query);
}

const struct error *state_step(struct db *db, const char *remote, int64_t *bytes)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	TRY(db_prepare(db, &query, "SELECT step FROM remote WHERE name = ?"));
	db_bind_text(&query, 1, remote);
	TRY(db_step(&query, &row));
	*bytes = row ? db_integer(&query, 0) : 0;
	return NULL;
}

const struct error *state_step_set(struct db *db, const char *remote, int64_t bytes)
{
	struct query query CLEANUP(db_finish) = {0};

	TRY(db_prepare(db, &query, "UPDATE remote SET step = ?2 WHERE name = ?1 AND step != ?2"));
	db_bind_text(&query, 1, remote);
	db_bind_integer(&query, 2, bytes);
	return db_done(&query);
}

const struct error *state_stick_begin(struct db *db, const char *place)
{
	struct query old CLEANUP(db_finish) = {0}, query CLEANUP(db_finish) = {0};
	int64_t now = clock_wall_seconds();

	TRY(db_prepare(db, &old, "DELETE FROM stick WHERE at < ?"));
	db_bind_integer(&old, 1, now - TROUBLE_DAYS * 86400);
	TRY(db_done(&old));
	TRY(db_prepare(db, &query, "INSERT OR REPLACE INTO stick(place, at, is_done) VALUES(?, ?, 0)"));
	db_bind_text(&query, 1, place);
	db_bind_integer(&query, 2, now);
	return db_done(&query);
}

const struct error *state_stick_end(
	struct db *db, const char *place, const json_t *stick, const char *problem)
{
	struct query query CLEANUP(db_finish) = {0};

	TRY(db_prepare(db, &query,
		"UPDATE stick SET at = ?2, is_done = 1, brought = ?3, taken = ?4, skipped = ?5, may_pull = "
		"?6, "
		"error = ?7 WHERE place = ?1"));
	db_bind_text(&query, 1, place);
	db_bind_integer(&query, 2, clock_wall_seconds());
	db_bind_integer(&query, 3, json_integer_value(json_object_get(stick, "brought")));
	db_bind_integer(&query, 4, json_integer_value(json_object_get(stick, "taken")));
	db_bind_integer(&query, 5, (int64_t)json_array_size(json_object_get(stick, "skipped")));
	db_bind_integer(&query, 6, json_is_true(json_object_get(stick, "may_pull")));
	db_bind_text(&query, 7, problem);
	return db_done(&query);
}

const struct error *state_ack(struct db *db, const char *log, int epoch, const char *by, int64_t seq)
{
	struct query query CLEANUP(db_finish) = {0};

	TRY(db_prepare(db, &query,
		"INSERT INTO ack(log, epoch, by, seq) VALUES(?, ?, ?, ?) ON CONFLICT(log, epoch, by) DO "
		"UPDATE SET "
		"seq = excluded.seq WHERE excluded.seq > seq"));
	db_bind_text(&query, 1, log);
	db_bind_integer(&query, 2, epoch);
	db_bind_text(&query, 3, by);
	db_bind_integer(&query, 4, seq);
	return db_done(&query);
}

const struct error *state_acked(struct db *db, const char *log, int epoch, const char *by, int64_t *seq)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	TRY(db_prepare(db, &query, "SELECT seq FROM ack WHERE log = ? AND epoch = ? AND by = ?"));
	db_bind_text(&query, 1, log);
	db_bind_integer(&query, 2, epoch);
	db_bind_text(&query, 3, by);
	TRY(db_step(&query, &row));
	*seq = row ? db_integer(&query, 0) : 0;
	return NULL;
}

const struct error *state_acks_due(
	struct db *db, const char *self, struct commit_ack out[static COMMIT_ACKS_MAX], size_t *count)
{
	struct query query CLEANUP(db_finish) = {0};
	size_t found = 0;
	bool row;

	/* The bare columns beside max() are those of the row that has it: an Ack line names a log once, by
	 * its newest epoch. */
	TRY(db_prepare(db, &query,
		"SELECT known.log, max(known.epoch), known.seq FROM known LEFT JOIN ack ON ack.log = "
		"known.log AND "
		"ack.epoch = known.epoch AND ack.by = ?1 WHERE known.log != ?1 AND known.seq > "
		"coalesce(ack.seq, 0) "
		"GROUP BY known.log ORDER BY known.log LIMIT ?2"));
	db_bind_text(&query, 1, self);
	db_bind_integer(&query, 2, COMMIT_ACKS_MAX);
	while (found < COMMIT_ACKS_MAX) {
		struct commit_ack *ack = &out[found];

		TRY(db_step(&query, &row));
		if (!row)
			break;
		found++;
		snprintf(ack->log, sizeof ack->log, "%s", db_text(&query, 0));
		ack->epoch = (int)db_integer(&query, 1);
		ack->seq = db_integer(&query, 2);
	}
	*count = found;
	return NULL;
}

/* The rows of a query as objects, each column under its name. */
static const struct error *rows_as_json(struct db *db, const char *sql, json_t *into, const char *name)
{
	struct query query CLEANUP(db_finish) = {0};
	json_t *list = json_array();
	bool row;

	json_object_set_new(into, name, list);
	TRY(db_prepare(db, &query, sql));
	for (;;) {
		json_t *object;

		TRY(db_step(&query, &row));
		if (!row)
			break;
		object = json_object();
		for (int i = 0; i < sqlite3_column_count(query.statement); i++) {
			json_t *value;

			if (db_is_null(&query, i))
				value = json_null();
			else if (sqlite3_column_type(query.statement, i) == SQLITE_INTEGER)
				value = json_integer(db_integer(&query, i));
			else
				value = json_string(db_text(&query, i));
			json_object_set_new(object, sqlite3_column_name(query.statement, i), value);
		}
		json_array_append_new(list, object);
	}
	return NULL;
}

/* What waits in both directions, of a row whose name in the table `reach` is `remote`. */
#define WAITING(remote)                                                                                      \
	"(SELECT coalesce(sum(max(reach.claimed - coalesce(known.seq, 0), 0)), 0) FROM reach "               \
	"LEFT JOIN known USING(log, epoch) WHERE reach.remote = " remote ") AS waiting_in, "                 \
	"(SELECT coalesce(sum(max(known.seq - coalesce(reach.claimed, 0), 0)), 0) FROM known "               \
	"LEFT JOIN reach ON reach.log = known.log AND reach.epoch = known.epoch AND "                        \
	"reach.remote = " remote ") AS waiting_out "

const struct error *state_status(struct db *db, json_t **out)
{
	static const struct {
		const char *name, *sql;
	} parts[] = {
		{"remotes", "SELECT name, url, last_ok, last_try, last_error, next_try, failures, sent, "
			    "received, " WAITING("remote.name") "FROM remote ORDER BY name"},
		{"neighbours", "SELECT log, address, linked, last_ok, last_error, received, " WAITING(
				       "'near-' || neighbour.log") "FROM neighbour ORDER BY log"},
		{"logs", "SELECT log, epoch, seq, seen FROM known ORDER BY log, epoch"},
		{"acks", "SELECT log, epoch, by, seq FROM ack ORDER BY log, epoch, by"},
		{"trouble", "SELECT at, remote, log, kind, reason FROM trouble ORDER BY at DESC, id DESC "
			    "LIMIT 200"},
		{"found",
			"SELECT name, host, address, port, seen FROM found ORDER BY name, address LIMIT 200"},
		{"sticks", "SELECT place, at, is_done, brought, taken, skipped, may_pull, error FROM stick "
			   "ORDER BY "
			   "at DESC LIMIT 32"},
	};
	json_t *status CLEANUP(json_decref) = json_object();

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		TRY(rows_as_json(db, parts[i].sql, status, parts[i].name));
	*out = status;
	status = NULL;
	return NULL;
}
