/* Sealed records: keys, sealing and opening by the age v1 format. See age.h; the header is age_header.c's,
 * the text of keys bech32.c's.
 *
 * Reports are sealed here before they touch the card, and opened here when the hub is unlocked. Guards:
 * plaintext lies in secrets until it is handed on, and not a byte of it is handed on before its chunk is
 * authenticated. Used by every process; intake and sync hold no identity to open with.
 *
 * Behind the header (https://age-encryption.org/v1, "Payload"): a nonce of 16 bytes, then chunks of 64 KiB,
 * each with a tag of 16 bytes, ChaCha20-Poly1305 under HKDF(file key, nonce, "payload"), their nonces an
 * 11-byte counter and a byte that is 1 for the last. Only the last may be shorter, and it is empty only where
 * the whole file is. */
#include "node/vault/age.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "node/vault/age_header.h"
#include "node/vault/bech32.h"

#define RECIPIENT_PREFIX "age"
#define IDENTITY_PREFIX "AGE-SECRET-KEY-"
#define NONCE_LEN 16
#define CHUNK_LEN 65536
#define CHUNK_NONCE_LEN crypto_aead_chacha20poly1305_ietf_NPUBBYTES

_Static_assert(
	AGE_RECIPIENT_SIZE == BECH32_TEXT_LEN(sizeof RECIPIENT_PREFIX - 1) + 1, "age1 and 58 characters");

struct secret *age_identity_new(struct age_recipient *recipient)
{
	struct secret *identity = secret_random(AGE_KEY_LEN);

	crypto_scalarmult_base(recipient->key, identity->data);
	return identity;
}

const struct error *age_recipient_of(struct age_recipient *out, const struct secret *identity)
{
	if (identity->len != AGE_KEY_LEN)
		return error_new(
			ERROR_INVALID, "an age identity is %d bytes, not %zu", AGE_KEY_LEN, identity->len);
	crypto_scalarmult_base(out->key, identity->data);
	return NULL;
}

void age_recipient_text(char out[static AGE_RECIPIENT_SIZE], const struct age_recipient *recipient)
{
	bech32_encode(out, RECIPIENT_PREFIX, recipient->key);
}

const struct error *age_recipient_parse(struct age_recipient *out, const char *text)
{
	return bech32_decode(out->key, RECIPIENT_PREFIX, text);
}

struct secret *age_identity_text(const struct secret *identity)
{
	struct secret *text = secret_new(BECH32_TEXT_LEN(strlen(IDENTITY_PREFIX)));

	assert(identity->len == AGE_KEY_LEN);
	bech32_encode((char *)text->data, IDENTITY_PREFIX, identity->data);
	return text;
}

const struct error *age_identity_parse(const char *text, struct secret **out)
{
	struct secret *identity CLEANUP(secret_free) = secret_new(AGE_KEY_LEN);

	TRY(bech32_decode(identity->data, IDENTITY_PREFIX, text));
	*out = identity;
	identity = NULL;
	return NULL;
}

/* A file that is being sealed or opened: its keys, and the place in its payload. */
struct file {
	struct secret *room;
	struct age_keys *keys; /* in the room */
	uint8_t nonce[CHUNK_NONCE_LEN];
};

static void file_cleanup(struct file *file)
{
	secret_free(file->room);
}

static struct file file_new(void)
{
	struct file file = {.room = secret_new(sizeof(struct age_keys))};

	file.keys = (struct age_keys *)file.room->data;
	return file;
}

static void payload_start(struct file *file, const uint8_t nonce[static NONCE_LEN])
{
	digest_hkdf(file->keys->payload, sizeof file->keys->payload, (struct bytes){nonce, NONCE_LEN},
		BYTES_OF(file->keys->file), "payload");
}

/* After each chunk; 2^88 of them are never reached. */
static void payload_step(struct file *file)
{
	for (size_t i = CHUNK_NONCE_LEN - 1; i-- > 0;)
		if (++file->nonce[i] != 0)
			break;
}

/* Seals what lies in the chunk, in place; behind it is room for the tag. */
static const struct error *seal_chunk(
	struct file *file, struct secret *chunk, size_t len, bool last, age_write *write, void *user)
{
	unsigned long long sealed_len;

	file->nonce[CHUNK_NONCE_LEN - 1] = last;
	crypto_aead_chacha20poly1305_ietf_encrypt(
		chunk->data, &sealed_len, chunk->data, len, NULL, 0, NULL, file->nonce, file->keys->payload);
	payload_step(file);
	return write(user, chunk->data, (size_t)sealed_len);
}

