/* Words that people can remember, type on a phone and read out: whole or cut, in any case, they mean the
 * same. */
#include "tests/unit/vault/tools.h"

#include <ctype.h>

#include "node/vault/words.h"

extern const char words_list[];

static char *list[WORDS_COUNT];

static int start(void **state)
{
	char *copy, *rest;

	if (tools_start(state) != 0)
		return -1;
	rest = copy = memory_string(tools.context, words_list);
	for (size_t i = 0; i < WORDS_COUNT; i++)
		list[i] = strsep(&rest, "\n");
	return rest && *rest == '\0' ? 0 : -1;
}

static bool is_of_the_list(const char *word)
{
	for (size_t i = 0; i < WORDS_COUNT; i++)
		if (strcmp(list[i], word) == 0)
			return true;
	return false;
}

static void the_list_has_plain_words_that_three_letters_tell_apart(void **state)
{
	for (size_t i = 0; i < WORDS_COUNT; i++) {
		size_t len = strlen(list[i]);

		assert_in_range(len, 3, 8);
		for (const char *c = list[i]; *c; c++)
			assert_true(islower((unsigned char)*c));
		/* In order, so that neighbours are all that could begin alike. */
		if (i)
			assert_true(strncmp(list[i - 1], list[i], 3) < 0);
	}
}

static void a_passphrase_has_as_many_words_as_were_asked_for(void **state)
{
	for (unsigned count = 1; count < 13; count++) {
		struct secret *phrase CLEANUP(secret_free) = words_passphrase(count);
		char *copy = memory_string(tools.context, (char *)phrase->data), *word;
		unsigned words = 0;

		assert_int_equal(strlen(copy), phrase->len);
		while ((word = strsep(&copy, " "))) {
			assert_true(is_of_the_list(word));
			words++;
		}
		assert_int_equal(words, count);
	}
}

static void passphrases_use_the_whole_list_and_do_not_repeat(void **state)
{
	bool seen[WORDS_COUNT] = {false};
	struct secret *first CLEANUP(secret_free) = words_passphrase(7);
	struct secret *second CLEANUP(secret_free) = words_passphrase(7);
	struct secret *many CLEANUP(secret_free) = words_passphrase(30000);
	char *rest = (char *)many->data, *word;

	assert_false(secret_equal(first, second));
	while ((word = strsep(&rest, " ")))
		for (size_t i = 0; i < WORDS_COUNT; i++)
			if (strcmp(list[i], word) == 0)
				seen[i] = true;
	/* A word is missed by chance once in five thousand million runs. */
	for (size_t i = 0; i < WORDS_COUNT; i++)
		assert_true(seen[i]);
}

static void assert_normal(const char *typed, const char *wanted)
{
	struct secret *normal CLEANUP(secret_free) = words_normal(typed);

	assert_string_equal((char *)normal->data, wanted);
	assert_int_equal(normal->len, strlen(wanted));
}

static void words_may_be_cut_after_three_letters_in_any_case_and_spacing(void **state)
{
	for (int round = 0; round < 200; round++) {
		struct buffer *typed = buffer_new(tools.context), *wanted = buffer_new(tools.context);
		size_t count = 1 + tools_random(9);

		for (size_t i = 0; i < count; i++) {
			const char *word = list[tools_random(WORDS_COUNT)];
			size_t kept = 3 + tools_random(strlen(word) - 2);

			buffer_format(wanted, "%s%s", i ? " " : "", word);
			for (size_t space = tools_random(3) + (i != 0); space; space--)
				buffer_text(typed, (const char *const[]){" ", "\t", "\n"}[tools_random(3)]);
			for (size_t j = 0; j < kept; j++) {
				char c = (char)(tools_random(2) ? toupper(word[j]) : word[j]);

				buffer_add(typed, &c, 1);
			}
		}
		buffer_text(typed, tools_random(2) ? " \r\n" : "");
		assert_normal((char *)typed->data, (char *)wanted->data);
	}
}

static void what_is_not_all_words_of_the_list_is_only_trimmed(void **state)
{
	assert_normal("", "");
	assert_normal(" \n", "");
	assert_normal("  Correct  Horse 42! ", "Correct  Horse 42!");
	assert_normal("ko la", "ko la");
	assert_normal("koa la", "koa la");
	assert_normal("koalas", "koalas");
	assert_normal("Koala xylophon", "Koala xylophon");
	assert_normal(" Ssebo Nnyabo", "Ssebo Nnyabo");
	assert_normal("koala\xc3\xa9", "koala\xc3\xa9");
	assert_normal("KOA", "koala");
}

static void what_was_made_normal_stays_as_it_is(void **state)
{
	for (int i = 0; i < 50; i++) {
		struct secret *phrase CLEANUP(secret_free) = words_passphrase(7);

		assert_normal((char *)phrase->data, (char *)phrase->data);
	}
}

static void two_sides_see_the_same_six_words_only_for_the_same_bytes(void **state)
{
	struct bytes request = tools_random_bytes(500);
	uint8_t *changed = talloc_memdup(tools.context, request.data, request.len);
	size_t bit = tools_random(8 * request.len), spaces = 0;
	char *words = words_of(tools.context, request), *rest;

	for (const char *c = words; *c; c++)
		spaces += *c == ' ';
	assert_int_equal(spaces, 5);
	assert_string_equal(words_of(tools.context, request), words);
	changed[bit / 8] ^= (uint8_t)(1 << bit % 8);
	assert_string_not_equal(words_of(tools.context, (struct bytes){changed, request.len}), words);
	rest = words;
	while ((words = strsep(&rest, " ")))
		assert_true(is_of_the_list(words));
}

/* Two hubs of different age must agree: neither the list nor the derivation may ever change. */
static void the_words_of_known_bytes_never_change(void **state)
{
	assert_string_equal(
		words_of(tools.context, TEXT("engabo")), "popcorn scale gorilla crumb crumb lullaby");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_list_has_plain_words_that_three_letters_tell_apart),
		cmocka_unit_test(a_passphrase_has_as_many_words_as_were_asked_for),
		cmocka_unit_test(passphrases_use_the_whole_list_and_do_not_repeat),
		cmocka_unit_test(words_may_be_cut_after_three_letters_in_any_case_and_spacing),
		cmocka_unit_test(what_is_not_all_words_of_the_list_is_only_trimmed),
		cmocka_unit_test(what_was_made_normal_stays_as_it_is),
		cmocka_unit_test(two_sides_see_the_same_six_words_only_for_the_same_bytes),
		cmocka_unit_test(the_words_of_known_bytes_never_change),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start, tools_end);
}
