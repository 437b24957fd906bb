/* Any bytes as an armored SSH signature and as a public key. What is taken has one spelling; what verifies is
 * what the throw-away key of the corpus signed. */
#include <assert.h>
#include <string.h>

#include "node/vault/sshsig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct signer test_signer(void)
{
	static struct secret *seed;
	struct signer signer;

	if (!seed) {
		secret_start();
		seed = secret_copy("throw-away signing for fuzzing!!", SSHSIG_SEED_LEN);
	}
	sshsig_public_of(&signer, seed);
	return signer;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	const struct signer ours = test_signer();
	char *text = memory_string_of(context, data, size);
	struct signer signer;
	bool signed_by_somebody = !sshsig_signer(text, &signer);

	if (!sshsig_verify(text, &ours, "git", (struct bytes){(const uint8_t *)"message", 7}))
		assert(signed_by_somebody && memcmp(&signer, &ours, sizeof ours) == 0);
	if (signed_by_somebody)
		error_ignore(sshsig_verify(text, &signer, "git", (struct bytes){data, size}));
	if (!sshsig_public_parse(text, &signer))
		assert(strcmp(sshsig_public_text(context, &signer), text) == 0);
	return 0;
}
