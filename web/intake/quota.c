/* Keeps a flood of forms or photos from shutting out the person who walked here
 * (quota.h). What a page says about it is written in the pages; nothing here is ever on the card or in the
 * journal.
 *
 * Invariant: memory is bounded whatever arrives. Runs in intake. */
#include "web/intake/quota.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "node/base/memory.h"
#include "web/limits.h"

#define ADDRESSES 1024
#define HOUR_MS INT64_C(3600000)
#define MINUTE_MS INT64_C(60000)
#define FEW 3 /* reports of an hour for which the last third of the hub's is kept */
#define PHOTO_SHARES 4
#define DAY_MS INT64_C(86400000)

/* What was used, in milliseconds of refilling: each use adds period / capacity, and it drains by one a
 * millisecond. */
struct bucket {
	int64_t used, at_ms;
};

struct source {
	char address[LIMITS_ADDRESS_SIZE];
	int64_t seen_ms;
	struct bucket reports, photos;
	struct bucket recent; /* an hour for each report */
	bool is_beyond;	      /* its last one was taken beyond the hub's hour */
};

struct quota {
	pthread_mutex_t lock;
	int reports_an_hour, reports_an_address;
	int64_t photos_a_day; /* bytes */
	struct bucket reports, photos;
	struct bucket beyond; /* first reports when the hub's hour is full */
	struct source sources[ADDRESSES];
};

static int quota_end(struct quota *quota)
{
	pthread_mutex_destroy(&quota->lock);
	return 0;
}

struct quota *quota_new(const void *context, int reports_an_hour, int reports_an_address)
{
	struct quota *quota = memory_new(context, struct quota);

	pthread_mutex_init(&quota->lock, NULL);
	talloc_set_destructor(quota, quota_end);
	quota->reports_an_hour = reports_an_hour;
	quota->reports_an_address = reports_an_address;
	return quota;
}

void quota_set_address(struct quota *quota, int reports_an_address)
{
	pthread_mutex_lock(&quota->lock);
	quota->reports_an_address = reports_an_address;
	pthread_mutex_unlock(&quota->lock);
}

static void drain(struct bucket *bucket, int64_t now_ms)
{
	int64_t passed = now_ms - bucket->at_ms;

	bucket->used = passed >= bucket->used ? 0 : bucket->used - passed;
	bucket->at_ms = now_ms;
}

/* Milliseconds until one more fits; 0: now. */
static int64_t wait_ms(struct bucket *bucket, int64_t period_ms, int capacity, int64_t now_ms)
{
	int64_t each;

	if (!capacity)
		return 0;
	each = period_ms / capacity;
	drain(bucket, now_ms);
	return bucket->used + each <= period_ms ? 0 : bucket->used + each - period_ms;
}

static void use(struct bucket *bucket, int64_t period_ms, int capacity)
{
	if (capacity)
		bucket->used += period_ms / capacity;
}

static void give_back(struct bucket *bucket, int64_t period_ms, int capacity)
{
	int64_t each = capacity ? period_ms / capacity : 0;

	bucket->used = bucket->used > each ? bucket->used - each : 0;
}

static struct source *find(struct quota *quota, const char *address)
{
	char group[LIMITS_ADDRESS_SIZE];

	limits_group(group, address);
	for (size_t i = 0; i < ADDRESSES; i++)
		if (strcmp(quota->sources[i].address, group) == 0)
			return &quota->sources[i];
	return NULL;
}

static struct source *find_or_make(struct quota *quota, const char *address, int64_t now_ms)
{
	struct source *source = find(quota, address);

	if (!source) {
		source = &quota->sources[0];
		for (size_t i = 1; i < ADDRESSES; i++)
			if (quota->sources[i].seen_ms < source->seen_ms)
				source = &quota->sources[i];
		*source = (struct source){
			.reports.at_ms = now_ms, .photos.at_ms = now_ms, .recent.at_ms = now_ms};
		limits_group(source->address, address);
	}
	source->seen_ms = now_ms;
	return source;
}

/* In which an address that has used all it may use at once may do so again: one a minute, or more. */
static int64_t address_period(const struct quota *quota)
{
	int64_t minutes = quota->reports_an_address * MINUTE_MS;

	return minutes < HOUR_MS ? minutes : HOUR_MS;
}

/* How long the hub as a whole makes this one wait. The last third of its hour is for those who have sent few,
 * and what is beyond for those who have sent nothing (*is_beyond). */
