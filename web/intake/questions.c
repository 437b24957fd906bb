/* What the form asks, in which order, and how answers become a report (questions.h). Danger comes first,
 * because a number to call may matter more than all the rest; only "what happened" must be answered. Limits
 * of the fields are node/casework/schema's; the words of the questions stand in
 * web/templates/intake-form.html. To add a question, add it and its inputs here, its section there, and the
 * field in the schema.
 *
 * Invariant: whatever was typed, also what is wrong or too long, comes back with the next page; and what a
 * person said about a place or a time is never made more exact than they said it. Pure; runs in intake. */
#include "web/intake/questions.h"

#include <stdio.h>
#include <string.h>

#include "node/base/text.h"
#include "node/casework/codes.h"
#include "node/casework/schema.h"
#include "web/page.h"

#define DISTRICT_MAX 64 /* bytes of a name in the list of districts */

enum question { DANGER, WHAT, WHO, WHEN, WHERE, BY, NEEDS, CONTACT, QUESTION_COUNT };

static const struct {
	const char *id;
	const char *label; /* in front of what is wrong with an answer */
} questions[QUESTION_COUNT] = {
	[DANGER] = {"danger", SAY("In danger now")},
	[WHAT] = {"what", SAY("What happened")},
	[WHO] = {"who", SAY("Who is at risk")},
	[WHEN] = {"when", SAY("When")},
	[WHERE] = {"where", SAY("Where")},
	[BY] = {"by", SAY("Who did it")},
	[NEEDS] = {"needs", SAY("What would help")},
	[CONTACT] = {"contact", SAY("How to reach you")},
};

/* The inputs by their names in the page. `field` is the report's field, where there is one with the same
 * value. */
static const struct input {
	const char *name;
	enum question question;
	const char *field;
} inputs[] = {
	{"danger", DANGER, "danger"},
	{"what", WHAT, "what"},
	{"who", WHO, "who"},
	{"day", WHEN, NULL},
	{"month", WHEN, NULL},
	{"year", WHEN, NULL},
	{"about", WHEN, NULL},
	{"district", WHERE, "district"},
	{"place", WHERE, "place"},
	{"by", BY, "by"},
	{"by_unknown", BY, NULL},
	{"needs", NEEDS, "needs"},
	{"contact", CONTACT, "contact"},
	{"consent", CONTACT, "consent"},
	{"closed", CONTACT, NULL},
};
#define INPUT_COUNT (sizeof inputs / sizeof inputs[0])

static const char unknown[] = SAY("I do not know");

static const struct option {
	const char *input, *value, *label;
} options[] = {
	{"danger", "yes", SAY("Yes")},
	{"danger", "no", SAY("No")},
	{"danger", "unknown", unknown},
	{"about", "today", SAY("Today")},
	{"about", "days", SAY("In the last days")},
	{"about", "weeks", SAY("In the last weeks")},
	{"about", "longer", SAY("Longer ago")},
	{"about", "unknown", unknown},
	{"by_unknown", "yes", unknown},
	{"consent", "yes", SAY("Yes, you may share it with people who can help")},
	{"consent", "ask", SAY("Ask me first")},
	{"consent", "no", SAY("No, do not share it")},
	{"closed", "no", SAY("No")},
	{"closed", "hq", SAY("Yes, only headquarters may open it")},
};
#define OPTION_COUNT (sizeof options / sizeof options[0])

static const struct input *input_named(const char *name)
{
	for (size_t i = 0; i < INPUT_COUNT; i++)
		if (strcmp(inputs[i].name, name) == 0)
			return &inputs[i];
	return NULL;
}

static bool is_asked(const struct questionnaire *asked, const struct input *input)
{
	return asked->asks_names || (input->question != WHO && strcmp(input->name, "contact") != 0);
}

/* Of each, what one sees nothing of where it stands alone: spaces of other scripts, joiners, marks of
 * direction, fillers. */
static const struct {
	uint32_t from, to;
} invisible[] = {{0, ' '}, {0xa0, 0xa0}, {0xad, 0xad}, {0x34f, 0x34f}, {0x61c, 0x61c}, {0x115f, 0x1160},
	{0x17b4, 0x17b5}, {0x180b, 0x180e}, {0x2000, 0x200f}, {0x2028, 0x202f}, {0x205f, 0x206f},
	{0x2800, 0x2800}, {0x3000, 0x3000}, {0x3164, 0x3164}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff},
	{0xffa0, 0xffa0}};

static bool is_visible(uint32_t letter)
{
	for (size_t i = 0; i < sizeof invisible / sizeof invisible[0]; i++)
		if (letter >= invisible[i].from && letter <= invisible[i].to)
			return false;
	return true;
}

