/* The floor under "a durable report over HTTPS": what libmicrohttpd, GnuTLS, libsodium and SQLite with one
 * group commit can do with nothing in between. No pages, no sessions, no checks, no guarded memory: the body
 * is taken as it comes, sealed (age v1, one chunk) as often as intake seals a report, put on the card,
 * answered with 303.
 *
 *   floor_report PORT DATABASE group|each RECIPIENTS...
 *
 * `each` commits every report by itself, on the server's thread. RECIPIENTS are one number an envelope: "2 1"
 * seals the body to two recipients and a mailbox item to one. Prints its port once it listens, and ends on
 * SIGTERM. */
#include <arpa/inet.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <sys/socket.h>

#include "node/base/clock.h"
#include "node/store/group.h"
#include "node/store/spool.h"
#include "web/certificate.h"

#define ENVELOPES_MAX 4
#define ITEM_LEN 256 /* of a mailbox item */
#define RECIPIENTS_MAX 8
#define PRIORITIES "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-MAC-ALL:+AEAD"

static uint8_t recipients[RECIPIENTS_MAX][32];
static size_t recipient_counts[ENVELOPES_MAX], envelope_count;
static struct group *group;
static struct db *db; /* for `each` */

struct report {
	void *context;
	struct buffer *body;
	struct MHD_Connection *connection;
	struct bytes sealed[ENVELOPES_MAX];
	bool is_saved, has_failed;
};

static void must(const struct error *error)
{
	if (!error)
		return;
	fprintf(stderr, "%s\n", error->message);
	exit(1);
}

static const struct error *save(struct db *to, void *job)
{
	struct report *report = job;
	int64_t id;

	for (size_t i = 0; i < envelope_count; i++) {
		struct spool_entry entry = {.kind = i ? 'm' : 'i', .body = report->sealed[i]};

		if (i)
			strcpy(entry.mailbox, "00112233445566778899aabbccddeeff");
		TRY(spool_add(to, &entry, &id));
	}
	return NULL;
}

static void saved(void *job, const struct error *error)
{
	struct report *report = job;

	report->is_saved = true;
	report->has_failed = error;
	MHD_resume_connection(report->connection);
}

static enum MHD_Result respond(struct MHD_Connection *connection, unsigned status)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result;

	MHD_add_response_header(response, "Location", "/done/0");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

/* HKDF-SHA-256, one block. */
static void derive(uint8_t out[static 32], const uint8_t *salt, size_t salt_len, const uint8_t *key,
	size_t key_len, const char *info)
{
	uint8_t middle[32], first[64];
	size_t len = strlen(info);

	memcpy(first, info, len);
	first[len] = 1;
	gnutls_hmac_fast(GNUTLS_MAC_SHA256, salt, salt_len, key, key_len, middle);
	gnutls_hmac_fast(GNUTLS_MAC_SHA256, middle, sizeof middle, first, len + 1, out);
}

static void add_base64(struct buffer *out, const uint8_t *data, size_t len)
{
	char text[64];

	buffer_text(out,
		sodium_bin2base64(text, sizeof text, data, len, sodium_base64_VARIANT_ORIGINAL_NO_PADDING));
}

/* An age v1 file (https://age-encryption.org/v1) of at most one chunk. */
static struct bytes seal_one(const void *context, struct bytes plain, size_t count)
{
	static const uint8_t zero[12], last[12] = {[11] = 1};
	uint8_t file_key[16], ephemeral[32], salt[64], shared[32], key[32], wrapped[32], nonce[16], mac[32];
	struct buffer *out = buffer_new(context);
	uint8_t *payload = memory_array(context, uint8_t, plain.len + 16);
	unsigned long long len;

