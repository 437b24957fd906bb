/* What the form asks, in which order, and how answers become a report (questions.h). Danger comes first,
 * because a number to call may matter more than all the rest; only "what happened" must be answered. Limits
 * of the fields are node/casework/schema's; the words of the questions stand in web/templates/intake-*.html.
 * To add a question, add its fields here, its template, and the field in the schema.
 *
 * Invariant: whatever was typed, also what is wrong or too long, comes back with the next page. Pure; runs in
 * intake. */
#include "web/intake/questions.h"

#include <stdio.h>
#include <string.h>

#include "node/base/text.h"
#include "node/casework/codes.h"
#include "node/casework/schema.h"
#include "web/page.h"

static const struct question {
	const char *template, *label;
} questions[QUESTION_COUNT + 1] = {
	{NULL, NULL},
	{"intake-danger", "In danger now"},
	{"intake-what", "What happened"},
	{"intake-who", "Who is at risk"},
	{"intake-when", "When"},
	{"intake-where", "Where"},
	{"intake-by", "Who did it"},
	{"intake-needs", "What would help"},
	{"intake-contact", "How to reach you"},
};
#define STEP_WHAT 2
#define STEP_WHEN 4
#define STEP_CONTACT 8

/* The inputs by their names in the page. `field` is the report's field, where there is one with the same
 * value. */
static const struct input {
	const char *name;
	int step;
	const char *field;
} inputs[] = {
	{"danger", 1, "danger"},
	{"what", STEP_WHAT, "what"},
	{"who", 3, "who"},
	{"day", STEP_WHEN, NULL},
	{"month", STEP_WHEN, NULL},
	{"year", STEP_WHEN, NULL},
	{"about", STEP_WHEN, NULL},
	{"district", 5, "district"},
	{"place", 5, "place"},
	{"by", 6, "by"},
	{"needs", 7, "needs"},
	{"contact", STEP_CONTACT, "contact"},
	{"consent", STEP_CONTACT, "consent"},
};
#define INPUT_COUNT (sizeof inputs / sizeof inputs[0])

static const char *const months[] = {"January", "February", "March", "April", "May", "June", "July", "August",
	"September", "October", "November", "December"};

static const struct option {
	const char *input, *value, *label;
} options[] = {
	{"danger", "yes", "Yes"},
	{"danger", "no", "No"},
	{"danger", "unknown", "I do not know"},
	{"consent", "yes", "Yes, you may share it with people who can help"},
	{"consent", "ask", "Ask me first"},
	{"consent", "no", "No, do not share it"},
};
#define OPTION_COUNT (sizeof options / sizeof options[0])

int questions_step(const char *path)
{
	return path[0] >= '1' && path[0] <= '0' + QUESTION_COUNT && !path[1] ? path[0] - '0' : 0;
}

const char *questions_template(int step)
{
	return questions[step].template;
}

static const struct input *input_named(const char *name)
{
	for (size_t i = 0; i < INPUT_COUNT; i++)
		if (strcmp(inputs[i].name, name) == 0)
			return &inputs[i];
	return NULL;
}

/* The trimmed value; "" where there is none. */
static const char *typed(const void *context, const struct form *form, const char *name)
{
	return form_text(context, form, name);
}

/* All values of a list of boxes. */
static json_t *ticked(const struct form *form, const char *name)
{
	json_t *list = json_array();

	for (size_t i = 0; form && i < form->count; i++)
		if (strcmp(form->fields[i].name, name) == 0 && form->fields[i].value[0])
			json_array_append_new(list, json_string(form->fields[i].value));
	return list;
}

static json_t *month_choices(const char *chosen)
{
	json_t *list = json_array();

	for (int i = 0; i < 12; i++) {
		char code[3];
		json_t *choice;

		snprintf(code, sizeof code, "%d", i + 1);
		choice = json_pack("{s:s,s:s}", "code", code, "label", months[i]);
		if (strcmp(code, chosen) == 0)
			json_object_set_new(choice, "selected", json_true());
		json_array_append_new(list, choice);
	}
	return list;
}

static json_t *option_choices(const char *input, const char *chosen)
{
	json_t *list = json_array();

	for (size_t i = 0; i < OPTION_COUNT; i++) {
		json_t *choice;

		if (strcmp(options[i].input, input) != 0)
			continue;
		choice = json_pack("{s:s,s:s}", "code", options[i].value, "label", options[i].label);
		if (strcmp(options[i].value, chosen) == 0)
			json_object_set_new(choice, "selected", json_true());
		json_array_append_new(list, choice);
	}
	return list;
}

