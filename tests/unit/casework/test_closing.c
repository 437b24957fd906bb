/* What somebody else may have sent after the reporter closed the mailbox is marked, at whichever hub they
 * sent it and whatever its clock said; what the records show to be from before is not. */
#include "tests/unit/casework/sample.h"

#include "node/casework/closing.h"
#include "node/casework/message.h"
#include "node/vault/mailbox.h"

#define CLOSED_AT 1795003600

struct hub {
	void *context;
	struct casefile *file;
	struct mailbox *mailbox;
	const char *report;
};

static int setup(void **state)
{
	struct hub *hub = memory_new(NULL, struct hub);
	struct secret *seed CLEANUP(secret_free) = NULL;
	char recipient[AGE_RECIPIENT_SIZE], *key;

	secret_start();
	seed = secret_random(MAILBOX_SEED_LEN);
	hub->context = hub;
	hub->mailbox = mailbox_of_seed(seed);
	hub->report = sample_key(hub, GULU, 1);
	key = sshsig_public_text(hub, &hub->mailbox->signer);
	age_recipient_text(recipient, &hub->mailbox->recipient);
	assert_null(casefile_new(hub, GULU, &hub->file));
	sample_take(
		hub->file, sample_event(hub, GULU, 'i', 1, "report", hub->report, NULL,
				   json_pack("{s:s, s:s}", "what", "x", "mailbox",
					   memory_format(hub, "%s %s %s", hub->mailbox->id, key, recipient)),
				   NULL));
	*state = hub;
	return 0;
}

static int teardown(void **state)
{
	struct hub *hub = *state;

	mailbox_free(hub->mailbox);
	talloc_free(hub);
	return 0;
}

/* `number` gives time and hybrid clock, a minute each (sample.h). `kind` NULL: a text, which says its number.
 */
static void tell(struct hub *hub, const char *log, int number, const char *clock, const char *kind)
{
	json_t *set = json_pack("{s:s, s:s}", "report", hub->report, "from", "reporter"), *body;
	const char *key = sample_key(hub, log, number);

	json_object_set_new(
		set, kind ? "kind" : "text", json_string(kind ? kind : memory_format(hub, "%d", number)));
	message_sign(set, key, hub->mailbox->seed);
	body = sample_body(hub, number, "", "message", key, NULL, set, NULL);
	json_object_set_new(body, "clock", json_string(clock));
	assert_int_equal(sample_take(hub->file, sample_json(hub, log, 'i', number, body)), TAKEN_NEW);
}

/* "20:yes 31:perhaps": the texts that are marked, and how. */
static char *marked(struct hub *hub)
{
	struct buffer *out = buffer_new(hub);
	json_t *rows, *row;
	size_t i;

	buffer_text(out, "");
	assert_null(lists_messages(hub->file, hub->report, &rows));
	json_array_foreach (rows, i, row)
		if (json_object_get(row, "after_closing"))
			buffer_format(out, "%s%s:%s", out->len ? " " : "", json_text_or(row, "text", "?"),
				json_text_or(row, "after_closing", ""));
	json_decref(rows);
	return (char *)out->data;
}

static void what_another_hub_took_after_the_closing_is_marked(void **state)
{
	struct hub *hub = *state;

	tell(hub, GULU, 10, "sure", NULL);
	tell(hub, MBALE, 11, "sure", NULL);
	assert_string_equal(marked(hub), "");
	tell(hub, GULU, 30, "sure", NULL);
	tell(hub, MBALE, 20, "sure", "closed"); /* it comes last, as from a hub that was cut off */
	assert_string_equal(marked(hub), "30:yes");
}

static void where_a_clock_was_unsure_it_may_have_been_after(void **state)
{
	struct hub *hub = *state;

	tell(hub, GULU, 10, "unsure", NULL);
	tell(hub, GULU, 30, "unsure", NULL);
	tell(hub, KAMPALA, 11, "sure", NULL);
	tell(hub, KAMPALA, 31, "sure", NULL);
	tell(hub, MBALE, 20, "sure", "closed");
	assert_string_equal(marked(hub), "10:perhaps 30:perhaps 31:yes");
}

