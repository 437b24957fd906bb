/* What became of a referral follows from what was said on it, in whatever order it came; and it is for two
 * hubs.
 */
#include "tests/unit/casework/sample.h"

#include "node/casework/referral.h"

#define TODAY "2026-11-23"

/* "accepted 2026-12-01" said at 2026-11-20T10:00:0<n>Z, n being its place in the text. */
static json_t *replies_of(const void *context, const char *said)
{
	json_t *list = json_array();

	for (int n = 0; *said; n++) {
		size_t len = strcspn(said, ",");
		char *one = memory_string_of(context, said, len), *next = strchr(one, ' ');

		if (next)
			*next++ = '\0';
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:s}", "key", sample_key(context, MBALE, n),
				      "created", memory_format(context, "2026-11-20T10:00:0%dZ", n), "kind",
				      one, "next", next ? next : ""));
		said += len + (said[len] == ',');
	}
	return list;
}

static struct referral_state state_of(
	const char *state, const char *expires, const char *said, bool is_backwards)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	json_t *replies CLEANUP(json_decref) = replies_of(context, said),
			*turned CLEANUP(json_decref) = json_array();
	bool is_received = strcmp(state, "received") == 0;
	json_t *referral CLEANUP(json_decref) = json_pack("{s:s, s:b, s:s, s:s, s:s}", "state",
		is_received ? "sent" : state, "received", is_received, "expires", expires, "sent_at",
		"2026-11-19T08:00:00Z", "urgency", "urgent");

	for (size_t i = json_array_size(replies); i-- > 0;)
		json_array_append(turned, json_array_get(replies, i));
	return referral_state(referral, is_backwards ? turned : replies, TODAY);
}

/* stage, due, and a letter each: o overdue, r readable; the same in whatever order the replies stand. */
static const char *words(const void *context, const char *state, const char *expires, const char *said)
{
	struct referral_state there = state_of(state, expires, said, false),
			      back = state_of(state, expires, said, true);

	assert_int_equal(there.stage, back.stage);
	assert_string_equal(there.due, back.due);
	return memory_format(context, "%s %s%s%s", referral_stage_name(there.stage), there.due,
		there.is_overdue ? " o" : "", there.is_readable ? " r" : "");
}

static void what_was_said_decides_and_not_its_order(void **state)
{
	static const struct {
		const char *state, *expires, *said, *words;
	} rows[] = {
		{"draft", "2026-12-31", "", "draft "},
		{"sent", "2026-12-31", "", "sent 2026-11-22 o r"},
		{"sent", "2026-12-31", "proposal", "sent 2026-11-22 o r"},
		{"sent", "2026-12-31", "accepted 2026-12-01", "accepted 2026-12-01 r"},
		{"sent", "2026-12-31", "accepted 2026-11-22", "accepted 2026-11-22 o r"},
		{"sent", "2026-12-31", "accepted 2026-11-23", "accepted 2026-11-23 r"},
		{"sent", "2026-12-31", "accepted 2026-11-22,progress 2026-12-09", "in-progress 2026-12-09 r"},
		{"sent", "2026-12-31", "progress 2026-12-09,accepted 2026-12-01", "in-progress 2026-12-01 r"},
		{"sent", "2026-12-31", "progress", "in-progress  r"},
		{"sent", "2026-12-31", "done", "done  r"},
		{"sent", "2026-12-31", "done,progress 2026-12-09,accepted 2026-12-01", "done  r"},
		{"sent", "2026-12-31", "declined", "declined "},
		{"sent", "2026-12-31", "declined,accepted 2026-12-01", "declined "},
		{"sent", "2026-12-31", "accepted 2026-12-01,declined", "declined "},
		{"sent", "2026-12-31", "declined,done", "done  r"},
		{"sent", "2026-12-31", "declined,proposal", "declined "},
		{"sent", "2026-12-31", "of-a-later-version", "sent 2026-11-22 o r"},
		{"sent", "", "accepted 2026-12-01", "accepted 2026-12-01 r"},
		{"sent", "2026-11-23", "", "sent 2026-11-22 o r"},
		{"sent", "2026-11-22", "", "expired "},
		{"sent", "2026-11", "accepted 2026-12-01", "accepted 2026-12-01 r"},
		{"sent", "2026-10", "accepted 2026-12-01", "expired "},
		{"sent", "2026-11-22", "accepted 2026-12-01", "expired "},
		{"sent", "2026-11-22", "accepted 2026-12-01,done", "done "},
		{"sent", "2026-11-22", "declined", "declined "},
		{"received", "2026-12-31", "", "received 2026-11-22 o r"},
		{"received", "2026-12-31", "proposal", "received 2026-11-22 o r"},
		{"received", "2026-12-31", "accepted 2026-12-01", "accepted 2026-12-01 r"},
		{"received", "2026-12-31", "declined", "declined "},
		{"received", "2026-11-22", "", "expired "},
		{"withdrawn", "2026-12-31", "", "withdrawn "},
		{"withdrawn", "2026-12-31", "accepted 2026-12-01,done", "withdrawn "},
		{"withdrawn", "2026-11-22", "declined", "withdrawn "},
	};
	void *context CLEANUP(memory_free) = memory_context(NULL);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(
			words(context, rows[i].state, rows[i].expires, rows[i].said), rows[i].words);
}