static json_t *choices_of(const void *context, const struct form *form, const char *name)
{
	json_t *chosen CLEANUP(json_decref) = ticked(form, name);

	if (strcmp(name, "district") == 0 || strcmp(name, "needs") == 0)
		return codes_choices(strcmp(name, "needs") == 0 ? "needs" : "districts", chosen);
	if (strcmp(name, "month") == 0)
		return month_choices(typed(context, form, name));
	return option_choices(name, typed(context, form, name));
}

static bool has_choices(const char *name)
{
	static const char *const names[] = {"danger", "month", "district", "needs", "consent"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

void questions_fill(json_t *view, const struct form *form, int step)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *answers = json_object(), *choices = json_object(), *hidden = json_array();

	for (size_t i = 0; form && i < form->count; i++) {
		const struct form_field *field = &form->fields[i];
		const struct input *input = input_named(field->name);

		if (input && input->step != step && field->value[0])
			json_array_append_new(
				hidden, json_pack("{s:s,s:s}", "name", field->name, "value", field->value));
	}
	for (size_t i = 0; i < INPUT_COUNT; i++) {
		const char *name = inputs[i].name, *value = form_get(form, name);

		if (inputs[i].step != step)
			continue;
		if (has_choices(name))
			json_object_set_new(choices, name, choices_of(scratch, form, name));
		else if (value && *value)
			json_object_set_new(answers, name, json_string(value));
	}
	json_object_set_new(view, "hidden", hidden);
	json_object_set_new(view, "answers", answers);
	json_object_set_new(view, "choices", choices);
	json_object_set_new(view, "step", json_integer(step));
	json_object_set_new(view, "steps", json_integer(QUESTION_COUNT));
}

/* What is wrong with a date; NULL: it holds, or nothing was said. `out` becomes "2026-11-23", "2026-11",
 * "2026" or "". */
static const char *read_when(const void *context, const struct form *form, char out[static 11])
{
	const char *day = typed(context, form, "day"), *month = typed(context, form, "month");
	const char *year = typed(context, form, "year");
	uint64_t d = 0, m = 0, y = 0;

	out[0] = '\0';
	if (!*day && !*month && !*year)
		return NULL;
	if (!*year)
		return "When: please write the year too, for example 2026";
	if (text_to_number(year, 9999, &y) || y < 1900)
		return "When: the year should be four digits, for example 2026";
	if (*month && (text_to_number(month, 12, &m) || !m))
		return "When: please choose the month from the list";
	if (*day && !m)
		return "When: please choose the month too, or leave the day empty";
	while (*day == '0')
		day++;
	if (*day && text_to_number(day, 31, &d))
		return "When: the day should be a number from 1 to 31";
	if (d)
		snprintf(out, 11, "%04u-%02u-%02u", (unsigned)y % 10000u, (unsigned)m % 100u,
			(unsigned)d % 100u);
	else if (m)
		snprintf(out, 11, "%04u-%02u", (unsigned)y % 10000u, (unsigned)m % 100u);
	else
		snprintf(out, 11, "%04u", (unsigned)y % 10000u);
	return d && !text_is_date(out) ? "When: that month has no such day" : NULL;
}

static const char *precision_of(const char *when, bool is_about)
{
	switch (strlen(when)) {
	case 10:
		return is_about ? "estimate" : "exact";
	case 7:
		return "no-day";
	default:
		return "no-month";
	}
}

static const char *option_label(const char *input, const char *value)
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (strcmp(options[i].input, input) == 0 && strcmp(options[i].value, value) == 0)
			return options[i].label;
	return value;
}

/* The value of a field as a report says it; NULL where nothing was said. */
static json_t *field_value(const void *context, const struct form *form, const struct input *input)
{
	const char *text;

	if (strcmp(input->name, "needs") == 0) {
		json_t *list = ticked(form, input->name);

		if (json_array_size(list))
			return list;
		json_decref(list);
		return NULL;
	}
	text = typed(context, form, input->name);
	if (strcmp(input->name, "consent") == 0) /* staff read what the person read */
		text = option_label(input->name, text);
	return *text ? json_string(text) : NULL;
}

