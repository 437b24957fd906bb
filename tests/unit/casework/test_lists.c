/* Lists show the most pressing first, find what people look for, and never walk through a whole table. */
#include "tests/unit/casework/sample.h"

#include "node/casework/owed.h"
#include "node/casework/added.h"
#include "node/casework/directory.h"
#include "node/casework/obstacle.h"
#include "node/casework/referral.h"
#include "node/casework/schema.h"

struct hub {
	void *context;
	struct casefile *file;
	int number;
};

static int setup(void **state)
{
	struct hub *hub = memory_new(NULL, struct hub);

	hub->context = hub;
	assert_null(casefile_new(hub, GULU, &hub->file));
	*state = hub;
	return 0;
}

static int teardown(void **state)
{
	talloc_free(*state);
	return 0;
}

static const char *add(struct hub *hub, const char *entity, const char *case_key, json_t *set)
{
	int number = ++hub->number;
	const char *key = sample_key(hub->context, GULU, number);

	sample_take(
		hub->file, sample_event(hub->context, GULU, 'o', number, entity, key, case_key, set, NULL));
	return key;
}

/* The texts at `name` of all rows, joined by spaces. */
static char *column(struct hub *hub, json_t *rows, const char *name)
{
	struct buffer *out = buffer_new(hub->context);
	json_t *row;
	size_t i;

	json_array_foreach (rows, i, row)
		buffer_format(out, "%s%s", i ? " " : "", json_text_or(row, name, "-"));
	json_decref(rows);
	return (char *)out->data;
}

static void reports_come_with_the_most_urgent_first(void **state)
{
	struct hub *hub = *state;
	json_t *rows, *first;

	add(hub, "report", NULL, json_pack("{s:s, s:s}", "what", "calm", "danger", "no"));
	add(hub, "report", NULL, json_pack("{s:s, s:s}", "what", "unsure", "danger", "unknown"));
	add(hub, "report", NULL, json_pack("{s:s, s:s}", "what", "danger1", "danger", "yes"));
	add(hub, "report", NULL, json_pack("{s:s}", "what", "silent"));
	add(hub, "report", NULL, json_pack("{s:s, s:s}", "what", "danger2", "danger", "yes"));
	add(hub, "report", NULL,
		json_pack("{s:s, s:s, s:s}", "what", "done", "danger", "yes", "state", "closed"));
	assert_null(lists_reports(hub->file, "new", 10, 0, &rows));
	first = json_array_get(rows, 0);
	assert_string_equal(json_text_or(first, "state", ""), "new");
	assert_string_equal(json_text_or(first, "created", ""), "2026-11-18T11:09:40Z");
	assert_string_equal(json_text_or(first, "due", ""), "2026-11-19T11:09:40Z");
	assert_string_equal(json_text_or(first, "hub", ""), GULU);
	assert_string_equal(column(hub, rows, "what"), "danger1 danger2 unsure silent calm");
	assert_null(lists_reports(hub->file, NULL, 2, 1, &rows));
	assert_string_equal(column(hub, rows, "what"), "danger2 done");
}

static void cases_come_with_the_most_pressing_first(void **state)
{
	struct hub *hub = *state;
	json_t *rows;

	add(hub, "case", NULL, json_pack("{s:s, s:s}", "alias", "low", "risk", "low"));
	add(hub, "case", NULL, json_pack("{s:s, s:s}", "alias", "high-old", "risk", "high"));
	add(hub, "case", NULL, json_pack("{s:s, s:s}", "alias", "high-new", "risk", "high"));
	add(hub, "case", NULL,
		json_pack("{s:s, s:s, s:s}", "alias", "closed", "risk", "emergency", "state", "closed"));
	assert_null(lists_cases(hub->file, "open", NULL, 10, &rows));
	assert_int_equal(json_integer_value(json_object_get(json_array_get(rows, 0), "conflicts")), 0);
	assert_string_equal(column(hub, rows, "alias"), "high-new high-old low");
	assert_null(lists_cases(hub->file, NULL, NULL, 1, &rows));
	assert_string_equal(column(hub, rows, "alias"), "closed");
}

