/* Whoever may not see a case sees nothing of what belongs to it, in no list and by no key, and cannot tell it
 * from one that is not there. Every entity of the schema has its place here. */
#include "tests/unit/casework/sample.h"

#include "node/casework/access.h"
#include "node/casework/schema.h"
#include "node/casework/settle.h"

/* A case of everybody's, one of the team "legal", one that names its readers. */
enum { OPEN, TEAM, RESTRICTED, CASES };

struct hub {
	void *context;
	struct casefile *file;
	int number;
	const char *cases[CASES];
	const char *keys[32]
			[CASES]; /* of each entity, in the order of the schema; NULL where it is in no case */
};

static const struct reader coordinator = {"namata", ROLE_COORDINATOR, "", ""};
static const struct reader colleague = {"akol", ROLE_OFFICER, "legal", ""};
static const struct reader stranger = {"okot", ROLE_OFFICER, "press", ""};
static const struct reader named = {"lamunu", ROLE_OFFICER, "press", ""};
static const struct reader its_officer = {"apio", ROLE_OFFICER, "", ""};
static const struct reader provider = {
	"auma", ROLE_PROVIDER, "legal", "ga00000000000000.01jd0000000000000000000400"};
static const struct reader facilitator = {"ojok", ROLE_FACILITATOR, "legal", ""};
/* Which cases each of them sees, in the order above. */
static const struct {
	const struct reader *reader;
	const char *sees;
} readers[] = {{&coordinator, "yyy"}, {&colleague, "yyn"}, {&stranger, "ynn"}, {&named, "yny"},
	{&its_officer, "yyy"}, {&provider, "nnn"}, {&facilitator, "nnn"}};
#define READERS (sizeof readers / sizeof *readers)

static const char *add(struct hub *hub, const char *entity, const char *case_key, json_t *set)
{
	int number = ++hub->number;
	const char *key = sample_key(hub->context, GULU, number);

	assert_int_equal(sample_take(hub->file, sample_event(hub->context, GULU, 'o', number, entity, key,
							case_key, set, NULL)),
		TAKEN_NEW);
	return key;
}

static const char *find(struct hub *hub, const char *entity, int which)
{
	size_t count;
	const struct entity *entities = schema_entities(&count);

	return hub->keys[schema_entity(entity) - entities][which];
}

/* One record of this kind that belongs to that case; NULL where the kind belongs to none. */
static const char *add_of(struct hub *hub, const struct entity *entity, int which)
{
	const char *name = entity->name, *in = hub->cases[which];

	if (strcmp(name, "case") == 0)
		return in;
	if (strcmp(name, "report") == 0)
		return add(hub, name, NULL,
			json_pack("{s:s, s:s, s:s}", "what", "secret", "state", "added", "case", in));
	if (strcmp(name, "message") == 0)
		return add(hub, name, NULL,
			json_pack("{s:s, s:s, s:s}", "report", find(hub, "report", which), "from", "office",
				"text", "secret"));
	if (strcmp(name, "referral") == 0)
		return add(hub, name, in, json_pack("{s:s, s:s}", "reason", "secret", "hub", GULU));
	if (strcmp(name, "reply") == 0)
		return add(hub, name, NULL,
			json_pack(
				"{s:s, s:s}", "referral", find(hub, "referral", which), "kind", "declined"));
	if (strcmp(name, "transfer") == 0)
		return add(hub, name, in, json_pack("{s:s, s:s}", "to", GULU, "state", "offered"));
	if (strcmp(name, "takeover") == 0)
		return add(hub, name, NULL,
			json_pack(
				"{s:s, s:s}", "transfer", find(hub, "transfer", which), "kind", "declined"));
	if (entity->in_case)
		return add(hub, name, in, json_pack("{s:s}", entity->fields[0].name, "secret"));
	return NULL;
}

