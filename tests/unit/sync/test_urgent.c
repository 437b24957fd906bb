/* Somebody is in danger and nobody reads it: it is told, told again, told to headquarters, and only a person
 * who opens it ends that; whatever the clocks say. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "node/base/clock.h"
#include "node/base/files.h"
#include "node/base/text.h"
#include "node/store/spool.h"
#include "sync/mailboxes.h"
#include "sync/state.h"
#include "sync/urgent.h"
#include "tests/unit/place.h"

#define MINUTE 60
#define NOON 1900000000

static const struct urgent_flag nothing = {0};
static const struct urgent_facts nobody = {0}, one = {.waiting = 1, .since = NOON};

static void must(const struct error *error)
{
	if (error)
		fail_msg("%s", error->message);
}

/* So long after noon, by both clocks. */
static struct urgent_now after(int64_t seconds)
{
	return (struct urgent_now){NOON + seconds, 5000000 + seconds * 1000};
}

static enum urgent_signal step(
	struct urgent_flag *flag, const struct urgent_facts *facts, struct urgent_now now)
{
	return urgent_step(flag, facts, &now);
}

static struct home *a_home(void *context)
{
	struct home *home;

	must(home_create(context, place_file(context, "hub"), &home));
	return home;
}

static void a_report_raises_it_and_opening_it_lowers_it(void **state)
{
	struct urgent_flag flag = {0};

	assert_int_equal(step(&flag, &nobody, after(0)), SIGNAL_NOTHING);
	assert_int_equal(urgent_due_ms(&flag), -1);
	assert_int_equal(step(&flag, &one, after(0)), SIGNAL_RAISE);
	assert_int_equal(step(&flag, &one, after(1)), SIGNAL_NOTHING);
	assert_int_equal(flag.state, URGENT_WAITING);
	assert_int_equal(flag.since, NOON);
	assert_int_equal(step(&flag, &nobody, after(2)), SIGNAL_LOWER);
	assert_int_equal(flag.state, URGENT_QUIET);
	assert_int_equal(step(&flag, &nobody, after(3)), SIGNAL_NOTHING);
	assert_int_equal(urgent_due_ms(&flag), -1);
}

static void half_an_hour_unopened_it_is_told_again(void **state)
{
	struct urgent_flag flag = {0};

	step(&flag, &one, after(0));
	assert_int_equal(urgent_due_ms(&flag), after(30 * MINUTE).boot_ms);
	assert_int_equal(step(&flag, &one, after(29 * MINUTE)), SIGNAL_NOTHING);
	assert_int_equal(step(&flag, &one, after(30 * MINUTE)), SIGNAL_AGAIN);
	assert_int_equal(step(&flag, &one, after(31 * MINUTE)), SIGNAL_NOTHING);
	assert_int_equal(step(&flag, &one, after(59 * MINUTE)), SIGNAL_NOTHING);
	assert_int_equal(step(&flag, &one, after(60 * MINUTE)), SIGNAL_AGAIN);
}

static void two_hours_unopened_it_is_told_to_headquarters(void **state)
{
	struct urgent_flag flag = {0};

	step(&flag, &one, after(0));
	assert_int_equal(step(&flag, &one, after(119 * MINUTE)), SIGNAL_AGAIN);
	assert_int_equal(urgent_due_ms(&flag), after(120 * MINUTE).boot_ms);
	assert_false(flag.is_late);
	assert_int_equal(step(&flag, &one, after(120 * MINUTE)), SIGNAL_ESCALATE);
	assert_true(flag.is_late);
	assert_int_equal(step(&flag, &one, after(121 * MINUTE)), SIGNAL_NOTHING);
	assert_int_equal(step(&flag, &one, after(150 * MINUTE)), SIGNAL_AGAIN);
}

static void what_comes_late_by_sync_is_late_at_once(void **state)
{
	struct urgent_flag flag = {0};

	assert_int_equal(step(&flag, &one, after(5 * 60 * MINUTE)), SIGNAL_RAISE);
	assert_int_equal(step(&flag, &one, after(5 * 60 * MINUTE)), SIGNAL_ESCALATE);
}

