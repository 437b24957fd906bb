/* From the spools of intake and office into our own signed log: what a reporter was given a receipt for
 * becomes a commit here.
 *
 * Leaves the commits themselves to logs.c. Guards: each spooled envelope is in the log exactly once, whenever
 * this process is killed. Before a batch is begun, sync.db says which rows it takes and where the log ends
 * (`intent`); after it, that they are taken. What lies between is settled at the next start by asking the
 * log. Runs in the sync role, or in a command that holds its lock. */
#include "sync/hub.h"

#include <string.h>

#include "node/base/clock.h"
#include "node/base/files.h"
#include "node/store/spool.h"
#include "sync/mailboxes.h"

#define ROWS_MAX 1024 /* of one spool in one batch; spool_after gives no more than 16 MiB of them */
#define ROWS_MANY 256 /* fewer were not cut short by either */
#define ACK_EVERY_SECONDS (6 * 60 * 60) /* commits of acknowledgements alone that nobody asked for */

/* Which kinds each role may spool: intake must not pass something off as the office's. */
static const struct source {
	const char *name, *file, *kinds;
} sources[] = {{"intake", "intake.db", "im"}, {"office", "office.db", "om"}};
enum { INTAKE, OFFICE, SOURCES };

struct batch {
	void *context;
	struct log_entry *entries;
	size_t count;
	int64_t upto[SOURCES]; /* taken, once this batch is in the log */
	int64_t *urgent;       /* intake's rows with a report that cannot wait */
	size_t urgent_count;
};

/* ---- digests of envelopes: how a batch is known again ---- */

struct digests {
	uint8_t (*list)[DIGEST_LEN];
	size_t count, size;
};

static void digests_add(void *context, struct digests *digests, const uint8_t sha256[static DIGEST_LEN])
{
	if (digests->count == digests->size) {
		digests->size = digests->size ? 2 * digests->size : 256;
		digests->list = memory_resized(context, digests->list, DIGEST_LEN, digests->size);
	}
	memcpy(digests->list[digests->count++], sha256, DIGEST_LEN);
}

static int compare_digests(const void *a, const void *b)
{
	return memcmp(a, b, DIGEST_LEN);
}

static void digests_sort(struct digests *digests)
{
	if (digests->count)
		qsort(digests->list, digests->count, DIGEST_LEN, compare_digests);
}

static void digests_sum(struct digests *digests, uint8_t out[static DIGEST_LEN])
{
	struct digest digest;

	digests_sort(digests);
	digest_start(&digest);
	for (size_t i = 0; i < digests->count; i++)
		digest_add(&digest, digests->list[i], DIGEST_LEN);
	digest_end(&digest, out);
}

struct gathering {
	void *context;
	struct digests digests;
};

static const struct error *gather_commit(void *user, const struct log_commit *commit, const struct oid *oid,
	const struct commit_entry *entries, size_t count)
{
	struct gathering *gathering = user;
	uint8_t sha256[DIGEST_LEN];

	for (size_t i = 0; i < count; i++) {
		digest_of(sha256, entries[i].body);
		digests_add(gathering->context, &gathering->digests, sha256);
	}
	return NULL;
}

/* The envelopes of our log behind `after`. */
static const struct error *gather(struct hub *hub, const struct log_tip *after, struct gathering *out)
{
	bool waits;

	TRY(logs_read(hub->log, hub->chain, &hub->trust.self, hub->trust.self.log, hub->trust.self.epoch,
		after->seq, after->oid.hex, gather_commit, out, &waits));
	return waits ? error_new(ERROR_UNAVAILABLE, "our log names a roster version that this card has lost; "
						    "it comes back with the next sync")
		     : NULL;
}

/* ---- the intent ---- */

struct intent {
	bool exists;
	struct log_tip after; /* seq and oid: our log before the batch */
	int64_t upto[SOURCES];
	uint8_t digest[DIGEST_LEN];
};

