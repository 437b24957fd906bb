/* The hub's own certificate authority: makes it, signs with it, and keeps what it signed in step with the
 * addresses that this machine has (see authority.h).
 *
 * Invariant: the key leaves the vault only for one signature, and everything signed stays within the names
 * that the authority itself permits. Runs in init and, while unlocked, in office; intake only reads what is
 * there. */
#include "web/authority.h"

#include <arpa/inet.h>
#include <string.h>
#include <unistd.h>

#include "node/base/files.h"
#include "node/base/text.h"
#include "web/certificate.h"
#include "web/interfaces.h"
#include "web/language.h"
#include "web/x509.h"

#define KEY_LEN 32   /* of P-256 */
#define HOST_MOST 40 /* with "-office" a DNS label still */

/* Every network that is nobody's in particular: RFC 1918, link-local, loopback, RFC 4193. */
static const char *const networks[] = {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
	"127.0.0.0/8", "fc00::/7", "::1/128"};
#define NETWORK_COUNT (sizeof networks / sizeof *networks)

static const char *const servers[] = {"intake", "office"}; /* in the order of authority_names */
#define SERVER_COUNT (sizeof servers / sizeof *servers)

static void constraints_free(gnutls_x509_name_constraints_t constraints)
{
	gnutls_x509_name_constraints_deinit(constraints);
}
DEFINE_CLEANUP(gnutls_x509_name_constraints_t, constraints_free)

/* ---- making the authority ---- */

static const struct error *permit(
	gnutls_x509_name_constraints_t constraints, gnutls_x509_subject_alt_name_t kind, const char *text)
{
	gnutls_datum_t value CLEANUP(x509_datum_free) = {NULL, 0};

	if (kind == GNUTLS_SAN_IPADDRESS) {
		TRY(x509_check(gnutls_x509_cidr_to_rfc5280(text, &value)));
	} else {
		value.data = (unsigned char *)gnutls_strdup(text);
		value.size = (unsigned)strlen(text);
	}
	return x509_check(gnutls_x509_name_constraints_add_permitted(constraints, kind, &value));
}

static const struct error *constrain(gnutls_x509_crt_t certificate, const char *host)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	gnutls_x509_name_constraints_t constraints CLEANUP(constraints_free) = NULL;

	TRY(x509_check(gnutls_x509_name_constraints_init(&constraints)));
	TRY(permit(constraints, GNUTLS_SAN_DNSNAME, memory_format(scratch, "%s.local", host)));
	TRY(permit(constraints, GNUTLS_SAN_DNSNAME, memory_format(scratch, "%s-office.local", host)));
	TRY(permit(constraints, GNUTLS_SAN_DNSNAME, "localhost"));
	for (size_t i = 0; i < NETWORK_COUNT; i++)
		TRY(permit(constraints, GNUTLS_SAN_IPADDRESS, networks[i]));
	return x509_check(gnutls_x509_crt_set_name_constraints(certificate, constraints, 1));
}

static const struct error *fill(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key, const char *host)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	uint8_t id[20];
	size_t id_len = sizeof id;
	const char *name;

	TRY(x509_check(gnutls_x509_crt_set_key(certificate, key)));
	TRY(x509_check(gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA1, id, &id_len)));
	/* Two hubs' authorities on one device must not have the same name. */
	name = memory_format(scratch, "Hub %02X%02X %02X%02X", id[0], id[1], id[2], id[3]);
	TRY(x509_begin(certificate, name));
	TRY(x509_check(gnutls_x509_crt_set_subject_key_id(certificate, id, id_len)));
	TRY(x509_check(gnutls_x509_crt_set_basic_constraints(certificate, 1, 0)));
	TRY(x509_check(gnutls_x509_crt_set_key_usage(certificate, GNUTLS_KEY_KEY_CERT_SIGN)));
	TRY(x509_check(gnutls_x509_crt_set_key_purpose_oid(certificate, GNUTLS_KP_TLS_WWW_SERVER, 0)));
	TRY(constrain(certificate, host));
	return x509_check(gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0));
}

static const struct error *print(const void *context, gnutls_x509_crt_t certificate, struct bytes *out)
{
	gnutls_datum_t pem CLEANUP(x509_datum_free) = {NULL, 0};

	TRY(x509_check(gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &pem)));
	*out = memory_bytes(context, pem.data, pem.size);
	return NULL;
}

