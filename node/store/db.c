/* SQLite the way this project uses it: see db.h. What a table means is its role's; here are only the rules
 * that keep acknowledged rows on the card (WAL, synchronous=FULL, a log that survives closing) and that keep
 * another role's file, which may be hostile, from doing more than being read. A handle is used by one thread
 * at a time. Used by every role and by commands. */
#include "node/store/db.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/base/files.h"

#define BUSY_MS 5000
#define FOREIGN_BUSY_MS 250
#define FOREIGN_VALUE_MAX (1024 * 1024)

static bool is_no_room(int errno_value)
{
	return errno_value == ENOSPC || errno_value == EDQUOT || errno_value == EFBIG;
}

/* SQLite says FULL for ENOSPC alone; a quota or a file's size limit looks like a broken disk until one asks
 * the files. */
static bool was_no_room(sqlite3 *handle)
{
	int errno_value = 0;
	sqlite3_file *log;

	if (sqlite3_file_control(handle, "main", SQLITE_FCNTL_LAST_ERRNO, &errno_value) == SQLITE_OK &&
		is_no_room(errno_value))
		return true;
	if (sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) != SQLITE_OK || !log ||
		!log->pMethods)
		return false;
	return log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &errno_value) == SQLITE_OK &&
	       is_no_room(errno_value);
}

const struct error *db_error(struct db *db, const char *doing)
{
	int code = sqlite3_extended_errcode(db->handle);
	const char *why = sqlite3_errmsg(db->handle);
	enum error_code kind = ERROR_SYSTEM;

	if ((code & 0xff) == SQLITE_FULL || (code == SQLITE_IOERR_WRITE && was_no_room(db->handle)))
		kind = ERROR_FULL;
	else if ((code & 0xff) == SQLITE_NOTADB || (code & 0xff) == SQLITE_CORRUPT)
		kind = ERROR_INVALID;
	else if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED)
		kind = ERROR_UNAVAILABLE;
	if (kind == ERROR_INVALID)
		return error_new(kind,
			"%s is damaged: %s; stop the hub, save what is left with \"sqlite3 FILE .recover | "
			"sqlite3 NEW\", and put NEW "
			"in its place",
			db->name, why);
	return error_new(
		kind, "%s: cannot %s: %s", db->name, doing, kind == ERROR_FULL ? "no room is left" : why);
}

void db_close(struct db *db)
{
	if (!db)
		return;
	for (size_t i = 0; i < DB_KEPT; i++)
		sqlite3_finalize(db->kept[i]);
	sqlite3_close_v2(db->handle);
	memory_free(db);
}

static const struct error *open_handle(const char *path, int flags, struct db **out)
{
	struct db *db = memory_new(NULL, struct db);
	const struct error *error = NULL;

	db->name = memory_string(db, path);
	if (sqlite3_open_v2(path, &db->handle, flags | SQLITE_OPEN_EXRESCODE, NULL) != SQLITE_OK) {
		if (!db->handle)
			abort(); /* out of memory */
		error = db_error(db, "open it");
	}
	if (error) {
		db_close(db);
		return error;
	}
	*out = db;
	return NULL;
}

/* The first column of the first row as a number. */
static const struct error *ask_number(struct db *db, const char *sql, int64_t *out)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	TRY(db_prepare(db, &query, sql));
	TRY(db_step(&query, &row));
	if (!row)
		return error_new(ERROR_SYSTEM, "%s: no answer to %s", db->name, sql);
	*out = db_integer(&query, 0);
	return NULL;
}

static const struct error *harden(struct db *db)
{
	if (sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK ||
		sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL) != SQLITE_OK)
		return db_error(db, "harden it");
	return NULL;
}

static const struct error *migrate_step(struct db *db, const struct db_schema *schema, bool *done)
{
	char version[40];
	int64_t now;

	TRY(ask_number(db, "PRAGMA user_version", &now)); /* again, now that nobody else writes */
	*done = now >= schema->version;
	if (*done)
		return NULL;
	TRY(db_run(db, schema->steps[now]));
	snprintf(version, sizeof version, "PRAGMA user_version = %d", (int)now + 1);
	return db_run(db, version);
}

static const struct error *migrate(struct db *db, const struct db_schema *schema)
{
	const struct error *error;
	bool done = false;

	while (!done) {
		TRY(db_begin(db));
		error = migrate_step(db, schema, &done);
		if (!error)
			error = db_commit(db);
		if (error) {
			db_rollback(db);
			return error_wrap(error, "cannot bring the database to version %u", schema->version);
		}
	}
	return NULL;
}

