/* The floor under "sealed records into the signed log": the same commits with zlib, GnuTLS, libsodium and
 * libgit2 and nothing of ours in between.
 *
 *   floor_append REPOSITORY ENVELOPES BATCH
 *
 * REPOSITORY is an empty bare one; ENVELOPES a file of records, each a 32-bit length and its bytes. Every
 * BATCH records become commits of at most 256 in one pack, fsynced, and the branch moves. Prints the seconds
 * that took. */
#include <arpa/inet.h>
#include <git2.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#define LOG "k7q2m9x4t0ab3c5d"
#define A_COMMIT 256

static unsigned char *pack; /* the stream of one batch */
static size_t pack_len, pack_size;
static unsigned objects;
static z_stream deflater;
static unsigned char key[crypto_sign_SECRETKEYBYTES], public_key[crypto_sign_PUBLICKEYBYTES];

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void check(int code, const char *what)
{
	if (code >= 0)
		return;
	fprintf(stderr, "floor_append: %s\n", what);
	exit(1);
}

static void add(const void *data, size_t len)
{
	if (pack_len + len > pack_size)
		check((pack = realloc(pack, pack_size = 2 * (pack_len + len))) ? 0 : -1, "memory");
	memcpy(pack + pack_len, data, len);
	pack_len += len;
}

/* One object: its id, its header, its bytes; blobs as stored blocks, the rest deflated. */
static void add_object(int kind, const char *name, const void *data, size_t len, unsigned char id[20])
{
	static unsigned char out[65536];
	gnutls_hash_hd_t hash;
	char header[40];
	unsigned char byte = (unsigned char)(kind << 4 | (len & 15));
	int n = snprintf(header, sizeof header, "%s %zu", name, len);

	check(gnutls_hash_init(&hash, GNUTLS_DIG_SHA1), "SHA-1");
	gnutls_hash(hash, header, (size_t)n + 1);
	gnutls_hash(hash, data, len);
	gnutls_hash_deinit(hash, id);
	for (size_t rest = len >> 4; rest; rest >>= 7) {
		byte |= 0x80;
		add(&byte, 1);
		byte = rest & 0x7f;
	}
	add(&byte, 1);
	objects++;
	if (kind == 3) {
		unsigned char frame[] = {0x78, 1, 1, (unsigned char)len, (unsigned char)(len >> 8),
			(unsigned char)~len, (unsigned char)(~len >> 8)};
		uint32_t sum = htonl((uint32_t)adler32_z(1, data, len));

		add(frame, sizeof frame);
		add(data, len);
		add(&sum, 4);
		return;
	}
	deflateReset(&deflater);
	deflater.next_in = (unsigned char *)data;
	deflater.avail_in = (uInt)len;
	deflater.next_out = out;
	deflater.avail_out = sizeof out;
	deflate(&deflater, Z_FINISH);
	add(out, sizeof out - deflater.avail_out);
}

static void hex_of(char *out, const unsigned char *data, size_t len)
{
	sodium_bin2hex(out, 2 * len + 1, data, len);
}

static size_t put_string(unsigned char *to, const void *data, size_t len)
{
	uint32_t n = htonl((uint32_t)len);

	memcpy(to, &n, 4);
	memcpy(to + 4, data, len);
	return len + 4;
}

/* The armor of an SSH signature, each line as git puts it into a header. */
static void sign(const char *frame, size_t len, char *out)
{
	unsigned char hash[64], message[256] = "SSHSIG", blob[256] = "SSHSIG\0\0\0\1", signature[64],
				inner[128];
	size_t m = 6, b = 10, k;
	char base64[400];

	crypto_hash_sha512(hash, (const unsigned char *)frame, len);
	m += put_string(message + m, "git", 3);
	m += put_string(message + m, "", 0);
	m += put_string(message + m, "sha512", 6);
	m += put_string(message + m, hash, 64);
	crypto_sign_detached(signature, NULL, message, m, key);
	k = put_string(inner, "ssh-ed25519", 11);
	k += put_string(inner + k, public_key, 32);
	b += put_string(blob + b, inner, k);
	b += put_string(blob + b, "git", 3);
	b += put_string(blob + b, "", 0);
	b += put_string(blob + b, "sha512", 6);
	k = put_string(inner, "ssh-ed25519", 11);
	k += put_string(inner + k, signature, 64);
	b += put_string(blob + b, inner, k);
	sodium_bin2base64(base64, sizeof base64, blob, b, sodium_base64_VARIANT_ORIGINAL);
	out += sprintf(out, "gpgsig -----BEGIN SSH SIGNATURE-----\n");
	for (size_t at = 0; at < strlen(base64); at += 70)
		out += sprintf(out, " %.70s\n", base64 + at);
	sprintf(out, " -----END SSH SIGNATURE-----\n");
}

static char history[100000][41]; /* ids by Seq */
static long seq;
static unsigned char previous[32];

