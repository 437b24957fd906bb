/* How far what a hub said has got: what was acknowledged, in whatever order it is heard, and no more than
 * that; and opened only by the hub that opened it. */
#include "tests/unit/casework/sample.h"

#include <stdlib.h>
#include <time.h>

#include "node/casework/arrival.h"

#define ACKS 40

static int setup(void **state)
{
	void *context = memory_context(NULL);

	*state = context;
	return 0;
}

static int teardown(void **state)
{
	talloc_free(*state);
	return 0;
}

static struct casefile *new_file(const void *context)
{
	struct casefile *file;

	assert_null(casefile_new(context, GULU, &file));
	return file;
}

struct ack {
	const char *hub;
	struct arrival_place upto;
};

static void note(struct casefile *file, const struct ack *ack)
{
	assert_null(casefile_begin(file));
	assert_null(arrival_note(file, ack->hub, &ack->upto));
	assert_null(casefile_end(file));
}

static bool has(struct casefile *file, const char *hub, int epoch, int64_t seq)
{
	struct arrival_place place = {epoch, seq};
	bool out;

	assert_null(arrival_has(file, hub, &place, &out));
	return out;
}

static void what_a_hub_has_is_what_it_acknowledged(void **state)
{
	struct casefile *file = new_file(*state);

	assert_false(has(file, KAMPALA, 1, 1));
	note(file, &(struct ack){KAMPALA, {1, 5}});
	assert_true(has(file, KAMPALA, 1, 1));
	assert_true(has(file, KAMPALA, 1, 5));
	assert_false(has(file, KAMPALA, 1, 6));
	assert_false(has(file, MBALE, 1, 1));	/* somebody else's word */
	assert_false(has(file, KAMPALA, 2, 1)); /* another epoch */
	assert_false(has(file, KAMPALA, 1, 0)); /* in no commit yet */
	note(file, &(struct ack){KAMPALA, {1, 3}});
	assert_true(has(file, KAMPALA, 1, 5));
}

static void the_order_in_which_it_is_heard_changes_nothing(void **state)
{
	static const char *const hubs[] = {KAMPALA, MBALE};
	unsigned seed = getenv("SEED") ? (unsigned)atol(getenv("SEED")) : (unsigned)time(NULL);
	struct ack acks[ACKS];
	uint8_t one[32], other[32], none[32];
	struct casefile *file = new_file(*state), *again = new_file(*state), *loaded;
	struct bytes image;

	print_message("# SEED=%u\n", seed);
	srand(seed);
	for (size_t i = 0; i < ACKS; i++)
		acks[i] = (struct ack){hubs[rand() % 2], {1 + rand() % 2, 1 + rand() % 100}};
	assert_null(casefile_digest(file, none));
	for (size_t i = 0; i < ACKS; i++)
		note(file, &acks[i]);
	for (size_t i = ACKS; i-- > 0;) {
		size_t other_one = (size_t)rand() % (i + 1);
		struct ack swapped = acks[i];

		acks[i] = acks[other_one];
		acks[other_one] = swapped;
		note(again, &acks[i]);
		note(again, &acks[i]);
	}
	assert_null(casefile_digest(file, one));
	assert_null(casefile_digest(again, other));
	assert_memory_equal(one, other, 32);
	assert_memory_not_equal(one, none, 32);
	assert_null(casefile_image(file, &image));
	assert_null(sample_load(*state, GULU, image, &loaded));
	assert_null(casefile_digest(loaded, other));
	assert_memory_equal(one, other, 32);
}

/* An event of a referral, for these hubs. */
static struct said *referral(const void *context, const char *log, int number, json_t *set, json_t *to)
{
	json_t *body = sample_body(context, number, "akello", "referral", sample_key(context, GULU, 2),
		sample_key(context, GULU, 1), set, NULL);

	json_object_set_new(body, "to", to);
	return sample_json(context, log, 'o', number, body);
}

