/* A doorbell between roles: an empty datagram on a Unix socket that says "look" and carries no data. Losing
 * one costs only time: whoever listens also looks now and then. */
#ifndef ENGABO_STORE_DOORBELL_H
#define ENGABO_STORE_DOORBELL_H

#include "node/base/error.h"

/* Binds run/<name>.bell (a stale one is replaced); poll *fd for reading. */
const struct error *doorbell_listen(const char *path, int *fd) MUST_CHECK;
/* Empties what has been rung. */
void doorbell_drain(int fd);
/* Never blocks, never fails: nobody there is fine. */
void doorbell_ring(const char *path);

#endif
