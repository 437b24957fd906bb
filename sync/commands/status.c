/* `engabo status`: whether this hub runs, is locked, has room, and how far its records have come. Reads what
 * the roles keep on the card, so that it answers also while they are busy or down. It never says that all is
 * well when something waits. */
#include "sync/commands/commands.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "node/base/clock.h"
#include "node/base/control.h"
#include "node/base/files.h"
#include "node/base/home.h"
#include "node/base/text.h"
#include "node/roster/trust.h"
#include "node/store/spool.h"
#include "node/vault/expiry.h"
#include "sync/state.h"
#include "sync/urgent.h"

#define MEBIBYTE (1024 * 1024)
#define LITTLE_ROOM (200 * MEBIBYTE)

/* ---- gathering ---- */

static json_t *roles_of(const struct home *home)
{
	static const char *const roles[] = {"intake", "office", "sync"};
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *out = json_object();

	for (size_t i = 0; i < 3; i++) {
		char *path = home_file(scratch, home, memory_format(scratch, "run/%s.sock", roles[i]));

		json_object_set_new(
			out, roles[i], json_string(control_is_listening(path) ? "running" : "stopped"));
	}
	return out;
}

/* true, false, or null when the office does not run or does not say. */
static json_t *locked_of(const struct home *home)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *request CLEANUP(json_decref) = json_pack("{ss}", "do", "state"),
			*reply CLEANUP(json_decref) = NULL;
	const json_t *locked;

	error_ignore(control_call(home_file(scratch, home, "run/office.sock"), request, 3000, &reply));
	locked = json_object_get(reply, "locked");
	return json_is_boolean(locked) ? json_boolean(json_is_true(locked)) : json_null();
}

/* Sealed records that are not in the log yet; null when the role's file cannot be read. */
static json_t *spool_of(const struct home *home, struct db *sync_db, const char *name)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char *path = home_file(scratch, home, memory_format(scratch, "%s.db", name));
	struct db *db CLEANUP(db_close) = NULL;
	int64_t taken = 0, count = 0;
	const struct error *error = NULL;

	if (!files_exist(path))
		return json_integer(0);
	error = db_open_foreign(path, SPOOL_DB_VERSION, &db);
	if (!error && sync_db)
		error = state_taken(sync_db, name, &taken);
	if (!error)
		error = spool_count(db, taken, &count);
	return error ? json_null() : json_integer(count);
}

static const struct error *add_hub(const struct home *home, json_t *status)
{
	struct trust trust;

	TRY(trust_read(home, &trust));
	json_object_set_new(status, "hub",
		json_pack("{sssssssiss}", "name", home->config->hub.name, "code", home->config->hub.code,
			"log", trust.self.log, "epoch", trust.self.epoch, "role",
			member_role_name(trust.self.role)));
	json_object_set_new(
		status, "coalition", trust.has_coalition ? json_string(trust.coalition) : json_null());
	return NULL;
}

static const struct error *add_sync(const struct home *home, json_t *status)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char *path = home_file(scratch, home, "sync.db"), *halted = NULL;
	struct db *db CLEANUP(db_close) = NULL;
	json_t *kept CLEANUP(json_decref) = json_pack(
		"{s[]s[]s[]s[]s[]s[]}", "remotes", "neighbours", "logs", "acks", "trouble", "found");
	struct urgent_flag flag;
	const struct error *error;

	if (files_exist(path)) {
		json_decref(kept);
		kept = NULL;
		TRY(db_open_foreign(path, SYNC_DB_VERSION, &db));
		TRY(state_status(db, &kept));
		error = db_meta_get(scratch, db, "halted", &halted);
		if (error && error->code != ERROR_NOT_FOUND)
			return error;
	}
	json_object_update(status, kept);
	TRY(urgent_read(home, &flag));
	json_object_set_new(status, "urgent", urgent_as_json(home, &flag));
	json_object_set_new(status, "halted", halted ? json_string(halted) : json_null());
	json_object_set_new(status, "roster", json_integer(db ? db_meta_number(db, "roster", 0) : 0));
	json_object_set_new(status, "spool",
		json_pack("{soso}", "intake", spool_of(home, db, "intake"), "office",
			spool_of(home, db, "office")));
	return NULL;
}

