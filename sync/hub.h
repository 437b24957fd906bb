/* What the files of the sync role share: the open hub. Not for other layers (round.h is). */
#ifndef ENGABO_SYNC_HUB_H
#define ENGABO_SYNC_HUB_H

#include "sync/logs.h"
#include "sync/round.h"
#include "sync/state.h"

struct hub {
	struct home *home;
	int lock;		  /* run/sync.lock, held while this exists */
	struct db *db, *mailbox;  /* sync.db, mailbox.db */
	struct repo *log, *inbox; /* log.git, inbox.git */
	struct secret *sign;	  /* signs our log */
	struct trust trust;
	struct roster_chain *chain; /* checked from trust; never NULL, empty while the hub works alone */
	struct oid roster_at;	    /* the roster's commit that `chain` ends with; "" before the first */
	const char *halted;	    /* why our log takes no further commits; NULL: it does */
	const volatile int *stop;   /* ends running git children; NULL: nothing does */
	bool is_asked;		    /* a person waits for this round: what arrived is acknowledged at once */
};

/* The newest roster; NULL while the hub works alone. */
const struct roster *hub_roster(const struct hub *hub);
/* Reads trust.json and the roster's branch again if they changed, and remembers the highest version. */
const struct error *hub_refresh(struct hub *hub) MUST_CHECK;
/* Our log takes no further commits from here on, also after a restart: it would contradict itself. Noted as
 * an alarm. */
const struct error *hub_halt(struct hub *hub, const char *kind, const char *reason) MUST_CHECK;
/* Merges log.git's packs and begins inbox.git anew when they have grown many. Call when nothing is under way.
 */
const struct error *hub_tidy(struct hub *hub) MUST_CHECK;

/* round.c: what a fetch may bring now, in bytes. From any thread. */
const struct error *round_room(const struct hub *hub, uint64_t *out) MUST_CHECK;
/* round.c: checks and keeps what was fetched into inbox.git under `name`, and pushes nothing: the half of a
 * round with a neighbour. The report is round_remote's. */
const struct error *round_kept(struct hub *hub, const char *name, json_t **report) MUST_CHECK;

/* batch.c: what a crash left between spool and log, put right at start. Halts when our log is behind its
 * high-water mark. */
const struct error *batch_settle(struct hub *hub) MUST_CHECK;

/* For commands: asks the running role. *is_down: none runs (and *reply is untouched). */
const struct error *hub_call(const struct home *home, const json_t *request, int64_t deadline_ms,
	json_t **reply, bool *is_down) MUST_CHECK;

#endif
