/* The sync role's listener for other hubs: https on [sync] https, with the key of keys/tls-sync. What it
 * serves, and to whom, stands in sync/PEERS.md. */
#ifndef ENGABO_WEB_PEER_H
#define ENGABO_WEB_PEER_H

#include "node/base/home.h"

struct peer;
/* ERROR_NOT_FOUND without keys/tls-sync. `home` must stay. */
const struct error *peer_start(const struct home *home, struct peer **out) MUST_CHECK;
/* Ends what is under way. */
void peer_stop(struct peer *peer);

#endif