static const struct error *read_intent(struct db *db, struct intent *out)
{
	struct query query CLEANUP(db_finish) = {0};
	struct bytes digest;
	bool row;

	*out = (struct intent){0};
	TRY(db_prepare(db, &query, "SELECT after_seq, after_oid, intake, office, digest FROM intent"));
	TRY(db_step(&query, &row));
	if (!row)
		return NULL;
	out->exists = true;
	out->after.seq = db_integer(&query, 0);
	snprintf(out->after.oid.hex, sizeof out->after.oid.hex, "%s", db_text(&query, 1));
	out->upto[INTAKE] = db_integer(&query, 2);
	out->upto[OFFICE] = db_integer(&query, 3);
	digest = db_bytes(&query, 4);
	if (digest.len != DIGEST_LEN)
		return error_new(ERROR_INVALID, "%s: the intent is damaged", db->name);
	memcpy(out->digest, digest.data, DIGEST_LEN);
	return NULL;
}

static const struct error *insert_urgent(struct db *db, const struct batch *batch)
{
	struct query query CLEANUP(db_finish) = {0};

	TRY(db_prepare(db, &query, "INSERT OR IGNORE INTO urgent(id, at) VALUES(?, ?)"));
	for (size_t i = 0; i < batch->urgent_count; i++) {
		db_bind_integer(&query, 1, batch->urgent[i]);
		db_bind_integer(&query, 2, clock_wall_seconds());
		TRY(db_done(&query));
	}
	return NULL;
}

static const struct error *insert_intent(
	struct db *db, const struct batch *batch, const struct log_tip *after)
{
	struct query query CLEANUP(db_finish) = {0};
	struct digests digests = {0};
	uint8_t sum[DIGEST_LEN];

	for (size_t i = 0; i < batch->count; i++) /* all are checked, and so have it */
		digests_add(batch->context, &digests, batch->entries[i].sha256);
	digests_sum(&digests, sum);
	TRY(db_prepare(db, &query,
		"INSERT INTO intent(id, after_seq, after_oid, intake, office, digest) VALUES(1, ?, ?, ?, ?, "
		"?)"));
	db_bind_integer(&query, 1, after->seq);
	db_bind_text(&query, 2, after->oid.hex);
	db_bind_integer(&query, 3, batch->upto[INTAKE]);
	db_bind_integer(&query, 4, batch->upto[OFFICE]);
	db_bind_bytes(&query, 5, BYTES_OF(sum));
	return db_done(&query);
}

static const struct error *write_intent(struct db *db, const struct batch *batch, const struct log_tip *after)
{
	const struct error *error;

	TRY(db_begin(db));
	error = insert_urgent(db, batch);
	if (!error)
		error = insert_intent(db, batch, after);
	if (!error)
		error = db_commit(db);
	if (error)
		db_rollback(db);
	return error;
}

struct acks {
	struct commit_ack list[COMMIT_ACKS_MAX];
	size_t count;
};

static const struct error *write_taken(
	struct hub *hub, const int64_t upto[static SOURCES], const struct acks *acks)
{
	const struct member_keys *self = &hub->trust.self;
	struct log_tip tip;

	TRY(logs_tip(hub->log, self->log, self->epoch, &tip));
	if (tip.seq)
		TRY(state_known_set(hub->db, self->log, self->epoch, &tip));
	for (size_t i = 0; i < acks->count; i++)
		TRY(state_ack(hub->db, acks->list[i].log, acks->list[i].epoch, self->log, acks->list[i].seq));
	for (size_t i = 0; i < SOURCES; i++)
		TRY(state_taken_set(hub->db, sources[i].name, upto[i]));
	return db_run(hub->db, "DELETE FROM intent");
}

/* The batch is in the log, and mailbox.db knows it: the intent has become this. */
static const struct error *note_taken(
	struct hub *hub, const int64_t upto[static SOURCES], const struct acks *acks)
{
	const struct error *error;

	TRY(db_begin(hub->db));
	error = write_taken(hub, upto, acks);
	if (!error)
		error = db_commit(hub->db);
	if (error)
		db_rollback(hub->db);
	return error;
}

