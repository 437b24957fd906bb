/* The snapshot brings back what was saved, and nothing that anybody else put in its place. */
#include "tests/unit/casework/sample.h"

#include <stdlib.h>
#include <sys/resource.h>

#include "node/base/files.h"
#include "node/casework/snapshot.h"

/* A sanitizer keeps what was freed for a while. */
#ifdef __SANITIZE_ADDRESS__
#define LITTLE_MB 40
#else
#define LITTLE_MB 10
#endif

struct hub {
	void *context;
	struct home home;
	struct vault *vault;
	struct casefile *file;
	struct snapshot_place place;
	char folder[40];
};

static int setup(void **state)
{
	struct hub *hub = memory_new(NULL, struct hub);
	struct age_recipient recipient;
	struct signer signer;

	secret_start();
	snprintf(hub->folder, sizeof hub->folder, "/tmp/engabo-test-XXXXXX");
	assert_non_null(mkdtemp(hub->folder));
	hub->context = hub;
	hub->home.path = hub->folder;
	hub->vault = vault_new();
	if (!hub->vault->opening)
		hub->vault->opening = age_identity_new(&recipient);
	if (!hub->vault->office)
		hub->vault->office = sshsig_seed_new(&signer);
	hub->place = (struct snapshot_place){GULU, 1, 3};
	assert_null(casefile_new(hub, GULU, &hub->file));
	sample_take(hub->file, sample_event(hub, GULU, 'o', 1, "case", sample_key(hub, GULU, 1), NULL,
				       json_pack("{s:s}", "alias", "Plaintext Swallow"), NULL));
	*state = hub;
	return 0;
}

static int teardown(void **state)
{
	struct hub *hub = *state;
	char *path = memory_format(hub, "%s/snapshot.age", hub->folder);

	remove(path);
	remove(memory_format(hub, "%s/snapshot.sig", hub->folder));
	remove(hub->folder);
	vault_free(hub->vault);
	talloc_free(hub);
	return 0;
}

static struct bytes read_file(struct hub *hub, const char *name)
{
	struct bytes out;

	assert_null(files_read(hub, memory_format(hub, "%s/%s", hub->folder, name), 1 << 24, &out));
	return out;
}

static void write_file(struct hub *hub, const char *name, struct bytes content)
{
	assert_null(files_write(memory_format(hub, "%s/%s", hub->folder, name), content, 0600));
}

static void what_was_saved_comes_back(void **state)
{
	struct hub *hub = *state;
	struct casefile *again;
	uint8_t before[32], after[32];

	assert_int_equal(
		snapshot_read(hub, &hub->home, hub->vault, &hub->place, &again)->code, ERROR_NOT_FOUND);
	assert_null(snapshot_write(&hub->home, hub->file, hub->vault, &hub->place));
	hub->place.roster_version = 4; /* a newer roster since then is fine */
	assert_null(snapshot_read(hub, &hub->home, hub->vault, &hub->place, &again));
	assert_null(casefile_digest(hub->file, before));
	assert_null(casefile_digest(again, after));
	assert_memory_equal(before, after, 32);
}

static void nothing_readable_lies_on_the_card(void **state)
{
	struct hub *hub = *state;
	struct bytes sealed, signature;

	assert_null(snapshot_write(&hub->home, hub->file, hub->vault, &hub->place));
	sealed = read_file(hub, "snapshot.age");
	signature = read_file(hub, "snapshot.sig");
	assert_null(memmem(sealed.data, sealed.len, "Swallow", 7));
	assert_null(memmem(sealed.data, sealed.len, "SQLite", 6));
	assert_null(memmem(signature.data, signature.len, "Swallow", 7));
}

