/* Relays that people named for this hub: see remote.h. Used by the sync role and by commands.
 *
 * Leaves talking to them to transport.c. Guards: a password is in no table that another role reads, in no
 * message and on no screen; no address can be taken for an option or a program by git or ssh. */
#include "sync/remote.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "node/base/files.h"
#include "node/base/json.h"
#include "node/base/text.h"
#include "node/vault/digest.h"
#include "sync/hub.h"

#define HIDDEN "keys/remotes"
#define HIDDEN_MAX 65536
#define CALL_MS 30000

static bool is_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return len && !name[len] && len < REMOTE_NAME_SIZE && *name != '-';
}

char *remote_absolute(const void *context, const char *word)
{
	char here[PATH_MAX];

	if (!*word || word[0] == '/' || strchr(word, ':'))
		return memory_string(context, word);
	if (realpath(word, here))
		return memory_string(context, here);
	return getcwd(here, sizeof here) ? memory_format(context, "%s/%s", here, word)
					 : memory_string(context, word);
}

static const char *after_scheme(const char *url)
{
	return strstr(url, "://") + 3;
}

/* The '@' behind name and password; NULL: none. */
static const char *at_sign(const char *url)
{
	const char *from = after_scheme(url), *slash = strchr(from, '/');

	return memrchr(from, '@', slash ? (size_t)(slash - from) : strlen(from));
}

static const struct error *check_server(const char *url)
{
	const char *at, *host = after_scheme(url), *from = host;

	for (const char *c = url; *c; c++)
		if (*c <= ' ' || *c > '~')
			return error_new(
				ERROR_USAGE, "an address must not hold spaces or special characters");
	at = at_sign(url);
	if (at)
		host = at + 1;
	if (!*host || *host == '/' || *host == ':' || *host == '-' || *from == '-')
		return error_new(ERROR_USAGE, "the address names no server");
	if (!strchr(host, '/') || !strchr(host, '/')[1])
		return error_new(ERROR_USAGE, "the address names no repository on the server");
	if (text_starts(url, "ssh://") && at && memchr(from, ':', (size_t)(at - from)))
		return error_new(
			ERROR_USAGE, "ssh goes by the hub's key, not by a password; leave the password out");
	return NULL;
}

const struct error *remote_url_check(const char *url)
{
	if (strlen(url) > REMOTE_URL_MAX)
		return error_new(ERROR_USAGE, "the address is longer than %d characters", REMOTE_URL_MAX);
	if (url[0] == '/') {
		if (!text_is_utf8(url, strlen(url)) || strpbrk(url, "\n\r\t"))
			return error_new(ERROR_USAGE, "the path is not plain text");
		return NULL;
	}
	if (text_starts(url, "ssh://") || text_starts(url, "https://"))
		return check_server(url);
	return error_new(ERROR_USAGE, "a remote is a path, ssh://... or https://...; this is none of them");
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;

	return at ? (int)(at - digits) : -1;
}

static char *percent_decoded(const void *context, const char *from, size_t len)
{
	char *text = memory_string_of(context, from, len), *to = text;

	for (const char *c = text; *c; c++) {
		if (*c == '%' && hex_digit(c[1]) >= 0 && hex_digit(c[2]) >= 0) {
			*to++ = (char)(hex_digit(c[1]) * 16 + hex_digit(c[2]));
			c += 2;
		} else {
			*to++ = *c;
		}
	}
	*to = '\0';
	return text;
}

void remote_address_parse(const void *context, const char *url, struct remote_address *out)
{
	const char *from, *at, *colon;

	*out = (struct remote_address){.kind = REMOTE_PATH, .plain = memory_string(context, url)};
	if (url[0] == '/')
		return;
	out->kind = text_starts(url, "ssh://") ? REMOTE_SSH : REMOTE_HTTPS;
	from = after_scheme(url);
	at = at_sign(url);
	if (!at || out->kind == REMOTE_SSH)
		return;
	colon = memchr(from, ':', (size_t)(at - from));
	out->plain = memory_format(context, "%.*s%s", (int)(from - url), url, at + 1);
	out->user = percent_decoded(context, from, (size_t)((colon ? colon : at) - from));
	out->password = colon ? percent_decoded(context, colon + 1, (size_t)(at - colon - 1))
			      : memory_string(context, "");
}

