/* What is written is on the card before a branch names it; what a peer sends is measured before it is read.
 */
#include "tests/unit/sync/stock.h"

#include <dlfcn.h>
#include <gnutls/crypto.h>
#include <signal.h>
#include <sys/resource.h>
#include <zlib.h>

static struct oid put_blob(struct repo *repo, struct bytes content)
{
	struct pack *pack = pack_begin(NULL, repo);
	struct oid oid;

	pack_blob(pack, content, &oid);
	must(pack_end(pack));
	return oid;
}

static void a_pack_is_what_stock_git_would_have_written(void **state)
{
	struct forge *forge = *state;
	struct pack *pack = pack_begin(forge, forge->log);
	struct tree_entry entry = {.name = "i-0000.age", .mode = 0100644}, *entries;
	struct bytes raw, back,
		sizes[] = {{NULL, 0}, tools_random_bytes(1), tools_random_bytes(70000), TEXT("tree")};
	struct oid tree, commit, blobs[4];
	struct raw_commit read;
	size_t count;

	for (size_t i = 0; i < 4; i++)
		pack_blob(pack, sizes[i], &blobs[i]);
	entry.oid = blobs[2];
	pack_tree(pack, &entry, 1, &tree);
	raw = commit_frame(forge, forge->id, 1577836801, &tree, NULL, "hello\n");
	pack_commit(pack, raw, &commit);
	assert_true(pack_size(pack) > 70000);
	assert_false(repo_has(forge->log, &tree));
	must(pack_end(pack));
	must(repo_ref_set(forge->log, "refs/heads/x", &commit, NULL));
	FORGE_GIT(forge->log_path, "fsck", "--strict", "--full");
	FORGE_GIT(forge->log_path, "verify-pack", "-v",
		memory_format(forge, "%s/objects/pack/pack-%s.idx", forge->log_path,
			text_trim(forge,
				(char *)TOOLS_RUN(NO_INPUT, "sh", "-c",
					memory_format(forge, "basename %s/objects/pack/*.idx .idx | cut -c6-",
						forge->log_path))
					.data)));
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(stock_object(forge->inbox_path, "blob", sizes[i]).hex, blobs[i].hex);
		must(repo_blob(forge, forge->log, &blobs[i], 70000, &back));
		assert_bytes(back, sizes[i]);
	}
	must(repo_commit(forge, forge->inbox, &commit, &read)); /* by alternates */
	assert_bytes(read.raw, raw);
	assert_string_equal(read.message, "hello\n");
	assert_null(read.signature);
	must(repo_tree(forge, forge->inbox, &read.tree, 1, &entries, &count));
	assert_int_equal(count, 1);
	assert_string_equal(entries[0].name, entry.name);
	assert_string_equal(entries[0].oid.hex, blobs[2].hex);
}

static void an_object_that_is_here_is_not_written_again(void **state)
{
	struct forge *forge = *state;
	struct pack *pack;
	struct oid oid;

	put_blob(forge->log, TEXT("once"));
	assert_int_equal(repo_pack_count(forge->log), 1);
	put_blob(forge->log, TEXT("once"));
	assert_int_equal(repo_pack_count(forge->log), 1);
	pack = pack_begin(forge, forge->log);
	for (int i = 0; i < 5000; i++) {
		char text[16];

		snprintf(text, sizeof text, "%d", i % 2500);
		pack_blob(pack, TEXT(text), &oid);
	}
	must(pack_end(pack));
	assert_int_equal(repo_pack_count(forge->log), 2);
	FORGE_GIT(forge->log_path, "fsck", "--strict");
	must(pack_end(pack_begin(forge, forge->log)));
	assert_int_equal(repo_pack_count(forge->log), 2);
}

static void a_batch_that_is_given_up_leaves_nothing(void **state)
{
	struct forge *forge = *state;
	char *before = folder_digest(forge, forge->log_path);
	struct oid oid;

	for (int large = 0; large < 2; large++) {
		struct pack *pack = pack_begin(forge, forge->log);

		for (int i = 0; i < (large ? 20 : 1); i++)
			pack_blob(pack, tools_random_bytes(1 << 20), &oid);
		talloc_free(pack);
		assert_string_equal(folder_digest(forge, forge->log_path), before);
	}
}

