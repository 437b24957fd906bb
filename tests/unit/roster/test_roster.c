/* A roster says what it says: there and back, to stock tools as well, and no nonsense gets in. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <unistd.h>

#include "node/base/child.h"
#include "node/base/text.h"
#include "tests/unit/roster/coalition.h"

static struct bytes text_bytes(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static void a_roster_goes_there_and_back(void **state)
{
	struct coalition *coalition = *state;
	struct roster *roster = &coalition->roster, *back = memory_new(coalition, struct roster);
	struct bytes text, again;

	roster->members[2].status = MEMBER_REVOKED;
	roster->members[2].last_seq = 7;
	memset(roster->members[2].last_commit, 'b', 64);
	roster->sharing = SHARING_SUMMARY;
	text = roster_print(coalition, roster);
	assert_null(roster_parse(text, back));
	again = roster_print(coalition, back);
	assert_int_equal(text.len, again.len);
	assert_memory_equal(text.data, again.data, text.len);
	assert_int_equal(back->sharing, SHARING_SUMMARY);
	assert_int_equal(back->members[2].last_seq, 7);
	assert_int_equal(back->members[1].last_seq, -1);
	assert_string_equal(back->keeper, roster->keeper);
	assert_memory_equal(&back->members[1].keys.tls, &roster->members[1].keys.tls, DIGEST_LEN);
}

static void headquarters_are_those_that_are_active(void **state)
{
	struct coalition *coalition = *state;
	struct roster *roster = &coalition->roster;
	struct age_recipient out[4];

	assert_int_equal(roster_headquarters(roster, out, 4), 1);
	assert_memory_equal(out[0].key, roster->members[0].keys.recipient.key, AGE_KEY_LEN);
	roster->members[1].keys.role = roster->members[2].keys.role = MEMBER_HEADQUARTERS;
	roster->members[2].status = MEMBER_REVOKED;
	assert_int_equal(roster_headquarters(roster, out, 4), 2);
	assert_int_equal(roster_headquarters(roster, out, 1), 1);
	assert_null(roster_member(roster, "k7q2m9x4t0ab3c5d"));
	assert_ptr_equal(roster_member(roster, roster->members[2].keys.log), &roster->members[2]);
}

/* What `roster` prints must not be parsed. */
static void nonsense(struct coalition *coalition, const struct roster *roster)
{
	struct roster *out = memory_new(coalition, struct roster);
	const struct error *error = roster_parse(roster_print(coalition, roster), out);

	assert_non_null(error);
	assert_int_equal(error->code, ERROR_INVALID);
	assert_int_equal(out->version, 0);
}

static void nonsense_is_refused(void **state)
{
	struct coalition *coalition = *state;
	struct roster bad;

	bad = coalition->roster, bad.threshold = 2;
	nonsense(coalition, &bad);
	bad = coalition->roster, bad.threshold = 0;
	nonsense(coalition, &bad);
	bad = coalition->roster, bad.coordinator_count = 0;
	nonsense(coalition, &bad);
	bad = coalition->roster, bad.version = 0;
	nonsense(coalition, &bad);
	bad = coalition->roster, bad.epoch = 0;
	nonsense(coalition, &bad);
	bad = coalition->roster, bad.coordinators[1] = bad.coordinators[0], bad.coordinator_count = 2;
	nonsense(coalition, &bad);
	bad = coalition->roster,
	memcpy(bad.keeper, bad.members[1].keys.log, LOG_ID_SIZE); /* not headquarters */
	nonsense(coalition, &bad);
	bad = coalition->roster, memcpy(bad.keeper, "k7q2m9x4t0ab3c5d", LOG_ID_SIZE); /* nobody */
	nonsense(coalition, &bad);
	bad = coalition->roster, bad.members[0].status = MEMBER_REVOKED, bad.members[0].last_seq = 0;
	nonsense(coalition, &bad);
	bad = coalition->roster, bad.member_count = 0;
	nonsense(coalition, &bad);
	bad = coalition->roster, bad.members[1].status = MEMBER_REVOKED; /* without its last commit */
	nonsense(coalition, &bad);
	bad = coalition->roster, bad.coalition[0] = '\0';
	nonsense(coalition, &bad);
}

