/* Which doings leave an entry in the audit trail, and in what words. Everything passes here: looks come from
 * the pages (visit_looked, case_find, report_find), changes from write.c as it commits them, so that no page
 * can forget it.
 *
 * "Once a day" is asked of the case file, so that it holds over a lock and for commands. Office role and
 * commands. */
#include "web/office/traces.h"

#include <string.h>

#include "node/base/clock.h"
#include "node/base/text.h"
#include "node/casework/schema.h"
#include "node/casework/trail.h"
#include "web/office/write.h"

#define CHANGED "changed"
#define SHARED "changed who may see"

/* What is told by name. `value` NULL: whatever it says. */
static const struct {
	const char *entity, *field, *value, *words;
} named[] = {
	{"report", "state", "opened", "opened"},
	{"report", "state", "closed", "closed"},
	{"case", "state", "closed", "closed"},
	{"case", "shared", NULL, "changed what headquarters gets of"},
	{"case", "team", NULL, SHARED},
	{"case", "restricted", NULL, SHARED},
	{"case", "readers", NULL, SHARED},
	{"message", "from", "office", "wrote to the reporter of"},
	{"referral", "state", "sent", "sent a referral of"},
	{"referral", "state", "withdrawn", "withdrew a referral of"},
	{"reply", "kind", "accepted", "accepted a referral of"},
	{"reply", "kind", "declined", "declined a referral of"},
	{"reply", "kind", "progress", "reported progress on a referral of"},
	{"reply", "kind", "done", "finished a referral of"},
	{"reply", "kind", "proposal", "proposed another provider for"},
	{"transfer", "state", "offered", "offered to another hub"},
	{"transfer", "state", "withdrawn", "withdrew the offer to another hub of"},
	{"takeover", "kind", "accepted", "took over from another hub"},
	{"takeover", "kind", "declined", "declined to take over"},
};

static json_t *entry(const char *who, const char *what, const char *on, const char *record)
{
	char at[TEXT_TIME_SIZE];

	text_time(at, clock_wall_seconds());
	return json_pack(
		"{ss, ss, ss, ss, ss}", "what", what, "who", who, "on", on, "record", record, "at", at);
}

static bool is_same(const json_t *one, const char *who, const char *what, const char *record)
{
	return strcmp(json_text_or(one, "record", ""), record) == 0 &&
	       strcmp(json_text_or(one, "who", ""), who) == 0 &&
	       strcmp(json_text_or(one, "what", ""), what) == 0;
}

static bool is_among(const json_t *list, const char *who, const char *what, const char *record)
{
	const json_t *one;
	size_t i;

	json_array_foreach (list, i, one)
		if (is_same(one, who, what, record))
			return true;
	return false;
}

/* Of a new day what waits is not the same any more, but it waits a minute at most. */
static const struct error *add_once(struct office *office, const char *who, const char *what, const char *on,
	const char *record, json_t *into)
{
	char day[TEXT_TIME_SIZE];
	bool is_there;

	if (is_among(office->traces, who, what, record) || is_among(into, who, what, record))
		return NULL;
	text_time(day, clock_wall_seconds());
	day[sizeof "2026-11-23" - 1] = '\0';
	TRY(trail_has(casefile_db(office->file), who, record, what, day, &is_there));
	if (!is_there)
		json_array_append_new(into, entry(who, what, on, record));
	return NULL;
}

const struct error *traces_note(
	struct office *office, const char *who, const char *what, const char *on, const char *record)
{
	return add_once(office, who, what, on, record, office->traces);
}

/* ---- which record ---- */

static const struct error *text_of(
	const void *context, struct office *office, const char *sql, const char *key, const char **out)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	TRY(db_prepare(casefile_db(office->file), &query, sql));
	db_bind_text(&query, 1, key);
	TRY(db_step(&query, &row));
	*out = row ? memory_string(context, db_text(&query, 0)) : "";
	return NULL;
}

/* The case or report that a record belongs to; itself where it belongs to none. */
static const struct error *record_of(const void *context, struct office *office, const char *entity,
	const char *key, const char *case_key, const json_t *set, const char **record)
{
	*record = *case_key ? case_key : key;
	if (strcmp(entity, "message") == 0)
		*record = json_text_or(set, "report", key);
	else if (strcmp(entity, "reply") == 0)
		return text_of(context, office, "SELECT case_key FROM referral WHERE key = ?",
			json_text_or(set, "referral", ""), record);
	else if (strcmp(entity, "takeover") == 0)
		return text_of(context, office, "SELECT case_key FROM transfer WHERE key = ?",
			json_text_or(set, "transfer", ""), record);
	return NULL;
}

