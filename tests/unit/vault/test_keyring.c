/* A passphrase opens the hub for its keyholder and for nobody else; the file on the card names no one. */
#include "tests/unit/vault/tools.h"

#include <sodium.h>

#include "node/base/json.h"
#include "node/base/text.h"
#include "node/vault/encoding.h"
#include "node/vault/keyring.h"
#include "node/vault/vault.h"

#define MEBIBYTE (UINT64_C(1) << 20)

static struct keyring_cost cost;

static int start(void **state)
{
	setenv("ENGABO_TEST_CHEAP_KEYS", "1", 1);
	cost = keyring_cost_here();
	return tools_start(state);
}

static struct vault *new_vault(void)
{
	struct vault *vault = vault_new();

	vault->opening = secret_random(AGE_KEY_LEN);
	vault->office = secret_random(SSHSIG_SEED_LEN);
	return vault;
}

static void assert_same_vault(const struct vault *got, const struct vault *wanted)
{
	assert_true(secret_equal(got->opening, wanted->opening));
	assert_true(secret_equal(got->office, wanted->office));
}

/* A hub with its keyholders. */
struct hub {
	struct vault *vault;
	struct keyring_key *key;
	struct keyring *keyring;
};

static void hub_cleanup(struct hub *hub)
{
	vault_free(hub->vault);
	keyring_key_free(hub->key);
}

static struct hub hub_new(void)
{
	struct hub hub = {.vault = new_vault()};

	hub.keyring = keyring_new(tools.context, hub.vault, &hub.key);
	return hub;
}

static const char *hub_add(struct hub *hub, const char *name, const char *passphrase)
{
	struct secret *secret CLEANUP(secret_free) = tools_secret(passphrase);
	char *slot = memory_array(tools.context, char, AGE_RECIPIENT_SIZE);
	struct signer own;

	assert_null(keyring_add(hub->keyring, hub->key, name, secret, cost, slot, &own));
	return slot;
}

/* Through the file, as it would be after a start. */
static const struct error *sign_in(const struct keyring *keyring, const char *name, const char *passphrase,
	struct keyring_key **key, struct vault **vault)
{
	struct secret *secret CLEANUP(secret_free) = tools_secret(passphrase);
	struct keyring *read;

	assert_null(keyring_parse(tools.context, keyring_print(tools.context, keyring), &read));
	return keyring_open(read, name, secret, key, vault);
}

static void assert_signs_in(const struct hub *hub, const char *name, const char *passphrase)
{
	struct keyring_key *key CLEANUP(keyring_key_free) = NULL;
	struct vault *vault CLEANUP(vault_free) = NULL;
	const struct error *error = sign_in(hub->keyring, name, passphrase, &key, &vault);

	if (error)
		fail_msg("%s with %s: %s", name, passphrase, error->message);
	assert_same_vault(vault, hub->vault);
	assert_true(secret_equal(key->root, hub->key->root));
}

static void assert_stays_out(const struct hub *hub, const char *name, const char *passphrase)
{
	struct keyring_key *key = NULL;
	struct vault *vault = NULL;

	assert_error(sign_in(hub->keyring, name, passphrase, &key, &vault), ERROR_DENIED);
	assert_null(key);
	assert_null(vault);
}

static void each_keyholder_opens_the_hub_and_nobody_else_does(void **state)
{
	struct hub hub CLEANUP(hub) = hub_new();

	hub_add(&hub, "akello", "koala lagoon lemon");
	hub_add(&hub, "okot", "Correct Horse 42");
	hub_add(&hub, "", "printed words here");
	assert_signs_in(&hub, "akello", "koala lagoon lemon");
	assert_signs_in(&hub, "okot", "Correct Horse 42");
	assert_signs_in(&hub, "", "printed words here");
	assert_stays_out(&hub, "akello", "Correct Horse 42");
	assert_stays_out(&hub, "okot", "correct horse 42");
	assert_stays_out(&hub, "okot", "");
	assert_stays_out(&hub, "opio", "Correct Horse 42");
	assert_stays_out(&hub, "", "Correct Horse 42");
	assert_stays_out(&hub, "okot", "printed words here");
}

