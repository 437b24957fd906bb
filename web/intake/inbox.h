/* What a reporter finds behind the code: read from mailbox.db (every hub's items, kept by sync) and from our
 * own spool (what has not left yet), opened with the key that follows from the code typed in, for this one
 * request. */
#ifndef ENGABO_WEB_INTAKE_INBOX_H
#define ENGABO_WEB_INTAKE_INBOX_H

#include "node/base/ids.h"
#include "node/base/json.h"
#include "node/vault/mailbox.h"
#include "web/intake/intake.h"

struct inbox {
	char report[ENTITY_KEY_SIZE];
	char owner[LOG_ID_SIZE]; /* the hub that took the report */
	char saved_at[11];	 /* its day, 2026-11-23 */
	char state[16];		 /* new, opened, added, closed: the newest word of the office */
	json_t *answers;	 /* [{day, text}], oldest first; the caller owns it */
};
/* ERROR_NOT_FOUND: no hub that this one has heard of knows the code. Items that do not open or hold are left
 * out. */
const struct error *inbox_read(
	struct intake *intake, const struct mailbox *mailbox, struct inbox *out) MUST_CHECK;
/* "23 November 2026" from 2026-11-23, on `context`. */
char *inbox_day(const void *context, const char *date);

#endif
