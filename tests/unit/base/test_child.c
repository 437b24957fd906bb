/* Other programs stay within their bounds, and nothing of them or of us leaks through. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "node/base/child.h"
#include "tests/unit/place.h"

#define SHELL(script) ((const char *const[]){"sh", "-c", script, NULL})

static struct child bounded(const char *const *argv)
{
	return (struct child){.argv = argv, .deadline_ms = 20000, .output_max = 1 << 20};
}

static void output_and_status_come_back(void **state)
{
	struct child child = bounded(SHELL("cat; echo trouble >&2; exit 7"));
	struct child_result result;

	child.input = (struct bytes){(const uint8_t *)"a case", 6};
	assert_null(child_run(*state, &child, &result));
	assert_int_equal(result.status, 7);
	assert_false(result.timed_out);
	assert_int_equal(result.output.len, 6);
	assert_string_equal((const char *)result.output.data, "a case");
	assert_string_equal(result.complaint, "trouble");
}

static void much_in_and_out_does_not_stall(void **state)
{
	struct child child = bounded(SHELL("cat; cat /dev/zero | head -c 3000000 >&2"));
	struct bytes large = {memory_array(*state, uint8_t, 4000000), 4000000};
	struct child_result result;

	child.output_max = large.len;
	child.input = large;
	assert_null(child_run(*state, &child, &result));
	assert_int_equal(result.status, 0);
	assert_int_equal(result.output.len, large.len);
	assert_int_equal(strlen(result.complaint), 4096);
	child.argv = SHELL("true"); /* does not read its input */
	assert_null(child_run(*state, &child, &result));
	assert_int_equal(result.status, 0);
}

static void what_was_written_last_is_not_lost(void **state)
{
	struct child child = bounded(SHELL("head -c 60000 /dev/zero; printf end"));
	struct child_result result;

	for (int i = 0; i < 100; i++) {
		assert_null(child_run(*state, &child, &result));
		assert_int_equal(result.output.len, 60003);
		assert_string_equal((const char *)result.output.data + 60000, "end");
	}
}

static void too_much_output_is_an_error(void **state)
{
	struct child child = bounded(SHELL("yes"));
	struct child_result result;
	const struct error *error;

	child.output_max = 1000;
	error = child_run(*state, &child, &result);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_INVALID);
	child.argv = SHELL("head -c 1001 /dev/zero");
	assert_non_null(child_run(*state, &child, &result));
	child.argv = SHELL("head -c 1000 /dev/zero");
	assert_null(child_run(*state, &child, &result));
}

static void the_whole_group_ends_at_the_deadline(void **state)
{
	struct child child = bounded(SHELL("sleep 1000 & echo $!; wait"));
	struct child_result result;
	pid_t sleeper;

	child.deadline_ms = 500;
	assert_null(child_run(*state, &child, &result));
	assert_true(result.timed_out);
	assert_int_equal(result.status, 128 + SIGKILL);
	sleeper = (pid_t)strtol((const char *)result.output.data, NULL, 10);
	assert_true(sleeper > 1);
	for (int i = 0; i < 1000 && kill(sleeper, 0) == 0; i++) /* init reaps it */
		usleep(10000);
	assert_int_equal(kill(sleeper, 0), -1);
}

static void one_left_behind_holds_up_nobody(void **state)
{
	struct child child = bounded(SHELL("sleep 1000 & echo started"));
	struct child_result result;

	assert_null(child_run(*state, &child, &result)); /* the sleeper holds both pipes */
	assert_int_equal(result.status, 0);
	assert_false(result.timed_out);
	assert_string_equal((const char *)result.output.data, "started\n");
}

static void a_stop_flag_ends_it(void **state)
{
	struct child child = bounded(SHELL("sleep 1000"));
	static volatile int stop = 1;
	struct child_result result;

	child.stop = &stop;
	assert_null(child_run(*state, &child, &result));
	assert_true(result.timed_out);
}

