/* The hub's settings: what an administrator may write into engabo.conf, and what holds when they write
 * nothing (see config.h).
 *
 * The table below is the list of keys; README.md shows it. inih splits the lines; here every key, section and
 * value is checked, because a misspelt setting that is silently ignored would be noticed only when it is
 * needed. Used by every process, at start. */
#include "node/base/config.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <ini.h>
#include <stddef.h>
#include <string.h>

#include "node/base/files.h"
#include "node/base/ids.h"
#include "node/base/text.h"

#define FILE_MAX (64 * 1024)
#define SYSTEM_FILE "/etc/engabo/engabo.conf"
#define SYSTEM_DIRECTORY "/etc/engabo/conf.d"

enum kind { TEXT, TEXT_OR_NONE, CODE, CODES, ADDRESS, NUMBER, YES_NO, WAY, FILE_PATH, PROGRAM, HOURS };

struct key {
	const char *section, *name;
	enum kind kind;
	size_t at;	 /* in struct config */
	int least, most; /* of a number; of a text, its characters */
	const char *otherwise;
};

static const char *const ways[] = {
	[FORM_HTTPS] = "https", [FORM_PUBLIC] = "public", [FORM_COUNTER] = "counter"};
#define WAY_COUNT (sizeof ways / sizeof *ways)

#define AT(member) offsetof(struct config, member)
static const struct key keys[] = {
	{"hub", "name", TEXT, AT(hub.name), 1, 60, "Hub"},
	{"hub", "code", CODE, AT(hub.code), 0, 0, "HUB"},
	{"hub", "region", TEXT, AT(hub.region), 0, 60, ""},
	{"intake", "http", NUMBER, AT(intake.http), 1, 65535, "8080"},
	{"intake", "https", NUMBER, AT(intake.https), 1, 65535, "8443"},
	{"intake", "name", TEXT, AT(intake.name), 1, 60, "this office"},
	{"intake", "phone", TEXT, AT(intake.phone), 0, 100, ""},
	{"intake", "reports_an_hour", NUMBER, AT(intake.reports_an_hour), 0, 1000000, "300"},
	{"intake", "reports_an_address", NUMBER, AT(intake.reports_an_address), 0, 1000000, "20"},
	{"intake", "photos_megabytes_a_day", NUMBER, AT(intake.photos_megabytes_a_day), 0, 100000, "200"},
	{"intake", "token_seconds", NUMBER, AT(intake.token_seconds), 0, 600, "5"},
	{"intake", "languages", CODES, AT(intake.languages), 2, 100, "en lg sw ach"},
	{"intake", "captive", YES_NO, AT(intake.captive), 0, 0, "yes"},
	{"intake", "form", WAY, AT(intake.form), 0, 0, "https"},
	{"intake", "certificate", FILE_PATH, AT(intake.certificate), 0, 1000, ""},
	{"intake", "key", FILE_PATH, AT(intake.key), 0, 1000, ""},
	{"wifi", "name", TEXT, AT(wifi.name), 0, 32, ""},
	{"wifi", "interface", TEXT, AT(wifi.interface), 0, 15, ""},
	{"wifi", "password", TEXT_OR_NONE, AT(wifi.password), 8, 63, ""},
	{"office", "https", NUMBER, AT(office.https), 1, 65535, "9443"},
	{"office", "idle_minutes", NUMBER, AT(office.idle_minutes), 1, 120, "15"},
	{"office", "session_hours", NUMBER, AT(office.session_hours), 1, 24, "8"},
	{"office", "lock_minutes", NUMBER, AT(office.lock_minutes), 1, 1440, "60"},
	{"sync", "https", NUMBER, AT(sync.https), 1, 65535, "7443"},
	{"sync", "interval_minutes", NUMBER, AT(sync.interval_minutes), 1, 10080, "15"},
	{"sync", "announce", YES_NO, AT(sync.announce), 0, 0, "yes"},
	{"urgent", "command", PROGRAM, AT(urgent.command), 0, 1000, ""},
	{"urgent", "quiet", HOURS, AT(urgent.quiet), 0, 11, ""},
	{"keep", "closed_cases_months", NUMBER, AT(keep.closed_cases_months), 1, 1200, "24"},
	{"network", "address", ADDRESS, AT(address), 0, 0, "::"},
};
#define KEY_COUNT (sizeof keys / sizeof *keys)

/* What staff may choose on the page /settings. */
static bool is_settable(const struct key *key)
{
	static const char *const names[] = {"name", "phone", "languages", "form"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(key->section, "intake") == 0 && strcmp(key->name, names[i]) == 0)
			return true;
	return false;
}

