/* What a browser, a phone on a bad network and somebody with bad intentions get from the server: real
 * sockets, real TLS. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <string.h>

#include "tests/unit/web/client.h"
#include "web/certificate.h"
#include "web/page.h"
#include "web/server.h"
#include "web/static.h"

static struct server *plain, *tls;
static struct secret *pem;

/* What a suspended request waits for. */
struct waiting {
	struct request *request;
	int delay_ms;
	bool fails;
};

static void *resume_later(void *user)
{
	struct waiting *waiting = user;
	struct request *request = waiting->request;

	sleep_ms(waiting->delay_ms);
	request->body = memory_bytes(request->context, "later\n", 6);
	server_resume(request, waiting->fails ? error_new(ERROR_FULL, "there is no room") : NULL);
	return NULL;
}

static const struct error *page_later(struct request *request)
{
	struct waiting *waiting = memory_new(request->context, struct waiting);
	const char *delay = form_get(request->query, "ms");
	pthread_t thread;

	*waiting = (struct waiting){request, delay ? atoi(delay) : 0, form_get(request->query, "fail")};
	server_suspend(request);
	assert_int_equal(pthread_create(&thread, NULL, resume_later, waiting), 0);
	pthread_detach(thread);
	return NULL;
}

/* Says what it was asked, for tests of what reaches a page. */
static const struct error *page_echo(struct request *request)
{
	const char *cookie = request_cookie(request, "name"), *text = form_get(request->form, "text");
	const char *agent = request_header(request, "user-agent"), *asked = form_get(request->query, "q");

	request->type = "text/plain; charset=utf-8";
	request->body.data = (const uint8_t *)memory_format(request->context,
		"method=%d path=%s rest=%s q=%s text=%s cookie=%s agent=%s address=%s tag=%d secure=%d\n",
		(int)request->method, request->path, request->rest, asked ? asked : "-", text ? text : "-",
		cookie ? cookie : "-", agent ? agent : "-", request->address, request_tag(request),
		(int)request->is_secure);
	request->body.len = strlen((const char *)request->body.data);
	return NULL;
}

static const struct error *page_redirect(struct request *request)
{
	request_redirect(request, form_get(request->query, "to"));
	return NULL;
}

static const struct error *page_long(struct request *request)
{
	struct buffer *text = buffer_new(request->context);

	for (int i = 0; i < 1000; i++)
		buffer_text(text, "words ");
	request->body = buffer_bytes(text);
	return NULL;
}

static const struct error *page_fails(struct request *request)
{
	static const enum error_code codes[] = {
		ERROR_NOT_FOUND, ERROR_DENIED, ERROR_INVALID, ERROR_LOCKED, ERROR_FULL, ERROR_CONFIG};

	return error_new(codes[atoi(request->rest)], "it failed <here>");
}

/* As a page does that hands on what a browser sent. */
static const struct error *page_hands_on(struct request *request)
{
	request_add_header(request, "X-Agent", request_header(request, "User-Agent"));
	return NULL;
}

static const struct error *page_own_headers(struct request *request)
{
	request_add_header(request, "Set-Cookie", "a=1");
	request_add_header(request, "Set-Cookie", "b=2");
	request_add_header(request, "Content-Security-Policy", "sandbox");
	return NULL;
}

static const struct error *guard(struct request *request)
{
	if (request_tag(request) == 7)
		request_redirect(request, "/login");
	if (request_tag(request) == 8)
		return error_new(ERROR_DENIED, "not you");
	return NULL;
}

static void show_problem(struct request *request, const struct error *error)
{
	page_show_error(request, error, json_object());
}

static const struct route routes[] = {
	{METHOD_GET, "/later", page_later, 0},
	{METHOD_GET | METHOD_POST, "/echo", page_echo, 3},
	{METHOD_GET, "/under/*", page_echo, 0},
	{METHOD_GET, "/", page_echo, 0},
	{METHOD_POST, "/only-post", page_echo, 0},
	{METHOD_GET, "/redirect", page_redirect, 0},
	{METHOD_GET, "/long", page_long, 0},
	{METHOD_GET, "/fails/*", page_fails, 0},
	{METHOD_GET, "/headers", page_own_headers, 0},
	{METHOD_GET, "/hands-on", page_hands_on, 0},
	{METHOD_GET, "/guarded", page_echo, 7},
	{METHOD_GET, "/denied", page_echo, 8},
	{METHOD_GET, "/static/*", static_serve, 0},
	{0, NULL, NULL, 0},
};

