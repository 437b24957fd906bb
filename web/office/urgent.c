/* What waits and is urgent, seen from the office: it alone can read which reports say that somebody is in
 * danger and whether a person has opened them.
 *
 * It writes down for sync's watch no more than digests of keys and times. Guards: a report that intake has
 * marked leaves intake's count in the same transaction in which it enters this one, so that it is counted
 * once and never forgotten. Office role. */
#include "web/office/urgent.h"

#include <string.h>

#include "node/base/clock.h"
#include "node/base/text.h"
#include "node/store/doorbell.h"
#include "sync/state.h"

#define NOTED_MOST 1000 /* more than anybody could open in a day */

struct noted {
	json_t *reports; /* ["<digest of the key>", ...] */
	json_t *times;	 /* when they were written, as their hub says */
	int64_t seen;	 /* intake's rows up to here are in the case file */
	uint8_t digest[DIGEST_LEN];
};

static void name_of(char out[static 2 * DIGEST_LEN + 1], const char *key)
{
	uint8_t digest[DIGEST_LEN];

	digest_of(digest, (struct bytes){(const uint8_t *)key, strlen(key)});
	text_hex(out, digest, sizeof digest);
}

static const struct error *unopened(struct office *office, struct noted *noted)
{
	struct query query CLEANUP(db_finish) = {0};
	char name[2 * DIGEST_LEN + 1];
	bool row;

	TRY(db_prepare(casefile_db(office->file), &query,
		"SELECT key, created FROM report WHERE state = 'new' AND urgency = 0 ORDER BY created LIMIT "
		"?"));
	db_bind_integer(&query, 1, NOTED_MOST);
	for (;;) {
		TRY(db_step(&query, &row));
		if (!row)
			return NULL;
		name_of(name, db_text(&query, 0));
		json_array_append_new(noted->reports, json_string(name));
		json_array_append_new(noted->times, json_string(db_text(&query, 1)));
	}
}

/* Intake's rows that are in the log and so in the case file. *is_moving: sync is just putting some there, and
 * will ring when it is done. */
static const struct error *seen_of(struct office *office, int64_t *seen, bool *is_moving)
{
	const struct member_keys *self = &office->trust.self;
	struct db *sync = office_sync_db(office);
	struct query query CLEANUP(db_finish) = {0};
	struct position position;
	bool row;

	*seen = db_meta_number(office->db, "urgent_seen", 0);
	*is_moving = false;
	if (!sync)
		return NULL;
	TRY(casefile_position(office->file, self->log, self->epoch, &position));
	/* One statement: sync changes both together. */
	TRY(db_prepare(sync, &query,
		"SELECT coalesce((SELECT upto FROM taken WHERE spool = 'intake'), 0), coalesce((SELECT seq "
		"FROM known WHERE log = ? AND epoch = ?), 0)"));
	db_bind_text(&query, 1, self->log);
	db_bind_integer(&query, 2, self->epoch);
	TRY(db_step(&query, &row));
	if (position.seq == db_integer(&query, 1))
		*seen = db_integer(&query, 0);
	*is_moving = position.seq > db_integer(&query, 1);
	return NULL;
}

static const struct error *insert_all(struct office *office, const struct noted *noted, int64_t now)
{
	struct query query CLEANUP(db_finish) = {0};
	const json_t *report;
	size_t i;

	TRY(db_prepare(office->db, &query, "INSERT OR IGNORE INTO urgent(report, at) VALUES(?, ?)"));
	json_array_foreach (noted->reports, i, report) {
		int64_t at;

		if (text_to_time(json_string_value(json_array_get(noted->times, i)), &at) || at > now)
			at = now;
		at = clock_likely(at);
		db_bind_text(&query, 1, json_string_value(report));
		db_bind_integer(&query, 2, at);
		TRY(db_done(&query));
		db_reset(&query);
	}
	return NULL;
}

static const struct error *delete_opened(struct office *office, const struct noted *noted)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct query query CLEANUP(db_finish) = {0};

	TRY(db_prepare(office->db, &query,
		"DELETE FROM urgent WHERE report NOT IN (SELECT value FROM json_each(?))"));
	db_bind_text(&query, 1, (const char *)json_line(scratch, noted->reports).data);
	return db_done(&query);
}

/* The clock was set back: what seems to lie ahead came now. But a clock that is known to be wrong mends none.
 */
static const struct error *mend_times(struct office *office, int64_t now)
{
	struct query query CLEANUP(db_finish) = {0};

	if (now > clock_wall_seconds())
		return NULL;
	TRY(db_prepare(office->db, &query, "UPDATE urgent SET at = ?1 WHERE at > ?1"));
	db_bind_integer(&query, 1, now);
	return db_done(&query);
}

/* For headquarters: a locked one counts what came in behind this. */
static const struct error *insert_positions(struct office *office)
{
	struct query read CLEANUP(db_finish) = {0}, write CLEANUP(db_finish) = {0};
	bool row;

	TRY(db_prepare(casefile_db(office->file), &read, "SELECT log, epoch, seq FROM position"));
	TRY(db_prepare(
		office->db, &write, "INSERT OR REPLACE INTO read_upto(log, epoch, seq) VALUES(?, ?, ?)"));
	for (;;) {
		TRY(db_step(&read, &row));
		if (!row)
			return NULL;
		db_bind_text(&write, 1, db_text(&read, 0));
		db_bind_integer(&write, 2, db_integer(&read, 1));
		db_bind_integer(&write, 3, db_integer(&read, 2));
		TRY(db_done(&write));
		db_reset(&write);
	}
}

