/* The case file: what an unlocked office knows, held in memory and nowhere else. Here are its life, its
 * batches and its digest.
 *
 * Keeping events is ledger.c's, working out records settle.c's, showing one record.c's, lists are lists.c's.
 * Plaintext never reaches the card: the database has no file, no journal file and no temporary file; what
 * leaves is sealed by snapshot.c. Runs in office, and in commands that read. */
#include "node/casework/casefile.h"

#include <stdio.h>
#include <string.h>

#include "node/base/embed.h"
#include "node/casework/owners.h"
#include "node/casework/record.h"
#include "node/casework/rows.h"
#include "node/casework/settle.h"
#include "node/vault/digest.h"
#include "node/vault/secret.h"

#define CACHE_KIB "6000" /* SQLite copies each page that it looks at out of the image, and keeps so much */

EMBED(casefile_sql, "node/casework/casefile.sql");

struct casefile {
	struct db *db;
	struct ledger *ledger;
	struct settle *settle;
	struct sight *sight;
	int64_t *dirty; /* entities that this batch touched */
	size_t dirty_count, dirty_size;
	bool in_batch;
};

static int casefile_free(struct casefile *file)
{
	talloc_free(file->settle);
	talloc_free(file->ledger);
	db_close(file->db);
	return 0;
}

static struct casefile *casefile_empty(const void *context)
{
	struct casefile *file = memory_new(context, struct casefile);

	talloc_set_destructor(file, casefile_free);
	return file;
}

static const struct error *casefile_ready(struct casefile *file, const char *self)
{
	TRY(db_run(file->db, "PRAGMA journal_mode = MEMORY; PRAGMA temp_store = MEMORY; PRAGMA cache_size = "
			     "-" CACHE_KIB));
	TRY(ledger_new(file, file->db, self, &file->ledger));
	TRY(sight_new(file, file->db, self, &file->sight));
	return settle_new(file, file->ledger, &file->settle);
}

/* From here on `image` of `len` bytes, in `room` bytes of sqlite3_malloc64, is the database, and goes with
 * it. It lies in one piece, so that saving it takes no second one. */
static const struct error *hold(struct db *db, uint8_t *image, size_t len, size_t room)
{
	sqlite3_int64 most = CASEFILE_MAX;

	if (sqlite3_deserialize(db->handle, "main", image, (sqlite3_int64)len, (sqlite3_int64)room,
		    SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE) != SQLITE_OK ||
		sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_SIZE_LIMIT, &most) != SQLITE_OK)
		return db_error(db, "read the case file");
	return NULL;
}

static uint8_t *room_for(size_t len)
{
	uint8_t *room = sqlite3_malloc64(len ? len : 1);

	if (!room)
		abort();
	return room;
}

const struct error *casefile_new(const void *context, const char *self, struct casefile **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = casefile_empty(scratch);

	TRY(db_open_memory(&file->db));
	TRY(hold(file->db, room_for(0), 0, 0));
	TRY(db_run(file->db, casefile_sql));
	TRY(db_run(file->db, memory_format(scratch, "PRAGMA user_version = %d", CASEFILE_VERSION)));
	TRY(db_meta_set(file->db, "self", self));
	TRY(casefile_ready(file, self));
	*out = talloc_steal(context, file);
	return NULL;
}

static const struct error *check_version(struct db *db, const char *self)
{
	struct query query CLEANUP(db_finish) = {0};
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char *whose;
	bool row;

	TRY(db_prepare(db, &query, "PRAGMA user_version"));
	TRY(db_step(&query, &row));
	if (!row || db_integer(&query, 0) != CASEFILE_VERSION)
		return error_new(ERROR_CONFIG,
			"a case file of another version of engabo; it must be built anew from the logs");
	TRY(db_meta_get(scratch, db, "self", &whose));
	if (strcmp(whose, self) != 0)
		return error_new(ERROR_CONFIG, "a case file of another hub, %s", whose);
	return NULL;
}

