/* Signatures of many commits, verified on another processor while this one reads their envelopes. */
#ifndef ENGABO_SYNC_VERIFY_H
#define ENGABO_SYNC_VERIFY_H

#include "sync/commit.h"

struct verification;
/* All by `signer`, in namespace git. On `context`; freeing it gives up what is still waiting. */
struct verification *verify_begin(const void *context, const struct signer *signer);
/* Takes a copy of what the next commit's signature covers, and of the signature; waits while too many are
 * waiting. False once one was found that does not verify: there is no use in going on. */
bool verify_add(struct verification *verification, const struct raw_commit *raw);
/* Waits for all. NULL when all are good, else why *first (0 is the first that was added) is refused. The
 * verification is used up. */
const struct error *verify_end(struct verification *verification, size_t *first) MUST_CHECK;

#endif
