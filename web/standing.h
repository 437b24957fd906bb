/* Where this hub's logs stand, and which hubs may ask: read from log.git by a thread of its own whenever sync
 * says that something is new, and shown to any number of neighbours without looking again. A neighbour may
 * wait for the next news. Thread-safe. */
#ifndef ENGABO_WEB_STANDING_H
#define ENGABO_WEB_STANDING_H

#include "node/base/home.h"
#include "node/vault/digest.h"
#include "web/server.h"

struct standing;
const struct error *standing_start(const struct home *home, struct standing **out) MUST_CHECK;
/* Whoever waits is answered, and nobody waits any more: before server_stop. */
void standing_end(struct standing *standing);
/* After it. NULL is fine. */
void standing_free(struct standing *standing);

/* Whether this is the key of a hub that the newest roster names and does not say to be revoked. */
bool standing_knows(struct standing *standing, const uint8_t pin[static DIGEST_LEN]);
/* The answer to GET /tips (sync/PEERS.md): the text, or 304 for who has it; with "Prefer: wait=SECONDS" not
 * before there is something new, or the time is over. */
const struct error *standing_show(struct standing *standing, struct request *request) MUST_CHECK;

#endif
