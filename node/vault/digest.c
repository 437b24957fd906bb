/* SHA-256 and what is built on it: see digest.h.
 *
 * Chains the commits of a log and derives the keys of age files and mailboxes; signatures hash by themselves
 * in sshsig.c. Guards: what passed through here on the way to a key is wiped from the stack. Used by every
 * process. */
#include "node/vault/digest.h"

#include <assert.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "node/vault/secret.h"

#define INFO_MAX 96 /* bytes: the uses of keys have short names */

_Static_assert(DIGEST_LEN == crypto_hash_sha256_BYTES, "SHA-256");

void digest_start(struct digest *digest)
{
	crypto_hash_sha256_init(&digest->state);
}

void digest_add(struct digest *digest, const void *data, size_t len)
{
	if (len)
		crypto_hash_sha256_update(&digest->state, data, len);
}

void digest_end(struct digest *digest, uint8_t out[static DIGEST_LEN])
{
	crypto_hash_sha256_final(&digest->state, out);
	secret_wipe(&digest->state, sizeof digest->state);
}

/* Each envelope of a log is hashed several times on its way, and sealing a report takes two dozen HMACs;
 * GnuTLS lets the processor's own instructions do it, which libsodium 1.0.18 does not know. Its functions for
 * a whole input at once leave no key on the stack. */
void digest_of(uint8_t out[static DIGEST_LEN], struct bytes data)
{
	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, data.len ? data.data : (const uint8_t *)"", data.len, out) <
		0)
		abort();
}

struct digest_stream {
	gnutls_hash_hd_t handle;
};

static int stream_free(struct digest_stream *stream)
{
	gnutls_hash_deinit(stream->handle, NULL);
	return 0;
}

struct digest_stream *digest_stream_new(const void *context)
{
	struct digest_stream *stream = memory_new(context, struct digest_stream);

	if (gnutls_hash_init(&stream->handle, GNUTLS_DIG_SHA256) < 0)
		abort();
	talloc_set_destructor(stream, stream_free);
	return stream;
}

void digest_stream_add(struct digest_stream *stream, struct bytes part)
{
	if (part.len && gnutls_hash(stream->handle, part.data, part.len) < 0)
		abort();
}

void digest_stream_end(struct digest_stream *stream, uint8_t out[static DIGEST_LEN])
{
	gnutls_hash_output(stream->handle, out);
}

static void hmac(uint8_t out[static DIGEST_LEN], struct bytes key, struct bytes data)
{
	if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, key.len ? key.data : (const uint8_t *)"", key.len,
		    data.len ? data.data : (const uint8_t *)"", data.len, out) < 0)
		abort();
}

void digest_hmac(uint8_t out[static DIGEST_LEN], const uint8_t key[static 32], struct bytes data)
{
	hmac(out, (struct bytes){key, 32}, data);
}

void digest_hkdf(uint8_t *out, size_t out_len, struct bytes salt, struct bytes key, const char *info)
{
	uint8_t extracted[DIGEST_LEN], block[DIGEST_LEN], first[INFO_MAX + 1];
	size_t info_len = strlen(info);

	assert(out_len <= sizeof block && info_len <= INFO_MAX);
	memcpy(first, info, info_len + 1);
	first[info_len] = 1; /* the number of the block */
	hmac(extracted, salt, key);
	hmac(block, BYTES_OF(extracted), (struct bytes){first, info_len + 1});
	memcpy(out, block, out_len);
	secret_wipe(extracted, sizeof extracted);
	secret_wipe(block, sizeof block);
}