static int setup(void **state)
{
	struct hub *hub = memory_new(NULL, struct hub);
	const struct entity *entities;
	size_t count;

	hub->context = hub;
	assert_null(casefile_new(hub, GULU, &hub->file));
	hub->cases[OPEN] = add(hub, "case", NULL, json_pack("{s:s}", "summary", "secret"));
	hub->cases[TEAM] = add(hub, "case", NULL,
		json_pack("{s:s, s:s, s:s}", "summary", "secret", "team", "legal", "officer", "apio"));
	hub->cases[RESTRICTED] = add(hub, "case", NULL,
		json_pack("{s:s, s:s, s:s, s:s, s:[s, s]}", "summary", "secret", "team", "legal", "officer",
			"apio", "restricted", "yes", "readers", "lamunu", "somebody"));
	entities = schema_entities(&count);
	assert_true(count <= 32);
	for (size_t i = 0; i < count; i++)
		for (int which = 0; which < CASES; which++)
			hub->keys[i][which] = add_of(hub, &entities[i], which);
	*state = hub;
	return 0;
}

static int teardown(void **state)
{
	talloc_free(*state);
	return 0;
}

static void the_database_is_taught_who_may_see_a_case(void **state)
{
#define OURS ", '" GULU " " GULU " " GULU "')"
#define THEIRS ", '" KAMPALA " " KAMPALA " " KAMPALA "')"
	static const char sql[] =
		"SELECT may_see('', '', NULL, NULL" OURS ", may_see('legal', '', NULL, NULL" OURS
		", may_see('press', 'no', '[]', NULL" OURS ", may_see('press', 'no', '[]', 'akol'" OURS
		", may_see('legal', 'yes', '[]', ''" OURS ", may_see('legal', 'yes', '[\"akol\"]', ''" OURS
		", may_see('legal', 'yes', '[\"akola\", 1]', ''" OURS
		", may_see('legal', 'yes', 'not json', ''" OURS
		/* of another hub: a team, an officer and a reader of that name are others */
		", may_see('', '', NULL, 'akol'" THEIRS ", may_see('legal', '', NULL, NULL" THEIRS
		", may_see('press', '', NULL, 'akol'" THEIRS
		", may_see('', 'yes', '[\"akol\"]', 'akol'" THEIRS
		", may_see('', 'yes', '[\"akol\"]', NULL, '- " GULU
		" -'), may_see('legal', '', NULL, NULL, NULL)";
	static const struct {
		const struct reader *reader;
		const char *says;
	} answers[] = {{&colleague, "11010100100010"}, {&coordinator, "11111111111111"},
		{&facilitator, "00000000000000"}, {NULL, "11111111111111"}};
	struct hub *hub = *state;

	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		struct query query;
		bool row;

		casefile_read_as(hub->file, answers[i].reader);
		assert_null(db_prepare(casefile_db(hub->file), &query, sql));
		assert_null(db_step(&query, &row));
		for (int c = 0; c < 14; c++)
			assert_int_equal(db_integer(&query, c), answers[i].says[c] - '0');
		db_finish(&query);
	}
}

/* By its key, its history, what a writer would replace. */
static bool is_seen(struct hub *hub, const char *entity, const char *key, const char *as_if)
{
	json_t *record = NULL, *history = NULL, *over = NULL, *set = json_object();
	const struct error *get = casefile_get(hub->file, entity, key, &record),
			   *past = casefile_history(hub->file, entity, key, &history),
			   *replaced = casefile_over(hub->file, entity, key, set, &over),
			   *check = casefile_may_see(hub->file, entity, key);

	json_decref(record);
	json_decref(history);
	json_decref(over);
	json_decref(set);
	assert_true(!get == !past && !get == !replaced && !get == !check);
	if (get) { /* as if it were not there */
		assert_int_equal(get->code, ERROR_NOT_FOUND);
		assert_string_equal(get->message, as_if);
		assert_string_equal(check->message, as_if);
	}
	return !get;
}

static bool expected(const struct reader *reader, const char *sees, const char *entity, int which)
{
	return sees[which] == 'y' && access_reads(reader->role, entity);
}

static void every_kind_of_record_is_seen_with_its_case_and_not_without(void **state)
{
	struct hub *hub = *state;
	const struct entity *entities;
	size_t count, tried = 0;

	entities = schema_entities(&count);
	for (size_t r = 0; r < READERS; r++) {
		casefile_read_as(hub->file, readers[r].reader);
		for (size_t i = 0; i < count; i++) {
			const char *missing =
				memory_format(hub, "there is no such %s here", entities[i].name);

			for (int which = 0; which < CASES; which++) {
				if (!hub->keys[i][which])
					continue;
				tried++;
				if (is_seen(hub, entities[i].name, hub->keys[i][which], missing) !=
					expected(readers[r].reader, readers[r].sees, entities[i].name, which))
					fail_msg("%s of case %d by %s", entities[i].name, which,
						readers[r].reader->name);
			}
			assert_false(access_reads(readers[r].reader->role, entities[i].name) &&
				     !casefile_get(hub->file, entities[i].name, sample_key(hub, GULU, 9999),
					     &(json_t *){NULL}));
		}
	}
	assert_true(tried >= 7 * 3 * 14);
}