/* What the log holds is taken: that, and the mailbox items in it, for everybody to see. */
static const struct error *finish(struct hub *hub, const int64_t upto[static SOURCES])
{
	TRY(mailboxes_index(hub, hub->trust.self.log, hub->trust.self.epoch));
	TRY(state_taken_set(hub->mailbox, sources[INTAKE].name, upto[INTAKE]));
	return note_taken(hub, upto, &(struct acks){.count = 0});
}

/* ---- reading the spools ---- */

static const struct error *open_spool(struct hub *hub, const struct source *source, struct db **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char *path = home_file(scratch, hub->home, source->file);

	*out = NULL;
	if (!files_exist(path)) /* its role has not run yet */
		return NULL;
	return db_open_foreign(path, SPOOL_DB_VERSION, out);
}

/* A row that no hub would accept stays out, and the log stays whole; people are told. */
static bool is_fit(const struct source *source, const struct spool_entry *row, struct log_entry *entry,
	char *reason, size_t reason_size)
{
	const struct error *error;

	memset(entry, 0, sizeof *entry);
	entry->kind = row->kind;
	memcpy(entry->mailbox, row->mailbox, sizeof entry->mailbox);
	entry->body = row->body;
	error = strchr(source->kinds, row->kind)
			? logs_entry_check(entry)
			: error_new(ERROR_DENIED, "it is of a kind that %s may not write", source->name);
	if (error)
		snprintf(reason, reason_size, "row %lld of %s cannot go into the log: %.200s",
			(long long)row->id, source->file, error->message);
	return !error;
}

static const struct error *take_rows(
	struct hub *hub, struct batch *batch, int which, const struct spool_entry *rows, size_t count)
{
	batch->entries =
		memory_resize(batch->context, batch->entries, struct log_entry, batch->count + count);
	for (size_t i = 0; i < count; i++) {
		char reason[300];

		batch->upto[which] = rows[i].id;
		if (!is_fit(&sources[which], &rows[i], &batch->entries[batch->count], reason,
			    sizeof reason)) {
			TRY(state_trouble(hub->db, "", "", TROUBLE_SPOOL, reason));
			continue;
		}
		batch->count++;
		if (which != INTAKE || !rows[i].urgent)
			continue;
		batch->urgent =
			memory_resize(batch->context, batch->urgent, int64_t, batch->urgent_count + 1);
		batch->urgent[batch->urgent_count++] = rows[i].id;
	}
	return NULL;
}

/* One spool that cannot be read holds up nothing of the other. */
static const struct error *read_spool(struct hub *hub, struct batch *batch, int which, size_t *count)
{
	struct db *db CLEANUP(db_close) = NULL;
	struct spool_entry *rows = NULL;
	const struct error *error;

	*count = 0;
	error = open_spool(hub, &sources[which], &db);
	if (!error && db)
		error = spool_after(batch->context, db, batch->upto[which], ROWS_MAX, &rows, count);
	if (error) {
		char reason[600];

		snprintf(reason, sizeof reason, "%s cannot be read: %s", sources[which].file, error->message);
		return state_trouble(hub->db, "", sources[which].name, TROUBLE_SPOOL, reason);
	}
	TRY(state_trouble_end(hub->db, "", sources[which].name, TROUBLE_SPOOL));
	return take_rows(hub, batch, which, rows, *count);
}

/* ---- one batch ---- */

/* Whether any of what is due acknowledges more than acknowledgements. */
static const struct error *brings_envelopes(struct hub *hub, const struct acks *acks, bool *out)
{
	*out = false;
	for (size_t i = 0; i < acks->count && !*out; i++) {
		const struct commit_ack *ack = &acks->list[i];
		int64_t said;

		TRY(state_acked(hub->db, ack->log, ack->epoch, hub->trust.self.log, &said));
		TRY(logs_have_envelopes(hub->log, ack->log, ack->epoch, said, out));
	}
	return NULL;
}

