/* keyring.json: the hub's secrets at rest, and who can open them (formats.md, "Keyring").
 *
 *   {"v":1,"salt":b64(16),
 *    "slots":[{"ops":n,"mem":bytes,"nonce":b64(24),"box":b64,"recipient":"age1..."}, ...],
 *    "root":b64(age file: the 32-byte root key, sealed to every slot's recipient),
 *    "vault":b64(nonce || XChaCha20-Poly1305 of the vault JSON under the root key)}
 *
 * A slot's box holds an age identity (32) and the person's own signing seed (32), sealed by
 * XChaCha20-Poly1305 under Argon2id(passphrase, SHA-256(salt || lower-case name)[0..16], ops, mem). Slots
 * carry no names: the name goes into the salt, so that one Argon2id serves a sign-in and each guess costs one
 * for each name. Slot order says nothing. The printed hub slot is a slot whose name is "" (the sheet's words
 * open it).
 *
 * Process: office while unlocked; commands. The caller writes the file with files_write. */
#ifndef ENGABO_VAULT_KEYRING_H
#define ENGABO_VAULT_KEYRING_H

#include "node/base/error.h"
#include "node/base/memory.h"
#include "node/vault/age.h"
#include "node/vault/secret.h"
#include "node/vault/sshsig.h"

struct keyring_cost {
	uint64_t ops;
	uint64_t memory;
};
/* 256 MiB, t = 4; 128 MiB, t = 6 where the board has 512 MB. For tests, ENGABO_TEST_CHEAP_KEYS=1 gives 8 MiB,
 * t = 1; who starts with it warns. */
struct keyring_cost keyring_cost_here(void);

/* The vault's content while unlocked. All owned; free with vault_free. */
struct vault {
	struct secret *opening; /* age identity of the current epoch */
	struct secret *office;	/* office key: signing seed */
	struct secret
		*authority; /* key of the local CA: a P-256 scalar, big-endian; NULL where there is none */
	/* What lies in the open and must still be what this hub made, SHA-256 each: the whole of ca.crt
	 * (DER), and the public keys (SPKI, DER) that the CA signs. Not secret, but nobody else can change
	 * them here. NULL where there is no CA. */
	struct secret *authority_whole, *intake_tls, *office_tls;
};
void vault_free(struct vault *vault);
DEFINE_CLEANUP(struct vault *, vault_free)
struct vault *vault_new(void);

struct keyring;	     /* parsed, on a talloc context; holds nothing secret */
struct keyring_key { /* what a passphrase opened; free with keyring_key_free */
	struct secret *root;
	struct secret *identity;       /* the slot's age identity */
	struct secret *own;	       /* the person's own signing seed: a coordinator's roster key */
	char slot[AGE_RECIPIENT_SIZE]; /* names the slot: its recipient */
};
void keyring_key_free(struct keyring_key *key);
DEFINE_CLEANUP(struct keyring_key *, keyring_key_free)

/* A keyring with no slot yet; *key holds only the root key. */
struct keyring *keyring_new(const void *context, const struct vault *vault, struct keyring_key **key);
const struct error *keyring_parse(const void *context, struct bytes json, struct keyring **out) MUST_CHECK;
struct bytes keyring_print(const void *context, const struct keyring *keyring);

/* ERROR_DENIED when no slot opens ("the name or the passphrase is not right"). Takes a second or more: off
 * the server's thread. `passphrase` is taken through words_normal. */
const struct error *keyring_open(const struct keyring *keyring, const char *name,
	const struct secret *passphrase, struct keyring_key **key, struct vault **vault) MUST_CHECK;
/* Adds a slot for somebody; *own_public is their roster key. Re-seals the root. Their slot's name comes back
 * in `slot`. */
const struct error *keyring_add(struct keyring *keyring, const struct keyring_key *key, const char *name,
	const struct secret *passphrase, struct keyring_cost cost, char slot[static AGE_RECIPIENT_SIZE],
	struct signer *own_public) MUST_CHECK;
/* Re-wraps one's own slot under a new passphrase; nothing else changes. */
const struct error *keyring_change(struct keyring *keyring, const struct keyring_key *key, const char *name,
	const struct secret *passphrase, struct keyring_cost cost) MUST_CHECK;
/* Drops a slot and makes a new root key; *key is updated. ERROR_CONFLICT for the last keyholder's slot. */
const struct error *keyring_drop(struct keyring *keyring, struct keyring_key *key, const struct vault *vault,
	const char *slot) MUST_CHECK;
/* Seals a changed vault under the root key. */
const struct error *keyring_store(
	struct keyring *keyring, const struct keyring_key *key, const struct vault *vault) MUST_CHECK;

/* Sign-in verifiers of people without a slot (providers, facilitators); kept inside the case file. Argon2id
 * text as crypto_pwhash_str makes it. */
char *keyring_verifier(const void *context, const struct secret *passphrase, struct keyring_cost cost);
const struct error *keyring_verify(const char *verifier, const struct secret *passphrase) MUST_CHECK;

#endif
