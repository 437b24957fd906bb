/* application/x-www-form-urlencoded, from hostile phones: bounded, strict, UTF-8 (WHATWG URL, section 5).
 * Pure.
 *
 * At most 128 fields, names at most 64 bytes. Values are decoded, must be UTF-8 without NUL, and have unix
 * line ends. */
#ifndef ENGABO_WEB_FORM_H
#define ENGABO_WEB_FORM_H

#include "node/base/error.h"
#include "node/base/memory.h"

struct form_field {
	const char *name, *value;
};
struct form {
	struct form_field *fields;
	size_t count;
	const char *unreadable; /* the name of the first field whose value is not UTF-8; such are left out */
};
/* ERROR_INVALID: not UTF-8 (names the field), too many, a bad %-escape. Where only values are not UTF-8, *out
 * is there beside the error: all other fields, for the page that says so. */
const struct error *form_parse(const void *context, struct bytes body, struct form **out) MUST_CHECK;
/* For fields that come in another way: an empty form, and one field more. The same limits and errors. */
struct form *form_new(const void *context);
const struct error *form_add(struct form *form, struct bytes name, struct bytes value) MUST_CHECK;
/* The first value, or NULL. form may be NULL. */
const char *form_get(const struct form *form, const char *name);
/* The first value, trimmed, or "". */
const char *form_text(const void *context, const struct form *form, const char *name);

#endif
