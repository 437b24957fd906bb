/* A sealed record opens for those it was sealed to, whole, and for nobody else; stock age agrees. */
#include "tests/unit/vault/tools.h"

#include <ctype.h>
#include <sodium.h>

#include "node/base/text.h"
#include "node/vault/age.h"
#include "node/vault/age_header.h"

#define CHUNK 65536
#define PEOPLE 5

static struct secret *identities[PEOPLE];
static struct age_recipient recipients[PEOPLE];

static int start(void **state)
{
	if (tools_start(state) != 0)
		return -1;
	for (int i = 0; i < PEOPLE; i++)
		identities[i] = age_identity_new(&recipients[i]);
	return 0;
}

static int end(void **state)
{
	for (int i = 0; i < PEOPLE; i++)
		secret_free(identities[i]);
	return tools_end(state);
}

static const struct error *open_by(int person, struct bytes sealed, struct secret **plain)
{
	return age_open((const struct secret *const[]){identities[person]}, 1, sealed, plain);
}

static struct bytes sealed_to(struct bytes plain, size_t count)
{
	struct bytes sealed;

	assert_null(age_seal(tools.context, plain, recipients, count, &sealed));
	return sealed;
}

static void assert_opens(int person, struct bytes sealed, struct bytes plain)
{
	struct secret *got CLEANUP(secret_free) = NULL;

	assert_null(open_by(person, sealed, &got));
	assert_bytes((struct bytes){got->data, got->len}, plain);
}

/* Refused with nothing given out. */
static void assert_refused(int person, struct bytes sealed)
{
	struct secret *got = NULL;
	const struct error *error = open_by(person, sealed, &got);

	assert_non_null(error);
	assert_true(error->code == ERROR_INVALID || error->code == ERROR_DENIED);
	assert_null(got);
}

static void records_of_any_size_open_for_each_recipient_and_no_other(void **state)
{
	static const size_t edges[] = {0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 17};
	const size_t rounds = 30, fixed = sizeof edges / sizeof edges[0];

	for (size_t i = 0; i < rounds; i++) {
		size_t len = i < fixed ? edges[i] : tools_random(i % 2 ? 2000 : 4 * CHUNK);
		size_t count = 1 + tools_random(PEOPLE - 1), chunks = len ? (len + CHUNK - 1) / CHUNK : 1;
		struct bytes plain = tools_random_bytes(len), sealed = sealed_to(plain, count);
		struct secret *got = NULL;

		assert_int_equal(sealed.len, 86 + 98 * count + 16 * chunks + len);
		for (size_t person = 0; person < count; person++)
			assert_opens((int)person, sealed, plain);
		assert_error(open_by(PEOPLE - 1, sealed, &got), ERROR_DENIED);
		assert_error(age_open(NULL, 0, sealed, &got), ERROR_DENIED);
		assert_null(age_open((const struct secret *const *)identities, PEOPLE, sealed, &got));
		assert_bytes((struct bytes){got->data, got->len}, plain);
		secret_free(got);
	}
}

static void two_seals_of_one_record_have_nothing_in_common(void **state)
{
	struct bytes plain = tools_random_bytes(100), a = sealed_to(plain, 1), b = sealed_to(plain, 1);

	assert_memory_not_equal(a.data + 184, b.data + 184, a.len - 184);
}

/* A stream that comes and goes in pieces of random size. */
struct pieces {
	struct bytes left;
	struct buffer *out;
};

