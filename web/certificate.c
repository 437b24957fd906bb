/* Makes the certificates by which hubs know each other, and reads those of all kinds: pins and names.
 *
 * Nobody signs for a hub in the field and its clock may be years off, so the certificate says nothing that
 * could lock anyone out: long valid, before and after, and known by its key alone. What the hub's own CA
 * signs for devices of the office is authority.c's. The private key leaves this file only in a secret. Runs
 * in init, join, doctor, and in intake and office for what their pages tell. */
#include "web/certificate.h"

#include <gnutls/crypto.h>
#include <string.h>

#include "node/base/text.h"
#include "web/x509.h"

#define NAMES_MOST 64

const struct error *x509_begin(gnutls_x509_crt_t certificate, const char *common_name)
{
	uint8_t serial[16];

	TRY(x509_check(gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof serial)));
	serial[0] &= 0x7f; /* a positive number (RFC 5280, 4.1.2.2) */
	serial[0] |= 0x40;
	TRY(x509_check(gnutls_x509_crt_set_version(certificate, 3)));
	TRY(x509_check(gnutls_x509_crt_set_serial(certificate, serial, sizeof serial)));
	TRY(x509_check(gnutls_x509_crt_set_activation_time(certificate, X509_VALID_FROM)));
	TRY(x509_check(gnutls_x509_crt_set_expiration_time(certificate, X509_VALID_UNTIL)));
	return x509_check(gnutls_x509_crt_set_dn_by_oid(
		certificate, GNUTLS_OID_X520_COMMON_NAME, 0, common_name, (unsigned)strlen(common_name)));
}

const struct error *x509_server(gnutls_x509_crt_t certificate, const char *const *dns_names)
{
	uint8_t key_id[20];
	size_t key_id_len = sizeof key_id;

	TRY(x509_check(gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA1, key_id, &key_id_len)));
	TRY(x509_check(gnutls_x509_crt_set_subject_key_id(certificate, key_id, key_id_len)));
	TRY(x509_check(gnutls_x509_crt_set_basic_constraints(certificate, 0, -1)));
	TRY(x509_check(gnutls_x509_crt_set_key_usage(certificate, GNUTLS_KEY_DIGITAL_SIGNATURE)));
	TRY(x509_check(gnutls_x509_crt_set_key_purpose_oid(certificate, GNUTLS_KP_TLS_WWW_SERVER, 0)));
	TRY(x509_check(gnutls_x509_crt_set_subject_alt_name(
		certificate, GNUTLS_SAN_DNSNAME, "localhost", 9, GNUTLS_FSAN_SET)));
	for (; dns_names && *dns_names; dns_names++)
		TRY(x509_check(gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_DNSNAME,
			*dns_names, (unsigned)strlen(*dns_names), GNUTLS_FSAN_APPEND)));
	return NULL;
}

static const struct error *fill(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key,
	const char *common_name, const char *const *dns_names)
{
	TRY(x509_begin(certificate, common_name));
	TRY(x509_check(gnutls_x509_crt_set_key(certificate, key)));
	TRY(x509_server(certificate, dns_names));
	TRY(x509_check(gnutls_x509_crt_set_key_purpose_oid(certificate, GNUTLS_KP_TLS_WWW_CLIENT, 0)));
	return x509_check(gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0));
}

const struct error *certificate_new(
	const char *common_name, const char *const *dns_names, struct secret **pem)
{
	gnutls_x509_privkey_t key CLEANUP(x509_key_free) = NULL;
	gnutls_x509_crt_t certificate CLEANUP(x509_certificate_free) = NULL;
	gnutls_datum_t key_pem CLEANUP(x509_datum_free) = {NULL, 0};
	gnutls_datum_t certificate_pem CLEANUP(x509_datum_free) = {NULL, 0};
	struct secret *secret;

	TRY(x509_check(gnutls_x509_privkey_init(&key)));
	TRY(x509_check(gnutls_x509_privkey_generate(
		key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0)));
	TRY(x509_check(gnutls_x509_crt_init(&certificate)));
	TRY(fill(certificate, key, common_name, dns_names));
	TRY(x509_check(gnutls_x509_privkey_export2_pkcs8(
		key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &key_pem)));
	TRY(x509_check(gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &certificate_pem)));
	secret = secret_new((size_t)key_pem.size + certificate_pem.size);
	memcpy(secret->data, key_pem.data, key_pem.size);
	memcpy(secret->data + key_pem.size, certificate_pem.data, certificate_pem.size);
	*pem = secret;
	return NULL;
}

const struct error *certificate_pins(
	const struct secret *pem, uint8_t spki[static DIGEST_LEN], uint8_t whole[static DIGEST_LEN])
{
	gnutls_x509_crt_t certificate CLEANUP(x509_certificate_free) = NULL;

	TRY(x509_read((struct bytes){pem->data, pem->len}, &certificate));
	TRY(x509_pin(certificate, spki));
	return x509_whole(certificate, whole);
}

/* ---- reading ---- */

/* The first name that an address bar takes: a wildcard is none. */
static void read_name(gnutls_x509_crt_t certificate, char name[static CERTIFICATE_NAME_SIZE])
{
	name[0] = '\0';
	for (unsigned i = 0; i < NAMES_MOST; i++) {
		size_t len = CERTIFICATE_NAME_SIZE - 1;
		int kind = gnutls_x509_crt_get_subject_alt_name(certificate, i, name, &len, NULL);

		if (kind == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			break;
		name[kind == GNUTLS_SAN_DNSNAME && len < CERTIFICATE_NAME_SIZE ? len : 0] = '\0';
		if (*name && !name[strspn(name,
				     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")])
			return;
	}
	name[0] = '\0';
}

const struct error *certificate_read(struct bytes pem, struct certificate *out)
{
	gnutls_x509_crt_t certificate CLEANUP(x509_certificate_free) = NULL;

	TRY(x509_read(pem, &certificate));
	read_name(certificate, out->name);
	return x509_whole(certificate, out->whole);
}

bool certificate_is_for(struct bytes pem, const char *host)
{
	gnutls_x509_crt_t certificate CLEANUP(x509_certificate_free) = NULL;

	if (x509_read(pem, &certificate))
		return false;
	return gnutls_x509_crt_check_hostname(certificate, host);
}

char *certificate_print(const void *context, const uint8_t whole[static DIGEST_LEN])
{
	struct buffer *text = buffer_new(context);

	for (size_t i = 0; i < DIGEST_LEN; i++)
		buffer_format(text, "%s%02X", i ? " " : "", whole[i]);
	return (char *)text->data;
}
