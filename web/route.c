/* Decides which page is meant by an address, and refuses addresses that could mean two things: decoded once,
 * here, so that nobody behind this can be led to a file or page that the table does not name. Pure; runs in
 * intake, office and sync. */
#include "web/route.h"

#include <string.h>

#include "node/base/text.h"
#include "web/language.h"

#define PATH_MAX_LEN 1024

const struct error *route_path(const void *context, const char *raw, size_t len, const char **out)
{
	char *path = memory_string_of(context, raw, len);
	size_t to = 0;

	if (len == 0 || len > PATH_MAX_LEN || raw[0] != '/')
		return error_new(ERROR_INVALID, SAY("this address is not one of ours"));
	for (size_t i = 0; i < len; i++) {
		uint8_t c = (uint8_t)raw[i];

		if (c == '%') {
			char digits[3] = {i + 1 < len ? raw[i + 1] : 0, i + 2 < len ? raw[i + 2] : 0, 0};

			text_lower(digits);
			if (text_from_hex(&c, 1, digits))
				return error_new(ERROR_INVALID, "this address holds a broken %%-escape");
			if (c == '/')
				return error_new(ERROR_INVALID, "this address holds an encoded slash");
			i += 2;
		}
		if (c < ' ' || c == 0x7f || c == '\\')
			return error_new(
				ERROR_INVALID, "this address holds a character that has no place in one");
		path[to++] = (char)c;
	}
	path[to] = 0;
	if (!text_is_utf8(path, to))
		return error_new(ERROR_INVALID, "this address is not UTF-8");
	for (const char *part = path; part; part = strchr(part + 1, '/')) {
		size_t part_len = strcspn(part + 1, "/");

		if ((part_len == 1 && part[1] == '.') ||
			(part_len == 2 && part[1] == '.' && part[2] == '.') ||
			(part_len == 0 && part[1] == '/'))
			return error_new(ERROR_INVALID, SAY("this address is not one of ours"));
	}
	*out = path;
	return NULL;
}

static bool fits(const struct route *route, const char *path, const char **rest)
{
	size_t len = strlen(route->pattern);
	bool takes_rest = len > 0 && route->pattern[len - 1] == '*';

	*rest = takes_rest && strlen(path) >= len - 1 ? path + len - 1 : "";
	return takes_rest ? strncmp(route->pattern, path, len - 1) == 0 : strcmp(route->pattern, path) == 0;
}

const struct route *route_find(
	const struct route *routes, const char *path, int method, int *allowed, const char **rest)
{
	const struct route *found = NULL, *first = NULL;

	*allowed = 0;
	for (const struct route *route = routes; route->pattern; route++) {
		const char *its_rest;

		if (!fits(route, path, &its_rest) || (first && strcmp(first->pattern, route->pattern) != 0))
			continue;
		if (!first)
			first = route;
		*rest = its_rest;
		*allowed |= route->methods;
		if (!found && route->methods & method)
			found = route;
	}
	return found;
}