/* The letter at `at`, which is UTF-8, and its bytes. */
static uint32_t letter_at(const char *at, size_t *len)
{
	const uint8_t first = (uint8_t)*at;
	uint32_t letter = first;

	*len = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (*len > 1)
		letter = first & (0x7fu >> *len);
	for (size_t i = 1; i < *len; i++)
		letter = letter << 6 | ((uint8_t)at[i] & 0x3f);
	return letter;
}

static bool is_control(uint32_t letter)
{
	return (letter < ' ' && letter != '\n' && letter != '\t') || (letter >= 0x7f && letter < 0xa0);
}

/* The trimmed value without control characters; "" where there is nothing to see. */
static const char *typed(const void *context, const struct form *form, const char *name)
{
	char *text = memory_string(context, form_text(context, form, name)), *end = text;
	bool is_seen = false;
	size_t len;

	for (const char *at = text; *at; at += len) {
		uint32_t letter = letter_at(at, &len);

		if (is_control(letter))
			continue;
		is_seen = is_seen || is_visible(letter);
		if (end != at)
			memmove(end, at, len);
		end += len;
	}
	*end = '\0';
	return is_seen ? text_trim(context, text) : "";
}

/* The same, of an input that has one line. */
static const char *typed_line(const void *context, const struct form *form, const char *name)
{
	char *text = memory_string(context, typed(context, form, name));

	for (char *at = strpbrk(text, "\r\n"); at; at = strpbrk(at, "\r\n"))
		*at = ' ';
	return text;
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

static json_t *month_choices(const struct language *language, const char *chosen)
{
	json_t *list = json_array();

	for (int i = 1; i <= 12; i++) {
		char code[3];
		json_t *choice;

		snprintf(code, sizeof code, "%d", i);
		choice = json_pack("{s:s,s:s}", "code", code, "label", language_month(language, i));
		if (strcmp(code, chosen) == 0)
			json_object_set_new(choice, "selected", json_true());
		json_array_append_new(list, choice);
	}
	return list;
}

static json_t *option_choices(const struct language *language, const char *input, const char *chosen)
{
	json_t *list = json_array();

	for (size_t i = 0; i < OPTION_COUNT; i++) {
		json_t *choice;

		if (strcmp(options[i].input, input) != 0)
			continue;
		choice = json_pack("{s:s,s:s}", "code", options[i].value, "label",
			language_text(language, options[i].label));
		if (strcmp(options[i].value, chosen) == 0)
			json_object_set_new(choice, "selected", json_true());
		json_array_append_new(list, choice);
	}
	return list;
}

static json_t *need_choices(const struct language *language, const struct form *form)
{
	json_t *chosen CLEANUP(json_decref) = ticked(form, "needs");
	json_t *list = codes_choices(NULL, "needs", chosen, NULL), *choice;
	size_t i;

	json_array_foreach (list, i, choice)
		json_object_set_new(choice, "label",
			json_string(language_text(language, json_text_or(choice, "label", ""))));
	return list;
}

static bool has_options(const char *input)
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (strcmp(options[i].input, input) == 0)
			return true;
	return false;
}

/* Where each question stands in the row of those that are asked. */
static json_t *places(const struct questionnaire *asked)
{
	json_t *at = json_object(), *last = NULL;
	const char *back = NULL;
	int number = 0;

	for (int question = 0; question < QUESTION_COUNT; question++) {
		const char *id = questions[question].id;
		json_t *place;

		if (question == WHO && !asked->asks_names)
			continue;
		place = json_pack("{s:i,s:s}", "number", ++number, "next", "check");
		if (back)
			json_object_set_new(place, "back", json_string(back));
		if (last) {
			json_object_set_new(last, "next", json_string(id));
			json_object_set_new(last, "skip", json_true());
		}
		json_object_set_new(at, id, place);
		last = place;
		back = id;
	}
	return at;
}

void questions_fill(json_t *view, const struct questionnaire *asked, const struct form *form)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *answers = json_object(), *choices = json_object(), *at = places(asked);

	for (size_t i = 0; i < INPUT_COUNT; i++) {
		const char *name = inputs[i].name, *value = form_get(form, name);

		if (has_options(name))
			json_object_set_new(choices, name,
				option_choices(asked->language, name, typed(scratch, form, name)));
		else if (value && *value)
			json_object_set_new(answers, name, json_string(value));
	}
	json_object_set_new(choices, "month", month_choices(asked->language, typed(scratch, form, "month")));
	json_object_set_new(choices, "needs", need_choices(asked->language, form));
	json_object_set_new(choices, "district", codes_choices(NULL, "districts", NULL, NULL));
	json_object_set_new(view, "steps", json_integer((json_int_t)json_object_size(at)));
	json_object_set_new(view, "at", at);
	json_object_set_new(view, "answers", answers);
	json_object_set_new(view, "choices", choices);
	json_object_set_new(view, "names", json_boolean(asked->asks_names));
	json_object_set_new(view, "may_close",
		json_boolean(asked->has_headquarters || questions_are_for_headquarters(form)));
}

