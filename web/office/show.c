/* How values look on a page: written for a tired person, so in words, with the most pressing part first. What
 * they mean is node/casework's.
 *
 * Never fails: a value that another, newer hub wrote and this one does not know is shown as it is. Office
 * role. */
#include "web/office/show.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "node/base/clock.h"
#include "node/base/text.h"
#include "node/casework/codes.h"

static const char *const months[] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

const char *show_time(const void *context, const char *time)
{
	int64_t seconds;
	struct tm local;
	time_t at;

	if (text_to_time(time, &seconds))
		return memory_string(context, time);
	at = (time_t)seconds;
	localtime_r(&at, &local);
	return memory_format(context, "%d %s %d, %02d:%02d", local.tm_mday, months[local.tm_mon],
		local.tm_year + 1900, local.tm_hour, local.tm_min);
}

const char *show_date(const void *context, const char *date)
{
	size_t len = strlen(date);
	long month;

	if (len == 4)
		return memory_string(context, date);
	if (len != 7 && !text_is_date(date))
		return memory_string(context, date);
	month = strtol(date + 5, NULL, 10);
	if (month < 1 || month > 12)
		return memory_string(context, date);
	if (len == 7)
		return memory_format(context, "%s %.4s", months[month - 1], date);
	return memory_format(context, "%ld %s %.4s", strtol(date + 8, NULL, 10), months[month - 1], date);
}

const char *show_today(const void *context)
{
	time_t now = (time_t)clock_wall_seconds();
	struct tm local;

	localtime_r(&now, &local);
	return memory_format(
		context, "%04d-%02d-%02d", local.tm_year + 1900, local.tm_mon + 1, local.tm_mday);
}

const char *show_choice(const void *context, const char *code)
{
	static const struct {
		const char *code, *label;
	} words[] = {
		{"unknown", "Not known"},
		{"opened", "Read"},
		{"added", "Case opened"},
		{"third-party", "By somebody else"},
		{"form", "By the form"},
		{"call", "By telephone"},
		{"visit", "In person"},
	};
	char *label;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i].code, code) == 0)
			return words[i].label;
	label = memory_string(context, code);
	for (char *at = label; *at; at++)
		if (*at == '-')
			*at = ' ';
	if (*label >= 'a' && *label <= 'z')
		*label = (char)(*label - 'a' + 'A');
	return label;
}

static const char *show_code(const void *context, const struct field *field, const char *code)
{
	const char *label;

	if (!*code || field->choices)
		return show_choice(context, code);
	label = codes_label(field->codes, code);
	return label ? label : memory_string(context, code);
}

static const char *show_list(const void *context, const struct field *field, const json_t *list)
{
	struct buffer *text = buffer_new(context);
	const json_t *one;
	size_t i;

	json_array_foreach (list, i, one)
		buffer_format(text, "%s%s", i ? ", " : "",
			show_code(context, field, json_is_string(one) ? json_string_value(one) : ""));
	return (const char *)buffer_bytes(text).data;
}

const char *show_value(const void *context, const struct field *field, const json_t *value)
{
	const char *text = json_is_string(value) ? json_string_value(value) : "";

	if (json_is_integer(value))
		return memory_format(context, "%lld", (long long)json_integer_value(value));
	if (json_is_array(value))
		return show_list(context, field, value);
	switch (field->type) {
	case FIELD_CODE:
		return show_code(context, field, text);
	case FIELD_DATE:
		return show_date(context, text);
	case FIELD_TIME:
		return show_time(context, text);
	default:
		return memory_string(context, text);
	}
}

json_t *show_count(size_t count)
{
	return count ? json_integer((json_int_t)count) : json_null();
}

const char *show_tag(const char *code)
{
	static const struct {
		const char *code, *class;
	} classes[] = {
		{"emergency", "bad"},
		{"high", "warn"},
		{"new", "new"},
		{"open", "open"},
		{"in-progress", "open"},
		{"done", "good"},
		{"yes", "bad"},
		{"active", "good"},
		{"unsafe", "bad"},
		{"unreachable", "warn"},
	};

	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
		if (strcmp(classes[i].code, code) == 0)
			return classes[i].class;
	return "";
}

