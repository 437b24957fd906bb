/* Answers phones and browsers: takes connections, bounds what they may send, finds the page's handler, and
 * sends what it made.
 *
 * Everything that comes in is hostile until it has passed here: the path is decoded once and refused when it
 * is not plain, a body is bounded and parsed before any page sees it, and every answer carries the headers
 * that keep a browser from doing more than show it. Which path means which page is left to web/route.c, who
 * may connect and how long it may take to web/limits.c, what pages say and who may see them to the roles.
 * Handlers run on the server's one thread and must not wait: what takes time is suspended and resumed. Runs
 * in intake, office and sync. */
#include "web/server.h"

#include <assert.h>
#include <microhttpd.h>
#include <string.h>
#include <strings.h>

#include "node/base/log.h"
#include "web/door.h"
#include "web/gzip.h"
#include "web/headers.h"
#include "web/language.h"
#include "web/limits.h"
#include "web/route.h"
#include "web/upload.h"

#define BODY_MAX 65536
#define DRAIN_TIMES                                                                                          \
	16 /* a body so many times too long is still read to its end, so that the browser shows our page and \
	      not a broken connection */
#define DRAIN_UPLOAD_TIMES 3
#define MEMORY_A_REQUEST 24576	  /* what a report needs; more is more blocks */
#define MEMORY_A_CONNECTION 16384 /* also bounds the headers */
#define PACKED_LEAST 1024	  /* a smaller page fits into one packet anyway */
#define STOP_MS 3000
#define MHD_CONNECTIONS (LIMITS_CONNECTIONS + 64) /* it counts those that have left for a little longer */

/* TLS 1.3 and 1.2 with forward secrecy and authenticated ciphers; which of them, the phone knows best: many
 * have no AES in hardware. Elliptic curves alone, and the quick ones: with a finite field of 8192 bits, which
 * SECURE128 would allow, a few phones could keep the processor busy. */
#define TLS_PRIORITIES                                                                                       \
	"SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:-GROUP-ALL:"          \
	"+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:-MAC-ALL:+AEAD:-CIPHER-ALL:+AES-128-GCM:"           \
	"+CHACHA20-POLY1305:+AES-256-GCM:-SIGN-RSA-SHA1:-SIGN-ECDSA-SHA1:%SAFE_RENEGOTIATION"

struct server {
	struct server_options options;
	struct header *headers; /* the role's */
	struct limits *limits;
	struct gzip *gzip;		 /* where pages are packed */
	struct credentials *credentials; /* NULL: plain HTTP */
	struct MHD_Daemon *daemon;
	struct door *door;
	int port;
	bool is_secure;
};

/* Whose connections this thread takes. Each server has one thread, and MHD asks for a certificate without
 * saying for whom. */
static _Thread_local struct server *here;

/* A request with what only this file knows of it. */
struct exchange {
	struct request request;
	struct MHD_Connection *connection;
	struct limits_connection *place;
	const struct route *route;
	struct header *headers;			  /* of the answer */
	const struct server_upload *takes_upload; /* NULL: its form is urlencoded */
	struct upload *upload;
	struct buffer *body;
	size_t body_len; /* as it came; more than the buffer's when it is too long */
	bool has_begun, is_suspended, is_resumed;
	bool is_guarded, is_answered; /* answered: by the guard */
	const struct error *barred;   /* what the guard said; NULL: it let the request pass, or answered */
	int refusal_status;	      /* decided from the headers; answered when the body is out of the way */
	struct error failure;	      /* the refusal, or what server_resume was told */
	bool has_failed;
};

static struct exchange *exchange_of(const struct request *request)
{
	return (struct exchange *)request;
}

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

static int status_of(const struct error *error)
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

static void log_failure(const struct exchange *exchange, const struct error *error)
{
	if (error->code == ERROR_SYSTEM)
		log_error("%s: %s", exchange->route ? exchange->route->pattern : "request", error->message);
}

