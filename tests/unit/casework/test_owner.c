/* A case goes from hub to hub by an offer and its acceptance; what either hub wrote without knowing of the
 * other is neither lost nor silently applied. */
#include "tests/unit/casework/sample.h"

#include <stdlib.h>
#include <time.h>

#include "node/casework/permit.h"

#define LIRA "1ra0000000000000"

static struct casefile *file_of(const void *context, const char *self)
{
	struct casefile *file;

	assert_null(casefile_new(context, self, &file));
	return file;
}

#define CASE sample_key(context, GULU, 1)

/* `number` is also the commit in the hub's log. */
static struct said *word(
	const void *context, const char *log, int number, const char *field, const char *value)
{
	return sample_event(
		context, log, 'o', number, "case", CASE, NULL, json_pack("{s:s}", field, value), NULL);
}

static struct said *offer(const void *context, const char *log, int number, const char *to)
{
	return sample_event(context, log, 'o', number, "transfer", sample_key(context, log, 100 + number),
		CASE, json_pack("{s:s, s:s}", "to", to, "state", "offered"), NULL);
}

static struct said *withdraw(const void *context, const struct said *offered, int number)
{
	return sample_event(context, offered->origin.log, 'o', number, "transfer", offered->event->key, CASE,
		json_pack("{s:s}", "state", "withdrawn"),
		json_pack("{s:[s]}", "state", sample_identity(context, offered)));
}

static struct said *answer(const void *context, const char *log, int number, const struct said *offered,
	const char *kind, int covered)
{
	return sample_event(context, log, 'o', number, "takeover", sample_key(context, log, 200 + number),
		NULL,
		json_pack("{s:s, s:s, s:i, s:i}", "transfer", offered->event->key, "kind", kind, "epoch", 1,
			"seq", covered),
		NULL);
}

static struct said *restated(const void *context, const char *log, int number, const char *entity,
	const char *key, const char *case_key, json_t *set, json_t *over)
{
	json_t *body = sample_body(context, number, "okot", entity, key, case_key, set, over);

	json_object_set_new(body, "restate", json_true());
	json_object_set_new(body, "from", json_array());
	return sample_json(context, log, 'o', number, body);
}

static const char *owner(struct casefile *file, const char *key)
{
	static char log[LOG_ID_SIZE];

	assert_null(casefile_owner(file, key, log));
	return log;
}

static void take_all(struct casefile *file, struct said *const *said)
{
	for (; *said; said++)
		sample_take(file, *said);
}

static int64_t standing(struct casefile *file, const void *context, const struct said *said)
{
	return sample_number(
		file, memory_format(context, "SELECT standing FROM said WHERE log = '%s' AND event = '%s'",
			      said->origin.log, said->event->id));
}

#define ALL(...) ((struct said *[]){__VA_ARGS__, NULL})

static void an_accepted_offer_makes_another_hub_the_owner(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = file_of(context, KAMPALA);
	struct said *made = word(context, GULU, 1, "risk", "low"), *offered = offer(context, GULU, 2, MBALE);
	struct said *new = word(context, MBALE, 4, "alias", "Heron"),
		    *early = word(context, MBALE, 2, "alias", "x");

	take_all(file, ALL(made, offered, new, early));
	assert_string_equal(owner(file, CASE), GULU);
	assert_int_equal(standing(file, context, new), STANDING_REFUSED);
	sample_take(file, answer(context, MBALE, 3, offered, "accepted", 2));
	assert_string_equal(owner(file, CASE), MBALE);
	assert_string_equal(sample_text(context, file, "SELECT alias FROM case_"), "Heron");
	assert_int_equal(standing(file, context, early), STANDING_WAITING);
	assert_int_equal(sample_number(file, "SELECT count(*) FROM case_owner"), 2);
}

