/* A calendar file is what RFC 5545 asks for, read by a strict parser: every line, every octet; and what is
 * put into it comes out as it was. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "node/base/text.h"
#include "web/office/ics.h"

#define NOW 1795511564 /* 2026-11-24T09:12:44Z */
#define LINES_MAX 200

/* A calendar, taken apart: unfolded lines, each checked on its way. */
struct read {
	char *lines[LINES_MAX];
	size_t count;
};

static void take_calendar(const void *context, struct bytes file, struct read *out)
{
	const char *at = (const char *)file.data, *end = at + file.len;

	assert_true(text_is_utf8(file.data, file.len));
	out->count = 0;
	while (at < end) {
		const char *stop = memmem(at, (size_t)(end - at), "\r\n", 2);
		char *line;

		assert_non_null(stop); /* the last line ends, too */
		assert_true(stop - at <= 75);
		line = memory_string_of(context, at, (size_t)(stop - at));
		assert_true(text_is_utf8(line, strlen(line))); /* no character is cut by the fold */
		for (const char *c = line; *c; c++)
			assert_true((unsigned char)*c >= ' ');
		if (*line == ' ') {
			assert_true(out->count > 0);
			out->lines[out->count - 1] =
				memory_format(context, "%s%s", out->lines[out->count - 1], line + 1);
		} else {
			assert_true(*line && out->count < LINES_MAX);
			out->lines[out->count++] = line;
		}
		at = stop + 2;
	}
	assert_string_equal(out->lines[0], "BEGIN:VCALENDAR");
	assert_string_equal(out->lines[1], "VERSION:2.0");
	assert_true(text_starts(out->lines[2], "PRODID:"));
	assert_string_equal(out->lines[out->count - 1], "END:VCALENDAR");
}

/* The value of a property of the event number `event`, which must be there once; unescaped. */
static char *value_of(const void *context, const struct read *read, int event, const char *name)
{
	struct buffer *out = buffer_new(context);
	char *found = NULL;
	int seen = -1;

	for (size_t i = 0; i < read->count; i++) {
		seen += strcmp(read->lines[i], "BEGIN:VEVENT") == 0;
		if (seen != event || !text_starts(read->lines[i], name) ||
			read->lines[i][strlen(name)] != ':')
			continue;
		assert_null(found);
		found = read->lines[i] + strlen(name) + 1;
	}
	assert_non_null(found);
	buffer_text(out, "");
	for (; *found; found++) {
		assert_true(*found != ',' && *found != ';');
		if (*found != '\\') {
			buffer_add(out, found, 1);
			continue;
		}
		found++;
		assert_non_null(strchr("\\;,n", *found));
		buffer_add(out, *found == 'n' ? "\n" : found, 1);
	}
	return (char *)out->data;
}

static int events_of(const struct read *read)
{
	int begun = 0, ended = 0;

	for (size_t i = 0; i < read->count; i++) {
		begun += strcmp(read->lines[i], "BEGIN:VEVENT") == 0;
		ended += strcmp(read->lines[i], "END:VEVENT") == 0;
		assert_true(begun - ended == 0 || begun - ended == 1);
	}
	assert_int_equal(begun, ended);
	return begun;
}

static void an_event_has_what_a_calendar_needs(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct buffer *out = ics_begin(context);
	struct read read;

	ics_event(out, "6b1f", NOW, "2026-11-30", "GUL-7K2QX: follow-up");
	take_calendar(context, ics_end(out), &read);
	assert_int_equal(events_of(&read), 1);
	assert_string_equal(value_of(context, &read, 0, "UID"), "6b1f");
	assert_string_equal(value_of(context, &read, 0, "DTSTAMP"), "20261124T091244Z");
	assert_string_equal(value_of(context, &read, 0, "DTSTART;VALUE=DATE"), "20261130");
	assert_string_equal(value_of(context, &read, 0, "SUMMARY"), "GUL-7K2QX: follow-up");
}

static void an_empty_calendar_is_one(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct read read;

	take_calendar(context, ics_end(ics_begin(context)), &read);
	assert_int_equal(events_of(&read), 0);
}

static void what_means_something_in_a_text_is_escaped(void **state)
{
	static const char text[] = "a,b;c\\d\ne:\"f\" \\n";
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct buffer *out = ics_begin(context);
	struct read read;

	ics_event(out, "u", NOW, "2026-11-30", text);
	ics_event(out, "v", NOW, "2026-11-30", "BEGIN:VEVENT\r\nEND:VCALENDAR\x01");
	take_calendar(context, ics_end(out), &read);
	assert_int_equal(events_of(&read), 2);
	assert_string_equal(value_of(context, &read, 0, "SUMMARY"), text);
	assert_string_equal(value_of(context, &read, 1, "SUMMARY"), "BEGIN:VEVENT\nEND:VCALENDAR");
}

static void long_lines_are_folded_between_characters(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);

	for (size_t len = 0; len < 300; len++) {
		struct buffer *text = buffer_new(context), *out = ics_begin(context);
		struct read read;

		buffer_text(text, "");
		for (size_t i = 0; i < len; i++)
			buffer_text(text, i % 3 == 0 ? "a" : i % 3 == 1 ? "\xc5\x8b" : "\xf0\x9f\x8c\xbd");
		ics_event(out, "u", NOW, "2026-11-30", (const char *)text->data);
		take_calendar(context, ics_end(out), &read);
		assert_string_equal(value_of(context, &read, 0, "SUMMARY"), (const char *)text->data);
	}
}

static void a_month_or_year_counts_from_its_first_day_and_what_is_no_day_is_left_out(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct buffer *out = ics_begin(context);
	struct read read;

	ics_event(out, "a", NOW, "2026-12", "month");
	ics_event(out, "b", NOW, "2027", "year");
	ics_event(out, "c", NOW, "2026-02-30", "no day");
	ics_event(out, "d", NOW, "", "none");
	ics_event(out, "e", NOW, "soon\r\nX:1", "words");
	take_calendar(context, ics_end(out), &read);
	assert_int_equal(events_of(&read), 2);
	assert_string_equal(value_of(context, &read, 0, "DTSTART;VALUE=DATE"), "20261201");
	assert_string_equal(value_of(context, &read, 1, "DTSTART;VALUE=DATE"), "20270101");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_has_what_a_calendar_needs),
		cmocka_unit_test(an_empty_calendar_is_one),
		cmocka_unit_test(what_means_something_in_a_text_is_escaped),
		cmocka_unit_test(long_lines_are_folded_between_characters),
		cmocka_unit_test(a_month_or_year_counts_from_its_first_day_and_what_is_no_day_is_left_out),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
