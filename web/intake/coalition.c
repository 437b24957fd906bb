/* Keeps the recipients of a report right (coalition.h): reads refs/heads/roster of log.git through
 * sync/rosters, which checks the whole chain, so that a broken or bought sync process cannot make this hub
 * seal to a stranger. Who gets which event is decided in compose.c.
 *
 * Invariant: only a roster that this role checked itself, and none older than one it accepted, chooses whom a
 * report is sealed to. Runs in intake. */
#include "web/intake/coalition.h"

#include <pthread.h>
#include <string.h>

#include "node/base/clock.h"
#include "node/casework/recipients.h"
#include "sync/repo.h"
#include "sync/rosters.h"

#define LOOK_MS 1000

struct coalition {
	pthread_mutex_t lock;
	struct trust trust;
	char *repo_path;
	struct repo *repo;
	struct roster_chain *chain; /* NULL until one was read */
	struct oid seen;	    /* the branch's tip when `chain` was read, or was found not to hold */
	int64_t looked_ms;
	int least;
	bool has_trouble; /* with the branch as it is now */
	struct error trouble;
	coalition_accepted *accepted;
	void *user;
};

static int coalition_end(struct coalition *coalition)
{
	repo_close(coalition->repo);
	pthread_mutex_destroy(&coalition->lock);
	return 0;
}

static const struct roster *newest(const struct coalition *coalition)
{
	return coalition->chain ? roster_chain_newest(coalition->chain) : NULL;
}

/* The roster under which this hub works; NULL while it is in none. */
static const struct roster *ours(const struct coalition *coalition)
{
	const struct roster *roster = newest(coalition);

	return roster && roster_member(roster, coalition->trust.self.log) ? roster : NULL;
}

static const struct error *load(struct coalition *coalition)
{
	struct roster_chain *chain;
	const struct roster *roster;

	TRY(rosters_load(coalition, coalition->repo, &coalition->trust, coalition->least, &chain));
	memory_free(coalition->chain);
	coalition->chain = chain;
	roster = newest(coalition);
	if (roster && roster->version > coalition->least) {
		coalition->least = roster->version;
		coalition->accepted(coalition->user, roster->version);
	}
	return NULL;
}

/* Reads the branch's tip and, when it moved, the roster. */
static const struct error *look(struct coalition *coalition)
{
	const struct error *error;
	struct oid tip = {""};

	if (!coalition->repo)
		TRY(repo_open(coalition->repo_path, &coalition->repo));
	error = repo_ref(coalition->repo, ROSTER_REF, &tip);
	if (error && error->code != ERROR_NOT_FOUND)
		return error;
	if (coalition->chain && strcmp(tip.hex, coalition->seen.hex) == 0)
		return coalition->has_trouble ? &coalition->trouble : NULL;
	coalition->seen = tip;
	return load(coalition);
}

static void look_if_due(struct coalition *coalition)
{
	int64_t now = clock_boot_ms();
	const struct error *error;

	if (coalition->looked_ms && now - coalition->looked_ms < LOOK_MS)
		return;
	coalition->looked_ms = now;
	error = look(coalition);
	if (error && error != &coalition->trouble)
		coalition->trouble = *error;
	coalition->has_trouble = error != NULL;
}

const struct error *coalition_open(const void *context, const struct home *home, int least,
	coalition_accepted *accepted, void *user, struct coalition **out)
{
	struct trust trust;
	struct coalition *coalition;

	TRY(trust_read(home, &trust));
	coalition = memory_new(context, struct coalition);
	pthread_mutex_init(&coalition->lock, NULL);
	talloc_set_destructor(coalition, coalition_end);
	coalition->trust = trust;
	coalition->repo_path = home_file(coalition, home, "log.git");
	coalition->least = least;
	coalition->accepted = accepted;
	coalition->user = user;
	look_if_due(coalition);
	*out = coalition;
	return NULL;
}

const struct member_keys *coalition_self(const struct coalition *coalition)
{
	return &coalition->trust.self;
}

static const struct error *readers(struct coalition *coalition, struct coalition_readers *out)
{
	const struct roster *roster;
	const struct roster_member *self;

	look_if_due(coalition);
	if (!coalition->chain)
		return error_new(ERROR_DENIED, "the list of who may read reports cannot be trusted: %s",
			coalition->trouble.message);
	roster = ours(coalition);
	self = roster ? roster_member(roster, coalition->trust.self.log) : NULL;
	if (self && self->status == MEMBER_REVOKED)
		return error_new(ERROR_DENIED, "this hub has been taken out of its coalition");
	*out = (struct coalition_readers){
		.is_alone = !roster,
		.is_headquarters = coalition->trust.self.role == MEMBER_HEADQUARTERS,
		.sharing = roster ? roster->sharing : SHARING_NONE,
	};
	return NULL;
}

const struct error *coalition_readers(struct coalition *coalition, struct coalition_readers *out)
{
	const struct error *error;

	pthread_mutex_lock(&coalition->lock);
	error = readers(coalition, out);
	pthread_mutex_unlock(&coalition->lock);
	return error;
}

const struct error *coalition_recipients(
	struct coalition *coalition, const json_t *to, struct age_recipient *out, size_t *count)
{
	const struct error *error;

	pthread_mutex_lock(&coalition->lock);
	error = recipients_of(to, ours(coalition), &coalition->trust.self, out, count);
	pthread_mutex_unlock(&coalition->lock);
	return error;
}

const struct error *coalition_health(struct coalition *coalition)
{
	const struct error *error = NULL;

	pthread_mutex_lock(&coalition->lock);
	look_if_due(coalition);
	if (coalition->has_trouble)
		error = error_new(coalition->trouble.code, "roster: %s", coalition->trouble.message);
	pthread_mutex_unlock(&coalition->lock);
	return error;
}
