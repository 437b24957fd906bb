/* Passphrases from people: from the terminal without echo, or from --passphrase-file FILE ("-": the first
 * line of standard input); never from an argument. */
#ifndef ENGABO_VAULT_PROMPT_H
#define ENGABO_VAULT_PROMPT_H

#include "node/vault/secret.h"

/* `file` NULL asks on the terminal with `question`; ERROR_USAGE when there is none. ERROR_INVALID for a
 * passphrase that is empty or over 1,023 bytes. The result is NUL-ended. */
const struct error *prompt_passphrase(const char *file, const char *question, struct secret **out) MUST_CHECK;

#endif
