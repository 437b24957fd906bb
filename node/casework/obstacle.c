/* See obstacle.h. Runs in office.
 *
 * Invariant: a referral whose case, incidents, consent or provider changed since it was last looked at stands
 * in table unchecked, so that what table in_the_way says of all others holds. */
#include "node/casework/obstacle.h"

#include <string.h>

#include "node/casework/directory.h"
#include "node/casework/lists.h"
#include "node/casework/referral.h"

#define INCIDENTS_MOST 100 /* of one case */

/* The consent, where a second person agreed; NULL else. The caller's. */
static const struct error *find_agreed(struct casefile *file, const json_t *referral, json_t **out)
{
	const char *key = json_text_or(referral, "consent", "");
	const struct error *error;

	*out = NULL;
	if (!*json_text_or(referral, "override_by", "") || !*key)
		return NULL;
	error = casefile_get(file, "consent", key, out);
	return error && error->code == ERROR_NOT_FOUND ? NULL : error;
}

static const struct error *find_entry(struct casefile *file, const json_t *referral, json_t **out)
{
	const struct error *error = directory_entry(file, json_text_or(referral, "provider", ""), out);

	if (error)
		*out = NULL;
	return error && error->code == ERROR_NOT_FOUND ? NULL : error;
}

static const struct error *look(struct casefile *file, const struct codes *codes, const json_t *referral,
	const json_t *in_case, const json_t *entry, struct guard_verdict *verdict)
{
	json_t *incidents CLEANUP(json_decref) = NULL, *agreed CLEANUP(json_decref) = NULL;

	TRY(find_agreed(file, referral, &agreed));
	TRY(lists_parts(file, "incident", json_text_or(in_case, "key", ""), INCIDENTS_MOST, &incidents));
	*verdict = guard_look(codes, in_case, incidents, entry, agreed);
	return NULL;
}

const struct error *obstacle_find(struct casefile *file, const struct codes *codes, const json_t *referral,
	const json_t *in_case, struct guard_verdict *verdict, json_t **entry)
{
	*verdict = (struct guard_verdict){GUARD_CLEAR, ""};
	TRY(find_entry(file, referral, entry));
	return *entry ? look(file, codes, referral, in_case, *entry, verdict) : NULL;
}

/* ---- all of them ---- */

static const struct error *run(struct casefile *file, const char *sql)
{
	return db_run(casefile_db(file), sql);
}

static const struct error *keep(struct casefile *file, int64_t referral, const struct guard_verdict *verdict)
{
	struct query query CLEANUP(db_finish) = {0};

	if (verdict->reason == GUARD_CLEAR)
		return NULL;
	TRY(db_prepare(casefile_db(file), &query,
		"INSERT INTO in_the_way(referral, reason, agency) VALUES(?, ?, ?)"));
	db_bind_integer(&query, 1, referral);
	db_bind_integer(&query, 2, verdict->reason);
	db_bind_text(&query, 3, verdict->agency);
	return db_done(&query);
}

/* Entries are asked for once: many referrals go to few providers. */
static const struct error *check_one(
	struct casefile *file, const struct codes *codes, json_t *entries, const json_t *row)
{
	const char *provider = json_text_or(row, "provider", "");
	json_t *in_case CLEANUP(json_decref) = json_pack("{sO, sO*}", "key", json_object_get(row, "case_key"),
		"perpetrators", json_object_get(row, "perpetrators")),
			*entry = json_object_get(entries, provider);
	struct guard_verdict verdict = {GUARD_CLEAR, ""};

	if (!entry) {
		TRY(find_entry(file, row, &entry));
		json_object_set_new(entries, provider, entry ? entry : json_null());
	}
	if (json_is_object(entry))
		TRY(look(file, codes, row, in_case, entry, &verdict));
	return keep(file, json_integer_value(json_object_get(row, "id")), &verdict);
}

static const struct error *check_all(struct casefile *file, const struct codes *codes)
{
	json_t *rows CLEANUP(json_decref) = NULL, *entries CLEANUP(json_decref) = json_object(), *row;
	struct query query;
	size_t i;

	TRY(db_prepare(casefile_db(file), &query,
		"SELECT r.id, r.case_key, r.provider, r.consent, r.override_by, c.perpetrators AS "
		"\"list:perpetrators\""
		" FROM unchecked u CROSS JOIN referral r ON r.id = u.referral LEFT JOIN case_ c ON c.key = "
		"r.case_key"
		" WHERE u.referral > 0 AND r.state = 'sent'"));
	TRY(lists_rows(&query, &rows));
	TRY(run(file, "DELETE FROM in_the_way WHERE referral IN (SELECT referral FROM unchecked)"));
	json_array_foreach (rows, i, row)
		TRY(check_one(file, codes, entries, row));
	return run(file, "DELETE FROM unchecked");
}

/* All or nothing: what was asked and not kept is asked again. */
static const struct error *check(struct casefile *file, const struct codes *codes)
{
	const struct error *error;

	TRY(run(file, "SAVEPOINT asked"));
	error = check_all(file, codes);
	if (error)
		error_ignore(run(file, "ROLLBACK TO asked"));
	TRY(run(file, "RELEASE asked"));
	return error;
}

static const struct error *is_unchecked(struct casefile *file, bool *out)
{
	struct query query CLEANUP(db_finish) = {0};

	TRY(db_prepare(casefile_db(file), &query, "SELECT 1 FROM unchecked WHERE referral > 0 LIMIT 1"));
	return db_step(&query, out);
}

const struct error *obstacle_list(struct casefile *file, const struct codes *codes,
	const struct reader *reader, const char *hub, const char *today, int limit, json_t **out)
{
	const struct error *error = NULL;
	bool is_due;

	TRY(is_unchecked(file, &is_due));
	if (is_due) {
		casefile_read_as(file, NULL);
		error = check(file, codes);
		casefile_read_as(file, reader);
	}
	return error ? error : referral_list_hindered(file, hub, today, limit, out);
}
