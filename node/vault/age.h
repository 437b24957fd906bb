/* age v1 (https://age-encryption.org/v1) with X25519 recipients: what every record is sealed in.
 *
 * An identity is 32 bytes (the X25519 scalar), a recipient its public key. Text forms are Bech32 (BIP 173):
 * "age1..." and "AGE-SECRET-KEY-1...". Files are binary, never armored. Readers skip stanzas of other types.
 * Sealed size is plaintext + 16 per 64 KiB chunk + header (about 102 + 98 a recipient together with one
 * chunk's tag). */
#ifndef ENGABO_VAULT_AGE_H
#define ENGABO_VAULT_AGE_H

#include "node/base/error.h"
#include "node/base/memory.h"
#include "node/vault/secret.h"

#define AGE_KEY_LEN 32
#define AGE_RECIPIENT_SIZE 63 /* "age1" + 58 and a NUL */
#define AGE_RECIPIENTS_MAX 64

struct age_recipient {
	uint8_t key[AGE_KEY_LEN];
};

/* A new identity and its recipient. */
struct secret *age_identity_new(struct age_recipient *recipient);
/* ERROR_INVALID for a secret that is not 32 bytes. */
const struct error *age_recipient_of(struct age_recipient *out, const struct secret *identity) MUST_CHECK;
void age_recipient_text(char out[static AGE_RECIPIENT_SIZE], const struct age_recipient *recipient);
const struct error *age_recipient_parse(struct age_recipient *out, const char *text) MUST_CHECK;
/* "AGE-SECRET-KEY-1...", NUL-ended, inside the secret. */
struct secret *age_identity_text(const struct secret *identity);
const struct error *age_identity_parse(const char *text, struct secret **out) MUST_CHECK;

/* Seals in memory, to 1..AGE_RECIPIENTS_MAX recipients; the result on `context`. */
const struct error *age_seal(const void *context, struct bytes plain, const struct age_recipient *recipients,
	size_t count, struct bytes *out) MUST_CHECK;
/* Opens with the first identity that fits. ERROR_DENIED: sealed to none of them. ERROR_INVALID: not age,
 * damaged, cut off. The plaintext lies in a secret, so that it is wiped. */
const struct error *age_open(const struct secret *const *identities, size_t count, struct bytes sealed,
	struct secret **plain) MUST_CHECK;
/* Whether these bytes begin as a well-formed age v1 header whose stanzas are all X25519 (at most
 * AGE_RECIPIENTS_MAX); says how many and how long the header is. Opens nothing: relays and sync use it. */
const struct error *age_look(struct bytes sealed, size_t *recipients, size_t *header_len) MUST_CHECK;

/* Streams of any size, 64 KiB of memory: reads until 0 comes back, writes as it goes. Nothing is released
 * before its chunk is authenticated; a stream that ends early is an error even after all its chunks were
 * good. */
typedef const struct error *age_read(void *user, uint8_t *to, size_t max, size_t *got);
typedef const struct error *age_write(void *user, const uint8_t *from, size_t len);
const struct error *age_seal_stream(age_read *read, void *read_user, age_write *write, void *write_user,
	const struct age_recipient *recipients, size_t count) MUST_CHECK;
/* The same where the plaintext comes to us in parts: what is sealed is written as it goes, in chunks. The
 * sealer hangs on `context`, where freeing it wipes what it holds. No more parts after age_sealer_end. */
struct age_sealer;
const struct error *age_sealer_new(const void *context, age_write *write, void *user,
	const struct age_recipient *recipients, size_t count, struct age_sealer **out) MUST_CHECK;
const struct error *age_sealer_add(struct age_sealer *sealer, struct bytes part) MUST_CHECK;
const struct error *age_sealer_end(struct age_sealer *sealer) MUST_CHECK;
const struct error *age_open_stream(const struct secret *const *identities, size_t count, age_read *read,
	void *read_user, age_write *write, void *write_user) MUST_CHECK;

#endif
