/* The one-time code of a slip: typed at /code on the office's port, it opens one referral, once, for eight
 * hours in that browser, while the hub is unlocked. */
#ifndef ENGABO_WEB_OFFICE_CODE_H
#define ENGABO_WEB_OFFICE_CODE_H

#include "node/vault/secret.h"
#include "web/office/pages.h"

#define CODE_HOURS 8

/* What the case file keeps of it: its SHA-256 in hex, on `context`. */
const char *code_verifier(const void *context, const struct secret *code);

#endif
