/* Keeps the certificates of a TLS server and picks one for each handshake (see credentials.h). Where they
 * come from is the roles' own.
 *
 * Invariant: what a handshake was given stays until that handshake must be over. Runs in intake, office and
 * sync. */
#include "web/credentials.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "node/base/clock.h"
#include "node/base/memory.h"
#include "node/vault/x509.h"

#define CHAIN_MOST 8
#define HANDSHAKE_MS 60000 /* any handshake has been closed by then (web/limits.c) */
#define HOST_SIZE 256

struct shown {
	gnutls_pcert_st chain[CHAIN_MOST];
	unsigned count;
	gnutls_privkey_t key;
	gnutls_x509_crt_t leaf;
	int64_t retired_ms;
	struct shown *next; /* of those that are retired */
};

struct credentials {
	pthread_mutex_t mutex;
	struct shown *now[CREDENTIALS_KINDS];
	struct shown *retired;
};

static void shown_free(struct shown *shown)
{
	if (!shown)
		return;
	for (unsigned i = 0; i < shown->count; i++)
		gnutls_pcert_deinit(&shown->chain[i]);
	gnutls_privkey_deinit(shown->key);
	gnutls_x509_crt_deinit(shown->leaf);
	memory_free(shown);
}
DEFINE_CLEANUP(struct shown *, shown_free)

struct credentials *credentials_new(void)
{
	struct credentials *credentials = memory_new(NULL, struct credentials);

	pthread_mutex_init(&credentials->mutex, NULL);
	return credentials;
}

/* Those whose last handshake is over; all when `now` is 0. */
static void let_go(struct credentials *credentials, int64_t now)
{
	struct shown **at = &credentials->retired;

	while (*at) {
		struct shown *shown = *at;

		if (now && now - shown->retired_ms < HANDSHAKE_MS) {
			at = &shown->next;
			continue;
		}
		*at = shown->next;
		shown_free(shown);
	}
}

void credentials_free(struct credentials *credentials)
{
	if (!credentials)
		return;
	let_go(credentials, 0);
	for (size_t i = 0; i < CREDENTIALS_KINDS; i++)
		shown_free(credentials->now[i]);
	pthread_mutex_destroy(&credentials->mutex);
	memory_free(credentials);
}

static const struct error *read_pair(struct shown *shown, const char *certificate_pem, const char *key_pem)
{
	const gnutls_datum_t certificate = {(unsigned char *)certificate_pem,
				     (unsigned)strlen(certificate_pem)},
			     key = {(unsigned char *)key_pem, (unsigned)strlen(key_pem)};
	unsigned count = CHAIN_MOST;

	if (gnutls_privkey_init(&shown->key) < 0 || gnutls_x509_crt_init(&shown->leaf) < 0)
		return error_new(ERROR_SYSTEM, "no memory for a certificate");
	if (gnutls_pcert_list_import_x509_raw(shown->chain, &count, &certificate, GNUTLS_X509_FMT_PEM, 0) <
			0 ||
		!count)
		return error_new(ERROR_CONFIG, "the certificate cannot be read: a PEM file is needed");
	shown->count = count;
	if (gnutls_x509_crt_import(shown->leaf, &certificate, GNUTLS_X509_FMT_PEM) < 0)
		return error_new(ERROR_CONFIG, "the certificate cannot be read: a PEM file is needed");
	if (gnutls_privkey_import_x509_raw(shown->key, &key, GNUTLS_X509_FMT_PEM, NULL, 0) < 0)
		return error_new(
			ERROR_CONFIG, "the key cannot be read: a PEM file without a passphrase is needed");
	if (!x509_is_of_key(shown->leaf, shown->key))
		return error_new(ERROR_CONFIG, "the certificate and the key do not belong together");
	return NULL;
}

const struct error *credentials_set(struct credentials *credentials, enum credentials_kind kind,
	const char *certificate_pem, const char *key_pem)
{
	struct shown *fresh CLEANUP(shown_free) = NULL, *old;

	if (certificate_pem) {
		fresh = memory_new(NULL, struct shown);
		TRY(read_pair(fresh, certificate_pem, key_pem));
	}
	pthread_mutex_lock(&credentials->mutex);
	let_go(credentials, clock_boot_ms());
	old = credentials->now[kind];
	credentials->now[kind] = fresh;
	fresh = NULL;
	if (old) {
		old->retired_ms = clock_boot_ms();
		old->next = credentials->retired;
		credentials->retired = old;
	}
	pthread_mutex_unlock(&credentials->mutex);
	return NULL;
}

static bool is_asked_for(const struct shown *shown, gnutls_session_t session)
{
	char host[HOST_SIZE];
	size_t len = sizeof host;
	unsigned type;

	return gnutls_server_name_get(session, host, &len, &type, 0) == 0 && type == GNUTLS_NAME_DNS &&
	       gnutls_x509_crt_check_hostname(shown->leaf, host);
}

int credentials_pick(struct credentials *credentials, gnutls_session_t session, gnutls_pcert_st **chain,
	unsigned *count, gnutls_privkey_t *key)
{
	struct shown *shown;

	pthread_mutex_lock(&credentials->mutex);
	shown = credentials->now[CREDENTIALS_PUBLIC];
	if (!shown || !is_asked_for(shown, session))
		shown = credentials->now[CREDENTIALS_OWN];
	pthread_mutex_unlock(&credentials->mutex);
	if (!shown)
		return -1;
	*chain = shown->chain;
	*count = shown->count;
	*key = shown->key;
	return 0;
}
