/* A record as it lies on the card and travels: an event in an age file that only the hubs it is for can open.
 *
 * Whom it is for is recipients.c's choice, how age works is node/vault/age.c's. The plaintext lives only in
 * wiped memory and its length is rounded up, so that a thief learns neither words nor the size of a story.
 * What comes out of an envelope is believed only when it agrees with the log that carried it. Runs in intake
 * (sealing) and in office. */
#include "node/casework/envelope.h"

#include <stdio.h>
#include <string.h>

#include "node/base/text.h"
#include "node/vault/encoding.h"

#define MAGIC "engabo-event 1 "
#define NAMESPACE "engabo-event"
#define HEADER_MAX 160

size_t envelope_padded(size_t len)
{
	unsigned e = 0, s = 0;
	size_t mask;

	if (len < 2)
		return len;
	while (len >> (e + 1))
		e++;
	while (e >> s)
		s++;
	mask = ((size_t)1 << (e - s)) - 1;
	return (len + mask) & ~mask;
}

/* header, line, "\n" and spaces up to the padded size. */
static struct secret *padded(const char *header, struct bytes line)
{
	size_t head = strlen(header), len = head + line.len + 1;
	struct secret *plain = secret_new(envelope_padded(len));

	memset(plain->data, ' ', plain->len);
	memcpy(plain->data, header, head);
	memcpy(plain->data + head, line.data, line.len);
	plain->data[len - 1] = '\n';
	return plain;
}

/* Splits off the first line; what follows it may only be spaces. */
static const struct error *unpadded(struct bytes plain, struct bytes *line)
{
	const uint8_t *end = plain.len ? memchr(plain.data, '\n', plain.len) : NULL;

	if (!end)
		return error_new(ERROR_INVALID, "an envelope without a line in it");
	for (const uint8_t *at = end + 1; at < plain.data + plain.len; at++)
		if (*at != ' ')
			return error_new(ERROR_INVALID, "an envelope that is not padded with spaces");
	*line = (struct bytes){plain.data, (size_t)(end - plain.data)};
	return NULL;
}

/* What the office key signs: "<log id> <epoch> <JSON>". */
static struct secret *signed_text(const char *log, int epoch, struct bytes line)
{
	char head[HEADER_MAX];
	int len = snprintf(head, sizeof head, "%s %d ", log, epoch);
	struct secret *text = secret_new((size_t)len + line.len);

	memcpy(text->data, head, (size_t)len);
	memcpy(text->data + len, line.data, line.len);
	return text;
}

static struct bytes bytes_of(const struct secret *secret)
{
	return (struct bytes){secret->data, secret->len};
}

const struct error *envelope_seal(const void *context, struct bytes line, const char *log, int epoch,
	const struct secret *office, const struct age_recipient *recipients, size_t count, struct bytes *out)
{
	struct secret *text CLEANUP(secret_free) = signed_text(log, epoch, line);
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct secret *plain CLEANUP(secret_free) = NULL;
	uint8_t raw[SSHSIG_RAW_LEN];
	const char *signature = "-";
	struct bytes sealed;

	if (line.len > EVENT_JSON_MAX || memchr(line.data, '\n', line.len))
		return error_new(ERROR_INVALID, "an event is one line of at most %d bytes", EVENT_JSON_MAX);
	if (office) {
		sshsig_sign_raw(raw, office, NAMESPACE, bytes_of(text));
		signature = encoding_base64(scratch, BYTES_OF(raw));
	}
	plain = padded(
		memory_format(scratch, MAGIC "%s %d %c %s\n", log, epoch, office ? 'o' : 'i', signature),
		line);
	TRY(age_seal(context, bytes_of(plain), recipients, count, &sealed));
	if (sealed.len > ENVELOPE_MAX)
		return error_new(
			ERROR_INVALID, "too long for one record by %zu bytes", sealed.len - ENVELOPE_MAX);
	*out = sealed;
	return NULL;
}

struct header {
	char log[LOG_ID_SIZE];
	int epoch;
	char kind;
	char signature[90]; /* base64 of 64 bytes is 86 characters; or "-" */
};

