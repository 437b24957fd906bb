/* Secrets: passphrases, private keys, file keys. The only place they may be.
 *
 * sodium_malloc: guard pages, mlock, zeroed when freed (a few freed ones are kept for the next of their
 * size). Never in a message, a log line, an argument or a core file. As in struct bytes, a NUL that is not
 * counted lies behind `len`: text in a secret can be read as a string. */
#ifndef ENGABO_VAULT_SECRET_H
#define ENGABO_VAULT_SECRET_H

#include <stdbool.h>

#include "node/base/error.h"
#include "node/base/memory.h"

struct secret {
	uint8_t *data;
	size_t len;
};

/* Call once at the start of every process: sodium_init, no core files, not dumpable. Aborts on failure. */
void secret_start(void);
struct secret *secret_new(size_t len) NEVER_NULL; /* zeroed */
struct secret *secret_random(size_t len) NEVER_NULL;
struct secret *secret_copy(const void *data, size_t len) NEVER_NULL;
/* Copies and wipes the source. */
struct secret *secret_take(void *data, size_t len) NEVER_NULL;
void secret_free(struct secret *secret); /* NULL is fine */
DEFINE_CLEANUP(struct secret *, secret_free)
/* The whole file, at most `max` bytes, read straight into guarded memory. */
const struct error *secret_read(const char *path, size_t max, struct secret **out) MUST_CHECK;
/* Constant time in the content; false for different lengths. */
bool secret_equal(const struct secret *a, const struct secret *b);
bool secret_bytes_equal(const void *a, const void *b, size_t len);
void secret_wipe(void *data, size_t len);

#endif
