/* What one person may see of the case file: by role (access.h), by team, by restricted cases, and of a
 * provider the referrals to them and their own entry in the directory (casework.md, "Who may do what"). The
 * one place that knows; the lists (lists.c) and every record by its key (casefile_get) pass here. */
#ifndef ENGABO_CASEWORK_SIGHT_H
#define ENGABO_CASEWORK_SIGHT_H

#include "node/base/json.h"
#include "node/casework/access.h"
#include "node/store/db.h"

struct reader {
	const char *name; /* of the user */
	enum person_role role;
	const char *team;     /* "" for none */
	const char *provider; /* key of their own entry in the directory; "" for none */
};

struct sight;
/* Teaches `db` the function may_see(team, restricted, readers, officer, named) for queries over case_; `self`
 * is this hub's log id: a name that another hub said is of somebody there. Hangs on `context`. */
const struct error *sight_new(
	const void *context, struct db *db, const char *self, struct sight **out) MUST_CHECK;
/* From here on with the eyes of `reader`, who must live as long; NULL: of the hub itself, which sees all. */
void sight_set(struct sight *sight, const struct reader *reader);
/* ERROR_NOT_FOUND when the reader may not see this record, with the same words as when there is none. What
 * nobody has written yet, everybody may see. */
const struct error *sight_check(struct sight *sight, const char *entity, const char *key) MUST_CHECK;

/* Before something is said about it: also the case that it is in ("": none), which may be another's, and
 * ERROR_DENIED when the role does not write such records. */
const struct error *sight_check_write(
	struct sight *sight, const char *entity, const char *key, const char *case_key) MUST_CHECK;

/* ERROR_DENIED when `set` changes who may see this case, and that is not theirs to say. */
const struct error *sight_check_set(
	struct sight *sight, const char *entity, const char *key, const json_t *set) MUST_CHECK;
/* Whether they have to do with records of this kind at all. */
bool sight_reads(const struct sight *sight, const char *entity);

/* For forms: whether they see a case with these fields ("team", "restricted", "readers", "officer", all as if
 * said here), and whether it is theirs to say who sees it. */
bool sight_sees_case(const struct reader *reader, const json_t *record);
bool sight_may_share(const struct reader *reader, const json_t *record);

/* For SQL over case_ AS c, also by LEFT JOIN: whether the reader may see that case, or there is none. */
#define SIGHT_CASE "(c.is_apart IS NOT 1 OR may_see(c.team, c.restricted, c.readers, c.officer, c.named))"

#endif
