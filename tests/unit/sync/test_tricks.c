/* What a relay or a stick can do to a log without the hub's key: nothing that is kept. */
#include "tests/unit/sync/stock.h"

/* Bytes that any relay can flip: in the commit; in a tree or an envelope, with the ids above them put right.
 */
static void every_flipped_byte_is_refused_and_changes_nothing(void **state)
{
	struct forge *forge = *state;
	struct draft *draft;
	struct oid tree;
	struct bytes raw;
	char *before;

	forge_grow(forge, 2);
	assert_int_equal(forge_offer(forge, &forge->tip.oid).verdict, LOG_NEW);
	draft = draft_new(forge, &forge->tip);
	draft_add(draft, "o-0001.age", forge_envelope(forge, "{\"v\":1}"));
	tree = draft_tree(forge, draft);
	raw = draft_raw(forge, draft, &tree);
	draft->armor = memory_string(forge, "");
	before = folder_digest(forge, forge->log_path);
	for (int i = 0; i < 300; i++) {
		struct draft *other = memory_new(forge, struct draft);
		struct bytes bytes = memory_bytes(forge, raw.data, raw.len);
		struct log_offer offer;
		struct oid offered;

		if (i % 3 == 0) {
			size_t at = tools_random(bytes.len);

			((uint8_t *)bytes.data)[at] ^= (uint8_t)(1 << tools_random(8));
		} else {
			struct oid changed;
			char *where;

			*other = *draft;
			other->digest_stays = true;
			if (i % 3 == 1) {
				struct bytes body = memory_bytes(forge, other->entries[i % 2].body.data,
					other->entries[i % 2].body.len);

				((uint8_t *)body.data)[tools_random(body.len)] ^=
					(uint8_t)(1 << tools_random(8));
				other->entries[i % 2].body = body;
			} else if (tools_random(2)) {
				other->entries[i % 2].name[tools_random(10)] ^= (char)(1 << tools_random(7));
			} else {
				other->modes[i % 2] ^= 1u << tools_random(16);
			}
			changed = draft_tree(forge, other);
			where = strstr((char *)bytes.data, tree.hex);
			memcpy(where, changed.hex, OID_SIZE - 1);
			if (strcmp(changed.hex, tree.hex) == 0)
				continue;
		}
		offered = forge_commit(forge, bytes);
		offer = forge_offer(forge, &offered);
		if (offer.verdict != LOG_REFUSED ||
			strcmp(folder_digest(forge, forge->log_path), before) != 0)
			fail_msg("flip %d: verdict %d, %s", i, (int)offer.verdict, offer.reason);
		talloc_free(other);
	}
	assert_int_equal(forge_offer(forge, &(struct oid[]){forge_commit(forge, raw)}[0]).verdict, LOG_NEW);
}

/* Nobody but the hub can make a second commit of what it signed, and so a fork. */
static void another_spelling_of_a_signature_is_no_fork(void **state)
{
	struct forge *forge = *state;
	struct raw_commit raw;
	char *armor, *before;
	size_t last;

	forge_grow(forge, 1);
	assert_int_equal(forge_offer(forge, &forge->tip.oid).verdict, LOG_NEW);
	before = folder_digest(forge, forge->log_path);
	must(repo_commit(forge, forge->inbox, &forge->tip.oid, &raw));
	armor = raw.signature;
	last = (size_t)(strstr(armor, "\n-----END") - armor) - 2; /* before the last "=" */
	for (int i = 0; i < 4; i++) {
		char *other = memory_string(forge, armor);
		struct oid offered;

		if (i == 0) {
			other[last] ^= 1; /* bits that base64 does not use */
		} else if (i == 1) {
			other = memory_format(forge, "%.60s\n%s", armor, armor + 60);
		} else if (i == 2) {
			other = memory_format(forge, "%s\n\n", armor);
		} else {
			other = memory_format(forge, "%.*s%s", (int)last + 1, armor, armor + last + 2);
		}
		offered = forge_commit(forge, commit_with_signature(forge, raw.signed_part, other));
		if (strcmp(offered.hex, forge->tip.oid.hex) == 0)
			continue;
		must_refuse(forge, &offered, "spelling", NULL);
	}
	assert_string_equal(folder_digest(forge, forge->log_path), before);
}

