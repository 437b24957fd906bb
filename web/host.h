/* The header Host (RFC 9110, section 7.2): the name by which a browser reached us, from whoever sends it.
 * Pure. */
#ifndef ENGABO_WEB_HOST_H
#define ENGABO_WEB_HOST_H

#include <stdbool.h>

#define HOST_NAME_SIZE 254 /* of DNS, and a NUL */

/* Writes the name without its port, in lower case: letters, digits, '-' and '.', or an IPv6 address within
 * its brackets. False for NULL and for anything else, a port that is none included. */
bool host_parse(const char *header, char name[static HOST_NAME_SIZE]);
/* Whether the browser says that a page of another host, or another port of ours, sent this: by its headers
 * Origin (RFC 6454) and Sec-Fetch-Site (W3C Fetch Metadata), of which old browsers send none. "null" is a
 * page of nowhere (data:, a sandboxed frame), never one of ours: they say Referrer-Policy: same-origin, and
 * so browsers name us. */
bool host_is_foreign(const char *origin, const char *fetch_site, const char *host);

#endif
