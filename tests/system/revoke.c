/* Revokes a hub, at the keeper, for system tests of what others do then, for which there is no command yet:
 *
 *     revoke STATE USER PASSPHRASE-FILE LOG
 *
 * Nothing that the hub wrote counts any more. */
#include <string.h>

#include "sync/repo.h"
#include "sync/rosters.h"
#include "sync/round.h"
#include "tests/system/tool.h"
#include "web/commands/as.h"

static const struct error *strike_out(struct roster *roster, const char *log)
{
	for (size_t i = 0; i < roster->member_count; i++)
		if (strcmp(roster->members[i].keys.log, log) == 0) {
			roster->members[i].status = MEMBER_REVOKED;
			roster->members[i].last_seq = 0;
			return NULL;
		}
	return error_new(ERROR_NOT_FOUND, "no hub has the log %s", log);
}

static const struct error *run(void *context, char **words)
{
	const struct as as = {words[2], words[3]};
	struct keyring_key *key CLEANUP(keyring_key_free) = NULL;
	struct vault *vault CLEANUP(vault_free) = NULL;
	struct repo *repo CLEANUP(repo_close) = NULL;
	struct roster *next = memory_new(context, struct roster);
	struct roster_signature *signature = memory_new(context, struct roster_signature);
	struct roster_chain *chain;
	struct roster_files files;
	struct trust trust;
	struct home *home;

	TRY(home_open(context, words[1], &home));
	TRY(trust_read(home, &trust));
	TRY(as_open_keyring(&as, home, &key, &vault));
	TRY(repo_open(home_file(context, home, "log.git"), &repo));
	TRY(rosters_load(context, repo, &trust, 1, &chain));
	TRY(rosters_files(context, repo, &files));
	*next = *roster_chain_newest(chain);
	TRY(strike_out(next, words[4]));
	next->version++;
	files.json = roster_print(context, next);
	files.allowed_signers = roster_allowed_signers(context, next);
	*signature = roster_sign(context, &files, key->own);
	files.signatures = signature;
	files.signature_count = 1;
	TRY(roster_chain_add(chain, &files));
	return round_roster(home, next->version, &files);
}

int main(int count, char **words)
{
	return tool_main(count, words, 5, run);
}
