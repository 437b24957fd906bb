/* A hub's log grows by what was spooled, survives power cuts, and is taken over by others exactly as its hub
 * signed it. */
#include "tests/unit/sync/stock.h"

#include <signal.h>
#include <sys/wait.h>

static struct log_entry entry_of(struct forge *forge, char kind, const char *mailbox, const char *text)
{
	struct log_entry entry = {.kind = kind, .body = forge_envelope(forge, text)};

	snprintf(entry.mailbox, sizeof entry.mailbox, "%s", mailbox);
	return entry;
}

static void append(struct forge *forge, struct log_entry *entries, size_t count, struct log_tip *tip)
{
	must(logs_append(forge->log, forge->id, 1, forge->sign, 1, NULL, 0, entries, count, tip));
}

static void assert_same_tip(const struct log_tip *a, const struct log_tip *b)
{
	assert_string_equal(a->oid.hex, b->oid.hex);
	assert_int_equal(a->seq, b->seq);
	assert_int_equal(a->roster, b->roster);
	assert_memory_equal(a->sha256, b->sha256, DIGEST_LEN);
}

static char *branch_of(struct forge *forge)
{
	return memory_format(forge, "log/%s/1", forge->id);
}

struct seen {
	struct forge *forge;
	int64_t seqs;
	size_t entries;
	char names[2000];
	char last[OID_SIZE];
	int stop_after; /* 0: never */
};

static const struct error *see(void *user, const struct log_commit *commit, const struct oid *oid,
	const struct commit_entry *entries, size_t count)
{
	struct seen *seen = user;

	assert_int_equal(commit->seq, seen->seqs + 1);
	seen->seqs = commit->seq;
	seen->entries += count;
	memcpy(seen->last, oid->hex, OID_SIZE);
	for (size_t i = 0; i < count && strlen(seen->names) < 1800; i++) {
		size_t used = strlen(seen->names);

		snprintf(seen->names + used, sizeof seen->names - used, "%s ", entries[i].name);
		must(check_body_form(entries[i].body));
	}
	return seen->stop_after == (int)commit->seq ? error_new(ERROR_FULL, "enough") : NULL;
}

static void what_is_appended_stock_git_reads_and_verifies(void **state)
{
	struct forge *forge = *state;
	struct log_entry *entries = memory_array(forge, struct log_entry, 300);
	struct commit_ack acks[] = {{"zzzzzzzzzzzzzzzz", 1, 7}, {"0000000000000000", 2, 9}};
	struct log_tip tip, again;
	struct seen seen = {.forge = forge};
	struct bytes out;
	bool waits;

	must(logs_tip(forge->log, forge->id, 1, &tip));
	assert_int_equal(tip.seq, 0);
	entries[0] = entry_of(forge, 'o', "", "office");
	entries[1] = entry_of(forge, 'm', "ffffffffffffffffffffffffffffffff", "mail");
	entries[2] = entry_of(forge, 'i', "", "intake");
	entries[3] = entry_of(forge, 'm', "00000000000000000000000000000000", "mail");
	entries[4] = entry_of(forge, 'i', "", "intake");
	must(logs_append(forge->log, forge->id, 1, forge->sign, 0, acks, 2, entries, 5, &tip));
	for (int i = 0; i < 300; i++)
		entries[i] = entry_of(forge, 'i', "", "more");
	append(forge, entries, 300, &tip);
	assert_int_equal(tip.seq, 3);
	assert_int_equal(repo_pack_count(forge->log), 2);
	must(logs_append(forge->log, forge->id, 1, forge->sign, 1, acks, 1, NULL, 0, &tip));
	must(logs_append(
		forge->log, forge->id, 1, forge->sign, 1, NULL, 0, NULL, 0, &tip)); /* nothing: no commit */
	assert_int_equal(tip.seq, 4);
	must(logs_tip(forge->log, forge->id, 1, &again));
	assert_same_tip(&again, &tip);
	FORGE_GIT(forge->log_path, "fsck", "--strict");
	stock_verify(forge, forge->log_path, branch_of(forge));
	out = FORGE_GIT(
		forge->log_path, "log", "--reverse", "--format=%an|%ae|%at|%cn|%ct|%s", branch_of(forge));
	assert_true(text_starts((char *)out.data,
		memory_format(forge, "%s|%s@engabo.invalid|1577836801|%s|1577836801|engabo log 1\n",
			forge->id, forge->id, forge->id)));
	out = FORGE_GIT(
		forge->log_path, "ls-tree", "--name-only", memory_format(forge, "%s~3", branch_of(forge)));
	assert_string_equal((char *)out.data,
		"i-0000.age\ni-0001.age\nm-00000000000000000000000000000000-0002.age\n"
		"m-ffffffffffffffffffffffffffffffff-0003.age\no-0004.age\n");
	out = FORGE_GIT(
		forge->log_path, "log", "-1", "--format=%B", memory_format(forge, "%s~3", branch_of(forge)));
	assert_non_null(strstr((char *)out.data, "Ack: 0000000000000000 2 9\nAck: zzzzzzzzzzzzzzzz 1 7\n"));
	must(logs_read(forge->log, forge->chain, NULL, forge->id, 1, 0, "", see, &seen, &waits));
	assert_false(waits);
	assert_int_equal(seen.entries, 305);
	assert_true(text_starts(
		seen.names, "i-0000.age i-0001.age m-00000000000000000000000000000000-0002.age "));
}