static void make_problem(struct exchange *exchange, const struct error *error)
{
	struct request *request = &exchange->request;

	if (request->status == 200)
		request->status = status_of(error);
	log_failure(exchange, error);
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

static enum MHD_Result answer(struct exchange *exchange, const struct error *error)
{
	struct request *request = &exchange->request;
	struct MHD_Response *response;
	enum MHD_Result result;

	if (error)
		make_problem(exchange, error);
	pack(exchange);
	/* The body lies on the request's context, which is freed once the last byte is out. */
	response = MHD_create_response_from_buffer(
		request->body.len, (void *)request->body.data, MHD_RESPMEM_PERSISTENT);
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
	if (request->body.len > 0)
		response_add(response, &(struct header){"Content-Type", request->type, NULL});
	limits_phase(request->server->limits, exchange->place, LIMITS_ANSWER, request->body.len);
	result = MHD_queue_response(exchange->connection, (unsigned)request->status, response);
	MHD_destroy_response(response);
	return result;
}

static void refuse(struct exchange *exchange, int status, const struct error *error)
{
	exchange->refusal_status = status;
	exchange->failure = *error;
	exchange->has_failed = true;
}

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

/* What the headers tell of the body. */
static void begin_body(struct exchange *exchange)
{
	struct request *request = &exchange->request;

	exchange->takes_upload = find_upload(exchange);
	if (exchange->takes_upload)
		exchange->upload =
			upload_new(request, exchange->connection, upload_begins, exchange->takes_upload);
	if (announced_len(request) > body_most(exchange))
		refuse(exchange, 413, too_long());
	else if (request->method == METHOD_POST && !exchange->upload &&
		 (exchange->takes_upload || !is_urlencoded(request)) &&
		 (announced_len(request) > 0 || request_header(request, "Content-Type") ||
			 request_header(request, "Transfer-Encoding")))
		refuse(exchange, 415, error_new(ERROR_INVALID, SAY("this is not a form of ours")));
}

struct framing {
	int lengths, encodings, hosts;
	bool has_bad_name;
};

static enum MHD_Result count_header(void *user, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct framing *framing = user;

	framing->lengths += strcasecmp(name, "Content-Length") == 0;
	framing->encodings += strcasecmp(name, "Transfer-Encoding") == 0;
	framing->hosts += strcasecmp(name, "Host") == 0;
	if (strpbrk(name, " \t"))
		framing->has_bad_name = true;
	return MHD_YES;
}

/* Two who read it could see two different ends of it (RFC 9112, 5.1, 6.3), or two different hosts. MHD takes
 * one of them without a word. */
static bool is_ambiguous(const struct exchange *exchange)
{
	struct framing framing = {0};

	MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, count_header, &framing);
	return framing.lengths + framing.encodings > 1 || framing.hosts > 1 || framing.has_bad_name;
}

/* All that the request line and headers tell. A refusal is kept for when the body has been read. */
static void begin(struct exchange *exchange, const char *method)
{
	struct request *request = &exchange->request;
	const struct server_options *options = &request->server->options;
	bool is_post = strcmp(method, "POST") == 0;
	bool is_get = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
	int allowed;

	request->method = is_post ? METHOD_POST : METHOD_GET;
	if (exchange->has_failed)
		return;
	exchange->route = route_find(options->routes, request->path,
		is_post || is_get ? (int)request->method : 0, &allowed, &request->rest);
	if (!allowed) {
		refuse(exchange, 404, error_new(ERROR_NOT_FOUND, SAY("there is no such page")));
	} else if (!exchange->route) {
		request_add_header(request, "Allow",
			allowed == METHOD_POST	? "POST"
			: allowed & METHOD_POST ? "GET, HEAD, POST"
						: "GET, HEAD");
		refuse(exchange, 405,
			error_new(ERROR_INVALID, SAY("this page cannot be asked for in this way")));
	} else {
		begin_body(exchange);
	}
}

/* More of the body. False when it goes on so long that the connection must be given up. */
static bool take_body(struct exchange *exchange, const char *data, size_t len)
{
	const struct request *request = &exchange->request;
	size_t most = body_most(exchange);
	const struct error *error;

	limits_received(request->server->limits, exchange->place, len);
	exchange->body_len += len;
	if (exchange->body_len > most && !exchange->has_failed)
		refuse(exchange, 413, too_long());
	if (exchange->upload && exchange->body_len <= most) {
		error = upload_take(exchange->upload, data, len);
		if (error && !exchange->has_failed)
			refuse(exchange, status_of(error), error);
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
		refuse(exchange, status_of(error), error);
	TRY(guard(exchange));
	if (exchange->is_answered)
		return NULL;
	if (exchange->has_failed) {
		log_failure(exchange, &exchange->failure);
		request->refusal = keep_error(exchange, &exchange->failure);
		request->status = exchange->refusal_status;
		exchange->has_failed = false;
	}
	return exchange->route->handler(request);
}

static const struct error *handle(struct exchange *exchange)
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
	if (request->method == METHOD_POST) {
		error = form_parse(request->context,
			exchange->body ? buffer_bytes(exchange->body) : (struct bytes){NULL, 0}, &form);
		request->form = form;
		if (error)
			return error;
	}
	TRY(guard(exchange));
	if (exchange->is_answered)
		return NULL;
	return exchange->route->handler(request);
}