static bool is_zero(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return json_is_integer(value) && json_integer_value(value) == 0;
}

/* Why this remote, by its own word, is not up to date; NULL: it is. */
static const char *remote_lack(const json_t *remote, int64_t old_seconds)
{
	int64_t last_ok = json_integer_value(json_object_get(remote, "last_ok"));

	if (!json_is_null(json_object_get(remote, "last_error")))
		return "the last round with a remote failed";
	if (!last_ok)
		return "a remote was not reached yet";
	if (!is_zero(remote, "waiting_out"))
		return "records wait to be sent";
	if (!is_zero(remote, "waiting_in"))
		return "records wait to be taken in";
	return clock_wall_seconds() - last_ok > old_seconds ? "the last good round is too long ago" : NULL;
}

/* Of a hub without a remote: whether one neighbour at least has all, and lately. */
static const char *neighbours_lack(const json_t *neighbours, int64_t old_seconds)
{
	const char *lack = "no remote yet, so records stay on this hub; engabo remote add NAME URL";

	for (size_t i = 0; i < json_array_size(neighbours); i++) {
		lack = remote_lack(json_array_get(neighbours, i), old_seconds);
		if (!lack)
			return NULL;
	}
	return lack;
}

/* Why this hub is not up to date; NULL: all rounds were good and recent, and nothing waits anywhere. */
static const char *lack_of(const struct home *home, const json_t *status)
{
	const json_t *remotes = json_object_get(status, "remotes"), *spool = json_object_get(status, "spool");
	int64_t old_seconds = 2 * 60 * (int64_t)home->config->sync.interval_minutes;
	const char *lack = NULL;

	if (!is_zero(spool, "intake") || !is_zero(spool, "office"))
		return "records are not in the log yet";
	if (!json_array_size(remotes))
		lack = neighbours_lack(json_object_get(status, "neighbours"), old_seconds);
	for (size_t i = 0; i < json_array_size(remotes) && !lack; i++)
		lack = remote_lack(json_array_get(remotes, i), old_seconds);
	if (lack)
		return lack;
	if (json_array_size(json_object_get(status, "trouble")))
		return "there is trouble, see above";
	if (strcmp(json_text_or(json_object_get(status, "roles"), "sync", ""), "running") != 0)
		return "the sync role does not run, so what comes next will wait; engabo serve";
	return NULL;
}

/* What was near when the role last ran says nothing of now. */
static void forget_nearby(json_t *status)
{
	json_t *row;
	size_t i;

	json_array_clear(json_object_get(status, "found"));
	json_array_foreach (json_object_get(status, "neighbours"), i, row)
		json_object_set_new(row, "linked", json_integer(0));
}

static const struct error *gather(const struct home *home, json_t **out)
{
	json_t *status CLEANUP(json_decref) = json_object();
	char now[TEXT_TIME_SIZE];
	const char *lack;
	uint64_t room;

	TRY(add_hub(home, status));
	json_object_set_new(status, "roles", roles_of(home));
	json_object_set_new(status, "locked", locked_of(home));
	text_time(now, clock_wall_seconds());
	json_object_set_new(status, "clock", json_pack("{sssb}", "now", now, "sure", clock_is_sure()));
	TRY(files_free_space(home->path, &room));
	json_object_set_new(status, "disk_free", json_integer((json_int_t)room));
	json_object_set_new(status, "certificates", expiry_list(home));
	if (home->config->settings_wrong)
		json_object_set_new(status, "settings_wrong", json_string(home->config->settings_wrong));
	TRY(add_sync(home, status));
	if (strcmp(json_text_or(json_object_get(status, "roles"), "sync", ""), "running") != 0)
		forget_nearby(status);
	lack = lack_of(home, status);
	json_object_set_new(status, "up_to_date", json_boolean(!lack));
	json_object_set_new(status, "lack", lack ? json_string(lack) : json_null());
	*out = status;
	status = NULL;
	return NULL;
}

