/* "Saved" is said only of what is on the card: one fsync for many, one failure for one, and nothing
 * acknowledged is lost to kill -9. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "node/base/clock.h"
#include "node/base/ids.h"
#include "node/store/group.h"
#include "tests/unit/place.h"

static const char *const steps[] = {
	META_SQL, "CREATE TABLE row(n INTEGER PRIMARY KEY, text TEXT NOT NULL)", NULL};
static const struct db_schema schema = {steps, 2};

struct job {
	int64_t n;
	const char *text; /* NULL: the card refuses it */
	int work_calls, done_calls;
	enum error_code code;
};

static const struct error *work(struct db *db, void *user)
{
	struct query query CLEANUP(db_finish) = {0};
	struct job *job = user;

	job->work_calls++;
	TRY(db_prepare(db, &query, "INSERT INTO row VALUES(?, ?)"));
	db_bind_integer(&query, 1, job->n);
	db_bind_text(&query, 2, job->text);
	return db_done(&query);
}

static const struct error *work_half(struct db *db, void *user)
{
	struct job half = {.n = ((struct job *)user)->n + 1000000, .text = "half"};

	TRY(work(db, &half));
	return work(db, user);
}

static void done(void *user, const struct error *error)
{
	struct job *job = user;

	job->done_calls++;
	job->code = error ? error->code : (enum error_code)0;
}

/* Holds the writer up, in a batch of its own, until a batch has gathered behind it. */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static sem_t entered;

static const struct error *wait_at_gate(struct db *db, void *user)
{
	sem_post(&entered);
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	return NULL;
}

static void ignore(void *user, const struct error *error)
{
	error_ignore(error);
}

static void close_gate(struct group *group)
{
	sem_init(&entered, 0, 0);
	pthread_mutex_lock(&gate);
	group_submit(group, wait_at_gate, ignore, NULL);
	while (sem_wait(&entered) < 0)
		;
}

static void open_gate(void)
{
	pthread_mutex_unlock(&gate);
}

static int64_t count(void *state, const char *where)
{
	struct db *db CLEANUP(db_close) = NULL;
	struct query query CLEANUP(db_finish) = {0};
	int64_t rows;
	bool row;

	assert_null(db_open(place_file(state, "role.db"), &schema, &db));
	assert_null(db_prepare(db, &query, memory_format(state, "SELECT count(*) FROM row WHERE %s", where)));
	assert_null(db_step(&query, &row));
	rows = db_integer(&query, 0);
	db_finish(&query);
	return rows;
}

static struct group *start(void *state, struct db **handle)
{
	struct group *group;
	struct db *db;

	assert_null(db_open(place_file(state, "role.db"), &schema, &db));
	if (handle)
		*handle = db;
	assert_null(group_start(db, &group));
	return group;
}

static void each_job_is_done_exactly_once_and_all_before_stopping(void **state)
{
	struct job *jobs = memory_array(*state, struct job, 500);
	struct group *group = start(*state, NULL);

	for (int i = 0; i < 500; i++) {
		jobs[i] = (struct job){.n = i, .text = "x"};
		group_submit(group, work, done, &jobs[i]);
	}
	group_stop(group);
	for (int i = 0; i < 500; i++) {
		assert_int_equal(jobs[i].work_calls, 1);
		assert_int_equal(jobs[i].done_calls, 1);
		assert_int_equal(jobs[i].code, 0);
	}
	assert_int_equal(count(*state, "1"), 500);
}

static void one_that_fails_takes_nothing_of_the_others_with_it(void **state)
{
	struct job *jobs = memory_array(*state, struct job, 40);
	struct group *group = start(*state, NULL);

	close_gate(group);
	for (int i = 0; i < 40; i++) {
		jobs[i] = (struct job){.n = i, .text = i % 2 ? NULL : "x"};
		group_submit(group, work_half, done, &jobs[i]);
	}
	open_gate();
	group_stop(group);
	for (int i = 0; i < 40; i++) {
		assert_int_equal(jobs[i].done_calls, 1);
		assert_int_equal(jobs[i].code, i % 2 ? ERROR_SYSTEM : 0);
	}
	assert_int_equal(count(*state, "n < 1000000"), 20);
	assert_int_equal(
		count(*state, "n >= 1000000 AND n % 2 = 1"), 0); /* nor the half of one that failed */
}

static void one_alone_that_fails_leaves_nothing(void **state)
{
	struct group *group = start(*state, NULL);
	struct job bad = {.n = 1}, good = {.n = 1, .text = "x"};
	const struct error *error = group_wait(group, work_half, &bad);

	assert_non_null(error);
	assert_non_null(strstr(error->message, "NOT NULL"));
	assert_null(group_wait(group, work, &good));
	group_stop(group);
	assert_int_equal(count(*state, "1"), 1);
}

static int refuse(void *user)
{
	return 1;
}

static void a_commit_that_fails_is_said_to_all_of_its_batch(void **state)
{
	struct job *jobs = memory_array(*state, struct job, 10), after = {.n = 50, .text = "x"};
	struct group *group;
	struct db *db;

	group_stop(start(*state, NULL)); /* makes the file */
	assert_null(db_open(place_file(*state, "role.db"), &schema, &db));
	assert_null(group_start(db, &group));
	close_gate(group);
	for (int i = 0; i < 10; i++) {
		jobs[i] = (struct job){.n = i, .text = "x"};
		group_submit(group, work, done, &jobs[i]);
	}
	sqlite3_commit_hook(db->handle, refuse, NULL);
	open_gate();
	group_stop(group);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(jobs[i].done_calls, 1);
		assert_int_not_equal(jobs[i].code, 0);
	}
	group = start(*state, NULL);
	assert_null(group_wait(group, work, &after));
	group_stop(group);
	assert_int_equal(count(*state, "1"), 1);
}

