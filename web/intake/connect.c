/* Tells how to come here, on a page and on a poster: the Wi-Fi, mobile data off, the address in words, in
 * numbers and as a code for the camera.
 *
 * The Wi-Fi's name and password are on the wall anyway; nothing else that stands here tells what this place
 * is or who runs it. By which addresses phones reach us is found out by address.c; what phones ask by
 * themselves is answered by captive.c. Runs in intake. */
#include "web/intake/connect.h"

#include <string.h>

#include "node/base/text.h"
#include "web/certificate.h"
#include "web/intake/address.h"
#include "web/intake/gate.h"
#include "web/intake/intake.h"
#include "web/qr.h"
#include "web/template.h"

#define TITLE SAY("Wi-Fi")
#define SVG "image/svg+xml"

/* The first page's address, as phones can reach it; NULL for no host. */
static char *first_page(const struct request *request, const char *host, const char *path)
{
	return host ? address_url(request->context, "http", host, server_port(intake_of(request)->http), path)
		    : NULL;
}

static void set_text(json_t *view, const char *key, const char *text)
{
	if (text && *text)
		json_object_set_new(view, key, json_string(text));
}

/* What all of these pages say. The caller owns it. */
static json_t *connect_view(const struct request *request)
{
	const struct config *config = intake_of(request)->home->config;
	uint8_t fingerprint[DIGEST_LEN];
	json_t *view = intake_view(request, say(request, TITLE));
	char *words = gate_public(request, ""), *numbers = first_page(request, address_numbers(request), "");
	bool is_known = words;

	if (!words)
		words = first_page(request, address_words(request), "");

	set_text(view, "words", words);
	set_text(view, "numbers", numbers);
	json_object_set_new(view, "has_address", json_boolean(words || numbers));
	gate_fingerprint(request, fingerprint);
	if (!is_known) /* phones know a public certificate by themselves */
		set_text(view, "fingerprint", certificate_print(request->context, fingerprint));
	if (*config->wifi.name)
		json_object_set_new(view, "wifi",
			json_pack("{s:s,s:s}", "name", config->wifi.name, "password", config->wifi.password));
	return view;
}

const struct error *connect_show(struct request *request)
{
	return page_show(request, "intake-connect", connect_view(request));
}

/* Where a real browser gets the form. */
static const char *onward(const struct request *request)
{
	const char *path = intake_link(request, "/form/1"), *elsewhere = gate_elsewhere(request, path);

	return elsewhere ? elsewhere : address_plain(request, path);
}

const struct error *connect_browser(struct request *request)
{
	json_t *view = connect_view(request);

	set_text(view, "onward", onward(request));
	return page_show(request, "intake-browser", view);
}

const struct error *connect_stayed(struct request *request)
{
	json_t *view = connect_view(request);

	json_object_set_new(view, "notice", json_string(say(request, "Your phone can stay on this Wi-Fi.")));
	json_object_set_new(view, "has_stayed", json_true());
	set_text(view, "onward", onward(request));
	return page_show(request, "intake-browser", view);
}

static const struct error *add_part(struct request *request, const char *name, const json_t *view,
	const struct language *language, struct buffer *out)
{
	struct bytes part;

	TRY(template_render(request->context, name, view, language, &part));
	buffer_add(out, part.data, part.len);
	return NULL;
}

/* One sheet: all on it is said in its own language, whatever the others are in. */
static const struct error *add_sheet(
	struct request *request, json_t *view, const struct language *language, struct buffer *out)
{
	json_object_set_new(view, "lang", json_string(language_code(language)));
	json_object_set_new(view, "language", json_string(language_name(language)));
	json_object_set_new(view, "is_draft", json_boolean(language_is_draft(language)));
	return add_part(request, "intake-poster-sheet", view, language, out);
}

const struct error *poster_show(struct request *request)
{
	const char *codes = intake_of(request)->home->config->intake.languages;
	const char *only = form_get(request->query, "l");
	const struct language *language = only ? language_find(only) : NULL;
	json_t *view CLEANUP(json_decref) = connect_view(request);
	struct buffer *page = buffer_new(request->context);

	json_object_set_new(view, "lang", json_string(language_code(request->language)));
	TRY(add_part(request, "intake-poster", view, request->language, page));
	if (language) {
		TRY(add_sheet(request, view, language, page));
	} else {
		for (size_t i = 0; (language = language_chosen(codes, i)) != NULL; i++)
			TRY(add_sheet(request, view, language, page));
	}
	buffer_text(page, "</main>\n</body>\n</html>\n");
	request->body = buffer_bytes(page);
	return NULL;
}

static const struct error *show_code(struct request *request, const char *text)
{
	request->type = SVG;
	return qr_svg(request->context, text, &request->body);
}

const struct error *connect_wifi_code(struct request *request)
{
	const struct config *config = intake_of(request)->home->config;

	if (!*config->wifi.name)
		return error_new(
			ERROR_NOT_FOUND, "%s", say(request, "Please ask at the desk for the Wi-Fi."));
	return show_code(request, qr_wifi(request->context, config->wifi.name, config->wifi.password));
}

/* In numbers, because older phones do not find names of the local network. */
const struct error *connect_form_code(struct request *request)
{
	char *host = address_numbers(request);

	if (!host)
		host = address_words(request);
	if (!host)
		return error_new(
			ERROR_NOT_FOUND, "%s", say(request, "Please ask at the desk for the address."));
	return show_code(request, first_page(request, host, intake_link(request, "/")));
}