static const struct error *take_key(gnutls_x509_privkey_t key, struct secret **out)
{
	gnutls_datum_t x CLEANUP(x509_datum_free) = {NULL, 0}, y CLEANUP(x509_datum_free) = {NULL, 0},
			 k CLEANUP(x509_datum_free) = {NULL, 0};
	gnutls_ecc_curve_t curve;
	size_t zeros;

	TRY(x509_check(gnutls_x509_privkey_export_ecc_raw(key, &curve, &x, &y, &k)));
	zeros = k.size > KEY_LEN ? k.size - KEY_LEN : 0; /* a sign before a scalar with its highest bit set */
	*out = secret_new(KEY_LEN);
	memcpy((*out)->data + KEY_LEN - (k.size - zeros), k.data + zeros, k.size - zeros);
	return NULL;
}

const struct error *authority_new(
	const void *context, const char *host, struct secret **key_out, struct bytes *out)
{
	gnutls_x509_privkey_t key CLEANUP(x509_key_free) = NULL;
	gnutls_x509_crt_t certificate CLEANUP(x509_certificate_free) = NULL;

	TRY(x509_check(gnutls_x509_privkey_init(&key)));
	TRY(x509_check(gnutls_x509_privkey_generate(
		key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0)));
	TRY(x509_check(gnutls_x509_crt_init(&certificate)));
	TRY(fill(certificate, key, host));
	TRY(print(context, certificate, out));
	return take_key(key, key_out);
}

/* ---- signing ---- */

/* The vault keeps the scalar only; the point is in the authority's certificate. */
static const struct error *open_key(
	const struct secret *secret, gnutls_x509_crt_t authority, gnutls_x509_privkey_t *out)
{
	gnutls_datum_t x CLEANUP(x509_datum_free) = {NULL, 0}, y CLEANUP(x509_datum_free) = {NULL, 0};
	gnutls_datum_t k = {secret->data, (unsigned)secret->len};
	gnutls_pubkey_t point CLEANUP(x509_public_free) = NULL;
	gnutls_ecc_curve_t curve;

	TRY(x509_check(gnutls_pubkey_init(&point)));
	TRY(x509_check(gnutls_pubkey_import_x509(point, authority, 0)));
	TRY(x509_check(gnutls_pubkey_export_ecc_raw2(point, &curve, &x, &y, 0)));
	TRY(x509_check(gnutls_x509_privkey_init(out)));
	TRY(x509_check(gnutls_x509_privkey_import_ecc_raw(*out, curve, &x, &y, &k)));
	if (gnutls_x509_privkey_verify_params(*out) < 0)
		return error_new(ERROR_INVALID, AUTHORITY_FILE " is not of the key in this hub's keyring");
	return NULL;
}

static const struct error *add_address(gnutls_x509_crt_t certificate, const char *address)
{
	uint8_t number[16];
	unsigned len = inet_pton(AF_INET, address, number) == 1	   ? 4
		       : inet_pton(AF_INET6, address, number) == 1 ? 16
								   : 0;

	if (!len)
		return error_new(ERROR_INVALID, "%s is no address", address);
	return x509_check(gnutls_x509_crt_set_subject_alt_name(
		certificate, GNUTLS_SAN_IPADDRESS, number, len, GNUTLS_FSAN_APPEND));
}

static const struct error *set_subject(gnutls_x509_crt_t certificate, struct bytes server, const char *name)
{
	const char *const names[] = {name, NULL};
	gnutls_x509_crt_t known CLEANUP(x509_certificate_free) = NULL;
	gnutls_pubkey_t public CLEANUP(x509_public_free) = NULL;

	TRY(x509_read(server, &known));
	TRY(x509_check(gnutls_pubkey_init(&public)));
	TRY(x509_check(gnutls_pubkey_import_x509(public, known, 0)));
	TRY(x509_begin(certificate, "Hub"));
	TRY(x509_check(gnutls_x509_crt_set_pubkey(certificate, public)));
	return x509_server(certificate, names);
}

const struct error *authority_issue(const void *context, const struct secret *secret, struct bytes authority,
	struct bytes server, const char *name, const char *const *addresses, struct bytes *out)
{
	gnutls_x509_crt_t issuer CLEANUP(x509_certificate_free) = NULL,
				 certificate CLEANUP(x509_certificate_free) = NULL;
	gnutls_x509_privkey_t key CLEANUP(x509_key_free) = NULL;
	uint8_t id[20];
	size_t id_len = sizeof id;

	TRY(x509_read(authority, &issuer));
	TRY(open_key(secret, issuer, &key));
	TRY(x509_check(gnutls_x509_crt_init(&certificate)));
	TRY(set_subject(certificate, server, name));
	for (; *addresses; addresses++)
		TRY(add_address(certificate, *addresses));
	TRY(x509_check(gnutls_x509_crt_get_subject_key_id(issuer, id, &id_len, NULL)));
	TRY(x509_check(gnutls_x509_crt_set_authority_key_id(certificate, id, id_len)));
	TRY(x509_check(gnutls_x509_crt_sign2(certificate, issuer, key, GNUTLS_DIG_SHA256, 0)));
	return print(context, certificate, out);
}

