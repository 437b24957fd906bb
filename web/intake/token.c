/* The token of a form, so that a report pressed twice is taken once (token.h). Pure but for the random nonce;
 * nothing is kept here, what was sent is remembered by receipts.c.
 *
 * Invariant: only this process makes tokens that it calls good. Runs in intake. */
#include "web/intake/token.h"

#include <assert.h>
#include <string.h>

#include "node/base/ids.h"
#include "node/base/text.h"
#include "node/vault/digest.h"

#define NONCE_LEN 16
#define TIME_LEN 8
#define MAC_LEN 16
#define TOKEN_LEN (NONCE_LEN + TIME_LEN + MAC_LEN)

static_assert(TOKEN_SIZE == 2 * TOKEN_LEN + 1, "a token is its bytes in hex");

static void mac(
	uint8_t out[static DIGEST_LEN], const struct secret *key, const uint8_t token[static TOKEN_LEN])
{
	digest_hmac(out, key->data, (struct bytes){token, NONCE_LEN + TIME_LEN});
}

void token_new(char out[static TOKEN_SIZE], const struct secret *key, int64_t now)
{
	uint8_t token[TOKEN_LEN], whole[DIGEST_LEN];

	ids_random(token, NONCE_LEN);
	for (int i = 0; i < TIME_LEN; i++)
		token[NONCE_LEN + i] = (uint8_t)((uint64_t)now >> (56 - 8 * i));
	mac(whole, key, token);
	memcpy(token + NONCE_LEN + TIME_LEN, whole, MAC_LEN);
	text_hex(out, token, sizeof token);
}

static bool read_token(uint8_t out[static TOKEN_LEN], const char *token)
{
	const struct error *error = text_from_hex(out, TOKEN_LEN, token);

	return error == NULL;
}

bool token_is_whole(const char *token)
{
	uint8_t bytes[TOKEN_LEN];

	return read_token(bytes, token);
}

/* Only of one that is ours. */
static bool read_age(int64_t *age, const char *token, const struct secret *key, int64_t now)
{
	uint8_t bytes[TOKEN_LEN], whole[DIGEST_LEN];
	uint64_t made = 0;

	if (!read_token(bytes, token))
		return false;
	mac(whole, key, bytes);
	if (!secret_bytes_equal(whole, bytes + NONCE_LEN + TIME_LEN, MAC_LEN))
		return false;
	for (int i = 0; i < TIME_LEN; i++)
		made = made << 8 | bytes[NONCE_LEN + i];
	*age = now - (int64_t)made;
	return true;
}

enum token_state token_check(const char *token, const struct secret *key, int64_t now, int64_t least)
{
	int64_t age;

	if (!read_age(&age, token, key, now) || age > TOKEN_LIFE_SECONDS)
		return TOKEN_STALE;
	return age < least ? TOKEN_YOUNG : TOKEN_GOOD;
}

bool token_is_lost(const char *token, const struct secret *key, int64_t now)
{
	int64_t age;

	return !read_age(&age, token, key, now) || age > TOKEN_KNOWN_SECONDS;
}

void token_ticket(char out[static TICKET_SIZE], const char *token)
{
	uint8_t ticket[DIGEST_LEN];

	digest_hkdf(ticket, sizeof ticket, (struct bytes){NULL, 0},
		(struct bytes){(const uint8_t *)token, strlen(token)}, "engabo receipt page");
	text_hex(out, ticket, sizeof ticket);
}

bool token_is_ticket(const char *text)
{
	uint8_t bytes[DIGEST_LEN];
	const struct error *error = text_from_hex(bytes, sizeof bytes, text);

	return error == NULL;
}
