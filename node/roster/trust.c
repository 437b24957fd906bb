/* What this hub is and which coalition it believes in: reading and writing trust.json (see trust.h).
 *
 * Here is also the form of a hub's public keys, which the roster and a join request share. The invariant: a
 * key that is not well-formed never gets past here. Runs in every role and in commands. */
#include "node/roster/trust.h"

#include <string.h>

#include "node/base/files.h"
#include "node/base/text.h"

#define TRUST_MAX 65536
#define EPOCH_MAX 1000000
#define KEY_TEXT_MAX 200

const char *member_role_name(enum member_role role)
{
	return role == MEMBER_HEADQUARTERS ? "headquarters" : "hub";
}

static void set_text(json_t *object, const char *name, const char *text)
{
	json_object_set_new(object, name, json_string(text));
}

static void set_signer(json_t *object, const char *name, const struct signer *signer)
{
	char *text = sshsig_public_text(NULL, signer);

	set_text(object, name, text);
	memory_free(text);
}

static void set_hex(json_t *object, const char *name, const uint8_t digest[static DIGEST_LEN])
{
	char hex[2 * DIGEST_LEN + 1];

	text_hex(hex, digest, DIGEST_LEN);
	set_text(object, name, hex);
}

static const struct error *get_signer(const json_t *object, const char *name, struct signer *out)
{
	const struct error *error;
	const char *text;

	TRY(json_get_string(object, name, KEY_TEXT_MAX, &text));
	error = sshsig_public_parse(text, out);
	return error ? error_wrap(error, "\"%s\"", name) : NULL;
}

static const struct error *get_hex(const json_t *object, const char *name, uint8_t out[static DIGEST_LEN])
{
	const struct error *error;
	const char *text;

	TRY(json_get_string(object, name, 2 * DIGEST_LEN, &text));
	error = text_from_hex(out, DIGEST_LEN, text);
	return error ? error_wrap(error, "\"%s\"", name) : NULL;
}

static const struct error *get_role(const json_t *object, enum member_role *out)
{
	const char *role;

	TRY(json_get_string(object, "role", 20, &role));
	for (enum member_role known = MEMBER_HUB; known <= MEMBER_HEADQUARTERS; known++)
		if (strcmp(role, member_role_name(known)) == 0) {
			*out = known;
			return NULL;
		}
	return error_new(ERROR_INVALID, "\"role\" is neither hub nor headquarters");
}

void member_keys_print(json_t *object, const struct member_keys *keys)
{
	char recipient[AGE_RECIPIENT_SIZE];

	age_recipient_text(recipient, &keys->recipient);
	set_text(object, "log", keys->log);
	json_object_set_new(object, "epoch", json_integer(keys->epoch));
	set_text(object, "role", member_role_name(keys->role));
	set_signer(object, "sign", &keys->sign);
	set_text(object, "recipient", recipient);
	set_signer(object, "office", &keys->office);
	set_signer(object, "ssh", &keys->ssh);
	set_hex(object, "tls", keys->tls);
}

const struct error *member_keys_parse(const json_t *object, struct member_keys *out)
{
	struct member_keys keys;
	const struct error *error;
	const char *text;
	int64_t epoch;

	memset(&keys, 0, sizeof keys);
	TRY(json_get_string(object, "log", LOG_ID_SIZE - 1, &text));
	if (!ids_is_log(text))
		return error_new(ERROR_INVALID, "\"log\" is not a log id");
	memcpy(keys.log, text, LOG_ID_SIZE);
	TRY(json_get_integer(object, "epoch", 1, EPOCH_MAX, &epoch));
	keys.epoch = (int)epoch;
	TRY(get_role(object, &keys.role));
	TRY(get_signer(object, "sign", &keys.sign));
	TRY(json_get_string(object, "recipient", AGE_RECIPIENT_SIZE - 1, &text));
	error = age_recipient_parse(&keys.recipient, text);
	if (error)
		return error_wrap(error, "\"recipient\"");
	TRY(get_signer(object, "office", &keys.office));
	TRY(get_signer(object, "ssh", &keys.ssh));
	TRY(get_hex(object, "tls", keys.tls));
	*out = keys;
	return NULL;
}

static const struct error *parse(const json_t *object, struct trust *out)
{
	struct trust trust;
	json_t *part;
	const char *text;
	int64_t version;

	memset(&trust, 0, sizeof trust);
	TRY(json_get_integer(object, "v", 1, 1, &version));
	TRY(json_get_object(object, "self", &part));
	TRY(member_keys_parse(part, &trust.self));
	if (json_object_get(object, "coalition")) {
		TRY(json_get_object(object, "coalition", &part));
		TRY(json_get_string(part, "id", ULID_SIZE - 1, &text));
		if (!ids_is_ulid(text))
			return error_new(ERROR_INVALID, "\"id\" is not a ULID");
		memcpy(trust.coalition, text, ULID_SIZE);
		TRY(get_hex(part, "root", trust.root));
		trust.has_coalition = true;
	}
	*out = trust;
	return NULL;
}

const struct error *trust_parse(struct bytes json, struct trust *out)
{
	json_t *object CLEANUP(json_decref) = NULL;
	const struct error *error = json_object_parse(json, &object);

	if (!error)
		error = parse(object, out);
	return error ? error_wrap(error, "trust.json") : NULL;
}

const struct error *trust_read(const struct home *home, struct trust *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct bytes text;

	TRY(files_read(scratch, home_file(scratch, home, "trust.json"), TRUST_MAX, &text));
	return trust_parse(text, out);
}

struct bytes trust_print(const void *context, const struct trust *trust)
{
	json_t *object CLEANUP(json_decref) = json_pack("{s:i}", "v", 1), *self = json_object();

	member_keys_print(self, &trust->self);
	json_object_set_new(object, "self", self);
	if (trust->has_coalition) {
		json_t *coalition = json_object();

		set_text(coalition, "id", trust->coalition);
		set_hex(coalition, "root", trust->root);
		json_object_set_new(object, "coalition", coalition);
	}
	return json_pretty(context, object);
}
