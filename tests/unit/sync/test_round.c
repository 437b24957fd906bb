/* What a reporter was given a receipt for reaches headquarters: whole, once, in order, through a relay that
 * understands nothing of it. */
#include "tests/unit/sync/hubs.h"

#include "node/base/clock.h"
#include "sync/urgent.h"

static void a_record_spooled_at_a_hub_reaches_headquarters_once(void **state)
{
	struct hubs *hubs = *state;
	struct db *spool = hubs_spool(hubs, 1, "intake.db");
	struct hubs_envelopes there;
	struct hub *hq;
	json_t *report;

	hubs_report(hubs, 1, 3);
	HUBS_ROUND_OK(hubs_day(hubs, 0)); /* the roster goes to the relay */
	HUBS_ROUND_OK(hubs_day(hubs, 1));
	report = hubs_day(hubs, 0);
	assert_int_equal(hubs_number(report, "received"), 1);
	json_decref(report);
	hq = hubs_open(hubs, 0);
	there = hubs_envelopes(hubs, hq, 1);
	hubs_exactly_once(hubs, &there, &spool, 1);
	report = hubs_round(hq, hubs->relay);
	assert_int_equal(hubs_number(report, "received"), 0);
	assert_int_equal(hubs_number(report, "sent"), 0);
	json_decref(report);
	hub_close(hq);
	db_close(spool);
}

static void records_of_three_hubs_reach_all_three(void **state)
{
	struct hubs *hubs = *state;

	HUBS_ROUND_OK(hubs_day(hubs, 0));
	for (int turn = 0; turn < 2; turn++)
		for (int i = 0; i < HUBS; i++) {
			hubs_report(hubs, i, 2);
			HUBS_ROUND_OK(hubs_day(hubs, i));
		}
	for (int i = 0; i < HUBS; i++)
		HUBS_ROUND_OK(hubs_day(hubs, i));
	for (int i = 0; i < HUBS; i++) {
		struct hub *hub = hubs_open(hubs, i);

		for (int whose = 0; whose < HUBS; whose++) {
			struct hubs_envelopes there = hubs_envelopes(hubs, hub, whose);
			struct db *spool = hubs_spool(hubs, whose, "intake.db");

			hubs_exactly_once(hubs, &there, &spool, 1);
			db_close(spool);
		}
		hub_close(hub);
	}
}

static void both_spools_go_into_the_log_and_are_marked_as_taken(void **state)
{
	struct hubs *hubs = *state;
	struct db *spools[] = {hubs_spool(hubs, 1, "intake.db"), hubs_spool(hubs, 1, "office.db")};
	struct hub *hub = hubs_open(hubs, 1);
	struct hubs_envelopes there;
	int64_t upto;

	for (int i = 0; i < 600; i++)
		hubs_spool_add(hubs, spools[i % 2], i % 2 ? 'o' : 'i', "", "record");
	assert_int_equal(hubs_commit(hub), 600);
	assert_int_equal(hubs_commit(hub), 0);
	there = hubs_envelopes(hubs, hub, 1);
	hubs_exactly_once(hubs, &there, spools, 2);
	must(state_taken(hub->mailbox, "intake", &upto));
	assert_int_equal(upto, 300);
	must(state_taken(hub->db, "intake", &upto));
	assert_int_equal(upto, 300);
	must(state_taken(hub->db, "office", &upto));
	assert_int_equal(upto, 300);
	must(state_taken(hub->mailbox, "office", &upto));
	assert_int_equal(upto, 0);
	hub_close(hub);
	db_close(spools[0]);
	db_close(spools[1]);
}

static void a_row_that_no_hub_would_accept_does_not_spoil_the_log(void **state)
{
	struct hubs *hubs = *state;
	struct db *spool = hubs_spool(hubs, 1, "intake.db");
	struct spool_entry junk = {.kind = 'i', .body = BYTES_OF("not an age file")};
	struct hub *hub = hubs_open(hubs, 1);
	int64_t id;

	hubs_spool_add(hubs, spool, 'i', "", "before");
	must(spool_add(spool, &junk, &id));
	hubs_spool_add(hubs, spool, 'o', "", "intake pretends to be the office");
	hubs_spool_add(hubs, spool, 'i', "", "after");
	assert_int_equal(hubs_commit(hub), 2);
	assert_int_equal(hubs_commit(hub), 0);
	assert_int_equal(hubs_envelopes(hubs, hub, 1).count, 2);
	assert_int_equal(hubs_trouble(hub, TROUBLE_SPOOL), 1);
	hub_close(hub);
	db_close(spool);
}

