/* From what a person wrote to what goes on the card: the sealed envelopes and the first mailbox item. */
#ifndef ENGABO_WEB_INTAKE_COMPOSE_H
#define ENGABO_WEB_INTAKE_COMPOSE_H

#include "node/base/ids.h"
#include "node/base/json.h"
#include "node/store/spool.h"
#include "web/intake/coalition.h"
#include "web/intake/code_source.h"

#define COMPOSED_MOST 3

/* Rows for the spool, in order; bodies hang on the context given. */
struct composed {
	struct spool_entry entries[COMPOSED_MOST];
	size_t count;
	char key[ENTITY_KEY_SIZE]; /* of the report or message */
};

/* Checks that every field is one a reporter may set and holds (ERROR_INVALID, beginning with its label), and
 * that it fits into an envelope. `fields` are the report's by their names in node/casework/schema. */
const struct error *compose_check(const json_t *fields) MUST_CHECK;
/* Seals a checked report to this hub, and by the coalition's policy to headquarters; and the mailbox's first
 * item. */
const struct error *compose_report(const void *context, struct coalition *coalition, const json_t *fields,
	const struct fresh_code *code, struct composed *out) MUST_CHECK;
/* A message of the reporter's about `report`, signed with the mailbox's key. `owner` is the hub that the
 * mailbox's first item names. */
const struct error *compose_message(const void *context, struct coalition *coalition, const char *report,
	const char *owner, const char *text, const struct mailbox *mailbox, struct composed *out) MUST_CHECK;
/* Within a transaction. */
const struct error *compose_spool(struct db *db, const struct composed *composed) MUST_CHECK;

#endif
