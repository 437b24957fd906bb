/* Photos on the card: pieces of ciphertext, written as a phone sends them and named only when each is whole
 * (pieces.h). What is sealed, to whom and by whom, is the caller's; how pieces reach other hubs is sync's.
 *
 * Invariant: a file with a piece's name holds exactly the bytes of that name, from the moment it has the
 * name. Runs in intake (writing) and office (reading). */
#include "node/store/pieces.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/base/files.h"
#include "node/base/ids.h"
#include "node/base/text.h"
#include "node/vault/digest.h"

#define UNFINISHED "new-"
#define DAY 86400

struct piece {
	char *path; /* where it is being written */
	char name[PIECE_NAME_SIZE];
	bool is_kept;
};

struct pieces {
	char *folder;
	struct piece pieces[PIECES_MAX];
	size_t count;
	int fd; /* of the last one; -1: it is whole */
	size_t filled;
	struct digest digest; /* of what is in it so far */
	bool is_settled;      /* kept or forgotten: nothing is removed when this is freed */
};

static char *path_of(const void *context, const char *folder, const char *name)
{
	return memory_format(context, "%s/%s", folder, name);
}

static int pieces_end(struct pieces *pieces)
{
	fd_close(pieces->fd);
	for (size_t i = 0; i < pieces->count && !pieces->is_settled; i++)
		unlink(pieces->pieces[i].path);
	return 0;
}

struct pieces *pieces_new(const void *context, const char *folder)
{
	struct pieces *pieces = memory_new(context, struct pieces);

	pieces->folder = memory_string(pieces, folder);
	pieces->fd = -1;
	talloc_set_destructor(pieces, pieces_end);
	return pieces;
}

static const struct error *begin_piece(struct pieces *pieces)
{
	struct piece *piece = &pieces->pieces[pieces->count];
	char name[sizeof UNFINISHED + 32];
	uint8_t random[16];

	if (pieces->count == PIECES_MAX)
		return error_new(ERROR_INVALID, "an attachment is larger than %d pieces", PIECES_MAX);
	memcpy(name, UNFINISHED, sizeof UNFINISHED);
	ids_random(random, sizeof random);
	text_hex(name + sizeof UNFINISHED - 1, random, sizeof random);
	piece->path = path_of(pieces, pieces->folder, name);
	pieces->fd = open(piece->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (pieces->fd < 0)
		return error_system(errno, "cannot create %s", piece->path);
	pieces->count++;
	pieces->filled = 0;
	digest_start(&pieces->digest);
	return NULL;
}

static void end_piece(struct pieces *pieces)
{
	uint8_t digest[DIGEST_LEN];

	digest_end(&pieces->digest, digest);
	text_hex(pieces->pieces[pieces->count - 1].name, digest, sizeof digest);
	close(pieces->fd);
	pieces->fd = -1;
}

const struct error *pieces_write(void *user, const uint8_t *from, size_t len)
{
	struct pieces *pieces = user;

	while (len) {
		size_t room;
		ssize_t done;

		if (pieces->fd < 0)
			TRY(begin_piece(pieces));
		room = PIECE_MAX - pieces->filled;
		done = write(pieces->fd, from, room < len ? room : len);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return error_system(errno, "cannot write an attachment");
		digest_add(&pieces->digest, from, (size_t)done);
		from += done;
		len -= (size_t)done;
		pieces->filled += (size_t)done;
		if (pieces->filled == PIECE_MAX)
			end_piece(pieces);
	}
	return NULL;
}

const struct error *pieces_finish(struct pieces *pieces)
{
	if (pieces->fd >= 0)
		end_piece(pieces);
	return pieces->count ? NULL : error_new(ERROR_INVALID, "an attachment with nothing in it");
}

size_t pieces_count(const struct pieces *pieces)
{
	return pieces->count;
}

const char *pieces_name(const struct pieces *pieces, size_t index)
{
	return pieces->pieces[index].name;
}

static const struct error *keep_piece(const struct pieces *pieces, struct piece *piece)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	int fd CLEANUP(fd_close) = open(piece->path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return error_system(errno, "cannot sync an attachment");
	if (rename(piece->path, path_of(scratch, pieces->folder, piece->name)) < 0)
		return error_system(errno, "cannot name an attachment");
	piece->is_kept = true;
	return NULL;
}

const struct error *pieces_keep(struct pieces *pieces)
{
	const struct error *error = NULL;

	for (size_t i = 0; i < pieces->count && !error; i++)
		error = keep_piece(pieces, &pieces->pieces[i]);
	if (!error)
		error = files_sync_directory(pieces->folder);
	if (error)
		pieces_forget(pieces);
	pieces->is_settled = true;
	return error;
}

void pieces_forget(struct pieces *pieces)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);

	for (size_t i = 0; i < pieces->count; i++) {
		const struct piece *piece = &pieces->pieces[i];

		unlink(piece->is_kept ? path_of(scratch, pieces->folder, piece->name) : piece->path);
	}
	pieces->is_settled = true;
}

