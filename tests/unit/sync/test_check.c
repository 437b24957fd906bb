/* Whatever breaks a rule is refused with its reason, and log.git does not change by a byte. */
#include "tests/unit/sync/stock.h"

/* A rule broken: what to spoil in a right commit at Seq 3, and what must be said about it. */
struct rule {
	const char *name;
	void (*spoil)(struct forge *forge, struct draft *draft);
	const char *reason;
};

static void is_unsigned(struct forge *forge, struct draft *draft)
{
	draft->sign = NULL;
}

static void signed_by_a_stranger(struct forge *forge, struct draft *draft)
{
	struct signer signer;

	draft->sign = forge->coalition->sign[3] = sshsig_seed_new(&signer);
}

static void signed_by_another_member(struct forge *forge, struct draft *draft)
{
	draft->sign = forge->coalition->sign[2];
}

static void signed_in_another_namespace(struct forge *forge, struct draft *draft)
{
	draft->name_space = "engabo-event";
}

static void with_the_signature_of_the_commit_before(struct forge *forge, struct draft *draft)
{
	struct raw_commit raw;

	must(repo_commit(forge, forge->inbox, &forge->tip.oid, &raw));
	draft->armor = raw.signature;
}

static void seq_repeated(struct forge *forge, struct draft *draft)
{
	draft->commit.seq--;
	draft->commit.back_count = commit_back_count(draft->commit.seq);
}

static void seq_skipped(struct forge *forge, struct draft *draft)
{
	draft->commit.seq++;
	draft->commit.back_count = commit_back_count(draft->commit.seq);
	draft->commit.back[draft->commit.back_count - 1] = draft->commit.back[0];
}

static void prev_wrong(struct forge *forge, struct draft *draft)
{
	draft->commit.prev[31] ^= 1;
}

static void prev_of_nothing(struct forge *forge, struct draft *draft)
{
	digest_of(draft->commit.prev, (struct bytes){(const uint8_t *)"", 0});
}

static void envelopes_wrong(struct forge *forge, struct draft *draft)
{
	commit_envelopes_digest(draft->commit.envelopes, draft->entries, 0);
	draft->digest_stays = true;
}

static void back_wrong(struct forge *forge, struct draft *draft)
{
	draft->commit.back[0] = draft->commit.back[1];
}

static void back_far_wrong(struct forge *forge, struct draft *draft)
{
	draft->commit.back[1] = draft->commit.back[0];
}

static void without_parent(struct forge *forge, struct draft *draft)
{
	draft->parent_count = 0;
}

static void a_merge(struct forge *forge, struct draft *draft)
{
	draft->parents[draft->parent_count++] = forge->tip.oid;
}

static void with_three_parents(struct forge *forge, struct draft *draft)
{
	a_merge(forge, draft);
	a_merge(forge, draft);
}

static void parent_missing(struct forge *forge, struct draft *draft)
{
	memset(draft->parents[0].hex, '1', OID_SIZE - 1);
}

static void parent_an_older_one(struct forge *forge, struct draft *draft)
{
	draft->parents[0] = draft->commit.back[1];
}

static void roster_lower(struct forge *forge, struct draft *draft)
{
	draft->commit.roster = 0;
}

static void of_another_log(struct forge *forge, struct draft *draft)
{
	memcpy(draft->commit.log, forge->coalition->roster.members[2].keys.log, LOG_ID_SIZE);
}

static void of_another_epoch(struct forge *forge, struct draft *draft)
{
	draft->commit.epoch = 2;
}

static char *person(struct forge *forge, const char *format, int64_t seq)
{
	return memory_format(forge, "%s <%s@engabo.invalid> %lld %s", forge->id, forge->id,
		(long long)commit_seconds(seq), format);
}

static void author_named(struct forge *forge, struct draft *draft)
{
	draft->author = memory_format(forge, "Apiyo <%s@engabo.invalid> %lld +0000", forge->id,
		(long long)commit_seconds(draft->commit.seq));
}

static void author_at_another_time(struct forge *forge, struct draft *draft)
{
	draft->author = person(forge, "+0000", draft->commit.seq + 1);
}

static void committer_in_another_zone(struct forge *forge, struct draft *draft)
{
	draft->committer = person(forge, "+0300", draft->commit.seq);
}

static void with_a_header_more(struct forge *forge, struct draft *draft)
{
	draft->header = "encoding ISO-8859-1\n";
}

static void with_a_header_behind(struct forge *forge, struct draft *draft)
{
	draft->header_after = "encoding ISO-8859-1\n";
}

static void with_a_second_signature(struct forge *forge, struct draft *draft)
{
	draft->header_after = "gpgsig -----BEGIN SSH SIGNATURE-----\n -----END SSH SIGNATURE-----\n";
}

static void with_a_line_more_in_its_signature(struct forge *forge, struct draft *draft)
{
	draft->header_after = " \n";
}

static void message_with_a_line_more(struct forge *forge, struct draft *draft)
{
	draft_tree(forge, draft);
	draft->message = memory_format(forge, "%sMore: 1\n", commit_message(forge, &draft->commit));
}

