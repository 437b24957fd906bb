/* JSON from outside, by jansson: bounded, no duplicate keys, valid UTF-8, nothing behind it.
 *
 * A json_t is owned as jansson does it; CLEANUP(json_decref). The getters answer with what is wrong and
 * where. */
#ifndef ENGABO_BASE_JSON_H
#define ENGABO_BASE_JSON_H

#include <jansson.h>

#include "node/base/error.h"
#include "node/base/memory.h"

DEFINE_CLEANUP(json_t *, json_decref)

/* Parses exactly one object. At most 8 levels deep; ERROR_INVALID says where. */
const struct error *json_object_parse(struct bytes text, json_t **out) MUST_CHECK;
/* One line, keys in the order they were set, on `context`. */
struct bytes json_line(const void *context, const json_t *value);
/* Several lines, for people and files that people may look into; ends in a newline. */
struct bytes json_pretty(const void *context, const json_t *value);

/* The string at `name`: valid until the object changes. ERROR_INVALID when missing, not a string, or over max
 * bytes. */
const struct error *json_get_string(
	const json_t *object, const char *name, size_t max, const char **out) MUST_CHECK;
/* An integer from least to most. */
const struct error *json_get_integer(
	const json_t *object, const char *name, int64_t least, int64_t most, int64_t *out) MUST_CHECK;
/* A child object or array: borrowed. */
const struct error *json_get_object(const json_t *object, const char *name, json_t **out) MUST_CHECK;
const struct error *json_get_array(
	const json_t *object, const char *name, size_t most, json_t **out) MUST_CHECK;
/* The string at `name`, or `otherwise` where there is none. */
const char *json_text_or(const json_t *object, const char *name, const char *otherwise);

#endif