static void output_can_be_taken_piece_by_piece_and_given_up(void **state)
{
	const char *counts[] = {"seq", "100000", NULL}, *endless[] = {"yes", NULL};
	struct child child = {.argv = counts, .deadline_ms = 20000};
	struct child_stream *stream = NULL;
	size_t got, sum = 0;
	uint8_t piece[1000];
	volatile int stop = 0;

	assert_null(child_start(&child, &stream));
	while ((got = child_read(stream, piece, sizeof piece)))
		sum += got;
	assert_int_equal(sum, 588895); /* as seq 100000 | wc -c */
	assert_int_equal(child_stop(stream), 0);
	child.argv = endless;
	child.stop = &stop;
	assert_null(child_start(&child, &stream));
	assert_true(child_read(stream, piece, sizeof piece) > 0);
	stop = 1;
	assert_int_equal(child_read(stream, piece, sizeof piece), 0);
	assert_int_equal(child_stop(stream), 128 + SIGKILL);
}

static void nothing_of_ours_reaches_it(void **state)
{
	const char *const more[] = {"GIT_DIR=/srv/log.git", NULL};
	struct child child = bounded(SHELL("env | grep -v ^PWD= | sort; ls /proc/$$/fd"));
	int null CLEANUP(fd_close) = open("/dev/null", O_RDONLY);
	int leak CLEANUP(fd_close) = fcntl(null, F_DUPFD, 10); /* without O_CLOEXEC */
	struct child_result result;

	assert_true(leak >= 10);
	assert_int_equal(setenv("SECRET", "1", 1), 0);
	child.environment = more;
	assert_null(child_run(*state, &child, &result));
	assert_int_equal(result.status, 0);
	assert_non_null(strstr((const char *)result.output.data,
		"GIT_DIR=/srv/log.git\nLC_ALL=C.UTF-8\nPATH=/usr/bin:/bin:/usr/sbin:/sbin\n"));
	assert_null(strstr((const char *)result.output.data, "SECRET"));
	assert_non_null(strstr((const char *)result.output.data, "0\n1\n2\n"));
	assert_null(strstr((const char *)result.output.data, "\n3\n"));
	assert_null(strstr((const char *)result.output.data, memory_format(*state, "\n%d\n", leak)));
}

/* 32 and 33 belong to the C library, which lets nobody touch them; make ignores them for all below it. */
#define LIBRARY_SIGNALS 0x180000000ull

static void signals_are_as_a_program_expects_them(void **state)
{
	unsigned long long blocked, ignored;
	struct child child = bounded(SHELL("grep -E '^Sig(Blk|Ign)' /proc/self/status"));
	struct child_result result;
	sigset_t pipe_set, before;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&pipe_set);
	sigaddset(&pipe_set, SIGTERM);
	sigprocmask(SIG_BLOCK, &pipe_set, &before);
	assert_null(child_run(*state, &child, &result));
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGPIPE, SIG_DFL);
	assert_int_equal(
		sscanf((const char *)result.output.data, "SigBlk: %llx SigIgn: %llx", &blocked, &ignored), 2);
	assert_true(blocked == 0);
	assert_true((ignored & ~LIBRARY_SIGNALS) == 0);
}

