/* Opens a sealed file that came in pieces (node/store/pieces.h) and hands it out (download.h).
 *
 * "What somebody sent is never shown by a browser of ours": a download, under a policy that lets it do
 * nothing, with a name that is ours. Office role; it is opened on the worker's thread. */
#include "web/office/download.h"

#include <string.h>

#include "node/base/home.h"
#include "node/store/pieces.h"
#include "node/vault/age.h"
#include "web/picture.h"

struct names {
	const char *names[PIECES_MAX];
	size_t count;
};

struct file {
	const char *folder, *name;
	struct names pieces;
	struct secret *identity;
	struct buffer *content;
};

static struct names names_of(const void *context, const json_t *row)
{
	const json_t *list = json_object_get(row, "pieces"), *name;
	struct names out = {.count = 0};
	size_t i;

	json_array_foreach (list, i, name)
		if (out.count < PIECES_MAX)
			out.names[out.count++] = memory_string(context, json_string_value(name));
	return out;
}

static char *path_of(const struct visit *visit, const char *folder)
{
	return home_file(visit->context, visit->office->home, folder);
}

bool download_is_here(const struct visit *visit, const char *folder, const json_t *row)
{
	const struct names names = names_of(visit->context, row);

	return names.count && pieces_are_here(path_of(visit, folder), names.names, names.count);
}

const char *download_kind(struct bytes head)
{
	static const char pdf[] = "%PDF-";
	const char *kind = head.len >= PICTURE_HEAD ? picture_kind(head) : NULL;

	if (kind)
		return kind;
	return head.len >= sizeof pdf - 1 && memcmp(head.data, pdf, sizeof pdf - 1) == 0 ? "pdf" : "bin";
}

static int file_end(struct file *file)
{
	secret_free(file->identity);
	return 0;
}

static const struct error *take_part(void *user, const uint8_t *from, size_t len)
{
	struct file *file = user;

	if (file->content->len + len > PICTURE_MAX)
		return error_new(ERROR_INVALID, "this file is larger than one can be");
	buffer_add(file->content, from, len);
	return NULL;
}

static const struct error *open_file(struct visit *visit, void *job)
{
	struct file *file = job;
	const struct secret *identity = file->identity;
	struct pieces_reader *reader =
		pieces_reader_new(file, file->folder, file->pieces.names, file->pieces.count);

	return age_open_stream(&identity, 1, pieces_read, reader, take_part, file);
}

static const struct error *hand_out(struct visit *visit, void *job, const struct error *failed)
{
	struct request *request = visit->request;
	struct file *file = job;

	if (failed)
		return error_new(ERROR_UNAVAILABLE, SAY("This file cannot be opened: it is damaged"));
	request->type = "application/octet-stream";
	request->body = buffer_bytes(file->content);
	request_add_header(request, "Content-Security-Policy", "default-src 'none'; sandbox");
	request_add_header(request, "Content-Disposition",
		visit_path(
			visit, "attachment; filename=\"%s.%s\"", file->name, download_kind(request->body)));
	return NULL;
}

const struct error *download(struct visit *visit, const char *folder, const json_t *row, const char *name)
{
	struct file *file = memory_new(visit->context, struct file);

	talloc_set_destructor(file, file_end);
	file->folder = path_of(visit, folder);
	file->name = name;
	file->pieces = names_of(file, row);
	file->content = buffer_new(visit->context);
	if (!download_is_here(visit, folder, row))
		return error_new(ERROR_NOT_FOUND, SAY("this file is still at another hub"));
	TRY(age_identity_parse(json_text_or(row, "identity", ""), &file->identity));
	return visit_slowly(visit, open_file, hand_out, file);
}
