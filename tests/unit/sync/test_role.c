/* The sync role as a process: bells, commands, remotes, and an end when it is told to, whatever git is doing.
 */
#include "tests/unit/sync/hubs.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "node/base/clock.h"
#include "node/base/control.h"
#include "node/store/doorbell.h"
#include "sync/role.h"

#define PATIENCE_MS 30000 /* of the tests: nothing here takes long on a quiet machine */

static volatile int stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

/* By which it would show itself to neighbours; its form is all that counts here. */
static void make_certificate(struct hubs *hubs, int which)
{
	char *file = home_file(hubs, hubs->homes[which], "keys/tls-sync");

	assert_int_equal(
		system(memory_format(hubs,
			"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
			"-subj /CN=hub -keyout %s.key -out %s.crt 2>/dev/null && cat %s.key %s.crt >%s",
			file, file, file, file, file)),
		0);
}

/* No D-Bus, no neighbours: this is about one hub. */
static pid_t start_role(struct hubs *hubs, int which)
{
	pid_t pid;

	make_certificate(hubs, which);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct sigaction action = {.sa_handler = on_signal};
		const struct error *error;

		sigaction(SIGTERM, &action, NULL);
		setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere", 1);
		error = sync_run(hubs->homes[which], &stop);
		if (error)
			fprintf(stderr, "# %s\n", error->message);
		_exit(error ? 1 : 0);
	}
	return pid;
}

static json_t *ask(struct hubs *hubs, int which, json_t *request)
{
	char *path = home_file(hubs, hubs->homes[which], "run/sync.sock");
	int64_t until = clock_boot_ms() + PATIENCE_MS;
	const struct error *error;
	json_t *reply = NULL;

	do {
		error = control_call(path, request, PATIENCE_MS, &reply);
		if (error && error->code != ERROR_UNAVAILABLE)
			break;
		if (error)
			usleep(20000);
	} while (error && clock_boot_ms() < until);
	must(error);
	json_decref(request);
	return reply;
}

static void end_role(pid_t pid)
{
	int64_t began = clock_boot_ms();
	int status;

	kill(pid, SIGTERM);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(clock_boot_ms() - began < 15000); /* ssh itself would wait for thirty seconds */
}

static void a_bell_is_enough_to_bring_a_record_to_the_relay(void **state)
{
	struct hubs *hubs = *state;
	pid_t pid = start_role(hubs, 1);
	int64_t until = clock_boot_ms() + PATIENCE_MS;
	struct repo *relay = NULL;
	struct log_tip tip = {0};

	json_decref(
		ask(hubs, 1, json_pack("{ssssss}", "do", "remote-add", "name", "relay", "url", hubs->relay)));
	hubs_report(hubs, 1, 1);
	doorbell_ring(home_file(hubs, hubs->homes[1], "run/sync.bell"));
	must(repo_open(hubs->relay, &relay));
	while (!tip.seq && clock_boot_ms() < until) {
		usleep(20000);
		must(logs_tip(relay, hubs->trusts[1].self.log, 1, &tip));
	}
	assert_int_equal(tip.seq, 1);
	repo_close(relay);
	end_role(pid);
}

static void commands_are_answered_by_the_running_role(void **state)
{
	struct hubs *hubs = *state;
	struct roster_files files;
	pid_t pid = start_role(hubs, 0);
	json_t *reply, *status;

	json_decref(ask(hubs, 0, json_pack("{ss}", "do", "status")));
	must(remote_add(hubs->homes[0], "relay", hubs->relay));
	hubs->coalition->roster.version = 2;
	files = coalition_files(hubs->coalition, &hubs->coalition->roster, 1);
	must(round_roster(hubs->homes[0], 2, &files));
	assert_false(files_exist(home_file(hubs, hubs->homes[0], "run/roster.json")));
	hubs_report(hubs, 0, 2);
	reply = ask(hubs, 0, json_pack("{sss[s]}", "do", "sync", "remotes", "relay"));
	assert_int_equal(hubs_number(reply, "committed"), 2);
	assert_true(
		json_is_true(json_object_get(json_array_get(json_object_get(reply, "remotes"), 0), "ok")));
	json_decref(reply);
	reply = ask(hubs, 0, json_pack("{ss}", "do", "status"));
	status = json_object_get(reply, "status");
	assert_int_equal(
		hubs_number(json_array_get(json_object_get(status, "remotes"), 0), "waiting_out"), 0);
	json_decref(reply);
	assert_int_equal(hubs_git(hubs->relay, "show refs/heads/roster~1"), 0);
	must(remote_remove(hubs->homes[0], "relay"));
	assert_non_null(remote_remove(hubs->homes[0], "relay"));
	json_decref(ask(hubs, 0, json_pack("{ss}", "do", "end")));
	{
		int ended;

		assert_int_equal(waitpid(pid, &ended, 0), pid);
		assert_int_equal(ended, 0);
	}
}

/* A server that takes the connection and never says a word. */
static int silent_server(int *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

static void the_role_ends_in_time_while_git_waits_for_a_silent_relay(void **state)
{
	struct hubs *hubs = *state;
	struct db *db = NULL;
	json_t *status = NULL;
	int port, server = silent_server(&port), client;
	pid_t pid = start_role(hubs, 1);

	json_decref(ask(hubs, 1,
		json_pack("{ssssso}", "do", "remote-add", "name", "slow", "url",
			json_string(memory_format(hubs, "ssh://hub@127.0.0.1:%d/relay.git", port)))));
	client = accept(server, NULL, NULL); /* git is under way */
	assert_true(client >= 0);
	end_role(pid);
	close(client);
	close(server);
	/* It was broken off by us: no failure of the relay's. */
	must(db_open_foreign(home_file(hubs, hubs->homes[1], "sync.db"), SYNC_DB_VERSION, &db));
	must(state_status(db, &status));
	assert_int_equal(hubs_number(json_array_get(json_object_get(status, "remotes"), 0), "failures"), 0);
	json_decref(status);
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HUBS_TEST(a_bell_is_enough_to_bring_a_record_to_the_relay),
		HUBS_TEST(commands_are_answered_by_the_running_role),
		HUBS_TEST(the_role_ends_in_time_while_git_waits_for_a_silent_relay),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, tools_start, tools_end);
}
