/* Behind a code: what became of the report and the answers, from whichever hub; what does not belong there is
 * left out and harms nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "node/base/text.h"
#include "node/casework/envelope.h"
#include "node/casework/message.h"
#include "sync/mailboxes.h"
#include "sync/pack.h"
#include "tests/unit/web/intake.h"
#include "web/intake/inbox.h"

#define REPORT "01jd0000000000000000000000"

static struct intake intake;
static struct db *writer;
static struct mailbox *mailbox;
static char report[ENTITY_KEY_SIZE], self[LOG_ID_SIZE], headquarters[LOG_ID_SIZE];

static void accepted(void *user, int version)
{
}

static int set_up(void **state)
{
	struct secret *seed CLEANUP(secret_free) = NULL;
	struct place *place;
	int roster;

	if (place_make(state))
		return -1;
	place = *state;
	seed = secret_random(MAILBOX_SEED_LEN);
	mailbox = mailbox_of_seed(seed);
	memcpy(self, place->trust.self.log, sizeof self);
	memcpy(headquarters, place->roster.members[HEADQUARTERS].keys.log, sizeof headquarters);
	ids_key_make(report, self, REPORT);
	intake = (struct intake){.home = place->home, .lock = PTHREAD_MUTEX_INITIALIZER};
	return intake_open_db(place->home, &writer, &roster) ||
			       db_open_foreign(home_file(place, place->home, "intake.db"), SPOOL_DB_VERSION,
				       &intake.reader) ||
			       coalition_open(place, place->home, 0, accepted, NULL, &intake.coalition)
		       ? -1
		       : 0;
}

static int tear_down(void **state)
{
	mailbox_free(mailbox);
	db_close(intake.reader);
	db_close(writer);
	return place_remove(state);
}

static struct bytes sealed(void *context, const char *json, const struct age_recipient *recipient)
{
	struct bytes body;

	assert_null(envelope_seal_item(
		context, (struct bytes){(const uint8_t *)json, strlen(json)}, recipient, &body));
	return body;
}

static char *receipt(void *context, const char *owner)
{
	return memory_format(context,
		"{\"v\":1,\"kind\":\"receipt\",\"report\":\"%s\",\"owner\":\"%s\",\"at\":\"2026-11-07T09:12:"
		"44Z\"}",
		report, owner);
}

/* As sync would: the envelope in log.git, and where it is in mailbox.db. */
static void put(struct place *place, const char *log, int seq, struct bytes body)
{
	struct db *db CLEANUP(db_close) = NULL;
	struct query query CLEANUP(db_finish) = {NULL, NULL};
	struct pack *pack = pack_begin(place, place->repo);
	uint8_t oid[OID_LEN], number[8];
	struct oid blob;
	int64_t id;

	pack_blob(pack, body, &blob);
	assert_null(pack_end(pack));
	assert_null(text_from_hex(oid, sizeof oid, blob.hex));
	assert_null(text_from_hex(number, sizeof number, memory_string_of(place, mailbox->id, 16)));
	memcpy(&id, number, sizeof id);
	assert_null(db_open(home_file(place, place->home, "mailbox.db"), &mailbox_schema, &db));
	assert_null(db_prepare(db, &query,
		"INSERT INTO item(mailbox, log, epoch, seq, office, oid) VALUES(?1, ?2, 1, ?3, 0, ?4)"));
	db_bind_integer(&query, 1, id);
	db_bind_text(&query, 2, log);
	db_bind_integer(&query, 3, seq);
	db_bind_bytes(&query, 4, BYTES_OF(oid));
	assert_null(db_done(&query));
}

static void put_text(struct place *place, const char *log, int seq, const char *json)
{
	put(place, log, seq, sealed(place, json, &mailbox->recipient));
}

static void expect_unknown(void)
{
	struct inbox inbox;
	const struct error *error = inbox_read(&intake, mailbox, &inbox);

	assert_non_null(error);
	assert_int_equal(error->code, ERROR_NOT_FOUND);
}

static void a_code_that_nobody_has_is_unknown(void **state)
{
	expect_unknown();
}

