/* Logs as a test wants them: a coalition of three hubs, log.git and inbox.git of one of them, and commits of
 * another that are right in all but what the test spoils. What a remote would send is written straight into
 * inbox.git. */
#ifndef ENGABO_TESTS_UNIT_SYNC_FORGE_H
#define ENGABO_TESTS_UNIT_SYNC_FORGE_H

#include "tests/unit/vault/tools.h"

#include <dirent.h>
#include <fcntl.h>

#include "node/base/text.h"
#include "sync/back.h"
#include "sync/check.h"
#include "sync/logs.h"
#include "sync/pack.h"
#include "sync/rosters.h"
#include "tests/unit/roster/coalition.h"

#define FORGE_TEST(function) cmocka_unit_test_setup_teardown(function, forge_make, forge_end)

struct forge {
	struct coalition *coalition;
	struct roster_chain *chain;
	char *log_path, *inbox_path;
	struct repo *log, *inbox;
	const char *id;		   /* the log that is written: member 1's */
	const struct secret *sign; /* its key */
	struct age_recipient reader;
	struct log_tip tip; /* where the written log ends, in the inbox */
};

static inline void must(const struct error *error)
{
	if (error)
		fail_msg("%s", error->message);
}

static inline struct repo *forge_repo(const char *path, const char *alternate)
{
	struct repo *repo = NULL;

	must(repo_create(path, alternate));
	must(repo_open(path, &repo));
	return repo;
}

static inline int forge_make(void **state)
{
	static unsigned count;
	struct forge *forge = memory_new(NULL, struct forge);
	void *coalition = NULL;

	if (coalition_make(&coalition))
		return -1;
	forge->coalition = coalition;
	forge->chain = coalition_chain(forge->coalition);
	forge->log_path = memory_format(forge, "%s/log-%u.git", tools.folder, ++count);
	forge->inbox_path = memory_format(forge, "%s/inbox-%u.git", tools.folder, count);
	forge->log = forge_repo(forge->log_path, NULL);
	forge->inbox = forge_repo(forge->inbox_path, forge->log_path);
	forge->id = forge->coalition->roster.members[1].keys.log;
	forge->sign = forge->coalition->sign[1];
	forge->reader = forge->coalition->roster.members[0].keys.recipient;
	*state = forge;
	return 0;
}

static inline int forge_end(void **state)
{
	struct forge *forge = *state;
	void *coalition = forge->coalition;

	repo_close(forge->log);
	repo_close(forge->inbox);
	coalition_end(&coalition);
	memory_free(forge);
	return 0;
}

/* The next roster version, signed by the coordinator, in the chain. */
static inline void forge_next_roster(struct forge *forge)
{
	struct roster_files files;

	forge->coalition->roster.version++;
	files = coalition_files(forge->coalition, &forge->coalition->roster, 1);
	must(roster_chain_add(forge->chain, &files));
}

static inline struct bytes forge_envelope(struct forge *forge, const char *text)
{
	struct bytes sealed;

	must(age_seal(forge, TEXT(text), &forge->reader, 1, &sealed));
	return sealed;
}

#define DRAFT_ENTRIES 300
/* A commit before it is written. */
struct draft {
	struct log_commit commit;
	struct commit_entry entries[DRAFT_ENTRIES];
	struct oid oids[DRAFT_ENTRIES]; /* where set, what the tree names instead of the entry's body */
	unsigned modes[DRAFT_ENTRIES];
	size_t count;
	bool digest_stays; /* do not take the digest of what is in there */
	struct oid parents[3];
	size_t parent_count;
	char *author, *committer;  /* NULL: as it must be */
	const char *header;	   /* one more, with its newline, in front of the signature */
	const char *header_after;  /* the same, behind it */
	char *message;		   /* NULL: the commit's */
	const struct secret *sign; /* NULL: unsigned */
	const char *name_space;
	char *armor; /* NULL: made by `sign` */
};

static inline void draft_add(struct draft *draft, const char *name, struct bytes body)
{
	struct commit_entry *entry = &draft->entries[draft->count];

	snprintf(entry->name, sizeof entry->name, "%s", name);
	entry->body = body;
	draft->modes[draft->count++] = 0100644;
}

/* What Back must be behind `tip`, whose commits are in the inbox. */
static inline void draft_back(struct forge *forge, const struct log_tip *tip, struct log_commit *commit)
{
	struct back back = {forge->inbox, tip->seq, tip->oid, NULL, 0};

	must(back_fill(&back, tip->seq + 1, commit));
}

