/* Records travel on a stick on which git can keep no repository: in pieces, which any hub can go on from, and
 * of which a damaged, lost or strange one spoils nothing else. */
#include "tests/unit/sync/hubs.h"

#include <dirent.h>

#include "sync/piece.h"

#define SEED_NAME "00000000000000000000000000000000.bundle"
#define OID_A "a979c33e25dccdf5fddd2526e6bdd58435cc4820"
#define OID_B "15c7331d69cce44ee06773ae8440b28835607b2c"
#define A_LOG "refs/heads/log/k7q2m9x4t0ab3c5d/1"

static struct bytes text(const char *words)
{
	return (struct bytes){(const uint8_t *)words, strlen(words)};
}

static void a_header_has_one_form(void **state)
{
	static const char *const good[] = {
		"# v2 git bundle\n" OID_A " refs/heads/roster\n\nPACK",
		"# v2 git bundle\n" OID_A " " A_LOG "\n\n",
		"# v2 git bundle\n-" OID_B "\n" OID_A " " A_LOG "\n\nPACK",
		"# v2 git bundle\n-" OID_B " engabo log 1\n" OID_A " " A_LOG "\n\nPACK",
		"# v2 git bundle\n" OID_A " refs/forks/k7q2m9x4t0ab3c5d/" OID_B "\n\n",
	};
	static const char *const bad[] = {
		"",
		"PACK",
		"# v3 git bundle\n@object-format=sha1\n" OID_A " " A_LOG "\n\n",
		"# v2 git bundle\n\n",
		"# v2 git bundle\n" OID_A " " A_LOG "\n",
		"# v2 git bundle\n" OID_A " refs/heads/master\n\n",
		"# v2 git bundle\n" OID_A " refs/heads/log/../../x/1\n\n",
		"# v2 git bundle\n" OID_A " refs/forks/k7q2m9x4t0ab3c5d\n\n",
		"# v2 git bundle\n" OID_A "  " A_LOG "\n\n",
		"# v2 git bundle\n" OID_A " " A_LOG "\n" OID_B " refs/heads/roster\n\n",
		"# v2 git bundle\n-" OID_B "\n-" OID_A "\n" OID_A " " A_LOG "\n\n",
		"# v2 git bundle\n-" OID_B "\n\n",
		"# v2 git bundle\n-" OID_B,
		"# v2 git bundle\n" OID_A "0 " A_LOG "\n\n",
		"# v2 git bundle\nA979c33e25dccdf5fddd2526e6bdd58435cc4820 " A_LOG "\n\n",
	};
	struct piece piece, again;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		must(piece_parse(text(good[i]), &piece));
		must(piece_parse(piece_header(tools.context, &piece), &again));
		assert_string_equal(again.tip.hex, piece.tip.hex);
		assert_string_equal(again.after.hex, piece.after.hex);
		assert_string_equal(again.ref, piece.ref);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (!piece_parse(text(bad[i]), &piece))
			fail_msg("taken: %s", bad[i]);
}

static void a_name_is_told_from_others(void **state)
{
	char part[PIECE_NAME_SIZE];

	(void)state;
	piece_part_name(part, "k7q2m9x4t0ab3c5d");
	assert_true(piece_is_name(SEED_NAME));
	assert_true(piece_is_part(part));
	assert_false(piece_is_name(part));
	assert_false(piece_is_part(SEED_NAME));
	assert_false(piece_is_name("holiday.bundle"));
	assert_false(piece_is_name("0000000000000000000000000000000G.bundle"));
	assert_false(piece_is_name(SEED_NAME "x"));
}

/* ---- sticks ---- */

/* A folder that is taken for a stick's, because something there is named like a piece. */
static void make_stick(struct hubs *hubs)
{
	static unsigned count;

	hubs->relay = memory_format(hubs, "%s/stick-%u", tools.folder, count++);
	assert_int_equal(mkdir(hubs->relay, 0700), 0);
	must(files_write(memory_format(hubs, "%s/" SEED_NAME, hubs->relay), text("torn"), 0600));
}

