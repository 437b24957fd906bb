/* Hubs of the coalition on the local network: who is near, what they have reached, and fetching what is new
 * from them (PEERS.md).
 *
 * Each hub that discover.h finds has a thread, which asks for its tips on a kept connection, and runs git
 * where something is new. What came is kept by the role, on its own thread, which alone writes sync.db and
 * log.git: a neighbour that hangs, is cut off or answers nonsense holds up nobody. */
#ifndef ENGABO_SYNC_NEIGHBOURS_H
#define ENGABO_SYNC_NEIGHBOURS_H

#include "sync/discover.h"
#include "sync/hub.h"

struct neighbours;
/* `hub` must stay. */
const struct error *neighbours_start(struct hub *hub, struct neighbours **out) MUST_CHECK;
/* Ends running git, too. NULL is fine. */
void neighbours_stop(struct neighbours *neighbours);

/* A hint: it appeared there, or is gone. */
void neighbours_see(struct neighbours *neighbours, const struct discover_hub *hub, bool there);
/* To be polled: readable when there is something for neighbours_work. */
int neighbours_bell(const struct neighbours *neighbours);
/* On the role's thread: keeps what was fetched, decides who is fetched from next, notes how it went. A report
 * for each neighbour whose fetch has ended, as round_remote gives it, into `reports`, an array. */
const struct error *neighbours_work(struct neighbours *neighbours, json_t *reports) MUST_CHECK;
/* Whether git is at work in inbox.git, which must then stay as it is. */
bool neighbours_fetch(const struct neighbours *neighbours);

#endif
