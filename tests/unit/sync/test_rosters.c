/* The roster travels as the logs do, and nobody on the way can put in a hub, take one out, or go back. */
#include "tests/unit/sync/stock.h"

/* Where the roster is made: the keeper's repository is the inbox here, and `log` the hub that fetches. */
static struct roster_files next_files(struct forge *forge)
{
	struct roster *roster = &forge->coalition->roster;

	return coalition_files(forge->coalition, roster, 1);
}

static void publish(struct forge *forge, int version)
{
	struct roster *roster = &forge->coalition->roster;
	struct roster_files files;

	roster->version = version;
	files = next_files(forge);
	if (version == 1)
		roster_digest(forge->coalition->trust.root, &files);
	must(rosters_append(forge->inbox, version, &files, roster->keeper, forge->coalition->sign[0]));
}

static struct oid offered(struct forge *forge)
{
	struct oid oid;

	must(repo_ref(forge->inbox, ROSTER_REF, &oid));
	return oid;
}

static int version_here(struct forge *forge)
{
	struct roster_chain *chain;

	must(rosters_load(forge, forge->log, &forge->coalition->trust, 0, &chain));
	return roster_chain_newest(chain) ? roster_chain_newest(chain)->version : 0;
}

static void refused(struct forge *forge, const struct oid *oid, enum error_code code)
{
	char *before = folder_digest(forge, forge->log_path);
	int taken = 77;

	assert_error(rosters_keep(forge->log, forge->inbox, &forge->coalition->trust, oid, &taken), code);
	assert_int_equal(taken, 77);
	assert_string_equal(folder_digest(forge, forge->log_path), before);
}

static void take(struct forge *forge, int expected)
{
	struct oid oid = offered(forge);
	int taken;

	must(rosters_keep(forge->log, forge->inbox, &forge->coalition->trust, &oid, &taken));
	assert_int_equal(taken, expected);
}

static void versions_travel_and_stock_tools_read_them(void **state)
{
	struct forge *forge = *state;
	struct roster_files files;
	struct bytes out;

	assert_int_equal(version_here(forge), 0);
	publish(forge, 1);
	take(forge, 1);
	assert_int_equal(version_here(forge), 1);
	publish(forge, 2);
	publish(forge, 3);
	take(forge, 2);
	take(forge, 0);
	assert_int_equal(version_here(forge), 3);
	must(rosters_files(forge, forge->log, &files));
	assert_bytes(files.json, roster_print(forge, &forge->coalition->roster));
	assert_int_equal(files.signature_count, 1);
	FORGE_GIT(forge->log_path, "fsck", "--strict");
	stock_verify(forge, forge->log_path, "roster");
	out = FORGE_GIT(forge->log_path, "ls-tree", "-r", "--name-only", "roster");
	assert_string_equal((char *)out.data,
		memory_format(forge, "allowed_signers\nmembers.age\nroster.json\nsignatures/%s.sig\n",
			files.signatures[0].fingerprint));
	out = FORGE_GIT(forge->log_path, "log", "-1", "--format=%an %ct %B", "roster");
	assert_true(text_starts((char *)out.data,
		memory_format(forge, "%s 1577836803 engabo roster 1\n\nVersion: 3\nFiles-SHA256: ",
			forge->coalition->roster.keeper)));
}

static void a_roster_that_goes_back_is_not_accepted(void **state)
{
	struct forge *forge = *state;
	struct roster_chain *chain;
	struct oid first;
	int taken;

	publish(forge, 1);
	first = offered(forge);
	publish(forge, 2);
	take(forge, 2);
	must(rosters_keep(
		forge->log, forge->inbox, &forge->coalition->trust, &first, &taken)); /* a stale relay */
	assert_int_equal(taken, 0);
	assert_int_equal(version_here(forge), 2);
	must(rosters_load(forge, forge->log, &forge->coalition->trust, 2, &chain));
	assert_error(rosters_load(forge, forge->log, &forge->coalition->trust, 3, &chain), ERROR_DENIED);
	FORGE_GIT(forge->log_path, "update-ref", "refs/heads/roster",
		first.hex); /* a taken-over process, or a thief's hands */
	assert_error(rosters_load(forge, forge->log, &forge->coalition->trust, 2, &chain), ERROR_DENIED);
	FORGE_GIT(forge->log_path, "update-ref", "-d", "refs/heads/roster");
	assert_error(rosters_load(forge, forge->log, &forge->coalition->trust, 1, &chain), ERROR_DENIED);
}

