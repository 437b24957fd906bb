/* Files of web/templates and web/static, embedded at build time by the Makefile (build/assets.c). */
#ifndef ENGABO_WEB_ASSETS_H
#define ENGABO_WEB_ASSETS_H

#include <stdbool.h>

#include "node/base/memory.h"

/* "templates/welcome.html", "static/style.css". False where there is none. */
bool assets_find(const char *name, struct bytes *out);

#endif
