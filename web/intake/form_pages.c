/* The form, one question a page. Each page posts all answers given so far, and the answer to that is the next
 * page; between two pages this hub remembers nothing. What is asked lies in questions.c, Send in send.c.
 *
 * Invariant: every answer typed is in the page that comes back, whatever went wrong. Runs in intake. */
#include "web/intake/intake.h"

#include <string.h>

#include "web/intake/questions.h"

static const struct error *show_step(struct request *request, int step, bool is_review, json_t *view)
{
	questions_fill(view, request->form, step);
	json_object_set_new(view, "is_review", json_boolean(is_review));
	json_object_set_new(view, "may_go_back", json_boolean(!is_review && step > 1));
	json_object_set_new(
		view, "may_finish", json_boolean(!is_review && step > 2 && step < QUESTION_COUNT));
	if (step == 2 && json_is_string(json_object_get(view, "phone")) &&
		strcmp(form_text(request->context, request->form, "danger"), "yes") == 0)
		json_object_set_new(view, "in_danger", json_true());
	return page_show(request, questions_template(step), view);
}

const struct error *form_start(struct request *request)
{
	struct intake *intake = intake_of(request);
	int step = questions_step(request->rest);

	if (!step) {
		request_redirect(request, "/form/1");
		return NULL;
	}
	TRY(intake_may_take(intake));
	return show_step(request, step, false, intake_view(request, "Form"));
}

static const struct error *check_page(struct request *request, const char *token, json_t *view)
{
	struct intake *intake = intake_of(request);
	char fresh[TOKEN_SIZE];

	if (!token) {
		token_new(fresh, intake->token_key, intake_seconds());
		token = fresh;
	}
	questions_fill(view, request->form, 0);
	questions_check(view, request->form, 0);
	json_object_set_new(view, "rows", questions_answers(request->form));
	json_object_set_new(view, "token", json_string(token));
	return page_show(request, "intake-check", view);
}

const struct error *form_check_page(struct request *request, const char *token, const char *trouble)
{
	json_t *view = intake_view(request, "Form");

	if (trouble)
		page_problem(view, "", trouble);
	return check_page(request, token, view);
}

const struct error *form_check_again(struct request *request, const char *token, const char *notice)
{
	json_t *view = intake_view(request, "Form");

	json_object_set_new(view, "notice", json_string(notice));
	return check_page(request, token, view);
}

const struct error *form_problem(struct request *request, const char *trouble)
{
	json_t *view = intake_view(request, "Form");
	int step = questions_step(request->rest);

	if (!questions_unreadable(view, request->form, step))
		page_problem(view, "", trouble);
	if (!step)
		return check_page(request, form_get(request->form, "token"), view);
	return show_step(request, step, form_get(request->form, "review") != NULL, view);
}

static const struct error *go_on(struct request *request, int step, bool to_check)
{
	json_t *view = intake_view(request, "Form");

	questions_check(view, request->form, step);
	if (page_has_problems(view))
		return show_step(request, step, form_get(request->form, "review") != NULL, view);
	if (!to_check && step < QUESTION_COUNT)
		return show_step(request, step + 1, false, view);
	json_decref(view);
	return form_check_page(request, NULL, NULL);
}

const struct error *form_answer(struct request *request)
{
	const char *go = form_get(request->form, "go");
	bool is_review = form_get(request->form, "review") != NULL;
	int step = questions_step(request->rest), change = go ? questions_step(go) : 0;

	if (change)
		return show_step(request, change, true, intake_view(request, "Form"));
	if (!step)
		return form_check_page(request, NULL, NULL);
	if (go && strcmp(go, "back") == 0)
		return show_step(request, step > 1 ? step - 1 : 1, is_review, intake_view(request, "Form"));
	return go_on(request, step, is_review || (go && strcmp(go, "check") == 0));
}