static void another_coalitions_roster_is_refused(void **state)
{
	struct forge *forge = *state;
	struct roster_chain *chain;
	void *made = NULL;
	struct forge *other;
	struct oid oid;

	publish(forge, 1);
	assert_int_equal(forge_make(&made), 0);
	other = made;
	publish(other, 1);
	oid = offered(other);
	TOOLS_RUN(NO_INPUT, "sh", "-c",
		memory_format(forge, "cp -r %s/objects/. %s/objects/", other->inbox_path, forge->inbox_path));
	repo_refresh(forge->inbox);
	refused(forge, &oid, ERROR_CONFLICT); /* swapped for one that is whole in itself */
	TOOLS_RUN(NO_INPUT, "sh", "-c",
		memory_format(forge, "cp -r %s/objects/. %s/objects/", other->inbox_path, forge->log_path));
	FORGE_GIT(forge->log_path, "update-ref", "refs/heads/roster", oid.hex);
	assert_error(rosters_load(forge, forge->log, &forge->coalition->trust, 0, &chain), ERROR_CONFLICT);
	forge_end(&made);
}

/* The files that this tree would hold, with one thing changed by whoever carries them. */
static struct oid forged(struct forge *forge, const struct roster_files *files, int version,
	const char *author, const struct secret *sign)
{
	struct roster_files *copy = memory_new(forge, struct roster_files);
	struct oid tip = {""}, oid;
	bool had = !repo_ref(forge->inbox, ROSTER_REF, &tip);

	*copy = *files;
	must(rosters_append(forge->inbox, version, copy, author, sign));
	must(repo_ref(forge->inbox, ROSTER_REF, &oid));
	if (had)
		must(repo_ref_set(forge->inbox, ROSTER_REF, &tip, &oid));
	else
		must(repo_ref_delete(forge->inbox, ROSTER_REF));
	return oid;
}

static void forged_versions_are_refused_and_change_nothing(void **state)
{
	struct forge *forge = *state;
	struct roster *roster = &forge->coalition->roster;
	struct secret *keeper = forge->coalition->sign[0];
	struct roster_files files, good;
	struct oid oid;

	publish(forge, 1);
	take(forge, 1);
	roster->version = 2;
	good = next_files(forge);
	/* by a coordinator who is none yet; unsigned; a signature of something else */
	files = coalition_files(forge->coalition, roster, 2);
	oid = forged(forge, &files, 2, roster->keeper, keeper);
	refused(forge, &oid, ERROR_DENIED);
	files = coalition_files(forge->coalition, roster, 0);
	oid = forged(forge, &files, 2, roster->keeper, keeper);
	refused(forge, &oid, ERROR_DENIED);
	files = good;
	files.members = forge_envelope(forge, "other names");
	oid = forged(forge, &files, 2, roster->keeper, keeper);
	refused(forge, &oid, ERROR_DENIED);
	/* a recipient swapped */
	secret_free(age_identity_new(&roster->members[2].keys.recipient));
	files = good;
	files.json = roster_print(forge, roster);
	oid = forged(forge, &files, 2, roster->keeper, keeper);
	refused(forge, &oid, ERROR_DENIED);
	/* not the next version */
	roster->version = 3;
	files = next_files(forge);
	oid = forged(forge, &files, 3, roster->keeper, keeper);
	refused(forge, &oid, ERROR_CONFLICT);
	/* committed by a hub that is not the keeper; or under the keeper's name, by its own key */
	oid = forged(forge, &good, 2, forge->id, forge->sign);
	refused(forge, &oid, ERROR_INVALID);
	oid = forged(forge, &good, 2, roster->keeper, forge->sign);
	refused(forge, &oid, ERROR_DENIED);
	oid = forged(forge, &good, 2, roster->keeper, keeper);
	must(repo_ref_set(forge->inbox, ROSTER_REF, &oid, &(struct oid[]){offered(forge)}[0]));
	take(forge, 1);
}

