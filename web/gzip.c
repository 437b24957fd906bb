/* Makes what we send smaller (gzip.h), so that the form fits through a slow phone's first seconds.
 *
 * Who may be sent something packed is decided where its content is known: server.c for the pages of a role,
 * static.c for files. Never a page that holds a lasting secret beside words that somebody else chose: its
 * length would tell the secret (BREACH). Runs in intake and office. */
#include "web/gzip.h"

#include <string.h>
#include <strings.h>
#include <zlib.h>

#define LEVEL 6
#define WINDOW_BITS (14 + 16) /* 16 KiB, and with gzip's frame */
#define MEMORY_LEVEL 7

struct gzip {
	z_stream stream;
	bool is_ready;
};

static int gzip_end(struct gzip *gzip)
{
	deflateEnd(&gzip->stream);
	return 0;
}

struct gzip *gzip_new(const void *context)
{
	struct gzip *gzip = memory_new(context, struct gzip);

	gzip->is_ready = deflateInit2(&gzip->stream, LEVEL, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL,
				 Z_DEFAULT_STRATEGY) == Z_OK;
	talloc_set_destructor(gzip, gzip_end);
	return gzip;
}

bool gzip_pack(struct gzip *gzip, const void *context, struct bytes plain, struct bytes *out)
{
	z_stream *stream = &gzip->stream;
	uint8_t *packed;

	if (!gzip->is_ready || !plain.len || deflateReset(stream) != Z_OK)
		return false;
	packed = memory_array(context, uint8_t, plain.len);
	stream->next_in = (uint8_t *)plain.data;
	stream->avail_in = (uInt)plain.len;
	stream->next_out = packed;
	stream->avail_out = (uInt)plain.len;
	if (deflate(stream, Z_FINISH) != Z_STREAM_END) {
		talloc_free(packed);
		return false;
	}
	*out = (struct bytes){packed, stream->total_out};
	return true;
}

/* "q=0", "q=0.000": not at all. */
static bool is_refused(const char *parameters, size_t len)
{
	const char *end = parameters + len;

	for (; parameters < end && strchr("; \t", *parameters); parameters++)
		;
	if (end - parameters < 3 || strncasecmp(parameters, "q=", 2) != 0)
		return false;
	for (parameters += 2; parameters < end && strchr("0. \t", *parameters); parameters++)
		;
	return parameters == end;
}

bool gzip_is_accepted(const char *header)
{
	while (header && *header) {
		size_t len, name_len;

		header += strspn(header, ", \t");
		len = strcspn(header, ",");
		name_len = strcspn(header, ",; \t");
		if (name_len == 4 && strncasecmp(header, "gzip", 4) == 0)
			return !is_refused(header + name_len, len - name_len);
		header += len;
	}
	return false;
}