static const struct error *read_pieces(void *user, uint8_t *to, size_t max, size_t *got)
{
	struct pieces *pieces = user;
	size_t len = 1 + tools_random(max);

	*got = len < pieces->left.len ? len : pieces->left.len;
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

static const struct error *open_stream(struct pieces *pieces, struct bytes sealed)
{
	*pieces = (struct pieces){sealed, buffer_new(tools.context)};
	return age_open_stream(
		(const struct secret *const[]){identities[0]}, 1, read_pieces, pieces, write_pieces, pieces);
}

static void streams_and_memory_read_one_another(void **state)
{
	for (int i = 0; i < 20; i++) {
		struct bytes plain = tools_random_bytes(tools_random(i % 2 ? 300 : 4 * CHUNK));
		struct pieces sealing = {plain, buffer_new(tools.context)}, opening;

		assert_null(age_seal_stream(read_pieces, &sealing, write_pieces, &sealing, recipients, 2));
		assert_opens(1, buffer_bytes(sealing.out), plain);
		assert_null(open_stream(&opening, sealed_to(plain, 1)));
		assert_bytes(buffer_bytes(opening.out), plain);
	}
}

static void what_comes_in_parts_is_sealed_as_the_whole_is(void **state)
{
	static const size_t lengths[] = {0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7};

	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		struct bytes plain = tools_random_bytes(lengths[i]), left = plain;
		struct pieces sealing = {plain, buffer_new(tools.context)};
		struct age_sealer *sealer;

		assert_null(age_sealer_new(tools.context, write_pieces, &sealing, recipients, 2, &sealer));
		while (left.len) {
			size_t part = 1 + tools_random(CHUNK * 3 / 2);

			part = part < left.len ? part : left.len;
			assert_null(age_sealer_add(sealer, (struct bytes){left.data, part}));
			left.data += part;
			left.len -= part;
		}
		assert_null(age_sealer_end(sealer));
		memory_free(sealer);
		assert_opens(1, buffer_bytes(sealing.out), plain);
		assert_opens(0, buffer_bytes(sealing.out), plain);
	}
}

static void a_stream_gives_out_no_byte_of_a_chunk_that_does_not_hold(void **state)
{
	struct bytes plain = tools_random_bytes(3 * CHUNK), sealed = sealed_to(plain, 1);
	uint8_t *damaged = talloc_memdup(tools.context, sealed.data, sealed.len);
	struct pieces pieces;

	damaged[200 + CHUNK + 16 + 5] ^= 1;
	assert_error(open_stream(&pieces, (struct bytes){damaged, sealed.len}), ERROR_INVALID);
	assert_bytes(buffer_bytes(pieces.out), (struct bytes){plain.data, CHUNK});
	/* Cut between chunks: all that came was good, and the whole is refused all the same. */
	assert_error(
		open_stream(&pieces, (struct bytes){sealed.data, sealed.len - (CHUNK + 16)}), ERROR_INVALID);
	assert_refused(0, (struct bytes){sealed.data, sealed.len - (CHUNK + 16)});
}

static const struct error *read_nothing_more(void *user, uint8_t *to, size_t max, size_t *got)
{
	return error_new(ERROR_UNAVAILABLE, "the stick was pulled");
}

static const struct error *write_nothing_more(void *user, const uint8_t *from, size_t len)
{
	return error_new(ERROR_FULL, "no room");
}

static void an_error_of_the_stream_is_the_error_that_is_given(void **state)
{
	struct bytes sealed = sealed_to(TEXT("a record"), 1);
	struct pieces pieces = {sealed, NULL};

	assert_error(age_seal_stream(read_nothing_more, NULL, write_pieces, &pieces, recipients, 0),
		ERROR_INVALID);
	assert_error(
		age_open_stream(NULL, 0, read_nothing_more, NULL, write_pieces, &pieces), ERROR_UNAVAILABLE);
	assert_error(
		age_seal_stream(read_pieces, &pieces, write_nothing_more, NULL, recipients, 1), ERROR_FULL);
	pieces.left = sealed;
	assert_error(age_open_stream((const struct secret *const[]){identities[0]}, 1, read_pieces, &pieces,
			     write_nothing_more, NULL),
		ERROR_FULL);
}

static void a_record_cut_off_anywhere_is_refused(void **state)
{
	struct bytes sealed = sealed_to(tools_random_bytes(300), 2);
	size_t count, header_len, header = 86 - 16 + 2 * 98;

	for (size_t len = 0; len < sealed.len; len++) {
		/* In its own memory, so that a read past the end shows. */
		struct bytes cut = {talloc_memdup(tools.context, sealed.data, len), len};

		assert_refused(1, cut);
		if (len < header)
			assert_error(age_look(cut, &count, &header_len), ERROR_INVALID);
		else
			assert_null(age_look(cut, &count, &header_len));
	}
	assert_int_equal(count, 2);
	assert_int_equal(header_len, header);
}

