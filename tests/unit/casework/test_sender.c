/* A referral goes with its case: its sender names the next one, and nobody else can. The provider's hub knows
 * nothing of transfers. */
#include "tests/unit/casework/sample.h"

#include <stdlib.h>
#include <time.h>

#include "node/casework/permit.h"
#include "node/casework/referral.h"

#define LIRA "1ra0000000000000"
#define ARUA "aa00000000000000" /* the provider's */

#define CASE sample_key(context, GULU, 1)
#define REFERRAL sample_key(context, GULU, 2)

static struct casefile *file_of(const void *context, const char *self)
{
	struct casefile *file;

	assert_null(casefile_new(context, self, &file));
	return file;
}

/* `number` is also the commit in the hub's log. */
static struct said *word(
	const void *context, const char *log, int number, const char *field, const char *value, json_t *over)
{
	return sample_event(context, log, 'o', number, "referral", REFERRAL, CASE,
		json_pack("{s:s}", field, value), over);
}

static struct said *sent(const void *context)
{
	return sample_event(context, GULU, 'o', 1, "referral", REFERRAL, CASE,
		json_pack("{s:s, s:s, s:s}", "hub", ARUA, "state", "sent", "reason", "help"), NULL);
}

static struct said *hand(const void *context, const char *log, int number, const char *to)
{
	return word(context, log, number, "sender", to, NULL);
}

static struct said *restated(const void *context, const char *log, int number, json_t *set, json_t *over)
{
	json_t *body = sample_body(context, number, "okot", "referral", REFERRAL, CASE, set, over);

	json_object_set_new(body, "restate", json_true());
	json_object_set_new(body, "from", json_array());
	return sample_json(context, log, 'o', number, body);
}

static struct said *reply(const void *context, const char *log, int number, const char *kind)
{
	return sample_event(context, log, 'o', number, "reply", sample_key(context, log, number), NULL,
		json_pack("{s:s, s:s}", "referral", REFERRAL, "kind", kind), NULL);
}

static struct said *offer(const void *context, const char *log, int number, const char *to)
{
	return sample_event(context, log, 'o', number, "transfer", sample_key(context, log, 100 + number),
		CASE, json_pack("{s:s, s:s}", "to", to, "state", "offered"), NULL);
}

static struct said *accept(const void *context, const char *log, int number, const struct said *offered)
{
	return sample_event(context, log, 'o', number, "takeover", sample_key(context, log, 200 + number),
		NULL,
		json_pack("{s:s, s:s, s:i, s:i}", "transfer", offered->event->key, "kind", "accepted",
			"epoch", 1, "seq", (int)offered->origin.seq),
		NULL);
}

static void take_all(struct casefile *file, struct said *const *said)
{
	for (; *said; said++)
		sample_take(file, *said);
}

#define ALL(...) ((struct said *[]){__VA_ARGS__, NULL})

static int64_t standing(struct casefile *file, const void *context, const struct said *said)
{
	return sample_number(
		file, memory_format(context, "SELECT standing FROM said WHERE log = '%s' AND event = '%s'",
			      said->origin.log, said->event->id));
}

static char *state(const void *context, struct casefile *file)
{
	return sample_text(context, file, "SELECT state || ' ' || sent_by FROM referral");
}

static struct said *withdrawn(const void *context, const char *log, int number)
{
	json_t *over = json_pack("{s:[s]}", "state", GULU "/01je0000000000000000000001");

	return word(context, log, number, "state", "withdrawn", over);
}

static void whom_the_sender_names_speaks_as_the_sender(void **state_)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = file_of(context, ARUA);
	struct said *early = withdrawn(context, MBALE, 3), *said = reply(context, MBALE, 4, "progress");

	take_all(file, ALL(sent(context), early, said));
	assert_string_equal(state(context, file), "sent " GULU);
	assert_int_equal(standing(file, context, early), STANDING_WAITING);
	assert_int_equal(standing(file, context, said), STANDING_WAITING);
	sample_take(file, hand(context, GULU, 5, MBALE));
	assert_string_equal(state(context, file), "withdrawn " MBALE);
	assert_int_equal(standing(file, context, said), STANDING_PERMITTED);
}

static void a_sender_that_named_the_next_one_has_said_its_last(void **state_)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = file_of(context, ARUA);
	struct said *late = withdrawn(context, GULU, 6), *other = hand(context, GULU, 7, LIRA),
		    *again = restated(context, GULU, 8, json_pack("{s:s}", "state", "withdrawn"),
			    json_pack("{s:[s]}", "state", GULU "/01je0000000000000000000001"));

	take_all(file, ALL(sent(context), hand(context, GULU, 5, MBALE), late, other, again,
			       withdrawn(context, LIRA, 9)));
	assert_string_equal(state(context, file), "sent " MBALE);
	assert_int_equal(standing(file, context, late), STANDING_WAITING);
	assert_int_equal(standing(file, context, other), STANDING_WAITING);
	assert_int_equal(standing(file, context, again), STANDING_WAITING);
	/* Its word of before, which came later, counts. */
	sample_take(file, withdrawn(context, GULU, 4));
	assert_string_equal(state(context, file), "withdrawn " MBALE);
}