char *remote_url_shown(const void *context, const char *url)
{
	const char *from, *at, *colon;

	if (!text_starts(url, "https://") || !at_sign(url))
		return memory_string(context, url);
	from = after_scheme(url);
	at = at_sign(url);
	colon = memchr(from, ':', (size_t)(at - from));
	/* A name alone may be a token: as good as a password. */
	return memory_format(
		context, "https://%.*s:***%s", colon ? (int)(colon - from) : 3, colon ? from : "***", at);
}

/* ---- keys/remotes ---- */

static const struct error *hidden_read(const struct home *home, json_t **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct error *error;
	struct bytes text;

	error = files_read(scratch, home_file(scratch, home, HIDDEN), HIDDEN_MAX, &text);
	if (error && error->code == ERROR_NOT_FOUND) {
		*out = json_object();
		return NULL;
	}
	if (!error)
		error = json_object_parse(text, out);
	return error ? error_wrap(error, HIDDEN) : NULL;
}

/* `url` NULL: forgets it. Writes nothing when nothing changes. */
static const struct error *hidden_set(const struct home *home, const char *name, const char *url)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *hidden CLEANUP(json_decref) = NULL;

	TRY(hidden_read(home, &hidden));
	if (!url && !json_object_get(hidden, name))
		return NULL;
	if (url)
		json_object_set_new(hidden, name, json_string(url));
	else
		json_object_del(hidden, name);
	return files_write(home_file(scratch, home, HIDDEN), json_pretty(scratch, hidden), 0600);
}

/* ---- rows ---- */

const struct error *remote_row_add(
	const struct home *home, struct db *sync_db, const char *name, const char *url)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct query query CLEANUP(db_finish) = {0};
	struct query reach CLEANUP(db_finish) = {0};
	char *shown;

	if (!is_name(name))
		return error_new(ERROR_USAGE,
			"a remote's name has lower-case letters, digits and '-', at most %d",
			REMOTE_NAME_SIZE - 1);
	TRY(remote_url_check(url));
	shown = remote_url_shown(scratch, url);
	TRY(hidden_set(home, name, strcmp(shown, url) != 0 ? url : NULL));
	/* Another address is another relay: what was said of the old one does not hold for it. */
	TRY(db_prepare(sync_db, &reach,
		"DELETE FROM reach WHERE remote = ?1 AND NOT EXISTS "
		"(SELECT 1 FROM remote WHERE name = ?1 AND url = ?2)"));
	db_bind_text(&reach, 1, name);
	db_bind_text(&reach, 2, shown);
	TRY(db_done(&reach));
	TRY(db_prepare(sync_db, &query,
		"INSERT INTO remote(name, url) VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET url = "
		"excluded.url, "
		"last_ok = NULL, last_try = NULL, last_error = NULL, next_try = NULL, failures = 0"));
	db_bind_text(&query, 1, name);
	db_bind_text(&query, 2, shown);
	return db_done(&query);
}

const struct error *remote_row_remove(const struct home *home, struct db *sync_db, const char *name)
{
	struct query query CLEANUP(db_finish) = {0};

	TRY(state_reach_forget(sync_db, name));
	TRY(db_prepare(sync_db, &query, "DELETE FROM remote WHERE name = ?"));
	db_bind_text(&query, 1, name);
	TRY(db_done(&query));
	if (!sqlite3_changes(sync_db->handle))
		return error_new(ERROR_NOT_FOUND, "no remote %s; engabo remote list shows them", name);
	return hidden_set(home, name, NULL);
}

