/* Wall, boot and hybrid logical clocks: see clock.h. Used by every process. */
#include "node/base/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>

#define DAY_MS (INT64_C(24) * 3600 * 1000)

#ifndef ENGABO_BUILD_SECONDS /* the commit's date, given by the Makefile */
#define ENGABO_BUILD_SECONDS 1763856000
#endif

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t current;

static int64_t now_ms(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_wall_ms(void)
{
	return now_ms(CLOCK_REALTIME);
}

int64_t clock_wall_seconds(void)
{
	return clock_wall_ms() / 1000;
}

int64_t clock_boot_ms(void)
{
	return now_ms(CLOCK_BOOTTIME);
}

bool clock_is_sure(void)
{
	struct timex t;

	memset(&t, 0, sizeof t);
	return adjtimex(&t) >= 0 && !(t.status & STA_UNSYNC);
}

int64_t clock_likely(int64_t seconds)
{
	return seconds > ENGABO_BUILD_SECONDS ? seconds : ENGABO_BUILD_SECONDS;
}

int64_t clock_likely_seconds(void)
{
	return clock_likely(clock_wall_seconds());
}

static uint64_t floor_now(void)
{
	int64_t wall = clock_wall_ms(), build = INT64_C(1000) * ENGABO_BUILD_SECONDS;

	return (uint64_t)(wall > build ? wall : build) << 16;
}

void clock_start(uint64_t last)
{
	pthread_mutex_lock(&lock);
	if (last > current)
		current = last;
	pthread_mutex_unlock(&lock);
}

uint64_t clock_next(void)
{
	uint64_t now = floor_now(), value;

	pthread_mutex_lock(&lock);
	current = now > current ? now : current + 1;
	value = current;
	pthread_mutex_unlock(&lock);
	return value;
}

void clock_see(uint64_t remote)
{
	uint64_t most = floor_now() + ((uint64_t)DAY_MS << 16);

	pthread_mutex_lock(&lock);
	if (remote > current && remote <= most)
		current = remote;
	pthread_mutex_unlock(&lock);
}

void clock_hlc_text(char out[static HLC_SIZE], uint64_t hlc)
{
	snprintf(out, HLC_SIZE, "%016llx", (unsigned long long)hlc);
}

const struct error *clock_hlc_parse(const char *text, uint64_t *out)
{
	uint64_t value = 0;

	if (strlen(text) != HLC_SIZE - 1)
		return error_new(ERROR_INVALID, "hlc: not 16 hexadecimal digits");
	for (; *text; text++) {
		const char *digits = "0123456789abcdef", *at = strchr(digits, *text);

		if (!at)
			return error_new(ERROR_INVALID, "hlc: not lower-case hexadecimal");
		value = value << 4 | (uint64_t)(at - digits);
	}
	*out = value;
	return NULL;
}