static void no_key_stands_there_twice(void **state)
{
	struct coalition *coalition = *state;
	struct roster bad;

	bad = coalition->roster, bad.members[2].keys.sign = bad.members[1].keys.sign;
	nonsense(coalition, &bad);
	bad = coalition->roster, bad.members[2].keys.office = bad.members[1].keys.sign;
	nonsense(coalition, &bad);
	bad = coalition->roster, bad.members[2].keys.ssh = bad.coordinators[0];
	nonsense(coalition, &bad);
	bad = coalition->roster, bad.members[2].keys.recipient = bad.members[1].keys.recipient;
	nonsense(coalition, &bad);
	bad = coalition->roster, bad.recovery = bad.members[1].keys.recipient;
	nonsense(coalition, &bad);
	bad = coalition->roster, bad.coalition_recipient = bad.recovery;
	nonsense(coalition, &bad);
	bad = coalition->roster, memcpy(bad.members[2].keys.tls, bad.members[1].keys.tls, DIGEST_LEN);
	nonsense(coalition, &bad);
	bad = coalition->roster, memcpy(bad.members[2].keys.log, bad.members[1].keys.log, LOG_ID_SIZE);
	nonsense(coalition, &bad);
}

/* The printed text with one passage replaced. */
static const struct error *with(struct coalition *coalition, const char *from, const char *to)
{
	const char *text = (const char *)roster_print(coalition, &coalition->roster).data,
		   *at = strstr(text, from);
	char *changed;

	assert_non_null(at);
	changed = memory_format(coalition, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	return roster_parse(
		(struct bytes){(uint8_t *)changed, strlen(changed)}, memory_new(coalition, struct roster));
}

static void values_of_the_wrong_kind_are_refused(void **state)
{
	static const char *const changes[][2] = {
		{"\"v\": 1", "\"v\": 2"},
		{"\"v\": 1", "\"v\": \"1\""},
		{"\"version\": 1", "\"version\": 1.5"},
		{"\"version\": 1", "\"version\": 99999999999999999999"},
		{"\"threshold\": 1", "\"threshold\": -1"},
		{"\"sharing\": \"full\"", "\"sharing\": \"some\""},
		{"\"keeper\"", "\"kepper\""},
		{"\"coordinators\": [", "\"coordinators\": [7, "},
		{"ssh-ed25519 ", "ssh-rsa "},
		{"age1", "age2"},
		{"\"role\": \"hub\"", "\"role\": \"king\""},
		{"\"status\": \"active\"", "\"status\": \"asleep\""},
		{"\"status\": \"active\"",
			"\"status\": \"active\", \"last\": {\"seq\": 1, \"sha256\": \"\"}"},
		{"\"status\": \"active\"", "\"status\": \"active\", \"status\": \"active\""},
		{"\"members\": [", "\"members\": [[], "},
		{"\"tls\": \"", "\"tls\": \"0"},
		{"\"epoch\": 1", "\"epoch\": null"},
		{"\"seq\": 7", "\"seq\": -1"},
		{"\"last\": ", "\"latest\": "},
		{"\"sha256\": \"c", "\"sha256\": \"C"},
		{"\"sha256\": ", "\"sha1\": "},
		{"\"status\": ", "\"state\": "},
		{"\"role\": ", "\"part\": "},
		{"\"recovery\": ", "\"rescue\": "},
		{"\"recovery\": \"age1", "\"recovery\": \"age1q"},
		{"\"coalition_recipient\": ", "\"all\": "},
		{"\"members\": ", "\"hubs\": "},
		{"\"coordinators\": ", "\"chiefs\": "},
		{"\"sharing\": ", "\"giving\": "},
		{"\"coalition\": \"0", "\"coalition\": \"9"},
		{"\"coalition\": ", "\"union\": "},
		{"\"threshold\": ", "\"doorstep\": "},
	};
	struct coalition *coalition = *state;

	assert_null(with(coalition, "\"version\": 1", "\"version\": 2"));
	coalition->roster.members[2].status = MEMBER_REVOKED;
	coalition->roster.members[2].last_seq = 7;
	memset(coalition->roster.members[2].last_commit, 'c', 64);
	assert_null(with(coalition, "\"seq\": 7", "\"seq\": 8"));
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		const struct error *error = with(coalition, changes[i][0], changes[i][1]);

		assert_non_null(error);
		assert_int_equal(error->code, ERROR_INVALID);
		assert_true(text_starts(error->message, "roster.json: "));
	}
}

static void a_roster_has_a_size(void **state)
{
	struct roster *out = memory_new(*state, struct roster);
	char *large = memory_array(*state, char, ROSTER_FILE_MAX + 2);

	memset(large, ' ', ROSTER_FILE_MAX + 1);
	assert_int_equal(roster_parse(text_bytes(large), out)->code, ERROR_INVALID);
}

static char *run(void *context, const char *directory, const char *script)
{
	const char *const argv[] = {"sh", "-euc", script, NULL};
	struct child child = {
		.argv = argv, .directory = directory, .deadline_ms = 30000, .output_max = 65536};
	struct child_result result;

	assert_null(child_run(context, &child, &result));
	if (result.status != 0)
		fail_msg("%s", result.complaint);
	return (char *)result.output.data;
}

