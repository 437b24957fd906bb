/* The form: one page with all questions, of which the style shows one at a time. So between two questions
 * nothing is asked of this hub, the phone's own Back works, and a lost connection loses nothing. What is
 * asked lies in questions.c, Send in send.c.
 *
 * A browser keeps the page in memory while one looks at another (no-cache instead of no-store), so that Back
 * after a Send that failed shows what was typed. It must not keep it longer: autocomplete is off, so a reload
 * empties the questions, because what a browser would bring back for you it would bring back for the next
 * person on a borrowed phone; and the pages after Send and "Leave this page" empty its memory (forget_style).
 * Over plain http, in a workshop, browsers do not let a page empty their memory. There it is no-store, and
 * comes with a status that Chromium does not keep either, so that Back after a Send that failed shows empty
 * questions; a workshop's pages ask people to close the window all the same (intake-open.html).
 *
 * Invariant: every answer typed is in the page that comes back, whatever went wrong. Runs in intake. */
#include "web/intake/intake.h"

#include <string.h>

#include "node/base/clock.h"
#include "node/base/text.h"
#include "web/intake/gate.h"
#include "web/intake/questions.h"

/* "Non-Authoritative Information", which says of a page what is true of one over plain http. Browsers show it
 * as any other, but keep only what came with 200 in their memory of pages that one can go back to. */
#define UNKEPT_STATUS 203
#define DAY_SECONDS (INT64_C(24) * 3600)
/* A clock that nobody has set may stand at the day on which this program was built, and what happened today
 * must be told all the same. */
#define CLOCK_DOUBT_DAYS 366

struct questionnaire form_questionnaire(const struct request *request)
{
	struct questionnaire asked = {
		.language = request->language, .asks_names = !gate_is_workshop(request)};
	struct coalition_readers readers;
	char now[TEXT_TIME_SIZE];

	if (!coalition_readers(intake_of(request)->coalition, &readers))
		asked.has_headquarters = !readers.is_alone && !readers.is_headquarters;
	text_time(now, clock_wall_seconds());
	memcpy(asked.today, now, sizeof asked.today - 1);
	text_time(now, clock_likely_seconds() + (clock_is_sure() ? 2 : CLOCK_DOUBT_DAYS) * DAY_SECONDS);
	memcpy(asked.latest, now, sizeof asked.latest - 1);
	return asked;
}

/* `view` may hold problems or a notice. */
static const struct error *show(struct request *request, const char *token, json_t *view)
{
	const struct questionnaire asked = form_questionnaire(request);
	char fresh[TOKEN_SIZE];

	if (!token || !token_is_whole(token)) {
		token_new(fresh, intake_of(request)->token_key, intake_seconds());
		if (json_object_get(view, "left"))
			json_object_set(view, "before", json_object_get(view, "left"));
		token = fresh;
	}
	questions_fill(view, &asked, request->form);
	if (questions_are_for_headquarters(request->form) &&
		strcmp(form_text(request->context, request->form, "danger"), "yes") == 0)
		json_object_set_new(view, "is_unheard", json_true());
	json_object_set_new(view, "token", json_string(token));
	json_object_set_new(view, "own_box", json_true());
	if (request->method == METHOD_POST)
		intake_return(request, INTAKE_DESK_WRITING_SECONDS);
	return page_show(request, "intake-form", view);
}

const struct error *form_show(struct request *request)
{
	if (strcmp(request->rest, "1") != 0) {
		request_redirect(request, intake_link(request, "/form/1"));
		return NULL;
	}
	TRY(intake_may_take(intake_of(request)));
	if (request->is_secure)
		request_add_header(request, "Cache-Control", "no-cache");
	else
		request->status = UNKEPT_STATUS;
	return show(request, NULL, intake_view(request, say(request, "Form")));
}

const struct error *form_check_page(struct request *request, const char *token, const char *notice)
{
	const struct questionnaire asked = form_questionnaire(request);
	json_t *fields CLEANUP(json_decref) = notice ? NULL : questions_fields(&asked, request->form);
	json_t *view = intake_view(request, say(request, "Form"));

	json_object_set_new(view, "is_back", json_true());
	if (notice)
		json_object_set_new(view, "notice", json_string(notice));
	else
		questions_check(view, &asked, request->form, fields);
	return show(request, token, view);
}

const struct error *form_problem(struct request *request, const char *trouble)
{
	const struct questionnaire asked = form_questionnaire(request);
	json_t *view = intake_view(request, say(request, "Form"));

	json_object_set_new(view, "is_back", json_true());
	if (!questions_unreadable(view, &asked, request->form))
		page_problem(view, "", trouble);
	return show(request, form_get(request->form, "token"), view);
}