static void a_full_card_is_told_and_leaves_nothing(void **state)
{
	struct forge *forge = *state;
	char *before = folder_digest(forge, forge->log_path);
	struct rlimit all, few;
	struct oid oid;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &all), 0);
	for (int megabytes = 1; megabytes < 20; megabytes += 9) {
		struct pack *pack = pack_begin(forge, forge->log);
		const struct error *error;

		few = (struct rlimit){1 << 19, all.rlim_max};
		for (int i = 0; i < megabytes; i++)
			pack_blob(pack, tools_random_bytes(1 << 20), &oid);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &few), 0);
		error = pack_end(pack);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
		assert_non_null(error);
		assert_string_equal(folder_digest(forge, forge->log_path), before);
	}
	put_blob(forge->log, TEXT("room again"));
}

static void a_large_batch_goes_to_the_card_in_pieces_and_appears_at_once(void **state)
{
	struct forge *forge = *state;
	struct pack *pack = pack_begin(forge, forge->log);
	struct oid oids[20];
	struct bytes back;

	for (int i = 0; i < 20; i++)
		pack_blob(pack, tools_random_bytes(1 << 20), &oids[i]);
	assert_int_equal(repo_pack_count(forge->log), 0);
	assert_non_null(repo_blob(forge, forge->log, &oids[0], 1 << 20, &back));
	must(pack_end(pack));
	assert_int_equal(repo_pack_count(forge->log), 3);
	for (int i = 0; i < 20; i++)
		must(repo_blob(forge, forge->log, &oids[i], 1 << 20, &back));
	FORGE_GIT(forge->log_path, "fsck", "--strict");
	assert_int_equal(TOOLS_TRY(NO_INPUT, "sh", "-c",
				 memory_format(forge, "ls -d %s/objects/tmp_* 2>/dev/null", forge->log_path))
				 .output.len,
		0);
}

static void what_a_killed_writer_leaves_is_cleared_and_nothing_else(void **state)
{
	struct forge *forge = *state;
	static const char *const left[] = {"refs/heads/log/x.lock", "packed-refs.lock", "HEAD.lock",
		"config.lock", "objects/pack/pack_git2_3xMpQ1", "objects/pack/tmp_pack_9",
		"objects/tmp_object_git2_Xa", "objects/ab/tmp_obj_Yb",
		"objects/tmp_objdir-incoming-12/pack/x.pack",
		"objects/pack/pack-0000000000000000000000000000000000000000.idx"};
	struct oid oid = put_blob(forge->log, TEXT("kept"));
	char *before;

	TOOLS_RUN(NO_INPUT, "mkdir", "-p", memory_format(forge, "%s/refs/heads/log", forge->log_path),
		memory_format(forge, "%s/objects/ab", forge->log_path));
	before = folder_digest(forge, forge->log_path);
	for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
		char *path = memory_format(forge, "%s/%s", forge->log_path, left[i]);

		TOOLS_RUN(NO_INPUT, "sh", "-c",
			memory_format(forge, "mkdir -p $(dirname %s) && echo x > %s", path, path));
	}
	must(repo_clean(forge->log_path));
	assert_string_equal(folder_digest(forge, forge->log_path), before);
	repo_refresh(forge->log);
	assert_true(repo_has(forge->log, &oid));
	TOOLS_RUN(NO_INPUT, "ln", "-s", tools.folder,
		memory_format(forge, "%s/objects/tmp_link", forge->log_path));
	must(repo_clean(forge->log_path)); /* the link goes, what it points to stays */
	assert_true(files_exist(forge->inbox_path));
	assert_string_equal(folder_digest(forge, forge->log_path), before);
}