static size_t rows(json_t *list)
{
	size_t count = json_array_size(list);

	json_decref(list);
	return count;
}

static size_t wanted(const struct reader *reader, const char *sees, const char *entity)
{
	size_t count = 0;

	for (int which = 0; which < CASES; which++)
		count += expected(reader, sees, entity, which);
	return count;
}

static void an_export_holds_what_its_reader_sees(void **state)
{
	struct hub *hub = *state;
	const struct entity *entities;
	size_t count;

	entities = schema_entities(&count);
	for (size_t r = 0; r < READERS; r++) {
		casefile_read_as(hub->file, readers[r].reader);
		for (size_t i = 0; i < count; i++) {
			json_t *list;

			if (!hub->keys[i][OPEN])
				continue;
			assert_null(lists_export(hub->file, entities[i].name, &list));
			if (rows(list) != wanted(readers[r].reader, readers[r].sees, entities[i].name))
				fail_msg("%s exported by %s", entities[i].name, readers[r].reader->name);
		}
	}
}

static void lists_hold_what_their_reader_sees(void **state)
{
	struct hub *hub = *state;

	for (size_t r = 0; r < READERS; r++) {
		const struct reader *reader = readers[r].reader;
		const char *sees = readers[r].sees;
		json_t *list;

		casefile_read_as(hub->file, reader);
		assert_null(lists_cases(hub->file, NULL, NULL, 10, &list));
		assert_int_equal(rows(list), wanted(reader, sees, "case"));
		assert_null(lists_reports(hub->file, NULL, 10, 0, &list));
		assert_int_equal(rows(list), wanted(reader, sees, "report"));
		assert_null(lists_reports(hub->file, "added", 10, 0, &list));
		assert_int_equal(rows(list), wanted(reader, sees, "report"));
		assert_null(lists_search(hub->file, "secret", 100, &list));
		/* the case, its report, action, note and attachment */
		assert_int_equal(rows(list), 5 * wanted(reader, sees, "case"));
		for (int which = 0; which < CASES; which++) {
			bool may = expected(reader, sees, "case", which);

			assert_int_equal(
				may, !lists_notes(hub->file, hub->cases[which], &list) && rows(list) == 1);
			assert_int_equal(
				may, !lists_actions(hub->file, hub->cases[which], "2026-11-23", 10, &list) &&
					     (casefile_reads(hub->file, "case") ? rows(list) == 1
										: rows(list) != 0));
			assert_int_equal(
				may, !lists_parts(hub->file, "person", hub->cases[which], 10, &list) &&
					     rows(list) == 1);
			assert_int_equal(may, !lists_messages(hub->file, find(hub, "report", which), &list) &&
						      rows(list) == 1);
		}
	}
}

static void nobody_writes_to_what_they_do_not_see(void **state)
{
	struct hub *hub = *state;
	const char *fresh = sample_key(hub, GULU, 8000);

	for (size_t r = 0; r < READERS; r++) {
		const struct reader *reader = readers[r].reader;

		casefile_read_as(hub->file, reader);
		for (int which = 0; which < CASES; which++) {
			bool may = expected(reader, readers[r].sees, "case", which);
			const char *in = hub->cases[which];

			assert_int_equal(may, !casefile_may_write(hub->file, "case", in, ""));
			assert_int_equal(may, !casefile_may_write(hub->file, "note", fresh, in));
			assert_int_equal(
				may, !casefile_may_write(hub->file, "note", find(hub, "note", which), in));
			assert_int_equal(may,
				!casefile_may_write(hub->file, "report", find(hub, "report", which), ""));
			/* a part of another case, as if it were of the open one */
			assert_int_equal(may && expected(reader, readers[r].sees, "case", OPEN),
				!casefile_may_write(
					hub->file, "note", find(hub, "note", which), hub->cases[OPEN]));
		}
		assert_null(casefile_may_write(hub->file, "audit", fresh, ""));
		assert_int_equal(
			reader->role == ROLE_COORDINATOR, !casefile_may_write(hub->file, "user", fresh, ""));
		assert_int_equal(reader->role == ROLE_COORDINATOR,
			!casefile_may_write(hub->file, "principles", fresh, ""));
	}
}

