/* The way back for somebody who reported: a code to write down, and the mailbox that it opens. See mailbox.h.
 *
 * Codes are drawn and mailboxes opened here; the items in them are sealed by intake and office, and kept by
 * sync. Guards: without the code nobody can open a mailbox, and a slip in typing is told apart from a code
 * that nobody has. Process: intake and its child. */
#include "node/vault/mailbox.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "node/base/text.h"
#include "node/vault/digest.h"

#define RANDOM_DIGITS (MAILBOX_CODE_LEN - 2)
#define SALT "engabo-receipt-1"
#define OPS 3
#define MEMORY (64U << 20)
#define TYPED_MAX 200

_Static_assert(sizeof SALT - 1 == crypto_pwhash_SALTBYTES, "the salt of Argon2id");

void mailbox_free(struct mailbox *mailbox)
{
	if (!mailbox)
		return;
	secret_free(mailbox->identity);
	secret_free(mailbox->seed);
	memory_free(mailbox);
}

static unsigned modulo_97(const uint8_t *digits, size_t len)
{
	unsigned rest = 0;

	for (size_t i = 0; i < len; i++)
		rest = (rest * 10 + (digits[i] - '0')) % 97;
	return rest;
}

struct secret *mailbox_code_new(void)
{
	struct secret *code = secret_new(MAILBOX_CODE_LEN);
	unsigned check;

	for (size_t i = 0; i < RANDOM_DIGITS; i++)
		code->data[i] = (uint8_t)('0' + randombytes_uniform(10));
	/* ISO 7064 MOD 97-10: the whole number leaves 1. */
	check = 98 - modulo_97(code->data, RANDOM_DIGITS) * 100 % 97;
	code->data[RANDOM_DIGITS] = (uint8_t)('0' + check / 10);
	code->data[RANDOM_DIGITS + 1] = (uint8_t)('0' + check % 10);
	return code;
}

/* The next character, of UTF-8 that is whole; else its byte. */
static uint32_t next_character(const char **text)
{
	const uint8_t *at = (const uint8_t *)*text;
	size_t more = at[0] >= 0xf0 ? 3 : at[0] >= 0xe0 ? 2 : at[0] >= 0xc0 ? 1 : 0;
	uint32_t character = more ? at[0] & (0x3fU >> more) : at[0];

	for (size_t i = 1; i <= more; i++) {
		if ((at[i] & 0xc0) != 0x80) {
			(*text)++;
			return at[0];
		}
		character = character << 6 | (at[i] & 0x3fU);
	}
	*text += 1 + more;
	return character;
}

/* 0 to 9, or -1. ASCII, Arabic, Persian and Urdu, and full-width, as keyboards write them. */
static int digit_of(uint32_t character)
{
	static const uint32_t zeros[] = {'0', 0x660, 0x6f0, 0xff10};

	for (size_t i = 0; i < sizeof zeros / sizeof *zeros; i++)
		if (character >= zeros[i] && character <= zeros[i] + 9)
			return (int)(character - zeros[i]);
	return -1;
}

/* What people and their keyboards put between digits, and what comes along unseen when text is copied. */
static bool is_between(uint32_t character)
{
	static const uint32_t others[] = {' ', '\t', '\r', '\n', '-', '.', ',', '/', '_', 0xa0, 0xad, 0xb7,
		0x202f, 0x205f, 0x2060, 0x2212, 0x3000, 0xfeff};

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (character == others[i])
			return true;
	return character >= 0x2000 && character <= 0x2015; /* spaces, marks without width, dashes */
}

bool mailbox_code_digits(const char *typed, size_t *count, uint8_t first[MAILBOX_CODE_LEN])
{
	const char *end = typed + strnlen(typed, TYPED_MAX + 1);

	*count = 0;
	if (end - typed > TYPED_MAX)
		return false;
	while (typed < end) {
		uint32_t character = next_character(&typed);
		int digit = digit_of(character);

		if (digit < 0 && !is_between(character))
			return false;
		if (digit < 0)
			continue;
		if (*count < MAILBOX_CODE_LEN && first)
			first[*count] = (uint8_t)('0' + digit);
		(*count)++;
	}
	return true;
}

const struct error *mailbox_code_parse(const char *typed, struct secret **out)
{
	struct secret *code CLEANUP(secret_free) = secret_new(MAILBOX_CODE_LEN);
	size_t digits;

	if (!mailbox_code_digits(typed, &digits, code->data))
		return error_new(
			ERROR_INVALID, "a receipt code has only digits, with spaces or dashes between");
	if (digits != MAILBOX_CODE_LEN)
		return error_new(ERROR_INVALID, "a receipt code has %d digits, and these are %zu",
			MAILBOX_CODE_LEN, digits);
	if (modulo_97(code->data, MAILBOX_CODE_LEN) != 1)
		return error_new(ERROR_INVALID, "a digit of this receipt code was mistyped");
	*out = code;
	code = NULL;
	return NULL;
}

void mailbox_code_shown(char out[static MAILBOX_SHOWN_SIZE], const struct secret *code)
{
	assert(code->len == MAILBOX_CODE_LEN);
	for (size_t i = 0; i < MAILBOX_CODE_LEN; i++) {
		if (i && i % 4 == 0)
			*out++ = ' ';
		*out++ = (char)code->data[i];
	}
	*out = '\0';
}

struct secret *mailbox_seed(const struct secret *code)
{
	struct secret *seed = secret_new(MAILBOX_SEED_LEN);

	assert(code->len == MAILBOX_CODE_LEN);
	if (crypto_pwhash(seed->data, seed->len, (const char *)code->data, code->len, (const uint8_t *)SALT,
		    OPS, MEMORY, crypto_pwhash_ALG_ARGON2ID13) != 0)
		abort();
	return seed;
}

struct mailbox *mailbox_of_seed(const struct secret *seed)
{
	struct mailbox *mailbox = memory_new(NULL, struct mailbox);
	const struct bytes key = {seed->data, seed->len}, no_salt = {NULL, 0};
	uint8_t id[(MAILBOX_ID_SIZE - 1) / 2];

	assert(seed->len == MAILBOX_SEED_LEN);
	digest_hkdf(id, sizeof id, no_salt, key, "engabo mailbox id");
	text_hex(mailbox->id, id, sizeof id);
	mailbox->identity = secret_new(AGE_KEY_LEN);
	digest_hkdf(mailbox->identity->data, AGE_KEY_LEN, no_salt, key, "engabo mailbox age");
	if (age_recipient_of(&mailbox->recipient, mailbox->identity))
		abort();
	mailbox->seed = secret_new(SSHSIG_SEED_LEN);
	digest_hkdf(mailbox->seed->data, SSHSIG_SEED_LEN, no_salt, key, "engabo mailbox sign");
	sshsig_public_of(&mailbox->signer, mailbox->seed);
	return mailbox;
}
