/* The workshop that staff open for some hours: one small file that office writes and intake reads (see
 * way.h).
 *
 * Invariant: it ends by itself, and with the machine. Nobody can set the boot clock, which counts from zero
 * at each start; so the file also says which start that was. */
#include "web/way.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/base/clock.h"
#include "node/base/files.h"
#include "node/base/text.h"

#define HOUR_MS (INT64_C(3600) * 1000)
#define BOOT_FILE "/proc/sys/kernel/random/boot_id"
#define BOOT_LEN 32

/* Which start of the machine this is: without the hyphens of RFC 9562. False where nobody tells. */
static bool read_boot(char boot[static BOOT_LEN + 1])
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const char *text = getenv(WAY_BOOT);
	struct bytes file;
	size_t len = 0;

	if (!text && !files_read(scratch, BOOT_FILE, 100, &file))
		text = (const char *)file.data;
	for (; text && *text && *text != '\n'; text++) {
		if (*text == '-')
			continue;
		if (len == BOOT_LEN || !strchr("0123456789abcdef", *text))
			return false;
		boot[len++] = *text;
	}
	boot[len] = '\0';
	return len == BOOT_LEN;
}

const struct error *way_open_workshop(const struct home *home, int hours)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	int64_t now = clock_boot_ms();
	char boot[BOOT_LEN + 1], *text;

	if (hours < 1 || hours > WAY_WORKSHOP_HOURS_MAX)
		return error_new(
			ERROR_INVALID, "a workshop is open for 1 to %d hours", WAY_WORKSHOP_HOURS_MAX);
	if (!read_boot(boot))
		return error_new(ERROR_SYSTEM,
			"a workshop could not end with a restart of the machine: neither " BOOT_FILE
			" nor " WAY_BOOT " can be read");
	text = memory_format(scratch, "%s %" PRId64 " %" PRId64 "\n", boot, now, now + hours * HOUR_MS);
	return files_write(
		home_file(scratch, home, WAY_FILE), (struct bytes){(uint8_t *)text, strlen(text)}, 0600);
}

const struct error *way_close_workshop(const struct home *home)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char *path = home_file(scratch, home, WAY_FILE);

	if (unlink(path) != 0 && files_exist(path))
		return error_new(ERROR_SYSTEM, "the workshop cannot be closed: %s cannot be removed", path);
	return files_sync_directory(home_file(scratch, home, "run"));
}

int64_t way_workshop_until_ms(const struct home *home)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	uint64_t now = (uint64_t)clock_boot_ms(), opened, until;
	char boot[BOOT_LEN + 1], *which, *first, *second, *rest;
	struct bytes text;

	if (files_read(scratch, home_file(scratch, home, WAY_FILE), 100, &text) || !read_boot(boot))
		return 0;
	which = strtok_r(memory_string_of(scratch, text.data, text.len), " \n", &rest);
	first = strtok_r(NULL, " \n", &rest);
	second = strtok_r(NULL, " \n", &rest);
	if (!which || !first || !second || strcmp(which, boot) != 0 || text_to_number(first, now, &opened) ||
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
