/* Referrals of which this hub speaks as the sender, and whose consent was withdrawn: at another hub, or
 * before it did. */
#ifndef ENGABO_WEB_OFFICE_LAPSE_H
#define ENGABO_WEB_OFFICE_LAPSE_H

#include "web/office/office.h"

/* Withdraws each of them. Cheap when there is none. */
const struct error *lapse_all(struct office *office) MUST_CHECK;

#endif
