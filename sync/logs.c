/* The hubs' logs in log.git: this hub's own grows here by what intake and office spooled, and any log is read
 * again from here. Used by sync to append, by office and commands to read.
 *
 * Leaves what came from outside to keep.c, and the rules to check.c. Guards: a branch moves only after
 * everything it names is on the card, and what is appended is what every other hub will accept. */
#include "sync/logs.h"

#include <string.h>

#include "node/base/text.h"
#include "sync/check.h"
#include "sync/pack.h"

/* A commit is the least that can travel; on a line that is cut every half minute, one must fit in between. */
#define COMMIT_BYTES 32768

void logs_ref(char out[static LOG_REF_SIZE], const char *log, int epoch)
{
	snprintf(out, LOG_REF_SIZE, "refs/heads/log/%s/%d", log, epoch);
}

bool logs_ref_parse(const char *ref, char log[static LOG_ID_SIZE], int *epoch)
{
	const char *id = ref + strlen(LOG_REFS);
	uint64_t number;

	if (!text_starts(ref, LOG_REFS) || strlen(id) <= LOG_ID_SIZE || id[LOG_ID_SIZE - 1] != '/')
		return false;
	memcpy(log, id, LOG_ID_SIZE - 1);
	log[LOG_ID_SIZE - 1] = '\0';
	if (!ids_is_log(log) || text_to_number(id + LOG_ID_SIZE, COMMIT_EPOCH_MAX, &number))
		return false;
	*epoch = (int)number;
	return true;
}

const struct error *logs_tip(struct repo *repo, const char *log, int epoch, struct log_tip *out)
{
	char ref[LOG_REF_SIZE];
	struct oid oid;
	const struct error *error;

	logs_ref(ref, log, epoch);
	error = repo_ref(repo, ref, &oid);
	if (error && error->code == ERROR_NOT_FOUND) {
		*out = (struct log_tip){0};
		return NULL;
	}
	if (!error)
		error = check_tip_at(repo, &oid, out);
	return error ? error_wrap(error, "log %s", log) : NULL;
}

const struct error *logs_envelopes(
	struct repo *repo, const struct oid *tip, int64_t commits, int64_t *envelopes)
{
	struct oid at = *tip;

	for (int64_t i = 0; i < commits; i++) {
		void *scratch CLEANUP(memory_free) = memory_context(NULL);
		struct tree_entry *entries;
		struct raw_commit raw;
		size_t count;

		TRY(repo_commit(scratch, repo, &at, &raw));
		TRY(repo_tree(scratch, repo, &raw.tree, COMMIT_ENTRIES_MAX, &entries, &count));
		*envelopes += (int64_t)count;
		at = raw.parents[0];
	}
	return NULL;
}

const struct error *logs_entry_check(struct log_entry *entry)
{
	char name[64], mailbox[33], kind;

	snprintf(name, sizeof name, "%c-%s%s0000.age", entry->kind, entry->mailbox,
		*entry->mailbox ? "-" : "");
	if (!commit_entry_name(name, 0, &kind, mailbox))
		return error_new(ERROR_INVALID, "not an envelope of kind i, o or m");
	TRY(check_body_form(entry->body));
	digest_of(entry->sha256, entry->body);
	entry->is_checked = true;
	return NULL;
}

struct place {
	struct log_entry *entry;
};

static int compare_places(const void *a, const void *b)
{
	const struct log_entry *left = ((const struct place *)a)->entry,
			       *right = ((const struct place *)b)->entry;
	int order = left->kind - right->kind;

	if (!order)
		order = strcmp(left->mailbox, right->mailbox);
	return order ? order : (left > right) - (left < right); /* else as they came */
}

static int compare_acks(const void *a, const void *b)
{
	return strcmp(((const struct commit_ack *)a)->log, ((const struct commit_ack *)b)->log);
}

/* Names and adds at most COMMIT_ENTRIES_MAX entries: their blobs, their tree; and their digest. */
static void add_entries(struct pack *pack, struct log_entry *entries, size_t count, struct oid *tree,
	uint8_t sha256[static DIGEST_LEN])
{
	struct place sorted[COMMIT_ENTRIES_MAX] = {0};
	struct tree_entry named[COMMIT_ENTRIES_MAX] = {0};
	struct digest digest;

	for (size_t i = 0; i < count; i++)
		sorted[i].entry = &entries[i];
	qsort(sorted, count, sizeof *sorted, compare_places);
	digest_start(&digest);
	for (size_t i = 0; i < count; i++) {
		struct log_entry *entry = sorted[i].entry;

		snprintf(named[i].name, sizeof named[i].name, "%c-%s%s%04zu.age", entry->kind, entry->mailbox,
			*entry->mailbox ? "-" : "", i);
		named[i].mode = 0100644;
		pack_blob(pack, entry->body, &entry->oid);
		named[i].oid = entry->oid;
		commit_envelopes_add(&digest, named[i].name, entry->sha256);
	}
	digest_end(&digest, sha256);
	pack_tree(pack, named, count, tree);
}

