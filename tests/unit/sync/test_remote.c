/* Relays as they are: missing, wrong, full of other people's rules, hostile. Each says what is wrong in one
 * line, and none changes what this hub holds. */
#include "tests/unit/sync/hubs.h"

#include <pwd.h>

#include "sync/transport.h"

#define PORT "38473"
#define SSH_PORT "38474"

/* The one line that a round with this address ends with. */
static char *problem_with(struct hubs *hubs, const char *address)
{
	struct hub *hub = hubs_open(hubs, 1);
	json_t *report = hubs_round(hub, address);
	char *problem = memory_string(hubs, json_text_or(report, "error", ""));

	assert_true(json_is_false(json_object_get(report, "ok")));
	assert_null(strchr(problem, '\n'));
	json_decref(report);
	hub_close(hub);
	return problem;
}

static void assert_says(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" does not say \"%s\"", text, part);
}

static void each_wrong_address_has_its_own_message(void **state)
{
	struct hubs *hubs = *state;

	hubs_write(hubs->homes[1], "a-file", BYTES_OF("text"), 0600);
	assert_says(problem_with(hubs, "/nowhere/relay.git"), "is the stick plugged in");
	assert_says(problem_with(hubs, home_file(hubs, hubs->homes[1], "a-file")), "that is a file");
	assert_says(problem_with(hubs, home_file(hubs, hubs->homes[1], "keys")), "git init --bare");
	assert_says(problem_with(hubs, "ssh://127.0.0.1:1/relay.git"), "nothing answers there");
	assert_says(problem_with(hubs, "https://127.0.0.1:1/relay.git"), "nothing answers there");
	assert_says(problem_with(hubs, "https://relay.invalid/relay.git"), "its name is not found");
}

static void what_failed_is_kept_and_tried_again_later_and_later(void **state)
{
	struct hubs *hubs = *state;
	struct hub *hub = hubs_open(hubs, 1);
	json_t *status = NULL, *remote;
	long long before = 0;

	must(remote_row_add(hubs->homes[1], hub->db, "stick", "/nowhere/relay.git"));
	for (int i = 1; i <= 8; i++) {
		long long wait;

		json_decref(hubs_round(hub, "stick"));
		must(state_status(hub->db, &status));
		remote = json_array_get(json_object_get(status, "remotes"), 0);
		assert_int_equal(hubs_number(remote, "failures"), i);
		assert_says(json_text_or(remote, "last_error", ""), "nothing is there");
		assert_true(json_is_null(json_object_get(remote, "last_ok")));
		wait = hubs_number(remote, "next_try") - hubs_number(remote, "last_try");
		assert_true(wait >= 22 && wait <= 4500);
		if (i % 2 == 0) { /* with the jitter, two steps on it is longer for certain */
			assert_true(wait > before);
			before = wait;
		}
		json_decref(status);
	}
	must(remote_row_add(hubs->homes[1], hub->db, "stick", hubs->relay));
	json_decref(hubs_round(hub, "stick"));
	must(state_status(hub->db, &status));
	remote = json_array_get(json_object_get(status, "remotes"), 0);
	assert_int_equal(hubs_number(remote, "failures"), 0);
	assert_true(json_is_null(json_object_get(remote, "last_error")));
	assert_true(hubs_number(remote, "last_ok") > 0);
	json_decref(status);
	hub_close(hub);
}