static void what_others_would_refuse_is_not_appended(void **state)
{
	struct forge *forge = *state;
	struct log_entry good = entry_of(forge, 'i', "", "x"), bad[6];
	struct commit_ack acks[COMMIT_ACKS_MAX + 1] = {{"", 0, 0}};
	struct log_tip tip = {.seq = 0}, other;
	char *before;

	append(forge, &good, 1, &tip);
	before = folder_digest(forge, forge->log_path);
	for (size_t i = 0; i < 6; i++)
		bad[i] = (struct log_entry){.kind = good.kind, .body = good.body};
	bad[0].kind = 'x';
	snprintf(bad[1].mailbox, sizeof bad[1].mailbox, "00000000000000000000000000000000");
	bad[2].kind = 'm';
	bad[3].body = TEXT("plain text");
	bad[4].body = tools_random_bytes(70000);
	bad[5].kind = 'm';
	snprintf(bad[5].mailbox, sizeof bad[5].mailbox, "0000000000000000000000000000000G");
	for (size_t i = 0; i < 6; i++) {
		struct log_entry batch[] = {good, bad[i]};

		assert_error(logs_entry_check(&bad[i]), ERROR_INVALID);
		assert_error(logs_append(forge->log, forge->id, 1, forge->sign, 1, NULL, 0, batch, 2, &tip),
			ERROR_INVALID);
	}
	assert_error(logs_append(forge->log, forge->id, 1, forge->sign, 1, acks, COMMIT_ACKS_MAX + 1, &good,
			     1, &tip),
		ERROR_INVALID);
	assert_error(logs_append(forge->log, forge->id, 1, forge->sign, 0, NULL, 0, &good, 1, &tip),
		ERROR_CONFLICT);
	assert_string_equal(folder_digest(forge, forge->log_path), before);
	other = (struct log_tip){.seq = 0}; /* a writer that does not know what is there */
	assert_error(logs_append(forge->log, forge->id, 1, forge->sign, 1, NULL, 0, &good, 1, &other),
		ERROR_CONFLICT);
	assert_int_equal(other.seq, 0);
	must(logs_tip(forge->log, forge->id, 1, &other));
	assert_same_tip(&other, &tip);
}

static void back_leads_to_every_commit(void **state)
{
	struct forge *forge = *state;
	struct log_entry entry = entry_of(forge, 'i', "", "x");
	struct oid *oids = memory_array(forge, struct oid, 200);
	struct back back = {.repo = forge->log};
	struct log_tip tip = {.seq = 0};

	for (int i = 0; i < 200; i++) {
		append(forge, &entry, 1, &tip);
		oids[i] = tip.oid;
	}
	back.base_seq = tip.seq;
	back.base = tip.oid;
	for (int seq = 1; seq <= 200; seq++) {
		struct log_commit commit;
		struct raw_commit raw;
		struct oid found;

		must(back_find(&back, seq, &found));
		assert_string_equal(found.hex, oids[seq - 1].hex);
		must(repo_commit(forge, forge->log, &oids[seq - 1], &raw));
		must(commit_parse(raw.message, &commit));
		for (size_t k = 0; k < commit.back_count; k++)
			assert_string_equal(commit.back[k].hex, oids[seq - 1 - (1 << k)].hex);
	}
	assert_int_equal(forge_offer(forge, &tip.oid).verdict, LOG_NOTHING_NEW);
}

