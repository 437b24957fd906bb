/* Finds the words of a page in the reader's language. The texts are the code's and the templates' own
 * English; translations come by gettext from catalogues made of the files in web/po, which translators write
 * and `make strings` keeps in step.
 *
 * Invariant: a missing catalogue or translation is never an error: then it is said in English. Runs in
 * intake, office and the commands that make pages. */
#include "web/language.h"

#include <limits.h>
#include <libintl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/base/text.h"

#define CODESET "UTF-8"
#define LOCALE "C.UTF-8"

struct language {
	const char *code, *name;
	bool is_draft;
};

static const struct language languages[] = {
	{"en", "English", false},
	{"lg", "Luganda", true},
	{"sw", "Kiswahili", true},
	{"ach", "Leb Acoli", true},
};
#define LANGUAGE_COUNT (sizeof languages / sizeof languages[0])

static const char *const months[] = {
	SAY("January"),
	SAY("February"),
	SAY("March"),
	SAY("April"),
	SAY("May"),
	SAY("June"),
	SAY("July"),
	SAY("August"),
	SAY("September"),
	SAY("October"),
	SAY("November"),
	SAY("December"),
};

/* Beside the program while it is built, below share/ once it is installed. NULL: there is none, and all is
 * English. */
static char *catalogues(const void *context)
{
	static const char *const places[] = {"locale", "../share/engabo/locale"};
	char program[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);

	if (len <= 0)
		return NULL;
	program[len] = '\0';
	*strrchr(program, '/') = '\0';
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		char *path = memory_format(context, "%s/%s", program, places[i]);

		if (access(path, R_OK | X_OK) == 0)
			return path;
	}
	return NULL;
}

void language_start(void)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char *folder = catalogues(scratch);

	unsetenv("LANGUAGE"); /* would decide instead of the page */
	setlocale(LC_CTYPE, LOCALE);
	setlocale(LC_MESSAGES, LOCALE);
	for (size_t i = 1; folder && i < LANGUAGE_COUNT; i++) {
		bindtextdomain(languages[i].code, folder);
		bind_textdomain_codeset(languages[i].code, CODESET);
	}
}

const struct language *language_at(size_t index)
{
	return index < LANGUAGE_COUNT ? &languages[index] : NULL;
}

static const struct language *of_code(const char *code, size_t len)
{
	for (size_t i = 0; i < LANGUAGE_COUNT; i++)
		if (strlen(languages[i].code) == len && memcmp(languages[i].code, code, len) == 0)
			return &languages[i];
	return NULL;
}

const struct language *language_find(const char *code)
{
	return of_code(code, strlen(code));
}

const struct language *language_chosen(const char *codes, size_t index)
{
	codes += strspn(codes, " ");
	for (; index && *codes; index--) {
		codes += strcspn(codes, " ");
		codes += strspn(codes, " ");
	}
	return of_code(codes, strcspn(codes, " "));
}

const char *language_unknown(const char *codes)
{
	for (codes += strspn(codes, " "); *codes; codes += strspn(codes, " ")) {
		size_t len = strcspn(codes, " ");

		if (!of_code(codes, len))
			return codes;
		codes += len;
	}
	return NULL;
}

/* "lg-UG;q=0.8" to its language; NULL where it is not ours or not wanted. */
static const struct language *of_range(const char *range, size_t len)
{
	size_t code = 0, weight;
	char text[8];

	while (code < len && !strchr("-_; \t", range[code]))
		code++;
	if (code >= sizeof text)
		return NULL;
	for (size_t i = 0; i < code; i++)
		text[i] = range[i] >= 'A' && range[i] <= 'Z' ? (char)(range[i] - 'A' + 'a') : range[i];
	text[code] = '\0';
	for (weight = code; weight + 1 < len && (range[weight] != 'q' || range[weight + 1] != '='); weight++)
		;
	if (weight + 1 < len && !memchr(range + weight, '1', len - weight) &&
		strspn(range + weight + 2, "0.") >= len - weight - 2)
		return NULL; /* "q=0": anything but this */
	return language_find(text);
}

const struct language *language_accepted(const char *header)
{
	while (header && *header) {
		size_t len;
		const struct language *found;

		header += strspn(header, ", \t");
		len = strcspn(header, ",");
		found = of_range(header, len);
		if (found)
			return found;
		header += len;
	}
	return NULL;
}

const char *language_code(const struct language *language)
{
	return (language ? language : languages)->code;
}

const char *language_name(const struct language *language)
{
	return (language ? language : languages)->name;
}

bool language_is_draft(const struct language *language)
{
	return language && language->is_draft;
}

static bool is_english(const struct language *language)
{
	return !language || language == languages;
}

const char *language_text(const struct language *language, const char *english)
{
	/* gettext answers "" with the catalogue's header. */
	return is_english(language) || !*english ? english : dgettext(language->code, english);
}

const char *language_plural(
	const struct language *language, const char *one, const char *many, unsigned long count)
{
	if (is_english(language))
		return count == 1 ? one : many;
	return dngettext(language->code, one, many, count);
}

const char *language_month(const struct language *language, int month)
{
	return language_text(language, months[(month - 1) % 12]);
}

/* The two digits at `at`, or 0. */
static int two_digits(const char *date, size_t at)
{
	uint64_t number;
	char text[3] = {date[at], date[at + 1], '\0'};

	return text_to_number(text[0] == '0' ? text + 1 : text, 31, &number) ? 0 : (int)number;
}

char *language_date(const void *context, const struct language *language, const char *date)
{
	size_t len = strlen(date);
	int month = len == 7 || len == 10 ? two_digits(date, 5) : 0,
	    day = len == 10 ? two_digits(date, 8) : 0;

	if (len == 10 && day && month >= 1 && month <= 12)
		/* The parts may change places: day, month, year. */
		return memory_format(context, language_text(language, SAY("%1$d %2$s %3$.4s")), day,
			language_month(language, month), date);
	if (len == 7 && month >= 1 && month <= 12)
		/* Month, year. */
		return memory_format(context, language_text(language, SAY("%1$s %2$.4s")),
			language_month(language, month), date);
	return memory_string(context, date);
}
