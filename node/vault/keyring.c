/* The hub's secrets at rest: see keyring.h.
 *
 * When an officer signs in, their passphrase opens their slot, the slot the root key, and the root key the
 * vault, and the hub is unlocked. What a typed passphrase means is words.c's, the vault's text vault.c's; who
 * may add or drop people is the office's. Guards: whoever takes the card guesses at full cost, sees no names,
 * and someone who was dropped opens nothing that was written since. Process: office, off the server's thread;
 * commands. */
#include "node/vault/keyring.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "node/base/json.h"
#include "node/base/text.h"
#include "node/vault/digest.h"
#include "node/vault/encoding.h"
#include "node/vault/vault.h"
#include "node/vault/words.h"

#define SALT_LEN 16
#define ROOT_LEN 32
#define NONCE_LEN 24
#define TAG_LEN 16
#define INSIDE_LEN (AGE_KEY_LEN + SSHSIG_SEED_LEN)
#define BOX_LEN (INSIDE_LEN + TAG_LEN)
#define SLOTS_MAX AGE_RECIPIENTS_MAX
#define TEXT_MAX 65536
#define MEBIBYTE (UINT64_C(1) << 20)
/* What a file may ask for: enough for any board, not enough to hang one. */
#define OPS_MAX 64
#define MEMORY_MAX (2048 * MEBIBYTE)
/* Argon2id text counts memory in KiB. */
#define KIBIBYTE 1024

_Static_assert(SALT_LEN == crypto_pwhash_SALTBYTES &&
		       NONCE_LEN == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES &&
		       ROOT_LEN == crypto_aead_xchacha20poly1305_ietf_KEYBYTES &&
		       TAG_LEN == crypto_aead_xchacha20poly1305_ietf_ABYTES,
	"Argon2id and XChaCha20-Poly1305");

struct slot {
	struct keyring_cost cost;
	uint8_t nonce[NONCE_LEN];
	uint8_t box[BOX_LEN];
	struct age_recipient recipient;
};

struct keyring {
	uint8_t salt[SALT_LEN];
	struct slot *slots;
	size_t count;
	struct bytes root;
	struct bytes vault;
};

struct keyring_cost keyring_cost_here(void)
{
	const char *cheap = getenv("ENGABO_TEST_CHEAP_KEYS");
	uint64_t memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);

	if (cheap && strcmp(cheap, "1") == 0)
		return (struct keyring_cost){1, 8 * MEBIBYTE};
	if (memory < 768 * MEBIBYTE)
		return (struct keyring_cost){6, 128 * MEBIBYTE};
	return (struct keyring_cost){4, 256 * MEBIBYTE};
}

void keyring_key_free(struct keyring_key *key)
{
	if (!key)
		return;
	secret_free(key->root);
	secret_free(key->identity);
	secret_free(key->own);
	memory_free(key);
}

/* nonce || box of the vault's text under the root key. */
static void seal_vault(struct keyring *keyring, const struct secret *root, const struct vault *vault)
{
	struct secret *text CLEANUP(secret_free) = vault_print(vault);
	struct buffer *sealed = buffer_new(keyring);
	uint8_t nonce[NONCE_LEN];
	uint8_t *box = memory_array(sealed, uint8_t, text->len + TAG_LEN);

	randombytes_buf(nonce, sizeof nonce);
	crypto_aead_xchacha20poly1305_ietf_encrypt(
		box, NULL, text->data, text->len, NULL, 0, NULL, nonce, root->data);
	buffer_add(sealed, nonce, sizeof nonce);
	buffer_add(sealed, box, text->len + TAG_LEN);
	keyring->vault = buffer_bytes(sealed);
}

