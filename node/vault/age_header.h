/* The header of an age file: who can open what follows. Inside node/vault only; others see age.h.
 *
 *   age-encryption.org/v1
 *   -> X25519 <base64 of the ephemeral share>          one stanza a recipient; other types are read over
 *   <base64 of the wrapped file key>                   lines of 64; the last one shorter, perhaps empty
 *   --- <base64 of the HMAC over all up to "---">
 *
 * (https://age-encryption.org/v1, "Header"). Base64 is canonical and unpadded; a header is at most
 * AGE_HEADER_MAX bytes. */
#ifndef ENGABO_VAULT_AGE_HEADER_H
#define ENGABO_VAULT_AGE_HEADER_H

#include "node/vault/age.h"
#include "node/vault/digest.h"

#define AGE_HEADER_MAX 65536
#define AGE_FILE_KEY_LEN 16
#define AGE_TAG_LEN 16

/* Bytes as they come, with a little read ahead so that the header can be taken line by line. */
struct age_input {
	age_read *read;
	void *user;
	size_t taken; /* bytes that were handed on so far */
	size_t at, end;
	uint8_t ahead[1024];
};
void age_input_start(struct age_input *input, age_read *read, void *user);
/* As many as there are, at most `max`: fewer only at the end. */
const struct error *age_input_fill(struct age_input *input, uint8_t *to, size_t max, size_t *got) MUST_CHECK;

/* The keys of one file while it is sealed or opened, all in one secret: guarded memory is slow to come by,
 * and thousands of records are opened when a hub unlocks. */
struct age_keys {
	uint8_t file[AGE_FILE_KEY_LEN];
	uint8_t ephemeral[AGE_KEY_LEN];
	uint8_t shared[AGE_KEY_LEN];
	uint8_t wrap[AGE_KEY_LEN];
	uint8_t mac[DIGEST_LEN];
	uint8_t payload[AGE_KEY_LEN];
};

struct age_stanza {
	uint8_t share[AGE_KEY_LEN];
	uint8_t wrapped[AGE_FILE_KEY_LEN + AGE_TAG_LEN];
};

struct age_header {
	struct age_stanza *stanzas; /* those of type X25519 */
	size_t count;
	size_t others;	      /* stanzas of other types */
	struct bytes covered; /* what the MAC is over */
	uint8_t mac[DIGEST_LEN];
};

/* Takes exactly the header off the input. ERROR_INVALID when it breaks any rule. */
const struct error *age_header_read(
	const void *context, struct age_input *input, struct age_header *out) MUST_CHECK;
/* Finds keys->file by the first identity that fits, once the header's MAC holds. ERROR_DENIED when none fits.
 */
const struct error *age_header_open(const struct age_header *header, const struct secret *const *identities,
	size_t count, struct age_keys *keys) MUST_CHECK;
/* A header that hands keys->file to these recipients, behind what `out` holds. ERROR_INVALID for a recipient
 * that is no usable key. */
const struct error *age_header_make(struct buffer *out, struct age_keys *keys,
	const struct age_recipient *recipients, size_t count) MUST_CHECK;

#endif