static void the_case_of_a_name_and_the_cut_of_words_do_not_matter(void **state)
{
	struct hub hub CLEANUP(hub) = hub_new();

	hub_add(&hub, "Akello", "koala lagoon lemon");
	assert_signs_in(&hub, "aKELLO", " KOA  lagoo\tLemon\n");
	assert_stays_out(&hub, "akello", "koala lagoon");
	assert_stays_out(&hub, "akello ", "koala lagoon lemon");
}

static void the_file_names_nobody_and_holds_no_secret(void **state)
{
	struct hub hub CLEANUP(hub) = hub_new();
	struct secret *const secrets[] = {hub.vault->opening, hub.vault->office, hub.key->root};
	struct bytes file;

	hub_add(&hub, "akello", "koala lagoon lemon");
	hub_add(&hub, "Nakato", "Correct Horse 42");
	file = keyring_print(tools.context, hub.keyring);
	assert_null(strcasestr((const char *)file.data, "akello"));
	assert_null(strcasestr((const char *)file.data, "nakato"));
	assert_null(strcasestr((const char *)file.data, "koala"));
	for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
		const struct bytes bytes = {secrets[i]->data, secrets[i]->len};

		assert_null(strstr((const char *)file.data, encoding_base64(tools.context, bytes)));
		assert_null(memmem(file.data, file.len, bytes.data, bytes.len));
	}
}

static void the_own_key_is_that_person_s_and_stays_with_a_new_passphrase(void **state)
{
	struct hub hub CLEANUP(hub) = hub_new();
	struct secret *first CLEANUP(secret_free) = tools_secret("first one");
	struct secret *second CLEANUP(secret_free) = tools_secret("second one");
	struct keyring_key *key CLEANUP(keyring_key_free) = NULL;
	struct keyring_key *again CLEANUP(keyring_key_free) = NULL;
	struct vault *vault CLEANUP(vault_free) = NULL;
	struct vault *same CLEANUP(vault_free) = NULL;
	char slot[AGE_RECIPIENT_SIZE];
	struct signer own, opened;

	assert_null(keyring_add(hub.keyring, hub.key, "akello", first, cost, slot, &own));
	hub_add(&hub, "okot", "another one");
	assert_null(keyring_open(hub.keyring, "akello", first, &key, &vault));
	sshsig_public_of(&opened, key->own);
	assert_memory_equal(&opened, &own, sizeof own);
	assert_string_equal(key->slot, slot);

	assert_null(keyring_change(hub.keyring, key, "akello", second, cost));
	assert_stays_out(&hub, "akello", "first one");
	assert_signs_in(&hub, "okot", "another one");
	assert_null(sign_in(hub.keyring, "akello", "second one", &again, &same));
	assert_true(secret_equal(again->own, key->own));
	assert_string_equal(again->slot, slot);
}

static void somebody_who_was_dropped_opens_nothing_written_since(void **state)
{
	struct hub hub CLEANUP(hub) = hub_new();
	struct keyring_key *leaver CLEANUP(keyring_key_free) = NULL;
	struct vault *known CLEANUP(vault_free) = NULL;
	struct secret *old_root CLEANUP(secret_free) = secret_copy(hub.key->root->data, hub.key->root->len);
	struct secret *passphrase CLEANUP(secret_free) = tools_secret("leaving soon");
	struct keyring_key *got = NULL;
	struct vault *vault = NULL;
	json_t *before CLEANUP(json_decref) = NULL, *after CLEANUP(json_decref) = NULL;
	struct keyring *planted;
	const char *slot;

	hub_add(&hub, "akello", "koala lagoon lemon");
	slot = hub_add(&hub, "okot", "leaving soon");
	assert_null(sign_in(hub.keyring, "okot", "leaving soon", &leaver, &known));
	assert_null(json_object_parse(keyring_print(tools.context, hub.keyring), &before));
	assert_null(keyring_drop(hub.keyring, hub.key, hub.vault, slot));
	assert_stays_out(&hub, "okot", "leaving soon");
	assert_signs_in(&hub, "akello", "koala lagoon lemon");
	assert_false(secret_equal(old_root, hub.key->root));

	/* Even with the old slots put back by hand into the new file. */
	assert_null(json_object_parse(keyring_print(tools.context, hub.keyring), &after));
	json_object_set(after, "slots", json_object_get(before, "slots"));
	assert_null(keyring_parse(tools.context, json_line(tools.context, after), &planted));
	assert_error(keyring_open(planted, "okot", passphrase, &got, &vault), ERROR_DENIED);
	/* And what they held open can no longer write. */
	assert_error(keyring_store(hub.keyring, leaver, hub.vault), ERROR_INVALID);
	assert_error(keyring_change(hub.keyring, leaver, "okot", passphrase, cost), ERROR_NOT_FOUND);
	assert_error(keyring_drop(hub.keyring, hub.key, hub.vault, slot), ERROR_NOT_FOUND);
}

