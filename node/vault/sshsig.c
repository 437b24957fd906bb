/* Who said it: SSH signatures by Ed25519 keys. See sshsig.h.
 *
 * Commits, events, rosters, requests to join and reporters' messages are signed here, so that stock
 * ssh-keygen and git can check them too. Which key may speak for whom is the roster's business. Guards: a
 * signature made for one namespace is worth nothing in another, and one signature has one spelling. Used by
 * every process.
 *
 * What is signed (OpenSSH, PROTOCOL.sshsig):
 *   "SSHSIG"; strings: namespace, reserved (empty), "sha512", SHA-512 of the message
 * What is passed on, in armor:
 *   "SSHSIG"; uint32 1; strings: public key, namespace, reserved (empty), "sha512", signature
 * where public key and signature are each a string "ssh-ed25519" and a string of 32 or 64 bytes. */
#include "node/vault/sshsig.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "node/base/text.h"
#include "node/vault/digest.h"
#include "node/vault/encoding.h"

#define MAGIC "SSHSIG"
#define KEY_TYPE "ssh-ed25519"
#define HASH_NAME "sha512"
#define KEY_BLOB_LEN (4 + 11 + 4 + SSHSIG_PUBLIC_LEN)
#define ARMOR_BEGIN "-----BEGIN SSH SIGNATURE-----\n"
#define ARMOR_END "-----END SSH SIGNATURE-----"
#define ARMOR_LINE 70
#define ARMOR_MAX 1024
#define PEM_BEGIN "-----BEGIN OPENSSH PRIVATE KEY-----\n"
#define PEM_END "-----END OPENSSH PRIVATE KEY-----\n"
#define PEM_MAGIC "openssh-key-v1" /* with its NUL */
#define PEM_BLOCK 8

_Static_assert(SSHSIG_PUBLIC_LEN == crypto_sign_PUBLICKEYBYTES && SSHSIG_SEED_LEN == crypto_sign_SEEDBYTES &&
		       SSHSIG_RAW_LEN == crypto_sign_BYTES,
	"Ed25519");

struct secret *sshsig_seed_new(struct signer *public_key)
{
	struct secret *seed = secret_random(SSHSIG_SEED_LEN);

	sshsig_public_of(public_key, seed);
	return seed;
}

/* The 64 bytes that libsodium signs with: seed and public key. */
static struct secret *signing_key(struct signer *public_key, const struct secret *seed)
{
	struct secret *key = secret_new(crypto_sign_SECRETKEYBYTES);

	assert(seed->len == SSHSIG_SEED_LEN);
	crypto_sign_seed_keypair(public_key->key, key->data, seed->data);
	return key;
}

const struct error *sshsig_seed_read(const char *path, struct secret **out)
{
	struct secret *text CLEANUP(secret_free) = NULL, *seed CLEANUP(secret_free) = NULL;

	TRY(secret_read(path, 256, &text));
	text->data[strcspn((const char *)text->data, "\n")] = '\0';
	seed = secret_new(SSHSIG_SEED_LEN);
	if (encoding_from_base64_exact(seed->data, seed->len, (const char *)text->data))
		return error_new(ERROR_CONFIG, "%s is damaged: it does not hold a key", path);
	*out = secret_copy(seed->data, seed->len);
	return NULL;
}

void sshsig_public_of(struct signer *out, const struct secret *seed)
{
	secret_free(signing_key(out, seed));
}

static void add_number(struct buffer *buffer, size_t number)
{
	uint8_t big_endian[4] = {
		(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number};

	buffer_add(buffer, big_endian, sizeof big_endian);
}

static void add_string(struct buffer *buffer, const void *data, size_t len)
{
	add_number(buffer, len);
	buffer_add(buffer, data, len);
}

static void add_text(struct buffer *buffer, const char *text)
{
	add_string(buffer, text, strlen(text));
}

static struct bytes key_blob(const void *context, const struct signer *signer)
{
	struct buffer *blob = buffer_new(context);

	add_text(blob, KEY_TYPE);
	add_string(blob, signer->key, sizeof signer->key);
	assert(blob->len == KEY_BLOB_LEN);
	return buffer_bytes(blob);
}

static struct bytes signed_blob(const void *context, const char *name_space, struct bytes message)
{
	struct buffer *blob = buffer_new(context);
	uint8_t hash[crypto_hash_sha512_BYTES];

	crypto_hash_sha512(hash, message.len ? message.data : (const uint8_t *)"", message.len);
	buffer_text(blob, MAGIC);
	add_text(blob, name_space);
	add_text(blob, "");
	add_text(blob, HASH_NAME);
	add_string(blob, hash, sizeof hash);
	return buffer_bytes(blob);
}

void sshsig_sign_raw(uint8_t out[static SSHSIG_RAW_LEN], const struct secret *seed, const char *name_space,
	struct bytes message)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct bytes blob = signed_blob(scratch, name_space, message);
	struct signer public_key;
	struct secret *key CLEANUP(secret_free) = signing_key(&public_key, seed);

	crypto_sign_detached(out, NULL, blob.data, blob.len, key->data);
}

