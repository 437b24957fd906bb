/* A record is sealed to exactly the hubs it names and to recovery, each once. */
#include "tests/unit/casework/sample.h"

#include "node/casework/recipients.h"

struct world {
	struct roster roster;
	struct member_keys self;
};

static struct age_recipient recipient(uint8_t mark)
{
	struct age_recipient out;

	memset(out.key, mark, sizeof out.key);
	return out;
}

static void add_member(struct roster *roster, const char *log, uint8_t mark, enum member_role role)
{
	struct roster_member *member = &roster->members[roster->member_count++];

	memcpy(member->keys.log, log, LOG_ID_SIZE);
	member->keys.recipient = recipient(mark);
	member->keys.role = role;
	member->last_seq = -1;
}

static void setup(struct world *world)
{
	memset(world, 0, sizeof *world);
	world->roster.version = 1;
	world->roster.recovery = recipient(9);
	world->roster.coalition_recipient = recipient(8);
	add_member(&world->roster, GULU, 1, MEMBER_HUB);
	add_member(&world->roster, MBALE, 2, MEMBER_HUB);
	add_member(&world->roster, KAMPALA, 3, MEMBER_HEADQUARTERS);
	add_member(&world->roster, "kb00000000000000", 4, MEMBER_HEADQUARTERS);
	world->self = world->roster.members[0].keys;
}

/* The marks of the recipients of `to`, as text. */
static const struct error *marks(struct world *world, bool with_roster, json_t *to, char *out)
{
	struct age_recipient found[AGE_RECIPIENTS_MAX];
	const struct error *error;
	size_t count;

	error = recipients_of(to, with_roster ? &world->roster : NULL, &world->self, found, &count);
	json_decref(to);
	if (error)
		return error;
	for (size_t i = 0; i < count; i++)
		out[i] = (char)('0' + found[i].key[0]);
	out[count] = '\0';
	return NULL;
}

static void alone_all_is_sealed_to_oneself(void **state)
{
	struct world world;
	char out[100];

	setup(&world);
	assert_null(marks(&world, false, json_pack("[s,s]", GULU, "hq"), out));
	assert_string_equal(out, "1");
}

static void names_become_keys_of_the_roster_each_once(void **state)
{
	struct world world;
	char out[100];

	setup(&world);
	assert_null(marks(&world, true, json_pack("[s,s]", GULU, "hq"), out));
	assert_string_equal(out, "1349");
	assert_null(marks(&world, true, json_pack("[s,s,s]", KAMPALA, "hq", KAMPALA), out));
	assert_string_equal(out, "349");
	assert_null(marks(&world, true, json_pack("[s]", "all"), out));
	assert_string_equal(out, "89");
	assert_null(marks(&world, true, json_pack("[s]", GULU), out));
	assert_string_equal(out, "19");
}

static void nobody_else_gets_in(void **state)
{
	struct world world;
	char out[100];

	setup(&world);
	assert_int_equal(
		marks(&world, true, json_pack("[s]", "zz00000000000000"), out)->code, ERROR_NOT_FOUND);
	world.roster.members[1].status = MEMBER_REVOKED;
	assert_int_equal(marks(&world, true, json_pack("[s]", MBALE), out)->code, ERROR_NOT_FOUND);
	world.roster.members[2].status = MEMBER_REVOKED;
	assert_null(marks(&world, true, json_pack("[s]", "hq"), out));
	assert_string_equal(out, "49");
	world.roster.members[3].status = MEMBER_REVOKED;
	assert_int_equal(marks(&world, true, json_pack("[s]", "hq"), out)->code, ERROR_NOT_FOUND);
	assert_int_equal(marks(&world, true, json_pack("[i]", 1), out)->code, ERROR_INVALID);
}

static const struct error *between(
	struct world *world, bool with_roster, const char *a, const char *b, char *out)
{
	const struct roster *roster = with_roster ? &world->roster : NULL;

	return marks(world, with_roster, recipients_between(roster, &world->self, a, b), out);
}

static void what_is_between_two_hubs_is_for_these_and_recovery(void **state)
{
	struct world world;
	char out[100];

	setup(&world);
	assert_null(between(&world, true, GULU, MBALE, out));
	assert_string_equal(out, "129");
	assert_null(between(&world, true, MBALE, GULU, out));
	assert_string_equal(out, "219");
	assert_null(between(&world, true, GULU, "", out));
	assert_string_equal(out, "19");
	assert_null(between(&world, true, GULU, GULU, out));
	assert_string_equal(out, "19");
	assert_null(between(&world, true, GULU, KAMPALA, out));
	assert_string_equal(out, "139");
	assert_null(between(&world, false, GULU, "", out));
	assert_string_equal(out, "1");
	world.roster.members[1].status = MEMBER_REVOKED;
	assert_null(between(&world, true, GULU, MBALE, out));
	assert_string_equal(out, "19");
}

static void the_coalition_s_policy_decides_whether_headquarters_reads_a_hub_s_records(void **state)
{
	static const enum sharing_policy closed[] = {SHARING_SUMMARY, SHARING_NONE};
	struct world world;
	char out[100];

	setup(&world);
	assert_null(marks(&world, true, recipients_named(&world.roster, &world.self, GULU), out));
	assert_string_equal(out, "1349");
	assert_null(marks(&world, false, recipients_named(NULL, &world.self, GULU), out));
	assert_string_equal(out, "1");
	for (size_t i = 0; i < 2; i++) {
		setup(&world);
		world.roster.sharing = closed[i];
		assert_null(marks(&world, true, recipients_named(&world.roster, &world.self, GULU), out));
		assert_string_equal(out, "19");
		world.self = world.roster.members[2].keys;
		assert_null(marks(&world, true, recipients_named(&world.roster, &world.self, GULU), out));
		assert_string_equal(out, "139"); /* what headquarters itself writes there */
		world.roster.members[0].status = MEMBER_REVOKED;
		assert_null(marks(&world, true, recipients_named(&world.roster, &world.self, GULU), out));
		assert_string_equal(out, "39");
	}
}

/* Of one case more may be shared than the policy says. */
static void what_is_shared_of_a_case_decides_over_the_policy(void **state)
{
	struct world world;
	char out[100];

	setup(&world);
	world.roster.sharing = SHARING_NONE;
	assert_null(
		marks(&world, true, recipients_shared(&world.roster, &world.self, GULU, SHARING_FULL), out));
	assert_string_equal(out, "1349");
	assert_null(marks(
		&world, true, recipients_shared(&world.roster, &world.self, GULU, SHARING_SUMMARY), out));
	assert_string_equal(out, "19"); /* the summary itself is an event of its own */
	/* A case that another hub owns now, written to by headquarters. */
	world.self = world.roster.members[2].keys;
	assert_null(
		marks(&world, true, recipients_shared(&world.roster, &world.self, MBALE, SHARING_FULL), out));
	assert_string_equal(out, "2349");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alone_all_is_sealed_to_oneself),
		cmocka_unit_test(names_become_keys_of_the_roster_each_once),
		cmocka_unit_test(nobody_else_gets_in),
		cmocka_unit_test(what_is_between_two_hubs_is_for_these_and_recovery),
		cmocka_unit_test(the_coalition_s_policy_decides_whether_headquarters_reads_a_hub_s_records),
		cmocka_unit_test(what_is_shared_of_a_case_decides_over_the_policy),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
