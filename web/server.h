/* HTTP and TLS by libmicrohttpd, which only server.c and upload.c include. One thread, poll (never epoll with
 * TLS: findings.md).
 *
 * A role gives a table of routes; a handler fills the response and returns, or suspends the request and
 * resumes it from another thread when its answer is ready. Bodies are bounded and parsed (urlencoded) before
 * the handler runs. A reaper closes connections whose headers take over 8 s or whose body comes under 2 kB/s.
 * Limits: 256 connections, 32 an address (loopback is not limited). */
#ifndef ENGABO_WEB_SERVER_H
#define ENGABO_WEB_SERVER_H

#include <stdbool.h>

#include "node/base/error.h"
#include "node/base/json.h"
#include "node/base/memory.h"
#include "node/vault/digest.h"
#include "web/credentials.h"
#include "web/form.h"

enum method { METHOD_GET = 1, METHOD_POST = 2 };

struct language;
struct server;
/* An answer that comes piece by piece from another thread, and is never whole in memory. */
struct request_stream {
	/* Fills in at most `size` bytes. 0: nothing just now, and server_resume_stream is called once there
	 * is; REQUEST_STREAM_END, or REQUEST_STREAM_BROKEN: the connection is given up, so that nobody takes
	 * a part for the whole. On the server's thread; must not wait. */
	ssize_t (*read)(void *user, uint8_t *out, size_t size);
	/* All is out, or the client is gone: `read` is called no more. */
	void (*end)(void *user);
	void *user;
};
#define REQUEST_STREAM_END (-1)
#define REQUEST_STREAM_BROKEN (-2)

struct request {
	void *context;	    /* talloc: everything of this request; freed after the response is out */
	enum method method; /* HEAD is answered as GET without the body */
	const char *path;   /* decoded, begins with '/', no query */
	const char *rest;   /* what stood for '*' in the route's pattern, or "" */
	const struct form *query;
	struct bytes body_sent;	 /* of a POST, as it came; on context */
	const struct form *form; /* of a POST; in `problem` also what could be read of a bad one, or NULL */
	bool is_secure;
	char address[64]; /* of the peer; for limits only, never logged */
	struct server *server;
	void *user;    /* the server's */
	void *session; /* set by the role's guard */
	void *upload;  /* set by the role's server_upload: what became of a file; NULL: none was sent */
	const struct error *refusal; /* why the file, or the form around it, was not taken; NULL: it was */
	const struct language *language; /* of the answer, set by the role's guard; NULL: English */

	/* the answer */
	int status;			     /* 200 by default */
	const char *type;		     /* "text/html; charset=utf-8" by default */
	struct bytes body;		     /* on context, or static */
	const struct request_stream *stream; /* in place of body; on context. NULL: none */
	bool may_be_cached;		     /* static files only; all else is no-store */
};
/* A header of the request, or NULL. */
const char *request_header(const struct request *request, const char *name);
const char *request_cookie(const struct request *request, const char *name);
/* Whether the client has shown a certificate and proved that it holds its key: SHA-256 of that key (SPKI,
 * DER). Who that is, is the caller's to know. Never without asks_for_certificate. */
bool request_pin(const struct request *request, uint8_t pin[static DIGEST_LEN]);
/* Adds a header to the answer. The name is ours; control characters in the value, whoever it came from, are
 * encoded as in addresses. */
void request_add_header(struct request *request, const char *name, const char *value);
/* 303 See Other to a path of ours; bytes that have no place in a header are encoded, and it never leads to
 * another host. */
void request_redirect(struct request *request, const char *path);

/* An error that a handler or guard returns becomes a page by code (404, 403, 400, 503, 507, 500), unless it
 * has set another status than 200 before (say 429); only SYSTEM errors are logged, by route. */
typedef const struct error *request_handler(struct request *request);
struct route {
	int methods;	     /* METHOD_GET | METHOD_POST */
	const char *pattern; /* "/cases/" with a final '*' takes a rest: "/cases/ *" without the space */
	request_handler *handler;
	int tag; /* the role's own use: which guard it passes */
};

/* A route whose form sends a file (multipart/form-data, RFC 7578). The file is handed to the role as it
 * arrives and is never whole in memory. Both are called on the server's thread and must not
 * wait.
 *
 * The handler is called without a file, too, and after an error of either, or when the form is too long or
 * broken: once the rest of the body is out of the way, with the error in request->refusal, its status in
 * request->status, and the fields that came before it in request->form. So whoever sent it can be told where
 * they are. What does not pass the guard has the guard's answer; what is no such form, or so long that
 * nothing of it is read, is left to `problem`. */
struct server_upload {
	const char *pattern; /* of its row in `routes` */
	size_t body_max;     /* of all that is sent */
	size_t files_max;    /* in one form */
	request_handler
		*begin; /* of each file; the guard has passed; the fields before it are in request->form */
	const struct error *(*add)(struct request *request, struct bytes part);
};

struct server_options {
	const char *address; /* "::" or an address */
	int port;
	const char *certificate_pem, *key_pem; /* NULL: plain HTTP */
	const struct route *routes;	       /* ends with a zeroed row */
	const struct server_upload *uploads;   /* ends with a zeroed row; NULL: all forms are urlencoded */
	/* Before each route's handler (sessions, origin); may be NULL. It sees `tag` through request_tag. A
	 * guard that has made the answer itself (any status but 200, such as a redirect to the sign-in page)
	 * ends it there: the handler is not called. */
	request_handler *guard;
	/* Makes the page for an error, a 404, 405, 413 or 415: request->status is set already. NULL, or no
	 * body made: plain text. */
	void (*problem)(struct request *request, const struct error *error);
	const char *security_headers; /* extra header lines for this role, "Name: value\n"...; the common ones
					 are the server's */
	size_t body_max;	      /* 64 KiB by default */
	/* Pages are sent packed where the browser takes that. Only for a role whose pages hold no lasting
	 * secret (a session's CSRF token) beside words that another site can put into the address: their
	 * length would tell the secret. */
	bool is_compressed;
	bool is_limited;	   /* false only in the bench: no connection limits an address */
	bool asks_for_certificate; /* of clients; one that shows none is let in all the same */
	/* Bodies are no forms: they are handed over as they came, and the guard, which then sees the headers
	 * alone, decides before any of it is kept. */
	bool is_raw;
	void *user;
};
const struct error *server_start(const struct server_options *options, struct server **out) MUST_CHECK;
/* What a TLS server shows to new connections from now on; those that are there stay. PEM, NUL-ended; NULL:
 * none of this kind any more. ERROR_CONFIG, and nothing changes, when they do not hold. */
const struct error *server_set_certificate(struct server *server, enum credentials_kind kind,
	const char *certificate_pem, const char *key_pem) MUST_CHECK;
/* Port really bound (for port 0 in tests). */
int server_port(const struct server *server);
int request_tag(const struct request *request);
/* Stops taking, answers what is under way (at most 3 s; but requests that are suspended are waited for until
 * they are resumed: stop what resumes them after this), frees. NULL is fine. */
void server_stop(struct server *server);

/* From a handler, before the request is handed to the other thread: the answer comes later. The request stays
 * valid until server_resume, even when the phone is gone. */
void server_suspend(struct request *request);
/* From any thread, once: the answer is in the request (or `error`). */
void server_resume(struct request *request, const struct error *error);
/* From any thread, after a stream's `read` gave 0, once for each: there is more, or its end. */
void server_resume_stream(struct request *request);

#endif
