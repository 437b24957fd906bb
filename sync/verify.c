/* Checking signatures takes as long as all other checks of a fetched log together; a hub's board has more
 * than one processor (see verify.h). Used by sync.
 *
 * Leaves it to keep.c to wait for the answer before anything is kept. Guards: the thread reads what it was
 * given and writes its answer; nothing else is shared. */
#include "sync/verify.h"

#include <pthread.h>

struct verification {
	struct signer signer;
	const struct checked *const *commits;
	size_t count, failed_at;
	bool failed, running;
	struct error failure; /* a copy: errors do not outlive their thread */
	pthread_t thread;
};

static void *verify_all(void *user)
{
	struct verification *verification = user;

	for (size_t i = 0; i < verification->count && !verification->failed; i++) {
		const struct raw_commit *raw = &verification->commits[i]->raw;
		const struct error *error =
			sshsig_verify(raw->signature, &verification->signer, "git", raw->signed_part);

		if (!error)
			continue;
		verification->failed = true;
		verification->failed_at = i;
		verification->failure = *error;
	}
	return NULL;
}

static void wait_for(struct verification *verification)
{
	if (verification->running && pthread_join(verification->thread, NULL) != 0)
		abort();
	verification->running = false;
}

static int verification_release(struct verification *verification)
{
	wait_for(verification);
	return 0;
}

struct verification *verify_begin(
	const void *context, const struct signer *signer, const struct checked *const *commits, size_t count)
{
	struct verification *verification = memory_new(context, struct verification);

	verification->signer = *signer;
	verification->commits = commits;
	verification->count = count;
	talloc_set_destructor(verification, verification_release);
	verification->running = pthread_create(&verification->thread, NULL, verify_all, verification) == 0;
	if (!verification->running)
		verify_all(verification);
	return verification;
}

const struct error *verify_end(struct verification *verification, size_t *first)
{
	const struct error *error = NULL;

	wait_for(verification);
	if (verification->failed) {
		*first = verification->failed_at;
		error = error_new(verification->failure.code, "%s", verification->failure.message);
	}
	talloc_free(verification);
	return error;
}
