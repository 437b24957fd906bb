/* Keeps every event as it came, so that what this version does not know, may not apply or cannot judge yet is
 * never lost: see ledger.h.
 *
 * Two events of one log under one identity are equivocation: a stolen key, a cloned card. Both are kept, one
 * counts: an office's before intake's, then the one that was committed earlier, then the smaller SHA-256. An
 * earlier commit cannot be replaced by whoever steals the hub later. Judging is permit.c's. Runs in office.
 */
#include "node/casework/ledger.h"

#include <stdio.h>
#include <string.h>

#include "node/vault/digest.h"

#define ENTITY_COLUMNS "id, type, key, case_key, creator_hq, conflicts, search_row"
#define EVENT_COLUMNS "id, entity, log, kind, epoch, seq, roster, headquarters, standing, line"

static const char *const statements[LEDGER_STATEMENTS] = {
	[LEDGER_ENTITY_FIND] = "SELECT " ENTITY_COLUMNS
			       " FROM entity WHERE tail = substr(?2, -8) AND key = ?2 AND type = ?1",
	[LEDGER_ENTITY_ADD] = "INSERT INTO entity(type, key) VALUES(?, ?)",
	[LEDGER_ENTITY_READ] = "SELECT " ENTITY_COLUMNS " FROM entity WHERE id = ?",
	[LEDGER_ENTITY_WRITE] =
		"UPDATE entity SET case_key = nullif(?2, ''), creator_hq = ?3, conflicts = ?4,"
		" search_row = nullif(?5, 0) WHERE id = ?1",
	[LEDGER_EVENT_FIND] =
		"SELECT " EVENT_COLUMNS " FROM said WHERE tail = substr(?2, -8) AND event = ?2 AND log = ?1",
	[LEDGER_LOG_ADD] = "INSERT OR IGNORE INTO log(log) VALUES(?)",
	[LEDGER_EVENT_ADD] = "INSERT INTO event(entity, log, event, kind, epoch, seq, roster, headquarters, "
			     "standing, line)"
			     " VALUES(?, (SELECT id FROM log WHERE log = ?), ?, ?, ?, ?, ?, ?, ?, ?)",
	[LEDGER_EVENT_ORIGIN] = "UPDATE event SET kind = ?2, epoch = ?3, seq = ?4, roster = ?5, headquarters "
				"= ?6 WHERE id = ?1",
	[LEDGER_EVENT_STANDING] = "UPDATE event SET standing = ?2 WHERE id = ?1",
	[LEDGER_EVENTS] = "SELECT " EVENT_COLUMNS " FROM said WHERE entity = ?",
	[LEDGER_ABOUT_ADD] = "INSERT OR IGNORE INTO about(key, answer) VALUES(?, ?)",
	[LEDGER_ABOUT_READ] = "SELECT answer FROM about WHERE key = ?",
	[LEDGER_OWNERS_READ] = "SELECT log, first_epoch, first_seq, last_epoch, last_seq FROM case_owner"
			       " WHERE case_key = ? ORDER BY place",
	[LEDGER_OWNERS_ADD] = "INSERT INTO case_owner(case_key, place, log, first_epoch, first_seq, "
			      "last_epoch, last_seq) VALUES(?, ?, ?, ?, ?, ?, ?)",
	[LEDGER_OWNERS_DROP] = "DELETE FROM case_owner WHERE case_key = ?",
	[LEDGER_REFUSED_ADD] = "INSERT OR REPLACE INTO overstep(event, reason) VALUES(?, ?)",
	[LEDGER_REFUSED_DROP] = "DELETE FROM overstep WHERE event = ?",
	[LEDGER_WAITING_ADD] = "INSERT OR REPLACE INTO waiting(event, reason) VALUES(?, ?)",
	[LEDGER_WAITING_DROP] = "DELETE FROM waiting WHERE event = ?",
};

static int ledger_free(struct ledger *ledger)
{
	for (size_t i = 0; i < LEDGER_STATEMENTS; i++)
		db_finish(&ledger->statements[i]);
	return 0;
}

