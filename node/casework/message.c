/* Signatures of what a reporter says with the code in hand (message.h). Who may say what is permit.c's; what
 * a phone is shown is web/intake/inbox's.
 *
 * Invariant: two things that differ in any field are never signed by the same bytes. Runs in intake, which
 * signs, and in office and intake, which verify. */
#include "node/casework/message.h"

#include <string.h>

#include "node/vault/encoding.h"

#define NAMESPACE "engabo-message"

/* All fields but the signature, as one line of JSON with its keys sorted. */
static char *fields_line(const void *context, const json_t *fields)
{
	json_t *rest CLEANUP(json_decref) = json_copy((json_t *)fields);
	char *line, *out;

	json_object_del(rest, "signature");
	line = json_dumps(rest, JSON_COMPACT | JSON_SORT_KEYS);
	out = memory_string(context, line);
	free(line);
	return out;
}

static bool is_text_alone(const json_t *set)
{
	static const char *const names[] = {"report", "from", "text", "signature"};
	size_t known = 0;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		known += json_object_get(set, names[i]) != NULL;
	return known == json_object_size(set);
}

/* The report's key is followed by a space in the one and by a line's end in the other. */
static char *signed_message(const void *context, const json_t *set, const char *key)
{
	const char *report = json_text_or(set, "report", "");

	if (is_text_alone(set))
		return memory_format(context, "%s %s %s", key, report, json_text_or(set, "text", ""));
	return memory_format(context, "%s %s\n%s", key, report, fields_line(context, set));
}

static char *signed_item(const void *context, const json_t *item)
{
	return memory_format(context, "item\n%s", fields_line(context, item));
}

static struct bytes bytes_of(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static void sign(json_t *fields, const char *text, const struct secret *seed)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	uint8_t raw[SSHSIG_RAW_LEN];

	sshsig_sign_raw(raw, seed, NAMESPACE, bytes_of(text));
	json_object_set_new(fields, "signature", json_string(encoding_base64(scratch, BYTES_OF(raw))));
}

static bool is_signed(const json_t *fields, const char *text, const struct signer *signer)
{
	uint8_t raw[SSHSIG_RAW_LEN];

	return !encoding_from_base64_exact(raw, sizeof raw, json_text_or(fields, "signature", "")) &&
	       !sshsig_verify_raw(raw, signer, NAMESPACE, bytes_of(text));
}

void message_sign(json_t *set, const char *key, const struct secret *seed)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);

	sign(set, signed_message(scratch, set, key), seed);
}

bool message_is_signed(const json_t *set, const char *key, const struct signer *signer)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);

	return is_signed(set, signed_message(scratch, set, key), signer);
}

void message_item_sign(json_t *item, const struct secret *seed)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);

	sign(item, signed_item(scratch, item), seed);
}

bool message_item_is_signed(const json_t *item, const struct signer *signer)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);

	return is_signed(item, signed_item(scratch, item), signer);
}
