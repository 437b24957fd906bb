/* The open hub: databases, repositories, keys and the roster, as the sync role and the commands in its place
 * use them.
 *
 * Leaves the spools to batch.c and the remotes to round.c. Guards: one process at a time extends the log
 * (run/sync.lock); what a killed one left is cleaned before anything is read; log.git is compared with its
 * high-water marks, so that a card that was rolled back is noticed before it contradicts itself. */
#include "sync/hub.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "node/base/control.h"
#include "node/base/files.h"
#include "sync/mailboxes.h"
#include "sync/rosters.h"
#include "sync/signkey.h"

#define PACKS_MAX 50
#define INBOX_MAX                                                                                            \
	((off_t)256 << 20) /* bytes of packs in quarantine: what was refused must not fill the card */
#define LOGS_MAX 4096	   /* branches in log.git: members of the roster, of all epochs */

const struct roster *hub_roster(const struct hub *hub)
{
	return roster_chain_newest(hub->chain);
}

void hub_stop_when(struct hub *hub, const volatile int *stop)
{
	hub->stop = stop;
}

void hub_close(struct hub *hub)
{
	if (!hub)
		return;
	repo_close(hub->inbox);
	repo_close(hub->log);
	db_close(hub->mailbox);
	db_close(hub->db);
	secret_free(hub->sign);
	fd_close(hub->lock); /* last: the next process may begin */
	memory_free(hub);
}

/* ---- trust and roster ---- */

static const struct error *read_trust(struct hub *hub, bool *changed)
{
	struct trust trust;

	TRY(trust_read(hub->home, &trust));
	*changed = trust.has_coalition != hub->trust.has_coalition ||
		   memcmp(trust.root, hub->trust.root, sizeof trust.root) != 0 ||
		   strcmp(trust.self.log, hub->trust.self.log) != 0;
	hub->trust = trust;
	return NULL;
}

/* A roster that ends below what was accepted before is not used and not forgotten: our log waits until a
 * remote brings the rest again. */
static const struct error *load_roster(struct hub *hub)
{
	int least = (int)db_meta_number(hub->db, "roster", 0);
	const struct error *error;
	struct roster_chain *chain;
	const struct roster *newest;

	error = rosters_load(hub, hub->log, &hub->trust, least, &chain);
	if (error && error->code == ERROR_DENIED) {
		TRY(state_trouble(hub->db, "", "roster", TROUBLE_LOST, error->message));
		error = rosters_load(hub, hub->log, &hub->trust, 0, &chain);
	}
	if (error)
		return error;
	memory_free(hub->chain);
	hub->chain = chain;
	newest = hub_roster(hub);
	if (!newest || newest->version <= least)
		return NULL;
	TRY(state_trouble_end(hub->db, "", "roster", TROUBLE_LOST));
	return db_meta_set_number(hub->db, "roster", newest->version);
}

const struct error *hub_refresh(struct hub *hub)
{
	const struct error *error;
	struct oid at = {""};
	bool changed;

	TRY(read_trust(hub, &changed));
	error = repo_ref(hub->log, ROSTER_REF, &at);
	if (error && error->code != ERROR_NOT_FOUND)
		return error;
	if (hub->chain && !changed && strcmp(at.hex, hub->roster_at.hex) == 0)
		return NULL;
	TRY(load_roster(hub));
	hub->roster_at = at;
	return NULL;
}

/* ---- opening ---- */

/* inbox.git holds nothing that is not fetched again. */
static const struct error *begin_inbox(struct hub *hub)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char *path = home_file(scratch, hub->home, "inbox.git");

	repo_close(hub->inbox);
	hub->inbox = NULL;
	TRY(repo_remove(path));
	TRY(repo_create(path, home_file(scratch, hub->home, "log.git")));
	return repo_open(path, &hub->inbox);
}

static const struct error *open_repository(struct hub *hub, const char *name, struct repo **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char *path = home_file(scratch, hub->home, name);

	TRY(repo_clean(path));
	return repo_open(path, out);
}

static const struct error *open_repositories(struct hub *hub)
{
	const struct error *error;

	TRY(open_repository(hub, "log.git", &hub->log));
	error = open_repository(hub, "inbox.git", &hub->inbox);
	return error ? begin_inbox(hub) : NULL; /* half made or half removed when the power went */
}

const struct error *hub_halt(struct hub *hub, const char *kind, const char *reason)
{
	/* What is lost may come back with the right card; a fork does not go away. */
	if (strcmp(kind, TROUBLE_FORKED) == 0)
		TRY(db_meta_set(hub->db, "halted", reason));
	hub->halted = memory_string(hub, reason);
	return state_trouble(hub->db, "", hub->trust.self.log, kind, reason);
}

/* The logs of others: what log.git lacks of what it once held comes again from a remote, but people should
 * know. Ours is batch_settle's. */
