/* The quiet pages around the form: the first one, who can read what, help, health, and what a phone
 * asks by itself when it joins the Wi-Fi. Also every page for what went wrong. Over plain http only these are
 * served, but in a workshop: whoever wants the form is led on (pages_guard in role.c's table; gate.c).
 *
 * Invariant: nothing here, in address or title, tells what this place is for. Runs in intake. */
#include "web/intake/intake.h"

#include <string.h>

#include "node/base/text.h"
#include "web/host.h"
#include "web/intake/address.h"
#include "web/intake/captive.h"
#include "web/intake/gate.h"

/* Where the form, or the messages, can be opened from here. The window in which a phone signs in to a Wi-Fi
 * shows no page behind a certificate that it does not know, and says nothing: from there it leads to how to
 * open a browser. */
static const char *form_address(const struct request *request, const char *path)
{
	const char *elsewhere = gate_elsewhere(request, path);

	if (!elsewhere)
		return path;
	if (captive_is_small_window(request) && gate_warns(request, path))
		return address_plain(request, intake_link(request, "/connect/browser"));
	return elsewhere;
}

/* A page elsewhere cannot read a form's token, but could bring one of its own and have a phone send in its
 * own words, or try codes. It gets no page of ours to press Send on. */
static void turn_foreign_away(struct request *request)
{
	const char *words =
		say(request, "This was sent from a page that is not ours, and nothing was saved. Please "
			     "open the first page here and begin there.");

	request->status = 403;
	page_show_error(
		request, error_new(ERROR_DENIED, "%s", words), intake_view(request, say(request, "Form")));
}

const struct error *pages_guard(struct request *request)
{
	request->language = intake_language(request);
	if (request->method == METHOD_POST &&
		host_is_foreign(request_header(request, "Origin"), request_header(request, "Sec-Fetch-Site"),
			request_header(request, "Host"))) {
		turn_foreign_away(request);
		return NULL;
	}
	captive_guard(request);
	if (request->status != 200)
		return NULL;
	if (request_tag(request) != TAG_FORM || !gate_elsewhere(request, request->path))
		return NULL;
	request->status = 302;
	request_add_header(request, "Location",
		form_address(
			request, intake_link(request,
					 text_starts(request->path, "/messages") ? "/messages" : "/form/1")));
	return NULL;
}

static json_t *languages(const struct request *request)
{
	const char *codes = intake_of(request)->home->config->intake.languages;
	const char *here = language_code(request->language);
	json_t *list = json_array();
	const struct language *language;

	for (size_t i = 0; (language = language_chosen(codes, i)); i++) {
		json_t *tile = json_pack(
			"{s:s,s:s}", "code", language_code(language), "name", language_name(language));

		if (strcmp(language_code(language), here) == 0)
			json_object_set_new(tile, "here", json_true());
		json_array_append_new(list, tile);
	}
	return list;
}

/* Who will be able to read what is sent from here. */
static const struct error *readers_view(struct request *request, const char *title, json_t **out)
{
	struct coalition_readers readers;

	TRY(coalition_readers(intake_of(request)->coalition, &readers));
	*out = intake_view(request, title);
	json_object_set_new(*out, "has_others", json_boolean(!readers.is_alone));
	if (readers.is_headquarters)
		return NULL;
	if (readers.sharing == SHARING_FULL)
		json_object_set_new(*out, "with_headquarters", json_true());
	if (readers.sharing == SHARING_SUMMARY)
		json_object_set_new(*out, "with_summary", json_true());
	json_object_set_new(*out, "may_close", json_boolean(!readers.is_alone));
	return NULL;
}

/* A link to a page that is only over https. */
static json_t *secure_link(const struct request *request, const char *path)
{
	path = intake_link(request, path);
	return json_string(form_address(request, path));
}

const struct error *welcome_show(struct request *request)
{
	bool is_small = captive_is_small_window(request) && !gate_is_closed(request);
	json_t *view;

	TRY(readers_view(request, say(request, "Form"), &view));
	json_object_set_new(view, "languages", languages(request));
	json_object_set_new(view, "start", secure_link(request, "/form/1"));
	json_object_set_new(view, "return", secure_link(request, "/messages"));
	json_object_set_new(view, "is_small", json_boolean(is_small));
	json_object_set_new(view, "is_warned", json_boolean(!is_small && gate_warns(request, "/form/1")));
	json_object_set_new(view, "is_code_warned",
		json_boolean(
			!is_small && !gate_warns(request, "/form/1") && gate_warns(request, "/messages")));
	json_object_set_new(view, "at_desk", json_boolean(gate_is_closed(request)));
	return page_show(request, "intake-welcome", view);
}

const struct error *privacy_show(struct request *request)
{
	json_t *view;

	TRY(readers_view(request, say(request, "Privacy"), &view));
	return page_show(request, "intake-privacy", view);
}

const struct error *safety_show(struct request *request)
{
	return page_show(request, "intake-safety", intake_view(request, say(request, "Help")));
}

const struct error *help_show(struct request *request)
{
	return page_show(request, "intake-help", intake_view(request, say(request, "Help")));
}

/* A browser takes the page that one leaves into its memory for Back once the next page begins, later than the
 * next page's own headers count. So that page asks for this empty style, whose header empties the memory. */
const struct error *forget_style(struct request *request)
{
	static const char nothing[] = "/* */\n";

	request_add_header(request, "Clear-Site-Data", "\"cache\"");
	request->type = "text/css; charset=utf-8";
	request->body = (struct bytes){(const uint8_t *)nothing, sizeof nothing - 1};
	return NULL;
}

const struct error *health_show(struct request *request)
{
	struct intake *intake = intake_of(request);
	const struct error *error = intake_may_take(intake);

	if (!error)
		error = coalition_health(intake->coalition);
	if (error) {
		request->status = 503;
		return error;
	}
	request->type = "text/plain; charset=utf-8";
	request->body = (struct bytes){(const uint8_t *)"ok\n", 3};
	return NULL;
}

static void health_problem(struct request *request, const struct error *error)
{
	request->type = "text/plain; charset=utf-8";
	request->body.data = (const uint8_t *)memory_format(request->context, "%s\n", error->message);
	request->body.len = strlen((const char *)request->body.data);
}

const char *pages_advice(const struct request *request, const struct error *error)
{
	switch (error->code) {
	case ERROR_SYSTEM:
	case ERROR_CONFIG:
	case ERROR_DENIED:
		return say(request,
			"Nothing could be saved just now. Please press Send again, or ask at the desk.");
	default: /* said in English where it was found, and marked by SAY there */
		return say(request, error->message);
	}
}

void pages_problem(struct request *request, const struct error *error)
{
	request->language = intake_language(request); /* where there is no page, no guard has looked */
	if (strcmp(request->path, "/healthz") == 0) {
		health_problem(request, error);
		return;
	}
	if (captive_leads(request))
		return;
	if (request->form && text_starts(request->path, "/form/")) {
		if (!form_problem(request, pages_advice(request, error)))
			return;
	}
	if (request->form && text_starts(request->path, "/messages")) {
		if (!messages_again(request, pages_advice(request, error)))
			return;
	}
	page_show_error(request, error, intake_view(request, say(request, "Form")));
}
