/* Keeps a page that somebody left from coming back to whoever holds the phone next (spent.h). Which page
 * carries which token is messages.c's and form_pages.c's to know, what "Leave this page" does leave.c's.
 *
 * Invariant: what was left stays left until newer ones have pushed it out. Runs in intake, on any thread. */
#include "web/intake/spent.h"

#include <pthread.h>
#include <stddef.h>

#include "node/base/memory.h"

#define LEFT INT64_C(-1)

struct spent {
	pthread_mutex_t mutex;
	struct {
		int64_t id, until; /* answered until then, on the boot clock; LEFT */
	} places[SPENT_MOST];
	size_t next, filled; /* places are filled from the first on, then again from the first on */
};

struct spent *spent_new(const void *context)
{
	struct spent *spent = memory_new(context, struct spent);

	pthread_mutex_init(&spent->mutex, NULL);
	return spent;
}

/* NULL: not known. With the mutex held. */
static int64_t *find(struct spent *spent, int64_t id)
{
	for (size_t i = 0; i < spent->filled; i++)
		if (spent->places[i].id == id)
			return &spent->places[i].until;
	return NULL;
}

static void add(struct spent *spent, int64_t id, int64_t until)
{
	spent->places[spent->next].id = id;
	spent->places[spent->next].until = until;
	spent->next = (spent->next + 1) % SPENT_MOST;
	if (spent->filled < SPENT_MOST)
		spent->filled++;
}

bool spent_take(struct spent *spent, int64_t id, int64_t now_ms)
{
	const int64_t *until;
	bool may = true;

	pthread_mutex_lock(&spent->mutex);
	until = find(spent, id);
	if (until)
		may = now_ms < *until;
	else
		add(spent, id, now_ms + SPENT_GRACE_MS);
	pthread_mutex_unlock(&spent->mutex);
	return may;
}

void spent_leave(struct spent *spent, int64_t id)
{
	int64_t *until;

	pthread_mutex_lock(&spent->mutex);
	until = find(spent, id);
	if (until)
		*until = LEFT;
	else
		add(spent, id, LEFT);
	pthread_mutex_unlock(&spent->mutex);
}

bool spent_is_left(struct spent *spent, int64_t id)
{
	const int64_t *until;
	bool is_left;

	pthread_mutex_lock(&spent->mutex);
	until = find(spent, id);
	is_left = until && *until == LEFT;
	pthread_mutex_unlock(&spent->mutex);
	return is_left;
}
