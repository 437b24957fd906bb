/* A kept connection to a neighbour, to ask for its tips (PEERS.md): TLS 1.3 by GnuTLS, where both sides show
 * their sync certificates, and HTTP/1.1. Every wait has its end. */
#ifndef ENGABO_SYNC_LINK_H
#define ENGABO_SYNC_LINK_H

#include <stdbool.h>

#include "node/base/home.h"
#include "node/vault/digest.h"
#include "sync/tips.h"

/* keys/tls-sync: what we show. Shared by all links; frees nothing of theirs. */
struct link_key;
const struct error *link_key_read(const struct home *home, struct link_key **out) MUST_CHECK;
void link_key_free(struct link_key *key); /* NULL is fine */

/* Whether to go on with whoever has this key; asked before we show ours. */
typedef bool link_accept(void *user, const uint8_t pin[static DIGEST_LEN]);

struct link;
/* `address` in numbers, link-local ones with %<interface>. `wake`: a descriptor; once it can be read, every
 * wait ends. ERROR_DENIED: not accepted; ERROR_UNAVAILABLE: it does not come about. */
const struct error *link_open(const struct link_key *key, const char *address, int port, int wake,
	link_accept *accept, void *user, struct link **out) MUST_CHECK;
void link_close(struct link *link); /* NULL is fine */
DEFINE_CLEANUP(struct link *, link_close)

#define LINK_ETAG_SIZE 64
/* Asks for tips other than those of `etag` ("": any), for which the neighbour may take so long. *is_new:
 * there are; then `etag` and *tips hold them. After an error the link is of no more use: ERROR_DENIED, it
 * does not know us; ERROR_INVALID, it answers what is none; ERROR_UNAVAILABLE, else. */
const struct error *link_tips(struct link *link, int wait_seconds, char etag[static LINK_ETAG_SIZE],
	struct tips *tips, bool *is_new) MUST_CHECK;

#endif
