/* The intake role: the public form. It seals what people write and cannot open it: it holds the coalition's
 * public keys and its own TLS key, nothing else. */
#ifndef ENGABO_WEB_INTAKE_ROLE_H
#define ENGABO_WEB_INTAKE_ROLE_H

#include "node/base/home.h"
#include "node/base/ids.h"
#include "node/base/json.h"
#include "web/intake/code_source.h"

/* Runs until *stop (set by a signal handler; a signal interrupts poll). Takes run/intake.lock. Call before
 * any thread exists: it forks. */
const struct error *intake_run(struct home *home, const volatile int *stop) MUST_CHECK;

/* The parts of it, for the bench, which brings a source of codes that costs nothing: all but the lock, the
 * socket and the tidying. The home must outlive it. */
struct intake;
const struct error *intake_start(
	struct home *home, struct code_source *codes, struct intake **out) MUST_CHECK;
/* Ports really bound. */
int intake_http_port(const struct intake *intake);
int intake_https_port(const struct intake *intake);
/* Answers what is under way, puts the rest on the card, frees. */
void intake_stop(struct intake *intake);

/* `engabo report -` while the role is down: takes the role's lock and does the same in this process, Argon2id
 * included. `fields` by their names in node/casework/schema. `shown` is the code in five fours.
 * ERROR_UNAVAILABLE when the role runs: then ask its socket. */
const struct error *intake_report(struct home *home, const json_t *fields,
	char shown[static MAILBOX_SHOWN_SIZE], char key[static ENTITY_KEY_SIZE]) MUST_CHECK;

#endif