static void a_log_is_read_from_where_reading_stopped(void **state)
{
	struct forge *forge = *state;
	struct log_entry entry = entry_of(forge, 'i', "", "x");
	struct log_tip tip = {.seq = 0};
	struct seen seen = {.forge = forge, .stop_after = 4}, stranger = {.forge = forge};
	char wrong[OID_SIZE];
	bool waits;

	for (int i = 0; i < 9; i++)
		append(forge, &entry, 1, &tip);
	assert_error(logs_read(forge->log, forge->chain, NULL, forge->id, 1, 0, "", see, &seen, &waits),
		ERROR_FULL);
	assert_int_equal(seen.seqs, 4);
	seen.stop_after = 0;
	must(logs_read(forge->log, forge->chain, NULL, forge->id, 1, 4, seen.last, see, &seen, &waits));
	assert_int_equal(seen.seqs, 9);
	assert_string_equal(seen.last, tip.oid.hex);
	must(logs_read(forge->log, forge->chain, NULL, forge->id, 1, 9, seen.last, see, &seen, &waits));
	memset(wrong, '0', sizeof wrong - 1);
	wrong[OID_SIZE - 1] = '\0';
	assert_error(logs_read(forge->log, forge->chain, NULL, forge->id, 1, 4, wrong, see, &seen, &waits),
		ERROR_CONFLICT);
	assert_error(logs_read(forge->log, forge->chain, NULL, forge->id, 1, 10, wrong, see, &seen, &waits),
		ERROR_CONFLICT);
	must(logs_read(forge->log, forge->chain, NULL, forge->coalition->roster.members[2].keys.log, 1, 0, "",
		see, &stranger, &waits));
	assert_int_equal(stranger.seqs, 0);
}

static void a_hub_that_works_alone_reads_its_own_log(void **state)
{
	struct forge *forge = *state;
	struct log_entry entry = entry_of(forge, 'i', "", "x");
	struct roster_chain *empty = roster_chain_new(forge, &forge->coalition->trust);
	struct log_tip tip = {.seq = 0};
	struct seen seen = {.forge = forge}, nothing = {.forge = forge};
	bool waits;

	must(logs_append(forge->log, forge->id, 1, forge->sign, 0, NULL, 0, &entry, 1, &tip));
	must(logs_read(forge->log, empty, &forge->coalition->roster.members[1].keys, forge->id, 1, 0, "", see,
		&seen, &waits));
	assert_int_equal(seen.seqs, 1);
	assert_error(
		logs_read(forge->log, empty, NULL, forge->id, 1, 0, "", see, &nothing, &waits), ERROR_DENIED);
	append(forge, &entry, 1, &tip);
	must(logs_read(forge->log, empty, &forge->coalition->roster.members[1].keys, forge->id, 1, 1,
		seen.last, see, &seen, &waits));
	assert_true(waits); /* for roster version 1 */
	assert_int_equal(seen.seqs, 1);
}

