/* Form tokens: one sending each. Stateless until then: a nonce, the time on the boot clock and a MAC under a
 * key that lives in this process alone (SHA-256 HMAC, cut to 16 bytes). What was sent with a token is
 * remembered in intake.db under its ticket (receipts.h).
 *
 * The ticket stands in the address of the receipt's page. It follows from the token by HKDF and not the other
 * way round, so that an address in a history cannot send a form. */
#ifndef ENGABO_WEB_INTAKE_TOKEN_H
#define ENGABO_WEB_INTAKE_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "node/vault/secret.h"

#define TOKEN_SIZE 81  /* 16 bytes nonce, 8 seconds, 16 MAC, as hex digits, and a NUL */
#define TICKET_SIZE 65 /* 32 bytes as hex digits and a NUL */
#define TOKEN_LIFE_SECONDS (2 * 60 * 60)
#define TOKEN_KNOWN_SECONDS (TOKEN_LIFE_SECONDS + 60 * 60)

enum token_state {
	TOKEN_GOOD,
	TOKEN_YOUNG, /* ours, but not yet `least` seconds old: no person reads that fast */
	TOKEN_STALE, /* too old, or from before this process started, or never ours */
};

/* `key` is 32 random bytes; `now` is seconds on the boot clock. */
void token_new(char out[static TOKEN_SIZE], const struct secret *key, int64_t now);
enum token_state token_check(const char *token, const struct secret *key, int64_t now, int64_t least);
/* Whether nobody can tell any more if it was used: older than TOKEN_KNOWN_SECONDS, or not of this process. */
bool token_is_lost(const char *token, const struct secret *key, int64_t now);
/* Whether it could be a token at all: 80 lower-case hex digits. */
bool token_is_whole(const char *token);
void token_ticket(char out[static TICKET_SIZE], const char *token);
bool token_is_ticket(const char *text);

#endif
