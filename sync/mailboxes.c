/* Behind which code lies what: reporters' items, of all hubs, found by the mailbox they are for.
 *
 * Leaves the envelopes where they are, in log.git, and opening them to intake. Guards: each log is looked
 * through once, from its beginning and without a gap, in the same way whether it was just written here, came
 * from a relay, or is read again because mailbox.db is gone. Written by the sync role (or a command that
 * holds its lock); read by intake and by the watch. */
#include "sync/mailboxes.h"

#include <string.h>

#include "node/base/embed.h"
#include "node/base/text.h"
#include "sync/check.h"
#include "sync/hub.h"

EMBED(sync_mailbox_sql, "sync/mailbox.sql");

static const char *const mailbox_steps[] = {sync_mailbox_sql, NULL};
const struct db_schema mailbox_schema = {mailbox_steps, MAILBOX_DB_VERSION};

/* The mailbox id's first eight bytes, by which it is found. */
static const struct error *number_of(const char *mailbox, int64_t *out)
{
	uint8_t id[16];

	TRY(text_from_hex(id, sizeof id, mailbox));
	memcpy(out, id, sizeof *out);
	return NULL;
}

/* ---- reading ---- */

static const struct error *read_item(
	const void *context, struct repo *log_git, struct query *row, struct mailbox_item *out)
{
	struct bytes raw = db_bytes(row, 1);
	struct oid oid;

	if (raw.len != OID_LEN)
		return error_new(ERROR_INVALID, "%s: an item is damaged", row->db->name);
	text_hex(oid.hex, raw.data, OID_LEN);
	snprintf(out->log, sizeof out->log, "%s", db_text(row, 0));
	return repo_blob(context, log_git, &oid, CHECK_BLOB_MAX, &out->body);
}

const struct error *mailboxes_find(const void *context, struct db *mailbox_db, struct repo *log_git,
	const char *mailbox, struct mailbox_item **out, size_t *count)
{
	struct query query CLEANUP(db_finish) = {0};
	struct mailbox_item *items = memory_array(context, struct mailbox_item, 1);
	size_t found = 0;
	int64_t number;
	bool row;

	TRY(number_of(mailbox, &number));
	TRY(db_prepare(mailbox_db, &query, "SELECT log, oid FROM item WHERE mailbox = ? ORDER BY id"));
	db_bind_integer(&query, 1, number);
	for (;;) {
		const struct error *error;

		TRY(db_step(&query, &row));
		if (!row)
			break;
		items = memory_resize(context, items, struct mailbox_item, found + 1);
		error = read_item(context, log_git, &query, &items[found]);
		if (error &&
			error->code != ERROR_NOT_FOUND) /* a card that lost the log's end gets it again */
			return error;
		found += !error;
	}
	*out = items;
	*count = found;
	return NULL;
}

/* ---- looking through a log ---- */

enum writer { WRITER_INTAKE, WRITER_OFFICE, WRITER_HEADQUARTERS }; /* item.office in mailbox.db */

struct indexing {
	struct hub *hub;
	const char *log;
	int epoch;
	enum writer office;  /* what the office of this log's hub is */
	struct query insert; /* into `item` */
	int64_t seq;	     /* looked through up to here */
	struct oid oid;
};

static const struct error *add_item(
	struct indexing *indexing, const struct log_entry *entry, enum writer writer)
{
	struct query *insert = &indexing->insert;
	uint8_t raw[OID_LEN];
	int64_t number;

	TRY(number_of(entry->mailbox, &number));
	TRY(text_from_hex(raw, sizeof raw, entry->oid.hex));
	db_bind_integer(insert, 1, number);
	db_bind_text(insert, 2, indexing->log);
	db_bind_integer(insert, 3, indexing->epoch);
	db_bind_integer(insert, 4, entry->seq);
	db_bind_integer(insert, 5, writer);
	db_bind_bytes(insert, 6, BYTES_OF(raw));
	return db_done(insert);
}

/* Sync puts what intake took and what the office wrote into commits of their own (batch.c). */
static const struct error *add_commit(
	struct indexing *indexing, const struct log_entry *entries, size_t count)
{
	enum writer writer = WRITER_INTAKE;

	for (size_t i = 0; i < count; i++)
		if (entries[i].kind == 'o')
			writer = indexing->office;
	for (size_t i = 0; i < count; i++)
		if (entries[i].kind == 'm')
			TRY(add_item(indexing, &entries[i], writer));
	return NULL;
}

static const struct error *index_commit(void *user, const struct log_commit *commit, const struct oid *oid,
	const struct commit_entry *entries, size_t count)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct log_entry *read = memory_array(scratch, struct log_entry, COMMIT_ENTRIES_MAX);
	struct indexing *indexing = user;

	for (size_t i = 0; i < count; i++) {
		commit_entry_name(entries[i].name, i, &read[i].kind, read[i].mailbox);
		read[i].oid = entries[i].oid;
		read[i].seq = commit->seq;
	}
	TRY(add_commit(indexing, read, count));
	for (size_t i = 0; i < commit->ack_count; i++)
		TRY(state_ack(indexing->hub->db, commit->acks[i].log, commit->acks[i].epoch, commit->log,
			commit->acks[i].seq));
	indexing->seq = commit->seq;
	indexing->oid = *oid;
	return NULL;
}