static void who_sees_a_case_is_said_by_its_officer_and_coordinators(void **state)
{
	struct hub *hub = *state;
	/* who may, in the order of the readers: an open case without an officer is there for whoever takes it
	 * up */
	static const char *const may[CASES] = {"yyyyynn", "ynnnynn", "ynnnynn"};
	static const char *const changes[] = {
		"{\"team\":\"press\"}", "{\"restricted\":\"no\"}", "{\"readers\":[\"okot\"]}"};

	for (size_t r = 0; r < READERS; r++)
		for (int which = 0; which < CASES; which++) {
			const char *key = hub->cases[which];
			json_t *officer = json_pack("{s:s}", "officer", "okot"), *same, *summary;

			casefile_read_as(hub->file, readers[r].reader);
			for (size_t c = 0; c < 3; c++) {
				json_t *set = json_loads(changes[c], 0, NULL);

				if (!casefile_may_set(hub->file, "case", key, set) != (may[which][r] == 'y'))
					fail_msg("%s of case %d by %s", changes[c], which,
						readers[r].reader->name);
				json_decref(set);
			}
			/* who follows it decides it too, where not everybody sees it */
			assert_int_equal(!casefile_may_set(hub->file, "case", key, officer),
				which == OPEN || may[which][r] == 'y');
			same = json_pack("{s:s, s:s}", "team", which == OPEN ? "" : "legal", "summary", "x");
			summary = json_pack("{s:s}", "summary", "x");
			assert_null(casefile_may_set(hub->file, "case", key, same));
			assert_null(casefile_may_set(hub->file, "case", key, summary));
			assert_null(
				casefile_may_set(hub->file, "case", sample_key(hub, GULU, 8000), officer));
			json_decref(officer);
			json_decref(same);
			json_decref(summary);
		}
}

static void a_restricted_case_without_an_officer_is_a_coordinators(void **state)
{
	json_t *record =
		json_pack("{s:s, s:[s], s:s}", "restricted", "yes", "readers", "okot", "team", "legal");

	assert_true(sight_may_share(&coordinator, record));
	assert_false(sight_may_share(&stranger, record));
	assert_false(sight_may_share(&colleague, record));
	assert_true(sight_sees_case(&stranger, record));
	assert_false(sight_sees_case(&colleague, record));
	json_decref(record);
}

static void a_provider_sees_the_referrals_sent_to_them_and_their_replies(void **state)
{
	struct hub *hub = *state;
	const char *in = hub->cases[RESTRICTED], *theirs, *draft, *others, *reply, *other_reply;
	json_t *record;

	theirs = add(hub, "referral", in,
		json_pack("{s:s, s:s, s:s}", "state", "sent", "hub", GULU, "provider", provider.provider));
	draft = add(hub, "referral", in,
		json_pack("{s:s, s:s, s:s}", "state", "draft", "hub", GULU, "provider", provider.provider));
	others = add(hub, "referral", in,
		json_pack("{s:s, s:s, s:s}", "state", "sent", "hub", GULU, "provider",
			sample_key(hub, GULU, 401)));
	reply = add(hub, "reply", NULL, json_pack("{s:s, s:s}", "referral", theirs, "kind", "accepted"));
	other_reply =
		add(hub, "reply", NULL, json_pack("{s:s, s:s}", "referral", others, "kind", "accepted"));
	casefile_read_as(hub->file, &provider);
	assert_null(casefile_get(hub->file, "referral", theirs, &record));
	json_decref(record);
	assert_null(casefile_get(hub->file, "reply", reply, &record));
	json_decref(record);
	assert_int_equal(casefile_get(hub->file, "referral", draft, &record)->code, ERROR_NOT_FOUND);
	assert_int_equal(casefile_get(hub->file, "referral", others, &record)->code, ERROR_NOT_FOUND);
	assert_int_equal(casefile_get(hub->file, "reply", other_reply, &record)->code, ERROR_NOT_FOUND);
	assert_int_equal(casefile_get(hub->file, "case", in, &record)->code, ERROR_NOT_FOUND);
}

