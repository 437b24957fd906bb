/* Words for people: see words.h. The list itself is words.txt.
 *
 * A passphrase that somebody has to remember, and the six words that two people compare over the phone. What
 * a passphrase opens is keyring.c's. Guards: a typed passphrase means the same whatever its case, its spaces
 * and the cut of its words. Used by office, and by commands. */
#include "node/vault/words.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "node/base/embed.h"
#include "node/base/text.h"

EMBED(words_list, "node/vault/words.txt");

#define WORD_LEN_MAX 8
#define WORD_LEN_CUT 3
#define WORD_BITS 10
#define SPOKEN_WORDS 6
#define SPOKEN_SALT "engabo-words-001"
#define SPOKEN_OPS 3
#define SPOKEN_MEMORY (64U << 20)

_Static_assert(WORDS_COUNT == 1 << WORD_BITS, "ten bits a word");
_Static_assert(sizeof SPOKEN_SALT - 1 == crypto_pwhash_SALTBYTES, "the salt of Argon2id");

/* A word as it lies in the list, with no NUL behind it. */
struct word {
	const char *text;
	size_t len;
};

static struct word word_at(const char *line)
{
	return (struct word){line, strcspn(line, "\n")};
}

static struct word word_of_number(unsigned number)
{
	const char *line = words_list;

	assert(number < WORDS_COUNT);
	while (number--)
		line = strchr(line, '\n') + 1;
	return word_at(line);
}

/* The word that begins with these letters, of which there are at least three; its `text` is NULL when there
 * is none. */
static struct word word_of_letters(const char *letters, size_t len)
{
	for (const char *line = words_list; *line; line = strchr(line, '\n') + 1) {
		struct word word = word_at(line);

		if (len <= word.len && strncasecmp(line, letters, len) == 0)
			return word;
	}
	return (struct word){NULL, 0};
}

struct secret *words_passphrase(unsigned count)
{
	struct secret *phrase = secret_new((size_t)count * (WORD_LEN_MAX + 1));
	size_t at = 0;

	for (unsigned i = 0; i < count; i++) {
		struct word word = word_of_number(randombytes_uniform(WORDS_COUNT));

		if (i)
			phrase->data[at++] = ' ';
		memcpy(phrase->data + at, word.text, word.len);
		at += word.len;
	}
	phrase->len = at;
	return phrase;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The words that were typed, completed; NULL when one of them is none of the list. */
static struct secret *completed(const char *typed, size_t len)
{
	/* Three letters become at most eight, and a space. */
	struct secret *whole = secret_new(len * 3 + 1);
	size_t at = 0, end;

	for (size_t i = 0; i < len; i = end) {
		struct word word;

		while (i < len && is_space(typed[i]))
			i++;
		for (end = i; end < len && !is_space(typed[end]); end++)
			;
		if (end - i < WORD_LEN_CUT || !(word = word_of_letters(typed + i, end - i)).text) {
			secret_free(whole);
			return NULL;
		}
		if (at)
			whole->data[at++] = ' ';
		memcpy(whole->data + at, word.text, word.len);
		at += word.len;
	}
	whole->len = at;
	return whole;
}

struct secret *words_normal(const char *typed)
{
	struct secret *whole;
	size_t len;

	while (is_space(*typed))
		typed++;
	len = strlen(typed);
	while (len && is_space(typed[len - 1]))
		len--;
	whole = completed(typed, len);
	return whole ? whole : secret_copy(typed, len);
}

char *words_of(const void *context, struct bytes data)
{
	uint8_t hash[crypto_pwhash_BYTES_MIN];
	struct buffer *spoken = buffer_new(context);
	uint64_t bits = 0;

	if (crypto_pwhash(hash, sizeof hash, (const char *)data.data, data.len, (const uint8_t *)SPOKEN_SALT,
		    SPOKEN_OPS, SPOKEN_MEMORY, crypto_pwhash_ALG_ARGON2ID13) != 0)
		abort();
	for (size_t i = 0; i < sizeof bits; i++)
		bits = bits << 8 | hash[i];
	for (unsigned i = 0; i < SPOKEN_WORDS; i++) {
		struct word word = word_of_number((unsigned)(bits >> (64 - WORD_BITS)));

		if (i)
			buffer_text(spoken, " ");
		buffer_add(spoken, word.text, word.len);
		bits <<= WORD_BITS;
	}
	return (char *)spoken->data;
}
