/* Nobody gets into a coalition, or out of it, or reads along, without its coordinators. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/unit/roster/coalition.h"

/* Refused with this code, and the chain is what it was. */
static const struct error *refused(
	struct roster_chain *chain, const struct roster_files *files, enum error_code code)
{
	const struct roster *before = roster_chain_newest(chain);
	const struct error *error = roster_chain_add(chain, files);

	assert_non_null(error);
	assert_int_equal(error->code, code);
	assert_ptr_equal(roster_chain_newest(chain), before);
	assert_null(roster_chain_at(chain, before ? before->version + 1 : 1));
	return error;
}

static struct roster next_of(const struct coalition *coalition)
{
	struct roster next = coalition->roster;

	next.version = 2;
	return next;
}

static void versions_follow_one_another(void **state)
{
	struct coalition *coalition = *state;
	struct roster_chain *chain = coalition_chain(coalition);
	struct roster next = next_of(coalition);
	struct roster_files files;

	coalition_member(coalition, &next.members[3].keys, 3, MEMBER_HUB);
	next.members[3].last_seq = -1;
	next.member_count = 4;
	files = coalition_files(coalition, &next, 1);
	assert_null(roster_chain_add(chain, &files));
	assert_int_equal(roster_chain_newest(chain)->version, 2);
	assert_int_equal(roster_chain_at(chain, 1)->member_count, 3);
	assert_int_equal(roster_chain_at(chain, 2)->member_count, 4);
	assert_null(roster_chain_at(chain, 0));
	assert_null(roster_chain_at(chain, 3));
	assert_memory_not_equal(
		roster_chain_at(chain, 1)->digest, roster_chain_at(chain, 2)->digest, DIGEST_LEN);
	assert_non_null(roster_member(roster_chain_newest(chain), next.members[3].keys.log));
	refused(chain, &files, ERROR_CONFLICT); /* the same one again */
}

static void a_chain_starts_at_the_root_and_nowhere_else(void **state)
{
	struct coalition *coalition = *state;
	struct roster_files files = coalition_files(coalition, &coalition->roster, 1);
	struct roster_chain *chain;
	struct trust alone = coalition->trust;

	ids_random(coalition->trust.root, DIGEST_LEN);
	chain = roster_chain_new(coalition, &coalition->trust);
	assert_null(roster_chain_newest(chain));
	refused(chain, &files, ERROR_DENIED);
	roster_digest(coalition->trust.root, &files);
	chain = roster_chain_new(coalition, &coalition->trust);
	files.signature_count = 0;
	refused(chain, &files, ERROR_DENIED); /* the root, but unsigned */
	alone.has_coalition = false;
	chain = roster_chain_new(coalition, &alone);
	files.signature_count = 1;
	refused(chain, &files, ERROR_CONFLICT);
}

static void a_swapped_recipient_is_refused(void **state)
{
	struct coalition *coalition = *state;
	struct roster_chain *chain = coalition_chain(coalition);
	struct roster next = next_of(coalition), swapped;
	struct roster_files files = coalition_files(coalition, &next, 1), other;

	swapped = next;
	secret_free(age_identity_new(&swapped.members[0].keys.recipient));
	other = coalition_files(coalition, &swapped, 0);
	other.signatures = files.signatures; /* what the coordinator signed was the true one */
	other.signature_count = 1;
	refused(chain, &other, ERROR_DENIED);
	other = files;
	other.json = roster_print(coalition, &swapped); /* this file alone */
	refused(chain, &other, ERROR_DENIED);
	assert_null(roster_chain_add(chain, &files));
}

static void each_file_is_under_the_signature(void **state)
{
	struct coalition *coalition = *state;
	struct roster_chain *chain = coalition_chain(coalition);
	struct roster next = next_of(coalition);
	struct roster_files files = coalition_files(coalition, &next, 1), bad;

	bad = files;
	assert_null(age_seal(coalition, BYTES_OF("other names"), &next.recovery, 1, &bad.members));
	refused(chain, &bad, ERROR_DENIED);
	bad = files;
	bad.members = BYTES_OF("not sealed at all");
	refused(chain, &bad, ERROR_INVALID);
	bad = files;
	bad.allowed_signers.len--;
	refused(chain, &bad, ERROR_INVALID);
	bad = files;
	bad.json = memory_bytes(coalition, memory_format(coalition, "%s ", (const char *)files.json.data),
		files.json.len + 1);
	refused(chain, &bad, ERROR_DENIED); /* means the same, but other bytes were signed */
	bad = files;
	bad.members = memory_bytes(
		coalition, memory_array(coalition, char, ROSTER_FILE_MAX + 1), ROSTER_FILE_MAX + 1);
	refused(chain, &bad, ERROR_INVALID);
	bad = files;
	bad.signatures = memory_array(coalition, struct roster_signature, 33);
	bad.signature_count = 33;
	for (size_t i = 0; i < 33; i++)
		bad.signatures[i] = files.signatures[0];
	refused(chain, &bad, ERROR_INVALID);
	bad = files;
	bad.json.len -= 2;
	refused(chain, &bad, ERROR_INVALID);
	assert_null(roster_chain_add(chain, &files));
}

