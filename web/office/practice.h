/* Practice: a case file of samples, of one session alone, in which everything can be tried and nothing is
 * written to the card, sent anywhere or kept (practice.c). */
#ifndef ENGABO_WEB_OFFICE_PRACTICE_H
#define ENGABO_WEB_OFFICE_PRACTICE_H

#include "web/office/visit.h"

/* With the samples, for this session; freed by session_end. */
const struct error *practice_start(struct visit *visit) MUST_CHECK;
/* The office as pages see it while its session practises: the same, but for the case file. On the visit's
 * context. */
struct office *practice_office(const struct visit *visit);

#endif
