/* One hub's office: what is open while it works, and how it becomes readable. What was new in the logs is
 * catch.c's, writing is write.c's.
 *
 * "Plaintext never reaches the card": the case file lives in memory, the vault in secrets, and only sealed
 * bytes are given to office.db. Office role and commands. */
#include "web/office/office.h"

#include <string.h>

#include "node/base/embed.h"
#include "node/casework/snapshot.h"
#include "node/store/spool.h"
#include "sync/state.h"
#include "web/office/catch.h"

EMBED(office_sql, "web/office/office.sql");

struct db_schema *office_schema(const void *context)
{
	struct db_schema *schema = memory_new(context, struct db_schema);
	const char **steps = memory_array(schema, const char *, 2);

	steps[0] = memory_format(schema, "%s%s%s", META_SQL, spool_sql, office_sql);
	schema->steps = steps;
	schema->version = OFFICE_DB_VERSION;
	return schema;
}

static const struct error *open_parts(const void *context, struct office *office)
{
	char *path = home_file(context, office->home, "office.db");

	TRY(trust_read(office->home, &office->trust));
	if (office->is_writer) {
		TRY(db_open(path, office_schema(context), &office->db));
		TRY(spool_claim(office->db, office->trust.self.log));
	} else {
		TRY(db_open_foreign(path, OFFICE_DB_VERSION, &office->db));
	}
	TRY(repo_open(home_file(context, office->home, "log.git"), &office->repo));
	clock_start((uint64_t)db_meta_number(office->db, "hlc", 0));
	return catch_roster(office);
}

const struct error *office_open(const void *context, struct home *home, bool is_writer, struct office **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct office *office = memory_new(context, struct office);
	const struct error *error;

	office->home = home;
	office->is_writer = is_writer;
	office->troubles = json_array();
	office->traces = json_array();
	error = open_parts(scratch, office);
	if (error) {
		office_close(office);
		return error;
	}
	*out = office;
	return NULL;
}

static void drop_names(struct office *office)
{
	if (office->names)
		secret_free(office->names->identity);
	office->names = NULL;
}

void office_lock(struct office *office)
{
	drop_names(office);
	vault_free(office->vault);
	office->vault = NULL;
	talloc_free(office->file);
	office->file = NULL;
	talloc_free(office->seen);
	office->seen = NULL;
	office->seen_count = 0;
	json_array_clear(office->traces);
	memset(office->urgent_noted, 0, sizeof office->urgent_noted);
}

void office_close(struct office *office)
{
	if (!office)
		return;
	office_lock(office);
	talloc_free(office->chain_context);
	db_close(office->db);
	db_close(office->sync_db);
	repo_close(office->repo);
	json_decref(office->troubles);
	json_decref(office->traces);
	talloc_free(office);
}

static struct snapshot_place place_of(const struct office *office)
{
	return (struct snapshot_place){
		office->trust.self.log, office->trust.self.epoch, office_roster_version(office)};
}

/* The snapshot names the roster under which it was made; an older one than ours is as good, since what it
 * holds was checked then. */
static const struct error *load(struct office *office)
{
	struct snapshot_place place = place_of(office);
	const struct error *error = snapshot_read(office, office->home, office->vault, &place, &office->file);

	if (!error)
		return NULL;
	if (error->code != ERROR_NOT_FOUND)
		office->rebuilt = memory_string(office, error->message);
	return casefile_new(office, office->trust.self.log, &office->file);
}

/* Whoever can write the card can make a keyring of their own. Its keys are then not those that the roster
 * (and trust.json) say are ours. */
static const struct error *check_vault(const struct office *office, const struct vault *vault)
{
	const struct member_keys *self = &office->trust.self;
	const struct roster *roster = office_roster(office);
	const struct roster_member *member = roster ? roster_member(roster, self->log) : NULL;
	struct age_recipient recipient;
	struct signer signer;

	TRY(age_recipient_of(&recipient, vault->opening));
	sshsig_public_of(&signer, vault->office);
	if (member)
		self = &member->keys;
	if (memcmp(&recipient, &self->recipient, sizeof recipient) != 0 ||
		memcmp(&signer, &self->office, sizeof signer) != 0)
		return error_new(ERROR_DENIED, "keyring.json is not this hub's: its keys are not those of "
					       "the roster; it was put there by somebody else");
	return NULL;
}

const struct error *office_unlock(struct office *office, struct vault *vault)
{
	const struct error *error;
	struct oid none = {0};
	int64_t upto;

	office->vault = vault;
	office->roster_oid = none; /* so that the names are read now that they can be */
	error = check_vault(office, vault);
	if (!error)
		error = load(office);
	if (!error)
		error = catch_up(office);
	if (!error)
		error = catch_spool(office, 0, &upto);
	if (error)
		office_lock(office);
	return error;
}

const struct error *office_save(struct office *office)
{
	struct snapshot_place place = place_of(office);

	TRY(snapshot_write(office->home, office->file, office->vault, &place));
	office->new_events = 0;
	return NULL;
}

const struct roster *office_roster(const struct office *office)
{
	return office->chain ? roster_chain_newest(office->chain) : NULL;
}

int office_roster_version(const struct office *office)
{
	const struct roster *roster = office_roster(office);

	return roster ? roster->version : 0;
}

static bool is_in_coalition(const struct office *office)
{
	const struct roster *roster = office_roster(office);

	return roster && roster_member(roster, office->trust.self.log);
}

bool office_may_rule(const struct office *office)
{
	return office->trust.self.role == MEMBER_HEADQUARTERS || !is_in_coalition(office);
}

bool office_is_ruled_by(const struct office *office, const char *log)
{
	const struct roster_member *member;

	if (!is_in_coalition(office))
		return true;
	member = roster_member(office_roster(office), log);
	return member && member->keys.role == MEMBER_HEADQUARTERS;
}

const char *office_hub_name(const struct office *office, const char *log)
{
	for (size_t i = 0; office->names && i < office->names->count; i++)
		if (strcmp(office->names->hubs[i].log, log) == 0)
			return office->names->hubs[i].name;
	if (strcmp(log, office->trust.self.log) == 0 && office->home->config->hub.name &&
		*office->home->config->hub.name)
		return office->home->config->hub.name;
	return log;
}

const char *office_hub_code(const struct office *office, const char *log)
{
	const char *own = office->home->config->hub.code;

	for (size_t i = 0; office->names && i < office->names->count; i++)
		if (strcmp(office->names->hubs[i].log, log) == 0 && ids_is_code(office->names->hubs[i].code))
			return office->names->hubs[i].code;
	return own && ids_is_code(own) ? own : "HUB";
}

struct db *office_sync_db(struct office *office)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);

	if (!office->sync_db && !office->is_practice)
		error_ignore(db_open_foreign(
			home_file(scratch, office->home, "sync.db"), SYNC_DB_VERSION, &office->sync_db));
	return office->sync_db;
}

void office_trouble(struct office *office, const char *log, const char *reason)
{
	json_t *row;
	size_t i;

	json_array_foreach (office->troubles, i, row)
		if (strcmp(json_text_or(row, "log", ""), log) == 0 &&
			strcmp(json_text_or(row, "reason", ""), reason) == 0)
			return;
	json_array_append_new(office->troubles, json_pack("{ssss}", "log", log, "reason", reason));
	if (json_array_size(office->troubles) > OFFICE_TROUBLES_MAX)
		json_array_remove(office->troubles, 0);
}
