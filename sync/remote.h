/* The remotes that people named: adding, removing and finding them, and what their addresses may look like.
 *
 * A row of sync.db's table `remote` each. An address with a password lies whole in keys/remotes (0600, JSON
 * {name: address}) and in the row with *** in its place. */
#ifndef ENGABO_SYNC_REMOTE_H
#define ENGABO_SYNC_REMOTE_H

#include "node/base/home.h"
#include "node/store/db.h"

#define REMOTE_NAME_SIZE 33 /* lower-case letters, digits and '-', and a NUL */
#define REMOTE_URL_MAX 1024

enum remote_kind { REMOTE_PATH, REMOTE_SSH, REMOTE_HTTPS };
struct remote_address {
	enum remote_kind kind;
	char *plain;	/* what git is given: without the password */
	char *user;	/* decoded; NULL: none */
	char *password; /* decoded; NULL: none */
};
/* What a person typed: a relative path as seen from here; the rest as it is. On `context`. */
char *remote_absolute(const void *context, const char *word);
/* ERROR_USAGE says what is wrong with it. */
const struct error *remote_url_check(const char *url) MUST_CHECK;
/* Takes apart an address that remote_url_check let through; all on `context`. */
void remote_address_parse(const void *context, const char *url, struct remote_address *out);
/* The address without its password, to be shown. */
char *remote_url_shown(const void *context, const char *url);

/* For commands: through the role when it runs, else under its lock. An existing name is given the new
 * address. */
const struct error *remote_add(const struct home *home, const char *name, const char *url) MUST_CHECK;
/* ERROR_NOT_FOUND. What other hubs received is untouched. */
const struct error *remote_remove(const struct home *home, const char *name) MUST_CHECK;

/* For whoever holds the role's lock. */
const struct error *remote_row_add(
	const struct home *home, struct db *sync_db, const char *name, const char *url) MUST_CHECK;
const struct error *remote_row_remove(
	const struct home *home, struct db *sync_db, const char *name) MUST_CHECK;

struct remote {
	char name[REMOTE_NAME_SIZE]; /* of one that is in no row: "at-" and a digest of its address */
	bool has_row;
	char *url; /* whole */
};
/* By name, or by address (one that is in no row is fine). ERROR_NOT_FOUND for a name that is in no row. */
const struct error *remote_find(const void *context, const struct home *home, struct db *sync_db,
	const char *name_or_url, struct remote *out) MUST_CHECK;
/* The names of all rows, sorted, on `context`. */
const struct error *remote_names(
	const void *context, struct db *sync_db, char ***names, size_t *count) MUST_CHECK;

#endif