static void a_second_one_is_told_at_once(void **state)
{
	const struct urgent_facts two = {.waiting = 2, .since = NOON};
	struct urgent_flag flag = {0};

	step(&flag, &one, after(0));
	assert_int_equal(step(&flag, &two, after(MINUTE)), SIGNAL_RAISE);
	assert_int_equal(step(&flag, &one, after(2 * MINUTE)), SIGNAL_NOTHING);
	assert_int_equal(flag.waiting, 1);
}

static void once_the_late_one_is_opened_the_next_has_its_own_two_hours(void **state)
{
	const struct urgent_facts two = {.waiting = 2, .since = NOON},
				  later = {.waiting = 1, .since = NOON + 60 * MINUTE};
	struct urgent_flag flag = {0};

	step(&flag, &two, after(0));
	assert_int_equal(step(&flag, &two, after(120 * MINUTE)), SIGNAL_ESCALATE);
	assert_int_equal(step(&flag, &later, after(121 * MINUTE)), SIGNAL_NOTHING);
	assert_false(flag.is_late);
	assert_int_equal(flag.since, NOON + 60 * MINUTE);
	assert_int_equal(step(&flag, &later, after(179 * MINUTE)), SIGNAL_AGAIN);
	assert_int_equal(step(&flag, &later, after(180 * MINUTE)), SIGNAL_ESCALATE);
}

/* A Raspberry Pi learns the time after it has started. */
static void setting_the_clock_changes_no_waiting(void **state)
{
	static const int64_t jumps[] = {-10 * 365 * 86400, -3 * 3600, 3 * 3600, 10 * 365 * 86400};

	for (size_t i = 0; i < sizeof jumps / sizeof *jumps; i++) {
		struct urgent_flag flag = {0};
		struct urgent_now now;

		step(&flag, &one, after(0));
		now = after(29 * MINUTE);
		now.seconds += jumps[i];
		assert_int_equal(step(&flag, &one, now), SIGNAL_NOTHING);
		assert_int_equal(flag.since, NOON + jumps[i]); /* as a clock that was right would have said */
		now = after(30 * MINUTE);
		now.seconds += jumps[i];
		assert_int_equal(step(&flag, &one, now), SIGNAL_AGAIN);
		now = after(120 * MINUTE);
		now.seconds += jumps[i];
		assert_int_equal(step(&flag, &one, now), SIGNAL_ESCALATE);
	}
}

/* It came 60 seconds before the hub started with the time of 2017, and the clock was set a minute later. */
static void a_clock_that_is_set_makes_nothing_years_old(void **state)
{
	const int64_t wrong = 1483228800;
	const struct urgent_facts noted = {.waiting = 1, .since = wrong - MINUTE};
	struct home *home = a_home(*state);
	struct urgent_flag flag = {0}, kept;
	struct urgent_now now = {wrong, 5000000};

	assert_int_equal(step(&flag, &noted, now), SIGNAL_RAISE);
	now = after(MINUTE);
	assert_int_equal(step(&flag, &noted, now), SIGNAL_NOTHING);
	assert_int_equal(flag.since, NOON - MINUTE);
	must(urgent_write(home, &flag));
	must(urgent_read(home, &kept));
	now.boot_ms = 7;
	urgent_resume(&kept, &now);
	assert_int_equal(step(&kept, &noted, now), SIGNAL_NOTHING);
	assert_int_equal(kept.since, NOON - MINUTE);
	/* Pages say the same, and nothing else is older. */
	assert_int_equal(urgent_began(&kept, noted.since, true), NOON - MINUTE);
	assert_int_equal(urgent_began(&kept, noted.since + 1, false), NOON - MINUTE);
	assert_int_equal(urgent_began(&kept, NOON, false), NOON);
	assert_int_equal(urgent_began(&nothing, noted.since, true), clock_likely(0));
	/* Nobody has looked since: it is as old as the program, at most. */
	flag = nothing;
	step(&flag, &noted, now);
	assert_int_equal(flag.since, clock_likely(0));
}

