/* The hub's own TLS certificates, by GnuTLS: self-signed ECDSA P-256, backdated to 2019 and valid for 30
 * years (a hub without a clock must not lock anyone out; peers pin keys and ignore dates). And what any
 * certificate says of itself. */
#ifndef ENGABO_WEB_CERTIFICATE_H
#define ENGABO_WEB_CERTIFICATE_H

#include <stdbool.h>

#include "node/base/error.h"
#include "node/vault/digest.h"
#include "node/vault/secret.h"

/* One PEM with the private key and the certificate, as it lies in keys/tls-*. */
const struct error *certificate_new(
	const char *common_name, const char *const *dns_names, struct secret **pem) MUST_CHECK;
/* SHA-256 of the public key (SPKI, DER): the pin. And of the certificate: what a browser shows. */
const struct error *certificate_pins(const struct secret *pem, uint8_t spki[static DIGEST_LEN],
	uint8_t whole[static DIGEST_LEN]) MUST_CHECK;

#define CERTIFICATE_NAME_SIZE 254 /* of DNS, and a NUL */
struct certificate {
	char name[CERTIFICATE_NAME_SIZE]; /* its first DNS name that is no wildcard, or "" */
	uint8_t whole[DIGEST_LEN];	  /* SHA-256: what a browser shows as its fingerprint */
};
/* Of the first certificate in a PEM text; ERROR_INVALID when there is none. */
const struct error *certificate_read(struct bytes pem, struct certificate *out) MUST_CHECK;
/* By DNS name or address in numbers (RFC 6125). */
bool certificate_is_for(struct bytes pem, const char *host);
/* "AB CD ...", as browsers show it, but that it can break lines; on `context`. */
char *certificate_print(const void *context, const uint8_t whole[static DIGEST_LEN]);

#endif