static void a_branch_moves_only_from_where_it_was_thought_to_be(void **state)
{
	struct forge *forge = *state;
	struct oid a, b, tree, got;
	struct pack *pack = pack_begin(forge, forge->log);
	char **names;
	size_t count;

	pack_tree(pack, NULL, 0, &tree);
	pack_commit(pack, commit_frame(forge, forge->id, 1, &tree, NULL, "a"), &a);
	pack_commit(pack, commit_frame(forge, forge->id, 1, &tree, &a, "b"), &b);
	must(pack_end(pack));
	assert_error(repo_ref(forge->log, "refs/heads/log/x/1", &got), ERROR_NOT_FOUND);
	must(repo_ref_set(forge->log, "refs/heads/log/x/1", &a, NULL));
	assert_error(repo_ref_set(forge->log, "refs/heads/log/x/1", &b, NULL), ERROR_CONFLICT);
	assert_error(repo_ref_set(forge->log, "refs/heads/log/x/1", &a, &b), ERROR_CONFLICT);
	must(repo_ref_set(forge->log, "refs/heads/log/x/1", &b, &a));
	must(repo_ref(forge->log, "refs/heads/log/x/1", &got));
	assert_string_equal(got.hex, b.hex);
	must(repo_ref_set(forge->log, "refs/heads/log/a/1", &a, NULL));
	must(repo_ref_set(forge->log, "refs/heads/other", &a, NULL));
	must(repo_refs(forge, forge->log, "refs/heads/log/", 10, &names, &count));
	assert_int_equal(count, 2);
	assert_string_equal(names[0], "refs/heads/log/a/1");
	must(repo_refs(forge, forge->log, "refs/heads/log/", 1, &names, &count));
	assert_int_equal(count, 1);
	must(repo_ref_delete(forge->log, "refs/heads/log/a/1"));
	assert_error(repo_ref(forge->log, "refs/heads/log/a/1", &got), ERROR_NOT_FOUND);
	must(files_write(memory_format(forge, "%s/refs/heads/sym", forge->log_path),
		TEXT("ref: refs/heads/other\n"), 0600));
	assert_error(repo_ref(forge->log, "refs/heads/sym", &got), ERROR_INVALID);
	assert_non_null(repo_ref(forge->log, "refs/heads/../../config", &got));
}

static void an_oversized_object_is_refused_without_being_read(void **state)
{
	struct forge *forge = *state;
	struct bytes out;
	struct oid oid;

	out = TOOLS_RUN(NO_INPUT, "sh", "-c",
		memory_format(forge, "head -c 400000000 /dev/zero | git --git-dir %s hash-object -w --stdin",
			forge->inbox_path));
	memcpy(oid.hex, out.data, OID_SIZE - 1);
	oid.hex[OID_SIZE - 1] = '\0';
	memory_peak_kb();
	assert_error(repo_blob(forge, forge->inbox, &oid, 65536, &out), ERROR_INVALID);
	TOOLS_RUN(NO_INPUT, "git", "--git-dir", forge->inbox_path, "repack", "-adq");
	assert_error(repo_blob(forge, forge->inbox, &oid, 65536, &out), ERROR_INVALID);
	assert_true(memory_peak_kb() < 30000);
}

static void add_size(struct buffer *stream, unsigned kind, size_t size)
{
	uint8_t byte = (uint8_t)(kind << 4 | (size & 15));

	for (size >>= 4; size; size >>= 7) {
		byte |= 0x80;
		buffer_add(stream, &byte, 1);
		byte = size & 0x7f;
	}
	buffer_add(stream, &byte, 1);
}

static void add_zlib(struct buffer *stream, const void *data, size_t len)
{
	uLongf size = compressBound(len);
	uint8_t *out = memory_array(stream, uint8_t, size);

	assert_int_equal(compress2(out, &size, data, len, 9), Z_OK);
	buffer_add(stream, out, size);
	talloc_free(out);
}

/* A small object that is a difference to a large one: its header says 8 bytes, and reading it would unpack
 * 200 MB. */
