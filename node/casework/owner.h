/* Whose a case is: the hub in its key, then along the transfers that were accepted (casework.md, "Between
 * hubs"). Pure, and a function of what the logs hold: places in logs decide, never a time.
 *
 * - The owner offers the case to a hub (entity transfer); that hub's first answer to it (entity takeover)
 *   counts, in the order of its log.
 * - An acceptance names how far (epoch, seq) it has read the old owner's log. It counts if the offer lies
 *   within that, and no withdrawal of it does. What the old owner writes behind that place is held.
 * - Of several offers that were accepted, the one that stands first in the owner's log counts. */
#ifndef ENGABO_CASEWORK_OWNER_H
#define ENGABO_CASEWORK_OWNER_H

#include "node/casework/event.h"

/* A place in a hub's log. Our own events that are not committed yet stand behind all others. */
struct place {
	int epoch;
	int64_t seq;
};
struct place owner_place(const struct event_origin *origin);
int owner_place_order(const struct place *a, const struct place *b); /* < 0, 0, > 0 */

/* One hub's time with a case: the commits of its log from `first` to `last`. */
struct tenure {
	char log[LOG_ID_SIZE];
	struct place first, last;
	bool is_over; /* else it owns the case, or this hub does not know until when it did */
};
struct owners {
	struct tenure *list; /* in their order; the last one owns it now */
	size_t count;
};

/* One more, which is not over. */
void owner_add(struct owners *owners, const char *log, struct place first);
/* The place of the tenure that covers an event, or -1. */
int owner_tenure_of(const struct owners *owners, const struct event_origin *origin);
/* The last tenure of this hub, or -1. */
int owner_last_of(const struct owners *owners, const char *log);

/* An offer that was accepted. */
struct accepted {
	char from[LOG_ID_SIZE], to[LOG_ID_SIZE];
	struct place offered;	   /* in the log of `from` */
	struct place covered;	   /* how far that log was followed */
	struct place accepted;	   /* in the log of `to` */
	char key[ENTITY_KEY_SIZE]; /* of the transfer */
};
/* The owners of a case made by `home`, as `self` knows them. A hub that was given a case knows that by its
 * own acceptance, though it was not told how the giver came by it. On `context`. */
struct owners *owner_walk(
	const void *context, const char *self, const char *home, struct accepted *accepted, size_t count);

#endif
