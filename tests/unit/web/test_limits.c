/* Places are few: nobody takes them all, and those whose answer we owe are never closed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "web/limits.h"

struct phone {
	struct limits_connection *connection;
	int ours, theirs;
};

static struct sockaddr_storage address_of(const char *text)
{
	struct sockaddr_storage address = {0};

	if (strchr(text, ':')) {
		struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address;

		six->sin6_family = AF_INET6;
		assert_int_equal(inet_pton(AF_INET6, text, &six->sin6_addr), 1);
	} else {
		struct sockaddr_in *four = (struct sockaddr_in *)&address;

		four->sin_family = AF_INET;
		assert_int_equal(inet_pton(AF_INET, text, &four->sin_addr), 1);
	}
	return address;
}

static bool may_enter(struct limits *limits, const char *text)
{
	struct sockaddr_storage address = address_of(text);

	if (!limits_reserve(limits, (struct sockaddr *)&address))
		return false;
	limits_cancel(limits, (struct sockaddr *)&address);
	return true;
}

static struct phone enter(struct limits *limits, const char *text)
{
	struct sockaddr_storage address = address_of(text);
	struct phone phone;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	phone.ours = pair[0];
	phone.theirs = pair[1];
	assert_true(limits_reserve(limits, (struct sockaddr *)&address));
	phone.connection = limits_enter(limits, phone.ours, (struct sockaddr *)&address);
	return phone;
}

static bool is_shut(const struct phone *phone)
{
	char byte;

	return recv(phone->theirs, &byte, 1, 0) == 0;
}

static void leave(struct limits *limits, struct phone *phone)
{
	limits_leave(limits, phone->connection);
	close(phone->ours);
	close(phone->theirs);
}

static void an_address_has_32_places_and_this_machine_any_number(void **state)
{
	struct phone phones[33], local;
	struct limits *limits;

	assert_null(limits_start(true, &limits));
	for (size_t i = 0; i < 32; i++) {
		assert_true(may_enter(limits, "192.0.2.7"));
		phones[i] = enter(limits, i % 2 ? "192.0.2.7" : "::ffff:192.0.2.7");
		assert_string_equal(limits_address(phones[i].connection), "192.0.2.7");
	}
	assert_false(may_enter(limits, "192.0.2.7"));
	assert_false(may_enter(limits, "::ffff:192.0.2.7"));
	assert_true(may_enter(limits, "192.0.2.8"));
	assert_true(may_enter(limits, "fe80::1"));
	leave(limits, &phones[31]);
	assert_true(may_enter(limits, "192.0.2.7"));
	phones[31] = enter(limits, "127.0.0.1");
	phones[32] = enter(limits, "::1");
	for (size_t i = 0; i < 40; i++) {
		local = enter(limits, "127.0.0.1");
		assert_true(may_enter(limits, "127.0.0.1"));
		leave(limits, &local);
	}
	for (size_t i = 0; i < 33; i++)
		leave(limits, &phones[i]);
	limits_stop(limits);

	assert_null(limits_start(false, &limits));
	for (size_t i = 0; i < 33; i++)
		phones[i] = enter(limits, "192.0.2.7");
	assert_true(may_enter(limits, "192.0.2.7"));
	for (size_t i = 0; i < 33; i++)
		leave(limits, &phones[i]);
	limits_stop(limits);
}

static void when_places_are_few_the_greediest_address_gives_one_up(void **state)
{
	static struct phone many[230];
	struct phone honest[3], owed;
	struct limits *limits;
	size_t shut = 0;

	assert_null(limits_start(false, &limits));
	for (size_t i = 0; i < 3; i++)
		honest[i] = enter(limits, "192.0.2.1");
	owed = enter(limits, "192.0.2.66");
	limits_phase(limits, owed.connection, LIMITS_WORK, 0);
	for (size_t i = 0; i < 230; i++)
		many[i] = enter(limits, "192.0.2.66");
	for (size_t i = 0; i < 230; i++)
		shut += is_shut(&many[i]);
	assert_int_equal(shut, 230 + 4 - 224);
	assert_true(is_shut(&many[0]));
	assert_false(is_shut(&many[229]));
	assert_false(is_shut(&owed));
	for (size_t i = 0; i < 3; i++) {
		assert_false(is_shut(&honest[i]));
		leave(limits, &honest[i]);
	}
	for (size_t i = 0; i < 230; i++)
		leave(limits, &many[i]);
	leave(limits, &owed);
	limits_stop(limits);
}

static void what_can_be_one_machine_counts_as_one(void **state)
{
	static const char *const cases[][2] = {
		{"192.0.2.7", "192.0.2.7"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
		{"3fff::1", "3fff::"},
		{"fe80::1:2:3:4", "fe80::1:2:3:4"}, /* everybody in the room has these eight bytes */
		{"fd12:3456:789a:1::5", "fd12:3456:789a:1::5"},
		{"::1", "::1"},
		{"", ""},
	};
	char group[LIMITS_ADDRESS_SIZE];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		limits_group(group, cases[i][0]);
		assert_string_equal(group, cases[i][1]);
	}
}

