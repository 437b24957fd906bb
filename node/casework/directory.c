/* The directory and the principles: see directory.h. Both are for the whole coalition; who may change what is
 * permit.c's between hubs, access.c's and sight.c's within one. Runs in office. */
#include "node/casework/directory.h"

#include <stdlib.h>
#include <string.h>

#include "node/base/text.h"
#include "node/casework/lists.h"

/* What a list holds stands in quotes in its column. */
#define HOLDS(column, value) "(" value " = '' OR instr(" column ", '\"' || " value " || '\"') > 0)"

const struct error *directory_list(
	struct casefile *file, const struct directory_filter *filter, int limit, int offset, json_t **out)
{
	struct query query;

	TRY(db_prepare(casefile_db(file), &query,
		"SELECT key, name, profession, organisation, services AS \"list:services\", districts AS "
		"\"list:districts\", languages, capacity, vetted_by, vetted_on, state, home, conflicts FROM "
		"provider WHERE state = ?1 AND " HOLDS("services", "?2") " AND " HOLDS(
			"districts", "?3") " AND (?4 = '' OR instr(lower(languages), lower(?4)) > 0) AND (?5 "
					   "= '' OR capacity = ?5)"
					   " ORDER BY name LIMIT ?6 OFFSET ?7"));
	db_bind_text(&query, 1, filter->state);
	db_bind_text(&query, 2, filter->service);
	db_bind_text(&query, 3, filter->district);
	db_bind_text(&query, 4, filter->language);
	db_bind_text(&query, 5, filter->capacity);
	db_bind_integer(&query, 6, limit);
	db_bind_integer(&query, 7, offset);
	return lists_rows(&query, out);
}

const struct error *directory_colleagues(struct casefile *file, const char *without, int limit, json_t **out)
{
	struct query query;

	TRY(db_prepare(casefile_db(file), &query,
		"SELECT key, name, profession, organisation FROM provider p WHERE state = 'active' AND key "
		"<> ?"
		" AND profession IS NOT 'safe-house' AND instr(coalesce(services, ''), '\"relocation\"') = 0"
		" AND NOT EXISTS (SELECT 1 FROM code c WHERE c.list = 'professions' AND c.parent = "
		"'safe-house' AND c.code = p.profession)"
		" AND NOT EXISTS (SELECT 1 FROM code c WHERE c.list = 'needs' AND c.parent = 'relocation'"
		" AND instr(p.services, '\"' || c.code || '\"') > 0)"
		" ORDER BY name LIMIT ?"));
	db_bind_text(&query, 1, without);
	db_bind_integer(&query, 2, limit);
	return lists_rows(&query, out);
}

static void add_once(json_t *list, json_t *value)
{
	const json_t *one;
	size_t i;

	if (!json_is_string(value) || !*json_string_value(value))
		return;
	json_array_foreach (list, i, one)
		if (json_equal(one, value))
			return;
	json_array_append(list, value);
}

const struct error *directory_entry(struct casefile *file, const char *key, json_t **out)
{
	json_t *history CLEANUP(json_decref) = NULL, *entry CLEANUP(json_decref) = NULL, *row,
			*was = json_pack("{s[], s[], s[]}", "agency", "profession", "organisation");
	const struct error *error = casefile_get(file, "provider", key, &entry);
	size_t i;

	if (!error)
		error = casefile_history(file, "provider", key, &history);
	if (error) {
		json_decref(was);
		return error;
	}
	json_array_foreach (history, i, row) {
		const char *name = json_text_or(row, "field", "");
		json_t *value = json_object_get(row, "value"), *list = json_object_get(was, name);

		if (list && !json_equal(value, json_object_get(entry, name)))
			add_once(list, value);
	}
	json_object_set_new(entry, "was", was);
	*out = json_incref(entry);
	return NULL;
}

const struct error *directory_principles(struct casefile *file, json_t **out)
{
	struct query query;

	TRY(db_prepare(casefile_db(file), &query,
		"SELECT key, version, text, home, created FROM principles ORDER BY version DESC, key DESC"));
	return lists_rows(&query, out);
}

bool directory_has_agreed(const json_t *provider, int64_t version, const char *today)
{
	const char *on = json_text_or(provider, "agreed_on", "");
	long years;

	if (json_integer_value(json_object_get(provider, "agreed_version")) < version || !text_is_date(on))
		return false;
	years = strtol(today, NULL, 10) - strtol(on, NULL, 10);
	return years < 1 || (years == 1 && strcmp(today + 4, on + 4) < 0);
}