	randombytes_buf(file_key, sizeof file_key);
	randombytes_buf(nonce, sizeof nonce);
	buffer_text(out, "age-encryption.org/v1\n");
	for (size_t i = 0; i < count; i++) {
		randombytes_buf(ephemeral, sizeof ephemeral);
		crypto_scalarmult_base(salt, ephemeral);
		memcpy(salt + 32, recipients[i], 32);
		if (crypto_scalarmult(shared, ephemeral, recipients[i]) != 0)
			abort();
		derive(key, salt, sizeof salt, shared, sizeof shared, "age-encryption.org/v1/X25519");
		crypto_aead_chacha20poly1305_ietf_encrypt(
			wrapped, &len, file_key, sizeof file_key, NULL, 0, NULL, zero, key);
		buffer_text(out, "-> X25519 ");
		add_base64(out, salt, 32);
		buffer_text(out, "\n");
		add_base64(out, wrapped, sizeof wrapped);
		buffer_text(out, "\n");
	}
	buffer_text(out, "---");
	derive(key, (const uint8_t *)"", 0, file_key, sizeof file_key, "header");
	gnutls_hmac_fast(GNUTLS_MAC_SHA256, key, sizeof key, out->data, out->len, mac);
	buffer_text(out, " ");
	add_base64(out, mac, sizeof mac);
	buffer_text(out, "\n");
	buffer_add(out, nonce, sizeof nonce);
	derive(key, nonce, sizeof nonce, file_key, sizeof file_key, "payload");
	crypto_aead_chacha20poly1305_ietf_encrypt(
		payload, &len, plain.data, plain.len, NULL, 0, NULL, last, key);
	buffer_add(out, payload, len);
	return buffer_bytes(out);
}

static void seal(struct report *report)
{
	static const uint8_t item[ITEM_LEN];

	for (size_t i = 0; i < envelope_count; i++)
		report->sealed[i] = seal_one(report->context, i ? BYTES_OF(item) : buffer_bytes(report->body),
			recipient_counts[i]);
}

static const struct error *save_alone(struct report *report)
{
	TRY(db_begin(db));
	TRY(save(db, report));
	return db_commit(db);
}

static enum MHD_Result handle(void *user, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *data, size_t *data_len, void **state)
{
	struct report *report = *state;

	if (!report) {
		void *context = memory_context(NULL);

		report = memory_new(context, struct report);
		report->context = context;
		report->body = buffer_new(context);
		report->connection = connection;
		*state = report;
		return MHD_YES;
	}
	if (*data_len) {
		buffer_add(report->body, data, *data_len);
		*data_len = 0;
		return MHD_YES;
	}
	if (report->is_saved)
		return respond(connection, report->has_failed ? 500 : 303);
	seal(report);
	if (!group)
		return respond(connection, save_alone(report) ? 500 : 303);
	MHD_suspend_connection(connection);
	group_submit(group, save, saved, report);
	return MHD_YES;
}

static void finish(
	void *user, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode how)
{
	struct report *report = *state;

	if (report)
		talloc_free(report->context);
	*state = NULL;
}

static int listen_on(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 512) != 0) {
		perror("floor_report: listen");
		exit(1);
	}
	return fd;
}

int main(int count, char **words)
{
	const char *steps[] = {META_SQL, spool_sql, NULL};
	const struct db_schema schema = {steps, 2};
	const char *const names[] = {"localhost", NULL};
	struct secret *pem = NULL;
	struct MHD_Daemon *daemon;
	sigset_t ends;
	int signal_number;

	if (count < 5 || count > 4 + ENVELOPES_MAX) {
		fprintf(stderr, "usage: floor_report PORT DATABASE group|each RECIPIENTS...\n");
		return 64;
	}
	secret_start();
	clock_start(0);
	for (int i = 4; i < count; i++)
		recipient_counts[envelope_count++] = (size_t)atoi(words[i]) % (RECIPIENTS_MAX + 1);
	for (size_t i = 0; i < RECIPIENTS_MAX; i++) {
		uint8_t identity[32];

		randombytes_buf(identity, sizeof identity);
		crypto_scalarmult_base(recipients[i], identity);
	}
	must(db_open(words[2], &schema, &db));
	if (strcmp(words[3], "group") == 0)
		must(group_start(db, &group));
	must(certificate_new("floor", names, &pem));
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	daemon = MHD_start_daemon(MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_TLS | MHD_ALLOW_SUSPEND_RESUME, 0,
		NULL, NULL, handle, NULL, MHD_OPTION_LISTEN_SOCKET, listen_on(atoi(words[1])),
		MHD_OPTION_NOTIFY_COMPLETED, finish, NULL, MHD_OPTION_HTTPS_MEM_CERT, pem->data,
		MHD_OPTION_HTTPS_MEM_KEY, pem->data, MHD_OPTION_HTTPS_PRIORITIES, PRIORITIES, MHD_OPTION_END);
	if (!daemon) {
		fprintf(stderr, "floor_report: cannot serve\n");
		return 1;
	}
	printf("%s\n", words[1]);
	fflush(stdout);
	sigwait(&ends, &signal_number);
	_exit(0); /* a floor has nothing to tidy up */
}