const struct error *sshsig_verify_raw(const uint8_t signature[static SSHSIG_RAW_LEN],
	const struct signer *signer, const char *name_space, struct bytes message)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct bytes blob = signed_blob(scratch, name_space, message);

	if (crypto_sign_verify_detached(signature, blob.data, blob.len, signer->key) != 0)
		return error_new(ERROR_DENIED, "the signature does not verify");
	return NULL;
}

/* The armored file around a raw signature. */
static char *armor_of(const void *context, const struct signer *signer, const char *name_space,
	const uint8_t raw[static SSHSIG_RAW_LEN])
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct buffer *blob = buffer_new(scratch), *inner = buffer_new(scratch), *armor = buffer_new(scratch);
	struct bytes key = key_blob(scratch, signer);
	size_t size, len;
	char *base64;

	add_text(inner, KEY_TYPE);
	add_string(inner, raw, SSHSIG_RAW_LEN);
	buffer_text(blob, MAGIC);
	add_number(blob, 1);
	add_string(blob, key.data, key.len);
	add_text(blob, name_space);
	add_text(blob, "");
	add_text(blob, HASH_NAME);
	add_string(blob, inner->data, inner->len);

	size = sodium_base64_encoded_len(blob->len, sodium_base64_VARIANT_ORIGINAL);
	base64 = memory_array(scratch, char, size);
	sodium_bin2base64(base64, size, blob->data, blob->len, sodium_base64_VARIANT_ORIGINAL);
	buffer_text(armor, ARMOR_BEGIN);
	for (len = strlen(base64); len; len = strlen(base64)) {
		size_t line = len < ARMOR_LINE ? len : ARMOR_LINE;

		buffer_add(armor, base64, line);
		buffer_text(armor, "\n");
		base64 += line;
	}
	buffer_text(armor, ARMOR_END "\n");
	return memory_string(context, (const char *)armor->data);
}

char *sshsig_sign(
	const void *context, const struct secret *seed, const char *name_space, struct bytes message)
{
	uint8_t raw[SSHSIG_RAW_LEN];
	struct signer signer;

	sshsig_public_of(&signer, seed);
	sshsig_sign_raw(raw, seed, name_space, message);
	return armor_of(context, &signer, name_space, raw);
}

/* Takes the next string off `from`; false when it is cut off. */
static bool take_string(struct bytes *from, struct bytes *out)
{
	size_t len;

	if (from->len < 4)
		return false;
	len = (size_t)from->data[0] << 24 | (size_t)from->data[1] << 16 | (size_t)from->data[2] << 8 |
	      from->data[3];
	if (len > from->len - 4)
		return false;
	*out = (struct bytes){from->data + 4, len};
	from->data += 4 + len;
	from->len -= 4 + len;
	return true;
}

static bool is_text(struct bytes bytes, const char *text)
{
	return bytes.len == strlen(text) && memcmp(bytes.data, text, bytes.len) == 0;
}

/* string type, string body of exactly `len` bytes, and nothing behind them. */
static bool take_typed(struct bytes from, uint8_t *out, size_t len)
{
	struct bytes type, body;

	if (!take_string(&from, &type) || !take_string(&from, &body) || from.len != 0)
		return false;
	if (!is_text(type, KEY_TYPE) || body.len != len)
		return false;
	memcpy(out, body.data, len);
	return true;
}

struct parsed {
	struct signer signer;
	char *name_space;
	uint8_t raw[SSHSIG_RAW_LEN];
};

