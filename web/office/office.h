/* One hub's office: its database, the roster it checked itself, and while unlocked its vault and the case
 * file.
 *
 * The office role has one and writes office.db. A command has one of its own (it opens the keyring itself, so
 * that no passphrase travels): it writes office.db while the role is down, and hands its sealed envelopes to
 * the role while it runs. Not thread-safe: the role holds its mutex. */
#ifndef ENGABO_WEB_OFFICE_OFFICE_H
#define ENGABO_WEB_OFFICE_OFFICE_H

#include "node/base/home.h"
#include "node/casework/casefile.h"
#include "node/roster/roster.h"
#include "node/store/spool.h"
#include "node/vault/digest.h"
#include "node/vault/keyring.h"
#include "sync/repo.h"

#define OFFICE_DB_VERSION SPOOL_DB_VERSION
#define OFFICE_TROUBLES_MAX 100

struct log_seen { /* where a branch was when it was last read (catch.c) */
	char log[LOG_ID_SIZE];
	int epoch;
	struct oid oid;
};

struct office {
	struct home *home;
	struct trust trust;
	struct db *db;	    /* office.db */
	bool is_writer;	    /* office.db is ours; else it is open for reading */
	bool is_practice;   /* of samples (practice.h): nothing is sealed, spooled or told to anybody */
	struct db *sync_db; /* sync's, for reading; NULL until it is there */
	struct repo *repo;  /* log.git */

	struct roster_chain *chain;
	void *chain_context;	    /* what the chain hangs on */
	struct oid roster_oid;	    /* of the branch when the chain was read */
	struct roster_names *names; /* NULL while locked or alone */

	struct vault *vault;   /* NULL while locked */
	struct casefile *file; /* NULL while locked */
	struct log_seen *seen;
	size_t seen_count;
	int64_t new_events; /* since the last snapshot */
	json_t *troubles;   /* what of the logs could not be taken: [{"log","reason"}], newest last */
	uint8_t urgent_noted[DIGEST_LEN]; /* what urgent.c wrote last */
	int64_t certificates_ms;	  /* until then they need not be read again (today.c); boot clock */
	json_t *traces;			  /* what people did that waits to be written down (traces.c) */
	char *rebuilt;			  /* why the last snapshot was not believed; NULL when it was */
};

/* `is_writer`: the caller holds run/office.lock. */
const struct error *office_open(
	const void *context, struct home *home, bool is_writer, struct office **out) MUST_CHECK;
/* Wipes the secrets and closes all; NULL is fine. */
void office_close(struct office *office);
DEFINE_CLEANUP(struct office *, office_close)

/* Takes over the vault: the snapshot if it verifies, else an empty case file; then everything newer from
 * log.git and the own spool. The office is locked as before when it fails. */
const struct error *office_unlock(struct office *office, struct vault *vault) MUST_CHECK;
/* Wipes what was opened; the case file is gone. */
void office_lock(struct office *office);
/* Writes the snapshot. */
const struct error *office_save(struct office *office) MUST_CHECK;

/* The newest roster; NULL while this hub works alone. */
const struct roster *office_roster(const struct office *office);
int office_roster_version(const struct office *office);
/* Whether this hub writes what holds for the whole coalition (principles, codes): headquarters, or a hub that
 * works alone. */
bool office_may_rule(const struct office *office);
/* Whether what `log` wrote of that kind holds here: what a hub wrote while it worked alone does so no more
 * once it joined. */
bool office_is_ruled_by(const struct office *office, const char *log);
/* A hub's name for people: from members.age, our own from the configuration, else the log id. Valid until the
 * next catching up. */
const char *office_hub_name(const struct office *office, const char *log);
/* Its short code, in front of the references of its cases. */
const char *office_hub_code(const struct office *office, const char *log);
/* Opens sync.db when it can be had; NULL while sync has not made it yet. */
struct db *office_sync_db(struct office *office);
/* Notes what a page should tell: each only once. */
void office_trouble(struct office *office, const char *log, const char *reason);

/* The schema of office.db, on `context`. */
struct db_schema *office_schema(const void *context);

#endif