/* ---- for people ---- */

static long long number_of(const json_t *object, const char *name)
{
	return (long long)json_integer_value(json_object_get(object, name));
}

static const char *time_of(char out[static TEXT_TIME_SIZE], const json_t *object, const char *name)
{
	if (!json_is_integer(json_object_get(object, name)))
		return "never";
	text_time(out, json_integer_value(json_object_get(object, name)));
	return out;
}

static void print_remote(const json_t *remote)
{
	char ok[TEXT_TIME_SIZE], next[TEXT_TIME_SIZE];
	const char *problem = json_text_or(remote, "last_error", NULL);

	printf("remote    %s  %s\n", json_text_or(remote, "name", ""), json_text_or(remote, "url", ""));
	printf("          last good %s, waiting out %lld, in %lld; next try %s\n",
		time_of(ok, remote, "last_ok"), number_of(remote, "waiting_out"),
		number_of(remote, "waiting_in"), time_of(next, remote, "next_try"));
	if (problem)
		printf("          last error: %s\n", problem);
}

static void print_neighbour(const json_t *row)
{
	const char *problem = json_text_or(row, "last_error", NULL);
	char ok[TEXT_TIME_SIZE];

	printf("neighbour %s  %s%s\n", json_text_or(row, "log", ""), json_text_or(row, "address", ""),
		number_of(row, "linked") ? "" : ", not reached now");
	printf("          last good %s, waiting out %lld, in %lld\n", time_of(ok, row, "last_ok"),
		number_of(row, "waiting_out"), number_of(row, "waiting_in"));
	if (problem)
		printf("          last error: %s\n", problem);
}

static void print_trouble(const json_t *trouble)
{
	const char *remote = json_text_or(trouble, "remote", ""), *log = json_text_or(trouble, "log", "");
	char at[TEXT_TIME_SIZE];

	printf("trouble   %s  %s%s%s%s%s: %s\n", time_of(at, trouble, "at"),
		json_text_or(trouble, "kind", ""), *log ? " " : "", log, *remote ? " at " : "", remote,
		json_text_or(trouble, "reason", ""));
}

static void print_spool(const json_t *spool, const char *name)
{
	if (json_is_null(json_object_get(spool, name)))
		printf("waiting   records of %s cannot be counted: its database cannot be read\n", name);
	else if (number_of(spool, name))
		printf("waiting   %lld records of %s are not in the log yet\n", number_of(spool, name), name);
}

static void print_urgent(const json_t *urgent)
{
	const char *state = json_text_or(urgent, "state", ""), *since = json_text_or(urgent, "since", "");

	if (strcmp(state, "waiting") == 0)
		printf("urgent    %lld urgent reports have not been opened, the oldest since %s\n",
			number_of(urgent, "waiting"), since);
	else if (strcmp(state, "unread") == 0)
		printf("urgent    perhaps: %lld reports of other hubs have not been opened, the oldest since "
		       "%s; sign in to see\n",
			number_of(urgent, "unread"), since);
	else
		printf("urgent    nothing waits\n");
}

