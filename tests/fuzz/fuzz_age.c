/* Any bytes as an age file and as the text of age keys. What is taken must be so in every way of reading it:
 * a look, a stream in odd pieces and an opening in memory agree. The identity is made of the words below and
 * opens nothing but the corpus. */
#include <assert.h>
#include <string.h>

#include "node/vault/age.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct secret *test_identity(void)
{
	static struct secret *identity;

	if (!identity) {
		secret_start();
		identity = secret_copy("throw-away identity for fuzzing!", AGE_KEY_LEN);
	}
	return identity;
}

struct pieces {
	struct bytes left;
	struct buffer *out;
};

static const struct error *read_pieces(void *user, uint8_t *to, size_t max, size_t *got)
{
	struct pieces *pieces = user;

	*got = pieces->left.len < 7 ? pieces->left.len : 7;
	if (*got > max)
		*got = max;
	if (*got)
		memcpy(to, pieces->left.data, *got);
	pieces->left.data += *got;
	pieces->left.len -= *got;
	return NULL;
}

static const struct error *write_pieces(void *user, const uint8_t *from, size_t len)
{
	buffer_add(((struct pieces *)user)->out, from, len);
	return NULL;
}

static void as_file(const void *context, struct bytes bytes)
{
	const struct secret *identities[] = {test_identity()};
	struct secret *plain CLEANUP(secret_free) = NULL;
	struct pieces pieces = {bytes, buffer_new(context)};
	const struct error *looked, *opened, *streamed;
	size_t recipients = 0, header_len = 0;

	looked = age_look(bytes, &recipients, &header_len);
	opened = age_open(identities, 1, bytes, &plain);
	streamed = age_open_stream(identities, 1, read_pieces, &pieces, write_pieces, &pieces);
	assert(!opened == !streamed);
	if (!looked)
		assert(recipients >= 1 && recipients <= AGE_RECIPIENTS_MAX && header_len <= bytes.len);
	if (!opened)
		assert(plain->len == pieces.out->len &&
			memcmp(plain->data, pieces.out->data, plain->len) == 0);
}

static void as_text(const void *context, struct bytes bytes)
{
	char *text = memory_string_of(context, bytes.data, bytes.len), again[AGE_RECIPIENT_SIZE];
	struct secret *identity CLEANUP(secret_free) = NULL;
	struct secret *back CLEANUP(secret_free) = NULL;
	struct age_recipient recipient;

	if (!age_recipient_parse(&recipient, text)) {
		age_recipient_text(again, &recipient);
		assert(strcmp(again, text) == 0);
	}
	if (!age_identity_parse(text, &identity)) {
		back = age_identity_text(identity);
		assert(strcmp((char *)back->data, text) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct bytes bytes = {data, size};

	test_identity();
	as_file(context, bytes);
	as_text(context, bytes);
	return 0;
}
