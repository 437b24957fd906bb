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

#define ID "01je0000000000000000000009"
#define KEY GULU ".01je0000000000000000000001"

/* `query` gets what the packed bytes are as text, to be finished by the caller. */
static const struct error *unpack(struct packed *packed, struct query *query, struct bytes small)
{
	bool row;

	assert_null(db_prepare(packed->db, query, "SELECT event_line(?, ?, ?)"));
	if (small.data)
		db_bind_bytes(query, 1, small);
	db_bind_text(query, 2, ID);
	db_bind_text(query, 3, KEY);
	return db_step(query, &row);
}

static size_t check(struct packed *packed, struct bytes line)
{
	struct query query CLEANUP(db_finish) = {0};
	struct bytes small = packing_pack(packed->packing, ID, KEY, line), again;

	assert_null(unpack(packed, &query, small));
	again = db_bytes(&query, 0);
	assert_int_equal(again.len, line.len);
	if (line.len)
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
	struct bytes small = packing_pack(packed->packing, ID, KEY, BYTES_OF("{\"v\":1}"));
	struct query query CLEANUP(db_finish) = {0}, empty CLEANUP(db_finish) = {0};

	small.len--;
	assert_non_null(unpack(packed, &query, small));
	small.len = 0;
	assert_non_null(unpack(packed, &empty, small));
}

static void of_no_event_sql_reads_nothing(void **state)
{
	struct packed *packed = *state;
	struct query query CLEANUP(db_finish) = {0};

	assert_null(unpack(packed, &query, (struct bytes){0}));
	assert_true(db_is_null(&query, 0));
}

/* An event as the office makes it: what no other line says (its id, its time, its record's key) stands in its
 * row already, and is not kept twice. */
static void what_stands_in_its_row_takes_no_room(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	json_t *set CLEANUP(json_decref) = json_pack("{s:s}", "text", "she called");
	json_t *to CLEANUP(json_decref) = json_pack("[s]", "hq");
	struct packed *packed = *state;
	char id[ULID_SIZE], key[ENTITY_KEY_SIZE];
	struct event *event;

	ids_ulid_new(id, (uint64_t)clock_wall_ms());
	ids_key_make(key, GULU, id);
	assert_null(event_make(context,
		&(struct event_draft){.entity = "note", .key = key, .by = "akello", .set = set, .to = to},
		&event));
	assert_true(packing_pack(packed->packing, event->id, event->key, event->line).len + 40 <
		    packing_pack(packed->packing, ID, KEY, event->line).len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_line_comes_back_to_the_byte, setup, teardown),
		cmocka_unit_test_setup_teardown(a_damaged_one_is_an_error, setup, teardown),
		cmocka_unit_test_setup_teardown(of_no_event_sql_reads_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(what_stands_in_its_row_takes_no_room, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
