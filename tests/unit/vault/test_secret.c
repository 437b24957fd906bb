/* Secrets are wiped, walled in, and in no core file; base64 has one spelling. */
#include "tests/unit/vault/tools.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "node/vault/encoding.h"

static void a_process_with_secrets_leaves_no_core_file(void **state)
{
	struct rlimit limit;

	assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
	assert_int_equal(getrlimit(RLIMIT_CORE, &limit), 0);
	assert_int_equal(limit.rlim_max, 0);
}

static void a_new_secret_is_zeroed_and_ends_in_a_nul(void **state)
{
	for (size_t len = 0; len < 70; len++) {
		struct secret *secret CLEANUP(secret_free) = secret_new(len);

		assert_int_equal(secret->len, len);
		for (size_t i = 0; i <= len; i++)
			assert_int_equal(secret->data[i], 0);
	}
}

static void what_is_taken_is_wiped_where_it_was(void **state)
{
	char typed[] = "koala lagoon";
	struct secret *secret CLEANUP(secret_free) = secret_take(typed, sizeof typed - 1);

	assert_string_equal((char *)secret->data, "koala lagoon");
	for (size_t i = 0; i < sizeof typed; i++)
		assert_int_equal(typed[i], 0);
}

static void secrets_are_equal_only_in_length_and_content(void **state)
{
	struct secret *a CLEANUP(secret_free) = secret_random(32);
	struct secret *same CLEANUP(secret_free) = secret_copy(a->data, a->len);
	struct secret *shorter CLEANUP(secret_free) = secret_copy(a->data, a->len - 1);
	struct secret *other CLEANUP(secret_free) = secret_random(32);

	assert_true(secret_equal(a, same));
	assert_false(secret_equal(a, shorter));
	assert_false(secret_equal(a, other));
	assert_true(secret_bytes_equal(NULL, NULL, 0));
	secret_free(NULL);
}

/* Rooms are used again; what was in them is not seen again, and a smaller secret never gets a larger room. */
static void what_a_freed_secret_held_is_never_seen_again(void **state)
{
	for (size_t round = 0; round < 200; round++) {
		struct secret *several[3];

		for (size_t i = 0; i < 3; i++) {
			several[i] = secret_new(round % 40 + i);
			for (size_t at = 0; at <= several[i]->len; at++)
				assert_int_equal(several[i]->data[at], 0);
			memset(several[i]->data, 0xaa, several[i]->len);
		}
		for (size_t i = 0; i < 3; i++)
			secret_free(several[i]);
	}
}

static void reading_past_the_end_of_a_secret_ends_the_process(void **state)
{
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		struct secret *before = secret_random(32), *secret;

		secret_free(before); /* in a room that was used before, too */
		secret = secret_random(32);
		volatile uint8_t *data = secret->data;
		int quiet = open("/dev/null", O_WRONLY);

		dup2(quiet, STDERR_FILENO);
		/* cmocka would catch it and go on with the tests. */
		signal(SIGSEGV, SIG_DFL);
		signal(SIGBUS, SIG_DFL);
		_exit(data[33] ? 0 : 0);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void base64_goes_there_and_back(void **state)
{
	for (size_t len = 0; len < 100; len++) {
		struct bytes data = tools_random_bytes(len), back;
		char *text = encoding_base64(tools.context, data);

		assert_null(strpbrk(text, "=\n"));
		assert_null(encoding_from_base64(tools.context, text, &back));
		assert_bytes(back, data);
	}
	assert_string_equal(encoding_base64(tools.context, TEXT("fooba")), "Zm9vYmE");
}

/* Random texts of nearly only base64's digits, into rooms that are sometimes too small. */
static void both_ways_to_decode_base64_agree(void **state)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/AAAA";

	for (int i = 0; i < 100000; i++) {
		uint8_t text[12], one[12] = {0}, other[12] = {0};
		size_t max = tools_random(10), one_len = 0, other_len = 0;
		struct bytes all = {text, tools_random(sizeof text)};
		bool holds;

		for (size_t at = 0; at < all.len; at++)
			text[at] = (uint8_t)digits[tools_random(sizeof digits - 1)];
		if (tools_random(4) == 0)
			text[tools_random(sizeof text)] = (uint8_t)tools_random(256);
		holds = encoding_decode(one, max, all, &one_len);
		assert_int_equal(encoding_decode_open(other, max, all, &other_len), holds);
		if (!holds)
			continue;
		assert_int_equal(one_len, other_len);
		assert_memory_equal(one, other, one_len);
	}
}

static void base64_that_encoding_would_not_have_given_is_refused(void **state)
{
	static const char *const bad[] = {"Zg==", "Zh", "Zm9=", "Zm8=", "Zm9v\n", " Zm9v", "Zm9vY", "Zm-v",
		"Zm_v", "Zm9", "Zm9vZ", "=", "A", "Zm9\xaf", "\xaf\xaf\xaf\xaf", "Zm9v\xc3\xa9"};
	struct bytes out = {NULL, 7};
	uint8_t exact[4] = {1, 2, 3, 4};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_error(encoding_from_base64(tools.context, bad[i], &out), ERROR_INVALID);
	assert_int_equal(out.len, 7);
	assert_error(encoding_from_base64_exact(exact, 4, "Zm9v"), ERROR_INVALID);
	assert_error(encoding_from_base64_exact(exact, 4, "Zm9vYmE"), ERROR_INVALID);
	assert_int_equal(exact[3], 4);
	assert_null(encoding_from_base64_exact(exact, 4, "Zm9vYg"));
	assert_memory_equal(exact, "foob", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_with_secrets_leaves_no_core_file),
		cmocka_unit_test(a_new_secret_is_zeroed_and_ends_in_a_nul),
		cmocka_unit_test(what_is_taken_is_wiped_where_it_was),
		cmocka_unit_test(secrets_are_equal_only_in_length_and_content),
		cmocka_unit_test(what_a_freed_secret_held_is_never_seen_again),
		cmocka_unit_test(reading_past_the_end_of_a_secret_ends_the_process),
		cmocka_unit_test(base64_goes_there_and_back),
		cmocka_unit_test(both_ways_to_decode_base64_agree),
		cmocka_unit_test(base64_that_encoding_would_not_have_given_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, tools_start, tools_end);
}
