/* The people of this hub: who may sign in, with what passphrase, as what. The keyring's bytes are
 * node/vault's; what a role may do is node/casework/access.
 *
 * Keyring and case file cannot change in one step, so the order makes every crash harmless: a slot that no
 * event names opens nothing that its person did not already have, and a person whose event says disabled is
 * refused whatever the keyring holds. Office role and commands. */
#include "web/office/people.h"

#include <string.h>

#include "node/base/clock.h"
#include "node/base/files.h"
#include "node/base/text.h"
#include "node/casework/envelope.h"
#include "node/casework/lists.h"
#include "node/casework/recipients.h"
#include "node/casework/schema.h"
#include "node/store/spool.h"

#define KEYRING_MAX (1 << 20)

const struct error *people_check_name(const char *name)
{
	size_t len = strlen(name);

	if (len < 2 || len > PERSON_NAME_MAX || name[0] < 'a' || name[0] > 'z' ||
		strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") != len)
		return error_new(ERROR_INVALID,
			"a name has 2 to %d small letters, digits, dots and dashes, and begins with a letter",
			PERSON_NAME_MAX);
	return NULL;
}

static const struct error *person_of(const void *context, struct query *row, struct person *out)
{
	TRY(person_role_parse(db_text(row, 1), &out->role));
	out->name = memory_string(context, db_text(row, 0));
	out->slot = memory_string(context, db_text(row, 2));
	out->verifier = memory_string(context, db_text(row, 3));
	out->key = memory_string(context, db_text(row, 4));
	out->team = memory_string(context, db_text(row, 5));
	out->provider = "";
	out->is_active = strcmp(db_text(row, 6), "active") == 0;
	out->is_keyholder = access_may(out->role, MAY_UNLOCK);
	return NULL;
}

/* With two entities of one name (made on two sides of a restore) the one that still may is the person. */
static const struct error *find_person(
	const void *context, struct casefile *file, const char *name, struct person *out)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	TRY(db_prepare(casefile_db(file), &query,
		"SELECT name, role, slot, verifier, key, team, state FROM user WHERE name = ?"
		" ORDER BY state = 'active' DESC, key LIMIT 1"));
	db_bind_text(&query, 1, name);
	TRY(db_step(&query, &row));
	return row ? person_of(context, &query, out)
		   : error_new(ERROR_NOT_FOUND, "this hub has nobody called %s", name);
}

const struct error *people_find(
	const void *context, struct casefile *file, const char *name, struct person *out)
{
	TRY(find_person(context, file, name, out));
	if (out->role == ROLE_PROVIDER)
		TRY(lists_provider_of(context, file, name, &out->provider));
	return NULL;
}

struct reader people_reader(const struct person *person)
{
	return (struct reader){.name = person->name,
		.role = person->role,
		.team = person->team,
		.provider = person->provider};
}

void people_signed_in_wipe(struct signed_in *in)
{
	keyring_key_free(in->key);
	vault_free(in->vault);
	*in = (struct signed_in){0};
}

const struct error *people_keyring(const void *context, const struct home *home, struct keyring **out)
{
	struct bytes text;

	TRY(files_read(context, home_file(context, home, "keyring.json"), KEYRING_MAX, &text));
	return keyring_parse(context, text, out);
}

const struct error *people_open(
	const struct home *home, const char *name, const struct secret *passphrase, struct signed_in *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct keyring *keyring;

	TRY(people_keyring(scratch, home, &keyring));
	return keyring_open(keyring, name, passphrase, &out->key, &out->vault);
}

const struct error *people_holds(const struct person *person, const struct signed_in *in)
{
	if (!person->is_active)
		return error_new(
			ERROR_DENIED, "%s may not sign in any more; ask a coordinator", person->name);
	if (person->is_keyholder && (!in->key || strcmp(person->slot, in->key->slot) != 0))
		return error_new(ERROR_DENIED, "the name or the passphrase is not right");
	return NULL;
}

/* keyring.json for one change: read, changed and written under one lock, so that the role and a command do
 * not lose each other's. */
struct keyring_change {
	void *context;
	const struct home *home;
	struct keyring *keyring;
	int lock;
};

static const struct error *change_begin(struct keyring_change *change, void *context, const struct home *home)
{
	*change = (struct keyring_change){.context = context, .home = home, .lock = -1};
	TRY(files_lock(home_file(context, home, "run/keyring.lock"), &change->lock));
	return people_keyring(context, home, &change->keyring);
}

static const struct error *change_write(const struct keyring_change *change)
{
	return files_write(home_file(change->context, change->home, "keyring.json"),
		keyring_print(change->context, change->keyring), 0600);
}

