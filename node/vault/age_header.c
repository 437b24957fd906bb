/* Who can open a record: reads and writes the header of an age file. See age_header.h; what comes after it is
 * for age.c.
 *
 * Headers arrive from other hubs, relays and sticks and are read before anything is believed. Guards: a
 * header has one spelling, nothing of it is used before its MAC holds, and a share that would make the key
 * guessable is refused. Used by every process. */
#include "node/vault/age_header.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "node/vault/encoding.h"

#define VERSION_LINE "age-encryption.org/v1"
#define STANZA_BEGIN "-> "
#define MAC_BEGIN "---"
#define X25519_INFO "age-encryption.org/v1/X25519"
#define BODY_COLUMNS 64

_Static_assert(AGE_KEY_LEN == crypto_scalarmult_BYTES && AGE_KEY_LEN == crypto_scalarmult_SCALARBYTES &&
		       AGE_TAG_LEN == crypto_aead_chacha20poly1305_ietf_ABYTES,
	"X25519 and ChaCha20-Poly1305");

void age_input_start(struct age_input *input, age_read *read, void *user)
{
	input->read = read;
	input->user = user;
	input->taken = input->at = input->end = 0;
}

const struct error *age_input_fill(struct age_input *input, uint8_t *to, size_t max, size_t *got)
{
	size_t filled = input->end - input->at;

	if (filled > max)
		filled = max;
	memcpy(to, input->ahead + input->at, filled);
	input->at += filled;
	while (filled < max) {
		size_t more = 0;

		TRY(input->read(input->user, to + filled, max - filled, &more));
		assert(more <= max - filled);
		if (more == 0)
			break;
		filled += more;
	}
	input->taken += filled;
	*got = filled;
	return NULL;
}

/* Adds one line to `text` and takes it off the input; *line is without its newline and holds until the next
 * call. */
static const struct error *take_line(struct age_input *input, struct buffer *text, struct bytes *line)
{
	size_t start = text->len;

	for (;;) {
		uint8_t *from, *newline;
		size_t len;

		if (input->at == input->end) {
			input->at = input->end = 0;
			TRY(input->read(input->user, input->ahead, sizeof input->ahead, &input->end));
			assert(input->end <= sizeof input->ahead);
			if (input->end == 0)
				return error_new(ERROR_INVALID, "an age file that is cut off in its header");
		}
		from = input->ahead + input->at;
		newline = memchr(from, '\n', input->end - input->at);
		len = newline ? (size_t)(newline - from) + 1 : input->end - input->at;
		if (text->len + len > AGE_HEADER_MAX)
			return error_new(
				ERROR_INVALID, "an age file whose header is over %d bytes", AGE_HEADER_MAX);
		buffer_add(text, from, len);
		input->at += len;
		input->taken += len;
		if (newline) {
			*line = (struct bytes){text->data + start, text->len - start - 1};
			return NULL;
		}
		/* Nothing before the first line's end is worth waiting for unless it can still become that
		 * line. */
		if (start == 0 && text->len > strlen(VERSION_LINE))
			return error_new(ERROR_INVALID, "not an age file");
	}
}

static bool begins(struct bytes line, const char *text)
{
	return line.len >= strlen(text) && memcmp(line.data, text, strlen(text)) == 0;
}

/* Arguments are runs of printable ASCII with one space between. */
static bool are_arguments(struct bytes text)
{
	bool between = true;

	for (size_t i = 0; i < text.len; i++) {
		bool space = text.data[i] == ' ';

		if ((space && between) || (!space && (text.data[i] < 0x21 || text.data[i] > 0x7e)))
			return false;
		between = space;
	}
	return !between;
}

/* Reads over a stanza's body, keeps up to `max` bytes of it and says how long it was. */
static const struct error *take_body(
	struct age_input *input, struct buffer *text, uint8_t *kept, size_t max, size_t *len)
{
	struct bytes line;

	*len = 0;
	do {
		uint8_t part[BODY_COLUMNS / 4 * 3];
		size_t part_len;

		TRY(take_line(input, text, &line));
		if (line.len > BODY_COLUMNS || !encoding_decode_open(part, sizeof part, line, &part_len))
			return error_new(
				ERROR_INVALID, "an age file with a recipient that is not well written");
		if (*len < max)
			memcpy(kept + *len, part, part_len < max - *len ? part_len : max - *len);
		*len += part_len;
	} while (line.len == BODY_COLUMNS);
	return NULL;
}

static const struct error *take_stanza(const void *context, struct age_input *input, struct buffer *text,
	struct bytes arguments, struct age_header *header)
{
	struct age_stanza stanza = {0};
	size_t share_len, body_len;
	bool ours;

	if (!are_arguments(arguments))
		return error_new(ERROR_INVALID, "an age file with a recipient that is not well written");
	ours = begins(arguments, "X25519") && (arguments.len == 6 || arguments.data[6] == ' ');
	if (ours) {
		struct bytes share = {arguments.data + 7, arguments.len < 7 ? 0 : arguments.len - 7};

		if (!encoding_decode_open(stanza.share, sizeof stanza.share, share, &share_len) ||
			share_len != sizeof stanza.share)
			return error_new(
				ERROR_INVALID, "an age file with an X25519 recipient of the wrong shape");
	}
	TRY(take_body(input, text, stanza.wrapped, sizeof stanza.wrapped, &body_len));
	if (!ours) {
		header->others++;
		return NULL;
	}
	if (body_len != sizeof stanza.wrapped)
		return error_new(ERROR_INVALID, "an age file with an X25519 recipient of the wrong length");
	header->stanzas = memory_resize(context, header->stanzas, struct age_stanza, header->count + 1);
	header->stanzas[header->count++] = stanza;
	return NULL;
}

