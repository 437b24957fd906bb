/* Commands reach a role, strangers and nonsense do not, and nobody can hold a role up. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "node/base/clock.h"
#include "node/base/control.h"
#include "node/base/files.h"
#include "node/base/local.h"
#include "tests/unit/place.h"

static const struct error *handle(void *user, const json_t *request, json_t *reply)
{
	const char *wish;

	TRY(json_get_string(request, "do", 20, &wish));
	if (strcmp(wish, "lock") == 0)
		return error_new(ERROR_LOCKED, "locked: sign in first");
	if (strcmp(wish, "much") == 0) {
		char *text = memory_array(NULL, char, 1100001);

		memset(text, 'x', 1100000);
		json_object_set_new(reply, "text", json_string(text));
		memory_free(text);
	}
	json_object_set_new(reply, "did", json_string(wish));
	return NULL;
}

struct server {
	pthread_t thread;
	int fd, served;
	volatile int stop;
};

static void *serve(void *user)
{
	struct server *server = user;

	while (!server->stop) {
		struct pollfd p = {.fd = server->fd, .events = POLLIN};

		if (poll(&p, 1, 20) > 0 && !control_serve(server->fd, handle, NULL))
			server->served++;
	}
	return NULL;
}

static void begin(struct server *server, const char *path)
{
	*server = (struct server){.fd = -1};
	assert_null(control_listen(path, &server->fd));
	assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void end(struct server *server)
{
	server->stop = 1;
	pthread_join(server->thread, NULL);
	close(server->fd);
}

static const struct error *call(const char *path, const char *wish, json_t **reply)
{
	json_t *request CLEANUP(json_decref) = json_pack("{s:s}", "do", wish);

	return control_call(path, request, 10000, reply);
}

static void a_request_is_answered(void **state)
{
	char *path = place_file(*state, "office.sock");
	json_t *reply CLEANUP(json_decref) = NULL;
	struct server server;
	struct stat st;

	begin(&server, path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_null(call(path, "status", &reply));
	assert_true(json_is_true(json_object_get(reply, "ok")));
	assert_string_equal(json_text_or(reply, "did", ""), "status");
	end(&server);
}

static void an_error_comes_back_as_it_was(void **state)
{
	char *path = place_file(*state, "office.sock");
	const struct error *error;
	struct server server;
	json_t *reply = NULL;

	begin(&server, path);
	error = call(path, "lock", &reply);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_LOCKED);
	assert_string_equal(error->message, "locked: sign in first");
	assert_null(reply);
	end(&server);
}

static void nobody_there_is_unavailable(void **state)
{
	char *path = place_file(*state, "office.sock");
	struct server server;
	json_t *reply;

	assert_int_equal(call(path, "status", &reply)->code, ERROR_UNAVAILABLE);
	assert_int_equal(
		call(place_file(*state, "none/office.sock"), "status", &reply)->code, ERROR_UNAVAILABLE);
	begin(&server, path);
	end(&server); /* its file stays behind, as after kill -9 */
	assert_true(files_exist(path));
	assert_int_equal(call(path, "status", &reply)->code, ERROR_UNAVAILABLE);
	begin(&server, path);
	assert_null(call(path, "status", &reply));
	json_decref(reply);
	end(&server);
}

static void a_living_role_is_not_pushed_aside(void **state)
{
	char *path = place_file(*state, "office.sock");
	struct server server;
	json_t *reply;
	int fd;

	begin(&server, path);
	assert_int_equal(control_listen(path, &fd)->code, ERROR_UNAVAILABLE);
	assert_null(call(path, "status", &reply));
	json_decref(reply);
	end(&server);
}

/* Sends bytes as they are and returns the whole reply. */
static char *raw(void *context, const char *path, const char *bytes, size_t len)
{
	struct buffer *out = buffer_new(context);
	struct local_address address;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char chunk[4096];
	ssize_t got;

	assert_null(local_address(&address, path));
	assert_int_equal(connect(fd, (struct sockaddr *)&address.name, address.len), 0);
	local_wipe(&address);
	while (len) {
		ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);

		if (sent <= 0)
			break;
		bytes += sent;
		len -= (size_t)sent;
	}
	shutdown(fd, SHUT_WR);
	while ((got = recv(fd, chunk, sizeof chunk, 0)) > 0)
		buffer_add(out, chunk, (size_t)got);
	close(fd);
	return (char *)out->data;
}

