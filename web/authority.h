/* The hub's own certificate authority, for devices of the office: who installs its certificate gets no more
 * warnings, and a hard error from a false hub.
 *
 * It can speak for nobody else: X.509 name constraints (RFC 5280, 4.2.1.10), critical, permit this hub's two
 * names in .local, localhost, and the addresses that exist in every private network; it is for TLS servers
 * only and can make no further authority. Its key lies in the keyring's vault, so a stolen, locked hub signs
 * nothing. Open to read, in the state directory, PEM: ca.crt, and what it signed: intake.crt, office.crt
 * (their keys: keys/tls-*). Every role can
 * write into that directory, so what must lie there is also in the vault, in digests (keyring.h): nothing is
 * signed, and no fingerprint is shown as this hub's, before what lies there was compared with them. */
#ifndef ENGABO_WEB_AUTHORITY_H
#define ENGABO_WEB_AUTHORITY_H

#include <stdbool.h>

#include "node/base/home.h"
#include "node/vault/keyring.h"

#define AUTHORITY_FILE "ca.crt"
#define AUTHORITY_PEM_MAX 65536

/* A new one for a hub whose machine is `host`: permits <host>.local, <host>-office.local and localhost. *key
 * is the scalar for the vault, *certificate PEM on `context`. */
const struct error *authority_new(
	const void *context, const char *host, struct secret **key, struct bytes *certificate) MUST_CHECK;
/* A certificate for the public key in `server` (PEM with a certificate): for `name`, localhost and
 * `addresses` in numbers (NULL ends them). PEM on `context`. Whether it may say so is for who reads it: see
 * the constraints. */
const struct error *authority_issue(const void *context, const struct secret *key, struct bytes authority,
	struct bytes server, const char *name, const char *const *addresses,
	struct bytes *certificate) MUST_CHECK;
/* The two names that it permits beside localhost: the intake's, the office's. On `context`. */
const struct error *authority_names(
	const void *context, struct bytes authority, const char *names[static 2]) MUST_CHECK;

/* This machine's name in the local network, without ".local": lower case; "hub" when it has none that fits.
 */
char *authority_host(const void *context);
/* The addresses of this machine that a certificate of it may name: private or link-local IPv4, and loopback.
 * NULL ends them. */
const char *const *authority_addresses(const void *context);

/* Makes the authority and the certificates of both servers in a fresh home that has its keys/tls-*. Fills the
 * vault's part of it. */
const struct error *authority_found(const struct home *home, struct vault *vault) MUST_CHECK;
/* While the hub is unlocked: whether "ca", "intake" or "office", which lies in the open as <name>.crt, is
 * what this hub made. ERROR_CONFLICT, its text for people (SAY), when it is missing or another's. A hub whose
 * vault has no authority has nothing that could be wrong. */
const struct error *authority_check(
	const struct home *home, const struct vault *vault, const char *name) MUST_CHECK;
/* What can be known while locked: whether ca.crt signed this server's certificate ("intake", "office").
 * ERROR_CONFLICT when it did not; a missing file is no finding. */
const struct error *authority_check_signed(const struct home *home, const char *name) MUST_CHECK;
/* While the hub is unlocked: new certificates where an address of this machine is missing in those there are.
 * *is_new: they were written. Nothing is signed when any of the files is not what this hub made
 * (authority_check). A hub without an authority is left as it is. */
const struct error *authority_renew(
	const struct home *home, const struct vault *vault, bool *is_new) MUST_CHECK;
/* What a server shows: `name`.crt where there is one and it is of the key in keys/tls-<name>, else the
 * certificate in that file, whose content is `pem`. PEM on `context`; ERROR_INVALID when there is none. */
const struct error *authority_certificate(const void *context, const struct home *home, const char *name,
	const struct secret *pem, struct bytes *out) MUST_CHECK;

#endif