static void a_record_with_any_one_bit_changed_is_refused(void **state)
{
	struct bytes plain = tools_random_bytes(60), sealed = sealed_to(plain, 2);
	uint8_t *damaged = talloc_memdup(tools.context, sealed.data, sealed.len);

	for (size_t bit = 0; bit < 8 * sealed.len; bit++) {
		damaged[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_refused(0, (struct bytes){damaged, sealed.len});
		damaged[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_opens(0, (struct bytes){damaged, sealed.len}, plain);
}

static void a_record_with_something_behind_it_is_refused(void **state)
{
	struct bytes sealed = sealed_to(tools_random_bytes(CHUNK), 1);
	struct buffer *longer = buffer_new(tools.context);

	buffer_add(longer, sealed.data, sealed.len);
	buffer_add(longer, "x", 1);
	assert_refused(0, buffer_bytes(longer));
	buffer_add(longer, sealed.data, sealed.len);
	assert_refused(0, buffer_bytes(longer));
}

/* An age file by hand: the header ours, the payload from these chunks. */
static struct bytes by_hand(const struct bytes *chunks, size_t count, const struct age_recipient *to)
{
	struct age_keys keys = {.file = {1, 2, 3}};
	struct buffer *file = buffer_new(tools.context);
	uint8_t nonce[16] = {7}, key[32], chunk_nonce[12] = {0};

	assert_null(age_header_make(file, &keys, to, 1));
	buffer_add(file, nonce, sizeof nonce);
	digest_hkdf(key, sizeof key, BYTES_OF(nonce), BYTES_OF(keys.file), "payload");
	for (size_t i = 0; i < count; i++) {
		uint8_t *box = memory_array(tools.context, uint8_t, chunks[i].len + 16);

		chunk_nonce[10] = (uint8_t)i;
		chunk_nonce[11] = i == count - 1;
		crypto_aead_chacha20poly1305_ietf_encrypt(
			box, NULL, chunks[i].data, chunks[i].len, NULL, 0, NULL, chunk_nonce, key);
		buffer_add(file, box, chunks[i].len + 16);
	}
	return buffer_bytes(file);
}

static void chunks_that_are_not_as_sealing_cuts_them_are_refused(void **state)
{
	struct bytes full = tools_random_bytes(CHUNK), some = tools_random_bytes(100),
		     none = {(const uint8_t *)"", 0};
	struct bytes longer = tools_random_bytes(CHUNK + 1);

	assert_opens(0, by_hand((struct bytes[]){none}, 1, recipients), none);
	assert_opens(0, by_hand((struct bytes[]){full}, 1, recipients), full);
	assert_refused(0, by_hand((struct bytes[]){full, none}, 2, recipients));
	assert_refused(0, by_hand((struct bytes[]){some, some}, 2, recipients));
	assert_refused(0, by_hand((struct bytes[]){longer}, 1, recipients));
	assert_refused(0, by_hand(NULL, 0, recipients));
}

static const char *const low_order[] = {
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
	"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

static void a_point_of_low_order_is_neither_sealed_to_nor_opened_with(void **state)
{
	for (size_t i = 0; i < sizeof low_order / sizeof low_order[0]; i++) {
		struct bytes sealed = sealed_to(TEXT("x"), 1), out;
		uint8_t *changed = talloc_memdup(tools.context, sealed.data, sealed.len);
		struct age_recipient point;
		struct secret *got = NULL;
		char share[64];

		assert_null(text_from_hex(point.key, sizeof point.key, low_order[i]));
		assert_error(age_seal(tools.context, TEXT("x"), &point, 1, &out), ERROR_INVALID);
		sodium_bin2base64(share, sizeof share, point.key, sizeof point.key,
			sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
		memcpy(changed + 32, share, 43);
		assert_error(open_by(0, (struct bytes){changed, sealed.len}, &got), ERROR_INVALID);
	}
}

#define B43 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define B64 B43 "AAAAAAAAAAAAAAAAAAAAA"
#define V "age-encryption.org/v1\n"
#define X "-> X25519 " B43 "\n" B43 "\n"
#define M "--- " B43 "\n"

static const struct error *look(const char *text)
{
	size_t count, len;

	return age_look(TEXT(text), &count, &len);
}

static void a_header_has_one_spelling(void **state)
{
	static const char *const bad[] = {
		"",
		"\n",
		"age",
		V,
		V M,
		V X,
		V "---\n",
		V X "---\n",
		V X "--- \n",
		V X "---" B43 "\n",
		V X "--- " B43,
		V X "--- " B43 "=\n",
		V X "--- " B43 " \n",
		V X "--- " B43 "\r\n",
		V X "--- AAAA\n",
		V X "-- " B43 "\n",
		"age-encryption.org/v2\n" X M,
		" " V X M,
		"age-encryption.org/v1\r\n" X M,
		V "\n" X M,
		V X "\n" M,
		V "->X25519 " B43 "\n" B43 "\n" M,
		V "->  X25519 " B43 "\n" B43 "\n" M,
		V "-> \n\n" M,
		V "->\n\n" M,
		V "-> X25519\n" B43 "\n" M,
		V "-> X25519 \n" B43 "\n" M,
		V "-> X25519 " B43 " \n" B43 "\n" M,
		V "-> X25519 " B43 " x\n" B43 "\n" M,
		V "-> X25519 " B43 "=\n" B43 "\n" M,
		V "-> X25519 AAAA\n" B43 "\n" M,
		V "-> X25519  " B43 "\n" B43 "\n" M,
		V "-> X25519 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB\n" B43 "\n" M,
		V "-> X25519 " B43 "\n\n" M,
		V "-> X25519 " B43 "\n" B43 "=\n" M,
		V "-> X25519 " B43 "\nAAAA\n" M,
		V "-> X25519 " B43 "\n" B43 "A\n" M,
		V "-> X25519 " B43 "\n" B64 "\n" M,
		V "-> X25519 " B43 "\n" B64 "\n\n" M,
		V "-> X25519 " B43 "\n" B64 "A\n" M,
		V "-> X25519 " B43 "\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB\n" M,
		V "-> X25519 " B43 "\n-> X25519 " B43 "\n" B43 "\n" M,
		V X "-> x\x7f\n\n" M,
		V X "-> a\tb\n\n" M,
		V X "-> other\n" B64 "\n" M,
		V X "-> other\nAB\n" M,
		V X "-> other\n" B64 "AAAA\n\n" M,
	};

	assert_null(look(V X M));
	assert_null(look(V X X X M "payload"));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (!look(bad[i]))
			fail_msg("taken: %s", bad[i]);
}

static void stanzas_of_other_types_are_read_over_in_opening_and_refused_in_a_look(void **state)
{
	static const char *const fine[] = {"-> other\n\n", "-> other arg !~ x\nAA\n", "-> a\n" B64 "\n\n",
		"-> b\n" B64 "\n" B64 "\n" B43 "\n", "-> X25519x " B43 "\n\n", "-> x25519 " B43 "\n\n"};
	struct secret *got = NULL;
	struct bytes sealed;

	assert_null(age_seal(tools.context, TEXT("x"), &recipients[1], 1, &sealed));
	for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++) {
		const char *text =
			memory_format(tools.context, "%.120s%s" M, (const char *)sealed.data, fine[i]);

		assert_error(look(text), ERROR_INVALID);
		/* Read to its end: the only complaint is that it is for someone else. */
		assert_error(open_by(0, TEXT(text), &got), ERROR_DENIED);
	}
}

static void a_look_says_how_many_recipients_and_refuses_too_many(void **state)
{
	struct buffer *header = buffer_new(tools.context);
	size_t count, len;

	buffer_text(header, V);
	for (int i = 1; i <= AGE_RECIPIENTS_MAX; i++) {
		struct bytes whole;

		buffer_text(header, X);
		whole = TEXT(memory_format(tools.context, "%s" M, (char *)header->data));
		assert_null(age_look(whole, &count, &len));
		assert_int_equal(count, i);
		assert_int_equal(len, whole.len);
	}
	/* Nor is a first line waited for that never ends. */
	assert_error(look(memory_format(tools.context, "%05000d", 0)), ERROR_INVALID);
	buffer_text(header, X M);
	assert_error(age_look(buffer_bytes(header), &count, &len), ERROR_INVALID);
	assert_error(look(memory_format(tools.context, V X "-> %070000d\n\n" M, 0)), ERROR_INVALID);
	while (header->len < AGE_HEADER_MAX)
		buffer_text(header, "-> endless\n\n");
	assert_error(age_look(buffer_bytes(header), &count, &len), ERROR_INVALID);
}

static void nobody_and_too_many_are_no_recipients(void **state)
{
	struct age_recipient many[AGE_RECIPIENTS_MAX + 1];
	struct bytes out = {NULL, 3};

	for (size_t i = 0; i < AGE_RECIPIENTS_MAX + 1; i++)
		many[i] = recipients[0];
	assert_error(age_seal(tools.context, TEXT("x"), many, 0, &out), ERROR_INVALID);
	assert_error(age_seal(tools.context, TEXT("x"), many, AGE_RECIPIENTS_MAX + 1, &out), ERROR_INVALID);
	assert_int_equal(out.len, 3);
	assert_null(age_seal(tools.context, TEXT("x"), many, AGE_RECIPIENTS_MAX, &out));
	assert_opens(0, out, TEXT("x"));
}

static void keys_have_one_spelling(void **state)
{
	struct age_recipient back = {{0}};
	struct secret *again = NULL, *text CLEANUP(secret_free) = age_identity_text(identities[0]);
	char shown[AGE_RECIPIENT_SIZE], changed[AGE_RECIPIENT_SIZE];

	age_recipient_text(shown, &recipients[0]);
	assert_int_equal(strlen(shown), AGE_RECIPIENT_SIZE - 1);
	assert_null(age_recipient_parse(&back, shown));
	assert_memory_equal(&back, &recipients[0], sizeof back);
	assert_int_equal(text->len, 74);
	assert_null(age_identity_parse((char *)text->data, &again));
	assert_true(secret_equal(again, identities[0]));
	secret_free(again);

	/* Every other letter in every place, cut and added letters, and the other case. */
	for (size_t i = 0; shown[i]; i++) {
		for (int c = 1; c < 128; c++) {
			memcpy(changed, shown, sizeof changed);
			changed[i] = (char)c;
			if (c != shown[i])
				assert_error(age_recipient_parse(&back, changed), ERROR_INVALID);
		}
		memcpy(changed, shown, sizeof changed);
		changed[i] = '\0';
		assert_error(age_recipient_parse(&back, changed), ERROR_INVALID);
	}
	assert_error(age_recipient_parse(&back, memory_format(tools.context, "%sq", shown)), ERROR_INVALID);
	for (char *c = shown; *c; c++)
		*c = (char)toupper(*c);
	assert_error(age_recipient_parse(&back, shown), ERROR_INVALID);
	text_lower((char *)text->data);
	assert_error(age_identity_parse((char *)text->data, &again), ERROR_INVALID);
	assert_error(age_identity_parse(shown, &again), ERROR_INVALID);
}

static void an_identity_is_32_bytes(void **state)
{
	struct secret *cut CLEANUP(secret_free) = secret_random(31);
	struct bytes sealed = sealed_to(TEXT("x"), 1);
	struct age_recipient out;
	struct secret *got = NULL;

	assert_error(age_recipient_of(&out, cut), ERROR_INVALID);
	assert_error(age_open((const struct secret *const[]){cut}, 1, sealed, &got), ERROR_INVALID);
}

static const char *identity_file(int person)
{
	struct secret *text CLEANUP(secret_free) = age_identity_text(identities[person]);

	return tools_file(memory_format(tools.context, "identity-%d", person), TEXT((char *)text->data));
}

static void stock_age_opens_what_we_seal(void **state)
{
	static const size_t sizes[] = {0, 1, 700, CHUNK, CHUNK + 1, 5 * CHUNK};

	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct bytes plain = tools_random_bytes(sizes[i]);
		const char *sealed = tools_file("ours.age", sealed_to(plain, 3));

		assert_bytes(TOOLS_RUN(NO_INPUT, "age", "-d", "-i", identity_file(2), sealed), plain);
	}
	assert_int_not_equal(
		TOOLS_TRY(NO_INPUT, "age", "-d", "-i", identity_file(3), tools_path("ours.age")).status, 0);
}

/* Past 256 chunks the counter carries into its next byte. */
static void a_large_file_is_the_same_to_stock_age(void **state)
{
	struct bytes plain = tools_random_bytes(257 * CHUNK + 5), sealed = sealed_to(plain, 1);

	assert_bytes(
		TOOLS_RUN(NO_INPUT, "age", "-d", "-i", identity_file(0), tools_file("large.age", sealed)),
		plain);
	assert_opens(0, sealed, plain);
}

static void we_open_what_stock_age_seals(void **state)
{
	static const size_t sizes[] = {0, 1, 700, CHUNK, CHUNK + 1, 5 * CHUNK};
	char first[AGE_RECIPIENT_SIZE], second[AGE_RECIPIENT_SIZE];
	size_t count, len;

	age_recipient_text(first, &recipients[0]);
	age_recipient_text(second, &recipients[1]);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct bytes plain = tools_random_bytes(sizes[i]);
		const char *file = tools_file("plain", plain);
		struct bytes sealed = TOOLS_RUN(NO_INPUT, "age", "-r", first, "-r", second, file);

		assert_opens(0, sealed, plain);
		assert_opens(1, sealed, plain);
		assert_refused(2, sealed);
		assert_null(age_look(sealed, &count, &len));
		assert_int_equal(count, 2);
	}
}

static void a_file_that_is_also_sealed_to_an_ssh_key_opens_but_is_no_envelope(void **state)
{
	char first[AGE_RECIPIENT_SIZE];
	struct bytes sealed;
	size_t count, len;

	age_recipient_text(first, &recipients[0]);
	TOOLS_RUN(NO_INPUT, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tools_path("ssh"));
	tools_file("plain", TEXT("for two"));
	sealed = TOOLS_RUN(NO_INPUT, "age", "-R", tools_path("ssh.pub"), "-r", first, tools_path("plain"));
	assert_opens(0, sealed, TEXT("for two"));
	assert_error(age_look(sealed, &count, &len), ERROR_INVALID);
	/* Armor is text around an age file, not one. */
	sealed = TOOLS_RUN(NO_INPUT, "age", "-a", "-r", first, tools_path("plain"));
	assert_refused(0, sealed);
}

static void keys_are_those_of_age_keygen(void **state)
{
	char shown[AGE_RECIPIENT_SIZE];
	struct bytes made = TOOLS_RUN(NO_INPUT, "age-keygen"), public;
	struct secret *identity CLEANUP(secret_free) = NULL;
	struct age_recipient recipient;
	char *line = strstr((char *)made.data, "AGE-SECRET-KEY-1");

	public = TOOLS_RUN(NO_INPUT, "age-keygen", "-y", identity_file(0));
	age_recipient_text(shown, &recipients[0]);
	assert_string_equal(text_trim(tools.context, (const char *)public.data), shown);
	assert_non_null(line);
	line[strcspn(line, "\n")] = '\0';
	assert_null(age_identity_parse(line, &identity));
	assert_null(age_recipient_of(&recipient, identity));
	age_recipient_text(shown, &recipient);
	assert_non_null(strstr((const char *)made.data, shown));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_of_any_size_open_for_each_recipient_and_no_other),
		cmocka_unit_test(two_seals_of_one_record_have_nothing_in_common),
		cmocka_unit_test(streams_and_memory_read_one_another),
		cmocka_unit_test(what_comes_in_parts_is_sealed_as_the_whole_is),
		cmocka_unit_test(a_stream_gives_out_no_byte_of_a_chunk_that_does_not_hold),
		cmocka_unit_test(an_error_of_the_stream_is_the_error_that_is_given),
		cmocka_unit_test(a_record_cut_off_anywhere_is_refused),
		cmocka_unit_test(a_record_with_any_one_bit_changed_is_refused),
		cmocka_unit_test(a_record_with_something_behind_it_is_refused),
		cmocka_unit_test(chunks_that_are_not_as_sealing_cuts_them_are_refused),
		cmocka_unit_test(a_point_of_low_order_is_neither_sealed_to_nor_opened_with),
		cmocka_unit_test(a_header_has_one_spelling),
		cmocka_unit_test(stanzas_of_other_types_are_read_over_in_opening_and_refused_in_a_look),
		cmocka_unit_test(a_look_says_how_many_recipients_and_refuses_too_many),
		cmocka_unit_test(nobody_and_too_many_are_no_recipients),
		cmocka_unit_test(keys_have_one_spelling),
		cmocka_unit_test(an_identity_is_32_bytes),
		cmocka_unit_test(stock_age_opens_what_we_seal),
		cmocka_unit_test(a_large_file_is_the_same_to_stock_age),
		cmocka_unit_test(we_open_what_stock_age_seals),
		cmocka_unit_test(a_file_that_is_also_sealed_to_an_ssh_key_opens_but_is_no_envelope),
		cmocka_unit_test(keys_are_those_of_age_keygen),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start, end);
}