/* What is wrong with a date; NULL: it holds, or nothing was said. `out` becomes "2026-11-23", "2026-11",
 * "2026" or "". */
static const char *read_boxes(const void *context, const struct form *form, char out[static 11])
{
	const char *day = typed(context, form, "day"), *month = typed(context, form, "month");
	const char *year = typed(context, form, "year");
	uint64_t d = 0, m = 0, y = 0;

	out[0] = '\0';
	if (!*day && !*month && !*year)
		return NULL;
	if (!*year)
		return SAY("When: please write the year too, for example 2026");
	if (text_to_number(year, 9999, &y) || y < 1900)
		return SAY("When: the year should be four digits, for example 2026");
	if (*month && (text_to_number(month, 12, &m) || !m))
		return SAY("When: please choose the month from the list");
	if (*day && !m)
		return SAY("When: please choose the month too, or leave the day empty");
	while (*day == '0')
		day++;
	if (*day && text_to_number(day, 31, &d))
		return SAY("When: the day should be a number from 1 to 31");
	if (d)
		snprintf(out, 11, "%04u-%02u-%02u", (unsigned)y % 10000u, (unsigned)m % 100u,
			(unsigned)d % 100u);
	else if (m)
		snprintf(out, 11, "%04u-%02u", (unsigned)y % 10000u, (unsigned)m % 100u);
	else
		snprintf(out, 11, "%04u", (unsigned)y % 10000u);
	return d && !text_is_date(out) ? SAY("When: that month has no such day") : NULL;
}

/* A date in the boxes says more than "about when". Without one, "in the last days" is said of the day on
 * which it was told: no date is made up. */
static void add_when(
	json_t *fields, const struct questionnaire *asked, const void *context, const struct form *form)
{
	const char *about = typed(context, form, "about"), *precision = about;
	char when[11];

	if (read_boxes(context, form, when))
		return;
	switch (strlen(when)) {
	case 10:
		precision = strcmp(about, "unknown") == 0 ? "estimate" : "exact";
		break;
	case 7:
		precision = "no-day";
		break;
	case 4:
		precision = "no-month";
		break;
	default:
		if (strcmp(about, "today") == 0)
			precision = "exact";
		else if (strcmp(about, "days") != 0 && strcmp(about, "weeks") != 0 &&
			 strcmp(about, "longer") != 0)
			return;
		memcpy(when, asked->today, sizeof when);
	}
	json_object_set_new(fields, "when", json_string(when));
	json_object_set_new(fields, "precision", json_string(precision));
}

/* Letters and digits only, small, without accents: as two people would write the same name. */
static void make_plain(char *name)
{
	/* U+00C0 to U+00FF without their accents. */
	static const char bases[] = "aaaaaaaceeeeiiiidnooooo ouuuuypsaaaaaaaceeeeiiiidnooooo ouuuuypy";
	char *end = name;

	text_lower(name);
	for (const unsigned char *at = (const unsigned char *)name; *at; at++) {
		if (*at == 0xc3 && at[1] >= 0x80 && at[1] < 0xc0)
			*end++ = bases[*++at - 0x80];
		else if ((*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9') || *at >= 0x80)
			*end++ = (char)*at;
	}
	*end = '\0';
}

/* `name` is of our own lists. */
static bool is_name(const char *name, const char *wanted)
{
	char plain[DISTRICT_MAX];
	size_t len = strnlen(name, sizeof plain - 1);

	memcpy(plain, name, len);
	plain[len] = '\0';
	make_plain(plain);
	return strcmp(plain, wanted) == 0;
}

/* The code of a district by its name or code, as people write them; NULL: none that we know. */
static const char *district_code(const void *context, const char *typed_name)
{
	char *wanted = memory_string(context, typed_name);
	const char *code, *label;

	make_plain(wanted);
	if (text_ends(wanted, "district") && strlen(wanted) > strlen("district"))
		wanted[strlen(wanted) - strlen("district")] = '\0';
	for (size_t i = 0; (code = codes_at("districts", i, &label)); i++)
		if (is_name(label, wanted) || is_name(code, wanted))
			return code;
	return NULL;
}

/* A district that we do not know is kept in front of the place, in the person's words. */
static void add_where(json_t *fields, const void *context, const struct form *form)
{
	const char *district = typed_line(context, form, "district"),
		   *place = typed_line(context, form, "place");
	const char *code = *district ? district_code(context, district) : NULL;

	if (code)
		json_object_set_new(fields, "district", json_string(code));
	else if (*district && *place)
		place = memory_format(context, "%s, %s", district, place);
	else if (*district)
		place = district;
	if (*place)
		json_object_set_new(fields, "place", json_string(place));
}

static const char *option_label(const char *input, const char *value)
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (strcmp(options[i].input, input) == 0 && strcmp(options[i].value, value) == 0)
			return options[i].label;
	return value;
}

static void add_text(json_t *fields, const void *context, const struct form *form, const struct input *input)
{
	const char *text = typed(context, form, input->name);

	if (strcmp(input->name, "consent") == 0) /* staff read what the person read */
		text = option_label(input->name, text);
	if (strcmp(input->name, "by") == 0 && !*text && *typed(context, form, "by_unknown"))
		text = unknown;
	if (*text)
		json_object_set_new(fields, input->field, json_string(text));
}

json_t *questions_fields(const struct questionnaire *asked, const struct form *form)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *needs CLEANUP(json_decref) = ticked(form, "needs");
	json_t *fields = json_object();

	for (size_t i = 0; i < INPUT_COUNT; i++)
		if (inputs[i].field && inputs[i].question != WHERE && inputs[i].question != NEEDS &&
			is_asked(asked, &inputs[i]))
			add_text(fields, scratch, form, &inputs[i]);
	add_when(fields, asked, scratch, form);
	add_where(fields, scratch, form);
	if (json_array_size(needs))
		json_object_set(fields, "needs", needs);
	return fields;
}