static const struct error *make_durable(struct db *db)
{
	struct query query CLEANUP(db_finish) = {0};
	int persist = 1;
	bool row;

	/* A transaction writes whole pages, twice, and most of ours change a few rows here and there: with
	 * the smallest pages one report costs the card half of what it does with the usual ones. Says nothing
	 * to a file that has pages already. */
	TRY(db_run(db, "PRAGMA page_size = 512"));
	TRY(db_prepare(db, &query, "PRAGMA journal_mode = WAL"));
	TRY(db_step(&query, &row));
	if (!row || strcmp(db_text(&query, 0), "wal") != 0)
		return error_new(
			ERROR_SYSTEM, "%s: this file system cannot hold a write-ahead log", db->name);
	if (sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_PERSIST_WAL, &persist) != SQLITE_OK)
		return db_error(db, "keep its log");
	/* Four megabytes of log, as with pages of the usual size: each checkpoint is two more fsyncs. */
	return db_run(
		db, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 8000");
}

static const struct error *set_up(struct db *db, const struct db_schema *schema)
{
	int64_t version;

	sqlite3_busy_timeout(db->handle, BUSY_MS);
	TRY(harden(db));
	TRY(ask_number(db, "PRAGMA user_version", &version));
	if (version > schema->version)
		return error_new(ERROR_CONFIG,
			"%s was written by a newer engabo (version %d, this one knows %u); use the newer one",
			db->name, (int)version, schema->version);
	TRY(make_durable(db));
	return migrate(db, schema);
}

const struct error *db_open(const char *path, const struct db_schema *schema, struct db **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct error *error;
	struct db *db;
	int fd;

	/* Made here and not by SQLite, for its mode; the -wal and -shm files beside it take the same. */
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (fd < 0 && errno != EEXIST)
		return error_system(errno, "cannot create %s", path);
	if (fd >= 0) {
		close(fd);
		TRY(files_sync_directory(dirname(memory_string(scratch, path))));
	}
	TRY(open_handle(path, SQLITE_OPEN_READWRITE, &db));
	error = set_up(db, schema);
	if (error) {
		db_close(db);
		return error;
	}
	*out = db;
	return NULL;
}

static const struct error *set_up_foreign(struct db *db, unsigned version)
{
	int64_t found;

	sqlite3_busy_timeout(db->handle, FOREIGN_BUSY_MS);
	sqlite3_limit(db->handle, SQLITE_LIMIT_LENGTH, FOREIGN_VALUE_MAX);
	TRY(harden(db));
	TRY(db_run(db, "PRAGMA query_only = ON; PRAGMA cell_size_check = ON"));
	TRY(ask_number(db, "PRAGMA user_version", &found));
	if (found != version)
		return error_new(ERROR_UNAVAILABLE,
			"%s has version %d, not %u; is its role running, and of the same version?", db->name,
			(int)found, version);
	return NULL;
}

const struct error *db_open_foreign(const char *path, unsigned version, struct db **out)
{
	const struct error *error;
	struct db *db;

	if (!files_exist(path))
		return error_new(ERROR_UNAVAILABLE, "%s is not there yet; has its role been started?", path);
	TRY(open_handle(path, SQLITE_OPEN_READONLY, &db));
	error = set_up_foreign(db, version);
	if (error) {
		db_close(db);
		return error;
	}
	*out = db;
	return NULL;
}

const struct error *db_open_memory(struct db **out)
{
	const struct error *error;
	struct db *db;

	TRY(open_handle(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY, &db));
	error = harden(db);
	if (!error)
		error = db_run(db, "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY");
	if (error) {
		db_close(db);
		return error;
	}
	*out = db;
	return NULL;
}

const struct error *db_run(struct db *db, const char *sql)
{
	if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) != SQLITE_OK) {
		char doing[80];

		snprintf(doing, sizeof doing, "run \"%.60s\"", sql);
		return db_error(db, doing);
	}
	return NULL;
}

const struct error *db_begin(struct db *db)
{
	return db_run(db, "BEGIN IMMEDIATE");
}

const struct error *db_commit(struct db *db)
{
	return db_run(db, "COMMIT");
}

void db_rollback(struct db *db)
{
	/* After some failures SQLite has rolled back already. */
	if (!sqlite3_get_autocommit(db->handle))
		error_ignore(db_run(db, "ROLLBACK"));
}

/* A statement with this very text that was used before and is free now; NULL: none. */
static sqlite3_stmt *take_kept(struct db *db, const char *sql)
{
	for (size_t i = 0; i < DB_KEPT; i++) {
		sqlite3_stmt *statement = db->kept[i];

		if (statement && strcmp(sqlite3_sql(statement), sql) == 0) {
			db->kept[i] = NULL;
			return statement;
		}
	}
	return NULL;
}

