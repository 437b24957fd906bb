/* One round of synchronising: spools into our log, then for each remote fetch, check, keep, push. Used by the role's loop and, while the role is down
 * and its lock is taken, by `engabo sync`. */
#ifndef ENGABO_SYNC_ROUND_H
#define ENGABO_SYNC_ROUND_H

#include "node/base/home.h"
#include "node/base/json.h"

struct hub; /* open databases, repositories, keys, roster chain */
/* Takes run/sync.lock, cleans what a killed writer left, opens all. ERROR_UNAVAILABLE when the role is running. */
const struct error *hub_open(const void *context, struct home *home, struct hub **out) MUST_CHECK;
void hub_close(struct hub *hub);
/* New spool rows into signed commits; *count of envelopes. Exactly once each, also after kill -9 at any moment. */
const struct error *round_commit(struct hub *hub, int64_t *count) MUST_CHECK;
/* With one remote (a name from the table, or a path or URL). The report: {"remote","ok":bool,"error","sent":commits,"received":commits,"refused":[{"log",
 * "reason"}]}. Our own failures are errors; a remote's are in the report and in sync.db. */
const struct error *round_remote(struct hub *hub, const char *name_or_url, json_t **report) MUST_CHECK;

#endif
