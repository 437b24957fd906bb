/* One request while it is answered: what the files of the server share and nobody else may see. answer.c
 * sends, body.c takes in, server.c knows when. On the server's thread, but for what server_resume touches. */
#ifndef ENGABO_WEB_EXCHANGE_H
#define ENGABO_WEB_EXCHANGE_H

#include <microhttpd.h>

#include "web/gzip.h"
#include "web/headers.h"
#include "web/limits.h"
#include "web/route.h"
#include "web/server.h"
#include "web/upload.h"

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

/* A request with what pages do not see of it; `request` is the first, so that each leads to the other. */
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

static inline struct exchange *exchange_of(const struct request *request)
{
	return (struct exchange *)request;
}

/* Queues what the handler left in the request; the page of a problem when there is an error (answer.c). */
enum MHD_Result answer_send(struct exchange *exchange, const struct error *error);
/* What the handler must tell, or is kept from: logged when it is ours. */
void answer_log(const struct exchange *exchange, const struct error *error);
/* The status of HTTP for an error. */
int answer_status(const struct error *error);
/* Refused from now on; it is told once the body is out of the way. */
void answer_refuse(struct exchange *exchange, int status, const struct error *error);

/* What the headers tell of the body, before it comes; its route is known (body.c). */
void body_begin(struct exchange *exchange);
/* More of the body. False when it goes on so long that the connection must be given up. */
bool body_take(struct exchange *exchange, const char *data, size_t len);
/* Whether so much is announced that nobody waits for its end. */
bool body_is_endless(const struct exchange *exchange);
/* All of it has come: the form, the guard, the page. */
const struct error *body_handle(struct exchange *exchange) MUST_CHECK;

#endif
