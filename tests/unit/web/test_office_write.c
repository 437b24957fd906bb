/* What a person writes is on the card and in the case file together, or nowhere; and only sealed bytes reach
 * the card. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/clock.h"
#include "node/base/files.h"
#include "node/casework/lists.h"
#include "node/store/spool.h"
#include "web/commands/founding.h"
#include "web/office/people.h"

#define WORDS "task jigsaw oyster tub icicle armchair falcon"

static char top[] = "/tmp/engabo-office-XXXXXX";
static void *context;
static struct home *home;
static struct secret *passphrase;

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
	return remove(path);
}

/* A fresh hub that works alone, with its first keyholder akello. */
static int make_hub(void **state)
{
	struct secret *sheet;
	struct founding founding = {.name = "Gulu", .code = "GUL", .region = "Acholi", .user = "akello"};
	struct founded founded = {0};
	const struct error *error;

	setenv("ENGABO_TEST_CHEAP_KEYS", "1", 1);
	secret_start();
	if (!mkdtemp(top))
		return 1;
	context = memory_context(NULL);
	passphrase = secret_copy(WORDS, sizeof WORDS);
	sheet = secret_copy("other words", sizeof "other words");
	founding.slot_words = sheet;
	founding.passphrase = passphrase;
	error = home_create(context, memory_format(context, "%s/gul", top), &home);
	if (!error)
		error = founding_make(context, home, &founding, &founded);
	if (!error)
		error = people_first_user(
			home, &founded.trust, founded.vault, NULL, "akello", founded.slot, &founded.own);
	founded_free(&founded);
	secret_free(sheet);
	if (error)
		fprintf(stderr, "# %s\n", error->message);
	return error != NULL;
}

static int remove_hub(void **state)
{
	secret_free(passphrase);
	memory_free(context);
	return nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static struct office *opened(void)
{
	struct signed_in in = {0};
	struct office *office;

	assert_null(office_open(context, home, true, &office));
	assert_null(people_open(home, "akello", passphrase, &in));
	assert_null(office_unlock(office, in.vault));
	in.vault = NULL;
	people_signed_in_wipe(&in);
	return office;
}

static const struct error *write_note(
	struct office *office, const char *key, const char *case_key, const char *text)
{
	struct batch *batch = batch_new(context, office, "akello");

	TRY(batch_event(batch, "note", key, case_key, json_pack("{ss}", "text", text), NULL));
	return batch_commit(batch);
}

static void the_first_keyholder_is_there_and_a_wrong_passphrase_opens_nothing(void **state)
{
	struct secret *wrong = secret_copy("not these", sizeof "not these");
	struct office *office = opened();
	struct signed_in in = {0};
	struct person person;

	assert_null(people_find(context, office->file, "akello", &person));
	assert_true(person.is_active && person.is_keyholder && person.role == ROLE_COORDINATOR);
	assert_int_equal(people_open(home, "akello", wrong, &in)->code, ERROR_DENIED);
	assert_int_equal(people_open(home, "somebody", passphrase, &in)->code, ERROR_DENIED);
	secret_free(wrong);
	office_close(office);
}

static void what_is_written_is_there_after_a_crash(void **state)
{
	struct office *office = opened();
	char case_key[ENTITY_KEY_SIZE], key[ENTITY_KEY_SIZE];
	struct batch *batch = batch_new(context, office, "akello");
	json_t *notes;

	write_key_new(case_key, office);
	write_key_new(key, office);
	assert_null(batch_event(batch, "case", case_key, "", json_pack("{ss}", "alias", "Kingfisher"), NULL));
	assert_null(batch_event(batch, "note", key, case_key, json_pack("{ss}", "text", "first"), NULL));
	assert_null(batch_commit(batch));
	office_close(office); /* no snapshot: as if the power had gone */
	office = opened();
	assert_null(lists_notes(office->file, case_key, &notes));
	assert_int_equal(json_array_size(notes), 1);
	json_decref(notes);
	office_close(office);
}

static void a_full_card_changes_nothing_and_says_so(void **state)
{
	struct office *office = opened();
	char case_key[ENTITY_KEY_SIZE], key[ENTITY_KEY_SIZE];
	uint8_t before[32], after[32];
	char *large = memory_zeroed(context, 8000, "large");
	const struct error *error = NULL;
	int64_t count, again;

	memset(large, 'x', 7900);
	write_key_new(case_key, office);
	assert_null(db_run(office->db, "PRAGMA max_page_count = 40"));
	for (int i = 0; i < 100 && !error; i++) {
		assert_null(casefile_digest(office->file, before));
		assert_null(spool_count(office->db, 0, &count));
		write_key_new(key, office);
		error = write_note(office, key, case_key, large);
	}
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_FULL);
	assert_null(casefile_digest(office->file, after));
	assert_memory_equal(before, after, sizeof before);
	assert_null(spool_count(office->db, 0, &again));
	assert_int_equal(count, again);
	assert_null(db_run(office->db, "PRAGMA max_page_count = 100000"));
	assert_null(write_note(office, key, case_key, "there is room again"));
	office_close(office);
}

