/* What headquarters adds to the code lists is looked up and offered; what a hub added alone keeps its words
 * and is offered nowhere once it joined. */
#include "tests/unit/casework/sample.h"

#include "node/casework/added.h"
#include "node/vault/secret.h"

static void add(const void *context, struct casefile *file, const char *log, int number, const char *label,
	const char *state)
{
	json_t *set = json_pack("{ss, ss, ss}", "list", "needs", "label", label, "parent", "funds");
	struct said *said;

	if (*state)
		json_object_set_new(set, "state", json_string(state));
	said = sample_event(
		context, log, 'o', number, "code", sample_key(context, log, number), NULL, set, NULL);
	if (strcmp(log, KAMPALA) != 0)
		said->origin.roster_version = 0; /* it works alone */
	sample_take(file, said);
}

static bool is_headquarters(void *user, const char *log)
{
	return strcmp(log, KAMPALA) == 0;
}

static const char *code_of(const void *context, int number)
{
	return memory_format(context, "L%s", strchr(sample_key(context, KAMPALA, number), '.') + 1);
}

static struct casefile *filled(const void *context)
{
	struct casefile *file;

	assert_null(casefile_new(context, GULU, &file));
	add(context, file, GULU, 1, "Added alone", "");
	add(context, file, KAMPALA, 2, "A bicycle", "");
	add(context, file, KAMPALA, 3, "A horse", "retired");
	add(context, file, GULU, 2, "Words of another", "");
	return file;
}

static void they_are_listed_by_their_words(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = filled(context);
	json_t *rows CLEANUP(json_decref) = NULL, *none CLEANUP(json_decref) = NULL;
	const json_t *first;

	assert_null(added_list(file, "needs", &rows));
	assert_null(added_list(file, "acts", &none));
	assert_int_equal(json_array_size(rows), 4);
	assert_int_equal(json_array_size(none), 0);
	first = json_array_get(rows, 0);
	assert_string_equal(json_text_or(first, "label", ""), "A bicycle");
	assert_string_equal(json_text_or(first, "code", ""), code_of(context, 2));
	assert_string_equal(json_text_or(first, "home", ""), KAMPALA);
}

static void headquarters_are_offered_and_all_are_read(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = filled(context);
	struct codes *codes;

	assert_null(added_codes(context, file, is_headquarters, NULL, &codes));
	assert_true(codes_offers(codes, "needs", code_of(context, 2)));
	assert_false(codes_offers(codes, "needs", code_of(context, 3)));
	assert_false(codes_offers(codes, "needs", code_of(context, 1)));
	assert_string_equal(codes_label(codes, "needs", code_of(context, 3)), "A horse");
	assert_string_equal(codes_label(codes, "needs", code_of(context, 1)), "Added alone");
	assert_string_equal(codes_root(codes, "needs", code_of(context, 1)), "funds");
}

/* A hub that makes a record of the same name as one of headquarters changes no words. */
static void the_words_of_headquarters_come_first(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = filled(context);
	struct codes *codes;

	assert_null(added_codes(context, file, is_headquarters, NULL, &codes));
	assert_string_equal(codes_label(codes, "needs", code_of(context, 2)), "A bicycle");
}

static int start(void **state)
{
	secret_start();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_are_listed_by_their_words),
		cmocka_unit_test(headquarters_are_offered_and_all_are_read),
		cmocka_unit_test(the_words_of_headquarters_come_first),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start, NULL);
}