/* One commit behind `tip`, which moves on to it. */
static const struct error *add_commit(struct pack *pack, const struct back *back, struct log_commit *commit,
	struct log_entry *entries, size_t count, const struct secret *sign, struct log_tip *tip)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct bytes raw;
	struct oid tree;

	commit->seq = tip->seq + 1;
	if (tip->seq)
		memcpy(commit->prev, tip->sha256, sizeof commit->prev);
	else
		digest_of(commit->prev, (struct bytes){(const uint8_t *)"", 0});
	TRY(back_fill(back, commit->seq, commit));
	add_entries(pack, entries, count, &tree, commit->envelopes);
	raw = commit_raw(scratch, commit, &tree, tip->seq ? &tip->oid : NULL, sign);
	pack_commit(pack, raw, &tip->oid);
	digest_of(tip->sha256, raw);
	tip->seq = commit->seq;
	tip->roster = commit->roster;
	for (size_t i = 0; i < count; i++)
		entries[i].seq = commit->seq;
	return NULL;
}

static const struct error *check_input(
	const struct log_tip *tip, int roster, size_t ack_count, struct log_entry *entries, size_t count)
{
	if (roster < tip->roster)
		return error_new(ERROR_CONFLICT,
			"the log already names roster version %d; version %d would go back", tip->roster,
			roster);
	if (ack_count > COMMIT_ACKS_MAX)
		return error_new(
			ERROR_INVALID, "%zu acknowledgements; a commit holds %d", ack_count, COMMIT_ACKS_MAX);
	for (size_t i = 0; i < count; i++) {
		const struct error *error = entries[i].is_checked ? NULL : logs_entry_check(&entries[i]);

		if (error)
			return error_wrap(error, "envelope %zu of the batch", i);
	}
	return NULL;
}

/* How many of the next entries make a commit; one at least. */
static size_t entries_a_commit(const struct log_entry *entries, size_t count)
{
	size_t bytes = 0, n = 0;

	while (n < count && n < COMMIT_ENTRIES_MAX && (!n || bytes + entries[n].body.len <= COMMIT_BYTES))
		bytes += entries[n++].body.len;
	return n;
}

const struct error *logs_append(struct repo *repo, const char *log, int epoch, const struct secret *sign,
	int roster, const struct commit_ack *acks, size_t ack_count, struct log_entry *entries, size_t count,
	struct log_tip *tip)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct log_commit *commit = memory_new(scratch, struct log_commit);
	struct oid *recent = memory_array(scratch, struct oid, count ? count : 1);
	struct back back = {repo, tip->seq, tip->oid, recent, 0};
	struct log_tip next = *tip;
	struct pack *pack;
	char ref[LOG_REF_SIZE];

	TRY(check_input(tip, roster, ack_count, entries, count));
	if (!count && !ack_count)
		return NULL;
	memcpy(commit->log, log, LOG_ID_SIZE);
	commit->epoch = epoch;
	commit->roster = roster;
	if (ack_count)
		memcpy(commit->acks, acks, ack_count * sizeof *acks);
	qsort(commit->acks, ack_count, sizeof *acks, compare_acks);
	commit->ack_count = ack_count;
	pack = pack_begin(scratch, repo);
	for (size_t done = 0; done < count || !back.recent_count; commit->ack_count = 0) {
		size_t now = entries_a_commit(entries + done, count - done);

		TRY(add_commit(pack, &back, commit, entries + done, now, sign, &next));
		recent[back.recent_count++] = next.oid;
		done += now;
	}
	TRY(pack_end(pack));
	logs_ref(ref, log, epoch);
	TRY(repo_ref_set(repo, ref, &next.oid, tip->seq ? &tip->oid : NULL));
	*tip = next;
	return NULL;
}

/* Ids as 20 bytes each: a log of a hundred thousand commits is read with two megabytes. */
struct walked {
	uint8_t *ids; /* newest first */
	size_t count, size;
};

static void walked_add(void *context, struct walked *walked, const struct oid *oid)
{
	if (walked->count == walked->size) {
		walked->size = walked->size ? 2 * walked->size : 1024;
		walked->ids = memory_resize(context, walked->ids, uint8_t, walked->size * OID_LEN);
	}
	error_ignore(text_from_hex(walked->ids + walked->count++ * OID_LEN, OID_LEN, oid->hex));
}

