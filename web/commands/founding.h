/* Making a hub and a coalition: the keys, the keyring, the first roster. Used by `engabo init` alone; nothing
 * here is undone here (init removes a directory that was not finished). */
#ifndef ENGABO_WEB_COMMANDS_FOUNDING_H
#define ENGABO_WEB_COMMANDS_FOUNDING_H

#include "node/base/home.h"
#include "node/roster/roster.h"
#include "node/vault/keyring.h"

struct founding {
	const char *name, *code, *region; /* the hub's */
	const char *coalition;		  /* its name, for headquarters; NULL for a hub */
	enum sharing_policy sharing;	  /* of the coalition, for headquarters */
	const char *user;		  /* the first keyholder */
	const struct secret *passphrase;  /* theirs, NUL-ended */
	const struct secret *slot_words;  /* of the printed sheet, NUL-ended */
};

/* What comes of it; free with founded_free. */
struct founded {
	struct trust trust;
	struct vault *vault;
	struct secret *recovery; /* headquarters: the coalition's recovery identity, as text; else NULL */
	char slot[AGE_RECIPIENT_SIZE]; /* the first keyholder's */
	struct signer own;	       /* their roster key */
	struct roster roster;	       /* headquarters: version 1 */
};
void founded_free(struct founded *founded);

/* Writes keys/, keyring.json, trust.json, engabo.conf, log.git and inbox.git into a fresh home, and for
 * headquarters the roster's first version. */
const struct error *founding_make(const void *context, const struct home *home,
	const struct founding *founding, struct founded *out) MUST_CHECK;

#endif