static void the_last_keyholder_cannot_be_dropped(void **state)
{
	struct hub hub CLEANUP(hub) = hub_new();
	const char *slot = hub_add(&hub, "akello", "koala lagoon lemon");

	assert_error(keyring_drop(hub.keyring, hub.key, hub.vault, slot), ERROR_CONFLICT);
	assert_signs_in(&hub, "akello", "koala lagoon lemon");
}

static void a_changed_vault_is_there_for_everybody(void **state)
{
	struct hub hub CLEANUP(hub) = hub_new();

	hub_add(&hub, "akello", "koala lagoon lemon");
	hub_add(&hub, "okot", "another one");
	vault_free(hub.vault);
	hub.vault = new_vault();
	assert_null(keyring_store(hub.keyring, hub.key, hub.vault));
	assert_signs_in(&hub, "akello", "koala lagoon lemon");
	assert_signs_in(&hub, "okot", "another one");
}

static void slots_of_different_cost_open_side_by_side(void **state)
{
	struct hub hub CLEANUP(hub) = hub_new();
	const struct keyring_cost cheap = cost;

	hub_add(&hub, "akello", "koala lagoon lemon");
	cost = (struct keyring_cost){2, 16 * MEBIBYTE};
	hub_add(&hub, "okot", "another one");
	cost = cheap;
	assert_signs_in(&hub, "akello", "koala lagoon lemon");
	assert_signs_in(&hub, "okot", "another one");
	assert_stays_out(&hub, "okot", "koala lagoon lemon");
}

static void as_many_keyholders_as_there_is_room_for(void **state)
{
	struct hub hub CLEANUP(hub) = hub_new();
	struct secret *secret CLEANUP(secret_free) = tools_secret("one too many");
	char slot[AGE_RECIPIENT_SIZE];
	struct signer own;

	for (int i = 0; i < AGE_RECIPIENTS_MAX; i++)
		hub_add(&hub, memory_format(tools.context, "officer%d", i), "the same for all");
	assert_error(keyring_add(hub.keyring, hub.key, "late", secret, cost, slot, &own), ERROR_CONFLICT);
	assert_signs_in(&hub, "officer0", "the same for all");
	assert_signs_in(&hub, "officer63", "the same for all");
}

static void a_damaged_keyring_is_refused_and_says_so(void **state)
{
	struct hub hub CLEANUP(hub) = hub_new();
	struct bytes file;
	size_t refused = 0;

	hub_add(&hub, "akello", "koala lagoon lemon");
	file = keyring_print(tools.context, hub.keyring);
	for (int i = 0; i < 300; i++) {
		struct secret *passphrase CLEANUP(secret_free) = tools_secret("koala lagoon lemon");
		struct keyring_key *key CLEANUP(keyring_key_free) = NULL;
		struct vault *vault CLEANUP(vault_free) = NULL;
		uint8_t *changed = talloc_memdup(tools.context, file.data, file.len + 1);
		size_t bit = tools_random(8 * file.len);
		struct keyring *keyring;

		changed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (keyring_parse(tools.context, (struct bytes){changed, file.len}, &keyring) ||
			keyring_open(keyring, "akello", passphrase, &key, &vault))
			refused++;
		else
			assert_same_vault(vault, hub.vault);
		memory_free(changed);
	}
	/* White space may change into other white space; nothing else. */
	assert_true(refused > 280);
}