static void what_was_just_saved_is_there_before_sync_has_run(void **state)
{
	struct place *place = *state;
	struct spool_entry entry = {
		.kind = 'm', .body = sealed(place, receipt(place, self), &mailbox->recipient)};
	struct inbox inbox;
	int64_t id;

	memcpy(entry.mailbox, mailbox->id, sizeof entry.mailbox);
	assert_null(spool_add(writer, &entry, &id));
	assert_null(inbox_read(&intake, mailbox, &inbox));
	assert_string_equal(inbox.report, report);
	assert_string_equal(inbox.owner, self);
	assert_string_equal(inbox.saved_at, "2026-11-07");
	assert_string_equal(inbox.state, "new");
	assert_int_equal(json_array_size(inbox.answers), 0);
	inbox_cleanup(&inbox);
}

static void answers_of_all_hubs_come_in_the_order_of_their_days(void **state)
{
	struct place *place = *state;
	struct inbox inbox;

	put_text(place, self, 1, receipt(place, self));
	put_text(place, self, 9,
		"{\"v\":1,\"kind\":\"answer\",\"at\":\"2026-11-12T08:00:00Z\",\"text\":\"third\"}");
	put_text(place, self, 5,
		"{\"v\":1,\"kind\":\"state\",\"at\":\"2026-11-08T08:00:00Z\",\"state\":\"opened\"}");
	put_text(place, self, 6,
		"{\"v\":1,\"kind\":\"answer\",\"at\":\"2026-11-09T08:00:00Z\",\"text\":\"first <b>\"}");
	put_text(place, headquarters, 2,
		"{\"v\":1,\"kind\":\"answer\",\"at\":\"2026-11-10T08:00:00Z\",\"text\":\"second\"}");
	put_text(place, headquarters, 3,
		"{\"v\":1,\"kind\":\"state\",\"at\":\"2026-11-11T08:00:00Z\",\"state\":\"closed\"}");
	assert_null(inbox_read(&intake, mailbox, &inbox));
	assert_string_equal(inbox.state, "closed");
	assert_int_equal(json_array_size(inbox.answers), 3);
	assert_string_equal(json_text_or(json_array_get(inbox.answers, 0), "text", ""), "first <b>");
	assert_string_equal(json_text_or(json_array_get(inbox.answers, 0), "at", ""), "2026-11-09T08:00:00Z");
	assert_string_equal(json_text_or(json_array_get(inbox.answers, 1), "text", ""), "second");
	assert_string_equal(json_text_or(json_array_get(inbox.answers, 2), "text", ""), "third");
	inbox_cleanup(&inbox);
}

static void a_receipt_counts_only_from_the_hub_it_names(void **state)
{
	struct place *place = *state;

	put_text(place, headquarters, 1, receipt(place, self));
	expect_unknown();
}

static void what_does_not_belong_there_is_left_out(void **state)
{
	struct place *place = *state;
	struct secret *other CLEANUP(secret_free) = NULL;
	struct age_recipient stranger;
	struct inbox inbox;

	other = age_identity_new(&stranger);
	put_text(place, self, 1, receipt(place, self));
	put(place, self, 2, sealed(place, receipt(place, self), &stranger));
	put(place, self, 3, (struct bytes){(const uint8_t *)"not age at all", 14});
	put_text(place, self, 4, "not JSON");
	put_text(place, self, 5,
		"{\"v\":2,\"kind\":\"answer\",\"at\":\"2026-11-09T08:00:00Z\",\"text\":\"later\"}");
	put_text(place, self, 6, "{\"v\":1,\"kind\":\"answer\",\"at\":\"yesterday\",\"text\":\"no day\"}");
	put_text(place, self, 7, "{\"v\":1,\"kind\":\"answer\",\"at\":\"2026-11-09T08:00:00Z\",\"text\":7}");
	put_text(place, self, 8,
		"{\"v\":1,\"kind\":\"state\",\"at\":\"2026-11-09T08:00:00Z\",\"state\":\"a word that is far "
		"too long to be one\"}");
	assert_null(inbox_read(&intake, mailbox, &inbox));
	assert_string_equal(inbox.state, "new");
	assert_int_equal(json_array_size(inbox.answers), 0);
	inbox_cleanup(&inbox);
}