/* As somebody who may not write there: root may do anything. */
static void a_relay_that_cannot_be_written_says_so(void **state)
{
	struct hubs *hubs = *state;
	pid_t pid;
	int status;

	HUBS_ROUND_OK(hubs_day(hubs, 0));
	hubs_report(hubs, 1, 1);
	assert_int_equal(chmod(tools.folder, 0755), 0);
	assert_int_equal(
		system(memory_format(hubs, "chmod -R a-w %s && chmod -R a+rX %s", hubs->relay, hubs->relay)),
		0);
	if (geteuid() == 0)
		assert_int_equal(system(memory_format(hubs, "chown -R 65534 %s", hubs->homes[1]->path)), 0);
	pid = fork();
	if (pid == 0) {
		char *problem;

		if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
			_exit(2);
		{
			struct hub *hub = hubs_open(hubs, 1);

			hubs_commit(hub);
			hub_close(hub);
		}
		problem = problem_with(hubs, hubs->relay);
		fprintf(stderr, "# %s\n", problem);
		_exit(strstr(problem, "ask its keeper") ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(system(memory_format(hubs, "chmod -R u+w %s", hubs->relay)), 0);
	assert_int_equal(status, 0);
}

static void a_web_page_in_place_of_a_relay_is_not_an_empty_one(void **state)
{
	struct hubs *hubs = *state;
	char *certificate = memory_format(hubs, "%s/page.pem", hubs->homes[1]->path);
	pid_t server;
	char *problem = "";

	assert_int_equal(system(memory_format(hubs,
				 "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
				 "-keyout %s -out %s.crt -subj /CN=page "
				 "-addext subjectAltName=IP:127.0.0.1 -days 2 2>/dev/null",
				 certificate, certificate)),
		0);
	assert_says(problem_with(hubs, "https://127.0.0.1:" PORT "/x.git"), "nothing answers there");
	server = fork();
	if (server == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		execlp("openssl", "openssl", "s_server", "-accept", "127.0.0.1:" PORT, "-key", certificate,
			"-cert", memory_format(hubs, "%s.crt", certificate), "-www", "-quiet", NULL);
		_exit(127);
	}
	/* A certificate that nobody vouches for; then one that this hub was told to trust. */
	for (int i = 0; i < 500 && !strstr(problem, "certificate"); i++) {
		usleep(10000);
		problem = problem_with(hubs, "https://127.0.0.1:" PORT "/x.git");
	}
	assert_says(problem, "its certificate is not trusted");
	assert_int_equal(hubs_git(home_file(hubs, hubs->homes[1], "inbox.git"),
				 memory_format(hubs, "config http.sslCAInfo %s.crt", certificate)),
		0);
	problem = problem_with(hubs, "https://ann:geheim@127.0.0.1:" PORT "/x.git");
	kill(server, SIGTERM);
	waitpid(server, NULL, 0);
	assert_says(problem, "a web page answers instead of git");
	assert_null(strstr(problem, "geheim"));
}

/* An sshd of our own, for this user alone, with the host key and the authorized keys that lie in `folder`. */
static pid_t start_sshd(const char *folder)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char *config = memory_format(scratch, "%s/sshd_config", folder);
	char *text = memory_format(scratch,
		"Port " SSH_PORT
		"\nListenAddress 127.0.0.1\nHostKey %s/host\nAuthorizedKeysFile %s/authorized\n"
		"StrictModes no\nUsePAM no\nPidFile none\nPasswordAuthentication no\nPermitRootLogin yes\n",
		folder, folder);
	pid_t pid;

	must(files_write(config, (struct bytes){(uint8_t *)text, strlen(text)}, 0600));
	if (geteuid() == 0)
		mkdir("/run/sshd", 0755);
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 2);
		execl("/usr/sbin/sshd", "/usr/sbin/sshd", "-D", "-e", "-f", config, NULL);
		_exit(127);
	}
	return pid;
}

static void new_host_key(const char *folder)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);

	assert_int_equal(
		system(memory_format(scratch, "rm -f %s/host* && ssh-keygen -q -t ed25519 -N '' -f %s/host",
			folder, folder)),
		0);
}

/* The problem with the relay behind sshd, once that one answers. */
static char *problem_by_ssh(struct hubs *hubs, const char *address)
{
	char *problem;

	for (int i = 0; i < 500; i++) {
		problem = problem_with(hubs, address);
		if (!strstr(problem, "nothing answers"))
			return problem;
		usleep(20000);
	}
	fail_msg("sshd did not come up: %s", problem);
	return NULL;
}

