/* What a hub's logs have reached, in one small text that neighbours ask each other for: see PEERS.md.
 * Printing, reading and comparing it; nothing of the network. */
#ifndef ENGABO_SYNC_TIPS_H
#define ENGABO_SYNC_TIPS_H

#include "node/roster/roster.h"
#include "sync/repo.h"

#define TIPS_SIZE_MAX 16384 /* bytes of the text */
#define TIPS_LOGS_MAX (ROSTER_MEMBERS_MAX + 1)
#define TIPS_FORKS_MAX 64

struct tips_log {
	char log[LOG_ID_SIZE];
	int epoch;
	int64_t seq;
	struct oid oid;
};
struct tips_fork {
	char log[LOG_ID_SIZE];
	struct oid oid;
};
struct tips {
	int roster; /* its newest version; 0: none */
	struct oid roster_at;
	struct tips_log logs[TIPS_LOGS_MAX]; /* sorted by log id, each once */
	size_t log_count;
	struct tips_fork forks[TIPS_FORKS_MAX]; /* sorted by log id and oid */
	size_t fork_count;
};

/* Of the members' logs in log.git, and of our own. `roster` may be NULL. */
const struct error *tips_read(struct repo *log, const struct roster *roster, const struct member_keys *self,
	struct tips *out) MUST_CHECK;
struct bytes tips_print(const void *context, const struct tips *tips);
/* ERROR_INVALID for all but what tips_print gives. */
const struct error *tips_parse(struct bytes text, struct tips *out) MUST_CHECK;
/* Whether something is named there of a member's log, of the roster or of a fork, that `log` does not hold.
 */
bool tips_have_more(const struct tips *theirs, struct repo *log, const struct roster *roster);

#endif