static void an_answer_counts_only_from_whom_was_asked_and_only_the_first(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = file_of(context, KAMPALA);
	struct said *offered = offer(context, GULU, 2, MBALE);

	take_all(file, ALL(word(context, GULU, 1, "risk", "low"), offered));
	sample_take(file, answer(context, LIRA, 1, offered, "accepted", 9));
	assert_string_equal(owner(file, CASE), GULU);
	sample_take(file, answer(context, MBALE, 8, offered, "accepted", 9));
	assert_string_equal(owner(file, CASE), MBALE);
	sample_take(file, answer(context, MBALE, 5, offered, "declined", 9));
	assert_string_equal(owner(file, CASE), GULU);
}

static void nobody_takes_a_case_that_its_owner_did_not_offer(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = file_of(context, KAMPALA);
	struct said *stolen = offer(context, MBALE, 2, LIRA), *foreign,
		    *unread = offer(context, GULU, 7, MBALE);

	take_all(file, ALL(word(context, GULU, 1, "risk", "low"), stolen,
			       answer(context, LIRA, 3, stolen, "accepted", 9)));
	assert_string_equal(owner(file, CASE), GULU);
	/* An offer in Gulu's name, by Mbale. */
	foreign = sample_event(context, MBALE, 'o', 4, "transfer", sample_key(context, GULU, 150), CASE,
		json_pack("{s:s}", "to", MBALE), NULL);
	take_all(file, ALL(foreign, answer(context, MBALE, 5, foreign, "accepted", 9)));
	/* An offer that the acceptance had not read. */
	take_all(file, ALL(unread, answer(context, MBALE, 6, unread, "accepted", 6)));
	assert_string_equal(owner(file, CASE), GULU);
	assert_int_equal(sample_number(file, "SELECT count(*) FROM case_owner"), 0);
}

static void a_withdrawal_counts_where_the_acceptance_had_seen_it(void **state)
{
	for (int covered = 4; covered <= 5; covered++) {
		void *context CLEANUP(memory_free) = memory_context(NULL);
		struct casefile *file = file_of(context, KAMPALA);
		struct said *offered = offer(context, GULU, 2, MBALE),
			    *withdrawn = withdraw(context, offered, 5);
		struct said *second = offer(context, GULU, 6, LIRA);

		take_all(file, ALL(word(context, GULU, 1, "risk", "low"), offered, withdrawn, second,
				       answer(context, LIRA, 1, second, "accepted", 6),
				       answer(context, MBALE, 3, offered, "accepted", covered)));
		assert_string_equal(owner(file, CASE), covered == 5 ? LIRA : MBALE);
		assert_int_equal(standing(file, context, withdrawn),
			covered == 5 ? STANDING_PERMITTED : STANDING_WAITING);
	}
}

static void what_the_old_owner_wrote_later_is_held_and_can_be_adopted(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = file_of(context, MBALE);
	struct said *offered = offer(context, GULU, 2, MBALE), *late = word(context, GULU, 3, "risk", "high");
	const char *note = sample_key(context, GULU, 5);
	struct said *late_note = sample_event(
		context, GULU, 'o', 4, "note", note, CASE, json_pack("{s:s}", "text", "late"), NULL);
	struct said *ours = sample_event(
		context, KAMPALA, 'o', 5, "note", note, CASE, json_pack("{s:s}", "text", "more"), NULL);

	take_all(file, ALL(word(context, GULU, 1, "risk", "low"), offered, late, late_note, ours,
			       answer(context, MBALE, 3, offered, "accepted", 2)));
	assert_string_equal(sample_text(context, file, "SELECT risk FROM case_"), "low");
	assert_int_equal(sample_number(file, "SELECT count(*) FROM note"), 0);
	assert_int_equal(
		sample_number(file, "SELECT count(*) FROM waiting WHERE reason = '" PERMIT_HELD "'"), 3);
	/* Adopted: said again by the owner, who names it. */
	sample_take(file, restated(context, MBALE, 5, "case", CASE, NULL, json_pack("{s:s}", "risk", "high"),
				  json_pack("{s:[s,s]}", "risk", sample_identity(context, late),
					  GULU "/01je0000000000000000000001")));
	sample_take(
		file, restated(context, MBALE, 5 + 1, "note", note, CASE, json_pack("{s:s}", "text", "late"),
			      json_pack("{s:[s]}", "text", sample_identity(context, late_note))));
	assert_string_equal(sample_text(context, file, "SELECT risk || conflicts FROM case_"), "high0");
	assert_int_equal(sample_number(file, "SELECT count(*) FROM note"), 1);
	assert_int_equal(standing(file, context, late), STANDING_WAITING);
	assert_int_equal(standing(file, context, ours), STANDING_PERMITTED);
}

