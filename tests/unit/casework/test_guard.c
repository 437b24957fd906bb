/* Whoever may have done it is not asked to help: the guard as a matrix of who is said to have done it and who
 * would be asked. */
#include "tests/unit/casework/sample.h"

#include "node/casework/guard.h"

/* Perpetrators: of the case, a comma between; of one incident; its agency in words. */
struct sample {
	const char *perpetrators, *perpetrator, *words;
	const char *agency, *profession, *organisation; /* of the provider */
	enum guard_reason reason;
	const char *named;
};

static json_t *list_of(const char *codes)
{
	json_t *list = json_array();

	while (*codes) {
		size_t len = strcspn(codes, ",");

		json_array_append_new(list, json_stringn(codes, len));
		codes += len + (codes[len] == ',');
	}
	return list;
}

static struct guard_verdict ask(const struct sample *sample, json_t **provider)
{
	json_t *in_case = json_pack("{so}", "perpetrators", list_of(sample->perpetrators));
	json_t *incidents = json_array();
	struct guard_verdict verdict;

	if (*sample->perpetrator || *sample->words)
		json_array_append_new(incidents,
			json_pack("{ss, ss}", "perpetrator", sample->perpetrator, "agency", sample->words));
	*provider = json_pack("{ss, ss, ss}", "agency", sample->agency, "profession", sample->profession,
		"organisation", sample->organisation);
	verdict = guard_look(NULL, in_case, incidents, *provider, NULL);
	json_decref(in_case);
	json_decref(incidents);
	return verdict;
}

static void whoever_may_have_done_it_is_not_asked(void **state)
{
	static const struct sample samples[] = {
		/* the same agency, in the case or in an incident */
		{"010104", "", "", "010104", "lawyer", "", GUARD_SAME, "010104"},
		{"1101,010104", "", "", "010104", "lawyer", "", GUARD_SAME, "010104"},
		{"1101", "010103", "", "010103", "doctor", "", GUARD_SAME, "010103"},
		{"2101", "", "", "2101", "doctor", "", GUARD_SAME, "2101"},
		/* a branch of it, both ways round */
		{"01010401", "", "", "010104", "lawyer", "", GUARD_SAME, "010104"},
		{"010104", "", "", "01010401", "lawyer", "", GUARD_SAME, "01010401"},
		/* the police-liaison is the police, whatever the directory says */
		{"010104", "", "", "", "police-liaison", "", GUARD_SAME, "010104"},
		{"010104", "", "", "0103", "police-liaison", "", GUARD_SAME, "010104"},
		{"0103", "", "", "0103", "police-liaison", "", GUARD_SAME, "0103"},
		{"1101", "", "", "", "police-liaison", "", GUARD_CLEAR, ""},
		/* another agency, or none */
		{"010104", "", "", "010103", "doctor", "", GUARD_CLEAR, ""},
		{"010104", "", "", "", "lawyer", "", GUARD_CLEAR, ""},
		{"1101", "1102", "", "0103", "lawyer", "", GUARD_CLEAR, ""},
		/* named in words */
		{"1102", "", "Gulu Police Post", "010104", "lawyer", "", GUARD_NAMED, "010104"},
		{"1102", "", "the POLICE", "", "police-liaison", "", GUARD_NAMED, "010104"},
		{"1102", "", "a street that is policed", "010104", "lawyer", "", GUARD_CLEAR, ""},
		{"2101", "", "guards of Sunrise Sugar", "2101", "doctor", "Sunrise Sugar", GUARD_SAME,
			"2101"},
		{"0204", "", "guards of Sunrise Sugar", "2101", "doctor", "Sunrise Sugar", GUARD_NAMED,
			"2101"},
		{"0204", "", "Sunrise Sugar", "", "doctor", "Clinic of Sunrise Sugar", GUARD_NAMED, ""},
		{"0204", "", "Sun", "", "doctor", "Sun", GUARD_CLEAR, ""},
		{"0204", "", "", "", "doctor", "Lira Clinic", GUARD_CLEAR, ""},
		/* nobody knows, and it is the state's */
		{"", "", "", "010104", "lawyer", "", GUARD_UNKNOWN, "010104"},
		{"99", "", "", "0102", "lawyer", "", GUARD_UNKNOWN, "0102"},
		{"1101,99", "", "", "0103", "lawyer", "", GUARD_UNKNOWN, "0103"},
		{"1101", "99", "", "0103", "lawyer", "", GUARD_UNKNOWN, "0103"},
		{"", "", "", "", "police-liaison", "", GUARD_UNKNOWN, "010104"},
		{"", "", "men in plain clothes", "010106", "other", "", GUARD_UNKNOWN, "010106"},
		{"", "1101", "", "010104", "lawyer", "", GUARD_CLEAR, ""},
		{"", "", "", "0204", "other", "", GUARD_CLEAR, ""},
		{"", "", "", "", "doctor", "", GUARD_CLEAR, ""},
		/* "somebody else" and "not known" are no agency */
		{"90", "", "", "90", "doctor", "", GUARD_CLEAR, ""},
		{"99", "", "", "99", "doctor", "", GUARD_CLEAR, ""},
	};

	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		json_t *provider;
		struct guard_verdict verdict = ask(&samples[i], &provider);

		if (verdict.reason != samples[i].reason || strcmp(verdict.agency, samples[i].named) != 0)
			fail_msg("sample %zu: %d \"%s\"", i, verdict.reason, verdict.agency);
		json_decref(provider);
	}
}

