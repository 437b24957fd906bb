/* Papers that were changed on the way do not pass, and what passes says the same on both sides. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "node/roster/enrol.h"
#include "node/vault/encoding.h"
#include "tests/unit/roster/coalition.h"

static struct bytes text_bytes(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static struct bytes make_request(struct coalition *coalition)
{
	struct join_request request = {.keys = coalition->roster.members[2].keys};

	memcpy(request.root, coalition->trust.root, DIGEST_LEN);
	assert_null(age_seal(coalition, BYTES_OF("{\"name\":\"Gulu\"}"),
		&coalition->roster.members[0].keys.recipient, 1, &request.names));
	return join_print(coalition, &request, coalition->sign[2]);
}

static void an_invite_goes_there_and_back(void **state)
{
	struct coalition *coalition = *state;
	char *relays[] = {"https://relay.example/hub.git", "/media/stick"};
	struct invite invite = {.headquarters_count = 2, .relays = relays, .relay_count = 2}, *back;

	memcpy(invite.coalition, coalition->roster.coalition, ULID_SIZE);
	ids_random(invite.root, DIGEST_LEN);
	invite.headquarters[0] = coalition->roster.members[0].keys.recipient;
	invite.headquarters[1] = coalition->roster.members[1].keys.recipient;
	assert_null(invite_parse(coalition, invite_print(coalition, &invite), &back));
	assert_string_equal(back->coalition, invite.coalition);
	assert_memory_equal(back->root, invite.root, DIGEST_LEN);
	assert_int_equal(back->headquarters_count, 2);
	assert_memory_equal(back->headquarters, invite.headquarters, 2 * sizeof *invite.headquarters);
	assert_int_equal(back->relay_count, 2);
	assert_string_equal(back->relays[1], "/media/stick");
}

static void an_invite_that_is_none_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"hello",
		"{}",
		"{\"v\":2,\"engabo\":\"invite\"}",
		"{\"v\":1,\"engabo\":\"join\"}",
		"{\"v\":1,\"engabo\":\"invite\",\"coalition\":\"01jd00000000000000000000zz\",\"root\":\"00\","
		"\"headquarters\":[],\"relays\":[]}",
		"{\"v\":1,\"engabo\":\"invite\",\"coalition\":\"01jd00000000000000000000zz\",\"root\":"
		"\"0000000000000000000000000000000000000000000000000000000000000000\",\"headquarters\":[],"
		"\"relays\":[]}",
	};
	struct coalition *coalition = *state;
	char recipient[AGE_RECIPIENT_SIZE];
	struct invite *back;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(invite_parse(coalition, text_bytes(bad[i]), &back)->code, ERROR_INVALID);
	age_recipient_text(recipient, &coalition->roster.recovery);
	for (const char *const *relay =
			(const char *const[]){"--upload-pack=sh", "", "ssh://a b", "x\\n", NULL};
		*relay; relay++) {
		char *text = memory_format(coalition,
			"{\"v\":1,\"engabo\":\"invite\",\"coalition\":\"01jd00000000000000000000zz\","
			"\"root\":"
			"\"0000000000000000000000000000000000000000000000000000000000000000\","
			"\"headquarters\":[\"%s\"],\"relays\":[\"%s\"]}",
			recipient, *relay);

		assert_int_equal(invite_parse(coalition, text_bytes(text), &back)->code, ERROR_INVALID);
	}
}

static void a_request_goes_there_and_back(void **state)
{
	struct coalition *coalition = *state;
	const struct secret *identities[1];
	struct secret *plain CLEANUP(secret_free) = NULL;
	struct join_request *back;

	assert_null(join_parse(coalition, make_request(coalition), &back));
	assert_memory_equal(&back->keys, &coalition->roster.members[2].keys, sizeof back->keys);
	assert_memory_equal(back->root, coalition->trust.root, DIGEST_LEN);
	identities[0] = coalition->recovery;
	assert_int_equal(
		age_open(identities, 1, back->names, &plain)->code, ERROR_DENIED); /* to headquarters alone */
}

static void a_request_with_any_byte_changed_is_refused(void **state)
{
	struct coalition *coalition = *state;
	struct bytes request = make_request(coalition);

	for (size_t i = 0; i < request.len; i++) {
		struct bytes changed = memory_bytes(coalition, request.data, request.len);
		struct join_request *back;
		const struct error *error;

		((uint8_t *)changed.data)[i] ^= 1;
		error = join_parse(coalition, changed, &back);
		assert_non_null(error);
		assert_true(error->code == ERROR_INVALID || error->code == ERROR_DENIED);
		memory_free((void *)changed.data);
	}
}

static void a_request_signed_by_somebody_else_is_denied(void **state)
{
	struct coalition *coalition = *state;
	struct join_request request = {.keys = coalition->roster.members[2].keys}, *back;

	assert_null(age_seal(coalition, BYTES_OF("x"), &coalition->roster.recovery, 1, &request.names));
	assert_int_equal(
		join_parse(coalition, join_print(coalition, &request, coalition->sign[1]), &back)->code,
		ERROR_DENIED);
}