const struct error *casefile_load(const void *context, const char *self, size_t max, casefile_fill *fill,
	void *user, struct casefile **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = casefile_empty(scratch);
	const struct error *error;
	uint8_t *image;
	size_t len = 0;

	TRY(db_open_memory(&file->db));
	image = room_for(max);
	error = fill(user, image, max, &len);
	if (error) {
		secret_wipe(image, len);
		sqlite3_free(image);
		return error;
	}
	TRY(hold(file->db, image, len, max));
	TRY(check_version(file->db, self));
	TRY(casefile_ready(file, self));
	*out = talloc_steal(context, file);
	return NULL;
}

const struct error *casefile_image(struct casefile *file, struct bytes *out)
{
	sqlite3_int64 len = 0;

	out->data = sqlite3_serialize(file->db->handle, "main", &len, SQLITE_SERIALIZE_NOCOPY);
	out->len = (size_t)len;
	if (!out->data)
		return error_new(ERROR_SYSTEM, "the case file does not lie in memory in one piece");
	return NULL;
}

struct db *casefile_db(struct casefile *file)
{
	return file->db;
}

void casefile_read_as(struct casefile *file, const struct reader *reader)
{
	sight_set(file->sight, reader);
}

const struct error *casefile_may_write(
	struct casefile *file, const char *entity, const char *key, const char *case_key)
{
	return sight_check_write(file->sight, entity, key, case_key);
}

const struct error *casefile_may_set(
	struct casefile *file, const char *entity, const char *key, const json_t *set)
{
	return sight_check_set(file->sight, entity, key, set);
}

bool casefile_reads(const struct casefile *file, const char *entity)
{
	return sight_reads(file->sight, entity);
}

const struct error *casefile_may_see(struct casefile *file, const char *entity, const char *key)
{
	return sight_check(file->sight, entity, key);
}

const struct error *casefile_begin(struct casefile *file)
{
	TRY(db_begin(file->db));
	file->in_batch = true;
	file->dirty_count = 0;
	return NULL;
}

const struct error *casefile_end(struct casefile *file)
{
	const struct error *error = settle_all(file->settle, file->dirty, file->dirty_count);

	if (!error)
		error = db_commit(file->db);
	if (error) {
		casefile_abandon(file);
		return error;
	}
	file->in_batch = false;
	file->dirty_count = 0;
	return NULL;
}

void casefile_abandon(struct casefile *file)
{
	if (file->in_batch)
		db_rollback(file->db);
	file->in_batch = false;
	file->dirty_count = 0;
}

static void make_dirty(struct casefile *file, int64_t entity)
{
	if (file->dirty_count && file->dirty[file->dirty_count - 1] == entity)
		return;
	if (file->dirty_count == file->dirty_size) {
		file->dirty_size = file->dirty_size ? 2 * file->dirty_size : 64;
		file->dirty = memory_resize(file, file->dirty, int64_t, file->dirty_size);
	}
	file->dirty[file->dirty_count++] = entity;
}

/* The case whose owner has a say in the record: its own, that of the report's key, or the one it is in. */
static const char *owned_by(const struct event *event, const char *case_key)
{
	if (strcmp(event->entity, "message") == 0)
		return json_text_or(event->set, "report", "");
	if (strcmp(event->entity, "case") == 0 || strcmp(event->entity, "report") == 0)
		return event->key;
	return case_key;
}

/* What can be said now; settling may find more. A record in a case whose maker is not known yet: its case,
 * when this very event makes it. */
