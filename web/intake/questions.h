/* The form's questions, one a page, and the answers as they travel: in hidden fields of the next page,
 * nowhere else. Pure.
 *
 * A step is a number from 1 to QUESTION_COUNT; its path is /form/<number>, so that a browser's history says
 * nothing. */
#ifndef ENGABO_WEB_INTAKE_QUESTIONS_H
#define ENGABO_WEB_INTAKE_QUESTIONS_H

#include <stdbool.h>

#include "node/base/json.h"
#include "web/form.h"

#define QUESTION_COUNT 8

/* "1" to "8"; 0 for anything else. */
int questions_step(const char *path);
/* The template of a step. */
const char *questions_template(int step);
/* Fills `view` for a step: what was typed there ("answers", "choices"), all else as "hidden" [{name, value}].
 * Step 0: everything is hidden. */
void questions_fill(json_t *view, const struct form *form, int step);
/* Adds what is wrong with a step's answers to the view's problems; with step 0, of all steps. */
void questions_check(json_t *view, const struct form *form, int step);
/* Adds the answer that could not be read to the problems of its step's page, or of the page that shows all
 * with step 0. False when it is none of the form's. */
bool questions_unreadable(json_t *view, const struct form *form, int step);
/* "Check your answers": [{step, label, text or null}]. The caller owns it. */
json_t *questions_answers(const struct form *form);
/* The report's fields by their names in node/casework/schema, what was left out left out. The caller owns it.
 */
json_t *questions_fields(const struct form *form);

#endif