/* What follows is not read: there is no form. */
static enum MHD_Result answer_unread(struct exchange *exchange)
{
	exchange->upload = NULL;
	return answer(exchange, handle(exchange));
}

/* MHD asks at least twice: when the headers are there, for each piece of body, and when all is there; once
 * more after a resume. */
static enum MHD_Result access_handler(void *user, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *data, size_t *data_len, void **state)
{
	struct exchange *exchange = *state;
	struct server *server = user;
	const struct error *error;

	if (!exchange->has_begun) {
		size_t announced = announced_len(&exchange->request);

		exchange->has_begun = true;
		begin(exchange, method);
		if (is_ambiguous(exchange)) {
			refuse(exchange, 400, error_new(ERROR_INVALID, SAY("this cannot be understood")));
			request_add_header(&exchange->request, "Connection", "close");
			return answer_unread(exchange);
		}
		limits_phase(server->limits, exchange->place, LIMITS_BODY, 0);
		if (announced > drained_most(exchange))
			return answer_unread(exchange);
		return MHD_YES;
	}
	if (*data_len > 0) {
		size_t len = *data_len;

		*data_len = 0;
		return take_body(exchange, data, len) ? MHD_YES : MHD_NO;
	}
	if (exchange->is_resumed)
		return answer(exchange, exchange->has_failed ? &exchange->failure : NULL);
	limits_phase(server->limits, exchange->place, LIMITS_WORK, 0);
	error = handle(exchange);
	if (exchange->is_suspended) {
		assert(!error);
		return MHD_YES;
	}
	return answer(exchange, error);
}