static void a_machine_with_a_network_of_addresses_is_the_greediest(void **state)
{
	struct phone guests[LIMITS_CONNECTIONS], honest;
	struct limits *limits;
	char text[32];

	assert_null(limits_start(true, &limits));
	for (int i = 0; i < LIMITS_CONNECTIONS - 32; i++) {
		snprintf(text, sizeof text, i < 3 ? "192.0.2.7" : "2001:db8::%x", i);
		guests[i] = enter(limits, text);
	}
	honest = enter(limits, "192.0.2.8");
	for (int i = 0; i < 3; i++)
		assert_false(is_shut(&guests[i]));
	assert_true(is_shut(&guests[3]));
	for (int i = 0; i < LIMITS_CONNECTIONS - 32; i++)
		leave(limits, &guests[i]);
	leave(limits, &honest);
	limits_stop(limits);
}

static void an_idle_connection_gives_way_before_one_with_a_request(void **state)
{
	struct phone phones[3], idle, *all[] = {&phones[0], &phones[1], &idle, &phones[2]};
	static struct phone others[230];
	struct limits *limits;
	size_t count = 0;
	char address[32];

	assert_null(limits_start(true, &limits));
	for (size_t i = 0; i < 4; i++)
		*all[i] = enter(limits, "192.0.2.1");
	limits_phase(limits, idle.connection, LIMITS_IDLE, 0);
	while (!is_shut(&idle)) {
		assert_true(count < 230);
		snprintf(address, sizeof address, "198.51.100.%zu", count);
		others[count++] = enter(limits, address);
	}
	for (size_t i = 0; i < 3; i++)
		assert_false(is_shut(&phones[i]));
	for (size_t i = 0; i < 4; i++)
		leave(limits, all[i]);
	while (count)
		leave(limits, &others[--count]);
	limits_stop(limits);
}

static void when_all_places_are_owed_an_answer_nobody_more_comes_in(void **state)
{
	static struct phone phones[LIMITS_CONNECTIONS];
	struct limits *limits;
	char address[32];

	assert_null(limits_start(true, &limits));
	for (size_t i = 0; i < LIMITS_CONNECTIONS; i++) {
		assert_true(limits_has_place(limits, 0));
		snprintf(address, sizeof address, "2001:db8::%zx", i);
		phones[i] = enter(limits, address);
		limits_phase(limits, phones[i].connection, LIMITS_WORK, 0);
	}
	assert_false(limits_has_place(limits, 10));
	for (size_t i = 0; i < LIMITS_CONNECTIONS; i++) {
		assert_false(is_shut(&phones[i]));
		leave(limits, &phones[i]);
		assert_true(limits_has_place(limits, 0));
	}
	limits_stop(limits);
}

static void a_place_is_kept_for_who_is_on_the_way_and_given_back_when_nobody_comes(void **state)
{
	struct sockaddr_storage address = address_of("192.0.2.9");
	const struct sockaddr *from = (const struct sockaddr *)&address;
	struct limits *limits;

	assert_null(limits_start(true, &limits));
	for (size_t i = 0; i < LIMITS_AN_ADDRESS; i++)
		assert_true(limits_reserve(limits, from));
	assert_false(limits_reserve(limits, from));
	limits_cancel(limits, from);
	assert_true(limits_reserve(limits, from));
	limits_stop(limits); /* what never came is forgotten */
}

static void *finish_later(void *user)
{
	void **both = user;

	nanosleep(&(struct timespec){0, 200000000}, NULL);
	limits_phase(both[0], both[1], LIMITS_ANSWER, 10);
	return NULL;
}

static void waiting_for_the_end_waits_for_work_and_not_for_slow_phones(void **state)
{
	struct phone slow, working, idle;
	struct limits *limits;
	pthread_t thread;
	void *both[2];

	assert_null(limits_start(true, &limits));
	limits_wait(limits, 60000); /* nobody: at once */
	idle = enter(limits, "192.0.2.1");
	limits_phase(limits, idle.connection, LIMITS_IDLE, 0);
	limits_wait(limits, 60000); /* nothing owed: at once */
	slow = enter(limits, "192.0.2.2");
	limits_phase(limits, slow.connection, LIMITS_ANSWER, 100000);
	limits_wait(limits, 100); /* given up */
	working = enter(limits, "192.0.2.3");
	limits_phase(limits, working.connection, LIMITS_WORK, 0);
	both[0] = limits;
	both[1] = working.connection;
	assert_int_equal(pthread_create(&thread, NULL, finish_later, both), 0);
	limits_wait(limits, 0);
	pthread_join(thread, NULL);
	assert_false(is_shut(&working));
	leave(limits, &slow);
	leave(limits, &working);
	leave(limits, &idle);
	limits_stop(limits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_has_32_places_and_this_machine_any_number),
		cmocka_unit_test(when_places_are_few_the_greediest_address_gives_one_up),
		cmocka_unit_test(what_can_be_one_machine_counts_as_one),
		cmocka_unit_test(a_machine_with_a_network_of_addresses_is_the_greediest),
		cmocka_unit_test(an_idle_connection_gives_way_before_one_with_a_request),
		cmocka_unit_test(when_all_places_are_owed_an_answer_nobody_more_comes_in),
		cmocka_unit_test(a_place_is_kept_for_who_is_on_the_way_and_given_back_when_nobody_comes),
		cmocka_unit_test(waiting_for_the_end_waits_for_work_and_not_for_slow_phones),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
