/* What sync remembers: marks only rise, troubles are said once, and readers find what the headers promise. */
#include "tests/unit/vault/tools.h"

#include "sync/state.h"

#define LOG_A "k7q2m9x4t0ab3c5d"
#define LOG_B "0123456789abcdef"

static struct db *db;

static void must(const struct error *error)
{
	if (error)
		fail_msg("%s", error->message);
}

static int open_db(void **state)
{
	char *path = memory_format(tools.context, "%s/sync.db", tools.folder);

	unlink(path);
	must(db_open(path, &sync_schema, &db));
	return 0;
}

static int close_db(void **state)
{
	db_close(db);
	return 0;
}

static struct log_tip tip_at(int64_t seq)
{
	struct log_tip tip = {.seq = seq};

	memset(tip.oid.hex, 'a', OID_SIZE - 1);
	memset(tip.sha256, (int)seq, sizeof tip.sha256);
	return tip;
}

static void high_water_marks_only_rise(void **state)
{
	struct log_tip tip = tip_at(7), lower = tip_at(3), out;
	int64_t seq;

	must(state_known(db, LOG_A, 1, &out));
	assert_int_equal(out.seq, 0);
	must(state_known_set(db, LOG_A, 1, &tip));
	must(state_known_set(db, LOG_A, 1, &lower));
	must(state_known(db, LOG_A, 1, &out));
	assert_int_equal(out.seq, 7);
	assert_memory_equal(out.sha256, tip.sha256, sizeof out.sha256);
	must(state_reach_set(db, "relay", LOG_A, 1, 5, 5));
	must(state_reach_set(db, "relay", LOG_A, 1, 2, 2));
	must(state_reach(db, "relay", LOG_A, 1, &seq));
	assert_int_equal(seq, 5);
	must(state_taken_set(db, "intake", 9));
	must(state_taken_set(db, "intake", 4));
	must(state_taken(db, "intake", &seq));
	assert_int_equal(seq, 9);
}

static void each_log_that_moved_is_acknowledged_once(void **state)
{
	struct commit_ack acks[COMMIT_ACKS_MAX];
	struct log_tip tip = tip_at(4);
	size_t count;

	must(state_known_set(db, LOG_A, 1, &tip));
	must(state_known_set(db, LOG_B, 1, &tip));
	must(state_acks_due(db, LOG_B, acks, &count));
	assert_int_equal(count, 1); /* not our own */
	assert_string_equal(acks[0].log, LOG_A);
	assert_int_equal(acks[0].seq, 4);
	must(state_ack(db, LOG_A, 1, LOG_B, 4));
	must(state_acks_due(db, LOG_B, acks, &count));
	assert_int_equal(count, 0);
	tip = tip_at(6);
	must(state_known_set(db, LOG_A, 1, &tip));
	tip = tip_at(1);
	must(state_known_set(db, LOG_A, 2, &tip)); /* a new epoch: one line a log */
	must(state_acks_due(db, LOG_B, acks, &count));
	assert_int_equal(count, 1);
	assert_int_equal(acks[0].epoch, 2);
}

static void a_trouble_is_one_row_until_it_ends(void **state)
{
	json_t *status = NULL, *trouble;

	must(state_trouble(db, "relay", LOG_A, TROUBLE_REFUSED, "seq 4: first"));
	must(state_trouble(db, "relay", LOG_A, TROUBLE_REFUSED, "seq 4: again"));
	must(state_trouble(db, "", LOG_A, TROUBLE_LOST, "lost"));
	must(state_status(db, &status));
	trouble = json_object_get(status, "trouble");
	assert_int_equal(json_array_size(trouble), 2);
	json_decref(status);
	must(state_trouble_end(db, "relay", LOG_A, TROUBLE_REFUSED));
	must(state_status(db, &status));
	trouble = json_object_get(status, "trouble");
	assert_int_equal(json_array_size(trouble), 1);
	assert_string_equal(json_text_or(json_array_get(trouble, 0), "reason", ""), "lost");
	json_decref(status);
}

static void status_counts_what_waits_in_both_directions(void **state)
{
	struct log_tip tip = tip_at(7);
	json_t *status = NULL, *remote;

	must(db_run(db, "INSERT INTO remote(name, url) VALUES('relay', '/srv/relay.git')"));
	must(state_known_set(db, LOG_A, 1, &tip));
	must(state_known_set(db, LOG_B, 1, &tip));
	must(state_reach_set(db, "relay", LOG_A, 1, 4, 4));  /* three to send */
	must(state_reach_set(db, "relay", LOG_B, 1, 7, 12)); /* five that we have not kept */
	must(state_status(db, &status));
	remote = json_array_get(json_object_get(status, "remotes"), 0);
	assert_int_equal(json_integer_value(json_object_get(remote, "waiting_out")), 3);
	assert_int_equal(json_integer_value(json_object_get(remote, "waiting_in")), 5);
	assert_true(json_is_null(json_object_get(remote, "last_ok")));
	assert_int_equal(json_array_size(json_object_get(status, "logs")), 2);
	json_decref(status);
}

static void other_roles_can_read_while_sync_writes(void **state)
{
	struct db *foreign = NULL;
	int64_t upto;

	must(state_taken_set(db, "office", 5));
	must(db_begin(db));
	must(state_taken_set(db, "office", 6));
	must(db_open_foreign(db->name, SYNC_DB_VERSION, &foreign));
	must(state_taken(foreign, "office", &upto));
	assert_int_equal(upto, 5);
	must(db_commit(db));
	must(state_taken(foreign, "office", &upto));
	assert_int_equal(upto, 6);
	db_close(foreign);
}

/* As it was before there were steps: a hub that is brought up to date keeps its remotes. */
static void the_size_of_steps_is_remembered_for_each_remote(void **state)
{
	char *path = memory_format(tools.context, "%s/old.db", tools.folder);
	const char *const old_steps[] = {sync_schema.steps[0], NULL};
	const struct db_schema old = {old_steps, 1};
	struct db *was = NULL;
	int64_t bytes;

	(void)state;
	must(db_open(path, &old, &was));
	must(db_run(was, "INSERT INTO remote(name, url) VALUES('relay', '/srv/relay.git')"));
	db_close(was);
	must(db_open(path, &sync_schema, &was));
	must(state_step(was, "relay", &bytes));
	assert_int_equal(bytes, 0);
	must(state_step_set(was, "relay", 131072));
	must(state_step(was, "relay", &bytes));
	assert_int_equal(bytes, 131072);
	must(state_step_set(was, "nobody", 5));
	must(state_step(was, "nobody", &bytes));
	assert_int_equal(bytes, 0);
	db_close(was);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(high_water_marks_only_rise, open_db, close_db),
		cmocka_unit_test_setup_teardown(each_log_that_moved_is_acknowledged_once, open_db, close_db),
		cmocka_unit_test_setup_teardown(a_trouble_is_one_row_until_it_ends, open_db, close_db),
		cmocka_unit_test_setup_teardown(
			status_counts_what_waits_in_both_directions, open_db, close_db),
		cmocka_unit_test(the_size_of_steps_is_remembered_for_each_remote),
		cmocka_unit_test_setup_teardown(other_roles_can_read_while_sync_writes, open_db, close_db),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, tools_start, tools_end);
}