/* A page begins behind the last case of the one before, by whatever they are alike. */
static void page_by_page_each_case_comes_once(void **state)
{
	static const char *const risks[] = {"low", "medium", "high", "emergency", ""};
	struct hub *hub = *state;

	for (int i = 0; i < 40; i++)
		add(hub, "case", NULL, json_pack("{s:s}", "risk", risks[i * 7 % 5]));
	for (int i = 0; i < 2; i++) {
		const char *of = i ? "open" : NULL, *after = NULL;
		json_t *all CLEANUP(json_decref) = NULL;
		size_t seen = 0, count;

		assert_null(lists_cases(hub->file, of, NULL, 100, &all));
		assert_int_equal(json_array_size(all), 40);
		do {
			json_t *rows CLEANUP(json_decref) = NULL;

			assert_null(lists_cases(hub->file, of, after, 7, &rows));
			count = json_array_size(rows);
			for (size_t r = 0; r < count; r++)
				assert_true(
					json_equal(json_array_get(rows, r), json_array_get(all, seen + r)));
			seen += count;
			after = json_text_or(json_array_get(all, seen - 1), "key", "");
		} while (count);
		assert_int_equal(seen, 40);
	}
}

static void what_is_owed_in_a_case_comes_first_and_is_marked_overdue(void **state)
{
	struct hub *hub = *state;
	const char *open = add(hub, "case", NULL, json_pack("{s:s}", "ref", "GUL-AAAAA"));
	json_t *rows;

	add(hub, "action", open, json_pack("{s:s, s:s}", "what", "later", "due", "2026-12-24"));
	add(hub, "action", open, json_pack("{s:s}", "what", "whenever"));
	add(hub, "action", open, json_pack("{s:s, s:s}", "what", "yesterday", "due", "2026-11-22"));
	add(hub, "action", open,
		json_pack("{s:s, s:s, s:s}", "what", "made", "due", "2026-01-01", "state", "done"));
	add(hub, "followup", open, json_pack("{s:s, s:s}", "due", "2026-11-01", "how", "visit"));
	add(hub, "followup", open,
		json_pack("{s:s, s:s, s:s}", "due", "2026-10-01", "made", "2026-10-02", "how", "call"));
	assert_null(lists_actions(hub->file, open, "2026-11-23", 10, &rows));
	assert_true(json_is_true(json_object_get(json_array_get(rows, 0), "overdue")));
	assert_true(json_is_false(json_object_get(json_array_get(rows, 1), "overdue")));
	assert_string_equal(json_text_or(json_array_get(rows, 0), "ref", ""), "GUL-AAAAA");
	assert_string_equal(column(hub, rows, "what"), "yesterday later whenever made");
	assert_null(lists_followups(hub->file, open, "2026-11-23", 10, &rows));
	assert_string_equal(column(hub, rows, "how"), "visit call");
}

/* "kind:ref:due" of each row. */
static char *owed(struct hub *hub, const char *user, int limit)
{
	struct owed_asked asked = {"2026-11-23", "2026-11-30", user, limit};
	struct buffer *out = buffer_new(hub->context);
	json_t *rows, *row;
	size_t i;

	assert_null(owed_list(hub->file, &asked, &rows));
	buffer_text(out, "");
	json_array_foreach (rows, i, row)
		buffer_format(out, "%s%s:%s:%s", i ? " " : "", json_text_or(row, "kind", "-"),
			json_text_or(row, "ref", "-"), json_text_or(row, "due", "-") + 5);
	json_decref(rows);
	return (char *)out->data;
}

