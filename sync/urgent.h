/* The flag "something urgent waits here": raised by a report that says somebody is in danger now, lowered
 * when a person has opened it, and told again as long as nobody does. It carries no content: how many wait,
 * and since when.
 *
 * Pure but for reading: the sync role's watch (watch.h) applies the rule and writes run/urgent; pages and
 * commands read. Seconds are the wall clock's, `boot_ms` the boot clock's. */
#ifndef ENGABO_SYNC_URGENT_H
#define ENGABO_SYNC_URGENT_H

#include "node/base/home.h"
#include "node/base/json.h"
#include "node/store/db.h"

#define URGENT_AGAIN_SECONDS (30 * 60)	  /* unopened, it is told again so often */
#define URGENT_LATE_SECONDS (2 * 60 * 60) /* unopened for so long, it is everybody's */
#define URGENT_FILE "run/urgent"
#define URGENT_BELL "run/urgent.bell" /* rung by whoever changes a fact below */

/* What the databases say. A report counts once: as long as the office has not read it it is a row of
 * intake's, afterwards a row of the office's. */
struct urgent_facts {
	int64_t waiting; /* urgent reports that nobody opened */
	int64_t since;	 /* of the oldest; 0 when none waits, or when it came just now */
	int64_t unread; /* at headquarters: reports of other hubs that this office has not read (it is locked)
			   and that no office has answered: nobody can know whether they are urgent */
};
struct urgent_office {
	int64_t seen; /* intake's rows up to here are known to the office */
	int64_t waiting, since;
};
/* office.db's part. */
const struct error *urgent_office_read(struct db *office_db, struct urgent_office *out) MUST_CHECK;
/* With intake's part from sync.db, and from intake.db what sync has not taken yet (may be NULL). */
const struct error *urgent_facts_read(struct db *sync_db, struct db *intake_db,
	const struct urgent_office *office, struct urgent_facts *out) MUST_CHECK;
/* Headquarters: `unread` from mailbox.db, without the reports of `self`. */
const struct error *urgent_unread(
	struct db *mailbox_db, struct db *office_db, const char *self, int64_t *out) MUST_CHECK;

enum urgent_state { URGENT_QUIET, URGENT_UNREAD, URGENT_WAITING };
enum urgent_signal {
	SIGNAL_NOTHING,
	SIGNAL_RAISE,	 /* a report has come that cannot wait */
	SIGNAL_AGAIN,	 /* half an hour has passed, and it is as before */
	SIGNAL_ESCALATE, /* nobody has opened one of them for two hours */
	SIGNAL_UNREAD, /* headquarters is locked, and for two hours nobody anywhere has opened what came in */
	SIGNAL_LOWER,  /* all is opened */
};
const char *urgent_signal_name(enum urgent_signal signal); /* "raise", "again", ... */

struct urgent_now {
	int64_t seconds, boot_ms;
};
struct urgent_now urgent_now(void);

struct urgent_flag {
	enum urgent_state state;
	int64_t waiting, since; /* since: 0 when none waits */
	int64_t unread, unread_since;
	bool is_late;		 /* the oldest has waited for two hours */
	int told;		 /* signals since it was raised */
	int64_t told_at;	 /* the newest of them */
	enum urgent_signal owed; /* that the command of [urgent] has yet to be told */
	int64_t fact_since;	 /* what the databases say for `since`, by the clock of that time */
	/* The same by the boot clock, which nobody sets; not kept over a restart. */
	int64_t since_boot_ms, unread_boot_ms, told_boot_ms;
};
/* After reading a kept flag in a new process: what has passed meanwhile goes by the wall clock, and what was
 * late stays late whatever that says. */
void urgent_resume(struct urgent_flag *flag, const struct urgent_now *now);
/* Brings the flag up to date and says what is to be told; call again until it says nothing. */
enum urgent_signal urgent_step(
	struct urgent_flag *flag, const struct urgent_facts *facts, const struct urgent_now *now);
/* When to look again by the boot clock; -1: when a fact changes. */
int64_t urgent_due_ms(const struct urgent_flag *flag);
/* By today's clock, when a report began to wait that was noted at `at` by the clock of that time (0: just
 * now); `kept`: the flag, whose `since` follows the clock. `is_oldest`: none of those that it counts is
 * older. */
int64_t urgent_began(const struct urgent_flag *kept, int64_t at, bool is_oldest);
/* Whether sound is wanted at this minute of the day; `quiet` as in [urgent] quiet. */
bool urgent_may_sound(const char *quiet, int minute);
/* The same, now, by the hub's time zone. */
bool urgent_may_sound_now(const struct home *home);

/* run/urgent, one line of JSON. A missing file is a flag that was never raised. */
const struct error *urgent_read(const struct home *home, struct urgent_flag *out) MUST_CHECK;
const struct error *urgent_write(const struct home *home, const struct urgent_flag *flag) MUST_CHECK;
/* For `engabo urgent --json` and `engabo status --json`:
 * {"state":"quiet"|"unread"|"waiting","waiting","unread","since":<RFC 3339>|null,"late","sound"}; the caller
 * owns it. */
json_t *urgent_as_json(const struct home *home, const struct urgent_flag *flag);
/* "waiting since 2026-11-23T09:12:44Z, 2", "unread since ..., 1" or "quiet", and ", late", ", no sound". On
 * `context`. */
char *urgent_as_text(const void *context, const struct home *home, const struct urgent_flag *flag);

#endif
