/* Memory: one talloc context a request or job, freed once; handles released by CLEANUP at the end of a scope.
 *
 * Nothing here returns NULL: out of memory aborts the process. Secrets do not belong here but in
 * node/vault/secret.h. */
#ifndef ENGABO_BASE_MEMORY_H
#define ENGABO_BASE_MEMORY_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <talloc.h>
#include <unistd.h>

/* A run of bytes that somebody else owns, or that hangs on a talloc context. Text results carry a NUL behind
 * `len` that is not counted. */
struct bytes {
	const uint8_t *data;
	size_t len;
};

#define BYTES_OF(array) ((struct bytes){(const uint8_t *)(array), sizeof(array)})

/* CLEANUP(free_thing) struct thing *t = NULL; -- free_thing must take NULL. */
#define CLEANUP(function) __attribute__((cleanup(function##_cleanup)))
#define DEFINE_CLEANUP(type, function)                                                                       \
	static inline void function##_cleanup(type *at)                                                      \
	{                                                                                                    \
		function(*at);                                                                               \
	}

static inline void memory_free(void *context)
{
	talloc_free(context);
}
DEFINE_CLEANUP(void *, memory_free)
static inline void fd_close(int fd)
{
	if (fd >= 0)
		close(fd);
}
DEFINE_CLEANUP(int, fd_close)

/* void *scratch CLEANUP(memory_free) = memory_context(NULL); */
#define NEVER_NULL __attribute__((returns_nonnull))
void *memory_context(const void *parent) NEVER_NULL;
/* The same without a parent, for many small things: up to `size` bytes of them lie in one block. */
void *memory_pool(size_t size) NEVER_NULL;
void *memory_zeroed(const void *context, size_t size, const char *name) NEVER_NULL;
#define memory_new(context, type) ((type *)memory_zeroed((context), sizeof(type), #type))
#define memory_array(context, type, count)                                                                   \
	((type *)memory_zeroed_array((context), sizeof(type), (count), #type))
void *memory_zeroed_array(const void *context, size_t size, size_t count, const char *name) NEVER_NULL;
/* Grows or shrinks; keeps the parent; `old` may be NULL. New elements are not zeroed. */
#define memory_resize(context, old, type, count)                                                             \
	((type *)memory_resized((context), (old), sizeof(type), (count)))
void *memory_resized(const void *context, void *old, size_t size, size_t count) NEVER_NULL;
char *memory_string(const void *context, const char *text) NEVER_NULL;
char *memory_string_of(const void *context, const void *data, size_t len) NEVER_NULL;
char *memory_format(const void *context, const char *format, ...)
	__attribute__((format(printf, 2, 3))) NEVER_NULL;
/* A copy, with a NUL behind it that is not counted. */
struct bytes memory_bytes(const void *context, const void *data, size_t len);

/* A growing buffer; `data` always ends in a NUL that is not counted. Free it with its context. */
struct buffer {
	uint8_t *data;
	size_t len, size;
};
struct buffer *buffer_new(const void *context) NEVER_NULL;
void buffer_add(struct buffer *buffer, const void *data, size_t len);
void buffer_text(struct buffer *buffer, const char *text);
void buffer_format(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct bytes buffer_bytes(const struct buffer *buffer);

#endif
