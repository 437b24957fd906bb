/* The languages of the pages: gettext (GNU gettext manual, section 4), one domain a language under C.UTF-8,
 * so that languages without a locale of their own work and one process speaks all of them at once.
 *
 * English is the text in the code and the templates and needs no catalogue. The others lie in
 * web/po/<code>.po, compiled to locale/C.UTF-8/LC_MESSAGES/<code>.mo beside the program, or in its
 * ../share/engabo/. A text without translation is shown in English. A `const struct language *` is static;
 * NULL is English everywhere. Thread-safe after language_start. */
#ifndef ENGABO_WEB_LANGUAGE_H
#define ENGABO_WEB_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "node/base/memory.h"

struct language;

/* Marks a text in a table for the catalogue; it is translated where it is shown. */
#define SAY(text) text

/* Once, before any thread exists and before the first text. */
void language_start(void);
/* The languages there are, English first; NULL after the last. */
const struct language *language_at(size_t index);
/* By its code ("lg"); NULL for what is none of ours. */
const struct language *language_find(const char *code);
/* The language that stands at this place in a list of codes ("en lg sw"); NULL after the last and for one
 * that is not ours. */
const struct language *language_chosen(const char *codes, size_t index);
/* The first code in such a list that is none of ours, up to its end; NULL: all are ours. */
const char *language_unknown(const char *codes);
/* The first of ours in an Accept-Language header (RFC 9110, section 12.5.4; in the order written, weights
 * ignored but for 0), or NULL. The header may be NULL. */
const struct language *language_accepted(const char *header);

/* "en", "lg": for <html lang>. */
const char *language_code(const struct language *language);
/* In its own words: "English", "Luganda". */
const char *language_name(const struct language *language);
/* Not yet read by a speaker: the page says so. */
bool language_is_draft(const struct language *language);

/* The text in this language. Static; the English itself where there is no translation. */
const char *language_text(const struct language *language, const char *english)
	__attribute__((format_arg(2)));
/* The form for `count` by the language's own plural rule. */
const char *language_plural(const struct language *language, const char *one, const char *many,
	unsigned long count) __attribute__((format_arg(2), format_arg(3)));
/* "23 November 2026" from 2026-11-23, "November 2026" from 2026-11, "2026" from 2026; what is none of these
 * comes back as it is. On `context`. */
char *language_date(const void *context, const struct language *language, const char *date);
/* The name of a month, 1 to 12. */
const char *language_month(const struct language *language, int month);

#endif
