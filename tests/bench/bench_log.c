/* The log's rows of the bench, ours beside their floors: sealed records into the signed log, and a fetched
 * log of 10,000 commits checked and kept.
 *
 *   bench_log [ROUNDS]      5 by default; floor_append and floor_check lie beside this program
 *
 * Ours and the floor take turns. Prints one line of JSON a row: {"row","unit","ours":[..],"floor":[..]}, a
 * rate a round; and with the last row "peer", the rate of `git log --show-signature` on the newest commits.
 */
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "node/base/child.h"
#include "node/base/files.h"
#include "node/base/text.h"
#include "sync/back.h"
#include "sync/logs.h"
#include "sync/pack.h"

#define LOG "k7q2m9x4t0ab3c5d"
#define BATCH 1000
#define BATCHES 10
#define COMMITS 10000
#define PLAIN_LEN 650 /* with three recipients an envelope of one kilobyte */
#define ROUNDS_MAX 25
#define PEER_COMMITS 100
#define PEER_COMMITS_TEXT "100"

struct bench {
	char *folder, *programs;
	struct secret *seed;
	struct signer signer;
	struct bytes records[BATCH * BATCHES];
	char *records_path;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(const struct error *error)
{
	if (!error)
		return;
	fprintf(stderr, "bench_log: %s\n", error->message);
	exit(1);
}

/* A stock program or a floor; what it printed. */
static char *run(struct bench *bench, const char *const argv[])
{
	struct child child = {.argv = argv, .deadline_ms = 600000, .output_max = 65536};
	struct child_result result;

	must(child_run(bench, &child, &result));
	if (result.status != 0)
		must(error_new(ERROR_SYSTEM, "%s: %s", argv[0], result.complaint));
	return memory_string_of(bench, result.output.data, result.output.len);
}
#define RUN(bench, ...) run(bench, (const char *const[]){__VA_ARGS__, NULL})

static char *path_of(struct bench *bench, const char *name)
{
	return memory_format(bench, "%s/%s", bench->folder, name);
}

static char *fresh_repo(struct bench *bench, const char *name)
{
	char *path = path_of(bench, name);

	RUN(bench, "rm", "-rf", path);
	must(repo_create(path, NULL));
	return path;
}

static void seal_records(struct bench *bench)
{
	struct buffer *file = buffer_new(bench);
	struct age_recipient recipients[3];

	for (size_t i = 0; i < 3; i++)
		secret_free(age_identity_new(&recipients[i]));
	for (size_t i = 0; i < BATCH * BATCHES; i++) {
		uint8_t plain[PLAIN_LEN] = {(uint8_t)i};
		uint32_t len;

		must(age_seal(bench, BYTES_OF(plain), recipients, 3, &bench->records[i]));
		len = (uint32_t)bench->records[i].len;
		buffer_add(file, &len, sizeof len);
		buffer_add(file, bench->records[i].data, len);
	}
	bench->records_path = path_of(bench, "records");
	must(files_write(bench->records_path, buffer_bytes(file), 0600));
}

static double append_ours(struct bench *bench)
{
	struct log_entry *entries = memory_array(bench, struct log_entry, BATCH);
	struct repo *repo CLEANUP(repo_close) = NULL;
	struct log_tip tip = {.seq = 0};
	double start;

	must(repo_open(fresh_repo(bench, "ours.git"), &repo));
	start = now();
	for (size_t i = 0; i < BATCHES; i++) {
		for (size_t n = 0; n < BATCH; n++)
			entries[n] = (struct log_entry){.kind = 'i', .body = bench->records[i * BATCH + n]};
		must(logs_append(repo, LOG, 1, bench->seed, 0, NULL, 0, entries, BATCH, &tip));
	}
	return now() - start;
}

static double append_floor(struct bench *bench)
{
	char *path = fresh_repo(bench, "floor.git");

	return strtod(RUN(bench, memory_format(bench, "%s/floor_append", bench->programs), path,
			      bench->records_path, "1000"),
		NULL);
}

/* A log of many commits with one envelope each, as a hub makes it that syncs after every record, fetched into
 * a repository of its own. */
static void make_fetched(struct bench *bench, struct oid *tip)
{
	struct log_commit *commit = memory_new(bench, struct log_commit);
	struct oid *recent = memory_array(bench, struct oid, COMMITS), tree;
	char *path = fresh_repo(bench, "source.git"), *fetched = path_of(bench, "fetched.git"),
	     ref[LOG_REF_SIZE];
	struct repo *repo CLEANUP(repo_close) = NULL;
	struct back back = {.recent = recent};
	struct pack *pack;

	must(repo_open(path, &repo));
	back.repo = repo;
	pack = pack_begin(bench, repo);
	memcpy(commit->log, LOG, LOG_ID_SIZE);
	commit->epoch = 1;
	commit->roster = 1;
	digest_of(commit->prev, (struct bytes){(const uint8_t *)"", 0});
	for (size_t i = 0; i < COMMITS; i++) {
		void *scratch CLEANUP(memory_free) = memory_context(NULL);
		struct commit_entry entry = {.name = "i-0000.age", .body = bench->records[i]};
		struct tree_entry named = {.name = "i-0000.age", .mode = 0100644};
		struct bytes raw;

		commit->seq = (int64_t)i + 1;
		must(back_fill(&back, commit->seq, commit));
		pack_blob(pack, entry.body, &named.oid);
		pack_tree(pack, &named, 1, &tree);
		commit_envelopes_digest(commit->envelopes, &entry, 1);
		raw = commit_raw(scratch, commit, &tree, i ? tip : NULL, bench->seed);
		pack_commit(pack, raw, tip);
		digest_of(commit->prev, raw);
		recent[back.recent_count++] = *tip;
	}
	must(pack_end(pack));
	logs_ref(ref, LOG, 1);
	must(repo_ref_set(repo, ref, tip, NULL));
	RUN(bench, "rm", "-rf", fetched);
	RUN(bench, "git", "clone", "-q", "--mirror", memory_format(bench, "file://%s", path), fetched);
}

/* A coalition of one, so that the log belongs to somebody. */
static struct roster_chain *make_chain(struct bench *bench)
{
	struct roster roster = {.version = 1,
		.coordinator_count = 1,
		.threshold = 1,
		.epoch = 1,
		.member_count = 1,
		.keeper = LOG};
	struct member_keys *keys = &roster.members[0].keys;
	struct trust trust = {.has_coalition = true};
	struct roster_signature signature;
	struct roster_files files;
	struct roster_chain *chain;
	struct secret *coordinator CLEANUP(secret_free) = sshsig_seed_new(&roster.coordinators[0]);