static const struct error *open_vault(
	const struct keyring *keyring, const struct secret *root, struct vault **out)
{
	struct secret *text CLEANUP(secret_free) = NULL;
	struct bytes sealed = keyring->vault;

	if (sealed.len < NONCE_LEN + TAG_LEN)
		return error_new(ERROR_INVALID, "the vault of this keyring is cut off");
	text = secret_new(sealed.len - NONCE_LEN - TAG_LEN);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(text->data, NULL, NULL, sealed.data + NONCE_LEN,
		    sealed.len - NONCE_LEN, NULL, 0, sealed.data, root->data) != 0)
		return error_new(ERROR_INVALID, "the vault of this keyring is damaged");
	return vault_parse(text, out);
}

/* The root key, to whoever has a slot. */
static const struct error *seal_root(struct keyring *keyring, const struct secret *root)
{
	struct age_recipient recipients[SLOTS_MAX];

	for (size_t i = 0; i < keyring->count; i++)
		recipients[i] = keyring->slots[i].recipient;
	return age_seal(
		keyring, (struct bytes){root->data, root->len}, recipients, keyring->count, &keyring->root);
}

struct keyring *keyring_new(const void *context, const struct vault *vault, struct keyring_key **key)
{
	struct keyring *keyring = memory_new(context, struct keyring);

	randombytes_buf(keyring->salt, sizeof keyring->salt);
	*key = memory_new(NULL, struct keyring_key);
	(*key)->root = secret_random(ROOT_LEN);
	seal_vault(keyring, (*key)->root, vault);
	return keyring;
}

static const struct error *slot_parse(struct slot *slot, const json_t *json)
{
	const char *nonce, *box, *recipient;
	int64_t ops, memory;

	TRY(json_get_integer(json, "ops", crypto_pwhash_OPSLIMIT_MIN, OPS_MAX, &ops));
	TRY(json_get_integer(json, "mem", crypto_pwhash_MEMLIMIT_MIN, MEMORY_MAX, &memory));
	TRY(json_get_string(json, "nonce", TEXT_MAX, &nonce));
	TRY(json_get_string(json, "box", TEXT_MAX, &box));
	TRY(json_get_string(json, "recipient", TEXT_MAX, &recipient));
	slot->cost = (struct keyring_cost){(uint64_t)ops, (uint64_t)memory};
	TRY(encoding_from_base64_exact(slot->nonce, sizeof slot->nonce, nonce));
	TRY(encoding_from_base64_exact(slot->box, sizeof slot->box, box));
	return age_recipient_parse(&slot->recipient, recipient);
}

static const struct error *parse(struct keyring *keyring, const json_t *json)
{
	const char *salt, *root, *vault;
	int64_t version;
	json_t *slots;

	TRY(json_get_integer(json, "v", 1, INT64_MAX, &version));
	if (version != 1)
		return error_new(ERROR_INVALID, "version %lld: a newer program wrote it", (long long)version);
	TRY(json_get_string(json, "salt", TEXT_MAX, &salt));
	TRY(json_get_string(json, "root", TEXT_MAX, &root));
	TRY(json_get_string(json, "vault", TEXT_MAX, &vault));
	TRY(json_get_array(json, "slots", SLOTS_MAX, &slots));
	TRY(encoding_from_base64_exact(keyring->salt, sizeof keyring->salt, salt));
	TRY(encoding_from_base64(keyring, root, &keyring->root));
	TRY(encoding_from_base64(keyring, vault, &keyring->vault));
	keyring->count = json_array_size(slots);
	if (keyring->count == 0)
		return error_new(ERROR_INVALID, "no slot: nobody could open it");
	keyring->slots = memory_array(keyring, struct slot, keyring->count);
	for (size_t i = 0; i < keyring->count; i++)
		TRY(slot_parse(&keyring->slots[i], json_array_get(slots, i)));
	return NULL;
}

const struct error *keyring_parse(const void *context, struct bytes text, struct keyring **out)
{
	struct keyring *keyring = memory_new(context, struct keyring);
	json_t *json CLEANUP(json_decref) = NULL;
	const struct error *error = json_object_parse(text, &json);

	if (!error)
		error = parse(keyring, json);
	if (error) {
		memory_free(keyring);
		return error_wrap(error, "not a keyring");
	}
	*out = keyring;
	return NULL;
}

