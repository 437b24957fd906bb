/* Commits made by stock git and ssh-keygen, with a hub's keys. */
#ifndef ENGABO_TESTS_UNIT_SYNC_STOCK_H
#define ENGABO_TESTS_UNIT_SYNC_STOCK_H

#include "tests/unit/sync/forge.h"

static inline struct oid stock_parse(struct bytes out)
{
	struct oid oid;

	assert_int_equal(out.len, OID_SIZE);
	memcpy(oid.hex, out.data, OID_SIZE - 1);
	oid.hex[OID_SIZE - 1] = '\0';
	return oid;
}

/* The object of this kind that stock git writes into a repository. */
static inline struct oid stock_object(const char *path, const char *kind, struct bytes content)
{
	return stock_parse(TOOLS_RUN(content, "git", "--git-dir", path, "hash-object", "-w", "--literally",
		"-t", kind, "--stdin"));
}

/* git commit-tree -S, as a hub's hands would do it in an emergency. */
static inline struct oid stock_commit(struct forge *forge, const char *path, const struct log_commit *commit,
	const struct oid *tree, const struct oid *parent)
{
	static unsigned count;
	struct secret *pem CLEANUP(secret_free) = sshsig_private_pem(forge->sign, "");
	char *key = tools_file(memory_format(forge, "key-%u", ++count), (struct bytes){pem->data, pem->len});
	char *message =
		tools_file(memory_format(forge, "message-%u", count), TEXT(commit_message(forge, commit)));
	char *script = memory_format(forge,
		"export GIT_AUTHOR_NAME=%s GIT_AUTHOR_EMAIL=%s@engabo.invalid GIT_AUTHOR_DATE='%lld +0000'\n"
		"export GIT_COMMITTER_NAME=%s GIT_COMMITTER_EMAIL=%s@engabo.invalid GIT_COMMITTER_DATE='%lld "
		"+0000'\n"
		"git --git-dir %s -c gpg.format=ssh -c user.signingkey=%s commit-tree -S -F %s %s%s %s",
		commit->log, commit->log, (long long)commit_seconds(commit->seq), commit->log, commit->log,
		(long long)commit_seconds(commit->seq), path, key, message, parent ? "-p " : "",
		parent ? parent->hex : "", tree->hex);

	return stock_parse(TOOLS_RUN(NO_INPUT, "sh", "-c", script));
}

/* Stock git finds every commit of a branch signed by a key in the roster's allowed_signers. */
static inline void stock_verify(struct forge *forge, const char *path, const char *branch)
{
	struct bytes allowed = roster_allowed_signers(forge, &forge->coalition->roster);
	char *file = tools_file("allowed_signers", allowed);

	TOOLS_RUN(NO_INPUT, "sh", "-c",
		memory_format(forge,
			"set -e; for c in $(git --git-dir %s rev-list %s); do "
			"git --git-dir %s -c gpg.format=ssh -c gpg.ssh.allowedSignersFile=%s verify-commit "
			"$c; done",
			path, branch, path, file));
}

#endif