/* Whether a commit of these alone may be made now. */
static const struct error *is_time_for_acks(struct hub *hub, const struct acks *acks, bool *out)
{
	int64_t last = db_meta_number(hub->db, "ack_at", 0), now = clock_wall_seconds();

	/* now < last: the clock was set back */
	*out = acks->count && (now < last || now - last >= ACK_EVERY_SECONDS);
	return *out || !hub->is_asked ? NULL : brings_envelopes(hub, acks, out);
}

static const struct error *append(struct hub *hub, const struct batch *batch, const struct log_tip *before)
{
	const struct member_keys *self = &hub->trust.self;
	const struct roster *roster = hub_roster(hub);
	struct log_tip tip = *before;
	struct acks acks = {.count = 0};

	TRY(state_acks_due(hub->db, self->log, acks.list, &acks.count));
	if (!batch->count) {
		bool is_time;

		TRY(is_time_for_acks(hub, &acks, &is_time));
		if (!is_time)
			return NULL;
		TRY(db_meta_set_number(hub->db, "ack_at", clock_wall_seconds()));
	}
	TRY(write_intent(hub->db, batch, before));
	TRY(logs_append(hub->log, self->log, self->epoch, hub->sign, roster ? roster->version : 0, acks.list,
		acks.count, batch->entries, batch->count, &tip));
	TRY(mailboxes_add(hub, before, &tip, batch->entries, batch->count, batch->upto[INTAKE]));
	return note_taken(hub, batch->upto, &acks);
}

/* *more: the spool holds more than one batch. */
static const struct error *commit_once(struct hub *hub, int source, int64_t *count, bool *more)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct batch batch = {.context = scratch};
	struct log_tip tip;
	size_t rows;

	for (int i = 0; i < SOURCES; i++)
		TRY(state_taken(hub->db, sources[i].name, &batch.upto[i]));
	TRY(read_spool(hub, &batch, source, &rows));
	TRY(logs_tip(hub->log, hub->trust.self.log, hub->trust.self.epoch, &tip));
	if (batch.count || !rows)
		TRY(append(hub, &batch, &tip));
	else
		TRY(finish(hub, batch.upto)); /* none of these rows was fit */
	*count += (int64_t)batch.count;
	*more = rows >= ROWS_MANY;
	return NULL;
}

/* What waits now. What comes meanwhile waits for the next bell: else a busy hour would end up in a pack, and
 * in two transactions, for every few records. */
static const struct error *commit_spool(struct hub *hub, int source, int64_t *count)
{
	bool more = true;

	while (more && !(hub->stop && *hub->stop))
		TRY(commit_once(hub, source, count, &more));
	return NULL;
}

/* What the office counts by now need not lie here, too: which reports were urgent is nobody's later. */
static const struct error *forget_urgent(struct hub *hub)
{
	struct db *office CLEANUP(db_close) = NULL;
	struct query query CLEANUP(db_finish) = {0};

	if (open_spool(hub, &sources[OFFICE], &office) || !office) /* read_spool has told why */
		return NULL;
	TRY(db_prepare(hub->db, &query, "DELETE FROM urgent WHERE id <= ?"));
	db_bind_integer(&query, 1, db_meta_number(office, "urgent_seen", 0));
	TRY(db_done(&query));
	return sqlite3_changes(hub->db->handle) ? db_run(hub->db, "PRAGMA wal_checkpoint(TRUNCATE)") : NULL;
}

const struct error *round_commit(struct hub *hub, int64_t *count)
{
	*count = 0;
	TRY(hub_refresh(hub));
	TRY(batch_settle(hub));
	if (hub->halted)
		return error_new(ERROR_CONFLICT, "this hub's log takes nothing new: %s", hub->halted);
	/* Never both in one commit: an item beside an office's entry is the office's (EVENT.md, mailboxes).
	 */
	for (int i = 0; i < SOURCES; i++)
		TRY(commit_spool(hub, i, count));
	return forget_urgent(hub);
}

