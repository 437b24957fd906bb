/* `engabo doctor`: what is wrong with this installation and how to mend it. Looks only; changes nothing. Each
 * finding is one line: what, and what to do. */
#include "web/commands/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/base/child.h"
#include "node/base/clock.h"
#include "node/base/control.h"
#include "node/base/files.h"
#include "node/base/home.h"
#include "node/roster/trust.h"
#include "node/vault/expiry.h"
#include "sync/signkey.h"
#include "web/authority.h"
#include "web/certificate.h"
#include "web/public.h"
#include "web/settings.h"
#include "web/way.h"

#define DISK_LOW (UINT64_C(256) << 20)

struct doctor {
	void *context;
	struct home *home;
	json_t *findings; /* [{"part","ok","say"}] */
	int wrong;
};

static void found(struct doctor *doctor, const char *part, bool is_well, const char *say)
{
	doctor->wrong += !is_well;
	json_array_append_new(
		doctor->findings, json_pack("{sssbss}", "part", part, "ok", is_well, "say", say));
}

static void look_at_time(struct doctor *doctor)
{
	bool sure = clock_is_sure();

	found(doctor, "time", sure,
		sure ? "the clock is synchronised"
		     : "the clock is not synchronised; new records are marked \"clock unsure\" (connect to "
		       "the internet once, or set the clock)");
}

static void look_at_disk(struct doctor *doctor)
{
	uint64_t room = 0;
	const struct error *error = files_free_space(doctor->home->path, &room);

	if (error)
		found(doctor, "disk", false, error->message);
	else
		found(doctor, "disk", room >= DISK_LOW,
			memory_format(doctor->context,
				room >= DISK_LOW ? "%llu MB free"
						 : "only %llu MB free: make room, intake stops taking "
						   "reports at 64 MB",
				(unsigned long long)(room >> 20)));
}

static void look_at_modes(struct doctor *doctor)
{
	static const char *const private[] = {"keys", "keys/sign", "keys/ssh", "keys/tls-intake",
		"keys/tls-office", "keys/tls-sync", "keyring.json", "run"};
	bool well = true;

	for (size_t i = 0; i < sizeof private / sizeof private[0]; i++) {
		const char *path = home_file(doctor->context, doctor->home, private[i]);
		struct stat st;

		if (stat(path, &st) < 0) {
			found(doctor, "files", false,
				memory_format(doctor->context, "%s is missing: %s", path, strerror(errno)));
			well = false;
		} else if (st.st_mode & 077) {
			found(doctor, "files", false,
				memory_format(doctor->context, "%s can be read by others: chmod go= %s", path,
					path));
			well = false;
		}
	}
	if (well)
		found(doctor, "files", true, "keys and keyring are there and closed to others");
}

static void look_at_certificates(struct doctor *doctor)
{
	static const char *const names[] = {"keys/tls-intake", "keys/tls-office", "keys/tls-sync"};

	for (size_t i = 0; i < 3; i++) {
		const char *path = home_file(doctor->context, doctor->home, names[i]);
		struct secret *pem CLEANUP(secret_free) = NULL;
		uint8_t spki[DIGEST_LEN], whole[DIGEST_LEN];
		const struct error *error = secret_read(path, 65536, &pem);

		if (!error)
			error = certificate_pins(pem, spki, whole);
		found(doctor, names[i] + strlen("keys/"), !error,
			error ? error->message : "key and certificate can be read");
	}
}

/* Whether the authority made what lies beside it: all roles can write there. */
static void look_at_issuer(struct doctor *doctor)
{
	static const char *const names[] = {"intake", "office"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct error *error = authority_check_signed(doctor->home, names[i]);

		if (error)
			found(doctor, memory_format(doctor->context, "%s.crt", names[i]), false,
				error->message);
	}
}

