/* The queue between the server's thread, which takes reports in, and the threads that seal them (sealer.h).
 * What a job does is send.c's; the next that gets it is the writer of node/store/group.c.
 *
 * Invariant: each job is run exactly once, also while intake ends: a phone that waits gets its answer. Runs
 * in intake. */
#include "web/intake/sealer.h"

#include <pthread.h>
#include <stdbool.h>

#include "node/base/memory.h"

#define THREADS_MAX 2 /* on four cores: one is the server's, one the card's and everybody else's */

struct entry {
	struct entry *next;
	void (*run)(void *job);
	void *job;
};

struct sealer {
	pthread_t threads[THREADS_MAX];
	size_t count;
	pthread_mutex_t lock;
	pthread_cond_t arrived;
	struct entry *first, **last; /* what waits, oldest first; under the lock */
	bool stopping;
};

/* NULL: there will be no more. */
static struct entry *take(struct sealer *sealer)
{
	struct entry *entry;

	pthread_mutex_lock(&sealer->lock);
	while (!sealer->first && !sealer->stopping)
		pthread_cond_wait(&sealer->arrived, &sealer->lock);
	entry = sealer->first;
	if (entry)
		sealer->first = entry->next;
	if (!sealer->first)
		sealer->last = &sealer->first;
	pthread_mutex_unlock(&sealer->lock);
	return entry;
}

static void *run(void *user)
{
	struct sealer *sealer = user;
	struct entry *entry;

	while ((entry = take(sealer))) {
		entry->run(entry->job);
		free(entry);
	}
	return NULL;
}

const struct error *sealer_start(struct sealer **out)
{
	struct sealer *sealer = memory_new(NULL, struct sealer);
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t wanted = cores > 2 ? THREADS_MAX : 1;

	sealer->last = &sealer->first;
	pthread_mutex_init(&sealer->lock, NULL);
	pthread_cond_init(&sealer->arrived, NULL);
	while (sealer->count < wanted) {
		int failed = pthread_create(&sealer->threads[sealer->count], NULL, run, sealer);

		if (failed) {
			sealer_stop(sealer);
			return error_system(failed, "cannot start a thread that seals");
		}
		sealer->count++;
	}
	*out = sealer;
	return NULL;
}

void sealer_submit(struct sealer *sealer, void (*run_job)(void *job), void *job)
{
	struct entry *entry = malloc(sizeof *entry);

	if (!entry)
		abort();
	*entry = (struct entry){.run = run_job, .job = job};
	pthread_mutex_lock(&sealer->lock);
	*sealer->last = entry;
	sealer->last = &entry->next;
	pthread_mutex_unlock(&sealer->lock);
	pthread_cond_signal(&sealer->arrived);
}

void sealer_stop(struct sealer *sealer)
{
	if (!sealer)
		return;
	pthread_mutex_lock(&sealer->lock);
	sealer->stopping = true;
	pthread_mutex_unlock(&sealer->lock);
	pthread_cond_broadcast(&sealer->arrived);
	for (size_t i = 0; i < sealer->count; i++)
		pthread_join(sealer->threads[i], NULL);
	pthread_cond_destroy(&sealer->arrived);
	pthread_mutex_destroy(&sealer->lock);
	memory_free(sealer);
}
