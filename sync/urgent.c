/* When somebody in danger has written and nobody reads it: what the flag is, when it is told again, and what
 * of it lies on the card.
 *
 * Who writes which fact: intake marks a row of its spool, sync keeps the mark when the row goes into the log,
 * the office takes over what it has read. Guards: a mark never vanishes but by a person opening the report,
 * and a wrong clock makes the telling too early, never too late. Runs in sync (watch.c); office and commands
 * read. */
#include "sync/urgent.h"

#include <string.h>
#include <time.h>

#include "node/base/clock.h"
#include "node/base/files.h"
#include "node/base/ids.h"
#include "node/base/text.h"
#include "sync/state.h"

#define FILE_MAX 4096

static const char *const state_names[] = {
	[URGENT_QUIET] = "quiet", [URGENT_UNREAD] = "unread", [URGENT_WAITING] = "waiting"};
static const char *const signal_names[] = {
	[SIGNAL_NOTHING] = "",
	[SIGNAL_RAISE] = "raise",
	[SIGNAL_AGAIN] = "again",
	[SIGNAL_ESCALATE] = "escalate",
	[SIGNAL_UNREAD] = "unread",
	[SIGNAL_LOWER] = "lower",
};
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

const char *urgent_signal_name(enum urgent_signal signal)
{
	return signal_names[signal];
}

struct urgent_now urgent_now(void)
{
	return (struct urgent_now){clock_wall_seconds(), clock_boot_ms()};
}

/* ---- facts ---- */

const struct error *urgent_office_read(struct db *office_db, struct urgent_office *out)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	/* One statement: the office changes both together. */
	TRY(db_prepare(office_db, &query,
		"SELECT (SELECT value FROM meta WHERE name = 'urgent_seen'), count(*), min(at) FROM urgent"));
	TRY(db_step(&query, &row));
	*out = (struct urgent_office){db_integer(&query, 0), db_integer(&query, 1), db_integer(&query, 2)};
	return NULL;
}

static const struct error *read_marks(
	struct db *sync_db, int64_t seen, struct urgent_facts *out, int64_t *upto)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	TRY(db_prepare(sync_db, &query,
		"SELECT count(*), min(at), max((SELECT coalesce(max(id), 0) FROM urgent), (SELECT "
		"coalesce(max(upto), 0) FROM taken WHERE spool = 'intake')) FROM urgent WHERE id > ?"));
	db_bind_integer(&query, 1, seen);
	TRY(db_step(&query, &row));
	out->waiting = db_integer(&query, 0);
	out->since = db_integer(&query, 1);
	*upto = db_integer(&query, 2);
	return NULL;
}

static const struct error *read_spool(struct db *intake_db, int64_t after, int64_t *count)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	TRY(db_prepare(intake_db, &query, "SELECT count(*) FROM spool WHERE id > ? AND urgent = 1"));
	db_bind_integer(&query, 1, after);
	TRY(db_step(&query, &row));
	*count = db_integer(&query, 0);
	return NULL;
}

const struct error *urgent_facts_read(struct db *sync_db, struct db *intake_db,
	const struct urgent_office *office, struct urgent_facts *out)
{
	struct urgent_facts facts = {0};
	int64_t upto = 0, fresh = 0;

	TRY(read_marks(sync_db, office->seen, &facts, &upto));
	if (intake_db)
		TRY(read_spool(intake_db, upto > office->seen ? upto : office->seen, &fresh));
	facts.waiting += fresh + office->waiting;
	if (office->since && (!facts.since || office->since < facts.since))
		facts.since = office->since;
	*out = facts;
	return NULL;
}

/* How far the office has read each log, [[log, epoch, seq]]: office.db and mailbox.db are two hands' files.
 */
static const struct error *office_upto(const void *context, struct db *office_db, char **out)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	TRY(db_prepare(
		office_db, &query, "SELECT json_group_array(json_array(log, epoch, seq)) FROM read_upto"));
	TRY(db_step(&query, &row));
	*out = memory_string(context, db_text(&query, 0));
	return NULL;
}

static const struct error *ask(
	struct db *mailbox_db, const char *sql, const char *self, const char *upto, int64_t *out)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	TRY(db_prepare(mailbox_db, &query, sql));
	db_bind_text(&query, 1, self);
	db_bind_text(&query, 2, upto);
	TRY(db_step(&query, &row));
	*out = row ? db_integer(&query, 0) : 0;
	return NULL;
}

