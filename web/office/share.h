/* Who may see a case: its team, whether it is restricted, who reads it then. The fields for a form, and what
 * they must say together; who decides is node/casework/sight.h. */
#ifndef ENGABO_WEB_OFFICE_SHARE_H
#define ENGABO_WEB_OFFICE_SHARE_H

#include "web/office/fields.h"

/* `asked`, and behind it the fields that say who may see a case; on the visit's context. */
const struct asked *share_fields(const struct visit *visit, const struct asked *asked);
/* Adds problems when the case with `set` on top of `now` (NULL: a new one) would have a team that nobody
 * belongs to, or would be out of the sight of whoever writes this. */
const struct error *share_check(struct visit *visit, const json_t *now, const json_t *set) MUST_CHECK;

#endif