static void nobody_else_names_a_sender_or_speaks_as_one(void **state_)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = file_of(context, ARUA);
	json_t *elsewhere = json_pack("{s:s}", "sender", LIRA);

	take_all(file, ALL(sent(context), hand(context, LIRA, 2, LIRA), hand(context, LIRA, 3, MBALE),
			       hand(context, KAMPALA, 4, MBALE), hand(context, ARUA, 5, ARUA),
			       withdrawn(context, LIRA, 6), withdrawn(context, KAMPALA, 7),
			       withdrawn(context, ARUA, 8), reply(context, LIRA, 9, "declined"),
			       reply(context, KAMPALA, 10, "declined")));
	for (int i = 0; i < 2; i++)
		sample_take(file, restated(context, i ? KAMPALA : LIRA, 14 + i,
					  json_pack("{s:s, s:s}", "sender", LIRA, "state", "withdrawn"),
					  json_pack("{s:[s]}", "state", GULU "/01je0000000000000000000001")));
	/* Of another case. */
	sample_take(file, sample_event(context, GULU, 'o', 11, "referral", REFERRAL,
				  sample_key(context, GULU, 9), elsewhere, NULL));
	sample_take(file, withdrawn(context, LIRA, 12));
	assert_string_equal(state(context, file), "sent " GULU);
	assert_int_equal(sample_number(file, "SELECT count(*) FROM reply"), 0);
	sample_take(file, reply(context, ARUA, 13, "accepted"));
	assert_int_equal(sample_number(file, "SELECT count(*) FROM reply"), 1);
}

static void it_goes_on_and_comes_back(void **state_)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = file_of(context, ARUA);
	struct said *one = hand(context, GULU, 5, MBALE), *two, *three;

	two = word(context, MBALE, 6, "sender", LIRA,
		json_pack("{s:[s]}", "sender", sample_identity(context, one)));
	three = word(context, LIRA, 7, "sender", GULU,
		json_pack("{s:[s]}", "sender", sample_identity(context, two)));
	take_all(file, ALL(three, two, sent(context)));
	assert_string_equal(state(context, file), "sent " GULU);
	sample_take(file, one);
	assert_string_equal(state(context, file), "sent " GULU);
	assert_int_equal(standing(file, context, three), STANDING_PERMITTED);
	assert_int_equal(sample_number(file, "SELECT count(*) FROM conflict"), 0);
	sample_take(file, withdrawn(context, GULU, 9));
	assert_string_equal(state(context, file), "withdrawn " GULU);
}

/* Lira was given the case by Mbale, and was told nothing of how that came by it. */
static void the_third_owner_goes_by_the_word_of_the_second(void **state_)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = file_of(context, LIRA);
	struct said *offered = offer(context, MBALE, 6, LIRA);

	take_all(
		file, ALL(restated(context, MBALE, 8,
				  json_pack("{s:s, s:s, s:s}", "hub", ARUA, "state", "sent", "sender", MBALE),
				  NULL),
			      hand(context, MBALE, 9, LIRA), withdrawn(context, LIRA, 10)));
	assert_int_equal(sample_number(file, "SELECT count(*) FROM referral"), 0);
	take_all(file, ALL(offered, accept(context, LIRA, 7, offered)));
	assert_string_equal(sample_text(context, file, "SELECT sent_by FROM referral"), LIRA);
	assert_string_equal(sample_text(context, file, "SELECT state FROM referral"), "withdrawn");
}

/* A referral that the new owner makes itself, to a hub that knows of no transfer; and to the old owner. */
static void a_new_owner_refers_the_case(void **state_)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *arua = file_of(context, ARUA), *gulu = file_of(context, GULU);
	struct said *offered = offer(context, GULU, 2, MBALE),
		    *theirs = sample_event(context, MBALE, 'o', 5, "referral", sample_key(context, MBALE, 5),
			    CASE, json_pack("{s:s, s:s}", "hub", ARUA, "state", "sent"), NULL);

	sample_take(arua, theirs);
	assert_string_equal(state(context, arua), "sent " MBALE);
	sample_take(gulu, theirs);
	assert_int_equal(sample_number(gulu, "SELECT count(*) FROM referral"), 0);
	assert_int_equal(standing(gulu, context, theirs), STANDING_REFUSED);
	take_all(gulu, ALL(offered, accept(context, MBALE, 3, offered)));
	assert_string_equal(state(context, gulu), "sent " MBALE);
}

