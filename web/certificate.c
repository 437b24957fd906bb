/* Makes the certificates that a hub shows to browsers and to other hubs, and the pins by which they know it
 * again.
 *
 * Nobody signs for a hub in the field and its clock may be years off, so the certificate says nothing that
 * could lock anyone out: valid from 2020 for thirty years, and known by its key alone. The private key leaves
 * this file only in a secret. Runs in init, join and when a name changes. */
#include "web/certificate.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

#define VALID_FROM 1577836800  /* 2020-01-01 */
#define VALID_UNTIL 2524607999 /* 2049-12-31, the last day that fits X.509's short form of a year */

static void key_free(gnutls_x509_privkey_t key)
{
	gnutls_x509_privkey_deinit(key);
}
DEFINE_CLEANUP(gnutls_x509_privkey_t, key_free)
static void certificate_free(gnutls_x509_crt_t certificate)
{
	gnutls_x509_crt_deinit(certificate);
}
DEFINE_CLEANUP(gnutls_x509_crt_t, certificate_free)
static void datum_free(gnutls_datum_t datum)
{
	if (datum.data)
		secret_wipe(datum.data, datum.size);
	gnutls_free(datum.data);
}
DEFINE_CLEANUP(gnutls_datum_t, datum_free)

/* GnuTLS's answer as an error of ours. */
static const struct error *check(int status)
{
	return status >= 0
		       ? NULL
		       : error_new(ERROR_SYSTEM, "cannot make a certificate: %s", gnutls_strerror(status));
}

static const struct error *fill(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key,
	const char *common_name, const char *const *dns_names)
{
	uint8_t serial[16], key_id[20];
	size_t key_id_len = sizeof key_id;

	TRY(check(gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof serial)));
	serial[0] &= 0x7f; /* a positive number (RFC 5280, 4.1.2.2) */
	serial[0] |= 0x40;
	TRY(check(gnutls_x509_crt_set_version(certificate, 3)));
	TRY(check(gnutls_x509_crt_set_serial(certificate, serial, sizeof serial)));
	TRY(check(gnutls_x509_crt_set_activation_time(certificate, VALID_FROM)));
	TRY(check(gnutls_x509_crt_set_expiration_time(certificate, VALID_UNTIL)));
	TRY(check(gnutls_x509_crt_set_dn_by_oid(
		certificate, GNUTLS_OID_X520_COMMON_NAME, 0, common_name, (unsigned)strlen(common_name))));
	TRY(check(gnutls_x509_crt_set_key(certificate, key)));
	TRY(check(gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA1, key_id, &key_id_len)));
	TRY(check(gnutls_x509_crt_set_subject_key_id(certificate, key_id, key_id_len)));
	TRY(check(gnutls_x509_crt_set_basic_constraints(certificate, 0, -1)));
	TRY(check(gnutls_x509_crt_set_key_usage(certificate, GNUTLS_KEY_DIGITAL_SIGNATURE)));
	TRY(check(gnutls_x509_crt_set_key_purpose_oid(certificate, GNUTLS_KP_TLS_WWW_SERVER, 0)));
	TRY(check(gnutls_x509_crt_set_key_purpose_oid(certificate, GNUTLS_KP_TLS_WWW_CLIENT, 0)));
	TRY(check(gnutls_x509_crt_set_subject_alt_name(
		certificate, GNUTLS_SAN_DNSNAME, "localhost", 9, GNUTLS_FSAN_SET)));
	for (; dns_names && *dns_names; dns_names++)
		TRY(check(gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_DNSNAME, *dns_names,
			(unsigned)strlen(*dns_names), GNUTLS_FSAN_APPEND)));
	return check(gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0));
}

const struct error *certificate_new(
	const char *common_name, const char *const *dns_names, struct secret **pem)
{
	gnutls_x509_privkey_t key CLEANUP(key_free) = NULL;
	gnutls_x509_crt_t certificate CLEANUP(certificate_free) = NULL;
	gnutls_datum_t key_pem CLEANUP(datum_free) = {NULL, 0};
	gnutls_datum_t certificate_pem CLEANUP(datum_free) = {NULL, 0};
	struct secret *secret;

	TRY(check(gnutls_x509_privkey_init(&key)));
	TRY(check(gnutls_x509_privkey_generate(
		key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0)));
	TRY(check(gnutls_x509_crt_init(&certificate)));
	TRY(fill(certificate, key, common_name, dns_names));
	TRY(check(gnutls_x509_privkey_export2_pkcs8(
		key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &key_pem)));
	TRY(check(gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &certificate_pem)));
	secret = secret_new((size_t)key_pem.size + certificate_pem.size);
	memcpy(secret->data, key_pem.data, key_pem.size);
	memcpy(secret->data + key_pem.size, certificate_pem.data, certificate_pem.size);
	*pem = secret;
	return NULL;
}

const struct error *certificate_pins(
	const struct secret *pem, uint8_t spki[static DIGEST_LEN], uint8_t whole[static DIGEST_LEN])
{
	gnutls_x509_crt_t certificate CLEANUP(certificate_free) = NULL;
	gnutls_datum_t text = {pem->data, (unsigned)pem->len};
	size_t spki_len = DIGEST_LEN, whole_len = DIGEST_LEN;

	TRY(check(gnutls_x509_crt_init(&certificate)));
	if (gnutls_x509_crt_import(certificate, &text, GNUTLS_X509_FMT_PEM) < 0)
		return error_new(ERROR_INVALID, "this file holds no certificate that can be read");
	TRY(check(gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA256, spki, &spki_len)));
	return check(gnutls_x509_crt_get_fingerprint(certificate, GNUTLS_DIG_SHA256, whole, &whole_len));
}