static void a_relay_by_ssh_goes_by_the_hubs_key_and_remembers_the_hosts(void **state)
{
	struct hubs *hubs = *state;
	char *folder = memory_format(hubs, "%s-ssh", hubs->relay), *authorized;
	char *address = memory_format(
		hubs, "ssh://%s@127.0.0.1:" SSH_PORT "%s", getpwuid(geteuid())->pw_name, hubs->relay);
	pid_t sshd;

	if (access("/usr/sbin/sshd", X_OK) < 0) {
		printf("# no sshd is installed\n");
		skip();
	}
	mkdir(folder, 0700);
	authorized = memory_format(hubs, "%s/authorized", folder);
	must(files_write(authorized, BYTES_OF("\n"), 0600));
	new_host_key(folder);
	HUBS_ROUND_OK(hubs_day(hubs, 0));
	hubs_report(hubs, 1, 1);
	sshd = start_sshd(folder);
	assert_says(problem_by_ssh(hubs, address), "does not let this hub's key in");
	assert_int_equal(system(memory_format(
				 hubs, "ssh-keygen -y -f %s/keys/ssh >%s", hubs->homes[1]->path, authorized)),
		0);
	{
		struct hub *hub = hubs_open(hubs, 1);
		json_t *report;

		hubs_commit(hub);
		report = hubs_round(hub, address);
		assert_string_equal(json_text_or(report, "error", ""), "");
		assert_int_equal(hubs_number(report, "sent"), 1);
		json_decref(report);
		assert_non_null(hub_roster(hub)); /* and received */
		hub_close(hub);
	}
	kill(sshd, SIGTERM);
	waitpid(sshd, NULL, 0);
	/* Another host at the same address. */
	new_host_key(folder);
	sshd = start_sshd(folder);
	assert_says(problem_by_ssh(hubs, address), "another host key than before");
	kill(sshd, SIGTERM);
	waitpid(sshd, NULL, 0);
}

/* Taken from git 2.39 and OpenSSH 9.2 as they said it. */
static void what_git_says_is_told_in_plain_words(void **state)
{
	static const struct {
		const char *complaint, *told;
	} pairs[] = {
		{"fatal: unable to access 'https://relay/x/': The requested URL returned error: 403",
			"ask its keeper"},
		{"fatal: unable to access 'https://relay/x/': The requested URL returned error: 302",
			"another address"},
		{"fatal: unable to access 'https://relay/x/': The requested URL returned error: 500",
			"in trouble"},
		{"fatal: repository 'https://relay/x/' not found", "no repository at this address"},
		{"fatal: could not read Username for 'https://relay': terminal prompts disabled",
			"asks for a name"},
		{"fatal: unable to access 'https://relay/x/': gnutls_handshake() failed: An unexpected TLS "
		 "packet was received.",
			"no secure connection"},
		{"fatal: https://relay/x/info/refs not valid: is this a git repository?",
			"a web page answers"},
		{"hub@relay: Permission denied (publickey). fatal: Could not read from remote repository.",
			"engabo hubs --authorized-keys"},
		{"ssh: Could not resolve hostname relay: Name or service not known fatal: Could not read "
		 "from remote repository.",
			"its name is not found"},
		{"Host key verification failed. fatal: Could not read from remote repository.",
			"known_hosts"},
		{"fatal: '/srv/x' does not appear to be a git repository fatal: Could not read from remote "
		 "repository.",
			"git init --bare"},
		{"error: remote unpack failed: unable to create temporary object directory",
			"ask its keeper"},
		{"error: object fsck error in packed object fatal: fetch-pack: invalid index-pack output",
			"malformed"},
		{"fatal: loose object 89493d88 (stored in ./objects/89/493d88) is corrupt fatal: the remote "
		 "end hung up unexpectedly",
			"it is damaged"},
		{"something quite new", "something quite new"},
	};

	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		struct child_result result = {
			.status = 128, .complaint = memory_string(*state, pairs[i].complaint)};

		assert_says(transport_explain(*state, &result, "relay"), pairs[i].told);
	}
	{
		struct child_result late = {
			.status = 137, .timed_out = 1, .complaint = memory_string(*state, "")};
		struct child_result refused = {.status = 128,
			.complaint =
				memory_string(*state, "fatal: could not read Username for 'https://relay'")};

		assert_says(transport_explain(*state, &late, "relay"), "too long");
		assert_says(transport_explain(*state, &refused, "https://ann:***@relay/x"),
			"refuses the name or the password");
	}
}

