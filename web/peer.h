/* The sync role's listener for other hubs: https on [sync] https, with the key of keys/tls-sync. For now it
 * only says whether the hub is well. */
#ifndef ENGABO_WEB_PEER_H
#define ENGABO_WEB_PEER_H

#include "node/base/home.h"
#include "web/server.h"

/* ERROR_NOT_FOUND without keys/tls-sync. Stop it with server_stop. */
const struct error *peer_start(const struct home *home, struct server **out) MUST_CHECK;

#endif