static void a_small_object_on_a_huge_base_is_refused_without_being_unpacked(void **state)
{
	struct forge *forge = *state;
	const size_t huge = 200u << 20;
	uint8_t *zeros = calloc(1, huge), trailer[20], delta[16];
	struct buffer *stream = buffer_new(forge);
	struct oid base = {""}, small;
	size_t delta_len = 0, rest = huge;
	gnutls_hash_hd_t hash;
	uint8_t id[20];
	struct bytes out;
	char header[40];

	assert_non_null(zeros);
	gnutls_hash_init(&hash, GNUTLS_DIG_SHA1);
	gnutls_hash(hash, header, (size_t)snprintf(header, sizeof header, "blob %zu", huge) + 1);
	gnutls_hash(hash, zeros, huge);
	gnutls_hash_deinit(hash, id);
	text_hex(base.hex, id, sizeof id);
	for (; rest > 127; rest >>= 7)
		delta[delta_len++] = (uint8_t)(rest & 127) | 128;
	delta[delta_len++] = (uint8_t)rest;
	delta[delta_len++] = 8;	   /* result: 8 bytes */
	delta[delta_len++] = 0x90; /* copy from offset 0, one byte of size */
	delta[delta_len++] = 8;
	buffer_add(stream, "PACK\0\0\0\2\0\0\0\2", 12);
	add_size(stream, 3, huge);
	add_zlib(stream, zeros, huge);
	free(zeros);
	add_size(stream, 7, delta_len);
	buffer_add(stream, id, sizeof id);
	add_zlib(stream, delta, delta_len);
	gnutls_hash_fast(GNUTLS_DIG_SHA1, stream->data, stream->len, trailer);
	buffer_add(stream, trailer, sizeof trailer);
	TOOLS_RUN(buffer_bytes(stream), "git", "--git-dir", forge->inbox_path, "index-pack", "--stdin");
	small = stock_object(forge->log_path, "blob", (struct bytes){(const uint8_t *)"\0\0\0\0\0\0\0\0", 8});
	repo_close(forge->log);
	TOOLS_RUN(NO_INPUT, "rm", "-rf", memory_format(forge, "%s/objects/%.2s", forge->log_path, small.hex));
	must(repo_open(forge->log_path, &forge->log));
	memory_peak_kb();
	assert_error(repo_blob(forge, forge->inbox, &small, 65536, &out), ERROR_INVALID);
	assert_true(memory_peak_kb() < 30000);
}

static void malformed_commits_and_trees_are_refused(void **state)
{
	struct forge *forge = *state;
	struct oid oid = stock_object(forge->log_path, "blob", TEXT("x"));
	struct tree_entry *entries;
	struct raw_commit commit;
	static const char tree[] = "0123456789abcdef0123456789abcdef01234567";
	const char *const commits[] = {"", "\n\n", "tree \n\n", "tree 0123\n\nx",
		memory_format(forge, "tree %s", tree), memory_format(forge, "tree %s\n", tree),
		memory_format(forge, "tree %.39sG\n\nx", tree), memory_format(forge, " tree %s\n\nx", tree),
		memory_format(forge, "parent %s\ntree %s\n\nx", tree, tree),
		memory_format(
			forge, "tree %s\nparent %s\nparent %s\nparent %s\n\nx", tree, tree, tree, tree)};
	const struct bytes trees[] = {TEXT("100644"), TEXT("100644 a"),
		{(const uint8_t *)"100644 a\0short", 14}, {(const uint8_t *)" a\00001234567890123456789", 23},
		{(const uint8_t *)"100648 a\00001234567890123456789", 29},
		{(const uint8_t *)"0100644 a\00001234567890123456789", 30},
		{(const uint8_t *)"1006440 a\00001234567890123456789", 30},
		{(const uint8_t *)"100644 \00001234567890123456789", 28},
		{(const uint8_t *)"100644 "
				  "0123456789012345678901234567890123456789012345678901234567890123\000012345"
				  "67890123456789",
			92}};
	struct bytes with_nul = {
		(const uint8_t *)"tree 0123456789abcdef0123456789abcdef01234567\n\na\0b", 51};
	size_t count;

	assert_error(repo_commit(forge, forge->log, &oid, &commit), ERROR_INVALID);
	for (size_t i = 0; i < sizeof commits / sizeof *commits; i++) {
		oid = stock_object(forge->log_path, "commit", TEXT(commits[i]));
		assert_error(repo_commit(forge, forge->log, &oid, &commit), ERROR_INVALID);
	}
	oid = stock_object(forge->log_path, "commit", with_nul);
	assert_error(repo_commit(forge, forge->log, &oid, &commit), ERROR_INVALID);
	for (size_t i = 0; i < sizeof trees / sizeof *trees; i++) {
		oid = stock_object(forge->log_path, "tree", trees[i]);
		assert_error(repo_tree(forge, forge->log, &oid, 10, &entries, &count), ERROR_INVALID);
	}
	memset(oid.hex, '7', OID_SIZE - 1);
	assert_error(repo_commit(forge, forge->log, &oid, &commit), ERROR_NOT_FOUND);
	oid.hex[3] = 'G';
	assert_error(repo_commit(forge, forge->log, &oid, &commit), ERROR_INVALID);
}

