/* The parts of a case: their lines on its page, and one form for all of them (parts.c). */
#ifndef ENGABO_WEB_OFFICE_PARTS_H
#define ENGABO_WEB_OFFICE_PARTS_H

#include "web/office/pages.h"

/* What a part of a case is called, in English for say(): "Follow-up"; "" for no such part. */
const char *parts_heading(const char *entity);
/* Whether it is shown only for a reason, which is written down. */
bool parts_is_secret(const char *entity);
/* "parts" of the view: {"contacts":{"list":[{"href","title","facts","is_secret","is_over",
 * "is_conflict"}]}, "plans": ...}, kinds of which there is none left out; and conflicts of what is shown
 * there, for office-settle-boxes. */
const struct error *parts_show(struct visit *visit, const char *case_key) MUST_CHECK;

/* Before it is shown who a person is: that this user looked, and why, is on the card when this returns. */
const struct error *parts_note_person(struct visit *visit, const json_t *person, const char *why) MUST_CHECK;

#endif
