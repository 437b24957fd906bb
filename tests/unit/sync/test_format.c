/* FORMAT.md is true: its examples are taken out of it and go through the same checks as any hub's log. Runs
 * from the root of the source. */
#include "tests/unit/sync/stock.h"

static struct bytes document;

static int read_document(void **state)
{
	char *folder = getcwd(NULL, 0);

	if (!folder || tools_start(state))
		return -1;
	must(files_read(tools.context, memory_format(tools.context, "%s/sync/FORMAT.md", folder), 1 << 20,
		&document));
	free(folder);
	return 0;
}

/* What stands between the fence with this name and the next. */
static char *example(const char *name)
{
	char *fence = memory_format(tools.context, "\n```%s\n", name);
	const char *from = strstr((const char *)document.data, fence), *to;

	assert_non_null(from);
	from += strlen(fence);
	to = strstr(from, "\n```");
	assert_non_null(to);
	return memory_string_of(tools.context, from, (size_t)(to - from) + 1);
}

/* The first word behind this text. */
static char *word_behind(const char *text, size_t len)
{
	const char *at = strstr((const char *)document.data, text);

	assert_non_null(at);
	return memory_string_of(tools.context, at + strlen(text), len);
}

static struct bytes hello;

static const struct error *take(void *user, const struct log_commit *commit, const struct oid *oid,
	const struct commit_entry *entries, size_t count)
{
	int *commits = user;

	++*commits;
	if (commit->seq != 1) {
		assert_int_equal(count, 0);
		assert_int_equal(commit->ack_count, 1);
		return NULL;
	}
	assert_int_equal(count, 1);
	assert_string_equal(entries[0].name, "i-0000.age");
	hello = memory_bytes(tools.context, entries[0].body.data, entries[0].body.len);
	return NULL;
}

static void the_examples_keep_every_rule(void **state)
{
	struct forge *forge = *state;
	char *line = example("allowed_signers"), *ref = memory_format(forge, "refs/heads/log/%.16s/1", line);
	struct member_keys self = {.epoch = 1};
	struct tree_entry entry = {.name = "i-0000.age", .mode = 0100644};
	struct secret *identity = NULL, *plain = NULL;
	struct oid oid = {""};
	int commits = 0;
	bool waits;

	memcpy(self.log, line, LOG_ID_SIZE - 1);
	must(sshsig_public_parse(text_trim(forge, strstr(line, "ssh-ed25519")), &self.sign));
	entry.oid =
		stock_object(forge->log_path, "blob", TOOLS_RUN(TEXT(example("i-0000.age")), "base64", "-d"));
	stock_parse(TOOLS_RUN(TEXT(memory_format(forge, "100644 blob %s\ti-0000.age\n", entry.oid.hex)),
		"git", "--git-dir", forge->log_path, "mktree"));
	stock_object(forge->log_path, "tree", NO_INPUT);
	oid = stock_object(forge->log_path, "commit", TEXT(example("commit-1")));
	assert_string_equal(oid.hex, word_behind("commit at Seq 1, oid `", OID_SIZE - 1));
	oid = stock_object(forge->log_path, "commit", TEXT(example("commit-2")));
	assert_string_equal(oid.hex, word_behind("commit at Seq 2, oid `", OID_SIZE - 1));
	FORGE_GIT(forge->log_path, "update-ref", ref, oid.hex);
	must(logs_read(forge->log, NULL, &self, self.log, 1, 0, "", take, &commits, &waits));
	assert_int_equal(commits, 2);
	must(age_identity_parse(word_behind("with the identity `", 74), &identity));
	must(age_open((const struct secret *const[]){identity}, 1, hello, &plain));
	assert_bytes((struct bytes){plain->data, plain->len}, TEXT("hello from Gulu\n"));
	secret_free(plain);
	secret_free(identity);
	TOOLS_RUN(NO_INPUT, "git", "-c", "gpg.format=ssh", "-c",
		memory_format(forge, "gpg.ssh.allowedSignersFile=%s", tools_file("example", TEXT(line))),
		"--git-dir", forge->log_path, "verify-commit", oid.hex,
		memory_format(forge, "%s~1", oid.hex));
	FORGE_GIT(forge->log_path, "fsck", "--strict");
}

static void its_numbers_are_those_of_the_program(void **state)
{
	const char *const facts[] = {memory_format(tools.context, "At most %d entries", COMMIT_ENTRIES_MAX),
		memory_format(tools.context, "seconds = %d (", COMMIT_EPOCH_SECONDS),
		memory_format(tools.context, "at most %d bytes", CHECK_BLOB_MAX),
		memory_format(tools.context, "at most %d lines", COMMIT_ACKS_MAX),
		memory_format(tools.context, "1 to %d X25519", AGE_RECIPIENTS_MAX)};

	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
		if (!strstr((const char *)document.data, facts[i]))
			fail_msg("FORMAT.md does not say: %s", facts[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FORGE_TEST(the_examples_keep_every_rule),
		cmocka_unit_test(its_numbers_are_those_of_the_program),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, read_document, tools_end);
}
