/* What was acknowledged is on the card, and another role's file is only ever read. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "node/base/files.h"
#include "node/store/db.h"
#include "tests/unit/place.h"

static const char *const two_steps[] = {META_SQL,
	"CREATE TABLE note(id INTEGER PRIMARY KEY, text TEXT); INSERT INTO note(text) VALUES('first');",
	NULL};
static const struct db_schema one = {two_steps, 1}, two = {two_steps, 2};

static int64_t count(struct db *db, const char *sql)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	assert_null(db_prepare(db, &query, sql));
	assert_null(db_step(&query, &row));
	assert_true(row);
	return db_integer(&query, 0);
}

static void a_file_is_made_and_brought_up_to_date_step_by_step(void **state)
{
	char *path = place_file(*state, "role.db"), *value;
	struct stat st;
	struct db *db;

	umask(027);
	assert_null(db_open(path, &one, &db));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_null(db_meta_set(db, "greeting", "Jambo"));
	assert_null(db_meta_set_number(db, "roster", 7));
	db_close(db);
	assert_null(db_open(path, &two, &db));
	assert_int_equal(count(db, "PRAGMA user_version"), 2);
	assert_int_equal(count(db, "SELECT count(*) FROM note"), 1);
	assert_null(db_meta_get(*state, db, "greeting", &value));
	assert_string_equal(value, "Jambo");
	assert_int_equal(db_meta_number(db, "roster", 0), 7);
	assert_int_equal(db_meta_number(db, "nothing", -3), -3);
	assert_int_equal(db_meta_get(*state, db, "nothing", &value)->code, ERROR_NOT_FOUND);
	db_close(db);
	assert_null(db_open(path, &two, &db));
	assert_int_equal(count(db, "SELECT count(*) FROM note"), 1);
	db_close(db);
}

static void a_file_of_a_newer_version_is_left_alone(void **state)
{
	char *path = place_file(*state, "role.db");
	struct bytes before, after;
	const struct error *error;
	struct db *db;

	assert_null(db_open(path, &two, &db));
	assert_null(db_run(db, "PRAGMA wal_checkpoint(TRUNCATE)"));
	db_close(db);
	assert_null(files_read(*state, path, 1 << 20, &before));
	error = db_open(path, &one, &db);
	assert_int_equal(error->code, ERROR_CONFIG);
	assert_non_null(strstr(error->message, path));
	assert_null(files_read(*state, path, 1 << 20, &after));
	assert_int_equal(before.len, after.len);
	assert_memory_equal(before.data, after.data, after.len);
}

static void a_step_that_fails_changes_nothing(void **state)
{
	static const char *const broken[] = {META_SQL, "CREATE TABLE half(id); CREATE TABLE half(id);", NULL};
	char *path = place_file(*state, "role.db");
	struct db *db;

	assert_non_null(db_open(path, &(struct db_schema){broken, 2}, &db));
	assert_null(db_open(path, &two, &db));
	assert_int_equal(count(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'half'"), 0);
	db_close(db);
}

static void writing_waits_for_the_card(void **state)
{
	struct db *db CLEANUP(db_close) = NULL;
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	assert_null(db_open(place_file(*state, "role.db"), &two, &db));
	assert_int_equal(count(db, "PRAGMA synchronous"), 2);
	assert_int_equal(count(db, "PRAGMA foreign_keys"), 1);
	assert_int_equal(count(db, "PRAGMA busy_timeout"), 5000);
	assert_int_equal(count(db, "PRAGMA wal_autocheckpoint") * count(db, "PRAGMA page_size"), 4096000);
	assert_null(db_prepare(db, &query, "PRAGMA journal_mode"));
	assert_null(db_step(&query, &row));
	assert_string_equal(db_text(&query, 0), "wal");
}

static void what_is_not_a_database_is_named(void **state)
{
	char *path = place_file(*state, "role.db");
	const struct error *error;
	struct db *db;

	assert_null(files_write(path,
		BYTES_OF("This is a letter, not a database. It is long enough to be looked at, and it begins "
			 "as "
			 "no database does; nothing in here may be lost by opening it."),
		0600));
	error = db_open(path, &two, &db);
	assert_int_equal(error->code, ERROR_INVALID);
	assert_non_null(strstr(error->message, "role.db"));
	assert_int_equal(db_open(place_file(*state, "none/role.db"), &two, &db)->code, ERROR_NOT_FOUND);
}

static void values_come_back_as_they_went_in(void **state)
{
	struct db *db CLEANUP(db_close) = NULL;
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	assert_null(db_open_memory(&db));
	assert_null(db_run(db, "CREATE TABLE t(a, b, c, d, e)"));
	assert_null(db_prepare(db, &query, "INSERT INTO t VALUES(?, ?, ?, ?, ?)"));
	db_bind_text(&query, 1, "Akello");
	db_bind_text(&query, 2, NULL);
	db_bind_integer(&query, 3, INT64_MIN);
	db_bind_bytes(&query, 4, BYTES_OF("a\0b"));
	db_bind_bytes(&query, 5, (struct bytes){NULL, 0});
	assert_null(db_done(&query));
	db_reset(&query);
	assert_null(db_done(&query)); /* reused: all NULL now */
	db_finish(&query);
	assert_null(db_prepare(db, &query, "SELECT * FROM t ORDER BY rowid"));
	assert_null(db_step(&query, &row));
	assert_true(row);
	assert_string_equal(db_text(&query, 0), "Akello");
	assert_true(db_is_null(&query, 1));
	assert_string_equal(db_text(&query, 1), "");
	assert_true(db_integer(&query, 2) == INT64_MIN);
	assert_int_equal(db_bytes(&query, 3).len, 4);
	assert_memory_equal(db_bytes(&query, 3).data, "a\0b", 4);
	assert_true(db_is_null(&query, 4));
	assert_null(db_step(&query, &row));
	assert_true(row && db_is_null(&query, 0));
	assert_null(db_step(&query, &row));
	assert_false(row);
}