#define WITH_UPTO                                                                                            \
	"WITH upto AS MATERIALIZED (SELECT value ->> 0 AS log, value ->> 1 AS epoch, value ->> 2 AS seq "    \
	"FROM json_each(?2))"
static const char is_any[] = WITH_UPTO " SELECT count(*) FROM indexed LEFT JOIN upto USING (log, epoch) "
				       "WHERE indexed.log <> ?1 AND indexed.seq > "
				       "coalesce(upto.seq, 0)";
/* A report comes with the first item of its mailbox, by an intake: one that came before any other log had
 * one. Only an office ends the waiting: the one whose log brought it, or headquarters'. What the reporter's
 * code can write does not, for somebody may have taken the phone and the code; nor does what another hub
 * writes there.
 *
 * Items are read from one end to the other, twice, but those of offices have an index (mailbox.sql). */
static const char how_many[] =
	WITH_UPTO ", fresh AS MATERIALIZED (SELECT mailbox, item.log, min(id) AS id FROM item LEFT JOIN upto "
		  "USING (log, "
		  "epoch) WHERE item.log <> ?1 AND office = 0 AND item.seq > coalesce(upto.seq, 0) GROUP BY "
		  "mailbox, item.log)"
		  ", known AS MATERIALIZED (SELECT mailbox, log, min(id) AS id FROM item WHERE mailbox IN "
		  "(SELECT mailbox "
		  "FROM fresh) GROUP BY mailbox, log)"
		  " SELECT count(*) FROM fresh LEFT JOIN known ON known.mailbox = fresh.mailbox AND "
		  "known.log <> fresh.log "
		  "AND known.id < fresh.id WHERE known.id IS NULL AND NOT EXISTS (SELECT 1 FROM item WHERE "
		  "item.mailbox = "
		  "fresh.mailbox AND office > 0 AND (office = 2 OR item.log = fresh.log))";

const struct error *urgent_unread(struct db *mailbox_db, struct db *office_db, const char *self, int64_t *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	int64_t logs;
	char *upto;

	*out = 0;
	TRY(office_upto(scratch, office_db, &upto));
	TRY(ask(mailbox_db, is_any, self, upto, &logs));
	return logs ? ask(mailbox_db, how_many, self, upto, out) : NULL;
}

/* ---- the rule ---- */

/* The boot clock's time of something at `seconds`; what seems to lie ahead is now, and what seems older than
 * this program was noted by a clock that was wrong. */
static int64_t boot_of(int64_t seconds, const struct urgent_now *now)
{
	int64_t begun = clock_likely(now->seconds) == now->seconds ? clock_likely(seconds) : seconds;
	int64_t passed = seconds && begun < now->seconds ? now->seconds - begun : 0;

	return now->boot_ms - passed * 1000;
}

/* Never 0, which is for what does not wait: a clock may say 1970. */
static int64_t seconds_of(int64_t boot_ms, const struct urgent_now *now)
{
	int64_t seconds = now->seconds - (now->boot_ms - boot_ms) / 1000;

	return seconds > 0 ? seconds : 1;
}

/* What is shown moves with the wall clock when that is set, and not by its rounding. */
static void follow_clock(int64_t *shown, int64_t boot_ms, const struct urgent_now *now)
{
	int64_t right = seconds_of(boot_ms, now);

	if (*shown < right - 2 || *shown > right + 2)
		*shown = right;
}

static bool has_passed(int64_t since_boot_ms, int64_t seconds, const struct urgent_now *now)
{
	return now->boot_ms - since_boot_ms >= seconds * 1000;
}

void urgent_resume(struct urgent_flag *flag, const struct urgent_now *now)
{
	flag->since_boot_ms = boot_of(flag->since, now);
	if (flag->is_late && !has_passed(flag->since_boot_ms, URGENT_LATE_SECONDS, now))
		flag->since_boot_ms = now->boot_ms - INT64_C(1000) * URGENT_LATE_SECONDS;
	flag->unread_boot_ms = boot_of(flag->unread_since, now);
	if (flag->state == URGENT_UNREAD && !has_passed(flag->unread_boot_ms, URGENT_LATE_SECONDS, now))
		flag->unread_boot_ms = now->boot_ms - INT64_C(1000) * URGENT_LATE_SECONDS;
	flag->told_boot_ms = boot_of(flag->told_at, now);
}

/* What is noted of the oldest has changed. When one less waits, the next oldest is younger than it was; else
 * an older one has come, or a clock was set back, and then the time that has passed counts. */