static void a_damaged_spool_holds_up_nothing_of_the_other(void **state)
{
	struct hubs *hubs = *state;
	struct db *office = hubs_spool(hubs, 1, "office.db");
	struct hub *hub = hubs_open(hubs, 1);

	hubs_write(hubs->homes[1], "intake.db",
		BYTES_OF("this is no database, and longer than the header of one would be: 100 "
			 "bytes....................."),
		0600);
	hubs_spool_add(hubs, office, 'o', "", "an event");
	assert_int_equal(hubs_commit(hub), 1);
	assert_int_equal(hubs_trouble(hub, TROUBLE_SPOOL), 1);
	hub_close(hub);
	db_close(office);
}

static int64_t number_in(struct db *db, const char *sql)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	must(db_prepare(db, &query, sql));
	must(db_step(&query, &row));
	return db_integer(&query, 0);
}

static void which_report_was_urgent_is_kept_until_the_office_has_read_it(void **state)
{
	struct hubs *hubs = *state;
	struct db *spool = hubs_spool(hubs, 1, "intake.db"), *office = hubs_spool(hubs, 1, "office.db");
	struct spool_entry entry = {.kind = 'i', .urgent = true};
	struct hub *hub = hubs_open(hubs, 1);
	int64_t id;

	must(age_seal(hubs, BYTES_OF("help"), &hubs->reader, 1, &entry.body));
	hubs_spool_add(hubs, spool, 'i', "", "calm");
	must(spool_add(spool, &entry, &id));
	hubs_commit(hub);
	assert_int_equal(number_in(hub->db, "SELECT max(id) FROM urgent WHERE at > 0"), id);
	must(db_run(office, META_SQL));
	must(db_meta_set_number(office, "urgent_seen", id - 1));
	hubs_commit(hub);
	assert_int_equal(number_in(hub->db, "SELECT count(*) FROM urgent"), 1);
	must(db_meta_set_number(office, "urgent_seen", id));
	hubs_commit(hub);
	assert_int_equal(number_in(hub->db, "SELECT count(*) FROM urgent"), 0);
	assert_int_equal(number_in(hub->db, "PRAGMA secure_delete"), 1);
	assert_int_equal(number_in(hub->db, "SELECT upto FROM taken WHERE spool = 'intake'"), id);
	hub_close(hub);
	db_close(spool);
	db_close(office);
}

/* After everybody's next round; `counted` asks for the number of items there should be by then. */
static int64_t unopened_at_headquarters(struct hubs *hubs, const char *counted)
{
	struct db *office = hubs_spool(hubs, 0, "office.db");
	int64_t count = -1;
	struct hub *hub;

	for (int i = 1; i <= HUBS; i++)
		HUBS_ROUND_OK(hubs_day(hubs, i % HUBS));
	hub = hubs_open(hubs, 0);
	assert_int_equal(
		number_in(hub->mailbox, "SELECT count(*) FROM item"), number_in(hub->mailbox, counted));
	must(db_run(office, "CREATE TABLE IF NOT EXISTS read_upto(log TEXT, epoch INTEGER, seq INTEGER)"));
	must(urgent_unread(hub->mailbox, office, hubs->trusts[0].self.log, &count));
	hub_close(hub);
	db_close(office);
	return count;
}

/* What a reporter's code and other hubs can write beside a report does not pass for its having been opened.
 */
static void only_an_office_of_the_report_s_hub_or_of_headquarters_opens_it(void **state)
{
	static const char mailbox[] = "00112233445566778899aabbccddeeff";
	struct hubs *hubs = *state;
	struct db *intake = hubs_spool(hubs, 1, "intake.db"), *office = hubs_spool(hubs, 1, "office.db"),
		  *stranger = hubs_spool(hubs, 2, "office.db");

	HUBS_ROUND_OK(hubs_day(hubs, 0));
	hubs_spool_add(hubs, intake, 'i', "", "the report");
	hubs_spool_add(hubs, intake, 'm', mailbox, "its receipt");
	assert_int_equal(unopened_at_headquarters(hubs, "SELECT 1"), 1);
	/* Whoever has the code closes the mailbox while the office writes about something else. */
	hubs_spool_add(hubs, office, 'o', "", "something else");
	hubs_spool_add(hubs, intake, 'i', "", "closed");
	hubs_spool_add(hubs, intake, 'm', mailbox, "closed");
	assert_int_equal(unopened_at_headquarters(hubs, "SELECT 2"), 1);
	hubs_spool_add(hubs, stranger, 'o', "", "nothing");
	hubs_spool_add(hubs, stranger, 'm', mailbox, "of no right");
	assert_int_equal(unopened_at_headquarters(hubs, "SELECT 3"), 1);
	hubs_spool_add(hubs, office, 'o', "", "opened");
	hubs_spool_add(hubs, office, 'm', mailbox, "opened");
	assert_int_equal(unopened_at_headquarters(hubs, "SELECT 4"), 0);
	db_close(intake);
	db_close(office);
	db_close(stranger);
}