static const struct error *seal_payload(
	struct file *file, struct age_input *input, size_t chunk_len, age_write *write, void *user)
{
	/* One byte more than a chunk is read, to know whether it is the last. */
	struct secret *chunk CLEANUP(secret_free) = secret_new(chunk_len + 1 + AGE_TAG_LEN);
	size_t kept = 0;
	bool last;

	do {
		uint8_t next;
		size_t got;

		TRY(age_input_fill(input, chunk->data + kept, chunk_len + 1 - kept, &got));
		got += kept;
		last = got <= chunk_len;
		kept = last ? 0 : 1;
		next = chunk->data[chunk_len];
		TRY(seal_chunk(file, chunk, got - kept, last, write, user));
		chunk->data[0] = next;
	} while (!last);
	return NULL;
}

static const struct error *seal_header(
	struct file *file, age_write *write, void *user, const struct age_recipient *recipients, size_t count)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct buffer *header = buffer_new(scratch);
	uint8_t nonce[NONCE_LEN];

	if (count < 1 || count > AGE_RECIPIENTS_MAX)
		return error_new(ERROR_INVALID, "a record is sealed to 1 to %d recipients, not %zu",
			AGE_RECIPIENTS_MAX, count);
	randombytes_buf(file->keys->file, sizeof file->keys->file);
	TRY(age_header_make(header, file->keys, recipients, count));
	randombytes_buf(nonce, sizeof nonce);
	buffer_add(header, nonce, sizeof nonce);
	TRY(write(user, header->data, header->len));
	payload_start(file, nonce);
	return NULL;
}

/* `chunk_len` may be less than CHUNK_LEN only where the whole input is at most that long. */
static const struct error *seal(struct age_input *input, size_t chunk_len, age_write *write, void *user,
	const struct age_recipient *recipients, size_t count)
{
	struct file file CLEANUP(file) = file_new();

	TRY(seal_header(&file, write, user, recipients, count));
	return seal_payload(&file, input, chunk_len, write, user);
}

struct age_sealer {
	struct file file;
	struct secret *chunk;
	size_t filled;
	age_write *write;
	void *user;
};

static int sealer_end(struct age_sealer *sealer)
{
	secret_free(sealer->chunk);
	file_cleanup(&sealer->file);
	return 0;
}

const struct error *age_sealer_new(const void *context, age_write *write, void *user,
	const struct age_recipient *recipients, size_t count, struct age_sealer **out)
{
	struct age_sealer *sealer = memory_new(context, struct age_sealer);

	sealer->file = file_new();
	sealer->chunk = secret_new(CHUNK_LEN + AGE_TAG_LEN);
	sealer->write = write;
	sealer->user = user;
	talloc_set_destructor(sealer, sealer_end);
	*out = sealer;
	return seal_header(&sealer->file, write, user, recipients, count);
}

const struct error *age_sealer_add(struct age_sealer *sealer, struct bytes part)
{
	while (part.len) {
		size_t fits = CHUNK_LEN - sealer->filled;

		if (!fits) { /* and more comes: it was not the last */
			TRY(seal_chunk(
				&sealer->file, sealer->chunk, CHUNK_LEN, false, sealer->write, sealer->user));
			sealer->filled = 0;
			continue;
		}
		if (fits > part.len)
			fits = part.len;
		memcpy(sealer->chunk->data + sealer->filled, part.data, fits);
		sealer->filled += fits;
		part.data += fits;
		part.len -= fits;
	}
	return NULL;
}

const struct error *age_sealer_end(struct age_sealer *sealer)
{
	return seal_chunk(&sealer->file, sealer->chunk, sealer->filled, true, sealer->write, sealer->user);
}

static const struct error *open_header(
	struct age_input *input, const struct secret *const *identities, size_t count, struct file *file)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	uint8_t nonce[NONCE_LEN];
	struct age_header header;
	size_t got;

	TRY(age_header_read(scratch, input, &header));
	TRY(age_header_open(&header, identities, count, file->keys));
	TRY(age_input_fill(input, nonce, sizeof nonce, &got));
	if (got != sizeof nonce)
		return error_new(ERROR_INVALID, "an age file that is cut off behind its header");
	payload_start(file, nonce);
	return NULL;
}

static const struct error *open_payload(
	struct file *file, struct age_input *input, size_t chunk_len, age_write *write, void *user)
{
	const size_t full = chunk_len + AGE_TAG_LEN;
	struct secret *chunk CLEANUP(secret_free) = secret_new(full + 1);
	size_t kept = 0;
	bool first = true, last;

