/* Running git to fetch and to push: see transport.h. How the office's records reach a relay and others' come
 * from it.
 *
 * Leaves what the remote showed to round.c. Guards: git runs with an environment of ours alone, and with
 * limits; what a stick's own configuration could make it run (hooks, helper commands) is switched off. Runs
 * in sync, or in a command that holds its lock. */
#include "sync/transport.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "node/base/files.h"
#include "node/base/text.h"
#include "node/vault/encoding.h"
#include "sync/remote.h"

#define DEADLINE_MS                                                                                          \
	(20 * 60 *                                                                                           \
		1000) /* nothing resumes, so a slow link needs long; a stalled one ends after a minute       \
			 (below), one that never finishes its TLS handshake after five (curl's own limit) */
#define NEIGHBOUR_MS (10 * 60 * 1000) /* on the same network; others wait in line */
#define CLOSE_MS 2000
#define MEMORY_MAX ((uint64_t)768 << 20)
#define CPU_SECONDS 600
#define OUTPUT_MAX (256 * 1024)
#define SETTINGS_MAX 40
#define ENVIRONMENT_MAX (2 * SETTINGS_MAX + 12)

/* ssh runs in the hub's directory, so its paths need no quoting. What the first one leaves behind keeps the
 * connection for those that follow (ControlMaster, ssh_config(5)): each then costs two round trips instead of
 * ten. transport_close ends it; should we be killed before, it ends by itself. */
#define SSH                                                                                                  \
	"ssh -F /dev/null -i keys/ssh -o IdentitiesOnly=yes -o IdentityAgent=none -o BatchMode=yes "         \
	"-o StrictHostKeyChecking=accept-new -o UserKnownHostsFile=known_hosts -o "                          \
	"GlobalKnownHostsFile=/dev/null "                                                                    \
	"-o ConnectTimeout=30 -o ServerAliveInterval=5 -o ServerAliveCountMax=8 -o ClearAllForwardings=yes " \
	"-o ControlMaster=auto -o ControlPersist=60"
/* A remote that is a path serves itself: its own settings may name programs, and it may be somebody else's (a
 * stick, which may be pulled out at any moment). */
#define SERVE_PATH                                                                                           \
	"git -c safe.directory='*' -c core.hooksPath=/dev/null -c core.alternateRefsCommand=true -c "        \
	"gc.auto=0 -c receive.autogc=false -c core.fsync=all -c core.fsyncMethod=batch "

static const char *const settings[][2] = {
	{"safe.directory", "*"},
	{"core.hooksPath", "/dev/null"},
	{"core.bigFileThreshold", "1m"},
	{"core.packedGitWindowSize", "32m"},
	{"core.packedGitLimit", "128m"},
	{"core.askPass", ""},
	{"credential.helper", ""},
	{"gc.auto", "0"},
	{"maintenance.auto", "false"},
	{"transfer.fsckObjects", "true"},
	{"fetch.unpackLimit", "1"},
	{"fetch.writeCommitGraph", "false"},
	{"fetch.recurseSubmodules", "false"},
	{"pack.threads", "1"},
	{"pack.window", "0"},
	{"pack.compression", "0"},
	{"protocol.version", "2"},
	{"http.lowSpeedLimit", "100"},
	{"http.lowSpeedTime", "60"},
	{"http.followRedirects", "false"},
};

struct environment {
	const void *context;
	const char *names[ENVIRONMENT_MAX + 1];
	size_t count, settings;
};

static void add(struct environment *to, const char *text)
{
	to->names[to->count++] = text;
}

static void add_setting(struct environment *to, const char *key, const char *value)
{
	add(to, memory_format(to->context, "GIT_CONFIG_KEY_%zu=%s", to->settings, key));
	add(to, memory_format(to->context, "GIT_CONFIG_VALUE_%zu=%s", to->settings, value));
	to->settings++;
}

/* HTTP's Basic scheme (RFC 7617). */
static char *basic_header(const void *context, const char *user, const char *password)
{
	char *both = memory_format(context, "%s:%s", user, password);
	char *base64 = encoding_base64(context, (struct bytes){(uint8_t *)both, strlen(both)});
	static const char *const padding[] = {"", "", "==", "="};

	return memory_format(context, "Authorization: Basic %s%s", base64, padding[strlen(base64) % 4]);
}

