/* Handing on what was written while this hub worked alone: the records sealed to it only are said again, to
 * headquarters as well. Whom an event is sealed to is recipients.c's; that a record was sealed narrowly is
 * seen from its envelope, not remembered by anybody.
 *
 * Nothing is lost by a crash in between: a restatement said twice is the same state. Office role. */
#include "web/office/restate.h"

#include <string.h>

#include "node/casework/schema.h"
#include "web/office/write.h"

#define RESTATE_AT_ONCE 50 /* entity keys a batch */
#define SOURCES_MAX                                                                                          \
	200 /* so that a record with a long history still fits into one event; the newest are named */

static bool is_meant_for(const json_t *to, const char *whom)
{
	json_t *one;
	size_t i;

	json_array_foreach (to, i, one)
		if (strcmp(json_string_value(one), whom) == 0)
			return true;
	return false;
}

bool restate_is_narrow(const struct office *office, const struct event *event,
	const struct event_origin *origin, struct bytes sealed)
{
	size_t recipients, header;

	if (strcmp(origin->log, office->trust.self.log) != 0 ||
		office->trust.self.role == MEMBER_HEADQUARTERS)
		return false;
	if (!is_meant_for(event->to, "hq") && !is_meant_for(event->to, "all"))
		return false;
	return !age_look(sealed, &recipients, &header) && recipients == 1;
}

static const struct error *note_all(struct office *office, int64_t seq, const json_t *keys)
{
	struct query query CLEANUP(db_finish) = {0};
	json_t *key;
	size_t i;

	TRY(db_prepare(office->db, &query, "INSERT OR IGNORE INTO restate(key) VALUES(?)"));
	json_array_foreach (keys, i, key) {
		db_reset(&query);
		db_bind_text(&query, 1, json_string_value(key));
		TRY(db_done(&query));
	}
	return db_meta_set_number(office->db, "noted", seq);
}

const struct error *restate_note(struct office *office, int64_t seq, const json_t *keys)
{
	const struct error *error;

	if (!office->is_writer || json_array_size(keys) == 0 || seq <= db_meta_number(office->db, "noted", 0))
		return NULL;
	TRY(db_begin(office->db));
	error = note_all(office, seq, keys);
	if (!error)
		error = db_commit(office->db);
	if (error)
		db_rollback(office->db);
	return error;
}

/* The events that a restatement stands for, with their authors and times. */
static const struct error *sources_of(
	struct office *office, const char *entity, const char *key, json_t **out)
{
	json_t *history CLEANUP(json_decref) = NULL, *seen CLEANUP(json_decref) = json_object(),
			*from = json_array(), *row;
	const struct error *error = casefile_history(office->file, entity, key, &history);
	size_t i;

	if (error) {
		json_decref(from);
		return error;
	}
	json_array_foreach (history, i, row) {
		const char *event = json_text_or(row, "event", "");

		if (json_array_size(from) == SOURCES_MAX)
			break;
		if (json_object_get(seen, event))
			continue;
		json_object_set_new(seen, event, json_true());
		json_array_append_new(
			from, json_pack("{ssssss}", "event", event, "by", json_text_or(row, "by", ""), "at",
				      json_text_or(row, "at", "")));
	}
	*out = from;
	return NULL;
}

const struct error *restate_state(struct office *office, const struct entity *entity, const char *key,
	char case_key[static ENTITY_KEY_SIZE], json_t **set, json_t **from)
{
	json_t *now CLEANUP(json_decref) = NULL;

	TRY(casefile_get(office->file, entity->name, key, &now));
	TRY(sources_of(office, entity->name, key, from));
	snprintf(case_key, ENTITY_KEY_SIZE, "%s", entity->in_case ? json_text_or(now, "case", "") : "");
	*set = json_object();
	for (size_t i = 0; i < entity->count; i++) {
		json_t *value = json_object_get(now, entity->fields[i].name);

		if (value && !json_is_null(value) && !entity->fields[i].is_kept)
			json_object_set(*set, entity->fields[i].name, value);
	}
	return NULL;
}

static const struct error *restate_entity(struct batch *batch, const struct entity *entity, const char *key)
{
	json_t *set, *from;
	char case_key[ENTITY_KEY_SIZE];
	const struct error *error = restate_state(batch_office(batch), entity, key, case_key, &set, &from);

	if (error)
		return error->code == ERROR_NOT_FOUND ? NULL : error;
	return batch_restate(batch, entity->name, key, case_key, set, from);
}

/* Its own principles stay behind: in a coalition headquarters' count, and no other hub may state any. */
static const struct error *restate_key(struct batch *batch, const char *key)
{
	const struct entity *entities;
	size_t count;

	entities = schema_entities(&count);
	for (size_t i = 0; i < count; i++)
		if (!entities[i].is_local && strcmp(entities[i].name, "principles") != 0)
			TRY(restate_entity(batch, &entities[i], key));
	return NULL;
}

static const struct error *forget(struct office *office, const char *last)
{
	struct query query CLEANUP(db_finish) = {0};

	TRY(db_prepare(office->db, &query, "DELETE FROM restate WHERE key <= ?"));
	db_bind_text(&query, 1, last);
	return db_done(&query);
}

static const struct error *restate_some(struct office *office, size_t *count)
{
	struct query query CLEANUP(db_finish) = {0};
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct batch *batch = batch_new(scratch, office, "");
	char last[ENTITY_KEY_SIZE] = "";
	bool row;

	*count = 0;
	TRY(db_prepare(office->db, &query, "SELECT key FROM restate ORDER BY key LIMIT ?"));
	db_bind_integer(&query, 1, RESTATE_AT_ONCE);
	for (;;) {
		TRY(db_step(&query, &row));
		if (!row)
			break;
		snprintf(last, sizeof last, "%s", db_text(&query, 0));
		TRY(restate_key(batch, last));
		++*count;
	}
	if (*count == 0)
		return NULL;
	db_reset(&query); /* a reader would hold back the writer's commit */
	TRY(batch_commit(batch));
	return forget(office, last);
}

const struct error *restate_all(struct office *office)
{
	const struct roster *roster = office_roster(office);
	size_t count = 1;

	if (!roster || !roster_member(roster, office->trust.self.log))
		return NULL;
	while (count)
		TRY(restate_some(office, &count));
	return NULL;
}