static void a_fetched_log_is_kept_as_it_was_signed(void **state)
{
	struct forge *forge = *state;
	struct log_tip first, tip;
	struct log_offer offer;
	struct draft *draft;
	struct bytes theirs, ours;

	forge_grow(forge, 3);
	first = forge->tip;
	offer = forge_offer(forge, &first.oid);
	assert_int_equal(offer.verdict, LOG_NEW);
	assert_int_equal(offer.taken, 3);
	assert_int_equal(offer.envelopes, 3);
	assert_true(offer.bytes > 600);
	assert_same_tip(&offer.tip, &first);
	draft = draft_new(forge, &forge->tip);
	draft->count = 0; /* an acknowledgement alone */
	draft->commit.ack_count = 1;
	draft->commit.acks[0] = (struct commit_ack){"0000000000000000", 1, 1};
	forge->tip = draft_write(forge, draft);
	draft = draft_new(forge, &forge->tip);
	draft_add(draft, "m-00000000000000000000000000000000-0001.age", forge_envelope(forge, "mail"));
	draft_add(draft, "o-0002.age", forge_envelope(forge, "office"));
	forge->tip = draft_write(forge, draft);
	offer = forge_offer(forge, &forge->tip.oid);
	assert_int_equal(offer.verdict, LOG_NEW);
	assert_int_equal(offer.taken, 2);
	assert_int_equal(offer.envelopes, 3);
	assert_int_equal(forge_offer(forge, &forge->tip.oid).verdict, LOG_NOTHING_NEW);
	assert_int_equal(forge_offer(forge, &first.oid).verdict, LOG_BEHIND);
	must(logs_tip(forge->log, forge->id, 1, &tip));
	assert_same_tip(&tip, &forge->tip);
	FORGE_GIT(forge->log_path, "fsck", "--strict");
	stock_verify(forge, forge->log_path, branch_of(forge));
	theirs = FORGE_GIT(forge->inbox_path, "rev-list", "--objects", forge->tip.oid.hex);
	ours = FORGE_GIT(forge->log_path, "rev-list", "--objects", forge->tip.oid.hex);
	assert_bytes(ours, theirs);
}

static void commits_by_stock_git_with_envelopes_by_stock_age_are_taken(void **state)
{
	struct forge *forge = *state;
	char recipient[AGE_RECIPIENT_SIZE];
	struct log_tip tip = {.seq = 0};
	struct log_offer offer;

	age_recipient_text(recipient, &forge->reader);
	for (int i = 0; i < 3; i++) {
		struct bytes sealed = TOOLS_RUN(TEXT("{\"v\":1}\n"), "age", "-r", recipient);
		struct oid blob = stock_object(forge->inbox_path, "blob", sealed), tree;
		struct draft *draft = draft_new(forge, &tip);

		tree = stock_parse(
			TOOLS_RUN(TEXT(memory_format(forge, "100644 blob %s\ti-0000.age\n", blob.hex)), "git",
				"--git-dir", forge->inbox_path, "mktree"));
		draft->entries[0].body = sealed;
		commit_envelopes_digest(draft->commit.envelopes, draft->entries, 1);
		tip.oid = stock_commit(forge, forge->inbox_path, &draft->commit, &tree, i ? &tip.oid : NULL);
		must(check_tip_at(forge->inbox, &tip.oid, &tip));
	}
	offer = forge_offer(forge, &tip.oid);
	if (offer.verdict != LOG_NEW)
		fail_msg("%s", offer.reason);
	assert_int_equal(offer.taken, 3);
}