static void an_answer_is_owed_by_urgency(void **state)
{
	static const struct {
		const char *urgency, *due;
	} rows[] = {{"emergency", "2026-11-20"}, {"urgent", "2026-11-22"}, {"normal", "2026-12-03"},
		{"", "2026-12-03"}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_t *referral CLEANUP(json_decref) = json_pack("{s:s, s:s, s:s}", "state", "sent",
			"sent_at", "2026-11-19T08:00:00Z", "urgency", rows[i].urgency);

		assert_string_equal(referral_state(referral, NULL, TODAY).due, rows[i].due);
	}
}

static void each_stage_takes_its_answers(void **state)
{
	static const char *const kinds[] = {"accepted", "declined", "progress", "done", "proposal"};
	static const char *const takes[] = {
		[REFERRAL_DRAFT] = "-----",
		[REFERRAL_SENT] = "yy--y",
		[REFERRAL_RECEIVED] = "yy--y",
		[REFERRAL_ACCEPTED] = "-yyyy",
		[REFERRAL_IN_PROGRESS] = "-yyyy",
		[REFERRAL_DECLINED] = "----y",
		[REFERRAL_DONE] = "-----",
		[REFERRAL_WITHDRAWN] = "-----",
		[REFERRAL_EXPIRED] = "-----",
	};

	for (size_t stage = 0; stage < sizeof takes / sizeof *takes; stage++)
		for (size_t i = 0; i < 5; i++)
			assert_int_equal(referral_takes(&(struct referral_state){.stage = stage}, kinds[i]),
				takes[stage][i] == 'y');
}

/* ---- in the case file of Mbale, whose provider was asked by Gulu ---- */

static struct said *referral(const void *context, int number, json_t *set)
{
	return sample_event(context, GULU, 'o', number, "referral", sample_key(context, GULU, 1),
		sample_key(context, GULU, 9), set, NULL);
}

static struct said *reply(const void *context, const char *log, int number, const char *kind)
{
	return sample_event(context, log, 'o', number, "reply", sample_key(context, log, number), NULL,
		json_pack("{s:s, s:s}", "referral", sample_key(context, GULU, 1), "kind", kind), NULL);
}

static char *kinds_of(const void *context, struct casefile *file)
{
	struct buffer *out = buffer_new(context);
	json_t *rows, *row;
	size_t i;

	assert_null(referral_replies(file, sample_key(context, GULU, 1), &rows));
	json_array_foreach (rows, i, row)
		buffer_format(out, "%s%s", i ? " " : "", json_text_or(row, "kind", ""));
	json_decref(rows);
	return (char *)buffer_bytes(out).data;
}

