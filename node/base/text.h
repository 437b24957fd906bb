/* Small work on text and numbers that the C library leaves out. Nothing here allocates but where it takes a
 * context. */
#ifndef ENGABO_BASE_TEXT_H
#define ENGABO_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/base/error.h"
#include "node/base/memory.h"

/* UTF-8 by RFC 3629: no surrogates, no overlong forms, nothing past U+10FFFF, and no NUL. */
bool text_is_utf8(const void *data, size_t len);
/* Valid UTF-8 in which what is read is what is there: no control characters, no marks or embeddings of
 * direction (UAX #9: U+061C, U+200E, U+200F, U+202A-202E, U+2066-2069), no line or paragraph separators. */
bool text_is_plain(const char *text);
/* Characters (code points) of valid UTF-8. */
size_t text_length(const char *text);
/* ASCII only; the rest is left as it is. In place. */
void text_lower(char *text);
bool text_starts(const char *text, const char *prefix);
bool text_ends(const char *text, const char *suffix);
/* A copy without white space at both ends, on `context`. */
char *text_trim(const void *context, const char *text);
/* Lines "\r\n" and "\r" become "\n". In place; returns the new length. */
size_t text_unix_lines(char *text);

/* Digits only, no sign, no leading zeros (but "0" itself), at most `max`. ERROR_INVALID else. */
const struct error *text_to_number(const char *text, uint64_t max, uint64_t *out) MUST_CHECK;

/* out holds 2 * len + 1. */
void text_hex(char *out, const uint8_t *data, size_t len);
/* Exactly 2 * len lower-case digits. */
const struct error *text_from_hex(uint8_t *out, size_t len, const char *hex) MUST_CHECK;

/* Days and seconds as people and RFC 3339 write them, UTC: "2026-11-23T09:12:44Z" (21 bytes with NUL). */
#define TEXT_TIME_SIZE 21
void text_time(char out[static TEXT_TIME_SIZE], int64_t seconds);
const struct error *text_to_time(const char *text, int64_t *seconds) MUST_CHECK;
/* "2026-11-23"; refuses days that do not exist. */
bool text_is_date(const char *text);

#endif
