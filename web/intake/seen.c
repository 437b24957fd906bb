/* Receipts by their ids (seen.h): a hash table, open addressing. What was sent is receipts.c's to know.
 *
 * Invariant: no ticket that was added is ever answered with "no". Ids are digests already, so that their own
 * bits spread them. Runs in intake. */
#include "web/intake/seen.h"

#include <pthread.h>
#include <stddef.h>

#include "node/base/memory.h"

#define COMING (-1) /* as a place */

struct receipt_place {
	int64_t id, place; /* place 0: free */
};

struct seen {
	pthread_mutex_t lock;
	struct receipt_place *table;
	size_t size, count; /* size: a power of two */
};

static int seen_end(struct seen *seen)
{
	pthread_mutex_destroy(&seen->lock);
	return 0;
}

struct seen *seen_new(const void *context)
{
	struct seen *seen = memory_new(context, struct seen);

	pthread_mutex_init(&seen->lock, NULL);
	talloc_set_destructor(seen, seen_end);
	seen->size = 1024;
	seen->table = memory_array(seen, struct receipt_place, seen->size);
	return seen;
}

/* Where this id is, or would be. */
static struct receipt_place *find(const struct seen *seen, int64_t id)
{
	size_t i = (size_t)id & (seen->size - 1);

	while (seen->table[i].place && seen->table[i].id != id)
		i = (i + 1) & (seen->size - 1);
	return &seen->table[i];
}

static void put(struct seen *seen, int64_t id, int64_t place)
{
	struct receipt_place *at = find(seen, id);

	seen->count += !at->place;
	*at = (struct receipt_place){id, place};
}

/* Into a table of this size, but for what lies up to `upto`. */
static void rebuild(struct seen *seen, size_t size, int64_t upto)
{
	struct receipt_place *old = seen->table;
	size_t old_size = seen->size;

	seen->table = memory_array(seen, struct receipt_place, size);
	seen->size = size;
	seen->count = 0;
	for (size_t i = 0; i < old_size; i++)
		if (old[i].place && old[i].place > upto)
			put(seen, old[i].id, old[i].place);
	talloc_free(old);
}

static void make_room(struct seen *seen)
{
	if (2 * seen->count >= seen->size)
		rebuild(seen, 2 * seen->size, COMING - 1);
}

void seen_expect(struct seen *seen, int64_t id)
{
	pthread_mutex_lock(&seen->lock);
	make_room(seen);
	if (!find(seen, id)->place)
		put(seen, id, COMING);
	pthread_mutex_unlock(&seen->lock);
}

void seen_add(struct seen *seen, int64_t id, int64_t place)
{
	pthread_mutex_lock(&seen->lock);
	make_room(seen);
	put(seen, id, place);
	pthread_mutex_unlock(&seen->lock);
}

bool seen_find(struct seen *seen, int64_t id, int64_t *place)
{
	const struct receipt_place *at;
	bool is_there;

	pthread_mutex_lock(&seen->lock);
	at = find(seen, id);
	is_there = at->place != 0;
	if (place)
		*place = at->place == COMING ? 0 : at->place;
	pthread_mutex_unlock(&seen->lock);
	return is_there;
}

void seen_forget(struct seen *seen, int64_t upto)
{
	pthread_mutex_lock(&seen->lock);
	rebuild(seen, seen->size, upto);
	pthread_mutex_unlock(&seen->lock);
}
