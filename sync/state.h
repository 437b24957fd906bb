/* sync.db: what the sync role remembers. It alone writes it; office and commands read it. What each table and
 * column is for stands in state.sql. (mailbox.db: mailboxes.h.) */
#ifndef ENGABO_SYNC_STATE_H
#define ENGABO_SYNC_STATE_H

#include "node/base/home.h"
#include "node/base/json.h"
#include "node/store/db.h"
#include "sync/logs.h"

#define SYNC_DB_VERSION 2
extern const struct db_schema sync_schema; /* state.sql, state_2.sql */

/* ---- for readers ---- */

/* How far sync has taken a spool ('intake' from mailbox.db or sync.db, 'office' from sync.db); 0 when it has
 * taken nothing. */
const struct error *state_taken(struct db *db, const char *spool, int64_t *upto) MUST_CHECK;
/* How far a log has left this hub: the most of it that any remote was seen to hold; 0 for none. */
const struct error *state_left(struct db *db, const char *log, int epoch, int64_t *seq) MUST_CHECK;
/* What `engabo status --json` and /sync show; the caller owns it. Times are seconds, null where there is
 * none:
 *   {"remotes":[{"name","url","last_ok","last_try","last_error","next_try","failures","sent","received","waiting_in","waiting_out"}],
 *    "neighbours":[{"log","address","linked","last_ok","last_error","received","waiting_in","waiting_out"}],
 *    "logs":[{"log","epoch","seq","seen"}], "acks":[{"log","epoch","by","seq"}],
 *    "trouble":[{"at","remote","log","kind","reason"}], "found":[{"name","host","address","port","seen"}],
 *    "sticks":[{"place","at","is_done","brought","taken","skipped","may_pull","error"}]}
 * waiting_out: commits of all logs that the remote has not got; waiting_in: commits it shows that we have not
 * kept. */
const struct error *state_status(struct db *db, json_t **out) MUST_CHECK;

/* ---- for the sync role alone ---- */

const struct error *state_taken_set(struct db *db, const char *spool, int64_t upto) MUST_CHECK;

/* Kinds: alarms stay for thirty days after the last time, for people to see; states end by themselves. */
#define TROUBLE_ROLLED_BACK "rolled-back" /* alarm: a remote shows less than it once did */
#define TROUBLE_FORKED "forked"		  /* alarm: two signed histories of one log */
#define TROUBLE_LOST "lost"		  /* alarm: log.git lacks what it held before */
#define TROUBLE_SPOOL "spool"		  /* alarm: a spool holds what cannot go into a log */
#define TROUBLE_REFUSED "refused"	  /* state: what a remote shows breaks a rule */
#define TROUBLE_WAITS "waits" /* state: commits that name a roster version which is not here yet */
/* Notes it, or brings the row up to date. `remote` and `log` may be "". */
const struct error *state_trouble(
	struct db *db, const char *remote, const char *log, const char *kind, const char *reason) MUST_CHECK;
/* The state is over; with `remote` NULL, everywhere. */
const struct error *state_trouble_end(
	struct db *db, const char *remote, const char *log, const char *kind) MUST_CHECK;

/* What did not happen again for thirty days is no longer shown. */
const struct error *state_trouble_forget(struct db *db) MUST_CHECK;

/* The high-water mark of a log; seq 0 when there is none. `roster` is not kept. */
const struct error *state_known(struct db *db, const char *log, int epoch, struct log_tip *out) MUST_CHECK;
const struct error *state_known_set(
	struct db *db, const char *log, int epoch, const struct log_tip *tip) MUST_CHECK;

/* How far a remote has a log: `seq` only ever grows. */
const struct error *state_reach(
	struct db *db, const char *remote, const char *log, int epoch, int64_t *seq) MUST_CHECK;
const struct error *state_reach_set(struct db *db, const char *remote, const char *log, int epoch,
	int64_t seq, int64_t claimed) MUST_CHECK;

/* Nothing is known of what that remote has. */
const struct error *state_reach_forget(struct db *db, const char *remote) MUST_CHECK;

/* Bytes of the next step to a remote (steps.h); 0: none was sent yet, or it is in no row. */
const struct error *state_step(struct db *db, const char *remote, int64_t *bytes) MUST_CHECK;
const struct error *state_step_set(struct db *db, const char *remote, int64_t bytes) MUST_CHECK;

/* Records are being carried with the stick at `place`; what was said of a month ago is forgotten. */
const struct error *state_stick_begin(struct db *db, const char *place) MUST_CHECK;
/* What came of it: `stick` as in round_remote's report, `problem` or NULL. */
const struct error *state_stick_end(
	struct db *db, const char *place, const json_t *stick, const char *problem) MUST_CHECK;

/* `by` says it has `log` up to `seq`; never goes back. */
const struct error *state_ack(
	struct db *db, const char *log, int epoch, const char *by, int64_t seq) MUST_CHECK;
/* How much of `log` `by` says it has; 0 for nothing. */
const struct error *state_acked(
	struct db *db, const char *log, int epoch, const char *by, int64_t *seq) MUST_CHECK;
/* What we have and have not yet acknowledged, of logs other than `self`: at most COMMIT_ACKS_MAX. */
const struct error *state_acks_due(struct db *db, const char *self,
	struct commit_ack out[static COMMIT_ACKS_MAX], size_t *count) MUST_CHECK;

#endif
