/* What neighbours say of their logs is read only as it is written in PEERS.md; anything else is refused
 * whole.
 */
#include "sync/tips.h"

#include "tests/unit/place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "node/base/files.h"
#include "node/base/text.h"

#define OID "a979c33e25dccdf5fddd2526e6bdd58435cc4820"

static struct bytes bytes_of(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

/* The block of PEERS.md that is marked as an example. */
static char *example(void *state)
{
	struct bytes page;
	char *from, *to;

	assert_null(files_read(state, "sync/PEERS.md", 65536, &page));
	from = strstr((const char *)page.data, "```tips\n");
	assert_non_null(from);
	from += strlen("```tips\n");
	to = strstr(from, "```");
	assert_non_null(to);
	return memory_string_of(state, from, (size_t)(to - from));
}

static void the_documented_example_is_read_and_written(void **state)
{
	struct tips *tips = memory_new(*state, struct tips);
	char *text = example(*state);

	assert_null(tips_parse(bytes_of(text), tips));
	assert_int_equal(tips->roster, 3);
	assert_int_equal(tips->log_count, 2);
	assert_string_equal(tips->logs[1].log, "k7q2m9x4t0ab3c5d");
	assert_int_equal(tips->logs[1].epoch, 2);
	assert_int_equal(tips->logs[0].seq, 17);
	assert_string_equal(tips->logs[0].oid.hex, OID);
	assert_int_equal(tips->fork_count, 1);
	assert_string_equal((const char *)tips_print(*state, tips).data, text);
}

static void a_hub_with_nothing_says_so(void **state)
{
	struct tips *tips = memory_new(*state, struct tips);

	assert_null(tips_parse(bytes_of("engabo tips 1\n"), tips));
	assert_int_equal(tips->roster + (int)tips->log_count + (int)tips->fork_count, 0);
}

static void what_is_not_written_so_is_refused(void **state)
{
#define FIRST "engabo tips 1\n"
#define LOG "log k7q2m9x4t0ab3c5d 1 2 " OID "\n"
	static const char *const wrong[] = {
		"",
		"engabo tips 1",
		"engabo tips 2\n",
		"<html>\n",
		FIRST "\n",
		FIRST LOG LOG,
		FIRST LOG "roster 1 " OID "\n",
		FIRST "roster 0 " OID "\n",
		FIRST "roster 1000001 " OID "\n",
		FIRST "roster 1\n",
		FIRST "log k7q2m9x4t0ab3c5d 1 2 " OID,
		FIRST "log k7q2m9x4t0ab3c5d 1 2 " OID " \n",
		FIRST "log k7q2m9x4t0ab3c5d 1 2  " OID "\n",
		FIRST "log k7q2m9x4t0ab3c5d 1 2 " OID "\r\n",
		FIRST "log k7q2m9x4t0ab3c5d 1 02 " OID "\n",
		FIRST "log k7q2m9x4t0ab3c5d 1 -2 " OID "\n",
		FIRST "log k7q2m9x4t0ab3c5d 1 0 " OID "\n",
		FIRST "log k7q2m9x4t0ab3c5d 0 2 " OID "\n",
		FIRST "log k7q2m9x4t0ab3c5d 1 99999999999999999999 " OID "\n",
		FIRST "log k7q2m9x4t0ab3c5d 1 2 A979C33E25DCCDF5FDDD2526E6BDD58435CC4820\n",
		FIRST "log k7q2m9x4t0ab3c5d 1 2 a979\n",
		FIRST "log ../../../etc/pass 1 2 " OID "\n",
		FIRST LOG "log 7d2n0r5h8w1c4yzm 1 2 " OID "\n",
		FIRST "fork k7q2m9x4t0ab3c5d " OID "\n" LOG,
		FIRST "more k7q2m9x4t0ab3c5d " OID "\n",
	};
	struct tips *tips = memory_new(*state, struct tips);
	struct bytes split = {(const uint8_t *)FIRST LOG "\0" LOG, sizeof(FIRST LOG "\0" LOG) - 1};

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		if (!tips_parse(bytes_of(wrong[i]), tips))
			fail_msg("accepted: %s", wrong[i]);
	assert_non_null(tips_parse(split, tips));
	assert_int_equal(tips->log_count, 0); /* untouched by all of that */
}

static void more_than_a_coalition_has_is_refused(void **state)
{
	struct tips *tips = memory_new(*state, struct tips);
	struct buffer *text = buffer_new(*state);

	buffer_text(text, "engabo tips 1\n");
	for (int i = 0; i < TIPS_LOGS_MAX + 1; i++)
		buffer_format(text, "log %016d 1 1 " OID "\n", i);
	assert_non_null(tips_parse(buffer_bytes(text), tips));
	buffer_text(text, memory_format(*state, "%*s", 2 * TIPS_SIZE_MAX, ""));
	assert_non_null(tips_parse(buffer_bytes(text), tips));
}

/* A byte changed anywhere: refused, or another text that is written in the one way. */
static void changed_bytes_are_never_taken_for_something_else(void **state)
{
	char *good = example(*state);
	size_t len = strlen(good);
	unsigned seed = (unsigned)time(NULL);

	print_message("seed %u\n", seed);
	for (int i = 0; i < 3000; i++) {
		void *scratch = memory_context(*state);
		struct tips *tips = memory_new(scratch, struct tips);
		char *text = memory_string(scratch, good);

		text[(size_t)rand_r(&seed) % len] = (char)(rand_r(&seed) % 255 + 1);
		if (!tips_parse(bytes_of(text), tips))
			assert_string_equal((const char *)tips_print(scratch, tips).data, text);
		memory_free(scratch);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(the_documented_example_is_read_and_written),
		PLACE_TEST(a_hub_with_nothing_says_so),
		PLACE_TEST(what_is_not_written_so_is_refused),
		PLACE_TEST(more_than_a_coalition_has_is_refused),
		PLACE_TEST(changed_bytes_are_never_taken_for_something_else),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("tips", tests, NULL, NULL);
}