static void all_that_is_owed_is_one_list_with_missed_follow_ups_first(void **state)
{
	struct hub *hub = *state;
	const char *mine = add(hub, "case", NULL,
		json_pack("{s:s, s:s, s:s}", "ref", "M", "officer", "akello", "review", "2026-11-24"));
	const char *theirs = add(hub, "case", NULL,
		json_pack("{s:s, s:s, s:s}", "ref", "T", "officer", "okot", "review", "2026-11-01"));
	const char *nobodys =
		add(hub, "case", NULL, json_pack("{s:s, s:s}", "ref", "N", "review", "2026-12-24"));

	add(hub, "action", mine, json_pack("{s:s, s:s}", "what", "early", "due", "2026-10-01"));
	add(hub, "action", theirs,
		json_pack("{s:s, s:s, s:s}", "what", "x", "who", "akello", "due", "2026-11-29"));
	add(hub, "action", mine,
		json_pack("{s:s, s:s, s:s}", "what", "x", "state", "done", "due", "2026-10-01"));
	add(hub, "action", mine, json_pack("{s:s, s:s}", "what", "far", "due", "2027-01-01"));
	add(hub, "action", mine, json_pack("{s:s}", "what", "whenever"));
	add(hub, "followup", mine, json_pack("{s:s}", "due", "2026-11-22"));
	add(hub, "followup", theirs, json_pack("{s:s}", "due", "2026-11-20"));
	add(hub, "followup", nobodys, json_pack("{s:s}", "due", "2026-11-23"));
	add(hub, "followup", theirs, json_pack("{s:s, s:s}", "due", "2026-11-25", "owner", "akello"));
	add(hub, "followup", mine, json_pack("{s:s, s:s}", "due", "2026-11-25", "owner", "okot"));
	add(hub, "followup", mine, json_pack("{s:s, s:s}", "due", "2026-11-01", "made", "2026-11-01"));
	add(hub, "plan", mine, json_pack("{s:s, s:s}", "measures", "x", "review", "2026-11-30"));
	add(hub, "plan", mine, json_pack("{s:s}", "measures", "without a day"));
	assert_string_equal(owed(hub, "akello", 20), "followup:M:11-22 action:M:10-01 followup:N:11-23 "
						     "review:M:11-24 followup:T:11-25 action:T:11-29 "
						     "plan:M:11-30");
	assert_string_equal(owed(hub, NULL, 20),
		"followup:T:11-20 followup:M:11-22 action:M:10-01 review:T:11-01 followup:N:11-23 "
		"review:M:11-24 "
		"followup:T:11-25 followup:M:11-25 action:T:11-29 plan:M:11-30");
	assert_string_equal(owed(hub, "okot", 3), "followup:T:11-20 review:T:11-01 followup:N:11-23");
}

static void reminders_rest_while_the_case_is_closed(void **state)
{
	struct hub *hub = *state;
	const char *closed = add(hub, "case", NULL,
		json_pack("{s:s, s:s, s:s}", "ref", "C", "state", "closed", "review", "2026-11-01"));
	const char *open = add(hub, "case", NULL, json_pack("{s:s}", "ref", "O"));

	add(hub, "action", closed, json_pack("{s:s, s:s}", "what", "x", "due", "2026-10-01"));
	add(hub, "followup", closed, json_pack("{s:s}", "due", "2026-11-22"));
	add(hub, "plan", closed, json_pack("{s:s, s:s}", "measures", "x", "review", "2026-11-22"));
	assert_string_equal(owed(hub, NULL, 20), "");
	/* Dropped with its case, which was opened again since. */
	add(hub, "followup", open, json_pack("{s:s, s:s}", "due", "2026-11-22", "result", "closed"));
	assert_string_equal(owed(hub, NULL, 20), "");
}

static void a_provider_owes_a_word_until_the_next_comes(void **state)
{
	struct hub *hub = *state;
	const char *open = add(hub, "case", NULL, json_pack("{s:s}", "ref", "O"));
	const char *provider = add(hub, "provider", NULL, json_pack("{s:s}", "name", "Auma"));
	const char *referral = add(hub, "referral", open,
		json_pack("{s:s, s:s, s:s, s:s}", "provider", provider, "service", "legal", "state", "sent",
			"hub", GULU));
	struct owed_asked asked = {"2026-11-23", "2026-11-30", NULL, 9};
	json_t *rows;

	add(hub, "reply", NULL,
		json_pack("{s:s, s:s, s:s}", "referral", referral, "kind", "accepted", "next", "2026-11-20"));
	assert_string_equal(owed(hub, NULL, 9), "reply:O:11-20");
	assert_null(owed_list(hub->file, &asked, &rows));
	assert_string_equal(json_text_or(json_array_get(rows, 0), "who", ""), "Auma");
	json_decref(rows);
	add(hub, "reply", NULL,
		json_pack("{s:s, s:s, s:s}", "referral", referral, "kind", "progress", "next", "2026-11-28"));
	assert_string_equal(owed(hub, NULL, 9), "reply:O:11-28");
	add(hub, "reply", NULL, json_pack("{s:s, s:s}", "referral", referral, "kind", "done"));
	assert_string_equal(owed(hub, NULL, 9), "");
}

