/* What other hubs of the coalition can ask of this one directly. Only GET /healthz: "ok", which tells a
 * neighbour that the hub is up and no more.
 *
 * The key that it shows is the hub's transport key; a thief of it can be shut out by revoking the hub, and no
 * record is readable with it. Runs in the sync role. */
#include "web/peer.h"

#include "node/vault/secret.h"

#define PEM_MAX 16384

static const struct error *show_health(struct request *request)
{
	request->type = "text/plain; charset=utf-8";
	request->body = (struct bytes){(const uint8_t *)"ok\n", 3};
	return NULL;
}

const struct error *peer_start(const struct home *home, struct server **out)
{
	static const struct route routes[] = {
		{METHOD_GET, "/healthz", show_health, 0},
		{0, NULL, NULL, 0},
	};
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct server_options options = {
		.address = home->config->address,
		.port = home->config->sync.https,
		.routes = routes,
		.is_limited = true,
	};
	struct secret *pem CLEANUP(secret_free) = NULL;

	TRY(secret_read(home_file(scratch, home, "keys/tls-sync"), PEM_MAX, &pem));
	options.certificate_pem = options.key_pem = (const char *)pem->data;
	return server_start(&options, out);
}
