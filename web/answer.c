/* What goes out: the status, the headers that keep a browser from doing more than show a page, the page
 * itself, packed where the role allows it, or the page of a problem. Runs in intake, office and sync, on the
 * server's thread. */
#include "web/exchange.h"

#include <string.h>
#include <strings.h>

#include "node/base/log.h"

#define PACKED_LEAST 1024 /* a smaller page fits into one packet anyway */

const char *request_header(const struct request *request, const char *name)
{
	return MHD_lookup_connection_value(exchange_of(request)->connection, MHD_HEADER_KIND, name);
}

const char *request_cookie(const struct request *request, const char *name)
{
	const char *at = request_header(request, "Cookie");
	size_t name_len = strlen(name);

	while (at && *at) {
		at += strspn(at, " ;");
		if (strncmp(at, name, name_len) == 0 && at[name_len] == '=') {
			at += name_len + 1;
			return memory_string_of(request->context, at, strcspn(at, ";"));
		}
		at = strchr(at, ';');
	}
	return NULL;
}

int request_tag(const struct request *request)
{
	return exchange_of(request)->route->tag;
}

void request_add_header(struct request *request, const char *name, const char *value)
{
	struct exchange *exchange = exchange_of(request);
	headers_add(request->context, &exchange->headers, name, value);
}

void request_redirect(struct request *request, const char *path)
{
	struct buffer *location = buffer_new(request->context);

	/* "//host" and "/\host" are other hosts to a browser. */
	buffer_text(location, "/");
	for (path += strspn(path, "/\\"); *path; path++) {
		unsigned char c = (unsigned char)*path;

		if (c <= ' ' || c >= 0x7f || c == '\\' || c == '"' || c == '<' || c == '>')
			buffer_format(location, "%%%02X", c);
		else
			buffer_add(location, path, 1);
	}
	request->status = 303;
	request_add_header(request, "Location", (const char *)location->data);
}

int answer_status(const struct error *error)
{
	switch (error->code) {
	case ERROR_NOT_FOUND:
		return 404;
	case ERROR_DENIED:
		return 403;
	case ERROR_USAGE:
	case ERROR_INVALID:
	case ERROR_CONFLICT:
	case ERROR_EXISTS:
		return 400;
	case ERROR_LOCKED:
	case ERROR_UNAVAILABLE:
		return 503;
	case ERROR_FULL:
		return 507;
	default:
		return 500;
	}
}

void answer_log(const struct exchange *exchange, const struct error *error)
{
	if (error->code == ERROR_SYSTEM)
		log_error("%s: %s", exchange->route ? exchange->route->pattern : "request", error->message);
}

static void make_problem(struct exchange *exchange, const struct error *error)
{
	struct request *request = &exchange->request;

	if (request->status == 200)
		request->status = answer_status(error);
	answer_log(exchange, error);
	request->body = (struct bytes){NULL, 0};
	request->may_be_cached = false;
	if (request->server->options.problem)
		request->server->options.problem(request, error);
	if (request->body.data)
		return;
	request->type = "text/plain; charset=utf-8";
	request->body.data = (const uint8_t *)(error->code == ERROR_SYSTEM ? "something went wrong here\n"
									   : memory_format(request->context,
										     "%s\n", error->message));
	request->body.len = strlen((const char *)request->body.data);
}

static void response_add(struct MHD_Response *response, const struct header *header)
{
	if (!MHD_get_response_header(response, header->name) || strcasecmp(header->name, "Set-Cookie") == 0)
		MHD_add_response_header(response, header->name, header->value);
}

/* A page of a role that allows it. Files under /static/ have been packed where they were found. */
static void pack(struct exchange *exchange)
{
	struct request *request = &exchange->request;
	struct bytes packed;

	if (!request->server->gzip || request->may_be_cached || request->body.len < PACKED_LEAST ||
		strncmp(request->type, "text/", 5) != 0)
		return;
	request_add_header(request, "Vary", "Accept-Encoding");
	if (!gzip_is_accepted(request_header(request, "Accept-Encoding")) ||
		!gzip_pack(request->server->gzip, request->context, request->body, &packed))
		return;
	request_add_header(request, "Content-Encoding", "gzip");
	request->body = packed;
}

/* ---- an answer that comes piece by piece ---- */

#define STREAM_BLOCK 16384

/* Outlives the request: MHD may end it after that. */
struct streaming {
	struct exchange *exchange;
	struct request_stream stream;
};

static ssize_t read_stream(void *user, uint64_t position, char *out, size_t size)
{
	struct streaming *streaming = user;
	struct exchange *exchange = streaming->exchange;
	struct limits *limits = exchange->request.server->limits;
	ssize_t got = streaming->stream.read(streaming->stream.user, (uint8_t *)out, size);

	if (got == REQUEST_STREAM_END)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (got == REQUEST_STREAM_BROKEN)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	limits_phase(limits, exchange->place, got ? LIMITS_ANSWER : LIMITS_WORK, (size_t)got);
	return got;
}

static void end_stream(void *user)
{
	struct streaming *streaming = user;

	streaming->stream.end(streaming->stream.user);
	memory_free(streaming);
}

static struct MHD_Response *make_stream(struct exchange *exchange)
{
	struct streaming *streaming = memory_new(NULL, struct streaming);
	struct MHD_Response *response;

	streaming->exchange = exchange;
	streaming->stream = *exchange->request.stream;
	exchange->request.stream = NULL; /* its end is told from here on */
	response = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream, streaming, end_stream);
	if (!response)
		end_stream(streaming);
	return response;
}

static struct MHD_Response *make_response(struct exchange *exchange)
{
	const struct request *request = &exchange->request;

	/* The body lies on the request's context, which is freed once the last byte is out. */
	return request->stream ? make_stream(exchange)
			       : MHD_create_response_from_buffer(request->body.len,
					 (void *)request->body.data, MHD_RESPMEM_PERSISTENT);
}

enum MHD_Result answer_send(struct exchange *exchange, const struct error *error)
{
	struct request *request = &exchange->request;
	struct MHD_Response *response;
	enum MHD_Result result;
	bool has_body;

	if (error)
		make_problem(exchange, error);
	pack(exchange);
	has_body = request->body.len > 0 || request->stream;
	response = make_response(exchange);
	if (!response)
		return MHD_NO;
	/* The handler's headers win over the role's, and those over the common ones. */
	for (const struct header *header = exchange->headers; header; header = header->next)
		response_add(response, header);
	for (const struct header *header = request->server->headers; header; header = header->next)
		response_add(response, header);
	for (const struct header *header = headers_common(); header->name; header++)
		response_add(response, header);
	response_add(response, &(struct header){"Cache-Control",
				       request->may_be_cached ? "private, max-age=3600" : "no-store", NULL});
	if (has_body)
		response_add(response, &(struct header){"Content-Type", request->type, NULL});
	limits_phase(request->server->limits, exchange->place, LIMITS_ANSWER, request->body.len);
	result = MHD_queue_response(exchange->connection, (unsigned)request->status, response);
	MHD_destroy_response(response);
	return result;
}

void answer_refuse(struct exchange *exchange, int status, const struct error *error)
{
	exchange->refusal_status = status;
	exchange->failure = *error;
	exchange->has_failed = true;
}
