/* Keeps a machine that guesses codes slow, and out of the way of people who have one (tries.h). Looking a
 * code up is the child's work (pool.c), what a page says messages.c's.
 *
 * Why a line and not a refusal: whoever is refused has to come back at the right moment, and a machine comes
 * back more often than a person; in a line, nobody gains by hurrying.
 *
 * Invariant: in any minute at most ten codes are found to be wrong, whatever arrives from wherever. Runs in
 * intake, on a thread of its own that sleeps while nobody waits. */
#include "web/intake/tries.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "node/base/clock.h"
#include "node/base/memory.h"
#include "web/limits.h"

#define AT_ONCE 3
#define ADDRESSES 1024
#define FORGOTTEN_MS INT64_C(600000) /* a wrong code counts against its address for so long */
#define REMEMBERED 100		     /* wrong codes of one address */

struct waiter {
	char address[LIMITS_ADDRESS_SIZE];
	tries_turn *turn;
	void *user;
};

struct source {
	char address[LIMITS_ADDRESS_SIZE];
	int64_t seen_ms;
	int64_t wrong_ms; /* FORGOTTEN_MS for each wrong code, draining */
};

struct tries {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	bool is_stopping;
	int64_t every_ms;
	int64_t used_ms, at_ms; /* every_ms for each place taken, draining */
	struct waiter waiters[TRIES_WAITING];
	size_t count;
	struct source sources[ADDRESSES];
};

static void drain(struct tries *tries, int64_t now)
{
	int64_t passed = now - tries->at_ms;

	tries->used_ms = passed >= tries->used_ms ? 0 : tries->used_ms - passed;
	tries->at_ms = now;
}

static struct source *find(struct tries *tries, const char *address)
{
	for (size_t i = 0; i < ADDRESSES; i++)
		if (strcmp(tries->sources[i].address, address) == 0)
			return &tries->sources[i];
	return NULL;
}

/* What is still held against an address. */
static int64_t wrong_of(struct tries *tries, const char *address, int64_t now)
{
	struct source *source = find(tries, address);

	if (!source)
		return 0;
	source->wrong_ms -= now - source->seen_ms;
	if (source->wrong_ms < 0)
		source->wrong_ms = 0;
	source->seen_ms = now;
	return source->wrong_ms;
}

static void note_wrong(struct tries *tries, const char *address, int64_t now)
{
	struct source *source = find(tries, address);

	if (!source) {
		source = &tries->sources[0];
		for (size_t i = 1; i < ADDRESSES; i++)
			if (tries->sources[i].seen_ms < source->seen_ms)
				source = &tries->sources[i];
		*source = (struct source){.seen_ms = now};
		snprintf(source->address, sizeof source->address, "%s", address);
	}
	wrong_of(tries, address, now);
	if (source->wrong_ms < REMEMBERED * FORGOTTEN_MS)
		source->wrong_ms += FORGOTTEN_MS;
}

/* The first in line of the address with the least against it. They stand in the order of their coming. */
static size_t next_waiter(struct tries *tries, int64_t now, int64_t *wrong)
{
	size_t best = 0;

	for (size_t i = 0; i < tries->count; i++) {
		int64_t against = wrong_of(tries, tries->waiters[i].address, now);

		if (i == 0 || against < *wrong) {
			best = i;
			*wrong = against;
		}
	}
	return best;
}

static struct waiter take(struct tries *tries, size_t at)
{
	struct waiter waiter = tries->waiters[at];

	tries->count--;
	memmove(&tries->waiters[at], &tries->waiters[at + 1], (tries->count - at) * sizeof waiter);
	return waiter;
}

/* Milliseconds until there is a place; 0: now. */
static int64_t wait_for_place(struct tries *tries, int64_t wrong)
{
	int64_t most = (wrong ? AT_ONCE - 1 : AT_ONCE) * tries->every_ms;
	int64_t wait = tries->used_ms + tries->every_ms - most;

	return wait > 0 ? wait : 0;
}

/* Holding the lock. */
static void sleep_for(struct tries *tries, int64_t ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	ms += until.tv_nsec / 1000000;
	until.tv_sec += ms / 1000;
	until.tv_nsec = ms % 1000 * 1000000;
	pthread_cond_clockwait(&tries->changed, &tries->lock, CLOCK_MONOTONIC, &until);
}

/* Holding the lock, but not while calling. */
static void call(struct tries *tries, struct waiter waiter, int seconds)
{
	pthread_mutex_unlock(&tries->lock);
	waiter.turn(waiter.user, seconds);
	pthread_mutex_lock(&tries->lock);
}