void round_trouble(json_t *reply, const struct error *error)
{
	json_object_set_new(reply, "log_trouble", json_string(error->message));
	json_object_set_new(reply, "log_exit", json_integer(error_exit_status(error)));
}

const struct error *round_acknowledge(struct hub *hub)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct batch batch = {.context = scratch};
	struct log_tip tip;

	if (!hub->is_asked)
		return NULL;
	TRY(batch_settle(hub));
	if (hub->halted)
		return NULL;
	for (int i = 0; i < SOURCES; i++)
		TRY(state_taken(hub->db, sources[i].name, &batch.upto[i]));
	TRY(logs_tip(hub->log, hub->trust.self.log, hub->trust.self.epoch, &tip));
	return append(hub, &batch, &tip);
}

/* ---- after a crash ---- */

/* Rows of a spool that the log already has, though sync.db does not know (it was lost, or put back from an
 * older copy). */
static const struct error *taken_by_content(
	struct hub *hub, int which, const struct digests *in_log, int64_t *upto)
{
	struct db *db CLEANUP(db_close) = NULL;
	int64_t at;

	TRY(state_taken(hub->db, sources[which].name, upto));
	TRY(open_spool(hub, &sources[which], &db));
	at = *upto;
	while (db) {
		void *scratch CLEANUP(memory_free) = memory_context(NULL);
		struct spool_entry *rows;
		size_t count;

		TRY(spool_after(scratch, db, at, ROWS_MAX, &rows, &count));
		if (!count)
			break;
		for (size_t i = 0; i < count; i++) {
			uint8_t sha256[DIGEST_LEN];

			at = rows[i].id;
			digest_of(sha256, rows[i].body);
			if (in_log->count &&
				bsearch(sha256, in_log->list, in_log->count, DIGEST_LEN, compare_digests))
				*upto = at;
		}
	}
	return NULL;
}

/* What our log holds behind `known` is looked for in the spools. */
static const struct error *adopt(struct hub *hub, const struct log_tip *known)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct gathering gathering = {.context = scratch};
	int64_t upto[SOURCES];

	TRY(gather(hub, known, &gathering));
	digests_sort(&gathering.digests);
	for (int i = 0; i < SOURCES; i++)
		TRY(taken_by_content(hub, i, &gathering.digests, &upto[i]));
	return finish(hub, upto);
}

/* A batch was under way: it is in the log whole, or not at all. */
static const struct error *settle_intent(
	struct hub *hub, const struct intent *intent, const struct log_tip *tip)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct gathering gathering = {.context = scratch};
	uint8_t sum[DIGEST_LEN];

	if (tip->seq == intent->after.seq)
		return db_run(hub->db, "DELETE FROM intent");
	TRY(gather(hub, &intent->after, &gathering));
	digests_sum(&gathering.digests, sum);
	return memcmp(sum, intent->digest, sizeof sum) == 0 ? finish(hub, intent->upto)
							    : adopt(hub, &intent->after);
}

const struct error *batch_settle(struct hub *hub)
{
	const struct member_keys *self = &hub->trust.self;
	struct log_tip tip, known;
	struct intent intent;

	TRY(logs_tip(hub->log, self->log, self->epoch, &tip));
	TRY(state_known(hub->db, self->log, self->epoch, &known));
	if (tip.seq < known.seq || (known.seq && tip.seq == known.seq &&
					   memcmp(tip.sha256, known.sha256, sizeof tip.sha256) != 0)) {
		char reason[300];

		if (hub->halted)
			return NULL;
		snprintf(reason, sizeof reason,
			"it ends at seq %lld, and it was at seq %lld before; this card was put back to an "
			"older state. Put the newer one back, or "
			"make a new hub and let this one be revoked",
			(long long)tip.seq, (long long)known.seq);
		return hub_halt(hub, TROUBLE_LOST, reason);
	}
	TRY(read_intent(hub->db, &intent));
	if (intent.exists)
		return settle_intent(hub, &intent, &tip);
	return tip.seq > known.seq ? adopt(hub, &known) : NULL;
}