static json_t *due_view(const char *text, const char *class, bool is_over)
{
	return json_pack("{sssssb}", "text", text, "class", class, "is_over", is_over);
}

static const char *span(const void *context, int64_t seconds)
{
	int64_t hours = seconds / 3600, days = hours / 24;

	if (days >= 2)
		return memory_format(context, "%lld days", (long long)days);
	if (hours >= 1)
		return memory_format(context, "%lld hour%s", (long long)hours, hours == 1 ? "" : "s");
	return memory_format(context, "%lld min", (long long)(seconds / 60));
}

static json_t *due_by_time(const void *context, int64_t due)
{
	int64_t left = due - clock_wall_seconds();

	if (left < 0)
		return due_view(memory_format(context, "overdue by %s", span(context, -left)), "bad", true);
	return due_view(memory_format(context, "%s left", span(context, left)),
		left < 24 * 3600 ? "warn" : "", false);
}

static int64_t day_number(const char *date)
{
	char time[TEXT_TIME_SIZE];
	int64_t seconds = 0;

	snprintf(time, sizeof time, "%.10sT00:00:00Z", date);
	return text_to_time(time, &seconds) ? 0 : seconds / 86400;
}

json_t *show_due(const void *context, const char *due)
{
	int64_t seconds, days;

	if (!*due)
		return due_view("", "", false);
	if (!text_to_time(due, &seconds))
		return due_by_time(context, seconds);
	if (!text_is_date(due))
		return due_view(memory_format(context, "due %s", show_date(context, due)), "", false);
	days = day_number(due) - day_number(show_today(context));
	if (days < 0)
		return due_view(memory_format(context, "overdue by %lld day%s", (long long)-days,
					days == -1 ? "" : "s"),
			"bad", true);
	if (days == 0)
		return due_view("due today", "warn", false);
	if (days == 1)
		return due_view("due tomorrow", "", false);
	return due_view(memory_format(context, "due %s", show_date(context, due)), "", false);
}

const char *show_who(const void *context, const struct office *office, const json_t *row)
{
	const char *by = json_text_or(row, "by", ""), *hub = json_text_or(row, "hub", ""),
		   *clock = json_text_or(row, "clock", "");

	return memory_format(context, "%s%s%s, %s%s", *by ? by : "the form", *hub ? " at " : "",
		*hub ? office_hub_name(office, hub) : "", show_time(context, json_text_or(row, "at", "")),
		strcmp(clock, "unsure") == 0 ? " (its clock was not sure)" : "");
}

const char *show_readers(const void *context, const struct office *office, const char *home)
{
	const struct roster *roster = office_roster(office);
	struct buffer *text = buffer_new(context);
	bool any = false;

	if (!roster || !roster_member(roster, office->trust.self.log))
		return memory_format(context, "%s alone, until it belongs to a coalition",
			office_hub_name(office, office->trust.self.log));
	for (size_t i = 0; i < roster->member_count; i++) {
		const struct roster_member *member = &roster->members[i];

		if (member->status != MEMBER_ACTIVE)
			continue;
		if (strcmp(member->keys.log, home) != 0 &&
			(member->keys.role != MEMBER_HEADQUARTERS || roster->sharing != SHARING_FULL))
			continue;
		buffer_format(text, "%s%s", any ? ", " : "", office_hub_name(office, member->keys.log));
		any = true;
	}
	return (const char *)buffer_bytes(text).data;
}

json_t *show_fields(const void *context, const struct entity *entity, const json_t *record, const char *names)
{
	json_t *list = json_array();

	for (size_t i = 0; i < entity->count; i++) {
		const struct field *field = &entity->fields[i];
		const char *at = strstr(names, field->name), *value;
		size_t len = strlen(field->name);

		while (at && !((at == names || at[-1] == ' ') && (!at[len] || at[len] == ' ')))
			at = strstr(at + 1, field->name);
		if (!at)
			continue;
		value = show_value(context, field, json_object_get(record, field->name));
		if (*value)
			json_array_append_new(
				list, json_pack("{ssss}", "label", field->label, "value", value));
	}
	return list;
}
