/* Packs: many signed commits on the card for the price of one file (see pack.h). Used by sync, and by
 * commands of the keeper.
 *
 * Leaves branches to repo.c. Guards: a batch is in the repository whole or not at all. Until it ends it lies
 * aside, in a folder of the kind in which git itself keeps what it receives, which repo_clean clears after a
 * crash.
 *
 * The formats are gitformat-pack(5): pack and index, both of version 2. */
#include "sync/pack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "node/base/files.h"
#include "node/base/ids.h"
#include "node/base/text.h"

#define PIECE_MAX (8 << 20)
#define STORED_MAX 65535
#define WORTH_DEFLATING 128
#define SHA1_LEN 20
#define HEADER_LEN 12

enum kind { KIND_COMMIT = 1, KIND_TREE = 2, KIND_BLOB = 3 };

/* What the index says of an object. */
struct object {
	uint8_t id[SHA1_LEN];
	uint32_t crc, offset;
};

struct pack {
	struct repo *repo;
	struct buffer *stream; /* header, objects; the trailer comes last */
	struct object *objects;
	size_t object_count, object_size; /* in this piece */
	size_t written;			  /* bytes in pieces before */
	z_stream text; /* commits and trees shrink; sealed bytes do not, and are only framed */
	uint8_t *ids;  /* of the whole batch; open addressing: slots of SHA1_LEN bytes, all zero when free; a
			  power of two */
	size_t id_count, id_slots;
	char *aside; /* folder of the pieces that are on the card; NULL: none yet */
	const struct error *failed;
	struct error failure; /* what `failed` points to: the ring of errors is short */
};

static void pack_fail(struct pack *pack, const struct error *error)
{
	if (pack->failed || !error)
		return;
	pack->failure = *error;
	pack->failed = &pack->failure;
}

static void start_stream(struct pack *pack)
{
	static const uint8_t header[HEADER_LEN] = {'P', 'A', 'C', 'K', 0, 0, 0, 2};

	talloc_free(pack->stream);
	pack->stream = buffer_new(pack);
	buffer_add(pack->stream, header, sizeof header);
	pack->object_count = 0;
}

/* Deletes the pieces; they were never part of the repository. */
static void drop_aside(const char *aside)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	DIR *folder = opendir(aside);
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			unlink(memory_format(scratch, "%s/%s", aside, entry->d_name));
	if (folder)
		closedir(folder);
	rmdir(aside);
}

static int pack_release(struct pack *pack)
{
	deflateEnd(&pack->text);
	if (pack->aside)
		drop_aside(pack->aside);
	return 0;
}

/* A commit is a page of text: a small window finds as much in it as a large one, in half the time. */
struct pack *pack_begin(const void *context, struct repo *repo)
{
	struct pack *pack = memory_new(context, struct pack);