/* Office reads on with what it has open while sync merges. */
static void many_packs_are_merged_and_all_stays_readable(void **state)
{
	struct forge *forge = *state;
	struct repo *reader CLEANUP(repo_close) = NULL, *idle CLEANUP(repo_close) = NULL;
	struct oid oids[80];
	struct bytes out;

	must(repo_open(forge->log_path, &idle));
	for (int i = 0; i < 80; i++)
		oids[i] = put_blob(forge->log, tools_random_bytes(100));
	assert_int_equal(repo_pack_count(forge->log), 80);
	must(repo_open(forge->log_path, &reader));
	must(repo_blob(forge, reader, &oids[40], 100, &out));
	must(repo_repack(forge->log_path));
	assert_true(repo_pack_count(forge->log) < 10);
	for (int i = 0; i < 80; i++) {
		must(repo_blob(forge, forge->log, &oids[i], 100, &out));
		must(repo_blob(forge, reader, &oids[i], 100, &out));
		must(repo_blob(forge, idle, &oids[i], 100, &out));
	}
}

static void repositories_may_be_moved_together(void **state)
{
	struct forge *forge = *state;
	char *place = memory_format(forge, "%s/moved", tools.folder);
	struct oid oid = put_blob(forge->log, TEXT("here"));
	struct repo *inbox CLEANUP(repo_close) = NULL;
	struct bytes content;

	TOOLS_RUN(NO_INPUT, "rm", "-rf", place);
	TOOLS_RUN(NO_INPUT, "mkdir", place);
	TOOLS_RUN(NO_INPUT, "cp", "-r", forge->log_path, forge->inbox_path, place);
	repo_close(forge->log);
	TOOLS_RUN(NO_INPUT, "mv", forge->log_path, memory_format(forge, "%s.gone", forge->log_path));
	must(repo_open(memory_format(forge, "%s/%s", place, strrchr(forge->inbox_path, '/')), &inbox));
	must(repo_blob(forge, inbox, &oid, 4, &content));
	assert_false(repo_has(inbox, &oid)); /* it is the other's */
	TOOLS_RUN(NO_INPUT, "mv", memory_format(forge, "%s.gone", forge->log_path), forge->log_path);
	must(repo_open(forge->log_path, &forge->log));
}

static void what_is_not_a_repository_is_told(void **state)
{
	struct repo *repo;

	assert_error(repo_open("/nonexistent", &repo), ERROR_NOT_FOUND);
	assert_non_null(repo_open(tools.folder, &repo));
	assert_non_null(repo_create("/nonexistent/deeper/x.git", NULL));
	repo_close(NULL);
}

int main(void);

/* Two megabytes and twenty milliseconds of each process. */
static void the_library_readies_nothing_for_a_network(void **state)
{
	static const char *const calls[] = {"libssh2_init", "mbedtls_x509_crt_parse_file"};

	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		void *found = dlsym(RTLD_DEFAULT, calls[i]);
		Dl_info where, here;

		if (!found) /* a libgit2 that does not call it */
			continue;
		assert_int_not_equal(dladdr(found, &where), 0);
		assert_int_not_equal(dladdr((void *)(uintptr_t)main, &here), 0);
		assert_ptr_equal(where.dli_fbase, here.dli_fbase);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FORGE_TEST(a_pack_is_what_stock_git_would_have_written),
		FORGE_TEST(an_object_that_is_here_is_not_written_again),
		FORGE_TEST(a_batch_that_is_given_up_leaves_nothing),
		FORGE_TEST(a_full_card_is_told_and_leaves_nothing),
		FORGE_TEST(a_large_batch_goes_to_the_card_in_pieces_and_appears_at_once),
		FORGE_TEST(what_a_killed_writer_leaves_is_cleared_and_nothing_else),
		FORGE_TEST(a_branch_moves_only_from_where_it_was_thought_to_be),
		FORGE_TEST(an_oversized_object_is_refused_without_being_read),
		FORGE_TEST(a_small_object_on_a_huge_base_is_refused_without_being_unpacked),
		FORGE_TEST(malformed_commits_and_trees_are_refused),
		FORGE_TEST(many_packs_are_merged_and_all_stays_readable),
		FORGE_TEST(repositories_may_be_moved_together),
		cmocka_unit_test(what_is_not_a_repository_is_told),
		cmocka_unit_test(the_library_readies_nothing_for_a_network),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, tools_start, tools_end);
}
