/* Hands on what a hub owes: see hand.h. What was handed on already stands in office.db; losing that costs a
 * repetition, which changes nothing (merge.c), never a record.
 *
 * "Until accepted, nothing but the offer is sealed to the other hub." Office role. */
#include "web/office/hand.h"

#include <string.h>

#include "node/casework/permit.h"
#include "web/office/restate.h"

#define HAND_AT_ONCE 50 /* records a batch */
#define AGREED "agreed"

/* All records of a case, with its report and what was said to the reporter: ?1. Transfers stay between those
 * who made them. */
#define RECORDS                                                                                              \
	"SELECT type, key FROM entity WHERE tail = substr(?1, -8) AND key = ?1 AND type IN ('case', "        \
	"'report')"                                                                                          \
	" UNION ALL SELECT 'report', key FROM report WHERE \"case\" <> '' AND \"case\" = ?1 AND key <> ?1"   \
	" UNION ALL SELECT 'message', m.key FROM message m WHERE m.report = ?1"                              \
	" UNION ALL SELECT type, key FROM entity WHERE case_tail = substr(?1, -8) AND case_key = ?1 AND "    \
	"type <> 'transfer'"                                                                                 \
	" UNION ALL SELECT 'reply', p.key FROM reply p JOIN referral r ON r.key = p.referral WHERE "         \
	"r.case_key = ?1"

/* What this hub wrote after the case had left it, to the byte: ?1 the case, ?2 this hub. */
#define LATE                                                                                                 \
	"SELECT v.log || '/' || v.event, v.line FROM entity e JOIN said v ON v.entity = e.id "               \
	"JOIN waiting "                                                                                      \
	"w ON w.event = v.id WHERE e.id IN (SELECT id FROM entity WHERE case_tail = substr(?1, -8) AND "     \
	"case_key = ?1 UNION ALL SELECT id "                                                                 \
	"FROM entity WHERE tail = substr(?1, -8) AND key = ?1 AND type IN ('case', 'report')) AND e.type "   \
	"<> 'transfer' AND v.log = "                                                                         \
	"?2 AND w.reason = '" PERMIT_HELD "' AND json_extract(v.line, '$.restate') IS NULL"

struct handing {
	struct office *office;
	struct batch *batch; /* NULL: only counts */
	const char *whom;
	const char *noted; /* under which name it is noted that they have it */
	bool is_summary;   /* of the case; else all of it */
	bool is_reports_summary, is_no_reports;
	json_t *done; /* of the batch, to be noted when it is on the card */
	size_t count;
};

static const struct error *is_noted(struct office *office, const char *what, const char *whom, bool *out)
{
	struct query query CLEANUP(db_finish) = {0};

	TRY(db_prepare(office->db, &query, "SELECT 1 FROM handed WHERE what = ? AND whom = ?"));
	db_bind_text(&query, 1, what);
	db_bind_text(&query, 2, whom);
	return db_step(&query, out);
}

static const struct error *note(struct office *office, const json_t *done, const char *whom)
{
	struct query query CLEANUP(db_finish) = {0};
	json_t *one;
	size_t i;

	TRY(db_prepare(office->db, &query, "INSERT OR IGNORE INTO handed(what, whom) VALUES(?, ?)"));
	json_array_foreach (done, i, one) {
		db_reset(&query);
		db_bind_text(&query, 1, json_string_value(one));
		db_bind_text(&query, 2, whom);
		TRY(db_done(&query));
	}
	return NULL;
}

static const struct error *flush(struct handing *handing, bool is_last)
{
	if (!handing->batch || json_array_size(handing->done) < (is_last ? 1 : HAND_AT_ONCE))
		return NULL;
	TRY(batch_commit(handing->batch));
	TRY(note(handing->office, handing->done, handing->noted));
	json_array_clear(handing->done);
	handing->batch = batch_new(handing->batch, handing->office, "");
	return NULL;
}

/* Who agreed to a referral in spite of a conflict of interest: kept from the provider's hub, and needed by
 * the next sender. The code of a slip opens nothing there. */
static const struct error *add_agreed(struct office *office, const char *key, json_t *set)
{
	static const char *const names[] = {"override_by", "override_why"};
	json_t *record CLEANUP(json_decref) = NULL;

	TRY(casefile_get(office->file, "referral", key, &record));
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (*json_text_or(record, names[i], ""))
			json_object_set(set, names[i], json_object_get(record, names[i]));
	return NULL;
}

/* A summary of a case or a report holds fewer fields; of all else there is none. */
static const struct error *hand_record(
	struct batch *batch, const char *type, const char *key, const char *whom, bool is_summary)
{
	const struct entity *entity = schema_entity(type);
	json_t *set, *from, *value;
	char case_key[ENTITY_KEY_SIZE];
	const struct error *error;
	const char *name;
	void *next;

