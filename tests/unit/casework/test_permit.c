/* Each hub speaks for its own records, headquarters for all, intake for nobody: whatever else comes is not
 * believed. */
#include "tests/unit/casework/sample.h"

#include "node/casework/message.h"
#include "node/casework/permit.h"
#include "node/vault/encoding.h"
#include "node/vault/sshsig.h"

/* The reader is Gulu. */
static enum standing alone(const struct said *said)
{
	return permit_alone(GULU, said->event, &said->origin).standing;
}

static struct said *say(const void *context, const char *log, char kind, const char *entity,
	const char *owner, const char *case_owner, json_t *set)
{
	static int number;

	number++;
	return sample_event(context, log, kind, number, entity, sample_key(context, owner, 1),
		case_owner ? sample_key(context, case_owner, 2) : NULL, set, NULL);
}

#define TEXT(name, value) json_pack("{s:s}", name, value)

static void reports_and_cases_have_two_writers(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);

	assert_int_equal(alone(say(context, MBALE, 'o', "case", MBALE, NULL, TEXT("risk", "low"))),
		STANDING_PERMITTED);
	assert_int_equal(alone(say(context, KAMPALA, 'o', "case", MBALE, NULL, TEXT("risk", "low"))),
		STANDING_PERMITTED);
	assert_int_equal(
		alone(say(context, MBALE, 'o', "case", GULU, NULL, TEXT("risk", "low"))), STANDING_REFUSED);
	assert_int_equal(
		alone(say(context, GULU, 'o', "case", KAMPALA, NULL, TEXT("risk", "low"))), STANDING_REFUSED);
	assert_int_equal(alone(say(context, MBALE, 'o', "report", GULU, NULL, TEXT("state", "closed"))),
		STANDING_REFUSED);
	assert_int_equal(alone(say(context, KAMPALA, 'o', "report", GULU, NULL, TEXT("state", "opened"))),
		STANDING_PERMITTED);
}

static void intake_can_only_do_what_any_phone_could(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct said *said;
	json_t *body;

	assert_int_equal(alone(say(context, MBALE, 'i', "report", MBALE, NULL, TEXT("what", "help"))),
		STANDING_PERMITTED);
	assert_int_equal(alone(say(context, MBALE, 'i', "report", MBALE, NULL, TEXT("unheard_of", "x"))),
		STANDING_PERMITTED);
	assert_int_equal(alone(say(context, MBALE, 'i', "report", GULU, NULL, TEXT("what", "help"))),
		STANDING_REFUSED);
	assert_int_equal(alone(say(context, KAMPALA, 'i', "report", GULU, NULL, TEXT("what", "help"))),
		STANDING_REFUSED);
	assert_int_equal(alone(say(context, MBALE, 'i', "report", MBALE, NULL, TEXT("state", "closed"))),
		STANDING_REFUSED);
	assert_int_equal(
		alone(say(context, MBALE, 'i', "case", MBALE, NULL, TEXT("risk", "low"))), STANDING_REFUSED);
	assert_int_equal(alone(say(context, GULU, 'i', "user", GULU, NULL, TEXT("role", "coordinator"))),
		STANDING_REFUSED);
	assert_int_equal(
		alone(say(context, GULU, 'i', "audit", GULU, NULL, TEXT("what", "x"))), STANDING_REFUSED);
	said = say(context, MBALE, 'i', "report", MBALE, NULL, TEXT("what", "help"));
	said->event->by = "akello";
	assert_int_equal(alone(said), STANDING_REFUSED);
	body = sample_body(context, 9, "", "report", sample_key(context, GULU, 1), NULL, TEXT("what", "x"),
		json_pack("{s:[s]}", "what", GULU "/01jd0000000000000000000001"));
	assert_int_equal(alone(sample_json(context, GULU, 'i', 9, body)), STANDING_REFUSED);
}

static void people_and_audit_are_each_hubs_own(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);

	assert_int_equal(alone(say(context, GULU, 'o', "user", GULU, NULL, TEXT("name", "akello"))),
		STANDING_PERMITTED);
	assert_int_equal(alone(say(context, KAMPALA, 'o', "user", GULU, NULL, TEXT("name", "akello"))),
		STANDING_REFUSED);
	assert_int_equal(alone(say(context, KAMPALA, 'o', "user", KAMPALA, NULL, TEXT("name", "akello"))),
		STANDING_REFUSED);
	assert_int_equal(
		alone(say(context, GULU, 'o', "audit", MBALE, NULL, TEXT("what", "x"))), STANDING_REFUSED);
}

