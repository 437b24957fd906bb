/* Wishes of people on the office's page /sync: carry records with the stick that is plugged in there.
 *
 * Leaves carrying to round.c. Guards: whoever took over the office can name no other place than a stick's.
 * Runs in the sync role. */
#include "sync/wish.h"

#include <string.h>

#include "node/base/files.h"
#include "node/store/spool.h"
#include "sync/plugged.h"

static const struct error *read_wish(const void *context, struct hub *hub, int64_t *id, char **stick)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char *path = home_file(scratch, hub->home, "office.db");
	struct db *db CLEANUP(db_close) = NULL;
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	if (!files_exist(path))
		return NULL;
	TRY(db_open_foreign(path, SPOOL_DB_VERSION, &db));
	TRY(db_prepare(db, &query, "SELECT id, stick FROM wish ORDER BY id DESC LIMIT 1"));
	TRY(db_step(&query, &row));
	if (row) {
		*id = db_integer(&query, 0);
		*stick = memory_string(context, db_text(&query, 1));
	}
	return NULL;
}

static const struct error *is_plugged_in(const char *stick, bool *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct plugged *list;
	size_t count;

	*out = false;
	TRY(plugged_read(scratch, &list, &count));
	for (size_t i = 0; i < count; i++)
		*out |= strcmp(list[i].place, stick) == 0;
	return NULL;
}

const struct error *wish_next(const void *context, struct hub *hub, char **stick)
{
	char *named = NULL;
	bool is_there;
	int64_t id = 0;

	*stick = NULL;
	TRY(read_wish(context, hub, &id, &named));
	if (!named || id == db_meta_number(hub->db, WISH_BEGUN, 0))
		return NULL;
	TRY(db_meta_set_number(hub->db, WISH_BEGUN, id));
	TRY(is_plugged_in(named, &is_there));
	if (is_there)
		*stick = named;
	return NULL;
}
