/* Keeps the case file over a lock, so that unlocking a large hub does not open every envelope again.
 *
 * What lies on the card is an age file to this hub and a signature by its office key beside it: a planted or
 * damaged snapshot is not even opened, and the caller builds the case file anew from the logs. What is in it
 * is casefile.c's. Runs in office. */
#include "node/casework/snapshot.h"

#include <string.h>

#include "node/base/files.h"
#include "node/base/json.h"
#include "node/base/text.h"
#include "node/vault/digest.h"

#define NAMESPACE "engabo-snapshot"
#define SNAPSHOT_FILE "snapshot.age"
#define SIGNATURE_FILE "snapshot.sig"
#define SNAPSHOT_MAX ((size_t)1 << 30)
#define SIGNATURE_MAX 4096

static const char *digest_text(const void *context, struct bytes data)
{
	char *hex = memory_array(context, char, 2 * DIGEST_LEN + 1);
	uint8_t digest[DIGEST_LEN];

	digest_of(digest, data);
	text_hex(hex, digest, DIGEST_LEN);
	return hex;
}

static struct bytes statement_of(const void *context, struct bytes sealed, const struct snapshot_place *place)
{
	json_t *json CLEANUP(json_decref) = json_pack("{s:i, s:s, s:s, s:i, s:i, s:i}", "v", 1, "sha256",
		digest_text(context, sealed), "log", place->log, "epoch", place->epoch, "roster",
		place->roster_version, "schema", CASEFILE_VERSION);

	return json_line(context, json);
}

const struct error *snapshot_write(const struct home *home, struct casefile *file, const struct vault *vault,
	const struct snapshot_place *place)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct secret *plain CLEANUP(secret_free) = NULL;
	struct buffer *signature = buffer_new(scratch);
	struct age_recipient self;
	struct bytes sealed, statement;

	TRY(age_recipient_of(&self, vault->opening));
	TRY(casefile_save(file, &plain));
	TRY(age_seal(scratch, (struct bytes){plain->data, plain->len}, &self, 1, &sealed));
	statement = statement_of(scratch, sealed, place);
	buffer_add(signature, statement.data, statement.len);
	buffer_text(signature, "\n");
	buffer_text(signature, sshsig_sign(scratch, vault->office, NAMESPACE, statement));
	TRY(files_write(home_file(scratch, home, SNAPSHOT_FILE), sealed, 0600));
	return files_write(home_file(scratch, home, SIGNATURE_FILE), buffer_bytes(signature), 0600);
}

/* What the signature says must fit this hub and these bytes. A roster older than the snapshot's has been put
 * back by somebody. */
static const struct error *check_statement(
	struct bytes statement, struct bytes sealed, const struct snapshot_place *place)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *json CLEANUP(json_decref) = NULL;
	const char *digest, *log;
	int64_t epoch, roster, schema;

	TRY(json_object_parse(statement, &json));
	TRY(json_get_string(json, "sha256", 2 * DIGEST_LEN, &digest));
	TRY(json_get_string(json, "log", LOG_ID_SIZE - 1, &log));
	TRY(json_get_integer(json, "epoch", 1, INT32_MAX, &epoch));
	TRY(json_get_integer(json, "roster", 0, INT32_MAX, &roster));
	TRY(json_get_integer(json, "schema", 0, INT32_MAX, &schema));
	if (strcmp(log, place->log) != 0 || epoch != place->epoch)
		return error_new(ERROR_INVALID, "the snapshot is of %s/%d", log, (int)epoch);
	if (roster > place->roster_version)
		return error_new(ERROR_INVALID, "the snapshot knows roster %d, this hub only %d", (int)roster,
			place->roster_version);
	if (schema != CASEFILE_VERSION)
		return error_new(ERROR_INVALID, "the snapshot is of another version of engabo");
	if (strcmp(digest, digest_text(scratch, sealed)) != 0)
		return error_new(ERROR_INVALID, "the snapshot is not the one that was signed");
	return NULL;
}

static const struct error *check_signature(
	const void *context, struct bytes signature, const struct vault *vault, struct bytes *statement)
{
	const char *text = (const char *)signature.data, *end = strchr(text, '\n');
	struct signer office;

	if (!end || strlen(text) != signature.len)
		return error_new(ERROR_INVALID, "the snapshot's signature is damaged");
	*statement = memory_bytes(context, text, (size_t)(end - text));
	sshsig_public_of(&office, vault->office);
	return sshsig_verify(end + 1, &office, NAMESPACE, *statement);
}

const struct error *snapshot_read(const void *context, const struct home *home, const struct vault *vault,
	const struct snapshot_place *place, struct casefile **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct secret *identities[] = {vault->opening};
	struct secret *plain CLEANUP(secret_free) = NULL;
	struct bytes signature, sealed, statement;

	TRY(files_read(scratch, home_file(scratch, home, SIGNATURE_FILE), SIGNATURE_MAX, &signature));
	TRY(files_read(scratch, home_file(scratch, home, SNAPSHOT_FILE), SNAPSHOT_MAX, &sealed));
	TRY(check_signature(scratch, signature, vault, &statement));
	TRY(check_statement(statement, sealed, place));
	TRY(age_open(identities, 1, sealed, &plain));
	return casefile_load(context, place->log, (struct bytes){plain->data, plain->len}, out);
}