static void print_here(const json_t *status)
{
	const json_t *hub = json_object_get(status, "hub"), *roles = json_object_get(status, "roles"),
		     *clock = json_object_get(status, "clock");
	const json_t *locked = json_object_get(status, "locked");
	long long room = number_of(status, "disk_free");

	printf("hub       %s  %s  (%s, log %s)\n", json_text_or(hub, "code", ""),
		json_text_or(hub, "name", ""), json_text_or(hub, "role", ""), json_text_or(hub, "log", ""));
	printf("roles     intake %s, office %s, sync %s\n", json_text_or(roles, "intake", ""),
		json_text_or(roles, "office", ""), json_text_or(roles, "sync", ""));
	printf("lock      %s\n", json_is_null(locked)	? "not known: the office does not answer"
				 : json_is_true(locked) ? "locked"
							: "unlocked");
	printf("clock     %s UTC, %s\n", json_text_or(clock, "now", ""),
		json_is_true(json_object_get(clock, "sure"))
			? "synchronised"
			: "not sure: nothing has set it since the power came");
	printf("disk      %lld MiB free%s\n", room / MEBIBYTE,
		room < LITTLE_ROOM ? ": too little, make room" : "");
	if (json_is_null(json_object_get(status, "coalition")))
		printf("coalition none yet: this hub works alone\n");
	else if (!number_of(status, "roster"))
		printf("coalition %s, its roster is not here yet\n", json_text_or(status, "coalition", ""));
	else
		printf("coalition %s, roster version %lld\n", json_text_or(status, "coalition", ""),
			number_of(status, "roster"));
	print_urgent(json_object_get(status, "urgent"));
}

static void print_certificate(const json_t *row)
{
	const char *name = json_text_or(row, "name", ""), *error = json_text_or(row, "error", NULL);
	long long days = number_of(row, "days");

	if (error)
		printf("WARNING   the certificate %s cannot be read: %s\n", name, error);
	else if (days < 0)
		printf("WARNING   the certificate %s is over since %s\n", name,
			json_text_or(row, "until", ""));
	else
		printf("%s the certificate %s is valid until %s, %lld days left\n",
			json_is_true(json_object_get(row, "is_soon")) ? "WARNING  " : "tls      ", name,
			json_text_or(row, "until", ""), days);
}

static void print_status(const json_t *status)
{
	const json_t *spool = json_object_get(status, "spool"), *row;
	const char *halted = json_text_or(status, "halted", NULL), *lack = json_text_or(status, "lack", NULL);
	json_t *remotes = json_object_get(status, "remotes"), *found = json_object_get(status, "found");
	size_t i;

	print_here(status);
	if (json_object_get(status, "settings_wrong"))
		printf("WARNING   what was set on the page /settings does not count: %s\n",
			json_text_or(status, "settings_wrong", ""));
	json_array_foreach (json_object_get(status, "certificates"), i, row)
		print_certificate(row);
	print_spool(spool, "intake");
	print_spool(spool, "office");
	if (halted)
		printf("halted    this hub's log takes nothing new: %s\n", halted);
	json_array_foreach (remotes, i, row)
		print_remote(row);
	json_array_foreach (json_object_get(status, "neighbours"), i, row)
		print_neighbour(row);
	json_array_foreach (found, i, row)
		printf("nearby    %s  %s port %lld\n", json_text_or(row, "name", ""),
			json_text_or(row, "address", ""), number_of(row, "port"));
	json_array_foreach (json_object_get(status, "trouble"), i, row)
		print_trouble(row);
	printf("sync      %s%s\n", lack ? "not up to date: " : "up to date", lack ? lack : "");
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
	static const struct argp_option words[] = {{"json", 'j', NULL, 0, "print facts as JSON", 0}, {0}};
	static const struct argp argp = {words, parse, NULL,
		"How this hub is: roles, lock, clock, disk, and how far its records have come.", NULL, NULL,
		NULL};
	void *context CLEANUP(memory_free) = memory_context(NULL);
	json_t *status CLEANUP(json_decref) = NULL;
	struct home *home;
	bool as_json = false;

	TRY(command_parse(call, &argp, &as_json));
	TRY(home_open(context, call->state, &home));
	TRY(gather(home, &status));
	if (as_json)
		fputs((const char *)json_pretty(context, status).data, stdout);
	else
		print_status(status);
	return NULL;
}

const struct command command_status = {"status", "how this hub is", run};
