/* There is one way to write a commit of a log, and it is stock git's. */
#include "tests/unit/sync/stock.h"

static void fill(struct log_commit *commit, int64_t seq, size_t acks)
{
	*commit = (struct log_commit){.log = "k7q2m9x4t0ab3c5d", .epoch = 1, .seq = seq, .roster = 7};
	ids_random(commit->prev, sizeof commit->prev);
	ids_random(commit->envelopes, sizeof commit->envelopes);
	commit->back_count = commit_back_count(seq);
	for (size_t i = 0; i < commit->back_count; i++) {
		uint8_t bytes[20];

		ids_random(bytes, sizeof bytes);
		text_hex(commit->back[i].hex, bytes, sizeof bytes);
	}
	commit->ack_count = acks;
	for (size_t i = 0; i < acks; i++) {
		snprintf(commit->acks[i].log, LOG_ID_SIZE, "00000000000000%02u", (unsigned)i % 100);
		commit->acks[i].epoch = 1 + (int)(i % 3);
		commit->acks[i].seq = 1 + (int64_t)i * 1000000;
	}
}

static void a_message_is_read_as_it_was_written(void **state)
{
	static const int64_t seqs[] = {1, 2, 3, 4, 5, 1000, 1 << 20, COMMIT_SEQ_MAX};
	struct log_commit commit, back;

	for (size_t i = 0; i < sizeof seqs / sizeof *seqs; i++) {
		fill(&commit, seqs[i], i * 9 > COMMIT_ACKS_MAX ? COMMIT_ACKS_MAX : i * 9);
		must(commit_parse(commit_message(tools.context, &commit), &back));
		assert_int_equal(back.seq, commit.seq);
		assert_int_equal(back.back_count, commit.back_count);
		assert_int_equal(back.ack_count, commit.ack_count);
		assert_memory_equal(back.prev, commit.prev, DIGEST_LEN);
		assert_memory_equal(back.envelopes, commit.envelopes, DIGEST_LEN);
		assert_string_equal(
			commit_message(tools.context, &back), commit_message(tools.context, &commit));
	}
	assert_int_equal(commit_back_count(1), 0);
	assert_int_equal(commit_back_count(2), 1);
	assert_int_equal(commit_back_count(9), 4);
	assert_int_equal(commit_back_count(COMMIT_SEQ_MAX), COMMIT_BACK_MAX);
}

/* Replaces the first `old` in the message. */
static char *changed(const char *message, const char *old, const char *new)
{
	const char *at = strstr(message, old);

	assert_non_null(at);
	return memory_format(tools.context, "%.*s%s%s", (int)(at - message), message, new, at + strlen(old));
}

static void any_other_way_to_write_it_is_refused(void **state)
{
	struct log_commit commit, back;
	const char *good;

	fill(&commit, 42, 2);
	memset(commit.prev, 0xab, sizeof commit.prev);
	good = commit_message(tools.context, &commit);
	must(commit_parse(good, &back));
	const char *const bad[] = {"", "engabo log 1", "engabo log 2\n",
		changed(good, "log 1\n\n", "log 1\n"), changed(good, "Seq: 42", "Seq: 042"),
		changed(good, "Seq: 42", "Seq: +42"), changed(good, "Seq: 42", "Seq: 0"),
		changed(good, "Seq: 42", "Seq:  42"), changed(good, "Seq: 42", "Seq: 42 "),
		changed(good, "Seq: 42", "Seq: 1099511627777"),
		changed(good, "Seq: 42", "Seq: 99999999999999999999"), changed(good, "Seq: 42", "Seq: 43000"),
		changed(good, "Epoch: 1", "Epoch: 0"), changed(good, "Epoch: 1", "Epoch: 1000001"),
		changed(good, "Roster: 7", "Roster: -1"), changed(good, "Roster: 7", "Roster: 1000001"),
		changed(good, "Roster: 7\n", ""), changed(good, "k7q2", "K7Q2"),
		changed(good, "k7q2m9x4t0ab3c5d", "k7q2m9x4t0ab3c5"),
		changed(good, "k7q2m9x4t0ab3c5d", "k7q2m9x4t0ab3c5dd"), changed(good, "abab", "ABAB"),
		changed(good, "abab", "ab"), changed(good, "Back: ", "Back:"),
		changed(good, "Back: ", "Back:  "), changed(good, commit.back[3].hex, "0123"),
		changed(good, memory_format(tools.context, " %s", commit.back[3].hex), ""),
		changed(good, "Ack: ", "ack: "),
		changed(good, "Ack: 0000000000000001", "Ack: 0000000000000000"),
		changed(good, "Ack: 0000000000000000", "Ack: 0000000000000002"),
		changed(good, " 2 1000001\n", " 2 1000001"), changed(good, " 2 1000001\n", " 2 0\n"),
		changed(good, " 2 1000001\n", " 2\n"), changed(good, " 2 1000001\n", " 2 1000001 \n"),
		memory_format(tools.context, "%s\n", good), memory_format(tools.context, "%sMore: 1\n", good),
		memory_format(tools.context, "\n%s", good),
		changed(good, "Epoch: 1\nSeq: 42\n", "Seq: 42\nEpoch: 1\n"),
		changed(good, "Log: ", "\rLog: ")};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (!commit_parse(bad[i], &back))
			fail_msg("taken: %s", bad[i]);
	fill(&commit, 42, COMMIT_ACKS_MAX);
	good = commit_message(tools.context, &commit);
	assert_error(commit_parse(memory_format(tools.context, "%sAck: 1000000000000000 1 1\n", good), &back),
		ERROR_INVALID);
}