static const struct error *whole_url(
	const void *context, const struct home *home, const char *name, const char *shown, char **out)
{
	json_t *hidden CLEANUP(json_decref) = NULL;

	TRY(hidden_read(home, &hidden));
	*out = memory_string(context, json_text_or(hidden, name, shown));
	return NULL;
}

const struct error *remote_find(const void *context, const struct home *home, struct db *sync_db,
	const char *name_or_url, struct remote *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct query query CLEANUP(db_finish) = {0};
	uint8_t sha256[DIGEST_LEN];
	char hex[2 * 8 + 1];
	bool row;

	TRY(db_prepare(sync_db, &query, "SELECT name, url FROM remote WHERE name = ?1 OR url = ?2"));
	db_bind_text(&query, 1, name_or_url);
	db_bind_text(&query, 2, is_name(name_or_url) ? "" : remote_url_shown(scratch, name_or_url));
	TRY(db_step(&query, &row));
	if (row) {
		TRY(whole_url(context, home, db_text(&query, 0), db_text(&query, 1), &out->url));
		snprintf(out->name, sizeof out->name, "%s", db_text(&query, 0));
		out->has_row = true;
		return NULL;
	}
	if (is_name(name_or_url))
		return error_new(ERROR_NOT_FOUND, "no remote %s; engabo remote list shows them", name_or_url);
	TRY(remote_url_check(name_or_url));
	digest_of(sha256, (struct bytes){(const uint8_t *)name_or_url, strlen(name_or_url)});
	text_hex(hex, sha256, 8);
	snprintf(out->name, sizeof out->name, "at-%s", hex);
	out->has_row = false;
	out->url = memory_string(context, name_or_url);
	return NULL;
}

const struct error *remote_names(const void *context, struct db *sync_db, char ***names, size_t *count)
{
	struct query query CLEANUP(db_finish) = {0};
	char **list = memory_array(context, char *, 1);
	size_t found = 0;
	bool row;

	TRY(db_prepare(sync_db, &query, "SELECT name FROM remote ORDER BY name"));
	for (;;) {
		TRY(db_step(&query, &row));
		if (!row)
			break;
		list = memory_resize(context, list, char *, found + 1);
		list[found++] = memory_string(context, db_text(&query, 0));
	}
	*names = list;
	*count = found;
	return NULL;
}

/* ---- for commands ---- */

/* Under the lock of the role, which is down. */
static const struct error *change_here(const struct home *home, const char *name, const char *url)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct db *db CLEANUP(db_close) = NULL;
	int lock CLEANUP(fd_close) = -1;

	TRY(files_lock(home_file(scratch, home, "run/sync.lock"), &lock));
	TRY(db_open(home_file(scratch, home, "sync.db"), &sync_schema, &db));
	return url ? remote_row_add(home, db, name, url) : remote_row_remove(home, db, name);
}

static const struct error *change(const struct home *home, json_t *request, const char *name, const char *url)
{
	json_t *reply CLEANUP(json_decref) = NULL;
	bool is_down;

	TRY(hub_call(home, request, CALL_MS, &reply, &is_down));
	return is_down ? change_here(home, name, url) : NULL;
}

const struct error *remote_add(const struct home *home, const char *name, const char *url)
{
	json_t *request CLEANUP(json_decref) = NULL;

	TRY(remote_url_check(url));
	request = json_pack("{ssssss}", "do", "remote-add", "name", name, "url", url);
	if (!request)
		return error_new(ERROR_USAGE, "the name is not plain text");
	return change(home, request, name, url);
}

const struct error *remote_remove(const struct home *home, const char *name)
{
	json_t *request CLEANUP(json_decref) = json_pack("{ssss}", "do", "remote-remove", "name", name);

	if (!request)
		return error_new(ERROR_USAGE, "the name is not plain text");
	return change(home, request, name, NULL);
}
