/* Catching up: from log.git and the own spool into the case file. */
#ifndef ENGABO_WEB_OFFICE_CATCH_H
#define ENGABO_WEB_OFFICE_CATCH_H

#include "web/office/office.h"

/* The roster, when its branch moved: checked from trust.json, never below the highest version this role
 * accepted before. Needs no vault. */
const struct error *catch_roster(struct office *office) MUST_CHECK;
/* Everything new. Cheap when no branch moved. What one log says wrong is kept in office->troubles and stops
 * nothing else. */
const struct error *catch_up(struct office *office) MUST_CHECK;
/* The envelopes of the own spool, which sync may not have committed yet. */
const struct error *catch_spool(struct office *office, int64_t after, int64_t *upto) MUST_CHECK;

#endif