/* git's own ways to show another history than the objects say. */
static void replaced_grafted_and_shallow_history_is_not_believed(void **state)
{
	struct forge *forge = *state;
	struct log_tip good, bad;
	struct draft *draft;

	forge_grow(forge, 2);
	good = forge->tip;
	draft = draft_new(forge, &good);
	draft->sign = NULL;
	bad = draft_write(forge, draft);
	forge_grow(forge, 1);
	must(repo_ref_set(
		forge->inbox, memory_format(forge, "refs/replace/%s", bad.oid.hex), &forge->tip.oid, NULL));
	must_refuse(forge, &bad.oid, "replaced by a good one", "not signed");

	draft = draft_new(forge, &good);
	draft->parent_count = 0;
	bad = draft_write(forge, draft);
	must(files_write(memory_format(forge, "%s/info/grafts", forge->inbox_path),
		TEXT(memory_format(forge, "%s %s\n", bad.oid.hex, good.oid.hex)), 0600));
	must_refuse(forge, &bad.oid, "grafted onto a good one", "0 parents");

	draft = draft_new(forge, &good);
	memset(draft->parents[0].hex, '3', OID_SIZE - 1);
	bad = draft_write(forge, draft);
	must(files_write(memory_format(forge, "%s/shallow", forge->inbox_path),
		TEXT(memory_format(forge, "%s\n", bad.oid.hex)), 0600));
	must_refuse(forge, &bad.oid, "shallow", "not there");
}

static struct bytes tree_of_one(struct forge *forge, const struct oid *blob)
{
	struct buffer *raw = buffer_new(forge);
	uint8_t id[20];

	must(text_from_hex(id, sizeof id, blob->hex));
	buffer_add(raw, "100644 i-0000.age", sizeof "100644 i-0000.age");
	buffer_add(raw, id, sizeof id);
	return buffer_bytes(raw);
}

/* A loose object that lies under another's name: reading does not ask SHA-1, keeping does. */
static void an_object_under_anothers_name_is_refused(void **state)
{
	struct forge *forge = *state;
	struct draft *draft = draft_new(forge, &forge->tip);
	struct oid named, lies, tree, commit;

	lies = stock_object(forge->inbox_path, "blob", draft->entries[0].body);
	lies = stock_object(forge->inbox_path, "tree", tree_of_one(forge, &lies));
	named = stock_object(forge->inbox_path, "blob", TEXT("x"));
	tree = stock_object(forge->inbox_path, "tree", tree_of_one(forge, &named));
	TOOLS_RUN(NO_INPUT, "sh", "-c",
		memory_format(forge, "cd %s/objects && cp -f %.2s/%s %.2s/%s", forge->inbox_path, lies.hex,
			lies.hex + 2, tree.hex, tree.hex + 2));
	commit_envelopes_digest(draft->commit.envelopes, draft->entries, 1);
	commit = forge_commit(forge, draft_raw(forge, draft, &tree));
	must_refuse(forge, &commit, "a tree under another's name", "id it came under");
}

static void one_forged_commit_among_many_good_ones_is_found(void **state)
{
	struct forge *forge = *state;
	struct draft *draft;

	for (int before = 0; before < 200; before += 150) {
		forge->tip = (struct log_tip){.seq = 0};
		forge_grow(forge, before);
		draft = draft_new(forge, &forge->tip);
		draft->sign = forge->coalition->sign[2];
		forge->tip = draft_write(forge, draft);
		forge_grow(forge, 40);
		must_refuse(forge, &forge->tip.oid, "forged",
			memory_format(forge, "seq %d: the signature is by another key", before + 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FORGE_TEST(every_flipped_byte_is_refused_and_changes_nothing),
		FORGE_TEST(one_forged_commit_among_many_good_ones_is_found),
		FORGE_TEST(another_spelling_of_a_signature_is_no_fork),
		FORGE_TEST(replaced_grafted_and_shallow_history_is_not_believed),
		FORGE_TEST(an_object_under_anothers_name_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, tools_start, tools_end);
}