static const struct error *judge_now(struct casefile *file, const struct event *event,
	const struct event_origin *origin, struct judgement *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct entity *entity = schema_entity(event->entity);
	const char *case_key = event->case_key;
	struct ledger_entity row = {0};
	struct owners *owners;
	char maker[LOG_ID_SIZE];

	if (entity && entity->in_case) {
		TRY(ledger_find(file->ledger, event->entity, event->key, &row));
		case_key = *row.case_key ? row.case_key : event->case_key;
	}
	TRY(owners_read(file->ledger, scratch, owned_by(event, case_key), &owners));
	*out = permit_owned(file->ledger->self, event, origin, owners);
	if (out->standing != STANDING_PERMITTED)
		return NULL;
	ids_key_log(maker, event->key);
	if (strcmp(event->entity, "message") == 0) {
		TRY(ledger_find(file->ledger, "report", json_text_or(event->set, "report", ""), &row));
		if (!row.id && origin->kind == 'i')
			out->standing = STANDING_WAITING;
	} else if (entity && entity->in_case) {
		if (*row.case_key || strcmp(maker, origin->log) == 0)
			*out = permit_child(event, origin, case_key, owners);
		else if (!event->is_restated)
			out->standing = STANDING_WAITING;
	}
	return NULL;
}

/* What this event answers, and which case it offers to another hub. Noted of every event, also of one that
 * its double outdoes: that may turn. */
static const struct error *note_about(struct casefile *file, const struct event *event, int64_t entity)
{
	const struct entity *kind = schema_entity(event->entity);

	if (kind && kind->about && json_is_string(json_object_get(event->set, kind->about)))
		return ledger_note_about(file->ledger, json_text_or(event->set, kind->about, ""), entity);
	if (kind && *event->case_key && strcmp(kind->name, "transfer") == 0)
		return ledger_note_about(file->ledger, event->case_key, entity);
	return NULL;
}

/* The case of a new record is known before the batch ends, so that what follows in it is judged rightly. */
static const struct error *note_case(struct casefile *file, const struct event *event,
	const struct event_origin *origin, const struct judgement *judgement, int64_t entity)
{
	const struct entity *kind = schema_entity(event->entity);
	struct ledger_entity row;

	if (!*event->case_key || judgement->standing != STANDING_PERMITTED || !kind->in_case)
		return NULL;
	TRY(ledger_read(file->ledger, entity, &row));
	if (*row.case_key)
		return NULL;
	memcpy(row.case_key, event->case_key, sizeof row.case_key);
	row.creator_hq = origin->is_headquarters;
	return ledger_write(file->ledger, &row);
}

static enum taken taken_as(const struct ledger_added *added, const struct judgement *judgement)
{
	if (!added->is_new)
		return TAKEN_KNOWN;
	if (added->is_doubled || judgement->standing == STANDING_REFUSED)
		return TAKEN_REFUSED;
	return judgement->standing == STANDING_WAITING ? TAKEN_WAITING : TAKEN_NEW;
}

const struct error *casefile_take(
	struct casefile *file, const struct event *event, const struct event_origin *origin, enum taken *out)
{
	struct judgement judgement = {STANDING_UNJUDGED, ""};
	struct ledger_added added;

	clock_see(event->hlc);
	TRY(ledger_add(file->ledger, event, origin, &added));
	for (size_t i = 0; i < added.count; i++)
		make_dirty(file, added.touched[i]);
	if (added.is_new)
		TRY(note_about(file, event, added.entity));
	if (added.is_new && !added.is_doubled) {
		TRY(judge_now(file, event, origin, &judgement));
		TRY(note_case(file, event, origin, &judgement, added.entity));
	}
	*out = taken_as(&added, &judgement);
	return NULL;
}

const struct error *casefile_owner(struct casefile *file, const char *key, char out[static LOG_ID_SIZE])
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct owners *owners;

	TRY(owners_read(file->ledger, scratch, key, &owners));
	if (owners)
		memcpy(out, owners->list[owners->count - 1].log, LOG_ID_SIZE);
	else
		ids_key_log(out, key);
	return NULL;
}

