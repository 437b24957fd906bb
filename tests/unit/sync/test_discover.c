/* Looking for neighbours never disturbs: without a daemon the loop goes on, a descriptor of ours still wakes
 * it, a signal still ends it. (Hubs that find one another: tests/system/discover.sh.) */
#include "tests/unit/vault/tools.h"

#include <poll.h>
#include <signal.h>
#include <sys/time.h>

#include "sync/discover.h"

static int changes;

static void on_change(void *user, const struct discover_hub *hub, bool there)
{
	changes++;
}

static void on_alarm(int number)
{
	(void)number;
}

static void without_a_bus_descriptors_still_wake_the_loop(void **state)
{
	struct discover *discover = discover_start(7443, true, on_change, NULL);
	struct pollfd fds[2] = {{.events = POLLIN}, {.events = POLLIN}};
	int quiet[2], rung[2];

	assert_int_equal(pipe(quiet), 0);
	assert_int_equal(pipe(rung), 0);
	fds[0].fd = quiet[0];
	fds[1].fd = rung[0];
	discover_wait(discover, fds, 2, 1);
	assert_int_equal(fds[0].revents | fds[1].revents, 0);
	assert_int_equal(write(rung[1], "x", 1), 1);
	discover_wait(discover, fds, 2, 600000);
	assert_int_equal(fds[0].revents, 0);
	assert_int_equal(fds[1].revents, POLLIN);
	for (int i = 0; i < 2; i++) {
		close(quiet[i]);
		close(rung[i]);
	}
	discover_stop(discover);
	assert_int_equal(changes, 0);
}

static void a_signal_ends_the_wait(void **state)
{
	struct itimerval soon = {.it_value.tv_usec = 50000}, never = {0};
	struct sigaction action = {.sa_handler = on_alarm};
	struct discover *discover = discover_start(7443, false, on_change, NULL);

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	discover_wait(discover, NULL, 0, 600000); /* or this test does not end */
	setitimer(ITIMER_REAL, &never, NULL);
	discover_stop(discover);
}

static int start(void **state)
{
	setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere", 1);
	return tools_start(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_bus_descriptors_still_wake_the_loop),
		cmocka_unit_test(a_signal_ends_the_wait),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start, tools_end);
}
