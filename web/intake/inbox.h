/* What a reporter finds behind the code: read from log.git (every hub's items; sync's mailbox.db says where)
 * and from our own spool (what has not left yet), opened with the key that follows from the code typed in,
 * for this one request. */
#ifndef ENGABO_WEB_INTAKE_INBOX_H
#define ENGABO_WEB_INTAKE_INBOX_H

#include "node/base/ids.h"
#include "node/base/json.h"
#include "node/vault/mailbox.h"
#include "web/intake/intake.h"

struct inbox {
	char report[ENTITY_KEY_SIZE];
	char owner[LOG_ID_SIZE]; /* the hub that took the report */
	json_t *to;		 /* who reads the report, where the reporter chose; else NULL */
	char saved_at[11];	 /* its day, 2026-11-23 */
	char state[16];		 /* new, opened, added, closed: the newest word of the office */
	bool is_closed;		 /* by whoever holds the code: nothing else of it is to be shown */
	json_t *answers; /* [{at, text, is_question}] of the office, oldest first; `at` begins with the day */
	json_t *sent;	 /* [{at, what}] by the reporter afterwards, oldest first; what: text, photo */
	json_t *unseen;	 /* keys of the answers that nobody was told to be read */
};
void inbox_cleanup(struct inbox *inbox); /* also of a zeroed one: struct inbox inbox CLEANUP(inbox) = {...} */

/* ERROR_NOT_FOUND: no hub that this one has heard of knows the code. Items that do not open or hold are left
 * out. */
const struct error *inbox_read(
	struct intake *intake, const struct mailbox *mailbox, struct inbox *out) MUST_CHECK;

#endif
