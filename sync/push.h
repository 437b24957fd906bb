/* Sending what a remote lacks, in steps that a bad line can carry. */
#ifndef ENGABO_SYNC_PUSH_H
#define ENGABO_SYNC_PUSH_H

#include "node/roster/roster.h"
#include "sync/hub.h"
#include "sync/transport.h"

#define PUSH_FORKS_MAX 64
#define PUSH_BRANCHES_MAX (ROSTER_MEMBERS_MAX + PUSH_FORKS_MAX + 2) /* logs, our own, forks, the roster */

struct push_branch {
	char ref[96];
	struct oid tip;	       /* what it is to become there, a commit of log.git */
	char log[LOG_ID_SIZE]; /* "": the roster, or a fork */
	int epoch;
	int64_t there, to; /* Seq there and of the tip; of a log alone */
	int64_t from;	   /* `there`, before anything was sent */
	int64_t sent;	   /* Seq of a step whose end we did not hear of; 0: none */
	bool is_done;
};
struct push {
	struct push_branch branches[PUSH_BRANCHES_MAX];
	size_t count;
	int64_t commits; /* out: that arrived there */
};
/* Once for each branch: as it was looked at last. Further ones than there is room for are left for the next
 * round. */
void push_add(struct push *push, const struct push_branch *branch);
/* Sends all. What arrived is remembered step by step (state_reach), and so is the size of the steps. A line
 * that breaks is tried again at once as long as something arrives. *problem: what hindered it, one line for
 * people, on `context`; NULL: all is there. */
const struct error *push_send(const void *context, struct hub *hub, const char *remote,
	struct transport *transport, struct push *push, char **problem) MUST_CHECK;

#endif
