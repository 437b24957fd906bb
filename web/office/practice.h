/* Practice: a case file of samples, of one session alone, in which everything can be tried and nothing is
 * written to the card, sent anywhere or kept (practice.c). Whoever touches one holds the reception's mutex.
 */
#ifndef ENGABO_WEB_OFFICE_PRACTICE_H
#define ENGABO_WEB_OFFICE_PRACTICE_H

struct practice;
struct visit;
/* While its session practises, the visit sees the samples instead of the office; until practice_leave, which
 * ends every visit, they stay, whatever becomes of the session meanwhile. */
void practice_enter(struct visit *visit);
void practice_leave(struct visit *visit);
/* The session has no more use for it; NULL is fine. */
void practice_end(struct practice *practice);

#endif
