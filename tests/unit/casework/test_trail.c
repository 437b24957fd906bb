/* The audit trail is a chain: whatever is taken out of it is missed, whatever the order in which entries
 * come. */
#include "tests/unit/casework/sample.h"

#include "node/casework/trail.h"

#define ENTRIES 6

struct hub {
	void *context;
	struct said *entries[ENTRIES];
};

static struct said *entry(void *context, int number, const char *prev, int n)
{
	char at[TEXT_TIME_SIZE];

	text_time(at, 1795000000 + number * 3600);
	return sample_event(context, GULU, 'o', number, "audit", sample_key(context, GULU, number), NULL,
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i}", "what", number % 2 ? "looked at" : "changed",
			"who", number < 4 ? "akello" : "okot", "on", "GUL-AAAAA", "record",
			sample_key(context, GULU, 90 + number % 3), "at", at, "prev", prev, "n", n),
		NULL);
}

static const char *link_of(void *context, const struct said *said)
{
	char *hash = memory_array(context, char, TRAIL_HASH_SIZE);

	trail_hash(hash, said->event->line);
	return hash;
}

static int setup(void **state)
{
	struct hub *hub = memory_new(NULL, struct hub);
	const char *prev = "";

	hub->context = hub;
	for (int i = 0; i < ENTRIES; i++) {
		hub->entries[i] = entry(hub, i + 1, prev, i + 1);
		prev = link_of(hub, hub->entries[i]);
	}
	*state = hub;
	return 0;
}

static int teardown(void **state)
{
	talloc_free(*state);
	return 0;
}

static struct casefile *empty(struct hub *hub)
{
	struct casefile *file;

	assert_null(casefile_new(hub, GULU, &file));
	return file;
}

static struct trail_state state_of(struct casefile *file)
{
	struct trail_state state;

	assert_null(trail_state(casefile_db(file), &state));
	return state;
}

static void a_whole_chain_is_whole_in_any_order(void **state)
{
	static const int orders[][ENTRIES] = {{0, 1, 2, 3, 4, 5}, {5, 4, 3, 2, 1, 0}, {2, 0, 5, 1, 4, 3}};
	struct hub *hub = *state;
	struct trail_end end;

	for (size_t o = 0; o < 3; o++) {
		struct casefile *file = empty(hub);

		for (int i = 0; i < ENTRIES; i++)
			assert_int_equal(sample_take(file, hub->entries[orders[o][i]]), TAKEN_NEW);
		assert_int_equal(state_of(file).count, ENTRIES);
		assert_int_equal(state_of(file).missing, 0);
		assert_string_equal(state_of(file).since, "");
		assert_null(trail_end(casefile_db(file), &end));
		assert_int_equal(end.n, ENTRIES);
		assert_string_equal(end.hash, link_of(hub, hub->entries[ENTRIES - 1]));
	}
}

static void one_that_is_taken_out_is_missed_and_since_when(void **state)
{
	struct hub *hub = *state;

	for (int out = 0; out < ENTRIES - 1; out++) {
		struct casefile *file = empty(hub);
		struct trail_state now;

		for (int i = 0; i < ENTRIES; i++)
			if (i != out)
				sample_take(file, hub->entries[i]);
		now = state_of(file);
		assert_int_equal(now.missing, 1);
		assert_string_equal(now.since, json_text_or(hub->entries[out + 1]->event->set, "at", ""));
		sample_take(file, hub->entries[out]);
		assert_int_equal(state_of(file).missing, 0);
	}
}

static void one_that_is_changed_is_missed(void **state)
{
	struct hub *hub = *state;
	struct casefile *file = empty(hub);
	struct said *other = entry(hub, 3, link_of(hub, hub->entries[1]), 3);

	json_object_set_new(other->event->json, "by", json_string("okot"));
	other = sample_json(hub, GULU, 'o', 3, json_incref(other->event->json));
	for (int i = 0; i < ENTRIES; i++)
		sample_take(file, i == 2 ? other : hub->entries[i]);
	assert_int_equal(state_of(file).missing, 1);
	assert_string_equal(state_of(file).since, json_text_or(hub->entries[3]->event->set, "at", ""));
}

static void a_count_that_does_not_fit_is_missed(void **state)
{
	struct hub *hub = *state;
	struct casefile *file = empty(hub);

	sample_take(file, hub->entries[0]);
	sample_take(file, entry(hub, 20, link_of(hub, hub->entries[0]), 7));
	assert_int_equal(state_of(file).missing, 1);
}

static void two_that_follow_the_same_one_are_a_branch_and_no_alarm(void **state)
{
	struct hub *hub = *state;
	struct casefile *file = empty(hub);
	struct trail_end end;

	sample_take(file, hub->entries[0]);
	sample_take(file, hub->entries[1]);
	sample_take(file, entry(hub, 30, link_of(hub, hub->entries[0]), 2));
	assert_int_equal(state_of(file).missing, 0);
	assert_null(trail_end(casefile_db(file), &end));
	assert_int_equal(end.n, 2);
}

static void the_first_follows_nothing_and_what_is_older_than_links_is_no_alarm(void **state)
{
	struct hub *hub = *state;
	struct casefile *file = empty(hub);
	struct trail_end end;

	assert_null(trail_end(casefile_db(file), &end));
	assert_int_equal(end.n, 0);
	assert_string_equal(end.hash, "");
	sample_take(file, sample_event(hub, GULU, 'o', 40, "audit", sample_key(hub, GULU, 40), NULL,
				  json_pack("{s:s, s:s}", "what", "exported", "who", "akello"), NULL));
	assert_int_equal(state_of(file).missing, 0);
	assert_null(trail_end(casefile_db(file), &end));
	assert_int_equal(end.n, 0);
	sample_take(file, entry(hub, 41, end.hash, 1));
	assert_int_equal(state_of(file).missing, 0);
}

