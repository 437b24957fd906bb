/* What a person typed leaves as ciphertext that exactly the right hubs open; nothing that a reporter cannot
 * say gets in. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "node/casework/envelope.h"
#include "node/vault/encoding.h"
#include "tests/unit/web/intake.h"
#include "web/intake/compose.h"

static void accepted(void *user, int version)
{
}

static struct coalition *open_coalition(struct place *place)
{
	struct coalition *coalition;

	clock_start(0);
	assert_null(coalition_open(place, place->home, 0, accepted, NULL, &coalition));
	return coalition;
}

/* A mailbox without the slow step. */
static struct mailbox *fresh(struct fresh_code *code)
{
	struct secret *seed CLEANUP(secret_free) = secret_random(MAILBOX_SEED_LEN);
	struct mailbox *mailbox = mailbox_of_seed(seed);

	*code = (struct fresh_code){.recipient = mailbox->recipient, .signer = mailbox->signer};
	memcpy(code->mailbox, mailbox->id, sizeof code->mailbox);
	return mailbox;
}

static struct event *open_as(struct place *place, int who, const struct spool_entry *entry)
{
	const struct secret *identity = place->identities[who];
	struct event_origin origin = {.epoch = 1, .seq = 1, .kind = 'i'};
	struct event *event = NULL;

	memcpy(origin.log, place->trust.self.log, LOG_ID_SIZE);
	if (envelope_open(place, entry->body, &identity, 1, &origin, NULL, &event))
		return NULL;
	return event;
}

static json_t *sample(void)
{
	return json_pack("{s:s,s:s,s:s,s:[s]}", "what", "They came at night", "danger", "yes", "district",
		"UG-304", "needs", "legal");
}

static void a_report_opens_at_its_hub_headquarters_and_recovery_and_nowhere_else(void **state)
{
	struct place *place = *state;
	json_t *fields CLEANUP(json_decref) = sample();
	struct composed composed;
	struct fresh_code code;
	struct mailbox *mailbox CLEANUP(mailbox_free) = fresh(&code);
	struct coalition *coalition;
	struct event *event;

	place_publish(place, &place->roster, place->coordinator);
	coalition = open_coalition(place);
	assert_null(compose_check(fields));
	assert_null(compose_report(place, coalition, fields, false, &code, &composed));
	assert_int_equal(composed.count, 2);
	assert_int_equal(composed.entries[0].kind, 'i');
	assert_true(composed.entries[0].urgent);
	for (int who = HEADQUARTERS; who <= RECOVERY; who++) {
		event = open_as(place, who, &composed.entries[0]);
		assert_non_null(event);
		assert_string_equal(event->entity, "report");
		assert_string_equal(event->key, composed.key);
		assert_string_equal(json_text_or(event->set, "what", ""), "They came at night");
		assert_string_equal(json_text_or(event->set, "how", ""), "form");
	}
	assert_null(open_as(place, STRANGER, &composed.entries[0]));
	assert_null(memmem(composed.entries[0].body.data, composed.entries[0].body.len, "night", 5));
}

static void the_first_item_of_the_mailbox_opens_with_its_code_alone(void **state)
{
	struct place *place = *state;
	json_t *fields CLEANUP(json_decref) = sample();
	json_t *item CLEANUP(json_decref) = NULL;
	struct composed composed;
	struct fresh_code code;
	struct mailbox *mailbox CLEANUP(mailbox_free) = fresh(&code);
	const struct spool_entry *entry = &composed.entries[1];
	struct bytes line;

	assert_null(compose_report(place, open_coalition(place), fields, false, &code, &composed));
	assert_int_equal(entry->kind, 'm');
	assert_string_equal(entry->mailbox, mailbox->id);
	assert_non_null(envelope_open_item(place, entry->body, place->identities[HUB], &line));
	assert_null(envelope_open_item(place, entry->body, mailbox->identity, &line));
	assert_null(json_object_parse(line, &item));
	assert_string_equal(json_text_or(item, "report", ""), composed.key);
	assert_string_equal(json_text_or(item, "owner", ""), place->trust.self.log);
}

