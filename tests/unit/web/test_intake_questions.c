/* The form keeps what people type, whatever it is, and makes of it only what a report may say, no more exact
 * than they said it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "web/intake/compose.h"
#include "web/intake/questions.h"
#include "web/page.h"

static const struct questionnaire usual = {
	.asks_names = true, .has_headquarters = true, .today = "2026-11-23"};
static const struct questionnaire alone = {.asks_names = true, .today = "2026-11-23"};
static const struct questionnaire nameless = {.has_headquarters = true, .today = "2026-11-23"};

static struct form *form_of(void *context, const char *body)
{
	struct form *form;

	assert_null(form_parse(context, (struct bytes){(const uint8_t *)body, strlen(body)}, &form));
	return form;
}

static void expect_asked(const struct questionnaire *asked, const char *body, const char *wanted)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	json_t *fields CLEANUP(json_decref) = questions_fields(asked, form_of(context, body));

	assert_string_equal((const char *)json_line(context, fields).data, wanted);
}

static void expect_fields(const char *body, const char *wanted)
{
	expect_asked(&usual, body, wanted);
}

static void answers_become_the_fields_of_a_report(void **state)
{
	expect_fields("what=+They+came&who=&danger=yes", "{\"danger\":\"yes\",\"what\":\"They came\"}");
	expect_fields(
		"needs=legal&needs=medical&what=x", "{\"what\":\"x\",\"needs\":[\"legal\",\"medical\"]}");
	expect_fields("what=x&consent=ask", "{\"what\":\"x\",\"consent\":\"Ask me first\"}");
	expect_fields("what=x&token=1&go=next&mailbox=x&state=closed", "{\"what\":\"x\"}");
	expect_fields("by_unknown=yes", "{\"by\":\"I do not know\"}");
	expect_fields("by=soldiers&by_unknown=yes", "{\"by\":\"soldiers\"}");
	expect_fields("", "{}");
}

static void what_cannot_be_seen_is_no_answer(void **state)
{
	expect_fields("what=%E2%80%8B%EF%BB%BF+%C2%A0%E3%80%80&place=%E2%80%8D", "{}");
	expect_fields("what=%E2%80%8Bx", "{\"what\":\"\u200bx\"}");
	expect_fields("what=a%07b%1B%5B1m%C2%9Bc%7F%0Ad%09e", "{\"what\":\"ab[1mc\\nd\\te\"}");
}

static void a_date_may_lack_its_day_or_month(void **state)
{
	expect_fields("day=7&month=11&year=2026", "{\"when\":\"2026-11-07\",\"precision\":\"exact\"}");
	expect_fields("day=07&month=11&year=2026&about=unknown",
		"{\"when\":\"2026-11-07\",\"precision\":\"estimate\"}");
	expect_fields("month=2&year=2026", "{\"when\":\"2026-02\",\"precision\":\"no-day\"}");
	expect_fields("year=2026&about=longer", "{\"when\":\"2026\",\"precision\":\"no-month\"}");
}

static void about_when_is_kept_as_it_was_said_and_no_date_is_made_up(void **state)
{
	expect_fields("about=today", "{\"when\":\"2026-11-23\",\"precision\":\"exact\"}");
	expect_fields("about=days", "{\"when\":\"2026-11-23\",\"precision\":\"days\"}");
	expect_fields("about=weeks", "{\"when\":\"2026-11-23\",\"precision\":\"weeks\"}");
	expect_fields("about=longer", "{\"when\":\"2026-11-23\",\"precision\":\"longer\"}");
	expect_fields("about=unknown", "{}");
	expect_fields("about=never", "{}");
}

static void a_district_is_known_by_its_name_however_it_is_written(void **state)
{
	static const char *const names[] = {
		"Gulu", "gulu", "+GULU+", "G%C3%BBlu", "Gulu+District", "UG-304", "ug304"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char body[64];

		snprintf(body, sizeof body, "district=%s", names[i]);
		expect_fields(body, "{\"district\":\"UG-304\"}");
	}
	expect_fields("district=Gulu&place=Layibi", "{\"district\":\"UG-304\",\"place\":\"Layibi\"}");
	expect_fields("district=near+Juba&place=Layibi", "{\"place\":\"near Juba, Layibi\"}");
	expect_fields("district=District", "{\"place\":\"District\"}");
	expect_fields("district=a%0Ab", "{\"place\":\"a b\"}");
}

static void where_no_names_are_asked_none_are_taken(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	json_t *view CLEANUP(json_decref) = json_object();

	expect_asked(&nameless, "what=x&who=me&contact=0700&by=police", "{\"what\":\"x\",\"by\":\"police\"}");
	questions_fill(view, &nameless, NULL);
	assert_null(json_object_get(json_object_get(view, "at"), "who"));
	assert_int_equal(json_integer_value(json_object_get(view, "steps")), 7);
}

static void expect_problem_of(
	const struct questionnaire *asked, const char *body, const char *field, const char *said)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	json_t *view CLEANUP(json_decref) = json_object();
	const struct form *form = form_of(context, body);
	json_t *fields CLEANUP(json_decref) = questions_fields(asked, form);
	const char *text;

	questions_check(view, asked, form, fields);
	if (!field) {
		assert_false(page_has_problems(view));
		return;
	}
	text = json_text_or(json_object_get(view, "errors"), field, "");
	assert_non_null(strstr(text, said));
}

static void expect_problem(const char *body, const char *field, const char *said)
{
	expect_problem_of(&usual, body, field, said);
}

static void a_date_that_has_not_come_is_named(void **state)
{
	struct questionnaire sure = usual;

	expect_problem_of(&sure, "what=x&day=1&month=1&year=2030", NULL, NULL);
	strcpy(sure.latest, "2026-11-25");
	expect_problem_of(&sure, "what=x&day=25&month=11&year=2026", NULL, NULL);
	expect_problem_of(&sure, "what=x&month=11&year=2026", NULL, NULL);
	expect_problem_of(&sure, "what=x&year=2026", NULL, NULL);
	expect_problem_of(&sure, "what=x&day=26&month=11&year=2026", "day", "has not come yet");
	expect_problem_of(&sure, "what=x&month=12&year=2026", "day", "has not come yet");
	expect_problem_of(&sure, "what=x&year=2027", "day", "has not come yet");
}

static void what_is_wrong_is_named_where_it_was_typed(void **state)
{
	expect_problem("what=x", NULL, NULL);
	expect_problem("what=+%0A", "what", "What happened");
	expect_problem("day=31&month=2&year=2026", "day", "no such day");
	expect_problem("what=x&day=29&month=2&year=2024", NULL, NULL);
	expect_problem("day=3&year=2026", "day", "month");
	expect_problem("day=3&month=4", "day", "year");
	expect_problem("month=13&year=2026", "day", "month");
	expect_problem("month=1&year=26", "day", "four digits");
	expect_problem("what=x&day=0&month=1&year=2026", NULL, NULL);
	expect_problem("day=x&month=1&year=2026", "day", "number");
	expect_problem("what=x&district=nowhere&place=a%0Ab", NULL, NULL);
	expect_problem("needs=gold", "needs", "What would help: please choose");
	expect_problem("danger=maybe", "danger", "In danger now: please choose");
}

static void what_is_too_long_is_told_how_long_it_may_be(void **state)
{
	char body[700] = "what=x&district=somewhere&place=";

	memset(body + strlen(body), 'a', 289);
	expect_problem(body, NULL, NULL);
	memset(body + strlen(body), 'a', 2);
	expect_problem(body, "place", "At most 300");
}

static void nobody_is_left_to_believe_that_the_office_is_left_out(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);

	assert_true(questions_are_for_headquarters(form_of(context, "closed=hq")));
	assert_false(questions_are_for_headquarters(form_of(context, "closed=no")));
	assert_false(questions_are_for_headquarters(NULL));
	expect_problem("what=x&closed=hq", NULL, NULL);
	expect_problem_of(&alone, "what=x&closed=hq", "closed", "no headquarters");
}

static void everything_typed_comes_back_also_what_is_too_long(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	json_t *view CLEANUP(json_decref) = json_object(), *at;
	struct buffer *body = buffer_new(context);
	const json_t *answers;

	buffer_text(body, "who=me&needs=legal&needs=gold&go=next&token=x&district=nowhere&what=");
	for (int i = 0; i < 20000; i++)
		buffer_text(body, "a");
	questions_fill(view, &usual, form_of(context, (const char *)body->data));
	answers = json_object_get(view, "answers");
	assert_int_equal(strlen(json_text_or(answers, "what", "")), 20000);
	assert_string_equal(json_text_or(answers, "who", ""), "me");
	assert_string_equal(json_text_or(answers, "district", ""), "nowhere");
	assert_null(json_object_get(answers, "token"));
	at = json_array_get(json_object_get(json_object_get(view, "choices"), "needs"), 0);
	assert_true(json_is_true(json_object_get(at, "selected")));
}

static void from_each_question_one_gets_to_the_next_and_back(void **state)
{
	json_t *view CLEANUP(json_decref) = json_object(), *at, *place;
	const char *id = "danger", *before = "";
	int count = 0;

	questions_fill(view, &usual, NULL);
	at = json_object_get(view, "at");
	for (; (place = json_object_get(at, id)); count++) {
		assert_string_equal(json_text_or(place, "back", ""), before);
		assert_int_equal(json_integer_value(json_object_get(place, "number")), count + 1);
		before = id;
		id = json_text_or(place, "next", "");
	}
	assert_string_equal(id, "check");
	assert_int_equal(count, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_become_the_fields_of_a_report),
		cmocka_unit_test(what_cannot_be_seen_is_no_answer),
		cmocka_unit_test(a_date_that_has_not_come_is_named),
		cmocka_unit_test(a_date_may_lack_its_day_or_month),
		cmocka_unit_test(about_when_is_kept_as_it_was_said_and_no_date_is_made_up),
		cmocka_unit_test(a_district_is_known_by_its_name_however_it_is_written),
		cmocka_unit_test(where_no_names_are_asked_none_are_taken),
		cmocka_unit_test(what_is_wrong_is_named_where_it_was_typed),
		cmocka_unit_test(what_is_too_long_is_told_how_long_it_may_be),
		cmocka_unit_test(nobody_is_left_to_believe_that_the_office_is_left_out),
		cmocka_unit_test(everything_typed_comes_back_also_what_is_too_long),
		cmocka_unit_test(from_each_question_one_gets_to_the_next_and_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
