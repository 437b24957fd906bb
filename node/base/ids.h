/* The names of things: log ids, event ids, entity keys, case references (formats.md, "Names of things").
 *
 * All are lower-case Crockford base32 (no i, l, o, u) of random bytes from getrandom(2). */
#ifndef ENGABO_BASE_IDS_H
#define ENGABO_BASE_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_ID_SIZE 17	   /* 16 characters (10 random bytes) and a NUL */
#define ULID_SIZE 27	   /* 26 characters (48 bits ms, 80 random bits) and a NUL */
#define ENTITY_KEY_SIZE 44 /* <log id> '.' <ulid> and a NUL */
#define REFERENCE_SIZE 16  /* "GUL-7K2QX": a code of at most 8 capitals, '-', five characters, and a NUL */

/* Fills with bytes from the kernel; aborts when there are none to be had. */
void ids_random(void *out, size_t len);

void ids_log_new(char out[static LOG_ID_SIZE]);
bool ids_is_log(const char *text);

/* A ULID for this moment; within one process each is greater than the one before. Thread-safe. */
void ids_ulid_new(char out[static ULID_SIZE], uint64_t now_ms);
bool ids_is_ulid(const char *text);
/* The moment in a ULID, in ms since 1970; of anything else some number. */
uint64_t ids_ulid_ms(const char *text);

void ids_key_make(char out[static ENTITY_KEY_SIZE], const char *log, const char *ulid);
bool ids_is_key(const char *text);
/* The log id in front of a key. */
void ids_key_log(char out[static LOG_ID_SIZE], const char *key);

/* A hub's short code: two to eight capital letters or digits, the first a letter. */
bool ids_is_code(const char *text);
/* Reference number `attempt` of a case: the same on every hub, so that two hubs that open one case agree.
 * The five characters are bits of SHA-less FNV-1a 64 over key and attempt: a label, not a secret. */
void ids_reference(char out[static REFERENCE_SIZE], const char *code, const char *key, unsigned attempt);

#endif
