/* A setting is taken as it was meant, or the file and line of the mistake are named. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "node/base/config.h"
#include "node/base/files.h"
#include "node/base/text.h"
#include "tests/unit/place.h"

static const struct error *parse(struct config *config, const char *text)
{
	return config_parse(config, "engabo.conf", (struct bytes){(const uint8_t *)text, strlen(text)});
}

static void every_key_has_a_default(void **state)
{
	struct config *config = config_defaults(*state);

	assert_string_equal(config->hub.code, "HUB");
	assert_string_equal(config->hub.region, "");
	assert_int_equal(config->intake.http, 8080);
	assert_int_equal(config->intake.https, 8443);
	assert_string_equal(config->intake.name, "this office");
	assert_string_equal(config->intake.phone, "");
	assert_int_equal(config->intake.reports_an_hour, 300);
	assert_int_equal(config->intake.reports_an_address, 20);
	assert_int_equal(config->intake.photos_megabytes_a_day, 200);
	assert_int_equal(config->intake.token_seconds, 5);
	assert_int_equal(config->intake.form, FORM_HTTPS);
	assert_string_equal(config->intake.certificate, "");
	assert_string_equal(config->intake.key, "");
	assert_string_equal(config->intake.languages, "en lg sw ach");
	assert_true(config->intake.captive);
	assert_string_equal(config->wifi.name, "");
	assert_string_equal(config->wifi.password, "");
	assert_int_equal(config->office.https, 9443);
	assert_int_equal(config->office.idle_minutes, 15);
	assert_int_equal(config->office.session_hours, 8);
	assert_int_equal(config->office.lock_minutes, 60);
	assert_int_equal(config->sync.https, 7443);
	assert_int_equal(config->sync.interval_minutes, 15);
	assert_true(config->sync.announce);
	assert_string_equal(config->urgent.command, "");
	assert_string_equal(config->urgent.quiet, "");
	assert_int_equal(config->keep.closed_cases_months, 24);
	assert_string_equal(config->address, "::");
}

static const struct error *parse_settings(struct config *config, const char *text)
{
	return config_parse_settings(
		config, "settings.conf", (struct bytes){(const uint8_t *)text, strlen(text)});
}

static void what_staff_set_is_read_back_as_they_set_it(void **state)
{
	struct config *config = config_defaults(*state), *again = config_defaults(*state);
	struct bytes text;

	assert_null(parse(config, "[intake]\nname = The blue house\nphone = 0800 100\nform = counter\n"));
	assert_null(config_settings(*state, config, &text));
	assert_null(config_parse_settings(again, "settings.conf", text));
	assert_string_equal(again->intake.name, "The blue house");
	assert_string_equal(again->intake.phone, "0800 100");
	assert_int_equal(again->intake.form, FORM_COUNTER);
}

static void put(void *state, const char *name, const char *text)
{
	assert_null(files_write(
		place_file(state, name), (struct bytes){(const uint8_t *)text, strlen(text)}, 0600));
}

static void only_what_staff_changed_is_theirs(void **state)
{
	struct config *config;
	struct bytes text;

	put(*state, "engabo.conf", "[intake]\nname = The blue house\nphone = 0800 100\n");
	assert_null(config_load(*state, *state, &config));
	assert_string_equal(config_set_by_staff(*state, config), "");
	config->intake.form = FORM_COUNTER;
	assert_null(config_settings(*state, config, &text));
	assert_null(files_write(place_file(*state, CONFIG_SETTINGS), text, 0600));
	put(*state, "engabo.conf", "[intake]\nname = The green house\nphone = 0800 200\n");
	assert_null(config_load(*state, *state, &config));
	assert_string_equal(
		config->intake.name, "The green house"); /* the administrator's word still counts */
	assert_string_equal(config->intake.phone, "0800 200");
	assert_int_equal(config->intake.form, FORM_COUNTER);
	assert_string_equal(config_set_by_staff(*state, config), "form");
}

static void a_broken_file_of_staff_stops_nothing_and_is_told(void **state)
{
	static const char *const broken[] = {"[intake]\nname = Ours\nform = wrong\n", "[hub]\nname = x\n",
		"nonsense", "[intake]\nphone = \xff\n", "[intake]\nhttps = 1\n"};
	struct config *config;
	char *path = place_file(*state, CONFIG_SETTINGS);

	put(*state, "engabo.conf", "[intake]\nname = The blue house\n");
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		assert_null(files_write(
			path, (struct bytes){(const uint8_t *)broken[i], strlen(broken[i])}, 0600));
		assert_null(config_load(*state, *state, &config));
		assert_non_null(config->settings_wrong);
		assert_true(text_starts(config->settings_wrong, memory_format(*state, "%s:", path)));
		assert_string_equal(config->intake.name, "The blue house");
		assert_int_equal(config->intake.form, FORM_HTTPS);
	}
	put(*state, CONFIG_SETTINGS, "[intake]\nname = Ours\n");
	assert_null(config_load(*state, *state, &config));
	assert_null(config->settings_wrong);
	assert_string_equal(config->intake.name, "Ours");
	config = config_refuse_settings(*state, config, "for a reason");
	assert_string_equal(config->settings_wrong, "for a reason");
	assert_string_equal(config->intake.name, "The blue house");
}