static const struct error *compare_marks(struct hub *hub)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	TRY(db_prepare(hub->db, &query, "SELECT log, epoch, seq, sha256 FROM known WHERE log != ?"));
	db_bind_text(&query, 1, hub->trust.self.log);
	for (;;) {
		struct log_tip tip;
		char reason[160];

		TRY(db_step(&query, &row));
		if (!row)
			return NULL;
		TRY(logs_tip(hub->log, db_text(&query, 0), (int)db_integer(&query, 1), &tip));
		if (tip.seq >= db_integer(&query, 2))
			continue;
		snprintf(reason, sizeof reason,
			"this card holds the log up to seq %lld, and held it up to %lld; the rest is fetched "
			"again",
			(long long)tip.seq, (long long)db_integer(&query, 2));
		TRY(state_trouble(hub->db, "", db_text(&query, 0), TROUBLE_LOST, reason));
	}
}

static const struct error *index_all(struct hub *hub)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char **names;
	size_t count;

	TRY(repo_refs(scratch, hub->log, "refs/heads/log/", LOGS_MAX, &names, &count));
	for (size_t i = 0; i < count; i++) {
		char log[LOG_ID_SIZE];
		struct log_tip tip;
		int epoch;

		if (!logs_ref_parse(names[i], log, &epoch))
			continue;
		TRY(mailboxes_index(hub, log, epoch));
		if (strcmp(log, hub->trust.self.log) == 0) /* batch_settle's */
			continue;
		TRY(logs_tip(hub->log, log, epoch, &tip));
		TRY(state_known_set(hub->db, log, epoch, &tip));
	}
	return NULL;
}

static const struct error *open_all(struct hub *hub)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct error *error;
	char *halted = NULL;
	bool changed;

	TRY(files_lock(home_file(scratch, hub->home, "run/sync.lock"), &hub->lock));
	TRY(read_trust(hub, &changed));
	TRY(signkey_read(hub->home, &hub->trust.self.sign, &hub->sign));
	TRY(db_open(home_file(scratch, hub->home, "sync.db"), &sync_schema, &hub->db));
	TRY(db_run(hub->db, "PRAGMA secure_delete = ON"));
	TRY(db_open(home_file(scratch, hub->home, "mailbox.db"), &mailbox_schema, &hub->mailbox));
	TRY(db_run(
		hub->mailbox, "PRAGMA synchronous = NORMAL")); /* what it loses is read again (index_all) */
	TRY(open_repositories(hub));
	TRY(hub_refresh(hub));
	error = db_meta_get(hub, hub->db, "halted", &halted);
	if (error && error->code != ERROR_NOT_FOUND)
		return error;
	hub->halted = halted;
	TRY(state_trouble_forget(hub->db));
	TRY(compare_marks(hub));
	TRY(index_all(hub));
	error = batch_settle(hub);
	/* Without the roster's newest versions there is nothing to settle by; a remote may bring them, and
	 * round_commit settles again. */
	return error && error->code == ERROR_UNAVAILABLE ? NULL : error;
}

const struct error *hub_open(const void *context, struct home *home, struct hub **out)
{
	struct hub *hub = memory_new(context, struct hub);
	const struct error *error;

	hub->home = home;
	hub->lock = -1;
	error = open_all(hub);
	if (error) {
		hub_close(hub);
		return error;
	}
	*out = hub;
	return NULL;
}

/* ---- now and then ---- */

static off_t bytes_in(const char *path)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	DIR *folder = opendir(path);
	struct dirent *entry;
	off_t sum = 0;

	while (folder && (entry = readdir(folder))) {
		struct stat st;

		if (stat(memory_format(scratch, "%s/%s", path, entry->d_name), &st) == 0)
			sum += st.st_size;
	}
	if (folder)
		closedir(folder);
	return sum;
}

const struct error *hub_tidy(struct hub *hub)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);

	if (repo_pack_count(hub->log) > PACKS_MAX)
		TRY(repo_repack(repo_path(hub->log)));
	if (repo_pack_count(hub->inbox) <= PACKS_MAX &&
		bytes_in(home_file(scratch, hub->home, "inbox.git/objects/pack")) <= INBOX_MAX)
		return NULL;
	return begin_inbox(hub);
}

/* ---- for commands ---- */

const struct error *hub_call(
	const struct home *home, const json_t *request, int64_t deadline_ms, json_t **reply, bool *is_down)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct error *error, *locked;
	int lock;

	*is_down = false;
	error = control_call(home_file(scratch, home, "run/sync.sock"), request, deadline_ms, reply);
	if (!error || error->code != ERROR_UNAVAILABLE)
		return error;
	/* Nothing answers: it is down if its lock is free, else in the middle of a round or of its start. */
	locked = files_lock(home_file(scratch, home, "run/sync.lock"), &lock);
	if (locked)
		return locked->code == ERROR_UNAVAILABLE
			       ? error_new(ERROR_UNAVAILABLE, "the sync role is busy with a round or just "
							      "starting; try again in a moment")
			       : locked;
	fd_close(lock);
	*is_down = true;
	return NULL;
}