/* inih's reader gets one line at a time from here, so that the line of every mistake is known. */
struct parse {
	struct config *config;
	const char *name, *at, *end;
	int line;
	bool is_settings;
	bool seen[KEY_COUNT];
	const struct error *error; /* the first */
};

static bool take_time(const char **text, int *minute)
{
	const char *at = *text;

	for (int i = 0; i < 5; i++)
		if (i == 2 ? at[i] != ':' : at[i] < '0' || at[i] > '9')
			return false;
	*minute = ((at[0] - '0') * 10 + at[1] - '0') * 60 + (at[3] - '0') * 10 + at[4] - '0';
	*text += 5;
	return *minute < 24 * 60 && at[3] < '6';
}

bool config_hours(const char *text, int *from, int *to)
{
	return take_time(&text, from) && *text++ == '-' && take_time(&text, to) && !*text;
}

/* Which names there are is the pages' to know (web/settings.h). */
static bool is_codes(const char *text)
{
	for (;;) {
		size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz");

		if (len < 2 || len > 8)
			return false;
		text += len;
		if (!*text)
			return true;
		if (*text++ != ' ')
			return false;
	}
}

static const struct error *text_set(struct config *config, const struct key *key, const char *value)
{
	char **slot = (char **)((char *)config + key->at);
	size_t len = text_length(value);
	struct in6_addr address;
	int from, to;

	if (key->kind == CODE && !ids_is_code(value))
		return error_new(ERROR_CONFIG,
			"%s must be two to eight capital letters or digits, the first a letter", key->name);
	if (!text_is_plain(value))
		return error_new(ERROR_CONFIG,
			"%s must be plain text, without signs that cannot be seen or that turn the direction "
			"of writing",
			key->name);
	if (key->kind == CODES && !is_codes(value))
		return error_new(ERROR_CONFIG,
			"%s must be codes of languages in small letters, with one space between two",
			key->name);
	if (key->kind == FILE_PATH && *value && *value != '/')
		return error_new(ERROR_CONFIG, "%s must be the path of a file, beginning with /", key->name);
	if (key->kind == ADDRESS && inet_pton(AF_INET6, value, &address) != 1 &&
		inet_pton(AF_INET, value, &address) != 1)
		return error_new(ERROR_CONFIG, "%s must be an address in numbers, such as :: or 192.168.1.2",
			key->name);
	if (key->kind == PROGRAM && *value && *value != '/')
		return error_new(ERROR_CONFIG,
			"%s must be the path of a program, beginning with /, and no more: "
			"no options, no shell",
			key->name);
	if (key->kind == HOURS && *value && !config_hours(value, &from, &to))
		return error_new(ERROR_CONFIG, "%s must be hours such as 22:00-06:00", key->name);
	if ((key->kind == TEXT || key->kind == CODES || key->kind == FILE_PATH || key->kind == PROGRAM) &&
		(len < (size_t)key->least || len > (size_t)key->most))
		return error_new(
			ERROR_CONFIG, "%s must have %d to %d characters", key->name, key->least, key->most);
	if (key->kind == TEXT_OR_NONE && len && (len < (size_t)key->least || len > (size_t)key->most))
		return error_new(ERROR_CONFIG, "%s must have %d to %d characters, or none", key->name,
			key->least, key->most);
	if (*slot)
		memory_free(*slot);
	*slot = memory_string(config, value);
	return NULL;
}

const char *config_way(enum form_way way)
{
	return ways[way];
}

bool config_find_way(const char *name, enum form_way *out)
{
	for (size_t i = 0; i < WAY_COUNT; i++)
		if (strcmp(ways[i], name) == 0) {
			*out = (enum form_way)i;
			return true;
		}
	return false;
}

static const struct error *way_set(struct config *config, const struct key *key, const char *value)
{
	if (config_find_way(value, (enum form_way *)((char *)config + key->at)))
		return NULL;
	return error_new(ERROR_CONFIG,
		"%s must be https, public or counter (a workshop is opened on the page "
		"/settings)",
		key->name);
}

