/* Bringing in what a remote shows: see fetch.h. How weeks of records come in over half a minute of line at a
 * time.
 *
 * Leaves git to transport.c and what came of a broken fetch to partial.c. Guards: a good line costs what a
 * plain fetch costs; over a bad one nothing whole is fetched twice. Runs in the sync role, or in a command
 * that holds its lock. */
#include "sync/fetch.h"

#include "sync/partial.h"

#define TRIES_MAX 4 /* in a row that bring nothing */
#define COMMITS_FIRST                                                                                        \
	16 /* of a log that are asked for at once: half a megabyte at most where they are ours */
#define COMMITS_MOST (1 << 20)

struct fetching {
	const void *context;
	struct hub *hub;
	const char *remote;
	struct transport *transport;
	int tries;	 /* in a row that brought nothing */
	int64_t commits; /* asked for at once */
	int64_t since;	 /* commits that came since the line broke */
	bool was_cut;
};

/* After a call that had this problem: whether the line may be tried again at once. */
static bool goes_on(struct fetching *fetching, const char *problem, bool came)
{
	const volatile int *stop = fetching->hub->stop;

	fetching->tries = came || !problem ? 0 : fetching->tries + 1;
	return problem && fetching->transport->was_cut && fetching->tries < TRIES_MAX && !(stop && *stop);
}

/* After a cut no more than came in one go before it: commits and trees come first, and are lost with it. */
static void adapt(struct fetching *fetching, int64_t came, bool cut)
{
	fetching->since += came;
	if (cut) {
		if (fetching->since < fetching->commits)
			fetching->commits = fetching->since ? fetching->since : (fetching->commits + 1) / 2;
		fetching->since = 0;
		fetching->was_cut = true;
	} else if (!fetching->was_cut && fetching->commits < COMMITS_MOST) {
		fetching->commits *= 2;
	}
}

static const struct error *fetch_partial(struct fetching *fetching, struct partial *partial, char **problem)
{
	struct partial_log *log;

	while ((log = partial_next(partial))) {
		int64_t before = log->depth;

		TRY(transport_deepen(fetching->context, fetching->transport, log->ref, log->own,
			before + fetching->commits, problem));
		TRY(partial_gather(partial, partial->path));
		if (*problem && !fetching->transport->was_cut)
			return partial_end(fetching->hub);
		if (!*problem && log->depth <= before && !log->is_whole) {
			*problem =
				memory_string(fetching->context, "it shows a log and does not hand it out");
			return partial_end(fetching->hub);
		}
		adapt(fetching, log->depth - before, *problem != NULL);
		if (*problem && !goes_on(fetching, *problem, log->depth > before))
			return NULL;
	}
	*problem = NULL;
	return NULL;
}

static const struct error *by_parts(struct fetching *fetching, char **problem)
{
	const void *context = fetching->context;
	struct partial *partial;
	char *listing;

	do
		TRY(transport_list(context, fetching->transport, &listing, problem));
	while (goes_on(fetching, *problem, false));
	if (*problem)
		return NULL;
	TRY(partial_begin(context, fetching->hub, fetching->remote, listing, &partial));
	TRY(partial_gather(partial, repo_path(fetching->hub->inbox)));
	TRY(fetch_partial(fetching, partial, problem));
	if (*problem)
		return NULL;
	TRY(transport_collect(context, fetching->transport, fetching->remote, partial->path, problem));
	return partial_end(fetching->hub);
}

const struct error *fetch_remote(
	const void *context, struct hub *hub, const char *remote, struct transport *transport, char **problem)
{
	struct fetching fetching = {.context = context,
		.hub = hub,
		.remote = remote,
		.transport = transport,
		.commits = COMMITS_FIRST};

	if (!partial_is_there(context, hub, remote)) {
		TRY(transport_fetch(context, transport, remote, problem));
		if (!goes_on(&fetching, *problem, false))
			return NULL;
	}
	TRY(by_parts(&fetching, problem));
	if (*problem)
		return NULL;
	do
		TRY(transport_fetch(context, transport, remote, problem));
	while (goes_on(&fetching, *problem, false));
	return NULL;
}
