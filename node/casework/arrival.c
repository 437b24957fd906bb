/* See arrival.h. Where an event lies stands in the case file with every event (column seq); here is only how
 * much of our log others have, one row a hub (table arrived).
 *
 * Claims no more than was signed: an acknowledgement counts within the epoch that it names. Which hubs there
 * are, and what has left this one, is the caller's. Runs in office. */
#include "node/casework/arrival.h"

#include <string.h>

#include "node/base/text.h"

#define PLACE_MAX 64 /* characters of an entry of what was opened */

const struct error *arrival_note(struct casefile *file, const char *hub, const struct arrival_place *upto)
{
	struct query query CLEANUP(db_finish) = {0};

	TRY(db_prepare(casefile_db(file), &query,
		"INSERT INTO arrived(hub, epoch, seq) VALUES(?, ?, ?) ON CONFLICT(hub, epoch) DO UPDATE SET "
		"seq = excluded.seq WHERE excluded.seq > seq"));
	db_bind_text(&query, 1, hub);
	db_bind_integer(&query, 2, upto->epoch);
	db_bind_integer(&query, 3, upto->seq);
	return db_done(&query);
}

const struct error *arrival_has(
	struct casefile *file, const char *hub, const struct arrival_place *place, bool *out)
{
	struct query query CLEANUP(db_finish) = {0};

	*out = false;
	if (!place->seq)
		return NULL;
	TRY(db_prepare(
		casefile_db(file), &query, "SELECT 1 FROM arrived WHERE hub = ? AND epoch = ? AND seq >= ?"));
	db_bind_text(&query, 1, hub);
	db_bind_integer(&query, 2, place->epoch);
	db_bind_integer(&query, 3, place->seq);
	return db_step(&query, out);
}

/* What ?3 said of the record ?2 of the kind ?1, once for each reader. */
#define SAID                                                                                                 \
	" FROM entity e JOIN said v ON v.entity = e.id, json_each(v.line, '$.to') t WHERE "                  \
	"e.tail = substr(?2, -8) AND e.key = ?2 AND e.type = ?1 AND v.log = ?3 AND v.standing = 0"

static void bind_record(struct query *query, const char *entity, const char *key, const char *log)
{
	db_bind_text(query, 1, entity);
	db_bind_text(query, 2, key);
	db_bind_text(query, 3, log);
}

const struct error *arrival_readers(const void *context, struct casefile *file, const char *self,
	const char *entity, const char *key, struct arrival_reader **out, size_t *count)
{
	struct query query CLEANUP(db_finish) = {0};
	struct arrival_reader *readers = NULL;
	bool row;

	*out = NULL;
	*count = 0;
	TRY(db_prepare(casefile_db(file), &query,
		"SELECT t.value, v.epoch, v.seq" SAID
		" ORDER BY t.value = 'hq', t.value, v.seq = 0 DESC, v.epoch DESC, v.seq DESC"));
	bind_record(&query, entity, key, self);
	for (;;) {
		const char *whom;

		TRY(db_step(&query, &row));
		if (!row)
			break;
		whom = db_text(&query, 0);
		if (strlen(whom) >= LOG_ID_SIZE || (*count && strcmp(readers[*count - 1].whom, whom) == 0))
			continue;
		readers = memory_resize(context, readers, struct arrival_reader, *count + 1);
		readers[*count] =
			(struct arrival_reader){.place = {(int)db_integer(&query, 1), db_integer(&query, 2)}};
		memcpy(readers[(*count)++].whom, whom, strlen(whom) + 1);
	}
	*out = readers;
	return NULL;
}

const struct error *arrival_said(struct casefile *file, const char *self, const char *entity, const char *key,
	const char *state, const char *hub, struct arrival_place *out, bool *is_there)
{
	struct query query CLEANUP(db_finish) = {0};

	*out = (struct arrival_place){0};
	TRY(db_prepare(casefile_db(file), &query,
		"SELECT v.epoch, v.seq" SAID " AND t.value = ?4 AND json_extract(v.line, '$.set.state') = ?5"
		" ORDER BY v.seq = 0, v.epoch, v.seq LIMIT 1"));
	bind_record(&query, entity, key, self);
	db_bind_text(&query, 4, hub);
	db_bind_text(&query, 5, state);
	TRY(db_step(&query, is_there));
	if (*is_there)
		*out = (struct arrival_place){(int)db_integer(&query, 0), db_integer(&query, 1)};
	return NULL;
}

/* ---- opened ---- */

#define OWN(type) "SELECT id FROM entity WHERE tail = substr(?1, -8) AND key = ?1 AND type = '" type "'"