const struct error *authority_names(const void *context, struct bytes authority, const char *names[static 2])
{
	gnutls_x509_crt_t certificate CLEANUP(x509_certificate_free) = NULL;
	gnutls_x509_name_constraints_t constraints CLEANUP(constraints_free) = NULL;
	unsigned critical, kind, count = 0;
	gnutls_datum_t value;

	TRY(x509_read(authority, &certificate));
	TRY(x509_check(gnutls_x509_name_constraints_init(&constraints)));
	if (gnutls_x509_crt_get_name_constraints(certificate, constraints, 0, &critical) >= 0)
		for (; count < 2; count++) {
			if (gnutls_x509_name_constraints_get_permitted(constraints, count, &kind, &value) <
					0 ||
				kind != GNUTLS_SAN_DNSNAME)
				break;
			names[count] = memory_string_of(context, value.data, value.size);
		}
	return count == 2 ? NULL : error_new(ERROR_INVALID, AUTHORITY_FILE " is not as this hub made it");
}

/* ---- this machine ---- */

char *authority_host(const void *context)
{
	char name[256] = "";

	if (gethostname(name, sizeof name - 1) != 0)
		name[0] = '\0';
	name[strcspn(name, ".")] = '\0';
	text_lower(name);
	if (!*name || strlen(name) > HOST_MOST || strcmp(name, "localhost") == 0 ||
		name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")])
		return memory_string(context, "hub");
	return memory_string(context, name);
}

const char *const *authority_addresses(const void *context)
{
	const char **addresses = memory_array(context, const char *, INTERFACES_MOST + 3);
	struct interface list[INTERFACES_MOST];
	char text[INET_ADDRSTRLEN];
	size_t count = 0, found = interfaces_list(list);

	addresses[count++] = "127.0.0.1";
	addresses[count++] = "::1";
	for (size_t i = 0; i < found; i++)
		if (interfaces_is_private(list[i].address) &&
			ntohl(list[i].address.s_addr) != INADDR_LOOPBACK &&
			inet_ntop(AF_INET, &list[i].address, text, sizeof text))
			addresses[count++] = memory_string(addresses, text);
	return addresses;
}

/* ---- what lies in the state directory ---- */

static char *file_of(const void *context, const struct home *home, const char *server)
{
	return home_file(context, home, memory_format(context, "%s.crt", server));
}

/* To the server of this number; `known` holds its public key. */
static const struct error *issue_to(const struct home *home, const struct secret *key, struct bytes authority,
	size_t server, struct bytes known)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct bytes certificate;
	const char *names[2];

	TRY(authority_names(scratch, authority, names));
	TRY(authority_issue(
		scratch, key, authority, known, names[server], authority_addresses(scratch), &certificate));
	return files_write(file_of(scratch, home, servers[server]), certificate, 0644);
}

static const struct error *pin_of(struct bytes pem, struct secret **out)
{
	gnutls_x509_crt_t certificate CLEANUP(x509_certificate_free) = NULL;
	uint8_t pin[DIGEST_LEN];

	TRY(x509_read(pem, &certificate));
	TRY(x509_pin(certificate, pin));
	*out = secret_copy(pin, sizeof pin);
	return NULL;
}

static const struct error *whole_of(struct bytes pem, struct secret **out)
{
	gnutls_x509_crt_t certificate CLEANUP(x509_certificate_free) = NULL;
	uint8_t whole[DIGEST_LEN];

	TRY(x509_read(pem, &certificate));
	TRY(x509_whole(certificate, whole));
	*out = secret_copy(whole, sizeof whole);
	return NULL;
}

const struct error *authority_found(const struct home *home, struct vault *vault)
{
	struct secret **pins[] = {&vault->intake_tls, &vault->office_tls};
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct bytes authority;

	TRY(authority_new(scratch, authority_host(scratch), &vault->authority, &authority));
	TRY(whole_of(authority, &vault->authority_whole));
	for (size_t i = 0; i < SERVER_COUNT; i++) {
		struct secret *pem CLEANUP(secret_free) = NULL;
		char *path = home_file(scratch, home, memory_format(scratch, "keys/tls-%s", servers[i]));

		TRY(secret_read(path, AUTHORITY_PEM_MAX, &pem));
		TRY(pin_of((struct bytes){pem->data, pem->len}, pins[i]));
		TRY(issue_to(home, vault->authority, authority, i, (struct bytes){pem->data, pem->len}));
	}
	return files_write(home_file(scratch, home, AUTHORITY_FILE), authority, 0644);
}

/* ---- whether it is still ours ---- */

