/* One round of synchronising: spools into our log, then for each remote fetch, check, keep, push. Used by the
 * role's loop and, while the role is down and its lock is taken, by `engabo sync`. */
#ifndef ENGABO_SYNC_ROUND_H
#define ENGABO_SYNC_ROUND_H

#include "node/base/home.h"
#include "node/base/json.h"
#include "node/roster/roster.h"

struct hub; /* open databases, repositories, keys, roster chain */
/* Takes run/sync.lock, cleans what a killed writer left, opens all. ERROR_UNAVAILABLE when the role is
 * running. */
const struct error *hub_open(const void *context, struct home *home, struct hub **out) MUST_CHECK;
void hub_close(struct hub *hub); /* NULL is fine */
DEFINE_CLEANUP(struct hub *, hub_close)
/* Running git children end soon after *stop is set; the round they belong to ends, too. */
void hub_stop_when(struct hub *hub, const volatile int *stop);

/* New spool rows into signed commits; *count of envelopes. Exactly once each, also after kill -9 at any
 * moment. ERROR_CONFLICT: our log was found to be behind what it once held, or to be written elsewhere too;
 * it takes nothing more, and the rows wait. */
const struct error *round_commit(struct hub *hub, int64_t *count) MUST_CHECK;
/* Says in the reply to a command why that failed: "log_trouble", and "log_exit", the exit status for it. */
void round_trouble(json_t *reply, const struct error *error);
/* Acknowledgements alone, when a person asked for this round (hub.h): so that one trip of a stick says what
 * arrived by it. Only where something else than acknowledgements is to be acknowledged; else two hubs would
 * answer each other for ever. */
const struct error *round_acknowledge(struct hub *hub) MUST_CHECK;
/* With one remote (a name from the table, or a path or URL). The report: {"remote","ok":bool,"error":text or
 * null,"sent":commits,"received":commits, "refused":[{"log","kind","reason"}],"stick":null or
 * {"brought":records, "taken":records,"skipped":[{"file","reason"}],"may_pull":all is on it}}. Our own
 * failures are errors; a remote's are in the report and in sync.db. ERROR_NOT_FOUND, ERROR_USAGE: no such
 * remote. */
const struct error *round_remote(struct hub *hub, const char *name_or_url, json_t **report) MUST_CHECK;

/* A new roster version, which the caller has checked with roster_chain_add, onto the roster's branch: by the
 * role when it runs, else here, under its lock. Only on the keeper hub. */
const struct error *round_roster(struct home *home, int version, const struct roster_files *files) MUST_CHECK;
/* The role's half of it: takes what round_roster laid down in run/, and checks it again. */
const struct error *round_roster_take(struct hub *hub) MUST_CHECK;

#endif