static void an_old_owner_hands_on_what_was_and_changes_nothing(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = file_of(context, MBALE);
	const char *note = sample_key(context, GULU, 5), *first = GULU "/01je0000000000000000000001";
	struct said *offered = offer(context, GULU, 2, MBALE), *handed, *edit, *again, *smuggled;

	handed = restated(context, GULU, 6, "case", CASE, NULL, json_pack("{s:s}", "risk", "low"),
		json_pack("{s:[s]}", "risk", first));
	take_all(file, ALL(offered, answer(context, MBALE, 3, offered, "accepted", 2), handed,
			       restated(context, GULU, 7, "note", note, CASE,
				       json_pack("{s:s}", "text", "word"), NULL)));
	assert_string_equal(sample_text(context, file, "SELECT risk FROM case_"), "low");
	assert_string_equal(sample_text(context, file, "SELECT text FROM note"), "word");
	edit = sample_event(context, MBALE, 'o', 8, "case", CASE, NULL, json_pack("{s:s}", "risk", "high"),
		json_pack("{s:[s,s]}", "risk", sample_identity(context, handed), first));
	again = restated(context, GULU, 9, "case", CASE, NULL, json_pack("{s:s}", "risk", "low"),
		json_pack("{s:[s]}", "risk", first));
	smuggled = restated(context, GULU, 10, "case", CASE, NULL, json_pack("{s:s}", "risk", "low"),
		json_pack("{s:[s,s]}", "risk", sample_identity(context, edit),
			GULU "/01je0000000000000000000077"));
	take_all(file, ALL(edit, again));
	assert_string_equal(sample_text(context, file, "SELECT risk || conflicts FROM case_"), "high0");
	sample_take(file, smuggled);
	assert_string_equal(sample_text(context, file, "SELECT risk || conflicts FROM case_"), "high0");
	assert_int_equal(standing(file, context, smuggled), STANDING_WAITING);
}

/* Gulu, Mbale, Lira, and back to Gulu. Kampala knows all; the hubs only what was sealed to them. */
static void a_case_goes_on_and_comes_back(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct said *one = offer(context, GULU, 2, MBALE), *two = offer(context, MBALE, 5, LIRA),
		    *three = offer(context, LIRA, 4, GULU);
	struct said *first = answer(context, MBALE, 3, one, "accepted", 2),
		    *second = answer(context, LIRA, 2, two, "accepted", 5),
		    *third = answer(context, GULU, 9, three, "accepted", 4);
	struct said *between = word(context, GULU, 7, "alias", "late"),
		    *after = word(context, GULU, 10, "alias", "Ibis"),
		    *gone = word(context, MBALE, 8, "risk", "low");
	struct casefile *hq = file_of(context, KAMPALA), *gulu = file_of(context, GULU),
			*lira = file_of(context, LIRA);

	take_all(hq, ALL(word(context, GULU, 1, "risk", "high"), after, third, second, gone, first, three,
			     between, two, one));
	assert_string_equal(owner(hq, CASE), GULU);
	assert_int_equal(sample_number(hq, "SELECT count(*) FROM case_owner"), 4);
	assert_string_equal(sample_text(context, hq, "SELECT risk || alias FROM case_"), "highIbis");
	assert_int_equal(standing(hq, context, between), STANDING_WAITING);
	assert_int_equal(standing(hq, context, gone), STANDING_WAITING);

	take_all(lira, ALL(two, second));
	assert_string_equal(owner(lira, CASE), LIRA);
	assert_int_equal(sample_take(lira, restated(context, MBALE, 6, "case", CASE, NULL,
						   json_pack("{s:s}", "risk", "high"), NULL)),
		TAKEN_NEW);
	take_all(lira, ALL(three, third));
	assert_string_equal(owner(lira, CASE), GULU);

	take_all(gulu, ALL(word(context, GULU, 1, "risk", "high"), one, first, between));
	assert_string_equal(owner(gulu, CASE), MBALE);
	take_all(gulu, ALL(three, third, after));
	assert_string_equal(owner(gulu, CASE), GULU);
	assert_string_equal(sample_text(context, gulu, "SELECT risk || alias FROM case_"), "highIbis");
}