static void change_end_cleanup(struct keyring_change *change)
{
	fd_close(change->lock);
}
#define KEYRING_CHANGE struct keyring_change __attribute__((cleanup(change_end_cleanup)))

static const struct error *add_slot(const struct home *home, const struct keyring_key *key, const char *name,
	const struct secret *passphrase, char slot[static AGE_RECIPIENT_SIZE], struct signer *own)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	KEYRING_CHANGE change = {.lock = -1};

	TRY(change_begin(&change, scratch, home));
	TRY(keyring_add(change.keyring, key, name, passphrase, keyring_cost_here(), slot, own));
	return change_write(&change);
}

static const struct error *drop_slot(const struct home *home, struct signed_in *by, const char *slot)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	KEYRING_CHANGE change = {.lock = -1};

	TRY(change_begin(&change, scratch, home));
	TRY(keyring_drop(change.keyring, by->key, by->vault, slot));
	return change_write(&change);
}

/* What an event says of somebody's way in: a slot for keyholders, a verifier for the others. */
static const struct error *set_way_in(const struct home *home, const struct signed_in *by, const char *name,
	bool is_keyholder, const struct secret *passphrase, json_t *set)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char slot[AGE_RECIPIENT_SIZE] = "";
	struct signer own;

	if (!is_keyholder) {
		json_object_set_new(set, "verifier",
			json_string(keyring_verifier(scratch, passphrase, keyring_cost_here())));
		return NULL;
	}
	TRY(add_slot(home, by->key, name, passphrase, slot, &own));
	json_object_set_new(set, "slot", json_string(slot));
	json_object_set_new(set, "own", json_string(sshsig_public_text(scratch, &own)));
	return NULL;
}

static const struct error *check_team(const char *team)
{
	json_t *text CLEANUP(json_decref) = json_string(team ? team : "");

	return schema_check(schema_field(schema_entity("user"), "team"), text, NULL, NULL);
}

const struct error *people_add(
	struct batch *batch, const struct signed_in *by, const struct person_new *person)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct office *office = batch_office(batch);
	json_t *set CLEANUP(json_decref) = NULL;
	char key[ENTITY_KEY_SIZE];
	struct person there;

	TRY(people_check_name(person->name));
	if (!people_find(scratch, office->file, person->name, &there))
		return error_new(
			ERROR_EXISTS, "somebody is called %s already; choose another name", person->name);
	TRY(check_team(person->team));
	set = json_pack(
		"{ssssss}", "name", person->name, "role", person_role_name(person->role), "state", "active");
	if (person->team && *person->team)
		json_object_set_new(set, "team", json_string(person->team));
	TRY(set_way_in(office->home, by, person->name, access_may(person->role, MAY_UNLOCK),
		person->passphrase, set));
	write_key_new(key, office);
	TRY(batch_event(batch, "user", key, "", json_incref(set), NULL));
	TRY(batch_audit(batch, "added a person", person->name));
	return batch_commit(batch);
}

/* Without a coordinator nobody could ever add one again. */
static const struct error *check_coordinator_left(struct office *office, const char *without)
{
	json_t *users CLEANUP(json_decref) = NULL, *row;
	size_t i;

	TRY(lists_users(office->file, &users));
	json_array_foreach (users, i, row)
		if (strcmp(json_text_or(row, "role", ""), "coordinator") == 0 &&
			strcmp(json_text_or(row, "state", ""), "active") == 0 &&
			strcmp(json_text_or(row, "name", ""), without) != 0)
			return NULL;
	return error_new(ERROR_CONFLICT,
		"%s is the last coordinator here; make somebody else coordinator first", without);
}

const struct error *people_disable(struct batch *batch, struct signed_in *by, const char *name)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct office *office = batch_office(batch);
	struct person person;

	TRY(people_find(scratch, office->file, name, &person));
	if (!person.is_active)
		return error_new(ERROR_CONFLICT, "%s may no longer sign in, as it is", name);
	if (person.role == ROLE_COORDINATOR)
		TRY(check_coordinator_left(office, name));
	TRY(batch_event(batch, "user", person.key, "", json_pack("{ss}", "state", "disabled"), NULL));
	TRY(batch_audit(batch, "disabled a person", name));
	TRY(batch_commit(batch));
	return person.is_keyholder && *person.slot ? drop_slot(office->home, by, person.slot) : NULL;
}

