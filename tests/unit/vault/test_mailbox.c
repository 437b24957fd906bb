/* A reporter's code opens their mailbox at any hub; a slip of the pen is told apart from a code that nobody
 * has. */
#include "tests/unit/vault/tools.h"

#include "node/vault/mailbox.h"

static void assert_typed(const char *typed, const char *wanted)
{
	struct secret *code CLEANUP(secret_free) = NULL;

	if (wanted) {
		assert_null(mailbox_code_parse(typed, &code));
		assert_string_equal((char *)code->data, wanted);
		assert_int_equal(code->len, MAILBOX_CODE_LEN);
	} else {
		assert_error(mailbox_code_parse(typed, &code), ERROR_INVALID);
		assert_null(code);
	}
}

static void a_new_code_is_twenty_digits_shown_in_fives_and_read_back(void **state)
{
	for (int i = 0; i < 500; i++) {
		struct secret *code CLEANUP(secret_free) = mailbox_code_new();
		char shown[MAILBOX_SHOWN_SIZE];

		assert_int_equal(strspn((char *)code->data, "0123456789"), MAILBOX_CODE_LEN);
		mailbox_code_shown(shown, code);
		assert_int_equal(strlen(shown), MAILBOX_SHOWN_SIZE - 1);
		assert_int_equal(shown[4], ' ');
		assert_typed(shown, (char *)code->data);
		assert_typed((char *)code->data, (char *)code->data);
	}
}

static void check_digits_are_those_of_iso_7064_mod_97_10(void **state)
{
	/* The standard's own example: 794 takes 44. */
	assert_typed("0000 0000 0000 0007 9444", "00000000000000079444");
	assert_typed("0000-0000-0000-0007-9444", "00000000000000079444");
	assert_typed("0000 0000 0000 0007 9443", NULL);
}

static void a_code_is_read_as_keyboards_and_people_write_it(void **state)
{
	static const char *const written[] = {
		"0000.0000.0000.0007.9444",
		"0000\u00a00000\u202f0000\u30000007\u20099444",
		"0000\u20130000\u20140000\u20110007\u22129444",
		"\u200e0000 0000\u200b 0000\t0007 9444\ufeff",
		" 0000, 0000 / 0000_0007\r\n9444",
		"\u0660\u0660\u0660\u0660 \u0660\u0660\u0660\u0660 \u0660\u0660\u0660\u0660 "
		"\u0660\u0660\u0660\u0667 \u0669\u0664\u0664\u0664",
		"\u06f0000 0000 0000 000\u06f7 \u06f9\u06f4\u06f44",
		"\uff10\uff10\uff10\uff10 0000 0000 0007 944\uff14",
	};

	for (size_t i = 0; i < sizeof written / sizeof *written; i++)
		assert_typed(written[i], "00000000000000079444");
	assert_typed("0000 0000 0000 0007 944\u0bea", NULL); /* no keyboard here has those */
	assert_typed("0000 0000 0000 0007 9444\xc2", NULL);
	assert_typed("0000 0000 0000 0007 9444\xe2\x80", NULL);
	assert_typed("\xff"
		     "0000 0000 0000 0007 9444",
		NULL);
}

static void codes_of_another_shape_are_refused(void **state)
{
	assert_typed("", NULL);
	assert_typed("   ", NULL);
	assert_typed("0000 0000 0000 0007 944", NULL);
	assert_typed("0000 0000 0000 0007 94440", NULL);
	assert_typed("O000 0000 0000 0007 9444", NULL);
	assert_typed("0000 0000 0000 0007 9444 x", NULL);
	assert_typed("0000\x01"
		     "0000 0000 0007 9444",
		NULL);
	assert_typed(memory_format(tools.context, "%0*d", 4000, 0), NULL);
	assert_typed(memory_format(tools.context, "%200s00000000000000079444", ""), NULL);
}