	do {
		unsigned long long plain_len;
		uint8_t next;
		size_t got;

		TRY(age_input_fill(input, chunk->data + kept, full + 1 - kept, &got));
		got += kept;
		last = got <= full;
		kept = last ? 0 : 1;
		next = chunk->data[full];
		file->nonce[CHUNK_NONCE_LEN - 1] = last;
		if (crypto_aead_chacha20poly1305_ietf_decrypt(chunk->data, &plain_len, NULL, chunk->data,
			    got - kept, NULL, 0, file->nonce, file->keys->payload) != 0)
			return error_new(ERROR_INVALID, "an age file that is damaged or cut off");
		if (plain_len == 0 && !first)
			return error_new(ERROR_INVALID, "an age file that ends in an empty chunk");
		if (plain_len)
			TRY(write(user, chunk->data, (size_t)plain_len));
		chunk->data[0] = next;
		first = false;
		payload_step(file);
	} while (!last);
	return NULL;
}

const struct error *age_seal_stream(age_read *read, void *read_user, age_write *write, void *write_user,
	const struct age_recipient *recipients, size_t count)
{
	struct age_input input;

	age_input_start(&input, read, read_user);
	return seal(&input, CHUNK_LEN, write, write_user, recipients, count);
}

const struct error *age_open_stream(const struct secret *const *identities, size_t count, age_read *read,
	void *read_user, age_write *write, void *write_user)
{
	struct file file CLEANUP(file) = file_new();
	struct age_input input;

	age_input_start(&input, read, read_user);
	TRY(open_header(&input, identities, count, &file));
	return open_payload(&file, &input, CHUNK_LEN, write, write_user);
}

/* A stream out of bytes in memory. */
static const struct error *read_bytes(void *user, uint8_t *to, size_t max, size_t *got)
{
	struct bytes *left = user;

	*got = left->len < max ? left->len : max;
	if (*got) {
		memcpy(to, left->data, *got);
		left->data += *got;
		left->len -= *got;
	}
	return NULL;
}

static const struct error *write_buffer(void *user, const uint8_t *from, size_t len)
{
	buffer_add(user, from, len);
	return NULL;
}

struct filled {
	struct secret *secret;
	size_t len;
};

static const struct error *write_secret(void *user, const uint8_t *from, size_t len)
{
	struct filled *to = user;

	assert(len <= to->secret->len - to->len);
	memcpy(to->secret->data + to->len, from, len);
	to->len += len;
	return NULL;
}

static size_t at_most_a_chunk(size_t len)
{
	return len < CHUNK_LEN ? len : CHUNK_LEN;
}

const struct error *age_seal(const void *context, struct bytes plain, const struct age_recipient *recipients,
	size_t count, struct bytes *out)
{
	struct buffer *sealed = buffer_new(context);
	struct bytes left = plain;
	const struct error *error;
	struct age_input input;

	age_input_start(&input, read_bytes, &left);
	error = seal(&input, at_most_a_chunk(plain.len), write_buffer, sealed, recipients, count);
	if (error) {
		memory_free(sealed);
		return error;
	}
	*out = buffer_bytes(sealed);
	return NULL;
}

const struct error *age_open(
	const struct secret *const *identities, size_t count, struct bytes sealed, struct secret **plain)
{
	struct secret *whole CLEANUP(secret_free) = NULL;
	struct file file CLEANUP(file) = file_new();
	size_t chunks, payload_len;
	struct bytes left = sealed;
	struct age_input input;
	struct filled to;

	age_input_start(&input, read_bytes, &left);
	TRY(open_header(&input, identities, count, &file));
	payload_len = sealed.len - input.taken;
	chunks = payload_len / (CHUNK_LEN + AGE_TAG_LEN) + (payload_len % (CHUNK_LEN + AGE_TAG_LEN) != 0);
	if (chunks == 0 || payload_len < chunks * AGE_TAG_LEN)
		return error_new(ERROR_INVALID, "an age file that is cut off");
	whole = secret_new(payload_len - chunks * AGE_TAG_LEN);
	to = (struct filled){whole, 0};
	TRY(open_payload(&file, &input, at_most_a_chunk(whole->len), write_secret, &to));
	assert(to.len == whole->len);
	*plain = whole;
	whole = NULL;
	return NULL;
}

const struct error *age_look(struct bytes sealed, size_t *recipients, size_t *header_len)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct age_header header;
	struct age_input input;

	age_input_start(&input, read_bytes, &sealed);
	TRY(age_header_read(scratch, &input, &header));
	if (header.others || header.count > AGE_RECIPIENTS_MAX)
		return error_new(ERROR_INVALID, "an age file with other than 1 to %d X25519 recipients",
			AGE_RECIPIENTS_MAX);
	*recipients = header.count;
	*header_len = input.taken;
	return NULL;
}