/* What is shown in full on each page, as rows of table entity. */
static const struct {
	const char *entity, *page, *shown;
} pages[] = {
	{"report", "report", OWN("report") " UNION ALL SELECT id FROM message WHERE report = ?1"},
	{"case", "case",
		OWN("case") " UNION ALL SELECT id FROM entity WHERE case_tail = substr(?1, -8) AND "
			    "case_key = ?1 AND type IN ('action', 'followup', 'note')"},
	{"referral", "referral", OWN("referral")},
	{"transfer", "transfer", OWN("transfer")},
	{"message", "report", NULL},
	{"action", "case", NULL},
	{"followup", "case", NULL},
	{"note", "case", NULL},
};
#define PAGES (sizeof pages / sizeof *pages)

const char *arrival_page(const char *entity)
{
	for (size_t i = 0; i < PAGES; i++)
		if (strcmp(pages[i].entity, entity) == 0)
			return pages[i].page;
	return NULL;
}

static const char *shown_on(const char *page)
{
	size_t i = 0;

	while (strcmp(pages[i].entity, page) != 0)
		i++;
	return pages[i].shown;
}

static const struct error *add_places(struct query *query, json_t *list)
{
	char last[LOG_ID_SIZE] = "", text[PLACE_MAX];
	bool row;

	for (;;) {
		const char *log;

		TRY(db_step(query, &row));
		if (!row)
			return NULL;
		log = db_text(query, 0);
		if (strcmp(log, last) == 0) /* of an earlier epoch */
			continue;
		snprintf(last, sizeof last, "%s", log);
		snprintf(text, sizeof text, "%s %lld %lld", log, (long long)db_integer(query, 1),
			(long long)db_integer(query, 2));
		json_array_append_new(list, json_string(text));
	}
}

const struct error *arrival_seen(
	struct casefile *file, const char *self, const char *page, const char *key, json_t **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *list CLEANUP(json_decref) = json_array();
	struct query query CLEANUP(db_finish) = {0};

	TRY(db_prepare(casefile_db(file), &query,
		memory_format(scratch,
			"SELECT log, epoch, max(seq) FROM said WHERE entity IN (%s) AND log <> ?2 AND "
			"standing = 0 GROUP BY log, epoch ORDER BY log, epoch DESC",
			shown_on(page))));
	db_bind_text(&query, 1, key);
	db_bind_text(&query, 2, self);
	TRY(add_places(&query, list));
	*out = json_incref(list);
	return NULL;
}

void arrival_opening(char out[static ENTITY_KEY_SIZE], const char *hub, const char *key)
{
	ids_key_make(out, hub, key + LOG_ID_SIZE);
}

bool arrival_parse(const char *text, char log[static LOG_ID_SIZE], struct arrival_place *place)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const char *epoch = strchr(text, ' '), *seq = epoch ? strchr(epoch + 1, ' ') : NULL;
	uint64_t first, second;

	if (!seq || epoch - text != LOG_ID_SIZE - 1)
		return false;
	memcpy(log, text, LOG_ID_SIZE - 1);
	log[LOG_ID_SIZE - 1] = '\0';
	if (!ids_is_log(log) ||
		text_to_number(
			memory_string_of(scratch, epoch + 1, (size_t)(seq - epoch - 1)), INT32_MAX, &first) ||
		text_to_number(seq + 1, INT64_MAX, &second))
		return false;
	*place = (struct arrival_place){(int)first, (int64_t)second};
	return true;
}

bool arrival_covers(const json_t *upto, const char *log, const struct arrival_place *place)
{
	const json_t *one;
	size_t i;

	json_array_foreach (upto, i, one) {
		const char *text = json_is_string(one) ? json_string_value(one) : "";
		char named[LOG_ID_SIZE];
		struct arrival_place at;

		if (arrival_parse(text, named, &at) && strcmp(named, log) == 0 && at.epoch == place->epoch &&
			at.seq >= place->seq)
			return true;
	}
	return false;
}

const struct error *arrival_is_opened(struct casefile *file, const char *self, const char *hub,
	const char *page, const char *key, const struct arrival_place *place, bool *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct query query CLEANUP(db_finish) = {0};
	json_t *upto CLEANUP(json_decref) = NULL;
	char opening[ENTITY_KEY_SIZE];
	bool row;

	*out = false;
	if (!place->seq)
		return NULL;
	arrival_opening(opening, hub, key);
	TRY(db_prepare(casefile_db(file), &query,
		memory_format(scratch,
			"SELECT o.\"%s\" FROM entity e JOIN opened o ON o.id = e.id WHERE "
			"e.tail = substr(?1, -8) AND e.key = ?1 AND e.type = 'opened'",
			page)));
	db_bind_text(&query, 1, opening);
	TRY(db_step(&query, &row));
	upto = row ? json_loads(db_text(&query, 0), 0, NULL) : NULL;
	*out = arrival_covers(upto, self, place);
	return NULL;
}
