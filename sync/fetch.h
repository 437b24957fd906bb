/* Bringing in what a remote shows: at once where the line allows it, else in parts. */
#ifndef ENGABO_SYNC_FETCH_H
#define ENGABO_SYNC_FETCH_H

#include "sync/hub.h"
#include "sync/transport.h"

/* As transport_fetch. When the line breaks in the middle, what came stays in partial.git, and the rest is
 * fetched behind it, in this round as long as something comes, else in the next. */
const struct error *fetch_remote(const void *context, struct hub *hub, const char *remote,
	struct transport *transport, char **problem) MUST_CHECK;

#endif
