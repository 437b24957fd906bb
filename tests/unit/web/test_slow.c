/* One slow phone, or three hundred, or somebody who speaks half of TLS: the others do not notice. Takes as
 * long as the server's patience. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <gnutls/gnutls.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>

#include "node/base/clock.h"
#include "tests/unit/web/client.h"
#include "web/certificate.h"

static struct server *plain, *tls;
static struct secret *pem;

static void *resume_later(void *user)
{
	struct request *request = user;

	sleep_ms(12000);
	request->body = memory_bytes(request->context, "later\n", 6);
	server_resume(request, NULL);
	return NULL;
}

static const struct error *page_later(struct request *request)
{
	pthread_t thread;

	server_suspend(request);
	assert_int_equal(pthread_create(&thread, NULL, resume_later, request), 0);
	pthread_detach(thread);
	return NULL;
}

static const struct error *page_hello(struct request *request)
{
	request->body = (struct bytes){(const uint8_t *)"hello\n", 6};
	return NULL;
}

static const struct route routes[] = {
	{METHOD_GET, "/later", page_later, 0},
	{METHOD_GET | METHOD_POST, "/", page_hello, 0},
	{0, NULL, NULL, 0},
};

static int group_setup(void **state)
{
	const char *const names[] = {"hub.local", NULL};
	struct server_options options = {.address = "::", .routes = routes, .is_limited = true};

	secret_start();
	assert_null(certificate_new("hub", names, &pem));
	assert_null(server_start(&options, &plain));
	options.certificate_pem = options.key_pem = (const char *)pem->data;
	assert_null(server_start(&options, &tls));
	return 0;
}

static int group_teardown(void **state)
{
	server_stop(plain);
	server_stop(tls);
	secret_free(pem);
	return 0;
}

static char *get(void *context, const char *path)
{
	return ask_at(context, plain,
		memory_format(context, "GET %s HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n", path));
}

/* Sends a byte of `text` now and then until the server has had enough. */
static bool is_given_up(int fd, const char *text)
{
	char byte;

	for (size_t i = 0; text[i]; i++) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};

		if (send(fd, text + i, 1, MSG_NOSIGNAL) != 1)
			return true;
		if (poll(&ready, 1, 500) == 1 && recv(fd, &byte, 1, 0) <= 0)
			return true;
	}
	return false;
}

struct slow {
	int fd;
	const char *text;
	bool is_given_up;
};

static void *drip(void *user)
{
	struct slow *slow = user;

	slow->is_given_up = is_given_up(slow->fd, slow->text);
	return NULL;
}