static void only_coordinators_sign_each_once_and_under_their_own_name(void **state)
{
	struct coalition *coalition = *state;
	struct roster_chain *chain = coalition_chain(coalition);
	struct roster next = next_of(coalition);
	struct roster_files files = coalition_files(coalition, &next, 0);
	struct secret *keeper = coalition->sign[0];

	refused(chain, &files, ERROR_DENIED); /* nobody */
	files.signatures[0] = roster_sign(coalition, &files, coalition->coordinators[1]);
	files.signature_count = 1;
	refused(chain, &files, ERROR_DENIED); /* a stranger */
	files.signatures[0] = roster_sign(coalition, &files, keeper);
	refused(chain, &files, ERROR_DENIED); /* a hub's own key is no coordinator's */
	files.signatures[0] = roster_sign(coalition, &files, coalition->coordinators[0]);
	files.signatures[1] = roster_sign(coalition, &files, coalition->coordinators[1]);
	files.signature_count = 2;
	refused(chain, &files, ERROR_DENIED); /* a good one and a stranger */
	files.signatures[1] = files.signatures[0];
	refused(chain, &files, ERROR_DENIED); /* twice the same */
	files.signature_count = 1;
	files.signatures[0].fingerprint[9] ^= 1;
	refused(chain, &files, ERROR_INVALID);
	files.signatures[0] = roster_sign(coalition, &files, coalition->coordinators[0]);
	files.signatures[0].armor =
		memory_string(coalition, "-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n");
	refused(chain, &files, ERROR_INVALID);
	files.signatures[0].armor =
		sshsig_sign(coalition, coalition->coordinators[0], "engabo-event", files.json);
	refused(chain, &files, ERROR_INVALID); /* another namespace */
	files.signatures[0] = roster_sign(coalition, &files, coalition->coordinators[0]);
	assert_null(roster_chain_add(chain, &files));
}

static void no_version_is_skipped_and_no_other_coalition_slips_in(void **state)
{
	struct coalition *coalition = *state;
	struct roster_chain *chain = coalition_chain(coalition);
	struct roster next = next_of(coalition);
	struct roster_files files;

	next.version = 3;
	files = coalition_files(coalition, &next, 1);
	refused(chain, &files, ERROR_CONFLICT);
	next.version = 2;
	ids_ulid_new(next.coalition, 1763856000001);
	files = coalition_files(coalition, &next, 1);
	refused(chain, &files, ERROR_CONFLICT);
}

static void new_coordinators_need_the_old_and_the_new(void **state)
{
	struct coalition *coalition = *state;
	struct roster_chain *chain = coalition_chain(coalition);
	struct roster next = next_of(coalition);
	struct roster_files files;

	next.coordinators[0] = coalition->signers[1];
	next.coordinators[1] = coalition->signers[2];
	next.coordinator_count = 2;
	next.threshold = 2;
	files = coalition_files(coalition, &next, 1);
	refused(chain, &files, ERROR_DENIED); /* the old one alone */
	files = coalition_files(coalition, &next, 2 | 4);
	refused(chain, &files, ERROR_DENIED); /* the new ones alone: a coup */
	files = coalition_files(coalition, &next, 1 | 2);
	refused(chain, &files, ERROR_DENIED); /* one of the new where two are needed */
	files = coalition_files(coalition, &next, 1 | 2 | 4);
	assert_null(roster_chain_add(chain, &files));
	next.version = 3;
	files = coalition_files(coalition, &next, 1 | 2);
	refused(chain, &files, ERROR_DENIED); /* the old one has no say any more */
	files = coalition_files(coalition, &next, 2);
	refused(chain, &files, ERROR_DENIED);
	files = coalition_files(coalition, &next, 2 | 4);
	assert_null(roster_chain_add(chain, &files));
	next.version = 4;
	next.threshold = 1;
	files = coalition_files(coalition, &next, 2);
	refused(chain, &files, ERROR_DENIED); /* one person cannot lower the threshold */
	files = coalition_files(coalition, &next, 2 | 4);
	assert_null(roster_chain_add(chain, &files));
}

static void the_order_of_coordinators_means_nothing(void **state)
{
	struct coalition *coalition = *state;
	struct roster_chain *chain;
	struct roster next;
	struct roster_files files;

	coalition->roster.coordinators[1] = coalition->signers[1];
	coalition->roster.coordinator_count = 2;
	chain = coalition_chain(coalition);
	next = next_of(coalition);
	next.coordinators[0] = coalition->signers[1];
	next.coordinators[1] = coalition->signers[0];
	files = coalition_files(coalition, &next, 2);
	assert_null(roster_chain_add(chain, &files));
}

