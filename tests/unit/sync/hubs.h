/* Whole hubs for the tests of rounds: state directories with keys, trust, repositories and spools, of one
 * coalition; a bare relay; and what their mailboxes and logs hold afterwards. Hub 0 is headquarters and keeps
 * the roster. */
#ifndef ENGABO_TESTS_UNIT_SYNC_HUBS_H
#define ENGABO_TESTS_UNIT_SYNC_HUBS_H

#include "tests/unit/vault/tools.h"

#include <signal.h>
#include <sys/stat.h>

#include "node/base/home.h"
#include "node/store/spool.h"
#include "node/vault/encoding.h"
#include "sync/hub.h"
#include "sync/mailboxes.h"
#include "sync/remote.h"
#include "sync/rosters.h"
#include "tests/unit/roster/coalition.h"

#define HUBS 3
#define HUBS_TEST(function) cmocka_unit_test_setup_teardown(function, hubs_make, hubs_end)

struct hubs {
	struct coalition *coalition;
	struct home *homes[HUBS];
	struct trust trusts[HUBS];
	char *relay; /* a bare repository, empty */
	struct age_recipient reader;
};

static inline void must(const struct error *error)
{
	if (error)
		fail_msg("%s", error->message);
}

/* intake.db or office.db as their roles would make them, as far as sync looks at them. */
static inline struct db *hubs_spool(struct hubs *hubs, int which, const char *file)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const char *steps[] = {spool_sql, NULL};
	struct db_schema schema = {steps, SPOOL_DB_VERSION};
	struct db *db = NULL;

	must(db_open(home_file(scratch, hubs->homes[which], file), &schema, &db));
	return db;
}

static inline void hubs_write(struct home *home, const char *name, struct bytes content, mode_t mode)
{
	must(files_write(home_file(home, home, name), content, mode));
}

static inline void hubs_home(struct hubs *hubs, int which)
{
	static unsigned count;
	char *path = memory_format(hubs, "%s/hub-%u", tools.folder, count++);
	struct coalition *coalition = hubs->coalition;
	struct trust *trust = &hubs->trusts[which];
	struct secret *ssh, *pem;
	struct signer ssh_public;
	struct home *home;
	char *sign;

	must(home_create(hubs, path, &home));
	hubs->homes[which] = home;
	*trust = coalition->trust;
	trust->self = coalition->roster.members[which].keys;
	hubs_write(home, "trust.json", trust_print(hubs, trust), 0644);
	sign = memory_format(hubs, "%s\n",
		encoding_base64(
			hubs, (struct bytes){coalition->sign[which]->data, coalition->sign[which]->len}));
	hubs_write(home, "keys/sign", (struct bytes){(uint8_t *)sign, strlen(sign)}, 0600);
	ssh = sshsig_seed_new(&ssh_public);
	pem = sshsig_private_pem(ssh, "hub");
	hubs_write(home, "keys/ssh", (struct bytes){pem->data, strlen((char *)pem->data)}, 0600);
	secret_free(pem);
	secret_free(ssh);
	must(repo_create(home_file(hubs, home, "log.git"), NULL));
	must(repo_create(home_file(hubs, home, "inbox.git"), home_file(hubs, home, "log.git")));
}

static inline int hubs_make(void **state)
{
	static unsigned count;
	struct hubs *hubs = memory_new(NULL, struct hubs);
	struct roster_files files;
	struct repo *repo = NULL;
	void *coalition = NULL;

	if (coalition_make(&coalition))
		return -1;
	hubs->coalition = coalition;
	files = coalition_files(hubs->coalition, &hubs->coalition->roster, 1);
	roster_digest(hubs->coalition->trust.root, &files);
	for (int i = 0; i < HUBS; i++)
		hubs_home(hubs, i);
	must(repo_open(home_file(hubs, hubs->homes[0], "log.git"), &repo));
	must(rosters_append(repo, 1, &files, hubs->trusts[0].self.log, hubs->coalition->sign[0]));
	repo_close(repo);
	hubs->relay = memory_format(hubs, "%s/relay-%u.git", tools.folder, count++);
	must(repo_create(hubs->relay, NULL));
	hubs->reader = hubs->trusts[0].self.recipient;
	*state = hubs;
	return 0;
}

static inline int hubs_end(void **state)
{
	struct hubs *hubs = *state;
	void *coalition = hubs->coalition;

	coalition_end(&coalition);
	memory_free(hubs);
	return 0;
}

static inline struct hub *hubs_open(struct hubs *hubs, int which)
{
	struct hub *hub = NULL;

	must(hub_open(hubs, hubs->homes[which], &hub));
	return hub;
}

