/* What becomes of a form with a file that is not taken: its page is asked all the same, knows why and what
 * was typed before the file, and no byte of the file reaches the role after that. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <string.h>

#include "tests/unit/web/client.h"
#include "web/server.h"

#define MOST 20000
#define BOUNDARY "----xyz" /* the post processor knows none of a single letter */

static struct server *server;

static const struct error *begin(struct request *request)
{
	const char *want = form_get(request->form, "want");

	if (want && strcmp(want, "none") == 0)
		return error_new(ERROR_FULL, "there is no room");
	request->upload = buffer_new(request->context);
	return NULL;
}

static const struct error *add(struct request *request, struct bytes part)
{
	struct buffer *file = request->upload;

	buffer_add(file, part.data, part.len);
	return memchr(part.data, '!', part.len) ? error_new(ERROR_INVALID, "not this one") : NULL;
}

static void *resume(void *user)
{
	server_resume(user, NULL);
	return NULL;
}

/* The answer comes from another thread, as of a page that waits. */
static const struct error *show(struct request *request)
{
	const struct buffer *file = request->upload;
	const char *text = form_get(request->form, "text");
	pthread_t thread;

	request->type = "text/plain";
	request->body.data = (const uint8_t *)memory_format(request->context, "text=%s file=%zu refusal=%s\n",
		text ? text : "-", file ? file->len : 0, request->refusal ? request->refusal->message : "-");
	request->body.len = strlen((const char *)request->body.data);
	server_suspend(request);
	assert_int_equal(pthread_create(&thread, NULL, resume, request), 0);
	pthread_detach(thread);
	return NULL;
}

static const struct error *guard(struct request *request)
{
	if (request_tag(request) == 1)
		return error_new(ERROR_DENIED, "not you");
	if (request_tag(request) == 2) {
		request->status = 403;
		request->body = memory_bytes(request->context, "guarded\n", 8);
	}
	return NULL;
}

static void problem(struct request *request, const struct error *error)
{
	request->body.data = (const uint8_t *)memory_format(request->context, "problem=%s\n", error->message);
	request->body.len = strlen((const char *)request->body.data);
}

static const struct route routes[] = {
	{METHOD_POST, "/send", show, 0},
	{METHOD_POST, "/denied", show, 1},
	{METHOD_POST, "/guarded", show, 2},
	{0, NULL, NULL, 0},
};
static const struct server_upload uploads[] = {
	{"/send", MOST, 1, begin, add},
	{"/denied", MOST, 1, begin, add},
	{"/guarded", MOST, 1, begin, add},
	{NULL, 0, 0, NULL, NULL},
};

static int group_setup(void **state)
{
	const struct server_options options = {
		.address = "::", .routes = routes, .uploads = uploads, .guard = guard, .problem = problem};

	assert_null(server_start(&options, &server));
	return 0;
}

static int group_teardown(void **state)
{
	server_stop(server);
	return 0;
}

static void add_field(struct buffer *body, const char *name, const char *value)
{
	buffer_format(body, "--" BOUNDARY "\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n",
		name, value);
}

static void add_file(struct buffer *body, size_t len, char last)
{
	buffer_text(body,
		"--" BOUNDARY "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n");
	for (size_t i = 1; i < len; i++)
		buffer_text(body, "a");
	buffer_add(body, &last, 1);
	buffer_text(body, "\r\n");
}

static const char *form_of(void *context, const char *want, size_t file_len, char last)
{
	struct buffer *body = buffer_new(context);

	add_field(body, "text", "typed");
	add_field(body, "want", want);
	if (file_len)
		add_file(body, file_len, last);
	buffer_text(body, "--" BOUNDARY "--\r\n");
	return (const char *)body->data;
}

/* `announced`: 0: as long as it is. */
static const char *post(void *context, const char *path, const char *body, size_t announced)
{
	return ask_at(context, server,
		memory_format(context,
			"POST %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: "
			"multipart/form-data; "
			"boundary=" BOUNDARY "\r\nContent-Length: %zu\r\n\r\n%s",
			path, announced ? announced : strlen(body), body));
}

static void a_form_is_taken_with_its_file_and_without(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	const char *answer = post(context, "/send", form_of(context, "all", 9000, 'z'), 0);

	assert_int_equal(status_of(answer), 200);
	assert_has(answer, "text=typed file=9000 refusal=-\n");
	answer = post(context, "/send", form_of(context, "all", 0, 0), 0);
	assert_int_equal(status_of(answer), 200);
	assert_has(answer, "text=typed file=0 refusal=-\n");
}

