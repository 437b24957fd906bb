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
#include "web/office/readers.h"

const char *show_time(const struct visit *visit, const char *time)
{
	char day[sizeof "2026-11-23"];
	int64_t seconds;
	struct tm local;
	time_t at;

	if (text_to_time(time, &seconds))
		return memory_string(visit->context, time);
	at = (time_t)seconds;
	localtime_r(&at, &local);
	strftime(day, sizeof day, "%Y-%m-%d", &local);
	return memory_format(
		visit->context, "%s, %02d:%02d", show_date(visit, day), local.tm_hour, local.tm_min);
}

const char *show_seconds(const struct visit *visit, int64_t seconds)
{
	char time[TEXT_TIME_SIZE];

	if (!seconds)
		return "";
	text_time(time, seconds);
	return show_time(visit, time);
}

const char *show_date(const struct visit *visit, const char *date)
{
	return language_date(visit->context, visit->request->language, date);
}

const char *show_day(const void *context, int days)
{
	time_t then = (time_t)(clock_wall_seconds() + days * INT64_C(86400));
	struct tm local;

	localtime_r(&then, &local);
	return memory_format(
		context, "%04d-%02d-%02d", local.tm_year + 1900, local.tm_mon + 1, local.tm_mday);
}

const char *show_today(const void *context)
{
	return show_day(context, 0);
}

const char *show_choice(const struct visit *visit, const char *code)
{
	static const struct {
		const char *code, *label;
	} words[] = {
		{"unknown", SAY("Not known")},
		{"open", SAY("Still open")}, /* "Open" is said on buttons */
		{"opened", SAY("Read")},
		{"added", SAY("In a case")},
		{"received", SAY("Received there")},
		{"third-party", SAY("By somebody else")},
		{"form", SAY("By the form")},
		{"call", SAY("By telephone")},
		{"visit", SAY("In person")},
		{"text", SAY("By text message")},
		{"app", SAY("By an app")},
		{"through", SAY("Through somebody")},
		{"18-29", SAY("18 to 29")},
		{"30-49", SAY("30 to 49")},
		{"50-64", SAY("50 to 64")},
		{"65-more", SAY("65 or older")},
		{"own-agency", SAY("Own agency is concerned")},
		{"already-received", SAY("The person receives it already")},
		{"not-applicable", SAY("Not what this provider does")},
		{"person-declined", SAY("The person does not want it")},
		{"unavailable", SAY("No room or no time now")},
		{"free", SAY("Has room")},
		{"few", SAY("Has room for few")},
		{"full", SAY("Has no room")},
	};
	char *label;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i].code, code) == 0)
			return say(visit->request, words[i].label);
	label = memory_string(visit->context, code);
	for (char *at = label; *at; at++)
		if (*at == '-')
			*at = ' ';
	if (*label >= 'a' && *label <= 'z')
		*label = (char)(*label - 'a' + 'A');
	return say(visit->request, label);
}

static const char *show_code(const struct visit *visit, const struct field *field, const char *code)
{
	const char *label;

	if (!*code || field->choices)
		return show_choice(visit, code);
	label = field->codes ? codes_label(visit->codes, field->codes, code)
			     : NULL; /* names of people have none */
	return label ? say(visit->request, label) : memory_string(visit->context, code);
}

json_t *show_codes(const struct visit *visit, const char *list, const json_t *chosen, const json_t *standing)
{
	json_t *choices = codes_choices(visit->codes, list, chosen, standing), *choice;
	size_t i;

	json_array_foreach (choices, i, choice)
		json_object_set_new(
			choice, "label", json_string(say(visit->request, json_text_or(choice, "label", ""))));
	return choices;
}

static const char *show_list(const struct visit *visit, const struct field *field, const json_t *list)
{
	struct buffer *text = buffer_new(visit->context);
	const json_t *one;
	size_t i;

	json_array_foreach (list, i, one)
		buffer_format(text, "%s%s", i ? ", " : "",
			show_code(visit, field, json_is_string(one) ? json_string_value(one) : ""));
	return (const char *)buffer_bytes(text).data;
}

const char *show_value(const struct visit *visit, const struct field *field, const json_t *value)
{
	const char *text = json_is_string(value) ? json_string_value(value) : "";

	if (json_is_integer(value))
		return memory_format(visit->context, "%lld", (long long)json_integer_value(value));
	if (json_is_array(value))
		return show_list(visit, field, value);
	if (strcmp(field->name, "language") == 0 && language_find(text))
		return language_name(language_find(text)); /* the one in which the form was filled in */
	switch (field->type) {
	case FIELD_CODE:
		return show_code(visit, field, text);
	case FIELD_DATE:
		return show_date(visit, text);
	case FIELD_TIME:
		return show_time(visit, text);
	default:
		return memory_string(visit->context, text);
	}
}