static int64_t other_since(
	const struct urgent_flag *flag, const struct urgent_facts *facts, const struct urgent_now *now)
{
	int64_t noted = boot_of(facts->since, now);
	bool is_younger = noted > flag->since_boot_ms;

	return (facts->waiting < flag->waiting) == is_younger ? noted : flag->since_boot_ms;
}

static void take_waiting(
	struct urgent_flag *flag, const struct urgent_facts *facts, const struct urgent_now *now)
{
	if (!facts->waiting) {
		flag->since = flag->fact_since = 0;
	} else if (!flag->waiting) {
		flag->since_boot_ms = boot_of(facts->since, now);
		flag->fact_since = facts->since;
		flag->is_late = false;
	} else if (facts->since && facts->since != flag->fact_since) {
		if (flag->fact_since) /* what came just now has its time */
			flag->since_boot_ms = other_since(flag, facts, now);
		flag->fact_since = facts->since;
		flag->is_late = flag->is_late && has_passed(flag->since_boot_ms, URGENT_LATE_SECONDS, now);
	}
	flag->waiting = facts->waiting;
	if (flag->waiting)
		follow_clock(&flag->since, flag->since_boot_ms, now);
}

static void take_unread(struct urgent_flag *flag, int64_t unread, const struct urgent_now *now)
{
	if (!unread)
		flag->unread_since = 0;
	else if (!flag->unread)
		flag->unread_boot_ms = now->boot_ms;
	flag->unread = unread;
	if (unread)
		follow_clock(&flag->unread_since, flag->unread_boot_ms, now);
}

static enum urgent_signal tell(
	struct urgent_flag *flag, enum urgent_signal signal, const struct urgent_now *now)
{
	flag->told = signal == SIGNAL_LOWER ? 0 : flag->told + 1;
	flag->told_boot_ms = now->boot_ms;
	flag->told_at = now->seconds;
	return signal;
}

static enum urgent_state state_of(const struct urgent_flag *flag, const struct urgent_now *now)
{
	if (flag->waiting)
		return URGENT_WAITING;
	return flag->unread && has_passed(flag->unread_boot_ms, URGENT_LATE_SECONDS, now) ? URGENT_UNREAD
											  : URGENT_QUIET;
}

enum urgent_signal urgent_step(
	struct urgent_flag *flag, const struct urgent_facts *facts, const struct urgent_now *now)
{
	bool is_more = facts->waiting > flag->waiting;
	enum urgent_state state, was = flag->state;

	if (flag->told)
		follow_clock(&flag->told_at, flag->told_boot_ms, now);
	take_waiting(flag, facts, now);
	take_unread(flag, facts->unread, now);
	state = state_of(flag, now);
	if (state < was) { /* urgent ones are opened; what is unread beside them is told next */
		flag->state = URGENT_QUIET;
		flag->is_late = false;
		return tell(flag, SIGNAL_LOWER, now);
	}
	flag->state = state;
	if (state != was)
		return tell(flag, state == URGENT_WAITING ? SIGNAL_RAISE : SIGNAL_UNREAD, now);
	if (state == URGENT_QUIET)
		return SIGNAL_NOTHING;
	if (is_more)
		return tell(flag, SIGNAL_RAISE, now);
	if (state == URGENT_WAITING && !flag->is_late &&
		has_passed(flag->since_boot_ms, URGENT_LATE_SECONDS, now)) {
		flag->is_late = true;
		return tell(flag, SIGNAL_ESCALATE, now);
	}
	return has_passed(flag->told_boot_ms, URGENT_AGAIN_SECONDS, now) ? tell(flag, SIGNAL_AGAIN, now)
									 : SIGNAL_NOTHING;
}

int64_t urgent_began(const struct urgent_flag *kept, int64_t at, bool is_oldest)
{
	at = at ? clock_likely(at) : 0;
	if (kept->state != URGENT_WAITING || !kept->since)
		return at;
	return is_oldest || at < kept->since ? kept->since : at;
}

int64_t urgent_due_ms(const struct urgent_flag *flag)
{
	const int64_t late_ms = INT64_C(1000) * URGENT_LATE_SECONDS;
	int64_t due;

	if (flag->state == URGENT_QUIET)
		return flag->unread ? flag->unread_boot_ms + late_ms : -1;
	due = flag->told_boot_ms + INT64_C(1000) * URGENT_AGAIN_SECONDS;
	if (flag->state == URGENT_WAITING && !flag->is_late && flag->since_boot_ms + late_ms < due)
		due = flag->since_boot_ms + late_ms;
	return due;
}

