/* Sending again gives the same receipt; after ten minutes nothing on the card opens any more; a day later
 * nothing is left. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "node/base/files.h"
#include "node/base/home.h"
#include "node/vault/mailbox.h"
#include "web/intake/intake.h"

#define TICKET_A "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define TICKET_B "10112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static struct home *home;
static struct db *db;
static struct seen *seen;

static int set_up(void **state)
{
	char path[] = "/tmp/engabo-test-XXXXXX";
	int roster;

	*state = memory_context(NULL);
	seen = seen_new(*state);
	if (!mkdtemp(path))
		return -1;
	return home_create(*state, path, &home) || intake_open_db(home, &db, &roster) || roster != 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	db_close(db);
	if (system(memory_format(*state, "rm -rf '%s'", home->path)) != 0)
		return -1;
	memory_free(*state);
	return 0;
}

static void tidy(int64_t now, int64_t *next)
{
	int64_t gone;

	assert_null(receipts_tidy(db, now, &gone, next));
	seen_forget(seen, gone);
}

static const uint8_t text[] = "They came at night.";

static const struct error *add(const char *ticket, const struct secret *code, int64_t now, bool *is_new)
{
	struct receipt receipt;

	receipt_make(&receipt, ticket, code, BYTES_OF(text));
	return receipts_add(db, seen, &receipt, now, is_new);
}

static bool is_same(const char *ticket, struct bytes sent)
{
	struct receipt receipt;
	bool is;

	receipt_make(&receipt, ticket, NULL, sent);
	assert_null(receipts_is_same(db, seen, &receipt, &is));
	return is;
}

static void expect(
	const char *ticket, int64_t now, enum receipt_state wanted, const struct secret *wanted_code)
{
	struct secret *code CLEANUP(secret_free) = NULL;
	enum receipt_state state;

	assert_null(receipts_find(db, seen, ticket, now, &state, &code));
	assert_int_equal(state, wanted);
	if (wanted_code)
		assert_true(secret_equal(code, wanted_code));
	else
		assert_null(code);
}

static void the_same_receipt_for_ten_minutes_and_the_memory_of_it_for_a_day(void **state)
{
	struct secret *code CLEANUP(secret_free) = mailbox_code_new();
	struct secret *other CLEANUP(secret_free) = mailbox_code_new();
	int64_t next;
	bool is_new;

	assert_null(add(TICKET_A, code, 1000, &is_new));
	assert_true(is_new);
	assert_null(add(TICKET_A, other, 1001, &is_new));
	assert_false(is_new);
	assert_null(add(TICKET_B, NULL, 1010, &is_new));
	assert_true(is_new);
	expect(TICKET_A, 1599, RECEIPT_THERE, code);
	expect(TICKET_A, 1600, RECEIPT_OVER, NULL);
	expect(TICKET_B, 1100, RECEIPT_THERE, NULL);
	expect("ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", 1100, RECEIPT_UNKNOWN,
		NULL);

	tidy(1300, &next);
	assert_int_equal(next, 1600);
	expect(TICKET_A, 1300, RECEIPT_THERE, code);
	tidy(1600, &next);
	assert_int_equal(next, 1000 + RECEIPT_KEPT_SECONDS);
	expect(TICKET_A, 1300, RECEIPT_THERE, NULL); /* the code itself is gone, whatever the clock says */
	tidy(1000 + RECEIPT_KEPT_SECONDS, &next);
	expect(TICKET_A, 1000, RECEIPT_UNKNOWN, NULL);
	expect(TICKET_B, 1010, RECEIPT_THERE, NULL);
	tidy(1010 + RECEIPT_KEPT_SECONDS, &next);
	assert_int_equal(next, 0);
}

static void a_code_that_was_left_is_gone_and_the_memory_of_the_sending_stays(void **state)
{
	struct secret *code CLEANUP(secret_free) = mailbox_code_new();
	bool is_new;

	assert_null(add(TICKET_A, code, 1000, &is_new));
	assert_null(add(TICKET_B, code, 1000, &is_new));
	assert_null(receipts_hide(db, seen, receipt_id(TICKET_A)));
	expect(TICKET_A, 1001, RECEIPT_THERE, NULL);
	expect(TICKET_B, 1001, RECEIPT_THERE, code);
	assert_null(add(TICKET_A, code, 1002, &is_new));
	assert_false(is_new);
}

static void what_was_sent_is_known_again_and_what_was_edited_is_not(void **state)
{
	struct secret *code CLEANUP(secret_free) = mailbox_code_new();
	const struct bytes sent = BYTES_OF(text);
	bool is;

	assert_null(add(TICKET_A, code, 1000, &is));
	assert_true(is_same(TICKET_A, sent));
	assert_false(is_same(TICKET_A, (struct bytes){text, sizeof text - 2}));
	assert_false(is_same(TICKET_A, (struct bytes){NULL, 0}));
	assert_false(is_same(TICKET_B, sent));
}

