/* Digests and derived keys are those of the standards: FIPS 180-4, RFC 4231, RFC 5869. */
#include "tests/unit/vault/tools.h"

#include "node/base/text.h"
#include "node/vault/digest.h"

static void assert_hex(const uint8_t *got, size_t len, const char *hex)
{
	char text[2 * DIGEST_LEN + 1];

	text_hex(text, got, len);
	assert_string_equal(text, hex);
}

static void sha_256_is_that_of_fips_180_4(void **state)
{
	uint8_t out[DIGEST_LEN];

	digest_of(out, TEXT("abc"));
	assert_hex(out, sizeof out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	digest_of(out, NO_INPUT);
	assert_hex(out, sizeof out, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void a_digest_does_not_depend_on_how_it_is_fed(void **state)
{
	uint8_t whole[DIGEST_LEN], pieces[DIGEST_LEN];
	struct bytes data = tools_random_bytes(10000);
	struct digest digest;

	digest_of(whole, data);
	digest_start(&digest);
	for (size_t at = 0, len; at < data.len; at += len) {
		len = tools_random(300);
		if (len > data.len - at)
			len = data.len - at;
		digest_add(&digest, data.data + at, len);
	}
	digest_end(&digest, pieces);
	assert_memory_equal(whole, pieces, sizeof whole);
}

static void hmac_is_that_of_rfc_4231(void **state)
{
	uint8_t out[DIGEST_LEN], key[32] = {0};

	/* HMAC fills short keys up with zeros. */
	memset(key, 0x0b, 20);
	digest_hmac(out, key, TEXT("Hi There"));
	assert_hex(out, sizeof out, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	memset(key, 0, sizeof key);
	memcpy(key, "Jefe", 4);
	digest_hmac(out, key, TEXT("what do ya want for nothing?"));
	assert_hex(out, sizeof out, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

/* As far as our one block goes: the first 32 bytes of each output. */
static void hkdf_is_that_of_rfc_5869(void **state)
{
	static const uint8_t key_1[22] = {
		11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11};
	uint8_t out[DIGEST_LEN], run[256], salt_1[13];
	char info_2[81] = {0};

	for (unsigned i = 0; i < sizeof run; i++)
		run[i] = (uint8_t)i;
	memcpy(salt_1, run, sizeof salt_1);
	digest_hkdf(out, sizeof out, BYTES_OF(salt_1), BYTES_OF(key_1),
		"\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9");
	assert_hex(out, sizeof out, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");

	memcpy(info_2, run + 0xb0, 80);
	digest_hkdf(out, sizeof out, (struct bytes){run + 0x60, 80}, (struct bytes){run, 80}, info_2);
	assert_hex(out, sizeof out, "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c");

	digest_hkdf(out, sizeof out, NO_INPUT, BYTES_OF(key_1), "");
	assert_hex(out, sizeof out, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");

	memset(out, 0xaa, sizeof out);
	digest_hkdf(out, 4, NO_INPUT, BYTES_OF(key_1), "");
	assert_hex(out, 6, "8da4e775aaaa");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha_256_is_that_of_fips_180_4),
		cmocka_unit_test(a_digest_does_not_depend_on_how_it_is_fed),
		cmocka_unit_test(hmac_is_that_of_rfc_4231),
		cmocka_unit_test(hkdf_is_that_of_rfc_5869),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, tools_start, tools_end);
}