/* One sealed record; its text is what it is known by. */
static inline int64_t hubs_spool_add(
	struct hubs *hubs, struct db *db, char kind, const char *mailbox, const char *text)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct spool_entry entry = {.kind = kind};
	int64_t id = 0;

	snprintf(entry.mailbox, sizeof entry.mailbox, "%s", mailbox);
	must(age_seal(
		scratch, (struct bytes){(const uint8_t *)text, strlen(text)}, &hubs->reader, 1, &entry.body));
	must(spool_add(db, &entry, &id));
	return id;
}

/* `count` rows by intake of this hub. */
static inline void hubs_report(struct hubs *hubs, int which, int count)
{
	struct db *db = hubs_spool(hubs, which, "intake.db");

	for (int i = 0; i < count; i++)
		hubs_spool_add(hubs, db, 'i', "", "report");
	db_close(db);
}

static inline int64_t hubs_commit(struct hub *hub)
{
	int64_t count = 0;

	must(round_commit(hub, &count));
	return count;
}

/* One round; the caller looks at the report and lets go of it. */
static inline json_t *hubs_round(struct hub *hub, const char *remote)
{
	json_t *report = NULL;

	must(round_remote(hub, remote, &report));
	return report;
}

/* Open, commit, one round with the relay, close: what a hub does on a good day. */
static inline json_t *hubs_day(struct hubs *hubs, int which)
{
	struct hub *hub = hubs_open(hubs, which);
	json_t *report;

	hubs_commit(hub);
	report = hubs_round(hub, hubs->relay);
	hub_close(hub);
	return report;
}

static inline long long hubs_number(const json_t *object, const char *name)
{
	return (long long)json_integer_value(json_object_get(object, name));
}

#define HUBS_ROUND_OK(call)                                                                                  \
	do {                                                                                                 \
		json_t *report_ = (call);                                                                    \
		if (!json_is_true(json_object_get(report_, "ok")))                                           \
			fail_msg("%s", json_text_or(report_, "error", "?"));                                 \
		json_decref(report_);                                                                        \
	} while (0)

/* SHA-256 of every envelope in a log as this hub has it, in order. */
struct hubs_envelopes {
	void *context;
	uint8_t (*list)[DIGEST_LEN];
	size_t count;
};

static inline const struct error *hubs_gather(void *user, const struct log_commit *commit,
	const struct oid *oid, const struct commit_entry *entries, size_t count)
{
	struct hubs_envelopes *out = user;

	(void)commit;
	(void)oid;
	out->list = memory_resized(out->context, out->list, DIGEST_LEN, out->count + count);
	for (size_t i = 0; i < count; i++)
		digest_of(out->list[out->count++], entries[i].body);
	return NULL;
}

static inline struct hubs_envelopes hubs_envelopes(struct hubs *hubs, const struct hub *hub, int whose)
{
	struct hubs_envelopes out = {.context = hubs};
	bool waits;

	must(logs_read(hub->log, hub->chain, &hub->trust.self, hubs->trusts[whose].self.log, 1, 0, "",
		hubs_gather, &out, &waits));
	assert_false(waits);
	return out;
}

/* Every row of a spool is in the log exactly once. */
static inline void hubs_exactly_once(
	struct hubs *hubs, const struct hubs_envelopes *in_log, struct db *const *spools, size_t spool_count)
{
	size_t rows = 0;

	for (size_t s = 0; s < spool_count; s++) {
		struct query query;
		bool row;

		must(db_prepare(spools[s], &query, "SELECT body FROM spool ORDER BY id"));
		for (must(db_step(&query, &row)); row; must(db_step(&query, &row))) {
			uint8_t sha256[DIGEST_LEN];
			int found = 0;

			digest_of(sha256, db_bytes(&query, 0));
			for (size_t i = 0; i < in_log->count; i++)
				found += memcmp(in_log->list[i], sha256, sizeof sha256) == 0;
			assert_int_equal(found, 1);
			rows++;
		}
		db_finish(&query);
	}
	assert_int_equal(rows, in_log->count);
	(void)hubs;
}

/* Rows of trouble of this kind. */
static inline int hubs_trouble(const struct hub *hub, const char *kind)
{
	json_t *status = NULL, *row;
	int count = 0;
	size_t i;

	must(state_status(hub->db, &status));
	json_array_foreach (json_object_get(status, "trouble"), i, row)
		count += strcmp(json_text_or(row, "kind", ""), kind) == 0;
	json_decref(status);
	return count;
}

/* The stock git in a repository; output is lost. */
static inline int hubs_git(const char *repository, const char *words)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);

	return system(memory_format(
		scratch, "git -c safe.directory='*' --git-dir=%s %s >/dev/null 2>&1", repository, words));
}

#endif
