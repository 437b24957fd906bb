/* Pages and files made smaller for the air (gzip, RFC 1952): most of a page is words, and they shrink to a
 * third.
 */
#ifndef ENGABO_WEB_GZIP_H
#define ENGABO_WEB_GZIP_H

#include <stdbool.h>

#include "node/base/memory.h"

/* Room to pack in, used again for each page: 128 KiB. For one thread. */
struct gzip;
struct gzip *gzip_new(const void *context);
/* *out on `context`. False, and nothing made, when it would not get smaller. */
bool gzip_pack(struct gzip *gzip, const void *context, struct bytes plain, struct bytes *out);
/* Whether an Accept-Encoding header (RFC 9110, 12.5.3; NULL: there is none) takes gzip. */
bool gzip_is_accepted(const char *header);

#endif
