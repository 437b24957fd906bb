/* Secrets in memory that is never paged out, never dumped and wiped when freed: see secret.h.
 *
 * Everything that opens a record, speaks for a hub or for a person passes through here; what is done with it
 * belongs to the other files of this folder. Guards: a secret has one owner, and its bytes are gone when that
 * owner lets go. Used by every process. */
#include "node/vault/secret.h"

#include <sodium.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

void secret_start(void)
{
	const struct rlimit none = {0, 0};

	if (sodium_init() < 0)
		abort();
	if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		abort();
}

struct secret *secret_new(size_t len)
{
	struct secret *secret = malloc(sizeof *secret);

	if (!secret)
		abort();
	secret->len = len;
	secret->data = sodium_malloc(len + 1);
	if (!secret->data)
		abort();
	sodium_memzero(secret->data, len + 1);
	return secret;
}

struct secret *secret_random(size_t len)
{
	struct secret *secret = secret_new(len);

	randombytes_buf(secret->data, len);
	return secret;
}

struct secret *secret_copy(const void *data, size_t len)
{
	struct secret *secret = secret_new(len);

	if (len)
		memcpy(secret->data, data, len);
	return secret;
}

struct secret *secret_take(void *data, size_t len)
{
	struct secret *secret = secret_copy(data, len);

	secret_wipe(data, len);
	return secret;
}

void secret_free(struct secret *secret)
{
	if (!secret)
		return;
	sodium_free(secret->data);
	free(secret);
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
	return a->len == b->len && secret_bytes_equal(a->data, b->data, a->len);
}

bool secret_bytes_equal(const void *a, const void *b, size_t len)
{
	return len == 0 || sodium_memcmp(a, b, len) == 0;
}

void secret_wipe(void *data, size_t len)
{
	if (len)
		sodium_memzero(data, len);
}