static void a_ticket_that_was_sent_is_never_taken_for_a_new_one(void **state)
{
	struct seen *anew = seen_new(*state);
	char ticket[sizeof TICKET_A];
	bool is_new;

	assert_null(db_begin(db));
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(ticket, sizeof ticket, "%08x%.56s", i, TICKET_A);
		seen_expect(seen, receipt_id(ticket));
		assert_null(add(ticket, NULL, i < 1000 ? 1000 : 2000, &is_new));
		assert_true(is_new);
	}
	assert_null(db_commit(db));
	tidy(1000 + RECEIPT_KEPT_SECONDS, &(int64_t){0});
	assert_null(receipts_note_all(db, anew)); /* as after a restart */
	for (unsigned i = 0; i < 4000; i++) {
		int64_t place = 0, again = 0;

		snprintf(ticket, sizeof ticket, "%08x%.56s", i, TICKET_A);
		assert_int_equal(seen_find(seen, receipt_id(ticket), &place), i >= 1000 && i < 3000);
		assert_int_equal(seen_find(anew, receipt_id(ticket), &again), i >= 1000 && i < 3000);
		assert_int_equal(place, again);
		seen_expect(seen, receipt_id(ticket));
		assert_null(add(ticket, NULL, 3000, &is_new));
		assert_int_equal(is_new, i < 1000 || i >= 3000);
	}
}

static void what_was_undone_was_not_sent(void **state)
{
	struct secret *code CLEANUP(secret_free) = mailbox_code_new();
	bool is_new;

	seen_expect(seen, receipt_id(TICKET_A));
	expect(TICKET_A, 1000, RECEIPT_UNKNOWN, NULL);
	assert_null(db_begin(db));
	assert_null(add(TICKET_A, code, 1000, &is_new));
	assert_true(is_new);
	db_rollback(db);
	expect(TICKET_A, 1000, RECEIPT_UNKNOWN, NULL);
	assert_null(add(TICKET_B, code, 1000, &is_new)); /* where the other was */
	expect(TICKET_A, 1000, RECEIPT_UNKNOWN, NULL);
	assert_null(receipts_hide(db, seen, receipt_id(TICKET_A)));
	expect(TICKET_B, 1000, RECEIPT_THERE, code);
	assert_null(add(TICKET_A, code, 1000, &is_new));
	assert_true(is_new);
	expect(TICKET_A, 1000, RECEIPT_THERE, code);
}

static void the_card_never_holds_a_code_or_a_ticket(void **state)
{
	struct secret *code CLEANUP(secret_free) = mailbox_code_new();
	struct bytes file;
	bool is_new;

	assert_null(add(TICKET_A, code, 1000, &is_new));
	assert_null(db_run(db, "PRAGMA wal_checkpoint(TRUNCATE)"));
	assert_null(files_read(*state, home_file(*state, home, "intake.db"), 1 << 20, &file));
	assert_null(memmem(file.data, file.len, code->data, code->len));
	assert_null(memmem(file.data, file.len, TICKET_A, 32));
	assert_null(memmem(file.data, file.len, text, 10));
}

static void after_a_power_cut_a_receipt_gets_its_time_anew(void **state)
{
	struct secret *code CLEANUP(secret_free) = mailbox_code_new();
	bool is_new;

	assert_null(add(TICKET_A, code, 500000, &is_new));
	assert_null(receipts_start(db, 500500)); /* the role was started again, the machine was not */
	expect(TICKET_A, 500600, RECEIPT_OVER, NULL);
	assert_null(receipts_start(db, 20)); /* the boot clock began anew */
	expect(TICKET_A, 30, RECEIPT_THERE, code);
	expect(TICKET_A, 620, RECEIPT_OVER, NULL);
}

static void only_the_newest_are_remembered(void **state)
{
	char ticket[sizeof TICKET_A] = TICKET_A;
	int64_t next;
	bool is_new;

	assert_null(db_begin(db));
	for (unsigned i = 0; i < RECEIPT_KEPT_MOST + 10; i++) {
		snprintf(ticket, sizeof ticket, "%08x%.56s", i, TICKET_A);
		assert_null(add(ticket, NULL, 1000 + i / 1000, &is_new));
	}
	tidy(1100, &next);
	assert_null(db_commit(db));
	expect(ticket, 1100, RECEIPT_THERE, NULL);
	snprintf(ticket, sizeof ticket, "%08x%.56s", RECEIPT_KEPT_MOST / 2, TICKET_A);
	expect(ticket, 1100, RECEIPT_THERE, NULL);
	{
		struct query query CLEANUP(db_finish) = {NULL, NULL};
		bool row;

		assert_null(db_prepare(db, &query, "SELECT count(*) FROM receipt"));
		assert_null(db_step(&query, &row));
		assert_int_equal(db_integer(&query, 0), RECEIPT_KEPT_MOST);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_code_that_was_left_is_gone_and_the_memory_of_the_sending_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			the_same_receipt_for_ten_minutes_and_the_memory_of_it_for_a_day, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_was_sent_is_known_again_and_what_was_edited_is_not, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_ticket_that_was_sent_is_never_taken_for_a_new_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_undone_was_not_sent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_card_never_holds_a_code_or_a_ticket, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			after_a_power_cut_a_receipt_gets_its_time_anew, set_up, tear_down),
		cmocka_unit_test_setup_teardown(only_the_newest_are_remembered, set_up, tear_down),
	};

	secret_start();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