static void a_field_must_have_its_shape(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);

	assert_int_equal(alone(say(context, GULU, 'o', "case", GULU, NULL, json_pack("{s:i}", "risk", 3))),
		STANDING_REFUSED);
	assert_int_equal(
		alone(say(context, GULU, 'o', "case", GULU, NULL, TEXT("needs", "legal"))), STANDING_REFUSED);
	assert_int_equal(alone(say(context, GULU, 'o', "case", GULU, NULL, TEXT("risk", "unheard-of"))),
		STANDING_PERMITTED);
	assert_int_equal(
		alone(say(context, GULU, 'o', "sighting", GULU, NULL, TEXT("x", "y"))), STANDING_WAITING);
}

/* Judges several events about one record; answers with a letter each: p, w, r. */
static const struct error *no_answerers(
	void *user, const void *context, const char *entity, const char *key, char ***out)
{
	*out = user;
	return NULL;
}

static char *judge(const void *context, const char *entity, struct said *const *said, size_t count,
	char **mailboxes, bool with_hq)
{
	struct claim *claims = memory_array(context, struct claim, count);
	char *out = memory_string_of(context, "????????", count);
	struct permit_subject subject = {.self = GULU,
		.entity = schema_entity(entity),
		.key = said[0]->event->key,
		.answerers = no_answerers,
		.user = mailboxes};
	const char *case_key;
	bool creator_hq;

	for (size_t i = 0; i < count; i++) {
		claims[i] = (struct claim){.event = said[i]->event, .origin = said[i]->origin};
		claims[i].origin.is_headquarters = claims[i].origin.is_headquarters && with_hq;
	}
	assert_null(permit_judge(&subject, claims, count, &case_key, &creator_hq));
	for (size_t i = 0; i < count; i++) {
		out[i] = "pwr"[claims[i].judgement.standing];
		assert_int_equal(out[i] == 'p', *claims[i].judgement.reason == '\0');
	}
	return out;
}

static struct said *child(const void *context, const char *log, int number, const char *owner,
	const char *case_owner, int case_number)
{
	return sample_event(context, log, 'o', number, "action", sample_key(context, owner, 1),
		sample_key(context, case_owner, case_number), TEXT("what", "Call"), NULL);
}

static void what_is_in_a_case_belongs_to_the_case_its_maker_named(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct said *made = child(context, MBALE, 1, MBALE, MBALE, 1),
		    *hq = child(context, KAMPALA, 2, MBALE, MBALE, 1);
	struct said *elsewhere = child(context, MBALE, 3, MBALE, MBALE, 2),
		    *stranger = child(context, GULU, 4, MBALE, MBALE, 1);

	assert_string_equal(
		judge(context, "action", (struct said *[]){made, hq, elsewhere, stranger}, 4, NULL, true),
		"pprr");
	assert_string_equal(
		judge(context, "action", (struct said *[]){stranger, elsewhere, hq, made}, 4, NULL, true),
		"rrpp");
	assert_string_equal(judge(context, "action", (struct said *[]){hq, stranger}, 2, NULL, true), "ww");
	assert_string_equal(judge(context, "action", (struct said *[]){made, hq}, 2, NULL, false), "pr");
}

static void a_maker_must_be_a_writer_of_its_case(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct said *hq = child(context, KAMPALA, 1, KAMPALA, GULU, 1),
		    *home = child(context, GULU, 2, KAMPALA, GULU, 1);
	struct said *stranger = child(context, MBALE, 1, MBALE, GULU, 1),
		    *other = child(context, GULU, 2, MBALE, GULU, 1);

	assert_string_equal(judge(context, "action", (struct said *[]){hq, home}, 2, NULL, true), "pp");
	assert_string_equal(
		judge(context, "action", (struct said *[]){stranger, other}, 2, NULL, true), "rr");
}

static struct said *restated(const void *context, const char *log, int number, const char *entity,
	const char *owner, const char *case_key, json_t *set)
{
	json_t *body = sample_body(
		context, number, "okot", entity, sample_key(context, owner, 1), case_key, set, NULL);

	json_object_set_new(body, "restate", json_true());
	json_object_set_new(body, "from", json_array());
	return sample_json(context, log, 'o', number, body);
}

