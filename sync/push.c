/* Sending what a remote lacks: see push.h. How a backlog of weeks gets out over half a minute of line at a
 * time.
 *
 * Leaves the size of steps to steps.c and the sending to transport.c. Guards: nothing is forced; a step that
 * has arrived is noted before the next begins, so a cut costs one step at most. Runs in the sync role, or in
 * a command that holds its lock. */
#include "sync/push.h"

#include <string.h>

#include "node/base/clock.h"
#include "sync/back.h"
#include "sync/remote.h"
#include "sync/steps.h"

#define TRIES_MAX 4	  /* in a row that bring nothing */
#define ENTRY_BYTES 48	  /* of a tree */
#define BRANCH_BYTES 4096 /* about that much are the commits of the roster and of a fork */

struct sending {
	const void *context;
	struct hub *hub;
	const char *remote;
	struct transport *transport;
	struct push *push;
	struct steps steps;
	/* The step that is under way. */
	struct transport_branch branches[PUSH_BRANCHES_MAX];
	struct push_branch *whose[PUSH_BRANCHES_MAX];
	int64_t to[PUSH_BRANCHES_MAX];
	size_t count;
	int64_t bytes;
};

void push_add(struct push *push, const struct push_branch *branch)
{
	size_t at = 0;

	while (at < push->count && strcmp(push->branches[at].ref, branch->ref) != 0)
		at++;
	if (at == PUSH_BRANCHES_MAX)
		return;
	push->branches[at] = *branch;
	push->branches[at].from = branch->there;
	if (at == push->count)
		push->count++;
}

/* What a commit with its envelopes takes on the line, about. */
static const struct error *commit_bytes(struct repo *repo, const struct oid *oid, int64_t *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct tree_entry *entries;
	struct raw_commit raw;
	size_t count, size;
	int64_t sum;

	TRY(repo_commit(scratch, repo, oid, &raw));
	TRY(repo_tree(scratch, repo, &raw.tree, COMMIT_ENTRIES_MAX, &entries, &count));
	sum = (int64_t)(raw.raw.len + count * ENTRY_BYTES);
	for (size_t i = 0; i < count; i++) {
		TRY(repo_size(repo, &entries[i].oid, &size));
		sum += (int64_t)size;
	}
	*out = sum;
	return NULL;
}

/* How far this log gets with the step: to *seq, the commit `oid`. */
static const struct error *reach_of(
	struct sending *sending, const struct push_branch *branch, int64_t *seq, struct oid *oid)
{
	struct back back = {sending->hub->log, branch->to, branch->tip, NULL, 0};
	struct oid next;
	int64_t bytes;

	for (*seq = branch->there; *seq < branch->to; ++*seq, *oid = next) {
		TRY(back_find(&back, *seq + 1, &next));
		TRY(commit_bytes(sending->hub->log, &next, &bytes));
		if (sending->bytes && sending->bytes + bytes > sending->steps.size)
			break;
		sending->bytes += bytes;
	}
	return NULL;
}

static void step_add(struct sending *sending, struct push_branch *branch, const struct oid *oid, int64_t to)
{
	struct transport_branch *out = &sending->branches[sending->count];

	*out = (struct transport_branch){.oid = *oid};
	memcpy(out->ref, branch->ref, sizeof out->ref);
	sending->whose[sending->count] = branch;
	sending->to[sending->count++] = to;
}

/* As many branches, and as much of the last of them, as a step takes. */
static const struct error *plan_step(struct sending *sending)
{
	sending->count = 0;
	sending->bytes = 0;
	for (size_t i = 0; i < sending->push->count && sending->bytes < sending->steps.size; i++) {
		struct push_branch *branch = &sending->push->branches[i];
		struct oid oid = branch->tip;
		int64_t to = 0;

		if (branch->is_done)
			continue;
		if (*branch->log)
			TRY(reach_of(sending, branch, &to, &oid));
		else
			sending->bytes += BRANCH_BYTES;
		if (*branch->log && to == branch->there)
			break;
		step_add(sending, branch, &oid, to);
	}
	return NULL;
}

static const struct error *note_arrival(struct sending *sending, struct push_branch *branch, int64_t to)
{
	branch->is_done = to == branch->to;
	if (!*branch->log)
		return NULL;
	sending->push->commits += to - branch->there;
	branch->there = to;
	return state_reach_set(sending->hub->db, sending->remote, branch->log, branch->epoch, to, to);
}

/* What came of one branch of the step. */
static const struct error *note_branch(struct sending *sending, size_t i, char **problem)
{
	struct push_branch *branch = sending->whose[i];
	const char *rejected = sending->branches[i].rejected;

	if (!rejected)
		return note_arrival(sending, branch, sending->to[i]);
	if (sending->transport->was_cut) {
		branch->sent = sending->to[i] > branch->sent ? sending->to[i] : branch->sent;
	} else if (branch->sent > sending->to[i]) {
		/* It is further than we heard: all of that step has arrived, and only its end has not. */
		branch->there = branch->sent;
		branch->sent = 0;
	} else {
		branch->is_done = true;
		if (!*problem)
			*problem = memory_format(sending->context,
				"%s receives, but does not take what we send: %s",
				remote_url_shown(sending->context, sending->transport->url), rejected);
	}
	return NULL;
}

/* *tries: in a row that brought nothing; *goes_on: there is more to do, and it may do. */
static const struct error *send_step(struct sending *sending, int *tries, bool *goes_on, char **problem)
{
	const volatile int *stop = sending->hub->stop;
	int64_t start = clock_boot_ms();
	bool arrived = false;
	char *hindrance;

	TRY(transport_push(
		sending->context, sending->transport, sending->branches, sending->count, &hindrance));
	for (size_t i = 0; i < sending->count; i++) {
		arrived |= !sending->branches[i].rejected;
		TRY(note_branch(sending, i, hindrance ? &hindrance : problem));
	}
	if (!hindrance) {
		steps_done(&sending->steps, sending->bytes, clock_boot_ms() - start);
		*tries = 0;
		return NULL;
	}
	*tries = arrived ? 0 : *tries + 1;
	*goes_on = sending->transport->was_cut && *tries < TRIES_MAX && !(stop && *stop);
	if (sending->transport->was_cut)
		steps_cut(&sending->steps, clock_boot_ms() - start);
	if (!*goes_on)
		*problem = hindrance;
	return NULL;
}

const struct error *push_send(const void *context, struct hub *hub, const char *remote,
	struct transport *transport, struct push *push, char **problem)
{
	struct sending *sending = memory_new(context, struct sending);
	bool goes_on = true;
	int64_t size;
	int tries = 0;

	*sending = (struct sending){
		.context = context, .hub = hub, .remote = remote, .transport = transport, .push = push};
	*problem = NULL;
	TRY(state_step(hub->db, remote, &size));
	steps_begin(&sending->steps, transport->url[0] == '/' ? INT64_MAX : size);
	for (;;) {
		TRY(plan_step(sending));
		if (!goes_on || !sending->count)
			break;
		TRY(send_step(sending, &tries, &goes_on, problem));
	}
	return push->count ? state_step_set(hub->db, remote, sending->steps.size) : NULL;
}
