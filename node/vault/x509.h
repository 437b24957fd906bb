/* What all that handle certificates share of GnuTLS: its handles end with their scope, its answers become
 * errors of ours. Included only by the .c files that do: expiry.c, sync's link.c, and web's certificate,
 * authority, credentials and server. */
#ifndef ENGABO_VAULT_X509_H
#define ENGABO_VAULT_X509_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <string.h>

#include "node/vault/digest.h"
#include "node/vault/secret.h"

static inline void x509_key_free(gnutls_x509_privkey_t key)
{
	gnutls_x509_privkey_deinit(key);
}
DEFINE_CLEANUP(gnutls_x509_privkey_t, x509_key_free)
static inline void x509_certificate_free(gnutls_x509_crt_t certificate)
{
	gnutls_x509_crt_deinit(certificate);
}
DEFINE_CLEANUP(gnutls_x509_crt_t, x509_certificate_free)
static inline void x509_public_free(gnutls_pubkey_t key)
{
	gnutls_pubkey_deinit(key);
}
DEFINE_CLEANUP(gnutls_pubkey_t, x509_public_free)
static inline void x509_datum_free(gnutls_datum_t datum)
{
	if (datum.data)
		secret_wipe(datum.data, datum.size);
	gnutls_free(datum.data);
}
DEFINE_CLEANUP(gnutls_datum_t, x509_datum_free)

static inline const struct error *x509_check(int status)
{
	return status >= 0 ? NULL : error_new(ERROR_SYSTEM, "a certificate: %s", gnutls_strerror(status));
}

/* The first certificate in a PEM text; ERROR_INVALID when there is none. */
static inline const struct error *x509_read(struct bytes pem, gnutls_x509_crt_t *out)
{
	gnutls_datum_t text = {(unsigned char *)pem.data, (unsigned)pem.len};

	TRY(x509_check(gnutls_x509_crt_init(out)));
	if (gnutls_x509_crt_import(*out, &text, GNUTLS_X509_FMT_PEM) < 0)
		return error_new(ERROR_INVALID, "this file holds no certificate that can be read");
	return NULL;
}

/* SHA-256 of its public key (SPKI, DER): the pin. */
static inline const struct error *x509_pin(gnutls_x509_crt_t certificate, uint8_t pin[static DIGEST_LEN])
{
	size_t len = DIGEST_LEN;

	return x509_check(gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA256, pin, &len));
}

/* SHA-256 of all of it (DER): what a browser shows as its fingerprint. */
static inline const struct error *x509_whole(gnutls_x509_crt_t certificate, uint8_t whole[static DIGEST_LEN])
{
	size_t len = DIGEST_LEN;

	return x509_check(gnutls_x509_crt_get_fingerprint(certificate, GNUTLS_DIG_SHA256, whole, &len));
}

/* Whether the certificate is of this key. */
static inline bool x509_is_of_key(gnutls_x509_crt_t certificate, gnutls_privkey_t key)
{
	gnutls_pubkey_t public CLEANUP(x509_public_free) = NULL;
	uint8_t pins[2][DIGEST_LEN];
	size_t len = DIGEST_LEN;

	return gnutls_pubkey_init(&public) >= 0 && gnutls_pubkey_import_privkey(public, key, 0, 0) >= 0 &&
	       gnutls_pubkey_get_key_id(public, GNUTLS_KEYID_USE_SHA256, pins[0], &len) >= 0 &&
	       !x509_pin(certificate, pins[1]) && memcmp(pins[0], pins[1], DIGEST_LEN) == 0;
}

#endif