static void a_clock_that_is_set_back_forgets_no_waiting(void **state)
{
	static const int64_t clocks[] = {NOON - 86400, 100, 1};

	for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++) {
		struct urgent_facts mended = {.waiting = 1, .since = clocks[i]};
		struct urgent_now now = after(119 * MINUTE);
		struct urgent_flag flag = {0};

		step(&flag, &one, after(0));
		now.seconds = clocks[i];
		assert_int_equal(step(&flag, &mended, now), SIGNAL_AGAIN);
		assert_true(flag.since > 0);
		now = after(120 * MINUTE);
		now.seconds = clocks[i] + MINUTE;
		assert_int_equal(step(&flag, &mended, now), SIGNAL_ESCALATE);
		assert_true(flag.since > 0);
	}
}

static void a_report_from_the_future_waits_from_now(void **state)
{
	const struct urgent_facts future = {.waiting = 1, .since = NOON + 86400};
	struct urgent_flag flag = {0};

	assert_int_equal(step(&flag, &future, after(0)), SIGNAL_RAISE);
	assert_int_equal(flag.since, NOON);
	assert_int_equal(step(&flag, &future, after(120 * MINUTE)), SIGNAL_ESCALATE);
}

static void what_came_just_now_keeps_its_time_when_sync_notes_it(void **state)
{
	const struct urgent_facts fresh = {.waiting = 1}, noted = {.waiting = 1, .since = NOON + 1};
	struct urgent_flag flag = {0};

	assert_int_equal(step(&flag, &fresh, after(0)), SIGNAL_RAISE);
	assert_int_equal(step(&flag, &noted, after(2)), SIGNAL_NOTHING);
	assert_int_equal(flag.since, NOON);
	assert_int_equal(step(&flag, &noted, after(30 * MINUTE)), SIGNAL_AGAIN);
}

static void headquarters_that_is_locked_is_told_after_two_hours_that_it_cannot_know(void **state)
{
	const struct urgent_facts unread = {.unread = 2};
	struct urgent_flag flag = {0};

	assert_int_equal(step(&flag, &unread, after(0)), SIGNAL_NOTHING);
	assert_int_equal(flag.state, URGENT_QUIET);
	assert_int_equal(urgent_due_ms(&flag), after(120 * MINUTE).boot_ms);
	assert_int_equal(step(&flag, &unread, after(119 * MINUTE)), SIGNAL_NOTHING);
	assert_int_equal(step(&flag, &unread, after(120 * MINUTE)), SIGNAL_UNREAD);
	assert_int_equal(flag.state, URGENT_UNREAD);
	assert_int_equal(step(&flag, &unread, after(150 * MINUTE)), SIGNAL_AGAIN);
	assert_int_equal(step(&flag, &one, after(151 * MINUTE)), SIGNAL_RAISE); /* opened: one is urgent */
	assert_int_equal(step(&flag, &nobody, after(152 * MINUTE)), SIGNAL_LOWER);
}

static void with_the_urgent_ones_opened_what_is_unread_is_told(void **state)
{
	const struct urgent_facts both = {.waiting = 1, .since = NOON, .unread = 1}, unread = {.unread = 1};
	struct urgent_flag flag = {0};

	step(&flag, &both, after(0));
	assert_int_equal(step(&flag, &unread, after(121 * MINUTE)), SIGNAL_LOWER);
	assert_int_equal(step(&flag, &unread, after(121 * MINUTE)), SIGNAL_UNREAD);
	assert_int_equal(step(&flag, &unread, after(121 * MINUTE)), SIGNAL_NOTHING);
}

