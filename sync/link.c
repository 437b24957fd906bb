/* Asking a neighbour how far its logs are: see link.h. On the thread of that neighbour (neighbours.c), in the
 * sync role.
 *
 * Guards: our certificate is shown only to a key that the roster knows; what is answered is bounded in size
 * and time, and believed for nothing but whether to fetch. */
#include "sync/link.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "node/base/clock.h"
#include "node/base/text.h"
#include "node/vault/secret.h"
#include "node/vault/x509.h"

#define PEM_MAX 16384
#define CONNECT_MS 5000
#define HANDSHAKE_MS 8000
#define ANSWER_MS 10000 /* beside what we let it wait */
#define HEAD_MAX 8192
#define PRIORITIES "SECURE128:-VERS-ALL:+VERS-TLS1.3"

struct link_key {
	gnutls_certificate_credentials_t credentials;
};

struct link {
	int socket, wake;
	gnutls_session_t session;
	link_accept *accept;
	void *user;
	bool is_refused; /* by `accept` */
};

const struct error *link_key_read(const struct home *home, struct link_key **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct secret *pem CLEANUP(secret_free) = NULL;
	gnutls_certificate_credentials_t credentials;
	gnutls_datum_t text;
	int status;

	TRY(secret_read(home_file(scratch, home, "keys/tls-sync"), PEM_MAX, &pem));
	text = (gnutls_datum_t){pem->data, (unsigned)pem->len};
	TRY(x509_check(gnutls_certificate_allocate_credentials(&credentials)));
	status = gnutls_certificate_set_x509_key_mem(credentials, &text, &text, GNUTLS_X509_FMT_PEM);
	if (status < 0) {
		gnutls_certificate_free_credentials(credentials);
		return x509_check(status);
	}
	*out = memory_new(NULL, struct link_key);
	(*out)->credentials = credentials;
	return NULL;
}

void link_key_free(struct link_key *key)
{
	if (!key)
		return;
	gnutls_certificate_free_credentials(key->credentials);
	memory_free(key);
}

/* ---- the connection ---- */

static const struct error *wait_for(const struct link *link, short events, int64_t until_ms)
{
	struct pollfd fds[2] = {{.fd = link->socket, .events = events}, {.fd = link->wake, .events = POLLIN}};
	int64_t left = until_ms - clock_boot_ms();
	int n = left > 0 ? poll(fds, 2, (int)left) : 0;

	if (n < 0 && errno != EINTR)
		return error_system(errno, "cannot wait for a neighbour");
	if (fds[1].revents)
		return error_new(ERROR_UNAVAILABLE, "it was broken off");
	return n == 0 ? error_new(ERROR_UNAVAILABLE, "it does not answer") : NULL;
}

static const struct error *connect_to(struct link *link, const char *address, int port)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
	int64_t until = clock_boot_ms() + CONNECT_MS;
	struct addrinfo *found;
	int failed, on = 1;
	char port_text[16];
	socklen_t len = sizeof failed;

	snprintf(port_text, sizeof port_text, "%d", port);
	if (getaddrinfo(address, port_text, &hints, &found) != 0)
		return error_new(ERROR_UNAVAILABLE, "its address is none of this network");
	link->socket = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	failed = link->socket < 0 ||
				 setsockopt(link->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
				 connect(link->socket, found->ai_addr, found->ai_addrlen) != 0
			 ? errno
			 : 0;
	freeaddrinfo(found);
	if (failed == EINPROGRESS) {
		TRY(wait_for(link, POLLOUT, until));
		if (getsockopt(link->socket, SOL_SOCKET, SO_ERROR, &failed, &len) != 0)
			failed = errno;
	}
	return failed ? error_new(ERROR_UNAVAILABLE, "it is not reached: %s", strerror(failed)) : NULL;
}

/* A call of GnuTLS said that it must wait; anything else is the end. */
static const struct error *wait_again(const struct link *link, int status, int64_t until)
{
	if (status != GNUTLS_E_AGAIN && status != GNUTLS_E_INTERRUPTED)
		return error_new(ERROR_UNAVAILABLE, "no secure connection: %s", gnutls_strerror(status));
	return wait_for(link, gnutls_record_get_direction(link->session) ? POLLOUT : POLLIN, until);
}

/* In the handshake, before our certificate goes out. */
static int verify(gnutls_session_t session)
{
	struct link *link = gnutls_session_get_ptr(session);
	gnutls_x509_crt_t certificate CLEANUP(x509_certificate_free) = NULL;
	uint8_t pin[DIGEST_LEN];
	unsigned count = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);

	link->is_refused = !chain || !count || gnutls_x509_crt_init(&certificate) < 0 ||
			   gnutls_x509_crt_import(certificate, chain, GNUTLS_X509_FMT_DER) < 0 ||
			   x509_pin(certificate, pin) || !link->accept(link->user, pin);
	return link->is_refused ? GNUTLS_E_CERTIFICATE_ERROR : 0;
}

