/* What other hubs can ask of this one directly: whether it is up, and, if they show the key that the roster
 * pins for a member, what its logs have reached (standing.c) and log.git itself (backend.c), to fetch from.
 *
 * Guards: whoever shows no such key learns that a hub is here and its certificate; everything but /healthz is
 * answered 403 without words, whether it exists or not. The key that this hub shows is its transport key; a
 * thief of it can be shut out by revoking the hub, and no record is readable with it. Runs in the sync role.
 */
#include "web/peer.h"

#include "node/vault/secret.h"
#include "web/backend.h"
#include "web/standing.h"

#define PEM_MAX 16384

enum { FOR_ALL, FOR_MEMBERS };

struct peer {
	struct server *server;
	struct standing *standing;
	struct backend *backend;
};

static const struct error *show_health(struct request *request)
{
	request->type = "text/plain; charset=utf-8";
	request->body = (struct bytes){(const uint8_t *)"ok\n", 3};
	return NULL;
}

static const struct error *show_tips(struct request *request)
{
	const struct peer *peer = request->user;

	return standing_show(peer->standing, request);
}

static const struct error *serve_log(struct request *request)
{
	const struct peer *peer = request->user;

	return backend_serve(peer->backend, request);
}

static const struct error *show_nothing(struct request *request)
{
	return error_new(ERROR_NOT_FOUND, "there is nothing here");
}

static bool is_member(const struct request *request)
{
	const struct peer *peer = request->user;
	uint8_t pin[DIGEST_LEN];

	return request_pin(request, pin) && standing_knows(peer->standing, pin);
}

static const struct error *guard(struct request *request)
{
	return request_tag(request) == FOR_ALL || is_member(request)
		       ? NULL
		       : error_new(ERROR_DENIED, "this is for the coalition's hubs");
}

/* A status and no words. */
static void show_problem(struct request *request, const struct error *error)
{
	if (!is_member(request))
		request->status = 403;
	request->body = (struct bytes){(const uint8_t *)"", 0};
}

static const struct route routes[] = {
	{METHOD_GET, "/healthz", show_health, FOR_ALL},
	{METHOD_GET, "/tips", show_tips, FOR_MEMBERS},
	{METHOD_GET, "/log.git/info/refs", serve_log, FOR_MEMBERS},
	{METHOD_POST, "/log.git/git-upload-pack", serve_log, FOR_MEMBERS},
	{METHOD_GET | METHOD_POST, "/*", show_nothing, FOR_MEMBERS},
	{0, NULL, NULL, 0},
};

static const struct error *start(struct peer *peer, const struct home *home)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct server_options options = {
		.address = home->config->address,
		.port = home->config->sync.https,
		.routes = routes,
		.guard = guard,
		.problem = show_problem,
		.body_max = BACKEND_BODY_MAX,
		.is_limited = true,
		.asks_for_certificate = true,
		.is_raw = true,
		.user = peer,
	};
	struct secret *pem CLEANUP(secret_free) = NULL;

	TRY(secret_read(home_file(scratch, home, "keys/tls-sync"), PEM_MAX, &pem));
	options.certificate_pem = options.key_pem = (const char *)pem->data;
	TRY(standing_start(home, &peer->standing));
	peer->backend = backend_new(home);
	return server_start(&options, &peer->server);
}

const struct error *peer_start(const struct home *home, struct peer **out)
{
	struct peer *peer = memory_new(NULL, struct peer);
	const struct error *error = start(peer, home);

	if (error)
		peer_stop(peer);
	else
		*out = peer;
	return error;
}

void peer_stop(struct peer *peer)
{
	if (peer->standing)
		standing_end(peer->standing);
	if (peer->backend)
		backend_end(peer->backend);
	server_stop(peer->server);
	backend_free(peer->backend);
	standing_free(peer->standing);
	memory_free(peer);
}