static void two_histories_by_one_hub_are_shown_and_neither_is_lost(void **state)
{
	struct forge *forge = *state;
	struct log_tip ours, tip, common;
	struct log_offer offer;
	struct draft *draft;
	struct oid kept;
	char *before;

	forge_grow(forge, 2);
	common = forge->tip;
	forge_grow(forge, 3);
	ours = forge->tip;
	assert_int_equal(forge_offer(forge, &ours.oid).verdict, LOG_NEW);
	/* a branch that is not validly signed is no fork */
	before = folder_digest(forge, forge->log_path);
	draft = draft_new(forge, &common);
	draft->sign = forge->coalition->sign[2];
	tip = draft_write(forge, draft);
	assert_int_equal(forge_offer(forge, &tip.oid).verdict, LOG_REFUSED);
	draft = draft_new(forge, &common);
	draft->entries[0].body = TEXT("not sealed");
	tip = draft_write(forge, draft);
	assert_int_equal(forge_offer(forge, &tip.oid).verdict, LOG_REFUSED);
	assert_string_equal(folder_digest(forge, forge->log_path), before);
	/* one that is */
	forge->tip = common;
	forge_grow(forge, 2);
	offer = forge_offer(forge, &forge->tip.oid);
	assert_int_equal(offer.verdict, LOG_FORKED);
	assert_int_equal(offer.taken, 2);
	assert_non_null(strstr(offer.reason, "seq 3"));
	assert_same_tip(&offer.tip, &ours);
	must(repo_ref(
		forge->log, memory_format(forge, "refs/forks/%s/%s", forge->id, forge->tip.oid.hex), &kept));
	assert_string_equal(kept.hex, forge->tip.oid.hex);
	must(logs_tip(forge->log, forge->id, 1, &tip));
	assert_same_tip(&tip, &ours);
	FORGE_GIT(forge->log_path, "fsck", "--strict");
	stock_verify(forge, forge->log_path, kept.hex);
	/* from now on it takes nothing more, neither here nor there */
	before = folder_digest(forge, forge->log_path);
	offer = forge_offer(forge, &forge->tip.oid);
	assert_int_equal(offer.verdict, LOG_FORKED);
	assert_int_equal(offer.taken, 0);
	forge_grow(forge, 1);
	assert_int_equal(forge_offer(forge, &forge->tip.oid).verdict, LOG_FORKED);
	forge->tip = ours;
	forge_grow(forge, 1);
	assert_int_equal(forge_offer(forge, &forge->tip.oid).verdict, LOG_REFUSED);
	assert_int_equal(forge_offer(forge, &common.oid).verdict, LOG_BEHIND);
	assert_string_equal(folder_digest(forge, forge->log_path), before);
}

static void another_beginning_is_a_fork_too(void **state)
{
	struct forge *forge = *state;
	struct log_offer offer;

	forge_grow(forge, 2);
	assert_int_equal(forge_offer(forge, &forge->tip.oid).verdict, LOG_NEW);
	forge->tip = (struct log_tip){.seq = 0};
	forge_grow(forge, 5);
	offer = forge_offer(forge, &forge->tip.oid);
	assert_int_equal(offer.verdict, LOG_FORKED);
	assert_int_equal(offer.taken, 5);
	assert_int_equal(offer.tip.seq, 2);
}

static void a_log_waits_for_the_roster_it_names(void **state)
{
	struct forge *forge = *state;
	struct log_offer offer;
	struct draft *draft;
	char *before;

	forge_grow(forge, 2);
	draft = draft_new(forge, &forge->tip);
	draft->commit.roster = 2;
	forge->tip = draft_write(forge, draft);
	offer = forge_offer(forge, &forge->tip.oid);
	assert_int_equal(offer.verdict, LOG_WAITS);
	assert_int_equal(offer.taken, 2); /* what came before counts */
	assert_int_equal(offer.tip.seq, 2);
	assert_non_null(strstr(offer.reason, "seq 3: it names roster version 2"));
	before = folder_digest(forge, forge->log_path);
	assert_int_equal(forge_offer(forge, &forge->tip.oid).verdict, LOG_WAITS);
	assert_string_equal(folder_digest(forge, forge->log_path), before);
	forge_next_roster(forge);
	offer = forge_offer(forge, &forge->tip.oid);
	assert_int_equal(offer.verdict, LOG_NEW);
	assert_int_equal(offer.tip.roster, 2);
}

static void a_revoked_hubs_log_ends_where_the_roster_says(void **state)
{
	struct forge *forge = *state;
	struct roster_member *member = &forge->coalition->roster.members[1];
	struct log_tip last, other;
	struct log_offer offer;
	struct seen seen = {.forge = forge};
	struct draft *draft;
	bool waits;
	char *before;

	forge_grow(forge, 1);
	other = draft_write(
		forge, draft_new(forge, &forge->tip)); /* what the thief wrote in place of Seq 2 */
	draft = draft_new(forge, &forge->tip);
	draft_add(draft, "o-0001.age", forge_envelope(forge, "the hub's own"));
	forge->tip = last = draft_write(forge, draft);
	forge_grow(forge, 2);
	member->status = MEMBER_REVOKED;
	member->last_seq = 2;
	text_hex(member->last_commit, last.sha256, DIGEST_LEN);
	forge_next_roster(forge);
	before = folder_digest(forge, forge->log_path);
	offer = forge_offer(forge, &other.oid);
	assert_int_equal(offer.verdict, LOG_REFUSED);
	assert_non_null(strstr(offer.reason, "another commit as its last"));
	assert_string_equal(folder_digest(forge, forge->log_path), before);
	offer = forge_offer(forge, &forge->tip.oid);
	assert_int_equal(offer.verdict, LOG_NEW);
	assert_int_equal(offer.tip.seq, 2);
	before = folder_digest(forge, forge->log_path);
	offer = forge_offer(forge, &forge->tip.oid);
	assert_int_equal(offer.verdict, LOG_REFUSED);
	assert_non_null(strstr(offer.reason, "seq 3: the hub is revoked"));
	assert_string_equal(folder_digest(forge, forge->log_path), before);
	must(logs_read(forge->log, forge->chain, NULL, forge->id, 1, 0, "", see, &seen, &waits));
	assert_int_equal(seen.seqs, 2);
}