	if (!entity || (is_summary && strcmp(type, "case") != 0 && strcmp(type, "report") != 0))
		return NULL;
	error = restate_state(batch_office(batch), entity, key, case_key, &set, &from);
	if (error)
		return error->code == ERROR_NOT_FOUND ? NULL : error;
	if (strcmp(type, "referral") == 0)
		error = add_agreed(batch_office(batch), key, set);
	json_object_foreach_safe(set, next, name, value) if (is_summary && !readers_summary_has(type, name))
		json_object_del(set, name);
	if (!error && json_object_size(set))
		return batch_hand(batch, type, key, case_key, set, from, whom);
	json_decref(set);
	json_decref(from);
	return error;
}

/* What is between two hubs and nobody else's: it goes with the case to a new owner, not to headquarters. */
static bool is_between_two(const char *type)
{
	return strcmp(type, "referral") == 0 || strcmp(type, "reply") == 0;
}

/* `type` NULL: an event of ours that came too late, `line`; `key` is its identity. A report and the case that
 * was opened from it share a key. */
static const struct error *hand_one(
	struct handing *handing, const char *type, const char *key, const char *line)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const char *what = type ? memory_format(scratch, "%s %s", type, key) : key;
	bool is_report = type && (strcmp(type, "report") == 0 || strcmp(type, "message") == 0), is_done;

	if (is_report && handing->is_no_reports)
		return NULL;
	if (type && strcmp(handing->whom, "hq") == 0 && is_between_two(type))
		return NULL;
	TRY(is_noted(handing->office, what, handing->noted, &is_done));
	if (is_done)
		return NULL;
	handing->count++;
	if (!handing->batch)
		return NULL;
	if (type)
		TRY(hand_record(handing->batch, type, key, handing->whom,
			is_report ? handing->is_reports_summary : handing->is_summary));
	else
		TRY(batch_pass(
			handing->batch, (struct bytes){(const uint8_t *)line, strlen(line)}, handing->whom));
	json_array_append_new(handing->done, json_string(what));
	return flush(handing, false);
}

/* The rows are read to their end before anything is written. */
static const struct error *rows_of(struct office *office, const char *sql, const char *case_key, json_t **out)
{
	struct query query CLEANUP(db_finish) = {0};
	json_t *rows CLEANUP(json_decref) = json_array();
	bool row;

	TRY(db_prepare(casefile_db(office->file), &query, sql));
	if (sqlite3_bind_parameter_count(query.statement) > 0)
		db_bind_text(&query, 1, case_key);
	if (sqlite3_bind_parameter_count(query.statement) > 1)
		db_bind_text(&query, 2, office->trust.self.log);
	for (;;) {
		TRY(db_step(&query, &row));
		if (!row)
			break;
		json_array_append_new(rows, json_pack("[ss]", db_text(&query, 0), db_text(&query, 1)));
	}
	*out = json_incref(rows);
	return NULL;
}

static const struct error *hand_case(struct handing *handing, const char *case_key)
{
	json_t *records CLEANUP(json_decref) = NULL, *late CLEANUP(json_decref) = NULL, *row;
	size_t i;

	TRY(rows_of(handing->office, RECORDS, case_key, &records));
	TRY(rows_of(handing->office, LATE, case_key, &late));
	json_array_foreach (records, i, row)
		TRY(hand_one(handing, json_string_value(json_array_get(row, 0)),
			json_string_value(json_array_get(row, 1)), NULL));
	json_array_foreach (late, i, row)
		TRY(hand_one(handing, NULL, json_string_value(json_array_get(row, 0)),
			json_string_value(json_array_get(row, 1))));
	return flush(handing, true);
}

/* Those of which this hub speaks as the sender: ?1 the case, ?2 this hub. */
#define SENT "SELECT key, '' FROM referral WHERE case_key = ?1 AND sent_by = ?2"

/* The new owner is their next sender, and the provider's hub is told. After the records: the new owner takes
 * from them when each was made. */
static const struct error *name_sender(struct handing *handing, const char *case_key)
{
	json_t *rows CLEANUP(json_decref) = NULL, *row;
	size_t i;

	TRY(rows_of(handing->office, SENT, case_key, &rows));
	handing->count += json_array_size(rows);
	if (!handing->batch || !json_array_size(rows))
		return NULL;
	json_array_foreach (rows, i, row)
		TRY(batch_event(handing->batch, "referral", json_string_value(json_array_get(row, 0)),
			case_key, json_pack("{ss}", "sender", handing->whom), NULL));
	return batch_commit(handing->batch);
}

/* Cases that this hub owned last and another hub took over from it: [[case, that hub]]. */
#define GIVEN                                                                                                \
	"SELECT o.case_key, n.log FROM case_owner o JOIN case_owner n ON n.case_key = o.case_key AND "       \
	"n.place = o.place + 1 WHERE o.log = ?2 AND o.last_seq IS NOT NULL AND (?1 = '' OR o.case_key = ?1)" \
	" AND NOT EXISTS (SELECT 1 FROM case_owner l WHERE l.case_key = o.case_key AND l.log = ?2 AND "      \
	"l.place > o.place)"

