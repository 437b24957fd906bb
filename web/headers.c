/* Keeps what strangers typed from becoming a header of ours, and says in every answer that a browser shall
 * show the page and do nothing else. Which answer gets which is left to server.c. Pure; runs in intake,
 * office and sync. */
#include "web/headers.h"

#include <assert.h>
#include <string.h>

#include "node/base/text.h"

static const struct header common_headers[] = {
	{"Content-Security-Policy",
		"default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; form-action "
		"'self'; "
		"frame-ancestors 'none'; base-uri 'none'",
		NULL},
	{"X-Content-Type-Options", "nosniff", NULL},
	{"Referrer-Policy", "same-origin",
		NULL}, /* no-referrer would make our own forms send "Origin: null" */
	{"Cross-Origin-Opener-Policy", "same-origin", NULL},
	{"Cross-Origin-Resource-Policy", "same-origin", NULL},
	{"Permissions-Policy", "camera=(), geolocation=(), microphone=()", NULL},
	{NULL, NULL, NULL},
};

/* A value without the bytes that end a header or that no header may hold. */
static char *header_value(const void *context, const char *value)
{
	struct buffer *clean = buffer_new(context);

	buffer_text(clean, "");
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;

		if (c < ' ' || c == 0x7f)
			buffer_format(clean, "%%%02X", c);
		else
			buffer_add(clean, value, 1);
	}
	return (char *)clean->data;
}

void headers_add(const void *context, struct header **list, const char *name, const char *value)
{
	struct header *header = memory_new(context, struct header);

	header->name = memory_string(header, name);
	header->value = header_value(header, value);
	header->next = *list;
	*list = header;
}

struct header *headers_parse(const void *context, const char *lines)
{
	struct header *list = NULL;

	while (lines && *lines) {
		size_t len = strcspn(lines, "\n"), name_len = strcspn(lines, ":");
		struct header *header = memory_new(context, struct header);

		assert(name_len < len && lines[len] == '\n');
		header->name = memory_string_of(header, lines, name_len);
		header->value =
			text_trim(header, memory_string_of(header, lines + name_len + 1, len - name_len - 1));
		header->next = list;
		list = header;
		lines += len + 1;
	}
	return list;
}

const struct header *headers_common(void)
{
	return common_headers;
}