static const struct error *shake_hands(struct link *link, const struct link_key *key)
{
	int64_t until = clock_boot_ms() + HANDSHAKE_MS;
	int status;

	TRY(x509_check(gnutls_init(&link->session,
		GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_FORCE_CLIENT_CERT | GNUTLS_NO_SIGNAL)));
	gnutls_session_set_ptr(link->session, link);
	gnutls_session_set_verify_function(link->session, verify);
	TRY(x509_check(gnutls_priority_set_direct(link->session, PRIORITIES, NULL)));
	TRY(x509_check(gnutls_credentials_set(link->session, GNUTLS_CRD_CERTIFICATE, key->credentials)));
	gnutls_transport_set_int(link->session, link->socket);
	while ((status = gnutls_handshake(link->session)) < 0) {
		if (link->is_refused)
			return error_new(ERROR_DENIED, "it is no hub of this coalition");
		if (status == GNUTLS_E_WARNING_ALERT_RECEIVED)
			continue;
		TRY(wait_again(link, status, until));
	}
	return NULL;
}

const struct error *link_open(const struct link_key *key, const char *address, int port, int wake,
	link_accept *accept, void *user, struct link **out)
{
	struct link *link = memory_new(NULL, struct link);
	const struct error *error;

	*link = (struct link){.socket = -1, .wake = wake, .accept = accept, .user = user};
	error = connect_to(link, address, port);
	if (!error)
		error = shake_hands(link, key);
	if (error)
		link_close(link);
	else
		*out = link;
	return error;
}

void link_close(struct link *link)
{
	if (!link)
		return;
	if (link->session)
		gnutls_deinit(link->session);
	fd_close(link->socket);
	memory_free(link);
}

/* ---- one request ---- */

static const struct error *send_all(const struct link *link, const char *text, int64_t until)
{
	size_t len = strlen(text);

	while (len) {
		ssize_t sent = gnutls_record_send(link->session, text, len);

		if (sent < 0) {
			TRY(wait_again(link, (int)sent, until));
			continue;
		}
		text += sent;
		len -= (size_t)sent;
	}
	return NULL;
}

static const struct error *read_more(const struct link *link, struct buffer *into, int64_t until)
{
	uint8_t chunk[4096];
	ssize_t got;

	while ((got = gnutls_record_recv(link->session, chunk, sizeof chunk)) < 0)
		TRY(wait_again(link, (int)got, until));
	if (!got)
		return error_new(ERROR_UNAVAILABLE, "it ended the connection");
	buffer_add(into, chunk, (size_t)got);
	return NULL;
}

/* The value of a header, on `context`; NULL: there is none. `head` ends in an empty line. */
static char *header_of(const void *context, const char *head, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = strstr(head, "\r\n"); line; line = strstr(line, "\r\n")) {
		line += 2;
		if (strncasecmp(line, name, len) == 0 && line[len] == ':')
			return text_trim(context,
				memory_string_of(context, line + len + 1, strcspn(line + len + 1, "\r\n")));
	}
	return NULL;
}

/* Up to the empty line; what came of the body stays in `into`. */
static const struct error *read_head(
	const void *context, const struct link *link, struct buffer *into, int64_t until, char **head)
{
	const char *end = NULL;
	size_t len;

	while (!end) {
		if (into->len > HEAD_MAX)
			return error_new(ERROR_INVALID, "it answers with more than belongs there");
		TRY(read_more(link, into, until));
		end = memmem(into->data, into->len, "\r\n\r\n", 4);
	}
	len = (size_t)(end - (const char *)into->data) + 4;
	*head = memory_string_of(context, into->data, len);
	memmove(into->data, into->data + len, into->len - len + 1);
	into->len -= len;
	return NULL;
}

/* HTTP's three digits; 0 when it is no HTTP/1.1. */
static int status_of(const char *head)
{
	return text_starts(head, "HTTP/1.1 ") ? (int)strtol(head + strlen("HTTP/1.1 "), NULL, 10) : 0;
}

static const struct error *read_tips(const struct link *link, const char *head, struct buffer *body,
	int64_t until, char etag[static LINK_ETAG_SIZE], struct tips *tips)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const char *length = header_of(scratch, head, "Content-Length"),
		   *fresh = header_of(scratch, head, "ETag");
	uint64_t len;

	if (!length || text_to_number(length, TIPS_SIZE_MAX, &len) || !fresh ||
		strlen(fresh) >= LINK_ETAG_SIZE)
		return error_new(ERROR_INVALID, "it answers with something else than tips");
	while (body->len < len)
		TRY(read_more(link, body, until));
	TRY(tips_parse(buffer_bytes(body), tips));
	snprintf(etag, LINK_ETAG_SIZE, "%s", fresh);
	return NULL;
}

const struct error *link_tips(struct link *link, int wait_seconds, char etag[static LINK_ETAG_SIZE],
	struct tips *tips, bool *is_new)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	int64_t until = clock_boot_ms() + ANSWER_MS + 1000 * (int64_t)wait_seconds;
	struct buffer *answer = buffer_new(scratch);
	char *head;

	TRY(send_all(link,
		*etag ? memory_format(scratch,
				"GET /tips HTTP/1.1\r\nHost: hub\r\nIf-None-Match: %s\r\nPrefer: "
				"wait=%d\r\n\r\n",
				etag, wait_seconds)
		      : "GET /tips HTTP/1.1\r\nHost: hub\r\n\r\n",
		until));
	TRY(read_head(scratch, link, answer, until, &head));
	*is_new = status_of(head) == 200;
	if (*is_new)
		return read_tips(link, head, answer, until, etag, tips);
	if (status_of(head) == 304 && !answer->len)
		return NULL;
	if (status_of(head) == 403)
		return error_new(ERROR_DENIED, "it does not know this hub yet");
	return error_new(ERROR_UNAVAILABLE, "it is not ready");
}
