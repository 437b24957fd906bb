/* keys/sign: the key that signs this hub's log, as one line of base64 (the 32-byte Ed25519 seed). init writes
 * it. */
#ifndef ENGABO_SYNC_SIGNKEY_H
#define ENGABO_SYNC_SIGNKEY_H

#include "node/base/home.h"
#include "node/vault/sshsig.h"

/* The seed; the caller frees it. ERROR_CONFIG when it is damaged, or is not the key that `own` (from
 * trust.json) is the public part of. */
const struct error *signkey_read(
	const struct home *home, const struct signer *own, struct secret **out) MUST_CHECK;

#endif
