/* Threads beside the server's for what keeps a processor busy: sealing a report is a dozen times the work of
 * taking it in, and on the server's one thread every phone would wait for every other's. */
#ifndef ENGABO_WEB_INTAKE_SEALER_H
#define ENGABO_WEB_INTAKE_SEALER_H

#include "node/base/error.h"

struct sealer;
const struct error *sealer_start(struct sealer **out) MUST_CHECK;
/* `run` is called once, on one of the threads, in about the order of asking. Never blocks; how many may wait
 * is bounded by the connections of the server. */
void sealer_submit(struct sealer *sealer, void (*run)(void *job), void *job);
/* Finishes what waits, joins the threads, frees. NULL is fine. */
void sealer_stop(struct sealer *sealer);

#endif