static struct arrival_reader reader_of(const void *context, struct casefile *file, const char *whom)
{
	struct arrival_reader *readers;
	size_t count;

	assert_null(arrival_readers(
		context, file, GULU, "referral", sample_key(context, GULU, 2), &readers, &count));
	for (size_t i = 0; i < count; i++)
		if (strcmp(readers[i].whom, whom) == 0)
			return readers[i];
	return (struct arrival_reader){.place = {-1, -1}};
}

static bool is_sent(const void *context, struct casefile *file, const char *hub, struct arrival_place *place)
{
	bool out;

	assert_null(
		arrival_said(file, GULU, "referral", sample_key(context, GULU, 2), "sent", hub, place, &out));
	return out;
}

static void the_newest_for_each_reader_is_what_counts(void **state)
{
	struct casefile *file = new_file(*state);
	struct arrival_place place;
	struct said *last;

	sample_take(file, sample_event(*state, GULU, 'o', 1, "case", sample_key(*state, GULU, 1), NULL,
				  json_pack("{s:s}", "alias", "Heron"), NULL));
	sample_take(file,
		referral(*state, GULU, 2, json_pack("{s:s}", "reason", "draft"), json_pack("[s]", GULU)));
	assert_false(is_sent(*state, file, MBALE, &place));
	assert_int_equal(reader_of(*state, file, MBALE).place.seq, -1);
	sample_take(file, referral(*state, GULU, 3, json_pack("{s:s, s:s}", "state", "sent", "hub", MBALE),
				  json_pack("[s, s]", GULU, MBALE)));
	sample_take(
		file, referral(*state, GULU, 4, json_pack("{s:s}", "pass", "aa"), json_pack("[s]", GULU)));
	assert_int_equal(reader_of(*state, file, MBALE).place.seq, 3);
	assert_int_equal(reader_of(*state, file, GULU).place.seq, 4);
	assert_true(is_sent(*state, file, MBALE, &place));
	assert_int_equal(place.seq, 3);
	assert_false(is_sent(*state, file, KAMPALA, &place)); /* it was not for them */
	/* what is in no commit yet is newer than all that is */
	last = referral(
		*state, GULU, 5, json_pack("{s:s}", "appointment", "noon"), json_pack("[s, s]", GULU, MBALE));
	last->origin.seq = 0;
	sample_take(file, last);
	assert_int_equal(reader_of(*state, file, MBALE).place.seq, 0);
	last->origin.seq = 9;
	sample_take(file, last);
	assert_int_equal(reader_of(*state, file, MBALE).place.seq, 9);
	assert_true(is_sent(*state, file, MBALE, &place));
	assert_int_equal(place.seq, 3);
}

/* ---- opened ---- */

static struct said *opening(const void *context, const char *log, const char *whose, int number,
	const char *page, const char *upto)
{
	char key[ENTITY_KEY_SIZE];

	arrival_opening(key, whose, sample_key(context, GULU, 1));
	return sample_event(
		context, log, 'o', number, "opened", key, NULL, json_pack("{s:[s]}", page, upto), NULL);
}

static bool is_opened(
	const void *context, struct casefile *file, const char *hub, const char *page, int64_t seq)
{
	struct arrival_place place = {1, seq};
	bool out;

	assert_null(arrival_is_opened(file, GULU, hub, page, sample_key(context, GULU, 1), &place, &out));
	return out;
}

