/* A signature says who said what for which use; ssh-keygen and we agree to the byte. */
#include "tests/unit/vault/tools.h"

#include <sodium.h>

#include "node/base/text.h"
#include "node/vault/sshsig.h"

static struct secret *seed;
static struct signer signer;

static int start(void **state)
{
	if (tools_start(state) != 0)
		return -1;
	seed = sshsig_seed_new(&signer);
	return 0;
}

static int end(void **state)
{
	secret_free(seed);
	return tools_end(state);
}

static const char *private_file(void)
{
	struct secret *pem CLEANUP(secret_free) = sshsig_private_pem(seed, "hub of a test");

	return tools_file("key", (struct bytes){pem->data, pem->len});
}

/* What the file "<name>.sig" holds after ssh-keygen has signed "<name>". */
static char *stock_signature(const char *name_space, struct bytes message, const char *hash)
{
	const char *file = tools_file("message", message);
	const char *signature = tools_path("message.sig");

	unlink(signature);
	TOOLS_RUN(NO_INPUT, "ssh-keygen", "-q", "-Y", "sign", "-O",
		memory_format(tools.context, "hashalg=%s", hash), "-n", name_space, "-f", private_file(),
		file);
	return (char *)tools_read(signature).data;
}

static void an_ed25519_key_is_that_of_rfc_8032(void **state)
{
	struct secret *known CLEANUP(secret_free) = secret_new(SSHSIG_SEED_LEN);
	struct signer public_key;
	char hex[65];

	assert_null(text_from_hex(
		known->data, 32, "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
	sshsig_public_of(&public_key, known);
	text_hex(hex, public_key.key, 32);
	assert_string_equal(hex, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
}

static void our_signature_is_that_of_ssh_keygen_to_the_byte(void **state)
{
	for (int i = 0; i < 12; i++) {
		struct bytes message = tools_random_bytes(i ? tools_random(5000) : 0);
		char name_space[80] = "";

		/* Long enough to meet every length of the last line of armor. */
		for (size_t j = 0; j < 1 + tools_random(75); j++)
			name_space[j] = (char)('a' + tools_random(26));
		assert_string_equal(sshsig_sign(tools.context, seed, name_space, message),
			stock_signature(name_space, message, "sha512"));
	}
}

static void armor_of_every_length_is_that_of_ssh_keygen(void **state)
{
	/* 70 columns of base64 are 52.5 bytes: these lengths end lines everywhere. */
	for (size_t len = 30; len < 56; len += 5) {
		char name_space[80] = "";

		memset(name_space, 'n', len);
		assert_string_equal(sshsig_sign(tools.context, seed, name_space, TEXT("m")),
			stock_signature(name_space, TEXT("m"), "sha512"));
	}
}

static void ssh_keygen_verifies_what_we_sign_and_refuses_what_we_did_not(void **state)
{
	const char *allowed = tools_file(
		"allowed", TEXT(memory_format(tools.context, "hub namespaces=\"engabo-event\" %s\n",
				   sshsig_public_text(tools.context, &signer))));
	const char *signature = tools_file(
		"ours.sig", TEXT(sshsig_sign(tools.context, seed, "engabo-event", TEXT("a report"))));
	struct tools_result result;

	result = TOOLS_TRY(TEXT("a report"), "ssh-keygen", "-Y", "verify", "-f", allowed, "-I", "hub", "-n",
		"engabo-event", "-s", signature);
	assert_int_equal(result.status, 0);
	result = TOOLS_TRY(TEXT("a Report"), "ssh-keygen", "-Y", "verify", "-f", allowed, "-I", "hub", "-n",
		"engabo-event", "-s", signature);
	assert_int_not_equal(result.status, 0);
	result = TOOLS_TRY(TEXT("a report"), "ssh-keygen", "-Y", "verify", "-f", allowed, "-I", "hub", "-n",
		"git", "-s", signature);
	assert_int_not_equal(result.status, 0);
}

static void we_verify_what_ssh_keygen_signs(void **state)
{
	struct bytes message = tools_random_bytes(1000);
	char *armor = stock_signature("git", message, "sha512");
	struct signer who;

	assert_null(sshsig_verify(armor, &signer, "git", message));
	assert_null(sshsig_signer(armor, &who));
	assert_memory_equal(&who, &signer, sizeof who);
	/* git gives signatures back without their last newline. */
	armor[strlen(armor) - 1] = '\0';
	assert_null(sshsig_verify(armor, &signer, "git", message));
}

static void a_signature_is_worth_nothing_elsewhere(void **state)
{
	char *armor = sshsig_sign(tools.context, seed, "engabo-event", TEXT("a report"));
	struct signer other;

	secret_free(sshsig_seed_new(&other));
	assert_null(sshsig_verify(armor, &signer, "engabo-event", TEXT("a report")));
	assert_error(sshsig_verify(armor, &signer, "engabo-event", TEXT("a report.")), ERROR_DENIED);
	assert_error(sshsig_verify(armor, &signer, "engabo-event", NO_INPUT), ERROR_DENIED);
	assert_error(sshsig_verify(armor, &other, "engabo-event", TEXT("a report")), ERROR_DENIED);
	assert_error(sshsig_verify(armor, &signer, "engabo-roster", TEXT("a report")), ERROR_INVALID);
	assert_error(sshsig_verify(armor, &signer, "engabo-even", TEXT("a report")), ERROR_INVALID);
	assert_error(sshsig_verify("", &signer, "engabo-event", TEXT("a report")), ERROR_INVALID);
}

static void raw_signatures_hold_for_their_message_alone(void **state)
{
	for (int i = 0; i < 20; i++) {
		struct bytes message = tools_random_bytes(tools_random(300));
		uint8_t raw[SSHSIG_RAW_LEN];
		size_t bit = tools_random(8 * SSHSIG_RAW_LEN);

		sshsig_sign_raw(raw, seed, "engabo-message", message);
		assert_null(sshsig_verify_raw(raw, &signer, "engabo-message", message));
		assert_error(sshsig_verify_raw(raw, &signer, "engabo-event", message), ERROR_DENIED);
		raw[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_error(sshsig_verify_raw(raw, &signer, "engabo-message", message), ERROR_DENIED);
	}
}

static void a_key_that_verifies_anything_verifies_nothing(void **state)
{
	/* The neutral point as key and as R, and S = 0: without a check, it holds for any message. */
	struct signer neutral = {{1}};
	uint8_t raw[SSHSIG_RAW_LEN] = {1};

	assert_error(sshsig_verify_raw(raw, &neutral, "git", TEXT("anything")), ERROR_DENIED);
}

static void a_signature_cut_off_or_changed_anywhere_is_refused(void **state)
{
	char *armor = sshsig_sign(tools.context, seed, "git", TEXT("m")), *changed;
	size_t len = strlen(armor);

	for (size_t cut = 0; cut < len - 1; cut++)
		assert_error(
			sshsig_verify(memory_string_of(tools.context, armor, cut), &signer, "git", TEXT("m")),
			ERROR_INVALID);
	for (size_t bit = 0; bit < 8 * len; bit++) {
		struct signer who;

		changed = memory_string(tools.context, armor);
		changed[bit / 8] = (char)(changed[bit / 8] ^ 1 << bit % 8);
		assert_non_null(sshsig_verify(changed, &signer, "git", TEXT("m")));
		/* Who it says may change, but must not be read past the end. */
		error_ignore(sshsig_signer(changed, &who));
		memory_free(changed);
	}
}

static void a_signature_has_one_spelling(void **state)
{
	char *armor = sshsig_sign(tools.context, seed, "git", TEXT("m")),
	     *again = memory_string(tools.context, armor);
	struct signer who;

	/* The same text with its first line one character shorter. */
	char *newline = strchr(strchr(again, '\n') + 1, '\n');
	newline[0] = newline[-1];
	newline[-1] = '\n';
	assert_error(sshsig_signer(again, &who), ERROR_INVALID);
	assert_error(sshsig_signer(memory_format(tools.context, "\n%s", armor), &who), ERROR_INVALID);
	assert_error(sshsig_signer(memory_format(tools.context, "%s\n", armor), &who), ERROR_INVALID);
	assert_error(sshsig_signer(memory_format(tools.context, "%s%s", armor, armor), &who), ERROR_INVALID);
	assert_error(sshsig_signer(memory_format(tools.context, "%s%02000d", armor, 0), &who), ERROR_INVALID);
	assert_error(sshsig_signer("-----END SSH SIGNATURE-----\n", &who), ERROR_INVALID);
	assert_error(sshsig_signer("-----BEGIN SSH SIGNATURE-----\n", &who), ERROR_INVALID);
	assert_error(sshsig_signer("-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n", &who),
		ERROR_INVALID);
	assert_null(sshsig_signer(armor, &who));
}

static void other_hashes_and_other_keys_are_refused(void **state)
{
	struct signer who;
	const char *signature = tools_path("message.sig");

	assert_error(sshsig_signer(stock_signature("git", TEXT("m"), "sha256"), &who), ERROR_INVALID);
	TOOLS_RUN(NO_INPUT, "ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", tools_path("ecdsa"));
	unlink(signature);
	TOOLS_RUN(NO_INPUT, "ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", tools_path("ecdsa"),
		tools_path("message"));
	assert_error(sshsig_signer((const char *)tools_read(signature).data, &who), ERROR_INVALID);
}

static void ssh_keygen_reads_our_private_key(void **state)
{
	/* Comments of all lengths, so that every padding occurs. */
	for (int i = 0; i < 9; i++) {
		char *comment = memory_format(tools.context, "%.*s", i, "abcdefghi");
		struct secret *pem CLEANUP(secret_free) = sshsig_private_pem(seed, comment);
		const char *file = tools_file("key", (struct bytes){pem->data, pem->len});
		const char *public_text = sshsig_public_text(tools.context, &signer);

		assert_string_equal(text_trim(tools.context,
					    (char *)TOOLS_RUN(NO_INPUT, "ssh-keygen", "-y", "-f", file).data),
			text_trim(
				tools.context, memory_format(tools.context, "%s %s", public_text, comment)));
	}
}

static void the_fingerprint_is_the_one_that_ssh_shows(void **state)
{
	char fingerprint[SSHSIG_FINGERPRINT_SIZE];
	const char *file = tools_file("shown.pub", TEXT(sshsig_public_text(tools.context, &signer)));
	char *shown = (char *)TOOLS_RUN(NO_INPUT, "ssh-keygen", "-l", "-f", file).data;

	sshsig_fingerprint(fingerprint, &signer);
	assert_int_equal(strlen(fingerprint), SSHSIG_FINGERPRINT_SIZE - 1);
	assert_non_null(strstr(shown, fingerprint));
}

static void public_keys_have_one_spelling(void **state)
{
	char *text = sshsig_public_text(tools.context, &signer), *public_file;
	struct signer back = {{0}}, untouched = {{9}};

	assert_null(sshsig_public_parse(text, &back));
	assert_memory_equal(&back, &signer, sizeof back);
	/* That of ssh-keygen, without the comment. */
	TOOLS_RUN(
		NO_INPUT, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", tools_path("stock"));
	public_file = text_trim(tools.context, (const char *)tools_read(tools_path("stock.pub")).data);
	assert_null(sshsig_public_parse(public_file, &back));
	assert_string_equal(sshsig_public_text(tools.context, &back), public_file);

	for (size_t cut = 0; cut < strlen(text); cut++)
		assert_error(sshsig_public_parse(memory_string_of(tools.context, text, cut), &untouched),
			ERROR_INVALID);
	for (int i = 0; i < 3; i++)
		assert_error(sshsig_public_parse(memory_format(tools.context, "%s%s", text,
							 (const char *const[]){" comment", "\n", "AAAA"}[i]),
				     &untouched),
			ERROR_INVALID);
	assert_error(
		sshsig_public_parse(memory_format(tools.context, " %s", text), &untouched), ERROR_INVALID);
	assert_error(sshsig_public_parse("ssh-rsa AAAA", &untouched), ERROR_INVALID);
	text[15] = text[15] == 'A' ? 'B' : 'A';
	assert_error(sshsig_public_parse(text, &untouched), ERROR_INVALID);
	assert_int_equal(untouched.key[0], 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ed25519_key_is_that_of_rfc_8032),
		cmocka_unit_test(our_signature_is_that_of_ssh_keygen_to_the_byte),
		cmocka_unit_test(armor_of_every_length_is_that_of_ssh_keygen),
		cmocka_unit_test(ssh_keygen_verifies_what_we_sign_and_refuses_what_we_did_not),
		cmocka_unit_test(we_verify_what_ssh_keygen_signs),
		cmocka_unit_test(a_signature_is_worth_nothing_elsewhere),
		cmocka_unit_test(raw_signatures_hold_for_their_message_alone),
		cmocka_unit_test(a_key_that_verifies_anything_verifies_nothing),
		cmocka_unit_test(a_signature_cut_off_or_changed_anywhere_is_refused),
		cmocka_unit_test(a_signature_has_one_spelling),
		cmocka_unit_test(other_hashes_and_other_keys_are_refused),
		cmocka_unit_test(ssh_keygen_reads_our_private_key),
		cmocka_unit_test(the_fingerprint_is_the_one_that_ssh_shows),
		cmocka_unit_test(public_keys_have_one_spelling),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start, end);
}
