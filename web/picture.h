/* Whether bytes begin as a photo does, by the signatures of JPEG (ITU-T T.81), PNG (RFC 2083), WebP (RFC
 * 9649) and HEIF (ISO/IEC 23008-12). Nothing is decoded. Pure. */
#ifndef ENGABO_WEB_PICTURE_H
#define ENGABO_WEB_PICTURE_H

#include "node/base/memory.h"

#define PICTURE_HEAD 16		       /* so many bytes tell */
#define PICTURE_MAX (10 * 1024 * 1024) /* bytes of a photo */

/* How a file of this kind ends: "jpg", "png", "webp", "heic"; NULL: none of these. */
const char *picture_kind(struct bytes head);

#endif
