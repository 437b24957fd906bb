/* Puts a page together: the view, what the person has to mend, and the answer's status.
 *
 * What was typed is given back with each complaint beside its input, so that nobody types an answer twice.
 * The words are the pages' own; the frame around them is templates/head.html. Runs in intake and office. */
#include "web/page.h"

#include <string.h>

#include "web/template.h"

/* An error's message as people read it: what begins a line begins with a capital. */
static char *capitalised(const void *context, const char *message, const char *end)
{
	char *text = memory_format(context, "%s%s", message, end);

	if (text[0] >= 'a' && text[0] <= 'z')
		text[0] = (char)(text[0] - 'a' + 'A');
	return text;
}

static char *sentence(const void *context, const char *message)
{
	size_t len = strlen(message);

	return capitalised(context, message, len && strchr(".?!", message[len - 1]) ? "" : ".");
}

void page_problem(json_t *view, const char *field, const char *text)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *problems = json_object_get(view, "problems"), *errors = json_object_get(view, "errors");

	text = capitalised(scratch, text, "");
	if (!problems) {
		problems = json_pack("{s:[]}", "list");
		json_object_set_new(view, "problems", problems);
	}
	if (!errors) {
		errors = json_object();
		json_object_set_new(view, "errors", errors);
	}
	json_array_append_new(
		json_object_get(problems, "list"), json_pack("{s:s, s:s}", "field", field, "text", text));
	if (*field)
		json_object_set_new(errors, field, json_string(text));
}

bool page_has_problems(const json_t *view)
{
	return json_object_get(view, "problems") != NULL;
}

/* A page whose words no speaker has read yet says so; `href` leads to the same page in English, but not where
 * that would lose what was typed: from a form, which has a token, or from the answer to one. */
static json_t *draft_of(const struct request *request, const json_t *view)
{
	bool is_plain =
		request->method == METHOD_GET && request->status == 200 && !json_object_get(view, "token");

	if (!language_is_draft(request->language))
		return json_null();
	return json_pack("{s:s, s:s}", "href",
		is_plain ? memory_format(request->context, "%s?l=en", request->path) : "", "english",
		language_name(NULL));
}

const struct error *page_show(struct request *request, const char *name, json_t *view)
{
	json_t *owned CLEANUP(json_decref) = view;

	json_object_set_new(owned, "lang", json_string(language_code(request->language)));
	json_object_set_new(owned, "draft", draft_of(request, owned));
	TRY(template_render(request->context, name, owned, request->language, &request->body));
	if (request->status == 200 && page_has_problems(owned))
		request->status = 400;
	return NULL;
}

void page_show_error(struct request *request, const struct error *error, json_t *view)
{
	static const struct {
		int status;
		const char *heading;
	} headings[] = {
		{400, SAY("There is a problem")},
		{403, SAY("This is not allowed")},
		{404, SAY("This page is not here")},
		{405, SAY("There is a problem")},
		{413, SAY("This is too long")},
		{415, SAY("There is a problem")},
		{429, SAY("Please wait a little")},
		{503, SAY("Not available just now")},
		{507, SAY("There is no room left")},
		{0, SAY("Something went wrong")},
	};
	size_t i = 0;

	while (headings[i].status && headings[i].status != request->status)
		i++;
	json_object_set_new(view, "title", json_string(say(request, headings[i].heading)));
	json_object_set_new(view, "heading", json_string(say(request, headings[i].heading)));
	/* What the operating system said is for the journal. What says no number or name is a text of the
	 * catalogue even where nobody knew the language yet. */
	json_object_set_new(view, "message",
		json_string(headings[i].status
				    ? sentence(request->context, say(request, error->message))
				    : say(request, "This is our fault, not yours. Please try again.")));
	if (!json_object_get(view, "link")) {
		json_object_set_new(view, "link", json_string("/"));
		json_object_set_new(view, "label", json_string(say(request, "Go to the first page")));
	}
	error_ignore(page_show(request, "problem", view));
}