static void an_entry_has_one_of_three_names(void **state)
{
	static const char *const bad[] = {"", "i", "i-", "i-0001.age", "i-000.age", "i-00000.age",
		"i-0000.agE", "i-0000.age ", "x-0000.age", "I-0000.age", "m-0000.age",
		"m-0123456789abcdef0123456789abcdef-0001.age", "m-0123456789ABCDEF0123456789abcdef-0000.age",
		"m-0123456789abcdef0123456789abcde-0000.age", "m-0123456789abcdef0123456789abcdef00-0000.age",
		"i-+000.age", "../i-0000.age"};
	char kind, mailbox[33];

	assert_true(commit_entry_name("i-0000.age", 0, &kind, mailbox));
	assert_int_equal(kind, 'i');
	assert_string_equal(mailbox, "");
	assert_true(commit_entry_name("o-0255.age", 255, &kind, mailbox));
	assert_int_equal(kind, 'o');
	assert_true(commit_entry_name("m-0123456789abcdef0123456789abcdef-0017.age", 17, &kind, mailbox));
	assert_int_equal(kind, 'm');
	assert_string_equal(mailbox, "0123456789abcdef0123456789abcdef");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (commit_entry_name(bad[i], 0, &kind, mailbox))
			fail_msg("taken: %s", bad[i]);
}

static void it_is_byte_for_byte_what_stock_git_makes(void **state)
{
	struct forge *forge = *state;
	struct oid tree = stock_object(forge->inbox_path, "tree", NO_INPUT), parent, ours;
	struct log_commit commit;
	struct raw_commit stock;
	struct bytes raw;

	for (int64_t seq = 1; seq < 3; seq++) {
		struct oid theirs;

		fill(&commit, seq, (size_t)seq);
		memcpy(commit.log, forge->id, LOG_ID_SIZE);
		theirs = stock_commit(forge, forge->inbox_path, &commit, &tree, seq > 1 ? &parent : NULL);
		raw = commit_raw(forge, &commit, &tree, seq > 1 ? &parent : NULL, forge->sign);
		must(repo_commit(forge, forge->inbox, &theirs, &stock));
		assert_bytes(stock.raw, raw);
		ours = forge_commit(forge, raw);
		assert_string_equal(ours.hex, theirs.hex);
		must(commit_is_framed(
			&stock, commit_frame(forge, commit.log, commit_seconds(seq), &tree,
					seq > 1 ? &parent : NULL, commit_message(forge, &commit))));
		must(sshsig_verify(stock.signature, &forge->coalition->roster.members[1].keys.sign, "git",
			stock.signed_part));
		parent = theirs;
	}
}

static void the_digest_is_what_sha256sum_gives(void **state)
{
	const struct commit_entry entries[] = {
		{.name = "i-0000.age", .body = TEXT("one")}, {.name = "o-0001.age", .body = TEXT("")}};
	char expected[2 * DIGEST_LEN + 1];
	uint8_t digest[DIGEST_LEN];
	struct bytes out = TOOLS_RUN(NO_INPUT, "bash", "-c",
		"hash() { sha256sum | perl -ne 'print pack(\"H64\", $_)'; }\n"
		"{ printf 'i-0000.age\\0'; printf one | hash; printf 'o-0001.age\\0'; printf '' | hash; } | "
		"sha256sum");

	commit_envelopes_digest(digest, entries, 2);
	text_hex(expected, digest, sizeof digest);
	assert_memory_equal(out.data, expected, 2 * DIGEST_LEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_read_as_it_was_written),
		cmocka_unit_test(any_other_way_to_write_it_is_refused),
		cmocka_unit_test(an_entry_has_one_of_three_names),
		FORGE_TEST(it_is_byte_for_byte_what_stock_git_makes),
		cmocka_unit_test(the_digest_is_what_sha256sum_gives),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, tools_start, tools_end);
}
