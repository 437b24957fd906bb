/* The text of age keys: see bech32.h. Used by age.c alone, in every process.
 *
 * Keys are read from screens, sheets and files; the checksum finds any four wrong characters. Guards: one key
 * has one spelling, and a private key that passed through here leaves nothing on the stack. */
#include "node/vault/bech32.h"

#include <ctype.h>
#include <string.h>

#include "node/vault/secret.h"

#define DATA_LEN 52 /* 32 bytes in groups of five bits; the last four bits are zero */
#define CHECKSUM_LEN 6

static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

static uint32_t checksum_step(uint32_t sum, uint8_t value)
{
	static const uint32_t generator[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
	uint32_t top = sum >> 25;

	sum = (sum & 0x1ffffff) << 5 ^ value;
	for (unsigned i = 0; i < 5; i++)
		if (top >> i & 1)
			sum ^= generator[i];
	return sum;
}

static uint32_t checksum(const char *prefix, const uint8_t *values, size_t len)
{
	uint32_t sum = 1;

	for (const char *c = prefix; *c; c++)
		sum = checksum_step(sum, (uint8_t)(tolower((unsigned char)*c) >> 5));
	sum = checksum_step(sum, 0);
	for (const char *c = prefix; *c; c++)
		sum = checksum_step(sum, (uint8_t)(tolower((unsigned char)*c) & 31));
	for (size_t i = 0; i < len; i++)
		sum = checksum_step(sum, values[i]);
	return sum;
}

void bech32_encode(char *out, const char *prefix, const uint8_t data[static BECH32_BYTES])
{
	bool upper = isupper((unsigned char)prefix[0]);
	uint8_t values[DATA_LEN + CHECKSUM_LEN] = {0};
	size_t prefix_len = strlen(prefix);
	uint32_t sum;

	for (size_t bit = 0; bit < BECH32_BYTES * 8; bit++)
		values[bit / 5] |= (uint8_t)((data[bit / 8] >> (7 - bit % 8) & 1) << (4 - bit % 5));
	sum = checksum(prefix, values, sizeof values) ^ 1;
	for (size_t i = 0; i < CHECKSUM_LEN; i++)
		values[DATA_LEN + i] = sum >> 5 * (CHECKSUM_LEN - 1 - i) & 31;
	memcpy(out, prefix, prefix_len);
	out[prefix_len] = '1';
	for (size_t i = 0; i < sizeof values; i++) {
		char c = alphabet[values[i]];

		out[prefix_len + 1 + i] = (char)(upper ? toupper((unsigned char)c) : c);
	}
	out[BECH32_TEXT_LEN(prefix_len)] = '\0';
	secret_wipe(values, sizeof values);
}

static bool to_values(uint8_t *values, size_t count, const char *text, bool upper)
{
	for (size_t i = 0; i < count; i++) {
		const char *at;

		if (upper ? islower((unsigned char)text[i]) : isupper((unsigned char)text[i]))
			return false;
		at = strchr(alphabet, tolower((unsigned char)text[i]));
		if (!at || !*at)
			return false;
		values[i] = (uint8_t)(at - alphabet);
	}
	return true;
}

const struct error *bech32_decode(uint8_t out[static BECH32_BYTES], const char *prefix, const char *text)
{
	uint8_t values[DATA_LEN + CHECKSUM_LEN];
	size_t prefix_len = strlen(prefix);
	bool holds;

	if (strnlen(text, BECH32_TEXT_LEN(prefix_len) + 1) != BECH32_TEXT_LEN(prefix_len) ||
		memcmp(text, prefix, prefix_len) != 0 || text[prefix_len] != '1')
		return error_new(ERROR_INVALID, "not a key that begins with %s1", prefix);
	holds = to_values(values, sizeof values, text + prefix_len + 1, isupper((unsigned char)prefix[0])) &&
		checksum(prefix, values, sizeof values) == 1 && (values[DATA_LEN - 1] & 15) == 0;
	if (holds) {
		memset(out, 0, BECH32_BYTES);
		for (size_t bit = 0; bit < BECH32_BYTES * 8; bit++)
			out[bit / 8] |= (uint8_t)((values[bit / 5] >> (4 - bit % 5) & 1) << (7 - bit % 8));
	}
	secret_wipe(values, sizeof values);
	if (!holds)
		return error_new(
			ERROR_INVALID, "a key that begins with %s1, but was mistyped or cut", prefix);
	return NULL;
}