static const struct error *blob_parse(const void *context, struct bytes blob, struct parsed *out)
{
	static const uint8_t start[] = {'S', 'S', 'H', 'S', 'I', 'G', 0, 0, 0, 1};
	struct bytes key, name_space, reserved, hash, signature;

	if (blob.len < sizeof start || memcmp(blob.data, start, sizeof start) != 0)
		return error_new(ERROR_INVALID, "not an SSH signature of version 1");
	blob.data += sizeof start;
	blob.len -= sizeof start;
	if (!take_string(&blob, &key) || !take_string(&blob, &name_space) || !take_string(&blob, &reserved) ||
		!take_string(&blob, &hash) || !take_string(&blob, &signature) || blob.len != 0)
		return error_new(
			ERROR_INVALID, "an SSH signature that is cut off or has something behind it");
	if (reserved.len != 0 || !is_text(hash, HASH_NAME))
		return error_new(ERROR_INVALID, "an SSH signature that is not over SHA-512");
	if (!take_typed(key, out->signer.key, sizeof out->signer.key) ||
		!take_typed(signature, out->raw, sizeof out->raw))
		return error_new(ERROR_INVALID, "an SSH signature that is not by an Ed25519 key");
	if (name_space.len == 0 || memchr(name_space.data, '\0', name_space.len))
		return error_new(ERROR_INVALID, "an SSH signature without a proper namespace");
	out->name_space = memory_string_of(context, name_space.data, name_space.len);
	return NULL;
}

/* git keeps signatures without their last newline: that one may be missing. Anything else must be as armor_of
 * writes it. */
static const struct error *armor_parse(const void *context, const char *armor, struct parsed *out)
{
	size_t len = strnlen(armor, ARMOR_MAX + 1), blob_len;
	struct parsed parsed;
	uint8_t *blob;
	char *again;
	const char *end;

	if (len > ARMOR_MAX)
		return error_new(ERROR_INVALID, "an SSH signature longer than %d bytes", ARMOR_MAX);
	end = strstr(armor, ARMOR_END);
	if (!text_starts(armor, ARMOR_BEGIN) || !end)
		return error_new(ERROR_INVALID, "not an armored SSH signature");
	armor += strlen(ARMOR_BEGIN);
	blob = memory_array(context, uint8_t, ARMOR_MAX);
	if (end < armor || sodium_base642bin(blob, ARMOR_MAX, armor, (size_t)(end - armor), "\n", &blob_len,
				   NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
		return error_new(ERROR_INVALID, "an SSH signature that is not base64");
	TRY(blob_parse(context, (struct bytes){blob, blob_len}, &parsed));
	again = armor_of(context, &parsed.signer, parsed.name_space, parsed.raw) + strlen(ARMOR_BEGIN);
	len = strlen(again);
	if (strcmp(armor, again) != 0 && (strlen(armor) != len - 1 || memcmp(armor, again, len - 1) != 0))
		return error_new(
			ERROR_INVALID, "an SSH signature that is not written as ssh-keygen writes it");
	*out = parsed;
	return NULL;
}

const struct error *sshsig_verify(
	const char *armor, const struct signer *signer, const char *name_space, struct bytes message)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct parsed parsed;

	TRY(armor_parse(scratch, armor, &parsed));
	if (strcmp(parsed.name_space, name_space) != 0)
		return error_new(ERROR_INVALID, "an SSH signature for \"%s\", not for \"%s\"",
			parsed.name_space, name_space);
	if (memcmp(parsed.signer.key, signer->key, sizeof signer->key) != 0)
		return error_new(ERROR_DENIED, "the signature is by another key");
	return sshsig_verify_raw(parsed.raw, signer, name_space, message);
}

const struct error *sshsig_signer(const char *armor, struct signer *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct parsed parsed;

	TRY(armor_parse(scratch, armor, &parsed));
	*out = parsed.signer;
	return NULL;
}

char *sshsig_public_text(const void *context, const struct signer *signer)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);

	/* 51 bytes: base64 with and without padding is the same. */
	return memory_format(context, KEY_TYPE " %s", encoding_base64(scratch, key_blob(scratch, signer)));
}

