/* What is in the way of a referral is always what the guard would say now, though it is only asked again of
 * what changed. */
#include "tests/unit/casework/sample.h"

#include <stdlib.h>
#include <time.h>

#include "node/casework/obstacle.h"

#define TODAY "2026-11-23"
#define SOME 3	    /* cases, and providers */
#define REFERRALS 9 /* one of each case to each provider */
#define CASE(i) sample_key(hub->context, GULU, 1 + (i))
#define PROVIDER(i) sample_key(hub->context, GULU, 11 + (i))
#define CONSENT(i) sample_key(hub->context, GULU, 21 + (i))
#define REFERRAL(i) sample_key(hub->context, GULU, 31 + (i))

struct hub {
	void *context;
	struct casefile *file;
	int number;
};

static const char *const agencies[] = {"", "010104", "010102", "0103", "2101", "99"};
#define ANY(list) list[rand() % (int)(sizeof list / sizeof *list)]

/* Code lists are headquarters'. */
static void say_of(struct hub *hub, const char *entity, const char *key, const char *case_key, json_t *set)
{
	const char *log = strcmp(entity, "code") == 0 ? KAMPALA : GULU;
	int number = ++hub->number;

	assert_int_equal(sample_take(hub->file, sample_event(hub->context, log, 'o', number, entity, key,
							case_key, set, NULL)),
		TAKEN_NEW);
}

static void say_anything(struct hub *hub)
{
	static const char *const professions[] = {"doctor", "police-liaison", "lawyer"};
	static const char *const words[] = {"", "Gulu Police Post", "the army"};
	static const char *const states[] = {"sent", "sent", "sent", "withdrawn", "draft"};
	int of = rand() % SOME, referral = rand() % REFERRALS;

	switch (rand() % 7) {
	case 0:
		say_of(hub, "case", CASE(of), NULL, json_pack("{s:[s]}", "perpetrators", ANY(agencies)));
		break;
	case 1:
		say_of(hub, "incident", sample_key(hub->context, GULU, 100 + 2 * of + rand() % 2), CASE(of),
			json_pack("{s:s, s:s}", "perpetrator", ANY(agencies), "agency", ANY(words)));
		break;
	case 2:
		say_of(hub, "provider", PROVIDER(of), NULL,
			json_pack("{s:s, s:s, s:s}", "name", "Ojok", "agency", ANY(agencies), "profession",
				ANY(professions)));
		break;
	case 3:
		say_of(hub, "consent", CONSENT(of), CASE(of),
			json_pack("{s:s, s:[s]}", "purpose", "x", "agencies", ANY(agencies)));
		break;
	case 4:
		say_of(hub, "code", sample_key(hub->context, KAMPALA, 200 + rand() % 3), NULL,
			json_pack("{s:s, s:s, s:s}", "list", "perpetrators", "label", "A squad", "parent",
				"010104"));
		break;
	default:
		say_of(hub, "referral", REFERRAL(referral), CASE(referral / SOME),
			json_pack("{s:s, s:s, s:s, s:s, s:s}", "provider", PROVIDER(referral % SOME), "state",
				ANY(states), "reason", "x", "consent", CONSENT(referral / SOME),
				"override_by", rand() % 2 ? "lakot" : ""));
	}
}

static json_t *kept_of(const json_t *rows, const char *key)
{
	json_t *row;
	size_t i;

	json_array_foreach (rows, i, row)
		if (strcmp(json_text_or(row, "key", ""), key) == 0)
			return row;
	return NULL;
}

/* The number of referrals with something in the way. */
static size_t check(struct hub *hub)
{
	json_t *rows CLEANUP(json_decref) = NULL;
	size_t found = 0;

	assert_null(obstacle_list(hub->file, NULL, NULL, GULU, TODAY, 100, &rows));
	for (int i = 0; i < REFERRALS; i++) {
		json_t *referral CLEANUP(json_decref) = NULL, *in_case CLEANUP(json_decref) = NULL,
				 *entry CLEANUP(json_decref) = NULL, *row = kept_of(rows, REFERRAL(i));
		const struct error *error = casefile_get(hub->file, "referral", REFERRAL(i), &referral);
		struct guard_verdict verdict;

		if (error || strcmp(json_text_or(referral, "state", ""), "sent") != 0) {
			assert_null(row);
			continue;
		}
		if (casefile_get(hub->file, "case", CASE(i / SOME), &in_case))
			in_case = json_pack("{ss}", "key", CASE(i / SOME));
		assert_null(obstacle_find(hub->file, NULL, referral, in_case, &verdict, &entry));
		assert_int_equal(row ? json_integer_value(json_object_get(row, "reason")) : GUARD_CLEAR,
			verdict.reason);
		if (row)
			assert_string_equal(json_text_or(row, "agency", "?"), verdict.agency);
		found += row != NULL;
	}
	assert_int_equal(json_array_size(rows), found);
	return found;
}

static void it_is_what_the_guard_says_now(void **state)
{
	unsigned seed = getenv("SEED") ? (unsigned)atol(getenv("SEED")) : (unsigned)time(NULL);
	size_t most = 0;

	print_message("# SEED=%u\n", seed);
	srand(seed);
	for (int round = 0; round < (getenv("ENGABO_UNDER_VALGRIND") ? 1 : 10); round++) {
		struct hub hub = {.context = memory_context(NULL), .number = 1000};

		assert_null(casefile_new(hub.context, GULU, &hub.file));
		for (int i = 0; i < 120; i++) {
			size_t found;

			say_anything(&hub);
			if (rand() % 3)
				continue; /* several changes at once */
			found = check(&hub);
			most = found > most ? found : most;
		}
		memory_free(hub.context);
	}
	assert_true(most > 1 || getenv("ENGABO_UNDER_VALGRIND")); /* else nothing was looked at */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_what_the_guard_says_now),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
