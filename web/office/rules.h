/* What the fields of a record must say together: a case is not closed without a reason, nothing is due before
 * it was agreed. */
#ifndef ENGABO_WEB_OFFICE_RULES_H
#define ENGABO_WEB_OFFICE_RULES_H

#include "web/office/visit.h"

/* `values` has the fields as text. True when they hold; else a problem is added at the field that is to be
 * mended. */
bool rules_hold(struct visit *visit, const char *entity, const json_t *values);

#endif