/* Strict: what is read must print to the very same bytes. */
static const struct error *header_parse(struct bytes line, struct header *out)
{
	char text[HEADER_MAX], again[HEADER_MAX], epoch[10];
	uint64_t number;

	if (line.len >= sizeof text)
		return error_new(ERROR_INVALID, "not an envelope of engabo");
	memcpy(text, line.data, line.len);
	text[line.len] = '\0';
	if (sscanf(text, MAGIC "%16s %9[0-9] %c %89s", out->log, epoch, &out->kind, out->signature) != 4)
		return error_new(ERROR_INVALID, "not an envelope of engabo, or of another version");
	TRY(text_to_number(epoch, INT32_MAX, &number));
	out->epoch = (int)number;
	snprintf(again, sizeof again, MAGIC "%s %d %c %s", out->log, out->epoch, out->kind, out->signature);
	if (strcmp(text, again) != 0 || !ids_is_log(out->log) || out->epoch < 1)
		return error_new(ERROR_INVALID, "a malformed envelope header");
	return NULL;
}

static const struct error *check_origin(const struct header *header, const struct event_origin *origin)
{
	if (strcmp(header->log, origin->log) != 0 || header->epoch != origin->epoch)
		return error_new(ERROR_CONFLICT, "an envelope of %s/%d in the log %s/%d", header->log,
			header->epoch, origin->log, origin->epoch);
	if (header->kind != origin->kind)
		return error_new(ERROR_CONFLICT, "an envelope of kind %c under a name of kind %c",
			header->kind, origin->kind);
	return NULL;
}

static const struct error *check_signature(
	const struct header *header, struct bytes line, const struct signer *office)
{
	struct secret *text CLEANUP(secret_free) = NULL;
	uint8_t raw[SSHSIG_RAW_LEN];

	if (header->kind == 'i') {
		if (strcmp(header->signature, "-") == 0)
			return NULL;
		return error_new(ERROR_CONFLICT, "an envelope from intake that is signed");
	}
	if (!office)
		return error_new(ERROR_NOT_FOUND, "the office key of %s is not known", header->log);
	TRY(encoding_from_base64_exact(raw, sizeof raw, header->signature));
	text = signed_text(header->log, header->epoch, line);
	if (sshsig_verify_raw(raw, office, NAMESPACE, bytes_of(text)))
		return error_new(
			ERROR_CONFLICT, "an envelope that the office of %s did not sign", header->log);
	return NULL;
}

const struct error *envelope_open(const void *context, struct bytes sealed,
	const struct secret *const *identities, size_t identity_count, const struct event_origin *origin,
	const struct signer *office, struct event **out)
{
	struct secret *plain CLEANUP(secret_free) = NULL;
	struct bytes rest, line;
	struct header header;
	const uint8_t *end;

	if (sealed.len > ENVELOPE_MAX)
		return error_new(ERROR_INVALID, "an envelope of %zu bytes; at most %d are allowed",
			sealed.len, ENVELOPE_MAX);
	TRY(age_open(identities, identity_count, sealed, &plain));
	end = plain->len ? memchr(plain->data, '\n', plain->len) : NULL;
	if (!end)
		return error_new(ERROR_INVALID, "not an envelope of engabo");
	TRY(header_parse((struct bytes){plain->data, (size_t)(end - plain->data)}, &header));
	rest = (struct bytes){end + 1, plain->len - (size_t)(end + 1 - plain->data)};
	TRY(unpadded(rest, &line));
	TRY(check_origin(&header, origin));
	TRY(check_signature(&header, line, office));
	return event_parse(context, line, out);
}

const struct error *envelope_seal_item(
	const void *context, struct bytes line, const struct age_recipient *recipient, struct bytes *out)
{
	struct secret *plain CLEANUP(secret_free) = NULL;

	if (line.len > EVENT_JSON_MAX || memchr(line.data, '\n', line.len))
		return error_new(
			ERROR_INVALID, "a mailbox item is one line of at most %d bytes", EVENT_JSON_MAX);
	plain = padded("", line);
	return age_seal(context, bytes_of(plain), recipient, 1, out);
}

const struct error *envelope_open_item(
	const void *context, struct bytes sealed, const struct secret *identity, struct bytes *line)
{
	struct secret *plain CLEANUP(secret_free) = NULL;
	struct bytes found;

	if (sealed.len > ENVELOPE_MAX)
		return error_new(ERROR_INVALID, "a mailbox item of %zu bytes; at most %d are allowed",
			sealed.len, ENVELOPE_MAX);
	TRY(age_open(&identity, 1, sealed, &plain));
	TRY(unpadded(bytes_of(plain), &found));
	*line = memory_bytes(context, found.data, found.len);
	return NULL;
}