static const struct error *write_noted(struct office *office, const struct noted *noted)
{
	int64_t now = clock_likely_seconds();

	TRY(delete_opened(office, noted));
	TRY(insert_all(office, noted, now));
	TRY(mend_times(office, now));
	if (office->trust.self.role == MEMBER_HEADQUARTERS)
		TRY(insert_positions(office));
	return db_meta_set_number(office->db, "urgent_seen", noted->seen);
}

/* What was written last, so that a request that changed nothing writes nothing. */
static void sum_up(struct office *office, struct noted *noted)
{
	struct digest digest;
	const json_t *report;
	size_t i;

	digest_start(&digest);
	digest_add(&digest, &noted->seen, sizeof noted->seen);
	for (i = 0; i < office->seen_count && office->trust.self.role == MEMBER_HEADQUARTERS; i++)
		digest_add(&digest, &office->seen[i].oid, sizeof office->seen[i].oid);
	json_array_foreach (noted->reports, i, report)
		digest_add(&digest, json_string_value(report), 2 * DIGEST_LEN);
	digest_end(&digest, noted->digest);
}

static const struct error *write_whole(struct office *office, const struct noted *noted)
{
	const struct error *error;

	TRY(db_begin(office->db));
	error = write_noted(office, noted);
	if (!error)
		error = db_commit(office->db);
	if (error)
		db_rollback(office->db);
	return error;
}

const struct error *urgent_note(struct office *office)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *reports CLEANUP(json_decref) = json_array(), *times CLEANUP(json_decref) = json_array();
	struct noted noted = {.reports = reports, .times = times};
	bool is_moving;

	if (!office->is_writer)
		return NULL;
	TRY(unopened(office, &noted));
	TRY(seen_of(office, &noted.seen, &is_moving));
	if (is_moving)
		return NULL;
	sum_up(office, &noted);
	if (memcmp(noted.digest, office->urgent_noted, sizeof noted.digest) == 0)
		return NULL;
	TRY(write_whole(office, &noted));
	memcpy(office->urgent_noted, noted.digest, sizeof noted.digest);
	doorbell_ring(home_file(scratch, office->home, URGENT_BELL));
	return NULL;
}

/* ---- for pages ---- */

void urgent_here(struct office *office, bool is_open, struct urgent_flag *out)
{
	struct db *sync = office_sync_db(office);
	struct urgent_facts facts = {0};
	struct urgent_office known = {0};
	struct urgent_flag kept = {0};
	int64_t began;

	error_ignore(urgent_read(office->home, &kept));
	error_ignore(urgent_office_read(office->db, &known));
	if (sync)
		error_ignore(urgent_facts_read(sync, NULL, &known, &facts));
	began = urgent_began(&kept, facts.since, kept.waiting == facts.waiting);
	if (is_open) /* the case file knows better than what sync wrote a moment ago */
		kept = (struct urgent_flag){0};
	*out = kept;
	if (facts.waiting) {
		out->waiting = facts.waiting;
		out->since = began;
	}
	out->state = out->waiting ? URGENT_WAITING : out->unread ? URGENT_UNREAD : URGENT_QUIET;
}

static int64_t passed_since(int64_t at)
{
	int64_t now = clock_wall_seconds();

	return at && at < now ? now - at : 0;
}

int64_t urgent_waited(struct office *office, struct urgent_all *all, const char *key)
{
	struct query query CLEANUP(db_finish) = {0};
	char name[2 * DIGEST_LEN + 1];
	const struct error *error;
	bool row = false;
	int64_t at;

	if (!all->is_read) {
		error_ignore(urgent_read(office->home, &all->kept));
		error_ignore(urgent_office_read(office->db, &all->known));
		all->is_read = true;
	}
	error = db_prepare(office->db, &query, "SELECT at FROM urgent WHERE report = ?");
	if (error)
		return 0;
	name_of(name, key);
	db_bind_text(&query, 1, name);
	error = db_step(&query, &row);
	if (error || !row)
		return 0;
	at = db_integer(&query, 0);
	return passed_since(urgent_began(
		&all->kept, at, at == all->known.since && all->kept.waiting == all->known.waiting));
}

const char *urgent_words(const struct visit *visit, int64_t seconds)
{
	const struct request *request = visit->request;
	unsigned long minutes = (unsigned long)seconds / 60, hours = minutes / 60, days = hours / 24;

	if (days >= 2)
		return memory_format(visit->context,
			say_many(request, "It has waited for %lu day.", "It has waited for %lu days.", days),
			days);
	if (hours >= 2)
		return memory_format(visit->context,
			say_many(request, "It has waited for %lu hour.", "It has waited for %lu hours.",
				hours),
			hours);
	if (minutes)
		return memory_format(visit->context,
			say_many(request, "It has waited for %lu minute.", "It has waited for %lu minutes.",
				minutes),
			minutes);
	return say(request, "It came less than a minute ago.");
}
