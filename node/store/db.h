/* One SQLite file, one writer: opening, migrations, statements.
 *
 * Our own files: WAL, synchronous=FULL, foreign keys, SQLITE_FCNTL_PERSIST_WAL (without it another user
 * cannot read the file once its owner has closed it). Foreign files: read-only, DEFENSIVE, TRUSTED_SCHEMA
 * off, short transactions. */
#ifndef ENGABO_STORE_DB_H
#define ENGABO_STORE_DB_H

#include <stdbool.h>
#include <sqlite3.h>

#include "node/base/error.h"
#include "node/base/memory.h"

#define DB_KEPT 64 /* more than the page of a case asks with */

struct db {
	sqlite3 *handle;
	char *name;		     /* of the file, for errors */
	sqlite3_stmt *kept[DB_KEPT]; /* finished statements: compiling one costs more than running it */
	size_t kept_next;	     /* the place that was given up last */
};
void db_close(struct db *db); /* NULL is fine */
DEFINE_CLEANUP(struct db *, db_close)

/* A schema: statement texts, each bringing the file from user_version n to n + 1, in one transaction each.
 * NULL-ended. */
struct db_schema {
	const char *const *steps;
	unsigned version; /* count of steps */
};
/* Opens (making it where missing, mode 0600 | group read as the umask says) and migrates. A file of a newer
 * version is ERROR_CONFIG and is left alone. */
const struct error *db_open(const char *path, const struct db_schema *schema, struct db **out) MUST_CHECK;
/* Another role's file; ERROR_UNAVAILABLE when it is not there yet or older or newer than `version`. */
const struct error *db_open_foreign(const char *path, unsigned version, struct db **out) MUST_CHECK;
/* In memory, without a schema. */
const struct error *db_open_memory(struct db **out) MUST_CHECK;

/* Runs text without results. */
const struct error *db_run(struct db *db, const char *sql) MUST_CHECK;
/* BEGIN IMMEDIATE / COMMIT / ROLLBACK. */
const struct error *db_begin(struct db *db) MUST_CHECK;
const struct error *db_commit(struct db *db) MUST_CHECK;
void db_rollback(struct db *db);

/* A prepared statement, to be finished before its db is closed. db_prepare prepares; bind by position from 1;
 * db_step says whether there is a row; columns from 0. Statements that stay are prepared once with db_prepare
 * and reused after db_reset. */
struct query {
	sqlite3_stmt *statement;
	struct db *db;
};
const struct error *db_prepare(struct db *db, struct query *out, const char *sql) MUST_CHECK;
void db_finish(struct query *query); /* a zeroed one is fine */
static inline void db_finish_cleanup(struct query *query)
{
	db_finish(query);
}
void db_reset(struct query *query);
void db_bind_text(struct query *query, int at, const char *text); /* NULL binds NULL; copied */
void db_bind_integer(struct query *query, int at, int64_t value);
void db_bind_bytes(struct query *query, int at, struct bytes value); /* copied; data NULL binds NULL */
const struct error *db_step(struct query *query, bool *row) MUST_CHECK;
/* For statements that give no row. */
const struct error *db_done(struct query *query) MUST_CHECK;
const char *db_text(struct query *query, int column); /* never NULL; valid until the next step */
int64_t db_integer(struct query *query, int column);
struct bytes db_bytes(struct query *query, int column);
bool db_is_null(struct query *query, int column);

/* Maps SQLITE_FULL to ERROR_FULL, _NOTADB and _CORRUPT to ERROR_INVALID, _BUSY to ERROR_UNAVAILABLE, others
 * to ERROR_SYSTEM. */
const struct error *db_error(struct db *db, const char *doing) MUST_CHECK;

/* Small values by name in the table `meta` (name TEXT PRIMARY KEY, value) that every schema of ours begins
 * with (META_SQL). */
#define META_SQL                                                                                             \
	"CREATE TABLE meta( -- small values of this role\n"                                                  \
	"  name TEXT PRIMARY KEY, -- what it is\n"                                                           \
	"  value -- text or a number\n"                                                                      \
	") WITHOUT ROWID;\n"
const struct error *db_meta_set(struct db *db, const char *name, const char *value) MUST_CHECK;
/* On `context`; ERROR_NOT_FOUND when never set. */
const struct error *db_meta_get(
	const void *context, struct db *db, const char *name, char **value) MUST_CHECK;
const struct error *db_meta_set_number(struct db *db, const char *name, int64_t value) MUST_CHECK;
int64_t db_meta_number(struct db *db, const char *name, int64_t otherwise);

#endif
