/* Random names: see ids.h. Used by every process. */
#include "node/base/ids.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

void ids_random(void *out, size_t len)
{
	uint8_t *p = out;

	while (len) {
		ssize_t got = getrandom(p, len, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			abort();
		p += got;
		len -= (size_t)got;
	}
}

/* `count` characters of five bits, the most significant first; bits past the end of `data` are not asked for.
 */
static void base32(char *out, size_t count, const uint8_t *data, size_t skip_bits)
{
	for (size_t i = 0; i < count; i++) {
		unsigned value = 0;

		for (size_t bit = 0; bit < 5; bit++) {
			size_t at = i * 5 + bit;

			value <<= 1;
			if (at >= skip_bits) {
				at -= skip_bits;
				value |= data[at / 8] >> (7 - at % 8) & 1;
			}
		}
		out[i] = alphabet[value];
	}
	out[count] = '\0';
}

static bool is_base32(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!text[i] || !strchr(alphabet, text[i]))
			return false;
	return true;
}

void ids_log_new(char out[static LOG_ID_SIZE])
{
	uint8_t random[10];

	ids_random(random, sizeof random);
	base32(out, LOG_ID_SIZE - 1, random, 0);
}

bool ids_is_log(const char *text)
{
	return strlen(text) == LOG_ID_SIZE - 1 && is_base32(text, LOG_ID_SIZE - 1);
}

void ids_ulid_new(char out[static ULID_SIZE], uint64_t now_ms)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static uint8_t last[16];
	uint8_t next[16];

	for (int i = 0; i < 6; i++)
		next[i] = (uint8_t)(now_ms >> (40 - 8 * i));
	ids_random(next + 6, 10);
	pthread_mutex_lock(&lock);
	if (memcmp(next, last, 6) <= 0) { /* the same millisecond, or a clock set back: count on */
		int i = 15;

		memcpy(next, last, sizeof next);
		while (i >= 0 && ++next[i] == 0)
			i--;
	}
	memcpy(last, next, sizeof last);
	pthread_mutex_unlock(&lock);
	base32(out, ULID_SIZE - 1, next, 2); /* 26 * 5 = 130 bits: two zero bits in front of 128 */
}

bool ids_is_ulid(const char *text)
{
	return strlen(text) == ULID_SIZE - 1 && is_base32(text, ULID_SIZE - 1) && text[0] <= '7';
}

uint64_t ids_ulid_ms(const char *text)
{
	uint64_t ms = 0;

	for (int i = 0; i < 10 && text[i]; i++) {
		const char *at = strchr(alphabet, text[i]);

		ms = ms << 5 | (at ? (uint64_t)(at - alphabet) : 0);
	}
	return ms;
}

void ids_key_make(char out[static ENTITY_KEY_SIZE], const char *log, const char *ulid)
{
	snprintf(out, ENTITY_KEY_SIZE, "%.16s.%.26s", log, ulid);
}

bool ids_is_key(const char *text)
{
	return strlen(text) == ENTITY_KEY_SIZE - 1 && is_base32(text, LOG_ID_SIZE - 1) &&
	       text[LOG_ID_SIZE - 1] == '.' && ids_is_ulid(text + LOG_ID_SIZE);
}

void ids_key_log(char out[static LOG_ID_SIZE], const char *key)
{
	memcpy(out, key, LOG_ID_SIZE - 1);
	out[LOG_ID_SIZE - 1] = '\0';
}

bool ids_is_code(const char *text)
{
	size_t len = strlen(text);

	if (len < 2 || len > 8 || text[0] < 'A' || text[0] > 'Z')
		return false;
	for (size_t i = 1; i < len; i++)
		if (!((text[i] >= 'A' && text[i] <= 'Z') || (text[i] >= '0' && text[i] <= '9')))
			return false;
	return true;
}

void ids_reference(char out[static REFERENCE_SIZE], const char *code, const char *key, unsigned attempt)
{
	uint64_t hash = 14695981039346656037u;
	char tail[6];

	for (const char *c = key; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 1099511628211u;
	hash = (hash ^ attempt) * 1099511628211u;
	hash ^= hash >> 32;
	for (int i = 0; i < 5; i++) {
		char c = alphabet[hash >> (5 * i) & 31];

		tail[i] = (char)(c >= 'a' ? c - 'a' + 'A' : c);
	}
	tail[5] = '\0';
	snprintf(out, REFERENCE_SIZE, "%.8s-%s", code, tail);
}
