/* How records get to the other hubs and back: each way with what waits and what hindered it, and the sticks
 * that are plugged in. What sync remembers, in words; and asking it to carry records with a stick.
 *
 * A wish is a row in office.db and a ring of sync's bell: the office may not call sync. Nothing here is said
 * to be there while something waits. Office role. */
#include "web/office/pages.h"

#include <string.h>

#include "node/base/clock.h"
#include "node/base/text.h"
#include "node/store/doorbell.h"
#include "node/store/spool.h"
#include "sync/plugged.h"
#include "sync/state.h"
#include "sync/wish.h"
#include "web/office/show.h"

#define BELL "run/sync.bell"

static int64_t number(const json_t *row, const char *name)
{
	return json_integer_value(json_object_get(row, name));
}

/* ---- ways ---- */

struct state {
	const char *word, *class;
};

static struct state state_of(const struct visit *visit, const json_t *remote)
{
	int64_t most = 2 * 60 * (int64_t)visit->office->home->config->sync.interval_minutes;

	if (!json_is_null(json_object_get(remote, "last_error")))
		return (struct state){SAY("Not reached"), "bad"};
	if (!number(remote, "last_ok"))
		return (struct state){SAY("Not tried yet"), "warn"};
	if (number(remote, "waiting_out") || number(remote, "waiting_in"))
		return (struct state){SAY("Something waits"), "warn"};
	if (clock_wall_seconds() - number(remote, "last_ok") > most)
		return (struct state){SAY("Not tried for long"), "warn"};
	return (struct state){SAY("Nothing waits"), "good"};
}

static json_t *remotes_of(struct visit *visit, const json_t *status)
{
	json_t *list = json_array(), *row;
	size_t i;

	json_array_foreach (json_object_get(status, "remotes"), i, row) {
		struct state state = state_of(visit, row);

		json_array_append_new(
			list, json_pack("{ss, ss, ss, ss, ss, ss, so, so}", "name",
				      json_text_or(row, "name", ""), "state", say(visit->request, state.word),
				      "class", state.class, "error", json_text_or(row, "last_error", ""),
				      "last_ok", show_seconds(visit, number(row, "last_ok")), "next_try",
				      show_seconds(visit, number(row, "next_try")), "waiting_out",
				      show_count((size_t)number(row, "waiting_out")), "waiting_in",
				      show_count((size_t)number(row, "waiting_in"))));
	}
	return list;
}

/* Records of this office that are in no log yet. */
static const struct error *count_own(struct visit *visit, struct db *sync_db, int64_t *count)
{
	int64_t taken = 0;

	if (sync_db)
		TRY(state_taken(sync_db, "office", &taken));
	return spool_count(visit->office->db, taken, count);
}

/* ---- sticks ---- */

/* The folder that somebody asked for last, while sync has not begun; "" else. */
static const struct error *asked_for(const struct visit *visit, struct db *sync_db, const char **out)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	*out = "";
	TRY(db_prepare(visit->office->db, &query, "SELECT id, stick FROM wish ORDER BY id DESC LIMIT 1"));
	TRY(db_step(&query, &row));
	if (row && (!sync_db || db_integer(&query, 0) != db_meta_number(sync_db, WISH_BEGUN, 0)))
		*out = memory_string(visit->context, db_text(&query, 1));
	return NULL;
}

static void add_result(struct visit *visit, json_t *stick, const json_t *row)
{
	bool is_done = number(row, "is_done") != 0;

	json_object_set_new(stick, "at", json_string(show_seconds(visit, number(row, "at"))));
	json_object_set_new(stick, "is_busy", json_boolean(!is_done));
	json_object_set_new(stick, "is_done", json_boolean(is_done));
	json_object_set_new(stick, "brought", json_integer(number(row, "brought")));
	json_object_set_new(stick, "taken", json_integer(number(row, "taken")));
	json_object_set_new(stick, "skipped", show_count((size_t)number(row, "skipped")));
	json_object_set_new(stick, "may_pull", json_boolean(is_done && number(row, "may_pull")));
	json_object_set(stick, "error", json_object_get(row, "error"));
}

static const struct error *sticks_of(
	struct visit *visit, const json_t *status, struct db *sync_db, json_t **out)
{
	json_t *list = json_array(), *row;
	struct plugged *plugged;
	const char *asked;
	size_t count, j;

	*out = list;
	TRY(plugged_read(visit->context, &plugged, &count));
	TRY(asked_for(visit, sync_db, &asked));
	for (size_t i = 0; i < count; i++) {
		json_t *stick = json_pack("{ss, ss, sb, sb}", "place", plugged[i].place, "name",
			strrchr(plugged[i].place, '/') + 1, "is_read_only", plugged[i].is_read_only,
			"is_asked", strcmp(asked, plugged[i].place) == 0);

		json_array_foreach (json_object_get(status, "sticks"), j, row)
			if (strcmp(json_text_or(row, "place", ""), plugged[i].place) == 0)
				add_result(visit, stick, row);
		json_array_append_new(list, stick);
	}
	return NULL;
}

/* ---- the page ---- */

const struct error *sync_page(struct visit *visit)
{
	struct db *db = office_sync_db(visit->office);
	json_t *status CLEANUP(json_decref) = json_object(), *sticks = NULL, *found;
	const struct error *error;
	int64_t own = 0;

	if (db) {
		json_decref(status);
		status = NULL;
		TRY(state_status(db, &status));
	}
	found = json_object_get(status, "found");
	TRY(count_own(visit, db, &own));
	error = sticks_of(visit, status, db, &sticks);
	visit_set(visit, "sticks", sticks);
	if (error)
		return error;
	visit_set(visit, "own", show_count((size_t)own));
	visit_set(visit, "remotes", remotes_of(visit, status));
	visit_set(
		visit, "has_remotes", json_boolean(json_array_size(json_object_get(visit->view, "remotes"))));
	visit_set(visit, "troubles", show_count(json_array_size(json_object_get(status, "trouble"))));
	if (json_array_size(found))
		visit_set(visit, "found", json_pack("{sO}", "list", found));
	return visit_show(visit, "office-sync", "Synchronising");
}

static const struct error *write_wish(struct office *office, const char *place)
{
	struct query query CLEANUP(db_finish) = {0};

	TRY(db_run(office->db, "DELETE FROM wish"));
	TRY(db_prepare(office->db, &query, "INSERT INTO wish(stick) VALUES(?)"));
	db_bind_text(&query, 1, place);
	return db_done(&query);
}

const struct error *sync_ask(struct visit *visit)
{
	const char *place = visit_field(visit, "stick");
	struct office *office = visit->office;
	struct plugged *plugged;
	const struct error *error;
	size_t count, i = 0;

	TRY(plugged_read(visit->context, &plugged, &count));
	while (i < count && strcmp(plugged[i].place, place) != 0)
		i++;
	if (i == count)
		return visit_go(visit, "/sync", SAY("That stick is not plugged in here any more."));
	TRY(db_begin(office->db));
	error = write_wish(office, place);
	if (!error)
		error = db_commit(office->db);
	if (error) {
		db_rollback(office->db);
		return error;
	}
	doorbell_ring(home_file(visit->context, office->home, BELL));
	return visit_go(
		visit, "/sync", SAY("It begins within a moment. Leave the stick in, and look again."));
}
