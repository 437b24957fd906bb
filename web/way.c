/* The workshop that staff open for some hours: one small file that office writes and intake reads (see
 * way.h).
 *
 * Invariant: it ends by itself. The boot clock cannot be set, and a machine that was restarted counts from
 * zero, so that a workshop of before is seen to lie in the future and is removed. */
#include "web/way.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "node/base/clock.h"
#include "node/base/files.h"
#include "node/base/text.h"

#define FILE_NAME "run/workshop"
#define HOUR_MS (INT64_C(3600) * 1000)

const struct error *way_open_workshop(const struct home *home, int hours)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	int64_t now = clock_boot_ms();
	char *text;

	if (hours < 1 || hours > WAY_WORKSHOP_HOURS_MAX)
		return error_new(
			ERROR_INVALID, "a workshop is open for 1 to %d hours", WAY_WORKSHOP_HOURS_MAX);
	text = memory_format(scratch, "%" PRId64 " %" PRId64 "\n", now, now + hours * HOUR_MS);
	return files_write(
		home_file(scratch, home, FILE_NAME), (struct bytes){(uint8_t *)text, strlen(text)}, 0600);
}

const struct error *way_close_workshop(const struct home *home)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char *path = home_file(scratch, home, FILE_NAME);

	if (unlink(path) != 0 && files_exist(path))
		return error_new(ERROR_SYSTEM, "the workshop cannot be closed: %s cannot be removed", path);
	return files_sync_directory(home_file(scratch, home, "run"));
}

int64_t way_workshop_until_ms(const struct home *home)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	uint64_t now = (uint64_t)clock_boot_ms(), opened, until;
	char *first, *second, *rest;
	struct bytes text;

	if (files_read(scratch, home_file(scratch, home, FILE_NAME), 100, &text))
		return 0;
	first = strtok_r(memory_string_of(scratch, text.data, text.len), " \n", &rest);
	second = strtok_r(NULL, " \n", &rest);
	if (!first || !second || text_to_number(first, now, &opened) ||
		text_to_number(second, opened + WAY_WORKSHOP_HOURS_MAX * HOUR_MS, &until))
		return 0; /* bounds also for what nobody but a broken card can have written */
	return now < until ? (int64_t)until : 0;
}

bool way_is_workshop(const struct home *home)
{
	return way_workshop_until_ms(home) != 0;
}

void way_tidy(const struct home *home)
{
	if (!way_is_workshop(home))
		error_ignore(way_close_workshop(home));
}
