/* log.git over HTTP, to be fetched from and nothing else: git http-backend as a bounded child for each
 * request, its answer handed on as it comes. At most BACKEND_MAX at once; who comes then is told to come
 * again. */
#ifndef ENGABO_WEB_BACKEND_H
#define ENGABO_WEB_BACKEND_H

#include "node/base/home.h"
#include "web/server.h"

#define BACKEND_MAX 8
#define BACKEND_BODY_MAX (1024 * 1024) /* of a request: what a hub has, oid by oid, packed */

struct backend;
struct backend *backend_new(const struct home *home);
/* Ends what runs; what is asked from now on is refused. Before server_stop. */
void backend_end(struct backend *backend);
/* After it. NULL is fine. */
void backend_free(struct backend *backend);

/* GET /log.git/info/refs?service=git-upload-pack and POST /log.git/git-upload-pack, of a server that is_raw.
 * ERROR_DENIED for any other service, ERROR_UNAVAILABLE when too many are at work. */
const struct error *backend_serve(struct backend *backend, struct request *request) MUST_CHECK;

#endif
