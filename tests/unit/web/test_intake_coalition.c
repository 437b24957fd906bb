/* Whom a report is sealed to cannot be chosen by whoever can write to log.git: intake checks the roster
 * itself, and takes none older than it has seen. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <time.h>

#include "tests/unit/web/intake.h"
#include "web/intake/coalition.h"

static int told;

static void accepted(void *user, int version)
{
	told = version;
}

static struct coalition *open_coalition(struct place *place, int least)
{
	struct coalition *coalition;

	told = 0;
	assert_null(coalition_open(place, place->home, least, accepted, NULL, &coalition));
	return coalition;
}

/* Whether a report of now would be sealed to this recipient. */
static bool is_reader(struct coalition *coalition, const struct age_recipient *recipient)
{
	json_t *to CLEANUP(json_decref) = json_pack("[s,s]", coalition_self(coalition)->log, "hq");
	struct age_recipient recipients[AGE_RECIPIENTS_MAX];
	size_t count;

	assert_null(coalition_recipients(coalition, to, recipients, &count));
	for (size_t i = 0; i < count; i++)
		if (memcmp(recipients[i].key, recipient->key, AGE_KEY_LEN) == 0)
			return true;
	return false;
}

static void expect_denied(struct coalition *coalition)
{
	struct coalition_readers readers;
	const struct error *error = coalition_readers(coalition, &readers);

	assert_non_null(error);
	assert_int_equal(error->code, ERROR_DENIED);
}

static void a_hub_alone_seals_to_itself(void **state)
{
	struct place *place = *state;
	struct coalition *coalition = open_coalition(place, 0);
	struct coalition_readers readers;

	assert_null(coalition_readers(coalition, &readers));
	assert_true(readers.is_alone);
	assert_true(is_reader(coalition, &place->trust.self.recipient));
	assert_null(coalition_health(coalition));
}

static void a_member_seals_to_headquarters_and_recovery_too(void **state)
{
	struct place *place = *state;
	struct coalition_readers readers;
	struct coalition *coalition;

	place_publish(place, &place->roster, place->coordinator);
	coalition = open_coalition(place, 0);
	assert_null(coalition_readers(coalition, &readers));
	assert_false(readers.is_alone);
	assert_int_equal(readers.sharing, SHARING_FULL);
	assert_int_equal(told, 1);
	assert_true(is_reader(coalition, &place->trust.self.recipient));
	assert_true(is_reader(coalition, &place->roster.members[HEADQUARTERS].keys.recipient));
	assert_true(is_reader(coalition, &place->roster.recovery));
}

static void until_it_is_admitted_a_hub_works_alone(void **state)
{
	struct place *place = *state;
	struct coalition_readers readers;
	struct coalition *coalition;

	place->roster.member_count = 1;
	place_publish(place, &place->roster, place->coordinator);
	coalition = open_coalition(place, 0);
	assert_null(coalition_readers(coalition, &readers));
	assert_true(readers.is_alone);
	assert_false(is_reader(coalition, &place->roster.members[HEADQUARTERS].keys.recipient));
}

static void a_revoked_hub_takes_nothing(void **state)
{
	struct place *place = *state;
	struct roster next = place->roster;

	place_publish(place, &place->roster, place->coordinator);
	next.version = 2;
	next.members[HUB].status = MEMBER_REVOKED;
	next.members[HUB].last_seq = 3;
	memset(next.members[HUB].last_commit, 'a', 64);
	place_publish(place, &next, place->coordinator);
	expect_denied(open_coalition(place, 0));
}

static void an_older_roster_than_was_seen_before_is_not_believed(void **state)
{
	struct place *place = *state;

	place_publish(place, &place->roster, place->coordinator);
	expect_denied(open_coalition(place, 2));
}

static void a_planted_roster_changes_nothing(void **state)
{
	struct place *place = *state;
	struct coalition *running;
	struct roster planted = place->roster;
	struct timespec pause = {1, 100000000}; /* the branch is looked at once a second */

	place_publish(place, &place->roster, place->coordinator);
	running = open_coalition(place, 0);
	planted.version = 2;
	assert_null(
		age_recipient_of(&planted.members[HEADQUARTERS].keys.recipient, place->identities[STRANGER]));
	place_publish(place, &planted, place->other_coordinator);
	nanosleep(&pause, NULL);
	assert_non_null(coalition_health(running));
	assert_false(is_reader(running, &planted.members[HEADQUARTERS].keys.recipient));
	assert_true(is_reader(running, &place->roster.members[HEADQUARTERS].keys.recipient));
	assert_int_equal(told, 1);
	expect_denied(open_coalition(place, 1));
}

static void a_newer_roster_that_holds_is_taken_while_running(void **state)
{
	struct place *place = *state;
	struct coalition_readers readers;
	struct coalition *running;
	struct roster next = place->roster;
	struct timespec pause = {1, 100000000};

	place_publish(place, &place->roster, place->coordinator);
	running = open_coalition(place, 0);
	next.version = 2;
	next.sharing = SHARING_SUMMARY;
	place_publish(place, &next, place->coordinator);
	nanosleep(&pause, NULL);
	assert_null(coalition_readers(running, &readers));
	assert_int_equal(readers.sharing, SHARING_SUMMARY);
	assert_int_equal(told, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(a_hub_alone_seals_to_itself),
		PLACE_TEST(a_member_seals_to_headquarters_and_recovery_too),
		PLACE_TEST(until_it_is_admitted_a_hub_works_alone),
		PLACE_TEST(a_revoked_hub_takes_nothing),
		PLACE_TEST(an_older_roster_than_was_seen_before_is_not_believed),
		PLACE_TEST(a_planted_roster_changes_nothing),
		PLACE_TEST(a_newer_roster_that_holds_is_taken_while_running),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