static void what_is_owed_in_a_restricted_case_is_not_told(void **state)
{
	struct hub *hub = *state;
	const struct reader okot = {"okot", ROLE_OFFICER, "", ""};
	const char *apart = add(hub, "case", NULL,
		json_pack("{s:s, s:s, s:s, s:s}", "ref", "A", "restricted", "yes", "officer", "akello",
			"review", "2026-11-01"));
	const char *twin = add(hub, "case", NULL,
		json_pack("{s:s, s:s, s:s, s:s, s:s}", "ref", "D", "restricted", "yes", "duplicate_of", apart,
			"state", "closed", "retention", "2026-01-01"));
	json_t *rows;

	add(hub, "action", apart,
		json_pack("{s:s, s:s, s:s}", "what", "x", "who", "okot", "due", "2026-10-01"));
	add(hub, "followup", apart, json_pack("{s:s, s:s}", "due", "2026-11-22", "owner", "okot"));
	add(hub, "plan", apart, json_pack("{s:s, s:s}", "measures", "x", "review", "2026-11-22"));
	add(hub, "report", NULL, json_pack("{s:s, s:s, s:s}", "what", "x", "state", "added", "case", apart));
	assert_null(lists_case_reports(hub->file, apart, &rows));
	assert_int_equal(json_array_size(rows), 1);
	json_decref(rows);
	assert_null(lists_duplicates(hub->file, apart, &rows));
	assert_string_equal(json_text_or(json_array_get(rows, 0), "key", ""), twin);
	json_decref(rows);
	assert_null(lists_cases_past(hub->file, "2026-11-23", 9, &rows));
	assert_string_equal(column(hub, rows, "ref"), "D");
	casefile_read_as(hub->file, &okot);
	assert_string_equal(owed(hub, "okot", 9), "");
	assert_string_equal(owed(hub, NULL, 9), "");
	assert_null(lists_case_reports(hub->file, apart, &rows));
	assert_string_equal(column(hub, rows, "key"), "");
	assert_null(lists_duplicates(hub->file, apart, &rows));
	assert_string_equal(column(hub, rows, "key"), "");
	assert_null(lists_cases_past(hub->file, "2026-11-23", 9, &rows));
	assert_string_equal(column(hub, rows, "key"), "");
	casefile_read_as(hub->file, NULL);
}

static void notes_messages_and_users_are_listed(void **state)
{
	struct hub *hub = *state;
	const char *open = add(hub, "case", NULL, json_pack("{s:s}", "alias", "x"));
	const char *report = add(hub, "report", NULL, json_pack("{s:s}", "what", "x"));
	json_t *rows;

	add(hub, "note", open, json_pack("{s:s}", "text", "one"));
	add(hub, "note", open, json_pack("{s:s}", "text", "two"));
	assert_null(lists_notes(hub->file, open, &rows));
	assert_string_equal(json_text_or(json_array_get(rows, 0), "by", ""), "akello");
	assert_string_equal(column(hub, rows, "text"), "two one");
	add(hub, "message", NULL,
		json_pack("{s:s, s:s, s:s}", "report", report, "from", "office", "text", "hello"));
	add(hub, "message", NULL,
		json_pack("{s:s, s:s, s:s}", "report", report, "from", "office", "text", "again"));
	assert_null(lists_messages(hub->file, report, &rows));
	assert_string_equal(column(hub, rows, "text"), "hello again");
	add(hub, "user", NULL, json_pack("{s:s, s:s}", "name", "okot", "role", "officer"));
	add(hub, "user", NULL, json_pack("{s:s, s:s}", "name", "akello", "role", "coordinator"));
	assert_null(lists_users(hub->file, &rows));
	assert_string_equal(json_text_or(json_array_get(rows, 0), "state", ""), "active");
	assert_string_equal(column(hub, rows, "name"), "akello okot");
}

static void conflicts_are_listed_with_their_field(void **state)
{
	struct hub *hub = *state;
	const char *key = add(hub, "case", NULL, json_pack("{s:s, s:s}", "risk", "low", "ref", "GUL-AAAAA"));
	json_t *rows;

	sample_take(hub->file, sample_event(hub->context, KAMPALA, 'o', 90, "case", key, NULL,
				       json_pack("{s:s}", "risk", "high"), NULL));
	assert_null(lists_conflicts(hub->file, 10, &rows));
	assert_int_equal(json_array_size(rows), 1);
	assert_string_equal(json_text_or(json_array_get(rows, 0), "label", ""), "Risk");
	assert_string_equal(json_text_or(json_array_get(rows, 0), "ref", ""), "GUL-AAAAA");
	assert_string_equal(json_text_or(json_array_get(rows, 0), "case_key", ""), key);
	json_decref(rows);
}

