/* Reads the public certificate and its key, and says in words for a coordinator what is wrong with them (see
 * public.h). Showing it to phones is credentials.c's.
 *
 * Invariant: what passes here, a server takes. Runs in intake, office and doctor. */
#include "web/public.h"

#include <string.h>

#include "node/base/files.h"
#include "web/authority.h"
#include "web/credentials.h"
#include "web/language.h"

static const struct error *wrong(const char *why)
{
	return error_new(ERROR_CONFIG, "%s", why);
}

static const struct error *check_pair(const struct public_pair *pair)
{
	struct credentials *probe = credentials_new();
	const struct error *error = credentials_set(probe, CREDENTIALS_PUBLIC,
		(const char *)pair->certificate.data, (const char *)pair->key->data);

	credentials_free(probe);
	return error ? wrong(SAY("The public certificate and its key cannot be used: they must be PEM files "
				 "without a passphrase, and belong together"))
		     : NULL;
}

const struct error *public_read(const void *context, const struct config *config, struct public_pair *out)
{
	struct certificate facts;
	const struct error *error;

	*out = (struct public_pair){0};
	if (!*config->intake.certificate || !*config->intake.key)
		return wrong(SAY("There is no public certificate yet: the administrator names its files in "
				 "engabo.conf"));
	if (files_read(context, config->intake.certificate, AUTHORITY_PEM_MAX, &out->certificate))
		return wrong(
			SAY("The file of the public certificate cannot be read: it must be there, and the "
			    "user engabo may read it"));
	if (certificate_read(out->certificate, &facts))
		return wrong(SAY("The file of the public certificate holds none: it must be a PEM file"));
	if (!*facts.name)
		return wrong(SAY("The public certificate names no address that phones can be led to: a "
				 "wildcard alone does not do"));
	if (secret_read(config->intake.key, AUTHORITY_PEM_MAX, &out->key))
		return wrong(
			SAY("The key of the public certificate cannot be read: it must be there, and the "
			    "user engabo may read it"));
	error = check_pair(out);
	if (error) {
		secret_free(out->key);
		out->key = NULL;
		return error;
	}
	memcpy(out->name, facts.name, sizeof out->name);
	return NULL;
}