const struct error *ledger_new(const void *context, struct db *db, const char *self, struct ledger **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct ledger *ledger = memory_new(scratch, struct ledger);

	talloc_set_destructor(ledger, ledger_free);
	ledger->db = db;
	TRY(packing_new(ledger, db, self, &ledger->packing));
	snprintf(ledger->self, sizeof ledger->self, "%s", self);
	for (size_t i = 0; i < LEDGER_STATEMENTS; i++)
		TRY(db_prepare(db, &ledger->statements[i], statements[i]));
	*out = talloc_steal(context, ledger);
	return NULL;
}

struct query *ledger_query(struct ledger *ledger, enum ledger_statement which)
{
	struct query *query = &ledger->statements[which];

	db_reset(query);
	return query;
}

static void copy_text(char *to, size_t size, const char *text)
{
	snprintf(to, size, "%s", text);
}

static const struct error *read_entity(struct query *query, struct ledger_entity *out)
{
	bool row;

	memset(out, 0, sizeof *out);
	TRY(db_step(query, &row));
	if (row) {
		out->id = db_integer(query, 0);
		copy_text(out->type, sizeof out->type, db_text(query, 1));
		copy_text(out->key, sizeof out->key, db_text(query, 2));
		copy_text(out->case_key, sizeof out->case_key, db_text(query, 3));
		out->creator_hq = db_integer(query, 4);
		out->conflicts = db_integer(query, 5);
		out->search = db_integer(query, 6);
	}
	db_reset(query);
	return NULL;
}

const struct error *ledger_find(
	struct ledger *ledger, const char *type, const char *key, struct ledger_entity *out)
{
	struct query *query = ledger_query(ledger, LEDGER_ENTITY_FIND);

	db_bind_text(query, 1, type);
	db_bind_text(query, 2, key);
	return read_entity(query, out);
}

const struct error *ledger_read(struct ledger *ledger, int64_t id, struct ledger_entity *out)
{
	struct query *query = ledger_query(ledger, LEDGER_ENTITY_READ);

	db_bind_integer(query, 1, id);
	return read_entity(query, out);
}

const struct error *ledger_write(struct ledger *ledger, const struct ledger_entity *entity)
{
	struct query *query = ledger_query(ledger, LEDGER_ENTITY_WRITE);

	db_bind_integer(query, 1, entity->id);
	db_bind_text(query, 2, entity->case_key);
	db_bind_integer(query, 3, entity->creator_hq);
	db_bind_integer(query, 4, entity->conflicts);
	db_bind_integer(query, 5, entity->search);
	return db_done(query);
}

static const struct error *entity_row(struct ledger *ledger, const char *type, const char *key, int64_t *id)
{
	struct query *query = ledger_query(ledger, LEDGER_ENTITY_ADD);
	struct ledger_entity found;

	TRY(ledger_find(ledger, type, key, &found));
	*id = found.id;
	if (found.id)
		return NULL;
	db_bind_text(query, 1, type);
	db_bind_text(query, 2, key);
	TRY(db_done(query));
	*id = sqlite3_last_insert_rowid(ledger->db->handle);
	return NULL;
}

/* One row of table event, as far as equivocation goes. */
struct version {
	int64_t id, entity;
	struct event_origin origin;
	enum standing standing;
	uint8_t digest[DIGEST_LEN];
	bool is_same; /* the bytes just taken */
};

static void read_origin(struct query *query, struct event_origin *out)
{
	copy_text(out->log, sizeof out->log, db_text(query, 2));
	out->kind = *db_text(query, 3);
	out->epoch = (int)db_integer(query, 4);
	out->seq = db_integer(query, 5);
	out->roster_version = (int)db_integer(query, 6);
	out->is_headquarters = db_integer(query, 7);
}