static void opened_is_only_what_the_hub_itself_says_of_that_page(void **state)
{
	struct casefile *file = new_file(*state);

	assert_false(is_opened(*state, file, KAMPALA, "case", 1));
	note(file, &(struct ack){KAMPALA, {1, 50}});
	assert_false(is_opened(*state, file, KAMPALA, "case", 1)); /* arrived is not opened */
	assert_int_equal(
		sample_take(file, opening(*state, MBALE, KAMPALA, 1, "case", GULU " 1 99")), TAKEN_REFUSED);
	assert_int_equal(sample_take(file, opening(*state, KAMPALA, MBALE, 2, "case", GULU " 1 99")),
		TAKEN_REFUSED); /* headquarters does not speak for others here */
	assert_false(is_opened(*state, file, KAMPALA, "case", 1));
	assert_false(is_opened(*state, file, MBALE, "case", 1));
	sample_take(file, opening(*state, KAMPALA, KAMPALA, 3, "case", GULU " 1 7"));
	assert_true(is_opened(*state, file, KAMPALA, "case", 7));
	assert_false(is_opened(*state, file, KAMPALA, "case", 8));
	assert_false(is_opened(*state, file, KAMPALA, "case", 0));
	assert_false(is_opened(*state, file, KAMPALA, "report", 1));
	assert_false(is_opened(*state, file, MBALE, "case", 1));
}

static void what_is_not_a_place_opens_nothing(void **state)
{
	static const char *const texts[] = {"", GULU, GULU " 1", GULU " 1 ", GULU " 1 x", GULU " x 9",
		GULU "  9", GULU " 1 9 ", GULU " 1 -9", GULU " 1 99999999999999999999", MBALE " 1 9", "g 1 9",
		" 1 9"};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct casefile *file = new_file(*state);

		sample_take(file, opening(*state, KAMPALA, KAMPALA, 1, "case", texts[i]));
		assert_false(is_opened(*state, file, KAMPALA, "case", 1));
	}
}

static void what_stands_on_a_page_is_what_others_said_there(void **state)
{
	struct casefile *file = new_file(*state);
	char *key = sample_key(*state, MBALE, 1);
	json_t *seen;

	sample_take(file, sample_event(*state, MBALE, 'i', 1, "report", key, NULL,
				  json_pack("{s:s}", "what", "a report"), NULL));
	sample_take(file, sample_event(*state, MBALE, 'o', 2, "case", key, NULL,
				  json_pack("{s:s}", "alias", "Heron"), NULL));
	sample_take(file, sample_event(*state, MBALE, 'o', 3, "action", sample_key(*state, MBALE, 3), key,
				  json_pack("{s:s}", "what", "call"), NULL));
	sample_take(file, sample_event(*state, MBALE, 'o', 4, "incident", sample_key(*state, MBALE, 4), key,
				  json_pack("{s:s}", "text", "shown as a line"), NULL));
	sample_take(file, sample_event(*state, KAMPALA, 'o', 5, "case", key, NULL,
				  json_pack("{s:s}", "summary", "more"), NULL));
	assert_null(arrival_seen(file, GULU, "case", key, &seen));
	assert_int_equal(json_array_size(seen), 2);
	assert_true(arrival_covers(seen, MBALE, &(struct arrival_place){1, 3}));
	assert_false(arrival_covers(seen, MBALE, &(struct arrival_place){1, 4}));
	assert_true(arrival_covers(seen, KAMPALA, &(struct arrival_place){1, 5}));
	json_decref(seen);
	assert_null(arrival_seen(file, GULU, "report", key, &seen));
	assert_true(arrival_covers(seen, MBALE, &(struct arrival_place){1, 1}));
	assert_int_equal(json_array_size(seen), 1);
	json_decref(seen);
	assert_null(arrival_seen(file, MBALE, "report", key, &seen)); /* its own words */
	assert_int_equal(json_array_size(seen), 0);
	json_decref(seen);
	assert_string_equal(arrival_page("message"), "report");
	assert_string_equal(arrival_page("action"), "case");
	assert_null(arrival_page("person"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_a_hub_has_is_what_it_acknowledged, setup, teardown),
		cmocka_unit_test_setup_teardown(
			the_order_in_which_it_is_heard_changes_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(the_newest_for_each_reader_is_what_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(
			opened_is_only_what_the_hub_itself_says_of_that_page, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_not_a_place_opens_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_stands_on_a_page_is_what_others_said_there, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
