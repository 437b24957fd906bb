/* Sealed envelopes wait in order until sync has taken them; a row that is not one stops before it goes
 * further. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "node/store/spool.h"
#include "tests/unit/place.h"

static const char *const steps[] = {META_SQL, spool_sql, NULL};
static const struct db_schema schema = {steps, 2};

static struct db *open_spool(void *state)
{
	struct db *db;

	assert_null(db_open(place_file(state, "intake.db"), &schema, &db));
	return db;
}

static struct spool_entry entry_of(char kind, const char *body)
{
	struct spool_entry entry = {.kind = kind, .body = {(const uint8_t *)body, strlen(body)}};

	if (kind == 'm')
		memcpy(entry.mailbox, "0123456789abcdef0123456789abcdef", sizeof entry.mailbox);
	return entry;
}

static int64_t add(struct db *db, char kind, const char *body)
{
	struct spool_entry entry = entry_of(kind, body);
	int64_t id;

	assert_null(spool_add(db, &entry, &id));
	return id;
}

static void entries_come_back_in_order_and_as_they_went_in(void **state)
{
	struct db *db CLEANUP(db_close) = open_spool(*state);
	struct spool_entry urgent = entry_of('i', "first"), *entries;
	int64_t first, second, waiting;
	size_t count;

	urgent.urgent = true;
	assert_null(spool_add(db, &urgent, &first));
	second = add(db, 'm', "second");
	add(db, 'o', "third");
	assert_true(second > first);
	assert_null(spool_after(*state, db, 0, 100, &entries, &count));
	assert_int_equal(count, 3);
	assert_int_equal(entries[0].id, first);
	assert_true(entries[0].urgent);
	assert_int_equal(entries[0].kind, 'i');
	assert_string_equal((const char *)entries[0].body.data, "first");
	assert_string_equal(entries[1].mailbox, "0123456789abcdef0123456789abcdef");
	assert_false(entries[1].urgent);
	assert_string_equal(entries[2].mailbox, "");
	assert_null(spool_after(*state, db, first, 1, &entries, &count));
	assert_int_equal(count, 1);
	assert_int_equal(entries[0].id, second);
	assert_null(spool_count(db, first, &waiting));
	assert_int_equal(waiting, 2);
}

static void a_number_is_never_used_twice(void **state)
{
	struct db *db = open_spool(*state);
	int64_t last, next, waiting;
	struct spool_entry *entries;
	size_t count;

	add(db, 'i', "a");
	last = add(db, 'i', "b");
	assert_null(spool_prune(db, last, INT64_MAX));
	assert_null(spool_count(db, 0, &waiting));
	assert_int_equal(waiting, 0);
	db_close(db);
	db = open_spool(*state);
	next = add(db, 'i', "c");
	assert_true(next > last);
	assert_null(spool_prune(db, last, INT64_MAX)); /* again: takes nothing that is new */
	assert_null(spool_after(*state, db, last, 10, &entries, &count));
	assert_int_equal(count, 1);
	assert_null(spool_after(*state, db, next, 10, &entries, &count));
	assert_int_equal(count, 0);
	db_close(db);
}

static void what_sync_has_taken_leaves_oldest_first_and_no_more_than_is_asked(void **state)
{
	struct db *db = open_spool(*state);
	int64_t ids[5], waiting;

	for (size_t i = 0; i < 5; i++)
		ids[i] = add(db, 'i', "a");
	assert_null(spool_prune(db, ids[3], 2));
	assert_null(spool_count(db, ids[1], &waiting));
	assert_int_equal(waiting, 3);
	assert_null(spool_count(db, 0, &waiting));
	assert_int_equal(waiting, 3);
	assert_null(spool_prune(db, ids[3], 9));
	assert_null(spool_count(db, 0, &waiting));
	assert_int_equal(waiting, 1);
	db_close(db);
}

static void the_spool_of_one_hub_is_not_used_by_another(void **state)
{
	struct db *db = open_spool(*state);

	assert_null(spool_claim(db, "k7q2m9x4t0ab3c5d"));
	assert_null(spool_claim(db, "k7q2m9x4t0ab3c5d"));
	db_close(db);
	db = open_spool(*state);
	assert_int_equal(spool_claim(db, "7d2n0r5h8w1c4yzm")->code, ERROR_CONFIG);
	assert_null(spool_claim(db, "k7q2m9x4t0ab3c5d"));
	db_close(db);
}

