/* The hub's own source of codes: a child process that does nothing but Argon2id, and codes made ahead in
 * memory, so that a report waits for none of it: sixteen as soon as it starts, the rest, enough for a hundred
 * phones at once, in the minutes after, one a second. Reports go before people who come back, and they before
 * filling up. */
#ifndef ENGABO_WEB_INTAKE_POOL_H
#define ENGABO_WEB_INTAKE_POOL_H

#include "web/intake/code_source.h"

#define POOL_SIZE 128
#define POOL_SOON 16 /* made without a pause */

struct pool;
/* Forks the child: call before any thread starts and before anything is opened that it should not hold. */
const struct error *pool_start(struct pool **out) MUST_CHECK;
struct code_source *pool_source(struct pool *pool);
/* Readable once the child has died: the role cannot go on and ends, to be started again. */
int pool_broken_fd(const struct pool *pool);
/* Ends the child and fails what still waits; whoever asks from now on is refused. */
void pool_stop(struct pool *pool);
/* After pool_stop, once nobody can ask any more. */
void pool_free(struct pool *pool);

#endif
