/* A piece of a log as a file on a stick: its name, its header, whether it is whole. What somebody carries in
 * a pocket from Gulu to Kampala.
 *
 * Leaves what to do with it to pieces.c and the pack in it to the git program. Guards: a header is bounded
 * before it is read and in one form only; what a name promises is compared with every byte. Runs in sync, or
 * in a command that holds its lock. */
#include "sync/piece.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "node/base/text.h"
#include "sync/logs.h"
#include "sync/rosters.h"

#define ENDING ".bundle"
#define FIRST_LINE "# v2 git bundle\n"
#define NAME_DIGITS 32
#define PART ".part"
#define PART_DIGITS 16

static bool is_hex(const char *text, size_t len)
{
	return strspn(text, "0123456789abcdef") >= len;
}

bool piece_is_name(const char *name)
{
	return strlen(name) == PIECE_NAME_SIZE - 1 && is_hex(name, NAME_DIGITS) &&
	       strcmp(name + NAME_DIGITS, ENDING) == 0;
}

bool piece_is_part(const char *name)
{
	return strlen(name) == PART_DIGITS + strlen(PART) && is_hex(name, PART_DIGITS) &&
	       strcmp(name + PART_DIGITS, PART) == 0;
}

void piece_part_name(char out[static PIECE_NAME_SIZE], const char *log)
{
	uint8_t sha256[DIGEST_LEN];

	digest_of(sha256, (struct bytes){(const uint8_t *)log, strlen(log)});
	text_hex(out, sha256, PART_DIGITS / 2);
	snprintf(out + PART_DIGITS, PIECE_NAME_SIZE - PART_DIGITS, "%s", PART);
}

void piece_name(char out[static PIECE_NAME_SIZE], const uint8_t sha256[static DIGEST_LEN])
{
	text_hex(out, sha256, NAME_DIGITS / 2);
	snprintf(out + NAME_DIGITS, PIECE_NAME_SIZE - NAME_DIGITS, "%s", ENDING);
}

struct bytes piece_header(const void *context, const struct piece *piece)
{
	char *text = memory_format(context, FIRST_LINE "%s%s%s%s %s\n\n", *piece->after.hex ? "-" : "",
		piece->after.hex, *piece->after.hex ? "\n" : "", piece->tip.hex, piece->ref);

	return (struct bytes){(uint8_t *)text, strlen(text)};
}

/* "<log id>/<oid>" */
static bool is_fork(const char *below)
{
	char log[LOG_ID_SIZE] = "";

	if (strlen(below) != LOG_ID_SIZE - 1 + 1 + OID_SIZE - 1 || below[LOG_ID_SIZE - 1] != '/')
		return false;
	memcpy(log, below, LOG_ID_SIZE - 1);
	return ids_is_log(log) && is_hex(below + LOG_ID_SIZE, OID_SIZE - 1);
}

static bool is_ref(const char *ref)
{
	char log[LOG_ID_SIZE];
	int epoch;

	return strcmp(ref, ROSTER_REF) == 0 || logs_ref_parse(ref, log, &epoch) ||
	       (text_starts(ref, "refs/forks/") && is_fork(ref + strlen("refs/forks/")));
}

/* Takes an oid from *at. */
static bool take_oid(const char **at, struct oid *out)
{
	if (!is_hex(*at, OID_SIZE - 1))
		return false;
	memcpy(out->hex, *at, OID_SIZE - 1);
	out->hex[OID_SIZE - 1] = '\0';
	*at += OID_SIZE - 1;
	return true;
}

const struct error *piece_parse(struct bytes beginning, struct piece *out)
{
	char text[PIECE_HEADER_MAX + 1] = "", *end;
	size_t len = beginning.len < PIECE_HEADER_MAX ? beginning.len : PIECE_HEADER_MAX;
	const char *at = text;

	memcpy(text, beginning.data, len);
	text[len] = '\0';
	end = strstr(text, "\n\n");
	if (!end || !text_starts(text, FIRST_LINE))
		return error_new(ERROR_INVALID, "it is no git bundle of version 2 with a short header");
	*end = '\0';
	at += strlen(FIRST_LINE);
	out->after = (struct oid){""};
	if (*at == '-') {
		at++;
		if (!take_oid(&at, &out->after) || (*at != '\n' && *at != ' ') || !strchr(at, '\n'))
			return error_new(ERROR_INVALID, "its header names no commit that it goes on from");
		at = strchr(at, '\n') + 1; /* git puts the commit's first line behind it */
	}
	if (!take_oid(&at, &out->tip) || *at != ' ' || strlen(at + 1) >= sizeof out->ref || !is_ref(at + 1))
		return error_new(ERROR_INVALID, "its header does not name one log, and nothing else");
	snprintf(out->ref, sizeof out->ref, "%s", at + 1);
	return NULL;
}

/* The SHA-256 of all of it, and its beginning. */
static const struct error *read_all(int fd, uint64_t max, uint8_t sha256[static DIGEST_LEN],
	uint8_t beginning[static PIECE_HEADER_MAX], size_t *beginning_len)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct digest_stream *stream = digest_stream_new(scratch);
	uint8_t *chunk = memory_array(scratch, uint8_t, 65536);
	uint64_t sum = 0;
	ssize_t got;

	while ((got = read(fd, chunk, 65536)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_system(errno, "it cannot be read");
		if (!sum) {
			*beginning_len = (size_t)got < PIECE_HEADER_MAX ? (size_t)got : PIECE_HEADER_MAX;
			memcpy(beginning, chunk, *beginning_len);
		}
		sum += (uint64_t)got;
		if (sum > max)
			return error_new(ERROR_INVALID, "it is larger than this hub takes");
		digest_stream_add(stream, (struct bytes){chunk, (size_t)got});
	}
	digest_stream_end(stream, sha256);
	return NULL;
}

const struct error *piece_look(const char *folder, const char *name, uint64_t max, struct piece *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	int fd CLEANUP(fd_close) = open(memory_format(scratch, "%s/%s", folder, name),
		O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	uint8_t sha256[DIGEST_LEN], beginning[PIECE_HEADER_MAX];
	char expected[PIECE_NAME_SIZE];
	size_t len = 0;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_system(errno, "it cannot be read");
	if (!S_ISREG(st.st_mode))
		return error_new(ERROR_INVALID, "it is no plain file");
	if ((uint64_t)st.st_size > max)
		return error_new(ERROR_INVALID, "it is larger than this hub takes");
	TRY(read_all(fd, max, sha256, beginning, &len));
	piece_name(expected, sha256);
	if (strcmp(expected, name) != 0)
		return error_new(ERROR_INVALID, "it is damaged: its content is not what its name says");
	memcpy(out->name, expected, sizeof out->name);
	return piece_parse((struct bytes){beginning, len}, out);
}