static void slow_clients_are_closed_and_nobody_waits_for_them(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	static const char drips[] =
		"X-Drip: "
		"........................................................................................";
	struct slow slow[] = {{connect_to(plain), drips, false}, {connect_to(plain), drips, false},
		{connect_to(plain), drips, false},
		{connect_to(tls),
			"\x16\x03\x01\x02\x01\x01\x01\xfc\x03\x03............................................"
			"....................",
			false}};
	pthread_t threads[4];
	int patient = connect_to(plain);
	char answer[4096];

	/* One in its first headers, one in its body, one in its second request's headers, one in its
	 * handshake; and one that we keep waiting. */
	send_text(slow[0].fd, "GET / HTTP/1.1\r\nHost: h\r\n");
	send_text(slow[1].fd, "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: "
			      "application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n\r\n");
	send_text(slow[2].fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
	assert_true(recv(slow[2].fd, answer, sizeof answer, 0) > 0);
	send_text(slow[2].fd, "GET / HTTP/1.1\r\n");
	send_text(patient, "GET /later HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, drip, &slow[i]), 0);
	for (int i = 0; i < 20; i++)
		assert_int_equal(status_of(get(context, "/")), 200);
	for (size_t i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		close(slow[i].fd);
		assert_true(slow[i].is_given_up);
	}
	assert_has(read_all(context, patient), "later\n");
	close(patient);
}

static void honest_requests_are_served_beside_300_idle_connections(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	int idle[300];

	for (size_t i = 0; i < 300; i++) {
		idle[i] = connect_to(plain);
		if (i % 2)
			send_text(idle[i], "GET / HT");
	}
	for (int i = 0; i < 50; i++)
		assert_int_equal(status_of(get(context, "/")), 200);
	for (size_t i = 0; i < 300; i++)
		close(idle[i]);
	assert_int_equal(status_of(get(context, "/")), 200);
}

/* The version and cipher agreed on, or NULL when the handshake fails. */
static const char *handshake(void *context, const char *priorities)
{
	gnutls_certificate_credentials_t credentials;
	gnutls_session_t session;
	const char *agreed = NULL;
	int fd = connect_to(tls), status;

	gnutls_certificate_allocate_credentials(&credentials);
	gnutls_init(&session, GNUTLS_CLIENT);
	assert_int_equal(gnutls_priority_set_direct(session, priorities, NULL), 0);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
	gnutls_transport_set_int(session, fd);
	do
		status = gnutls_handshake(session);
	while (status < 0 && !gnutls_error_is_fatal(status));
	if (status == 0) {
		char text[1024] = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
		ssize_t got;

		assert_true(gnutls_record_send(session, text, strlen(text)) > 0);
		got = gnutls_record_recv(session, text, sizeof text - 1);
		assert_true(got > 0);
		assert_int_equal(memcmp(text, "HTTP/1.1 200", 12), 0);
		agreed = memory_format(context, "%s %s",
			gnutls_protocol_get_name(gnutls_protocol_get_version(session)),
			gnutls_cipher_get_name(gnutls_cipher_get(session)));
	}
	gnutls_deinit(session);
	gnutls_certificate_free_credentials(credentials);
	close(fd);
	return agreed;
}

static void only_modern_tls_is_spoken(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);

	assert_string_equal(handshake(context, "NORMAL:-CIPHER-ALL:+AES-128-GCM"), "TLS1.3 AES-128-GCM");
	assert_string_equal(handshake(context, "NORMAL:-VERS-ALL:+VERS-TLS1.2"), "TLS1.2 AES-256-GCM");
	assert_string_equal(
		handshake(context, "NORMAL:-CIPHER-ALL:+CHACHA20-POLY1305"), "TLS1.3 CHACHA20-POLY1305");
	assert_null(handshake(context, "NORMAL:-VERS-ALL:+VERS-TLS1.1:%COMPAT"));
	assert_null(handshake(context, "NORMAL:-VERS-ALL:+VERS-TLS1.0:%COMPAT"));
	assert_null(
		handshake(context, "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-CBC:+AES-256-CBC"));
	assert_null(handshake(context, "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA"));
	assert_null(handshake(context, "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+DHE-RSA"));
}

static double cpu_seconds(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static double spin_for_ms(int64_t ms)
{
	double before = cpu_seconds(RUSAGE_THREAD);
	int64_t until = clock_boot_ms() + ms;

	while (clock_boot_ms() < until)
		;
	return cpu_seconds(RUSAGE_THREAD) - before;
}

static void half_open_handshakes_burn_nothing(void **state)
{
	int half[20];
	double before, burned, busy;

	for (size_t i = 0; i < 20; i++) {
		half[i] = connect_to(tls);
		assert_int_equal(
			send(half[i], "\x16\x03\x01\x02\x01\x01", i % 6 + 1, 0), (ssize_t)(i % 6 + 1));
	}
	sleep_ms(100);
	before = cpu_seconds(RUSAGE_SELF);
	sleep_ms(2000);
	burned = cpu_seconds(RUSAGE_SELF) - before;
	busy = 4 * spin_for_ms(500);
	print_message("2 s with 20 half-open handshakes: %.4f s of CPU; a busy loop: %.2f s\n", burned, busy);
	assert_true(burned < busy / 20);
	for (size_t i = 0; i < 20; i++)
		close(half[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slow_clients_are_closed_and_nobody_waits_for_them),
		cmocka_unit_test(honest_requests_are_served_beside_300_idle_connections),
		cmocka_unit_test(only_modern_tls_is_spoken),
		cmocka_unit_test(half_open_handshakes_burn_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
