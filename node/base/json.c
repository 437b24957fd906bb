/* Careful reading of JSON: see json.h. Used by every process. */
#include "node/base/json.h"

#include <stdbool.h>
#include <string.h>

#define DEPTH_MAX 8

/* jansson recurses by depth; bytes from outside are measured before it sees them. */
static const struct error *check_depth(struct bytes text)
{
	bool in_string = false;
	int depth = 0;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[') {
			if (++depth > DEPTH_MAX)
				return error_new(
					ERROR_INVALID, "JSON is nested more than %d deep", DEPTH_MAX);
		} else if (c == '}' || c == ']') {
			depth--;
		}
	}
	return NULL;
}

const struct error *json_object_parse(struct bytes text, json_t **out)
{
	json_error_t why;
	json_t *value;

	TRY(check_depth(text));
	value = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &why);
	if (!value)
		return error_new(ERROR_INVALID, "not JSON at line %d, column %d", why.line, why.column);
	if (!json_is_object(value)) {
		json_decref(value);
		return error_new(ERROR_INVALID, "not a JSON object");
	}
	*out = value;
	return NULL;
}

static struct bytes dump(const void *context, const json_t *value, size_t flags, const char *end)
{
	char *text = json_dumps(value, flags);
	struct buffer *out = buffer_new(context);

	if (!text)
		abort();
	buffer_text(out, text);
	buffer_text(out, end);
	free(text);
	return buffer_bytes(out);
}

struct bytes json_line(const void *context, const json_t *value)
{
	return dump(context, value, JSON_COMPACT, "");
}

struct bytes json_pretty(const void *context, const json_t *value)
{
	return dump(context, value, JSON_INDENT(1), "\n");
}

const struct error *json_get_string(const json_t *object, const char *name, size_t max, const char **out)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_string(value))
		return error_new(ERROR_INVALID, "\"%s\" is missing or not text", name);
	if (json_string_length(value) > max)
		return error_new(ERROR_INVALID, "\"%s\" is longer than %zu bytes", name, max);
	*out = json_string_value(value);
	return NULL;
}

const struct error *json_get_integer(
	const json_t *object, const char *name, int64_t least, int64_t most, int64_t *out)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_integer(value))
		return error_new(ERROR_INVALID, "\"%s\" is missing or not a whole number", name);
	if (json_integer_value(value) < least || json_integer_value(value) > most)
		return error_new(ERROR_INVALID, "\"%s\" is out of range", name);
	*out = json_integer_value(value);
	return NULL;
}

const struct error *json_get_object(const json_t *object, const char *name, json_t **out)
{
	json_t *value = json_object_get(object, name);

	if (!json_is_object(value))
		return error_new(ERROR_INVALID, "\"%s\" is missing or not an object", name);
	*out = value;
	return NULL;
}

const struct error *json_get_array(const json_t *object, const char *name, size_t most, json_t **out)
{
	json_t *value = json_object_get(object, name);

	if (!json_is_array(value))
		return error_new(ERROR_INVALID, "\"%s\" is missing or not a list", name);
	if (json_array_size(value) > most)
		return error_new(ERROR_INVALID, "\"%s\" has more than %zu entries", name, most);
	*out = value;
	return NULL;
}

const char *json_text_or(const json_t *object, const char *name, const char *otherwise)
{
	const json_t *value = json_object_get(object, name);

	return json_is_string(value) ? json_string_value(value) : otherwise;
}