static const struct error *give_up_all(struct db *db, void *user)
{
	return db_run(db, "ROLLBACK"); /* as SQLite does by itself on some full cards */
}

static void a_transaction_given_up_in_the_middle_acknowledges_nothing_of_it(void **state)
{
	struct job before = {.n = 1, .text = "x"}, after = {.n = 2, .text = "x"}, culprit = {0};
	struct group *group = start(*state, NULL);

	close_gate(group);
	group_submit(group, work, done, &before);
	group_submit(group, give_up_all, done, &culprit);
	group_submit(group, work, done, &after);
	open_gate();
	group_stop(group);
	assert_int_equal(before.done_calls, 1);
	assert_int_not_equal(before.code, 0);
	assert_int_not_equal(culprit.code, 0);
	assert_int_equal(after.code, 0);
	assert_int_equal(count(*state, "n = 1"), 0);
	assert_int_equal(count(*state, "n = 2"), 1);
}

static void a_full_card_is_said_and_writing_goes_on_when_there_is_room(void **state)
{
	struct job large = {.n = 1}, small = {.n = 2, .text = "x"};
	char *text = memory_array(*state, char, 400001);
	struct group *group;
	struct db *db;

	memset(text, 'x', 400000);
	large.text = text;
	group = start(*state, &db);
	group_stop(group);
	assert_null(db_open(place_file(*state, "role.db"), &schema, &db));
	assert_null(db_run(db, "PRAGMA max_page_count = 50"));
	assert_null(group_start(db, &group));
	assert_int_equal(group_wait(group, work, &large)->code, ERROR_FULL);
	assert_null(group_wait(group, work, &small));
	group_stop(group);
	assert_int_equal(count(*state, "1"), 1);
}

struct writer {
	struct group *group;
	int64_t first;
	int acknowledge; /* a pipe, or -1 */
};

static void *write_on(void *user)
{
	struct writer *writer = user;

	for (int64_t n = writer->first; n < writer->first + 100000; n++) {
		struct job job = {.n = n, .text = "x"};

		if (group_wait(writer->group, work, &job))
			return NULL;
		if (write(writer->acknowledge, &n, sizeof n) != sizeof n)
			return NULL;
	}
	return NULL;
}

static void write_until_killed(void *state, int acknowledge, int64_t first)
{
	struct writer writers[4];
	pthread_t threads[4];
	struct group *group;
	struct db *db;

	if (db_open(place_file(state, "role.db"), &schema, &db) || group_start(db, &group))
		_exit(1);
	for (int i = 0; i < 4; i++) {
		writers[i] = (struct writer){group, first + i * 100000, acknowledge};
		pthread_create(&threads[i], NULL, write_on, &writers[i]);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	_exit(2);
}

static void check_row(struct db *db, int64_t n)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	assert_null(db_prepare(db, &query, "SELECT 1 FROM row WHERE n = ?"));
	db_bind_integer(&query, 1, n);
	assert_null(db_step(&query, &row));
	assert_true(row);
}

static off_t log_size(void *state)
{
	struct stat st;

	return stat(place_file(state, "role.db-wal"), &st) == 0 ? st.st_size : 0;
}

static void a_log_that_is_to_be_emptied_is_once_nothing_waits(void **state)
{
	struct job job = {.n = 1, .text = "first"}, other = {.n = 2, .text = "second"};
	struct group *group = start(*state, NULL);

	assert_null(group_wait(group, work, &job));
	assert_true(log_size(*state) > 0);
	group_empty_log(group);
	for (int i = 0; i < 1000 && log_size(*state); i++)
		usleep(10000);
	assert_int_equal(log_size(*state), 0);
	assert_null(group_wait(group, work, &other));
	group_stop(group);
}

static void nothing_acknowledged_is_lost_to_kill_9(void **state)
{
	unsigned seed = (unsigned)clock_wall_ms();
	int64_t acknowledged = 0;

	print_message("# seed %u\n", seed);
	for (int round = 0; round < 15; round++) {
		struct db *db CLEANUP(db_close) = NULL;
		int64_t n, until = 1 + rand_r(&seed) % 60;
		int ends[2], status;
		pid_t pid;

		assert_int_equal(pipe(ends), 0);
		pid = fork();
		if (pid == 0) {
			close(ends[0]);
			write_until_killed(*state, ends[1], (int64_t)round * 1000000);
		}
		assert_true(pid > 0);
		close(ends[1]);
		/* Killed after a random number of acknowledgements: then some are always on their way. */
		for (int64_t seen = 0; read(ends[0], &n, sizeof n) == sizeof n; seen++) {
			if (seen == until)
				kill(pid, SIGKILL);
			if (!db)
				assert_null(db_open(place_file(*state, "role.db"), &schema, &db));
			check_row(db, n);
			acknowledged++;
		}
		close(ends[0]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	assert_true(count(*state, "1") >= acknowledged);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(each_job_is_done_exactly_once_and_all_before_stopping),
		PLACE_TEST(one_that_fails_takes_nothing_of_the_others_with_it),
		PLACE_TEST(one_alone_that_fails_leaves_nothing),
		PLACE_TEST(a_commit_that_fails_is_said_to_all_of_its_batch),
		PLACE_TEST(a_transaction_given_up_in_the_middle_acknowledges_nothing_of_it),
		PLACE_TEST(a_full_card_is_said_and_writing_goes_on_when_there_is_room),
		PLACE_TEST(a_log_that_is_to_be_emptied_is_once_nothing_waits),
		PLACE_TEST(nothing_acknowledged_is_lost_to_kill_9),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
