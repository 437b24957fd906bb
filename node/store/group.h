/* Group commit: one thread owns the writing handle; jobs that wait together share one transaction and one
 * fsync.
 *
 * A job runs inside a savepoint: one that fails takes nothing of the others with it. `done` is called on the
 * writer's thread after the commit is on the card (or with the error), exactly once a job; it must be quick.
 */
#ifndef ENGABO_STORE_GROUP_H
#define ENGABO_STORE_GROUP_H

#include "node/store/db.h"

struct group;
typedef const struct error *group_work(struct db *db, void *job);
typedef void group_done(void *job, const struct error *error);

/* Takes over `db` (no one else may use the handle from here on). */
const struct error *group_start(struct db *db, struct group **out) MUST_CHECK;
/* Never blocks. */
void group_submit(struct group *group, group_work *work, group_done *done, void *job);
/* Blocks until it is on the card; for callers with a thread to spare. */
const struct error *group_wait(struct group *group, group_work *work, void *job) MUST_CHECK;
/* What was deleted lies in the database's log until that is written anew: when nothing waits, the log is
 * emptied. Never blocks. */
void group_empty_log(struct group *group);
/* Finishes what waits, joins the thread, closes the handle. */
void group_stop(struct group *group);

#endif