static void it_works_without_standard_descriptors_of_our_own(void **state)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct child child = bounded(SHELL("cat; echo err >&2"));
		struct child_result result;

		close_range(0, 2, 0);
		child.input = (struct bytes){(const uint8_t *)"in", 2};
		if (child_run(*state, &child, &result) || result.status != 0)
			_exit(1);
		_exit(strcmp((const char *)result.output.data, "in") != 0 ||
			strcmp(result.complaint, "err") != 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void limits_hold(void **state)
{
	struct child child = bounded(SHELL("ulimit -v; ulimit -t; ulimit -c"));
	struct child_result result;

	child.memory_max = UINT64_C(512) << 20;
	child.cpu_seconds = 5;
	assert_null(child_run(*state, &child, &result));
	assert_string_equal((const char *)result.output.data, "524288\n5\n0\n");
	child.directory = *state;
	child.file_max = 4096;
	child.argv = SHELL("head -c 100000 /dev/zero > large");
	assert_null(child_run(*state, &child, &result));
	assert_int_not_equal(result.status, 0);
	child.argv = SHELL("wc -c < large");
	assert_null(child_run(*state, &child, &result));
	assert_string_equal((const char *)result.output.data, "4096\n");
}

static void what_cannot_be_run_is_an_error_that_says_why(void **state)
{
	struct child child = bounded((const char *const[]){"engabo-no-such-program", NULL});
	struct child_result result;
	const struct error *error = child_run(*state, &child, &result);

	assert_int_equal(error->code, ERROR_NOT_FOUND);
	child.argv = (const char *const[]){"/no/such/program", NULL};
	assert_int_equal(child_run(*state, &child, &result)->code, ERROR_NOT_FOUND);
	child.argv = SHELL("true");
	child.directory = "/no/such/directory";
	error = child_run(*state, &child, &result);
	assert_int_equal(error->code, ERROR_NOT_FOUND);
	assert_non_null(strstr(error->message, "directory"));
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void a_hostile_complaint_is_one_clean_line(void **state)
{
	struct child child = bounded(SHELL("printf 'fatal:\\n\\033[31mred\\t\\377' >&2"));
	struct child_result result;

	assert_null(child_run(*state, &child, &result));
	assert_string_equal(result.complaint, "fatal: ?[31mred ?");
}

/* When we are killed, the child goes too. */
static void it_does_not_outlive_us(void **state)
{
	int ends[2], status;
	char last;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		/* The only way for the child to hold the pipe's end is by /proc: it inherits nothing. */
		struct child child = bounded(SHELL("exec > /proc/$PPID/fd/$END; echo; exec sleep 1000"));
		const char *const more[] = {memory_format(*state, "END=%d", ends[1]), NULL};
		struct child_result result;

		close(ends[0]);
		child.environment = more;
		_exit(child_run(*state, &child, &result) != NULL);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &last, 1), 1); /* it runs */
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(read(ends[0], &last, 1), 0); /* the end, since nobody holds it any more */
	close(ends[0]);
}

struct many {
	pthread_t thread;
	void *context;
	int good;
};

static void *run_some(void *user)
{
	struct many *many = user;

	for (int i = 0; i < 10; i++) {
		struct child child = bounded(SHELL("cat"));
		struct child_result result;

		child.input = (struct bytes){(const uint8_t *)"in", 2};
		many->good += !child_run(many->context, &child, &result) && result.status == 0 &&
			      result.output.len == 2;
	}
	return NULL;
}

static void several_threads_may_run_children(void **state)
{
	struct many many[4] = {0};

	for (int i = 0; i < 4; i++) {
		many[i].context = memory_context(NULL);
		assert_int_equal(pthread_create(&many[i].thread, NULL, run_some, &many[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(many[i].thread, NULL);
		assert_int_equal(many[i].good, 10);
		memory_free(many[i].context);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(output_and_status_come_back),
		PLACE_TEST(much_in_and_out_does_not_stall),
		PLACE_TEST(what_was_written_last_is_not_lost),
		PLACE_TEST(too_much_output_is_an_error),
		PLACE_TEST(the_whole_group_ends_at_the_deadline),
		PLACE_TEST(one_left_behind_holds_up_nobody),
		PLACE_TEST(a_stop_flag_ends_it),
		PLACE_TEST(output_can_be_taken_piece_by_piece_and_given_up),
		PLACE_TEST(nothing_of_ours_reaches_it),
		PLACE_TEST(signals_are_as_a_program_expects_them),
		PLACE_TEST(it_works_without_standard_descriptors_of_our_own),
		PLACE_TEST(limits_hold),
		PLACE_TEST(what_cannot_be_run_is_an_error_that_says_why),
		PLACE_TEST(a_hostile_complaint_is_one_clean_line),
		PLACE_TEST(it_does_not_outlive_us),
		PLACE_TEST(several_threads_may_run_children),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
