/* trust.json: what this hub is, and the coalition's root. Written by init and join; read-only for all roles;
 * nothing in it is secret. Every role checks the roster's whole chain from here.
 *
 *   {"v":1,"self":{"log":id,"epoch":1,"role":"hub"|"headquarters","sign":"ssh-ed25519
 * ...","recipient":"age1...", "office":"ssh-ed25519 ...","ssh":"ssh-ed25519 ...","tls":hex sha256 of the sync
 * certificate's public key (SPKI)}, "coalition":{"id":ulid,"root":hex sha256}}           "coalition" is
 * missing until init --headquarters or join
 *
 * root is roster_digest of version 1. */
#ifndef ENGABO_ROSTER_TRUST_H
#define ENGABO_ROSTER_TRUST_H

#include <stdbool.h>

#include "node/base/home.h"
#include "node/base/ids.h"
#include "node/base/json.h"
#include "node/vault/age.h"
#include "node/vault/digest.h"
#include "node/vault/sshsig.h"

enum member_role { MEMBER_HUB, MEMBER_HEADQUARTERS };
const char *member_role_name(enum member_role role);

/* The public half of a hub; in trust.json, in a join request and in the roster alike. */
struct member_keys {
	char log[LOG_ID_SIZE];
	int epoch;
	enum member_role role;
	struct signer sign;		/* signs its log */
	struct age_recipient recipient; /* what it reads is sealed to this */
	struct signer office;		/* signs its events */
	struct signer ssh;		/* lets it in at relays */
	uint8_t tls[DIGEST_LEN];	/* pin of its sync certificate */
};
/* Fills / reads the members named above in a JSON object. */
void member_keys_print(json_t *object, const struct member_keys *keys);
const struct error *member_keys_parse(const json_t *object, struct member_keys *out) MUST_CHECK;

struct trust {
	struct member_keys self;
	bool has_coalition;
	char coalition[ULID_SIZE];
	uint8_t root[DIGEST_LEN];
};
const struct error *trust_parse(struct bytes json, struct trust *out) MUST_CHECK;
/* The file of this hub. */
const struct error *trust_read(const struct home *home, struct trust *out) MUST_CHECK;
struct bytes trust_print(const void *context, const struct trust *trust);

#endif