static void it_survives_a_restart(void **state)
{
	struct home *home = a_home(*state);
	struct urgent_flag flag = {0}, kept;
	struct urgent_now now = after(10 * MINUTE);

	must(urgent_read(home, &kept));
	assert_int_equal(kept.state, URGENT_QUIET);
	step(&flag, &one, after(0));
	flag.owed = SIGNAL_RAISE;
	must(urgent_write(home, &flag));
	must(urgent_read(home, &kept));
	assert_int_equal(kept.owed, SIGNAL_RAISE);
	now.boot_ms = 7; /* the power was away */
	urgent_resume(&kept, &now);
	assert_int_equal(step(&kept, &one, now), SIGNAL_NOTHING);
	now = after(29 * MINUTE);
	now.boot_ms = 7 + 19 * MINUTE * 1000;
	assert_int_equal(step(&kept, &one, now), SIGNAL_NOTHING);
	now = after(30 * MINUTE);
	now.boot_ms = 7 + 20 * MINUTE * 1000;
	assert_int_equal(step(&kept, &one, now), SIGNAL_AGAIN);
	assert_int_equal(kept.since, NOON);
}

static void what_was_late_stays_late_though_the_clock_lost_years(void **state)
{
	struct home *home = a_home(*state);
	struct urgent_now long_ago = {.seconds = 1000, .boot_ms = 3};
	struct urgent_flag flag = {0}, kept;

	step(&flag, &one, after(0));
	step(&flag, &one, after(120 * MINUTE));
	must(urgent_write(home, &flag));
	must(urgent_read(home, &kept));
	urgent_resume(&kept, &long_ago);
	assert_int_equal(step(&kept, &one, long_ago), SIGNAL_NOTHING);
	assert_true(kept.is_late);
	long_ago.boot_ms += 30 * MINUTE * 1000;
	assert_int_equal(step(&kept, &one, long_ago), SIGNAL_AGAIN);
}

static void a_damaged_file_is_an_error_and_no_flag(void **state)
{
	static const char *const texts[] = {
		"", "waiting", "[]", "{\"state\":7,\"waiting\":\"x\",\"told\":-4}"};
	struct home *home = a_home(*state);
	struct urgent_flag flag;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		must(files_write(home_file(home, home, URGENT_FILE),
			(struct bytes){(const uint8_t *)texts[i], strlen(texts[i])}, 0600));
		error_ignore(urgent_read(home, &flag));
		assert_int_equal(flag.state, URGENT_QUIET);
		assert_int_equal(flag.waiting, 0);
		assert_int_equal(flag.told, 0);
	}
}

static void sound_is_wanted_outside_the_quiet_hours(void **state)
{
	assert_true(urgent_may_sound("", 0));
	assert_true(urgent_may_sound("22:00-06:00", 21 * 60 + 59));
	assert_false(urgent_may_sound("22:00-06:00", 22 * 60));
	assert_false(urgent_may_sound("22:00-06:00", 0));
	assert_false(urgent_may_sound("22:00-06:00", 5 * 60 + 59));
	assert_true(urgent_may_sound("22:00-06:00", 6 * 60));
	assert_true(urgent_may_sound("12:00-13:00", 11 * 60 + 59));
	assert_false(urgent_may_sound("12:00-13:00", 12 * 60));
	assert_true(urgent_may_sound("12:00-13:00", 13 * 60));
	assert_false(urgent_may_sound("00:00-00:00", 700));
}

static void the_words_of_it_are_those_that_scripts_wait_for(void **state)
{
	struct home *home = a_home(*state);
	struct urgent_flag flag = {0};
	json_t *facts;

	assert_string_equal(urgent_as_text(*state, home, &flag), "quiet");
	step(&flag, &one, after(0));
	assert_string_equal(urgent_as_text(*state, home, &flag), "waiting since 2030-03-17T17:46:40Z, 1");
	step(&flag, &one, after(120 * MINUTE));
	home->config->urgent.quiet = memory_string(home, "00:00-00:00");
	assert_string_equal(
		urgent_as_text(*state, home, &flag), "waiting since 2030-03-17T17:46:40Z, 1, late, no sound");
	facts = urgent_as_json(home, &flag);
	assert_string_equal(json_line(*state, facts).data, "{\"state\":\"waiting\",\"waiting\":1,\"unread\":"
							   "0,\"since\":\"2030-03-17T17:46:40Z\",\"late\":"
							   "true,\"sound\":false}");
	json_decref(facts);
}

