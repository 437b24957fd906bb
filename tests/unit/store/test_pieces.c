/* Sealed pieces on the card: whole or not there, under the name of what is in them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "node/base/clock.h"
#include "node/base/files.h"
#include "node/base/ids.h"
#include "node/store/pieces.h"

struct place {
	char path[32];
	char *folder;
	uint8_t *content;
};

#define LENGTH (PIECE_MAX + 12345)

static int set_up(void **state)
{
	struct place *place = memory_new(NULL, struct place);
	uint64_t used;

	strcpy(place->path, "/tmp/engabo-test-XXXXXX");
	if (!mkdtemp(place->path))
		return -1;
	place->folder = memory_format(place, "%s/files", place->path);
	place->content = memory_array(place, uint8_t, LENGTH);
	ids_random(place->content, LENGTH);
	*state = place;
	return pieces_start(place->folder, clock_wall_seconds(), &used) || used ? -1 : 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	int status = system(memory_format(place, "rm -r %s", place->path));

	memory_free(place);
	return status;
}

static struct pieces *written(struct place *place, const void *context)
{
	struct pieces *pieces = pieces_new(context, place->folder);

	for (size_t at = 0; at < LENGTH; at += 5000)
		assert_null(
			pieces_write(pieces, place->content + at, LENGTH - at < 5000 ? LENGTH - at : 5000));
	assert_null(pieces_finish(pieces));
	assert_int_equal(pieces_count(pieces), 2);
	return pieces;
}

static size_t files_in(struct place *place)
{
	FILE *list = popen(memory_format(place, "ls %s | wc -l", place->folder), "r");
	size_t count;

	assert_int_equal(fscanf(list, "%zu", &count), 1);
	pclose(list);
	return count;
}

static const struct error *read_all(struct place *place, const char *const *names, struct buffer **out)
{
	struct pieces_reader *reader = pieces_reader_new(place, place->folder, names, 2);
	uint8_t part[70000];
	size_t got;

	*out = buffer_new(place);
	do {
		TRY(pieces_read(reader, part, sizeof part, &got));
		buffer_add(*out, part, got);
	} while (got);
	return NULL;
}

static void what_is_kept_is_read_back_in_order(void **state)
{
	struct place *place = *state;
	struct pieces *pieces = written(place, place);
	const char *names[] = {pieces_name(pieces, 0), pieces_name(pieces, 1)};
	struct buffer *content;

	assert_false(pieces_are_here(place->folder, names, 2));
	assert_null(pieces_keep(pieces));
	assert_true(pieces_are_here(place->folder, names, 2));
	assert_int_equal(files_in(place), 2);
	assert_null(read_all(place, names, &content));
	assert_int_equal(content->len, LENGTH);
	assert_memory_equal(content->data, place->content, LENGTH);
}

static void what_breaks_off_leaves_nothing(void **state)
{
	struct place *place = *state;
	void *request = memory_context(place);
	struct pieces *pieces;

	written(place, request);
	assert_int_equal(files_in(place), 2);
	memory_free(request);
	assert_int_equal(files_in(place), 0);
	pieces = written(place, place);
	assert_null(pieces_keep(pieces));
	pieces_forget(pieces); /* the event could not be kept */
	assert_int_equal(files_in(place), 0);
}

static void what_a_killed_writer_leaves_is_cleared_and_the_rest_counted(void **state)
{
	struct place *place = *state;
	struct pieces *pieces = written(place, place);
	uint64_t used;

	assert_null(pieces_keep(pieces));
	assert_null(files_write(
		memory_format(place, "%s/new-0123", place->folder), BYTES_OF("half of a piece"), 0600));
	assert_null(pieces_start(place->folder, clock_wall_seconds(), &used));
	assert_int_equal(files_in(place), 2);
	assert_int_equal(used, LENGTH);
	assert_null(pieces_start(place->folder, clock_wall_seconds() + 2 * 86400, &used));
	assert_int_equal(used, 0); /* of another day */
	assert_null(pieces_start(place->folder, clock_wall_seconds() - 86400 * 365, &used));
	assert_int_equal(used, LENGTH); /* by a clock that is a year late */
}

static void a_piece_that_is_not_what_its_name_says_is_not_given_out(void **state)
{
	struct place *place = *state;
	struct pieces *pieces = written(place, place);
	const char *names[] = {pieces_name(pieces, 0), pieces_name(pieces, 1)};
	const char *paths[] = {"../../../../etc/passwd", pieces_name(pieces, 1)};
	struct buffer *content;

	assert_null(pieces_keep(pieces));
	assert_null(files_write(
		memory_format(place, "%s/%s", place->folder, names[1]), BYTES_OF("something else"), 0600));
	assert_non_null(read_all(place, names, &content));
	assert_int_equal(content->len, PIECE_MAX);
	assert_non_null(read_all(place, paths, &content));
	assert_int_equal(content->len, 0);
	assert_false(pieces_are_here(place->folder, paths, 2));
}

static void there_is_an_end_to_an_attachment(void **state)
{
	struct place *place = *state;
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct pieces *pieces = pieces_new(context, place->folder);
	const struct error *error = NULL;
	size_t written_bytes = 0;

	while (!error && written_bytes < 100 * (size_t)PIECE_MAX) {
		error = pieces_write(pieces, place->content, PIECE_MAX);
		written_bytes += PIECE_MAX;
	}
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_INVALID);
	assert_int_equal(pieces_count(pieces), PIECES_MAX);
}

#define PIECES_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PIECES_TEST(what_is_kept_is_read_back_in_order),
		PIECES_TEST(what_breaks_off_leaves_nothing),
		PIECES_TEST(what_a_killed_writer_leaves_is_cleared_and_the_rest_counted),
		PIECES_TEST(a_piece_that_is_not_what_its_name_says_is_not_given_out),
		PIECES_TEST(there_is_an_end_to_an_attachment),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