/* One commit of these records. */
static void add_commit(unsigned char **records, const uint32_t *lens, int count)
{
	static char tree[A_COMMIT * 40], message[8192], frame[16384], raw[32768], armor[1024];
	unsigned char id[20], sha256[32];
	char hex[2][65], tree_hex[41], parent[64] = "";
	crypto_hash_sha256_state envelopes;
	size_t t = 0, f;

	crypto_hash_sha256_init(&envelopes);
	for (int i = 0; i < count; i++) {
		int n = sprintf(tree + t, "100644 i-%04d.age", i);

		add_object(3, "blob", records[i], lens[i], id);
		crypto_hash_sha256(sha256, records[i], lens[i]);
		crypto_hash_sha256_update(&envelopes, (unsigned char *)tree + t + 7, (size_t)n - 6);
		crypto_hash_sha256_update(&envelopes, sha256, sizeof sha256);
		t += (size_t)n + 1;
		memcpy(tree + t, id, 20);
		t += 20;
	}
	crypto_hash_sha256_final(&envelopes, sha256);
	add_object(2, "tree", tree, t, id);
	hex_of(tree_hex, id, 20);
	hex_of(hex[0], previous, 32);
	hex_of(hex[1], sha256, 32);
	seq++;
	f = (size_t)sprintf(message,
		"engabo log 1\n\nLog: " LOG
		"\nEpoch: 1\nSeq: %ld\nRoster: 0\nPrev-SHA256: %s\nEnvelopes-SHA256: %s\nBack:",
		seq, hex[0], hex[1]);
	for (long leap = 1; leap < seq; leap *= 2)
		f += (size_t)sprintf(message + f, " %s", history[seq - leap]);
	strcpy(message + f, "\n");
	if (seq > 1)
		sprintf(parent, "parent %s\n", history[seq - 1]);
	f = (size_t)sprintf(frame,
		"tree %s\n%sauthor " LOG " <" LOG "@engabo.invalid> %ld +0000\ncommitter " LOG " <" LOG
		"@engabo.invalid> %ld +0000\n",
		tree_hex, parent, 1577836800 + seq, 1577836800 + seq);
	f += (size_t)sprintf(frame + f, "\n%s", message);
	sign(frame, f, armor);
	f = (size_t)(strstr(frame, "\n\n") + 1 - frame);
	f = (size_t)sprintf(raw, "%.*s%s%s", (int)f, frame, armor, frame + f);
	add_object(1, "commit", raw, f, id);
	hex_of(history[seq], id, 20);
	crypto_hash_sha256(previous, (unsigned char *)raw, f);
}

static void end_batch(git_repository *repo, git_odb *odb)
{
	unsigned char trailer[20];
	git_indexer_progress progress = {0};
	git_odb_writepack *writer = NULL;
	git_reference *ref = NULL;
	uint32_t count = htonl(objects);
	git_oid id;

	memcpy(pack + 8, &count, 4);
	gnutls_hash_fast(GNUTLS_DIG_SHA1, pack, pack_len, trailer);
	add(trailer, 20);
	check(git_odb_write_pack(&writer, odb, NULL, NULL), "pack");
	check(writer->append(writer, pack, pack_len, &progress), "pack");
	check(writer->commit(writer, &progress), "pack");
	writer->free(writer);
	git_oid_fromstr(&id, history[seq]);
	check(git_reference_create(&ref, repo, "refs/heads/log/" LOG "/1", &id, 1, NULL), "branch");
	git_reference_free(ref);
}

int main(int argc, char **argv)
{
	unsigned char *file, *at, *records[A_COMMIT], seed[32] = {1};
	uint32_t lens[A_COMMIT];
	git_repository *repo = NULL;
	git_odb *odb = NULL;
	long size, batch;
	double start;
	FILE *in;

	if (argc != 4 || !(in = fopen(argv[2], "rb")) || (batch = atol(argv[3])) < 1)
		return 64;
	fseek(in, 0, SEEK_END);
	size = ftell(in);
	rewind(in);
	file = malloc((size_t)size + 1);
	if (!file || fread(file, 1, (size_t)size, in) != (size_t)size)
		return 66;
	fclose(in);
	check(sodium_init(), "libsodium");
	crypto_sign_seed_keypair(public_key, key, seed);
	crypto_hash_sha256(previous, seed, 0);
	check(deflateInit2(&deflater, 1, Z_DEFLATED, 12, 5, Z_DEFAULT_STRATEGY), "zlib");
	git_libgit2_init();
	git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
	check(git_repository_open_bare(&repo, argv[1]), "repository");
	check(git_repository_odb(&odb, repo), "repository");
	start = now();
	for (at = file; at < file + size;) {
		pack_len = objects = 0;
		add("PACK\0\0\0\2\0\0\0\0", 12);
		for (long left = batch; left > 0 && at < file + size;) {
			int n = 0;

			for (; n < A_COMMIT && left > 0 && at < file + size; n++, left--) {
				memcpy(&lens[n], at, 4);
				records[n] = at + 4;
				at += 4 + lens[n];
			}
			add_commit(records, lens, n);
		}
		end_batch(repo, odb);
	}
	printf("%.6f\n", now() - start);
	git_odb_free(odb);
	git_repository_free(repo);
	free(file);
	return 0;
}