static void keyrings_of_another_shape_are_refused(void **state)
{
	struct hub hub CLEANUP(hub) = hub_new();
	static const char *const bad[][2] = {{"v", "2"}, {"v", "\"1\""}, {"salt", "\"AAAA\""}, {"salt", "7"},
		{"slots", "[]"}, {"slots", "{}"}, {"slots", "[7]"}, {"slots", "[{}]"}, {"root", "null"},
		{"root", "\"=\""}, {"vault", "[]"}, {"vault", "\"a\""}};
	static const char *const bad_slot[][2] = {{"ops", "0"}, {"ops", "1000"}, {"mem", "1"},
		{"mem", "99999999999"}, {"nonce", "\"\""}, {"box", "\"AAAA\""}, {"recipient", "\"age1\""}};
	struct keyring *out = NULL;
	struct bytes file;

	hub_add(&hub, "akello", "koala lagoon lemon");
	file = keyring_print(tools.context, hub.keyring);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0] + sizeof bad_slot / sizeof bad_slot[0]; i++) {
		size_t in_slot = i < sizeof bad / sizeof bad[0] ? 0 : i - sizeof bad / sizeof bad[0] + 1;
		const char *const *change = in_slot ? bad_slot[in_slot - 1] : bad[i];
		json_t *json CLEANUP(json_decref) = NULL;

		assert_null(json_object_parse(file, &json));
		json_object_set_new(in_slot ? json_array_get(json_object_get(json, "slots"), 0) : json,
			change[0], json_loads(change[1], JSON_DECODE_ANY, NULL));
		assert_error(
			keyring_parse(tools.context, json_line(tools.context, json), &out), ERROR_INVALID);
	}
	assert_error(keyring_parse(tools.context, NO_INPUT, &out), ERROR_INVALID);
	assert_error(keyring_parse(tools.context, TEXT("{}"), &out), ERROR_INVALID);
	assert_null(out);
}

static void a_vault_that_was_cut_or_planted_is_not_believed(void **state)
{
	struct hub hub CLEANUP(hub) = hub_new(), other CLEANUP(hub) = hub_new();
	struct secret *passphrase CLEANUP(secret_free) = tools_secret("koala lagoon lemon");
	json_t *mine CLEANUP(json_decref) = NULL, *theirs CLEANUP(json_decref) = NULL;
	struct keyring_key *key = NULL;
	struct vault *vault = NULL;
	struct keyring *planted;

	hub_add(&hub, "akello", "koala lagoon lemon");
	hub_add(&other, "akello", "koala lagoon lemon");
	assert_null(json_object_parse(keyring_print(tools.context, hub.keyring), &mine));
	assert_null(json_object_parse(keyring_print(tools.context, other.keyring), &theirs));
	json_object_set(mine, "vault", json_object_get(theirs, "vault"));
	assert_null(keyring_parse(tools.context, json_line(tools.context, mine), &planted));
	assert_error(keyring_open(planted, "akello", passphrase, &key, &vault), ERROR_INVALID);
	json_object_set_new(mine, "vault", json_string("AAAA"));
	assert_null(keyring_parse(tools.context, json_line(tools.context, mine), &planted));
	assert_error(keyring_open(planted, "akello", passphrase, &key, &vault), ERROR_INVALID);
	json_object_set(mine, "root", json_object_get(theirs, "root"));
	assert_null(keyring_parse(tools.context, json_line(tools.context, mine), &planted));
	assert_error(keyring_open(planted, "akello", passphrase, &key, &vault), ERROR_DENIED);
}