static void acknowledgements_alone_are_committed_at_most_once_in_six_hours(void **state)
{
	struct hubs *hubs = *state;
	struct log_tip tip;
	struct hub *hub;

	HUBS_ROUND_OK(hubs_day(hubs, 0));
	hubs_report(hubs, 1, 1);
	HUBS_ROUND_OK(hubs_day(hubs, 1));
	HUBS_ROUND_OK(hubs_day(hubs, 0));
	for (int i = 0; i < 3; i++) { /* the first time there is something to say it is said; more records
					 then wait for company */
		HUBS_ROUND_OK(hubs_day(hubs, 0));
		hubs_report(hubs, 1, 1);
		HUBS_ROUND_OK(hubs_day(hubs, 1));
	}
	hub = hubs_open(hubs, 0);
	must(logs_tip(hub->log, hubs->trusts[0].self.log, 1, &tip));
	assert_int_equal(tip.seq, 1);
	hub_close(hub);
	hubs_report(hubs, 0, 1);
	HUBS_ROUND_OK(hubs_day(hubs, 0));
	HUBS_ROUND_OK(hubs_day(hubs, 1));
	hub = hubs_open(hubs, 1);
	{
		struct query query;
		bool row;

		must(db_prepare(hub->db, &query, "SELECT seq FROM ack WHERE log = ? AND by = ?"));
		db_bind_text(&query, 1, hubs->trusts[1].self.log);
		db_bind_text(&query, 2, hubs->trusts[0].self.log);
		must(db_step(&query, &row));
		assert_true(row);
		assert_int_equal(db_integer(&query, 0), 3);
		db_finish(&query);
	}
	hub_close(hub);
}

/* A day on which somebody asks for the round, though the hub has acknowledged a moment ago; how long its log
 * is then. */
static int64_t asked(struct hubs *hubs, int which)
{
	struct hub *hub = hubs_open(hubs, which);
	struct log_tip tip;

	must(db_meta_set_number(hub->db, "ack_at", clock_wall_seconds()));
	hub->is_asked = true;
	hubs_commit(hub);
	HUBS_ROUND_OK(hubs_round(hub, hubs->relay));
	must(logs_tip(hub->log, hubs->trusts[which].self.log, 1, &tip));
	hub_close(hub);
	return tip.seq;
}

static void a_round_that_was_asked_for_acknowledges_what_it_brought_and_nothing_else(void **state)
{
	struct hubs *hubs = *state;
	struct hub *hub;
	int64_t said;

	HUBS_ROUND_OK(hubs_day(hubs, 0));
	hubs_report(hubs, 1, 2);
	assert_int_equal(asked(hubs, 1), 1);
	assert_int_equal(asked(hubs, 0), 1); /* the records came, and the word left, in one round */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(asked(hubs, 1), 1);
		assert_int_equal(asked(hubs, 0), 1);
	}
	hub = hubs_open(hubs, 1);
	must(state_acked(hub->db, hubs->trusts[1].self.log, 1, hubs->trusts[0].self.log, &said));
	assert_int_equal(said, 1);
	hub_close(hub);
	hubs_report(hubs, 1, 1);
	assert_int_equal(asked(hubs, 1), 2); /* which takes the acknowledgement of hub 0's along */
	assert_int_equal(asked(hubs, 0), 2);
	assert_int_equal(asked(hubs, 1), 2);
}

