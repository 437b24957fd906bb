/* Text and numbers: see text.h. Strict, because most of what comes here is from outside. Used by every
 * process. */
#include "node/base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

bool text_is_utf8(const void *data, size_t len)
{
	const uint8_t *p = data, *end = p + len;

	while (p < end) {
		uint32_t code, least;
		int more;

		if (*p == 0)
			return false;
		if (*p < 0x80) {
			p++;
			continue;
		}
		if ((*p & 0xe0) == 0xc0) {
			code = *p & 0x1f, more = 1, least = 0x80;
		} else if ((*p & 0xf0) == 0xe0) {
			code = *p & 0x0f, more = 2, least = 0x800;
		} else if ((*p & 0xf8) == 0xf0) {
			code = *p & 0x07, more = 3, least = 0x10000;
		} else {
			return false;
		}
		if (end - p <= more)
			return false;
		for (int i = 1; i <= more; i++) {
			if ((p[i] & 0xc0) != 0x80)
				return false;
			code = code << 6 | (p[i] & 0x3f);
		}
		if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
			return false;
		p += more + 1;
	}
	return true;
}

static bool is_unseen(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c || code == 0x200e ||
	       code == 0x200f || (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

bool text_is_plain(const char *text)
{
	const uint8_t *p = (const uint8_t *)text;

	if (!text_is_utf8(text, strlen(text)))
		return false;
	while (*p) {
		uint32_t code = *p < 0x80 ? *p : *p < 0xe0 ? *p & 0x1f : *p < 0xf0 ? *p & 0x0f : *p & 0x07;

		for (p++; (*p & 0xc0) == 0x80; p++)
			code = code << 6 | (*p & 0x3f);
		if (is_unseen(code))
			return false;
	}
	return true;
}

size_t text_length(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

void text_lower(char *text)
{
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text += 'a' - 'A';
}

bool text_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_ends(const char *text, const char *suffix)
{
	size_t len = strlen(text), tail = strlen(suffix);

	return len >= tail && memcmp(text + len - tail, suffix, tail) == 0;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

char *text_trim(const void *context, const char *text)
{
	size_t len;

	while (is_space(*text))
		text++;
	len = strlen(text);
	while (len && is_space(text[len - 1]))
		len--;
	return memory_string_of(context, text, len);
}

size_t text_unix_lines(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (*from == '\r') {
			if (from[1] != '\n')
				*to++ = '\n';
			continue;
		}
		*to++ = *from;
	}
	*to = '\0';
	return (size_t)(to - text);
}

const struct error *text_to_number(const char *text, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (!*text || (text[0] == '0' && text[1]))
		return error_new(ERROR_INVALID, "not a number");
	for (; *text; text++) {
		unsigned digit = (unsigned)(unsigned char)*text - '0';

		if (digit > 9)
			return error_new(ERROR_INVALID, "not a number");
		if (value > (max - digit) / 10 || digit > max)
			return error_new(ERROR_INVALID, "a number over %llu", (unsigned long long)max);
		value = value * 10 + digit;
	}
	*out = value;
	return NULL;
}

void text_hex(char *out, const uint8_t *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[data[i] >> 4];
		out[2 * i + 1] = digits[data[i] & 15];
	}
	out[2 * len] = '\0';
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

const struct error *text_from_hex(uint8_t *out, size_t len, const char *hex)
{
	if (strlen(hex) != 2 * len)
		return error_new(ERROR_INVALID, "not %zu hexadecimal digits", 2 * len);
	for (size_t i = 0; i < 2 * len; i++)
		if (hex_value(hex[i]) < 0)
			return error_new(ERROR_INVALID, "not lower-case hexadecimal");
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(hex_value(hex[2 * i]) * 16 + hex_value(hex[2 * i + 1]));
	return NULL;
}

void text_time(char out[static TEXT_TIME_SIZE], int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || tm.tm_year + 1900 < 0 || tm.tm_year + 1900 > 9999) {
		memcpy(out, "0000-00-00T00:00:00Z", TEXT_TIME_SIZE);
		return;
	}
	strftime(out, TEXT_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* Fixed-width decimal, or -1. */
static int digits(const char *text, int count)
{
	int value = 0;

	for (int i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

static bool is_day(int year, int month, int day)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	if (year < 1 || month < 1 || month > 12 || day < 1)
		return false;
	return day <= days[month - 1] + (leap && month == 2);
}

bool text_is_date(const char *text)
{
	return strlen(text) == 10 && text[4] == '-' && text[7] == '-' &&
	       is_day(digits(text, 4), digits(text + 5, 2), digits(text + 8, 2));
}

const struct error *text_to_time(const char *text, int64_t *seconds)
{
	struct tm tm = {0};

	if (strlen(text) != 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
		text[16] != ':' || text[19] != 'Z')
		return error_new(ERROR_INVALID, "not a time like 2026-11-23T09:12:44Z");
	tm.tm_year = digits(text, 4) - 1900;
	tm.tm_mon = digits(text + 5, 2) - 1;
	tm.tm_mday = digits(text + 8, 2);
	tm.tm_hour = digits(text + 11, 2);
	tm.tm_min = digits(text + 14, 2);
	tm.tm_sec = digits(text + 17, 2);
	if (!is_day(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday) || tm.tm_hour < 0 || tm.tm_hour > 23 ||
		tm.tm_min < 0 || tm.tm_min > 59 || tm.tm_sec < 0 || tm.tm_sec > 60)
		return error_new(ERROR_INVALID, "not a time that exists");
	*seconds = (int64_t)timegm(&tm);
	return NULL;
}