static void a_statement_that_is_used_again_carries_nothing_over(void **state)
{
	struct db *db CLEANUP(db_close) = NULL;
	bool row;

	assert_null(db_open_memory(&db));
	assert_null(db_run(db, "CREATE TABLE t(a)"));
	for (int i = 0; i < 3 * DB_KEPT; i++) {
		struct query first CLEANUP(db_finish) = {0}, second CLEANUP(db_finish) = {0},
				   other CLEANUP(db_finish) = {0};
		char sql[40];

		snprintf(sql, sizeof sql, "SELECT %d", i);
		assert_null(db_prepare(db, &first, "SELECT ?1"));
		assert_null(db_prepare(db, &second, "SELECT ?1"));
		assert_null(db_prepare(db, &other, sql));
		db_bind_integer(&first, 1, i);
		assert_null(db_step(&first, &row));
		assert_int_equal(db_integer(&first, 0), i);
		assert_null(db_step(&second, &row));
		assert_true(db_is_null(&second, 0));
		assert_null(db_step(&other, &row));
		assert_int_equal(db_integer(&other, 0), i);
		/* One left in the middle of its rows holds nothing up once it is finished. */
		assert_null(db_run(db, "INSERT INTO t VALUES(1)"));
	}
	assert_int_equal(count(db, "SELECT count(*) FROM t"), 3 * DB_KEPT);
	assert_null(db_run(db, "DROP TABLE t"));
}

static void a_transaction_is_whole_or_not_at_all(void **state)
{
	struct db *db CLEANUP(db_close) = NULL, *other CLEANUP(db_close) = NULL;

	assert_null(db_open(place_file(*state, "role.db"), &two, &db));
	assert_null(db_begin(db));
	assert_null(db_run(db, "DELETE FROM note"));
	db_rollback(db);
	db_rollback(db); /* nothing open: fine */
	assert_int_equal(count(db, "SELECT count(*) FROM note"), 1);
	assert_null(db_open(place_file(*state, "role.db"), &two, &other));
	assert_null(db_begin(db));
	sqlite3_busy_timeout(other->handle, 10);
	assert_int_equal(db_begin(other)->code, ERROR_UNAVAILABLE);
	assert_null(db_run(db, "DELETE FROM note"));
	assert_null(db_commit(db));
	assert_int_equal(count(other, "SELECT count(*) FROM note"), 0);
	assert_int_equal(db_run(db, "SELECT nonsense FROM note")->code, ERROR_SYSTEM);
}

static void a_foreign_file_is_read_after_its_owner_has_gone_and_never_written(void **state)
{
	char *path = place_file(*state, "role.db");
	struct db *db, *foreign;

	assert_int_equal(db_open_foreign(path, 2, &foreign)->code, ERROR_UNAVAILABLE);
	assert_null(db_open(path, &two, &db));
	assert_null(db_open_foreign(path, 2, &foreign));
	assert_null(db_run(db, "INSERT INTO note(text) VALUES('second')"));
	assert_int_equal(count(foreign, "SELECT count(*) FROM note"), 2);
	db_close(foreign);
	db_close(db);
	assert_null(db_open_foreign(path, 2, &foreign));
	assert_int_equal(count(foreign, "SELECT count(*) FROM note"), 2);
	assert_non_null(db_run(foreign, "DELETE FROM note"));
	assert_non_null(db_run(foreign, "PRAGMA user_version = 9"));
	assert_non_null(db_run(foreign, "PRAGMA query_only = OFF; DELETE FROM note"));
	db_close(foreign);
	assert_int_equal(db_open_foreign(path, 1, &foreign)->code, ERROR_UNAVAILABLE);
	assert_int_equal(db_open_foreign(path, 3, &foreign)->code, ERROR_UNAVAILABLE);
}