static struct server *start(bool is_secure)
{
	struct server_options options = {
		.address = "::",
		.routes = routes,
		.guard = guard,
		.problem = show_problem,
		.security_headers = "X-Role: test\nPermissions-Policy: camera=()\n",
		.is_limited = true,
	};
	struct server *server = NULL;

	if (is_secure)
		options.certificate_pem = options.key_pem = (const char *)pem->data;
	assert_null(server_start(&options, &server));
	return server;
}

static int group_setup(void **state)
{
	const char *const names[] = {"hub.local", NULL};

	secret_start();
	assert_null(certificate_new("hub", names, &pem));
	plain = start(false);
	tls = start(true);
	return 0;
}

static int group_teardown(void **state)
{
	server_stop(plain);
	server_stop(tls);
	server_stop(NULL);
	secret_free(pem);
	return 0;
}

static char *ask(void *context, const char *request)
{
	return ask_at(context, plain, request);
}

static char *get(void *context, const char *path)
{
	return ask(context,
		memory_format(context, "GET %s HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n", path));
}

/* ---- pages ---- */

static void a_page_gets_what_was_asked_decoded_once(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);

	assert_has(get(context, "/under/a%20b/%C5%8B%2525?q=x%26y+z"),
		"path=/under/a b/\xc5\x8b%25 rest=a b/\xc5\x8b%25 q=x&y z ");
	assert_has(ask(context, "POST /echo HTTP/1.1\r\nHost: h\r\nUser-Agent: me\r\nCookie: other=x; "
				"name=va=lue; name=no\r\nConnection: close\r\n"
				"Content-Type: application/x-www-form-urlencoded; "
				"charset=UTF-8\r\nContent-Length: 9\r\n\r\ntext=a%2Bb"),
		"method=2 path=/echo rest= q=- text=a+"); /* cut at the announced length */
	assert_has(ask(context, "POST /echo HTTP/1.1\r\nHost: h\r\nUser-Agent: me\r\nCookie: other=x; "
				"name=va=lue; name=no\r\nConnection: close\r\n"
				"Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: "
				"chunked\r\n\r\n"
				"4\r\ntext\r\n6\r\n=a%2Bb\r\n0\r\n\r\n"),
		"text=a+b cookie=va=lue agent=me address=127.0.0.1 tag=3 secure=0\n");
}

static void every_answer_carries_the_security_headers(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	static const char *const paths[] = {
		"/", "/nope", "/fails/2", "/static/style.css", "/guarded", "/%zz", "/only-post", "/later"};

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		const char *answer = get(context, paths[i]);

		assert_has(answer, "\r\nContent-Security-Policy: default-src 'none'; style-src 'self';");
		assert_has(answer, "\r\nX-Content-Type-Options: nosniff\r\n");
		assert_has(answer, "\r\nReferrer-Policy: same-origin\r\n");
		assert_has(answer, "\r\nCross-Origin-Opener-Policy: same-origin\r\n");
		assert_has(answer, "\r\nCross-Origin-Resource-Policy: same-origin\r\n");
		assert_has(answer, "\r\nX-Role: test\r\n");
		assert_has(answer, "\r\nPermissions-Policy: camera=()\r\n");
		assert_has(answer, strstr(paths[i], "static") ? "\r\nCache-Control: private, max-age="
							      : "\r\nCache-Control: no-store\r\n");
	}
}

static void a_page_may_replace_a_common_header_and_set_many_cookies(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	const char *answer = get(context, "/headers");

	assert_has(answer, "\r\nSet-Cookie: a=1\r\n");
	assert_has(answer, "\r\nSet-Cookie: b=2\r\n");
	assert_has(answer, "\r\nContent-Security-Policy: sandbox\r\n");
	assert_null(strstr(answer, "default-src"));
}

static void errors_become_pages_with_their_status(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	static const int statuses[] = {404, 403, 400, 503, 507, 500};
	char path[] = "/fails/0";

	for (size_t i = 0; i < 6; i++) {
		const char *answer;

		path[7] = (char)('0' + i);
		answer = get(context, path);
		assert_int_equal(status_of(answer), statuses[i]);
		assert_has(answer, statuses[i] == 500 ? "Please try again" : "It failed &lt;here&gt;");
	}
	assert_int_equal(status_of(get(context, "/nope")), 404);
	assert_int_equal(status_of(get(context, "/denied")), 403);
}

static void a_guard_can_answer_itself(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	const char *answer = get(context, "/guarded");

	assert_int_equal(status_of(answer), 303);
	assert_has(answer, "\r\nLocation: /login\r\n");
	assert_null(strstr(answer, "path="));
}

