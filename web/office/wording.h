/* In which language somebody reads the office: what they chose at the foot of a page, kept in a cookie of
 * their browser, before and after signing in; English where nothing was chosen. Only pages are said in it:
 * what is written into records is visit_in_english's. */
#ifndef ENGABO_WEB_OFFICE_WORDING_H
#define ENGABO_WEB_OFFICE_WORDING_H

#include "web/office/visit.h"

/* The language that was chosen; NULL: English. */
const struct language *wording_chosen(const struct request *request);
/* "languages" of the view, for the foot: {"path", "list":[{"code","name","here"}]}. Not where going to the
 * same address again would lose what was typed. */
void wording_offer(struct visit *visit);
/* The page that takes the choice and leads back. */
visit_page wording_choose;

#endif