static void only_owners_restate(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	const char *in_mbale = sample_key(context, MBALE, 1), *in_gulu = sample_key(context, GULU, 1);
	struct said *hq = restated(context, KAMPALA, 2, "action", MBALE, in_mbale, TEXT("what", "x"));
	struct said *thief = restated(context, GULU, 1, "action", MBALE, in_gulu, TEXT("what", "x"));

	assert_string_equal(judge(context, "action", (struct said *[]){hq}, 1, NULL, true), "p");
	assert_string_equal(judge(context, "action", (struct said *[]){thief, hq}, 2, NULL, true), "rp");
	assert_int_equal(alone(restated(context, MBALE, 3, "case", GULU, NULL, TEXT("risk", "low"))),
		STANDING_REFUSED);
	assert_int_equal(alone(restated(context, GULU, 3, "case", GULU, NULL, TEXT("risk", "low"))),
		STANDING_PERMITTED);
}

static void a_report_waits_for_its_first_words(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct said *triage = say(context, KAMPALA, 'o', "report", MBALE, NULL, TEXT("state", "opened"));
	struct said *report = say(context, MBALE, 'i', "report", MBALE, NULL, TEXT("what", "help"));

	assert_string_equal(judge(context, "report", (struct said *[]){triage}, 1, NULL, true), "w");
	assert_string_equal(judge(context, "report", (struct said *[]){triage, report}, 2, NULL, true), "pp");
}

/* A stolen intake or sync process can write such events, but not into the past of a signed log. */
static void intake_cannot_change_a_report_afterwards(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct said *report = sample_event(context, MBALE, 'i', 10, "report", sample_key(context, MBALE, 1),
		NULL, TEXT("what", "help"), NULL);
	struct said *later = sample_event(context, MBALE, 'i', 2, "report", sample_key(context, MBALE, 1),
		NULL, TEXT("mailbox", "mine"), NULL);
	struct said *staff = sample_event(context, MBALE, 'o', 11, "report", sample_key(context, MBALE, 1),
		NULL, TEXT("state", "opened"), NULL);

	later->origin.seq = 11; /* with the earliest of times, in a later commit */
	assert_string_equal(judge(context, "report", (struct said *[]){later, report}, 2, NULL, true), "rp");
	staff->origin.seq = 1; /* recorded by staff: not intake's to speak of at all */
	assert_string_equal(
		judge(context, "report", (struct said *[]){later, report, staff}, 3, NULL, true), "rrp");
}

static struct said *message(const void *context, const char *log, char kind, const char *owner,
	const char *report, const char *from, const struct secret *seed, const char *text)
{
	const char *key = sample_key(context, owner, 1);
	const char *said = memory_format(context, "%s %s %s", key, report, text);
	uint8_t raw[SSHSIG_RAW_LEN] = {0};

	if (seed)
		sshsig_sign_raw(
			raw, seed, "engabo-message", (struct bytes){(const uint8_t *)said, strlen(said)});
	return sample_event(context, log, kind, 5, "message", key, NULL,
		json_pack("{s:s, s:s, s:s, s:s}", "report", report, "from", from, "text", text, "signature",
			encoding_base64(context, BYTES_OF(raw))),
		NULL);
}

static void a_message_is_the_reporters_if_its_signature_holds(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct signer signer;
	struct secret *seed CLEANUP(secret_free) = sshsig_seed_new(&signer),
			    *other CLEANUP(secret_free) = sshsig_seed_new(&(struct signer){0});
	const char *report = sample_key(context, GULU, 7), *elsewhere = sample_key(context, GULU, 8);
	char *mailboxes[] = {"broken",
		memory_format(context, "%032d %s age1xyz", 0, sshsig_public_text(context, &signer)), NULL};
	struct said *good = message(context, MBALE, 'i', MBALE, report, "reporter", seed, "I am safe");
	struct said *forged = message(context, MBALE, 'i', MBALE, report, "reporter", other, "I am safe");

	assert_string_equal(judge(context, "message", (struct said *[]){good}, 1, mailboxes, true), "p");
	assert_string_equal(judge(context, "message", (struct said *[]){good}, 1, NULL, true), "w");
	assert_string_equal(judge(context, "message", (struct said *[]){forged}, 1, mailboxes, true), "r");
	json_object_set_new(good->event->set, "report", json_string(elsewhere));
	assert_string_equal(judge(context, "message", (struct said *[]){good}, 1, mailboxes, true), "r");
	assert_int_equal(
		alone(message(context, GULU, 'i', GULU, report, "office", seed, "x")), STANDING_REFUSED);
	assert_int_equal(
		alone(message(context, GULU, 'o', GULU, report, "reporter", seed, "x")), STANDING_REFUSED);
	assert_int_equal(
		alone(message(context, GULU, 'i', MBALE, report, "reporter", seed, "x")), STANDING_REFUSED);
	assert_int_equal(
		alone(message(context, GULU, 'o', GULU, report, "office", NULL, "x")), STANDING_PERMITTED);
	assert_int_equal(alone(message(context, KAMPALA, 'o', KAMPALA, report, "office", NULL, "x")),
		STANDING_PERMITTED);
	assert_int_equal(
		alone(message(context, MBALE, 'o', MBALE, report, "office", NULL, "x")), STANDING_REFUSED);
}