static char *listed(struct hub *hub, struct casefile *file, struct trail_wanted wanted)
{
	struct buffer *out = buffer_new(hub);
	json_t *rows, *row;
	size_t i;

	wanted.limit = wanted.limit ? wanted.limit : 10;
	assert_null(trail_list(casefile_db(file), &wanted, &rows));
	json_array_foreach (rows, i, row)
		buffer_format(out, "%s%s", i ? " " : "", json_text_or(row, "at", "") + 11);
	json_decref(rows);
	return (char *)buffer_bytes(out).data;
}

static void it_is_listed_newest_first_by_person_record_and_time(void **state)
{
	struct hub *hub = *state;
	struct casefile *file = empty(hub);
	const char *record = sample_key(hub, GULU, 91);
	bool has;

	for (int i = 0; i < ENTRIES; i++)
		sample_take(file, hub->entries[i]);
	assert_string_equal(listed(hub, file, (struct trail_wanted){.limit = 2}), "17:06:40Z 16:06:40Z");
	assert_string_equal(
		listed(hub, file, (struct trail_wanted){.limit = 2, .offset = 4}), "13:06:40Z 12:06:40Z");
	assert_string_equal(
		listed(hub, file, (struct trail_wanted){.who = "okot"}), "17:06:40Z 16:06:40Z 15:06:40Z");
	assert_string_equal(
		listed(hub, file, (struct trail_wanted){.record = record}), "15:06:40Z 12:06:40Z");
	assert_string_equal(
		listed(hub, file, (struct trail_wanted){.record = record, .who = "okot"}), "15:06:40Z");
	assert_string_equal(listed(hub, file,
				    (struct trail_wanted){.from = "2026-11-18T13:00:00Z",
					    .before = "2026-11-18T15:00:00Z"}),
		"14:06:40Z 13:06:40Z");
	assert_null(trail_has(casefile_db(file), "akello", record, "looked at", "2026-11-18", &has));
	assert_true(has);
	assert_null(trail_has(casefile_db(file), "akello", record, "looked at", "2026-11-19", &has));
	assert_false(has);
	assert_null(trail_has(casefile_db(file), "okot", record, "looked at", "2026-11-18", &has));
	assert_false(has);
}

static void check_plan(struct casefile *file, const char *sql)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	assert_null(
		db_prepare(casefile_db(file), &query, memory_format(scratch, "EXPLAIN QUERY PLAN %s", sql)));
	for (;;) {
		assert_null(db_step(&query, &row));
		if (!row)
			return;
		if ((strncmp(db_text(&query, 3), "SCAN", 4) == 0 && !strstr(db_text(&query, 3), "USING") &&
			    !strstr(db_text(&query, 3), "CONSTANT")) ||
			strstr(db_text(&query, 3), "TEMP B-TREE"))
			fail_msg("%s: %s", db_text(&query, 3), sql);
	}
}

static struct {
	char *queries[32];
	size_t count;
} seen;

static int note_statement(unsigned kind, void *user, void *statement, void *unused)
{
	if (seen.count < 32 && strncmp(sqlite3_sql(statement), "--", 2) != 0)
		seen.queries[seen.count++] = memory_string(user, sqlite3_sql(statement));
	return 0;
}

/* Neither walks through the table nor sorts it. */
static void every_question_is_answered_from_an_index(void **state)
{
	struct hub *hub = *state;
	struct casefile *file = empty(hub);
	struct trail_end end;
	bool has;

	sample_take(file, hub->entries[0]);
	seen.count = 0;
	sqlite3_trace_v2(casefile_db(file)->handle, SQLITE_TRACE_STMT, note_statement, hub);
	listed(hub, file, (struct trail_wanted){0});
	listed(hub, file, (struct trail_wanted){.who = "okot", .from = "2026", .before = "2027"});
	listed(hub, file, (struct trail_wanted){.record = "x"});
	listed(hub, file, (struct trail_wanted){.record = "x", .who = "okot"});
	assert_null(trail_has(casefile_db(file), "okot", "x", "looked at", "2026", &has));
	assert_null(trail_end(casefile_db(file), &end));
	state_of(file);
	assert_null(trail_settle(
		casefile_db(file), 99, hub->entries[1]->event->set, hub->entries[1]->event->line));
	assert_null(trail_drop(casefile_db(file), 99));
	sqlite3_trace_v2(casefile_db(file)->handle, 0, NULL, NULL);
	assert_true(seen.count >= 12);
	for (size_t i = 0; i < seen.count; i++)
		check_plan(file, seen.queries[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_whole_chain_is_whole_in_any_order, setup, teardown),
		cmocka_unit_test_setup_teardown(
			one_that_is_taken_out_is_missed_and_since_when, setup, teardown),
		cmocka_unit_test_setup_teardown(one_that_is_changed_is_missed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_count_that_does_not_fit_is_missed, setup, teardown),
		cmocka_unit_test_setup_teardown(
			two_that_follow_the_same_one_are_a_branch_and_no_alarm, setup, teardown),
		cmocka_unit_test_setup_teardown(
			the_first_follows_nothing_and_what_is_older_than_links_is_no_alarm, setup, teardown),
		cmocka_unit_test_setup_teardown(
			it_is_listed_newest_first_by_person_record_and_time, setup, teardown),
		cmocka_unit_test_setup_teardown(every_question_is_answered_from_an_index, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
