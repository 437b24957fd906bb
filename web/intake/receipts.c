/* The memory of what was sent (receipts.h), so that a phone that lost its connection after Send, or a finger
 * that pressed twice, gets the same code and not a second report. Rows are added in the one transaction that
 * also puts the report into the spool (send.c).
 *
 * Invariant: nothing in this table opens without the ticket, and after ten minutes nothing opens at all. Runs
 * in intake. */
#include "web/intake/receipts.h"

#include <string.h>

#include "node/base/ids.h"
#include "node/base/text.h"
#include "node/vault/digest.h"
#include "node/vault/mailbox.h"
#include "web/intake/token.h"

#define SALT_LEN 16
#define SEALED_LEN (SALT_LEN + MAILBOX_CODE_LEN)

static void ticket_hash(uint8_t out[static DIGEST_LEN], const char *ticket)
{
	digest_of(out, (struct bytes){(const uint8_t *)ticket, strlen(ticket)});
}

/* A one-time pad: its key follows from ticket and salt and is used for these twenty digits only. A wrong
 * ticket never gets this far, and the digits carry their own check. */
static void pad(uint8_t out[static MAILBOX_CODE_LEN], const char *ticket, const uint8_t salt[static SALT_LEN])
{
	digest_hkdf(out, MAILBOX_CODE_LEN, (struct bytes){salt, SALT_LEN},
		(struct bytes){(const uint8_t *)ticket, strlen(ticket)}, "engabo receipt code");
}

/* Keyed by the ticket, which is not in the table: nobody can try texts against it. */
static void sent_digest(uint8_t out[static DIGEST_LEN], const char *ticket, struct bytes sent)
{
	uint8_t plain[DIGEST_LEN];

	digest_of(plain, sent);
	digest_hkdf(out, DIGEST_LEN, BYTES_OF(plain), (struct bytes){(const uint8_t *)ticket, strlen(ticket)},
		"engabo receipt sent");
	secret_wipe(plain, sizeof plain);
}

static void seal(uint8_t out[static SEALED_LEN], const char *ticket, const struct secret *code)
{
	ids_random(out, SALT_LEN);
	pad(out + SALT_LEN, ticket, out);
	for (size_t i = 0; i < MAILBOX_CODE_LEN; i++)
		out[SALT_LEN + i] ^= code->data[i];
}

static const struct error *unseal(struct secret **out, const char *ticket, struct bytes sealed)
{
	char digits[MAILBOX_CODE_LEN + 1];
	const struct error *error;

	if (sealed.len != SEALED_LEN)
		return error_new(ERROR_INVALID, "a receipt in intake.db is damaged");
	pad((uint8_t *)digits, ticket, sealed.data);
	for (size_t i = 0; i < MAILBOX_CODE_LEN; i++)
		digits[i] = (char)(digits[i] ^ sealed.data[SALT_LEN + i]);
	digits[MAILBOX_CODE_LEN] = '\0';
	error = mailbox_code_parse(digits, out);
	secret_wipe(digits, sizeof digits);
	return error ? error_new(ERROR_INVALID, "a receipt in intake.db is damaged") : NULL;
}

const struct error *receipts_start(struct db *db, int64_t now)
{
	struct query query CLEANUP(db_finish) = {NULL, NULL};

	TRY(db_prepare(db, &query, "UPDATE receipt SET at = ?1 WHERE at > ?1"));
	db_bind_integer(&query, 1, now);
	return db_done(&query);
}

const struct error *receipts_find(
	struct db *db, const char *ticket, int64_t now, enum receipt_state *state, struct secret **code)
{
	struct query query CLEANUP(db_finish) = {NULL, NULL};
	uint8_t hash[DIGEST_LEN];
	bool row;

