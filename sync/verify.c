/* Checking signatures takes as long as all other checks of a fetched log together, and a hub's board has more
 * than one processor (see verify.h). Used by sync.
 *
 * Leaves it to keep.c to wait for the answer before anything is kept. Guards: a place in the queue belongs to
 * one thread at a time; the lock only says to which. */
#include "sync/verify.h"

#include <pthread.h>
#include <string.h>

#define PLACES 128

struct place {
	struct buffer *covered, *armor;
};

struct verification {
	struct signer signer;
	pthread_t thread;
	bool running;
	pthread_mutex_t lock;
	pthread_cond_t more, room;
	struct place places[PLACES]; /* number n of all lies in places[n % PLACES] */
	size_t added, done;	     /* under the lock */
	bool ended, failed;	     /* under the lock */
	size_t failed_at;
	struct error failure; /* a copy: errors do not outlive their thread */
};

static void fill(struct buffer *buffer, const void *data, size_t len)
{
	buffer->len = 0;
	buffer_add(buffer, data, len);
}

/* One commit; false when its signature does not hold. */
static bool verify_one(struct verification *verification, size_t number)
{
	const struct place *place = &verification->places[number % PLACES];
	const struct error *error = sshsig_verify(
		(const char *)place->armor->data, &verification->signer, "git", buffer_bytes(place->covered));

	if (!error)
		return true;
	verification->failed_at = number;
	verification->failure = *error;
	return false;
}

static void *work(void *user)
{
	struct verification *verification = user;
	bool good = true;

	pthread_mutex_lock(&verification->lock);
	while (good) {
		size_t number = verification->done;

		if (number >= verification->added) {
			if (verification->ended)
				break;
			pthread_cond_wait(&verification->more, &verification->lock);
			continue;
		}
		pthread_mutex_unlock(&verification->lock);
		good = verify_one(verification, number);
		pthread_mutex_lock(&verification->lock);
		verification->done++;
		verification->failed = !good;
		pthread_cond_signal(&verification->room);
	}
	pthread_mutex_unlock(&verification->lock);
	return NULL;
}

static void wait_for_end(struct verification *verification)
{
	pthread_mutex_lock(&verification->lock);
	verification->ended = true;
	pthread_cond_signal(&verification->more);
	pthread_mutex_unlock(&verification->lock);
	if (verification->running && pthread_join(verification->thread, NULL) != 0)
		abort();
	verification->running = false;
}

static int verification_release(struct verification *verification)
{
	pthread_mutex_lock(&verification->lock);
	verification->added = verification->done; /* nobody asks any more */
	pthread_mutex_unlock(&verification->lock);
	wait_for_end(verification);
	pthread_cond_destroy(&verification->more);
	pthread_cond_destroy(&verification->room);
	pthread_mutex_destroy(&verification->lock);
	return 0;
}

struct verification *verify_begin(const void *context, const struct signer *signer)
{
	struct verification *verification = memory_new(context, struct verification);

	verification->signer = *signer;
	for (size_t i = 0; i < PLACES; i++) {
		verification->places[i].covered = buffer_new(verification);
		verification->places[i].armor = buffer_new(verification);
	}
	if (pthread_mutex_init(&verification->lock, NULL) || pthread_cond_init(&verification->more, NULL) ||
		pthread_cond_init(&verification->room, NULL))
		abort();
	talloc_set_destructor(verification, verification_release);
	verification->running = pthread_create(&verification->thread, NULL, work, verification) == 0;
	return verification;
}

bool verify_add(struct verification *verification, const struct raw_commit *raw)
{
	struct place *place = &verification->places[verification->added % PLACES];
	bool good;

	pthread_mutex_lock(&verification->lock);
	while (verification->running && !verification->failed &&
		verification->added - verification->done == PLACES)
		pthread_cond_wait(&verification->room, &verification->lock);
	good = !verification->failed;
	pthread_mutex_unlock(&verification->lock);
	if (!good)
		return false;
	fill(place->covered, raw->signed_part.data, raw->signed_part.len);
	fill(place->armor, raw->signature, strlen(raw->signature));
	pthread_mutex_lock(&verification->lock);
	verification->added++;
	if (!verification->running) { /* no thread was to be had */
		verification->failed = !verify_one(verification, verification->done++);
		good = !verification->failed;
	}
	pthread_cond_signal(&verification->more);
	pthread_mutex_unlock(&verification->lock);
	return good;
}

const struct error *verify_end(struct verification *verification, size_t *first)
{
	const struct error *error = NULL;

	wait_for_end(verification);
	if (verification->failed) {
		*first = verification->failed_at;
		error = error_new(verification->failure.code, "%s", verification->failure.message);
	}
	talloc_free(verification);
	return error;
}
