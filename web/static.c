/* Hands out the files that pages need to look right. They hold nothing of anyone, so browsers may keep them,
 * and each is packed once and kept here, too. Runs in intake and office. */
#include "web/static.h"

#include <pthread.h>
#include <string.h>

#include "node/base/text.h"
#include "node/vault/digest.h"
#include "web/gzip.h"
#include "web/template.h"

#define KEPT_MOST 8

/* Files by their digest, as long as the process lives: what is being sent must stay. */
static struct {
	pthread_mutex_t lock;
	size_t count;
	struct {
		uint8_t digest[DIGEST_LEN];
		struct bytes packed;
	} files[KEPT_MOST];
} kept = {.lock = PTHREAD_MUTEX_INITIALIZER};

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

static struct bytes find_kept(const uint8_t digest[static DIGEST_LEN])
{
	for (size_t i = 0; i < kept.count; i++)
		if (memcmp(kept.files[i].digest, digest, DIGEST_LEN) == 0)
			return kept.files[i].packed;
	return (struct bytes){NULL, 0};
}

/* Empty when it would not get smaller. */
static struct bytes packed_file(
	const void *context, struct bytes file, const uint8_t digest[static DIGEST_LEN])
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct bytes packed;

	pthread_mutex_lock(&kept.lock);
	packed = find_kept(digest);
	if (!packed.data && gzip_pack(gzip_new(scratch), context, file, &packed) && kept.count < KEPT_MOST) {
		talloc_steal(NULL, packed.data);
		memcpy(kept.files[kept.count].digest, digest, DIGEST_LEN);
		kept.files[kept.count++].packed = packed;
	}
	pthread_mutex_unlock(&kept.lock);
	return packed;
}

const struct error *static_serve(struct request *request)
{
	const char *known = request_header(request, "If-None-Match");
	bool may_pack = gzip_is_accepted(request_header(request, "Accept-Encoding"));
	uint8_t digest[DIGEST_LEN];
	char hex[2 * 8 + 1], tag[32];
	struct bytes file, packed = {NULL, 0};

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
		return NULL;
	}
	if (may_pack)
		packed = packed_file(request->context, file, digest);
	if (packed.data) {
		request_add_header(request, "Content-Encoding", "gzip");
		request->body = packed;
	} else {
		request->body = file;
	}
	return NULL;
}