/* What is said besides a text is signed, too: nothing of it can be taken away, added or changed. */
static void all_that_a_message_says_is_signed(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct signer signer;
	struct secret *seed CLEANUP(secret_free) = sshsig_seed_new(&signer);
	const char *report = sample_key(context, GULU, 7), *key = sample_key(context, MBALE, 1);
	char *mailboxes[] = {
		memory_format(context, "%032d %s age1xyz", 0, sshsig_public_text(context, &signer)), NULL};
	json_t *set CLEANUP(json_decref) =
		json_pack("{s:s, s:s, s:s, s:[s, s], s:s, s:i}", "report", report, "from", "reporter", "kind",
			"photo", "pieces", "aa", "bb", "identity", "AGE-SECRET-KEY-1", "size", 7);
	static const char *const names[] = {"kind", "pieces", "identity", "size"};
	struct said *photo;

	message_sign(set, key, seed);
	photo = sample_event(context, MBALE, 'i', 5, "message", key, NULL, json_deep_copy(set), NULL);
	assert_string_equal(judge(context, "message", (struct said *[]){photo}, 1, mailboxes, true), "p");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		json_t *less = json_deep_copy(set);

		json_object_del(less, names[i]);
		photo = sample_event(context, MBALE, 'i', 5, "message", key, NULL, less, NULL);
		assert_string_equal(
			judge(context, "message", (struct said *[]){photo}, 1, mailboxes, true), "r");
	}
	json_array_append_new(json_object_get(set, "pieces"), json_string("cc"));
	photo = sample_event(context, MBALE, 'i', 5, "message", key, NULL, json_deep_copy(set), NULL);
	assert_string_equal(judge(context, "message", (struct said *[]){photo}, 1, mailboxes, true), "r");
}

static void a_message_is_written_once(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	const char *report = sample_key(context, GULU, 7), *key = sample_key(context, GULU, 1);
	json_t *set =
		json_pack("{s:s, s:s, s:s}", "report", report, "from", "office", "text", "We come tomorrow.");
	struct said *first =
		sample_event(context, GULU, 'o', 1, "message", key, NULL, json_deep_copy(set), NULL);
	struct said *second = sample_event(context, GULU, 'o', 2, "message", key, NULL, set, NULL);

	assert_string_equal(judge(context, "message", (struct said *[]){second, first}, 2, NULL, true), "rp");
}

/* Gulu asked Mbale; "p" answers as the case file would while it knows the referral. */
static struct said *reply(
	const void *context, const char *log, const char *owner, int number, const char *about)
{
	return sample_event(context, log, 'o', number, "reply", sample_key(context, owner, number), NULL,
		json_pack("{s:s, s:s}", "referral", about, "kind", "accepted"), NULL);
}

static void a_reply_is_the_hub_s_that_was_asked_or_that_asked(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	const char *about = sample_key(context, GULU, 7);
	char *asked[] = {memory_string(context, MBALE), NULL}, *nobody[] = {NULL};
	struct said *theirs = reply(context, MBALE, MBALE, 1, about),
		    *ours = reply(context, GULU, GULU, 2, about);
	struct said *third = reply(context, "zz00000000000000", "zz00000000000000", 3, about),
		    *headquarters = reply(context, KAMPALA, KAMPALA, 4, about);

	assert_string_equal(judge(context, "reply", (struct said *[]){theirs}, 1, asked, true), "p");
	assert_string_equal(judge(context, "reply", (struct said *[]){ours}, 1, asked, true), "p");
	assert_string_equal(judge(context, "reply", (struct said *[]){third}, 1, asked, true), "w");
	assert_string_equal(judge(context, "reply", (struct said *[]){headquarters}, 1, asked, true), "w");
	assert_string_equal(judge(context, "reply", (struct said *[]){theirs}, 1, NULL, true), "w");
	assert_string_equal(judge(context, "reply", (struct said *[]){theirs}, 1, nobody, true), "w");
	assert_string_equal(judge(context, "reply", (struct said *[]){ours}, 1, nobody, true), "p");
	assert_int_equal(alone(reply(context, MBALE, GULU, 5, about)), STANDING_REFUSED);
	assert_int_equal(alone(reply(context, MBALE, MBALE, 6, "")), STANDING_REFUSED);
}