const struct error *age_header_read(const void *context, struct age_input *input, struct age_header *out)
{
	struct buffer *text = buffer_new(context);
	struct age_header header = {0};
	size_t mac_len;
	struct bytes line;

	TRY(take_line(input, text, &line));
	if (line.len != strlen(VERSION_LINE) || !begins(line, VERSION_LINE))
		return error_new(ERROR_INVALID, "not an age file of version 1");
	for (;;) {
		TRY(take_line(input, text, &line));
		if (!begins(line, STANZA_BEGIN))
			break;
		TRY(take_stanza(context, input, text,
			(struct bytes){line.data + strlen(STANZA_BEGIN), line.len - strlen(STANZA_BEGIN)},
			&header));
	}
	if (!begins(line, MAC_BEGIN " ") || header.count + header.others == 0)
		return error_new(ERROR_INVALID, "an age file whose header is not well written");
	header.covered = (struct bytes){text->data, (size_t)(line.data - text->data) + strlen(MAC_BEGIN)};
	line = (struct bytes){line.data + strlen(MAC_BEGIN " "), line.len - strlen(MAC_BEGIN " ")};
	if (!encoding_decode_open(header.mac, sizeof header.mac, line, &mac_len) ||
		mac_len != sizeof header.mac)
		return error_new(ERROR_INVALID, "an age file whose header is not well written");
	*out = header;
	return NULL;
}

static void header_mac(uint8_t out[static DIGEST_LEN], struct age_keys *keys, struct bytes covered)
{
	digest_hkdf(keys->mac, sizeof keys->mac, (struct bytes){NULL, 0}, BYTES_OF(keys->file), "header");
	digest_hmac(out, keys->mac, covered);
}

/* The key that wraps the file key, from X25519(scalar, point); false for a point of low order, with which
 * anybody could know it. */
static bool wrap_key(struct age_keys *keys, const uint8_t scalar[static AGE_KEY_LEN],
	const uint8_t point[static AGE_KEY_LEN], const uint8_t share[static AGE_KEY_LEN],
	const struct age_recipient *recipient)
{
	uint8_t salt[2 * AGE_KEY_LEN];

	if (crypto_scalarmult(keys->shared, scalar, point) != 0)
		return false;
	memcpy(salt, share, AGE_KEY_LEN);
	memcpy(salt + AGE_KEY_LEN, recipient->key, AGE_KEY_LEN);
	digest_hkdf(keys->wrap, sizeof keys->wrap, BYTES_OF(salt), BYTES_OF(keys->shared), X25519_INFO);
	return true;
}

static const uint8_t zero_nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

static const struct error *try_identity(
	const struct age_header *header, const struct secret *identity, struct age_keys *keys, bool *opened)
{
	struct age_recipient recipient;

	TRY(age_recipient_of(&recipient, identity));
	for (size_t i = 0; i < header->count; i++) {
		const struct age_stanza *stanza = &header->stanzas[i];

		if (!wrap_key(keys, identity->data, stanza->share, stanza->share, &recipient))
			return error_new(ERROR_INVALID, "an age file with an X25519 share of low order");
		if (crypto_aead_chacha20poly1305_ietf_decrypt(keys->file, NULL, NULL, stanza->wrapped,
			    sizeof stanza->wrapped, NULL, 0, zero_nonce, keys->wrap) == 0) {
			*opened = true;
			return NULL;
		}
	}
	return NULL;
}

const struct error *age_header_open(const struct age_header *header, const struct secret *const *identities,
	size_t count, struct age_keys *keys)
{
	uint8_t mac[DIGEST_LEN];
	bool opened = false;

	for (size_t i = 0; i < count && !opened; i++)
		TRY(try_identity(header, identities[i], keys, &opened));
	if (!opened)
		return error_new(ERROR_DENIED, "an age file that is not sealed to any key at hand");
	header_mac(mac, keys, header->covered);
	if (!secret_bytes_equal(mac, header->mac, sizeof mac))
		return error_new(ERROR_INVALID, "an age file whose header was changed");
	return NULL;
}

static const struct error *add_stanza(
	struct buffer *out, struct age_keys *keys, const struct age_recipient *recipient)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct age_stanza stanza;

	randombytes_buf(keys->ephemeral, sizeof keys->ephemeral);
	crypto_scalarmult_base(stanza.share, keys->ephemeral);
	if (!wrap_key(keys, keys->ephemeral, recipient->key, stanza.share, recipient))
		return error_new(ERROR_INVALID, "a recipient that is not a usable key");
	crypto_aead_chacha20poly1305_ietf_encrypt(
		stanza.wrapped, NULL, keys->file, sizeof keys->file, NULL, 0, NULL, zero_nonce, keys->wrap);
	/* The wrapped key's 43 characters are one short line, as the last of a body must be. */
	buffer_format(out, STANZA_BEGIN "X25519 %s\n%s\n", encoding_base64(scratch, BYTES_OF(stanza.share)),
		encoding_base64(scratch, BYTES_OF(stanza.wrapped)));
	return NULL;
}

const struct error *age_header_make(
	struct buffer *out, struct age_keys *keys, const struct age_recipient *recipients, size_t count)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	uint8_t mac[DIGEST_LEN];
	size_t start = out->len;

	buffer_text(out, VERSION_LINE "\n");
	for (size_t i = 0; i < count; i++)
		TRY(add_stanza(out, keys, &recipients[i]));
	buffer_text(out, MAC_BEGIN);
	header_mac(mac, keys, (struct bytes){out->data + start, out->len - start});
	buffer_format(out, " %s\n", encoding_base64(scratch, BYTES_OF(mac)));
	return NULL;
}
