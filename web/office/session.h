/* Sessions of staff: 256-bit tokens, of which memory holds only a hash. Times are milliseconds of the boot
 * clock. Not thread-safe. */
#ifndef ENGABO_WEB_OFFICE_SESSION_H
#define ENGABO_WEB_OFFICE_SESSION_H

#include <stdbool.h>

#include "node/vault/digest.h"
#include "web/office/people.h"

#define SESSIONS_MAX 64
#define SESSION_TOKEN_SIZE 44 /* 32 bytes as unpadded base64 and a NUL */

#define SESSION_DONE_MAX 16 /* forms that are remembered */
#define SESSION_PATH_SIZE 128

struct session_done {
	uint8_t form[DIGEST_LEN]; /* of all that was posted */
	char path[SESSION_PATH_SIZE];
};

struct session {
	uint8_t hash[DIGEST_LEN]; /* of the token */
	char csrf[SESSION_TOKEN_SIZE];
	char user[PERSON_NAME_MAX + 1];
	char about[ENTITY_KEY_SIZE]; /* the one record that it is for, of a session by a slip; "" of staff */
	int64_t began_ms, seen_ms;
	const char *notice; /* a sentence of ours for the next page: "The action was added."; NULL: nothing to
			       say */
	struct session_done done[SESSION_DONE_MAX];
	struct practice *practice;	      /* while they practise (practice.h); NULL: they do not */
	char csrf_before[SESSION_TOKEN_SIZE]; /* of forms shown before practice began or ended; "" */
	size_t done_count;		      /* since it began; the newest SESSION_DONE_MAX are there */
};

struct sessions;
struct sessions *sessions_new(const void *context, int64_t idle_ms, int64_t total_ms);
/* A new one, always with a new token; when all places are taken the one that was idle longest makes room. */
struct session *session_begin(
	struct sessions *sessions, const char *user, int64_t now_ms, char token[static SESSION_TOKEN_SIZE]);
/* The session of a token, touched; NULL when there is none. One whose time is over is NULL too, with its user
 * in *was (else ""), so that what they were writing can be kept for them. */
struct session *session_find(
	struct sessions *sessions, const char *token, int64_t now_ms, char was[static PERSON_NAME_MAX + 1]);
void session_end(struct session *session);
/* Ends all of a person's but `except` (may be NULL): their passphrase or rights changed. */
void sessions_end_of(struct sessions *sessions, const char *user, const struct session *except);
/* A form that was posted once and saved: where that led. NULL for one that was not, or long ago. */
const char *session_done(const struct session *session, const uint8_t form[static DIGEST_LEN]);
void session_remember(struct session *session, const uint8_t form[static DIGEST_LEN], const char *path);
/* Practice begins or ends: a new token for forms, by which those of practice are known, also later. */
void session_turn(struct session *session, bool is_practice);
bool session_csrf_is_of_practice(const char *token);
/* Whether it is the one of before session_turn. */
bool session_csrf_was(const struct session *session, const char *token);
bool session_csrf_fits(const struct session *session, const char *token);
/* A random token as text; also for other one-time names. */
void session_token_new(char out[static SESSION_TOKEN_SIZE]);

#endif