static void message_with_crlf(struct forge *forge, struct draft *draft)
{
	struct buffer *text = buffer_new(forge);

	draft_tree(forge, draft);
	for (const char *c = commit_message(forge, &draft->commit); *c; c++)
		buffer_format(text, "%s%c", *c == '\n' ? "\r" : "", *c);
	draft->message = (char *)text->data;
}

static void message_of_something_else(struct forge *forge, struct draft *draft)
{
	draft->message = memory_string(forge, "fix\n");
}

static void acks_out_of_order(struct forge *forge, struct draft *draft)
{
	draft->commit.ack_count = 2;
	draft->commit.acks[0] = (struct commit_ack){"1000000000000000", 1, 1};
	draft->commit.acks[1] = (struct commit_ack){"0000000000000000", 1, 1};
}

static void entry_more(struct forge *forge, struct draft *draft)
{
	draft_add(draft, "readme.txt", forge_envelope(forge, "{}"));
}

static void entry_number_left_out(struct forge *forge, struct draft *draft)
{
	draft_add(draft, "i-0002.age", forge_envelope(forge, "{}"));
}

static void entries_unsorted(struct forge *forge, struct draft *draft)
{
	draft->count = 0;
	draft_add(draft, "o-0000.age", forge_envelope(forge, "{}"));
	draft_add(draft, "i-0001.age", forge_envelope(forge, "{}"));
}

static void entry_twice(struct forge *forge, struct draft *draft)
{
	draft_add(draft, "i-0000.age", forge_envelope(forge, "{}"));
}

static void entries_too_many(struct forge *forge, struct draft *draft)
{
	struct bytes body = forge_envelope(forge, "{}");
	char name[16];

	for (int i = 1; i < 257; i++) {
		snprintf(name, sizeof name, "i-%04d.age", i);
		draft_add(draft, name, body);
	}
}

static void entry_executable(struct forge *forge, struct draft *draft)
{
	draft->modes[0] = 0100755;
}

static void entry_a_link(struct forge *forge, struct draft *draft)
{
	draft->modes[0] = 0120000;
}

static void entry_a_submodule(struct forge *forge, struct draft *draft)
{
	draft->modes[0] = 0160000;
	draft->oids[0] = forge->tip.oid;
}

static void entry_a_folder(struct forge *forge, struct draft *draft)
{
	draft->modes[0] = 040000;
	draft->oids[0] = stock_object(forge->inbox_path, "tree", NO_INPUT);
}

static void entry_is_a_tree_that_says_it_is_a_file(struct forge *forge, struct draft *draft)
{
	draft->oids[0] = stock_object(forge->inbox_path, "tree", NO_INPUT);
}

static void entry_missing(struct forge *forge, struct draft *draft)
{
	memset(draft->oids[0].hex, '2', OID_SIZE - 1);
}

static void envelope_not_age(struct forge *forge, struct draft *draft)
{
	draft->entries[0].body = TEXT("{\"v\":1}");
}

static void envelope_empty(struct forge *forge, struct draft *draft)
{
	draft->entries[0].body = TEXT("");
}

static void envelope_to_a_passphrase(struct forge *forge, struct draft *draft)
{
	draft->entries[0].body = TEXT(
		"age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA "
		"18\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
		"--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n0123456789012345678901234567890123456789");
}

static void envelope_too_large(struct forge *forge, struct draft *draft)
{
	must(age_seal(forge, tools_random_bytes(65536), &forge->reader, 1, &draft->entries[0].body));
}

static void envelope_of_400_megabytes(struct forge *forge, struct draft *draft)
{
	draft->oids[0] = stock_parse(TOOLS_RUN(NO_INPUT, "sh", "-c",
		memory_format(forge, "head -c 400000000 /dev/zero | git --git-dir %s hash-object -w --stdin",
			forge->inbox_path)));
}

