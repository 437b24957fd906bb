/* Addresses and the table of pages. The shape of a row is in server.h. */
#ifndef ENGABO_WEB_ROUTE_H
#define ENGABO_WEB_ROUTE_H

#include "web/server.h"

/* The path of a request as it was sent (without the query), decoded on `context`. ERROR_INVALID for what is
 * not plain: no leading slash, ".",
 * "..", "//", a backslash, control characters, an encoded slash, a broken escape, not UTF-8, over 1024 bytes.
 */
const struct error *route_path(const void *context, const char *raw, size_t len, const char **out) MUST_CHECK;

/* The first row whose pattern fits decides, with all rows of the same pattern: which methods are `allowed`,
 * and which row has this one. NULL with allowed 0 is a 404, NULL with more a 405. *rest is what stood for the
 * final '*', or "". */
const struct route *route_find(
	const struct route *routes, const char *path, int method, int *allowed, const char **rest);

#endif