static const struct error *key_set(struct config *config, const struct key *key, const char *value)
{
	uint64_t number;

	switch (key->kind) {
	case TEXT:
	case TEXT_OR_NONE:
	case CODE:
	case CODES:
	case ADDRESS:
	case FILE_PATH:
	case PROGRAM:
	case HOURS:
		return text_set(config, key, value);
	case NUMBER:
		if (text_to_number(value, (uint64_t)key->most, &number) || number < (uint64_t)key->least)
			return error_new(ERROR_CONFIG, "%s must be a number from %d to %d", key->name,
				key->least, key->most);
		*(int *)((char *)config + key->at) = (int)number;
		return NULL;
	case YES_NO:
		if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
			return error_new(ERROR_CONFIG, "%s must be yes or no", key->name);
		*(bool *)((char *)config + key->at) = strcmp(value, "yes") == 0;
		return NULL;
	case WAY:
		return way_set(config, key, value);
	}
	return NULL;
}

struct config *config_defaults(const void *context)
{
	struct config *config = memory_new(context, struct config);

	for (size_t i = 0; i < KEY_COUNT; i++)
		if (key_set(config, &keys[i], keys[i].otherwise))
			abort(); /* the table contradicts itself */
	return config;
}

static void complain(struct parse *parse, const struct error *error)
{
	if (!parse->error)
		parse->error = error_new(ERROR_CONFIG, "%s:%d: %s", parse->name, parse->line, error->message);
}

static bool is_section(const char *name, size_t len)
{
	for (size_t i = 0; i < KEY_COUNT; i++)
		if (strlen(keys[i].section) == len && memcmp(keys[i].section, name, len) == 0)
			return true;
	return false;
}

/* inih tells of a section only by its keys; an empty one with a wrong name would pass. */
static void check_section(struct parse *parse, const char *line, size_t len)
{
	const char *end;

	while (len && (*line == ' ' || *line == '\t')) {
		line++;
		len--;
	}
	if (!len || *line != '[')
		return;
	end = memchr(line, ']', len);
	if (end && !is_section(line + 1, (size_t)(end - line) - 1))
		complain(parse, error_new(ERROR_CONFIG, "there is no section [%.*s]", (int)(end - line) - 1,
					line + 1));
}

static char *next_line(char *out, int size, void *user)
{
	struct parse *parse = user;
	const char *newline;
	size_t len;

	if (parse->error || parse->at == parse->end)
		return NULL;
	newline = memchr(parse->at, '\n', (size_t)(parse->end - parse->at));
	len = (size_t)((newline ? newline + 1 : parse->end) - parse->at);
	parse->line++;
	if (len >= (size_t)size) {
		complain(parse, error_new(ERROR_CONFIG, "the line is longer than %d bytes", size - 1));
		return NULL;
	}
	check_section(parse, parse->at, len);
	memcpy(out, parse->at, len);
	out[len] = '\0';
	parse->at += len;
	return out;
}

static int take(void *user, const char *section, const char *name, const char *value)
{
	struct parse *parse = user;
	const struct error *error;

	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (strcmp(keys[i].section, section) != 0 || strcmp(keys[i].name, name) != 0)
			continue;
		/* Also what inih takes for the continuation of a value: an indented line. */
		error = parse->seen[i]
				? error_new(ERROR_CONFIG, "%s is set twice, or this line is indented", name)
			: parse->is_settings && !is_settable(&keys[i])
				? error_new(ERROR_CONFIG, "%s belongs into engabo.conf", name)
				: key_set(parse->config, &keys[i], value);
		parse->seen[i] = true;
		if (error)
			complain(parse, error);
		return !error;
	}
	if (is_section(section, strlen(section)))
		complain(parse, error_new(ERROR_CONFIG, "there is no setting \"%s\" in [%s]", name, section));
	else
		complain(parse, error_new(ERROR_CONFIG, "\"%s\" stands in no section that there is", name));
	return 0;
}

static const struct error *parse_text(
	struct config *config, const char *name, struct bytes text, bool is_settings)
{
	struct parse parse = {.config = config,
		.name = name,
		.is_settings = is_settings,
		.at = (const char *)text.data,
		.end = (const char *)text.data + text.len};
	int line;

	if (!text.len)
		return NULL;
	if (!text_is_utf8(text.data, text.len))
		return error_new(ERROR_CONFIG, "%s:1: not text in UTF-8", name);
	line = ini_parse_stream(next_line, &parse, take, &parse);
	if (parse.error && (line <= 0 || line >= parse.line))
		return parse.error;
	if (line)
		return error_new(
			ERROR_CONFIG, "%s:%d: neither [section] nor name = value", name, line < 0 ? 1 : line);
	return NULL;
}

const struct error *config_parse(struct config *config, const char *name, struct bytes text)
{
	return parse_text(config, name, text, false);
}

const struct error *config_parse_settings(struct config *config, const char *name, struct bytes text)
{
	return parse_text(config, name, text, true);
}