/* A neighbour's key is what the roster says, whatever its certificate calls itself. */
static void add_neighbour(struct environment *to, const struct transport *transport)
{
	char *key = memory_format(to->context, "%s/keys/tls-sync", transport->state);

	add_setting(to, "http.sslVerify", "false");
	add_setting(to, "http.pinnedPubkey",
		memory_format(to->context, "sha256//%s=",
			encoding_base64(to->context, (struct bytes){transport->pin, DIGEST_LEN})));
	add_setting(to, "http.sslVersion", "tlsv1.3");
	add_setting(to, "http.lowSpeedTime", "15");
	add_setting(to, "http.sslCert", key);
	add_setting(to, "http.sslKey", key);
}

/* The socket of the connection that is kept, below the hub's directory: one an address, so that no other
 * server is ever taken for this one. */
static char *kept_connection(const void *context, const struct transport *transport)
{
	uint8_t sha256[DIGEST_LEN];
	char hex[2 * 8 + 1];

	digest_of(sha256, (struct bytes){(const uint8_t *)transport->url, strlen(transport->url)});
	text_hex(hex, sha256, 8);
	return memory_format(context, "run/ssh-%s", hex);
}

static void fill_environment(
	struct environment *to, const struct transport *transport, const char *repository, const char *more)
{
	struct remote_address address;

	if (more)
		add(to, more);
	add(to, "GIT_CONFIG_NOSYSTEM=1");
	add(to, "GIT_CONFIG_GLOBAL=/dev/null");
	add(to, "GIT_TERMINAL_PROMPT=0");
	add(to, "GIT_ALLOW_PROTOCOL=file:ssh:https");
	add(to, "GIT_NO_LAZY_FETCH=1");
	add(to, "GIT_NO_REPLACE_OBJECTS=1");
	add(to, memory_format(to->context, "GIT_SSH_COMMAND=" SSH " -o ControlPath=%s",
			kept_connection(to->context, transport)));
	add(to, memory_format(to->context, "HOME=%s/run", transport->state));
	add(to, memory_format(to->context, "GIT_DIR=%s/%s", transport->state, repository));
	for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
		add_setting(to, settings[i][0], settings[i][1]);
	remote_address_parse(to->context, transport->url, &address);
	add_setting(to, "remote.relay.url", address.plain);
	if (address.kind == REMOTE_PATH) {
		add_setting(to, "remote.relay.uploadpack", SERVE_PATH "upload-pack");
		add_setting(to, "remote.relay.receivepack", SERVE_PATH "receive-pack");
	}
	if (address.password)
		add_setting(
			to, "http.extraHeader", basic_header(to->context, address.user, address.password));
	if (transport->pin)
		add_neighbour(to, transport);
	add(to, memory_format(to->context, "GIT_CONFIG_COUNT=%zu", to->settings));
}

const struct error *transport_git(const void *context, const struct transport *transport,
	const struct transport_job *job, struct child_result *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct environment environment = {.context = scratch};
	struct child child = {
		.argv = job->argv,
		.environment = environment.names,
		.input = job->input,
		.directory = transport->state,
		.deadline_ms = transport->pin ? NEIGHBOUR_MS : DEADLINE_MS,
		.memory_max = MEMORY_MAX,
		.file_max = strcmp(job->repository, "log.git") == 0 ? 0 : transport->room,
		.cpu_seconds = CPU_SECONDS,
		.output_max = job->output_max,
		.stop = transport->stop,
	};

	fill_environment(&environment, transport, job->repository, job->more);
	return child_run(context, &child, out);
}

/* `more`: one more "NAME=value" for its environment, or NULL. */
static const struct error *run_git(const void *context, const struct transport *transport,
	const char *repository, const char *more, const char *const *argv, struct child_result *out)
{
	struct transport_job job = {
		.repository = repository, .argv = argv, .more = more, .output_max = OUTPUT_MAX};

	return transport_git(context, transport, &job, out);
}

#define WEB_PAGE                                                                                             \
	"a web page answers instead of git (a sign-in page of the network, perhaps): sign in there with a "  \
	"browser, or check the address"
#define REFUSED_LOGIN "it refuses the name or the password; add the remote again with the right ones"