static void a_hub_that_works_alone_sends_its_own_log(void **state)
{
	struct hubs *hubs = *state;
	struct trust trust = hubs->trusts[2];
	struct repo *relay = NULL;
	struct log_tip tip;

	trust.has_coalition = false;
	hubs_write(hubs->homes[2], "trust.json", trust_print(hubs, &trust), 0644);
	hubs_report(hubs, 2, 2);
	HUBS_ROUND_OK(hubs_day(hubs, 2));
	must(repo_open(hubs->relay, &relay));
	must(logs_tip(relay, trust.self.log, 1, &tip));
	assert_int_equal(tip.seq, 1);
	assert_int_equal(tip.roster, 0);
	repo_close(relay);
	/* Admitted later: trust.json changes, the roster arrives, the next commit names it. */
	hubs_write(hubs->homes[2], "trust.json", trust_print(hubs, &hubs->trusts[2]), 0644);
	HUBS_ROUND_OK(hubs_day(hubs, 0));
	HUBS_ROUND_OK(hubs_day(hubs, 2));
	hubs_report(hubs, 2, 1);
	HUBS_ROUND_OK(hubs_day(hubs, 2));
	must(repo_open(hubs->relay, &relay));
	must(logs_tip(relay, trust.self.log, 1, &tip));
	assert_int_equal(tip.roster, 1);
	repo_close(relay);
}

/* A child commits until it is killed, at a moment nobody chose; rows come in all the while. */
static void commit_until_killed(struct hubs *hubs)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct hub *hub = NULL;
		int64_t count;

		for (;;) {
			if (hub_open(NULL, hubs->homes[1], &hub))
				_exit(1);
			for (int i = 0; i < 3; i++)
				if (round_commit(hub, &count))
					_exit(1);
			hub_close(hub);
		}
	}
	usleep((useconds_t)tools_random(120000));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* Whether the kill came between the intent and the result. */
static int was_under_way(struct hubs *hubs)
{
	struct db *db = NULL;
	struct query query;
	bool row;

	if (db_open_foreign(home_file(hubs, hubs->homes[1], "sync.db"), SYNC_DB_VERSION, &db))
		return 0;
	must(db_prepare(db, &query, "SELECT 1 FROM intent"));
	must(db_step(&query, &row));
	db_finish(&query);
	db_close(db);
	return row;
}

static void a_spool_of_more_than_one_batch_is_taken_whole(void **state)
{
	struct hubs *hubs = *state;
	struct db *spool = hubs_spool(hubs, 1, "intake.db");
	struct hub *hub = hubs_open(hubs, 1);
	struct hubs_envelopes there;

	must(db_begin(spool));
	for (int i = 0; i < 2100; i++)
		hubs_spool_add(hubs, spool, 'i', "", "report");
	must(db_commit(spool));
	assert_int_equal(hubs_commit(hub), 2100);
	there = hubs_envelopes(hubs, hub, 1);
	hubs_exactly_once(hubs, &there, &spool, 1);
	hub_close(hub);
	db_close(spool);
}

static void a_killed_sync_loses_no_record_and_doubles_none(void **state)
{
	struct hubs *hubs = *state;
	struct db *spools[] = {hubs_spool(hubs, 1, "intake.db"), hubs_spool(hubs, 1, "office.db")};
	struct hubs_envelopes there;
	int under_way = 0;
	struct hub *hub;
	int64_t upto;

	for (int round = 0; round < 40; round++) {
		for (uint64_t i = tools_random(4); i > 0; i--)
			hubs_spool_add(hubs, spools[0], 'i', "", "report");
		for (uint64_t i = tools_random(4); i > 0; i--)
			hubs_spool_add(hubs, spools[1], 'm', "00112233445566778899aabbccddeeff", "answer");
		commit_until_killed(hubs);
		under_way += was_under_way(hubs);
	}
	printf("# of 40 kills, %d came in the middle of a batch\n", under_way);
	hub = hubs_open(hubs, 1);
	hubs_commit(hub);
	there = hubs_envelopes(hubs, hub, 1);
	hubs_exactly_once(hubs, &there, spools, 2);
	{
		struct mailbox_item *items;
		int64_t rows;
		size_t count;

		must(mailboxes_find(
			hubs, hub->mailbox, hub->log, "00112233445566778899aabbccddeeff", &items, &count));
		must(spool_count(spools[1], 0, &rows));
		assert_int_equal(count, rows);
		must(state_taken(hub->mailbox, "intake", &upto));
		must(spool_count(spools[0], upto, &rows));
		assert_int_equal(rows, 0);
	}
	assert_int_equal(hubs_trouble(hub, TROUBLE_LOST), 0);
	hub_close(hub);
	db_close(spools[0]);
	db_close(spools[1]);
}

