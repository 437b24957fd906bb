/* An event is exactly what the format says, bounded, and survives being written and read. */
#include "tests/unit/casework/sample.h"

static const char good[] =
	"{\"v\":1,\"id\":\"01jd0000000000000000000001\",\"hlc\":\"0193f2a0b1c40003\",\"at\":\"2026-11-23T09:"
	"12:44Z\","
	"\"clock\":\"sure\",\"by\":\"akello\",\"entity\":\"action\",\"key\":\"" GULU
	".01jd0000000000000000000002\","
	"\"case\":\"" GULU ".01jd0000000000000000000003\",\"set\":{\"state\":\"done\",\"needs\":[\"legal\"]},"
	"\"over\":{\"state\":[\"" GULU "/01jd0000000000000000000004\"]},\"to\":[\"" GULU
	"\",\"hq\"],\"later\":{\"x\":1}}";

static const struct error *parse(const void *context, const char *text, struct event **out)
{
	return event_parse(context, (struct bytes){(const uint8_t *)text, strlen(text)}, out);
}

static void an_event_reads_as_it_was_written(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct event *event;

	assert_null(parse(context, good, &event));
	assert_string_equal(event->id, "01jd0000000000000000000001");
	assert_true(event->hlc == 0x0193f2a0b1c40003);
	assert_true(event->is_sure);
	assert_string_equal(event->by, "akello");
	assert_string_equal(event->entity, "action");
	assert_string_equal(event->key, GULU ".01jd0000000000000000000002");
	assert_string_equal(event->case_key, GULU ".01jd0000000000000000000003");
	assert_string_equal(json_text_or(event->set, "state", ""), "done");
	assert_int_equal(json_array_size(json_object_get(event->over, "state")), 1);
	assert_non_null(json_object_get(event->json, "later"));
	assert_false(event->is_restated);
	assert_int_equal(event->line.len, strlen(good));
	assert_memory_equal(event->line.data, good, event->line.len);
}

/* `good` with `from` replaced by `to`. */
static char *changed(const void *context, const char *from, const char *to)
{
	const char *at = strstr(good, from);

	assert_non_null(at);
	return memory_format(context, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
}

static void what_is_off_is_refused_and_named(void **state)
{
	static const struct {
		const char *from, *to, *named;
	} cases[] = {
		{"\"id\":\"01jd0000000000000000000001\"", "\"id\":\"x\"", "id"},
		{"0193f2a0b1c40003", "0193F2A0b1c40003", "hlc"},
		{"2026-11-23T", "2026-02-30T", "time"},
		{"\"sure\"", "\"perhaps\"", "clock"},
		{"\"by\":\"akello\"", "\"by\":7", "by"},
		{"\"action\"", "\"Action\"", "entity"},
		{GULU ".01jd0000000000000000000002", "k7q2", "key"},
		{GULU ".01jd0000000000000000000003", "", "case"},
		{"{\"state\":\"done\",\"needs\":[\"legal\"]}", "{}", "set"},
		{"\"needs\":[\"legal\"]", "\"needs\":[1]", "needs"},
		{"\"needs\":[\"legal\"]", "\"needs\":{}", "needs"},
		{"\"needs\":[\"legal\"]", "\"needs\":null", "needs"},
		{"\"needs\":[\"legal\"]", "\"Needs\":\"x\"", "Needs"},
		{"\"over\":{\"state\"", "\"over\":{\"due\"", "due"},
		{"/01jd0000000000000000000004", "-01jd0000000000000000000004", "over"},
		{"[\"" GULU "\",\"hq\"]", "[]", "to"},
		{"[\"" GULU "\",\"hq\"]", "[\"everyone\"]", "to"},
		{"[\"" GULU "\",\"hq\"]", "\"hq\"", "to"},
		{"\"later\":{\"x\":1}", "\"restate\":1", "restate"},
		{"\"later\":{\"x\":1}", "\"restate\":true", "restate"},
		{"\"later\":{\"x\":1}", "\"from\":[]", "restate"},
		{"\"later\":{\"x\":1}", "\"restate\":true,\"from\":[{}]", "from"},
		{"\"later\":{\"x\":1}", "\"v\":1", "JSON"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		void *context CLEANUP(memory_free) = memory_context(NULL);
		const struct error *error;
		struct event *event;

		error = parse(context, changed(context, cases[i].from, cases[i].to), &event);
		assert_non_null(error);
		assert_int_equal(error->code, ERROR_INVALID);
		if (!strstr(error->message, cases[i].named))
			fail_msg("%s does not name %s", error->message, cases[i].named);
	}
}

static void a_version_we_do_not_know_says_so(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct event *event;

	assert_int_equal(parse(context, changed(context, "\"v\":1", "\"v\":2"), &event)->code, ERROR_CONFIG);
	assert_int_equal(
		parse(context, changed(context, "\"v\":1", "\"v\":\"1\""), &event)->code, ERROR_INVALID);
}

static void an_event_is_bounded_and_one_line(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct buffer *big = buffer_new(context);
	struct event *event;

	assert_non_null(parse(context, changed(context, ",\"set\"", ",\n\"set\""), &event));
	for (int i = 0; i < EVENT_JSON_MAX; i++)
		buffer_text(big, "x");
	assert_non_null(parse(context, changed(context, "done", (char *)big->data), &event));
	buffer_text(big, "");
	big->data[EVENT_JSON_MAX - sizeof good] = '\0';
	assert_null(parse(context, changed(context, "done", (char *)big->data), &event));
}

static void a_draft_becomes_an_event_of_now(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	json_t *set CLEANUP(json_decref) = json_pack("{s:s}", "text", "She called; she is safe."),
		    *to CLEANUP(json_decref) = json_pack("[s, s]", GULU, "hq");
	struct event_draft draft = {.entity = "note",
		.key = GULU ".01jd0000000000000000000002",
		.case_key = GULU ".01jd0000000000000000000003",
		.by = "akello",
		.set = set,
		.to = to};
	struct event *first, *second;

	clock_start(0);
	assert_null(event_make(context, &draft, &first));
	assert_null(event_make(context, &draft, &second));
	assert_true(second->hlc > first->hlc);
	assert_true(strcmp(second->id, first->id) > 0);
	assert_null(first->over);
	assert_true(llabs(first->at - clock_wall_seconds()) < 5);
	assert_string_equal(json_text_or(first->set, "text", ""), "She called; she is safe.");
	draft.key = "nonsense";
	assert_int_equal(event_make(context, &draft, &second)->code, ERROR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_reads_as_it_was_written),
		cmocka_unit_test(what_is_off_is_refused_and_named),
		cmocka_unit_test(a_version_we_do_not_know_says_so),
		cmocka_unit_test(an_event_is_bounded_and_one_line),
		cmocka_unit_test(a_draft_becomes_an_event_of_now),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