static const struct rule rules[] = {
	{"unsigned", is_unsigned, "not signed"},
	{"signed by a stranger", signed_by_a_stranger, "another key"},
	{"signed by another member", signed_by_another_member, "another key"},
	{"signed in another namespace", signed_in_another_namespace, "namespace|\"git\""},
	{"with the signature of the commit before", with_the_signature_of_the_commit_before,
		"does not verify"},
	{"Seq repeated", seq_repeated, "another Seq than its tip says"},
	{"Seq left out", seq_skipped, "another Seq than its tip says"},
	{"Prev-SHA256 wrong", prev_wrong, "Prev-SHA256"},
	{"Prev-SHA256 of nothing", prev_of_nothing, "Prev-SHA256"},
	{"Envelopes-SHA256 wrong", envelopes_wrong, "Envelopes-SHA256"},
	{"Back wrong at once", back_wrong, "Back"},
	{"Back wrong further off", back_far_wrong, "Back"},
	{"no parent", without_parent, "0 parents"},
	{"two parents", a_merge, "2 parents"},
	{"three parents", with_three_parents, "two parents"},
	{"parent not there", parent_missing, "not there"},
	{"parent an older commit", parent_an_older_one, "another Seq"},
	{"lower roster version", roster_lower, "roster version 0 after version 1"},
	{"of another log", of_another_log, "it says it is of log"},
	{"of another epoch", of_another_epoch, "epoch 2"},
	{"author with a name", author_named, "author"},
	{"author at another time", author_at_another_time, "author"},
	{"committer in another zone", committer_in_another_zone, "author"},
	{"one header more", with_a_header_more, "headers"},
	{"one header more behind the signature", with_a_header_behind, "headers"},
	{"a second signature", with_a_second_signature, "headers"},
	{"an empty line in the signature", with_a_line_more_in_its_signature, "where git puts it"},
	{"message with a line more", message_with_a_line_more, "message"},
	{"message with CRLF", message_with_crlf, "message"},
	{"another message", message_of_something_else, "message"},
	{"acknowledgements out of order", acks_out_of_order, "message"},
	{"another file", entry_more, "name"},
	{"a number left out", entry_number_left_out, "name"},
	{"unsorted", entries_unsorted, "not sorted"},
	{"a name twice", entry_twice, "name"},
	{"257 entries", entries_too_many, "more than 256"},
	{"an executable", entry_executable, "mode 100755"},
	{"a symbolic link", entry_a_link, "mode 120000"},
	{"a submodule", entry_a_submodule, "mode 160000"},
	{"a folder", entry_a_folder, "mode 40000"},
	{"a tree as a file", entry_is_a_tree_that_says_it_is_a_file, "not a blob"},
	{"an entry that is not there", entry_missing, "not there"},
	{"not age", envelope_not_age, "i-0000.age"},
	{"empty", envelope_empty, "i-0000.age"},
	{"sealed with a passphrase", envelope_to_a_passphrase, "i-0000.age"},
	{"over 64 KiB", envelope_too_large, "at most 65536"},
	{"400 MB", envelope_of_400_megabytes, "at most 65536"},
};

static void every_broken_rule_is_refused_and_changes_nothing(void **state)
{
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		void *made = NULL;
		struct log_tip good, bad;
		struct draft *draft;
		struct forge *forge;

		assert_int_equal(forge_make(&made), 0);
		forge = made;
		forge_grow(forge, 1);
		good = forge->tip;
		if (i % 2) /* with something there, and with nothing */
			assert_int_equal(forge_offer(forge, &good.oid).verdict, LOG_NEW);
		forge_grow(forge, 1);
		draft = draft_new(forge, &forge->tip);
		rules[i].spoil(forge, draft);
		bad = draft_write(forge, draft);
		memory_peak_kb();
		must_refuse(forge, &bad.oid, rules[i].name, rules[i].reason);
		if (bad.seq == 3 && commit_back_count(4) == 2) {
			forge->tip = bad;
			draft = memory_new(forge, struct draft);
			*draft = *draft_new(forge, &good);
			draft->commit.seq = 4;
			draft->commit.back_count = 0;
			draft->commit.back[draft->commit.back_count++] = bad.oid;
			draft->commit.back[draft->commit.back_count++] = good.oid;
			memcpy(draft->commit.prev, bad.sha256, DIGEST_LEN);
			draft->parents[0] = bad.oid;
			draft->parent_count = 1;
			bad = draft_write(forge, draft);
			must_refuse(forge, &bad.oid, rules[i].name, NULL);
		}
		assert_true(memory_peak_kb() < 64000);
		forge_end(&made);
	}
	printf("# %zu rules\n", sizeof rules / sizeof *rules);
}

static void an_unknown_hub_or_an_unknown_roster_decides(void **state)
{
	struct forge *forge = *state;
	char *before = folder_digest(forge, forge->log_path);
	struct log_offer offer;
	struct draft *draft;
	struct log_tip tip;
	char log[LOG_ID_SIZE];

	ids_log_new(log);
	forge->id = log;
	draft = draft_new(forge, &forge->tip);
	tip = draft_write(forge, draft);
	must_refuse(forge, &tip.oid, "no member", "no member");
	draft = draft_new(forge, &forge->tip);
	draft->commit.roster = 2;
	tip = draft_write(forge, draft);
	offer = forge_offer(forge, &tip.oid); /* the roster that admits it may be under way */
	assert_int_equal(offer.verdict, LOG_WAITS);
	assert_string_equal(folder_digest(forge, forge->log_path), before);
}

static void what_is_not_a_commit_is_refused(void **state)
{
	struct forge *forge = *state;
	struct oid oid = stock_object(forge->inbox_path, "blob", TEXT("x"));

	must_refuse(forge, &oid, "a blob", "not a commit");
	oid = stock_object(forge->inbox_path, "commit", tools_random_bytes(200));
	must_refuse(forge, &oid, "noise", "malformed");
	oid = stock_object(forge->inbox_path, "commit", tools_random_bytes(70000));
	must_refuse(forge, &oid, "noise", "at most");
	memset(oid.hex, '4', OID_SIZE - 1);
	must_refuse(forge, &oid, "nothing", "not there");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_broken_rule_is_refused_and_changes_nothing),
		FORGE_TEST(an_unknown_hub_or_an_unknown_roster_decides),
		FORGE_TEST(what_is_not_a_commit_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, tools_start, tools_end);
}