static void what_staff_type_cannot_become_another_setting(void **state)
{
	static const char *const names[] = {
		"a ; b", "x\nform = public", "[hub]\nname = y", "  edges", "a\\\nb", "\u202eecffo"};
	struct config *config = config_defaults(*state);
	struct bytes text;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct error *error;

		config->intake.name = memory_string(config, names[i]);
		error = config_settings(*state, config, &text);
		assert_non_null(error);
	}
}

static void the_page_cannot_set_what_belongs_to_the_administrator(void **state)
{
	struct config *config = config_defaults(*state);
	const struct error *error = parse_settings(config, "[intake]\nhttps = 1\n");

	assert_non_null(error);
	assert_int_equal(error->code, ERROR_CONFIG);
	assert_non_null(strstr(error->message, "settings.conf:2: https belongs into engabo.conf"));
	assert_int_equal(config->intake.https, 8443);
	error = parse_settings(config, "[intake]\nform = workshop\n");
	assert_non_null(error);
	assert_non_null(strstr(error->message, "form must be https, public or counter"));
}

static void what_is_written_is_taken(void **state)
{
	struct config *config = config_defaults(*state);

	assert_null(parse(config, "; the hub in the north\n[hub]\nname = Gulu\ncode = GUL\nregion = "
				  "Acholi\n\n[intake]\nhttp = 80\n"
				  "phone = 0800 100 066, 0312 000 000\nreports_an_hour=0\ncaptive = "
				  "no\n[wifi]\nname = Blue bird\npassword = a1b2c3d4\n[sync]\nannounce = "
				  "no\n[network]\naddress = 127.0.0.1\n"));
	assert_string_equal(config->hub.name, "Gulu");
	assert_string_equal(config->hub.code, "GUL");
	assert_string_equal(config->hub.region, "Acholi");
	assert_int_equal(config->intake.http, 80);
	assert_string_equal(config->intake.phone, "0800 100 066, 0312 000 000");
	assert_int_equal(config->intake.reports_an_hour, 0);
	assert_false(config->intake.captive);
	assert_string_equal(config->wifi.name, "Blue bird");
	assert_string_equal(config->wifi.password, "a1b2c3d4");
	assert_false(config->sync.announce);
	assert_string_equal(config->address, "127.0.0.1");
	assert_null(parse(config, "[hub]\r\nname = Mbale \xc5\x8b\r\n"));
	assert_string_equal(config->hub.name, "Mbale \xc5\x8b");
	assert_string_equal(config->hub.code, "GUL"); /* from before */
	assert_null(parse(config, ""));
}

