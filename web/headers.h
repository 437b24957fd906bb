/* The headers of an answer: a handler's own, the role's, and those that every answer has (security.md's list
 * is made here). Pure. */
#ifndef ENGABO_WEB_HEADERS_H
#define ENGABO_WEB_HEADERS_H

#include "node/base/memory.h"

struct header {
	const char *name, *value;
	struct header *next;
};
/* Puts one in front of *list, on `context`. Control characters in the value, whoever it came from, are
 * encoded as in addresses. */
void headers_add(const void *context, struct header **list, const char *name, const char *value);
/* "Name: value\n" lines, which are ours; NULL: none. On `context`. */
struct header *headers_parse(const void *context, const char *lines);
/* What keeps a browser from doing more than show the page; ends with a NULL name. */
const struct header *headers_common(void);

#endif