const struct error *casefile_set_position(struct casefile *file, const struct position *position)
{
	struct query query CLEANUP(db_finish) = {0};

	TRY(db_prepare(file->db, &query,
		"INSERT OR REPLACE INTO position(log, epoch, seq, oid) VALUES(?, ?, ?, ?)"));
	db_bind_text(&query, 1, position->log);
	db_bind_integer(&query, 2, position->epoch);
	db_bind_integer(&query, 3, position->seq);
	db_bind_text(&query, 4, position->commit);
	return db_done(&query);
}

const struct error *casefile_position(struct casefile *file, const char *log, int epoch, struct position *out)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	TRY(db_prepare(file->db, &query, "SELECT seq, oid FROM position WHERE log = ? AND epoch = ?"));
	db_bind_text(&query, 1, log);
	db_bind_integer(&query, 2, epoch);
	TRY(db_step(&query, &row));
	*out = (struct position){.epoch = epoch, .seq = row ? db_integer(&query, 0) : 0};
	snprintf(out->log, sizeof out->log, "%s", log);
	snprintf(out->commit, sizeof out->commit, "%s", row ? db_text(&query, 1) : "");
	return NULL;
}

const struct error *casefile_over(
	struct casefile *file, const char *entity, const char *key, const json_t *set, json_t **over)
{
	TRY(sight_check(file->sight, entity, key));
	return record_over(file->ledger, entity, key, set, over);
}

const struct error *casefile_get(struct casefile *file, const char *entity, const char *key, json_t **out)
{
	TRY(sight_check(file->sight, entity, key));
	return record_get(file->ledger, entity, key, out);
}

const struct error *casefile_history(struct casefile *file, const char *entity, const char *key, json_t **out)
{
	TRY(sight_check(file->sight, entity, key));
	return record_history(file->ledger, entity, key, out);
}

/* Every column of every row, each with its length in front, so that no two tables look the same. */
static const struct error *digest_rows(struct db *db, struct digest *digest, const char *sql)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	TRY(db_prepare(db, &query, sql));
	for (;;) {
		TRY(db_step(&query, &row));
		if (!row)
			return NULL;
		for (int i = 0; i < sqlite3_column_count(query.statement); i++) {
			struct bytes value = {(const uint8_t *)db_text(&query, i), 0};
			uint64_t len = value.len = strlen((const char *)value.data);

			digest_add(digest, &len, sizeof len);
			digest_add(digest, value.data, value.len);
		}
	}
}

const struct error *casefile_digest(struct casefile *file, uint8_t out[static 32])
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct entity *entities;
	struct digest digest;
	size_t count;

	entities = schema_entities(&count);
	digest_start(&digest);
	TRY(digest_rows(file->db, &digest,
		"SELECT log, said.event, kind, headquarters, standing, line, "
		"overstep.reason, "
		"waiting.reason FROM said"
		" LEFT JOIN overstep ON overstep.event = said.id LEFT JOIN waiting ON waiting.event = said.id"
		" ORDER BY log, said.event, line"));
	TRY(digest_rows(file->db, &digest,
		"SELECT type, key, case_key, creator_hq, entity.conflicts, conflict.field, searched.text "
		"FROM "
		"entity"
		" LEFT JOIN conflict ON conflict.entity = entity.id LEFT JOIN searched ON searched.id = "
		"entity.search_row"
		" ORDER BY type, key, field"));
	TRY(digest_rows(file->db, &digest,
		"SELECT case_key, place, log, first_epoch, first_seq, last_epoch, last_seq FROM case_owner"
		" ORDER BY case_key, place"));
	TRY(digest_rows(file->db, &digest, "SELECT hub, epoch, seq FROM arrived ORDER BY hub, epoch"));
	for (size_t i = 0; i < count; i++) {
		struct buffer *sql = buffer_new(scratch);

		buffer_text(sql, "SELECT ");
		rows_columns(sql, &entities[i]);
		buffer_format(sql, " FROM %s ORDER BY key", rows_table(&entities[i]));
		TRY(digest_rows(file->db, &digest, (const char *)sql->data));
	}
	digest_end(&digest, out);
	return NULL;
}
