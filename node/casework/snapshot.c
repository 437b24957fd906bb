/* Keeps the case file over a lock, so that unlocking a large hub does not open every envelope again.
 *
 * What lies on the card is an age file to this hub and a signature by its office key beside it. Both ways it
 * passes through in chunks, between the card and the one place where the case file lies: a hub has no memory
 * for a second one. So a planted or damaged snapshot is known for what it is when its last byte was read, and
 * SQLite sees nothing of it; the caller builds the case file anew from the logs. What is in it is
 * casefile.c's. Runs in office. */
#include "node/casework/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/base/files.h"
#include "node/base/json.h"
#include "node/base/text.h"
#include "node/vault/digest.h"

#define NAMESPACE "engabo-snapshot"
#define SNAPSHOT_FILE "snapshot.age"
#define SIGNATURE_FILE "snapshot.sig"
#define SIGNATURE_MAX 4096

static const char *digest_text(const void *context, struct digest_stream *digest)
{
	char *hex = memory_array(context, char, 2 * DIGEST_LEN + 1);
	uint8_t bytes[DIGEST_LEN];

	digest_stream_end(digest, bytes);
	text_hex(hex, bytes, DIGEST_LEN);
	return hex;
}

static struct bytes statement_of(const void *context, const char *digest, const struct snapshot_place *place)
{
	json_t *json CLEANUP(json_decref) =
		json_pack("{s:i, s:s, s:s, s:i, s:i, s:i}", "v", 1, "sha256", digest, "log", place->log,
			"epoch", place->epoch, "roster", place->roster_version, "schema", CASEFILE_VERSION);

	return json_line(context, json);
}

/* On its way to the card. */
struct sealing {
	const char *path;
	int fd;
	struct bytes image;
	const struct age_recipient *self;
	struct digest_stream *digest; /* of what was written */
};

static const struct error *put_sealed(void *user, const uint8_t *from, size_t len)
{
	struct sealing *sealing = user;
	struct bytes part = {from, len};

	digest_stream_add(sealing->digest, part);
	return files_put(sealing->fd, part, sealing->path);
}

static const struct error *seal_into(void *user, int fd)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct sealing *sealing = user;
	struct age_sealer *sealer;

	sealing->fd = fd;
	TRY(age_sealer_new(scratch, put_sealed, sealing, sealing->self, 1, &sealer));
	TRY(age_sealer_add(sealer, sealing->image));
	return age_sealer_end(sealer);
}

const struct error *snapshot_write(const struct home *home, struct casefile *file, const struct vault *vault,
	const struct snapshot_place *place)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct buffer *signature = buffer_new(scratch);
	struct age_recipient self;
	struct sealing sealing = {
		.path = home_file(scratch, home, SNAPSHOT_FILE),
		.digest = digest_stream_new(scratch),
		.self = &self,
	};
	struct bytes statement;

	TRY(age_recipient_of(&self, vault->opening));
	TRY(casefile_image(file, &sealing.image));
	TRY(files_write_by(sealing.path, 0600, seal_into, &sealing));
	statement = statement_of(scratch, digest_text(scratch, sealing.digest), place);
	buffer_add(signature, statement.data, statement.len);
	buffer_text(signature, "\n");
	buffer_text(signature, sshsig_sign(scratch, vault->office, NAMESPACE, statement));
	return files_write(home_file(scratch, home, SIGNATURE_FILE), buffer_bytes(signature), 0600);
}

/* What the signature says must fit this hub; *sha256, on `context`, is what it says of the sealed file. A
 * roster older than the snapshot's has been put back by somebody. */
static const struct error *check_statement(
	const void *context, struct bytes statement, const struct snapshot_place *place, const char **sha256)
{
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
	*sha256 = memory_string(context, digest);
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

/* On its way back. */
struct opening {
	const char *path;
	int fd;
	const struct secret *identity;
	struct digest_stream *digest; /* of what was read */
	const char *sha256;	      /* of what was signed */
	uint8_t *to;		      /* where the case file comes to lie */
	size_t room, *filled;
};

static const struct error *get_sealed(void *user, uint8_t *to, size_t max, size_t *got)
{
	struct opening *opening = user;
	ssize_t done;

	do
		done = read(opening->fd, to, max);
	while (done < 0 && errno == EINTR);
	if (done < 0)
		return error_system(errno, "cannot read %s", opening->path);
	*got = (size_t)done;
	digest_stream_add(opening->digest, (struct bytes){to, *got});
	return NULL;
}

static const struct error *put_opened(void *user, const uint8_t *from, size_t len)
{
	struct opening *opening = user;

	if (len > opening->room - *opening->filled)
		return error_new(ERROR_INVALID, "%s grows while it is read", opening->path);
	memcpy(opening->to + *opening->filled, from, len);
	*opening->filled += len;
	return NULL;
}

/* casefile_fill */
static const struct error *open_into(void *user, uint8_t *to, size_t max, size_t *len)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct opening *opening = user;
	const struct secret *identities[] = {opening->identity};

	opening->to = to;
	opening->room = max;
	opening->filled = len;
	TRY(age_open_stream(identities, 1, get_sealed, opening, put_opened, opening));
	if (strcmp(opening->sha256, digest_text(scratch, opening->digest)) != 0)
		return error_new(ERROR_INVALID, "the snapshot is not the one that was signed");
	return NULL;
}

const struct error *snapshot_read(const void *context, const struct home *home, const struct vault *vault,
	const struct snapshot_place *place, struct casefile **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const char *path = home_file(scratch, home, SNAPSHOT_FILE);
	struct opening opening = {.path = path, .identity = vault->opening};
	int fd CLEANUP(fd_close) = -1;
	struct bytes signature, statement;
	struct stat st;

	TRY(files_read(scratch, home_file(scratch, home, SIGNATURE_FILE), SIGNATURE_MAX, &signature));
	TRY(check_signature(scratch, signature, vault, &statement));
	TRY(check_statement(scratch, statement, place, &opening.sha256));
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_system(errno, "cannot read %s", path);
	if (!S_ISREG(st.st_mode) || st.st_size > (off_t)CASEFILE_MAX)
		return error_new(ERROR_INVALID, "%s is no snapshot", path);
	opening.fd = fd;
	opening.digest = digest_stream_new(scratch);
	return casefile_load(context, place->log, (size_t)st.st_size, open_into, &opening, out);
}