const struct error *db_prepare(struct db *db, struct query *out, const char *sql)
{
	sqlite3_stmt *statement = take_kept(db, sql);

	if (!statement && sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL) != SQLITE_OK) {
		char doing[80];

		snprintf(doing, sizeof doing, "prepare \"%.60s\"", sql);
		return db_error(db, doing);
	}
	*out = (struct query){.statement = statement, .db = db};
	return NULL;
}

/* Into a free place, or in turn into one that is not. */
static sqlite3_stmt **place_to_keep(struct db *db)
{
	for (size_t i = 0; i < DB_KEPT; i++)
		if (!db->kept[i])
			return &db->kept[i];
	db->kept_next = (db->kept_next + 1) % DB_KEPT;
	return &db->kept[db->kept_next];
}

void db_finish(struct query *query)
{
	sqlite3_stmt **place;

	if (!query->statement)
		return;
	db_reset(query);
	place = place_to_keep(query->db);
	sqlite3_finalize(*place);
	*place = query->statement;
	query->statement = NULL;
}

void db_reset(struct query *query)
{
	sqlite3_reset(query->statement);
	sqlite3_clear_bindings(query->statement);
}

/* Binding fails for a position that is not there, a value over a gigabyte, or for want of memory. */
static void must_bind(int code)
{
	if (code == SQLITE_NOMEM)
		abort();
	assert(code == SQLITE_OK);
}

void db_bind_text(struct query *query, int at, const char *text)
{
	must_bind(sqlite3_bind_text(query->statement, at, text, -1, SQLITE_TRANSIENT));
}

void db_bind_integer(struct query *query, int at, int64_t value)
{
	must_bind(sqlite3_bind_int64(query->statement, at, value));
}

void db_bind_bytes(struct query *query, int at, struct bytes value)
{
	must_bind(sqlite3_bind_blob64(query->statement, at, value.data, value.len, SQLITE_TRANSIENT));
}

const struct error *db_step(struct query *query, bool *row)
{
	int code = sqlite3_step(query->statement);

	if (code != SQLITE_ROW && code != SQLITE_DONE) {
		char doing[80];

		snprintf(doing, sizeof doing, "run \"%.60s\"", sqlite3_sql(query->statement));
		return db_error(query->db, doing);
	}
	*row = code == SQLITE_ROW;
	return NULL;
}

const struct error *db_done(struct query *query)
{
	const struct error *error;
	bool row = false;

	error = db_step(query, &row);
	assert(!row);
	sqlite3_reset(query->statement);
	return error;
}

const char *db_text(struct query *query, int column)
{
	const char *text = (const char *)sqlite3_column_text(query->statement, column);

	return text ? text : "";
}

int64_t db_integer(struct query *query, int column)
{
	return sqlite3_column_int64(query->statement, column);
}

struct bytes db_bytes(struct query *query, int column)
{
	const uint8_t *data = sqlite3_column_blob(query->statement, column);

	return (struct bytes){data, (size_t)sqlite3_column_bytes(query->statement, column)};
}

bool db_is_null(struct query *query, int column)
{
	return sqlite3_column_type(query->statement, column) == SQLITE_NULL;
}

static const char meta_set[] =
	"INSERT INTO meta(name, value) VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value";
static const char meta_get[] = "SELECT value FROM meta WHERE name = ?";

const struct error *db_meta_set(struct db *db, const char *name, const char *value)
{
	struct query query CLEANUP(db_finish) = {0};

	TRY(db_prepare(db, &query, meta_set));
	db_bind_text(&query, 1, name);
	db_bind_text(&query, 2, value);
	return db_done(&query);
}

const struct error *db_meta_get(const void *context, struct db *db, const char *name, char **value)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	TRY(db_prepare(db, &query, meta_get));
	db_bind_text(&query, 1, name);
	TRY(db_step(&query, &row));
	if (!row)
		return error_new(ERROR_NOT_FOUND, "%s: \"%s\" was never set", db->name, name);
	*value = memory_string(context, db_text(&query, 0));
	return NULL;
}

const struct error *db_meta_set_number(struct db *db, const char *name, int64_t value)
{
	struct query query CLEANUP(db_finish) = {0};

	TRY(db_prepare(db, &query, meta_set));
	db_bind_text(&query, 1, name);
	db_bind_integer(&query, 2, value);
	return db_done(&query);
}

int64_t db_meta_number(struct db *db, const char *name, int64_t otherwise)
{
	struct query query CLEANUP(db_finish) = {0};
	const struct error *error = db_prepare(db, &query, meta_get);
	bool row = false;

	if (!error) {
		db_bind_text(&query, 1, name);
		error = db_step(&query, &row);
	}
	return !error && row ? db_integer(&query, 0) : otherwise;
}