static void every_wrong_digit_and_every_swap_of_neighbours_is_noticed(void **state)
{
	struct secret *code CLEANUP(secret_free) = mailbox_code_new();
	char typed[MAILBOX_CODE_LEN + 1];

	for (size_t i = 0; i < MAILBOX_CODE_LEN; i++) {
		for (char digit = '0'; digit <= '9'; digit++) {
			memcpy(typed, code->data, sizeof typed);
			typed[i] = digit;
			if (code->data[i] != digit)
				assert_typed(typed, NULL);
		}
		memcpy(typed, code->data, sizeof typed);
		if (i && typed[i] != typed[i - 1]) {
			typed[i] = (char)code->data[i - 1];
			typed[i - 1] = (char)code->data[i];
			assert_typed(typed, NULL);
		}
	}
}

static struct mailbox *mailbox_of(const char *digits)
{
	struct secret *code CLEANUP(secret_free) = NULL;
	struct secret *seed CLEANUP(secret_free) = NULL;

	assert_null(mailbox_code_parse(digits, &code));
	seed = mailbox_seed(code);
	return mailbox_of_seed(seed);
}

/* A code written down today must open its mailbox after any upgrade, at any hub. */
static void the_mailbox_of_a_known_code_never_changes(void **state)
{
	struct mailbox *mailbox CLEANUP(mailbox_free) = mailbox_of("00000000000000079444");
	char recipient[AGE_RECIPIENT_SIZE];

	age_recipient_text(recipient, &mailbox->recipient);
	assert_string_equal(mailbox->id, "fda4d4d2617f48c26ca53b99d1ae1e51");
	assert_string_equal(recipient, "age16kwetxgcthc9kcwddveavxut8xeunm8p9j5qfmd8e2cpnjedspkq9p2psk");
	assert_string_equal(sshsig_public_text(tools.context, &mailbox->signer),
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK9ktlnAt2hDBAu6xHT5L07wWVUG+RCeOc4TG7AXi6le");
}

static void what_is_put_into_a_mailbox_opens_with_its_code_alone(void **state)
{
	struct mailbox *mine CLEANUP(mailbox_free) = mailbox_of("00000000000000079444");
	struct secret *seed CLEANUP(secret_free) = secret_random(MAILBOX_SEED_LEN);
	struct mailbox *other CLEANUP(mailbox_free) = mailbox_of_seed(seed);
	struct secret *plain CLEANUP(secret_free) = NULL;
	struct bytes item;

	assert_null(age_seal(tools.context, TEXT("saved"), &mine->recipient, 1, &item));
	assert_error(
		age_open((const struct secret *const[]){other->identity}, 1, item, &plain), ERROR_DENIED);
	assert_null(age_open((const struct secret *const[]){mine->identity}, 1, item, &plain));
	assert_string_equal((char *)plain->data, "saved");
	assert_string_not_equal(mine->id, other->id);
}

static void a_message_from_the_mailbox_verifies_with_its_public_part(void **state)
{
	struct secret *seed CLEANUP(secret_free) = secret_random(MAILBOX_SEED_LEN);
	struct mailbox *mailbox CLEANUP(mailbox_free) = mailbox_of_seed(seed);
	uint8_t raw[SSHSIG_RAW_LEN];

	sshsig_sign_raw(raw, mailbox->seed, "engabo-message", TEXT("please call"));
	assert_null(sshsig_verify_raw(raw, &mailbox->signer, "engabo-message", TEXT("please call")));
	/* The three keys are three. */
	assert_false(secret_equal(mailbox->seed, mailbox->identity));
	assert_false(secret_equal(mailbox->seed, seed));
	mailbox_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_code_is_twenty_digits_shown_in_fives_and_read_back),
		cmocka_unit_test(check_digits_are_those_of_iso_7064_mod_97_10),
		cmocka_unit_test(a_code_is_read_as_keyboards_and_people_write_it),
		cmocka_unit_test(codes_of_another_shape_are_refused),
		cmocka_unit_test(every_wrong_digit_and_every_swap_of_neighbours_is_noticed),
		cmocka_unit_test(the_mailbox_of_a_known_code_never_changes),
		cmocka_unit_test(what_is_put_into_a_mailbox_opens_with_its_code_alone),
		cmocka_unit_test(a_message_from_the_mailbox_verifies_with_its_public_part),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, tools_start, tools_end);
}
