/* Papers of enrolment, which travel by stick, QR code or hand and may be swapped on the way (see enrol.h).
 *
 * The form is checked here and the request's own signature; that both sides hold the same papers is what two
 * people find out by comparing the six words. The invariant: nothing in a paper is used before its form
 * holds. Pure; runs in commands. */
#include "node/roster/enrol.h"

#include <string.h>

#include "node/base/text.h"
#include "node/vault/encoding.h"
#include "node/vault/words.h"

#define NAMESPACE "engabo-join"
#define RELAYS_MAX 16
#define RELAY_MAX 500
#define PAPER_MAX (64 * 1024)
#define HEADQUARTERS_MAX (sizeof((struct invite *)NULL)->headquarters / sizeof(struct age_recipient))

static const struct error *get_root(const json_t *object, uint8_t out[static DIGEST_LEN])
{
	const struct error *error;
	const char *hex;

	TRY(json_get_string(object, "root", 2 * DIGEST_LEN, &hex));
	error = text_from_hex(out, DIGEST_LEN, hex);
	return error ? error_wrap(error, "\"root\"") : NULL;
}

/* A paper of this kind, in a form we know. */
static const struct error *paper_parse(struct bytes text, const char *kind, json_t **out)
{
	json_t *object CLEANUP(json_decref) = NULL;
	int64_t version;

	if (text.len > PAPER_MAX)
		return error_new(ERROR_INVALID, "larger than %d bytes", PAPER_MAX);
	TRY(json_object_parse(text, &object));
	if (strcmp(json_text_or(object, "engabo", ""), kind) != 0)
		return error_new(ERROR_INVALID, "it is not one");
	TRY(json_get_integer(object, "v", 1, INT32_MAX, &version));
	if (version != 1)
		return error_new(ERROR_INVALID, "form %d is not known here; update engabo", (int)version);
	*out = object;
	object = NULL;
	return NULL;
}

static const struct error *parse_headquarters(const json_t *object, struct invite *out)
{
	json_t *list, *entry;
	size_t i;

	TRY(json_get_array(object, "headquarters", HEADQUARTERS_MAX, &list));
	json_array_foreach (list, i, entry) {
		const struct error *error;

		if (!json_is_string(entry))
			return error_new(ERROR_INVALID, "headquarters %zu is not a recipient", i + 1);
		error = age_recipient_parse(&out->headquarters[i], json_string_value(entry));
		if (error)
			return error_wrap(error, "headquarters %zu", i + 1);
	}
	out->headquarters_count = json_array_size(list);
	return i ? NULL : error_new(ERROR_INVALID, "it names no headquarters");
}

/* Relays end up in git's arguments: nothing that could be an option, and no control characters. */
static bool is_relay(const char *url)
{
	size_t len = strlen(url);

	if (!len || len > RELAY_MAX || url[0] == '-')
		return false;
	for (const char *c = url; *c; c++)
		if ((unsigned char)*c <= 0x20 || *c == 0x7f)
			return false;
	return true;
}

static const struct error *parse_relays(const json_t *object, struct invite *out)
{
	json_t *list, *entry;
	size_t i;

	TRY(json_get_array(object, "relays", RELAYS_MAX, &list));
	out->relays = memory_array(out, char *, json_array_size(list));
	json_array_foreach (list, i, entry) {
		if (!json_is_string(entry) || !is_relay(json_string_value(entry)))
			return error_new(ERROR_INVALID, "relay %zu is not an address", i + 1);
		out->relays[i] = memory_string(out, json_string_value(entry));
	}
	out->relay_count = json_array_size(list);
	return NULL;
}

static const struct error *parse_invite(struct bytes text, struct invite *out)
{
	json_t *object CLEANUP(json_decref) = NULL;
	const char *coalition;

	TRY(paper_parse(text, "invite", &object));
	TRY(json_get_string(object, "coalition", ULID_SIZE - 1, &coalition));
	if (!ids_is_ulid(coalition))
		return error_new(ERROR_INVALID, "\"coalition\" is not a ULID");
	memcpy(out->coalition, coalition, ULID_SIZE);
	TRY(get_root(object, out->root));
	TRY(parse_headquarters(object, out));
	return parse_relays(object, out);
}

const struct error *invite_parse(const void *context, struct bytes text, struct invite **out)
{
	struct invite *invite = memory_new(context, struct invite);
	const struct error *error = parse_invite(text, invite);

	if (error) {
		memory_free(invite);
		return error_wrap(error, "the invite");
	}
	*out = invite;
	return NULL;
}

static struct bytes with_newline(const void *context, struct bytes line)
{
	return memory_bytes(context, memory_format(context, "%s\n", (const char *)line.data), line.len + 1);
}