static void a_reply_is_written_once(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	const char *about = sample_key(context, GULU, 7), *key = sample_key(context, MBALE, 1);
	char *asked[] = {memory_string(context, MBALE), NULL};
	struct said *first = reply(context, MBALE, MBALE, 1, about);
	struct said *second = sample_event(context, MBALE, 'o', 2, "reply", key, NULL,
		json_pack("{s:s, s:s}", "referral", about, "kind", "done"), NULL);

	assert_string_equal(judge(context, "reply", (struct said *[]){second, first}, 2, asked, true), "rp");
}

static void the_directory_has_the_writers_of_a_case_and_headquarters_makes_the_rules(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct said *alone_hub = say(context, MBALE, 'o', "principles", MBALE, NULL, TEXT("text", "x"));

	assert_int_equal(alone(say(context, MBALE, 'o', "provider", MBALE, NULL, TEXT("name", "x"))),
		STANDING_PERMITTED);
	assert_int_equal(alone(say(context, KAMPALA, 'o', "provider", MBALE, NULL, TEXT("name", "x"))),
		STANDING_PERMITTED);
	assert_int_equal(
		alone(say(context, GULU, 'o', "provider", MBALE, NULL, TEXT("name", "x"))), STANDING_REFUSED);
	assert_int_equal(alone(say(context, KAMPALA, 'o', "principles", KAMPALA, NULL, TEXT("text", "x"))),
		STANDING_PERMITTED);
	assert_int_equal(alone(alone_hub), STANDING_REFUSED);
	alone_hub->origin.roster_version = 0;
	assert_int_equal(alone(alone_hub), STANDING_PERMITTED);
}

/* What a hub added while it worked alone it hands on in its own name, and nothing else. */
static void only_headquarters_adds_codes_for_all(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct said *hub = say(context, MBALE, 'o', "code", MBALE, NULL, TEXT("label", "x"));
	struct said *other = say(context, GULU, 'o', "code", MBALE, NULL, TEXT("label", "x"));
	struct said *headquarters = say(context, KAMPALA, 'o', "code", KAMPALA, NULL, TEXT("label", "x"));

	assert_int_equal(alone(headquarters), STANDING_PERMITTED);
	assert_int_equal(alone(hub), STANDING_REFUSED);
	hub->event->is_restated = other->event->is_restated = true;
	assert_int_equal(alone(hub), STANDING_PERMITTED);
	assert_int_equal(alone(other), STANDING_REFUSED);
	hub->event->is_restated = false;
	hub->origin.roster_version = 0;
	assert_int_equal(alone(hub), STANDING_PERMITTED);
	assert_int_equal(alone(say(context, KAMPALA, 'i', "code", KAMPALA, NULL, TEXT("label", "x"))),
		STANDING_REFUSED);
}

static int start(void **state)
{
	secret_start();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reports_and_cases_have_two_writers),
		cmocka_unit_test(only_headquarters_adds_codes_for_all),
		cmocka_unit_test(intake_can_only_do_what_any_phone_could),
		cmocka_unit_test(people_and_audit_are_each_hubs_own),
		cmocka_unit_test(a_field_must_have_its_shape),
		cmocka_unit_test(what_is_in_a_case_belongs_to_the_case_its_maker_named),
		cmocka_unit_test(a_maker_must_be_a_writer_of_its_case),
		cmocka_unit_test(only_owners_restate),
		cmocka_unit_test(a_report_waits_for_its_first_words),
		cmocka_unit_test(intake_cannot_change_a_report_afterwards),
		cmocka_unit_test(a_message_is_the_reporters_if_its_signature_holds),
		cmocka_unit_test(all_that_a_message_says_is_signed),
		cmocka_unit_test(a_message_is_written_once),
		cmocka_unit_test(a_reply_is_the_hub_s_that_was_asked_or_that_asked),
		cmocka_unit_test(a_reply_is_written_once),
		cmocka_unit_test(the_directory_has_the_writers_of_a_case_and_headquarters_makes_the_rules),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start, NULL);
}
