/* Commands talk to a running role over its Unix socket: one JSON object on one line each way, then the end.
 *
 * The socket is 0600 and each call is checked by SO_PEERCRED: the same user or root. A request is at most 64
 * KiB, a reply at most 1 MiB. Requests: {"do":"lock", ...}. Replies: {"ok":true, ...} or
 * {"error":"<message>","code":<error_code>}. */
#ifndef ENGABO_BASE_CONTROL_H
#define ENGABO_BASE_CONTROL_H

#include <stdbool.h>

#include "node/base/json.h"

/* Server: makes the listening socket (a stale one of a dead role is replaced); poll *fd, then call
 * control_serve. */
const struct error *control_listen(const char *path, int *fd) MUST_CHECK;
/* Answers `request` by filling `reply` (a fresh object), or fails; the caller gets the error as it is. */
typedef const struct error *control_handler(void *user, const json_t *request, json_t *reply);
/* Takes one waiting connection and answers it; a caller has 2 s to send its line. Errors are the caller's,
 * not ours. */
const struct error *control_serve(int fd, control_handler *handler, void *user) MUST_CHECK;

/* Whether a role lives there; it may be too busy to answer. */
bool control_is_listening(const char *path);

/* Client: ERROR_UNAVAILABLE when nothing listens there; an "error" reply comes back as that error. *reply is
 * owned by the caller. `deadline_ms` covers the whole call. */
const struct error *control_call(
	const char *path, const json_t *request, int64_t deadline_ms, json_t **reply) MUST_CHECK;

#endif
