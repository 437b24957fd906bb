/* The reader's language: see wording.h. A browser's preference is not asked, as no language but English is
 * complete for these pages yet: whoever wants another, with English where words are missing, says so. Office
 * role. */
#include "web/office/wording.h"

#include <ctype.h>
#include <string.h>

#include "node/base/text.h"

#define KEPT_SECONDS (365 * INT64_C(86400))

const struct language *wording_chosen(const struct request *request)
{
	const struct reception *reception = request->user;
	const char *code = request_cookie(request, reception->language_cookie);

	return code ? language_find(code) : NULL;
}

/* RFC 3986, section 2.3: all else is encoded. */
static void add_encoded(struct buffer *path, const char *text)
{
	for (; *text; text++)
		if (isalnum((unsigned char)*text) || strchr("-._~", *text))
			buffer_format(path, "%c", *text);
		else
			buffer_format(path, "%%%02X", (unsigned char)*text);
}

/* The address of this page, with what was searched for. */
static const char *here(const struct visit *visit)
{
	const struct form *query = visit->request->query;
	struct buffer *path = buffer_new(visit->context);

	buffer_text(path, visit->request->path);
	for (size_t i = 0; query && i < query->count; i++) {
		buffer_text(path, i ? "&" : "?");
		add_encoded(path, query->fields[i].name);
		buffer_text(path, "=");
		add_encoded(path, query->fields[i].value);
	}
	return (const char *)buffer_bytes(path).data;
}

void wording_offer(struct visit *visit)
{
	const struct request *request = visit->request;
	const struct language *language;
	json_t *list;

	if (request->method != METHOD_GET || request->status != 200 || visit->is_shown_again)
		return;
	list = json_array();
	for (size_t i = 0; (language = language_at(i)); i++)
		json_array_append_new(list,
			json_pack("{ss, ss, sb}", "code", language_code(language), "name",
				language_name(language), "here",
				strcmp(language_code(language), language_code(request->language)) == 0));
	visit_set(visit, "language_row", json_pack("{ss, so}", "path", here(visit), "list", list));
}

const struct error *wording_choose(struct visit *visit)
{
	const struct language *language = language_find(visit_field(visit, "l"));
	const char *path = visit_field(visit, "path");

	if (!language)
		return error_new(ERROR_INVALID, SAY("These pages are not in that language"));
	request_add_header(visit->request, "Set-Cookie",
		visit_cookie(visit->context, visit->reception->language_cookie, language_code(language),
			KEPT_SECONDS));
	request_redirect(visit->request, text_starts(path, "/") ? path : "/");
	return NULL;
}