/* Their days, and whether this machine still has the name that the office's devices know. */
static void look_at_expiry(struct doctor *doctor)
{
	json_t *list CLEANUP(json_decref) = expiry_list(doctor->home), *row;
	size_t i;

	json_array_foreach (list, i, row) {
		const char *part = memory_format(doctor->context, "%s.crt", json_text_or(row, "name", ""));
		const char *error = json_text_or(row, "error", NULL), *until = json_text_or(row, "until", "");
		long long days = (long long)json_integer_value(json_object_get(row, "days"));
		bool is_soon = json_is_true(json_object_get(row, "is_soon"));

		if (error)
			found(doctor, part, false, error);
		else if (days < 0)
			found(doctor, part, false,
				memory_format(doctor->context,
					"was valid until %s: browsers refuse it; put a new one in its place",
					until));
		else
			found(doctor, part, !is_soon,
				memory_format(doctor->context, "valid until %s, %lld days left%s", until,
					days, is_soon ? ": renew it" : ""));
	}
}

static void look_at_name(struct doctor *doctor)
{
	const char *host = memory_format(doctor->context, "%s.local", authority_host(doctor->context));
	const char *names[2];
	struct bytes authority;

	if (files_read(doctor->context, home_file(doctor->context, doctor->home, AUTHORITY_FILE),
		    AUTHORITY_PEM_MAX, &authority) ||
		authority_names(doctor->context, authority, names))
		return;
	found(doctor, "name", strcmp(names[0], host) == 0,
		memory_format(doctor->context,
			strcmp(names[0], host) == 0
				? "this machine is %s, as its certificates say"
				: "this machine is now %s, but devices of the office know it as %s: give it "
				  "its "
				  "name back (hostnamectl), or let them use its address in numbers",
			host, names[0]));
}

static void look_at_form(struct doctor *doctor)
{
	static const char *const ways[] = {
		[FORM_HTTPS] =
			"phones warn people before the form, and a false hub would look the same: choose a "
			"way on the office's page /settings",
		[FORM_PUBLIC] = "reached by a public certificate",
		[FORM_COUNTER] = "reached on the device at the desk",
	};
	enum form_way way = doctor->home->config->intake.form;
	struct public_pair pair = {0};
	const struct error *error =
		way == FORM_PUBLIC ? public_read(doctor->context, doctor->home->config, &pair) : NULL;

	secret_free(pair.key);
	if (error) {
		found(doctor, "form", false, error->message);
		return;
	}
	found(doctor, "form", way != FORM_HTTPS || way_is_workshop(doctor->home),
		way_is_workshop(doctor->home) ? "a workshop is open" : ways[way]);
}

/* What staff set stands over the administrator's file, which is looked for when something is not as it says.
 */
static void look_at_settings(struct doctor *doctor)
{
	const struct error *error = settings_check(doctor->home);
	const struct config *config = doctor->home->config;
	char *set = config_set_by_staff(doctor->context, config);

	if (error)
		found(doctor, "engabo.conf", false, error->message);
	if (config->settings_wrong)
		found(doctor, "settings", false,
			memory_format(doctor->context,
				"%s; it does not count: save the office's page /settings again",
				config->settings_wrong));
	else if (*set)
		found(doctor, "settings", true,
			memory_format(doctor->context,
				"the page /settings, not engabo.conf, decides these of [intake]: %s", set));
}

static void look_at_git(struct doctor *doctor)
{
	static const char *const words[] = {"git", "--version", NULL};
	struct child child = {.argv = words, .deadline_ms = 10000, .output_max = 4096};
	struct child_result result;
	const struct error *error = child_run(doctor->context, &child, &result);
	bool well = !error && result.status == 0;

	found(doctor, "git", well,
		well ? memory_string_of(doctor->context, result.output.data,
			       strcspn((const char *)result.output.data, "\n"))
		     : "the git program cannot be run: apt install git");
}

static void look_at_roles(struct doctor *doctor)
{
	static const char *const roles[] = {"intake", "office", "sync"};

	for (size_t i = 0; i < 3; i++) {
		bool runs = control_is_listening(home_file(doctor->context, doctor->home,
			memory_format(doctor->context, "run/%s.sock", roles[i])));

		found(doctor, roles[i], runs,
			runs ? "runs" : "does not run: engabo serve, or systemctl start engabo.target");
	}
}

