/* Pages: Mustache (spec 1.x: variables, sections, inverted sections, partials, comments; no lambdas, no
 * set-delimiter) over jansson values.
 *
 * One addition: {{#t}}Words for people{{/t}} are looked up in the catalogue of the page's language, with each
 * run of white space as one space; values and sections inside are filled in after that, so a translation has
 * to carry the same tags. {{#t}} cannot hold another {{#t}}.
 *
 * Escaping for HTML is all there is: there is no unescaped tag, so it cannot be left out by accident.
 * Templates are files in web/templates, embedded; with --from-disk DIR they are read anew on each request.
 * Numbers print as integers; false, null, "", [] and missing are falsy. */
#ifndef ENGABO_WEB_TEMPLATE_H
#define ENGABO_WEB_TEMPLATE_H

#include <stdbool.h>

#include "node/base/json.h"
#include "web/language.h"

/* Read templates from DIR/templates and files from DIR/static from now on. */
void template_from_disk(const char *directory);
/* A file of web/templates or web/static by its name below web ("static/style.css"): embedded, or from disk on
 * `context`. False where there is none. */
bool template_file(const void *context, const char *name, struct bytes *out);
/* Renders templates/<name>.html with `view` in a language (NULL: English), within the layout partials that it
 * names itself ({{> head}}, {{> foot}}). ERROR_NOT_FOUND for an unknown template. */
const struct error *template_render(const void *context, const char *name, const json_t *view,
	const struct language *language, struct bytes *out) MUST_CHECK;
/* The engine alone, for tests and the fuzzer; partials come from `find`, which may be NULL. ERROR_INVALID for
 * a malformed template; at most 16 deep. */
typedef bool template_find(void *user, const char *name, struct bytes *out);
const struct error *template_run(const void *context, struct bytes source, const json_t *view,
	template_find *find, void *user, const struct language *language, struct bytes *out) MUST_CHECK;

#endif
