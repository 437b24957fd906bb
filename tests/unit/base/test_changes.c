/* What changes about a watched file is told at once, and what happens beside it wakes nobody. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

#include "node/base/changes.h"
#include "node/base/files.h"
#include "tests/unit/place.h"

static void put(const char *path, const char *text)
{
	assert_null(files_write(path, (struct bytes){(const uint8_t *)text, strlen(text)}, 0600));
}

static void append(const char *path)
{
	FILE *file = fopen(path, "a");

	assert_non_null(file);
	assert_int_equal(fputs("more", file) < 0, 0);
	assert_int_equal(fclose(file), 0);
}

static void link_to(const char *target, const char *path)
{
	char *fresh = memory_format(NULL, "%s.new", path);

	assert_int_equal(symlink(target, fresh), 0);
	assert_int_equal(rename(fresh, path), 0);
	memory_free(fresh);
}

static void make_directory(const char *path)
{
	assert_null(files_directory(path, 0700));
}

static int watched(const char *path)
{
	bool are_all = false;
	int fd = changes_open(&path, 1, &are_all);

	assert_true(fd >= 0);
	assert_true(are_all);
	return fd;
}

/* The system tells it before the call that changes something returns. */
static bool is_told(int fd)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};

	return poll(&wait, 1, 0) == 1;
}

static void assert_told(int fd)
{
	assert_true(is_told(fd));
	close(fd);
}

static void assert_quiet(int fd)
{
	assert_false(is_told(fd));
	close(fd);
}

static void a_file_that_is_replaced_written_or_removed(void **state)
{
	char *path = place_file(*state, "file");
	int fd;

	put(path, "first");
	fd = watched(path);
	put(path, "second");
	assert_told(fd);
	fd = watched(path);
	append(path);
	assert_told(fd);
	fd = watched(path);
	assert_int_equal(chmod(path, 0400), 0);
	assert_told(fd);
	fd = watched(path);
	assert_int_equal(unlink(path), 0);
	assert_told(fd);
	fd = watched(path);
	put(path, "again");
	assert_told(fd);
}

static void a_file_whose_directories_come_later(void **state)
{
	char *path = place_file(*state, "a/b/file");
	int fd = watched(path);

	make_directory(place_file(*state, "a"));
	assert_told(fd);
	fd = watched(path);
	make_directory(place_file(*state, "a/b"));
	assert_told(fd);
	fd = watched(path);
	put(path, "there");
	assert_told(fd);
	fd = watched(path);
	assert_int_equal(rename(place_file(*state, "a"), place_file(*state, "elsewhere")), 0);
	assert_told(fd);
}

/* As certbot keeps them: live/name/cert.pem is a link to ../../archive/name/cert1.pem. */
static void links_are_followed(void **state)
{
	char *path = place_file(*state, "live/cert.pem"), *first = place_file(*state, "archive/cert1.pem");
	int fd;

	make_directory(place_file(*state, "live"));
	make_directory(place_file(*state, "archive"));
	put(first, "1");
	put(place_file(*state, "archive/cert2.pem"), "2");
	link_to("../archive/cert1.pem", path);
	fd = watched(path);
	link_to("../archive/cert2.pem", path);
	assert_told(fd);
	link_to(first, path);
	fd = watched(path);
	put(first, "one");
	assert_told(fd);
	fd = watched(path);
	assert_int_equal(unlink(first), 0);
	assert_told(fd);
	fd = watched(path);
	put(first, "back");
	assert_told(fd);
	fd = watched(path);
	assert_int_equal(unlink(path), 0);
	assert_told(fd);
}

static void a_directory_that_is_a_link(void **state)
{
	char *current = place_file(*state, "current"), *path = place_file(*state, "current/file");
	int fd;

	make_directory(place_file(*state, "one"));
	make_directory(place_file(*state, "two"));
	put(place_file(*state, "one/file"), "1");
	put(place_file(*state, "two/file"), "2");
	link_to("one", current);
	fd = watched(path);
	put(place_file(*state, "two/file"), "not yet");
	assert_false(is_told(fd));
	link_to("two", current);
	assert_told(fd);
	fd = watched(path);
	put(place_file(*state, "two/file"), "now");
	assert_told(fd);
}

static void links_that_lead_nowhere_end(void **state)
{
	char *round = place_file(*state, "round"), *path = place_file(*state, "round/file");
	int fd;

	assert_int_equal(symlink("round", round), 0);
	fd = watched(path);
	assert_false(is_told(fd));
	assert_int_equal(unlink(round), 0);
	assert_told(fd);
}

static void what_happens_beside_it_wakes_nobody(void **state)
{
	char *path = place_file(*state, "settings"), *other = place_file(*state, "database");
	int fd;

	put(path, "text");
	put(other, "rows");
	fd = watched(path);
	append(other);
	put(other, "new rows");
	assert_int_equal(chmod(other, 0640), 0);
	assert_int_equal(unlink(other), 0);
	assert_quiet(fd);
	fd = watched(path);
	assert_int_equal(access(path, R_OK), 0);
	assert_quiet(fd);
	assert_quiet(watched(""));
}

static void one_of_several_is_enough(void **state)
{
	const char *const paths[] = {place_file(*state, "a"), place_file(*state, "b"), ""};
	bool are_all = false;
	int fd = changes_open(paths, 3, &are_all);

	assert_true(are_all);
	put(paths[1], "come");
	assert_told(fd);
}

static void what_may_not_be_read_is_said(void **state)
{
	char *closed = place_file(*state, "closed");
	const char *const paths[] = {place_file(*state, "closed/file"), place_file(*state, "open")};
	uid_t me = geteuid();
	bool are_all = true;
	int fd;

	make_directory(closed);
	put(paths[0], "secret");
	put(paths[1], "open");
	assert_int_equal(chmod(*state, 0755), 0);
	assert_int_equal(chmod(closed, 0), 0);
	assert_int_equal(chmod(paths[1], 0644), 0);
	if (me == 0) /* root reads everything */
		assert_int_equal(seteuid(65534), 0);
	fd = changes_open(paths, 2, &are_all);
	assert_int_equal(seteuid(me), 0);
	assert_false(are_all);
	append(paths[1]);
	assert_told(fd); /* the others are watched all the same */
	assert_int_equal(chmod(closed, 0700), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(a_file_that_is_replaced_written_or_removed),
		PLACE_TEST(a_file_whose_directories_come_later),
		PLACE_TEST(links_are_followed),
		PLACE_TEST(a_directory_that_is_a_link),
		PLACE_TEST(links_that_lead_nowhere_end),
		PLACE_TEST(what_happens_beside_it_wakes_nobody),
		PLACE_TEST(one_of_several_is_enough),
		PLACE_TEST(what_may_not_be_read_is_said),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
