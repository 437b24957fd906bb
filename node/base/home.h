/* The state directory: where everything of one hub lies. Names, modes and a place to check that it is one of
 * ours.
 *
 *   format         "engabo 1\n": refuses other versions      trust.json, engabo.conf     nothing secret
 *   intake.db office.db sync.db mailbox.db                   log.git/ inbox.git/
 *   keyring.json snapshot.age snapshot.sig                   keys/ (0700)  run/ (sockets, locks; 0700) */
#ifndef ENGABO_BASE_HOME_H
#define ENGABO_BASE_HOME_H

#include "node/base/config.h"
#include "node/base/error.h"
#include "node/base/memory.h"

struct home {
	char *path; /* absolute */
	struct config *config;
};

/* Opens a directory that init made; ERROR_NOT_FOUND ("no hub in ...; engabo init makes one"), ERROR_CONFIG
 * for another version or a broken configuration. */
const struct error *home_open(const void *context, const char *path, struct home **out) MUST_CHECK;
/* Makes the skeleton in an empty or missing directory; ERROR_EXISTS when a hub or anything else is in there.
 */
const struct error *home_create(const void *context, const char *path, struct home **out) MUST_CHECK;
/* "<state>/<name>", on `context`. */
char *home_file(const void *context, const struct home *home, const char *name);

#endif
