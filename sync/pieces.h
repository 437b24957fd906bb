/* A stick's folder of pieces of logs, where a remote would have a repository: what transport.h does for
 * those, this does for pieces. FORMAT.md, "On a stick". */
#ifndef ENGABO_SYNC_PIECES_H
#define ENGABO_SYNC_PIECES_H

#include "sync/hub.h"
#include "sync/transport.h"

struct pieces;
/* Looks at every piece in `folder`, and brings what log.git has not got into inbox.git, with branches
 * refs/inbox/<name>/... like transport_fetch's: of each log the tip that goes farthest. What is damaged or
 * fits nowhere is passed over and named in `skipped`: {"file","reason"}. *out hangs on `context`. *problem as
 * there. */
const struct error *pieces_fetch(const void *context, struct hub *hub, const struct transport *transport,
	const char *folder, const char *name, json_t *skipped, struct pieces **out,
	char **problem) MUST_CHECK;
/* Adds what of log.git is not in the folder, so that whoever has nothing could begin with it. Call after what
 * was fetched is kept. *sent: commits; *records: their envelopes. */
const struct error *pieces_push(
	struct pieces *pieces, int64_t *sent, int64_t *records, char **problem) MUST_CHECK;

#endif