static int64_t hub_wait_ms(struct quota *quota, struct source *source, int64_t now_ms, bool *is_beyond)
{
	int64_t wait = wait_ms(&quota->reports, HOUR_MS, quota->reports_an_hour, now_ms), kept;

	*is_beyond = false;
	if (!quota->reports_an_hour)
		return 0;
	drain(&source->recent, now_ms);
	if (!source->recent.used && wait) {
		*is_beyond = true;
		return wait_ms(&quota->beyond, HOUR_MS, QUOTA_BEYOND * quota->reports_an_hour, now_ms);
	}
	if (source->recent.used <= (FEW - 1) * HOUR_MS)
		return wait;
	kept = quota->reports.used + HOUR_MS / quota->reports_an_hour - HOUR_MS * 2 / 3;
	return kept > 0 ? kept : 0;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int quota_report(struct quota *quota, const char *address, int64_t now_ms)
{
	struct source *source;
	bool is_beyond;
	int64_t wait;

	if (!quota->reports_an_hour && !quota->reports_an_address)
		return 0;
	pthread_mutex_lock(&quota->lock);
	source = find_or_make(quota, address, now_ms);
	wait = wait_ms(&source->reports, address_period(quota), quota->reports_an_address, now_ms);
	wait = later(wait, hub_wait_ms(quota, source, now_ms, &is_beyond));
	if (!wait) {
		if (is_beyond)
			use(&quota->beyond, HOUR_MS, QUOTA_BEYOND * quota->reports_an_hour);
		else
			use(&quota->reports, HOUR_MS, quota->reports_an_hour);
		source->is_beyond = is_beyond;
		use(&source->recent, HOUR_MS, 1);
		use(&source->reports, address_period(quota), quota->reports_an_address);
	}
	pthread_mutex_unlock(&quota->lock);
	return (int)((wait + MINUTE_MS - 1) / MINUTE_MS);
}

void quota_report_back(struct quota *quota, const char *address)
{
	struct source *source;

	pthread_mutex_lock(&quota->lock);
	source = find(quota, address);
	if (source && source->is_beyond)
		give_back(&quota->beyond, HOUR_MS, QUOTA_BEYOND * quota->reports_an_hour);
	else
		give_back(&quota->reports, HOUR_MS, quota->reports_an_hour);
	if (source) {
		give_back(&source->recent, HOUR_MS, 1);
		give_back(&source->reports, address_period(quota), quota->reports_an_address);
	}
	pthread_mutex_unlock(&quota->lock);
}

/* So many bytes of so many a day, in milliseconds of refilling. */
static int64_t photo_cost(uint64_t bytes, int64_t bytes_a_day)
{
	return (int64_t)((double)bytes / (double)bytes_a_day * DAY_MS);
}

void quota_photos(struct quota *quota, uint64_t bytes_a_day, uint64_t used, int64_t now_ms)
{
	pthread_mutex_lock(&quota->lock);
	quota->photos_a_day = (int64_t)bytes_a_day;
	if (used > bytes_a_day)
		used = bytes_a_day;
	quota->photos = (struct bucket){.at_ms = now_ms};
	if (bytes_a_day)
		quota->photos.used = photo_cost(used, quota->photos_a_day);
	pthread_mutex_unlock(&quota->lock);
}

static int64_t photo_wait(struct bucket *bucket, int64_t cost, int64_t now_ms)
{
	drain(bucket, now_ms);
	return bucket->used + cost <= DAY_MS ? 0 : bucket->used + cost - DAY_MS;
}

int quota_photo(struct quota *quota, const char *address, uint64_t bytes, int64_t now_ms)
{
	int64_t wait = DAY_MS, cost, share_cost;
	struct source *source;

	pthread_mutex_lock(&quota->lock);
	if (quota->photos_a_day) {
		source = find_or_make(quota, address, now_ms);
		cost = photo_cost(bytes, quota->photos_a_day);
		share_cost = PHOTO_SHARES * cost;
		wait = later(photo_wait(&quota->photos, cost, now_ms),
			photo_wait(&source->photos, share_cost, now_ms));
		if (!wait) {
			quota->photos.used += cost;
			source->photos.used += share_cost;
		}
	}
	pthread_mutex_unlock(&quota->lock);
	return (int)((wait + HOUR_MS - 1) / HOUR_MS);
}

static void photo_back(struct bucket *bucket, int64_t cost)
{
	bucket->used = bucket->used > cost ? bucket->used - cost : 0;
}

void quota_photo_back(struct quota *quota, const char *address, uint64_t bytes)
{
	struct source *source;
	int64_t cost;

	pthread_mutex_lock(&quota->lock);
	source = find(quota, address);
	cost = photo_cost(bytes, quota->photos_a_day);
	photo_back(&quota->photos, cost);
	if (source)
		photo_back(&source->photos, PHOTO_SHARES * cost);
	pthread_mutex_unlock(&quota->lock);
}
