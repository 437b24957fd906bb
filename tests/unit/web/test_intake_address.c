/* Addresses that phones are sent to are spelt as browsers take them, and only the network of the hub's own
 * Wi-Fi counts as near. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <arpa/inet.h>

#include "node/base/memory.h"
#include "web/intake/address.h"

static bool is_on(const char *peer, const char *interface)
{
	struct in6_addr address;

	assert_int_equal(inet_pton(AF_INET6, peer, &address), 1);
	return address_is_on(&address, interface);
}

static void a_port_that_goes_without_saying_is_not_said(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);

	assert_string_equal(address_url(context, "http", "10.42.0.1", 80, ""), "http://10.42.0.1");
	assert_string_equal(
		address_url(context, "http", "10.42.0.1", 8080, "/?l=lg"), "http://10.42.0.1:8080/?l=lg");
	assert_string_equal(
		address_url(context, "https", "hub.local", 443, "/form/1"), "https://hub.local/form/1");
	assert_string_equal(address_url(context, "https", "[::1]", 80, "/"), "https://[::1]:80/");
	assert_string_equal(address_url(context, "http", "hub.local", 443, "/"), "http://hub.local:443/");
}

static void who_is_near_is_told_by_the_interface_s_network(void **state)
{
	assert_true(is_on("::ffff:127.0.0.1", "lo"));
	assert_true(is_on("::ffff:127.200.3.4", "lo"));
	assert_false(is_on("::ffff:128.0.0.1", "lo"));
	assert_false(is_on("::ffff:10.42.0.7", "lo"));
	assert_false(is_on("::1", "lo"));
	assert_false(is_on("fe80::1", "lo"));
}

static void an_interface_that_is_not_there_has_nobody_near(void **state)
{
	assert_false(is_on("::ffff:127.0.0.1", "wlan99"));
	assert_false(is_on("::ffff:127.0.0.1", ""));
	assert_false(is_on("::ffff:127.0.0.1", "a name much longer than an interface's"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_that_goes_without_saying_is_not_said),
		cmocka_unit_test(who_is_near_is_told_by_the_interface_s_network),
		cmocka_unit_test(an_interface_that_is_not_there_has_nobody_near),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
