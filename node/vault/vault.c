/* What a hub keeps behind its people's passphrases: see keyring.h for the content and vault.h for its text.
 *
 * The keys that open this hub's records and speak for its staff. keyring.c seals the text. Guards: no copy of
 * these keys lies outside a secret, not even while they are read. Process: office while unlocked, and
 * commands. */
#include "node/vault/vault.h"

#include <assert.h>
#include <sodium.h>
#include <stddef.h>
#include <string.h>

#include "node/vault/encoding.h"

#define KEY_LEN 32
#define KEY_TEXT_LEN 43
#define TEXT_MAX 512

_Static_assert(KEY_LEN == AGE_KEY_LEN && KEY_LEN == SSHSIG_SEED_LEN, "all keys of a vault are 32 bytes");

static const struct key {
	const char *name;
	size_t at; /* in struct vault */
} keys[] = {
	{"opening", offsetof(struct vault, opening)},
	{"office", offsetof(struct vault, office)},
	{"authority", offsetof(struct vault, authority)},
	{"authority-whole", offsetof(struct vault, authority_whole)},
	{"tls-intake", offsetof(struct vault, intake_tls)},
	{"tls-office", offsetof(struct vault, office_tls)},
};
#define KEY_COUNT (sizeof keys / sizeof *keys)

static struct secret **slot_of(const struct vault *vault, const struct key *key)
{
	return (struct secret **)((char *)vault + key->at);
}

struct vault *vault_new(void)
{
	return memory_new(NULL, struct vault);
}

void vault_free(struct vault *vault)
{
	if (!vault)
		return;
	for (size_t i = 0; i < KEY_COUNT; i++)
		secret_free(*slot_of(vault, &keys[i]));
	memory_free(vault);
}

static void add(struct secret *text, const char *more)
{
	size_t len = strlen(more);

	assert(text->len + len <= TEXT_MAX);
	memcpy(text->data + text->len, more, len);
	text->len += len;
}

static void add_key(struct secret *text, const char *name, const struct secret *key)
{
	assert(key->len == KEY_LEN && text->len + KEY_TEXT_LEN <= TEXT_MAX);
	add(text, ",\"");
	add(text, name);
	add(text, "\":\"");
	sodium_bin2base64((char *)text->data + text->len, KEY_TEXT_LEN + 1, key->data, key->len,
		sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
	text->len += KEY_TEXT_LEN;
	add(text, "\"");
}

struct secret *vault_print(const struct vault *vault)
{
	struct secret *text = secret_new(TEXT_MAX);

	text->len = 0;
	add(text, "{\"v\":1");
	for (size_t i = 0; i < KEY_COUNT; i++)
		if (*slot_of(vault, &keys[i]))
			add_key(text, keys[i].name, *slot_of(vault, &keys[i]));
	add(text, "}");
	return text;
}

/* Takes `character` off the text; false when something else is there. */
static bool take(const char **at, char character)
{
	if (**at != character)
		return false;
	(*at)++;
	return true;
}

/* A string that needs no escapes. */
static bool take_string(const char **at, struct bytes *out)
{
	size_t len;

	if (!take(at, '"'))
		return false;
	len = strcspn(*at, "\"\\");
	*out = (struct bytes){(const uint8_t *)*at, len};
	*at += len;
	return take(at, '"');
}

static bool is_named(struct bytes name, const char *text)
{
	return name.len == strlen(text) && memcmp(name.data, text, name.len) == 0;
}

static struct secret **place_of(struct vault *vault, struct bytes name)
{
	for (size_t i = 0; i < KEY_COUNT; i++)
		if (is_named(name, keys[i].name))
			return slot_of(vault, &keys[i]);
	return NULL;
}

/* One `"name":value`, into the vault or over it. */
static bool take_member(const char **at, struct vault *vault, uint64_t *version)
{
	struct secret **place;
	struct bytes name, value;
	size_t len;

	if (!take_string(at, &name) || !take(at, ':'))
		return false;
	if (**at != '"') {
		len = strspn(*at, "0123456789");
		if (len < 1 || len > 9)
			return false;
		if (is_named(name, "v"))
			*version = strtoull(*at, NULL, 10);
		*at += len;
		return true;
	}
	if (!take_string(at, &value))
		return false;
	place = place_of(vault, name);
	if (!place)
		return true;
	if (*place)
		return false;
	*place = secret_new(KEY_LEN);
	return encoding_decode((*place)->data, KEY_LEN, value, &len) && len == KEY_LEN;
}

const struct error *vault_parse(const struct secret *text, struct vault **out)
{
	struct vault *vault CLEANUP(vault_free) = vault_new();
	const char *at = (const char *)text->data;
	uint64_t version = 0;
	bool holds = take(&at, '{');

	while (holds) {
		holds = take_member(&at, vault, &version);
		if (!holds || !take(&at, ','))
			break;
	}
	if (!holds || !take(&at, '}') || *at || !vault->opening || !vault->office)
		return error_new(ERROR_INVALID, "the vault of this keyring is not well written");
	if (version != 1)
		return error_new(ERROR_INVALID,
			"the vault of this keyring is of version %llu: a newer program wrote it",
			(unsigned long long)version);
	*out = vault;
	vault = NULL;
	return NULL;
}