/* A time ahead of now is one of a clock that was wrong: it may have been today. */
static void count_or_clear(const char *folder, const char *name, int64_t now_seconds, uint64_t *used)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const char *path = path_of(scratch, folder, name);
	struct stat st;

	if (text_starts(name, UNFINISHED))
		unlink(path);
	else if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_mtime > now_seconds - DAY)
		*used += (uint64_t)st.st_size;
}

const struct error *pieces_start(const char *folder, int64_t now_seconds, uint64_t *used)
{
	struct dirent *entry;
	DIR *directory;

	*used = 0;
	TRY(files_directory(folder, 0700));
	directory = opendir(folder);
	if (!directory)
		return error_system(errno, "cannot read %s", folder);
	while ((entry = readdir(directory)))
		count_or_clear(folder, entry->d_name, now_seconds, used);
	closedir(directory);
	return NULL;
}

/* Names come from events that other hubs wrote, and become paths. */
static bool is_name(const char *name)
{
	return strlen(name) == PIECE_NAME_SIZE - 1 && strspn(name, "0123456789abcdef") == PIECE_NAME_SIZE - 1;
}

bool pieces_are_here(const char *folder, const char *const *names, size_t count)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);

	for (size_t i = 0; i < count; i++)
		if (!is_name(names[i]) || !files_exist(path_of(scratch, folder, names[i])))
			return false;
	return count > 0;
}

struct pieces_reader {
	char *folder;
	const char *const *names;
	size_t left; /* names not read yet */
	struct bytes piece;
	void *context; /* of the piece */
};

struct pieces_reader *pieces_reader_new(
	const void *context, const char *folder, const char *const *names, size_t count)
{
	struct pieces_reader *reader = memory_new(context, struct pieces_reader);

	reader->folder = memory_string(reader, folder);
	reader->names = names;
	reader->left = count;
	return reader;
}

static const struct error *next_piece(struct pieces_reader *reader)
{
	const char *name = *reader->names;
	uint8_t digest[DIGEST_LEN];
	char found[PIECE_NAME_SIZE];

	memory_free(reader->context);
	reader->context = memory_context(reader);
	if (!is_name(name))
		return error_new(ERROR_INVALID, "an attachment names a piece that cannot be one");
	TRY(files_read(
		reader->context, path_of(reader->context, reader->folder, name), PIECE_MAX, &reader->piece));
	digest_of(digest, reader->piece);
	text_hex(found, digest, sizeof digest);
	if (strcmp(found, name) != 0)
		return error_new(ERROR_INVALID, "a piece of an attachment is damaged");
	reader->names++;
	reader->left--;
	return NULL;
}

const struct error *pieces_read(void *user, uint8_t *to, size_t max, size_t *got)
{
	struct pieces_reader *reader = user;

	while (!reader->piece.len && reader->left)
		TRY(next_piece(reader));
	*got = reader->piece.len < max ? reader->piece.len : max;
	if (*got)
		memcpy(to, reader->piece.data, *got);
	reader->piece.data += *got;
	reader->piece.len -= *got;
	return NULL;
}
