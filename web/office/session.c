/* Who is signed in, in which browser, for how long. Signing in itself is sign.c's; ending the whole process
 * (lock) is role.c's.
 *
 * Whoever reads this memory or a copy of it finds no token: only its SHA-256 is kept, and looked up in
 * constant time. Office role. */
#include "web/office/session.h"

#include <stdio.h>
#include <string.h>

#include "node/base/ids.h"
#include "node/vault/encoding.h"
#include "web/office/practice.h"

struct sessions {
	int64_t idle_ms, total_ms;
	struct session all[SESSIONS_MAX]; /* a free place has no user */
};

struct sessions *sessions_new(const void *context, int64_t idle_ms, int64_t total_ms)
{
	struct sessions *sessions = memory_new(context, struct sessions);

	sessions->idle_ms = idle_ms;
	sessions->total_ms = total_ms;
	return sessions;
}

void session_token_new(char out[static SESSION_TOKEN_SIZE])
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	uint8_t raw[32];
	char *text;

	ids_random(raw, sizeof raw);
	text = encoding_base64(scratch, BYTES_OF(raw));
	memcpy(out, text, SESSION_TOKEN_SIZE);
	secret_wipe(text, SESSION_TOKEN_SIZE);
	secret_wipe(raw, sizeof raw);
}

static void hash_token(uint8_t out[static DIGEST_LEN], const char *token)
{
	digest_of(out, (struct bytes){(const uint8_t *)token, strlen(token)});
}

void session_end(struct session *session)
{
	practice_end(session->practice);
	secret_wipe(session, sizeof *session);
}

struct session *session_begin(
	struct sessions *sessions, const char *user, int64_t now_ms, char token[static SESSION_TOKEN_SIZE])
{
	struct session *place = &sessions->all[0];

	for (size_t i = 0; i < SESSIONS_MAX && *place->user; i++)
		if (!*sessions->all[i].user || sessions->all[i].seen_ms < place->seen_ms)
			place = &sessions->all[i];
	session_end(place);
	session_token_new(token);
	*place = (struct session){.began_ms = now_ms, .seen_ms = now_ms};
	hash_token(place->hash, token);
	session_token_new(place->csrf);
	snprintf(place->user, sizeof place->user, "%s", user);
	return place;
}

struct session *session_find(
	struct sessions *sessions, const char *token, int64_t now_ms, char was[static PERSON_NAME_MAX + 1])
{
	uint8_t hash[DIGEST_LEN];
	struct session *found = NULL;

	was[0] = 0;
	if (!token || strlen(token) != SESSION_TOKEN_SIZE - 1)
		return NULL;
	hash_token(hash, token);
	for (size_t i = 0; i < SESSIONS_MAX; i++)
		if (*sessions->all[i].user && secret_bytes_equal(sessions->all[i].hash, hash, sizeof hash))
			found = &sessions->all[i];
	if (!found)
		return NULL;
	if (now_ms - found->seen_ms > sessions->idle_ms || now_ms - found->began_ms > sessions->total_ms) {
		memcpy(was, found->user, sizeof found->user);
		return NULL;
	}
	found->seen_ms = now_ms;
	return found;
}

void sessions_end_of(struct sessions *sessions, const char *user, const struct session *except)
{
	for (size_t i = 0; i < SESSIONS_MAX; i++)
		if (&sessions->all[i] != except && strcmp(sessions->all[i].user, user) == 0)
			session_end(&sessions->all[i]);
}

const char *session_done(const struct session *session, const uint8_t form[static DIGEST_LEN])
{
	for (size_t i = 0; i < session->done_count && i < SESSION_DONE_MAX; i++)
		if (memcmp(session->done[i].form, form, DIGEST_LEN) == 0)
			return session->done[i].path;
	return NULL;
}

void session_remember(struct session *session, const uint8_t form[static DIGEST_LEN], const char *path)
{
	struct session_done *done = &session->done[session->done_count++ % SESSION_DONE_MAX];

	memcpy(done->form, form, DIGEST_LEN);
	snprintf(done->path, sizeof done->path, "%s", path);
}

/* In no token of the alphabet that session_token_new uses. */
#define PRACTICE_MARK '~'

void session_turn(struct session *session, bool is_practice)
{
	memcpy(session->csrf_before, session->csrf, sizeof session->csrf);
	session_token_new(session->csrf);
	if (is_practice)
		session->csrf[0] = PRACTICE_MARK;
}

bool session_csrf_is_of_practice(const char *token)
{
	return token && token[0] == PRACTICE_MARK;
}

static bool is_token(const char *token, const char *one)
{
	return token && strlen(token) == SESSION_TOKEN_SIZE - 1 &&
	       secret_bytes_equal(one, token, SESSION_TOKEN_SIZE - 1);
}

bool session_csrf_was(const struct session *session, const char *token)
{
	return *session->csrf_before && is_token(token, session->csrf_before);
}

bool session_csrf_fits(const struct session *session, const char *token)
{
	return is_token(token, session->csrf);
}
