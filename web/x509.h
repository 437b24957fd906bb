/* What certificate.c and authority.c share of GnuTLS: its handles end with their scope, its answers become
 * errors of ours. Only those two include it. */
#ifndef ENGABO_WEB_X509_H
#define ENGABO_WEB_X509_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "node/vault/secret.h"

/* The days for which all that a hub signs is valid. No clock of a hub or of a phone is before the first. It
 * also lies before 1 July 2019, from when on Apple's devices refuse more than 825 days, also from a CA that
 * their owner installed (support.apple.com/HT210176). The last is the last day that fits X.509's short form
 * of a year. */
#define X509_VALID_FROM 1559347200  /* 2019-06-01 */
#define X509_VALID_UNTIL 2524607999 /* 2049-12-31 */

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
	return status >= 0
		       ? NULL
		       : error_new(ERROR_SYSTEM, "cannot make a certificate: %s", gnutls_strerror(status));
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

/* What is the same in every certificate of ours: a new serial number, the days, the name, version 3. */
const struct error *x509_begin(gnutls_x509_crt_t certificate, const char *common_name) MUST_CHECK;
/* Of a server: what it may be used for, its identifier, its names. The public key is set already. */
const struct error *x509_server(gnutls_x509_crt_t certificate, const char *const *dns_names) MUST_CHECK;

#endif
