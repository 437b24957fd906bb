/* The certificates that one TLS server shows, changed while it runs: connections that are there stay.
 *
 * Its own, and where a coalition has a domain the public one beside it, shown to who asks for its name (SNI,
 * RFC 6066 section 3). So staff reach the hub by its own names even when the public certificate is broken.
 * Thread-safe. */
#ifndef ENGABO_WEB_CREDENTIALS_H
#define ENGABO_WEB_CREDENTIALS_H

#include <gnutls/abstract.h>

#include "node/base/error.h"

enum credentials_kind { CREDENTIALS_OWN, CREDENTIALS_PUBLIC };
#define CREDENTIALS_KINDS 2

struct credentials;
struct credentials *credentials_new(void) __attribute__((returns_nonnull));
/* No server uses them any more. NULL is fine. */
void credentials_free(struct credentials *credentials);

/* From now on, for new connections. PEM, NUL-ended: the certificate with those between it and its root, and
 * the key. NULL: none of this kind any more. ERROR_CONFIG, and nothing changes, when they cannot be read or
 * do not belong together. */
const struct error *credentials_set(struct credentials *credentials, enum credentials_kind kind,
	const char *certificate_pem, const char *key_pem) MUST_CHECK;
/* What this connection is shown: for gnutls_certificate_set_retrieve_function2. 0, or -1 when there is
 * nothing. */
int credentials_pick(struct credentials *credentials, gnutls_session_t session, gnutls_pcert_st **chain,
	unsigned *count, gnutls_privkey_t *key);

#endif