static void a_lost_sync_db_doubles_no_record(void **state)
{
	static const char *const files[] = {
		"sync.db", "sync.db-wal", "sync.db-shm", "mailbox.db", "mailbox.db-wal", "mailbox.db-shm"};
	struct hubs *hubs = *state;
	struct db *spool = hubs_spool(hubs, 1, "intake.db");
	struct hub *hub = hubs_open(hubs, 1);
	struct hubs_envelopes there;

	hubs_report(hubs, 1, 5);
	hubs_commit(hub);
	hub_close(hub);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		unlink(home_file(hubs, hubs->homes[1], files[i]));
	hubs_report(hubs, 1, 2);
	hub = hubs_open(hubs, 1);
	assert_int_equal(hubs_commit(hub), 2);
	there = hubs_envelopes(hubs, hub, 1);
	hubs_exactly_once(hubs, &there, &spool, 1);
	hub_close(hub);
	db_close(spool);
}

static void a_log_behind_its_high_water_mark_is_not_extended(void **state)
{
	struct hubs *hubs = *state;
	struct hub *hub = hubs_open(hubs, 1);
	const struct error *error;
	struct log_tip first;
	char ref[LOG_REF_SIZE];
	int64_t count;

	hubs_report(hubs, 1, 1);
	hubs_commit(hub);
	must(logs_tip(hub->log, hubs->trusts[1].self.log, 1, &first));
	hubs_report(hubs, 1, 1);
	hubs_commit(hub);
	hub_close(hub);
	logs_ref(ref, hubs->trusts[1].self.log, 1);
	assert_int_equal(hubs_git(home_file(hubs, hubs->homes[1], "log.git"),
				 memory_format(hubs, "update-ref %s %s", ref, first.oid.hex)),
		0);
	hubs_report(hubs, 1, 1);
	hub = hubs_open(hubs, 1);
	error = round_commit(hub, &count);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_CONFLICT);
	assert_int_equal(hubs_trouble(hub, TROUBLE_LOST), 1);
	must(logs_tip(hub->log, hubs->trusts[1].self.log, 1, &first));
	assert_int_equal(first.seq, 1);
	hub_close(hub);
}

static void two_processes_cannot_extend_one_log(void **state)
{
	struct hubs *hubs = *state;
	struct hub *hub = hubs_open(hubs, 1), *second = NULL;
	const struct error *error = hub_open(hubs, hubs->homes[1], &second);

	assert_non_null(error);
	assert_int_equal(error->code, ERROR_UNAVAILABLE);
	hub_close(hub);
}

static void a_cloned_card_is_noticed_and_stops(void **state)
{
	struct hubs *hubs = *state;
	char *here = hubs->homes[1]->path, *copy = memory_format(hubs, "%s-copy", here);
	struct home *original = hubs->homes[1];
	const struct error *error;
	struct hub *hub;
	int64_t count;

	HUBS_ROUND_OK(hubs_day(hubs, 0));
	hubs_report(hubs, 1, 1);
	HUBS_ROUND_OK(hubs_day(hubs, 1));
	assert_int_equal(system(memory_format(hubs, "cp -a %s %s", here, copy)), 0);
	hubs_report(hubs, 1, 1);
	HUBS_ROUND_OK(hubs_day(hubs, 1)); /* the original goes on */
	must(home_open(hubs, copy, &hubs->homes[1]));
	hubs_report(hubs, 1, 1);
	hub = hubs_open(hubs, 1);
	json_decref(hubs_round(hub, hubs->relay));		/* the copy looks before it writes */
	assert_int_equal(hubs_trouble(hub, TROUBLE_FORKED), 2); /* at the relay, and for itself */
	error = round_commit(hub, &count);
	assert_non_null(error);
	hub_close(hub);
	hub = hubs_open(hubs, 1);
	assert_non_null(hub->halted); /* and after a restart, too */
	hub_close(hub);
	hubs->homes[1] = original;
	hubs_report(hubs, 1, 1);
	HUBS_ROUND_OK(hubs_day(hubs, 1));
}

/* One round with another relay than the usual one. */
static json_t *day_with(struct hubs *hubs, int which, const char *relay)
{
	struct hub *hub = hubs_open(hubs, which);
	json_t *report;

	hubs_commit(hub);
	report = hubs_round(hub, relay);
	hub_close(hub);
	return report;
}