/* With a slot's identity, age alone gets the root key out: no lock-in. */
static void stock_age_opens_the_root_with_a_slot_s_identity(void **state)
{
	struct hub hub CLEANUP(hub) = hub_new();
	struct keyring_key *key CLEANUP(keyring_key_free) = NULL;
	struct vault *vault CLEANUP(vault_free) = NULL;
	struct secret *identity CLEANUP(secret_free) = NULL;
	json_t *json CLEANUP(json_decref) = NULL;
	const char *text;
	struct bytes root;

	hub_add(&hub, "akello", "koala lagoon lemon");
	assert_null(sign_in(hub.keyring, "akello", "koala lagoon lemon", &key, &vault));
	assert_null(json_object_parse(keyring_print(tools.context, hub.keyring), &json));
	assert_null(json_get_string(json, "root", 10000, &text));
	assert_null(encoding_from_base64(tools.context, text, &root));
	identity = age_identity_text(key->identity);
	root = TOOLS_RUN(NO_INPUT, "age", "-d", "-i", tools_file("slot", TEXT((char *)identity->data)),
		tools_file("root.age", root));
	assert_bytes(root, (struct bytes){hub.key->root->data, hub.key->root->len});
}

static void the_text_of_a_vault_is_read_strictly_and_its_unknown_keys_over(void **state)
{
#define K "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\""
	static const char *const good[] = {"{\"v\":1,\"opening\":" K ",\"office\":" K "}",
		"{\"new\":\"thing\",\"count\":12,\"v\":1,\"opening\":" K ",\"office\":" K "}"};
	static const char *const bad[] = {"", "{", "{}", "{\"v\":1}", "{\"v\":1,\"opening\":" K "}",
		"{\"v\":1,\"opening\":" K ",\"office\":" K, "{\"v\":1,\"opening\":" K ",\"office\":" K "} ",
		"{\"v\":1,\"opening\":" K ",\"office\":" K ",}",
		"{\"v\":2,\"opening\":" K ",\"office\":" K "}", "{\"opening\":" K ",\"office\":" K "}",
		"{\"v\":1,\"opening\":" K ",\"opening\":" K ",\"office\":" K "}",
		"{\"v\":1,\"opening\":7,\"office\":" K "}", "{\"v\":1,\"opening\":\"AAAA\",\"office\":" K "}",
		"{\"v\":1,\"opening\":null,\"office\":" K "}", "{\"v\":,\"opening\":" K ",\"office\":" K "}",
		"{\"v\":1234567890,\"opening\":" K ",\"office\":" K "}",
		"{\"v\":1 ,\"opening\":" K ",\"office\":" K "}", "{v:1,\"opening\":" K ",\"office\":" K "}",
		"{\"v\"1,\"opening\":" K ",\"office\":" K "}",
		"{\"v\":1,\"a\\\"\":1,\"opening\":" K ",\"office\":" K "}", "{\"v\":1,\"opening"};

	for (size_t i = 0; i < sizeof good / sizeof good[0] + sizeof bad / sizeof bad[0]; i++) {
		bool fine = i < sizeof good / sizeof good[0];
		const char *text = fine ? good[i] : bad[i - sizeof good / sizeof good[0]];
		struct secret *secret CLEANUP(secret_free) = tools_secret(text);
		struct vault *vault CLEANUP(vault_free) = NULL;
		const struct error *error = vault_parse(secret, &vault);

		if (!error != fine)
			fail_msg("%s: %s", text, error ? error->message : "taken");
	}
	for (int i = 0; i < 2; i++) {
		struct vault *vault CLEANUP(vault_free) = new_vault();
		struct vault *back CLEANUP(vault_free) = NULL;
		struct secret *text CLEANUP(secret_free) = vault_print(vault);

		assert_int_equal(strlen((char *)text->data), text->len);
		assert_null(vault_parse(text, &back));
		assert_same_vault(back, vault);
	}
}