static void serve_next(struct tries *tries)
{
	int64_t now = clock_boot_ms(), wrong = 0, wait;
	size_t next = next_waiter(tries, now, &wrong);

	drain(tries, now);
	wait = wait_for_place(tries, wrong);
	if (wait) {
		sleep_for(tries, wait);
		return;
	}
	tries->used_ms += tries->every_ms;
	call(tries, take(tries, next), 0);
}

static void *tries_loop(void *user)
{
	struct tries *tries = user;

	pthread_mutex_lock(&tries->lock);
	while (!tries->is_stopping) {
		if (tries->count)
			serve_next(tries);
		else
			pthread_cond_wait(&tries->changed, &tries->lock);
	}
	while (tries->count)
		call(tries, take(tries, 0), 1);
	pthread_mutex_unlock(&tries->lock);
	return NULL;
}

const struct error *tries_start(int every_ms, struct tries **out)
{
	struct tries *tries = memory_new(NULL, struct tries);
	int status;

	tries->every_ms = every_ms;
	pthread_mutex_init(&tries->lock, NULL);
	pthread_cond_init(&tries->changed, NULL);
	status = pthread_create(&tries->thread, NULL, tries_loop, tries);
	if (status) {
		memory_free(tries);
		return error_system(status, "cannot start the thread that lets codes in one by one");
	}
	*out = tries;
	return NULL;
}

void tries_stop(struct tries *tries)
{
	pthread_mutex_lock(&tries->lock);
	tries->is_stopping = true;
	pthread_cond_signal(&tries->changed);
	pthread_mutex_unlock(&tries->lock);
	pthread_join(tries->thread, NULL);
}

void tries_free(struct tries *tries)
{
	if (!tries)
		return;
	pthread_cond_destroy(&tries->changed);
	pthread_mutex_destroy(&tries->lock);
	memory_free(tries);
}

/* How far an address is from having a place in line by right: first what is held against it, then how many it
 * has there. */
struct claim {
	int64_t wrong;
	size_t in_line;
};

static struct claim claim_of(struct tries *tries, const char *address, int64_t now)
{
	struct claim claim = {wrong_of(tries, address, now), 0};

	for (size_t i = 0; i < tries->count; i++)
		claim.in_line += strcmp(tries->waiters[i].address, address) == 0;
	return claim;
}

static bool is_worse(struct claim one, struct claim other)
{
	return one.wrong != other.wrong ? one.wrong > other.wrong : one.in_line > other.in_line;
}

/* Takes out the last in line of the address with the worst claim, where it is worse than the newcomer's. */
static bool make_room(struct tries *tries, struct claim newcomer, int64_t now, struct waiter *out)
{
	struct claim worst = newcomer;
	size_t last = tries->count;

	for (size_t i = 0; i < tries->count; i++) {
		struct claim claim = claim_of(tries, tries->waiters[i].address, now);

		if (is_worse(worst, claim) || (last == tries->count && !is_worse(claim, worst)))
			continue;
		worst = claim;
		last = i;
	}
	if (last == tries->count)
		return false;
	*out = take(tries, last);
	return true;
}

static int seconds_for(const struct tries *tries, size_t places)
{
	return (int)((int64_t)places * tries->every_ms / 1000) + 1;
}

void tries_ask(struct tries *tries, const char *address, tries_turn *turn, void *user)
{
	struct waiter asking = {.turn = turn, .user = user}, put_out = {.turn = NULL};
	int64_t now = clock_boot_ms();
	bool is_refused;
	struct claim claim;
	int seconds;

	limits_group(asking.address, address);
	pthread_mutex_lock(&tries->lock);
	claim = claim_of(tries, asking.address, now);
	claim.in_line++;
	seconds = seconds_for(tries, claim.in_line);
	is_refused = tries->is_stopping || claim.in_line > TRIES_AN_ADDRESS ||
		     (tries->count == TRIES_WAITING && !make_room(tries, claim, now, &put_out));
	if (!is_refused) {
		tries->waiters[tries->count++] = asking;
		pthread_cond_signal(&tries->changed);
	}
	pthread_mutex_unlock(&tries->lock);
	if (is_refused)
		turn(user, seconds);
	if (put_out.turn)
		put_out.turn(put_out.user, seconds);
}

void tries_end(struct tries *tries, const char *address, bool was_right)
{
	char group[LIMITS_ADDRESS_SIZE];
	int64_t now = clock_boot_ms();

	limits_group(group, address);
	pthread_mutex_lock(&tries->lock);
	drain(tries, now);
	if (!was_right)
		note_wrong(tries, group, now);
	else
		tries->used_ms = tries->used_ms > tries->every_ms ? tries->used_ms - tries->every_ms : 0;
	pthread_cond_signal(&tries->changed);
	pthread_mutex_unlock(&tries->lock);
}
