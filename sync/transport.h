/* The way to a remote: git, the program, as a bounded child. It carries; it is believed nothing (logs_keep
 * and rosters_keep check what came).
 *
 * Paths, ssh:// and https:// only. No hooks, no submodules, no tags, no helper programs but git's own and
 * ssh; a password travels in the environment, never in an argument. */
#ifndef ENGABO_SYNC_TRANSPORT_H
#define ENGABO_SYNC_TRANSPORT_H

#include <stdbool.h>

#include "node/base/child.h"
#include "sync/repo.h"

struct transport {
	const char *state; /* the hub's directory: log.git, inbox.git, keys/ssh and known_hosts lie there */
	const char *url;   /* whole, a password included */
	uint64_t room;	   /* bytes that a fetch may bring */
	const uint8_t
		*pin; /* of a neighbour (https, to a numeric address): SHA-256 of its public key, by which
			 alone it is known, and which is shown keys/tls-sync; NULL: any other remote */
	const volatile int *stop; /* ends a running git soon after it is set; NULL: never */
	bool was_cut; /* out: the last call's problem is that the line broke, so it may go on at once */
};

/* Brings refs/heads/roster, refs/heads/log/<...> and refs/forks/<...> of the remote into inbox.git as
 * refs/inbox/<name>/roster,
 * .../log/<...> and .../forks/<...>; what is gone there goes here, too. *problem: what hindered it and what
 * to do, one line for people, on `context`; NULL when it went well. An error is only for our own failures. */
const struct error *transport_fetch(
	const void *context, struct transport *transport, const char *name, char **problem) MUST_CHECK;

/* For a line that breaks in the middle (partial.h). What logs the remote shows: lines "<oid>\t<ref>" on
 * `context`; */
const struct error *transport_list(
	const void *context, struct transport *transport, char **listing, char **problem) MUST_CHECK;
/* so many commits of one of them, from its tip down, into partial.git as `own`; */
const struct error *transport_deepen(const void *context, struct transport *transport, const char *ref,
	const char *own, int64_t depth, char **problem) MUST_CHECK;
/* and all of that repository into inbox.git. */
const struct error *transport_collect(const void *context, struct transport *transport, const char *name,
	const char *partial, char **problem) MUST_CHECK;

/* One branch to be set at the remote, to `oid` of log.git; never forced. */
struct transport_branch {
	char ref[96];
	struct oid oid;
	char *rejected; /* out: why the remote did not take it, on `context`; NULL: it did */
};
const struct error *transport_push(const void *context, struct transport *transport,
	struct transport_branch *branches, size_t count, char **problem) MUST_CHECK;

/* One run of git, bounded like those above. */
struct transport_job {
	const char *repository; /* "log.git" or "inbox.git" */
	const char *const *argv;
	const char *more;   /* one more "NAME=value" for its environment, or NULL */
	struct bytes input; /* its standard input */
	size_t output_max;  /* more is ERROR_INVALID */
};
const struct error *transport_git(const void *context, const struct transport *transport,
	const struct transport_job *job, struct child_result *out) MUST_CHECK;

/* Ends what was kept open between the calls above; call it when the round is over, also after a failure. */
void transport_close(const struct transport *transport);

/* What git's complaint means, and what to do, in one line on `context`. `shown`: the remote's address without
 * its password. */
char *transport_explain(const void *context, const struct child_result *result, const char *shown);

#endif
