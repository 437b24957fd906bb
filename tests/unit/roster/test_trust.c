/* What a hub is told to trust is read exactly, or not at all. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "node/base/text.h"
#include "tests/unit/roster/coalition.h"

static void trust_goes_there_and_back(void **state)
{
	struct coalition *coalition = *state;
	struct trust *trust = &coalition->trust, back;
	struct bytes text;

	ids_random(trust->root, DIGEST_LEN);
	text = trust_print(coalition, trust);
	assert_null(trust_parse(text, &back));
	assert_memory_equal(&back, trust, sizeof back);
}

static void a_hub_that_works_alone_has_no_coalition(void **state)
{
	struct coalition *coalition = *state;
	struct trust *trust = &coalition->trust, back;
	struct bytes text;

	trust->has_coalition = false;
	text = trust_print(coalition, trust);
	assert_null(strstr((const char *)text.data, "coalition"));
	assert_null(trust_parse(text, &back));
	assert_false(back.has_coalition);
	assert_string_equal(back.self.log, trust->self.log);
}

static void anything_malformed_is_refused(void **state)
{
	static const char *const changes[][2] = {
		{"\"v\": 1", "\"v\": 2"},
		{"\"self\"", "\"other\""},
		{"\"log\": \"", "\"log\": \"u"},
		{"\"epoch\": 1", "\"epoch\": 0"},
		{"\"role\": \"hub\"", "\"role\": \"\""},
		{"\"sign\": \"ssh-ed25519 ", "\"sign\": \""},
		{"\"recipient\": \"age1", "\"recipient\": \"AGE1"},
		{"\"office\"", "\"Office\""},
		{"\"ssh\": \"", "\"ssh\": \" "},
		{"\"tls\": \"", "\"tls\": \"zz"},
		{"\"coalition\": {", "\"coalition\": [{"},
		{"\"id\": \"0", "\"id\": \"9"},
		{"\"root\": \"", "\"root\": \"G"},
		{"{", ""},
	};
	struct coalition *coalition = *state;
	const char *text = (const char *)trust_print(coalition, &coalition->trust).data;

	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		const char *at = strstr(text, changes[i][0]);
		const struct error *error;
		struct trust back = {.self.epoch = 77};
		char *changed;

		assert_non_null(at);
		changed = memory_format(coalition, "%.*s%s%s", (int)(at - text), text, changes[i][1],
			at + strlen(changes[i][0]));
		error = trust_parse((struct bytes){(uint8_t *)changed, strlen(changed)}, &back);
		assert_non_null(error);
		assert_int_equal(error->code, ERROR_INVALID);
		assert_true(text_starts(error->message, "trust.json: "));
		assert_int_equal(back.self.epoch, 77);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		COALITION_TEST(trust_goes_there_and_back),
		COALITION_TEST(a_hub_that_works_alone_has_no_coalition),
		COALITION_TEST(anything_malformed_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
