/* The roster's branch, refs/heads/roster: one commit a version, signed by the keeper's log key (so that git
 * verify-commit accepts it); the tree holds the files that node/roster checks. */
#ifndef ENGABO_SYNC_ROSTERS_H
#define ENGABO_SYNC_ROSTERS_H

#include "node/roster/roster.h"
#include "sync/repo.h"

#define ROSTER_REF "refs/heads/roster"

/* Reads every version on the branch and checks the whole chain from `trust`. A hub that works alone, or whose
 * coalition's roster has not arrived, gets an empty chain. `least`: the highest version this role accepted
 * before; a chain that ends below it is ERROR_DENIED ("the roster was rolled back"). */
const struct error *rosters_load(const void *context, struct repo *repo, const struct trust *trust, int least,
	struct roster_chain **out) MUST_CHECK;
/* The files of the newest version. */
const struct error *rosters_files(
	const void *context, struct repo *repo, struct roster_files *out) MUST_CHECK;
/* Commits a new version (the keeper only). The caller has checked it with roster_chain_add. */
const struct error *rosters_append(struct repo *repo, int version, const struct roster_files *files,
	const char *log, const struct secret *sign) MUST_CHECK;
/* Checks the branch at `offered` in inbox and brings what is good into repo; *taken versions.
 * ERROR_DENIED/_INVALID/_CONFLICT: refused, nothing changed. */
const struct error *rosters_keep(struct repo *repo, struct repo *inbox, const struct trust *trust,
	const struct oid *offered, int *taken) MUST_CHECK;

#endif
