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
#include <string.h>
#include <strings.h>

#include "web/door.h"
#include "node/vault/x509.h"
#include "web/exchange.h"
#include "web/language.h"

#define BODY_MAX 65536
#define MEMORY_A_REQUEST 24576	  /* what a report needs; more is more blocks */
#define MEMORY_A_CONNECTION 16384 /* also bounds the headers */
#define STOP_MS 3000
#define MHD_CONNECTIONS (LIMITS_CONNECTIONS + 64) /* it counts those that have left for a little longer */

/* TLS 1.3 and 1.2 with forward secrecy and authenticated ciphers; which of them, the phone knows best: many
 * have no AES in hardware. Elliptic curves alone, and the quick ones: with a finite field of 8192 bits, which
 * SECURE128 would allow, a few phones could keep the processor busy. */
#define TLS_PRIORITIES                                                                                       \
	"SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:-GROUP-ALL:"          \
	"+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:-MAC-ALL:+AEAD:-CIPHER-ALL:+AES-128-GCM:"           \
	"+CHACHA20-POLY1305:+AES-256-GCM:-SIGN-RSA-SHA1:-SIGN-ECDSA-SHA1:%SAFE_RENEGOTIATION"

/* Whose connections this thread takes. Each server has one thread, and MHD asks for a certificate without
 * saying for whom. */
static _Thread_local struct server *here;

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
		answer_refuse(exchange, 404, error_new(ERROR_NOT_FOUND, SAY("there is no such page")));
	} else if (!exchange->route) {
		request_add_header(request, "Allow",
			allowed == METHOD_POST	? "POST"
			: allowed & METHOD_POST ? "GET, HEAD, POST"
						: "GET, HEAD");
		answer_refuse(exchange, 405,
			error_new(ERROR_INVALID, SAY("this page cannot be asked for in this way")));
	} else {
		body_begin(exchange);
	}
}

/* What follows is not read: there is no form. */
static enum MHD_Result answer_unread(struct exchange *exchange)
{
	exchange->upload = NULL;
	return answer_send(exchange, body_handle(exchange));
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
		exchange->has_begun = true;
		begin(exchange, method);
		if (is_ambiguous(exchange)) {
			answer_refuse(
				exchange, 400, error_new(ERROR_INVALID, SAY("this cannot be understood")));
			request_add_header(&exchange->request, "Connection", "close");
			return answer_unread(exchange);
		}
		limits_phase(server->limits, exchange->place, LIMITS_BODY, 0);
		if (body_is_endless(exchange))
			return answer_unread(exchange);
		return MHD_YES;
	}
	if (*data_len > 0) {
		size_t len = *data_len;

		*data_len = 0;
		return body_take(exchange, data, len) ? MHD_YES : MHD_NO;
	}
	if (exchange->is_resumed)
		return answer_send(exchange, exchange->has_failed ? &exchange->failure : NULL);
	limits_phase(server->limits, exchange->place, LIMITS_WORK, 0);
	error = body_handle(exchange);
	if (exchange->is_suspended) {
		assert(!error);
		return MHD_YES;
	}
	return answer_send(exchange, error);
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
		answer_refuse(exchange, 400, error);
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
	if (exchange && exchange->request.stream) /* the client left before any of it went out */
		exchange->request.stream->end(exchange->request.stream->user);
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
	if (here->options.asks_for_certificate)
		gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
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

bool request_pin(const struct request *request, uint8_t pin[static DIGEST_LEN])
{
	const union MHD_ConnectionInfo *info;
	gnutls_x509_crt_t certificate CLEANUP(x509_certificate_free) = NULL;
	const gnutls_datum_t *chain;
	unsigned count = 0;

	info = MHD_get_connection_info(exchange_of(request)->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	chain = info ? gnutls_certificate_get_peers(info->tls_session, &count) : NULL;
	return chain && count && gnutls_x509_crt_init(&certificate) >= 0 &&
	       gnutls_x509_crt_import(certificate, chain, GNUTLS_X509_FMT_DER) >= 0 &&
	       !x509_pin(certificate, pin);
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

void server_resume_stream(struct request *request)
{
	MHD_resume_connection(exchange_of(request)->connection);
}
