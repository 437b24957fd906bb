/* A sealed file, opened and handed out as a download: never as something that a browser shows (download.c).
 */
#ifndef ENGABO_WEB_OFFICE_DOWNLOAD_H
#define ENGABO_WEB_OFFICE_DOWNLOAD_H

#include "web/office/visit.h"

#define DOWNLOAD_PHOTOS "files" /* folders of the state directory: what reporters sent, written by intake */
#define DOWNLOAD_FILES "attachments" /* what staff added, written by the office */

/* `row` has "pieces" and "identity". Whether all of it is at this hub. */
bool download_is_here(const struct visit *visit, const char *folder, const json_t *row);
/* The answer is the file, called `name` and the ending of its kind. ERROR_NOT_FOUND while it is at another
 * hub. */
const struct error *download(
	struct visit *visit, const char *folder, const json_t *row, const char *name) MUST_CHECK;

/* How a file that begins so ends: "jpg", "pdf"...; "bin" for what is not known. */
const char *download_kind(struct bytes head);

#endif