static void a_request_that_was_cut_or_grew_is_refused(void **state)
{
	struct coalition *coalition = *state;
	struct bytes request = make_request(coalition), longer;
	struct join_request *back;

	for (size_t len = 0; len < request.len; len++)
		assert_int_equal(
			join_parse(coalition, (struct bytes){request.data, len}, &back)->code, ERROR_INVALID);
	longer = memory_bytes(coalition, request.data, request.len + 1); /* a NUL behind it */
	assert_int_equal(join_parse(coalition, longer, &back)->code, ERROR_INVALID);
	((uint8_t *)longer.data)[request.len] = '\n';
	assert_int_equal(join_parse(coalition, longer, &back)->code, ERROR_INVALID);
}

/* A first line as a hub would write it, and the hub's true signature under it. */
static struct bytes sign_line(struct coalition *coalition, const char *line)
{
	uint8_t signature[SSHSIG_RAW_LEN];

	sshsig_sign_raw(signature, coalition->sign[2], "engabo-join", text_bytes(line));
	return text_bytes(
		memory_format(coalition, "%s\n%s\n", line, encoding_base64(coalition, BYTES_OF(signature))));
}

static void a_well_signed_request_still_needs_its_form(void **state)
{
	static const char *const changes[][2] = {
		{"\"v\":1", "\"v\":2"},
		{"\"engabo\":\"join\"", "\"engabo\":\"invite\""},
		{"\"keys\":", "\"other\":"},
		{"\"epoch\":1", "\"epoch\":-1"},
		{"\"root\":\"", "\"root\":\"x"},
		{"\"names\":\"", "\"names\":\"="},
		{"\"names\":\"", "\"names\":\"AAAA"},
		{"\"names\":", "\"name\":"},
	};
	struct coalition *coalition = *state;
	struct bytes request = make_request(coalition);
	char *line = memory_string_of(coalition, request.data, strcspn((const char *)request.data, "\n"));
	struct join_request *back;

	assert_null(join_parse(coalition, sign_line(coalition, line), &back));
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		const char *at = strstr(line, changes[i][0]);
		char *changed;

		assert_non_null(at);
		changed = memory_format(coalition, "%.*s%s%s", (int)(at - line), line, changes[i][1],
			at + strlen(changes[i][0]));
		assert_int_equal(
			join_parse(coalition, sign_line(coalition, changed), &back)->code, ERROR_INVALID);
	}
}

static void papers_have_a_size(void **state)
{
	struct coalition *coalition = *state;
	char *large = memory_array(coalition, char, 70001);
	struct join_request *request;
	struct invite *invite;

	memset(large, ' ', 70000);
	assert_int_equal(join_parse(coalition, text_bytes(large), &request)->code, ERROR_INVALID);
	assert_int_equal(invite_parse(coalition, text_bytes(large), &invite)->code, ERROR_INVALID);
}

static void an_invite_with_one_thing_wrong_is_refused(void **state)
{
	static const char *const changes[][2] = {
		{"\"coalition\":\"0", "\"coalition\":\"u"},
		{"\"root\":", "\"roots\":"},
		{"\"headquarters\":[", "\"headquarters\":[1,"},
		{"\"headquarters\":[\"age1", "\"headquarters\":[\"age2"},
		{"\"headquarters\":", "\"quarters\":"},
		{"\"relays\":[", "\"relays\":[null,"},
		{"\"relays\":", "\"relay\":"},
	};
	struct coalition *coalition = *state;
	struct invite invite = {.headquarters_count = 1}, *back;
	const char *text;

	memcpy(invite.coalition, coalition->roster.coalition, ULID_SIZE);
	invite.headquarters[0] = coalition->roster.recovery;
	text = (const char *)invite_print(coalition, &invite).data;
	assert_null(invite_parse(coalition, text_bytes(text), &back));
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		const char *at = strstr(text, changes[i][0]);
		char *changed;

		assert_non_null(at);
		changed = memory_format(coalition, "%.*s%s%s", (int)(at - text), text, changes[i][1],
			at + strlen(changes[i][0]));
		assert_int_equal(invite_parse(coalition, text_bytes(changed), &back)->code, ERROR_INVALID);
	}
}

static void both_sides_show_the_same_words_only_for_the_same_papers(void **state)
{
	struct coalition *coalition = *state;
	struct bytes request = make_request(coalition), other = make_request(coalition);
	uint8_t root[DIGEST_LEN] = {1};
	char *words = join_words(coalition, request, coalition->trust.root);
	size_t spaces = 0;

	for (const char *c = words; *c; c++)
		spaces += *c == ' ';
	assert_int_equal(spaces, 5);
	assert_string_equal(join_words(coalition, request, coalition->trust.root), words);
	assert_string_not_equal(join_words(coalition, request, root), words);
	assert_string_not_equal(
		join_words(coalition, other, coalition->trust.root), words); /* sealed anew: another paper */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		COALITION_TEST(an_invite_goes_there_and_back),
		COALITION_TEST(an_invite_that_is_none_is_refused),
		COALITION_TEST(a_request_goes_there_and_back),
		COALITION_TEST(a_request_with_any_byte_changed_is_refused),
		COALITION_TEST(a_request_signed_by_somebody_else_is_denied),
		COALITION_TEST(a_request_that_was_cut_or_grew_is_refused),
		COALITION_TEST(a_well_signed_request_still_needs_its_form),
		COALITION_TEST(papers_have_a_size),
		COALITION_TEST(an_invite_with_one_thing_wrong_is_refused),
		COALITION_TEST(both_sides_show_the_same_words_only_for_the_same_papers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