/* A right commit behind `tip`, with one envelope. */
static inline struct draft *draft_new(struct forge *forge, const struct log_tip *tip)
{
	struct draft *draft = memory_new(forge, struct draft);

	memcpy(draft->commit.log, forge->id, LOG_ID_SIZE);
	draft->commit.epoch = 1;
	draft->commit.seq = tip->seq + 1;
	draft->commit.roster = 1;
	if (tip->seq) {
		memcpy(draft->commit.prev, tip->sha256, DIGEST_LEN);
		draft->parents[draft->parent_count++] = tip->oid;
	} else {
		digest_of(draft->commit.prev, (struct bytes){(const uint8_t *)"", 0});
	}
	draft_back(forge, tip, &draft->commit);
	draft_add(draft, "i-0000.age", forge_envelope(forge, "{}"));
	draft->sign = forge->sign;
	draft->name_space = "git";
	return draft;
}

static inline struct bytes draft_frame(struct forge *forge, const struct draft *draft, const struct oid *tree)
{
	struct buffer *text = buffer_new(forge);
	char *person = memory_format(forge, "%s <%s@engabo.invalid> %lld +0000", draft->commit.log,
		draft->commit.log, (long long)commit_seconds(draft->commit.seq));

	buffer_format(text, "tree %s\n", tree->hex);
	for (size_t i = 0; i < draft->parent_count; i++)
		buffer_format(text, "parent %s\n", draft->parents[i].hex);
	buffer_format(text, "author %s\ncommitter %s\n%s\n%s", draft->author ? draft->author : person,
		draft->committer ? draft->committer : person, draft->header ? draft->header : "",
		draft->message ? draft->message : commit_message(forge, &draft->commit));
	return buffer_bytes(text);
}

/* The raw commit around a tree. */
static inline struct bytes draft_raw(struct forge *forge, const struct draft *draft, const struct oid *tree)
{
	struct bytes frame = draft_frame(forge, draft, tree), raw = frame;
	struct buffer *more;
	const char *split;

	if (draft->armor)
		raw = commit_with_signature(forge, frame, draft->armor);
	else if (draft->sign)
		raw = commit_with_signature(
			forge, frame, sshsig_sign(forge, draft->sign, draft->name_space, frame));
	if (!draft->header_after)
		return raw;
	more = buffer_new(forge);
	split = strstr((const char *)raw.data, "\n\n") + 1;
	buffer_add(more, raw.data, (size_t)(split - (const char *)raw.data));
	buffer_text(more, draft->header_after);
	buffer_text(more, split);
	return buffer_bytes(more);
}

/* Everything but the commit goes into the inbox. */
static inline struct oid draft_tree(struct forge *forge, struct draft *draft)
{
	struct tree_entry *entries = memory_array(forge, struct tree_entry, DRAFT_ENTRIES);
	struct pack *pack = pack_begin(forge, forge->inbox);
	struct oid tree;

	for (size_t i = 0; i < draft->count; i++) {
		memcpy(entries[i].name, draft->entries[i].name, sizeof entries[i].name);
		entries[i].mode = draft->modes[i];
		if (*draft->oids[i].hex)
			entries[i].oid = draft->oids[i];
		else
			pack_blob(pack, draft->entries[i].body, &entries[i].oid);
	}
	pack_tree(pack, entries, draft->count, &tree);
	must(pack_end(pack));
	if (!draft->digest_stays)
		commit_envelopes_digest(draft->commit.envelopes, draft->entries, draft->count);
	return tree;
}

static inline struct oid forge_commit(struct forge *forge, struct bytes raw)
{
	struct pack *pack = pack_begin(forge, forge->inbox);
	struct oid oid;

	pack_commit(pack, raw, &oid);
	must(pack_end(pack));
	return oid;
}

/* Writes it into the inbox; what a next commit follows. */
static inline struct log_tip draft_write(struct forge *forge, struct draft *draft)
{
	struct oid tree = draft_tree(forge, draft);
	struct bytes raw = draft_raw(forge, draft, &tree);
	struct log_tip tip = {.seq = draft->commit.seq, .roster = draft->commit.roster};

	tip.oid = forge_commit(forge, raw);
	digest_of(tip.sha256, raw);
	return tip;
}

