/* A coalition to test with: three hubs (the first is headquarters), three coordinators, and versions signed
 * by whom the test says. Included by the tests
 * of this folder and of sync. */
#ifndef ENGABO_TESTS_UNIT_ROSTER_COALITION_H
#define ENGABO_TESTS_UNIT_ROSTER_COALITION_H

#include <string.h>

#include "node/base/files.h"
#include "node/roster/roster.h"

#define COALITION_TEST(function) cmocka_unit_test_setup_teardown(function, coalition_make, coalition_end)

struct coalition {
	struct roster roster;		/* version 1, of coordinator 0 alone */
	struct secret *coordinators[3]; /* seeds */
	struct signer signers[3];
	struct secret *sign[4];	 /* of the members; the last is nobody's yet */
	struct secret *recovery; /* its identity */
	struct trust trust;
};

static inline void coalition_member(
	struct coalition *coalition, struct member_keys *keys, size_t number, enum member_role role)
{
	*keys = (struct member_keys){.epoch = 1, .role = role};
	ids_log_new(keys->log);
	coalition->sign[number] = sshsig_seed_new(&keys->sign);
	secret_free(sshsig_seed_new(&keys->office));
	secret_free(sshsig_seed_new(&keys->ssh));
	secret_free(age_identity_new(&keys->recipient));
	ids_random(keys->tls, sizeof keys->tls);
}

/* The files of `roster`, signed by the coordinators whose bits are set in `by`. */
static inline struct roster_files coalition_files(
	struct coalition *coalition, const struct roster *roster, unsigned by)
{
	struct roster_files files = {
		.json = roster_print(coalition, roster),
		.allowed_signers = roster_allowed_signers(coalition, roster),
		.signatures = memory_array(coalition, struct roster_signature, 8),
	};

	if (age_seal(coalition, BYTES_OF("names"), &roster->recovery, 1, &files.members))
		abort();
	for (size_t i = 0; i < 3; i++)
		if (by & 1u << i)
			files.signatures[files.signature_count++] =
				roster_sign(coalition, &files, coalition->coordinators[i]);
	return files;
}

static inline int coalition_make(void **state)
{
	struct coalition *coalition = memory_new(NULL, struct coalition);
	struct roster *roster = &coalition->roster;

	secret_start();
	*state = coalition;
	for (size_t i = 0; i < 3; i++)
		coalition->coordinators[i] = sshsig_seed_new(&coalition->signers[i]);
	*roster = (struct roster){.version = 1,
		.coordinator_count = 1,
		.threshold = 1,
		.sharing = SHARING_FULL,
		.epoch = 1,
		.member_count = 3};
	ids_ulid_new(roster->coalition, 1763856000000);
	roster->coordinators[0] = coalition->signers[0];
	for (size_t i = 0; i < 3; i++) {
		roster->members[i].last_seq = -1;
		coalition_member(
			coalition, &roster->members[i].keys, i, i == 0 ? MEMBER_HEADQUARTERS : MEMBER_HUB);
	}
	memcpy(roster->keeper, roster->members[0].keys.log, LOG_ID_SIZE);
	coalition->recovery = age_identity_new(&roster->recovery);
	secret_free(age_identity_new(&roster->coalition_recipient));
	coalition->trust.self = roster->members[1].keys;
	coalition->trust.has_coalition = true;
	memcpy(coalition->trust.coalition, roster->coalition, ULID_SIZE);
	return 0;
}

static inline int coalition_end(void **state)
{
	struct coalition *coalition = *state;

	for (size_t i = 0; i < 3; i++)
		secret_free(coalition->coordinators[i]);
	for (size_t i = 0; i < 4; i++)
		secret_free(coalition->sign[i]);
	secret_free(coalition->recovery);
	memory_free(coalition);
	return 0;
}

/* A chain that holds version 1 and nothing else; trust is set to its root. */
static inline struct roster_chain *coalition_chain(struct coalition *coalition)
{
	struct roster_files files = coalition_files(coalition, &coalition->roster, 1);
	struct roster_chain *chain;

	roster_digest(coalition->trust.root, &files);
	chain = roster_chain_new(coalition, &coalition->trust);
	if (roster_chain_add(chain, &files))
		abort();
	return chain;
}

#endif