static void the_two_hubs_are_the_provider_s_and_the_sender_of_now(void **state_)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = file_of(context, ARUA);
	json_t *set CLEANUP(json_decref) = json_pack("{s:s}", "sender", LIRA), *rows;
	struct referral_hubs hubs;

	take_all(file, ALL(sent(context), hand(context, GULU, 5, MBALE)));
	assert_null(referral_hubs(file, REFERRAL, set, &hubs));
	assert_string_equal(hubs.sender, MBALE);
	assert_string_equal(hubs.provider, ARUA);
	assert_string_equal(hubs.next, LIRA);
	assert_false(hubs.is_new);
	assert_null(referral_list_sent(file, GULU, 9, 0, &rows));
	assert_int_equal(json_array_size(rows), 0);
	json_decref(rows);
	assert_null(referral_list_sent(file, MBALE, 9, 0, &rows));
	assert_int_equal(json_array_size(rows), 1);
	assert_string_equal(referral_sender(json_array_get(rows, 0)), MBALE);
	json_decref(rows);
}

/* ---- any order ---- */

#define STORY 32

static const char *some_log(void)
{
	static const char *const logs[] = {GULU, MBALE, LIRA, ARUA, KAMPALA};

	return logs[rand() % 5];
}

/* Transfers, senders that name the next one, words and answers of five hubs, some of which may not. */
static void tell(const void *context, struct said **said)
{
	struct said *offered = NULL;

	said[0] = sent(context);
	for (int i = 1; i < STORY; i++) {
		const struct said *seen = said[rand() % i];
		const char *field = json_object_iter_key(json_object_iter(seen->event->set));
		json_t *over = rand() % 2 && strcmp(seen->event->entity, "referral") == 0
				       ? json_pack("{s:[s]}", field, sample_identity(context, seen))
				       : NULL;
		int what = rand() % 7, number = 10 + i;

		if (what == 0 || (what == 1 && !offered)) {
			json_decref(over);
			said[i] = offered = offer(context, some_log(), number, some_log());
			continue;
		}
		if (what == 1) {
			json_decref(over);
			said[i] =
				accept(context, json_text_or(offered->event->set, "to", ""), number, offered);
		} else if (what == 2) {
			json_decref(over);
			said[i] = reply(context, some_log(), number, rand() % 2 ? "accepted" : "done");
		} else if (what == 3) {
			said[i] = restated(context, some_log(), number,
				json_pack("{s:s}", over ? field : "state", "sent"), over);
		} else if (what < 6) {
			said[i] = word(context, some_log(), number, "sender", some_log(),
				over && strcmp(field, "sender") == 0 ? over : NULL);
			if (over && strcmp(field, "sender") != 0)
				json_decref(over);
		} else {
			said[i] = word(context, some_log(), number, over ? field : "state",
				rand() % 2 ? "sent" : "withdrawn", over);
		}
		if (rand() % 8 == 0)
			said[i]->origin.seq = rand() % STORY;
	}
}

static void take_shuffled(const char *self, struct said **said, uint8_t digest[static 32], int *count)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = file_of(context, self);
	size_t order[STORY];
	enum taken taken;

	for (size_t i = 0; i < STORY; i++)
		order[i] = i;
	for (size_t i = STORY; i > 1; i--) {
		size_t j = (size_t)rand() % i, swap = order[i - 1];

		order[i - 1] = order[j];
		order[j] = swap;
	}
	assert_null(casefile_begin(file));
	for (size_t i = 0; i < STORY; i++) {
		assert_null(casefile_take(file, said[order[i]]->event, &said[order[i]]->origin, &taken));
		if (rand() % 5)
			continue;
		assert_null(casefile_end(file));
		assert_null(casefile_begin(file));
	}
	assert_null(casefile_end(file));
	assert_null(casefile_digest(file, digest));
	*count = (int)sample_number(file,
		"SELECT count(*) FROM event v JOIN entity e ON e.id = v.entity WHERE e.type = 'referral' AND "
		"v.standing = 0");
}

static void a_thousand_orders_give_one_sender(void **state_)
{
	static const char *const readers[] = {ARUA, GULU, LIRA};
	unsigned seed = getenv("SEED") ? (unsigned)atol(getenv("SEED")) : (unsigned)time(NULL);
	int count, most = 0;

	print_message("# SEED=%u\n", seed);
	srand(seed);
	for (int round = 0; round < (getenv("ENGABO_UNDER_VALGRIND") ? 1 : 45); round++) {
		void *context CLEANUP(memory_free) = memory_context(NULL);
		struct said *said[STORY];
		uint8_t first[32], next[32];

		tell(context, said);
		take_shuffled(readers[round % 3], said, first, &count);
		most = count > most ? count : most;
		for (int i = 0; i < 25; i++) {
			take_shuffled(readers[round % 3], said, next, &count);
			assert_memory_equal(first, next, 32);
		}
	}
	print_message("# the most that counted of %d: %d\n", STORY, most);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whom_the_sender_names_speaks_as_the_sender),
		cmocka_unit_test(a_sender_that_named_the_next_one_has_said_its_last),
		cmocka_unit_test(nobody_else_names_a_sender_or_speaks_as_one),
		cmocka_unit_test(it_goes_on_and_comes_back),
		cmocka_unit_test(the_third_owner_goes_by_the_word_of_the_second),
		cmocka_unit_test(a_new_owner_refers_the_case),
		cmocka_unit_test(the_two_hubs_are_the_provider_s_and_the_sender_of_now),
		cmocka_unit_test(a_thousand_orders_give_one_sender),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