static char *found(struct hub *hub, const char *words)
{
	json_t *rows;

	assert_null(lists_search(hub->file, words, 10, &rows));
	return column(hub, rows, "title");
}

static void search_finds_beginnings_of_words_newest_first(void **state)
{
	struct hub *hub = *state;
	const char *key = add(hub, "case", NULL,
		json_pack("{s:s, s:s, s:s}", "ref", "GUL-7K2QX", "alias", "Swallow", "summary",
			"At the market."));
	json_t *rows;

	add(hub, "report", NULL,
		json_pack("{s:s, s:s}", "what", "Beaten in the Market by soldiers", "place", "Pece"));
	add(hub, "note", key, json_pack("{s:s}", "text", "Marketing director"));
	assert_string_equal(
		found(hub, "market"), "Marketing director Beaten in the Market by soldiers Swallow");
	assert_null(lists_search(hub->file, "market", 2, &rows)); /* enough have the very word */
	assert_string_equal(column(hub, rows, "title"), "Beaten in the Market by soldiers Swallow");
	assert_string_equal(found(hub, "ma"), "");
	assert_string_equal(found(hub, "MARK beat"), "Beaten in the Market by soldiers");
	assert_string_equal(found(hub, "gul-7k2qx"), "Swallow");
	assert_string_equal(found(hub, "7k2"), "Swallow");
	assert_string_equal(found(hub, "pece"), "Beaten in the Market by soldiers");
	assert_string_equal(found(hub, "nothing"), "");
	assert_null(lists_search(hub->file, "director", 10, &rows));
	assert_string_equal(json_text_or(json_array_get(rows, 0), "ref", ""), "GUL-7K2QX");
	assert_string_equal(json_text_or(json_array_get(rows, 0), "case_key", ""), key);
	assert_string_equal(json_text_or(json_array_get(rows, 0), "snippet", ""), "Marketing director\n");
	json_decref(rows);
}

/* The index holds no text: what the view shows must be what it was given, record by record. */
static void check_search(struct hub *hub)
{
	assert_null(db_run(
		casefile_db(hub->file), "INSERT INTO search(search, rank) VALUES('integrity-check', 1)"));
}

static void every_searched_field_is_in_the_view(void **state)
{
	struct hub *hub = *state;
	const char *key = add(hub, "case", NULL, json_pack("{s:s}", "alias", "x"));
	const struct entity *entities;
	size_t count;

	entities = schema_entities(&count);
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < entities[i].count; j++) {
			const char *field = entities[i].fields[j].name;

			if (!entities[i].fields[j].is_searched)
				continue;
			add(hub, entities[i].name, entities[i].in_case ? key : NULL,
				json_pack("{s:s}", field, "kingfisher"));
			assert_int_equal(sample_number(hub->file, "SELECT count(*) FROM searched WHERE text "
								  "= 'kingfisher' || char(10)"),
				sample_number(hub->file,
					"SELECT count(*) FROM search WHERE search MATCH 'kingfisher'"));
		}
	assert_in_range(sample_number(hub->file,
				"SELECT count(*) FROM searched WHERE text = 'kingfisher' || char(10)"),
		19, 100);
	check_search(hub);
}

static void search_follows_what_changes(void **state)
{
	struct hub *hub = *state;
	const char *key = add(hub, "note", add(hub, "case", NULL, json_pack("{s:s}", "alias", "x")),
		json_pack("{s:s}", "text", "wednesday"));
	json_t *set = json_pack("{s:s}", "text", "thursday"), *over;

	assert_string_equal(found(hub, "wednesday"), "wednesday");
	assert_null(casefile_over(hub->file, "note", key, set, &over));
	sample_take(hub->file, sample_event(hub->context, GULU, 'o', 50, "note", key,
				       sample_key(hub->context, GULU, 1), set, over));
	assert_string_equal(found(hub, "wednesday"), "");
	assert_string_equal(found(hub, "thursday"), "thursday");
}

static void what_is_typed_is_never_syntax(void **state)
{
	static const char *const typed[] = {"", " ", "\"", "'", "*", "a*", "\"a\" OR b", "text:a",
		"NEAR(a b)", "a AND", "-a", "^a", "(", "a\"b", "\xe2\x80\x9cquoted\xe2\x80\x9d",
		"\xe2\x80\x94", "\xc5\x8b", "{}", "%", "; DROP TABLE report",
		"a b c d e f g h i j k l m n o p"};
	struct hub *hub = *state;
	char long_text[1000];
	json_t *rows;

	add(hub, "report", NULL, json_pack("{s:s}", "what", "a b text near"));
	for (size_t i = 0; i < sizeof typed / sizeof *typed; i++) {
		assert_null(lists_search(hub->file, typed[i], 10, &rows));
		json_decref(rows);
	}
	memset(long_text, 'a', sizeof long_text);
	long_text[sizeof long_text - 1] = '\0';
	assert_null(lists_search(hub->file, long_text, 10, &rows));
	json_decref(rows);
	assert_string_equal(found(hub, "text:a"), "a b text near");
}