static bool is_same(const struct secret *a, const struct secret *b)
{
	return a && b && a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* `pem`: what lies there. Whoever acts on it reads it once, and acts on what was compared. */
static const struct error *compare(const struct vault *vault, const char *name, struct bytes pem)
{
	bool is_authority = strcmp(name, "ca") == 0;
	const struct secret *wanted = is_authority		    ? vault->authority_whole
				      : strcmp(name, "intake") == 0 ? vault->intake_tls
								    : vault->office_tls;
	struct secret *found CLEANUP(secret_free) = NULL;

	if ((is_authority ? whole_of(pem, &found) : pin_of(pem, &found)) || !is_same(found, wanted))
		return error_new(ERROR_CONFLICT,
			SAY("This is not what this hub made: somebody may have broken in. Trust no "
			    "fingerprint but the one on paper, and ask headquarters"));
	return NULL;
}

static const struct error *read_ours(const void *context, const struct home *home, const struct vault *vault,
	const char *name, struct bytes *out)
{
	if (files_read(context, file_of(context, home, name), AUTHORITY_PEM_MAX, out))
		return error_new(ERROR_CONFLICT, SAY("It cannot be read, though this hub made one. Bring it "
						     "back from a backup, or ask "
						     "headquarters"));
	return compare(vault, name, *out);
}

const struct error *authority_check(const struct home *home, const struct vault *vault, const char *name)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct bytes pem;

	return vault->authority ? read_ours(scratch, home, vault, name, &pem) : NULL;
}

const struct error *authority_check_signed(const struct home *home, const char *name)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	gnutls_x509_crt_t authority CLEANUP(x509_certificate_free) = NULL,
				    server CLEANUP(x509_certificate_free) = NULL;
	struct bytes pems[2];
	unsigned status = 0;

	if (files_read(scratch, home_file(scratch, home, AUTHORITY_FILE), AUTHORITY_PEM_MAX, &pems[0]) ||
		files_read(scratch, file_of(scratch, home, name), AUTHORITY_PEM_MAX, &pems[1]))
		return NULL;
	TRY(x509_read(pems[0], &authority));
	TRY(x509_read(pems[1], &server));
	if (gnutls_x509_crt_verify(server, &authority, 1,
		    GNUTLS_VERIFY_DISABLE_TIME_CHECKS | GNUTLS_VERIFY_DISABLE_TRUSTED_TIME_CHECKS,
		    &status) < 0 ||
		status)
		return error_new(ERROR_CONFLICT, AUTHORITY_FILE
			" did not sign it: somebody may have broken in; engabo check --as NAME "
			"tells which of both is not this hub's");
	return NULL;
}

/* Addresses that are gone do no harm: they may come back. */
static bool lacks_address(struct bytes certificate, const char *const *addresses)
{
	for (; *addresses; addresses++)
		if (!certificate_is_for(certificate, *addresses))
			return true;
	return false;
}

static const struct error *read_named(const void *context, const struct home *home, const struct vault *vault,
	const char *name, struct bytes *out)
{
	const struct error *error = read_ours(context, home, vault, name, out);

	return error ? error_wrap(error, "%s.crt", name) : NULL;
}

const struct error *authority_renew(const struct home *home, const struct vault *vault, bool *is_new)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const char *const *addresses = authority_addresses(scratch);
	struct bytes authority, known[SERVER_COUNT];

	*is_new = false;
	if (!vault->authority)
		return NULL;
	TRY(read_named(scratch, home, vault, "ca", &authority));
	for (size_t i = 0; i < SERVER_COUNT; i++)
		TRY(read_named(scratch, home, vault, servers[i], &known[i]));
	for (size_t i = 0; i < SERVER_COUNT; i++) {
		if (!lacks_address(known[i], addresses))
			continue;
		TRY(issue_to(home, vault->authority, authority, i, known[i]));
		*is_new = true;
	}
	return NULL;
}

const struct error *authority_certificate(const void *context, const struct home *home, const char *name,
	const struct secret *pem, struct bytes *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	gnutls_x509_crt_t own CLEANUP(x509_certificate_free) = NULL;
	struct secret *wanted CLEANUP(secret_free) = NULL, *found CLEANUP(secret_free) = NULL;
	struct bytes known;

	TRY(x509_read((struct bytes){pem->data, pem->len}, &own));
	TRY(pin_of((struct bytes){pem->data, pem->len}, &wanted));
	if (files_read(scratch, file_of(scratch, home, name), AUTHORITY_PEM_MAX, &known) ||
		pin_of(known, &found) || !is_same(wanted, found))
		return print(context, own, out); /* without the key */
	*out = memory_bytes(context, known.data, known.len);
	return NULL;
}
