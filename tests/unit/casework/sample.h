/* Makes events as hubs would have written them, with every value chosen by the test. */
#ifndef ENGABO_TEST_SAMPLE_H
#define ENGABO_TEST_SAMPLE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "node/base/text.h"
#include "node/casework/casefile.h"
#include "node/casework/lists.h"

#define GULU "ga00000000000000"
#define MBALE "mba0000000000000"
#define KAMPALA "ka00000000000000" /* headquarters */

struct said {
	struct event *event;
	struct event_origin origin;
};

/* "ga00000000000000.01jd00000000000000000000NN" */
static inline char *sample_key(const void *context, const char *log, int number)
{
	return memory_format(context, "%s.01jd00000000000000%08d", log, number);
}

static inline char *sample_id(const void *context, int number)
{
	return memory_format(context, "01je00000000000000%08d", number);
}

/* "<log>/<event id>" */
static inline char *sample_identity(const void *context, const struct said *said)
{
	return memory_format(context, "%s/%s", said->origin.log, said->event->id);
}

static inline struct event_origin sample_origin(const char *log, char kind, int64_t seq)
{
	struct event_origin origin = {.epoch = 1, .seq = seq, .kind = kind, .roster_version = 1};

	memcpy(origin.log, log, LOG_ID_SIZE);
	origin.is_headquarters = strcmp(log, KAMPALA) == 0;
	return origin;
}

/* One event from its JSON; event number `number` and time follow from it. */
static inline struct said *sample_json(
	const void *context, const char *log, char kind, int number, json_t *json)
{
	struct said *said = memory_new(context, struct said);

	assert_null(event_parse(said, json_line(said, json), &said->event));
	said->origin = sample_origin(log, kind, number);
	json_decref(json);
	return said;
}

/* set and over are taken over; over may be NULL. */
static inline json_t *sample_body(const void *context, int number, const char *by, const char *entity,
	const char *key, const char *case_key, json_t *set, json_t *over)
{
	char at[TEXT_TIME_SIZE];
	json_t *json;

	text_time(at, 1795000000 + number * 60);
	json = json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:[s]}", "v", 1, "id",
		sample_id(context, number), "hlc",
		memory_format(context, "%016llx", 0x019a000000000000ull + (unsigned)number * 65536ull), "at",
		at, "clock", "sure", "by", by, "entity", entity, "key", key, "set", set, "to", "hq");
	if (case_key)
		json_object_set_new(json, "case", json_string(case_key));
	if (over)
		json_object_set_new(json, "over", over);
	return json;
}

static inline struct said *sample_event(const void *context, const char *log, char kind, int number,
	const char *entity, const char *key, const char *case_key, json_t *set, json_t *over)
{
	return sample_json(context, log, kind, number,
		sample_body(context, number, kind == 'i' ? "" : "akello", entity, key, case_key, set, over));
}

static inline enum taken sample_take(struct casefile *file, const struct said *said)
{
	enum taken taken;

	assert_null(casefile_begin(file));
	assert_null(casefile_take(file, said->event, &said->origin, &taken));
	assert_null(casefile_end(file));
	return taken;
}

static inline const struct error *sample_fill(void *user, uint8_t *to, size_t max, size_t *len)
{
	const struct bytes *image = user;

	assert_true(image->len <= max);
	memcpy(to, image->data, image->len);
	*len = image->len;
	return NULL;
}

static inline const struct error *sample_load(
	const void *context, const char *self, struct bytes image, struct casefile **out)
{
	return casefile_load(context, self, image.len, sample_fill, &image, out);
}

static inline int64_t sample_number(struct casefile *file, const char *sql)
{
	struct query query;
	int64_t number;
	bool row;

	assert_null(db_prepare(casefile_db(file), &query, sql));
	assert_null(db_step(&query, &row));
	assert_true(row);
	number = db_integer(&query, 0);
	db_finish(&query);
	return number;
}

static inline char *sample_text(const void *context, struct casefile *file, const char *sql)
{
	struct query query;
	char *text;
	bool row;

	assert_null(db_prepare(casefile_db(file), &query, sql));
	assert_null(db_step(&query, &row));
	text = memory_string(context, row ? db_text(&query, 0) : "(none)");
	db_finish(&query);
	return text;
}

#endif
