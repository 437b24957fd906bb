/* talloc with one rule added: it never returns NULL. Used by every process. */
#include "node/base/memory.h"

#include <string.h>

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

void *memory_context(const void *parent)
{
	return must(talloc_new(parent));
}

void *memory_pool(size_t size)
{
#ifdef __SANITIZE_ADDRESS__ /* which sees only blocks of their own */
	size = 0;
#endif
	return must(size ? talloc_pool(NULL, size) : talloc_new(NULL));
}

void *memory_zeroed(const void *context, size_t size, const char *name)
{
	return must(_talloc_zero(context, size, name));
}

void *memory_zeroed_array(const void *context, size_t size, size_t count, const char *name)
{
	return must(_talloc_zero_array(context, size, (unsigned)count, name));
}

void *memory_resized(const void *context, void *old, size_t size, size_t count)
{
	return must(_talloc_realloc_array(context, old, size, (unsigned)(count ? count : 1), "array"));
}

char *memory_string(const void *context, const char *text)
{
	return must(talloc_strdup(context, text));
}

char *memory_string_of(const void *context, const void *data, size_t len)
{
	char *copy = must(talloc_size(context, len + 1));

	if (len)
		memcpy(copy, data, len);
	copy[len] = '\0';
	return copy;
}

char *memory_format(const void *context, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = talloc_vasprintf(context, format, args);
	va_end(args);
	return must(text);
}

struct bytes memory_bytes(const void *context, const void *data, size_t len)
{
	return (struct bytes){(const uint8_t *)memory_string_of(context, data, len), len};
}

struct buffer *buffer_new(const void *context)
{
	struct buffer *buffer = memory_new(context, struct buffer);

	buffer->size = 256;
	buffer->data = must(talloc_size(buffer, buffer->size));
	buffer->data[0] = '\0';
	return buffer;
}

static void reserve(struct buffer *buffer, size_t more)
{
	if (buffer->len + more + 1 <= buffer->size)
		return;
	while (buffer->len + more + 1 > buffer->size)
		buffer->size *= 2;
	buffer->data = must(talloc_realloc_size(buffer, buffer->data, buffer->size));
}

void buffer_add(struct buffer *buffer, const void *data, size_t len)
{
	reserve(buffer, len);
	if (len)
		memcpy(buffer->data + buffer->len, data, len);
	buffer->len += len;
	buffer->data[buffer->len] = '\0';
}

void buffer_text(struct buffer *buffer, const char *text)
{
	buffer_add(buffer, text, strlen(text));
}

void buffer_format(struct buffer *buffer, const char *format, ...)
{
	va_list args, again;
	int len;

	va_start(args, format);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (len < 0)
		abort();
	reserve(buffer, (size_t)len);
	vsnprintf((char *)buffer->data + buffer->len, (size_t)len + 1, format, args);
	buffer->len += (size_t)len;
	va_end(args);
}

struct bytes buffer_bytes(const struct buffer *buffer)
{
	return (struct bytes){buffer->data, buffer->len};
}
