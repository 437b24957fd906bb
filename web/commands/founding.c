/* The first hour of a hub: keys that never leave it, a keyring for its first keyholder, and at headquarters
 * the coalition's root. See founding.h.
 *
 * Secrets are written only as keys/ files (the log-signing and transport keys, which a locked hub needs) or
 * inside keyring.json. */
#include "web/commands/founding.h"

#include <string.h>

#include "node/base/clock.h"
#include "node/base/files.h"
#include "node/vault/encoding.h"
#include "sync/repo.h"
#include "sync/rosters.h"
#include "web/authority.h"
#include "web/certificate.h"

void founded_free(struct founded *founded)
{
	vault_free(founded->vault);
	secret_free(founded->recovery);
}

static const struct error *write_secret(const struct home *home, const char *name, struct bytes content)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);

	return files_write_new(home_file(scratch, home, name), content, 0600);
}

/* keys/sign: the seed as one line of base64, wiped from memory after. */
static const struct error *write_sign_key(const struct home *home, const struct secret *seed)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char *text = encoding_base64(scratch, (struct bytes){seed->data, seed->len});
	struct secret *line CLEANUP(secret_free) = secret_new(strlen(text) + 1);

	memcpy(line->data, text, strlen(text));
	line->data[line->len - 1] = '\n';
	secret_wipe(text, strlen(text));
	return write_secret(home, "keys/sign", (struct bytes){line->data, line->len});
}

static const struct error *write_certificate(
	const struct home *home, const char *name, const char *dns, uint8_t spki[static DIGEST_LEN])
{
	const char *names[] = {dns, NULL};
	struct secret *pem CLEANUP(secret_free) = NULL;
	uint8_t whole[DIGEST_LEN];

	TRY(certificate_new("hub", names, &pem));
	TRY(certificate_pins(pem, spki, whole));
	return write_secret(home, name, (struct bytes){pem->data, pem->len});
}

static const struct error *make_keys(const struct home *home, struct founded *out, struct secret **sign_seed)
{
	struct member_keys *self = &out->trust.self;
	struct secret *sign CLEANUP(secret_free) = sshsig_seed_new(&self->sign);
	struct secret *ssh CLEANUP(secret_free) = sshsig_seed_new(&self->ssh);
	struct secret *pem CLEANUP(secret_free) = NULL;
	uint8_t unused[DIGEST_LEN];

	ids_log_new(self->log);
	self->epoch = 1;
	out->vault = vault_new();
	out->vault->opening = age_identity_new(&self->recipient);
	out->vault->office = sshsig_seed_new(&self->office);
	TRY(write_sign_key(home, sign));
	pem = sshsig_private_pem(ssh, "hub");
	TRY(write_secret(home, "keys/ssh", (struct bytes){pem->data, strlen((const char *)pem->data)}));
	TRY(write_certificate(home, "keys/tls-intake", "hub.local", unused));
	TRY(write_certificate(home, "keys/tls-office", "hub-office.local", unused));
	TRY(write_certificate(home, "keys/tls-sync", "hub.local", self->tls));
	TRY(authority_found(home, out->vault));
	*sign_seed = secret_copy(sign->data, sign->len);
	return NULL;
}

static const struct error *make_repositories(const struct home *home)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char *log = home_file(scratch, home, "log.git");

	TRY(repo_create(log, NULL));
	return repo_create(home_file(scratch, home, "inbox.git"), log);
}

