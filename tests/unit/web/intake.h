/* A hub of a small coalition for the tests of intake: its state directory with trust.json, intake's key and a
 * log.git whose roster the test writes, and the private halves of everybody, so that a test can tell who
 * opens what. Included by the tests of this folder alone. */
#ifndef ENGABO_TESTS_UNIT_WEB_INTAKE_H
#define ENGABO_TESTS_UNIT_WEB_INTAKE_H

#include <stdlib.h>
#include <string.h>

#include "node/base/files.h"
#include "node/base/home.h"
#include "sync/rosters.h"

#define PLACE_TEST(function) cmocka_unit_test_setup_teardown(function, place_make, place_remove)

enum { HEADQUARTERS, HUB, RECOVERY, STRANGER, EVERYBODY };

struct place {
	struct home *home;
	struct repo *repo;
	struct trust trust;   /* of the hub */
	struct roster roster; /* version 1, not yet on the branch */
	struct secret *identities[EVERYBODY];
	struct secret *coordinator, *other_coordinator, *sign;
};

static inline void place_member(struct place *place, int who, enum member_role role)
{
	struct member_keys *keys = &place->roster.members[who].keys;

	*keys = (struct member_keys){.epoch = 1, .role = role};
	place->roster.members[who].last_seq = -1;
	ids_log_new(keys->log);
	place->identities[who] = age_identity_new(&keys->recipient);
	secret_free(sshsig_seed_new(&keys->office));
	secret_free(sshsig_seed_new(&keys->ssh));
	if (who == HEADQUARTERS)
		place->sign = sshsig_seed_new(&keys->sign);
	else
		secret_free(sshsig_seed_new(&keys->sign));
	ids_random(keys->tls, sizeof keys->tls);
}

/* Puts the roster on the branch as version `roster->version`, signed by `coordinator`; nothing is checked.
 * Version 1 becomes the root. */
static inline void place_publish(
	struct place *place, const struct roster *roster, const struct secret *coordinator)
{
	struct roster_files files = {
		.json = roster_print(place, roster),
		.allowed_signers = roster_allowed_signers(place, roster),
		.signatures = memory_array(place, struct roster_signature, 1),
		.signature_count = 1,
	};

	if (age_seal(place, BYTES_OF("names"), &roster->recovery, 1, &files.members))
		abort();
	files.signatures[0] = roster_sign(place, &files, coordinator);
	if (roster->version == 1) {
		place->trust.has_coalition = true;
		roster_digest(place->trust.root, &files);
	}
	if (files_write(
		    home_file(place, place->home, "trust.json"), trust_print(place, &place->trust), 0644) ||
		rosters_append(place->repo, roster->version, &files, roster->keeper, place->sign))
		abort();
}

/* A hub that works alone; place_publish makes it a member. */
static inline int place_make(void **state)
{
	struct place *place = memory_new(NULL, struct place);
	struct roster *roster = &place->roster;
	char path[] = "/tmp/engabo-test-XXXXXX";
	char *repo;

	secret_start();
	*state = place;
	place->coordinator = sshsig_seed_new(&roster->coordinators[0]);
	place->other_coordinator = sshsig_seed_new(&(struct signer){{0}});
	*roster = (struct roster){.version = 1,
		.coordinators = {roster->coordinators[0]},
		.coordinator_count = 1,
		.threshold = 1,
		.sharing = SHARING_FULL,
		.epoch = 1,
		.member_count = 2};
	ids_ulid_new(roster->coalition, 1763856000000);
	place_member(place, HEADQUARTERS, MEMBER_HEADQUARTERS);
	place_member(place, HUB, MEMBER_HUB);
	memcpy(roster->keeper, roster->members[HEADQUARTERS].keys.log, LOG_ID_SIZE);
	place->identities[RECOVERY] = age_identity_new(&roster->recovery);
	place->identities[STRANGER] = age_identity_new(&(struct age_recipient){{0}});
	secret_free(age_identity_new(&roster->coalition_recipient));
	place->trust.self = roster->members[HUB].keys;
	memcpy(place->trust.coalition, roster->coalition, ULID_SIZE);
	if (!mkdtemp(path) || home_create(place, path, &place->home))
		return -1;
	repo = home_file(place, place->home, "log.git");
	if ((!files_exist(repo) && repo_create(repo, NULL)) || repo_open(repo, &place->repo) ||
		files_write(
			home_file(place, place->home, "trust.json"), trust_print(place, &place->trust), 0644))
		return -1;
	return 0;
}

static inline int place_remove(void **state)
{
	struct place *place = *state;
	int status = system(memory_format(place, "rm -rf '%s'", place->home->path));

	for (int i = 0; i < EVERYBODY; i++)
		secret_free(place->identities[i]);
	secret_free(place->coordinator);
	secret_free(place->other_coordinator);
	secret_free(place->sign);
	repo_close(place->repo);
	memory_free(place);
	return status;
}

#endif