static void whoever_sent_a_file_that_is_refused_is_told_on_its_page(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	const char *answer = post(context, "/send", form_of(context, "none", 9000, 'z'), 0);

	assert_int_equal(status_of(answer), 507);
	assert_has(answer, "text=typed file=0 refusal=there is no room\n");
	answer = post(context, "/send", form_of(context, "all", 9000, '!'), 0);
	assert_int_equal(status_of(answer), 400);
	assert_has(answer, "text=typed file=9000 refusal=not this one\n");
}

static void of_a_form_that_is_too_long_only_what_stands_before_the_file_is_read(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	const char *answer = post(context, "/send", form_of(context, "all", 2 * MOST, 'z'), 0);

	assert_int_equal(status_of(answer), 413);
	assert_has(answer, "text=typed file=0 refusal=this is more than can be sent at once");
	answer = post(context, "/send", form_of(context, "all", 100, 'z'), 4 * MOST);
	assert_int_equal(status_of(answer), 413);
	assert_has(answer, "problem=this is more than can be sent at once"); /* nothing of it was read */
}

/* It does not announce its length, and has come too far when that is noticed. */
static void of_one_that_turns_out_too_long_no_more_is_handed_over(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct buffer *request = buffer_new(context), *body = buffer_new(context);
	const char *answer, *at;

	buffer_text(request,
		"POST /send HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: "
		"multipart/form-data; boundary=" BOUNDARY "\r\nTransfer-Encoding: chunked\r\n\r\n");
	buffer_text(body, form_of(context, "all", 2 * MOST, 'z'));
	at = (const char *)body->data;
	for (size_t left = body->len, len; left; left -= len, at += len) {
		len = left < 1000 ? left : 1000;
		buffer_format(request, "%zx\r\n%.*s\r\n", len, (int)len, at);
	}
	buffer_text(request, "0\r\n\r\n");
	answer = ask_at(context, server, (const char *)request->data);
	assert_int_equal(status_of(answer), 413);
	assert_has(answer, "text=typed file=");
	assert_has(answer, "refusal=this is more than can be sent at once");
	assert_true(strtoul(strstr(answer, "file=") + 5, NULL, 10) <= MOST);
}

static void a_broken_form_is_told_on_its_page_too(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct buffer *body = buffer_new(context);
	const char *answer;

	add_field(body, "text", "typed");
	add_file(body, 5000, 'z');
	answer = post(context, "/send", (const char *)body->data, 0);
	assert_int_equal(status_of(answer), 400);
	assert_has(answer, "refusal=the form has not arrived whole");
	assert_has(answer, "text=typed ");
	add_file(body, 5000, 'z');
	buffer_text(body, "--" BOUNDARY "--\r\n");
	answer = post(context, "/send", (const char *)body->data, 0);
	assert_int_equal(status_of(answer), 400);
	assert_has(answer, "text=typed file=5000 refusal=only one file");
}

static void who_does_not_pass_the_guard_reaches_no_page_whatever_was_sent(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	static const size_t lens[] = {0, 100, 2 * MOST};

	for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
		const char *form = form_of(context, i ? "none" : "all", lens[i], '!');
		const char *answer = post(context, "/denied", form, 0);

		assert_int_equal(status_of(answer), 403);
		assert_has(answer, "problem=not you\n");
		answer = post(context, "/guarded", form, 0);
		assert_int_equal(status_of(answer), 403);
		assert_has(answer, "\r\n\r\nguarded\n");
	}
}

static void what_could_be_read_in_two_ways_reaches_no_page(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	const char *answer = ask_at(context, server,
		memory_format(context,
			"POST /send HTTP/1.1\r\nHost: h\r\nHost: g\r\nContent-Type: multipart/form-data; "
			"boundary=" BOUNDARY "\r\nContent-Length: %d\r\n\r\n",
			2 * MOST));

	assert_int_equal(status_of(answer), 400);
	assert_has(answer, "problem=this cannot be understood");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_form_is_taken_with_its_file_and_without),
		cmocka_unit_test(whoever_sent_a_file_that_is_refused_is_told_on_its_page),
		cmocka_unit_test(of_a_form_that_is_too_long_only_what_stands_before_the_file_is_read),
		cmocka_unit_test(of_one_that_turns_out_too_long_no_more_is_handed_over),
		cmocka_unit_test(a_broken_form_is_told_on_its_page_too),
		cmocka_unit_test(who_does_not_pass_the_guard_reaches_no_page_whatever_was_sent),
		cmocka_unit_test(what_could_be_read_in_two_ways_reaches_no_page),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
