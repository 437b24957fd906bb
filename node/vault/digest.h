/* SHA-256 (FIPS 180-4) and HKDF-SHA-256 (RFC 5869). */
#ifndef ENGABO_VAULT_DIGEST_H
#define ENGABO_VAULT_DIGEST_H

#include <sodium.h>

#include "node/base/memory.h"

#define DIGEST_LEN 32

struct digest {
	crypto_hash_sha256_state state;
};
void digest_start(struct digest *digest);
void digest_add(struct digest *digest, const void *data, size_t len);
void digest_end(struct digest *digest, uint8_t out[static DIGEST_LEN]);
void digest_of(uint8_t out[static DIGEST_LEN], struct bytes data);

/* SHA-256 of what is too large to lie in memory: as fast as digest_of, and hangs on `context`. */
struct digest_stream;
struct digest_stream *digest_stream_new(const void *context) NEVER_NULL;
void digest_stream_add(struct digest_stream *stream, struct bytes part);
void digest_stream_end(struct digest_stream *stream, uint8_t out[static DIGEST_LEN]); /* of all so far */

/* HMAC-SHA-256, for tokens that only this process checks. */
void digest_hmac(uint8_t out[static DIGEST_LEN], const uint8_t key[static 32], struct bytes data);
/* One HKDF block: at most 32 bytes. `salt` may be empty. */
void digest_hkdf(uint8_t *out, size_t out_len, struct bytes salt, struct bytes key, const char *info);

#endif
