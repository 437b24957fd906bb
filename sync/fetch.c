/* Bringing in what a remote shows: see fetch.h. How weeks of records come in over half a minute of line at a
 * time.
 *
 * Leaves git to transport.c and what came of a broken fetch to pieces.c. Guards: a good line costs what a
 * plain fetch costs; over a bad one nothing whole is fetched twice. Runs in the sync role, or in a command
 * that holds its lock. */
#include "sync/fetch.h"

#include "sync/pieces.h"

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

static const struct error *fetch_pieces(struct fetching *fetching, struct pieces *pieces, char **problem)
{
	struct piece *piece;

	while ((piece = pieces_next(pieces))) {
		int64_t before = piece->depth;

		TRY(transport_deepen(fetching->context, fetching->transport, piece->ref, piece->own,
			before + fetching->commits, problem));
		TRY(pieces_gather(pieces, pieces->path));
		if (*problem && !fetching->transport->was_cut)
			return pieces_end(fetching->hub);
		if (!*problem && piece->depth <= before && !piece->is_whole) {
			*problem =
				memory_string(fetching->context, "it shows a log and does not hand it out");
			return pieces_end(fetching->hub);
		}
		adapt(fetching, piece->depth - before, *problem != NULL);
		if (*problem && !goes_on(fetching, *problem, piece->depth > before))
			return NULL;
	}
	*problem = NULL;
	return NULL;
}

static const struct error *in_pieces(struct fetching *fetching, char **problem)
{
	const void *context = fetching->context;
	struct pieces *pieces;
	char *listing;

	do
		TRY(transport_list(context, fetching->transport, &listing, problem));
	while (goes_on(fetching, *problem, false));
	if (*problem)
		return NULL;
	TRY(pieces_begin(context, fetching->hub, fetching->remote, listing, &pieces));
	TRY(pieces_gather(pieces, repo_path(fetching->hub->inbox)));
	TRY(fetch_pieces(fetching, pieces, problem));
	if (*problem)
		return NULL;
	TRY(transport_collect(context, fetching->transport, fetching->remote, pieces->path, problem));
	return pieces_end(fetching->hub);
}

const struct error *fetch_remote(
	const void *context, struct hub *hub, const char *remote, struct transport *transport, char **problem)
{
	struct fetching fetching = {.context = context,
		.hub = hub,
		.remote = remote,
		.transport = transport,
		.commits = COMMITS_FIRST};

	if (!pieces_are_there(context, hub, remote)) {
		TRY(transport_fetch(context, transport, remote, problem));
		if (!goes_on(&fetching, *problem, false))
			return NULL;
	}
	TRY(in_pieces(&fetching, problem));
	if (*problem)
		return NULL;
	do
		TRY(transport_fetch(context, transport, remote, problem));
	while (goes_on(&fetching, *problem, false));
	return NULL;
}