static void a_revocation_that_comes_later_ends_reading_too(void **state)
{
	struct forge *forge = *state;
	struct roster_member *member = &forge->coalition->roster.members[1];
	struct log_tip last;
	struct seen seen = {.forge = forge};
	bool waits;

	forge_grow(forge, 2);
	last = forge->tip;
	forge_grow(forge, 2);
	assert_int_equal(forge_offer(forge, &forge->tip.oid).verdict, LOG_NEW);
	member->status = MEMBER_REVOKED;
	member->last_seq = 2;
	text_hex(member->last_commit, last.sha256, DIGEST_LEN);
	forge_next_roster(forge);
	must(logs_read(forge->log, forge->chain, NULL, forge->id, 1, 0, "", see, &seen, &waits));
	assert_int_equal(seen.seqs, 2);
}

static void damage_on_the_card_is_told_and_not_read(void **state)
{
	struct forge *forge = *state;
	struct log_entry entry = entry_of(forge, 'i', "", "x");
	struct log_tip tip = {.seq = 0};
	struct seen seen = {.forge = forge};
	bool waits;

	append(forge, &entry, 1, &tip);
	entry = entry_of(forge, 'i', "", "y");
	append(forge, &entry, 1, &tip);
	TOOLS_RUN(NO_INPUT, "perl", "-e",
		"for (@ARGV) { chmod 0644, $_; open F, '+<', $_; seek F, 60, 0; read F, $a, 1; seek F, 60, "
		"0; print F chr(ord($a) ^ 4); }",
		memory_format(forge, "%s",
			text_trim(
				forge, (char *)TOOLS_RUN(NO_INPUT, "sh", "-c",
					       memory_format(forge, "ls -t %s/objects/pack/*.pack | tail -1",
						       forge->log_path))
					       .data)));
	repo_close(forge->log);
	must(repo_open(forge->log_path, &forge->log));
	assert_non_null(logs_read(forge->log, forge->chain, NULL, forge->id, 1, 0, "", see, &seen, &waits));
	assert_int_equal(seen.seqs, 0);
}

/* A child appends as fast as it can and says what is done; the last that it said is there, whenever it was
 * killed. */
static void what_was_acknowledged_survives_a_kill_at_any_moment(void **state)
{
	struct forge *forge = *state;
	struct log_entry entries[5];
	struct log_tip before, after;
	struct seen seen = {.forge = forge};
	bool waits;

	for (int i = 0; i < 5; i++)
		entries[i] = entry_of(forge, 'i', "", memory_format(forge, "%d", i));
	for (int round = 0; round < 20; round++) {
		int64_t told = 0, got;
		int pipes[2];
		pid_t child;

		must(logs_tip(forge->log, forge->id, 1, &before));
		assert_int_equal(pipe(pipes), 0);
		child = fork();
		if (child == 0) {
			struct log_tip tip = before;

			for (;;) {
				if (logs_append(forge->log, forge->id, 1, forge->sign, 1, NULL, 0, entries,
					    1 + (size_t)tip.seq % 5, &tip) ||
					write(pipes[1], &tip.seq, sizeof tip.seq) != sizeof tip.seq)
					_exit(1);
			}
		}
		close(pipes[1]);
		usleep((useconds_t)tools_random(150000));
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		while (read(pipes[0], &got, sizeof got) == sizeof got)
			told = got;
		close(pipes[0]);
		repo_close(forge->log);
		must(repo_clean(forge->log_path));
		must(repo_open(forge->log_path, &forge->log));
		must(logs_tip(forge->log, forge->id, 1, &after));
		assert_true(after.seq >= told && after.seq >= before.seq);
	}
	must(logs_append(forge->log, forge->id, 1, forge->sign, 1, NULL, 0, entries, 1, &after));
	must(logs_read(forge->log, forge->chain, NULL, forge->id, 1, 0, "", see, &seen, &waits));
	assert_int_equal(seen.seqs, after.seq);
	FORGE_GIT(forge->log_path, "fsck", "--strict");
	printf("# %lld commits by 20 children\n", (long long)after.seq);
}

