/* Files that staff add to a case: letters, photos of wounds, rulings (attach.c). */
#ifndef ENGABO_WEB_OFFICE_ATTACH_H
#define ENGABO_WEB_OFFICE_ATTACH_H

#include "web/office/pages.h"

/* For server_options.uploads. */
extern const struct server_upload attach_uploads[];
/* Makes the folder, and removes what a killed writer left in it. For the office role, under its lock. */
const struct error *attach_start(const struct home *home) MUST_CHECK;
/* "files" of the view of a case, for office-case: {"list":[{"href","remove","name","text","size","away"}]} or
 * null. */
const struct error *attach_show(struct visit *visit, const char *case_key) MUST_CHECK;

#endif