static void methods_that_a_page_does_not_have_are_told(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	const char *answer = ask(
		context, "PUT /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi");

	assert_int_equal(status_of(answer), 405);
	assert_has(answer, "\r\nAllow: GET, HEAD, POST\r\n");
	answer = get(context, "/only-post");
	assert_int_equal(status_of(answer), 405);
	assert_has(answer, "\r\nAllow: POST\r\n");
	answer = ask(context, "HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
	assert_int_equal(status_of(answer), 200);
	assert_has(answer, "\r\nContent-Length: ");
	assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
}

static void pages_are_packed_where_the_role_allows_it_and_the_browser_takes_it(void **state)
{
	static const char with_gzip[] = "GET %s HTTP/1.1\r\nHost: h\r\nAccept-Encoding: br, "
					"gzip\r\nConnection: close\r\n\r\n";
	void *context CLEANUP(memory_free) = memory_context(NULL);
	const struct server_options options = {.address = "::", .routes = routes, .is_compressed = true};
	struct server *packing = NULL;
	const char *answer;

	assert_null(server_start(&options, &packing));
	answer = ask_at(context, packing, memory_format(context, with_gzip, "/long"));
	assert_has(answer, "\r\nContent-Encoding: gzip\r\n");
	assert_has(answer, "\r\nVary: Accept-Encoding\r\n");
	assert_null(strstr(answer, "words words"));
	assert_has(answer, "\r\nCache-Control: no-store\r\n");
	answer = ask_at(context, packing, "GET /long HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
	assert_null(strstr(answer, "Content-Encoding"));
	assert_has(answer, "\r\nVary: Accept-Encoding\r\n");
	assert_has(answer, "words words");
	answer = ask_at(context, packing, memory_format(context, with_gzip, "/redirect?to=/x"));
	assert_int_equal(status_of(answer), 303);
	assert_null(strstr(answer, "Content-Encoding"));
	answer = ask_at(context, packing, memory_format(context, with_gzip, "/static/style.css"));
	assert_has(answer, "\r\nContent-Encoding: gzip\r\n");
	assert_has(answer, "\r\nCache-Control: private, max-age=3600\r\n");
	server_stop(packing);
	answer = ask(context, memory_format(context, with_gzip, "/long"));
	assert_null(strstr(answer, "Content-Encoding"));
	assert_has(answer, "words words");
}

static void static_files_are_kept_by_the_browser_and_packed(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	const char *answer = get(context, "/static/style.css"), *tag = strstr(answer, "\r\nETag: ");
	const char *packed = ask(context, "HEAD /static/style.css HTTP/1.1\r\nHost: h\r\nAccept-Encoding: "
					  "gzip, br\r\nConnection: close\r\n\r\n");

	assert_int_equal(status_of(answer), 200);
	assert_has(answer, "\r\nContent-Type: text/css; charset=utf-8\r\n");
	assert_has(packed, "\r\nContent-Encoding: gzip\r\n");
	assert_non_null(tag);
	answer = ask(context, memory_format(context,
				      "GET /static/style.css HTTP/1.1\r\nHost: h\r\nConnection: "
				      "close\r\nIf-None-Match: %.*s\r\n\r\n",
				      (int)strcspn(tag + 8, "\r"), tag + 8));
	assert_int_equal(status_of(answer), 304);
	assert_int_equal(status_of(get(context, "/static/none.css")), 404);
	assert_int_equal(status_of(get(context, "/static/templates/head.html")), 404);
}

/* ---- bad intentions ---- */

static void a_path_with_tricks_leads_nowhere(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	static const char *const bad[] = {
		"/../etc/passwd",
		"/under/../echo",
		"/under/..",
		"/under/./x",
		"/under/%2e%2e/x",
		"/under/%2E./x",
		"/under//x",
		"//echo",
		"/under/%2Fx",
		"/under/%2fx",
		"/under/%00",
		"/under/a%00.css",
		"/under/%5c..%5c",
		"/under/a\\b",
		"/under/%0a",
		"/under/%7f",
		"/under/%ff",
		"/under/%c0%ae",
		"/under/%",
		"/under/%4",
		"/under/%zz",
		"/under/%4?q=1",
		"/echo?q=%ff",
		"/echo?q=%00",
		"http://hub/echo",
		"*",
		"echo",
		"/static/..%2ftemplates/head.html",
	};
	char long_path[2000];

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const char *answer = get(context, bad[i]);

		if (status_of(answer) != 400)
			print_message("%s: %.60s\n", bad[i], answer);
		assert_int_equal(status_of(answer), 400);
	}
	memset(long_path, 'a', sizeof long_path);
	memcpy(long_path, "/under/", 7);
	long_path[sizeof long_path - 1] = 0;
	assert_int_equal(status_of(get(context, long_path)), 400);
}

static void nothing_can_be_smuggled_into_the_answers_headers(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	static const char *const bad[][2] = {
		{"/a%0d%0aSet-Cookie:%20evil=1", "\r\nLocation: /a%0ASet-Cookie:%20evil=1\r\n"},
		{"//evil.example/", "\r\nLocation: /evil.example/\r\n"},
		{"/%5cevil.example", "\r\nLocation: /evil.example\r\n"},
		{"https://evil.example", "\r\nLocation: /https://evil.example\r\n"},
		{"/caf%C3%A9?x=1", "\r\nLocation: /caf%C3%A9?x=1\r\n"},
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const char *answer = get(context, memory_format(context, "/redirect?to=%s", bad[i][0]));

		assert_int_equal(status_of(answer), 303);
		assert_has(answer, bad[i][1]);
		assert_null(strstr(answer, "\nSet-Cookie"));
	}
	assert_has(ask(context, "GET /hands-on HTTP/1.1\r\nHost: h\r\nUser-Agent: a\rb\x01\tc\r\nConnection: "
				"close\r\n\r\n"),
		"\r\nX-Agent: a%0Db%01%09c\r\n");
}

static const char *post(void *context, const char *type, size_t announced, size_t sent)
{
	struct buffer *request = buffer_new(context);

	buffer_format(request,
		"POST /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\n%sContent-Length: %zu\r\n\r\n", type,
		announced);
	for (size_t i = 0; i < sent; i++)
		buffer_text(request, "a");
	return ask(context, (const char *)request->data);
}

static void a_body_is_bounded_and_must_be_a_form(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	static const char form[] = "Content-Type: application/x-www-form-urlencoded\r\n";
	struct buffer *chunks = buffer_new(context);
	const char *answer = post(context, form, 65537, 65537);

	assert_int_equal(status_of(answer), 413);
	assert_has(answer, "This is too long");
	assert_int_equal(status_of(post(context, form, 65536, 65536)), 400); /* one field name of 64 KiB */
	assert_int_equal(status_of(post(context, form, 1000000000, 0)), 413);
	assert_int_equal(status_of(post(context, "Content-Type: text/plain\r\n", 3, 3)), 415);
	assert_int_equal(
		status_of(post(context, "Content-Type: application/x-www-form-urlencodedx\r\n", 3, 3)), 415);
	assert_int_equal(
		status_of(post(context, "Content-Type: multipart/form-data; boundary=x\r\n", 3, 3)), 415);
	assert_int_equal(
		status_of(post(context,
			"Content-Type: application/x-www-form-urlencoded\r\nContent-Encoding: gzip\r\n", 3,
			3)),
		415);
	assert_int_equal(status_of(post(context, "", 3, 3)), 415);
	assert_int_equal(status_of(post(context, "", 0, 0)), 200);

	buffer_format(chunks,
		"POST /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\n%sTransfer-Encoding: chunked\r\n\r\n",
		form);
	for (int i = 0; i < 80; i++)
		buffer_format(chunks, "400\r\n%01024d\r\n", i);
	buffer_text(chunks, "0\r\n\r\n");
	assert_int_equal(status_of(ask(context, (const char *)chunks->data)), 413);
}

static void malformed_requests_get_400_and_never_reach_a_page(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	static const char *const bad[] = {
		"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", /* no Host */
		"\x16\x03\x01\x02\r\n\r\n",
		"GET\r\n\r\n",
		"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
		"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999999\r\n\r\n",
	};
	struct buffer *long_header = buffer_new(context);
	int fd;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		fd = connect_to(plain);
		send_text(fd, bad[i]);
		shutdown(fd, SHUT_WR);
		assert_null(strstr(read_all(context, fd), "method="));
		close(fd);
	}
	buffer_text(long_header, "GET / HTTP/1.1\r\nHost: h\r\nX: ");
	for (int i = 0; i < 40000; i++)
		buffer_text(long_header, "x");
	buffer_text(long_header, "\r\n\r\n");
	assert_null(strstr(ask(context, (const char *)long_header->data), "method="));
	assert_int_equal(status_of(get(context, "/")), 200);
}