static void a_mistake_is_named_with_its_line(void **state)
{
	static const struct {
		const char *text;
		int line;
		const char *what;
	} bad[] = {
		{"[hub]\nnmae = Gulu\n", 2, "nmae"},
		{"[hubb]\nname = Gulu\n", 1, "hubb"},
		{"[hubb]\n", 1, "hubb"},
		{"name = Gulu\n", 1, "name"},
		{"[hub]\n\n\n[hub\n", 4, "neither"},
		{"[hub]\nname Gulu\n", 2, "neither"},
		{"[hub]\nname = \n", 2, "name"},
		{"[hub]\ncode = gul\n", 2, "capital"},
		{"[hub]\nname = Gulu\nname = Lira\n", 3, "twice"},
		{"[hub]\nname = Gulu\n  code = GUL\n", 3, "indented"},
		{"[intake]\nhttp = 0\n", 2, "1 to 65535"},
		{"[intake]\nhttp = 65536\n", 2, "1 to 65535"},
		{"[intake]\nhttp = 080\n", 2, "http"},
		{"[intake]\nhttp = -1\n", 2, "http"},
		{"[intake]\nhttp = 80x\n", 2, "http"},
		{"[intake]\nhttp = 99999999999999999999\n", 2, "http"},
		{"[intake]\ncaptive = maybe\n", 2, "yes or no"},
		{"[intake]\nlanguages = en; lg\n", 2, "codes"},
		{"[intake]\nlanguages = en  lg\n", 2, "codes"},
		{"[intake]\nlanguages = English\n", 2, "codes"},
		{"[intake]\ncertificate = public.crt\n", 2, "beginning with /"},
		{"[intake]\nkey = ../public.key\n", 2, "beginning with /"},
		{"[intake]\nname = \u202eecffo\n", 2, "plain text"},
		{"[hub]\nname = Gu\u2066lu\n", 2, "plain text"},
		{"[wifi]\npassword = short\n", 2, "8 to 63"},
		{"[wifi]\nname = a name of more than thirty-two letters\n", 2, "name"},
		{"[office]\nlock_minutes = 0\n", 2, "lock_minutes"},
		{"[sync]\nannounce = true\n", 2, "yes or no"},
		{"[urgent]\ncommand = light --on\n", 2, "beginning with /"},
		{"[urgent]\nquiet = 22-6\n", 2, "22:00-06:00"},
		{"[urgent]\nquiet = 24:00-06:00\n", 2, "22:00-06:00"},
		{"[urgent]\nquiet = 22:00-06:60\n", 2, "22:00-06:00"},
		{"[urgent]\nquiet = 22:00-06:00x\n", 2, "quiet"},
		{"[network]\naddress = localhost\n", 2, "address"},
		{"[hub]\nname = \xff\n", 1, "UTF-8"},
		{"[intake]\nhttp = 80\n[network]\nnonsense\nhttp = 0\n", 4, "neither"},
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const struct error *error = parse(config_defaults(*state), bad[i].text);
		char *where = memory_format(*state, "engabo.conf:%d: ", bad[i].line);

		assert_non_null(error);
		assert_int_equal(error->code, ERROR_CONFIG);
		if (!text_starts(error->message, where) || !strstr(error->message, bad[i].what))
			fail_msg("%zu: \"%s\" where \"%s...%s\" belongs", i, error->message, where,
				bad[i].what);
	}
}

static void hours_are_taken_in_minutes(void **state)
{
	struct config *config = config_defaults(*state);
	int from = 0, to = 0;

	assert_null(parse(config, "[urgent]\ncommand = /etc/engabo/urgent\nquiet = 22:30-06:05\n"));
	assert_string_equal(config->urgent.command, "/etc/engabo/urgent");
	assert_true(config_hours(config->urgent.quiet, &from, &to));
	assert_int_equal(from, 22 * 60 + 30);
	assert_int_equal(to, 6 * 60 + 5);
	assert_false(config_hours("", &from, &to));
	assert_null(parse(config, "[urgent]\nquiet =\n"));
	assert_string_equal(config->urgent.quiet, "");
}

static void a_line_too_long_is_not_cut_into_two(void **state)
{
	char *text = memory_format(*state, "[hub]\nregion = %0250d\n", 0);
	const struct error *error = parse(config_defaults(*state), text);

	assert_non_null(error);
	assert_true(text_starts(error->message, "engabo.conf:2: "));
}

static void the_state_directory_has_the_last_word_and_may_say_nothing(void **state)
{
	struct config *config;
	const struct error *error;
	char *path = place_file(*state, "engabo.conf");

	assert_null(config_load(*state, *state, &config));
	assert_null(files_write(path, (struct bytes){(const uint8_t *)"[hub]\ncode = GUL\n", 17}, 0600));
	assert_null(config_load(*state, *state, &config));
	assert_string_equal(config->hub.code, "GUL");
	assert_null(files_write(path, (struct bytes){(const uint8_t *)"[hub]\ncode = G\n", 15}, 0600));
	error = config_load(*state, *state, &config);
	assert_int_equal(error->code, ERROR_CONFIG);
	assert_non_null(strstr(error->message, memory_format(*state, "%s:2: ", path)));
	assert_string_equal(config->hub.code, "GUL"); /* untouched */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(every_key_has_a_default),
		PLACE_TEST(what_staff_set_is_read_back_as_they_set_it),
		PLACE_TEST(only_what_staff_changed_is_theirs),
		PLACE_TEST(a_broken_file_of_staff_stops_nothing_and_is_told),
		PLACE_TEST(what_staff_type_cannot_become_another_setting),
		PLACE_TEST(the_page_cannot_set_what_belongs_to_the_administrator),
		PLACE_TEST(what_is_written_is_taken),
		PLACE_TEST(a_mistake_is_named_with_its_line),
		PLACE_TEST(hours_are_taken_in_minutes),
		PLACE_TEST(a_line_too_long_is_not_cut_into_two),
		PLACE_TEST(the_state_directory_has_the_last_word_and_may_say_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