static void a_planted_one_is_not_believed(void **state)
{
	struct hub *hub = *state;
	struct bytes sealed, signature, other;
	struct age_recipient recipient;
	struct casefile *again;
	uint8_t *copy;

	assert_null(snapshot_write(&hub->home, hub->file, hub->vault, &hub->place));
	sealed = read_file(hub, "snapshot.age");
	signature = read_file(hub, "snapshot.sig");
	/* anyone can seal to the hub */
	assert_null(age_recipient_of(&recipient, hub->vault->opening));
	assert_null(age_seal(hub, (struct bytes){(const uint8_t *)"planted", 7}, &recipient, 1, &other));
	write_file(hub, "snapshot.age", other);
	assert_non_null(snapshot_read(hub, &hub->home, hub->vault, &hub->place, &again));
	write_file(hub, "snapshot.age", sealed);
	assert_null(snapshot_read(hub, &hub->home, hub->vault, &hub->place, &again));
	/* every part of the signature's line counts */
	for (size_t i = 0; i < signature.len; i += 7) {
		copy = (uint8_t *)memory_bytes(hub, signature.data, signature.len).data;
		copy[i] ^= 1;
		write_file(hub, "snapshot.sig", (struct bytes){copy, signature.len});
		assert_non_null(snapshot_read(hub, &hub->home, hub->vault, &hub->place, &again));
	}
	write_file(hub, "snapshot.sig", (struct bytes){signature.data, 0});
	assert_non_null(snapshot_read(hub, &hub->home, hub->vault, &hub->place, &again));
}

static void one_of_another_time_or_hub_is_not_believed(void **state)
{
	struct hub *hub = *state;
	struct casefile *again;
	struct snapshot_place place = hub->place;

	assert_null(snapshot_write(&hub->home, hub->file, hub->vault, &hub->place));
	place.log = MBALE;
	assert_int_equal(snapshot_read(hub, &hub->home, hub->vault, &place, &again)->code, ERROR_INVALID);
	place = hub->place;
	place.epoch = 2;
	assert_int_equal(snapshot_read(hub, &hub->home, hub->vault, &place, &again)->code, ERROR_INVALID);
	place = hub->place;
	place.roster_version = 2; /* the roster was rolled back */
	assert_int_equal(snapshot_read(hub, &hub->home, hub->vault, &place, &again)->code, ERROR_INVALID);
}

/* A power cut between the two files. */
static void a_torn_one_is_not_believed(void **state)
{
	struct hub *hub = *state;
	struct bytes first;
	struct casefile *again;

	assert_null(snapshot_write(&hub->home, hub->file, hub->vault, &hub->place));
	first = read_file(hub, "snapshot.sig");
	assert_null(snapshot_write(&hub->home, hub->file, hub->vault, &hub->place));
	write_file(hub, "snapshot.sig", first);
	assert_int_equal(
		snapshot_read(hub, &hub->home, hub->vault, &hub->place, &again)->code, ERROR_INVALID);
}

static size_t peak_mb(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	return (size_t)usage.ru_maxrss / 1024;
}

/* A hub has no memory for its case file a second time. */
static void a_large_one_passes_through_little_memory(void **state)
{
	struct hub *hub = *state;
	struct casefile *again;
	size_t before;

	assert_null(db_run(casefile_db(hub->file), "UPDATE case_ SET summary = hex(zeroblob(24000000))"));
	before = peak_mb();
	assert_null(snapshot_write(&hub->home, hub->file, hub->vault, &hub->place));
	assert_in_range(peak_mb() - before, 0, LITTLE_MB);
	talloc_free(hub->file);
	assert_null(snapshot_read(hub, &hub->home, hub->vault, &hub->place, &again));
	assert_in_range(peak_mb() - before, 0, LITTLE_MB);
	assert_int_equal(sample_number(again, "SELECT length(summary) FROM case_"), 48000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_saved_comes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_readable_lies_on_the_card, setup, teardown),
		cmocka_unit_test_setup_teardown(a_planted_one_is_not_believed, setup, teardown),
		cmocka_unit_test_setup_teardown(one_of_another_time_or_hub_is_not_believed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_torn_one_is_not_believed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_large_one_passes_through_little_memory, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
