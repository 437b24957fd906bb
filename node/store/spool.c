/* What waits to leave the hub: rows of sealed envelopes between a role that writes and sync that carries (see
 * spool.h).
 *
 * Nothing readable is ever put in here: callers seal first. Sync reads the spool of intake, a process that
 * strangers talk to, so every row is measured again when it is read. Runs in intake and office (adding,
 * pruning) and in sync (reading). */
#include "node/store/spool.h"

#include <assert.h>
#include <string.h>

#include "node/base/embed.h"
#include "node/base/text.h"

EMBED(spool_sql, "node/store/spool.sql");

#define TOGETHER_MAX (16 * 1024 * 1024)

/* What is wrong with an entry; NULL: nothing. */
static const char *fault_of(const struct spool_entry *entry)
{
	uint8_t id[16];

	if (entry->kind != 'i' && entry->kind != 'o' && entry->kind != 'm')
		return "its kind is unknown";
	if (entry->kind == 'm' ? text_from_hex(id, sizeof id, entry->mailbox) != NULL
			       : entry->mailbox[0] != '\0')
		return "its mailbox id is malformed";
	if (!entry->body.len || entry->body.len > SPOOL_BODY_MAX)
		return "its size is out of bounds";
	return NULL;
}

const struct error *spool_claim(struct db *db, const char *log)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct error *error;
	char *owner;

	error = db_meta_get(scratch, db, "log", &owner);
	if (error && error->code == ERROR_NOT_FOUND)
		return db_meta_set(db, "log", log);
	if (error)
		return error;
	if (strcmp(owner, log) != 0)
		return error_new(ERROR_CONFIG,
			"%s holds records of the hub %s, and trust.json is of %s; were they copied from two "
			"hubs?",
			db->name, owner, log);
	return NULL;
}

const struct error *spool_add(struct db *db, const struct spool_entry *entry, int64_t *id)
{
	struct query query CLEANUP(db_finish) = {0};
	const char *fault = fault_of(entry);
	char kind[2] = {entry->kind, '\0'};

	if (fault)
		return error_new(ERROR_INVALID, "cannot spool an envelope: %s", fault);
	TRY(db_prepare(db, &query, "INSERT INTO spool(kind, mailbox, urgent, body) VALUES(?, ?, ?, ?)"));
	db_bind_text(&query, 1, kind);
	db_bind_text(&query, 2, entry->mailbox);
	db_bind_integer(&query, 3, entry->urgent);
	db_bind_bytes(&query, 4, entry->body);
	TRY(db_done(&query));
	*id = sqlite3_last_insert_rowid(db->handle);
	return NULL;
}

static const struct error *take_row(const void *context, struct query *query, struct spool_entry *out)
{
	struct bytes body = db_bytes(query, 4);
	struct spool_entry entry = {
		.id = db_integer(query, 0),
		.urgent = db_integer(query, 3) == 1,
		.body = body,
	};
	const char *kind = db_text(query, 1), *mailbox = db_text(query, 2), *fault;

	entry.kind = kind[0] && !kind[1] ? kind[0] : '\0';
	if (strlen(mailbox) >= sizeof entry.mailbox)
		entry.kind = '\0';
	else
		memcpy(entry.mailbox, mailbox, strlen(mailbox) + 1);
	fault = fault_of(&entry);
	if (fault)
		return error_new(ERROR_INVALID, "%s: row %lld of the spool: %s", query->db->name,
			(long long)entry.id, fault);
	entry.body = memory_bytes(context, body.data, body.len);
	*out = entry;
	return NULL;
}

const struct error *spool_after(const void *context, struct db *db, int64_t after, size_t most,
	struct spool_entry **entries, size_t *count)
{
	void *taken CLEANUP(memory_free) = memory_context(NULL);
	struct query query CLEANUP(db_finish) = {0};
	struct spool_entry *list = NULL;
	size_t found = 0, room = 0, together = 0;

	TRY(db_prepare(db, &query,
		"SELECT id, kind, mailbox, urgent, body FROM spool WHERE id > ? ORDER BY id LIMIT ?"));
	db_bind_integer(&query, 1, after);
	db_bind_integer(&query, 2, (int64_t)most);
	for (;;) {
		bool row;

		TRY(db_step(&query, &row));
		if (!row || (found && together + db_bytes(&query, 4).len > TOGETHER_MAX))
			break;
		if (found == room) {
			room = room ? 2 * room : 16;
			list = memory_resize(taken, list, struct spool_entry, room);
		}
		TRY(take_row(taken, &query, &list[found]));
		together += list[found++].body.len;
	}
	/* The entries and their bodies move to the caller together: each body becomes a child of the list. */
	for (size_t i = 0; i < found; i++)
		talloc_steal(list, list[i].body.data);
	*entries = talloc_steal(context, list);
	*count = found;
	return NULL;
}

const struct error *spool_prune(struct db *db, int64_t upto, int64_t most)
{
	struct query query CLEANUP(db_finish) = {0};

	TRY(db_prepare(db, &query,
		"DELETE FROM spool WHERE id IN (SELECT id FROM spool WHERE id <= ? ORDER BY id LIMIT ?)"));
	db_bind_integer(&query, 1, upto);
	db_bind_integer(&query, 2, most);
	return db_done(&query);
}

const struct error *spool_count(struct db *db, int64_t after, int64_t *count)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	TRY(db_prepare(db, &query, "SELECT count(*) FROM spool WHERE id > ?"));
	db_bind_integer(&query, 1, after);
	TRY(db_step(&query, &row));
	*count = row ? db_integer(&query, 0) : 0;
	return NULL;
}