/* A unit that a coalition added under the police is of the police, and what it added under safe houses is
 * one. */
static void what_was_added_under_an_agency_is_of_it(void **state)
{
	static const struct {
		const char *perpetrator, *words, *agency, *profession;
		enum guard_reason reason;
		const char *named;
	} samples[] = {
		{"L1", "", "010104", "lawyer", GUARD_SAME, "010104"},
		{"010104", "", "L1", "lawyer", GUARD_SAME, "L1"},
		{"L1", "", "", "L2", GUARD_SAME, "010104"},
		{"L3", "", "L3", "lawyer", GUARD_SAME, "L3"},
		{"L3", "", "L1", "lawyer", GUARD_CLEAR, ""},
		{"1102", "the flying squad", "L1", "lawyer", GUARD_NAMED, "L1"},
		{"1102", "Gulu Police Post", "L1", "lawyer", GUARD_NAMED, "L1"},
		{"99", "", "L1", "lawyer", GUARD_UNKNOWN, "L1"},
		{"99", "", "L3", "lawyer", GUARD_CLEAR, ""},
	};
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct codes *codes = codes_new(context);
	json_t *house CLEANUP(json_decref) = json_pack("{ss}", "profession", "L4");

	codes_add(codes, &(struct code_added){"perpetrators", "L1", "Flying squad", "010104", true});
	codes_add(codes,
		&(struct code_added){"professions", "L2", "Desk of the police", "police-liaison", true});
	codes_add(codes, &(struct code_added){"perpetrators", "L3", "Moneylenders", "", true});
	codes_add(codes, &(struct code_added){"professions", "L4", "Shelter", "safe-house", false});
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		json_t *in_case CLEANUP(json_decref) =
			json_pack("{s[s]}", "perpetrators", samples[i].perpetrator);
		json_t *incidents CLEANUP(json_decref) = json_pack("[{ss}]", "agency", samples[i].words);
		json_t *provider CLEANUP(json_decref) = json_pack(
			"{ss, ss}", "agency", samples[i].agency, "profession", samples[i].profession);
		struct guard_verdict verdict = guard_look(codes, in_case, incidents, provider, NULL);

		if (verdict.reason != samples[i].reason || strcmp(verdict.agency, samples[i].named) != 0)
			fail_msg("sample %zu: %d \"%s\"", i, verdict.reason, verdict.agency);
	}
	assert_true(guard_is_hidden(codes, house));
	assert_false(guard_is_hidden(NULL, house));
}

