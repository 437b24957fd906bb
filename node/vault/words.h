/* Words for people: passphrases to remember and fingerprints to read out.
 *
 * The list (words.txt, embedded) has 1,024 lower-case English words of three to eight letters, no two with
 * the same first three letters, none of them one to be embarrassed by: ten bits a word. Seven words are 70
 * bits. */
#ifndef ENGABO_VAULT_WORDS_H
#define ENGABO_VAULT_WORDS_H

#include "node/base/error.h"
#include "node/base/memory.h"
#include "node/vault/secret.h"

#define WORDS_COUNT 1024

/* "word word word ...", NUL-ended. */
struct secret *words_passphrase(unsigned count);
/* What a person typed, made comparable: lower case, single spaces; words of the list may be cut after three
 * letters. Text that is not all words of the list keeps its case and is only trimmed. */
struct secret *words_normal(const char *typed);
/* Six words: Argon2id (64 MiB, t = 3, salt "engabo-words-001") of the bytes, 60 bits of it. */
char *words_of(const void *context, struct bytes data);

#endif