static void export_has_every_field(void **state)
{
	struct hub *hub = *state;
	json_t *rows, *row;

	add(hub, "report", NULL,
		json_pack("{s:s, s:[s,s], s:s}", "what", "x", "needs", "legal", "funds", "case",
			sample_key(hub->context, GULU, 9)));
	assert_null(lists_export(hub->file, "report", &rows));
	row = json_array_get(rows, 0);
	assert_int_equal(json_array_size(json_object_get(row, "needs")), 2);
	assert_string_equal(json_text_or(row, "case", ""), sample_key(hub->context, GULU, 9));
	assert_string_equal(json_text_or(row, "home", ""), GULU);
	assert_null(json_object_get(row, "what") ? NULL : row);
	json_decref(rows);
	assert_int_equal(lists_export(hub->file, "report; DROP", &rows)->code, ERROR_INVALID);
}

static void whoever_can_help_is_found_by_what_is_needed_and_where(void **state)
{
	struct hub *hub = *state;
	json_t *rows;

	add(hub, "provider", NULL,
		json_pack("{ss, s[ss], s[s], ss, ss}", "name", "both", "services", "legal", "medical",
			"districts", "UG-304", "languages", "Acholi, English", "capacity", "full"));
	add(hub, "provider", NULL,
		json_pack("{ss, s[s], ss}", "name", "anywhere", "services", "legal", "languages", "Luganda"));
	add(hub, "provider", NULL, json_pack("{ss, s[s]}", "name", "police", "services", "police"));
	add(hub, "provider", NULL,
		json_pack("{ss, s[s], ss}", "name", "gone", "services", "legal", "state", "left"));
#define FOUND(service, district, language, room, names)                                                      \
	assert_null(lists_helpers(                                                                           \
		hub->file, &(struct lists_wish){service, district, language, room}, 10, &rows));             \
	assert_string_equal(column(hub, rows, "name"), names)
	FOUND("", "", "", false, "anywhere both police");
	FOUND("legal", "", "", false, "anywhere both");
	FOUND("legal", "UG-304", "", false, "anywhere both");
	FOUND("legal", "UG-301", "", false, "anywhere");
	FOUND("", "", "ACHOLI", false, "both");
	FOUND("legal", "", "", true, "anywhere");
	FOUND("\" OR 1", "", "", false, "");
}

static void a_case_lists_its_referrals_and_a_code_finds_its_own(void **state)
{
	struct hub *hub = *state;
	const char *in_case = add(hub, "case", NULL, json_pack("{ss}", "alias", "Heron")), *consent, *key,
		   *found;
	json_t *rows;

	consent = add(
		hub, "consent", in_case, json_pack("{ss, ss}", "purpose", "help", "withdrawn", "2026-11-20"));
	add(hub, "referral", in_case, json_pack("{ss}", "reason", "a draft"));
	key = add(hub, "referral", in_case,
		json_pack("{ss, ss, ss}", "state", "sent", "consent", consent, "pass", "verifier"));
	assert_null(lists_referred(hub->file, in_case, 10, &rows));
	assert_string_equal(column(hub, json_incref(rows), "key"), key);
	assert_string_equal(column(hub, rows, "consent_withdrawn"), "2026-11-20");
	assert_null(referral_list_lapsed(hub->file, GULU, 10, &rows));
	assert_string_equal(column(hub, rows, "key"), key);
	assert_null(lists_of_pass(hub->context, hub->file, "verifier", &found));
	assert_string_equal(found, key);
	assert_null(lists_of_pass(hub->context, hub->file, "another", &found));
	assert_string_equal(found, "");
	assert_null(lists_of_pass(hub->context, hub->file, "", &found));
	assert_string_equal(found, "");
}