const struct error *sshsig_public_parse(const char *text, struct signer *out)
{
	uint8_t blob[KEY_BLOB_LEN];
	struct signer signer;

	if (!text_starts(text, KEY_TYPE " "))
		return error_new(ERROR_INVALID, "not a public key that begins with \"" KEY_TYPE " \"");
	TRY(encoding_from_base64_exact(blob, sizeof blob, text + strlen(KEY_TYPE " ")));
	if (!take_typed(BYTES_OF(blob), signer.key, sizeof signer.key))
		return error_new(ERROR_INVALID, "not an Ed25519 public key");
	*out = signer;
	return NULL;
}

void sshsig_fingerprint(char out[static SSHSIG_FINGERPRINT_SIZE], const struct signer *signer)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	uint8_t hash[DIGEST_LEN];

	digest_of(hash, key_blob(scratch, signer));
	snprintf(out, SSHSIG_FINGERPRINT_SIZE, "SHA256:%s", encoding_base64(scratch, BYTES_OF(hash)));
}

/* Writes into a secret that is large enough from the start. */
struct writer {
	struct secret *to;
	size_t at;
};

static void put(struct writer *writer, const void *data, size_t len)
{
	assert(len <= writer->to->len - writer->at);
	if (len)
		memcpy(writer->to->data + writer->at, data, len);
	writer->at += len;
}

static void put_string(struct writer *writer, const void *data, size_t len)
{
	uint8_t big_endian[4] = {
		(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len};

	put(writer, big_endian, sizeof big_endian);
	put(writer, data, len);
}

/* openssh-key-v1 (OpenSSH, PROTOCOL.key): the part that would be encrypted if there were a passphrase. */
static void put_private_part(struct writer *writer, const struct secret *seed, const char *comment)
{
	struct signer signer;
	struct secret *key CLEANUP(secret_free) = signing_key(&signer, seed);
	uint8_t check[4];
	size_t start = writer->at;

	randombytes_buf(check, sizeof check);
	put(writer, check, sizeof check);
	put(writer, check, sizeof check);
	put_string(writer, KEY_TYPE, strlen(KEY_TYPE));
	put_string(writer, signer.key, sizeof signer.key);
	put_string(writer, key->data, key->len);
	put_string(writer, comment, strlen(comment));
	for (uint8_t pad = 1; (writer->at - start) % PEM_BLOCK; pad++)
		put(writer, &pad, 1);
}

struct secret *sshsig_private_pem(const struct secret *seed, const char *comment)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct secret *hidden CLEANUP(secret_free) = secret_new(256 + strlen(comment));
	struct secret *blob CLEANUP(secret_free) = secret_new(512 + strlen(comment));
	struct secret *base64 CLEANUP(secret_free) = NULL;
	static const uint8_t one_key[] = {0, 0, 0, 1};
	struct writer inner = {hidden, 0}, outer = {blob, 0}, pem;
	struct signer signer;
	struct bytes public_blob;
	size_t len;

	sshsig_public_of(&signer, seed);
	public_blob = key_blob(scratch, &signer);
	put_private_part(&inner, seed, comment);
	put(&outer, PEM_MAGIC, sizeof PEM_MAGIC);
	put_string(&outer, "none", 4);
	put_string(&outer, "none", 4);
	put_string(&outer, "", 0);
	put(&outer, one_key, sizeof one_key);
	put_string(&outer, public_blob.data, public_blob.len);
	put_string(&outer, hidden->data, inner.at);

	base64 = secret_new(sodium_base64_encoded_len(outer.at, sodium_base64_VARIANT_ORIGINAL));
	sodium_bin2base64(
		(char *)base64->data, base64->len, blob->data, outer.at, sodium_base64_VARIANT_ORIGINAL);
	len = base64->len - 1;
	pem = (struct writer){
		secret_new(strlen(PEM_BEGIN) + len + (len + ARMOR_LINE - 1) / ARMOR_LINE + strlen(PEM_END)),
		0};
	put(&pem, PEM_BEGIN, strlen(PEM_BEGIN));
	for (size_t at = 0; at < len; at += ARMOR_LINE) {
		put(&pem, base64->data + at, len - at < ARMOR_LINE ? len - at : ARMOR_LINE);
		put(&pem, "\n", 1);
	}
	put(&pem, PEM_END, strlen(PEM_END));
	return pem.to;
}