static void under_the_policy_summary_headquarters_gets_no_free_text(void **state)
{
	struct place *place = *state;
	json_t *fields CLEANUP(json_decref) = sample();
	struct composed composed;
	struct fresh_code code;
	struct mailbox *mailbox CLEANUP(mailbox_free) = fresh(&code);
	struct event *event;

	place->roster.sharing = SHARING_SUMMARY;
	place_publish(place, &place->roster, place->coordinator);
	assert_null(compose_report(place, open_coalition(place), fields, false, &code, &composed));
	assert_int_equal(composed.count, 3);
	assert_null(open_as(place, HEADQUARTERS, &composed.entries[0]));
	assert_non_null(open_as(place, HUB, &composed.entries[0]));
	event = open_as(place, HEADQUARTERS, &composed.entries[1]);
	assert_non_null(event);
	assert_string_equal(event->key, composed.key);
	assert_int_equal(json_object_size(event->set), 3);
	assert_null(json_object_get(event->set, "what"));
}

static void for_headquarters_alone_this_hub_neither_opens_it_nor_sees_that_it_is_urgent(void **state)
{
	struct place *place = *state;
	json_t *fields CLEANUP(json_decref) = sample();
	json_t *item CLEANUP(json_decref) = NULL;
	struct composed composed;
	struct fresh_code code;
	struct mailbox *mailbox CLEANUP(mailbox_free) = fresh(&code);
	struct bytes line;

	place->roster.sharing = SHARING_SUMMARY;
	place_publish(place, &place->roster, place->coordinator);
	assert_null(compose_report(place, open_coalition(place), fields, true, &code, &composed));
	assert_int_equal(composed.count, 2);
	assert_null(open_as(place, HUB, &composed.entries[0]));
	assert_non_null(open_as(place, HEADQUARTERS, &composed.entries[0]));
	assert_false(composed.entries[0].urgent);
	assert_null(envelope_open_item(place, composed.entries[1].body, mailbox->identity, &line));
	assert_null(json_object_parse(line, &item));
	assert_string_equal(json_string_value(json_array_get(json_object_get(item, "to"), 0)), "hq");
}

static void without_headquarters_nothing_is_sealed_that_should_be_for_it_alone(void **state)
{
	struct place *place = *state;
	json_t *fields CLEANUP(json_decref) = sample();
	struct composed composed;
	struct fresh_code code;
	struct mailbox *mailbox CLEANUP(mailbox_free) = fresh(&code);

	assert_int_equal(compose_report(place, open_coalition(place), fields, true, &code, &composed)->code,
		ERROR_UNAVAILABLE);
}

static void a_message_is_signed_by_its_mailbox(void **state)
{
	struct place *place = *state;
	json_t *fields CLEANUP(json_decref) = sample();
	struct composed report, message;
	struct fresh_code code;
	struct mailbox *mailbox CLEANUP(mailbox_free) = fresh(&code);
	struct coalition *coalition;
	uint8_t signature[SSHSIG_RAW_LEN];
	struct reporter reporter;
	struct event *event;
	char *text;

	place_publish(place, &place->roster, place->coordinator);
	coalition = open_coalition(place);
	assert_null(compose_report(place, coalition, fields, false, &code, &report));
	reporter =
		(struct reporter){.report = report.key, .owner = place->trust.self.log, .mailbox = mailbox};
	assert_null(compose_message(
		place, coalition, &reporter, json_pack("{s:s}", "text", "He is home."), &message));
	event = open_as(place, HUB, &message.entries[0]);
	assert_non_null(event);
	assert_non_null(open_as(place, HEADQUARTERS, &message.entries[0]));
	assert_string_equal(event->entity, "message");
	assert_null(encoding_from_base64_exact(
		signature, sizeof signature, json_text_or(event->set, "signature", "")));
	text = memory_format(place, "%s %s %s", message.key, report.key, "He is home.");
	assert_null(sshsig_verify_raw(signature, &code.signer, "engabo-message",
		(struct bytes){(const uint8_t *)text, strlen(text)}));
}