static void a_reference_is_unique_in_the_hub_and_the_same_on_every_hub(void **state)
{
	struct hub *hub = *state;
	const char *key = sample_key(hub->context, GULU, 70);
	char first[REFERENCE_SIZE], again[REFERENCE_SIZE], second[REFERENCE_SIZE], plain[REFERENCE_SIZE];

	assert_null(lists_free_reference(hub->file, "GUL", key, first));
	ids_reference(plain, "GUL", key, 0);
	assert_string_equal(first, plain);
	sample_take(hub->file, sample_event(hub->context, GULU, 'o', 70, "case", key, NULL,
				       json_pack("{s:s}", "ref", first), NULL));
	assert_null(lists_free_reference(hub->file, "GUL", key, again));
	assert_string_equal(first, again);
	add(hub, "case", NULL, json_pack("{s:s}", "ref", first));
	assert_null(lists_free_reference(hub->file, "GUL", key, second));
	assert_string_not_equal(first, second);
}

/* Whatever lists.c prepares, as SQLite reports it. */
struct seen {
	struct hub *hub;
	char *queries[64];
	size_t count;
};

static int note_statement(unsigned kind, void *user, void *statement, void *unused)
{
	struct seen *seen = user;
	const char *sql = sqlite3_sql(statement);

	if (seen->count < 64 && strncmp(sql, "--", 2) != 0)
		seen->queries[seen->count++] = memory_string(seen->hub->context, sql);
	return 0;
}

/* Lists of what is wrong are read whole; they hold nothing else. So is what is exported. */
static bool is_short(const char *plan, const char *sql)
{
	bool is_export = strncmp(sql, "SELECT t.key, t.home,", 21) == 0;

	return strncmp(plan, "SCAN f", 6) == 0 || strncmp(plan, "SCAN o", 6) == 0 ||
	       (is_export && (strcmp(plan, "SCAN t") == 0 || strcmp(plan, "SCAN part") == 0)) ||
	       strncmp(plan, "SCAN CONSTANT ROW", 17) == 0 ||
	       strncmp(plan, "SCAN search VIRTUAL TABLE", 25) == 0;
}

static void check_plan(struct hub *hub, const char *sql)
{
	struct query query;
	bool row;

	assert_null(db_prepare(
		casefile_db(hub->file), &query, memory_format(hub->context, "EXPLAIN QUERY PLAN %s", sql)));
	for (;;) {
		const char *plan;

		assert_null(db_step(&query, &row));
		if (!row)
			break;
		plan = db_text(&query, 3);
		if (strncmp(plan, "SCAN", 4) == 0 && !strstr(plan, "USING INDEX") &&
			!strstr(plan, "USING COVERING INDEX") && !is_short(plan, sql))
			fail_msg("%s: %s", plan, sql);
		if (strstr(plan, "AUTOMATIC"))
			fail_msg("%s: %s", plan, sql);
	}
	db_finish(&query);
}