static const struct error *read_mark(struct indexing *out)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	TRY(db_prepare(
		out->hub->mailbox, &query, "SELECT seq, oid FROM indexed WHERE log = ? AND epoch = ?"));
	db_bind_text(&query, 1, out->log);
	db_bind_integer(&query, 2, out->epoch);
	TRY(db_step(&query, &row));
	out->seq = row ? db_integer(&query, 0) : 0;
	snprintf(out->oid.hex, sizeof out->oid.hex, "%s", row ? db_text(&query, 1) : "");
	return NULL;
}

static const struct error *write_mark(const struct indexing *indexing)
{
	struct query query CLEANUP(db_finish) = {0};

	TRY(db_prepare(indexing->hub->mailbox, &query,
		"INSERT OR REPLACE INTO indexed(log, epoch, seq, oid) VALUES(?, ?, ?, ?)"));
	db_bind_text(&query, 1, indexing->log);
	db_bind_integer(&query, 2, indexing->epoch);
	db_bind_integer(&query, 3, indexing->seq);
	db_bind_text(&query, 4, indexing->oid.hex);
	return db_done(&query);
}

/* Where the log was looked through up to, and what is needed to go on. */
static const struct error *start(struct indexing *out, struct hub *hub, const char *log, int epoch)
{
	const struct roster *roster = hub_roster(hub);
	const struct roster_member *member = roster ? roster_member(roster, log) : NULL;

	*out = (struct indexing){.hub = hub, .log = log, .epoch = epoch, .office = WRITER_OFFICE};
	if (member && member->keys.role == MEMBER_HEADQUARTERS)
		out->office = WRITER_HEADQUARTERS;
	return read_mark(out);
}

static const struct error *prepare(struct indexing *indexing)
{
	return db_prepare(indexing->hub->mailbox, &indexing->insert,
		"INSERT INTO item(mailbox, log, epoch, seq, office, oid) VALUES(?, ?, ?, ?, ?, ?)");
}

static const struct error *read_log(struct indexing *indexing)
{
	struct hub *hub = indexing->hub;
	bool waits;

	TRY(prepare(indexing));
	TRY(logs_read(hub->log, hub->chain, &hub->trust.self, indexing->log, indexing->epoch, indexing->seq,
		indexing->oid.hex, index_commit, indexing, &waits));
	return write_mark(indexing);
}

/* Both files in one go each; mailbox.db last, because it says where to begin the next time. */
const struct error *mailboxes_index(struct hub *hub, const char *log, int epoch)
{
	const struct error *error;
	struct indexing indexing;
	struct log_tip tip;

	TRY(logs_tip(hub->log, log, epoch, &tip));
	TRY(start(&indexing, hub, log, epoch));
	if (indexing.seq >= tip.seq) /* more than there is: the card lost the end of the log */
		return NULL;
	TRY(db_begin(hub->mailbox));
	error = db_begin(hub->db);
	if (!error)
		error = read_log(&indexing);
	db_finish(&indexing.insert);
	if (!error)
		error = db_commit(hub->db);
	if (!error)
		error = db_commit(hub->mailbox);
	if (error) {
		db_rollback(hub->mailbox);
		db_rollback(hub->db);
	}
	return error;
}

static const struct error *add_batch(
	struct indexing *indexing, const struct log_entry *entries, size_t count, int64_t taken)
{
	TRY(prepare(indexing));
	for (size_t from = 0, size; from < count; from += size) {
		for (size = 1; from + size < count && entries[from + size].seq == entries[from].seq;)
			size++;
		TRY(add_commit(indexing, entries + from, size));
	}
	TRY(write_mark(indexing));
	return state_taken_set(indexing->hub->mailbox, "intake", taken);
}

const struct error *mailboxes_add(struct hub *hub, const struct log_tip *before, const struct log_tip *tip,
	const struct log_entry *entries, size_t count, int64_t taken)
{
	const struct member_keys *self = &hub->trust.self;
	const struct error *error;
	struct indexing indexing;

	TRY(start(&indexing, hub, self->log, self->epoch));
	if (indexing.seq != before->seq || strcmp(indexing.oid.hex, before->oid.hex) != 0) {
		TRY(mailboxes_index(hub, self->log, self->epoch));
		return state_taken_set(hub->mailbox, "intake", taken);
	}
	indexing.seq = tip->seq;
	indexing.oid = tip->oid;
	TRY(db_begin(hub->mailbox));
	error = add_batch(&indexing, entries, count, taken);
	db_finish(&indexing.insert);
	if (!error)
		error = db_commit(hub->mailbox);
	if (error)
		db_rollback(hub->mailbox);
	return error;
}
