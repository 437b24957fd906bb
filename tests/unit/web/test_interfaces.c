/* What a workshop lets in and what a certificate names is private by one and the same rule. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <string.h>

#include "web/interfaces.h"

static bool is_private(const char *text)
{
	struct in_addr address;

	assert_int_equal(inet_pton(AF_INET, text, &address), 1);
	return interfaces_is_private(address);
}

static void private_is_what_belongs_to_nobody(void **state)
{
	static const char *const near[] = {"10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255",
		"192.168.4.1", "169.254.7.7", "127.0.0.1"};
	static const char *const far[] = {"9.255.255.255", "11.0.0.1", "172.15.0.1", "172.32.0.1",
		"192.167.4.1", "192.169.4.1", "169.253.7.7", "128.0.0.1", "8.8.8.8", "100.64.0.1", "0.0.0.0"};

	(void)state;
	for (size_t i = 0; i < sizeof near / sizeof *near; i++)
		assert_true(is_private(near[i]));
	for (size_t i = 0; i < sizeof far / sizeof *far; i++)
		assert_false(is_private(far[i]));
}

static void the_loopback_is_there_and_nobody_comes_by_it(void **state)
{
	struct interface list[INTERFACES_MOST];
	size_t count = interfaces_list(list);
	bool is_there = false;

	(void)state;
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i].name, "lo") == 0) {
			is_there = true;
			assert_false(list[i].is_shared);
			assert_true(interfaces_is_private(list[i].address));
		}
	assert_true(is_there);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(private_is_what_belongs_to_nobody),
		cmocka_unit_test(the_loopback_is_there_and_nobody_comes_by_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
