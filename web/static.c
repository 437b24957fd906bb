/* Hands out the files that pages need to look right. They hold nothing of anyone, so they alone may be cached
 * and compressed: a compressed page with a secret and words of an attacker in it could be measured (BREACH).
 * Runs in intake and office. */
#include "web/static.h"

#include <string.h>
#include <zlib.h>

#include "node/base/text.h"
#include "node/vault/digest.h"
#include "web/template.h"

static const char *type_of(const char *name)
{
	static const struct {
		const char *end, *type;
	} types[] = {
		{".css", "text/css; charset=utf-8"},
		{".js", "text/javascript; charset=utf-8"},
		{".svg", "image/svg+xml"},
		{".png", "image/png"},
		{"", "application/octet-stream"},
	};
	size_t i = 0;

	while (!text_ends(name, types[i].end))
		i++;
	return types[i].type;
}

/* RFC 1952. False when it would not get smaller. */
static bool gzip(const void *context, struct bytes plain, struct bytes *out)
{
	z_stream stream = {0};
	uint8_t *packed = memory_array(context, uint8_t, plain.len);
	int status;

	if (deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	stream.next_in = (uint8_t *)plain.data;
	stream.avail_in = (uInt)plain.len;
	stream.next_out = packed;
	stream.avail_out = (uInt)plain.len;
	status = deflate(&stream, Z_FINISH);
	*out = (struct bytes){packed, stream.total_out};
	deflateEnd(&stream);
	return status == Z_STREAM_END;
}

const struct error *static_serve(struct request *request)
{
	const char *accepted = request_header(request, "Accept-Encoding"),
		   *known = request_header(request, "If-None-Match");
	uint8_t digest[DIGEST_LEN];
	char hex[2 * 8 + 1], tag[32];
	struct bytes file, packed;
	bool may_pack = accepted && strstr(accepted, "gzip");

	if (!template_file(
		    request->context, memory_format(request->context, "static/%s", request->rest), &file))
		return error_new(ERROR_NOT_FOUND, "there is no such file");
	digest_of(digest, file);
	text_hex(hex, digest, 8);
	snprintf(tag, sizeof tag, "\"%s%s\"", hex, may_pack ? "-gzip" : "");
	request->may_be_cached = true;
	request->type = type_of(request->rest);
	request_add_header(request, "ETag", tag);
	request_add_header(request, "Vary", "Accept-Encoding");
	if (known && strcmp(known, tag) == 0) {
		request->status = 304;
	} else if (may_pack && gzip(request->context, file, &packed)) {
		request_add_header(request, "Content-Encoding", "gzip");
		request->body = packed;
	} else {
		request->body = file;
	}
	return NULL;
}
