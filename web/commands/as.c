/* See as.h. */
#include "web/commands/as.h"

#include "node/base/files.h"
#include "node/vault/prompt.h"

error_t as_parse(struct as *as, int key, char *argument)
{
	switch (key) {
	case 'a':
		as->name = argument;
		return 0;
	case 'p':
		as->passphrase_file = argument;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct error *as_ask(const struct as *as, struct secret **passphrase)
{
	return prompt_passphrase(as->passphrase_file, "Your passphrase: ", passphrase);
}

const struct error *as_open_keyring(
	const struct as *as, const struct home *home, struct keyring_key **key, struct vault **vault)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct secret *passphrase CLEANUP(secret_free) = NULL;
	struct keyring *keyring;
	struct bytes text;

	TRY(files_read(scratch, home_file(scratch, home, "keyring.json"), 1 << 20, &text));
	TRY(keyring_parse(scratch, text, &keyring));
	TRY(as_ask(as, &passphrase));
	return keyring_open(keyring, as->name, passphrase, key, vault);
}
