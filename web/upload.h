/* A form that sends a file (multipart/form-data, RFC 7578), read by libmicrohttpd's post processor as it
 * arrives: fields go into request->form, the file's bytes to the role (struct server_upload of server.h).
 * Between server.c and the post processor; nobody else includes it. */
#ifndef ENGABO_WEB_UPLOAD_H
#define ENGABO_WEB_UPLOAD_H

#include "web/server.h"

struct MHD_Connection;
struct upload;
/* `begin` is called when the file's first bytes are there. NULL: this is no such form. On the request's
 * context. */
struct upload *upload_new(struct request *request, struct MHD_Connection *connection, request_handler *begin,
	const struct server_upload *to);
/* More of the body. After an error the rest of it is not looked at, and the error comes again. */
const struct error *upload_take(struct upload *upload, const char *data, size_t len) MUST_CHECK;
/* The body has ended. ERROR_INVALID when the form has not. */
const struct error *upload_end(struct upload *upload) MUST_CHECK;

#endif
