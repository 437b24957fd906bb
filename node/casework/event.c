/* One thing that somebody said about one record: reading it, checking its form, and making a new one.
 *
 * Only the form is checked here: what a field may hold is schema.c's, who may say it is permit.c's, how it
 * combines with what others said is merge.c's. Whatever passes is bounded, so that no other hub can make this
 * one run out of memory or loop. Pure; runs in intake (its own reports) and in office. */
#include "node/casework/event.h"

#include <string.h>

#include "node/base/text.h"

#define FIELDS_MAX 64
#define LIST_MAX 64
#define OVER_MAX 256
#define FROM_MAX 1024
#define NAME_MAX_LENGTH 32
#define USER_MAX 64

/* What entities, fields and choices are called: a lower-case word. */
static bool is_name(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= NAME_MAX_LENGTH && text[0] >= 'a' && text[0] <= 'z' &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

/* "<log id>/<event id>" */
static bool is_identity(const json_t *value)
{
	const char *text = json_string_value(value);
	char log[LOG_ID_SIZE];

	if (!text || json_string_length(value) != LOG_ID_SIZE - 1 + 1 + ULID_SIZE - 1 ||
		text[LOG_ID_SIZE - 1] != '/')
		return false;
	memcpy(log, text, LOG_ID_SIZE - 1);
	log[LOG_ID_SIZE - 1] = '\0';
	return ids_is_log(log) && ids_is_ulid(text + LOG_ID_SIZE);
}

static const struct error *check_value(const char *name, const json_t *value)
{
	const json_t *one;
	size_t i;

	if (json_is_string(value) || json_is_integer(value) || json_is_boolean(value))
		return NULL;
	if (!json_is_array(value) || json_array_size(value) > LIST_MAX)
		return error_new(
			ERROR_INVALID, "set: %s is not text, a number or a short list of texts", name);
	json_array_foreach (value, i, one)
		if (!json_is_string(one))
			return error_new(
				ERROR_INVALID, "set: %s is a list of something other than texts", name);
	return NULL;
}

static const struct error *check_set(json_t *set)
{
	const char *name;
	json_t *value;

	if (json_object_size(set) == 0 || json_object_size(set) > FIELDS_MAX)
		return error_new(ERROR_INVALID, "set: not 1 to %d fields", FIELDS_MAX);
	json_object_foreach (set, name, value) {
		if (!is_name(name))
			return error_new(ERROR_INVALID, "set: \"%s\" is not the name of a field", name);
		TRY(check_value(name, value));
	}
	return NULL;
}

/* Replacing what one does not set would take a value away and put nothing in its place. */
static const struct error *check_over(json_t *over, const json_t *set)
{
	const json_t *identity;
	const char *name;
	json_t *list;
	size_t i;

	json_object_foreach (over, name, list) {
		if (!json_object_get(set, name))
			return error_new(ERROR_INVALID, "over: %s is not set", name);
		if (!json_is_array(list) || json_array_size(list) > OVER_MAX)
			return error_new(
				ERROR_INVALID, "over: %s is not a list of at most %d events", name, OVER_MAX);
		json_array_foreach (list, i, identity)
			if (!is_identity(identity))
				return error_new(ERROR_INVALID, "over: %s does not name events", name);
	}
	return NULL;
}

static const struct error *check_to(const json_t *to)
{
	const json_t *hub;
	size_t i;

	json_array_foreach (to, i, hub) {
		const char *name = json_string_value(hub);

		if (!name || (strcmp(name, "hq") != 0 && strcmp(name, "all") != 0 && !ids_is_log(name)))
			return error_new(ERROR_INVALID, "to: neither a log id nor \"hq\" nor \"all\"");
	}
	return i ? NULL : error_new(ERROR_INVALID, "to: names nobody");
}

static const struct error *check_from(const json_t *from)
{
	const json_t *one;
	size_t i;

	json_array_foreach (from, i, one) {
		const char *by, *at;
		int64_t seconds;

		if (!is_identity(json_object_get(one, "event")))
			return error_new(ERROR_INVALID, "from: does not name events");
		TRY(json_get_string(one, "by", USER_MAX, &by));
		TRY(json_get_string(one, "at", TEXT_TIME_SIZE - 1, &at));
		TRY(text_to_time(at, &seconds));
	}
	return NULL;
}

static const struct error *check_version(const json_t *json)
{
	const json_t *version = json_object_get(json, "v");

	if (!json_is_integer(version))
		return error_new(ERROR_INVALID, "\"v\" is missing or not a whole number");
	if (json_integer_value(version) != EVENT_VERSION)
		return error_new(ERROR_CONFIG,
			"version %lld of events is not known to this engabo; update it",
			(long long)json_integer_value(version));
	return NULL;
}

/* Who, when: id, hlc, at, clock, by. */
static const struct error *read_writer(struct event *event)
{
	const char *id, *hlc, *at, *clock;

	TRY(json_get_string(event->json, "id", ULID_SIZE - 1, &id));
	if (!ids_is_ulid(id))
		return error_new(ERROR_INVALID, "\"id\" is not a ULID");
	memcpy(event->id, id, ULID_SIZE);
	TRY(json_get_string(event->json, "hlc", HLC_SIZE - 1, &hlc));
	TRY(clock_hlc_parse(hlc, &event->hlc));
	TRY(json_get_string(event->json, "at", TEXT_TIME_SIZE - 1, &at));
	TRY(text_to_time(at, &event->at));
	TRY(json_get_string(event->json, "clock", 6, &clock));
	event->is_sure = strcmp(clock, "sure") == 0;
	if (!event->is_sure && strcmp(clock, "unsure") != 0)
		return error_new(ERROR_INVALID, "\"clock\" is neither \"sure\" nor \"unsure\"");
	event->by = "";
	if (json_object_get(event->json, "by"))
		TRY(json_get_string(event->json, "by", USER_MAX, &event->by));
	return NULL;
}

/* About what: entity, key, case. */
static const struct error *read_subject(struct event *event)
{
	const char *key;

	TRY(json_get_string(event->json, "entity", NAME_MAX_LENGTH, &event->entity));
	if (!is_name(event->entity))
		return error_new(ERROR_INVALID, "\"entity\" is not the name of an entity");
	TRY(json_get_string(event->json, "key", ENTITY_KEY_SIZE - 1, &key));
	if (!ids_is_key(key))
		return error_new(ERROR_INVALID, "\"key\" is not an entity key");
	memcpy(event->key, key, ENTITY_KEY_SIZE);
	if (!json_object_get(event->json, "case"))
		return NULL;
	TRY(json_get_string(event->json, "case", ENTITY_KEY_SIZE - 1, &key));
	if (!ids_is_key(key))
		return error_new(ERROR_INVALID, "\"case\" is not an entity key");
	memcpy(event->case_key, key, ENTITY_KEY_SIZE);
	return NULL;
}

/* What: set, over, to, restate, from. */
static const struct error *read_content(struct event *event)
{
	const json_t *restate = json_object_get(event->json, "restate");

	TRY(json_get_object(event->json, "set", &event->set));
	TRY(check_set(event->set));
	if (json_object_get(event->json, "over")) {
		TRY(json_get_object(event->json, "over", &event->over));
		TRY(check_over(event->over, event->set));
	}
	TRY(json_get_array(event->json, "to", EVENT_TO_MAX, &event->to));
	TRY(check_to(event->to));
	if (restate && !json_is_boolean(restate))
		return error_new(ERROR_INVALID, "\"restate\" is neither true nor false");
	event->is_restated = json_is_true(restate);
	if (event->is_restated != (json_object_get(event->json, "from") != NULL))
		return error_new(ERROR_INVALID, "\"restate\" and \"from\" go together");
	if (!event->is_restated)
		return NULL;
	TRY(json_get_array(event->json, "from", FROM_MAX, &event->from));
	return check_from(event->from);
}

static int event_free(struct event *event)
{
	json_decref(event->json);
	return 0;
}

static const struct error *check_length(struct bytes line)
{
	if (line.len > EVENT_JSON_MAX)
		return error_new(
			ERROR_INVALID, "an event of %zu bytes; at most %d fit", line.len, EVENT_JSON_MAX);
	return NULL;
}

/* Takes over `json`, of which `line` is the text. */
static const struct error *event_of(const void *context, json_t *json, struct bytes line, struct event **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct event *event = memory_new(scratch, struct event);

	event->json = json;
	talloc_set_destructor(event, event_free);
	TRY(check_length(line));
	TRY(check_version(event->json));
	TRY(read_writer(event));
	TRY(read_subject(event));
	TRY(read_content(event));
	event->line = memory_bytes(event, line.data, line.len);
	*out = talloc_steal(context, event);
	return NULL;
}

const struct error *event_parse(const void *context, struct bytes line, struct event **out)
{
	json_t *json;

	TRY(check_length(line));
	if (memchr(line.data, '\n', line.len))
		return error_new(ERROR_INVALID, "an event is one line");
	TRY(json_object_parse(line, &json));
	return event_of(context, json, line, out);
}

const struct error *event_make(const void *context, const struct event_draft *draft, struct event **out)
{
	json_t *json = json_object();
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char id[ULID_SIZE], hlc[HLC_SIZE], at[TEXT_TIME_SIZE];

	ids_ulid_new(id, (uint64_t)clock_wall_ms());
	clock_hlc_text(hlc, clock_next());
	text_time(at, clock_wall_seconds());
	json_object_set_new(json, "v", json_integer(EVENT_VERSION));
	json_object_set_new(json, "id", json_string(id));
	json_object_set_new(json, "hlc", json_string(hlc));
	json_object_set_new(json, "at", json_string(at));
	json_object_set_new(json, "clock", json_string(clock_is_sure() ? "sure" : "unsure"));
	if (draft->by && *draft->by)
		json_object_set_new(json, "by", json_string(draft->by));
	json_object_set_new(json, "entity", json_string(draft->entity));
	json_object_set_new(json, "key", json_string(draft->key));
	if (draft->case_key && *draft->case_key)
		json_object_set_new(json, "case", json_string(draft->case_key));
	json_object_set_new(json, "set", json_deep_copy(draft->set));
	if (draft->over && json_object_size(draft->over))
		json_object_set_new(json, "over", json_deep_copy(draft->over));
	json_object_set_new(json, "to", json_deep_copy(draft->to));
	if (draft->is_restated) {
		json_object_set_new(json, "restate", json_true());
		json_object_set_new(json, "from", json_deep_copy(draft->from));
	}
	return event_of(context, json, json_line(scratch, json), out);
}