static void what_could_be_read_in_two_ways_is_refused_and_the_rest_not_read(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	static const char *const bad[] = {
		"Host: h\r\nContent-Length: 0\r\nContent-Length: 30\r\n",
		"Host: h\r\nContent-Length: 0\r\nContent-Length: 0\r\n",
		"Host: h\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n",
		"Host: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
		"Host: h\r\nHost: evil.example\r\n",
		"Host: h\r\nContent-Length : 30\r\n",
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const char *answer = ask(context,
			memory_format(context,
				"POST /echo HTTP/1.1\r\n%s\r\nGET /under/hidden HTTP/1.1\r\nHost: h\r\n\r\n",
				bad[i]));

		assert_int_equal(status_of(answer), 400);
		assert_null(strstr(answer, "method="));
	}
}

static void requests_in_one_go_are_answered_in_order(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	const char *answer =
		ask(context, "GET /under/1 HTTP/1.1\r\nHost: h\r\n\r\nGET /later HTTP/1.1\r\nHost: h\r\n\r\n"
			     "GET /under/2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
	const char *first = strstr(answer, "rest=1"), *second = strstr(answer, "later\n"),
		   *third = strstr(answer, "rest=2");

	assert_true(first && second && third && first < second && second < third);
}

/* ---- later answers ---- */

static void *ask_later(void *user)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	long good = 0;

	for (int i = 0; i < 20; i++) {
		const char *answer = get(context, i % 2 ? "/later?ms=1" : "/later");

		good += status_of(answer) == 200 && strstr(answer, "\r\n\r\nlater\n") != NULL;
	}
	return (void *)good;
}

