/* The people of this hub: user events in the case file, slots in the keyring.
 *
 * Officers and coordinators are keyholders and have a slot; providers and facilitators have a verifier inside
 * the case file, which is no use to whoever has the card. Everything that changes keyring.json does so under
 * run/keyring.lock. */
#ifndef ENGABO_WEB_OFFICE_PEOPLE_H
#define ENGABO_WEB_OFFICE_PEOPLE_H

#include "node/casework/sight.h"
#include "node/roster/roster.h"
#include "node/vault/keyring.h"
#include "web/office/write.h"

#define PERSON_NAME_MAX 40

struct person {
	const char *name;
	enum person_role role;
	bool is_active;
	const char *slot;     /* of a keyholder, "" else */
	const char *verifier; /* of the others, "" else */
	const char *key;      /* of the user entity */
	const char *team;     /* "" for none */
	const char *provider; /* key of a provider's own entry in the directory, "" else */
	bool is_keyholder;
};

/* Small letters, digits, dots and dashes, a letter first; two to PERSON_NAME_MAX. ERROR_INVALID says so. */
const struct error *people_check_name(const char *name) MUST_CHECK;
/* ERROR_NOT_FOUND when this hub has nobody of that name. */
const struct error *people_find(
	const void *context, struct casefile *file, const char *name, struct person *out) MUST_CHECK;

/* With whose eyes the case file is read for them (casefile_read_as). */
struct reader people_reader(const struct person *person);

/* What a passphrase opened. */
struct signed_in {
	struct keyring_key *key; /* NULL for people without a slot */
	struct vault *vault;	 /* the same */
};
void people_signed_in_wipe(struct signed_in *in);

/* keyring.json as it is now. */
const struct error *people_keyring(
	const void *context, const struct home *home, struct keyring **out) MUST_CHECK;
/* Opens the keyring by one keyholder's passphrase. Slow: Argon2id. */
const struct error *people_open(const struct home *home, const char *name, const struct secret *passphrase,
	struct signed_in *out) MUST_CHECK;
/* Whether the slot that opened is this person's and they are active: ERROR_DENIED else. */
const struct error *people_holds(const struct person *person, const struct signed_in *in) MUST_CHECK;

/* The changes. Each adds the user event and an audit entry to `batch` and commits it; where the keyring
 * changes, a new slot is written before the event that names it, and an old one goes after. `by` is what a
 * coordinator's passphrase opened (people_open). All are slow but people_set_role and people_set_team. */
struct person_new {
	const char *name;
	enum person_role role;
	const struct secret *passphrase; /* NUL-ended */
	const char *team;		 /* NULL or "" for none */
};
const struct error *people_add(
	struct batch *batch, const struct signed_in *by, const struct person_new *person) MUST_CHECK;
/* ERROR_CONFLICT for the last active coordinator. */
const struct error *people_disable(struct batch *batch, struct signed_in *by, const char *name) MUST_CHECK;
/* One's own passphrase; `own` opened by the old one. */
const struct error *people_change_passphrase(struct batch *batch, const struct signed_in *own,
	const char *name, const struct secret *passphrase) MUST_CHECK;
/* For somebody who forgot theirs, by a coordinator. */
const struct error *people_reset_passphrase(struct batch *batch, struct signed_in *by, const char *name,
	const struct secret *passphrase) MUST_CHECK;
/* Between coordinator and officer, or between provider and facilitator: the others would need a new
 * passphrase. */
const struct error *people_set_role(struct batch *batch, const char *name, enum person_role role) MUST_CHECK;
/* The organisation within the office that they belong to; "": none. */
const struct error *people_set_team(struct batch *batch, const char *name, const char *team) MUST_CHECK;

/* init: the first keyholder, a coordinator of the hub, as an event in the spool of a fresh office.db.
 * `roster` NULL for a hub that works alone. */
const struct error *people_first_user(struct home *home, const struct trust *trust, const struct vault *vault,
	const struct roster *roster, const char *name, const char *slot, const struct signer *own) MUST_CHECK;

#endif
