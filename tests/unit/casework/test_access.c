/* People may do what their role says and nothing more; only keyholders can unlock. */
#include "tests/unit/casework/sample.h"

#include "node/casework/access.h"
#include "node/casework/schema.h"

static void roles_have_names(void **state)
{
	enum person_role role;

	for (int i = ROLE_COORDINATOR; i <= ROLE_FACILITATOR; i++) {
		assert_null(person_role_parse(person_role_name((enum person_role)i), &role));
		assert_int_equal(role, i);
	}
	assert_int_equal(person_role_parse("admin", &role)->code, ERROR_INVALID);
	assert_non_null(person_role_parse("", &role));
}

/* The whole table, as casework.md has it: c coordinator, o officer, p provider, f facilitator. */
static void each_role_may_do_what_the_table_says(void **state)
{
	static const char *const who[] = {
		[MAY_UNLOCK] = "co",
		[MAY_READ_REPORTS] = "co",
		[MAY_READ_CASES] = "co",
		[MAY_WRITE_CASES] = "co",
		[MAY_SETTLE_CONFLICTS] = "co",
		[MAY_MANAGE_PEOPLE] = "c",
		[MAY_EXPORT] = "co",
		[MAY_SEE_SYNC] = "co",
		[MAY_REFER] = "co",
		[MAY_SEE_IDENTITY] = "co",
		[MAY_ANSWER_REFERRALS] = "cop",
		[MAY_SEE_AUDIT] = "c",
		[MAY_READ_DIRECTORY] = "cof",
		[MAY_WRITE_DIRECTORY] = "co",
	};

	assert_int_equal(sizeof who / sizeof *who, MAY_WRITE_DIRECTORY + 1);
	for (int role = ROLE_COORDINATOR; role <= ROLE_FACILITATOR; role++)
		for (int what = 0; what <= MAY_WRITE_DIRECTORY; what++)
			assert_int_equal(access_may((enum person_role)role, (enum access)what),
				strchr(who[what], person_role_name((enum person_role)role)[0]) != NULL);
}

/* A kind of record that nobody thought of here is nobody's. */
static void every_kind_of_record_has_its_readers_and_writers(void **state)
{
	static const struct {
		const char *entity, *read, *write;
	} rows[] = {{"report", "co", "co"}, {"message", "co", "co"}, {"case", "co", "co"},
		{"person", "co", "co"}, {"contact", "co", "co"}, {"plan", "co", "co"},
		{"incident", "co", "co"}, {"consent", "co", "co"}, {"action", "co", "co"},
		{"followup", "co", "co"}, {"note", "co", "co"}, {"attachment", "co", "co"},
		{"transfer", "co", "co"}, {"takeover", "co", "co"}, {"referral", "cop", "co"},
		{"reply", "cop", "cop"}, {"provider", "copf", "cop"}, {"principles", "copf", "c"},
		{"code", "copf", "c"}, {"user", "c", "c"}, {"audit", "c", "copf"}, {"opened", "", ""}};
	size_t count;
	const struct entity *entities = schema_entities(&count);

	assert_int_equal(count, sizeof rows / sizeof *rows);
	for (size_t i = 0; i < count; i++) {
		size_t at = 0;

		while (at < count && strcmp(rows[at].entity, entities[i].name) != 0)
			at++;
		if (at == count)
			fail_msg("who reads and writes %s?", entities[i].name);
		for (int role = ROLE_COORDINATOR; role <= ROLE_FACILITATOR; role++) {
			char letter = person_role_name((enum person_role)role)[0];

			assert_int_equal(access_reads((enum person_role)role, rows[at].entity),
				strchr(rows[at].read, letter) != NULL);
			assert_int_equal(access_writes((enum person_role)role, rows[at].entity),
				strchr(rows[at].write, letter) != NULL);
		}
	}
	assert_false(access_reads(ROLE_COORDINATOR, "something"));
	assert_false(access_writes(ROLE_COORDINATOR, "something"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roles_have_names),
		cmocka_unit_test(each_role_may_do_what_the_table_says),
		cmocka_unit_test(every_kind_of_record_has_its_readers_and_writers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
