/* The thread beside the server's, for passphrases and keys: whoever types a passphrase waits for it,
 * everybody else's page goes on.
 *
 * One job at a time and a short queue: guesses cannot pile up memory. Office role. */
#include "web/office/worker.h"

#include <pthread.h>

struct job {
	worker_job *run;
	void *job;
};

struct worker {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct job waiting[WORKER_WAITING_MAX];
	size_t count;
	bool is_ending, is_over;
};

static bool next_job(struct worker *worker, struct job *out, bool *is_ending)
{
	bool is_there;

	pthread_mutex_lock(&worker->mutex);
	while (!worker->count && !worker->is_over)
		pthread_cond_wait(&worker->changed, &worker->mutex);
	is_there = worker->count > 0;
	if (is_there) {
		*out = worker->waiting[0];
		worker->count--;
		for (size_t i = 0; i < worker->count; i++)
			worker->waiting[i] = worker->waiting[i + 1];
	}
	*is_ending = worker->is_ending;
	pthread_mutex_unlock(&worker->mutex);
	return is_there;
}

static void *work(void *user)
{
	struct worker *worker = user;
	struct job job;
	bool is_ending;

	while (next_job(worker, &job, &is_ending))
		job.run(job.job, is_ending);
	return NULL;
}

const struct error *worker_start(struct worker **out)
{
	struct worker *worker = memory_new(NULL, struct worker);
	int failed;

	pthread_mutex_init(&worker->mutex, NULL);
	pthread_cond_init(&worker->changed, NULL);
	failed = pthread_create(&worker->thread, NULL, work, worker);
	if (failed) {
		talloc_free(worker);
		return error_system(failed, "cannot start a thread");
	}
	*out = worker;
	return NULL;
}

const struct error *worker_submit(struct worker *worker, worker_job *run, void *job)
{
	const struct error *error = NULL;

	pthread_mutex_lock(&worker->mutex);
	if (worker->count == WORKER_WAITING_MAX || worker->is_ending)
		error = error_new(
			ERROR_UNAVAILABLE, "too many people sign in at this moment; try again in a minute");
	else
		worker->waiting[worker->count++] = (struct job){run, job};
	pthread_cond_signal(&worker->changed);
	pthread_mutex_unlock(&worker->mutex);
	return error;
}

void worker_end(struct worker *worker)
{
	pthread_mutex_lock(&worker->mutex);
	worker->is_ending = true;
	pthread_mutex_unlock(&worker->mutex);
}

void worker_stop(struct worker *worker)
{
	worker_end(worker);
	pthread_mutex_lock(&worker->mutex);
	worker->is_over = true;
	pthread_cond_signal(&worker->changed);
	pthread_mutex_unlock(&worker->mutex);
	pthread_join(worker->thread, NULL);
	pthread_cond_destroy(&worker->changed);
	pthread_mutex_destroy(&worker->mutex);
	talloc_free(worker);
}