bool questions_are_for_headquarters(const struct form *form)
{
	const char *closed = form_get(form, "closed");

	return closed && strcmp(closed, "hq") == 0;
}

/* A line of the box leads to the question: its inputs are not shown while another one is. */
static void problem(json_t *view, const struct input *input, const char *text)
{
	page_problem(view, questions[input->question].id, text);
	json_object_set_new(json_object_get(view, "errors"), input->name, json_string(text));
}

static const char *label_of(const struct questionnaire *asked, const struct input *input)
{
	return language_text(asked->language, questions[input->question].label);
}

bool questions_unreadable(json_t *view, const struct questionnaire *asked, const struct form *form)
{
	const struct input *input = form->unreadable ? input_named(form->unreadable) : NULL;
	void *scratch CLEANUP(memory_free) = memory_context(NULL);

	if (!input)
		return false;
	problem(view, input,
		memory_format(scratch,
			language_text(asked->language,
				SAY("%s: this cannot be read as text. Please type it again.")),
			label_of(asked, input)));
	return true;
}

/* What is wrong with the value of a field; NULL: nothing. On `context`. */
static const char *fault(const void *context, const struct questionnaire *asked, const struct input *input,
	const json_t *fields)
{
	const struct field *field = schema_field(schema_entity("report"), input->field);
	const json_t *value = json_object_get(fields, input->field);

	if (!value && input->question == WHAT)
		return language_text(asked->language,
			SAY("What happened: please tell us in a few words, so that we can help"));
	if (!value || !schema_check(field, value, NULL, NULL))
		return NULL;
	if (json_is_string(value) && text_length(json_string_value(value)) > field->max)
		return memory_format(context,
			language_text(
				asked->language, SAY("%s: this is too long. At most %d letters fit here.")),
			label_of(asked, input), (int)field->max);
	return memory_format(context,
		language_text(asked->language, SAY("%s: please choose from what is offered.")),
		label_of(asked, input));
}

void questions_check(
	json_t *view, const struct questionnaire *asked, const struct form *form, const json_t *fields)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char when[11];

	for (size_t i = 0; i < INPUT_COUNT; i++) {
		const struct input *input = &inputs[i];
		const char *wrong = input->field ? fault(scratch, asked, input, fields) : NULL;

		if (strcmp(input->name, "day") == 0) {
			wrong = read_boxes(scratch, form, when);
			if (!wrong && *asked->latest && strncmp(when, asked->latest, strlen(when)) > 0)
				wrong = SAY("When: this date has not come yet; please look at it again");
			wrong = wrong ? language_text(asked->language, wrong) : NULL;
		}
		if (strcmp(input->name, "closed") == 0 && questions_are_for_headquarters(form) &&
			!asked->has_headquarters)
			wrong = language_text(asked->language,
				SAY("This office has no headquarters that could open it. Nothing was sent. "
				    "Choose No, or do not send it from here."));
		if (wrong)
			problem(view, input, wrong);
	}
}