/* 65534 is nobody. Only root can become somebody else. */
static void another_user_reads_after_the_owner_has_closed(void **state)
{
	char *path = place_file(*state, "role.db");
	struct db *db;
	int status;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	umask(027);
	assert_null(db_open(path, &two, &db));
	assert_null(db_run(db, "INSERT INTO note(text) VALUES('second')"));
	db_close(db);
	assert_int_equal(chmod(place_file(*state, "."), 0755), 0);
	for (const char *const *end = (const char *const[]){"", "-wal", "-shm", NULL}; *end; end++)
		assert_int_equal(chown(memory_format(*state, "%s%s", path, *end), 0, 65534), 0);
	pid = fork();
	if (pid == 0) {
		if (setgid(65534) < 0 || setuid(65534) < 0 || db_open_foreign(path, 2, &db))
			_exit(1);
		_exit(count(db, "SELECT count(*) FROM note") == 2 ? 0 : 2);
	}
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
	assert_int_equal(status, 0);
}

static void a_hostile_file_does_not_run_its_own_code(void **state)
{
	static const char *const hostile[] = {
		"CREATE TABLE t(a); INSERT INTO t VALUES(1);"
		"CREATE VIEW v AS SELECT load_extension('/tmp/x.so') FROM t;"
		"CREATE TABLE big(a); INSERT INTO big VALUES(zeroblob(2000000));",
		NULL};
	char *path = place_file(*state, "role.db");
	struct query query CLEANUP(db_finish) = {0};
	struct db *db;
	bool row;

	assert_null(db_open(path, &(struct db_schema){hostile, 1}, &db));
	db_close(db);
	assert_null(db_open_foreign(path, 1, &db));
	assert_non_null(db_run(db, "SELECT * FROM v"));
	assert_null(db_prepare(db, &query, "SELECT a FROM big"));
	assert_non_null(db_step(&query, &row));
	db_finish(&query);
	db_close(db);
}

static void a_full_disk_is_said_and_nothing_is_lost(void **state)
{
	char *path = place_file(*state, "role.db");
	const struct error *error = NULL;
	struct db *db;
	int64_t rows = 0;

	assert_null(db_open(path, &two, &db));
	assert_null(db_run(db, "PRAGMA max_page_count = 20"));
	for (; !error && rows < 1000; rows++)
		error = db_run(db, "INSERT INTO note(text) VALUES(hex(randomblob(1000)))");
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_FULL);
	assert_int_equal(
		count(db, "SELECT count(*) FROM note"), rows); /* one from the schema, the last refused */
	assert_null(db_run(db, "DELETE FROM note"));
	assert_null(db_run(db, "INSERT INTO note(text) VALUES('again')"));
	db_close(db);
}

/* The kernel's own refusal to let the log grow, in a process of its own. */
static int write_under_a_limit(const char *path)
{
	struct rlimit limit = {200000, 200000};
	const struct error *error = NULL;
	struct db *db;
	int i;

	signal(SIGXFSZ, SIG_IGN);
	if (db_open(path, &two, &db) || setrlimit(RLIMIT_FSIZE, &limit) < 0)
		return 1;
	for (i = 0; !error && i < 1000; i++)
		error = db_run(db, "INSERT INTO note(text) VALUES(hex(randomblob(5000)))");
	if (!error || error->code != ERROR_FULL || i < 3)
		return 2;
	return count(db, "SELECT count(*) FROM note") == i ? 0 : 3;
}

static void a_log_that_cannot_grow_is_a_full_disk(void **state)
{
	char *path = place_file(*state, "role.db");
	struct db *db;
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(write_under_a_limit(path));
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
	assert_int_equal(status, 0);
	assert_null(db_open(path, &two, &db));
	assert_true(count(db, "SELECT count(*) FROM note") > 2);
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(a_file_is_made_and_brought_up_to_date_step_by_step),
		PLACE_TEST(a_file_of_a_newer_version_is_left_alone),
		PLACE_TEST(a_step_that_fails_changes_nothing),
		PLACE_TEST(writing_waits_for_the_card),
		PLACE_TEST(what_is_not_a_database_is_named),
		PLACE_TEST(values_come_back_as_they_went_in),
		PLACE_TEST(a_statement_that_is_used_again_carries_nothing_over),
		PLACE_TEST(a_transaction_is_whole_or_not_at_all),
		PLACE_TEST(a_foreign_file_is_read_after_its_owner_has_gone_and_never_written),
		PLACE_TEST(another_user_reads_after_the_owner_has_closed),
		PLACE_TEST(a_hostile_file_does_not_run_its_own_code),
		PLACE_TEST(a_full_disk_is_said_and_nothing_is_lost),
		PLACE_TEST(a_log_that_cannot_grow_is_a_full_disk),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