static struct limits_connection *place_of(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* The request line is here, as it was sent: the beginning of a request. */
static void *uri_handler(void *user, const char *uri, struct MHD_Connection *connection)
{
	struct server *server = user;
	void *context = memory_pool(MEMORY_A_REQUEST);
	struct exchange *exchange = memory_new(context, struct exchange);
	struct request *request = &exchange->request;
	size_t path_len = strcspn(uri, "?#");
	const char *query = uri[path_len] == '?' ? uri + path_len + 1 : "";
	const struct error *error;
	struct form *form;

	exchange->connection = connection;
	exchange->place = place_of(connection);
	request->context = context;
	request->server = server;
	request->user = server->options.user;
	request->is_secure = server->is_secure;
	request->rest = "";
	request->path = "/";
	request->status = 200;
	request->type = "text/html; charset=utf-8";
	snprintf(request->address, sizeof request->address, "%s", limits_address(exchange->place));
	error = route_path(context, uri, path_len, &request->path);
	if (!error)
		error = form_parse(context, (struct bytes){(const uint8_t *)query, strlen(query)}, &form);
	if (error)
		refuse(exchange, 400, error);
	else
		request->query = form;
	limits_phase(server->limits, exchange->place, LIMITS_HEADERS, 0);
	return exchange;
}

static void completed_handler(
	void *user, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode how)
{
	struct server *server = user;
	struct exchange *exchange = *state;

	*state = NULL;
	limits_phase(server->limits, place_of(connection), LIMITS_IDLE, 0);
	if (exchange)
		talloc_free(exchange->request.context);
}

static void let_in(void *user, int socket, const struct sockaddr *address, socklen_t len)
{
	struct server *server = user;

	if (MHD_add_connection(server->daemon, socket, address, len) !=
		MHD_YES) /* it has closed the socket */
		limits_cancel(server->limits, address);
}

static void connection_handler(
	void *user, struct MHD_Connection *connection, void **place, enum MHD_ConnectionNotificationCode what)
{
	struct server *server = user;

	here = server;
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		int socket =
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;

		*place = limits_enter(server->limits, socket,
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
	} else {
		limits_leave(server->limits, *place);
	}
}

/* Paths and fields are decoded here, strictly; MHD leaves them alone. */
static size_t unescape_nothing(void *user, struct MHD_Connection *connection, char *text)
{
	return strlen(text);
}

static int certificate_handler(gnutls_session_t session, const gnutls_datum_t *authorities, int count,
	const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **chain,
	unsigned int *chain_len, gnutls_privkey_t *key)
{
	return credentials_pick(here->credentials, session, chain, chain_len, key);
}

static const struct error *server_credentials(struct server *server)
{
	const struct server_options *options = &server->options;
	const struct error *error;

	server->credentials = credentials_new();
	error = credentials_set(
		server->credentials, CREDENTIALS_OWN, options->certificate_pem, options->key_pem);
	if (error) {
		credentials_free(server->credentials);
		return error_new(ERROR_CONFIG, "cannot serve on port %d: %s", options->port, error->message);
	}
	return NULL;
}

const struct error *server_set_certificate(
	struct server *server, enum credentials_kind kind, const char *certificate_pem, const char *key_pem)
{
	return credentials_set(server->credentials, kind, certificate_pem, key_pem);
}

const struct error *server_start(const struct server_options *options, struct server **out)
{
	void *owner CLEANUP(memory_free) = memory_context(NULL);
	struct server *server = memory_new(owner, struct server);
	const struct error *error;
	int fd = -1;

	server->options = *options;
	server->is_secure = options->certificate_pem;
	if (!server->options.body_max)
		server->options.body_max = BODY_MAX;
	server->headers = headers_parse(server, options->security_headers);
	if (options->is_compressed)
		server->gzip = gzip_new(server);
	if (server->is_secure)
		TRY(server_credentials(server));
	error = door_listen(options->address, options->port, &fd, &server->port);
	if (!error)
		error = limits_start(options->is_limited, &server->limits);
	if (error) {
		fd_close(fd);
		credentials_free(server->credentials);
		return error;
	}
	/* Poll, never epoll: with TLS, MHD 0.9.75 spins on a half-open handshake under epoll. */
	server->daemon = MHD_start_daemon(MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
						  MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ITC |
						  (server->is_secure ? MHD_USE_TLS : 0),
		0, NULL, NULL, access_handler, server, MHD_OPTION_CONNECTION_LIMIT, (unsigned)MHD_CONNECTIONS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_A_CONNECTION, MHD_OPTION_STRICT_FOR_CLIENT,
		1, MHD_OPTION_UNESCAPE_CALLBACK, unescape_nothing, NULL, MHD_OPTION_URI_LOG_CALLBACK,
		uri_handler, server, MHD_OPTION_NOTIFY_COMPLETED, completed_handler, server,
		MHD_OPTION_NOTIFY_CONNECTION, connection_handler, server,
		server->is_secure ? MHD_OPTION_HTTPS_CERT_CALLBACK : MHD_OPTION_END, certificate_handler,
		MHD_OPTION_HTTPS_PRIORITIES, TLS_PRIORITIES, MHD_OPTION_END);
	if (!server->daemon) {
		limits_stop(server->limits);
		credentials_free(server->credentials);
		fd_close(fd);
		return error_new(ERROR_SYSTEM, "cannot serve on port %d", server->port);
	}
	error = door_open(fd, server->limits, let_in, server, &server->door);
	if (error) {
		MHD_stop_daemon(server->daemon);
		limits_stop(server->limits);
		credentials_free(server->credentials);
		return error;
	}
	*out = talloc_steal(NULL, server);
	return NULL;
}

int server_port(const struct server *server)
{
	return server->port;
}

void server_stop(struct server *server)
{
	if (!server)
		return;
	door_close(server->door);
	limits_wait(server->limits, STOP_MS);
	MHD_stop_daemon(server->daemon);
	limits_stop(server->limits);
	credentials_free(server->credentials);
	talloc_free(server);
}

void server_suspend(struct request *request)
{
	struct exchange *exchange = exchange_of(request);

	exchange->is_suspended = true;
	MHD_suspend_connection(exchange->connection);
}

void server_resume(struct request *request, const struct error *error)
{
	struct exchange *exchange = exchange_of(request);

	if (error) {
		exchange->failure = *error;
		exchange->has_failed = true;
	}
	exchange->is_resumed = true;
	MHD_resume_connection(exchange->connection);
}