	TRY(db_prepare(db, &query, "SELECT sealed, at FROM receipt WHERE ticket = ?1"));
	ticket_hash(hash, ticket);
	db_bind_bytes(&query, 1, BYTES_OF(hash));
	TRY(db_step(&query, &row));
	*code = NULL;
	if (!row) {
		*state = RECEIPT_UNKNOWN;
	} else if (now - db_integer(&query, 1) >= RECEIPT_PAGE_SECONDS) {
		*state = RECEIPT_OVER;
	} else {
		if (!db_is_null(&query, 0))
			TRY(unseal(code, ticket, db_bytes(&query, 0)));
		*state = RECEIPT_THERE;
	}
	return NULL;
}

const struct error *receipts_is_same(struct db *db, const char *ticket, struct bytes sent, bool *is_same)
{
	struct query query CLEANUP(db_finish) = {NULL, NULL};
	uint8_t hash[DIGEST_LEN], digest[DIGEST_LEN];

	TRY(db_prepare(db, &query, "SELECT 1 FROM receipt WHERE ticket = ?1 AND sent = ?2"));
	ticket_hash(hash, ticket);
	sent_digest(digest, ticket, sent);
	db_bind_bytes(&query, 1, BYTES_OF(hash));
	db_bind_bytes(&query, 2, BYTES_OF(digest));
	return db_step(&query, is_same);
}

const struct error *receipts_add(struct db *db, const char *ticket, const struct secret *code,
	struct bytes sent, int64_t now, bool *is_new)
{
	struct query query CLEANUP(db_finish) = {NULL, NULL};
	uint8_t hash[DIGEST_LEN], digest[DIGEST_LEN], sealed[SEALED_LEN];
	bool row;

	TRY(db_prepare(db, &query,
		"INSERT INTO receipt(ticket, sealed, at, sent) VALUES(?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING "
		"RETURNING 1"));
	ticket_hash(hash, ticket);
	db_bind_bytes(&query, 1, BYTES_OF(hash));
	if (code) {
		seal(sealed, ticket, code);
		db_bind_bytes(&query, 2, BYTES_OF(sealed));
	} else {
		db_bind_bytes(&query, 2, (struct bytes){NULL, 0});
	}
	db_bind_integer(&query, 3, now);
	sent_digest(digest, ticket, sent);
	db_bind_bytes(&query, 4, BYTES_OF(digest));
	TRY(db_step(&query, &row));
	*is_new = row;
	return NULL;
}

static const struct error *change(struct db *db, const char *sql, int64_t value)
{
	struct query query CLEANUP(db_finish) = {NULL, NULL};

	TRY(db_prepare(db, &query, sql));
	db_bind_integer(&query, 1, value);
	return db_done(&query);
}

static const struct error *oldest(struct db *db, const char *sql, int64_t life, int64_t *next)
{
	struct query query CLEANUP(db_finish) = {NULL, NULL};
	bool row;

	TRY(db_prepare(db, &query, sql));
	TRY(db_step(&query, &row));
	if (row && !db_is_null(&query, 0)) {
		int64_t due = db_integer(&query, 0) + life;

		if (!*next || due < *next)
			*next = due;
	}
	return NULL;
}

const struct error *receipts_tidy(struct db *db, int64_t now, int64_t *next)
{
	*next = 0;
	TRY(change(db, "DELETE FROM receipt WHERE at <= ?1", now - RECEIPT_KEPT_SECONDS));
	TRY(change(db, "UPDATE receipt SET sealed = NULL WHERE at <= ?1 AND sealed IS NOT NULL",
		now - RECEIPT_PAGE_SECONDS));
	TRY(change(db,
		"DELETE FROM receipt WHERE ticket IN (SELECT ticket FROM receipt ORDER BY at DESC LIMIT -1 "
		"OFFSET ?1)",
		RECEIPT_KEPT_MOST));
	TRY(oldest(db, "SELECT min(at) FROM receipt WHERE sealed IS NOT NULL", RECEIPT_PAGE_SECONDS, next));
	return oldest(db, "SELECT min(at) FROM receipt", RECEIPT_KEPT_SECONDS, next);
}
