/* What was signed comes back to the byte, in a fraction of its memory. */
#include "tests/unit/casework/sample.h"

#include "node/casework/packing.h"
#include "node/vault/secret.h"

struct packed {
	struct db *db;
	struct packing *packing;
};

static int setup(void **state)
{
	struct packed *packed = memory_new(NULL, struct packed);

	secret_start();
	assert_null(db_open_memory(&packed->db));
	assert_null(packing_new(packed, packed->db, GULU, &packed->packing));
	*state = packed;
	return 0;
}

static int teardown(void **state)
{
	struct packed *packed = *state;
	struct db *db = packed->db;

	talloc_free(packed);
	db_close(db);
	return 0;
}

static size_t check(struct packed *packed, struct bytes line)
{
	struct bytes small = packing_pack(packed->packing, line), again;

	assert_null(packing_unpack(packed->packing, small, &again));
	assert_int_equal(again.len, line.len);
	assert_memory_equal(again.data, line.data, line.len);
	return small.len;
}

static void every_line_comes_back_to_the_byte(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	uint8_t *noise = memory_array(context, uint8_t, EVENT_JSON_MAX);
	struct secret *random CLEANUP(secret_free) = secret_random(EVENT_JSON_MAX);
	const struct said *said = sample_event(context, GULU, 'o', 1, "note", sample_key(context, GULU, 1),
		sample_key(context, GULU, 2), json_pack("{s:s}", "text", "she called"), NULL);

	memcpy(noise, random->data, EVENT_JSON_MAX);
	check(*state, (struct bytes){noise, EVENT_JSON_MAX});
	check(*state, (struct bytes){noise, 0});
	check(*state, (struct bytes){noise, 1});
	memset(noise, 'a', EVENT_JSON_MAX);
	check(*state, (struct bytes){noise, EVENT_JSON_MAX});
	assert_true(check(*state, said->event->line) < said->event->line.len / 2);
}

static void a_damaged_one_is_an_error(void **state)
{
	struct packed *packed = *state;
	struct bytes small = packing_pack(packed->packing, BYTES_OF("{\"v\":1}")), again;

	small.len--;
	assert_int_equal(packing_unpack(packed->packing, small, &again)->code, ERROR_INVALID);
	small.len = 0;
	assert_int_equal(packing_unpack(packed->packing, small, &again)->code, ERROR_INVALID);
}

static void of_no_event_sql_reads_nothing(void **state)
{
	struct packed *packed = *state;
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	assert_null(db_prepare(packed->db, &query, "SELECT event_line(NULL) IS NULL"));
	assert_null(db_step(&query, &row));
	assert_int_equal(db_integer(&query, 0), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_line_comes_back_to_the_byte, setup, teardown),
		cmocka_unit_test_setup_teardown(a_damaged_one_is_an_error, setup, teardown),
		cmocka_unit_test_setup_teardown(of_no_event_sql_reads_nothing, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
