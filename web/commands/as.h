/* Who runs a command: the options --as NAME and --passphrase-file FILE, which many commands have, and what
 * that person's passphrase opens. */
#ifndef ENGABO_WEB_COMMANDS_AS_H
#define ENGABO_WEB_COMMANDS_AS_H

#include <argp.h>

#include "node/base/home.h"
#include "node/vault/keyring.h"

struct as {
	const char *name;	     /* NULL: not said */
	const char *passphrase_file; /* as in prompt_passphrase */
};

/* For the end of a command's parser: takes the two options (keys 'a' and 'p'), and knows no others. */
error_t as_parse(struct as *as, int key, char *argument);
/* Asks for the passphrase. The caller's. */
const struct error *as_ask(const struct as *as, struct secret **passphrase) MUST_CHECK;
/* Asks for the passphrase and opens the keyring of this hub, nothing else of it; both the caller's. */
const struct error *as_open_keyring(const struct as *as, const struct home *home, struct keyring_key **key,
	struct vault **vault) MUST_CHECK;

#endif
