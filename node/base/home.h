/* The state directory: where everything of one hub lies. Names, modes and a place to check that it is one of
 * ours.
 *
 *   format         "engabo 1\n": refuses other versions      trust.json, engabo.conf     nothing secret
 *                                                             settings.conf, *.crt
 *                  ("engabo unfinished\n" while init is at work)
 *   intake.db office.db sync.db mailbox.db                   log.git/ inbox.git/ partial.git/
 *   files/         sealed photos, in pieces
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

/* Making a hub, all of it or nothing: until home_finish the directory is no hub, and when the power goes
 * meanwhile the next home_begin starts again with what was left. */
struct home_making {
	struct home *home;
	int lock;    /* on the directory: one makes a hub in it at a time */
	bool is_new; /* the directory was not there before */
};
/* The skeleton in an empty or missing directory; ERROR_EXISTS when a hub or anything else is in there,
 * ERROR_UNAVAILABLE while another process makes a hub in it. */
const struct error *home_begin(const void *context, const char *path, struct home_making *out) MUST_CHECK;
/* From here on it is a hub. */
const struct error *home_finish(struct home_making *making) MUST_CHECK;
/* Removes all that was made. */
void home_abandon(struct home_making *making);
/* Begins and finishes at once: a hub with nothing in it yet. */
const struct error *home_create(const void *context, const char *path, struct home **out) MUST_CHECK;
/* Reads the configuration again, after settings.conf was changed. What was read before stays valid as long as
 * the home: other threads may be looking at it. Nothing changes when it fails. */
const struct error *home_reload(struct home *home) MUST_CHECK;
/* Settings.conf is not believed, for this reason (config_refuse_settings). */
void home_refuse_settings(struct home *home, const char *why);
/* "<state>/<name>", on `context`. */
char *home_file(const void *context, const struct home *home, const char *name);

#endif