const struct error *hand_is_crossed(struct office *office, const char *case_key, bool *out)
{
	struct query query CLEANUP(db_finish) = {0};

	TRY(is_noted(office, case_key, AGREED, out));
	if (*out) {
		*out = false;
		return NULL;
	}
	TRY(db_prepare(casefile_db(office->file), &query,
		"SELECT 1 FROM entity e JOIN said v ON v.entity = e.id JOIN waiting w ON w.event = v.id"
		" WHERE e.case_tail = substr(?1, -8) AND e.case_key = ?1 AND e.type = 'transfer' AND v.log = "
		"?2 AND w.reason = '" PERMIT_HELD "'"
		" AND json_extract(v.line, '$.set.state') = 'withdrawn'"));
	db_bind_text(&query, 1, case_key);
	db_bind_text(&query, 2, office->trust.self.log);
	return db_step(&query, out);
}

const struct error *hand_agree(struct office *office, const char *case_key)
{
	json_t *done CLEANUP(json_decref) = json_pack("[s]", case_key);

	TRY(note(office, done, AGREED));
	return hand_all(office);
}

static const struct error *hand_given(
	struct office *office, const char *case_key, bool only_count, size_t *owed)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *given CLEANUP(json_decref) = NULL, *row;
	size_t i;

	*owed = 0;
	TRY(rows_of(office, GIVEN, case_key, &given));
	json_array_foreach (given, i, row) {
		const char *key = json_string_value(json_array_get(row, 0)),
			   *whom = json_string_value(json_array_get(row, 1));
		const struct roster_member *member = roster_member(office_roster(office), whom);
		json_t *done CLEANUP(json_decref) = json_array();
		struct handing handing = {.office = office,
			.batch = only_count ? NULL : batch_new(scratch, office, ""),
			.whom = whom,
			.noted = whom,
			.done = done};
		bool is_crossed;

		if (!member || member->status != MEMBER_ACTIVE)
			continue;
		TRY(hand_is_crossed(office, key, &is_crossed));
		if (is_crossed && !only_count)
			continue;
		TRY(hand_case(&handing, key));
		TRY(name_sender(&handing, key));
		*owed += handing.count;
	}
	return NULL;
}

const struct error *hand_owed(struct office *office, const char *case_key, size_t *out)
{
	*out = 0;
	return readers_roster(office) ? hand_given(office, case_key, true, out) : NULL;
}

const struct error *hand_wider(struct batch *batch, const char *case_key, enum sharing_policy sharing)
{
	json_t *records CLEANUP(json_decref) = NULL, *row;
	size_t i;

	TRY(rows_of(batch_office(batch), RECORDS, case_key, &records));
	json_array_foreach (records, i, row) {
		const char *type = json_string_value(json_array_get(row, 0));

		/* Reports and what was said to reporters are the coalition's policy, not one case's. */
		if (strcmp(type, "report") != 0 && strcmp(type, "message") != 0 && !is_between_two(type))
			TRY(hand_record(batch, type, json_string_value(json_array_get(row, 1)), "hq",
				sharing == SHARING_SUMMARY));
	}
	return NULL;
}

#define OWN_KEYS "SELECT '', key FROM case_ UNION SELECT '', key FROM report"

static const struct error *hand_by_policy(struct handing *handing, const json_t *keys)
{
	struct office *office = handing->office;
	json_t *row;
	size_t i;

	json_array_foreach (keys, i, row) {
		const char *key = json_string_value(json_array_get(row, 1));
		struct readers readers;

		TRY(readers_find(office, key, &readers));
		if (readers.is_for_headquarters || strcmp(readers.owner, office->trust.self.log) != 0)
			continue;
		handing->is_summary = readers.sharing == SHARING_SUMMARY;
		handing->is_reports_summary = readers.of_reports == SHARING_SUMMARY;
		handing->is_no_reports = readers.of_reports == SHARING_NONE;
		TRY(hand_case(handing, key));
	}
	return NULL;
}

static const struct error *forget(struct office *office, const char *noted)
{
	struct query query CLEANUP(db_finish) = {0};

	TRY(db_prepare(office->db, &query, "DELETE FROM handed WHERE whom = ?"));
	db_bind_text(&query, 1, noted);
	return db_done(&query);
}

/* The coalition shares more with headquarters than when this hub last looked. */
static const struct error *hand_policy(struct office *office, enum sharing_policy policy)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *done CLEANUP(json_decref) = json_array(), *keys CLEANUP(json_decref) = NULL;
	int64_t before = db_meta_number(office->db, "sharing", policy);
	struct handing handing = {.office = office,
		.batch = batch_new(scratch, office, ""),
		.whom = "hq",
		.noted = "hq",
		.done = done};

	if (before > policy && office->trust.self.role != MEMBER_HEADQUARTERS) {
		TRY(rows_of(office, OWN_KEYS, "", &keys));
		TRY(hand_by_policy(&handing, keys));
		TRY(forget(office, "hq"));
	}
	return db_meta_set_number(office->db, "sharing", policy);
}

const struct error *hand_all(struct office *office)
{
	const struct roster *roster = readers_roster(office);
	size_t count;

	if (!roster)
		return NULL;
	TRY(hand_policy(office, roster->sharing));
	return hand_given(office, "", false, &count);
}
