/* What is sealed opens for whom it is meant and nobody else, says where it came from, and reads with stock
 * age. */
#include "tests/unit/casework/sample.h"

#include <stdlib.h>

#include "node/base/files.h"
#include "node/casework/envelope.h"
#include "node/vault/encoding.h"

static struct bytes bytes_of(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

struct keys {
	struct secret *opening, *other, *office;
	struct age_recipient recipients[2]; /* opening's, and one that nobody here holds */
	struct signer signer;
	struct event *event;
	void *context;
};

static int setup(void **state)
{
	struct keys *keys = calloc(1, sizeof *keys);
	struct age_recipient other;

	secret_start();
	keys->context = memory_context(NULL);
	keys->opening = age_identity_new(&keys->recipients[0]);
	secret_free(age_identity_new(&keys->recipients[1]));
	keys->other = age_identity_new(&other);
	keys->office = sshsig_seed_new(&keys->signer);
	keys->event = sample_event(keys->context, GULU, 'o', 1, "note", sample_key(keys->context, GULU, 1),
		sample_key(keys->context, GULU, 2), json_pack("{s:s}", "text", "She called."), NULL)
			      ->event;
	*state = keys;
	return 0;
}

static int teardown(void **state)
{
	struct keys *keys = *state;

	secret_free(keys->opening);
	secret_free(keys->other);
	secret_free(keys->office);
	talloc_free(keys->context);
	free(keys);
	return 0;
}

static struct bytes seal(struct keys *keys, bool with_office)
{
	struct bytes sealed;

	assert_null(envelope_seal(keys->context, keys->event->line, GULU, 1,
		with_office ? keys->office : NULL, keys->recipients, 2, &sealed));
	return sealed;
}

static const struct error *open_as(struct keys *keys, struct bytes sealed, const struct secret *identity,
	char kind, int epoch, const struct signer *office, struct event **event)
{
	struct event_origin origin = sample_origin(GULU, kind, 1);

	origin.epoch = epoch;
	return envelope_open(keys->context, sealed, &identity, 1, &origin, office, event);
}

static void it_opens_for_whom_it_is_meant(void **state)
{
	struct keys *keys = *state;
	struct event *event;

	assert_null(open_as(keys, seal(keys, true), keys->opening, 'o', 1, &keys->signer, &event));
	assert_memory_equal(event->line.data, keys->event->line.data, event->line.len);
	assert_null(open_as(keys, seal(keys, false), keys->opening, 'i', 1, NULL, &event));
	assert_int_equal(open_as(keys, seal(keys, true), keys->other, 'o', 1, &keys->signer, &event)->code,
		ERROR_DENIED);
}

static void it_must_agree_with_the_log_that_carried_it(void **state)
{
	struct keys *keys = *state;
	struct signer other;
	struct event_origin origin = sample_origin(MBALE, 'o', 1);
	const struct secret *identity = keys->opening;
	struct event *event;

	secret_free(sshsig_seed_new(&other));
	assert_int_equal(open_as(keys, seal(keys, true), keys->opening, 'o', 2, &keys->signer, &event)->code,
		ERROR_CONFLICT);
	assert_int_equal(open_as(keys, seal(keys, true), keys->opening, 'i', 1, &keys->signer, &event)->code,
		ERROR_CONFLICT);
	assert_int_equal(open_as(keys, seal(keys, false), keys->opening, 'o', 1, &keys->signer, &event)->code,
		ERROR_CONFLICT);
	assert_int_equal(
		open_as(keys, seal(keys, true), keys->opening, 'o', 1, &other, &event)->code, ERROR_CONFLICT);
	assert_int_equal(
		open_as(keys, seal(keys, true), keys->opening, 'o', 1, NULL, &event)->code, ERROR_NOT_FOUND);
	assert_int_equal(
		envelope_open(keys->context, seal(keys, true), &identity, 1, &origin, &keys->signer, &event)
			->code,
		ERROR_CONFLICT);
}

static void a_damaged_one_is_refused(void **state)
{
	struct keys *keys = *state;
	struct bytes sealed = seal(keys, true);
	uint8_t *copy = (uint8_t *)memory_bytes(keys->context, sealed.data, sealed.len).data;
	struct event *event;

	copy[sealed.len - 20] ^= 1;
	assert_int_equal(
		open_as(keys, (struct bytes){copy, sealed.len}, keys->opening, 'o', 1, &keys->signer, &event)
			->code,
		ERROR_INVALID);
	assert_non_null(open_as(keys, (struct bytes){sealed.data, sealed.len - 1}, keys->opening, 'o', 1,
		&keys->signer, &event));
	assert_non_null(
		open_as(keys, (struct bytes){sealed.data, 0}, keys->opening, 'o', 1, &keys->signer, &event));
}

static void what_is_inside_must_be_an_envelope(void **state)
{
	static const char *const insides[] = {"", "\n", "hello", "engabo-event 2 " GULU " 1 i -\n{}\n",
		"engabo-event 1 " GULU " 01 i -\n{}\n", "engabo-event 1 " GULU "  1 i -\n{}\n",
		"engabo-event 1 " GULU " 1 i -\n{}", "engabo-event 1 " GULU " 1 i - \n{}\n",
		"engabo-event 1 " GULU " 1 i -\n{}\n  x", "engabo-event 1 " GULU " 1 i -\n{}\n\n",
		"engabo-event 1 " GULU " 1 i -\nnot json\n"};
	struct keys *keys = *state;

	for (size_t i = 0; i < sizeof insides / sizeof *insides; i++) {
		struct bytes sealed;
		struct event *event;

		assert_null(age_seal(keys->context, bytes_of(insides[i]), keys->recipients, 1, &sealed));
		assert_int_equal(
			open_as(keys, sealed, keys->opening, 'i', 1, NULL, &event)->code, ERROR_INVALID);
	}
}

static void the_largest_event_fits_and_more_does_not(void **state)
{
	struct keys *keys = *state;
	struct age_recipient many[AGE_RECIPIENTS_MAX];
	struct bytes sealed,
		line = {memory_array(keys->context, uint8_t, EVENT_JSON_MAX + 1), EVENT_JSON_MAX};

	memset((uint8_t *)line.data, ' ', line.len + 1);
	for (size_t i = 0; i < AGE_RECIPIENTS_MAX; i++)
		many[i] = keys->recipients[i % 2];
	assert_null(envelope_seal(keys->context, line, GULU, 1, keys->office, many, 35, &sealed));
	assert_true(sealed.len <= ENVELOPE_MAX);
	assert_int_equal(
		envelope_seal(keys->context, line, GULU, 1, keys->office, many, AGE_RECIPIENTS_MAX, &sealed)
			->code,
		ERROR_INVALID);
	line.len++;
	assert_int_equal(envelope_seal(keys->context, line, GULU, 1, keys->office, many, 1, &sealed)->code,
		ERROR_INVALID);
}

static void sizes_are_those_of_padme(void **state)
{
	assert_int_equal(envelope_padded(1), 1);
	assert_int_equal(envelope_padded(9), 10);
	assert_int_equal(envelope_padded(100), 104);
	assert_int_equal(envelope_padded(1000), 1024);
	assert_int_equal(envelope_padded(1025), 1088);
	for (size_t len = 1; len < 70000; len++) {
		size_t padded = envelope_padded(len);

		assert_true(padded >= len && (padded - len) * 100 <= len * 12);
		assert_int_equal(envelope_padded(padded), padded);
	}
}

static void items_go_there_and_back(void **state)
{
	struct keys *keys = *state;
	struct bytes sealed, line;

	assert_null(envelope_seal_item(
		keys->context, bytes_of("{\"v\":1,\"kind\":\"answer\"}"), &keys->recipients[0], &sealed));
	assert_null(envelope_open_item(keys->context, sealed, keys->opening, &line));
	assert_string_equal((const char *)line.data, "{\"v\":1,\"kind\":\"answer\"}");
	assert_int_equal(envelope_open_item(keys->context, sealed, keys->other, &line)->code, ERROR_DENIED);
}

static void run(const char *command)
{
	if (system(command) != 0) /* NOLINT: stock tools, as a person would type them */
		fail_msg("%s", command);
}

/* EVENT.md, followed to the letter: age opens it, ssh-keygen believes it; and what age sealed, we open. */
static void stock_tools_read_and_write_it(void **state)
{
	struct keys *keys = *state;
	void *context = keys->context;
	char folder[] = "/tmp/engabo-test-XXXXXX", *path, *line;
	struct secret *identity CLEANUP(secret_free) = age_identity_text(keys->opening);
	char recipient[AGE_RECIPIENT_SIZE];
	struct bytes sealed = seal(keys, true), plain;
	struct event *event;

	assert_non_null(mkdtemp(folder));
	path = memory_format(context, "%s/o-0000.age", folder);
	assert_null(files_write(path, sealed, 0600));
	assert_null(files_write(memory_format(context, "%s/identity.txt", folder),
		bytes_of((const char *)identity->data), 0600));
	run(memory_format(context, "cd %s && age -d -i identity.txt o-0000.age > plain", folder));
	assert_null(files_read(context, memory_format(context, "%s/plain", folder), 65536, &plain));
	assert_int_equal(plain.len, envelope_padded(plain.len));
	line = strchr((char *)plain.data, '\n') + 1;
	assert_memory_equal(line, keys->event->line.data, keys->event->line.len);
	assert_int_equal(
		strspn(line + keys->event->line.len + 1, " "), strlen(line + keys->event->line.len + 1));
	run(memory_format(context, "cd %s && sed -n 2p plain | grep -q She.called", folder));

	age_recipient_text(recipient, &keys->recipients[0]);
	run(memory_format(context,
		"cd %s && sed s/She.called/She.wrote./ plain | sed 's/ o .*/ i -/' | age -r %s > again.age",
		folder, recipient));
	assert_null(files_read(context, memory_format(context, "%s/again.age", folder), 65536, &sealed));
	assert_null(open_as(keys, sealed, keys->opening, 'i', 1, NULL, &event));
	assert_string_equal(json_text_or(event->set, "text", ""), "She.wrote..");
	run(memory_format(context, "rm -r %s", folder));
}

/* The signature in the header is the raw half of an SSHSIG: ssh-keygen makes the same bytes. */
static void the_signature_is_what_ssh_keygen_makes(void **state)
{
	struct keys *keys = *state;
	void *context = keys->context;
	const struct secret *identity = keys->opening;
	struct secret *plain CLEANUP(secret_free) = NULL,
			     *pem CLEANUP(secret_free) = sshsig_private_pem(keys->office, "office");
	char folder[] = "/tmp/engabo-test-XXXXXX", signature[90], *text;
	struct bytes armor;
	uint8_t raw[SSHSIG_RAW_LEN];

	assert_null(age_open(&identity, 1, seal(keys, true), &plain));
	assert_int_equal(sscanf((const char *)plain->data, "engabo-event 1 %*s 1 o %89s", signature), 1);
	assert_null(encoding_from_base64_exact(raw, sizeof raw, signature));
	assert_non_null(mkdtemp(folder));
	assert_null(files_write(
		memory_format(context, "%s/key", folder), bytes_of((const char *)pem->data), 0600));
	text = memory_format(context, GULU " 1 %s", (const char *)keys->event->line.data);
	assert_null(files_write(memory_format(context, "%s/signed", folder), bytes_of(text), 0600));
	run(memory_format(context,
		"cd %s && ssh-keygen -q -Y sign -n engabo-event -f key signed && sed 1d signed.sig | sed "
		"'$d' | base64 -d | "
		"tail -c 64 > raw",
		folder));
	assert_null(files_read(context, memory_format(context, "%s/raw", folder), 100, &armor));
	assert_int_equal(armor.len, SSHSIG_RAW_LEN);
	assert_memory_equal(armor.data, raw, SSHSIG_RAW_LEN);
	run(memory_format(context, "rm -r %s", folder));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_opens_for_whom_it_is_meant, setup, teardown),
		cmocka_unit_test_setup_teardown(it_must_agree_with_the_log_that_carried_it, setup, teardown),
		cmocka_unit_test_setup_teardown(a_damaged_one_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_inside_must_be_an_envelope, setup, teardown),
		cmocka_unit_test_setup_teardown(the_largest_event_fits_and_more_does_not, setup, teardown),
		cmocka_unit_test_setup_teardown(sizes_are_those_of_padme, setup, teardown),
		cmocka_unit_test_setup_teardown(items_go_there_and_back, setup, teardown),
		cmocka_unit_test_setup_teardown(stock_tools_read_and_write_it, setup, teardown),
		cmocka_unit_test_setup_teardown(the_signature_is_what_ssh_keygen_makes, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
