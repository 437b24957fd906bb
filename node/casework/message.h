/* What a reporter says after the report, and how it is known to be theirs: signed by the key of the mailbox
 * that came with the report (EVENT.md). Pure.
 *
 * Of a message with text alone, "<message key> <report key> <text>" is signed; of one that says more (a
 * photo, "I have read it", "close this mailbox"), all its fields. Items that a phone puts into its own
 * mailbox are signed too, so that no hub that only knows where answers go can close it. */
#ifndef ENGABO_CASEWORK_MESSAGE_H
#define ENGABO_CASEWORK_MESSAGE_H

#include <stdbool.h>

#include "node/base/json.h"
#include "node/vault/secret.h"
#include "node/vault/sshsig.h"

/* Adds the field "signature" to what is set in the message with this key. */
void message_sign(json_t *set, const char *key, const struct secret *seed);
bool message_is_signed(const json_t *set, const char *key, const struct signer *signer);
/* The same for a mailbox item. */
void message_item_sign(json_t *item, const struct secret *seed);
bool message_item_is_signed(const json_t *item, const struct signer *signer);

#endif