/* What git and ssh say, and what that means to the people of a hub; the first that fits. */
static const struct meaning {
	const char *said, *means;
	bool is_cut; /* the line broke in the middle: the same again may do */
} meanings[] = {
	{"REMOTE HOST IDENTIFICATION HAS CHANGED",
		"it shows another host key than before: it was set up anew, or somebody stands in between; "
		"ask its keeper, and if it is right remove its line from known_hosts in the hub's directory",
		false},
	{"Host key verification failed",
		"its host key is not the one that this hub knows; ask its keeper, "
		"and if it is right remove its line from "
		"known_hosts in the hub's directory",
		false},
	{"Permission denied (publickey",
		"it does not let this hub's key in; give the relay's keeper what "
		"engabo hubs --authorized-keys prints",
		false},
	{"Permission denied (",
		"it does not let this hub's key in; give the relay's keeper what engabo hubs "
		"--authorized-keys prints",
		false},
	{"Could not resolve", "its name is not found; is there internet right now, and is the address right?",
		false},
	{"Temporary failure in name resolution",
		"its name is not found; is there internet right now, and is the address right?", false},
	{"Name or service not known",
		"its name is not found; is there internet right now, and is the address right?", false},
	{"Connection refused", "nothing answers there; is the relay running, and are address and port right?",
		false},
	{"Connection timed out", "no answer; is there internet right now?", true},
	{"Connection timeout", "no answer; is there internet right now?", true},
	{"Network is unreachable", "there is no network right now; it will be tried again", false},
	{"No route to host", "no way leads there right now; it will be tried again", false},
	{"Operation too slow", "the connection was too slow or stood still; it will be tried again", true},
	{"Timeout, server", "the connection stood still; it will be tried again", true},
	{"Connection reset", "the connection broke off; it will be tried again", true},
	{"Broken pipe", "the connection broke off; it will be tried again", true},
	{"Failed to connect",
		"nothing answers there; is there internet right now, and are address and port right?", false},
	{"Couldn't connect",
		"nothing answers there; is there internet right now, and are address and port right?", false},
	{"ertificate",
		"its certificate is not trusted: the clock here may be wrong, or somebody stands in "
		"between; nothing was sent",
		false},
	{"SSL", "no secure connection comes about; is this the address of an https server?", false},
	{"gnutls", "no secure connection comes about; is this the address of an https server?", false},
	{"could not read Username",
		"it asks for a name and a password; add the remote again with https://NAME:PASSWORD@...",
		false},
	{"Authentication failed", REFUSED_LOGIN, false},
	{"returned error: 401", REFUSED_LOGIN, false},
	{"returned error: 403", "it forbids this; ask its keeper to let this hub read and write there",
		false},
	{"returned error: 404", "there is no repository at this address; is it spelled right?", false},
	{"returned error: 30",
		"it sends us to another address (a sign-in page of the network, perhaps): "
		"sign in there with a browser, or add the "
		"remote again with its new address",
		false},
	{"is this a git repository", WEB_PAGE, false},
	{"returned error: 5", "the server there is in trouble; it will be tried again", false},
	{"does not appear to be a git repository",
		"there is no git repository; one is made with git init --bare", false},
	{"not a git repository", "there is no git repository; one is made with git init --bare", false},
	{"epository not found", "there is no repository at this address; is it spelled right?", false},
	{"' not found", "there is no repository at this address; is it spelled right?", false},
	{"dubious ownership", "it belongs to another user there, and git does not serve it; ask its keeper",
		false},
	{"Read-only file system", "it can be read but not written; is the stick or disk write-protected?",
		false},
	{"insufficient permission",
		"it can be read but not written; ask its keeper to let this hub write there", false},
	{"unable to create temporary object directory",
		"it can be read but not written; ask its keeper to let this hub write there", false},
	{"No space left", "the disk is full", false},
	{"Disk quota exceeded", "the disk is full", false},
	{"File too large", "it sends more at once than this hub takes; nothing was taken", false},
	{"fsck error", "it sends damaged or malformed objects; nothing was taken", false},
	{"early EOF", "the connection broke off; it will be tried again", true},
	{"unexpected disconnect", "the connection broke off; it will be tried again", true},
	{"index-pack failed", "it sends damaged or malformed data; nothing was taken", false},
	{"invalid index-pack output", "it sends damaged or malformed data; nothing was taken", false},
	{"bad object", "it is damaged: objects are missing or broken there", false},
	{" is corrupt", "it is damaged: objects are missing or broken there", false},
	{"did not send all necessary objects", "it is damaged: objects are missing there; nothing was taken",
		false},
	{"hung up upon initial contact", "the connection broke off; it will be tried again", true},
	{"hung up unexpectedly", "the connection broke off; it will be tried again", true},
	{"Could not read from remote repository",
		"the connection broke off before anything was said; it will be tried again", true},
	{"Permission denied", "this hub may not read or write there; ask its keeper", false},
};

static const struct meaning *meaning_of(const char *complaint)
{
	for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
		if (strstr(complaint, meanings[i].said))
			return &meanings[i];
	return NULL;
}

/* What a server says may be cut in the middle of a character. */
static char *as_ascii(char *text)
{
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f)
			*c = '?';
	return text;
}