static void our_own_words_that_are_not_in_the_log_yet_count_as_later(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = file_of(context, GULU);
	struct said *offered = offer(context, GULU, 2, MBALE), *late = word(context, GULU, 3, "risk", "high");

	late->origin.seq = 0;
	take_all(file, ALL(word(context, GULU, 1, "risk", "low"), offered, late));
	assert_string_equal(sample_text(context, file, "SELECT risk FROM case_"), "high");
	sample_take(file, answer(context, MBALE, 3, offered, "accepted", 2));
	assert_string_equal(sample_text(context, file, "SELECT risk FROM case_"), "low");
	assert_int_equal(standing(file, context, late), STANDING_WAITING);
}

static void the_report_and_its_messages_go_with_the_case(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = file_of(context, KAMPALA);
	struct said *offered = offer(context, GULU, 2, MBALE);
	struct said *opened = sample_event(
		context, MBALE, 'o', 4, "report", CASE, NULL, json_pack("{s:s}", "state", "added"), NULL);
	struct said *reply = sample_event(context, MBALE, 'o', 5, "message", sample_key(context, MBALE, 9),
		NULL, json_pack("{s:s, s:s, s:s}", "report", CASE, "from", "office", "text", "We come."),
		NULL);
	struct said *old = sample_event(context, GULU, 'o', 6, "message", sample_key(context, GULU, 9), NULL,
		json_pack("{s:s, s:s, s:s}", "report", CASE, "from", "office", "text", "No."), NULL);

	take_all(file, ALL(sample_event(context, GULU, 'i', 1, "report", CASE, NULL,
				   json_pack("{s:s}", "what", "help"), NULL),
			       offered, opened, reply, old));
	assert_int_equal(standing(file, context, opened), STANDING_REFUSED);
	sample_take(file, answer(context, MBALE, 3, offered, "accepted", 2));
	assert_int_equal(standing(file, context, opened), STANDING_PERMITTED);
	assert_int_equal(standing(file, context, reply), STANDING_PERMITTED);
	assert_int_equal(standing(file, context, old), STANDING_WAITING);
	assert_string_equal(sample_text(context, file, "SELECT state FROM report"), "added");
	assert_string_equal(sample_text(context, file, "SELECT group_concat(text) FROM message"), "We come.");
}

/* ---- any order ---- */

#define STORY 48

static const char *some_log(void)
{
	static const char *const logs[] = {GULU, MBALE, LIRA, KAMPALA};

	return logs[rand() % 4];
}

static struct said *some_word(const void *context, int number, struct said *const *said, int count)
{
	const struct said *seen = count ? said[rand() % count] : NULL;
	const char *key = sample_key(context, some_log(), 5 + rand() % 3);
	bool is_case = rand() % 2;
	json_t *over = seen && rand() % 2 ? json_pack("{s:[s]}", is_case ? "risk" : "text",
						    sample_identity(context, seen))
					  : NULL;
	json_t *set = json_pack("{s:s}", is_case ? "risk" : "text", rand() % 2 ? "low" : "high");

	if (rand() % 3 == 0)
		return restated(context, some_log(), number, is_case ? "case" : "note", is_case ? CASE : key,
			is_case ? NULL : CASE, set, over);
	return sample_event(context, some_log(), 'o', number, is_case ? "case" : "note", is_case ? CASE : key,
		is_case ? NULL : CASE, set, over);
}