/* The three databases, as their roles would make them, as far as the flag looks at them. */
struct hub {
	struct db *intake, *sync, *office, *mailbox;
};

static struct db *open_with(void *context, const char *name, const char *first, const char *second)
{
	const char *steps[] = {memory_format(context, "%s%s", first, second), NULL};
	struct db_schema schema = {steps, 1};
	struct db *db = NULL;

	must(db_open(place_file(context, name), &schema, &db));
	return db;
}

static void hub_make(void *context, struct hub *hub)
{
	hub->intake = open_with(context, "intake.db", spool_sql, "");
	hub->office = open_with(context, "office.db", META_SQL,
		"CREATE TABLE urgent(report TEXT PRIMARY KEY, at INTEGER NOT NULL);"
		"CREATE TABLE read_upto(log TEXT, epoch INTEGER, seq INTEGER, PRIMARY KEY(log, epoch));");
	must(db_open(place_file(context, "sync.db"), &sync_schema, &hub->sync));
	must(db_open(place_file(context, "mailbox.db"), &mailbox_schema, &hub->mailbox));
}

static void hub_end(struct hub *hub)
{
	db_close(hub->intake);
	db_close(hub->office);
	db_close(hub->sync);
	db_close(hub->mailbox);
}

static struct urgent_facts facts_of(const struct hub *hub)
{
	struct urgent_office office;
	struct urgent_facts facts;

	must(urgent_office_read(hub->office, &office));
	must(urgent_facts_read(hub->sync, hub->intake, &office, &facts));
	return facts;
}

static void spool(const struct hub *hub, bool is_urgent)
{
	struct spool_entry entry = {.kind = 'i', .urgent = is_urgent, .body = BYTES_OF("sealed")};
	int64_t id;

	must(spool_add(hub->intake, &entry, &id));
}

/* From the phone to the reader: the same report in intake's spool, in sync's table, in the office's. */
static void a_report_counts_once_wherever_it_is_on_its_way(void **state)
{
	struct hub hub;

	hub_make(*state, &hub);
	spool(&hub, false);
	assert_int_equal(facts_of(&hub).waiting, 0);
	spool(&hub, true);
	assert_int_equal(facts_of(&hub).waiting, 1);
	assert_int_equal(facts_of(&hub).since, 0);
	must(db_run(hub.sync, "INSERT INTO urgent(id, at) VALUES(2, 500)")); /* the batch begins */
	assert_int_equal(facts_of(&hub).waiting, 1);
	assert_int_equal(facts_of(&hub).since, 500);
	must(state_taken_set(hub.sync, "intake", 2)); /* it is in the log */
	assert_int_equal(facts_of(&hub).waiting, 1);
	must(spool_prune(hub.intake, 2, INT64_MAX));
	assert_int_equal(facts_of(&hub).waiting, 1);
	must(db_run(hub.office, "BEGIN; INSERT INTO meta VALUES('urgent_seen', 2); INSERT INTO urgent "
				"VALUES('00', 499); COMMIT")); /* the office has read it */
	assert_int_equal(facts_of(&hub).waiting, 1);
	assert_int_equal(facts_of(&hub).since, 499);
	spool(&hub, true);
	assert_int_equal(facts_of(&hub).waiting, 2);
	must(db_run(hub.office, "DELETE FROM urgent")); /* a person has opened it */
	assert_int_equal(facts_of(&hub).waiting, 1);
	hub_end(&hub);
}

static int64_t unread_of(const struct hub *hub)
{
	int64_t count = -1;

	must(urgent_unread(hub->mailbox, hub->office, "kampala", &count));
	return count;
}