static void a_reply_waits_for_its_referral_and_counts_only_from_the_two_hubs(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file;

	assert_null(casefile_new(context, MBALE, &file));
	sample_take(file, reply(context, MBALE, 11, "accepted"));
	sample_take(file, reply(context, KAMPALA, 12, "declined"));
	assert_string_equal(kinds_of(context, file), "");
	assert_int_equal(sample_number(file, "SELECT count(*) FROM waiting"), 2);
	sample_take(file, referral(context, 1, json_pack("{s:s, s:s}", "hub", MBALE, "state", "sent")));
	assert_string_equal(kinds_of(context, file), "accepted");
	assert_int_equal(sample_number(file, "SELECT count(*) FROM waiting"), 1);
	assert_string_equal(sample_text(context, file, "SELECT reason FROM waiting"),
		"an answer by a hub that was not asked");
	sample_take(file, reply(context, GULU, 13, "progress"));
	assert_string_equal(kinds_of(context, file), "accepted progress");
}

static struct referral_hubs hubs_of(const void *context, struct casefile *file, const json_t *set)
{
	struct referral_hubs hubs;

	assert_null(referral_hubs(file, sample_key(context, GULU, 1), set, &hubs));
	assert_string_equal(hubs.sender, GULU);
	return hubs;
}

static void it_is_for_its_sender_until_it_is_sent(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	json_t *sent CLEANUP(json_decref) = json_pack("{s:s}", "state", "sent"),
		     *whole CLEANUP(json_decref) = json_pack("{s:s, s:s}", "state", "sent", "hub", MBALE);
	struct casefile *file;

	assert_null(casefile_new(context, GULU, &file));
	assert_string_equal(hubs_of(context, file, NULL).provider, "");
	assert_string_equal(hubs_of(context, file, whole).provider, MBALE);
	sample_take(file, referral(context, 1, json_pack("{s:s}", "hub", MBALE)));
	assert_string_equal(hubs_of(context, file, NULL).provider, "");
	assert_string_equal(hubs_of(context, file, sent).provider, MBALE);
	sample_take(file, referral(context, 2, json_pack("{s:s}", "state", "withdrawn")));
	assert_string_equal(hubs_of(context, file, NULL).provider, MBALE);
}

static void a_provider_sees_what_was_sent_to_them(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	const char *mine = sample_key(context, MBALE, 70), *key = sample_key(context, GULU, 1);
	struct reader reader = {"auma", ROLE_PROVIDER, "", mine};
	struct casefile *file;
	json_t *record, *rows;

	assert_null(casefile_new(context, MBALE, &file));
	for (int i = 70; i < 72; i++)
		sample_take(
			file, sample_event(context, MBALE, 'o', i, "provider", sample_key(context, MBALE, i),
				      NULL, json_pack("{s:s}", "name", "x"), NULL));
	sample_take(file, referral(context, 1, json_pack("{s:s, s:s}", "hub", MBALE, "provider", mine)));
	casefile_read_as(file, &reader);
	assert_int_equal(casefile_get(file, "referral", key, &record)->code, ERROR_NOT_FOUND);
	assert_null(referral_list_to(file, mine, 9, &rows));
	assert_int_equal(json_array_size(rows), 0);
	json_decref(rows);
	sample_take(file, referral(context, 2, json_pack("{s:s}", "state", "sent")));
	assert_null(casefile_get(file, "referral", key, &record));
	json_decref(record);
	assert_null(referral_list_to(file, mine, 9, &rows));
	assert_int_equal(json_array_size(rows), 1);
	json_decref(rows);
	assert_null(casefile_get(file, "provider", mine, &record));
	json_decref(record);
	assert_int_equal(casefile_get(file, "provider", sample_key(context, MBALE, 71), &record)->code,
		ERROR_NOT_FOUND);
	assert_null(casefile_may_write(file, "provider", mine, ""));
	assert_non_null(casefile_may_write(file, "provider", sample_key(context, MBALE, 71), ""));
	assert_int_equal(casefile_may_write(file, "referral", key, "")->code, ERROR_DENIED);
	reader.provider = "";
	assert_int_equal(casefile_get(file, "referral", key, &record)->code, ERROR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_said_decides_and_not_its_order),
		cmocka_unit_test(an_answer_is_owed_by_urgency),
		cmocka_unit_test(each_stage_takes_its_answers),
		cmocka_unit_test(a_reply_waits_for_its_referral_and_counts_only_from_the_two_hubs),
		cmocka_unit_test(it_is_for_its_sender_until_it_is_sent),
		cmocka_unit_test(a_provider_sees_what_was_sent_to_them),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
