/* The snapshot: the case file as an age file to the hub itself, with a signature beside it (formats.md,
 * "Snapshot"). It can always be thrown away and rebuilt from the log; one that does not verify is never
 * believed. Writing and reading it take no memory beside the case file's own.
 *
 * snapshot.sig is a text file: one JSON line {"v":1,"sha256":hex of
 * snapshot.age,"log","epoch","roster","schema"} and behind it the armored SSHSIG by the office key in
 * namespace engabo-snapshot over that line. */
#ifndef ENGABO_CASEWORK_SNAPSHOT_H
#define ENGABO_CASEWORK_SNAPSHOT_H

#include "node/base/home.h"
#include "node/casework/casefile.h"
#include "node/vault/keyring.h"

struct snapshot_place {
	const char *log;
	int epoch;
	int roster_version;
};
/* snapshot.age first, then snapshot.sig; a crash in between leaves one that does not verify, and a rebuild.
 */
const struct error *snapshot_write(const struct home *home, struct casefile *file, const struct vault *vault,
	const struct snapshot_place *place) MUST_CHECK;
/* ERROR_NOT_FOUND: none. ERROR_DENIED or _INVALID: not believed (the caller rebuilds and says so). */
const struct error *snapshot_read(const void *context, const struct home *home, const struct vault *vault,
	const struct snapshot_place *place, struct casefile **out) MUST_CHECK;

#endif