/* More commits than one call takes, in one pack, without envelopes. */
static void a_long_log_is_taken_in_several_calls(void **state)
{
	struct forge *forge = *state;
	const int64_t length = getenv("ENGABO_UNDER_VALGRIND") ? 300 : 20300;
	struct pack *pack = pack_begin(forge, forge->inbox);
	struct oid *recent = memory_array(forge, struct oid, (size_t)length), tree;
	struct back back = {.repo = forge->inbox, .recent = recent};
	struct log_commit *commit = memory_new(forge, struct log_commit);
	struct log_tip tip = {.seq = 0};
	struct log_offer offer;

	memcpy(commit->log, forge->id, LOG_ID_SIZE);
	commit->epoch = 1;
	commit->roster = 1;
	commit_envelopes_digest(commit->envelopes, NULL, 0);
	digest_of(commit->prev, (struct bytes){(const uint8_t *)"", 0});
	pack_tree(pack, NULL, 0, &tree);
	while (tip.seq < length) {
		void *scratch CLEANUP(memory_free) = memory_context(NULL);
		struct bytes raw;

		commit->seq = ++tip.seq;
		must(back_fill(&back, commit->seq, commit));
		raw = commit_raw(scratch, commit, &tree, commit->seq > 1 ? &tip.oid : NULL, forge->sign);
		pack_commit(pack, raw, &tip.oid);
		digest_of(commit->prev, raw);
		recent[back.recent_count++] = tip.oid;
	}
	must(pack_end(pack));
	memory_peak_kb();
	if (length > 20000) {
		offer = forge_offer(forge, &tip.oid);
		assert_int_equal(offer.verdict, LOG_NEW);
		assert_int_equal(offer.tip.seq, 20000);
	}
	offer = forge_offer(forge, &tip.oid);
	assert_int_equal(offer.verdict, LOG_NEW);
	assert_int_equal(offer.taken, 300);
	assert_string_equal(offer.tip.oid.hex, tip.oid.hex);
	assert_true(memory_peak_kb() < 64000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FORGE_TEST(what_is_appended_stock_git_reads_and_verifies),
		FORGE_TEST(what_others_would_refuse_is_not_appended),
		FORGE_TEST(back_leads_to_every_commit),
		FORGE_TEST(a_log_is_read_from_where_reading_stopped),
		FORGE_TEST(a_hub_that_works_alone_reads_its_own_log),
		FORGE_TEST(a_fetched_log_is_kept_as_it_was_signed),
		FORGE_TEST(commits_by_stock_git_with_envelopes_by_stock_age_are_taken),
		FORGE_TEST(two_histories_by_one_hub_are_shown_and_neither_is_lost),
		FORGE_TEST(another_beginning_is_a_fork_too),
		FORGE_TEST(a_log_waits_for_the_roster_it_names),
		FORGE_TEST(a_revoked_hubs_log_ends_where_the_roster_says),
		FORGE_TEST(a_revocation_that_comes_later_ends_reading_too),
		FORGE_TEST(damage_on_the_card_is_told_and_not_read),
		FORGE_TEST(what_was_acknowledged_survives_a_kill_at_any_moment),
		FORGE_TEST(a_long_log_is_taken_in_several_calls),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, tools_start, tools_end);
}
