/* Files of web/static under /static/: the style of the pages. A role puts this row into its route table:
 *   {METHOD_GET, "/static/" "*", static_serve, 0}, */
#ifndef ENGABO_WEB_STATIC_H
#define ENGABO_WEB_STATIC_H

#include "web/server.h"

/* Answers with the file named by request->rest, gzipped where the browser takes that, or 304 by its ETag.
 * ERROR_NOT_FOUND. */
const struct error *static_serve(struct request *request) MUST_CHECK;

#endif
