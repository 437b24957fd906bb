/* Where receipt codes come from, and who turns a typed code into its mailbox: the slow Argon2id step, away
 * from the requests.
 *
 * The hub's own source is pool.h. The bench brings one that costs nothing, to measure what is ours. Both
 * calls return at once; `done` is called exactly once, on any thread, perhaps before the call returns, and
 * must be quick. An error says that there is none now (ERROR_UNAVAILABLE). */
#ifndef ENGABO_WEB_INTAKE_CODE_SOURCE_H
#define ENGABO_WEB_INTAKE_CODE_SOURCE_H

#include "node/vault/mailbox.h"

/* A code nobody has seen yet, with the public part of its mailbox. */
struct fresh_code {
	struct secret *code; /* twenty digits; owned by whoever has the fresh_code */
	char mailbox[MAILBOX_ID_SIZE];
	struct age_recipient recipient;
	struct signer signer;
};

typedef void code_taken(
	void *user, struct fresh_code *code, const struct error *error); /* takes over code->code */
typedef void code_derived(
	void *user, struct secret *seed, const struct error *error); /* takes over the seed */

struct code_source {
	void (*take)(struct code_source *source, code_taken *done, void *user);
	void (*derive)(struct code_source *source, const struct secret *code, code_derived *done, void *user);
};

#endif