static void the_proof_of_a_fork_is_kept_and_passed_on(void **state)
{
	struct hubs *hubs = *state;
	char *here = hubs->homes[1]->path, *copy = memory_format(hubs, "%s-copy", here);
	char *second = memory_format(hubs, "%s-second", hubs->relay);
	struct home *original = hubs->homes[1];
	struct hub *hub;
	char **names;
	size_t count;

	must(repo_create(second, NULL));
	HUBS_ROUND_OK(hubs_day(hubs, 0));
	HUBS_ROUND_OK(day_with(hubs, 0, second));
	hubs_report(hubs, 1, 1);
	HUBS_ROUND_OK(hubs_day(hubs, 1));
	assert_int_equal(system(memory_format(hubs, "cp -a %s %s", here, copy)), 0);
	hubs_report(hubs, 1, 1);
	HUBS_ROUND_OK(hubs_day(hubs, 1));
	must(home_open(hubs, copy, &hubs->homes[1]));
	hubs_report(hubs, 1, 1);
	HUBS_ROUND_OK(day_with(hubs, 1, second));
	hubs->homes[1] = original;
	/* Headquarters sees both. */
	HUBS_ROUND_OK(hubs_day(hubs, 0));
	HUBS_ROUND_OK(day_with(hubs, 0, second));
	HUBS_ROUND_OK(hubs_day(hubs, 0));
	hub = hubs_open(hubs, 0);
	assert_int_equal(hubs_trouble(hub, TROUBLE_FORKED), 1);
	hub_close(hub);
	/* The third hub and the forked one know but one relay, and learn of it there. */
	HUBS_ROUND_OK(hubs_day(hubs, 2));
	hub = hubs_open(hubs, 2);
	assert_int_equal(hubs_trouble(hub, TROUBLE_FORKED), 1);
	must(repo_refs(hubs, hub->log, "refs/forks/", 10, &names, &count));
	assert_int_equal(count, 1);
	hub_close(hub);
	json_decref(hubs_day(hubs, 1));
	hub = hubs_open(hubs, 1);
	assert_non_null(hub->halted);
	hub_close(hub);
}

static void the_keeper_takes_the_next_roster_and_every_hub_gets_it(void **state)
{
	struct hubs *hubs = *state;
	struct roster_files files;
	struct hub *hub;

	hubs->coalition->roster.version = 2;
	files = coalition_files(hubs->coalition, &hubs->coalition->roster, 1);
	must(round_roster(hubs->homes[0], 2, &files));
	HUBS_ROUND_OK(hubs_day(hubs, 0));
	HUBS_ROUND_OK(hubs_day(hubs, 2));
	hub = hubs_open(hubs, 2);
	assert_int_equal(hub_roster(hub)->version, 2);
	hub_close(hub);
	/* Unsigned, or by a hub that is not the keeper: no. */
	hubs->coalition->roster.version = 3;
	files = coalition_files(hubs->coalition, &hubs->coalition->roster, 0);
	assert_non_null(round_roster(hubs->homes[0], 3, &files));
	files = coalition_files(hubs->coalition, &hubs->coalition->roster, 1);
	assert_non_null(round_roster(hubs->homes[2], 3, &files));
	hub = hubs_open(hubs, 0);
	assert_int_equal(hub_roster(hub)->version, 2);
	hub_close(hub);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HUBS_TEST(a_record_spooled_at_a_hub_reaches_headquarters_once),
		HUBS_TEST(records_of_three_hubs_reach_all_three),
		HUBS_TEST(both_spools_go_into_the_log_and_are_marked_as_taken),
		HUBS_TEST(a_row_that_no_hub_would_accept_does_not_spoil_the_log),
		HUBS_TEST(a_damaged_spool_holds_up_nothing_of_the_other),
		HUBS_TEST(which_report_was_urgent_is_kept_until_the_office_has_read_it),
		HUBS_TEST(only_an_office_of_the_report_s_hub_or_of_headquarters_opens_it),
		HUBS_TEST(acknowledgements_alone_are_committed_at_most_once_in_six_hours),
		HUBS_TEST(a_round_that_was_asked_for_acknowledges_what_it_brought_and_nothing_else),
		HUBS_TEST(a_hub_that_works_alone_sends_its_own_log),
		HUBS_TEST(a_spool_of_more_than_one_batch_is_taken_whole),
		HUBS_TEST(a_killed_sync_loses_no_record_and_doubles_none),
		HUBS_TEST(a_lost_sync_db_doubles_no_record),
		HUBS_TEST(a_log_behind_its_high_water_mark_is_not_extended),
		HUBS_TEST(two_processes_cannot_extend_one_log),
		HUBS_TEST(a_cloned_card_is_noticed_and_stops),
		HUBS_TEST(the_proof_of_a_fork_is_kept_and_passed_on),
		HUBS_TEST(the_keeper_takes_the_next_roster_and_every_hub_gets_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, tools_start, tools_end);
}
