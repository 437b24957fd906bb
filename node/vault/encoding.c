/* Base64 for what people and files carry as text: keys, signatures, sealed boxes. See encoding.h.
 *
 * Guards: one run of bytes has one spelling, so nothing can be changed in a signed or hashed text without
 * changing what it says. Not for secrets, whose text lies in a struct secret. Used by every process. */
#include "node/vault/encoding.h"

#include <sodium.h>
#include <string.h>

#define UNPADDED sodium_base64_VARIANT_ORIGINAL_NO_PADDING

char *encoding_base64(const void *context, struct bytes data)
{
	size_t size = sodium_base64_encoded_len(data.len, UNPADDED);
	char *text = memory_array(context, char, size);

	return sodium_bin2base64(text, size, data.data, data.len, UNPADDED);
}

bool encoding_decode(uint8_t *out, size_t max, struct bytes text, size_t *len)
{
	/* libsodium 1.0.18 takes the byte 0xaf for '/' (0x2f): only ASCII may reach it. */
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] > 0x7f)
			return false;
	return sodium_base642bin(out, max, (const char *)text.data, text.len, NULL, len, NULL, UNPADDED) == 0;
}

/* 1 to 64 for base64's digits, 0 for all else. Without branches: their digits are random, and a wrong guess
 * costs more than the sum. */
static unsigned digit_of(uint8_t c)
{
	unsigned upper = c - (unsigned)'A', lower = c - (unsigned)'a', figure = c - (unsigned)'0';

	return (upper < 26) * (upper + 1) + (lower < 26) * (lower + 27) + (figure < 10) * (figure + 53) +
	       (c == '+') * 63U + (c == '/') * 64U;
}

bool encoding_decode_open(uint8_t *out, size_t max, struct bytes text, size_t *len)
{
	uint32_t bits = 0;
	unsigned waiting = 0; /* bits in `bits` that are not in `out` yet */
	size_t done = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned digit = digit_of(text.data[i]);

		if (!digit)
			return false;
		bits = bits << 6 | (digit - 1);
		waiting += 6;
		if (waiting < 8)
			continue;
		waiting -= 8;
		if (done == max)
			return false;
		out[done++] = (uint8_t)(bits >> waiting);
	}
	/* A last digit alone says nothing, and bits left over must be zero: one spelling only. */
	if (waiting >= 6 || (bits & ((1u << waiting) - 1)))
		return false;
	*len = done;
	return true;
}

const struct error *encoding_from_base64(const void *context, const char *text, struct bytes *out)
{
	size_t size = strlen(text), len;
	uint8_t *data = memory_array(context, uint8_t, size + 1);

	if (!encoding_decode(data, size, (struct bytes){(const uint8_t *)text, size}, &len)) {
		memory_free(data);
		return error_new(ERROR_INVALID, "not unpadded base64");
	}
	*out = (struct bytes){data, len};
	return NULL;
}

const struct error *encoding_from_base64_exact(uint8_t *out, size_t len, const char *text)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct bytes data;

	TRY(encoding_from_base64(scratch, text, &data));
	if (data.len != len)
		return error_new(ERROR_INVALID, "base64 of %zu bytes where %zu belong", data.len, len);
	memcpy(out, data.data, len);
	return NULL;
}