static const char *value_of(const struct config *config, const struct key *key)
{
	const char *at = (const char *)config + key->at;

	return key->kind == WAY ? ways[*(const enum form_way *)at] : *(char *const *)at;
}

/* What holds where settings.conf says nothing. */
static const struct config *without_settings(const void *context, const struct config *config)
{
	return config->without_settings ? config->without_settings : config_defaults(context);
}

static bool is_set(const struct key *key, const struct config *config, const struct config *without)
{
	return is_settable(key) && strcmp(value_of(config, key), value_of(without, key)) != 0;
}

/* The text is read again before it is believed: what inih would take for a comment, a line or a quote is
 * found out by its own rules. */
const struct error *config_settings(const void *context, const struct config *config, struct bytes *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct config *without = without_settings(scratch, config);
	struct config *again = config_defaults(scratch);
	struct buffer *text = buffer_new(context);

	buffer_text(text, "# Written by the page /settings, read after engabo.conf.\n[intake]\n");
	for (size_t i = 0; i < KEY_COUNT; i++)
		if (is_set(&keys[i], config, without))
			buffer_format(text, "%s = %s\n", keys[i].name, value_of(config, &keys[i]));
	TRY(config_parse_settings(again, CONFIG_SETTINGS, buffer_bytes(text)));
	for (size_t i = 0; i < KEY_COUNT; i++)
		if (is_set(&keys[i], config, without) &&
			strcmp(value_of(config, &keys[i]), value_of(again, &keys[i])) != 0)
			return error_new(ERROR_INVALID, "%s cannot hold this text", keys[i].name);
	*out = buffer_bytes(text);
	return NULL;
}

char *config_set_by_staff(const void *context, const struct config *config)
{
	struct buffer *text = buffer_new(context);

	buffer_text(text, "");
	for (size_t i = 0; config->without_settings && i < KEY_COUNT; i++)
		if (is_set(&keys[i], config, config->without_settings))
			buffer_format(text, "%s%s", text->len ? ", " : "", keys[i].name);
	return (char *)text->data;
}

/* One file over what is there; a missing one is fine. */
static const struct error *load(struct config *config, const char *path, bool is_settings)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct error *error;
	struct bytes text;

	error = files_read(scratch, path, FILE_MAX, &text);
	if (error && error->code == ERROR_NOT_FOUND)
		return NULL;
	if (error)
		return error_new(ERROR_CONFIG, "%s:1: %s", path, error->message);
	return parse_text(config, path, text, is_settings);
}

static int is_conf(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && text_ends(entry->d_name, ".conf");
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static const struct error *load_directory(struct config *config, const char *path)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct error *error = NULL;
	struct dirent **entries;
	int count = scandir(path, &entries, is_conf, by_name);

	if (count < 0)
		return errno == ENOENT ? NULL : error_new(ERROR_CONFIG, "%s:1: %s", path, strerror(errno));
	for (int i = 0; i < count; i++) {
		if (!error)
			error = load(
				config, memory_format(scratch, "%s/%s", path, entries[i]->d_name), false);
		free(entries[i]);
	}
	free(entries);
	return error;
}

static struct config *copy(const void *context, const struct config *from)
{
	struct config *config = memory_new(context, struct config);

	*config = *from;
	for (size_t i = 0; i < KEY_COUNT; i++) {
		char **slot = (char **)((char *)config + keys[i].at);

		if (keys[i].kind != NUMBER && keys[i].kind != YES_NO && keys[i].kind != WAY)
			*slot = memory_string(config, *slot);
	}
	return config;
}

struct config *config_refuse_settings(const void *context, const struct config *config, const char *why)
{
	struct config *plain = copy(context, config->without_settings);

	plain->without_settings = copy(plain, config->without_settings);
	plain->settings_wrong = memory_string(plain, why);
	return plain;
}

const struct error *config_load(const void *context, const char *state, struct config **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct config *plain = config_defaults(scratch), *config;
	const struct error *error;

	TRY(load(plain, SYSTEM_FILE, false));
	TRY(load_directory(plain, SYSTEM_DIRECTORY));
	TRY(load(plain, memory_format(scratch, "%s/engabo.conf", state), false));
	config = copy(scratch, plain);
	error = load(config, memory_format(scratch, "%s/" CONFIG_SETTINGS, state), true);
	if (error) {
		config = copy(scratch, plain);
		config->settings_wrong = memory_string(config, error->message);
	}
	config->without_settings = talloc_steal(config, plain);
	*out = talloc_steal(context, config);
	return NULL;
}