static int compare_numbers(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* < 0 when `a` counts before `b`: what an office signed before what any intake process could write, what is
 * in the log before what is not yet, and the earlier before the later. */
static int compare_origins(const struct event_origin *a, const struct event_origin *b)
{
	int order = compare_numbers(a->kind != 'o', b->kind != 'o');

	order = order ? order : compare_numbers(a->seq == 0, b->seq == 0);
	order = order ? order : compare_numbers(a->epoch, b->epoch);
	order = order ? order : compare_numbers(a->seq, b->seq);
	order = order ? order : compare_numbers(a->roster_version, b->roster_version);
	return order ? order : compare_numbers(a->is_headquarters, b->is_headquarters);
}

static int compare_versions(const struct version *a, const struct version *b)
{
	int order = compare_origins(&a->origin, &b->origin);

	return order ? order : memcmp(a->digest, b->digest, DIGEST_LEN);
}

static const struct error *find_versions(struct ledger *ledger, const void *context,
	const struct event *event, const char *log, struct version **out, size_t *count)
{
	struct query *query = ledger_query(ledger, LEDGER_EVENT_FIND);
	bool row;

	*out = NULL;
	*count = 0;
	db_bind_text(query, 1, log);
	db_bind_text(query, 2, event->id);
	for (;;) {
		struct version *version;
		struct bytes line;

		TRY(db_step(query, &row));
		if (!row)
			break;
		*out = memory_resize(context, *out, struct version, *count + 1);
		version = &(*out)[(*count)++];
		*version = (struct version){.id = db_integer(query, 0), .entity = db_integer(query, 1)};
		read_origin(query, &version->origin);
		version->standing = (enum standing)db_integer(query, 8);
		line = db_bytes(query, 9);
		digest_of(version->digest, line);
		version->is_same =
			line.len == event->line.len && memcmp(line.data, event->line.data, line.len) == 0;
	}
	db_reset(query);
	return NULL;
}

static void touch(struct ledger_added *added, int64_t entity)
{
	for (size_t i = 0; i < added->count; i++)
		if (added->touched[i] == entity)
			return;
	if (added->count < LEDGER_TOUCHED_MAX)
		added->touched[added->count++] = entity;
}

static const struct error *add_version(struct ledger *ledger, const struct event *event,
	const struct event_origin *origin, struct version *out)
{
	struct query *log = ledger_query(ledger, LEDGER_LOG_ADD);
	struct query *query = ledger_query(ledger, LEDGER_EVENT_ADD);
	const char kind[] = {origin->kind, '\0'};

	db_bind_text(log, 1, origin->log);
	TRY(db_done(log));
	*out = (struct version){.origin = *origin, .standing = STANDING_UNJUDGED, .is_same = true};
	TRY(entity_row(ledger, event->entity, event->key, &out->entity));
	db_bind_integer(query, 1, out->entity);
	db_bind_text(query, 2, origin->log);
	db_bind_text(query, 3, event->id);
	db_bind_text(query, 4, kind);
	db_bind_integer(query, 5, origin->epoch);
	db_bind_integer(query, 6, origin->seq);
	db_bind_integer(query, 7, origin->roster_version);
	db_bind_integer(query, 8, origin->is_headquarters);
	db_bind_integer(query, 9, STANDING_UNJUDGED);
	db_bind_bytes(query, 10, packing_pack(ledger->packing, event->id, event->key, event->line));
	TRY(db_done(query));
	out->id = sqlite3_last_insert_rowid(ledger->db->handle);
	return NULL;
}

/* The same bytes came again, perhaps by another commit: the origin that counts first is kept, whichever came
 * first here. */
static const struct error *improve_origin(struct ledger *ledger, struct version *version,
	const struct event_origin *origin, struct ledger_added *added)
{
	struct query *query = ledger_query(ledger, LEDGER_EVENT_ORIGIN);
	const char kind[] = {origin->kind, '\0'};

	if (compare_origins(origin, &version->origin) >= 0)
		return NULL;
	version->origin = *origin;
	db_bind_integer(query, 1, version->id);
	db_bind_text(query, 2, kind);
	db_bind_integer(query, 3, origin->epoch);
	db_bind_integer(query, 4, origin->seq);
	db_bind_integer(query, 5, origin->roster_version);
	db_bind_integer(query, 6, origin->is_headquarters);
	touch(added, version->entity);
	return db_done(query);
}

static const struct error *write_reason(
	struct ledger *ledger, enum ledger_statement which, int64_t event, const char *reason)
{
	struct query *query = ledger_query(ledger, which);

	db_bind_integer(query, 1, event);
	if (reason)
		db_bind_text(query, 2, reason);
	return db_done(query);
}

static const struct error *write_standing(
	struct ledger *ledger, int64_t event, const struct judgement *now, enum standing was)
{
	struct query *query = ledger_query(ledger, LEDGER_EVENT_STANDING);

	if (now->standing != was) {
		db_bind_integer(query, 1, event);
		db_bind_integer(query, 2, now->standing);
		TRY(db_done(query));
		if (was == STANDING_REFUSED || was == STANDING_DOUBLED)
			TRY(write_reason(ledger, LEDGER_REFUSED_DROP, event, NULL));
		else if (was == STANDING_WAITING)
			TRY(write_reason(ledger, LEDGER_WAITING_DROP, event, NULL));
	}
	if (now->standing == STANDING_REFUSED || now->standing == STANDING_DOUBLED)
		return write_reason(ledger, LEDGER_REFUSED_ADD, event, now->reason);
	if (now->standing == STANDING_WAITING)
		return write_reason(ledger, LEDGER_WAITING_ADD, event, now->reason);
	return NULL;
}

const struct error *ledger_decide(struct ledger *ledger, const struct claim *claim, enum standing was)
{
	return write_standing(ledger, claim->id, &claim->judgement, was);
}

/* Of several versions of one identity, the first by compare_versions counts; the others are set aside and
 * flagged. */
static const struct error *settle_versions(
	struct ledger *ledger, struct version *versions, size_t count, struct ledger_added *added)
{
	const struct judgement doubled = {STANDING_DOUBLED,
		"its hub said two different things under one identity; the other one counts"};
	const struct judgement back = {STANDING_UNJUDGED, ""};
	size_t first = 0;

	for (size_t i = 1; i < count; i++)
		if (compare_versions(&versions[i], &versions[first]) < 0)
			first = i;
	for (size_t i = 0; i < count; i++) {
		const struct judgement *now = i == first ? &back : &doubled;
		struct version *version = &versions[i];

		if ((version->standing == STANDING_DOUBLED) == (i != first))
			continue;
		TRY(write_standing(ledger, version->id, now, version->standing));
		version->standing = now->standing;
		touch(added, version->entity);
	}
	return NULL;
}

const struct error *ledger_add(struct ledger *ledger, const struct event *event,
	const struct event_origin *origin, struct ledger_added *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct version *versions, *mine = NULL;
	size_t count;

	*out = (struct ledger_added){.count = 0};
	TRY(find_versions(ledger, scratch, event, origin->log, &versions, &count));
	for (size_t i = 0; i < count && !mine; i++)
		if (versions[i].is_same)
			mine = &versions[i];
	if (mine) {
		TRY(improve_origin(ledger, mine, origin, out));
	} else {
		versions = memory_resize(scratch, versions, struct version, count + 1);
		mine = &versions[count++];
		TRY(add_version(ledger, event, origin, mine));
		digest_of(mine->digest, event->line);
		touch(out, mine->entity);
		out->is_new = true;
	}
	if (count > 1)
		TRY(settle_versions(ledger, versions, count, out));
	out->is_doubled = mine->standing == STANDING_DOUBLED;
	out->entity = mine->entity;
	return NULL;
}

const struct error *ledger_claims(struct ledger *ledger, const void *context, int64_t entity,
	bool only_permitted, struct claim **out, size_t *count)
{
	struct query *query = ledger_query(ledger, LEDGER_EVENTS);
	struct claim *claims = memory_array(context, struct claim, 4);
	size_t used = 0, size = 4;
	bool row;

	db_bind_integer(query, 1, entity);
	for (;;) {
		enum standing standing;
		struct claim *claim;

		TRY(db_step(query, &row));
		if (!row)
			break;
		standing = (enum standing)db_integer(query, 8);
		if (standing == STANDING_DOUBLED || (only_permitted && standing != STANDING_PERMITTED))
			continue;
		if (used == size)
			claims = memory_resize(context, claims, struct claim, size *= 2);
		claim = &claims[used++];
		*claim = (struct claim){.id = db_integer(query, 0), .judgement = {standing, ""}};
		read_origin(query, &claim->origin);
		TRY(event_parse(claims, db_bytes(query, 9), &claim->event));
	}
	db_reset(query);
	*out = claims;
	*count = used;
	return NULL;
}

const struct error *ledger_note_about(struct ledger *ledger, const char *key, int64_t answer)
{
	struct query *query = ledger_query(ledger, LEDGER_ABOUT_ADD);

	db_bind_text(query, 1, key);
	db_bind_integer(query, 2, answer);
	return db_done(query);
}