static void where_the_closing_hubs_clock_was_unsure_so_is_all_from_elsewhere(void **state)
{
	struct hub *hub = *state;

	tell(hub, GULU, 10, "sure", NULL);
	tell(hub, MBALE, 11, "unsure", NULL);
	tell(hub, GULU, 30, "sure", NULL);
	tell(hub, MBALE, 20, "unsure", "closed");
	assert_string_equal(marked(hub), "10:perhaps 30:perhaps");
}

static void the_closing_hubs_own_order_needs_no_clock(void **state)
{
	struct hub *hub = *state;

	tell(hub, MBALE, 11, "unsure", NULL);
	tell(hub, MBALE, 21, "unsure", NULL); /* it was being sent while the other page closed */
	tell(hub, MBALE, 20, "unsure", "closed");
	assert_string_equal(marked(hub), "21:yes");
}

static void of_several_closings_the_first_counts(void **state)
{
	struct hub *hub = *state;

	tell(hub, GULU, 15, "sure", NULL);
	tell(hub, GULU, 25, "sure", NULL);
	tell(hub, MBALE, 20, "sure", "closed");
	tell(hub, GULU, 40, "sure", "closed");
	assert_string_equal(marked(hub), "25:yes");
}

static void the_offices_own_words_are_never_marked(void **state)
{
	struct hub *hub = *state;

	tell(hub, MBALE, 20, "unsure", "closed");
	sample_take(hub->file, sample_event(hub, GULU, 'o', 30, "message", sample_key(hub, GULU, 30), NULL,
				       json_pack("{s:s, s:s, s:s}", "report", hub->report, "from", "office",
					       "text", "come on Thursday"),
				       NULL));
	assert_string_equal(marked(hub), "");
}

static const struct closing_moment sure = {
	.log = MBALE, .epoch = 1, .hlc = 1000, .at = CLOSED_AT, .is_sure = true};

static void what_is_only_restated_may_have_been_after(void **state)
{
	struct closing_moment said = {.log = MBALE, .at = CLOSED_AT - 86400};

	assert_int_equal(closing_order(&sure, &said), CLOSING_PERHAPS_AFTER);
	assert_int_equal(closing_order(&said, &sure), CLOSING_PERHAPS_AFTER);
}

/* Whose clock ran ahead for years, and was set right, goes on with a hybrid clock that is ahead. */
static void between_two_hubs_the_time_that_people_see_decides(void **state)
{
	struct closing_moment said = sure;

	memcpy(said.log, GULU, sizeof said.log);
	said.hlc = UINT64_MAX;
	said.at = CLOSED_AT - 1;
	assert_int_equal(closing_order(&sure, &said), CLOSING_BEFORE);
	said.hlc = 1;
	said.at = CLOSED_AT + 1;
	assert_int_equal(closing_order(&sure, &said), CLOSING_AFTER);
	said.at = CLOSED_AT;
	assert_int_equal(closing_order(&sure, &said), CLOSING_PERHAPS_AFTER);
}

static void a_hub_that_began_a_new_log_is_later_than_in_its_old_one(void **state)
{
	struct closing_moment said = sure;

	said.epoch = 2;
	said.hlc = 1;
	assert_int_equal(closing_order(&sure, &said), CLOSING_AFTER);
	assert_int_equal(closing_order(&said, &sure), CLOSING_BEFORE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_another_hub_took_after_the_closing_is_marked, setup, teardown),
		cmocka_unit_test_setup_teardown(
			where_a_clock_was_unsure_it_may_have_been_after, setup, teardown),
		cmocka_unit_test_setup_teardown(
			where_the_closing_hubs_clock_was_unsure_so_is_all_from_elsewhere, setup, teardown),
		cmocka_unit_test_setup_teardown(the_closing_hubs_own_order_needs_no_clock, setup, teardown),
		cmocka_unit_test_setup_teardown(of_several_closings_the_first_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(the_offices_own_words_are_never_marked, setup, teardown),
		cmocka_unit_test(what_is_only_restated_may_have_been_after),
		cmocka_unit_test(between_two_hubs_the_time_that_people_see_decides),
		cmocka_unit_test(a_hub_that_began_a_new_log_is_later_than_in_its_old_one),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