static void every_list_runs_on_an_index(void **state)
{
	struct hub *hub = *state;
	const char *key = sample_key(hub->context, GULU, 1);
	struct seen seen = {.hub = hub};
	const struct owed_asked everybodys = {"2026-11-23", "2026-11-30", NULL, 10},
				mine = {"2026-11-23", "2026-11-30", "akello", 10};
	char ref[REFERENCE_SIZE];
	struct referral_hubs hubs;
	const struct entity *entities;
	const char *own;
	json_t *rows;
	size_t count;

	entities = schema_entities(&count);
	sqlite3_trace_v2(casefile_db(hub->file)->handle, SQLITE_TRACE_STMT, note_statement, &seen);
#define ASK(call)                                                                                            \
	assert_null(call);                                                                                   \
	json_decref(rows)
	ASK(lists_reports(hub->file, "new", 10, 0, &rows));
	ASK(lists_reports(hub->file, NULL, 10, 0, &rows));
	ASK(lists_cases(hub->file, "open", NULL, 10, &rows));
	ASK(lists_cases(hub->file, NULL, NULL, 10, &rows));
	ASK(lists_cases(hub->file, "open", key, 10, &rows));
	ASK(lists_cases(hub->file, NULL, key, 10, &rows));
	ASK(lists_actions(hub->file, key, "2026-11-23", 10, &rows));
	ASK(lists_followups(hub->file, key, "2026-11-23", 10, &rows));
	ASK(owed_list(hub->file, &everybodys, &rows));
	ASK(owed_list(hub->file, &mine, &rows));
	ASK(lists_case_reports(hub->file, key, &rows));
	ASK(lists_duplicates(hub->file, key, &rows));
	ASK(lists_cases_past(hub->file, "2026-11-23", 10, &rows));
	ASK(lists_notes(hub->file, key, &rows));
	ASK(lists_messages(hub->file, key, &rows));
	ASK(lists_conflicts(hub->file, 10, &rows));
	ASK(lists_oversteps(hub->file, 10, &rows));
	ASK(lists_users(hub->file, &rows));
	ASK(lists_teams(hub->file, &rows));
	ASK(lists_counts(hub->file, &rows));
	ASK(lists_search(hub->file, "market", 10, &rows));
	ASK(lists_helpers(hub->file, &(struct lists_wish){"legal", "gulu", "acholi", true}, 10, &rows));
	ASK(lists_referred(hub->file, key, 10, &rows));
	assert_null(lists_of_pass(hub->context, hub->file, "none", &own));
	assert_null(lists_provider_of(hub->context, hub->file, "auma", &own));
	ASK(directory_list(
		hub->file, &(struct directory_filter){"legal", "", "", "", "active"}, 10, 0, &rows));
	ASK(directory_colleagues(hub->file, key, 10, &rows));
	ASK(directory_principles(hub->file, &rows));
	ASK(added_list(hub->file, "acts", &rows));
	ASK(added_list(hub->file, "", &rows));
	ASK(referral_list_to(hub->file, key, 10, &rows));
	ASK(referral_list_received(hub->file, GULU, 10, 0, &rows));
	ASK(referral_list_sent(hub->file, GULU, 10, 0, &rows));
	ASK(obstacle_list(hub->file, NULL, NULL, GULU, "2026-11-23", 10, &rows));
	ASK(referral_list_lapsed(hub->file, GULU, 10, &rows));
	ASK(referral_replies(hub->file, key, &rows));
	assert_null(referral_hubs(hub->file, key, NULL, &hubs));
	ASK(lists_transfers(hub->file, GULU, false, 10, &rows));
	ASK(lists_transfers(hub->file, GULU, true, 10, &rows));
	ASK(lists_transfers_awaited(hub->file, GULU, 10, &rows));
	ASK(lists_transfers_of(hub->file, key, &rows));
	ASK(lists_late(hub->file, key, 10, &rows));
	for (size_t i = 0; i < count; i++) {
		ASK(lists_export(hub->file, entities[i].name, &rows));
	}
	assert_null(lists_free_reference(hub->file, "GUL", sample_key(hub->context, GULU, 1), ref));
	sqlite3_trace_v2(casefile_db(hub->file)->handle, 0, NULL, NULL);
	assert_true(seen.count >= 16 + count);
	for (size_t i = 0; i < seen.count; i++)
		check_plan(hub, seen.queries[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reports_come_with_the_most_urgent_first, setup, teardown),
		cmocka_unit_test_setup_teardown(cases_come_with_the_most_pressing_first, setup, teardown),
		cmocka_unit_test_setup_teardown(page_by_page_each_case_comes_once, setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_is_owed_in_a_case_comes_first_and_is_marked_overdue, setup, teardown),
		cmocka_unit_test_setup_teardown(
			all_that_is_owed_is_one_list_with_missed_follow_ups_first, setup, teardown),
		cmocka_unit_test_setup_teardown(reminders_rest_while_the_case_is_closed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_provider_owes_a_word_until_the_next_comes, setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_is_owed_in_a_restricted_case_is_not_told, setup, teardown),
		cmocka_unit_test_setup_teardown(notes_messages_and_users_are_listed, setup, teardown),
		cmocka_unit_test_setup_teardown(conflicts_are_listed_with_their_field, setup, teardown),
		cmocka_unit_test_setup_teardown(
			search_finds_beginnings_of_words_newest_first, setup, teardown),
		cmocka_unit_test_setup_teardown(search_follows_what_changes, setup, teardown),
		cmocka_unit_test_setup_teardown(every_searched_field_is_in_the_view, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_typed_is_never_syntax, setup, teardown),
		cmocka_unit_test_setup_teardown(export_has_every_field, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_reference_is_unique_in_the_hub_and_the_same_on_every_hub, setup, teardown),
		cmocka_unit_test_setup_teardown(
			whoever_can_help_is_found_by_what_is_needed_and_where, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_case_lists_its_referrals_and_a_code_finds_its_own, setup, teardown),
		cmocka_unit_test_setup_teardown(every_list_runs_on_an_index, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