#define AT "2026-11-20T08:00:00Z"

static void put_own(struct place *place, int seq, json_t *item, const struct secret *seed)
{
	json_object_set_new(item, "v", json_integer(1));
	json_object_set_new(item, "report", json_string(report));
	json_object_set_new(item, "at", json_string(AT));
	if (seed)
		message_item_sign(item, seed);
	put_text(place, headquarters, seq, (const char *)json_line(place, item).data);
	json_decref(item);
}

static void what_was_read_is_not_told_again_and_what_was_sent_is_shown_once(void **state)
{
	struct place *place = *state;
	char first[ENTITY_KEY_SIZE], second[ENTITY_KEY_SIZE];
	struct inbox inbox;

	ids_key_make(first, self, "01jd0000000000000000000001");
	ids_key_make(second, self, "01jd0000000000000000000002");
	put_text(place, self, 1, receipt(place, self));
	put_text(place, self, 2,
		memory_format(place,
			"{\"v\":1,\"kind\":\"answer\",\"at\":\"" AT "\",\"text\":\"a\",\"message\":\"%s\"}",
			first));
	put_text(place, self, 3,
		memory_format(place,
			"{\"v\":1,\"kind\":\"question\",\"at\":\"" AT "\",\"text\":\"b\",\"message\":\"%s\"}",
			second));
	put_own(place, 4, json_pack("{s:s,s:[s]}", "kind", "seen", "answers", first), mailbox->seed);
	put_own(place, 5, json_pack("{s:s,s:[s]}", "kind", "seen", "answers", second), NULL);
	put_own(place, 6, json_pack("{s:s,s:s,s:s}", "kind", "sent", "what", "photo", "message", first),
		mailbox->seed);
	put_own(place, 7, json_pack("{s:s,s:s,s:s}", "kind", "sent", "what", "photo", "message", first),
		mailbox->seed);
	assert_null(inbox_read(&intake, mailbox, &inbox));
	assert_int_equal(json_array_size(inbox.answers), 2);
	assert_true(json_is_true(json_object_get(json_array_get(inbox.answers, 1), "is_question")));
	assert_int_equal(json_array_size(inbox.unseen), 1);
	assert_string_equal(json_string_value(json_array_get(inbox.unseen, 0)), second);
	assert_int_equal(json_array_size(inbox.sent), 1);
	assert_false(inbox.is_closed);
	inbox_cleanup(&inbox);
}

static void only_the_code_itself_closes_the_mailbox(void **state)
{
	struct place *place = *state;
	struct secret *other CLEANUP(secret_free) = sshsig_seed_new(&(struct signer){0});
	struct inbox inbox;

	put_text(place, self, 1, receipt(place, self));
	put_own(place, 2, json_pack("{s:s}", "kind", "closed"), NULL);
	put_own(place, 3, json_pack("{s:s}", "kind", "closed"), other);
	put_own(place, 4, json_pack("{s:s,s:b}", "kind", "closed", "is_own", 1), NULL);
	assert_null(inbox_read(&intake, mailbox, &inbox));
	assert_false(inbox.is_closed);
	inbox_cleanup(&inbox);
	put_own(place, 5, json_pack("{s:s}", "kind", "closed"), mailbox->seed);
	assert_null(inbox_read(&intake, mailbox, &inbox));
	assert_true(inbox.is_closed);
	inbox_cleanup(&inbox);
}

#define INBOX_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		INBOX_TEST(a_code_that_nobody_has_is_unknown),
		INBOX_TEST(what_was_just_saved_is_there_before_sync_has_run),
		INBOX_TEST(answers_of_all_hubs_come_in_the_order_of_their_days),
		INBOX_TEST(a_receipt_counts_only_from_the_hub_it_names),
		INBOX_TEST(what_does_not_belong_there_is_left_out),
		INBOX_TEST(what_was_read_is_not_told_again_and_what_was_sent_is_shown_once),
		INBOX_TEST(only_the_code_itself_closes_the_mailbox),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