/* A write that a power cut interrupted leaves its new file beside the old one (node/base/files.h). */
static void look_at_leftovers(struct doctor *doctor)
{
	static const char *const patterns[] = {
		"*.new-????????????????", "keys/*.new-????????????????", "run/*.new-????????????????"};

	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
		glob_t left = {0};

		if (glob(home_file(doctor->context, doctor->home, patterns[i]), 0, NULL, &left) == 0)
			for (size_t j = 0; j < left.gl_pathc; j++)
				found(doctor, "files", false,
					memory_format(doctor->context,
						"%s was left by an interrupted write: rm %s",
						left.gl_pathv[j], left.gl_pathv[j]));
		globfree(&left);
	}
}

static void look_at_neighbours(struct doctor *doctor)
{
	bool there = access("/run/avahi-daemon/socket", F_OK) == 0;

	if (doctor->home->config->sync.announce)
		found(doctor, "mdns", there,
			there ? "avahi-daemon runs"
			      : "avahi-daemon does not run, so that no hub finds this one by name: apt "
				"install avahi-daemon");
}

/* It is needed when nobody is there to notice that it does not run. Sync runs it as whoever runs sync. */
static void look_at_command(struct doctor *doctor)
{
	const char *command = doctor->home->config->urgent.command;
	const struct passwd *user = getpwuid(geteuid());
	const char *name = user ? user->pw_name : "this user";
	struct stat st;
	bool runs = stat(command, &st) == 0 && S_ISREG(st.st_mode) &&
		    faccessat(AT_FDCWD, command, X_OK, AT_EACCESS) == 0;

	if (*command)
		found(doctor, "urgent", runs,
			memory_format(doctor->context,
				runs ? "the command of [urgent], %s, can be run by %s; sync must run as that "
				       "user, too"
				     : "the command of [urgent], %s, cannot be run by %s: it must be a file; "
				       "chmod +x it, or mend its path in engabo.conf",
				command, name));
}

static void look_at_coalition(struct doctor *doctor)
{
	struct trust trust;
	struct secret *seed CLEANUP(secret_free) = NULL;
	const struct error *error = trust_read(doctor->home, &trust);

	if (!error)
		error = signkey_read(doctor->home, &trust.self.sign, &seed);
	found(doctor, "coalition", !error,
		error		      ? error->message
		: trust.has_coalition ? "trusts its coalition's root"
				      : "works alone: engabo join INVITE asks to be let in");
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	if (key != 'j')
		return ARGP_ERR_UNKNOWN;
	*(bool *)state->input = true;
	return 0;
}

static const struct error *run(const struct command_call *call)
{
	static const struct argp_option words[] = {
		{"json", 'j', NULL, 0, "print the findings as JSON", 0}, {0}};
	static const struct argp argp = {words, parse, NULL,
		"Says what is wrong with this installation, and how to mend it.", NULL, NULL, NULL};
	void *context CLEANUP(memory_free) = memory_context(NULL);
	json_t *findings CLEANUP(json_decref) = json_array();
	struct doctor doctor = {.context = context, .findings = findings};
	bool as_json = false;
	json_t *finding;
	size_t i;

	TRY(command_parse(call, &argp, &as_json));
	TRY(home_open(context, call->state, &doctor.home));
	look_at_time(&doctor);
	look_at_disk(&doctor);
	look_at_modes(&doctor);
	look_at_leftovers(&doctor);
	look_at_certificates(&doctor);
	look_at_issuer(&doctor);
	look_at_expiry(&doctor);
	look_at_name(&doctor);
	look_at_settings(&doctor);
	look_at_form(&doctor);
	look_at_git(&doctor);
	look_at_roles(&doctor);
	look_at_neighbours(&doctor);
	look_at_command(&doctor);
	look_at_coalition(&doctor);
	if (as_json)
		fputs((const char *)json_pretty(context, findings).data, stdout);
	else
		json_array_foreach (findings, i, finding)
			printf("%-5s %-11s %s\n",
				json_is_true(json_object_get(finding, "ok")) ? "ok" : "WRONG",
				json_text_or(finding, "part", ""), json_text_or(finding, "say", ""));
	if (doctor.wrong)
		return error_new(ERROR_CONFIG, "%d thing%s to mend, see above", doctor.wrong,
			doctor.wrong == 1 ? "" : "s");
	return NULL;
}

const struct command command_doctor = {
	"doctor", "what is wrong with this installation, and how to mend it", run};
