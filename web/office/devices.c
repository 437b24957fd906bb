/* Which browsers are known, and whose they are: their owner does not wait behind strangers' wrong guesses
 * (throttle.c), and what they typed into an ended session is kept for them (kept.c).
 *
 * "A browser is its owner's alone": to everybody else it is one that nobody knows, so that somebody who works
 * here gains nothing against a colleague. What is stored is digests of a random token, and of the token with
 * the name: it can be checked while the hub is locked, and tells a thief of the card nothing. Office role. */
#include "web/office/devices.h"

#include <string.h>

#include "node/base/clock.h"
#include "node/base/text.h"
#include "node/casework/lists.h"

#define DEVICE_SECONDS (180 * 24 * 3600)

static const char *token_of(const struct visit *visit)
{
	const char *token = request_cookie(visit->request, visit->reception->device_cookie);

	return token && strlen(token) == SESSION_TOKEN_SIZE - 1 ? token : NULL;
}

/* `name` NULL: of the browser, whoever's it is. */
static void hash_device(uint8_t out[static DIGEST_LEN], const char *token, const char *name)
{
	struct digest digest;

	digest_start(&digest);
	digest_add(&digest, token, strlen(token));
	if (name)
		digest_add(&digest, name, strlen(name));
	digest_end(&digest, out);
}

const char *devices_owner(const struct visit *visit)
{
	struct query query CLEANUP(db_finish) = {0};
	const char *token = token_of(visit);
	uint8_t hash[DIGEST_LEN];
	struct bytes owner;
	char *text;
	bool row = false;

	if (!token || db_prepare(visit->office->db, &query, "SELECT owner FROM device WHERE hash = ?"))
		return NULL;
	hash_device(hash, token, NULL);
	db_bind_bytes(&query, 1, BYTES_OF(hash));
	if (db_step(&query, &row) || !row)
		return NULL;
	owner = db_bytes(&query, 0);
	text = memory_zeroed(visit->context, 2 * DIGEST_LEN + 1, "device");
	text_hex(text, owner.data, owner.len < DIGEST_LEN ? owner.len : DIGEST_LEN);
	return text;
}

const char *devices_lane(const struct visit *visit, const char *name)
{
	const char *owner = devices_owner(visit), *token = token_of(visit);
	char text[2 * DIGEST_LEN + 1];
	uint8_t hash[DIGEST_LEN];

	if (!owner || !token)
		return NULL;
	hash_device(hash, token, name);
	text_hex(text, hash, sizeof hash);
	return strcmp(owner, text) == 0 ? owner : NULL;
}

const struct error *devices_remember(struct visit *visit, const struct person *person)
{
	struct query query CLEANUP(db_finish) = {0};
	char token[SESSION_TOKEN_SIZE];
	uint8_t hash[DIGEST_LEN], owner[DIGEST_LEN];

	session_token_new(token);
	hash_device(hash, token, NULL);
	hash_device(owner, token, person->name);
	TRY(db_prepare(visit->office->db, &query,
		"INSERT OR REPLACE INTO device(hash, owner, user, seen) VALUES(?, ?, ?, ?)"));
	db_bind_bytes(&query, 1, BYTES_OF(hash));
	db_bind_bytes(&query, 2, BYTES_OF(owner));
	db_bind_text(&query, 3, person->key);
	db_bind_integer(&query, 4, clock_wall_seconds());
	TRY(db_done(&query));
	request_add_header(visit->request, "Set-Cookie",
		visit_cookie(visit->context, visit->reception->device_cookie, token, DEVICE_SECONDS));
	return NULL;
}

static const struct error *forget_of(struct db *db, const char *user)
{
	struct query query CLEANUP(db_finish) = {0};

	TRY(db_prepare(db, &query, "DELETE FROM device WHERE user = ?"));
	db_bind_text(&query, 1, user);
	return db_done(&query);
}

const struct error *devices_prune(struct office *office)
{
	json_t *users CLEANUP(json_decref) = NULL, *row;
	struct query query CLEANUP(db_finish) = {0};
	size_t i;

	TRY(db_prepare(office->db, &query, "DELETE FROM device WHERE seen < ?"));
	db_bind_integer(&query, 1, clock_wall_seconds() - DEVICE_SECONDS);
	TRY(db_done(&query));
	TRY(lists_export(office->file, "user", &users));
	json_array_foreach (users, i, row)
		if (strcmp(json_text_or(row, "state", ""), "active") != 0)
			TRY(forget_of(office->db, json_text_or(row, "key", "")));
	return NULL;
}
