/* The memory of what was sent (receipts.h), so that a phone that lost its connection after Send, or a finger
 * that pressed twice, gets the same code and not a second report. Rows are added in the one transaction that
 * also puts the report into the spool (send.c).
 *
 * Invariant: nothing in this table opens without the ticket, and after ten minutes nothing opens at all. Runs
 * in intake. */
#include "web/intake/receipts.h"

#include <string.h>

#include "node/base/ids.h"
#include "web/intake/token.h"

int64_t receipt_id(const char *ticket)
{
	uint8_t hash[DIGEST_LEN];
	int64_t id;

	digest_of(hash, (struct bytes){(const uint8_t *)ticket, strlen(ticket)});
	memcpy(&id, hash, sizeof id);
	return id;
}

/* A one-time pad: its key follows from ticket and salt and is used for these twenty digits only. A wrong
 * ticket never gets this far, and the digits carry their own check. */
static void pad(
	uint8_t out[static MAILBOX_CODE_LEN], const char *ticket, const uint8_t salt[static RECEIPT_SALT_LEN])
{
	digest_hkdf(out, MAILBOX_CODE_LEN, (struct bytes){salt, RECEIPT_SALT_LEN},
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

void receipt_make(struct receipt *out, const char *ticket, const struct secret *code, struct bytes sent)
{
	out->id = receipt_id(ticket);
	out->has_code = code;
	sent_digest(out->sent, ticket, sent);
	if (!code)
		return;
	ids_random(out->sealed, RECEIPT_SALT_LEN);
	pad(out->sealed + RECEIPT_SALT_LEN, ticket, out->sealed);
	for (size_t i = 0; i < MAILBOX_CODE_LEN; i++)
		out->sealed[RECEIPT_SALT_LEN + i] ^= code->data[i];
}

static const struct error *unseal(struct secret **out, const char *ticket, struct bytes sealed)
{
	char digits[MAILBOX_CODE_LEN + 1];
	const struct error *error;

	if (sealed.len != RECEIPT_SALT_LEN + MAILBOX_CODE_LEN)
		return error_new(ERROR_INVALID, "a receipt in intake.db is damaged");
	pad((uint8_t *)digits, ticket, sealed.data);
	for (size_t i = 0; i < MAILBOX_CODE_LEN; i++)
		digits[i] = (char)(digits[i] ^ sealed.data[RECEIPT_SALT_LEN + i]);
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

const struct error *receipts_note_all(struct db *db, struct seen *seen)
{
	struct query query CLEANUP(db_finish) = {NULL, NULL};
	bool row;

	TRY(db_prepare(db, &query, "SELECT id, place FROM receipt"));
	TRY(db_step(&query, &row));
	while (row) {
		seen_add(seen, db_integer(&query, 0), db_integer(&query, 1));
		TRY(db_step(&query, &row));
	}
	return NULL;
}

/* A statement about a receipt's row: ?1 is its place, as far as is known, and ?2 its id. */
static const struct error *prepare(
	struct db *db, struct seen *seen, int64_t id, struct query *query, const char *sql)
{
	int64_t place;

	seen_find(seen, id, &place);
	TRY(db_prepare(db, query, sql));
	db_bind_integer(query, 1, place);
	db_bind_integer(query, 2, id);
	return NULL;
}

const struct error *receipts_find(struct db *db, struct seen *seen, const char *ticket, int64_t now,
	enum receipt_state *state, struct secret **code)
{
	struct query query CLEANUP(db_finish) = {NULL, NULL};
	bool row;

	TRY(prepare(db, seen, receipt_id(ticket), &query,
		"SELECT sealed, at FROM receipt WHERE place = ?1 AND id = ?2"));
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

const struct error *receipts_is_same(
	struct db *db, struct seen *seen, const struct receipt *receipt, bool *is_same)
{
	struct query query CLEANUP(db_finish) = {NULL, NULL};

	TRY(prepare(db, seen, receipt->id, &query,
		"SELECT 1 FROM receipt WHERE place = ?1 AND id = ?2 AND sent = ?3"));
	db_bind_bytes(&query, 3, BYTES_OF(receipt->sent));
	return db_step(&query, is_same);
}

static const struct error *is_there(struct db *db, struct seen *seen, int64_t id, bool *out)
{
	struct query query CLEANUP(db_finish) = {NULL, NULL};
	int64_t place;

	*out = false;
	if (!seen_find(seen, id, &place) || !place)
		return NULL;
	TRY(prepare(db, seen, id, &query, "SELECT 1 FROM receipt WHERE place = ?1 AND id = ?2"));
	return db_step(&query, out);
}

const struct error *receipts_add(
	struct db *db, struct seen *seen, const struct receipt *receipt, int64_t now, bool *is_new)
{
	struct query query CLEANUP(db_finish) = {NULL, NULL};
	bool was_there;

	TRY(is_there(db, seen, receipt->id, &was_there));
	*is_new = !was_there;
	if (was_there)
		return NULL;
	TRY(db_prepare(db, &query, "INSERT INTO receipt(id, sealed, sent, at) VALUES(?1, ?2, ?3, ?4)"));
	db_bind_integer(&query, 1, receipt->id);
	db_bind_bytes(&query, 2, receipt->has_code ? BYTES_OF(receipt->sealed) : (struct bytes){NULL, 0});
	db_bind_bytes(&query, 3, BYTES_OF(receipt->sent));
	db_bind_integer(&query, 4, now);
	TRY(db_done(&query));
	seen_add(seen, receipt->id, sqlite3_last_insert_rowid(db->handle));
	return NULL;
}

const struct error *receipts_hide(struct db *db, struct seen *seen, int64_t id)
{
	struct query query CLEANUP(db_finish) = {NULL, NULL};

	TRY(prepare(db, seen, id, &query, "UPDATE receipt SET sealed = NULL WHERE place = ?1 AND id = ?2"));
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

/* Rows lie in the order of their times. */
static const struct error *last_to_go(struct db *db, int64_t now, int64_t *out)
{
	struct query query CLEANUP(db_finish) = {NULL, NULL};
	bool row;

	TRY(db_prepare(db, &query,
		"SELECT max(place) FROM receipt WHERE at <= ?1 OR place <= (SELECT max(place) FROM receipt) "
		"- ?2"));
	db_bind_integer(&query, 1, now - RECEIPT_KEPT_SECONDS);
	db_bind_integer(&query, 2, RECEIPT_KEPT_MOST);
	TRY(db_step(&query, &row));
	*out = db_integer(&query, 0);
	return NULL;
}

static const struct error *change(struct db *db, const char *sql, int64_t value)
{
	struct query query CLEANUP(db_finish) = {NULL, NULL};

	TRY(db_prepare(db, &query, sql));
	db_bind_integer(&query, 1, value);
	return db_done(&query);
}

const struct error *receipts_tidy(struct db *db, int64_t now, int64_t *gone, int64_t *next)
{
	*next = 0;
	TRY(last_to_go(db, now, gone));
	TRY(change(db, "DELETE FROM receipt WHERE place <= ?1", *gone));
	TRY(change(db, "UPDATE receipt SET sealed = NULL WHERE at <= ?1 AND sealed IS NOT NULL",
		now - RECEIPT_PAGE_SECONDS));
	TRY(oldest(db, "SELECT min(at) FROM receipt WHERE sealed IS NOT NULL", RECEIPT_PAGE_SECONDS, next));
	return oldest(db, "SELECT min(at) FROM receipt", RECEIPT_KEPT_SECONDS, next);
}
