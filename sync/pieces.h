/* pieces.git: logs that are being fetched over a line that breaks, each complete from its tip down to some
 * commit, and not yet further. Nothing in it is believed; when all of it is there it goes into quarantine as
 * if it had come at once, and the folder goes away. */
#ifndef ENGABO_SYNC_PIECES_H
#define ENGABO_SYNC_PIECES_H

#include "sync/hub.h"

#define PIECES_MAX 64 /* logs at once; the others come after them */

/* A log that the remote shows and we have not. */
struct piece {
	char ref[LOG_REF_SIZE]; /* there */
	char own[128];		/* in pieces.git: refs/inbox/<remote>/log/<id>/<epoch> */
	struct oid tip;
	int64_t depth; /* commits from the tip down that are here in full */
	bool is_whole; /* down to what log.git has, or to the beginning */
};
struct pieces {
	struct hub *hub;
	const char *remote, *path;
	struct piece list[PIECES_MAX];
	size_t count;
};
/* Whether pieces of this remote are here from before. */
bool pieces_are_there(const void *context, struct hub *hub, const char *remote);
/* Makes the folder unless it is there; one of another remote is thrown away. `listing`: what git ls-remote
 * says. `pieces` hangs on `context`. */
const struct error *pieces_begin(const void *context, struct hub *hub, const char *remote, char *listing,
	struct pieces **out) MUST_CHECK;
/* Takes what a broken fetch left in this repository (of which 16 MiB are looked at) and finds out how far
 * every log is. Call after each fetch. */
const struct error *pieces_gather(struct pieces *pieces, const char *repository) MUST_CHECK;
/* The first log that is not whole; NULL: all are. */
struct piece *pieces_next(struct pieces *pieces);
/* Removes the folder. */
const struct error *pieces_end(const struct hub *hub) MUST_CHECK;

#endif