char *transport_explain(const void *context, const struct child_result *result, const char *shown)
{
	const char *complaint = result->complaint ? result->complaint : "";
	const struct meaning *meaning = meaning_of(complaint);
	const char *means = meaning ? meaning->means : NULL;

	if (result->timed_out)
		means = "it took too long and was broken off; it will be tried again";
	else if (result->status == 128 + SIGXFSZ)
		means = "it sends more at once than this hub takes; nothing was taken";
	else if (result->status == 128 + SIGXCPU || result->status == 128 + SIGKILL)
		means = "what it sends costs more time or memory than this hub gives; nothing was taken";
	else if (strstr(complaint, "could not read Username") && strstr(shown, ":***@"))
		means = REFUSED_LOGIN; /* git asks again for what was not good enough */
	if (means)
		return memory_format(context, "%s: %s", shown, means);
	return as_ascii(memory_format(context, "%s: git could not do it: %.200s", shown,
		*complaint ? complaint : "it said nothing"));
}

/* What hindered git, for people; and whether that was the line. */
static char *problem_of(const void *context, struct transport *transport, const struct child_result *result)
{
	const struct meaning *meaning = meaning_of(result->complaint);

	transport->was_cut = result->timed_out || (meaning && meaning->is_cut);
	return transport_explain(context, result, remote_url_shown(context, transport->url));
}

/* A path is looked at before git is: its own words about one are many and dark. */
static char *path_problem(const void *context, const char *url)
{
	struct stat st;

	if (url[0] != '/')
		return NULL;
	if (stat(url, &st) < 0)
		return memory_format(
			context, "%s: nothing is there; is the stick plugged in, or the disk mounted?", url);
	if (!S_ISDIR(st.st_mode))
		return memory_format(context, "%s: that is a file, not a folder with a git repository", url);
	return NULL;
}

/* To git, a web page in place of a repository is one without branches, served the old way: no error, and
 * everything would seem to be gone. Whether git itself is at the other end shows in the packets it sends. */
static const struct error *check_emptiness(
	const void *context, const struct transport *transport, const char *name, char **problem)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const char *shown[] = {
		"git", "for-each-ref", "--count=1", memory_format(scratch, "refs/inbox/%s/", name), NULL};
	const char *asked[] = {"git", "ls-remote", "--heads", "relay", NULL};
	char *url = remote_url_shown(scratch, transport->url);
	struct child_result result;

	TRY(run_git(scratch, transport, "inbox.git", NULL, shown, &result));
	if (result.output.len)
		return NULL;
	TRY(run_git(scratch, transport, "inbox.git", "GIT_TRACE_PACKET=2", asked, &result));
	if (result.status || result.timed_out)
		*problem = transport_explain(context, &result, url);
	else if (!strstr(result.complaint, "packet:"))
		*problem = memory_format(context, "%s: " WEB_PAGE, url);
	return NULL;
}

#define FETCH                                                                                                \
	"git", "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules",          \
		"--no-auto-maintenance", "--refmap="

const struct error *transport_fetch(
	const void *context, struct transport *transport, const char *name, char **problem)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const char *argv[] = {FETCH, "--prune", "relay",
		/* With a star, so that a relay without a roster is no error. */
		memory_format(scratch, "+refs/heads/roster*:refs/inbox/%s/roster*", name),
		memory_format(scratch, "+refs/heads/log/*:refs/inbox/%s/log/*", name),
		memory_format(scratch, "+refs/forks/*:refs/inbox/%s/forks/*", name), NULL};
	struct child_result result;

	transport->was_cut = false;
	*problem = path_problem(context, transport->url);
	if (*problem)
		return NULL;
	TRY(run_git(scratch, transport, "inbox.git", NULL, argv, &result));
	if (result.status || result.timed_out)
		*problem = problem_of(context, transport, &result);
	else if (text_starts(transport->url, "https://"))
		return check_emptiness(context, transport, name, problem);
	return NULL;
}

const struct error *transport_list(
	const void *context, struct transport *transport, char **listing, char **problem)
{
	static const char *const argv[] = {"git", "ls-remote", "relay", "refs/heads/log/*", NULL};
	struct child_result result;

	*problem = NULL;
	*listing = NULL;
	TRY(run_git(context, transport, "inbox.git", NULL, argv, &result));
	if (result.status || result.timed_out)
		*problem = problem_of(context, transport, &result);
	else
		*listing = memory_string_of(context, result.output.data, result.output.len);
	return NULL;
}