static void answers_from_other_threads_all_arrive(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	pthread_t threads[20];

	for (size_t i = 0; i < 20; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_later, NULL), 0);
	for (size_t i = 0; i < 20; i++) {
		void *good;

		pthread_join(threads[i], &good);
		assert_int_equal((long)good, 20);
	}
	assert_int_equal(status_of(get(context, "/later?fail=1")), 507);
}

static void a_phone_that_leaves_before_its_answer_harms_nothing(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);

	for (int i = 0; i < 20; i++) {
		int fd = connect_to(i % 2 ? plain : tls);

		send_text(fd, "GET /later?ms=50 HTTP/1.1\r\nHost: h\r\n\r\n");
		sleep_ms(5);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
		close(fd);
	}
	assert_int_equal(status_of(get(context, "/later?ms=100")), 200);
}

static void stopping_answers_what_is_under_way(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct server *server = start(false);
	int fd = connect_to(server), idle = connect_to(server);
	const char *answer;

	send_text(fd, "GET /later?ms=300 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
	sleep_ms(100);
	server_stop(server);
	answer = read_all(context, fd);
	assert_has(answer, "later\n");
	assert_string_equal(read_all(context, idle), "");
	close(fd);
	close(idle);
}

static void a_port_that_is_taken_is_told(void **state)
{
	struct server_options options = {
		.address = "127.0.0.1", .port = server_port(plain), .routes = routes};
	struct server *server = NULL;
	const struct error *error = server_start(&options, &server);

	assert_non_null(error);
	assert_non_null(strstr(error->message, "cannot listen"));
	options.address = "no such address";
	options.port = 0;
	error = server_start(&options, &server);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_CONFIG);
	options.address = "127.0.0.1";
	options.certificate_pem = options.key_pem = "not a certificate";
	assert_non_null(server_start(&options, &server));
	assert_null(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_gets_what_was_asked_decoded_once),
		cmocka_unit_test(every_answer_carries_the_security_headers),
		cmocka_unit_test(a_page_may_replace_a_common_header_and_set_many_cookies),
		cmocka_unit_test(errors_become_pages_with_their_status),
		cmocka_unit_test(a_guard_can_answer_itself),
		cmocka_unit_test(methods_that_a_page_does_not_have_are_told),
		cmocka_unit_test(pages_are_packed_where_the_role_allows_it_and_the_browser_takes_it),
		cmocka_unit_test(static_files_are_kept_by_the_browser_and_packed),
		cmocka_unit_test(a_path_with_tricks_leads_nowhere),
		cmocka_unit_test(nothing_can_be_smuggled_into_the_answers_headers),
		cmocka_unit_test(a_body_is_bounded_and_must_be_a_form),
		cmocka_unit_test(malformed_requests_get_400_and_never_reach_a_page),
		cmocka_unit_test(what_could_be_read_in_two_ways_is_refused_and_the_rest_not_read),
		cmocka_unit_test(requests_in_one_go_are_answered_in_order),
		cmocka_unit_test(answers_from_other_threads_all_arrive),
		cmocka_unit_test(a_phone_that_leaves_before_its_answer_harms_nothing),
		cmocka_unit_test(stopping_answers_what_is_under_way),
		cmocka_unit_test(a_port_that_is_taken_is_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
