/* Files are there whole or not at all, and reading is bounded. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <dirent.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "node/base/files.h"
#include "tests/unit/place.h"

static struct bytes text_bytes(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static size_t entries(const char *path)
{
	DIR *directory = opendir(path);
	size_t count = 0;

	assert_non_null(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count - 2;
}

static void what_is_written_is_read_back(void **state)
{
	char *path = place_file(*state, "file");
	struct bytes text;
	struct stat st;

	assert_null(files_write(path, BYTES_OF("a\0b"), 0640));
	assert_null(files_read(*state, path, 4, &text));
	assert_int_equal(text.len, 4);
	assert_memory_equal(text.data, "a\0b", 4);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_null(files_write(path, text_bytes(""), 0600));
	assert_null(files_read(*state, path, 0, &text));
	assert_int_equal(text.len, 0);
	assert_int_equal(entries(*state), 1);
}

static void reading_is_bounded_and_says_what_is_missing(void **state)
{
	char *path = place_file(*state, "file");
	struct bytes text;

	assert_int_equal(files_read(*state, path, 10, &text)->code, ERROR_NOT_FOUND);
	assert_null(files_write(path, text_bytes("eleven byte"), 0600));
	assert_int_equal(files_read(*state, path, 10, &text)->code, ERROR_INVALID);
	assert_null(files_read(*state, path, 11, &text));
	assert_int_equal(files_read(*state, *state, 10, &text)->code, ERROR_INVALID);
	assert_int_equal(files_read(*state, "/dev/zero", 100000, &text)->code, ERROR_INVALID);
}

static void new_never_replaces(void **state)
{
	char *path = place_file(*state, "key");
	struct bytes text;

	assert_null(files_write_new(path, text_bytes("first"), 0600));
	assert_int_equal(files_write_new(path, text_bytes("second"), 0600)->code, ERROR_EXISTS);
	assert_null(files_read(*state, path, 100, &text));
	assert_string_equal((const char *)text.data, "first");
	assert_int_equal(entries(*state), 1); /* no scrap beside it */
}

static int write_under_a_limit(const char *path)
{
	struct rlimit limit = {1000, 1000};
	char large[5000] = "";

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
		return 1;
	return files_write(path, BYTES_OF(large), 0600) ? 0 : 2;
}

static void a_write_that_fails_leaves_the_old_file_and_no_scrap(void **state)
{
	char *path = place_file(*state, "file");
	struct bytes text;
	int status;
	pid_t pid;

	assert_null(files_write(path, text_bytes("old"), 0600));
	pid = fork();
	if (pid == 0)
		_exit(write_under_a_limit(path));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_null(files_read(*state, path, 100, &text));
	assert_string_equal((const char *)text.data, "old");
	assert_int_equal(entries(*state), 1);
	assert_int_equal(
		files_write(place_file(*state, "no/file"), text_bytes("x"), 0600)->code, ERROR_NOT_FOUND);
}

static void a_killed_writer_leaves_the_old_or_the_new(void **state)
{
	char *path = place_file(*state, "file"), *large[2];
	int status;

	for (int i = 0; i < 2; i++) {
		large[i] = memory_array(*state, char, 300001);
		memset(large[i], 'a' + i, 300000);
	}
	assert_null(files_write(path, text_bytes(large[0]), 0600));
	for (int round = 0; round < 20; round++) {
		struct bytes text;
		pid_t pid = fork();

		if (pid == 0)
			for (int i = 0;; i++)
				error_ignore(files_write(path, text_bytes(large[i % 2]), 0600));
		usleep(1000 * (unsigned)(1 + round));
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_null(files_read(*state, path, 300000, &text));
		assert_int_equal(text.len, 300000);
		assert_memory_equal(text.data, large[text.data[0] - 'a'], 300000);
	}
}

static void a_lock_is_one_process_at_a_time(void **state)
{
	char *path = place_file(*state, "sync.lock");
	int fd, other;

	assert_null(files_lock(path, &fd));
	assert_int_equal(files_lock(path, &other)->code, ERROR_UNAVAILABLE);
	close(fd);
	assert_null(files_lock(path, &fd));
	close(fd);
}

static void directories_and_room(void **state)
{
	char *path = place_file(*state, "directory");
	uint64_t room = 0;

	assert_false(files_exist(path));
	assert_null(files_directory(path, 0700));
	assert_null(files_directory(path, 0700)); /* there already: fine */
	assert_true(files_exist(path));
	assert_null(files_sync_directory(path));
	assert_int_equal(files_directory(place_file(*state, "a/b"), 0700)->code, ERROR_NOT_FOUND);
	assert_null(files_free_space(path, &room));
	assert_true(room > 0);
	assert_int_equal(files_free_space(place_file(*state, "none"), &room)->code, ERROR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(what_is_written_is_read_back),
		PLACE_TEST(reading_is_bounded_and_says_what_is_missing),
		PLACE_TEST(new_never_replaces),
		PLACE_TEST(a_write_that_fails_leaves_the_old_file_and_no_scrap),
		PLACE_TEST(a_killed_writer_leaves_the_old_or_the_new),
		PLACE_TEST(a_lock_is_one_process_at_a_time),
		PLACE_TEST(directories_and_room),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
