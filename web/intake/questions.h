/* What the form asks, and how answers become a report. Pure.
 *
 * All questions stand in one page (templates/intake-form.html), each in a section with the id given here;
 * the style shows one at a time. Answers travel once, at Send. */
#ifndef ENGABO_WEB_INTAKE_QUESTIONS_H
#define ENGABO_WEB_INTAKE_QUESTIONS_H

#include <stdbool.h>

#include "node/base/json.h"
#include "web/form.h"
#include "web/language.h"

struct questionnaire {
	const struct language *language; /* of what is said about the answers */
	bool asks_names;		 /* false: neither who is at risk nor how to reach the person */
	bool has_headquarters;		 /* which could read it in place of this office */
	char today[11];			 /* 2026-11-23: what "today" means */
	char latest[11]; /* no date is later, even if the hub's clock is a little wrong; "": not known */
};

/* Fills `view` for the page: "at" {<question>: {number, next, back}} for each question that is asked,
 * "steps", "answers" and "choices" as they were given, "names", and "may_close" when this office can be left
 * out. */
void questions_fill(json_t *view, const struct questionnaire *asked, const struct form *form);
/* Adds what is wrong with the form and its `fields` (below) to the view's problems: a line of the box that
 * leads to the question, and errors.<input> beside the input. Says so, too, when the office was to be left
 * out and cannot be. */
void questions_check(
	json_t *view, const struct questionnaire *asked, const struct form *form, const json_t *fields);
/* Adds the answer that could not be read as text to the problems. False when it is none of the form's. */
bool questions_unreadable(json_t *view, const struct questionnaire *asked, const struct form *form);
/* The report's fields by their names in node/casework/schema, what was left out left out. Choices of words
 * are in English, for staff. The caller owns it. */
json_t *questions_fields(const struct questionnaire *asked, const struct form *form);
/* Whether nobody in this office may see it. */
bool questions_are_for_headquarters(const struct form *form);

#endif