static void a_verifier_tells_its_passphrase_from_others(void **state)
{
	struct secret *right CLEANUP(secret_free) = tools_secret("koala lagoon lemon");
	struct secret *same CLEANUP(secret_free) = tools_secret(" KOA lag lem");
	struct secret *wrong CLEANUP(secret_free) = tools_secret("koala lagoon");
	char *verifier = keyring_verifier(tools.context, right, cost), *changed;

	assert_null(keyring_verify(verifier, right));
	assert_null(keyring_verify(verifier, same));
	assert_error(keyring_verify(verifier, wrong), ERROR_DENIED);
	assert_string_not_equal(verifier, keyring_verifier(tools.context, right, cost));
	changed = memory_string(tools.context, verifier);
	changed[strlen(changed) - 1] ^= 4;
	assert_error(keyring_verify(changed, right), ERROR_DENIED);
}

/* They come in events: one that asked for 4 TiB or a year would stop the hub. */
static void a_verifier_that_would_cost_too_much_is_refused_before_it_is_paid(void **state)
{
	static const char *const bad[] = {"", "secret",
		"$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAA",
		"$argon2id$v=19$m=8192,t=4294967295,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAA",
		"$argon2id$v=19$m=8192,t=1,p=200$c2FsdHNhbHRzYWx0c2FsdA$AAAA",
		"$argon2i$v=19$m=8192,t=3,p=1$c2FsdA$AAAA",
		"$argon2id$v=19$m=8192$c2FsdHNhbHRzYWx0c2FsdA$AAAA",
		"$argon2id$v=19$m=8192,t=,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAA",
		"$argon2id$v=19$m=12345678901,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAA",
		"$argon2id$v=19$m=-1,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAA"};
	struct secret *passphrase CLEANUP(secret_free) = tools_secret("koala");

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_non_null(keyring_verify(bad[i], passphrase));
	assert_error(keyring_verify(bad[2], passphrase), ERROR_INVALID);
	assert_error(keyring_verify(bad[3], passphrase), ERROR_INVALID);
	assert_error(keyring_verify(bad[9], passphrase), ERROR_INVALID);
	assert_error(
		keyring_verify(memory_format(tools.context, "%0*d", 4000, 0), passphrase), ERROR_INVALID);
}

static void only_the_word_1_makes_keys_cheap(void **state)
{
	assert_int_equal(keyring_cost_here().memory, 8 * MEBIBYTE);
	assert_int_equal(keyring_cost_here().ops, 1);
	setenv("ENGABO_TEST_CHEAP_KEYS", "yes", 1);
	assert_true(keyring_cost_here().memory >= 128 * MEBIBYTE);
	assert_true(keyring_cost_here().ops >= 4);
	unsetenv("ENGABO_TEST_CHEAP_KEYS");
	assert_true(keyring_cost_here().memory >= 128 * MEBIBYTE);
	setenv("ENGABO_TEST_CHEAP_KEYS", "1", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_keyholder_opens_the_hub_and_nobody_else_does),
		cmocka_unit_test(the_case_of_a_name_and_the_cut_of_words_do_not_matter),
		cmocka_unit_test(the_file_names_nobody_and_holds_no_secret),
		cmocka_unit_test(the_own_key_is_that_person_s_and_stays_with_a_new_passphrase),
		cmocka_unit_test(somebody_who_was_dropped_opens_nothing_written_since),
		cmocka_unit_test(the_last_keyholder_cannot_be_dropped),
		cmocka_unit_test(a_changed_vault_is_there_for_everybody),
		cmocka_unit_test(slots_of_different_cost_open_side_by_side),
		cmocka_unit_test(as_many_keyholders_as_there_is_room_for),
		cmocka_unit_test(a_damaged_keyring_is_refused_and_says_so),
		cmocka_unit_test(keyrings_of_another_shape_are_refused),
		cmocka_unit_test(a_vault_that_was_cut_or_planted_is_not_believed),
		cmocka_unit_test(stock_age_opens_the_root_with_a_slot_s_identity),
		cmocka_unit_test(the_text_of_a_vault_is_read_strictly_and_its_unknown_keys_over),
		cmocka_unit_test(a_verifier_tells_its_passphrase_from_others),
		cmocka_unit_test(a_verifier_that_would_cost_too_much_is_refused_before_it_is_paid),
		cmocka_unit_test(only_the_word_1_makes_keys_cheap),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start, tools_end);
}