static const struct error *fetch_into(const void *context, struct transport *transport,
	const char *repository, const char *const *argv, char **problem)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct child_result result;

	*problem = NULL;
	transport->was_cut = false;
	TRY(run_git(scratch, transport, repository, NULL, argv, &result));
	if (result.status || result.timed_out)
		*problem = problem_of(context, transport, &result);
	return NULL;
}

const struct error *transport_deepen(const void *context, struct transport *transport, const char *ref,
	const char *own, int64_t depth, char **problem)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const char *argv[] = {FETCH, memory_format(scratch, "--depth=%lld", (long long)depth), "relay",
		memory_format(scratch, "+%s:%s", ref, own), NULL};

	return fetch_into(context, transport, "partial.git", argv, problem);
}

const struct error *transport_collect(const void *context, struct transport *transport, const char *name,
	const char *partial, char **problem)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const char *argv[] = {
		FETCH, partial, memory_format(scratch, "+refs/inbox/%s/*:refs/inbox/%s/*", name, name), NULL};

	return fetch_into(context, transport, "inbox.git", argv, problem);
}

/* "[remote rejected] (hook declined)" and the like, in plain words. */
static char *rejection(const void *context, const char *summary)
{
	static const struct {
		const char *said, *means;
	} reasons[] = {
		{"non-fast-forward", "what it has there does not lead to what we have; it was left alone"},
		{"fetch first", "what it has there does not lead to what we have; it was left alone"},
		{"stale info", "it changed in the meantime; it will be tried again"},
		{"failed to update ref",
			"it changed in the meantime, or cannot be written; it will be tried again"},
		{"hook declined",
			"its own rules do not let this branch in (a protected branch?); ask its keeper"},
		{"unpack",
			"it could not store what was sent (read-only, or its disk is full); ask its keeper"},
		{"shallow",
			"it holds only a part of the history; it must be made again with git init --bare"},
	};

	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (strstr(summary, reasons[i].said))
			return memory_string(context, reasons[i].means);
	return as_ascii(memory_format(context, "it said: %.120s", summary));
}

/* Lines of git push --porcelain: "<flag>\t<from>:<to>\t<summary>". What no line tells of was not done. */
static void read_porcelain(const void *context, char *output, struct transport_branch *branches, size_t count,
	const char *otherwise)
{
	char *rest = output, *line;

	for (size_t i = 0; i < count; i++)
		branches[i].rejected = memory_string(context, otherwise);
	while ((line = strsep(&rest, "\n"))) {
		char *flag = strsep(&line, "\t"), *pair = line ? strsep(&line, "\t") : NULL;
		const char *to = pair ? strchr(pair, ':') : NULL;

		if (!to || !line)
			continue;
		for (size_t i = 0; i < count; i++)
			if (strcmp(to + 1, branches[i].ref) == 0)
				branches[i].rejected = *flag == '!' ? rejection(context, line) : NULL;
	}
}

const struct error *transport_push(const void *context, struct transport *transport,
	struct transport_branch *branches, size_t count, char **problem)
{
	static const char *const words[] = {"git", "push", "--porcelain", "--no-verify", "--no-follow-tags",
		"--no-signed", "--recurse-submodules=no", "--no-progress", "relay"};
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	size_t fixed = sizeof words / sizeof words[0];
	const char **argv = memory_array(scratch, const char *, fixed + count + 1);
	struct child_result result;
	bool any_rejected = false;

	memcpy(argv, words, sizeof words);
	for (size_t i = 0; i < count; i++)
		argv[fixed + i] = memory_format(scratch, "%s:%s", branches[i].oid.hex, branches[i].ref);
	*problem = NULL;
	transport->was_cut = false;
	TRY(run_git(scratch, transport, "log.git", NULL, argv, &result));
	read_porcelain(context, memory_string(scratch, (const char *)result.output.data), branches, count,
		"it was not sent");
	for (size_t i = 0; i < count; i++)
		any_rejected |= branches[i].rejected != NULL;
	if (result.timed_out ||
		(result.status && (!any_rejected || !result.output.len || meaning_of(result.complaint))))
		*problem = problem_of(context, transport, &result);
	return NULL;
}

void transport_close(const struct transport *transport)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char *socket = kept_connection(scratch, transport);
	const char *argv[] = {"ssh", "-F", "/dev/null", "-S", socket, "-O", "exit", "relay", NULL};
	struct child child = {.argv = argv,
		.directory = transport->state,
		.deadline_ms = CLOSE_MS,
		.output_max = OUTPUT_MAX};
	struct child_result result;

	if (files_exist(memory_format(scratch, "%s/%s", transport->state, socket)))
		error_ignore(child_run(scratch, &child, &result));
}
