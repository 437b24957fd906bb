/* Takes a photo apart from the form it comes in, while it comes (upload.h). The format is the post
 * processor's; the bounds are here: small fields, few files, and nothing of what the phone calls them. What
 * the bytes may be and where they go is the role's.
 *
 * Invariant: of the file there is never more in memory than what the network has just brought. Runs in
 * intake and office, on the server's thread. */
#include "web/upload.h"

#include <microhttpd.h>
#include <string.h>
#include <strings.h>

#include "web/language.h"

#define PARSER_BUFFER 4096
#define FIELD_MAX_LEN 16384 /* what was typed beside the file comes back with it */
#define NAME_MOST 64

struct upload {
	struct request *request;
	struct form *form;
	request_handler *begin;
	const struct server_upload *to;
	struct MHD_PostProcessor *parser;
	char name[NAME_MOST + 1]; /* of the field that is coming in; "" for none */
	struct buffer *value;
	size_t files; /* of which the first bytes have come */
	bool is_file; /* one is coming now */
	struct error failure;
	bool has_failed;
};

static const struct error *end_field(struct upload *upload)
{
	const struct error *error = NULL;

	if (*upload->name)
		error = form_add(upload->form,
			(struct bytes){(const uint8_t *)upload->name, strlen(upload->name)},
			buffer_bytes(upload->value));
	upload->name[0] = '\0';
	memory_free(upload->value);
	upload->value = NULL;
	return error;
}

static const struct error *take_field(struct upload *upload, const char *name, struct bytes part, bool is_new)
{
	/* A field that begins twice without a byte between is one. */
	if (is_new && !(upload->value && !upload->value->len && name && strcmp(name, upload->name) == 0)) {
		TRY(end_field(upload));
		if (!name || !*name || strlen(name) > NAME_MOST)
			return error_new(
				ERROR_INVALID, "the form holds a field whose name is not one of ours");
		memcpy(upload->name, name, strlen(name) + 1);
		upload->value = buffer_new(upload);
		buffer_text(upload->value, "");
	}
	if (!upload->value || upload->value->len + part.len > FIELD_MAX_LEN)
		return error_new(ERROR_INVALID, "a field of the form is longer than %d KiB; make it shorter",
			FIELD_MAX_LEN / 1024);
	if (part.len)
		buffer_add(upload->value, part.data, part.len);
	return NULL;
}

/* A form without a chosen file names one without a byte in it. */
static const struct error *take_file(struct upload *upload, struct bytes part, bool is_new)
{
	if (is_new) {
		TRY(end_field(upload));
		upload->is_file = false;
	}
	if (!part.len)
		return NULL;
	if (!upload->is_file) {
		if (upload->files == upload->to->files_max)
			return error_new(ERROR_INVALID, upload->files == 1
								? SAY("only one file can be sent at a time")
								: SAY("too many files were sent at a time"));
		upload->files++;
		upload->is_file = true;
		TRY(upload->begin(upload->request));
	}
	return upload->to->add(upload->request, part);
}

static enum MHD_Result part_came(void *user, enum MHD_ValueKind kind, const char *name, const char *file,
	const char *type, const char *encoding, const char *data, uint64_t offset, size_t len)
{
	const struct bytes part = {(const uint8_t *)data, len};
	struct upload *upload = user;
	const struct error *error =
		file ? take_file(upload, part, offset == 0) : take_field(upload, name, part, offset == 0);

	if (!error)
		return MHD_YES;
	upload->failure = *error;
	upload->has_failed = true;
	return MHD_NO;
}

static int upload_free(struct upload *upload)
{
	if (upload->parser)
		MHD_destroy_post_processor(upload->parser);
	return 0;
}

struct upload *upload_new(struct request *request, struct MHD_Connection *connection, request_handler *begin,
	const struct server_upload *to)
{
	static const char ours[] = "multipart/form-data;";
	const char *type = request_header(request, "Content-Type");
	struct upload *upload;

	if (!type || strncasecmp(type, ours, sizeof ours - 1) != 0 ||
		request_header(request, "Content-Encoding"))
		return NULL;
	upload = memory_new(request->context, struct upload);
	upload->request = request;
	upload->begin = begin;
	upload->to = to;
	upload->form = form_new(request->context);
	upload->parser = MHD_create_post_processor(connection, PARSER_BUFFER, part_came, upload);
	if (!upload->parser) {
		memory_free(upload);
		return NULL;
	}
	talloc_set_destructor(upload, upload_free);
	request->form = upload->form;
	return upload;
}

static const struct error *broken(struct upload *upload)
{
	if (!upload->has_failed)
		upload->failure =
			*error_new(ERROR_INVALID, SAY("the form has not arrived whole; send it again"));
	upload->has_failed = true;
	return &upload->failure;
}

const struct error *upload_take(struct upload *upload, const char *data, size_t len)
{
	if (upload->has_failed || MHD_post_process(upload->parser, data, len) != MHD_YES)
		return broken(upload);
	return NULL;
}

const struct error *upload_end(struct upload *upload)
{
	enum MHD_Result is_whole = MHD_destroy_post_processor(upload->parser);

	upload->parser = NULL;
	if (is_whole != MHD_YES || upload->has_failed)
		return broken(upload);
	TRY(end_field(upload));
	if (upload->form->unreadable)
		return error_new(
			ERROR_INVALID, "%s: this is not readable text (UTF-8)", upload->form->unreadable);
	return NULL;
}