static void what_is_no_envelope_is_not_spooled(void **state)
{
	struct db *db CLEANUP(db_close) = open_spool(*state);
	char *large = memory_array(*state, char, SPOOL_BODY_MAX + 2);
	struct spool_entry bad;
	int64_t id = -1;

	memset(large, 'x', SPOOL_BODY_MAX + 1);
	bad = entry_of('x', "kind");
	assert_int_equal(spool_add(db, &bad, &id)->code, ERROR_INVALID);
	bad = entry_of('i', "");
	assert_int_equal(spool_add(db, &bad, &id)->code, ERROR_INVALID);
	bad = entry_of('o', large);
	assert_int_equal(spool_add(db, &bad, &id)->code, ERROR_INVALID);
	bad = entry_of('m', "no mailbox");
	bad.mailbox[0] = '\0';
	assert_int_equal(spool_add(db, &bad, &id)->code, ERROR_INVALID);
	bad = entry_of('i', "a mailbox too many");
	memcpy(bad.mailbox, "0123456789abcdef0123456789abcdef", sizeof bad.mailbox);
	assert_int_equal(spool_add(db, &bad, &id)->code, ERROR_INVALID);
	assert_int_equal(id, -1);
	bad = entry_of('i', large);
	bad.body.len = SPOOL_BODY_MAX;
	assert_null(spool_add(db, &bad, &id));
}

static void a_batch_stays_within_sixteen_megabytes(void **state)
{
	struct db *db CLEANUP(db_close) = open_spool(*state);
	char *large = memory_array(*state, char, SPOOL_BODY_MAX + 1);
	struct spool_entry *entries;
	int64_t last = 0;
	size_t count;

	memset(large, 'x', SPOOL_BODY_MAX);
	assert_null(db_begin(db));
	for (int i = 0; i < 300; i++)
		add(db, 'i', large);
	assert_null(db_commit(db));
	assert_null(spool_after(*state, db, 0, 1000, &entries, &count));
	assert_int_equal(count, 256);
	last = entries[count - 1].id;
	assert_null(spool_after(*state, db, last, 1000, &entries, &count));
	assert_int_equal(count, 44);
}

/* A role that was taken over can write what it likes into its own file. */
static void a_hostile_row_is_named_and_goes_no_further(void **state)
{
	static const char *const hostile[] = {
		META_SQL, "CREATE TABLE spool(id, kind, mailbox, urgent, body)", NULL};
	static const char *const rows[] = {
		"1, 'io', '', 0, x'61'",
		"1, '', '', 0, x'61'",
		"1, NULL, NULL, NULL, NULL",
		"1, 'm', '../../../../../../etc/passwd....', 0, x'61'",
		"1, 'm', '0123456789abcdef0123456789abcdef0123456789', 0, x'61'",
		"1, 'i', '0123456789abcdef0123456789abcdef', 0, x'61'",
		"1, 'i', '', 0, zeroblob(65537)",
		"1, 'i', '', 0, ''",
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *path = place_file(*state, memory_format(*state, "%zu.db", i));
		struct spool_entry *entries = NULL;
		struct db *db;
		size_t count;

		assert_null(db_open(path, &(struct db_schema){hostile, 2}, &db));
		assert_null(db_run(db, memory_format(*state, "INSERT INTO spool VALUES(%s)", rows[i])));
		db_close(db);
		assert_null(db_open_foreign(path, 2, &db));
		assert_int_equal(spool_after(*state, db, 0, 10, &entries, &count)->code, ERROR_INVALID);
		assert_null(entries);
		db_close(db);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(entries_come_back_in_order_and_as_they_went_in),
		PLACE_TEST(a_number_is_never_used_twice),
		PLACE_TEST(what_sync_has_taken_leaves_oldest_first_and_no_more_than_is_asked),
		PLACE_TEST(the_spool_of_one_hub_is_not_used_by_another),
		PLACE_TEST(what_is_no_envelope_is_not_spooled),
		PLACE_TEST(a_batch_stays_within_sixteen_megabytes),
		PLACE_TEST(a_hostile_row_is_named_and_goes_no_further),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
