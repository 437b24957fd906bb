/* A workshop that staff opened ends by itself, whatever is done to the clock or to the machine. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/clock.h"
#include "node/base/files.h"
#include "tests/unit/place.h"
#include "web/way.h"

#define HOUR_MS (INT64_C(3600) * 1000)
#define BOOT "0123456789abcdef0123456789abcdef"

static struct home *hub(void *state)
{
	struct home *home;

	setenv(WAY_BOOT, BOOT, 1);
	assert_null(home_create(state, place_file(state, "hub"), &home));
	return home;
}

static void put(const struct home *home, int64_t opened_ms, int64_t until_ms)
{
	char *text = memory_format(home, BOOT " %lld %lld\n", (long long)opened_ms, (long long)until_ms);

	assert_null(files_write(
		home_file(home, home, "run/workshop"), (struct bytes){(uint8_t *)text, strlen(text)}, 0600));
}

static void it_is_open_for_the_hours_that_were_chosen(void **state)
{
	struct home *home = hub(*state);
	int64_t now = clock_boot_ms();

	assert_false(way_is_workshop(home));
	assert_null(way_open_workshop(home, 8));
	assert_in_range(way_workshop_until_ms(home), now + 8 * HOUR_MS, now + 8 * HOUR_MS + 60000);
	assert_null(way_open_workshop(home, 1)); /* this end instead */
	assert_in_range(way_workshop_until_ms(home), now + HOUR_MS, now + HOUR_MS + 60000);
	assert_null(way_close_workshop(home));
	assert_false(way_is_workshop(home));
	assert_null(way_close_workshop(home));
}

static void it_is_never_open_for_longer_than_a_day_of_work(void **state)
{
	struct home *home = hub(*state);
	int64_t now = clock_boot_ms();

	assert_non_null(way_open_workshop(home, 0));
	assert_non_null(way_open_workshop(home, WAY_WORKSHOP_HOURS_MAX + 1));
	assert_false(way_is_workshop(home));
	put(home, now, now + 100 * HOUR_MS);
	assert_false(way_is_workshop(home));
}

static void it_is_over_when_its_time_is_over_and_after_a_restart_of_the_machine(void **state)
{
	struct home *home = hub(*state);
	int64_t now = clock_boot_ms();

	put(home, now - HOUR_MS, now - 1);
	assert_false(way_is_workshop(home));
	way_tidy(home);
	assert_false(files_exist(home_file(*state, home, "run/workshop")));
	put(home, now + HOUR_MS, now + 2 * HOUR_MS); /* the clock began anew */
	assert_false(way_is_workshop(home));
	way_tidy(home);
	assert_false(files_exist(home_file(*state, home, "run/workshop")));
	put(home, now, now + HOUR_MS);
	way_tidy(home);
	assert_true(way_is_workshop(home));
}

/* Ten minutes after one start it was opened, eleven minutes after the next somebody asks. */
static void the_next_start_of_the_machine_does_not_open_it_again(void **state)
{
	struct home *home = hub(*state);

	assert_null(way_open_workshop(home, 4));
	assert_true(way_is_workshop(home));
	setenv(WAY_BOOT, "fedcba98-7654-3210-fedc-ba9876543210", 1);
	assert_false(way_is_workshop(home));
	way_tidy(home);
	setenv(WAY_BOOT, BOOT, 1);
	assert_false(way_is_workshop(home));
}

static void the_machine_itself_tells_its_starts_apart(void **state)
{
	struct home *home = hub(*state);
	struct bytes id;
	char *same;
	size_t len = 0;

	assert_null(files_read(*state, "/proc/sys/kernel/random/boot_id", 100, &id));
	same = memory_string(*state, (char *)id.data);
	for (const uint8_t *at = id.data; *at && *at != '\n'; at++)
		if (*at != '-')
			same[len++] = (char)*at;
	same[len] = '\0';
	unsetenv(WAY_BOOT);
	assert_null(way_open_workshop(home, 4));
	assert_true(way_is_workshop(home));
	setenv(WAY_BOOT, same, 1); /* as systemd's %b says it */
	assert_true(way_is_workshop(home));
}

static void where_nobody_tells_the_starts_apart_none_is_opened(void **state)
{
	struct home *home = hub(*state);

	setenv(WAY_BOOT, "", 1);
	assert_non_null(way_open_workshop(home, 4));
	assert_false(way_is_workshop(home));
}

static void a_broken_file_opens_nothing(void **state)
{
	static const char *const broken[] = {"", "\n", "1", "x y", "-1 99999999999999999999",
		"9223372036854775807 1", BOOT, BOOT " 1", BOOT " -1 99999999999999999999",
		BOOT " 9223372036854775807 1"};
	struct home *home = hub(*state);

	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		assert_null(files_write(home_file(*state, home, "run/workshop"),
			(struct bytes){(const uint8_t *)broken[i], strlen(broken[i])}, 0600));
		assert_false(way_is_workshop(home));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(it_is_open_for_the_hours_that_were_chosen),
		PLACE_TEST(it_is_never_open_for_longer_than_a_day_of_work),
		PLACE_TEST(it_is_over_when_its_time_is_over_and_after_a_restart_of_the_machine),
		PLACE_TEST(the_next_start_of_the_machine_does_not_open_it_again),
		PLACE_TEST(the_machine_itself_tells_its_starts_apart),
		PLACE_TEST(where_nobody_tells_the_starts_apart_none_is_opened),
		PLACE_TEST(a_broken_file_opens_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
