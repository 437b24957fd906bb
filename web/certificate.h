/* The hub's own TLS certificates, by GnuTLS: self-signed ECDSA P-256, backdated to 2020 and valid for 30
 * years (a hub without a clock must not lock anyone out; peers pin keys and ignore dates). */
#ifndef ENGABO_WEB_CERTIFICATE_H
#define ENGABO_WEB_CERTIFICATE_H

#include "node/base/error.h"
#include "node/vault/digest.h"
#include "node/vault/secret.h"

/* One PEM with the private key and the certificate, as it lies in keys/tls-*. */
const struct error *certificate_new(
	const char *common_name, const char *const *dns_names, struct secret **pem) MUST_CHECK;
/* SHA-256 of the public key (SPKI, DER): the pin. And of the certificate: what a browser shows. */
const struct error *certificate_pins(const struct secret *pem, uint8_t spki[static DIGEST_LEN],
	uint8_t whole[static DIGEST_LEN]) MUST_CHECK;

#endif
