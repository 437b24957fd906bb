/* What was sent and with which code, for as long as a phone may ask again: the page with the code lives ten
 * minutes, the memory that a form was sent a day (and for at most the newest 20,000). In intake.db; survives
 * a restart and a power cut.
 *
 * The code is sealed under the ticket, which only the phone has. Times are seconds on the boot clock, so that
 * a wall clock that jumps by years kills no receipt; after a reboot what is left gets its time anew. */
#ifndef ENGABO_WEB_INTAKE_RECEIPTS_H
#define ENGABO_WEB_INTAKE_RECEIPTS_H

#include "node/store/db.h"
#include "node/vault/digest.h"
#include "node/vault/mailbox.h"
#include "web/intake/seen.h"

#define RECEIPT_PAGE_SECONDS 600
#define RECEIPT_KEPT_SECONDS (24 * 60 * 60)
#define RECEIPT_KEPT_MOST 20000

#define RECEIPT_SALT_LEN 16

/* All that is kept of one sending. */
struct receipt {
	int64_t id;
	uint8_t sealed[RECEIPT_SALT_LEN + MAILBOX_CODE_LEN];
	bool has_code;
	uint8_t sent[DIGEST_LEN];
};
/* `code` NULL: a message. Of `sent`, what was sent, only a digest under the ticket is kept. */
void receipt_make(struct receipt *out, const char *ticket, const struct secret *code, struct bytes sent);

enum receipt_state {
	RECEIPT_UNKNOWN, /* nothing was sent with it */
	RECEIPT_THERE,	 /* and here is the code; NULL for a message */
	RECEIPT_OVER,	 /* sent and safe, but the code is shown no more */
};

/* Before anything else uses the file: what was sent later than now was sent before the machine started anew,
 * and gets its time from here. */
const struct error *receipts_start(struct db *db, int64_t now) MUST_CHECK;
/* All of them into `seen`, by which the others find them. */
const struct error *receipts_note_all(struct db *db, struct seen *seen) MUST_CHECK;
/* Through any handle of intake.db. */
const struct error *receipts_find(struct db *db, struct seen *seen, const char *ticket, int64_t now,
	enum receipt_state *state, struct secret **code) MUST_CHECK;
/* Whether this, byte for byte, is what was sent with the ticket. */
const struct error *receipts_is_same(
	struct db *db, struct seen *seen, const struct receipt *receipt, bool *is_same) MUST_CHECK;
/* Within the transaction that takes the report. *is_new false: it had been sent before, nothing was added. */
const struct error *receipts_add(struct db *db, struct seen *seen, const struct receipt *receipt, int64_t now,
	bool *is_new) MUST_CHECK;
int64_t receipt_id(const char *ticket);
/* The code of this receipt is shown no more. */
const struct error *receipts_hide(struct db *db, struct seen *seen, int64_t id) MUST_CHECK;
/* Drops codes whose page died and rows that are past their time or number. *gone: the last of these rows, to
 * be told to seen_forget after the commit. *next is when to come again, in seconds on the boot clock; 0:
 * never. */
const struct error *receipts_tidy(struct db *db, int64_t now, int64_t *gone, int64_t *next) MUST_CHECK;

#endif
