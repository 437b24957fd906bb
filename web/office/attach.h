/* Files that staff add to a case: letters, photos of wounds, rulings (attach.c). */
#ifndef ENGABO_WEB_OFFICE_ATTACH_H
#define ENGABO_WEB_OFFICE_ATTACH_H

#include "web/office/pages.h"

/* For server_options.uploads. */
extern const struct server_upload attach_uploads[];
/* Makes the folder, and removes what a killed writer left in it. For the office role, under its lock. */
const struct error *attach_start(const struct home *home) MUST_CHECK;
/* "files" of the view of a case, for office-case: [{"href","out","name","text","size","away"}]; "has_files".
 */
const struct error *attach_show(struct visit *visit, const char *case_key) MUST_CHECK;
/* The file /cases/<parts[0]>/files/<parts[1]>, and its case; both the caller's. ERROR_NOT_FOUND also for one
 * that was taken out. */
const struct error *attach_find(struct visit *visit, json_t **in_case, json_t **record) MUST_CHECK;

#endif