static void a_record_of_another_hub_is_not_changed_by_a_hub(void **state)
{
	struct office *office = opened();
	char log[LOG_ID_SIZE], ulid[ULID_SIZE], key[ENTITY_KEY_SIZE];
	struct batch *batch = batch_new(context, office, "akello");
	const struct error *error;
	int64_t before, after;

	ids_log_new(log);
	ids_ulid_new(ulid, (uint64_t)clock_wall_ms());
	ids_key_make(key, log, ulid);
	assert_null(spool_count(office->db, 0, &before));
	error = batch_event(batch, "case", key, "", json_pack("{ss}", "alias", "Not ours"), NULL);
	if (!error)
		error = batch_commit(batch);
	assert_non_null(error);
	assert_null(spool_count(office->db, 0, &after));
	assert_int_equal(before, after);
	office_close(office);
}

static const struct error *write_reply(struct office *office, const char *referral)
{
	struct batch *batch = batch_new(context, office, "akello");
	char key[ENTITY_KEY_SIZE];

	write_key_new(key, office);
	TRY(batch_event(batch, "reply", key, "",
		json_pack("{ss, ss}", "referral", referral, "kind", "accepted"), NULL));
	return batch_commit(batch);
}

static void a_referral_between_two_other_hubs_is_not_answered(void **state)
{
	struct office *office = opened();
	char log[LOG_ID_SIZE], ulid[ULID_SIZE], key[ENTITY_KEY_SIZE], own[ENTITY_KEY_SIZE];
	struct batch *batch = batch_new(context, office, "akello");

	ids_log_new(log);
	ids_ulid_new(ulid, (uint64_t)clock_wall_ms());
	ids_key_make(key, log, ulid);
	assert_int_equal(write_reply(office, key)->code, ERROR_DENIED);
	assert_int_equal(write_reply(office, "")->code, ERROR_INVALID);
	write_key_new(own, office);
	write_key_new(key, office);
	assert_null(batch_event(
		batch, "referral", own, key, json_pack("{ss, ss}", "state", "sent", "hub", log), NULL));
	assert_null(batch_commit(batch));
	assert_null(write_reply(office, own)); /* what the provider said by telephone */
	office_close(office);
}

static void nothing_readable_is_on_the_card(void **state)
{
	static const char *const names[] = {"office.db", "office.db-wal", "keyring.json"};
	struct office *office = opened();
	char case_key[ENTITY_KEY_SIZE], key[ENTITY_KEY_SIZE];
	struct bytes content;

	write_key_new(case_key, office);
	write_key_new(key, office);
	assert_null(write_note(office, key, case_key, "the word that must not be found"));
	for (size_t i = 0; i < 3; i++) {
		assert_null(files_read(context, home_file(context, home, names[i]), 64 << 20, &content));
		assert_null(memmem(content.data, content.len, "must not be found", 17));
		assert_null(memmem(content.data, content.len, "akello", 6));
	}
	office_close(office);
}

static void the_last_coordinator_cannot_be_disabled(void **state)
{
	struct office *office = opened();
	struct signed_in in = {0};

	assert_null(people_open(home, "akello", passphrase, &in));
	assert_int_equal(
		people_disable(batch_new(context, office, "akello"), &in, "akello")->code, ERROR_CONFLICT);
	assert_int_equal(people_set_role(batch_new(context, office, "akello"), "akello", ROLE_OFFICER)->code,
		ERROR_CONFLICT);
	people_signed_in_wipe(&in);
	office_close(office);
}

static void a_provider_has_no_slot_and_whoever_is_disabled_loses_theirs(void **state)
{
	struct office *office = opened();
	struct signed_in in = {0}, none = {0};
	struct secret *theirs = secret_copy("their own words", sizeof "their own words");
	struct person person;

	assert_null(people_open(home, "akello", passphrase, &in));
	assert_null(people_add(batch_new(context, office, "akello"), &in,
		&(struct person_new){"auma", ROLE_PROVIDER, theirs}));
	assert_int_equal(people_open(home, "auma", theirs, &none)->code, ERROR_DENIED);
	assert_null(people_find(context, office->file, "auma", &person));
	assert_null(keyring_verify(person.verifier, theirs));
	assert_null(people_add(batch_new(context, office, "akello"), &in,
		&(struct person_new){"okot", ROLE_OFFICER, theirs}));
	assert_null(people_open(home, "okot", theirs, &none));
	people_signed_in_wipe(&none);
	assert_null(people_disable(batch_new(context, office, "akello"), &in, "okot"));
	assert_int_equal(people_open(home, "okot", theirs, &none)->code, ERROR_DENIED);
	people_signed_in_wipe(&in);
	assert_null(people_open(home, "akello", passphrase, &in));
	people_signed_in_wipe(&in);
	secret_free(theirs);
	office_close(office);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_keyholder_is_there_and_a_wrong_passphrase_opens_nothing),
		cmocka_unit_test(what_is_written_is_there_after_a_crash),
		cmocka_unit_test(a_full_card_changes_nothing_and_says_so),
		cmocka_unit_test(a_record_of_another_hub_is_not_changed_by_a_hub),
		cmocka_unit_test(a_referral_between_two_other_hubs_is_not_answered),
		cmocka_unit_test(nothing_readable_is_on_the_card),
		cmocka_unit_test(the_last_coordinator_cannot_be_disabled),
		cmocka_unit_test(a_provider_has_no_slot_and_whoever_is_disabled_loses_theirs),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_hub, remove_hub);
}
