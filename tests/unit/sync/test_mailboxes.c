/* What lies behind a code is found at every hub, however mailbox.db came to say so: while sync wrote it,
 * fetched it, or read it again. */
#include "tests/unit/sync/hubs.h"

static void remove_mailbox_db(struct hubs *hubs, int which)
{
	static const char *const files[] = {"mailbox.db", "mailbox.db-wal", "mailbox.db-shm"};

	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		unlink(home_file(hubs, hubs->homes[which], files[i]));
}

/* All of a table's rows as text. */
static char *rows_of(struct hubs *hubs, struct db *db, const char *sql)
{
	struct query query CLEANUP(db_finish) = {0};
	struct buffer *text = buffer_new(hubs);
	bool row;

	must(db_prepare(db, &query, sql));
	for (must(db_step(&query, &row)); row; must(db_step(&query, &row)))
		buffer_format(text, "%s\n", db_text(&query, 0));
	return (char *)text->data;
}

/* Of several mailboxes in one commit, the order says nothing. */
static char *items_of(struct hubs *hubs, const struct hub *hub)
{
	return rows_of(hubs, hub->mailbox,
		"SELECT format('%d %s %d %d %d %s', mailbox, log, epoch, seq, office, hex(oid)) "
		"FROM item ORDER BY seq, mailbox, id");
}

static void items_of_all_logs_can_be_asked_for_at_any_hub(void **state)
{
	static const char mailbox[] = "00112233445566778899aabbccddeeff",
			  other[] = "ffeeddccbbaa99887766554433221100";
	struct hubs *hubs = *state;
	struct db *spool = hubs_spool(hubs, 1, "intake.db");
	struct mailbox_item *items;
	struct hub *hub;
	size_t count;

	hubs_spool_add(hubs, spool, 'm', mailbox, "saved");
	hubs_spool_add(hubs, spool, 'm', other, "saved, for somebody else");
	hubs_spool_add(hubs, spool, 'm', mailbox, "read");
	HUBS_ROUND_OK(hubs_day(hubs, 0));
	HUBS_ROUND_OK(hubs_day(hubs, 1));
	HUBS_ROUND_OK(hubs_day(hubs, 2));
	for (int i = 1; i < HUBS; i++) {
		hub = hubs_open(hubs, i);
		must(mailboxes_find(hubs, hub->mailbox, hub->log, mailbox, &items, &count));
		assert_int_equal(count, 2);
		assert_string_equal(items[0].log, hubs->trusts[1].self.log);
		hub_close(hub);
	}
	remove_mailbox_db(hubs, 2);
	hub = hubs_open(hubs, 2);
	must(mailboxes_find(hubs, hub->mailbox, hub->log, mailbox, &items, &count));
	assert_int_equal(count, 2);
	must(mailboxes_find(hubs, hub->mailbox, hub->log, other, &items, &count));
	assert_int_equal(count, 1);
	hub_close(hub);
	db_close(spool);
}

static char *mailbox_name(struct hubs *hubs, int number)
{
	return memory_format(hubs, "%08x112233445566778899aabbcc", number);
}

/* Commits of one and of many entries, by intake and by the office, some without an entry of the office's. */
static void write_much(struct hubs *hubs, struct hub *hub, int round)
{
	struct db *intake = hubs_spool(hubs, 1, "intake.db"), *office = hubs_spool(hubs, 1, "office.db");

	for (int i = 0; i < 150; i++) {
		hubs_spool_add(hubs, intake, 'i', "", "a report");
		hubs_spool_add(hubs, intake, 'm', mailbox_name(hubs, 1000 * round + i), "its receipt");
	}
	for (int i = 0; i < 300; i++)
		hubs_spool_add(hubs, office, 'm', mailbox_name(hubs, 1000 * round + i % 150), "read");
	hubs_spool_add(hubs, office, 'o', "", "opened");
	hubs_commit(hub);
	db_close(intake);
	db_close(office);
}

static void what_sync_notes_while_it_writes_is_what_it_reads_again(void **state)
{
	struct hubs *hubs = *state;
	struct hub *hub;
	char *written, *mark;

	HUBS_ROUND_OK(hubs_day(hubs, 0));
	HUBS_ROUND_OK(hubs_day(hubs, 1));
	hub = hubs_open(hubs, 1);
	write_much(hubs, hub, 1);
	write_much(hubs, hub, 2);
	written = items_of(hubs, hub);
	mark = rows_of(hubs, hub->mailbox, "SELECT seq || oid FROM indexed ORDER BY log");
	hub_close(hub);
	remove_mailbox_db(hubs, 1);
	hub = hubs_open(hubs, 1); /* with nothing new to be written */
	assert_string_equal(items_of(hubs, hub), written);
	assert_string_equal(rows_of(hubs, hub->mailbox, "SELECT seq || oid FROM indexed ORDER BY log"), mark);
	hub_close(hub);
}

/* A power cut: sync.db and log.git are on the card, mailbox.db is what it was a batch ago. */
static void what_a_power_cut_takes_from_mailbox_db_comes_back_from_the_log(void **state)
{
	struct hubs *hubs = *state;
	char *path = home_file(hubs, hubs->homes[1], "mailbox.db"), *before, *written;
	struct hub *hub = hubs_open(hubs, 1);
	struct bytes old;

	write_much(hubs, hub, 1);
	before = items_of(hubs, hub);
	must(db_run(hub->mailbox, "PRAGMA wal_checkpoint(TRUNCATE)"));
	must(files_read(hubs, path, 1 << 24, &old));
	write_much(hubs, hub, 2);
	written = items_of(hubs, hub);
	assert_string_not_equal(written, before);
	hub_close(hub);
	remove_mailbox_db(hubs, 1);
	must(files_write(path, old, 0600));
	hub = hubs_open(hubs, 1);
	assert_string_equal(items_of(hubs, hub), written);
	write_much(hubs, hub, 3);
	written = items_of(hubs, hub);
	hub_close(hub);
	remove_mailbox_db(hubs, 1);
	hub = hubs_open(hubs, 1);
	assert_string_equal(items_of(hubs, hub), written);
	hub_close(hub);
}

/* log.git was put back to an older state, mailbox.db was not. */
static void an_item_that_the_log_lacks_is_left_out(void **state)
{
	static const char mailbox[] = "00112233445566778899aabbccddeeff";
	struct hubs *hubs = *state;
	struct db *spool = hubs_spool(hubs, 1, "intake.db");
	struct hub *hub = hubs_open(hubs, 1);
	struct mailbox_item *items;
	size_t count;

	hubs_spool_add(hubs, spool, 'm', mailbox, "saved");
	hubs_commit(hub);
	must(db_run(hub->mailbox, "INSERT INTO item SELECT NULL, mailbox, log, epoch, seq, office, "
				  "zeroblob(20) FROM item"));
	must(mailboxes_find(hubs, hub->mailbox, hub->log, mailbox, &items, &count));
	assert_int_equal(count, 1);
	hub_close(hub);
	db_close(spool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HUBS_TEST(items_of_all_logs_can_be_asked_for_at_any_hub),
		HUBS_TEST(what_sync_notes_while_it_writes_is_what_it_reads_again),
		HUBS_TEST(what_a_power_cut_takes_from_mailbox_db_comes_back_from_the_log),
		HUBS_TEST(an_item_that_the_log_lacks_is_left_out),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, tools_start, tools_end);
}
