/* A reporter's code and the mailbox behind it (formats.md, "Receipts and mailboxes").
 *
 * 18 random digits and two check digits by ISO 7064 MOD 97-10. Argon2id(the 20 digits, salt
 * "engabo-receipt-1", 64 MiB, t = 3) gives a 32-byte seed; by HKDF with infos "engabo mailbox id", "engabo
 * mailbox age", "engabo mailbox sign": the id (16 bytes, 32 hex digits), the X25519 identity and the Ed25519
 * seed. */
#ifndef ENGABO_VAULT_MAILBOX_H
#define ENGABO_VAULT_MAILBOX_H

#include "node/vault/age.h"
#include "node/vault/sshsig.h"

#define MAILBOX_CODE_LEN 20
#define MAILBOX_SHOWN_SIZE 25 /* "1234 5678 9012 3456 7890": five fours and a NUL */
#define MAILBOX_ID_SIZE 33
#define MAILBOX_SEED_LEN 32

struct mailbox {
	char id[MAILBOX_ID_SIZE];
	struct age_recipient recipient; /* answers are sealed to this */
	struct signer signer;		/* messages from the reporter verify with this */
	struct secret *identity;	/* NULL where only the public part is known */
	struct secret *seed;		/* what `signer` signs with; NULL likewise */
};
void mailbox_free(struct mailbox *mailbox);
DEFINE_CLEANUP(struct mailbox *, mailbox_free)

/* Twenty digits, NUL-ended, in a secret. */
struct secret *mailbox_code_new(void);
/* What a person typed: how many digits it has, in ASCII, Arabic, Persian or full-width ones, with spaces,
 * dots or dashes of any kind between; and the first twenty of them in ASCII, where `first` is not NULL.
 * False: there is something else in it. */
bool mailbox_code_digits(const char *typed, size_t *count, uint8_t first[MAILBOX_CODE_LEN]);
/* The code that was typed so. ERROR_INVALID: not twenty digits, or mistyped
 * (the check digits do not fit); says which. */
const struct error *mailbox_code_parse(const char *typed, struct secret **code) MUST_CHECK;
void mailbox_code_shown(char out[static MAILBOX_SHOWN_SIZE], const struct secret *code);
/* The slow step: 64 MiB and a fraction of a second to some seconds. In a child process only. */
struct secret *mailbox_seed(const struct secret *code);
/* The quick step. */
struct mailbox *mailbox_of_seed(const struct secret *seed);

#endif
