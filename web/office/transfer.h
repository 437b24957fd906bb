/* Whose a case is, on its page. */
#ifndef ENGABO_WEB_OFFICE_TRANSFER_H
#define ENGABO_WEB_OFFICE_TRANSFER_H

#include "web/office/pages.h"

/* "transfer" of the view, for office-transfer-box: {"is_ours","is_foreign" (this hub may not write to it),
 * "owner","may_offer","offer":{"hub"},"declined":{"hub","why"},"is_crossed","owed","late"}. */
const struct error *transfer_show(struct visit *visit, const char *case_key) MUST_CHECK;
/* "offers" of the view: those that wait for this hub's answer. */
const struct error *transfer_show_offers(struct visit *visit) MUST_CHECK;

#endif