	pack->repo = repo;
	repo_refresh(repo);
	if (deflateInit2(&pack->text, 1, Z_DEFLATED, 12, 5, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	talloc_set_destructor(pack, pack_release);
	pack->id_slots = 1024;
	pack->ids = memory_array(pack, uint8_t, pack->id_slots * SHA1_LEN);
	start_stream(pack);
	return pack;
}

/* The slot where this id is, or would be. */
static uint8_t *find_slot(uint8_t *ids, size_t slots, const uint8_t id[static SHA1_LEN])
{
	static const uint8_t none[SHA1_LEN];
	uint64_t hash;

	memcpy(&hash, id, sizeof hash);
	for (size_t i = hash & (slots - 1);; i = (i + 1) & (slots - 1)) {
		uint8_t *slot = ids + i * SHA1_LEN;

		if (memcmp(slot, id, SHA1_LEN) == 0 || memcmp(slot, none, SHA1_LEN) == 0)
			return slot;
	}
}

/* Whether this id is added for the first time. */
static bool is_first(struct pack *pack, const uint8_t id[static SHA1_LEN])
{
	uint8_t *slot;

	if (pack->id_count * 2 >= pack->id_slots) {
		size_t slots = pack->id_slots * 2;
		uint8_t *ids = memory_array(pack, uint8_t, slots * SHA1_LEN);
		static const uint8_t none[SHA1_LEN];

		for (size_t i = 0; i < pack->id_slots; i++) {
			const uint8_t *old = pack->ids + i * SHA1_LEN;

			if (memcmp(old, none, SHA1_LEN) != 0)
				memcpy(find_slot(ids, slots, old), old, SHA1_LEN);
		}
		talloc_free(pack->ids);
		pack->ids = ids;
		pack->id_slots = slots;
	}
	slot = find_slot(pack->ids, pack->id_slots, id);
	if (memcmp(slot, id, SHA1_LEN) == 0)
		return false;
	memcpy(slot, id, SHA1_LEN);
	pack->id_count++;
	return true;
}

static void hash_object(uint8_t out[static SHA1_LEN], const char *kind, struct bytes content)
{
	gnutls_hash_hd_t hash;
	char header[40];
	int len = snprintf(header, sizeof header, "%s %zu", kind, content.len);

	if (gnutls_hash_init(&hash, GNUTLS_DIG_SHA1) < 0 || gnutls_hash(hash, header, (size_t)len + 1) < 0 ||
		gnutls_hash(hash, content.data, content.len) < 0)
		abort();
	gnutls_hash_deinit(hash, out);
}

/* The kind and size in front of each object: four bits of size, then seven a byte, the least first. */
static void add_object_header(struct buffer *stream, enum kind kind, size_t size)
{
	uint8_t byte = (uint8_t)(kind << 4 | (size & 15));

	for (size >>= 4; size; size >>= 7) {
		byte |= 0x80;
		buffer_add(stream, &byte, 1);
		byte = size & 0x7f;
	}
	buffer_add(stream, &byte, 1);
}

/* zlib's frame (RFC 1950) with stored blocks (RFC 1951, 3.2.4). */
static void add_stored(struct buffer *stream, struct bytes content)
{
	static const uint8_t header[] = {0x78, 0x01};
	uint32_t sum = (uint32_t)adler32_z(adler32_z(0, NULL, 0), content.data, content.len);
	uint8_t trailer[] = {(uint8_t)(sum >> 24), (uint8_t)(sum >> 16), (uint8_t)(sum >> 8), (uint8_t)sum};

	buffer_add(stream, header, sizeof header);
	do {
		size_t len = content.len < STORED_MAX ? content.len : STORED_MAX;
		bool last = len == content.len;
		uint8_t block[] = {
			last, (uint8_t)len, (uint8_t)(len >> 8), (uint8_t)~len, (uint8_t)(~len >> 8)};

		buffer_add(stream, block, sizeof block);
		buffer_add(stream, content.data, len);
		content.data += len;
		content.len -= len;
	} while (content.len);
	buffer_add(stream, trailer, sizeof trailer);
}

static void add_deflated(struct buffer *stream, z_stream *z, struct bytes content)
{
	uint8_t chunk[16384];
	int code;

	deflateReset(z);
	z->next_in = (uint8_t *)content.data;
	z->avail_in = (uInt)content.len;
	do {
		z->next_out = chunk;
		z->avail_out = sizeof chunk;
		code = deflate(z, Z_FINISH);
		if (code != Z_OK && code != Z_STREAM_END)
			abort();
		buffer_add(stream, chunk, sizeof chunk - z->avail_out);
	} while (code != Z_STREAM_END);
}

static void add_number(struct buffer *to, uint32_t number)
{
	uint8_t big_endian[] = {
		(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number};

	buffer_add(to, big_endian, sizeof big_endian);
}

/* The SHA-1 of all that is in there, behind it. */
static void add_trailer(struct buffer *to)
{
	uint8_t trailer[SHA1_LEN];

	if (gnutls_hash_fast(GNUTLS_DIG_SHA1, to->data, to->len, trailer) < 0)
		abort();
	buffer_add(to, trailer, sizeof trailer);
}

static int compare_objects(const void *a, const void *b)
{
	return memcmp(((const struct object *)a)->id, ((const struct object *)b)->id, SHA1_LEN);
}

/* Magic and version, how many ids begin with at most each byte, ids, sums, offsets, the pack's trailer, its
 * own. */
static struct buffer *make_index(struct pack *pack, const uint8_t pack_trailer[static SHA1_LEN])
{
	struct buffer *index = buffer_new(pack);
	size_t at = 0;

	qsort(pack->objects, pack->object_count, sizeof *pack->objects, compare_objects);
	add_number(index, 0xff744f63);
	add_number(index, 2);
	for (unsigned byte = 0; byte < 256; byte++) {
		while (at < pack->object_count && pack->objects[at].id[0] <= byte)
			at++;
		add_number(index, (uint32_t)at);
	}
	for (size_t i = 0; i < pack->object_count; i++)
		buffer_add(index, pack->objects[i].id, SHA1_LEN);
	for (size_t i = 0; i < pack->object_count; i++)
		add_number(index, pack->objects[i].crc);
	for (size_t i = 0; i < pack->object_count; i++)
		add_number(index, pack->objects[i].offset);
	buffer_add(index, pack_trailer, SHA1_LEN);
	add_trailer(index);
	return index;
}

static const struct error *write_aside(
	const struct pack *pack, const char *name, const char *ending, const struct buffer *content)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char *path = memory_format(scratch, "%s/pack-%s%s", pack->aside, name, ending);
	int fd CLEANUP(fd_close) = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	size_t done = 0;

	while (fd >= 0 && done < content->len) {
		ssize_t n = write(fd, content->data + done, content->len - done);

		if (n < 0 && errno != EINTR)
			return error_system(errno, "cannot write a pack into %s", repo_path(pack->repo));
		done += n > 0 ? (size_t)n : 0;
	}
	if (fd < 0 || fsync(fd) < 0)
		return error_system(errno, "cannot write a pack into %s", repo_path(pack->repo));
	return NULL;
}

static const struct error *make_aside(struct pack *pack)
{
	uint8_t random[8];
	char hex[2 * sizeof random + 1];

	ids_random(random, sizeof random);
	text_hex(hex, random, sizeof random);
	pack->aside = memory_format(pack, "%s/objects/tmp_objdir-incoming-%s", repo_path(pack->repo), hex);
	if (mkdir(pack->aside, 0700) < 0)
		return error_system(errno, "cannot write a pack into %s", repo_path(pack->repo));
	return NULL;
}

/* The stream as a file, and its index, both on the card, but not yet in the repository. */
static const struct error *put_aside(struct pack *pack)
{
	const uint8_t *trailer;
	struct buffer *index;
	char name[2 * SHA1_LEN + 1];

	for (int i = 0; i < 4; i++)
		pack->stream->data[8 + i] = (uint8_t)(pack->object_count >> (24 - 8 * i));
	add_trailer(pack->stream);
	trailer = pack->stream->data + pack->stream->len - SHA1_LEN;
	text_hex(name, trailer, SHA1_LEN);
	index = make_index(pack, trailer);
	if (!pack->aside)
		TRY(make_aside(pack));
	TRY(write_aside(pack, name, ".pack", pack->stream));
	TRY(write_aside(pack, name, ".idx", index));
	pack->written += pack->stream->len + index->len;
	talloc_free(index);
	start_stream(pack);
	return NULL;
}

static void add_object(struct pack *pack, enum kind kind, struct bytes content, struct oid *out)
{
	static const char *const names[] = {
		[KIND_COMMIT] = "commit", [KIND_TREE] = "tree", [KIND_BLOB] = "blob"};
	struct object object = {.offset = 0};

	hash_object(object.id, names[kind], content);
	text_hex(out->hex, object.id, sizeof object.id);
	if (pack->failed || !is_first(pack, object.id) || repo_has(pack->repo, out))
		return;
	if (pack->object_count && pack->stream->len + content.len > PIECE_MAX)
		pack_fail(pack, put_aside(pack));
	object.offset = (uint32_t)pack->stream->len;
	add_object_header(pack->stream, kind, content.len);
	if (kind == KIND_BLOB || content.len < WORTH_DEFLATING)
		add_stored(pack->stream, content);
	else
		add_deflated(pack->stream, &pack->text, content);
	object.crc =
		(uint32_t)crc32_z(0, pack->stream->data + object.offset, pack->stream->len - object.offset);
	if (pack->object_count == pack->object_size) {
		pack->object_size = pack->object_size ? 2 * pack->object_size : 256;
		pack->objects = memory_resize(pack, pack->objects, struct object, pack->object_size);
	}
	pack->objects[pack->object_count++] = object;
}

void pack_blob(struct pack *pack, struct bytes content, struct oid *out)
{
	add_object(pack, KIND_BLOB, content, out);
}

void pack_commit(struct pack *pack, struct bytes raw, struct oid *out)
{
	add_object(pack, KIND_COMMIT, raw, out);
}

void pack_tree(struct pack *pack, const struct tree_entry *entries, size_t count, struct oid *out)
{
	struct buffer *raw = buffer_new(pack);

	for (size_t i = 0; i < count; i++) {
		uint8_t id[SHA1_LEN];

		buffer_text(raw,
			entries[i].mode == 0100644 ? "100644" : memory_format(raw, "%o", entries[i].mode));
		buffer_text(raw, " ");
		buffer_add(raw, entries[i].name, strlen(entries[i].name) + 1);
		if (text_from_hex(id, sizeof id, entries[i].oid.hex))
			abort();
		buffer_add(raw, id, sizeof id);
	}
	add_object(pack, KIND_TREE, buffer_bytes(raw), out);
	talloc_free(raw);
}

/* A pack before its index: readers find objects by the index. */
static const struct error *move_pieces(const struct pack *pack, const char *ending)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct error *error = NULL;
	DIR *folder = opendir(pack->aside);
	struct dirent *entry;

	if (!folder)
		return error_system(errno, "cannot read %s", pack->aside);
	while (!error && (entry = readdir(folder))) {
		char *from = memory_format(scratch, "%s/%s", pack->aside, entry->d_name);
		char *to = memory_format(scratch, "%s/objects/pack/%s", repo_path(pack->repo), entry->d_name);

		if (text_ends(entry->d_name, ending) && rename(from, to) < 0)
			error = error_system(errno, "cannot keep %s", to);
	}
	closedir(folder);
	return error;
}

static const struct error *finish(struct pack *pack)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);

	if (pack->failed)
		return error_new(pack->failed->code, "%s", pack->failed->message);
	if (pack->object_count)
		TRY(put_aside(pack));
	if (!pack->aside)
		return NULL;
	TRY(move_pieces(pack, ".pack"));
	TRY(move_pieces(pack, ".idx"));
	return files_sync_directory(memory_format(scratch, "%s/objects/pack", repo_path(pack->repo)));
}

const struct error *pack_end(struct pack *pack)
{
	const struct error *error = finish(pack);

	talloc_free(pack);
	return error;
}

size_t pack_size(const struct pack *pack)
{
	return pack->written + pack->stream->len;
}