	ids_ulid_new(roster.coalition, 1763856000000);
	memcpy(keys->log, LOG, LOG_ID_SIZE);
	keys->epoch = 1;
	keys->role = MEMBER_HEADQUARTERS;
	keys->sign = bench->signer;
	secret_free(sshsig_seed_new(&keys->office));
	secret_free(sshsig_seed_new(&keys->ssh));
	secret_free(age_identity_new(&keys->recipient));
	secret_free(age_identity_new(&roster.recovery));
	secret_free(age_identity_new(&roster.coalition_recipient));
	roster.members[0].last_seq = -1;
	files = (struct roster_files){.json = roster_print(bench, &roster),
		.allowed_signers = roster_allowed_signers(bench, &roster),
		.signatures = &signature,
		.signature_count = 1};
	must(age_seal(bench, BYTES_OF("names"), &roster.recovery, 1, &files.members));
	signature = roster_sign(bench, &files, coordinator);
	memcpy(trust.coalition, roster.coalition, ULID_SIZE);
	roster_digest(trust.root, &files);
	chain = roster_chain_new(bench, &trust);
	must(roster_chain_add(chain, &files));
	return chain;
}

static double check_ours(struct bench *bench, const struct roster_chain *chain, const struct oid *tip)
{
	struct repo *repo CLEANUP(repo_close) = NULL, *inbox CLEANUP(repo_close) = NULL;
	struct log_offer offer;
	double start;

	must(repo_open(fresh_repo(bench, "kept.git"), &repo));
	must(repo_open(path_of(bench, "fetched.git"), &inbox));
	start = now();
	must(logs_keep(repo, inbox, chain, LOG, 1, tip, &offer));
	start = now() - start;
	if (offer.verdict != LOG_NEW || offer.taken != COMMITS)
		must(error_new(ERROR_INVALID, "%s", offer.reason));
	return start;
}

static double check_floor(struct bench *bench)
{
	char hex[2 * SSHSIG_PUBLIC_LEN + 1], ref[LOG_REF_SIZE];

	logs_ref(ref, LOG, 1);
	text_hex(hex, bench->signer.key, SSHSIG_PUBLIC_LEN);
	return strtod(RUN(bench, memory_format(bench, "%s/floor_check", bench->programs),
			      path_of(bench, "fetched.git"), ref, hex),
		NULL);
}

/* Commits a second that stock git verifies: it starts ssh-keygen for each. */
static double check_peer(struct bench *bench)
{
	char *signers = path_of(bench, "signers"), *key = sshsig_public_text(bench, &bench->signer),
	     ref[LOG_REF_SIZE];
	char *line = memory_format(bench, "*@engabo.invalid namespaces=\"git\" %s\n", key);
	double start;

	logs_ref(ref, LOG, 1);
	must(files_write(signers, (struct bytes){(const uint8_t *)line, strlen(line)}, 0600));
	start = now();
	RUN(bench, "git", "-c", memory_format(bench, "gpg.ssh.allowedSignersFile=%s", signers), "--git-dir",
		path_of(bench, "fetched.git"), "log", "--format=%G?", "--show-signature", "-n",
		PEER_COMMITS_TEXT, ref);
	return PEER_COMMITS / (now() - start);
}

static void print_rates(const char *name, double amount, const double *seconds, int rounds)
{
	printf(",\"%s\":[", name);
	for (int i = 0; i < rounds; i++)
		printf("%s%.0f", i ? "," : "", amount / seconds[i]);
	printf("]");
}

static void print_row(const char *row, const char *unit, double amount, const double *ours,
	const double *floors, int rounds)
{
	printf("{\"row\":\"%s\",\"unit\":\"%s\"", row, unit);
	print_rates("ours", amount, ours, rounds);
	print_rates("floor", amount, floors, rounds);
}

int main(int argc, char **argv)
{
	struct bench *bench = memory_new(NULL, struct bench);
	int rounds = argc > 1 ? atoi(argv[1]) : 5;
	double ours[ROUNDS_MAX], floors[ROUNDS_MAX];
	char folder[] = "/var/tmp/engabo-bench-XXXXXX";
	struct roster_chain *chain;
	struct oid tip;

	if (rounds < 1 || rounds > ROUNDS_MAX || !mkdtemp(folder))
		return 64;
	secret_start();
	bench->folder = folder;
	bench->programs = dirname(memory_string(bench, argv[0]));
	bench->seed = sshsig_seed_new(&bench->signer);
	seal_records(bench);
	for (int i = 0; i < rounds; i++) {
		floors[i] = append_floor(bench);
		ours[i] = append_ours(bench);
	}
	print_row("records into the signed log, fsynced, 1,000 a batch", "records/s", BATCH * BATCHES, ours,
		floors, rounds);
	printf("}\n");
	make_fetched(bench, &tip);
	chain = make_chain(bench);
	for (int i = 0; i < rounds; i++) {
		floors[i] = check_floor(bench);
		ours[i] = check_ours(bench, chain, &tip);
	}
	print_row("a fetched log of 10,000 commits checked and kept", "commits/s", COMMITS, ours, floors,
		rounds);
	printf(",\"peer\":%.0f}\n", check_peer(bench));
	RUN(bench, "rm", "-rf", bench->folder);
	secret_free(bench->seed);
	memory_free(bench);
	return 0;
}
