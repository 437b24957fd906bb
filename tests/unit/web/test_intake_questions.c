/* The form keeps what people type, whatever it is, and makes of it only what a report may say. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "web/intake/compose.h"
#include "web/intake/questions.h"
#include "web/page.h"

static struct form *form_of(void *context, const char *body)
{
	struct form *form;

	assert_null(form_parse(context, (struct bytes){(const uint8_t *)body, strlen(body)}, &form));
	return form;
}

static void expect_fields(const char *body, const char *wanted)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	json_t *fields CLEANUP(json_decref) = questions_fields(form_of(context, body));

	assert_string_equal((const char *)json_line(context, fields).data, wanted);
}

static void answers_become_the_fields_of_a_report(void **state)
{
	expect_fields("what=+They+came+&who=&danger=yes", "{\"danger\":\"yes\",\"what\":\"They came\"}");
	expect_fields(
		"needs=legal&needs=medical&what=x", "{\"what\":\"x\",\"needs\":[\"legal\",\"medical\"]}");
	expect_fields("what=x&consent=ask", "{\"what\":\"x\",\"consent\":\"Ask me first\"}");
	expect_fields("what=x&token=1&go=next&mailbox=x&state=closed", "{\"what\":\"x\"}");
	expect_fields("", "{}");
}

static void a_date_may_lack_its_day_or_month(void **state)
{
	expect_fields("day=7&month=11&year=2026", "{\"when\":\"2026-11-07\",\"precision\":\"exact\"}");
	expect_fields(
		"day=07&month=11&year=2026&about=1", "{\"when\":\"2026-11-07\",\"precision\":\"estimate\"}");
	expect_fields("month=2&year=2026", "{\"when\":\"2026-02\",\"precision\":\"no-day\"}");
	expect_fields("year=2026", "{\"when\":\"2026\",\"precision\":\"no-month\"}");
	expect_fields("about=1", "{}");
}

static void expect_problem(const char *body, int step, const char *field, const char *said)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	json_t *view CLEANUP(json_decref) = json_object();
	const char *text;

	questions_check(view, form_of(context, body), step);
	if (!field) {
		assert_false(page_has_problems(view));
		return;
	}
	text = json_text_or(json_object_get(view, "errors"), field, "");
	assert_non_null(strstr(text, said));
}

static void what_is_wrong_is_named_where_it_was_typed(void **state)
{
	expect_problem("what=x", 2, NULL, NULL);
	expect_problem("what=+%0A", 2, "what", "What happened");
	expect_problem("what=", 1, NULL, NULL);
	expect_problem("what=", 0, "answer-2", "What happened");
	expect_problem("day=31&month=2&year=2026", 4, "day", "no such day");
	expect_problem("day=29&month=2&year=2024", 4, NULL, NULL);
	expect_problem("day=3&year=2026", 4, "day", "month");
	expect_problem("day=3&month=4", 4, "day", "year");
	expect_problem("month=13&year=2026", 4, "day", "month");
	expect_problem("month=1&year=26", 4, "day", "four digits");
	expect_problem("day=0&month=1&year=2026", 4, NULL, NULL);
	expect_problem("day=x&month=1&year=2026", 4, "day", "number");
	expect_problem("district=nowhere", 5, "district", "District");
	expect_problem("place=a%0Ab", 5, "place", "one line");
	expect_problem("needs=gold", 7, "needs", "needed");
	expect_problem("danger=maybe", 1, "danger", "danger");
}

static size_t value_len(const json_t *list, const char *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach (list, i, one)
		if (strcmp(json_text_or(one, "name", ""), name) == 0)
			return strlen(json_text_or(one, "value", ""));
	return 0;
}

static void everything_typed_travels_on_also_what_is_too_long(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	json_t *view CLEANUP(json_decref) = json_object();
	struct buffer *body = buffer_new(context);
	const json_t *hidden;

	buffer_text(body, "who=me&needs=legal&needs=gold&go=next&token=x&what=");
	for (int i = 0; i < 20000; i++)
		buffer_text(body, "a");
	questions_fill(view, form_of(context, (const char *)body->data), 3);
	hidden = json_object_get(view, "hidden");
	assert_int_equal(json_array_size(hidden), 3);
	assert_int_equal(value_len(hidden, "what"), 20000);
	assert_string_equal(json_text_or(json_object_get(view, "answers"), "who", ""), "me");
	assert_int_equal(value_len(hidden, "token"), 0);
}

static void every_step_has_its_page_and_its_line_at_the_end(void **state)
{
	json_t *answers CLEANUP(json_decref) = questions_answers(NULL);

	assert_int_equal(json_array_size(answers), QUESTION_COUNT);
	for (int step = 1; step <= QUESTION_COUNT; step++) {
		char path[2] = {(char)('0' + step), '\0'};

		assert_int_equal(questions_step(path), step);
		assert_non_null(questions_template(step));
	}
	assert_int_equal(questions_step("0"), 0);
	assert_int_equal(questions_step("9"), 0);
	assert_int_equal(questions_step("11"), 0);
	assert_int_equal(questions_step(""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_become_the_fields_of_a_report),
		cmocka_unit_test(a_date_may_lack_its_day_or_month),
		cmocka_unit_test(what_is_wrong_is_named_where_it_was_typed),
		cmocka_unit_test(everything_typed_travels_on_also_what_is_too_long),
		cmocka_unit_test(every_step_has_its_page_and_its_line_at_the_end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