/* The names in the folder that are pieces, but for the one above; how many. */
static int names_on(const struct hubs *hubs, char out[][PIECE_NAME_SIZE], int most)
{
	DIR *directory = opendir(hubs->relay);
	struct dirent *entry;
	int count = 0;

	assert_non_null(directory);
	while ((entry = readdir(directory)))
		if (piece_is_name(entry->d_name) && strcmp(entry->d_name, SEED_NAME) != 0 && count < most)
			strcpy(out[count++], entry->d_name);
	closedir(directory);
	return count;
}

static void has_all_of(struct hubs *hubs, int which, int whose)
{
	struct db *spool = hubs_spool(hubs, whose, "intake.db");
	struct hub *hub = hubs_open(hubs, which);
	struct hubs_envelopes there = hubs_envelopes(hubs, hub, whose);

	hubs_exactly_once(hubs, &there, &spool, 1);
	hub_close(hub);
	db_close(spool);
}

static void records_of_three_hubs_travel_in_pieces(void **state)
{
	struct hubs *hubs = *state;
	json_t *report;

	make_stick(hubs);
	HUBS_ROUND_OK(hubs_day(hubs, 0)); /* the roster */
	for (int turn = 0; turn < 3; turn++)
		for (int i = 0; i < HUBS; i++) {
			hubs_report(hubs, i, 2);
			HUBS_ROUND_OK(hubs_day(hubs, i));
		}
	for (int i = 0; i < HUBS; i++)
		HUBS_ROUND_OK(hubs_day(hubs, i));
	for (int i = 0; i < HUBS; i++)
		for (int whose = 0; whose < HUBS; whose++)
			has_all_of(hubs, i, whose);
	HUBS_ROUND_OK(hubs_day(hubs, 1));
	report = hubs_day(hubs, 1);
	assert_int_equal(hubs_number(report, "sent"), 0);
	assert_int_equal(hubs_number(report, "received"), 0);
	json_decref(report);
}

static void a_large_log_goes_in_several_pieces(void **state)
{
	struct hubs *hubs = *state;
	char names[64][PIECE_NAME_SIZE], *large = memory_array(hubs, char, 40001);
	struct db *spool = hubs_spool(hubs, 1, "intake.db");
	int before;

	memset(large, 'x', 40000);
	must(db_run(spool, "PRAGMA synchronous = OFF"));
	for (int i = 0; i < 300; i++)
		hubs_spool_add(hubs, spool, 'i', "", large);
	db_close(spool);
	make_stick(hubs);
	HUBS_ROUND_OK(hubs_day(hubs, 0));
	before = names_on(hubs, names, 64);
	HUBS_ROUND_OK(hubs_day(hubs, 1));
	assert_int_equal(names_on(hubs, names, 64), before + 2);
	HUBS_ROUND_OK(hubs_day(hubs, 0));
	has_all_of(hubs, 0, 1);
}

/* Whichever piece is gone or torn: the next hub that has the records writes it again, and a hub that has
 * nothing gets all. */
static void a_piece_that_is_lost_or_torn_is_written_again(void **state)
{
	struct hubs *hubs = *state;
	char names[64][PIECE_NAME_SIZE];
	int count;

	make_stick(hubs);
	HUBS_ROUND_OK(hubs_day(hubs, 0));
	for (int i = 0; i < 3; i++) {
		hubs_report(hubs, 1, 2);
		HUBS_ROUND_OK(hubs_day(hubs, 1));
	}
	count = names_on(hubs, names, 64);
	assert_true(count >= 4);
	for (int i = 0; i < count; i++) {
		char *path = memory_format(hubs, "%s/%s", hubs->relay, names[i]);
		struct stat st;

		assert_int_equal(stat(path, &st), 0);
		if (i % 2)
			assert_int_equal(unlink(path), 0);
		else
			assert_int_equal(truncate(path, (off_t)tools_random((uint64_t)st.st_size)), 0);
		if (tools_random(2)) /* one damage at a time, or several */
			HUBS_ROUND_OK(hubs_day(hubs, 1));
	}
	HUBS_ROUND_OK(hubs_day(hubs, 1));
	HUBS_ROUND_OK(hubs_day(hubs, 0));
	HUBS_ROUND_OK(hubs_day(hubs, 2));
	has_all_of(hubs, 2, 1);
	has_all_of(hubs, 0, 1);
}