static void addresses_are_measured_before_they_are_used(void **state)
{
	static const char *const good[] = {"/srv/relay.git", "/media/my stick/relay",
		"ssh://hub@relay.example:2222/relay.git", "https://relay.example/team/relay.git",
		"https://ann:p%40ss@relay.example:8443/x"};
	static const char *const bad[] = {"", "relay.git", "http://relay/x", "git://relay/x",
		"ext::sh -c true", "ssh://-oProxyCommand=true/x", "ssh://hub@-host/x", "https:///x",
		"https://relay", "https://relay/", "https://re lay/x", "ssh://hub:pass@relay/x",
		"file:///srv/x", "/srv/re\nlay", "--upload-pack=true"};
	struct remote_address address;

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		must(remote_url_check(good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_non_null(remote_url_check(bad[i]));
	remote_address_parse(*state, good[4], &address);
	assert_string_equal(address.plain, "https://relay.example:8443/x");
	assert_string_equal(address.user, "ann");
	assert_string_equal(address.password, "p@ss");
	assert_string_equal(remote_url_shown(*state, good[4]), "https://ann:***@relay.example:8443/x");
	assert_string_equal(remote_url_shown(*state, "https://token@relay/x"), "https://***:***@relay/x");
	assert_string_equal(remote_url_shown(*state, good[2]), good[2]);
}

static void a_password_is_kept_apart_and_never_shown(void **state)
{
	struct hubs *hubs = *state;
	struct home *home = hubs->homes[1];
	struct remote remote;
	json_t *status = NULL;
	struct db *db = NULL;
	struct stat st;

	must(remote_add(home, "relay", "https://ann:geheim@relay.example/x"));
	must(db_open_foreign(home_file(hubs, home, "sync.db"), SYNC_DB_VERSION, &db));
	must(remote_find(hubs, home, db, "relay", &remote));
	assert_string_equal(remote.url, "https://ann:geheim@relay.example/x");
	must(state_status(db, &status));
	assert_null(strstr((const char *)json_line(hubs, status).data, "geheim"));
	json_decref(status);
	assert_int_equal(stat(home_file(hubs, home, "keys/remotes"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	db_close(db);
	assert_int_not_equal(system(memory_format(hubs, "grep -q geheim %s/sync.db*", home->path)), 0);
	must(remote_remove(home, "relay"));
	assert_int_not_equal(system(memory_format(hubs, "grep -rq geheim %s", home->path)), 0);
	assert_non_null(remote_remove(home, "relay"));
	assert_non_null(remote_add(home, "Relay!", "/srv/x"));
}

static void programs_that_a_stick_names_are_not_run(void **state)
{
	static const char *const hooks[] = {"pre-receive", "update", "post-receive", "post-update",
		"reference-transaction", "proc-receive"};
	struct hubs *hubs = *state;
	char *flag = memory_format(hubs, "%s/was-run", hubs->homes[1]->path);
	char *script = memory_format(hubs, "#!/bin/sh\ntouch %s\nexit 0\n", flag);

	mkdir(memory_format(hubs, "%s/hooks", hubs->relay), 0755);
	for (size_t i = 0; i < sizeof hooks / sizeof hooks[0]; i++)
		must(files_write(memory_format(hubs, "%s/hooks/%s", hubs->relay, hooks[i]),
			(struct bytes){(uint8_t *)script, strlen(script)}, 0755));
	must(files_write(
		memory_format(hubs, "%s/objects/info/alternates", hubs->relay), BYTES_OF("/tmp\n"), 0644));
	assert_int_equal(
		hubs_git(hubs->relay,
			memory_format(hubs, "config core.alternateRefsCommand 'touch %s; true'", flag)),
		0);
	assert_int_equal(
		hubs_git(hubs->relay,
			memory_format(hubs, "config uploadpack.packObjectsHook 'touch %s; exec'", flag)),
		0);
	assert_int_equal(
		hubs_git(hubs->relay, memory_format(hubs, "config core.fsmonitor 'touch %s'", flag)), 0);
	assert_int_equal(
		hubs_git(hubs->relay, memory_format(hubs, "config core.sshCommand 'touch %s'", flag)), 0);
	HUBS_ROUND_OK(hubs_day(hubs, 0));
	hubs_report(hubs, 1, 1);
	HUBS_ROUND_OK(hubs_day(hubs, 1));
	HUBS_ROUND_OK(hubs_day(hubs, 0));
	assert_false(files_exist(flag));
}

/* The relay's branch of hub 1 is put where the test says. */
static void relay_branch(struct hubs *hubs, int whose, const char *to)
{
	char ref[LOG_REF_SIZE];

	logs_ref(ref, hubs->trusts[whose].self.log, 1);
	assert_int_equal(hubs_git(hubs->relay, memory_format(hubs, "update-ref %s %s", ref, to)), 0);
}

static void a_relay_that_was_rolled_back_raises_an_alarm_and_takes_nothing_away(void **state)
{
	struct hubs *hubs = *state;
	struct log_tip first, tip;
	struct hub *hub;
	json_t *report;

	HUBS_ROUND_OK(hubs_day(hubs, 0));
	hubs_report(hubs, 1, 1);
	HUBS_ROUND_OK(hubs_day(hubs, 1));
	HUBS_ROUND_OK(hubs_day(hubs, 0));
	hub = hubs_open(hubs, 0);
	must(logs_tip(hub->log, hubs->trusts[1].self.log, 1, &first));
	hub_close(hub);
	hubs_report(hubs, 1, 1);
	HUBS_ROUND_OK(hubs_day(hubs, 1));
	HUBS_ROUND_OK(hubs_day(hubs, 0));
	relay_branch(hubs, 1, first.oid.hex);
	hub = hubs_open(hubs, 0);
	report = hubs_round(hub, hubs->relay);
	assert_string_equal(json_text_or(json_array_get(json_object_get(report, "refused"), 0), "kind", ""),
		TROUBLE_ROLLED_BACK);
	json_decref(report);
	assert_int_equal(hubs_trouble(hub, TROUBLE_ROLLED_BACK), 1);
	must(logs_tip(hub->log, hubs->trusts[1].self.log, 1, &tip));
	assert_int_equal(tip.seq, first.seq + 1);
	/* What it lost it was given again. */
	report = hubs_round(hub, hubs->relay);
	assert_int_equal(json_array_size(json_object_get(report, "refused")), 0);
	json_decref(report);
	/* And a branch that is gone is one rolled back to nothing. */
	assert_int_equal(hubs_git(hubs->relay, memory_format(hubs, "update-ref -d refs/heads/log/%s/1",
						       hubs->trusts[1].self.log)),
		0);
	report = hubs_round(hub, hubs->relay);
	assert_string_equal(json_text_or(json_array_get(json_object_get(report, "refused"), 0), "kind", ""),
		TROUBLE_ROLLED_BACK);
	json_decref(report);
	hub_close(hub);
}

static void junk_in_place_of_a_log_is_refused_and_the_others_still_come(void **state)
{
	struct hubs *hubs = *state;
	struct log_tip tip;
	struct hub *hub;
	json_t *report;

	HUBS_ROUND_OK(hubs_day(hubs, 0));
	hubs_report(hubs, 2, 1);
	HUBS_ROUND_OK(hubs_day(hubs, 2));
	/* The roster's commit, under hub 1's name. */
	relay_branch(hubs, 1, "refs/heads/roster");
	hub = hubs_open(hubs, 0);
	report = hubs_round(hub, hubs->relay);
	assert_int_equal(hubs_number(report, "received"), 1);
	assert_string_equal(json_text_or(json_array_get(json_object_get(report, "refused"), 0), "kind", ""),
		TROUBLE_REFUSED);
	json_decref(report);
	must(logs_tip(hub->log, hubs->trusts[1].self.log, 1, &tip));
	assert_int_equal(tip.seq, 0);
	assert_int_equal(hubs_trouble(hub, TROUBLE_REFUSED), 1);
	/* The real one later: the trouble ends by itself. */
	assert_int_equal(hubs_git(hubs->relay, memory_format(hubs, "update-ref -d refs/heads/log/%s/1",
						       hubs->trusts[1].self.log)),
		0);
	hubs_report(hubs, 1, 1);
	HUBS_ROUND_OK(hubs_day(hubs, 1));
	json_decref(hubs_round(hub, hubs->relay));
	assert_int_equal(hubs_trouble(hub, TROUBLE_REFUSED), 0);
	hub_close(hub);
}

static void branches_that_are_not_of_the_roster_are_left_alone(void **state)
{
	struct hubs *hubs = *state;
	struct hub *hub;
	char **names;
	size_t count;

	HUBS_ROUND_OK(hubs_day(hubs, 0));
	assert_int_equal(
		hubs_git(hubs->relay, "update-ref refs/heads/log/0000000000000000/1 refs/heads/roster"), 0);
	assert_int_equal(hubs_git(hubs->relay, "update-ref refs/heads/roster-2 refs/heads/roster"), 0);
	assert_int_equal(hubs_git(hubs->relay, "tag v1 refs/heads/roster"), 0);
	HUBS_ROUND_OK(hubs_day(hubs, 1));
	hub = hubs_open(hubs, 1);
	must(repo_refs(hubs, hub->log, "refs/", 100, &names, &count));
	assert_int_equal(count, 1);
	assert_string_equal(names[0], ROSTER_REF);
	must(repo_refs(hubs, hub->inbox, "refs/tags/", 100, &names, &count));
	assert_int_equal(count, 0);
	hub_close(hub);
}

static void a_log_waits_for_the_roster_version_it_names(void **state)
{
	struct hubs *hubs = *state;
	struct roster_files files;
	struct log_tip tip;
	struct hub *hub;
	json_t *report;

	HUBS_ROUND_OK(hubs_day(hubs, 0));
	HUBS_ROUND_OK(hubs_day(hubs, 2));
	hubs->coalition->roster.version = 2;
	files = coalition_files(hubs->coalition, &hubs->coalition->roster, 1);
	must(round_roster(hubs->homes[0], 2, &files));
	hubs_report(hubs, 0, 1);
	HUBS_ROUND_OK(hubs_day(hubs, 0));
	/* The relay holds back the roster. */
	assert_int_equal(hubs_git(hubs->relay, "update-ref refs/heads/kept refs/heads/roster"), 0);
	assert_int_equal(hubs_git(hubs->relay, "update-ref refs/heads/roster refs/heads/roster~1"), 0);
	hub = hubs_open(hubs, 2);
	report = hubs_round(hub, hubs->relay);
	assert_string_equal(json_text_or(json_array_get(json_object_get(report, "refused"), 0), "kind", ""),
		TROUBLE_WAITS);
	json_decref(report);
	{
		json_t *status = NULL, *remote;

		must(remote_row_add(hubs->homes[2], hub->db, "relay", hubs->relay));
		json_decref(hubs_round(hub, "relay"));
		must(state_status(hub->db, &status));
		remote = json_array_get(json_object_get(status, "remotes"), 0);
		assert_int_equal(hubs_number(remote, "waiting_in"), 1);
		json_decref(status);
	}
	assert_int_equal(hubs_git(hubs->relay, "update-ref refs/heads/roster refs/heads/kept"), 0);
	HUBS_ROUND_OK(hubs_round(hub, "relay"));
	must(logs_tip(hub->log, hubs->trusts[0].self.log, 1, &tip));
	assert_int_equal(tip.seq, 1);
	assert_int_equal(hubs_trouble(hub, TROUBLE_WAITS), 0); /* also where it was seen at first */
	hub_close(hub);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HUBS_TEST(each_wrong_address_has_its_own_message),
		HUBS_TEST(what_failed_is_kept_and_tried_again_later_and_later),
		HUBS_TEST(a_relay_that_cannot_be_written_says_so),
		HUBS_TEST(a_web_page_in_place_of_a_relay_is_not_an_empty_one),
		HUBS_TEST(a_relay_by_ssh_goes_by_the_hubs_key_and_remembers_the_hosts),
		HUBS_TEST(what_git_says_is_told_in_plain_words),
		HUBS_TEST(addresses_are_measured_before_they_are_used),
		HUBS_TEST(a_password_is_kept_apart_and_never_shown),
		HUBS_TEST(programs_that_a_stick_names_are_not_run),
		HUBS_TEST(a_relay_that_was_rolled_back_raises_an_alarm_and_takes_nothing_away),
		HUBS_TEST(junk_in_place_of_a_log_is_refused_and_the_others_still_come),
		HUBS_TEST(branches_that_are_not_of_the_roster_are_left_alone),
		HUBS_TEST(a_log_waits_for_the_roster_version_it_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, tools_start, tools_end);
}
