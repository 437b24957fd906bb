/* What comes in after the headers: bounded, checked and parsed before any page sees it. A body that is too
 * long or no form of ours is still read to its end, within reason, so that the browser shows our page and not
 * a broken connection. Runs in intake, office and sync, on the server's thread. */
#include "web/exchange.h"

#include <string.h>
#include <strings.h>

#include "web/language.h"

#define DRAIN_TIMES 16 /* so many times too long is still read to its end */
#define DRAIN_UPLOAD_TIMES 3

static bool is_urlencoded(const struct request *request)
{
	static const char ours[] = "application/x-www-form-urlencoded";
	const char *type = request_header(request, "Content-Type");

	return type && strncasecmp(type, ours, sizeof ours - 1) == 0 && strchr("; ", type[sizeof ours - 1]) &&
	       !request_header(request, "Content-Encoding");
}

/* The length that the client announces; 0 when it does not (MHD has refused what is not a number). */
static size_t announced_len(const struct request *request)
{
	const char *text = request_header(request, "Content-Length");

	return text ? strtoull(text, NULL, 10) : 0;
}

static const struct error *too_long(void)
{
	return error_new(ERROR_INVALID, SAY("this is more than can be sent at once; make it shorter"));
}

static size_t body_most(const struct exchange *exchange)
{
	return exchange->takes_upload ? exchange->takes_upload->body_max
				      : exchange->request.server->options.body_max;
}

/* How much of a body is read only to be thrown away. */
static size_t drained_most(const struct exchange *exchange)
{
	return (exchange->takes_upload ? DRAIN_UPLOAD_TIMES : DRAIN_TIMES) * body_most(exchange);
}

bool body_is_endless(const struct exchange *exchange)
{
	return announced_len(&exchange->request) > drained_most(exchange);
}

static const struct server_upload *find_upload(const struct exchange *exchange)
{
	const struct server_upload *upload = exchange->request.server->options.uploads;

	for (; upload && upload->pattern; upload++)
		if (exchange->request.method == METHOD_POST &&
			strcmp(upload->pattern, exchange->route->pattern) == 0)
			return upload;
	return NULL;
}

static const struct error *keep_error(const struct exchange *exchange, const struct error *error)
{
	struct error *kept = memory_new(exchange->request.context, struct error);

	*kept = *error;
	return kept;
}

/* Asked once; what it said holds for the whole request. */
static const struct error *guard(struct exchange *exchange)
{
	struct request *request = &exchange->request;
	const struct error *error;

	if (exchange->is_guarded || !request->server->options.guard)
		return exchange->barred;
	exchange->is_guarded = true;
	error = request->server->options.guard(request);
	if (error)
		exchange->barred = keep_error(exchange, error);
	exchange->is_answered = !error && request->status != 200;
	return exchange->barred;
}

/* The first bytes of a file are there; of a form that is too long, only what stands before them is read. */
static const struct error *upload_begins(struct request *request)
{
	struct exchange *exchange = exchange_of(request);

	if (exchange->has_failed)
		return &exchange->failure;
	TRY(guard(exchange));
	if (exchange->is_answered)
		return error_new(ERROR_DENIED, SAY("nothing can be sent here"));
	return exchange->takes_upload->begin(request);
}

/* What the guard says of the headers alone. */
static void refuse_early(struct exchange *exchange)
{
	const struct error *error = guard(exchange);

	if (error)
		answer_refuse(exchange, answer_status(error), error);
}

void body_begin(struct exchange *exchange)
{
	struct request *request = &exchange->request;

	exchange->takes_upload = find_upload(exchange);
	if (exchange->takes_upload)
		exchange->upload =
			upload_new(request, exchange->connection, upload_begins, exchange->takes_upload);
	if (request->server->options.is_raw)
		refuse_early(exchange);
	if (exchange->has_failed)
		return;
	if (announced_len(request) > body_most(exchange))
		answer_refuse(exchange, 413, too_long());
	else if (!request->server->options.is_raw && request->method == METHOD_POST && !exchange->upload &&
		 (exchange->takes_upload || !is_urlencoded(request)) &&
		 (announced_len(request) > 0 || request_header(request, "Content-Type") ||
			 request_header(request, "Transfer-Encoding")))
		answer_refuse(exchange, 415, error_new(ERROR_INVALID, SAY("this is not a form of ours")));
}

bool body_take(struct exchange *exchange, const char *data, size_t len)
{
	const struct request *request = &exchange->request;
	size_t most = body_most(exchange);
	const struct error *error;

	limits_received(request->server->limits, exchange->place, len);
	exchange->body_len += len;
	if (exchange->body_len > most && !exchange->has_failed)
		answer_refuse(exchange, 413, too_long());
	if (exchange->upload && exchange->body_len <= most) {
		error = upload_take(exchange->upload, data, len);
		if (error && !exchange->has_failed)
			answer_refuse(exchange, answer_status(error), error);
	} else if (!exchange->has_failed && request->method == METHOD_POST) {
		if (!exchange->body)
			exchange->body = buffer_new(request->context);
		buffer_add(exchange->body, data, len);
	}
	return exchange->body_len <= drained_most(exchange);
}

/* All of a form that sends a file has come. What was refused of it is the handler's to tell. */
static const struct error *handle_upload(struct exchange *exchange)
{
	const struct error *error = exchange->has_failed ? NULL : upload_end(exchange->upload);
	struct request *request = &exchange->request;

	if (error)
		answer_refuse(exchange, answer_status(error), error);
	TRY(guard(exchange));
	if (exchange->is_answered)
		return NULL;
	if (exchange->has_failed) {
		answer_log(exchange, &exchange->failure);
		request->refusal = keep_error(exchange, &exchange->failure);
		request->status = exchange->refusal_status;
		exchange->has_failed = false;
	}
	return exchange->route->handler(request);
}

const struct error *body_handle(struct exchange *exchange)
{
	struct request *request = &exchange->request;
	const struct error *error;
	struct form *form = NULL;

	if (exchange->upload)
		return handle_upload(exchange);
	if (exchange->has_failed) {
		request->status = exchange->refusal_status;
		return &exchange->failure;
	}
	if (exchange->body)
		request->body_sent = buffer_bytes(exchange->body);
	if (request->method == METHOD_POST && !request->server->options.is_raw) {
		error = form_parse(request->context, request->body_sent, &form);
		request->form = form;
		if (error)
			return error;
	}
	TRY(guard(exchange));
	if (exchange->is_answered)
		return NULL;
	return exchange->route->handler(request);
}
