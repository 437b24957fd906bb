/* A USB stick, or another disk that comes and goes: what lies on it for hubs, a bare repository or, on FAT
 * and the like, pieces of logs (pieces.h); where there is nothing yet, a beginning is made. */
#ifndef ENGABO_SYNC_STICK_H
#define ENGABO_SYNC_STICK_H

#include <stdbool.h>

#include "node/base/error.h"
#include "node/base/memory.h"

enum stick_kind {
	STICK_REPOSITORY, /* git takes `folder` as any remote */
	STICK_PIECES,
};
struct stick {
	enum stick_kind kind;
	char *folder;	   /* where they lie; on the caller's context */
	bool is_removable; /* on a file system of its own: neither this hub's nor the machine's */
	bool is_read_only; /* that file system */
};

/* What lies at `path`, or in its folder "sync". `may_begin`: a person has just named it, and where a stick's
 * folder is empty (or the stick's top, whatever else is there) a beginning is made; nothing else that lies
 * there is touched. What is no stick is left to git as it is. *problem: why it cannot be used and what to do,
 * one line on `context`, or NULL. `state`: the hub's directory. */
const struct error *stick_open(const void *context, const char *state, const char *path, bool may_begin,
	struct stick *out, char **problem) MUST_CHECK;
/* All that was written is on it, whoever wrote it. The error says what the device did. */
const struct error *stick_settle(const struct stick *stick) MUST_CHECK;

#endif
