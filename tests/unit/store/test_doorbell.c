/* A bell that is rung is heard, and ringing where nobody listens hurts nobody. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

#include "node/base/files.h"
#include "node/store/doorbell.h"
#include "tests/unit/place.h"

static int is_rung(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0);
}

static void a_ring_is_heard_and_drained(void **state)
{
	char *path = place_file(*state, "sync.bell");
	int fd CLEANUP(fd_close) = -1;
	struct stat st;

	assert_null(doorbell_listen(path, &fd));
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode) && !(st.st_mode & 0007));
	assert_false(is_rung(fd));
	doorbell_ring(path);
	assert_true(is_rung(fd));
	doorbell_drain(fd);
	assert_false(is_rung(fd));
	doorbell_drain(fd); /* nothing there: does not wait */
}

static void nobody_there_is_fine(void **state)
{
	char *path = place_file(*state, "sync.bell");
	int fd;

	doorbell_ring(path);
	doorbell_ring(place_file(*state, "no/such/directory/sync.bell"));
	assert_null(doorbell_listen(path, &fd));
	fd_close(fd); /* a role that died leaves its socket file */
	doorbell_ring(path);
	assert_null(doorbell_listen(path, &fd));
	doorbell_ring(path);
	assert_true(is_rung(fd));
	fd_close(fd);
}

static void ringing_without_end_never_blocks(void **state)
{
	char *path = place_file(*state, "sync.bell");
	int fd CLEANUP(fd_close) = -1;

	assert_null(doorbell_listen(path, &fd));
	for (int i = 0; i < 5000; i++)
		doorbell_ring(path);
	assert_true(is_rung(fd));
	doorbell_drain(fd);
	assert_false(is_rung(fd));
}

static void a_state_directory_may_lie_deep(void **state)
{
	char *path = memory_string(*state, *state), *name = memory_array(*state, char, 61);
	int fd CLEANUP(fd_close) = -1;

	memset(name, 'd', 60);
	for (int i = 0; i < 3; i++) {
		path = memory_format(*state, "%s/%s", path, name);
		assert_null(files_directory(path, 0700));
	}
	path = memory_format(*state, "%s/sync.bell", path);
	assert_null(doorbell_listen(path, &fd));
	doorbell_ring(path);
	assert_true(is_rung(fd));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(a_ring_is_heard_and_drained),
		PLACE_TEST(nobody_there_is_fine),
		PLACE_TEST(ringing_without_end_never_blocks),
		PLACE_TEST(a_state_directory_may_lie_deep),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