static void nonsense_is_answered_with_an_error_and_the_role_goes_on(void **state)
{
	static const char *const bad[] = {
		"hello\n", "[1]\n", "{\"do\":7}\n", "{\"do\":\"status\"", "\n", "", "{\"do\":\"\xff\"}\n"};
	char *path = place_file(*state, "office.sock"), *large = memory_array(*state, char, 100000);
	struct server server;
	json_t *reply;

	begin(&server, path);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_non_null(strstr(raw(*state, path, bad[i], strlen(bad[i])), "\"error\""));
	memset(large, 'x', 100000);
	raw(*state, path, large, 100000);
	assert_null(call(path, "status", &reply));
	json_decref(reply);
	assert_int_equal(call(path, "much", &reply)->code, ERROR_INVALID);
	end(&server);
}

static void a_caller_that_says_nothing_is_let_go(void **state)
{
	char *path = place_file(*state, "office.sock");
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct local_address address;
	struct server server;
	json_t *reply;

	begin(&server, path);
	assert_null(local_address(&address, path));
	assert_int_equal(connect(fd, (struct sockaddr *)&address.name, address.len), 0);
	local_wipe(&address);
	assert_null(call(path, "status", &reply)); /* waits its turn, then is answered */
	json_decref(reply);
	close(fd);
	end(&server);
}

static void a_role_that_never_answers_costs_only_the_deadline(void **state)
{
	char *path = place_file(*state, "office.sock");
	json_t *request CLEANUP(json_decref) = json_pack("{s:s}", "do", "status"), *reply;
	const struct error *error;
	int fd CLEANUP(fd_close) = -1;

	assert_null(control_listen(path, &fd));
	error = control_call(path, request, 200, &reply);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_UNAVAILABLE);
	json_object_set_new(
		request, "text", json_string(memset(memory_array(*state, char, 70001), 'x', 70000)));
	assert_int_equal(control_call(path, request, 200, &reply)->code, ERROR_USAGE);
}

/* 65534 is nobody. Only root can become somebody else, and hand them the socket. */
static void another_user_is_denied(void **state)
{
	char *path = place_file(*state, "office.sock");
	struct server server;
	int status;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	begin(&server, path);
	assert_int_equal(chmod(*state, 0755), 0);
	assert_int_equal(chmod(path, 0666), 0);
	pid = fork();
	if (pid == 0) {
		const struct error *error;
		json_t *reply;

		if (setgid(65534) < 0 || setuid(65534) < 0)
			_exit(1);
		error = call(path, "status", &reply);
		_exit(!error || error->code != ERROR_DENIED ? 2 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	end(&server);
}

static void a_state_directory_may_lie_deep(void **state)
{
	char *path = memory_string(*state, *state), *name = memory_array(*state, char, 61);
	struct server server;
	json_t *reply;

	memset(name, 'd', 60);
	for (int i = 0; i < 3; i++) {
		path = memory_format(*state, "%s/%s", path, name);
		assert_null(files_directory(path, 0700));
	}
	path = memory_format(*state, "%s/office.sock", path);
	begin(&server, path);
	assert_null(call(path, "status", &reply));
	json_decref(reply);
	end(&server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(a_request_is_answered),
		PLACE_TEST(an_error_comes_back_as_it_was),
		PLACE_TEST(nobody_there_is_unavailable),
		PLACE_TEST(a_living_role_is_not_pushed_aside),
		PLACE_TEST(nonsense_is_answered_with_an_error_and_the_role_goes_on),
		PLACE_TEST(a_caller_that_says_nothing_is_let_go),
		PLACE_TEST(a_role_that_never_answers_costs_only_the_deadline),
		PLACE_TEST(another_user_is_denied),
		PLACE_TEST(a_state_directory_may_lie_deep),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