static void another_second_version_is_refused(void **state)
{
	struct forge *forge = *state;
	struct roster_files files;
	struct oid oid, first;

	publish(forge, 1);
	first = offered(forge);
	publish(forge, 2);
	take(forge, 2);
	oid = offered(forge);
	must(repo_ref_set(forge->inbox, ROSTER_REF, &first, &oid));
	forge->coalition->roster.sharing = SHARING_NONE;
	files = next_files(forge);
	oid = forged(forge, &files, 2, forge->coalition->roster.keeper, forge->coalition->sign[0]);
	refused(forge, &oid, ERROR_CONFLICT);
	assert_int_equal(version_here(forge), 2);
}

/* A tree with more, less or other things in it than the four files. */
static void a_tree_of_another_shape_is_refused(void **state)
{
	struct forge *forge = *state;
	static const char *const spoil[] = {"100644 blob $B\\textra", "100755 blob $B\\troster.json",
		"120000 blob $B\\troster.json", "040000 tree $T\\tfolder", "100644 blob $B\\tsignatures",
		"040000 tree $S\\tsignatures", "040000 tree $X\\tsignatures"};
	struct bytes raw;
	struct oid first;

	publish(forge, 1);
	first = offered(forge);
	for (size_t i = 0; i < sizeof spoil / sizeof *spoil; i++) {
		struct oid tree, oid;
		struct raw_commit commit;
		char *script = memory_format(forge,
			"set -e; export GIT_DIR=%s; N=$(printf '%s' | sed 's/.*\\\\t//'); B=$(echo x | git "
			"hash-object -w --stdin); T=$(git mktree </dev/null)\n"
			"S=$(printf \"040000 tree $T\\tsub.sig\\n\" | git mktree); X=$(printf \"100644 blob "
			"$B\\treadme\\n\" | git mktree)\n"
			"{ git ls-tree %s | awk -F'\\t' -v n=\"$N\" '$2 != n'; printf \"%s\\n\"; } | git "
			"mktree",
			forge->inbox_path, spoil[i], first.hex, spoil[i]);

		tree = stock_parse(TOOLS_RUN(NO_INPUT, "sh", "-c", script));
		must(repo_commit(forge, forge->inbox, &first, &commit));
		raw = commit_frame(forge, forge->coalition->roster.keeper, commit_seconds(1), &tree, NULL,
			commit.message);
		raw = commit_with_signature(
			forge, raw, sshsig_sign(forge, forge->coalition->sign[0], "git", raw));
		oid = forge_commit(forge, raw);
		refused(forge, &oid, ERROR_INVALID);
	}
	take(forge, 1);
}

static void a_hub_that_works_alone_has_an_empty_roster(void **state)
{
	struct forge *forge = *state;
	struct roster_chain *chain;
	struct trust alone = forge->coalition->trust;
	struct roster_files files;
	struct oid oid;
	int taken;

	alone.has_coalition = false;
	must(rosters_load(forge, forge->log, &alone, 0, &chain));
	assert_null(roster_chain_newest(chain));
	assert_error(rosters_files(forge, forge->log, &files), ERROR_NOT_FOUND);
	publish(forge, 1);
	oid = offered(forge);
	assert_error(rosters_keep(forge->log, forge->inbox, &alone, &oid, &taken), ERROR_DENIED);
	files = next_files(forge);
	assert_error(rosters_append(forge->log, 2, &files, forge->coalition->roster.keeper,
			     forge->coalition->sign[0]),
		ERROR_CONFLICT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FORGE_TEST(versions_travel_and_stock_tools_read_them),
		FORGE_TEST(a_roster_that_goes_back_is_not_accepted),
		FORGE_TEST(another_coalitions_roster_is_refused),
		FORGE_TEST(forged_versions_are_refused_and_change_nothing),
		FORGE_TEST(another_second_version_is_refused),
		FORGE_TEST(a_tree_of_another_shape_is_refused),
		FORGE_TEST(a_hub_that_works_alone_has_an_empty_roster),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, tools_start, tools_end);
}
