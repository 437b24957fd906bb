/* Bech32 (BIP 173) of exactly 32 bytes, as age writes its keys: `prefix`, "1", 52 characters of data and 6 of
 * checksum.
 *
 * The case follows the prefix: an upper-case prefix makes and demands upper case throughout; anything mixed
 * is refused. */
#ifndef ENGABO_VAULT_BECH32_H
#define ENGABO_VAULT_BECH32_H

#include "node/base/error.h"
#include "node/base/memory.h"

#define BECH32_BYTES 32
#define BECH32_TEXT_LEN(prefix_len) ((prefix_len) + 1 + 52 + 6)

/* `out` holds BECH32_TEXT_LEN(strlen(prefix)) characters and a NUL. */
void bech32_encode(char *out, const char *prefix, const uint8_t data[static BECH32_BYTES]);
/* ERROR_INVALID: another prefix, length or case, or mistyped. `out` is filled only when the text holds. */
const struct error *bech32_decode(
	uint8_t out[static BECH32_BYTES], const char *prefix, const char *text) MUST_CHECK;

#endif