static void put_item(const struct hub *hub, int mailbox, const char *log, int seq, int office)
{
	struct query query CLEANUP(db_finish) = {0};

	must(db_prepare(hub->mailbox, &query,
		"INSERT INTO item(mailbox, log, epoch, seq, office, oid) VALUES(?, ?, 1, ?, ?, x'00')"));
	db_bind_integer(&query, 1, mailbox);
	db_bind_text(&query, 2, log);
	db_bind_integer(&query, 3, seq);
	db_bind_integer(&query, 4, office);
	must(db_done(&query));
}

static void headquarters_counts_reports_that_no_office_has_answered(void **state)
{
	struct hub hub;

	hub_make(*state, &hub);
	assert_int_equal(unread_of(&hub), 0);
	must(db_run(hub.mailbox, "INSERT INTO indexed VALUES('gulu', 1, 7, ''), ('kampala', 1, 3, '')"));
	put_item(&hub, 1, "gulu", 5, 0);
	put_item(&hub, 2, "gulu", 7, 0);
	put_item(&hub, 3, "kampala", 3, 0);
	assert_int_equal(unread_of(&hub), 2);
	must(db_run(hub.office, "INSERT INTO read_upto VALUES('gulu', 1, 5)"));
	assert_int_equal(unread_of(&hub), 1);
	/* Somebody has the code of 2, at Gulu and elsewhere; another hub's office writes there. */
	must(db_run(hub.mailbox, "UPDATE indexed SET seq = 8 WHERE log = 'gulu'; INSERT INTO indexed "
				 "VALUES('mbarara', 1, 5, '')"));
	put_item(&hub, 2, "gulu", 8, 0);
	put_item(&hub, 2, "mbarara", 4, 0);
	put_item(&hub, 2, "mbarara", 5, 1);
	assert_int_equal(unread_of(&hub), 1);
	/* Gulu opens 2: its reporter is told so. */
	put_item(&hub, 2, "gulu", 9, 1);
	assert_int_equal(unread_of(&hub), 0);
	/* Or another headquarters does. */
	must(db_run(hub.mailbox, "DELETE FROM item WHERE seq = 9"));
	put_item(&hub, 2, "jinja", 2, 2);
	assert_int_equal(unread_of(&hub), 0);
	hub_end(&hub);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_report_raises_it_and_opening_it_lowers_it),
		cmocka_unit_test(half_an_hour_unopened_it_is_told_again),
		cmocka_unit_test(two_hours_unopened_it_is_told_to_headquarters),
		cmocka_unit_test(what_comes_late_by_sync_is_late_at_once),
		cmocka_unit_test(a_second_one_is_told_at_once),
		cmocka_unit_test(once_the_late_one_is_opened_the_next_has_its_own_two_hours),
		cmocka_unit_test(setting_the_clock_changes_no_waiting),
		PLACE_TEST(a_clock_that_is_set_makes_nothing_years_old),
		cmocka_unit_test(a_clock_that_is_set_back_forgets_no_waiting),
		cmocka_unit_test(a_report_from_the_future_waits_from_now),
		cmocka_unit_test(what_came_just_now_keeps_its_time_when_sync_notes_it),
		cmocka_unit_test(headquarters_that_is_locked_is_told_after_two_hours_that_it_cannot_know),
		cmocka_unit_test(with_the_urgent_ones_opened_what_is_unread_is_told),
		PLACE_TEST(it_survives_a_restart),
		PLACE_TEST(what_was_late_stays_late_though_the_clock_lost_years),
		PLACE_TEST(a_damaged_file_is_an_error_and_no_flag),
		cmocka_unit_test(sound_is_wanted_outside_the_quiet_hours),
		PLACE_TEST(the_words_of_it_are_those_that_scripts_wait_for),
		PLACE_TEST(a_report_counts_once_wherever_it_is_on_its_way),
		PLACE_TEST(headquarters_counts_reports_that_no_office_has_answered),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