static void walked_at(const struct walked *walked, size_t i, struct oid *out)
{
	text_hex(out->hex, walked->ids + i * OID_LEN, OID_LEN);
}

/* All commits from the tip down to the one behind `after_seq`; `end` is the one at after_seq. */
static const struct error *walk_down(void *context, const struct check *check, const struct log_tip *tip,
	int64_t after_seq, struct walked *out, struct oid *end)
{
	struct oid at = tip->oid;

	for (int64_t seq = tip->seq; seq > after_seq; seq--) {
		void *scratch CLEANUP(memory_free) = memory_context(NULL);
		struct raw_commit raw;

		walked_add(context, out, &at);
		TRY(repo_commit(scratch, check->from, &at, &raw));
		if (raw.parent_count != (seq > 1))
			return error_new(ERROR_INVALID, "the commit at Seq %lld has %zu parents",
				(long long)seq, raw.parent_count);
		at = raw.parents[0];
	}
	*end = at;
	return NULL;
}

struct reading {
	void *context;
	struct commit_entry *entries;
	size_t count;
};

static void read_body(void *user, const struct tree_entry *entry, struct bytes body)
{
	struct reading *reading = user;
	struct commit_entry *to = &reading->entries[reading->count++];

	memcpy(to->name, entry->name, sizeof to->name);
	to->oid = entry->oid;
	to->body = memory_bytes(reading->context, body.data, body.len);
}

/* Checks one commit once more and hands it out. */
static const struct error *read_commit(
	struct check *check, const struct oid *oid, logs_each *each, void *user, bool *waits)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct checked *checked = memory_new(scratch, struct checked);
	struct reading reading = {scratch, memory_array(scratch, struct commit_entry, COMMIT_ENTRIES_MAX), 0};
	const struct error *error;
	struct tree_entry *entries;
	size_t count;

	TRY(check_read(scratch, check, oid, checked));
	error = check_follows(check, checked);
	*waits = error && error->code == ERROR_UNAVAILABLE;
	if (error)
		return *waits ? NULL : error;
	TRY(check_signature(check, checked));
	TRY(check_entries(scratch, check, checked, read_body, &reading, &entries, &count));
	TRY(each(user, &checked->commit, oid, reading.entries, reading.count));
	check_advance(check, oid, checked);
	return NULL;
}

const struct error *logs_read(struct repo *repo, const struct roster_chain *chain,
	const struct member_keys *self, const char *log, int epoch, int64_t after_seq,
	const char *after_commit, logs_each *each, void *user, bool *waits)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct check check = {.from = repo, .chain = chain, .self = self, .log = log, .epoch = epoch};
	struct walked walked = {0};
	int64_t last = check_last(&check);
	struct log_tip tip;
	struct oid from;

	*waits = false;
	TRY(logs_tip(repo, log, epoch, &tip));
	if (tip.seq < after_seq)
		return error_new(ERROR_CONFLICT, "log %s ends at Seq %lld, before Seq %lld that was read",
			log, (long long)tip.seq, (long long)after_seq);
	TRY(walk_down(scratch, &check, &tip, after_seq, &walked, &from));
	if (after_seq && strcmp(from.hex, after_commit) != 0)
		return error_new(ERROR_CONFLICT, "log %s no longer holds what was read at Seq %lld", log,
			(long long)after_seq);
	if (after_seq)
		TRY(check_tip_at(repo, &from, &check.tip));
	for (size_t i = walked.count; i-- > 0 && check.tip.seq < last && !*waits;) {
		int64_t seq = check.tip.seq + 1;
		const struct error *error;
		struct oid oid;

		walked_at(&walked, i, &oid);
		error = read_commit(&check, &oid, each, user, waits);
		if (error)
			return error_wrap(error, "log %s, Seq %lld", log, (long long)seq);
	}
	return NULL;
}

const struct error *logs_have_envelopes(struct repo *repo, const char *log, int epoch, int64_t seq, bool *out)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct check check = {.from = repo, .log = log, .epoch = epoch};
	struct checked *checked = memory_new(context, struct checked);
	uint8_t none[DIGEST_LEN];
	struct log_tip tip;

	*out = false;
	commit_envelopes_digest(none, NULL, 0);
	TRY(logs_tip(repo, log, epoch, &tip));
	for (struct oid at = tip.oid; tip.seq > seq && !*out; tip.seq--) {
		void *scratch CLEANUP(memory_free) = memory_context(NULL);

		TRY(check_read(scratch, &check, &at, checked));
		*out = memcmp(checked->commit.envelopes, none, DIGEST_LEN) != 0;
		at = checked->raw.parents[0];
	}
	return NULL;
}
