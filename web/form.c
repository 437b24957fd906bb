/* Reads what a phone sends when somebody presses Send: the one format that our forms use,
 * application/x-www-form-urlencoded.
 *
 * The bytes come from whoever is on the Wi-Fi. A body that is not exactly what a browser makes of a form is
 * refused as a whole, so that no answer is ever kept half or in a shape that nobody typed; only the page that
 * says so shows the rest again. The size of the body is bounded before, by web/server.c; what the fields mean
 * is left to the pages. Pure; runs in intake, office and sync. */
#include "web/form.h"

#include <string.h>

#include "node/base/text.h"
#include "web/language.h"

#define FIELDS_MAX 128
#define NAME_MAX_LEN 64

static int hex_value(uint8_t digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	digit |= 0x20;
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* `out` takes the decoded text on `context`; never longer than what it came from. */
static const struct error *decode(const void *context, struct bytes from, char **out, size_t *out_len)
{
	char *text = memory_string_of(context, from.data, from.len);
	size_t len = 0;

	for (size_t i = 0; i < from.len; i++) {
		uint8_t c = from.data[i];

		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			int high = i + 2 < from.len ? hex_value(from.data[i + 1]) : -1;
			int low = high >= 0 ? hex_value(from.data[i + 2]) : -1;

			if (low < 0)
				return error_new(ERROR_INVALID,
					"the form holds a broken %%-escape; go back and send it again");
			c = (uint8_t)(high << 4 | low);
			i += 2;
		}
		text[len++] = (char)c;
	}
	text[len] = 0;
	*out = text;
	*out_len = len;
	return NULL;
}

/* Adds a decoded field, which lies on the form; or names it as unreadable. */
static const struct error *add(struct form *form, char *name, size_t name_len, char *value, size_t value_len)
{
	if (form->count == FIELDS_MAX)
		return error_new(ERROR_INVALID, "the form holds more than %d fields", FIELDS_MAX);
	if (name_len > NAME_MAX_LEN || !text_is_utf8(name, name_len))
		return error_new(ERROR_INVALID, SAY("the form holds a field whose name is not one of ours"));
	if (!text_is_utf8(value, value_len)) {
		if (!form->unreadable)
			form->unreadable = name;
		return NULL;
	}
	text_unix_lines(value);
	form->fields[form->count++] = (struct form_field){name, value};
	return NULL;
}

static const struct error *field_parse(struct form *form, struct bytes pair)
{
	const uint8_t *equals = memchr(pair.data, '=', pair.len);
	size_t name_end = equals ? (size_t)(equals - pair.data) : pair.len;
	size_t value_start = equals ? name_end + 1 : pair.len;
	size_t name_len, value_len;
	char *name, *value;

	TRY(decode(form, (struct bytes){pair.data, name_end}, &name, &name_len));
	TRY(decode(
		form, (struct bytes){pair.data + value_start, pair.len - value_start}, &value, &value_len));
	return add(form, name, name_len, value, value_len);
}

struct form *form_new(const void *context)
{
	struct form *form = memory_new(context, struct form);

	form->fields = memory_array(form, struct form_field, FIELDS_MAX);
	return form;
}

const struct error *form_add(struct form *form, struct bytes name, struct bytes value)
{
	return add(form, memory_string_of(form, name.data, name.len), name.len,
		memory_string_of(form, value.data, value.len), value.len);
}

const struct error *form_parse(const void *context, struct bytes body, struct form **out)
{
	struct form *form = form_new(context);
	size_t at = 0;

	while (at < body.len) {
		const uint8_t *start = body.data + at;
		const uint8_t *end = memchr(start, '&', body.len - at);
		size_t len = end ? (size_t)(end - start) : body.len - at;

		at += len + 1;
		if (len)
			TRY(field_parse(form, (struct bytes){start, len}));
	}
	*out = form;
	if (form->unreadable)
		return error_new(ERROR_INVALID, "%s: this is not readable text (UTF-8)", form->unreadable);
	return NULL;
}

const char *form_get(const struct form *form, const char *name)
{
	for (size_t i = 0; form && i < form->count; i++)
		if (strcmp(form->fields[i].name, name) == 0)
			return form->fields[i].value;
	return NULL;
}

const char *form_text(const void *context, const struct form *form, const char *name)
{
	const char *value = form_get(form, name);

	return value ? text_trim(context, value) : "";
}
