/* Tells how a device of the office installs this hub's certificate authority, hands that out, and shows
 * whether the device trusts it: a picture that comes over https, from this same hub, or does not come.
 *
 * Where a browser was once told to go on in spite of its warning, the picture comes too; the page says so.
 * What the authority may vouch for is web/authority.h's. Titles are as neutral as those of /connect. Runs in
 * intake. */
#include "web/intake/staff.h"

#include <string.h>

#include "node/base/files.h"
#include "web/authority.h"
#include "web/certificate.h"
#include "web/intake/address.h"
#include "web/intake/intake.h"

#define TITLE SAY("Wi-Fi")
#define PATH "/connect/staff"

static const struct error *read_authority(const struct request *request, struct bytes *pem)
{
	const struct home *home = intake_of(request)->home;
	const struct error *error = files_read(
		request->context, home_file(request->context, home, AUTHORITY_FILE), AUTHORITY_PEM_MAX, pem);

	if (error && error->code == ERROR_NOT_FOUND)
		return error_new(
			ERROR_NOT_FOUND, "%s", say(request, "This hub has no certificate authority."));
	return error;
}

/* The common policy, and pictures from this hub over https besides. */
static void allow_picture(struct request *request, const char *origin)
{
	request_add_header(request, "Content-Security-Policy",
		memory_format(request->context,
			"default-src 'none'; style-src 'self'; img-src 'self' data: %s; form-action 'self'; "
			"frame-ancestors 'none'; base-uri 'none'",
			origin));
}

/* In English, as the office's own pages are, and what the devices' settings are called here. */
static json_t *view_of(struct request *request)
{
	request->language = NULL;
	return intake_view(request, say(request, TITLE));
}

const struct error *staff_show(struct request *request)
{
	const char *names[2], *tick = address_secure(request, PATH "/tick.svg");
	struct certificate certificate;
	struct bytes pem;
	json_t *view;

	TRY(read_authority(request, &pem));
	if (request->is_secure) { /* where a browser goes on in spite of its warning, every picture comes */
		request->status = 302;
		request_add_header(request, "Location", address_plain(request, intake_link(request, PATH)));
		return NULL;
	}
	TRY(certificate_read(pem, &certificate));
	TRY(authority_names(request->context, pem, names));
	view = view_of(request);
	json_object_set_new(
		view, "fingerprint", json_string(certificate_print(request->context, certificate.whole)));
	json_object_set_new(view, "public_name", json_string(names[0]));
	json_object_set_new(view, "office_name", json_string(names[1]));
	json_object_set_new(view, "tick", json_string(tick));
	json_object_set_new(
		view, "check", json_string(address_secure(request, intake_link(request, PATH "/check"))));
	allow_picture(
		request, memory_string_of(request->context, tick, strlen(tick) - strlen(PATH "/tick.svg")));
	return page_show(request, "intake-staff", view);
}

const struct error *staff_certificate(struct request *request)
{
	TRY(read_authority(request, &request->body));
	request->type = "application/x-x509-ca-cert";
	return NULL;
}

const struct error *staff_tick(struct request *request)
{
	static const char picture[] =
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 48 48\" width=\"48\" height=\"48\">"
		"<circle cx=\"24\" cy=\"24\" r=\"22\" fill=\"#0c5c36\"/><path d=\"M13 25l8 8 15-17\" "
		"fill=\"none\" "
		"stroke=\"#fff\" stroke-width=\"5\"/></svg>";

	request->type = "image/svg+xml";
	request->body = (struct bytes){(const uint8_t *)picture, sizeof picture - 1};
	request_add_header(
		request, "Cross-Origin-Resource-Policy", "cross-origin"); /* the page came over http */
	return NULL;
}

const struct error *staff_check(struct request *request)
{
	json_t *view;

	if (!request->is_secure) {
		request->status = 302;
		request_add_header(
			request, "Location", address_secure(request, intake_link(request, PATH "/check")));
		return NULL;
	}
	view = view_of(request);
	json_object_set_new(view, "back", json_string(address_plain(request, intake_link(request, PATH))));
	return page_show(request, "intake-staff-check", view);
}