struct bytes invite_print(const void *context, const struct invite *invite)
{
	json_t *headquarters = json_array(), *relays = json_array(), *object CLEANUP(json_decref) = NULL;
	char root[2 * DIGEST_LEN + 1], recipient[AGE_RECIPIENT_SIZE];

	for (size_t i = 0; i < invite->headquarters_count; i++) {
		age_recipient_text(recipient, &invite->headquarters[i]);
		json_array_append_new(headquarters, json_string(recipient));
	}
	for (size_t i = 0; i < invite->relay_count; i++)
		json_array_append_new(relays, json_string(invite->relays[i]));
	text_hex(root, invite->root, DIGEST_LEN);
	object = json_pack("{s:i, s:s, s:s, s:s, s:o, s:o}", "v", 1, "engabo", "invite", "coalition",
		invite->coalition, "root", root, "headquarters", headquarters, "relays", relays);
	return with_newline(context, json_line(context, object));
}

struct bytes join_print(
	const void *context, const struct join_request *request, const struct secret *sign_seed)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *keys = json_object(), *object CLEANUP(json_decref) = NULL;
	struct buffer *paper = buffer_new(context);
	uint8_t signature[SSHSIG_RAW_LEN];
	char root[2 * DIGEST_LEN + 1];
	struct bytes line;

	member_keys_print(keys, &request->keys);
	text_hex(root, request->root, DIGEST_LEN);
	object = json_pack("{s:i, s:s, s:o, s:s, s:s}", "v", 1, "engabo", "join", "keys", keys, "names",
		encoding_base64(scratch, request->names), "root", root);
	line = json_line(scratch, object);
	sshsig_sign_raw(signature, sign_seed, NAMESPACE, line);
	buffer_add(paper, line.data, line.len);
	buffer_format(paper, "\n%s\n", encoding_base64(scratch, BYTES_OF(signature)));
	return buffer_bytes(paper);
}

static const struct error *parse_request(const void *context, struct bytes line, struct join_request *out)
{
	json_t *object CLEANUP(json_decref) = NULL, *keys;
	size_t recipients, header_len;
	const struct error *error;
	const char *names;

	TRY(paper_parse(line, "join", &object));
	TRY(json_get_object(object, "keys", &keys));
	TRY(member_keys_parse(keys, &out->keys));
	TRY(get_root(object, out->root));
	TRY(json_get_string(object, "names", PAPER_MAX, &names));
	error = encoding_from_base64(context, names, &out->names);
	if (!error)
		error = age_look(out->names, &recipients, &header_len);
	return error ? error_wrap(error, "\"names\"") : NULL;
}

/* Two lines, each with its newline: the words are taken over these bytes, so that a file that was touched on
 * the way must not pass. */
static const struct error *split(const void *context, struct bytes text, struct bytes *line, char **signature)
{
	const uint8_t *first, *second;

	if (text.len > PAPER_MAX)
		return error_new(ERROR_INVALID, "larger than %d bytes", PAPER_MAX);
	first = text.len ? memchr(text.data, '\n', text.len) : NULL;
	second = first ? memchr(first + 1, '\n', (size_t)(text.data + text.len - first - 1)) : NULL;
	if (!second || second + 1 != text.data + text.len || memchr(text.data, '\0', text.len))
		return error_new(
			ERROR_INVALID, "it does not have two lines; was the file changed on the way?");
	*line = (struct bytes){text.data, (size_t)(first - text.data)};
	*signature = memory_string_of(context, first + 1, (size_t)(second - first) - 1);
	return NULL;
}

static const struct error *parse_join(const void *context, struct bytes text, struct join_request *out)
{
	uint8_t signature[SSHSIG_RAW_LEN];
	const struct error *error;
	struct bytes line;
	char *base64 = NULL;

	TRY(split(context, text, &line, &base64));
	TRY(parse_request(context, line, out));
	error = encoding_from_base64_exact(signature, sizeof signature, base64);
	if (error)
		return error_wrap(error, "its signature");
	return sshsig_verify_raw(signature, &out->keys.sign, NAMESPACE, line);
}

const struct error *join_parse(const void *context, struct bytes text, struct join_request **out)
{
	struct join_request *request = memory_new(context, struct join_request);
	const struct error *error = parse_join(request, text, request);

	if (error) {
		memory_free(request);
		return error_wrap(error, "the join request");
	}
	*out = request;
	return NULL;
}

char *join_words(const void *context, struct bytes request_text, const uint8_t root[static DIGEST_LEN])
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct buffer *both = buffer_new(scratch);

	buffer_add(both, request_text.data, request_text.len);
	buffer_add(both, root, DIGEST_LEN);
	return words_of(context, buffer_bytes(both));
}