bool urgent_may_sound(const char *quiet, int minute)
{
	int from, to;

	if (!*quiet || !config_hours(quiet, &from, &to))
		return true;
	if (from < to)
		return minute < from || minute >= to;
	return minute < from && minute >= to; /* over midnight; equal ends: never */
}

bool urgent_may_sound_now(const struct home *home)
{
	time_t now = (time_t)clock_wall_seconds();
	struct tm local;

	localtime_r(&now, &local);
	return urgent_may_sound(home->config->urgent.quiet, local.tm_hour * 60 + local.tm_min);
}

/* ---- on the card ---- */

static size_t index_of(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return 0;
}

static int64_t number_of(const json_t *object, const char *name)
{
	int64_t number = json_integer_value(json_object_get(object, name));

	return number > 0 ? number : 0;
}

const struct error *urgent_read(const struct home *home, struct urgent_flag *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *kept CLEANUP(json_decref) = NULL;
	const struct error *error;
	struct bytes text;

	*out = (struct urgent_flag){0};
	error = files_read(scratch, home_file(scratch, home, URGENT_FILE), FILE_MAX, &text);
	if (error && error->code == ERROR_NOT_FOUND)
		return NULL;
	if (error)
		return error;
	TRY(json_object_parse(text, &kept));
	*out = (struct urgent_flag){
		.state = (enum urgent_state)index_of(
			state_names, COUNT_OF(state_names), json_text_or(kept, "state", "")),
		.waiting = number_of(kept, "waiting"),
		.since = number_of(kept, "since"),
		.fact_since = number_of(kept, "noted"),
		.unread = number_of(kept, "unread"),
		.unread_since = number_of(kept, "unread_since"),
		.is_late = json_is_true(json_object_get(kept, "late")),
		.told = (int)number_of(kept, "told"),
		.told_at = number_of(kept, "told_at"),
		.owed = (enum urgent_signal)index_of(
			signal_names, COUNT_OF(signal_names), json_text_or(kept, "owed", "")),
	};
	return NULL;
}

const struct error *urgent_write(const struct home *home, const struct urgent_flag *flag)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char *line = memory_format(scratch,
		"{\"state\":\"%s\",\"waiting\":%lld,\"since\":%lld,\"noted\":%lld,\"unread\":%lld,\"unread_"
		"since\":%lld,"
		"\"late\":%s,\"told\":%d,\"told_at\":%lld,\"owed\":\"%s\"}\n",
		state_names[flag->state], (long long)flag->waiting, (long long)flag->since,
		(long long)flag->fact_since, (long long)flag->unread, (long long)flag->unread_since,
		flag->is_late ? "true" : "false", flag->told, (long long)flag->told_at,
		signal_names[flag->owed]);

	return files_write(home_file(scratch, home, URGENT_FILE),
		(struct bytes){(const uint8_t *)line, strlen(line)}, 0600);
}

/* Since when the state holds that is told; 0: quiet. */
static int64_t told_since(const struct urgent_flag *flag)
{
	return flag->state == URGENT_WAITING  ? flag->since
	       : flag->state == URGENT_UNREAD ? flag->unread_since
					      : 0;
}

json_t *urgent_as_json(const struct home *home, const struct urgent_flag *flag)
{
	char since[TEXT_TIME_SIZE];

	text_time(since, told_since(flag));
	return json_pack("{ss, sI, sI, so, sb, sb}", "state", state_names[flag->state], "waiting",
		(json_int_t)flag->waiting, "unread", (json_int_t)flag->unread, "since",
		told_since(flag) ? json_string(since) : json_null(), "late", flag->is_late, "sound",
		urgent_may_sound_now(home));
}

char *urgent_as_text(const void *context, const struct home *home, const struct urgent_flag *flag)
{
	char since[TEXT_TIME_SIZE];

	if (flag->state == URGENT_QUIET)
		return memory_string(context, state_names[URGENT_QUIET]);
	text_time(since, told_since(flag));
	return memory_format(context, "%s since %s, %lld%s%s", state_names[flag->state], since,
		(long long)(flag->state == URGENT_WAITING ? flag->waiting : flag->unread),
		flag->is_late ? ", late" : "", urgent_may_sound_now(home) ? "" : ", no sound");
}