/* Headquarters holds Gulu's restricted case, and has an officer of the same name as Gulu's. */
static void a_namesake_at_another_hub_is_somebody_else(void **state)
{
	struct hub hub = {.context = memory_context(NULL)};
	const char *theirs, *ours;

	assert_null(casefile_new(hub.context, KAMPALA, &hub.file));
	theirs = add(&hub, "case", NULL,
		json_pack("{s:s, s:s, s:s, s:[s]}", "summary", "secret", "officer", "apio", "restricted",
			"yes", "readers", "lamunu"));
	for (size_t r = 0; r < READERS; r++) {
		casefile_read_as(hub.file, readers[r].reader);
		assert_int_equal(is_seen(&hub, "case", theirs, "there is no such case here"),
			readers[r].reader == &coordinator);
	}
	casefile_read_as(hub.file, NULL);
	ours = sample_key(hub.context, KAMPALA, 900);
	assert_int_equal(
		sample_take(hub.file, sample_event(hub.context, KAMPALA, 'o', 900, "case", ours, NULL,
					      json_pack("{s:s, s:s, s:s}", "summary", "x", "officer", "apio",
						      "restricted", "yes"),
					      NULL)),
		TAKEN_NEW);
	casefile_read_as(hub.file, &its_officer);
	assert_null(casefile_may_see(hub.file, "case", ours));
	memory_free(hub.context);
}

/* Saying the name that another hub said is to name somebody else. */
static void naming_a_namesake_is_for_those_who_say_who_sees_it(void **state)
{
	struct hub hub = {.context = memory_context(NULL)};
	json_t *apio CLEANUP(json_decref) = json_pack("{s:s}", "officer", "apio"),
		     *now CLEANUP(json_decref) = NULL;
	const json_t *hubs;
	const char *theirs;

	assert_null(casefile_new(hub.context, KAMPALA, &hub.file));
	theirs = add(&hub, "case", NULL, json_pack("{s:s, s:s}", "officer", "apio", "restricted", "yes"));
	assert_int_equal(
		sample_take(hub.file, sample_event(hub.context, KAMPALA, 'o', 900, "case", theirs, NULL,
					      json_pack("{s:[s]}", "readers", "lamunu"), NULL)),
		TAKEN_NEW);
	assert_null(casefile_get(hub.file, "case", theirs, &now));
	hubs = json_object_get(now, "hubs");
	assert_string_equal(json_text_or(hubs, "officer", ""), GULU);
	assert_string_equal(json_text_or(hubs, "readers", ""), KAMPALA);
	assert_int_equal(json_object_size(hubs), 2);
	casefile_read_as(hub.file, &named);
	assert_null(casefile_may_see(hub.file, "case", theirs));
	assert_int_equal(casefile_may_set(hub.file, "case", theirs, apio)->code, ERROR_DENIED);
	casefile_read_as(hub.file, &coordinator);
	assert_null(casefile_may_set(hub.file, "case", theirs, apio));
	memory_free(hub.context);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_database_is_taught_who_may_see_a_case, setup, teardown),
		cmocka_unit_test_setup_teardown(
			every_kind_of_record_is_seen_with_its_case_and_not_without, setup, teardown),
		cmocka_unit_test_setup_teardown(an_export_holds_what_its_reader_sees, setup, teardown),
		cmocka_unit_test_setup_teardown(lists_hold_what_their_reader_sees, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_writes_to_what_they_do_not_see, setup, teardown),
		cmocka_unit_test_setup_teardown(
			who_sees_a_case_is_said_by_its_officer_and_coordinators, setup, teardown),
		cmocka_unit_test(a_restricted_case_without_an_officer_is_a_coordinators),
		cmocka_unit_test(a_namesake_at_another_hub_is_somebody_else),
		cmocka_unit_test(naming_a_namesake_is_for_those_who_say_who_sees_it),
		cmocka_unit_test_setup_teardown(
			a_provider_sees_the_referrals_sent_to_them_and_their_replies, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
