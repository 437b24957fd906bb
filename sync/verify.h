/* Signatures of a batch of commits, verified on another processor while this one reads their envelopes. */
#ifndef ENGABO_SYNC_VERIFY_H
#define ENGABO_SYNC_VERIFY_H

#include "sync/check.h"

struct verification;
/* The commits stay where they are, untouched, until verify_end. On `context`; freeing it waits for the end.
 */
struct verification *verify_begin(
	const void *context, const struct signer *signer, const struct checked *const *commits, size_t count);
/* Waits; NULL when all are good, else why *first, the first that is not, is refused. The verification is used
 * up. */
const struct error *verify_end(struct verification *verification, size_t *first) MUST_CHECK;

#endif