static void a_log_keeps_its_key_and_only_revocation_ends_it(void **state)
{
	struct coalition *coalition = *state;
	struct roster_chain *chain = coalition_chain(coalition);
	struct roster next = next_of(coalition), bad;
	struct roster_files files;

	bad = next;
	secret_free(sshsig_seed_new(&bad.members[2].keys.sign));
	files = coalition_files(coalition, &bad, 1);
	refused(chain, &files, ERROR_INVALID);
	bad = next;
	bad.member_count = 2;
	files = coalition_files(coalition, &bad, 1);
	refused(chain, &files, ERROR_INVALID);
	next.members[2].status = MEMBER_REVOKED;
	next.members[2].last_seq = 42;
	memset(next.members[2].last_commit, 'a', 64);
	files = coalition_files(coalition, &next, 1);
	assert_null(roster_chain_add(chain, &files));
	assert_int_equal(roster_chain_newest(chain)->members[2].last_seq, 42);
	assert_string_equal(roster_chain_newest(chain)->members[2].last_commit, next.members[2].last_commit);
	bad = next;
	bad.version = 3;
	bad.members[2].status = MEMBER_ACTIVE;
	files = coalition_files(coalition, &bad, 1);
	refused(chain, &files, ERROR_INVALID); /* the dead do not come back */
	bad = next;
	bad.version = 3;
	bad.member_count = 2;
	files = coalition_files(coalition, &bad, 1);
	refused(chain, &files, ERROR_INVALID); /* nor are they forgotten */
	/* The stolen hub's people go on under a new log and key, with their other keys. */
	next.version = 3;
	next.members[3] = next.members[2];
	next.members[3].status = MEMBER_ACTIVE;
	next.members[3].last_seq = -1;
	next.members[3].last_commit[0] = '\0';
	next.member_count = 4;
	ids_log_new(next.members[3].keys.log);
	files = coalition_files(coalition, &next, 1);
	refused(chain, &files, ERROR_INVALID);
	coalition->sign[3] = sshsig_seed_new(&next.members[3].keys.sign);
	files = coalition_files(coalition, &next, 1);
	assert_null(roster_chain_add(chain, &files));
}

static void epochs_only_go_forward(void **state)
{
	struct coalition *coalition = *state;
	struct roster_chain *chain;
	struct roster next;
	struct roster_files files;

	coalition->roster.epoch = 2;
	coalition->roster.members[1].keys.epoch = 2;
	chain = coalition_chain(coalition);
	next = next_of(coalition);
	next.epoch = 1;
	files = coalition_files(coalition, &next, 1);
	refused(chain, &files, ERROR_INVALID);
	next = next_of(coalition);
	next.members[1].keys.epoch = 1;
	files = coalition_files(coalition, &next, 1);
	refused(chain, &files, ERROR_INVALID);
}

static void keys_that_a_later_engabo_adds_are_kept_under_the_signature(void **state)
{
	struct coalition *coalition = *state;
	struct roster_chain *chain = coalition_chain(coalition);
	struct roster next = next_of(coalition);
	struct roster_files files = coalition_files(coalition, &next, 0), changed;
	char *wider = memory_format(coalition, "{\"later\":[1,2],%s", (const char *)files.json.data + 1);

	files.json = (struct bytes){(uint8_t *)wider, strlen(wider)};
	files.signatures[0] = roster_sign(coalition, &files, coalition->coordinators[0]);
	files.signature_count = 1;
	changed = files;
	wider = memory_string(coalition, wider);
	wider[10] = '3';
	changed.json.data = (uint8_t *)wider;
	refused(chain, &changed, ERROR_DENIED);
	assert_null(roster_chain_add(chain, &files));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		COALITION_TEST(versions_follow_one_another),
		COALITION_TEST(a_chain_starts_at_the_root_and_nowhere_else),
		COALITION_TEST(a_swapped_recipient_is_refused),
		COALITION_TEST(each_file_is_under_the_signature),
		COALITION_TEST(only_coordinators_sign_each_once_and_under_their_own_name),
		COALITION_TEST(no_version_is_skipped_and_no_other_coalition_slips_in),
		COALITION_TEST(new_coordinators_need_the_old_and_the_new),
		COALITION_TEST(the_order_of_coordinators_means_nothing),
		COALITION_TEST(a_log_keeps_its_key_and_only_revocation_ends_it),
		COALITION_TEST(epochs_only_go_forward),
		COALITION_TEST(keys_that_a_later_engabo_adds_are_kept_under_the_signature),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