/* `count` right commits more on forge->tip. */
static inline void forge_grow(struct forge *forge, int count)
{
	for (int i = 0; i < count; i++)
		forge->tip = draft_write(forge, draft_new(forge, &forge->tip));
}

static inline struct log_offer forge_offer(struct forge *forge, const struct oid *offered)
{
	struct log_offer offer;

	must(logs_keep(forge->log, forge->inbox, forge->chain, forge->id, 1, offered, &offer));
	return offer;
}

static inline int names_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* SHA-256 over names, modes and contents of everything in a folder. */
static inline void folder_add(void *context, struct digest *digest, const char *path)
{
	char **names = memory_array(context, char *, 4096);
	DIR *folder = opendir(path);
	struct dirent *entry;
	size_t count = 0;

	assert_non_null(folder);
	while ((entry = readdir(folder)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			names[count++] = memory_format(context, "%s/%s", path, entry->d_name);
	closedir(folder);
	assert_true(count < 4096);
	qsort(names, count, sizeof *names, names_compare);
	for (size_t i = 0; i < count; i++) {
		struct bytes content = {NULL, 0};
		struct stat st;

		assert_int_equal(lstat(names[i], &st), 0);
		digest_add(digest, names[i], strlen(names[i]) + 1);
		digest_add(digest, &st.st_mode, sizeof st.st_mode);
		if (S_ISDIR(st.st_mode)) {
			folder_add(context, digest, names[i]);
			continue;
		}
		must(files_read(context, names[i], 1 << 30, &content));
		digest_add(digest, content.data, content.len);
	}
}

static inline char *folder_digest(struct forge *forge, const char *path)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char *hex = memory_array(forge, char, 2 * DIGEST_LEN + 1);
	uint8_t out[DIGEST_LEN];
	struct digest digest;

	digest_start(&digest);
	folder_add(scratch, &digest, path);
	digest_end(&digest, out);
	text_hex(hex, out, sizeof out);
	return hex;
}

static inline bool reason_says(const char *reason, const char *expected)
{
	char *copy = memory_string(tools.context, expected), *rest = copy, *word;

	while ((word = strsep(&rest, "|")))
		if (strstr(reason, word))
			return true;
	return false;
}

/* Refused, also with right commits in front and behind; nothing changed. */
static inline void must_refuse(
	struct forge *forge, const struct oid *offered, const char *name, const char *reason)
{
	char *before = folder_digest(forge, forge->log_path);
	struct log_offer offer;

	offer = forge_offer(forge, offered);
	if (offer.verdict != LOG_REFUSED)
		fail_msg("%s: verdict %d", name, (int)offer.verdict);
	if (strncmp(offer.reason, forge->id, LOG_ID_SIZE - 1) != 0 || strchr(offer.reason, '\n') ||
		(reason && !reason_says(offer.reason, reason)))
		fail_msg("%s: %s", name, offer.reason);
	assert_int_equal(offer.taken, 0);
	assert_int_equal(offer.envelopes, 0);
	if (strcmp(folder_digest(forge, forge->log_path), before) != 0)
		fail_msg("%s: log.git changed", name);
}

/* Stock git on a repository, without anybody's configuration. */
#define FORGE_GIT(path, ...)                                                                                 \
	TOOLS_RUN(NO_INPUT, "env", "GIT_CONFIG_NOSYSTEM=1",                                                  \
		memory_format(tools.context, "GIT_DIR=%s", path), "git", __VA_ARGS__)

/* The most memory this process had since the last call, in KiB beyond what it had then; 0 where a sanitizer
 * or valgrind keeps what is freed. */
static inline long memory_peak_kb(void)
{
#ifdef __SANITIZE_ADDRESS__
	return 0;
#else
	static long before;
	bool watched = getenv("ENGABO_UNDER_VALGRIND") != NULL;
	struct bytes status = tools_read("/proc/self/status");
	const char *peak = strstr((const char *)status.data, "VmHWM:"),
		   *now = strstr((const char *)status.data, "VmRSS:");
	long used = peak ? strtol(peak + strlen("VmHWM:"), NULL, 10) - before : -1;
	int fd = open("/proc/self/clear_refs", O_WRONLY);

	assert_int_equal(write(fd, "5", 1), 1);
	close(fd);
	before = now ? strtol(now + strlen("VmRSS:"), NULL, 10) : 0;
	return watched ? 0 : used;
#endif
}

#endif