static void put(struct coalition *coalition, const char *directory, const char *name, struct bytes content)
{
	assert_null(files_write(memory_format(coalition, "%s/%s", directory, name), content, 0600));
}

/* The commands of this folder's README, word for word. */
static void stock_tools_check_digest_and_signature(void **state)
{
	struct coalition *coalition = *state;
	struct roster_files files = coalition_files(coalition, &coalition->roster, 1);
	char directory[] = "/tmp/engabo-test-XXXXXX", hex[2 * DIGEST_LEN + 1], *output;
	uint8_t digest[DIGEST_LEN];

	assert_non_null(mkdtemp(directory));
	put(coalition, directory, "roster.json", files.json);
	put(coalition, directory, "allowed_signers", files.allowed_signers);
	put(coalition, directory, "members.age", files.members);
	assert_null(files_directory(memory_format(coalition, "%s/signatures", directory), 0700));
	assert_null(strchr(files.signatures[0].fingerprint, '/'));
	put(coalition, directory,
		memory_format(coalition, "signatures/%s.sig", files.signatures[0].fingerprint),
		text_bytes(files.signatures[0].armor));
	put(coalition, directory, "coordinators",
		text_bytes(memory_format(coalition, "coordinator namespaces=\"engabo-roster\" %s\n",
			sshsig_public_text(coalition, &coalition->signers[0]))));
	output = run(coalition, directory,
		"for f in allowed_signers members.age roster.json; do\n"
		"  printf '%s\\0' $f\n"
		"  sha256sum < $f | cut -c1-64 | tr a-f A-F | basenc --base16 -d\n"
		"done | sha256sum | cut -c1-64 | tee digest\n"
		"for s in signatures/*.sig; do\n"
		"  ssh-keygen -Y verify -f coordinators -I coordinator -n engabo-roster -s $s < digest > "
		"/dev/null\n"
		"done\n");
	roster_digest(digest, &files);
	text_hex(hex, digest, sizeof digest);
	assert_string_equal(output, memory_format(coalition, "%s\n", hex));
	run(coalition, directory, "rm -r \"$PWD\"");
}

static void old_commits_of_a_revoked_log_still_verify(void **state)
{
	struct coalition *coalition = *state;
	struct roster *roster = &coalition->roster;
	char directory[] = "/tmp/engabo-test-XXXXXX";

	assert_non_null(mkdtemp(directory));
	roster->members[2].status = MEMBER_REVOKED;
	roster->members[2].last_seq = 0;
	put(coalition, directory, "allowed_signers", roster_allowed_signers(coalition, roster));
	for (size_t i = 1; i < 3; i++) {
		put(coalition, directory, "sig",
			text_bytes(
				sshsig_sign(coalition, coalition->sign[i], "git", text_bytes("a commit"))));
		run(coalition, directory,
			memory_format(coalition,
				"printf 'a commit' | ssh-keygen -Y verify -f allowed_signers -I %s -n git -s "
				"sig",
				roster->members[i].keys.log));
	}
	put(coalition, directory, "sig",
		text_bytes(
			sshsig_sign(coalition, coalition->sign[1], "engabo-event", text_bytes("a commit"))));
	run(coalition, directory,
		memory_format(coalition,
			"! printf 'a commit' | ssh-keygen -Y verify -f allowed_signers -I %s -n engabo-event "
			"-s sig",
			roster->members[1].keys.log));
	run(coalition, directory, "rm -r \"$PWD\"");
}

static void names_go_there_and_back_with_the_identity_as_a_secret(void **state)
{
	struct coalition *coalition = *state;
	struct age_recipient recipient, same;
	struct secret *identity CLEANUP(secret_free) = age_identity_new(&recipient),
				*text CLEANUP(secret_free) = NULL;
	struct secret *spelt CLEANUP(secret_free) = age_identity_text(identity);
	struct roster_name hubs[2] = {{.name = "Gulu \"North\"", .code = "GUL", .region = "Acholi"},
		{.name = "Kampala", .code = "HQ", .region = ""}};
	struct roster_names names = {.coalition = "Shield",
				    .hubs = hubs,
				    .count = 2,
				    .epoch = 3,
				    .identity = identity},
			    *back;

	memcpy(hubs[0].log, coalition->roster.members[0].keys.log, LOG_ID_SIZE);
	memcpy(hubs[1].log, coalition->roster.members[1].keys.log, LOG_ID_SIZE);
	text = roster_names_print(&names);
	assert_non_null(strstr((char *)text->data, (char *)spelt->data));
	assert_null(roster_names_parse(coalition, (struct bytes){text->data, text->len}, &back));
	assert_string_equal(back->coalition, "Shield");
	assert_int_equal(back->count, 2);
	assert_string_equal(back->hubs[0].name, "Gulu \"North\"");
	assert_string_equal(back->hubs[1].log, hubs[1].log);
	assert_int_equal(back->epoch, 3);
	assert_null(age_recipient_of(&same, back->identity));
	assert_memory_equal(same.key, recipient.key, AGE_KEY_LEN);
	secret_free(back->identity);
}