static const struct error *name_of(const void *context, struct office *office, const char *entity,
	const char *record, const json_t *set, const char **on)
{
	const struct entity *kind = schema_entity(entity);

	*on = json_text_or(set, "ref", "");
	if (strcmp(entity, "report") == 0 || strcmp(entity, "message") == 0)
		*on = "a report";
	else if (strcmp(entity, "provider") == 0)
		*on = "an entry of the directory";
	else if (strcmp(entity, "principles") == 0)
		*on = "the principles";
	else if (strcmp(entity, "code") == 0)
		*on = "the code lists";
	else if (kind && !**on)
		TRY(text_of(context, office, "SELECT ref FROM case_ WHERE key = ?", record, on));
	return NULL;
}

const struct error *traces_read(
	struct office *office, const char *who, const char *entity, const char *key, const char *case_key)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const char *record = *case_key ? case_key : key, *on;

	TRY(name_of(scratch, office, entity, record, NULL, &on));
	return traces_note(office, who, "looked at", on, record);
}

const struct error *traces_entry(
	struct office *office, const char *who, const char *what, const char *on, json_t **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const char *first = memory_string_of(scratch, on, strcspn(on, " ")), *record = first, *ref, *in;

	if (ids_is_key(first)) {
		TRY(text_of(scratch, office, "SELECT case_key FROM referral WHERE key = ?", first, &in));
		record = *in ? in : first;
		TRY(text_of(scratch, office, "SELECT ref FROM case_ WHERE key = ?", record, &ref));
		on = memory_format(scratch, "%s%s", *ref ? ref : "a report", on + strlen(first));
	} else {
		TRY(text_of(scratch, office, "SELECT key FROM case_ WHERE ref = ?", first, &record));
	}
	*out = entry(who, what, on, record);
	return NULL;
}

/* ---- changes ---- */

/* Who may see it from now on, as far as the event says so. */
static const char *shared_words(const void *context, const json_t *set)
{
	const json_t *readers = json_object_get(set, "readers"), *one;
	struct buffer *text = buffer_new(context);
	size_t i;

	if (json_object_get(set, "team"))
		buffer_format(text, " team %s,", json_text_or(set, "team", "none"));
	if (json_object_get(set, "restricted"))
		buffer_format(text, " restricted %s,", json_text_or(set, "restricted", ""));
	json_array_foreach (readers, i, one)
		buffer_format(text, "%s %s%s", i ? "" : " readers", json_string_value(one), ",");
	if (readers && !json_array_size(readers))
		buffer_text(text, " no readers,");
	return memory_string_of(
		context, (const char *)buffer_bytes(text).data, text->len ? text->len - 1 : 0);
}

static const struct error *add_named(struct office *office, const struct event *event, const char *on,
	const char *record, json_t *into, bool *is_named)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);

	for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
		const char *words = named[i].words;
		json_t *value = json_object_get(event->set, named[i].field);

		if (strcmp(named[i].entity, event->entity) != 0 || !value ||
			(named[i].value && strcmp(json_string_value(value) ? json_string_value(value) : "",
						   named[i].value) != 0))
			continue;
		*is_named = true;
		if (strcmp(words, SHARED) == 0)
			words = memory_format(
				scratch, "%s (%.200s)", SHARED, shared_words(scratch, event->set) + 1);
		if (!is_among(into, event->by, words, record))
			json_array_append_new(into, entry(event->by, words, on, record));
	}
	return NULL;
}

/* What is handed on, and what nobody did, changes nothing; people and the trail itself are told by name
 * (people.c). */
const struct error *traces_of_event(struct office *office, const struct event *event, json_t *into)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct entity *entity = schema_entity(event->entity);
	const char *record, *on;
	bool is_named = false;

	if (event->is_restated || !*event->by || !entity || entity->is_local)
		return NULL;
	TRY(record_of(scratch, office, event->entity, event->key, event->case_key, event->set, &record));
	TRY(name_of(scratch, office, event->entity, record, event->set, &on));
	TRY(add_named(office, event, on, record, into, &is_named));
	return is_named ? NULL : add_once(office, event->by, CHANGED, on, record, into);
}

/* ---- what waits ---- */

const json_t *traces_waiting(const struct office *office)
{
	return office->traces;
}

void traces_clear(struct office *office)
{
	json_array_clear(office->traces);
}

const struct error *traces_flush(struct office *office)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);

	if (!json_array_size(office->traces))
		return NULL;
	return batch_commit(batch_new(scratch, office, ""));
}
