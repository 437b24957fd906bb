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
 * item. `is_for_headquarters`: to headquarters alone, and nothing of it shows here, not even that it is
 * urgent. ERROR_UNAVAILABLE when there is none besides this hub. */
const struct error *compose_report(const void *context, struct coalition *coalition, const json_t *fields,
	bool is_for_headquarters, const struct fresh_code *code, struct composed *out) MUST_CHECK;
/* Who comes back with a code: what the first item of the mailbox says of the report. */
struct reporter {
	const char *report, *owner; /* the hub that took it */
	const json_t *to; /* who reads the report, where the reporter chose that; NULL: by the policy */
	const struct mailbox *mailbox;
};
/* A message about the report, signed with the mailbox's key. `said` is all that it says ("text", "kind", ...)
 * and is taken over. */
const struct error *compose_message(const void *context, struct coalition *coalition,
	const struct reporter *reporter, json_t *said, struct composed *out) MUST_CHECK;
/* Beside the message, an item for the reporter's own mailbox, for every hub at which they may come back:
 * `kind`, and what `told` says of it (taken over). */
const struct error *compose_own_item(const void *context, const struct reporter *reporter, const char *kind,
	json_t *told, struct composed *out) MUST_CHECK;
/* Within a transaction. */
const struct error *compose_spool(struct db *db, const struct composed *composed) MUST_CHECK;

#endif