static void of_several_epochs_the_newest_identity_counts(void **state)
{
	struct coalition *coalition = *state;
	struct age_recipient first, second, got;
	struct secret *one CLEANUP(secret_free) = age_identity_new(&first),
			   *two CLEANUP(secret_free) = age_identity_new(&second);
	struct secret *one_text CLEANUP(secret_free) = age_identity_text(one),
				*two_text CLEANUP(secret_free) = age_identity_text(two);
	struct roster_names *names;
	char *json = memory_format(coalition,
		"{\"v\":1,\"name\":\"%s\",\"hubs\":[],\"identities\":[{\"epoch\":2,\"identity\":\"%s\"},{"
		"\"epoch\":1,\"identity\":\"%s\"}]}",
		"AGE-SECRET-KEY-1 is no name", (char *)two_text->data, (char *)one_text->data);

	assert_null(roster_names_parse(coalition, text_bytes(json), &names));
	assert_int_equal(names->epoch, 2);
	assert_null(age_recipient_of(&got, names->identity));
	assert_memory_equal(got.key, second.key, AGE_KEY_LEN);
	secret_free(names->identity);
}

static void names_without_an_identity_or_with_a_false_one_are_refused(void **state)
{
	static const char *const bad[] = {
		"{\"v\":1,\"name\":\"x\",\"hubs\":[],\"identities\":[]}",
		"{\"v\":1,\"name\":\"x\",\"hubs\":[],\"identities\":[{\"epoch\":1,\"identity\":\"#00\"}]}",
		"{\"v\":1,\"name\":\"x\",\"hubs\":[],\"identities\":[{\"epoch\":1,\"identity\":\"#\"}]}",
		"{\"v\":1,\"name\":\"x\",\"hubs\":[],\"identities\":[{\"epoch\":1,\"identity\":"
		"\"AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ\"}]}",
		"{\"v\":2,\"name\":\"x\",\"hubs\":[],\"identities\":[]}",
		"{\"v\":1,\"name\":\"x\",\"hubs\":[{\"log\":\"no\"}],\"identities\":[]}",
		"{\"v\":1,\"hubs\":[],\"identities\":[]}",
		"{\"v\":1,\"name\":\"x\",\"identities\":[]}",
		"{\"v\":1,\"name\":\"x\",\"hubs\":[],\"identities\":7}",
		"{\"v\":1,\"name\":\"x\",\"hubs\":[],\"identities\":[{\"epoch\":0}]}",
		"{\"v\":1,\"name\":\"x\",\"hubs\":[],\"identities\":[{\"epoch\":1}]}",
		"{\"v\":1,\"name\":\"x\",\"hubs\":[{\"name\":\"no log\"}],\"identities\":[]}",
		"{\"v\":1,\"name\":\"x\",\"hubs\":[{\"log\":\"k7q2m9x4t0ab3c5d\"}],\"identities\":[]}",
		"{\"v\":1,\"name\":\"x\",\"hubs\":[{\"log\":\"k7q2m9x4t0ab3c5d\",\"name\":\"x\"}],"
		"\"identities\":[]}",
		"{\"v\":1,\"name\":\"x\",\"hubs\":[{\"log\":\"k7q2m9x4t0ab3c5d\",\"name\":\"x\",\"code\":"
		"\"x\"}],\"identities\":[]}",
		"{\"v\":1,\"name\":\"x\",\"hubs\":[{\"log\":\"k7q2m9x4t0ab3c5d\",\"name\":\"x\",\"code\":"
		"\"GUL\"}],\"identities\":[]}",
		"[]",
		"",
	};
	struct roster_names *names;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(roster_names_parse(*state, text_bytes(bad[i]), &names)->code, ERROR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		COALITION_TEST(a_roster_goes_there_and_back),
		COALITION_TEST(headquarters_are_those_that_are_active),
		COALITION_TEST(nonsense_is_refused),
		COALITION_TEST(no_key_stands_there_twice),
		COALITION_TEST(values_of_the_wrong_kind_are_refused),
		COALITION_TEST(a_roster_has_a_size),
		COALITION_TEST(stock_tools_check_digest_and_signature),
		COALITION_TEST(old_commits_of_a_revoked_log_still_verify),
		COALITION_TEST(names_go_there_and_back_with_the_identity_as_a_secret),
		COALITION_TEST(of_several_epochs_the_newest_identity_counts),
		COALITION_TEST(names_without_an_identity_or_with_a_false_one_are_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