static void a_message_for_a_hub_that_is_gone_goes_to_headquarters(void **state)
{
	struct place *place = *state;
	struct composed message;
	struct fresh_code code;
	struct mailbox *mailbox CLEANUP(mailbox_free) = fresh(&code);
	char gone[LOG_ID_SIZE], key[ENTITY_KEY_SIZE];
	struct reporter reporter;

	place_publish(place, &place->roster, place->coordinator);
	ids_log_new(gone);
	ids_key_make(key, gone, "01jd0000000000000000000000");
	reporter = (struct reporter){.report = key, .owner = gone, .mailbox = mailbox};
	assert_null(compose_message(
		place, open_coalition(place), &reporter, json_pack("{s:s}", "text", "Hello"), &message));
	assert_non_null(open_as(place, HEADQUARTERS, &message.entries[0]));
}

static void expect_refused(const char *fields_text, const char *said)
{
	json_t *fields CLEANUP(json_decref) = NULL;
	const struct error *error;

	assert_null(json_object_parse(
		(struct bytes){(const uint8_t *)fields_text, strlen(fields_text)}, &fields));
	error = compose_check(fields);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_INVALID);
	assert_non_null(strstr(error->message, said));
}

static void what_a_reporter_cannot_say_is_refused(void **state)
{
	char longest[9000];

	expect_refused("{}", "what");
	expect_refused("{\"what\":\"\"}", "what");
	expect_refused("{\"what\":\"x\",\"state\":\"closed\"}", "state");
	expect_refused("{\"what\":\"x\",\"mailbox\":\"x\"}", "mailbox");
	expect_refused("{\"what\":\"x\",\"how\":\"visit\"}", "how");
	expect_refused("{\"what\":\"x\",\"colour\":\"red\"}", "colour");
	expect_refused("{\"what\":[\"x\"]}", "What happened");
	expect_refused("{\"what\":\"x\",\"danger\":\"maybe\"}", "danger");
	expect_refused("{\"what\":\"x\",\"when\":\"2026-02-30\"}", "When");
	expect_refused("{\"what\":\"x\",\"needs\":[\"gold\"]}", "needed");
	memset(longest, 'x', sizeof longest);
	memcpy(longest, "{\"what\":\"", 9);
	memcpy(longest + sizeof longest - 3, "\"}", 3);
	expect_refused(longest, "too long");
}

static void the_longest_report_that_is_allowed_fits_an_envelope(void **state)
{
	struct place *place = *state;
	json_t *fields CLEANUP(json_decref) = json_object();
	static const struct {
		const char *name;
		int length;
	} longest[] = {{"what", 8000}, {"who", 2000}, {"by", 2000}, {"contact", 1000}, {"place", 300},
		{"consent", 300}};
	struct composed composed;
	struct fresh_code code;
	struct mailbox *mailbox CLEANUP(mailbox_free) = fresh(&code);

	for (size_t i = 0; i < sizeof longest / sizeof longest[0]; i++) {
		struct buffer *text = buffer_new(place);

		for (int j = 0; j < longest[i].length; j++)
			buffer_text(text, "\xf0\x9f\x92\xac"); /* the widest characters there are */
		json_object_set_new(
			fields, longest[i].name, json_stringn((const char *)text->data, text->len));
	}
	assert_null(compose_check(fields));
	place_publish(place, &place->roster, place->coordinator);
	assert_null(compose_report(place, open_coalition(place), fields, false, &code, &composed));
	assert_true(composed.entries[0].body.len <= SPOOL_BODY_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(a_report_opens_at_its_hub_headquarters_and_recovery_and_nowhere_else),
		PLACE_TEST(the_first_item_of_the_mailbox_opens_with_its_code_alone),
		PLACE_TEST(under_the_policy_summary_headquarters_gets_no_free_text),
		PLACE_TEST(for_headquarters_alone_this_hub_neither_opens_it_nor_sees_that_it_is_urgent),
		PLACE_TEST(without_headquarters_nothing_is_sealed_that_should_be_for_it_alone),
		PLACE_TEST(a_message_is_signed_by_its_mailbox),
		PLACE_TEST(a_message_for_a_hub_that_is_gone_goes_to_headquarters),
		cmocka_unit_test(what_a_reporter_cannot_say_is_refused),
		PLACE_TEST(the_longest_report_that_is_allowed_fits_an_envelope),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
