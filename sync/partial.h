/* partial.git: logs that are being fetched over a line that breaks, each complete from its tip down to some
 * commit, and not yet further. Nothing in it is believed; when all of it is there it goes into quarantine as
 * if it had come at once, and the folder goes away. */
#ifndef ENGABO_SYNC_PARTIAL_H
#define ENGABO_SYNC_PARTIAL_H

#include "sync/hub.h"

#define PARTIAL_MAX 64 /* logs at once; the others come after them */

/* A log that the remote shows and we have not. */
struct partial_log {
	char ref[LOG_REF_SIZE]; /* there */
	char own[128];		/* in partial.git: refs/inbox/<remote>/log/<id>/<epoch> */
	struct oid tip;
	int64_t depth; /* commits from the tip down that are here in full */
	bool is_whole; /* down to what log.git has, or to the beginning */
};
struct partial {
	struct hub *hub;
	const char *remote, *path;
	struct partial_log list[PARTIAL_MAX];
	size_t count;
};
/* Whether some of this remote is here from before. */
bool partial_is_there(const void *context, struct hub *hub, const char *remote);
/* Makes the folder unless it is there; one of another remote is thrown away. `listing`: what git ls-remote
 * says. `partial` hangs on `context`. */
const struct error *partial_begin(const void *context, struct hub *hub, const char *remote, char *listing,
	struct partial **out) MUST_CHECK;
/* Takes what a broken fetch left in this repository (of which 16 MiB are looked at) and finds out how far
 * every log is. Call after each fetch. */
const struct error *partial_gather(struct partial *partial, const char *repository) MUST_CHECK;
/* The first log that is not whole; NULL: all are. */
struct partial_log *partial_next(struct partial *partial);
/* Removes the folder. */
const struct error *partial_end(const struct hub *hub) MUST_CHECK;

#endif
