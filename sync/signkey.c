/* Reading the key that signs this hub's log: see signkey.h.
 *
 * Guards: a hub never signs with a key that is not the one the coalition knows it by, as when files of two
 * hubs were mixed while a card was rescued. Runs in sync, and in commands that act for the hub. */
#include "sync/signkey.h"

#include <string.h>

const struct error *signkey_read(const struct home *home, const struct signer *own, struct secret **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct secret *seed CLEANUP(secret_free) = NULL;
	struct signer public_key;

	TRY(sshsig_seed_read(home_file(scratch, home, "keys/sign"), &seed));
	sshsig_public_of(&public_key, seed);
	if (memcmp(public_key.key, own->key, sizeof public_key.key) != 0)
		return error_new(ERROR_CONFIG,
			"keys/sign is not the key that trust.json names; were they copied from two hubs?");
	*out = seed;
	seed = NULL;
	return NULL;
}