/* Version 1: this hub alone, its first keyholder the only coordinator. Its digest is the coalition's root. */
static const struct error *make_coalition(const struct home *home, const struct founding *founding,
	const struct secret *own, const struct secret *sign, struct founded *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct repo *repo CLEANUP(repo_close) = NULL;
	struct roster *roster = &out->roster;
	struct roster_name *hub = memory_new(scratch, struct roster_name);
	struct roster_names names = {.coalition = memory_string(scratch, founding->coalition),
		.hubs = hub,
		.count = 1,
		.epoch = 1};
	struct secret *recovery CLEANUP(secret_free) = age_identity_new(&roster->recovery);
	struct secret *coalition CLEANUP(secret_free) = age_identity_new(&roster->coalition_recipient);
	struct secret *plain CLEANUP(secret_free) = NULL;
	struct age_recipient to[2] = {out->trust.self.recipient, roster->recovery};
	struct roster_files files;
	struct roster_signature signature;
	struct roster_chain *chain;

	roster->version = 1;
	ids_ulid_new(roster->coalition, (uint64_t)clock_wall_ms());
	roster->coordinators[0] = out->own;
	roster->coordinator_count = 1;
	roster->threshold = 1;
	memcpy(roster->keeper, out->trust.self.log, sizeof roster->keeper);
	roster->sharing = founding->sharing;
	roster->epoch = 1;
	roster->members[0] =
		(struct roster_member){.keys = out->trust.self, .status = MEMBER_ACTIVE, .last_seq = -1};
	roster->member_count = 1;

	memcpy(hub->log, out->trust.self.log, sizeof hub->log);
	hub->name = memory_string(scratch, founding->name);
	hub->code = memory_string(scratch, founding->code);
	hub->region = memory_string(scratch, founding->region);
	names.identity = coalition;
	plain = roster_names_print(&names);
	TRY(age_seal(scratch, (struct bytes){plain->data, strlen((const char *)plain->data)}, to, 2,
		&files.members));
	files.json = roster_print(scratch, roster);
	files.allowed_signers = roster_allowed_signers(scratch, roster);
	files.signature_count = 0;
	signature = roster_sign(scratch, &files, own);
	files.signatures = &signature;
	files.signature_count = 1;

	roster_digest(roster->digest, &files);
	out->trust.has_coalition = true;
	memcpy(out->trust.coalition, roster->coalition, sizeof out->trust.coalition);
	memcpy(out->trust.root, roster->digest, sizeof out->trust.root);
	chain = roster_chain_new(scratch, &out->trust);
	TRY(roster_chain_add(chain, &files));
	TRY(repo_open(home_file(scratch, home, "log.git"), &repo));
	TRY(rosters_append(repo, 1, &files, out->trust.self.log, sign));
	out->recovery = age_identity_text(recovery);
	return NULL;
}

static const struct error *make_keyring(const void *context, const struct home *home,
	const struct founding *founding, struct founded *out, struct secret **own)
{
	struct keyring_key *key CLEANUP(keyring_key_free) = NULL, *opened CLEANUP(keyring_key_free) = NULL;
	struct vault *vault CLEANUP(vault_free) = NULL;
	struct keyring_cost cost = keyring_cost_here();
	struct keyring *keyring = keyring_new(context, out->vault, &key);
	char sheet[AGE_RECIPIENT_SIZE];
	struct signer unused;

	TRY(keyring_add(keyring, key, founding->user, founding->passphrase, cost, out->slot, &out->own));
	TRY(keyring_add(keyring, key, "", founding->slot_words, cost, sheet, &unused));
	TRY(keyring_open(keyring, founding->user, founding->passphrase, &opened, &vault));
	TRY(write_secret(home, "keyring.json", keyring_print(context, keyring)));
	*own = secret_copy(opened->own->data, opened->own->len);
	return NULL;
}

static const struct error *write_configuration(const struct home *home, const struct founding *founding)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char *text = memory_format(scratch, "[hub]\nname = %s\ncode = %s\nregion = %s\n", founding->name,
		founding->code, founding->region);

	return files_write(
		home_file(scratch, home, "engabo.conf"), (struct bytes){(uint8_t *)text, strlen(text)}, 0644);
}

const struct error *founding_make(
	const void *context, const struct home *home, const struct founding *founding, struct founded *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct secret *sign CLEANUP(secret_free) = NULL, *own CLEANUP(secret_free) = NULL;

	out->trust.self.role = founding->coalition ? MEMBER_HEADQUARTERS : MEMBER_HUB;
	TRY(make_keys(home, out, &sign));
	TRY(make_repositories(home));
	TRY(make_keyring(scratch, home, founding, out, &own));
	if (founding->coalition)
		TRY(make_coalition(home, founding, own, sign, out));
	TRY(write_configuration(home, founding));
	return files_write(home_file(scratch, home, "trust.json"), trust_print(scratch, &out->trust), 0644);
}
