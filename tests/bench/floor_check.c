/* The floor under "a fetched log checked and kept": libgit2 walks a branch and libsodium verifies each
 * signature, and that is all. No message is read, no envelope, nothing is written.
 *
 *   floor_check REPOSITORY BRANCH PUBLIC-KEY-HEX
 *
 * Prints the seconds that took. */
#include <git2.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The signature's last 64 bytes are Ed25519's; what it covers is "SSHSIG", three strings and a SHA-512. */
static int is_signed(git_repository *repo, git_oid *id, const unsigned char *key)
{
	static const unsigned char front[] = "SSHSIG\0\0\0\3git\0\0\0\0\0\0\0\6sha512\0\0\0\100";
	unsigned char message[sizeof front - 1 + 64], blob[512];
	git_buf armor = GIT_BUF_INIT, content = GIT_BUF_INIT;
	const char *from, *to;
	size_t len = 0;
	int ok;

	if (git_commit_extract_signature(&armor, &content, repo, id, "gpgsig"))
		return 0;
	from = strchr(armor.ptr, '\n') + 1;
	to = strstr(from, "-----END");
	ok = to &&
	     sodium_base642bin(blob, sizeof blob, from, (size_t)(to - from), "\n", &len, NULL,
		     sodium_base64_VARIANT_ORIGINAL) == 0 &&
	     len > 64;
	memcpy(message, front, sizeof front - 1);
	crypto_hash_sha512(message + sizeof front - 1, (unsigned char *)content.ptr, content.size);
	ok = ok && crypto_sign_verify_detached(blob + len - 64, message, sizeof message, key) == 0;
	git_buf_dispose(&armor);
	git_buf_dispose(&content);
	return ok;
}

int main(int argc, char **argv)
{
	unsigned char key[crypto_sign_PUBLICKEYBYTES];
	git_repository *repo = NULL;
	double start;
	long count = 0;
	git_oid id;

	if (argc != 4 || sodium_init() < 0 ||
		sodium_hex2bin(key, sizeof key, argv[3], strlen(argv[3]), NULL, NULL, NULL))
		return 64;
	git_libgit2_init();
	if (git_repository_open_bare(&repo, argv[1]))
		return 66;
	start = now();
	if (git_reference_name_to_id(&id, repo, argv[2]))
		return 66;
	for (unsigned parents = 1; parents;) {
		git_commit *commit = NULL;

		if (git_commit_lookup(&commit, repo, &id) || !is_signed(repo, &id, key))
			return 65;
		parents = git_commit_parentcount(commit);
		if (parents)
			git_oid_cpy(&id, git_commit_parent_id(commit, 0));
		git_commit_free(commit);
		count++;
	}
	printf("%.6f %ld\n", now() - start, count);
	git_repository_free(repo);
	return 0;
}
