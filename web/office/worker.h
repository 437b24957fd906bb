/* One thread for what takes a second or more (Argon2id, opening a large hub): one job at a time, so that
 * memory is bounded. */
#ifndef ENGABO_WEB_OFFICE_WORKER_H
#define ENGABO_WEB_OFFICE_WORKER_H

#include <stdbool.h>

#include "node/base/error.h"
#include "node/base/memory.h"

#define WORKER_WAITING_MAX 16

struct worker;
/* Each job is called exactly once, on the worker's thread; `is_ending`: the process is about to end, answer
 * at once. */
typedef void worker_job(void *job, bool is_ending);
const struct error *worker_start(struct worker **out) MUST_CHECK;
/* ERROR_UNAVAILABLE when too many wait already; the job is not called then. */
const struct error *worker_submit(struct worker *worker, worker_job *run, void *job) MUST_CHECK;
/* From now on jobs are called with is_ending. Does not wait. */
void worker_end(struct worker *worker);
/* Waits for the job under way, and frees. */
void worker_stop(struct worker *worker);

#endif