static json_t *slot_json(const void *scratch, const struct slot *slot)
{
	char recipient[AGE_RECIPIENT_SIZE];

	age_recipient_text(recipient, &slot->recipient);
	return json_pack("{s:I,s:I,s:s,s:s,s:s}", "ops", (json_int_t)slot->cost.ops, "mem",
		(json_int_t)slot->cost.memory, "nonce", encoding_base64(scratch, BYTES_OF(slot->nonce)),
		"box", encoding_base64(scratch, BYTES_OF(slot->box)), "recipient", recipient);
}

struct bytes keyring_print(const void *context, const struct keyring *keyring)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *slots = json_array(), *json CLEANUP(json_decref) = NULL;

	assert(keyring->count > 0);
	for (size_t i = 0; i < keyring->count; i++)
		json_array_append_new(slots, slot_json(scratch, &keyring->slots[i]));
	json = json_pack("{s:i,s:s,s:o,s:s,s:s}", "v", 1, "salt",
		encoding_base64(scratch, BYTES_OF(keyring->salt)), "slots", slots, "root",
		encoding_base64(scratch, keyring->root), "vault", encoding_base64(scratch, keyring->vault));
	return json_pretty(context, json);
}

/* The slow step: the key of a person's slot. */
static const struct error *slot_key(const struct keyring *keyring, const char *name,
	const struct secret *passphrase, struct keyring_cost cost, struct secret **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct secret *phrase CLEANUP(secret_free) = words_normal((const char *)passphrase->data);
	struct secret *key CLEANUP(secret_free) = secret_new(crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
	char *lower = memory_string(scratch, name);
	uint8_t salt[DIGEST_LEN];
	struct digest digest;

	text_lower(lower);
	digest_start(&digest);
	digest_add(&digest, keyring->salt, sizeof keyring->salt);
	digest_add(&digest, lower, strlen(lower));
	digest_end(&digest, salt);
	if (crypto_pwhash(key->data, key->len, (const char *)phrase->data, phrase->len, salt, cost.ops,
		    cost.memory, crypto_pwhash_ALG_ARGON2ID13) != 0)
		return error_new(ERROR_SYSTEM, "not enough memory to check a passphrase: %llu MiB are needed",
			(unsigned long long)(cost.memory / MEBIBYTE));
	*out = key;
	key = NULL;
	return NULL;
}

static const struct error *wrap(struct slot *slot, const struct keyring *keyring, const char *name,
	const struct secret *passphrase, const struct secret *identity, const struct secret *own)
{
	struct secret *key CLEANUP(secret_free) = NULL;
	struct secret *inside CLEANUP(secret_free) = secret_new(INSIDE_LEN);

	TRY(slot_key(keyring, name, passphrase, slot->cost, &key));
	memcpy(inside->data, identity->data, AGE_KEY_LEN);
	memcpy(inside->data + AGE_KEY_LEN, own->data, SSHSIG_SEED_LEN);
	randombytes_buf(slot->nonce, sizeof slot->nonce);
	crypto_aead_xchacha20poly1305_ietf_encrypt(
		slot->box, NULL, inside->data, inside->len, NULL, 0, NULL, slot->nonce, key->data);
	return NULL;
}

/* Fills `key` from the slot if the slot's key fits. */
static bool unwrap(const struct slot *slot, const struct secret *slot_secret, struct keyring_key *key)
{
	struct secret *inside CLEANUP(secret_free) = secret_new(INSIDE_LEN);

	if (crypto_aead_xchacha20poly1305_ietf_decrypt(inside->data, NULL, NULL, slot->box, sizeof slot->box,
		    NULL, 0, slot->nonce, slot_secret->data) != 0)
		return false;
	key->identity = secret_copy(inside->data, AGE_KEY_LEN);
	key->own = secret_copy(inside->data + AGE_KEY_LEN, SSHSIG_SEED_LEN);
	return true;
}

static bool costs_alike(struct keyring_cost a, struct keyring_cost b)
{
	return a.ops == b.ops && a.memory == b.memory;
}

/* Tries the passphrase on the slots from `first` on that cost what that one costs: one Argon2id for all of
 * them. */
static const struct error *try_slots(const struct keyring *keyring, size_t first, const char *name,
	const struct secret *passphrase, struct keyring_key *key, bool *opened)
{
	struct secret *slot_secret CLEANUP(secret_free) = NULL;

	TRY(slot_key(keyring, name, passphrase, keyring->slots[first].cost, &slot_secret));
	for (size_t i = first; i < keyring->count && !*opened; i++)
		if (costs_alike(keyring->slots[i].cost, keyring->slots[first].cost))
			*opened = unwrap(&keyring->slots[i], slot_secret, key);
	return NULL;
}

static bool cost_was_tried(const struct keyring *keyring, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (costs_alike(keyring->slots[i].cost, keyring->slots[at].cost))
			return true;
	return false;
}

static struct slot *slot_named(const struct keyring *keyring, const char *name)
{
	for (size_t i = 0; i < keyring->count; i++) {
		char recipient[AGE_RECIPIENT_SIZE];

		age_recipient_text(recipient, &keyring->slots[i].recipient);
		if (strcmp(recipient, name) == 0)
			return &keyring->slots[i];
	}
	return NULL;
}

const struct error *keyring_open(const struct keyring *keyring, const char *name,
	const struct secret *passphrase, struct keyring_key **key, struct vault **vault)
{
	struct keyring_key *opening CLEANUP(keyring_key_free) = memory_new(NULL, struct keyring_key);
	struct age_recipient recipient;
	bool opened = false;

	for (size_t i = 0; i < keyring->count && !opened; i++)
		if (!cost_was_tried(keyring, i))
			TRY(try_slots(keyring, i, name, passphrase, opening, &opened));
	if (!opened)
		return error_new(ERROR_DENIED, "the name or the passphrase is not right");
	TRY(age_recipient_of(&recipient, opening->identity));
	age_recipient_text(opening->slot, &recipient);
	if (!slot_named(keyring, opening->slot))
		return error_new(ERROR_INVALID, "this keyring was changed by something else than engabo");
	TRY(age_open((const struct secret *const[]){opening->identity}, 1, keyring->root, &opening->root));
	if (opening->root->len != ROOT_LEN)
		return error_new(ERROR_INVALID, "this keyring was changed by something else than engabo");
	TRY(open_vault(keyring, opening->root, vault));
	*key = opening;
	opening = NULL;
	return NULL;
}

const struct error *keyring_add(struct keyring *keyring, const struct keyring_key *key, const char *name,
	const struct secret *passphrase, struct keyring_cost cost, char slot[static AGE_RECIPIENT_SIZE],
	struct signer *own_public)
{
	struct slot fresh = {.cost = cost};
	struct secret *identity CLEANUP(secret_free) = age_identity_new(&fresh.recipient);
	struct signer signer;
	struct secret *own CLEANUP(secret_free) = sshsig_seed_new(&signer);
	size_t at;

	if (keyring->count == SLOTS_MAX)
		return error_new(ERROR_CONFLICT, "there are %d keyholders, and no more fit: drop one first",
			SLOTS_MAX);
	TRY(wrap(&fresh, keyring, name, passphrase, identity, own));
	/* Anywhere: the order of slots would tell who came when. */
	at = randombytes_uniform((uint32_t)keyring->count + 1);
	keyring->slots = memory_resize(keyring, keyring->slots, struct slot, keyring->count + 1);
	memmove(&keyring->slots[at + 1], &keyring->slots[at], (keyring->count - at) * sizeof fresh);
	keyring->slots[at] = fresh;
	keyring->count++;
	TRY(seal_root(keyring, key->root));
	age_recipient_text(slot, &fresh.recipient);
	*own_public = signer;
	return NULL;
}

const struct error *keyring_change(struct keyring *keyring, const struct keyring_key *key, const char *name,
	const struct secret *passphrase, struct keyring_cost cost)
{
	struct slot *slot = slot_named(keyring, key->slot), fresh;

	if (!slot)
		return error_new(ERROR_NOT_FOUND, "this person's slot is no longer in the keyring");
	fresh = (struct slot){.cost = cost, .recipient = slot->recipient};
	TRY(wrap(&fresh, keyring, name, passphrase, key->identity, key->own));
	*slot = fresh;
	return NULL;
}

const struct error *keyring_drop(
	struct keyring *keyring, struct keyring_key *key, const struct vault *vault, const char *slot)
{
	struct slot *gone = slot_named(keyring, slot);
	size_t at;

	if (!gone)
		return error_new(ERROR_NOT_FOUND, "no such slot in the keyring");
	if (keyring->count == 1)
		return error_new(
			ERROR_CONFLICT, "the last keyholder cannot be dropped: nobody could open this hub");
	at = (size_t)(gone - keyring->slots);
	memmove(gone, gone + 1, (keyring->count - at - 1) * sizeof *gone);
	keyring->count--;
	secret_free(key->root);
	key->root = secret_random(ROOT_LEN);
	seal_vault(keyring, key->root, vault);
	return seal_root(keyring, key->root);
}

const struct error *keyring_store(
	struct keyring *keyring, const struct keyring_key *key, const struct vault *vault)
{
	struct vault *old CLEANUP(vault_free) = NULL;

	/* A key that opened before somebody was dropped would seal what nobody can open. */
	TRY(open_vault(keyring, key->root, &old));
	seal_vault(keyring, key->root, vault);
	return NULL;
}

char *keyring_verifier(const void *context, const struct secret *passphrase, struct keyring_cost cost)
{
	struct secret *phrase CLEANUP(secret_free) = words_normal((const char *)passphrase->data);
	char text[crypto_pwhash_STRBYTES];

	if (crypto_pwhash_str_alg(text, (const char *)phrase->data, phrase->len, cost.ops, cost.memory,
		    crypto_pwhash_ALG_ARGON2ID13) != 0)
		abort();
	return memory_string(context, text);
}

/* Takes `before` and a number of at most ten digits off the text. */
static bool take_number(const char **at, const char *before, uint64_t *out)
{
	size_t digits;

	if (!text_starts(*at, before))
		return false;
	*at += strlen(before);
	digits = strspn(*at, "0123456789");
	if (digits < 1 || digits > 10)
		return false;
	*out = strtoull(*at, NULL, 10);
	*at += digits;
	return true;
}

const struct error *keyring_verify(const char *verifier, const struct secret *passphrase)
{
	struct secret *phrase CLEANUP(secret_free) = words_normal((const char *)passphrase->data);
	const char *at = verifier;
	struct keyring_cost cost;

	/* Verifiers come in events: what they may cost is looked at before it is paid. */
	if (strlen(verifier) >= crypto_pwhash_STRBYTES ||
		!take_number(&at, "$argon2id$v=19$m=", &cost.memory) || !take_number(&at, ",t=", &cost.ops) ||
		!text_starts(at, ",p=1$") || cost.memory > MEMORY_MAX / KIBIBYTE || cost.ops > OPS_MAX)
		return error_new(ERROR_INVALID, "not a verifier that this program can check");
	if (crypto_pwhash_str_verify(verifier, (const char *)phrase->data, phrase->len) != 0)
		return error_new(ERROR_DENIED, "the name or the passphrase is not right");
	return NULL;
}
