/* Base64 by libsodium: unpadded, canonical only (RFC 4648 section 3.5). Text that is not exactly what
 * encoding would have given is refused. */
#ifndef ENGABO_VAULT_ENCODING_H
#define ENGABO_VAULT_ENCODING_H

#include <stdbool.h>

#include "node/base/error.h"
#include "node/base/memory.h"

char *encoding_base64(const void *context, struct bytes data);
const struct error *encoding_from_base64(const void *context, const char *text, struct bytes *out) MUST_CHECK;
/* Exactly `len` bytes. */
const struct error *encoding_from_base64_exact(uint8_t *out, size_t len, const char *text) MUST_CHECK;
/* At most `max` bytes, out of a run of text within something larger; false when it does not hold. Allocates
 * nothing, so it serves for secrets too. */
bool encoding_decode(uint8_t *out, size_t max, struct bytes text, size_t *len) MUST_CHECK;
/* The same for what anybody may see, in a tenth of the time: how long it takes tells what it reads. */
bool encoding_decode_open(uint8_t *out, size_t max, struct bytes text, size_t *len) MUST_CHECK;

#endif