static void put_piece(struct hubs *hubs, struct bytes content)
{
	uint8_t sha256[DIGEST_LEN];
	char name[PIECE_NAME_SIZE];

	digest_of(sha256, content);
	piece_name(name, sha256);
	must(files_write(memory_format(hubs, "%s/%s", hubs->relay, name), content, 0600));
}

/* A whole bundle that says it is the tip of hub 1's log, and is something else. */
static void a_strange_piece_spoils_nothing(void **state)
{
	struct hubs *hubs = *state;
	char *strange = memory_format(hubs, "%s/strange", tools.folder);
	struct bytes content;
	json_t *report;

	make_stick(hubs);
	HUBS_ROUND_OK(hubs_day(hubs, 0));
	hubs_report(hubs, 1, 2);
	HUBS_ROUND_OK(hubs_day(hubs, 1));
	TOOLS_RUN(NO_INPUT, "sh", "-c",
		memory_format(hubs,
			"rm -rf %s && git init -q --bare %s && cd %s && export GIT_AUTHOR_NAME=x "
			"GIT_AUTHOR_EMAIL=x GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x && git update-ref "
			"refs/heads/log/%s/1 $(git commit-tree -m 'not of ours' $(git mktree </dev/null)) && "
			"git bundle create -q out refs/heads/log/%s/1",
			strange, strange, strange, hubs->trusts[1].self.log, hubs->trusts[1].self.log));
	must(files_read(hubs, memory_format(hubs, "%s/out", strange), 1 << 20, &content));
	put_piece(hubs, content);
	put_piece(hubs, text("# v2 git bundle\n" OID_A " refs/heads/roster\n\nPACK"));
	report = hubs_day(hubs, 2);
	assert_int_equal(json_array_size(json_object_get(report, "refused")), 0);
	HUBS_ROUND_OK(report);
	has_all_of(hubs, 2, 1);
}

/* Of another coalition: its hubs are nobody's here. */
static void a_stranger_s_stick_changes_nothing(void **state)
{
	void *other = NULL;
	struct hubs *hubs = *state, *strangers;
	struct hub *hub;
	int before, after;

	assert_int_equal(hubs_make(&other), 0);
	strangers = other;
	make_stick(strangers);
	HUBS_ROUND_OK(hubs_day(strangers, 0));
	hubs_report(strangers, 1, 2);
	HUBS_ROUND_OK(hubs_day(strangers, 1));
	hubs->relay = strangers->relay;
	hub = hubs_open(hubs, 0);
	before = hub_roster(hub)->version;
	hub_close(hub);
	json_decref(hubs_day(hubs, 0));
	hub = hubs_open(hubs, 0);
	after = hub_roster(hub)->version;
	assert_int_equal(before, after);
	assert_int_equal(hubs_envelopes(hubs, hub, 1).count, 0);
	assert_int_equal(hubs_trouble(hub, TROUBLE_REFUSED), 1); /* the roster */
	hub_close(hub);
	hubs_end(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_has_one_form),
		cmocka_unit_test(a_name_is_told_from_others),
		HUBS_TEST(records_of_three_hubs_travel_in_pieces),
		HUBS_TEST(a_large_log_goes_in_several_pieces),
		HUBS_TEST(a_piece_that_is_lost_or_torn_is_written_again),
		HUBS_TEST(a_strange_piece_spoils_nothing),
		HUBS_TEST(a_stranger_s_stick_changes_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, tools_start, tools_end);
}