json_t *questions_fields(const struct form *form)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *fields = json_object();
	char when[11];

	for (size_t i = 0; i < INPUT_COUNT; i++) {
		json_t *value = inputs[i].field ? field_value(scratch, form, &inputs[i]) : NULL;

		if (value)
			json_object_set_new(fields, inputs[i].field, value);
	}
	if (!read_when(scratch, form, when) && *when) {
		json_object_set_new(fields, "when", json_string(when));
		json_object_set_new(
			fields, "precision", json_string(precision_of(when, *typed(scratch, form, "about"))));
	}
	return fields;
}

/* Beside the input on its own page; at its row on the page that shows all. */
static void problem(json_t *view, const struct input *input, int step, const char *text)
{
	char row[16];

	snprintf(row, sizeof row, "answer-%d", input->step);
	page_problem(view, step ? input->name : row, text);
}

bool questions_unreadable(json_t *view, const struct form *form, int step)
{
	const struct input *input = form->unreadable ? input_named(form->unreadable) : NULL;
	void *scratch CLEANUP(memory_free) = memory_context(NULL);

	if (!input || (step && input->step != step))
		return false;
	problem(view, input, step,
		memory_format(scratch, "%s: this cannot be read as text; please type it again",
			questions[input->step].label));
	return true;
}

void questions_check(json_t *view, const struct form *form, int step)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct entity *report = schema_entity("report");
	char when[11];

	for (size_t i = 0; i < INPUT_COUNT; i++) {
		const struct input *input = &inputs[i];
		json_t *value CLEANUP(json_decref) = NULL;
		const struct error *error = NULL;
		const char *wrong = NULL;

		if (step && input->step != step)
			continue;
		if (input->field)
			value = field_value(scratch, form, input);
		if (value)
			error = schema_check(schema_field(report, input->field), value);
		if (error)
			problem(view, input, step, error->message);
		else if (!value && strcmp(input->name, "what") == 0)
			problem(view, input, step,
				"What happened: please tell us in a few words, so that we can help");
		if (strcmp(input->name, "day") == 0)
			wrong = read_when(scratch, form, when);
		if (wrong)
			problem(view, input, step, wrong);
	}
}

static void add_line(struct buffer *text, const char *line)
{
	if (!*line)
		return;
	if (text->len)
		buffer_text(text, "\n");
	buffer_text(text, line);
}

/* As a person would say it, also where it is not a date that exists. */
static const char *when_text(const void *context, const struct form *form)
{
	const char *day = typed(context, form, "day"), *month = typed(context, form, "month");
	uint64_t m;
	char *text;

	if (*month && !text_to_number(month, 12, &m) && m)
		month = months[m - 1];
	text = memory_format(context, "%s %s %s", day, month, typed(context, form, "year"));
	text = text_trim(context, text);
	return *text && *typed(context, form, "about") ? memory_format(context, "about %s", text) : text;
}

static void add_needs(struct buffer *text, const struct form *form)
{
	json_t *list CLEANUP(json_decref) = ticked(form, "needs");
	const json_t *need;
	size_t i;

	json_array_foreach (list, i, need) {
		const char *label = codes_label("needs", json_string_value(need));

		add_line(text, label ? label : json_string_value(need));
	}
}

static void add_input(
	struct buffer *text, const void *context, const struct form *form, const struct input *input)
{
	const char *value = typed(context, form, input->name);
	const char *label = strcmp(input->name, "district") == 0 ? codes_label("districts", value) : NULL;

	if (strcmp(input->name, "needs") == 0)
		add_needs(text, form);
	else if (strcmp(input->name, "day") == 0)
		add_line(text, when_text(context, form));
	else if (input->field)
		add_line(text, label ? label : option_label(input->name, value));
}

json_t *questions_answers(const struct form *form)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *list = json_array();

	for (int step = 1; step <= QUESTION_COUNT; step++) {
		struct buffer *text = buffer_new(scratch);
		json_t *answer;

		for (size_t i = 0; i < INPUT_COUNT; i++)
			if (inputs[i].step == step)
				add_input(text, scratch, form, &inputs[i]);
		answer = json_pack("{s:i,s:s}", "step", step, "label", questions[step].label);
		if (text->len)
			json_object_set_new(
				answer, "text", json_stringn((const char *)text->data, text->len));
		json_array_append_new(list, answer);
	}
	return list;
}
