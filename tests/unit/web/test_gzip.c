/* What is sent packed comes out whole; who does not take it never gets it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "web/gzip.h"

static size_t unpack(uint8_t *out, size_t room, struct bytes packed)
{
	z_stream stream = {.next_in = (uint8_t *)packed.data,
		.avail_in = (uInt)packed.len,
		.next_out = out,
		.avail_out = (uInt)room};

	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	inflateEnd(&stream);
	return stream.total_out;
}

static void what_is_packed_comes_out_whole(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	unsigned seed = (unsigned)time(NULL);
	struct gzip *gzip = gzip_new(context);
	static uint8_t plain[100000], back[100000];

	printf("# seed %u\n", seed);
	srand(seed);
	for (int turn = 0; turn < 50; turn++) { /* one after the other in the same room */
		struct bytes packed;
		size_t len = 500 + (size_t)rand() % (sizeof plain - 500);

		for (size_t i = 0; i < len; i++)
			plain[i] = (uint8_t) "the quick brown fox "[rand() % 20];
		assert_true(gzip_pack(gzip, context, (struct bytes){plain, len}, &packed));
		assert_true(packed.len < len);
		assert_int_equal(unpack(back, sizeof back, packed), len);
		assert_memory_equal(back, plain, len);
	}
}

static void what_would_not_get_smaller_is_left_alone(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct gzip *gzip = gzip_new(context);
	struct bytes packed = {NULL, 7};
	uint8_t noise[3000];

	for (size_t i = 0; i < sizeof noise; i++)
		noise[i] = (uint8_t)rand();
	assert_false(gzip_pack(gzip, context, BYTES_OF(noise), &packed));
	assert_false(gzip_pack(gzip, context, (struct bytes){NULL, 0}, &packed));
	assert_false(gzip_pack(gzip, context, (struct bytes){(const uint8_t *)"x", 1}, &packed));
	assert_int_equal(packed.len, 7);
}

static void only_who_takes_it_gets_it(void **state)
{
	static const char *const yes[] = {"gzip", "GZIP", "gzip, deflate, br", "br,gzip",
		"deflate;q=0, gzip;q=0.5", "gzip ; q=1.0", "gzip;q=0.001", " \t,gzip", "gzip;", "gzip;x=0"};
	static const char *const no[] = {"", "br", "gzip;q=0", "gzip; q=0.000", "GZIP;Q=0", "gzipped",
		"x-gzip-y", "deflate, br;q=1", "gzi", "identity", ",,,", ";", "gzip;q=0, gzip"};

	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		assert_true(gzip_is_accepted(yes[i]));
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		assert_false(gzip_is_accepted(no[i]));
	assert_false(gzip_is_accepted(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_packed_comes_out_whole),
		cmocka_unit_test(what_would_not_get_smaller_is_left_alone),
		cmocka_unit_test(only_who_takes_it_gets_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
