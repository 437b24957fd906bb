/* SSH signatures (OpenSSH PROTOCOL.sshsig) by Ed25519 keys with SHA-512: what ssh-keygen -Y sign makes, byte
 * for byte.
 *
 * A signing key is the 64-byte libsodium secret key (seed and public key). Every use has its own namespace
 * (formats.md). */
#ifndef ENGABO_VAULT_SSHSIG_H
#define ENGABO_VAULT_SSHSIG_H

#include "node/base/error.h"
#include "node/base/memory.h"
#include "node/vault/secret.h"

#define SSHSIG_PUBLIC_LEN 32
#define SSHSIG_SEED_LEN 32
#define SSHSIG_RAW_LEN 64
#define SSHSIG_FINGERPRINT_SIZE 51 /* "SHA256:" + 43 and a NUL */

struct signer {
	uint8_t key[SSHSIG_PUBLIC_LEN];
};

/* A fresh key: the secret is the 32-byte seed. */
struct secret *sshsig_seed_new(struct signer *public_key);
/* A seed as keys/sign holds it: one line of unpadded base64. */
const struct error *sshsig_seed_read(const char *path, struct secret **seed) MUST_CHECK;
void sshsig_public_of(struct signer *out, const struct secret *seed);

/* The raw 64-byte signature over the SSHSIG blob for (namespace, SHA-512 of message). */
void sshsig_sign_raw(uint8_t out[static SSHSIG_RAW_LEN], const struct secret *seed, const char *name_space,
	struct bytes message);
/* ERROR_DENIED when it does not verify. */
const struct error *sshsig_verify_raw(const uint8_t signature[static SSHSIG_RAW_LEN],
	const struct signer *signer, const char *name_space, struct bytes message) MUST_CHECK;

/* The armored file, "-----BEGIN SSH SIGNATURE-----" ... with a final newline, on `context`. */
char *sshsig_sign(
	const void *context, const struct secret *seed, const char *name_space, struct bytes message);
/* Parses armor strictly (Ed25519, sha512, this namespace) and verifies against exactly this signer. */
const struct error *sshsig_verify(const char *armor, const struct signer *signer, const char *name_space,
	struct bytes message) MUST_CHECK;
/* Who an armored signature says it is by; nothing is verified. */
const struct error *sshsig_signer(const char *armor, struct signer *out) MUST_CHECK;

/* "ssh-ed25519 AAAA...", on `context`. */
char *sshsig_public_text(const void *context, const struct signer *signer);
const struct error *sshsig_public_parse(const char *text, struct signer *out) MUST_CHECK;
void sshsig_fingerprint(char out[static SSHSIG_FINGERPRINT_SIZE], const struct signer *signer);
/* An unencrypted openssh-key-v1 PEM, as ssh -i wants it. */
struct secret *sshsig_private_pem(const struct secret *seed, const char *comment);

#endif
