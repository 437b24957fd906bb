/* What every page needs between a handler and its template. The keys that all pages share are told in
 * templates/head.html. */
#ifndef ENGABO_WEB_PAGE_H
#define ENGABO_WEB_PAGE_H

#include "web/language.h"
#include "web/server.h"

/* A text in the language of the answer. Written out in the call, so that `make strings` finds it. */
static inline const char *__attribute__((format_arg(2)))
say(const struct request *request, const char *english)
{
	return language_text(request->language, english);
}
/* For a number: say_many(request, "%d minute", "%d minutes", n). */
static inline const char *__attribute__((format_arg(2), format_arg(3)))
say_many(const struct request *request, const char *one, const char *many, unsigned long count)
{
	return language_plural(request->language, one, many, count);
}

/* One more line for the box "There is a problem", and for the input with this id: `problems` and
 * `errors.<field>` of the view. An empty field says it in the box only. */
void page_problem(json_t *view, const char *field, const char *text);
bool page_has_problems(const json_t *view);
/* Fills the answer with templates/<name>.html. Takes over the view. With problems in it the status is 400,
 * unless already set. */
const struct error *page_show(struct request *request, const char *name, json_t *view) MUST_CHECK;
/* Fills the answer with problem.html for an error, by the status that the server has set; for
 * server_options.problem. `view` holds what the role's head wants (site, staff, nav, ...) and is taken over.
 */
void page_show_error(struct request *request, const struct error *error, json_t *view);

#endif
