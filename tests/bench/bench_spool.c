/* What reporters were given receipts for becomes signed history: the whole way from intake's spool into the
 * log, as the sync role goes it (one fsynced batch after another, remembered in sync.db, mailbox.db brought
 * up to date), for the bench.
 *
 *   bench_spool fill HOME COUNT FILE   puts COUNT sealed records into the spool of HOME, and the same into
 *                                      FILE, each behind its 32-bit length, as floor_append reads them
 *   bench_spool commit HOME            commits all that wait; prints {"records", "seconds"}
 *   bench_spool follow HOME            commits what waits once a second, as the role does after a bell, and
 * at the end of its input for the last time */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "sync/round.h"
#include "web/intake/intake.h"

#define PLAIN_LEN 650 /* with three recipients an envelope of one kilobyte */
#define RECIPIENTS 3

static void must(const struct error *error)
{
	if (!error)
		return;
	fprintf(stderr, "bench_spool: %s\n", error->message);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fill(const struct home *home, long count, const char *path)
{
	struct age_recipient recipients[RECIPIENTS];
	struct db *db CLEANUP(db_close) = NULL;
	FILE *file = fopen(path, "w");
	int roster;

	if (!file)
		must(error_system(errno, "cannot write %s", path));
	for (size_t i = 0; i < RECIPIENTS; i++)
		secret_free(age_identity_new(&recipients[i]));
	must(intake_open_db(home, &db, &roster));
	must(db_begin(db));
	for (long i = 0; i < count; i++) {
		void *scratch CLEANUP(memory_free) = memory_context(NULL);
		uint8_t plain[PLAIN_LEN] = {(uint8_t)i};
		struct spool_entry entry = {.kind = 'i'};
		uint32_t len;
		int64_t id;

		must(age_seal(scratch, BYTES_OF(plain), recipients, RECIPIENTS, &entry.body));
		must(spool_add(db, &entry, &id));
		len = (uint32_t)entry.body.len;
		fwrite(&len, sizeof len, 1, file);
		fwrite(entry.body.data, len, 1, file);
	}
	must(db_commit(db));
	must(db_run(db, "PRAGMA wal_checkpoint(TRUNCATE)")); /* so that nobody has to recover it */
	if (fclose(file) != 0)
		must(error_system(errno, "cannot write %s", path));
}

static void commit(struct home *home)
{
	struct hub *hub CLEANUP(hub_close) = NULL;
	int64_t count;
	double start;

	must(hub_open(NULL, home, &hub));
	start = now();
	must(round_commit(hub, &count));
	printf("{\"records\": %lld, \"seconds\": %.6f}\n", (long long)count, now() - start);
}

static void follow(struct home *home)
{
	struct hub *hub CLEANUP(hub_close) = NULL;
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	int64_t count;

	must(hub_open(NULL, home, &hub));
	while (poll(&input, 1, 1000) == 0)
		must(round_commit(hub, &count));
	must(round_commit(hub, &count));
}

int main(int count, char **words)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	const char *what = count > 1 ? words[1] : "";
	struct home *home;

	if (strcmp(what, "fill") == 0
			? count != 5
			: count != 3 || (strcmp(what, "commit") != 0 && strcmp(what, "follow") != 0)) {
		fprintf(stderr, "usage: bench_spool fill HOME COUNT FILE | commit HOME | follow HOME\n");
		return 64;
	}
	secret_start();
	must(home_open(context, words[2], &home));
	if (strcmp(what, "fill") == 0)
		fill(home, atol(words[3]), words[4]);
	else if (strcmp(what, "commit") == 0)
		commit(home);
	else
		follow(home);
	return 0;
}
