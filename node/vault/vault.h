/* The text of a vault: its secrets as one line of JSON that never leaves struct secret. Inside node/vault
 * only; others see keyring.h.
 *
 *   {"v":1,"opening":b64(32),"office":b64(32),
 *    "authority":b64(32),"authority-whole":b64(32),"tls-intake":b64(32),"tls-office":b64(32)}
 *
 * The second line is missing where a hub has no authority; keyring.h tells what each is.
 *
 * jansson would leave copies on the heap, so this one object is written and read here: strings without
 * escapes, whole numbers; keys it does not know are read over. */
#ifndef ENGABO_VAULT_VAULT_H
#define ENGABO_VAULT_VAULT_H

#include "node/vault/keyring.h"

struct secret *vault_print(const struct vault *vault);
/* ERROR_INVALID when it is no such object, or of another version. */
const struct error *vault_parse(const struct secret *text, struct vault **out) MUST_CHECK;

#endif