static void a_consent_counts_for_the_agency_it_names_alone(void **state)
{
	json_t *consent = json_pack("{s[ss]}", "agencies", "010104", "0103"), *none = json_object();

	assert_true(guard_consents(consent, "010104"));
	assert_true(guard_consents(consent, "0103"));
	assert_false(guard_consents(consent, "010103"));
	assert_false(guard_consents(consent, "0101"));
	assert_false(guard_consents(consent, ""));
	assert_false(guard_consents(none, "010104"));
	assert_false(guard_consents(NULL, "010104"));
	json_decref(consent);
	json_decref(none);
}

static struct guard_verdict look(json_t *provider, const json_t *agreed)
{
	json_t *in_case = json_pack("{s[s]}", "perpetrators", "010104"),
	       *incidents = json_pack("[{ss}]", "agency", "guards of Sunrise Sugar");
	struct guard_verdict verdict = guard_look(NULL, in_case, incidents, provider, agreed);

	json_decref(in_case);
	json_decref(incidents);
	return verdict;
}

static void an_entry_does_not_forget_what_it_said(void **state)
{
	json_t *now CLEANUP(
		json_decref) = json_pack("{ss}", "profession", "lawyer"),
	*agency CLEANUP(json_decref) = json_pack("{s{s[ss]}}", "was", "agency", "0102", "010104"),
	*profession CLEANUP(json_decref) = json_pack("{s{s[s]}}", "was", "profession", "police-liaison"),
	*organisation CLEANUP(json_decref) = json_pack("{s{s[s]}}", "was", "organisation", "Sunrise Sugar");

	assert_int_equal(look(now, NULL).reason, GUARD_CLEAR);
	assert_int_equal(look(agency, NULL).reason, GUARD_SAME);
	assert_int_equal(look(profession, NULL).reason, GUARD_SAME);
	assert_int_equal(look(organisation, NULL).reason, GUARD_NAMED);
}

static void what_two_agreed_to_blocks_no_more_and_what_came_later_does(void **state)
{
	json_t *police CLEANUP(json_decref) = json_pack("{ss}", "agency", "010104"),
		       *both CLEANUP(json_decref) =
			       json_pack("{ss, s{s[s]}}", "agency", "010104", "was", "agency", "0102");
	json_t *agreed CLEANUP(json_decref) = json_pack("{s[s]}", "agencies", "010104"),
		       *other CLEANUP(json_decref) = json_pack("{s[s]}", "agencies", "0103");
	json_t *in_case CLEANUP(json_decref) = json_pack("{s[ss]}", "perpetrators", "010104", "0102");

	assert_int_equal(look(police, agreed).reason, GUARD_CLEAR);
	assert_int_equal(look(police, other).reason, GUARD_SAME);
	assert_int_equal(look(both, agreed).reason, GUARD_CLEAR);
	assert_string_equal(guard_look(NULL, in_case, NULL, both, agreed).agency, "0102");
}

static void safe_houses_are_not_shown_to_providers(void **state)
{
	json_t *list = json_pack("[{ss}, {ss}, {ss}, {}]", "profession", "safe-house", "profession", "doctor",
		"profession", "safe-house");

	guard_hide(NULL, list);
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(json_text_or(json_array_get(list, 0), "profession", ""), "doctor");
	json_decref(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whoever_may_have_done_it_is_not_asked),
		cmocka_unit_test(what_was_added_under_an_agency_is_of_it),
		cmocka_unit_test(a_consent_counts_for_the_agency_it_names_alone),
		cmocka_unit_test(an_entry_does_not_forget_what_it_said),
		cmocka_unit_test(what_two_agreed_to_blocks_no_more_and_what_came_later_does),
		cmocka_unit_test(safe_houses_are_not_shown_to_providers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
