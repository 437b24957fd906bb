/* The quiet pages around the form: the first one, who can read what, leaving, help, health, and what a phone
 * asks by itself when it joins the Wi-Fi. Also every page for what went wrong. Over plain http only these are
 * served: whoever wants the form is led to https (pages_guard in role.c's table).
 *
 * Invariant: nothing here, in address or title, tells what this place is for. Runs in intake. */
#include "web/intake/intake.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>

#include "node/base/text.h"
#include "web/host.h"

/* A person types these; a phone's captive-portal check is told our own address instead of the name it asked
 * for. */
static bool is_own_name(const char *name)
{
	uint8_t address[16];

	return strcmp(name, "localhost") == 0 || text_ends(name, ".local") || name[0] == '[' ||
	       inet_pton(AF_INET, name, address) == 1;
}

/* The address of ours that this phone reaches, in numbers: the one from which the kernel would send to it
 * (nothing is sent). "localhost" when there is none that an address bar takes. */
static char *own_address(const struct request *request)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_DGRAM};
	char text[INET6_ADDRSTRLEN + 32] = "";
	struct sockaddr_storage own;
	socklen_t len = sizeof own;
	struct addrinfo *peer;
	int fd;

	if (getaddrinfo(request->address, "9", &hints, &peer) != 0)
		return memory_string(request->context, "localhost");
	fd = socket(peer->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, peer->ai_addr, peer->ai_addrlen) == 0 &&
		getsockname(fd, (struct sockaddr *)&own, &len) == 0 &&
		getnameinfo((struct sockaddr *)&own, len, text, sizeof text, NULL, 0, NI_NUMERICHOST) != 0)
		text[0] = '\0';
	fd_close(fd);
	freeaddrinfo(peer);
	if (!text[0] || strchr(text, '%'))
		return memory_string(request->context, "localhost");
	return memory_format(request->context, strchr(text, ':') ? "[%s]" : "%s", text);
}

/* Where the same page is over https. */
static char *secure_address(const struct request *request, const char *path)
{
	const struct intake *intake = intake_of(request);
	int port = server_port(intake->https);
	char name[HOST_NAME_SIZE];
	const char *host = name;

	if (!host_parse(request_header(request, "Host"), name) || !is_own_name(name))
		host = own_address(request);
	if (port == 443)
		return memory_format(request->context, "https://%s%s", host, path);
	return memory_format(request->context, "https://%s:%d%s", host, port, path);
}

const struct error *pages_guard(struct request *request)
{
	request->language = intake_language(request);
	if (request->is_secure || request_tag(request) != TAG_FORM)
		return NULL;
	request->status = 302;
	request_add_header(request, "Location",
		secure_address(request, text_starts(request->path, "/messages") ? "/messages" : "/form/1"));
	return NULL;
}

const struct error *welcome_show(struct request *request)
{
	struct intake *intake = intake_of(request);
	struct coalition_readers readers;
	json_t *view;

	TRY(coalition_readers(intake->coalition, &readers));
	view = intake_view(request, "Form");
	json_object_set_new(view, "start",
		json_string(request->is_secure ? "/form/1" : secure_address(request, "/form/1")));
	json_object_set_new(view, "return",
		json_string(request->is_secure ? "/messages" : secure_address(request, "/messages")));
	json_object_set_new(view, "is_secure", json_boolean(request->is_secure));
	if (!readers.is_headquarters && readers.sharing == SHARING_FULL)
		json_object_set_new(view, "with_headquarters", json_true());
	if (!readers.is_headquarters && readers.sharing == SHARING_SUMMARY)
		json_object_set_new(view, "with_summary", json_true());
	return page_show(request, "intake-welcome", view);
}

const struct error *privacy_show(struct request *request)
{
	struct intake *intake = intake_of(request);
	struct coalition_readers readers;
	json_t *view;

	TRY(coalition_readers(intake->coalition, &readers));
	view = intake_view(request, "Privacy");
	if (!readers.is_headquarters && readers.sharing == SHARING_FULL)
		json_object_set_new(view, "with_headquarters", json_true());
	return page_show(request, "intake-privacy", view);
}

const struct error *help_show(struct request *request)
{
	return page_show(request, "intake-help", intake_view(request, "Help"));
}

const struct error *leave_show(struct request *request)
{
	request_add_header(request, "Clear-Site-Data", "\"cache\", \"storage\"");
	return page_show(request, "intake-leave", json_pack("{s:s,s:b}", "title", "Page", "no_leave", 1));
}

const struct error *health_show(struct request *request)
{
	struct intake *intake = intake_of(request);

	TRY(intake_may_take(intake));
	TRY(coalition_health(intake->coalition));
	request->type = "text/plain; charset=utf-8";
	request->body = (struct bytes){(const uint8_t *)"ok\n", 3};
	return NULL;
}

const struct error *captive_redirect(struct request *request)
{
	request->status = 302;
	request_add_header(request, "Location", "/");
	return NULL;
}

static void health_problem(struct request *request, const struct error *error)
{
	request->status = 503;
	request->type = "text/plain; charset=utf-8";
	request->body.data = (const uint8_t *)memory_format(request->context, "%s\n", error->message);
	request->body.len = strlen((const char *)request->body.data);
}

/* What a person can do about it; the details of the rest are for the journal and /healthz. */
static const char *advice(const struct error *error)
{
	switch (error->code) {
	case ERROR_SYSTEM:
	case ERROR_CONFIG:
	case ERROR_DENIED:
		return "Nothing could be saved just now. Please press Send again, or ask at the desk";
	default:
		return error->message;
	}
}

void pages_problem(struct request *request, const struct error *error)
{
	request->language = intake_language(request); /* where there is no page, no guard has looked */
	if (strcmp(request->path, "/healthz") == 0) {
		health_problem(request, error);
		return;
	}
	if (request->form && text_starts(request->path, "/form/")) {
		if (!form_problem(request, advice(error)))
			return;
	}
	if (request->form && strcmp(request->path, "/messages") == 0) {
		if (!messages_again(request, advice(error)))
			return;
	}
	page_show_error(request, error, intake_view(request, "Form"));
}