static bool is_own(const struct visit *visit, const char *hub)
{
	return strlen(hub) < LOG_ID_SIZE - 1 || strcmp(hub, visit->office->trust.self.log) == 0;
}

const char *show_named(const struct visit *visit, const char *name, const char *hub)
{
	if (!*name || is_own(visit, hub))
		return memory_string(visit->context, name);
	return memory_format(visit->context, "%s (%s)", name, office_hub_name(visit->office, hub));
}

bool show_is_ours(const struct visit *visit, const json_t *record, const char *field)
{
	return is_own(visit, json_text_or(json_object_get(record, "hubs"), field, ""));
}

json_t *show_standing(const struct visit *visit, const struct field *field, const json_t *record)
{
	const char *hub = json_text_or(json_object_get(record, "hubs"), field->name, "");
	json_t *value = json_object_get(record, field->name), *list, *one;
	size_t i;

	if (!schema_is_of_hub(field) || !value)
		return json_incref(value);
	if (!json_is_array(value))
		return json_string(show_named(visit, json_text_or(record, field->name, ""), hub));
	list = json_array();
	json_array_foreach (value, i, one)
		json_array_append_new(list, json_string(show_named(visit, json_string_value(one), hub)));
	return list;
}

bool show_is_for_programs(const struct field *field)
{
	static const char *const names[] = {
		"mailbox", "identity", "pieces", "signature", "pass", "verifier", "slot", "own"};
	bool is_one = field->type == FIELD_KEY;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		is_one |= strcmp(field->name, names[i]) == 0;
	return is_one;
}

bool show_is_identity(const struct entity *entity, const struct field *field)
{
	bool is_name = strcmp(field->name, "names") == 0 || strcmp(field->name, "contacts") == 0;

	return strcmp(entity->name, "person") == 0 || (is_name && strcmp(entity->name, "referral") == 0);
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
		{"urgent", "warn"},
		{"sent", "new"},
		{"received", "open"},
		{"accepted", "open"},
		{"declined", "warn"},
		{"withdrawn", "warn"},
		{"expired", "warn"},
		{"paused", "warn"},
		{"free", "good"},
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

/* In whole sentences: how a language counts days is its own affair. */
static const char *days_left(const struct visit *visit, unsigned long days, bool is_over)
{
	const struct request *request = visit->request;

	return memory_format(visit->context,
		is_over ? say_many(request, "overdue by %lu day", "overdue by %lu days", days)
			: say_many(request, "%lu day left", "%lu days left", days),
		days);
}

static const char *time_left(const struct visit *visit, unsigned long seconds, bool is_over)
{
	const struct request *request = visit->request;
	unsigned long hours = seconds / 3600, minutes = seconds / 60;

	if (hours >= 2 * 24)
		return days_left(visit, hours / 24, is_over);
	if (hours >= 1)
		return memory_format(visit->context,
			is_over ? say_many(request, "overdue by %lu hour", "overdue by %lu hours", hours)
				: say_many(request, "%lu hour left", "%lu hours left", hours),
			hours);
	return memory_format(visit->context,
		is_over ? say_many(request, "overdue by %lu minute", "overdue by %lu minutes", minutes)
			: say_many(request, "%lu minute left", "%lu minutes left", minutes),
		minutes);
}

static json_t *due_by_time(const struct visit *visit, int64_t due)
{
	int64_t left = due - clock_wall_seconds();

	if (left < 0)
		return due_view(time_left(visit, (unsigned long)-left, true), "bad", true);
	return due_view(time_left(visit, (unsigned long)left, false), left < 24 * 3600 ? "warn" : "", false);
}

static int64_t day_number(const char *date)
{
	char time[TEXT_TIME_SIZE];
	int64_t seconds = 0;

	snprintf(time, sizeof time, "%.10sT00:00:00Z", date);
	return text_to_time(time, &seconds) ? 0 : seconds / 86400;
}

static json_t *due_on(const struct visit *visit, const char *date)
{
	return due_view(memory_format(visit->context, say(visit->request, "due %s"), show_date(visit, date)),
		"", false);
}

json_t *show_due(const struct visit *visit, const char *due)
{
	int64_t seconds, days;

	if (!*due)
		return due_view("", "", false);
	if (!text_to_time(due, &seconds))
		return due_by_time(visit, seconds);
	if (!text_is_date(due))
		return due_on(visit, due);
	days = day_number(due) - day_number(show_today(visit->context));
	if (days < 0)
		return due_view(days_left(visit, (unsigned long)-days, true), "bad", true);
	if (days == 0)
		return due_view(say(visit->request, "due today"), "warn", false);
	if (days == 1)
		return due_view(say(visit->request, "due tomorrow"), "", false);
	return due_on(visit, due);
}

json_t *show_missed(const struct visit *visit, const char *due)
{
	int64_t days = day_number(show_today(visit->context)) - day_number(due);

	if (!text_is_date(due) || days <= 0)
		return show_due(visit, due);
	return due_view(memory_format(visit->context,
				say_many(visit->request, "missed by %lu day", "missed by %lu days",
					(unsigned long)days),
				(unsigned long)days),
		"bad", true);
}

const char *show_who(const struct visit *visit, const json_t *row)
{
	const char *by = json_text_or(row, "by", ""), *hub = json_text_or(row, "hub", "");
	const char *at = show_time(visit, json_text_or(row, "at", ""));
	bool is_unsure = strcmp(json_text_or(row, "clock", ""), "unsure") == 0;

	if (!*by)
		by = say(visit->request, "the form");
	if (!*hub)
		return memory_format(visit->context,
			is_unsure ? say(visit->request, "%s, %s (its clock was not sure)") : "%s, %s", by,
			at);
	return memory_format(visit->context,
		is_unsure ? say(visit->request, "%s at %s, %s (its clock was not sure)")
			  : say(visit->request, "%s at %s, %s"),
		by, office_hub_name(visit->office, hub), at);
}

static void add_name(struct buffer *text, const char *name)
{
	buffer_format(text, "%s%s", text->len ? ", " : "", name);
}

/* Of a transferred case also whoever owned it: they keep what they have read. */
static const struct error *add_former(struct visit *visit, const char *key, struct buffer *former)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	TRY(db_prepare(casefile_db(visit->office->file), &query,
		"SELECT DISTINCT log FROM case_owner WHERE case_key = ?1 AND log NOT IN (SELECT log FROM "
		"case_owner WHERE case_key = ?1 ORDER BY place DESC LIMIT 1)"));
	db_bind_text(&query, 1, key);
	for (;;) {
		TRY(db_step(&query, &row));
		if (!row)
			return NULL;
		add_name(former, office_hub_name(visit->office, db_text(&query, 0)));
	}
}