const struct error *people_change_passphrase(
	struct batch *batch, const struct signed_in *own, const char *name, const struct secret *passphrase)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct office *office = batch_office(batch);
	KEYRING_CHANGE change = {.lock = -1};

	TRY(batch_audit(batch, "changed their own passphrase", name));
	TRY(change_begin(&change, scratch, office->home));
	TRY(keyring_change(change.keyring, own->key, name, passphrase, keyring_cost_here()));
	TRY(change_write(&change));
	return batch_commit(batch);
}

const struct error *people_reset_passphrase(
	struct batch *batch, struct signed_in *by, const char *name, const struct secret *passphrase)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *set CLEANUP(json_decref) = json_object();
	struct office *office = batch_office(batch);
	struct person person;

	TRY(people_find(scratch, office->file, name, &person));
	if (!person.is_active)
		return error_new(
			ERROR_CONFLICT, "%s may not sign in any more; add them under another name", name);
	TRY(set_way_in(office->home, by, name, person.is_keyholder, passphrase, set));
	TRY(batch_event(batch, "user", person.key, "", json_incref(set), NULL));
	TRY(batch_audit(batch, "gave a new passphrase to", name));
	TRY(batch_commit(batch));
	return person.is_keyholder && *person.slot ? drop_slot(office->home, by, person.slot) : NULL;
}

const struct error *people_set_role(struct batch *batch, const char *name, enum person_role role)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct office *office = batch_office(batch);
	struct person person;

	TRY(people_find(scratch, office->file, name, &person));
	if (!person.is_active)
		return error_new(ERROR_CONFLICT, "%s may not sign in any more", name);
	if (person.is_keyholder != access_may(role, MAY_UNLOCK))
		return error_new(ERROR_CONFLICT,
			"%s signs in another way than a %s; disable them and add them again under another "
			"name",
			name, person_role_name(role));
	if (person.role == ROLE_COORDINATOR && role != ROLE_COORDINATOR)
		TRY(check_coordinator_left(office, name));
	TRY(batch_event(
		batch, "user", person.key, "", json_pack("{ss}", "role", person_role_name(role)), NULL));
	TRY(batch_audit(batch, memory_format(scratch, "made %s of", person_role_name(role)), name));
	return batch_commit(batch);
}

const struct error *people_set_team(struct batch *batch, const char *name, const char *team)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct person person;

	TRY(check_team(team));
	TRY(people_find(scratch, batch_office(batch)->file, name, &person));
	if (!person.is_active)
		return error_new(ERROR_CONFLICT, "%s may not sign in any more", name);
	TRY(batch_event(batch, "user", person.key, "", json_pack("{ss}", "team", team), NULL));
	TRY(batch_audit(batch,
		*team ? memory_format(scratch, "put into the team %s", team) : "took out of their team",
		name));
	return batch_commit(batch);
}

static const struct error *spool_first(struct db *db, struct bytes body)
{
	struct spool_entry entry = {.kind = 'o', .body = body};
	int64_t id;

	TRY(spool_add(db, &entry, &id));
	return db_meta_set_number(db, "hlc", (int64_t)clock_next());
}

const struct error *people_first_user(struct home *home, const struct trust *trust, const struct vault *vault,
	const struct roster *roster, const char *name, const char *slot, const struct signer *own)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct db *db CLEANUP(db_close) = NULL;
	struct age_recipient recipients[AGE_RECIPIENTS_MAX];
	const struct member_keys *self = &trust->self;
	json_t *to CLEANUP(json_decref) = json_pack("[s]", self->log);
	json_t *set CLEANUP(json_decref) =
		json_pack("{ssssssssss}", "name", name, "role", person_role_name(ROLE_COORDINATOR), "slot",
			slot, "own", sshsig_public_text(scratch, own), "state", "active");
	char ulid[ULID_SIZE], key[ENTITY_KEY_SIZE];
	struct event_draft draft = {
		.entity = "user", .key = key, .case_key = "", .by = name, .set = set, .to = to};
	const struct error *error;
	struct event *event;
	struct bytes body;
	size_t count;

	TRY(people_check_name(name));
	clock_start(0);
	ids_ulid_new(ulid, (uint64_t)clock_wall_ms());
	ids_key_make(key, self->log, ulid);
	TRY(event_make(scratch, &draft, &event));
	TRY(recipients_of(to, roster, self, recipients, &count));
	TRY(envelope_seal(
		scratch, event->line, self->log, self->epoch, vault->office, recipients, count, &body));
	TRY(db_open(home_file(scratch, home, "office.db"), office_schema(scratch), &db));
	TRY(db_begin(db));
	error = spool_first(db, body);
	if (!error)
		error = db_commit(db);
	if (error)
		db_rollback(db);
	return error;
}
