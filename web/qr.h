/* QR codes (ISO/IEC 18004) as pictures of their own: SVG, black on white with its quiet zone, so that a
 * camera reads it on a dark page and on paper alike. The only file that includes qrencode.h. Pure. */
#ifndef ENGABO_WEB_QR_H
#define ENGABO_WEB_QR_H

#include "node/base/error.h"
#include "node/base/memory.h"

/* What a camera shall read, as one SVG document on `context`. A quarter of it may be dirty or torn.
 * ERROR_INVALID when it is more than one code holds (1,663 bytes). */
const struct error *qr_svg(const void *context, const char *text, struct bytes *out) MUST_CHECK;
/* The text by which a phone joins a Wi-Fi (the form that ZXing began and Android and iOS read): WPA with a
 * password, open with "". On `context`. */
char *qr_wifi(const void *context, const char *name, const char *password);

#endif