const struct error *show_readers(struct visit *visit, const char *key, bool is_case)
{
	const struct office *office = visit->office;
	const struct roster *roster = readers_roster(office);
	struct buffer *all = buffer_new(visit->context), *some = buffer_new(visit->context),
		      *former = buffer_new(visit->context);
	struct readers readers;
	enum sharing_policy sharing;

	if (!roster) {
		visit_text(visit, "readers",
			memory_format(visit->context,
				say(visit->request, "%s alone, until it belongs to a coalition"),
				office_hub_name(office, office->trust.self.log)));
		return NULL;
	}
	TRY(readers_find(visit->office, key, &readers));
	sharing = is_case ? readers.sharing : readers.of_reports;
	for (size_t i = 0; i < roster->member_count; i++) {
		const struct roster_member *member = &roster->members[i];
		const char *name = office_hub_name(office, member->keys.log);
		bool is_headquarters = member->keys.role == MEMBER_HEADQUARTERS;

		if (member->status != MEMBER_ACTIVE)
			continue;
		if ((is_headquarters && (readers.is_for_headquarters || sharing == SHARING_FULL)) ||
			(!readers.is_for_headquarters && strcmp(member->keys.log, readers.owner) == 0))
			add_name(all, name);
		else if (is_headquarters && sharing == SHARING_SUMMARY)
			add_name(some, name);
	}
	TRY(add_former(visit, key, former));
	if (some->len)
		buffer_format(
			all, say(visit->request, "; a summary: %s"), (const char *)buffer_bytes(some).data);
	if (former->len)
		buffer_format(all, say(visit->request, "; what was there before the transfer: %s"),
			(const char *)buffer_bytes(former).data);
	visit_text(visit, "readers", (const char *)buffer_bytes(all).data);
	return NULL;
}

json_t *show_fields(
	const struct visit *visit, const struct entity *entity, const json_t *record, const char *names)
{
	json_t *list = json_array();

	for (size_t i = 0; i < entity->count; i++) {
		const struct field *field = &entity->fields[i];
		const char *at = strstr(names, field->name), *value;
		json_t *standing CLEANUP(json_decref) = NULL;
		size_t len = strlen(field->name);

		while (at && !((at == names || at[-1] == ' ') && (!at[len] || at[len] == ' ')))
			at = strstr(at + 1, field->name);
		if (!at)
			continue;
		standing = show_standing(visit, field, record);
		value = show_value(visit, field, standing);
		if (*value)
			json_array_append_new(
				list, json_pack("{ssss}", "label", say(visit->request, field->label), "value",
					      value));
	}
	return list;
}
