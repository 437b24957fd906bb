/* Whatever stands in Host, nothing but a plain name or an address in numbers comes out of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "web/host.h"

static void a_name_comes_without_its_port_and_in_lower_case(void **state)
{
	static const char *const good[][2] = {
		{"localhost", "localhost"},
		{"localhost:8443", "localhost"},
		{"Gulu.LOCAL", "gulu.local"},
		{"gulu-2.local:1", "gulu-2.local"},
		{"192.168.4.1:65535", "192.168.4.1"},
		{"[::1]", "[::1]"},
		{"[FE80::1]:443", "[fe80::1]"},
	};
	char name[HOST_NAME_SIZE];

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_true(host_parse(good[i][0], name));
		assert_string_equal(name, good[i][1]);
	}
}

static void what_is_not_a_name_is_refused(void **state)
{
	static const char *const bad[] = {
		NULL,
		"",
		":",
		":80",
		"a\rb.local",
		"a\nb.local",
		"evil.com/x.local",
		"\xff.local",
		"a b.local",
		"evil.com\\x.local",
		"evil.com#x.local",
		"evil.com?x.local",
		"me@x.local",
		"a%0db.local",
		"\"x.local",
		"<x.local",
		"x_y.local",
		"x.local:",
		"x.local:0",
		"x.local:65536",
		"x.local:80x",
		"x.local:-1",
		"x.local: 80",
		"x.local:000000080",
		"x.local:80:80",
		"[",
		"[]",
		"[::1",
		"[::1]x",
		"[::1]:",
		"[::1]:x",
		"[fe80::1%eth0]",
		"[x]",
		"[1.2.3.4]",
		"::1",
		"[evil.com]",
		"caf\xc3\xa9.local",
		"a\tb.local",
		"a\x7f.local",
	};
	char name[HOST_NAME_SIZE], long_name[400];

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (host_parse(bad[i], name))
			print_message("%s\n", bad[i]);
		assert_false(host_parse(bad[i], name));
	}
	for (size_t len = 0; len < sizeof long_name; len++) {
		memset(long_name, 'a', len);
		long_name[len] = '\0';
		assert_int_equal(host_parse(long_name, name), len > 0 && len < HOST_NAME_SIZE);
		if (len)
			long_name[0] = '[';
		assert_false(host_parse(long_name, name));
	}
}

/* Any bytes at all. */
static void nothing_else_ever_comes_out(void **state)
{
	static const char some[] = "a1.-:[]\r\n/\\\"<%\xff @09f";
	unsigned seed = (unsigned)time(NULL);
	char name[HOST_NAME_SIZE], header[12];

	print_message("# seed %u\n", seed);
	for (int i = 0; i < 200000; i++) {
		size_t len = (size_t)rand_r(&seed) % sizeof header;

		for (size_t at = 0; at < len; at++)
			header[at] = some[(size_t)rand_r(&seed) % (sizeof some - 1)];
		header[len] = '\0';
		if (host_parse(header, name))
			assert_int_equal(
				strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-.:[]"), strlen(name));
	}
}

static void a_page_of_another_site_is_told_from_ours(void **state)
{
	static const struct {
		const char *origin, *site, *host;
		bool is_foreign;
	} cases[] = {
		{NULL, NULL, "hub.local:8443", false},	/* an old phone */
		{"null", NULL, "hub.local:8443", true}, /* data:, a sandboxed frame */
		{"null", "same-origin", "hub.local:8443", true},
		{"https://hub.local:8443", "same-origin", "hub.local:8443", false},
		{"https://HUB.local:8443", NULL, "hub.local:8443", false},
		{"http://10.42.0.1", NULL, "10.42.0.1", false},
		{NULL, "none", "hub.local", false},
		{NULL, "cross-site", "hub.local", true},
		{"https://hub.local", "cross-site", "hub.local", true},
		{"https://evil.example", NULL, "hub.local", true},
		{"https://evil.example", "same-origin", "hub.local", true},
		{"https://hub.local:9443", NULL, "hub.local:8443", true},
		{"https://hub.local.evil.example", NULL, "hub.local", true},
		{"hub.local", NULL, "hub.local", true},
		{"https://hub.local", NULL, NULL, true},
		{"", NULL, "hub.local", true},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(
			host_is_foreign(cases[i].origin, cases[i].site, cases[i].host), cases[i].is_foreign);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_comes_without_its_port_and_in_lower_case),
		cmocka_unit_test(what_is_not_a_name_is_refused),
		cmocka_unit_test(nothing_else_ever_comes_out),
		cmocka_unit_test(a_page_of_another_site_is_told_from_ours),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