/* Offers, withdrawals and answers of four hubs, crossing each other, with words between them. */
static void tell(const void *context, struct said **said)
{
	struct said *offers[STORY];
	const char *now = GULU; /* who may own it by then */
	int offered = 0;

	for (int i = 0; i < STORY; i++) {
		const struct said *one = offered ? offers[rand() % offered] : NULL;
		int what = rand() % 7, number = 10 + i;

		if (one && rand() % 2)
			one = offers[offered - 1];

		if (what == 0 || (!one && what < 4)) {
			said[i] = offers[offered++] =
				offer(context, rand() % 3 ? now : some_log(), number, some_log());
		} else if (what == 1) {
			said[i] = withdraw(context, one, number);
		} else if (what < 4) {
			said[i] = answer(context,
				rand() % 5 ? json_text_or(one->event->set, "to", "") : some_log(), number,
				one, rand() % 5 ? "accepted" : "declined",
				number - (rand() % 3 ? 1 : rand() % 12));
			now = json_text_or(one->event->set, "to", "");
		} else {
			said[i] = some_word(context, number, said, i);
		}
		if (rand() % 10 == 0)
			said[i]->origin.seq = 1 + rand() % STORY;
	}
}

static void take_shuffled(const char *self, struct said **said, uint8_t digest[static 32], int *owners)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = file_of(context, self);
	size_t order[STORY * 3 / 2];
	size_t count = sizeof order / sizeof *order;
	enum taken taken;

	for (size_t i = 0; i < count; i++)
		order[i] = i < STORY ? i : (size_t)rand() % STORY;
	for (size_t i = count; i > 1; i--) {
		size_t j = (size_t)rand() % i, swap = order[i - 1];

		order[i - 1] = order[j];
		order[j] = swap;
	}
	assert_null(casefile_begin(file));
	for (size_t i = 0; i < count; i++) {
		assert_null(casefile_take(file, said[order[i]]->event, &said[order[i]]->origin, &taken));
		if (rand() % 9)
			continue;
		assert_null(casefile_end(file));
		assert_null(casefile_begin(file));
	}
	assert_null(casefile_end(file));
	assert_null(casefile_digest(file, digest));
	*owners = (int)sample_number(file, "SELECT count(*) FROM case_owner");
}

static void a_thousand_orders_give_one_owner_and_one_case_file(void **state)
{
	static const char *const readers[] = {KAMPALA, GULU, LIRA};
	unsigned seed = getenv("SEED") ? (unsigned)atol(getenv("SEED")) : (unsigned)time(NULL);
	int owners, again, longest = 0;

	print_message("# SEED=%u\n", seed);
	srand(seed);
	for (int round = 0; round < (getenv("ENGABO_UNDER_VALGRIND") ? 1 : 25); round++) {
		void *context CLEANUP(memory_free) = memory_context(NULL);
		const char *self = readers[round % 3];
		struct said *said[STORY];
		uint8_t first[32], next[32];

		tell(context, said);
		take_shuffled(self, said, first, &owners);
		longest = owners > longest ? owners : longest;
		for (int i = 0; i < 40; i++) {
			take_shuffled(self, said, next, &again);
			assert_memory_equal(first, next, 32);
		}
	}
	print_message("# the longest chain: %d hubs\n", longest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_accepted_offer_makes_another_hub_the_owner),
		cmocka_unit_test(an_answer_counts_only_from_whom_was_asked_and_only_the_first),
		cmocka_unit_test(nobody_takes_a_case_that_its_owner_did_not_offer),
		cmocka_unit_test(a_withdrawal_counts_where_the_acceptance_had_seen_it),
		cmocka_unit_test(what_the_old_owner_wrote_later_is_held_and_can_be_adopted),
		cmocka_unit_test(an_old_owner_hands_on_what_was_and_changes_nothing),
		cmocka_unit_test(a_case_goes_on_and_comes_back),
		cmocka_unit_test(our_own_words_that_are_not_in_the_log_yet_count_as_later),
		cmocka_unit_test(the_report_and_its_messages_go_with_the_case),
		cmocka_unit_test(a_thousand_orders_give_one_owner_and_one_case_file),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
