/* What a day's pages cost in a hub after some years, how much memory it needs, and how fast it opens. Not a
 * test: prints figures and never fails.
 *
 *   bench_casefile [cases]      10000 by default, twenty events each
 *
 * Each line with a colon is one figure: "name: value unit", in CPU; the value is the median of CALLS calls.
 * What a page asks is asked as an officer with a fifth of the cases, and as a coordinator where only they
 * may. */
#include <fcntl.h>
#include <malloc.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "node/casework/directory.h"
#include "node/casework/lists.h"
#include "node/casework/obstacle.h"
#include "node/casework/owed.h"
#include "node/casework/pending.h"
#include "node/casework/referral.h"
#include "node/casework/snapshot.h"
#include "tests/bench/casefile_sample.h"

#define LOG "ga00000000000000"
#define CALLS 15
#define ROUNDS 5

static const struct reader officer = {"akello", ROLE_OFFICER, "north", ""},
			   coordinator = {"namata", ROLE_COORDINATOR, "", ""};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* what others do on this machine does not count */
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double resident_mb(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long total = 0, resident = 0;

	if (file && fscanf(file, "%ld %ld", &total, &resident) != 2)
		resident = 0;
	if (file)
		fclose(file);
	return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

static double peak_mb(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)usage.ru_maxrss * 1024 / 1e6;
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof *values, compare);
	return values[count / 2];
}

/* ---- what pages ask; each returns how many rows came ---- */

typedef size_t page(struct sample *sample, int call);

static size_t rows_of(json_t *rows)
{
	size_t count = json_is_array(rows) ? json_array_size(rows) : 1;

	json_decref(rows);
	return count;
}
#define ASK(call) (must(call), rows_of(rows))

static const char *case_of(const struct sample *sample, int call)
{
	return sample->cases[(call * 35 + 5) % sample->count];
}

static size_t counts(struct sample *sample, int call)
{
	json_t *rows = NULL;

	return ASK(lists_counts(sample->file, &rows));
}

static size_t today_reports(struct sample *sample, int call)
{
	json_t *rows = NULL;
	size_t count = ASK(lists_reports(sample->file, "new", 40, 0, &rows));

	return count + ASK(lists_reports(sample->file, "opened", 20, 0, &rows));
}

static size_t today_messages(struct sample *sample, int call)
{
	json_t *rows = NULL;

	return ASK(pending_unanswered(sample->file, 20, &rows));
}

static size_t owed_mine(struct sample *sample, int call)
{
	const struct owed_asked asked = {"2026-11-24", "2026-12-01", "akello", 30};
	json_t *rows = NULL;

	return ASK(owed_list(sample->file, &asked, &rows));
}

static size_t owed_all(struct sample *sample, int call)
{
	const struct owed_asked asked = {"2026-11-24", "2026-12-01", NULL, 200};
	json_t *rows = NULL;

	return ASK(owed_list(sample->file, &asked, &rows));
}

static size_t calendar(struct sample *sample, int call)
{
	const struct owed_asked asked = {"2026-11-24", "2027-11-24", "akello", 200};
	json_t *rows = NULL;

	return ASK(owed_list(sample->file, &asked, &rows));
}

static size_t conflicts(struct sample *sample, int call)
{
	json_t *rows = NULL, *row, *record;
	size_t i, count;

	must(lists_conflicts(sample->file, 20, &rows));
	json_array_foreach (rows, i, row) {
		must(casefile_get(sample->file, json_text_or(row, "entity", ""), json_text_or(row, "key", ""),
			&record));
		json_decref(record);
	}
	count = json_array_size(rows);
	json_decref(rows);
	return count;
}

/* Once the guard was asked of all: what Today asks for. */
static size_t hindered(struct sample *sample, int call)
{
	json_t *rows = NULL;

	return ASK(obstacle_list(sample->file, NULL, &officer, LOG, "2026-11-23", 100, &rows));
}

static size_t today(struct sample *sample, int call)
{
	json_t *rows = NULL;

	return counts(sample, call) + today_reports(sample, call) + today_messages(sample, call) +
	       owed_mine(sample, call) + conflicts(sample, call) + hindered(sample, call) +
	       ASK(lists_transfers(sample->file, LOG, false, -1, &rows));
}

/* Behind the case at this place of the list, which a link of the page before names. */
static size_t cases_of(struct sample *sample, const char *state, const char *after)
{
	json_t *rows = NULL;

	return ASK(lists_cases(sample->file, state, after, 50, &rows));
}

static size_t cases_open(struct sample *sample, int call)
{
	return cases_of(sample, "open", NULL);
}

static size_t cases_closed(struct sample *sample, int call)
{
	return cases_of(sample, "closed", NULL);
}

static size_t cases_all(struct sample *sample, int call)
{
	return cases_of(sample, NULL, NULL);
}

static size_t cases_far(struct sample *sample, int call)
{
	static char key[ENTITY_KEY_SIZE];

	if (!*key) {
		json_t *rows CLEANUP(json_decref) = NULL;
		size_t place;

		must(lists_cases(sample->file, NULL, NULL, sample->count, &rows));
		place = json_array_size(rows) * 9 / 10;
		snprintf(key, sizeof key, "%s", json_text_or(json_array_get(rows, place), "key", ""));
	}
	return cases_of(sample, NULL, key);
}

static size_t cases_past(struct sample *sample, int call)
{
	json_t *rows = NULL;

	return ASK(lists_cases_past(sample->file, "2026-11-24", 200, &rows));
}

static size_t referrals_of(struct sample *sample, const char *key)
{
	json_t *rows = NULL, *replies = NULL, *row;
	size_t i, count;

	must(lists_referred(sample->file, key, 100, &rows));
	json_array_foreach (rows, i, row) {
		must(referral_replies(sample->file, json_text_or(row, "key", ""), &replies));
		json_decref(replies);
	}
	count = json_array_size(rows);
	json_decref(rows);
	return count;
}

/* All that web/office/case.c asks, in its order. */
static size_t case_page(struct sample *sample, int call)
{
	static const char *const parts[] = {
		"person", "contact", "plan", "incident", "consent", "action", "followup", "attachment"};
	const char *key = case_of(sample, call);
	char owner[LOG_ID_SIZE];
	json_t *rows = NULL;
	size_t count = 0;
	bool is;

	count += ASK(casefile_get(sample->file, "case", key, &rows));
	must(trail_has(casefile_db(sample->file), "akello", key, "looked at", "2026-11-24", &is));
	count += ASK(lists_duplicates(sample->file, key, &rows));
	count += ASK(lists_case_reports(sample->file, key, &rows));
	count += ASK(lists_actions(sample->file, key, "2026-11-24", 100, &rows));
	count += ASK(lists_followups(sample->file, key, "2026-11-24", 100, &rows));
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		count += ASK(lists_parts(sample->file, parts[i], key, 100, &rows));
	count += referrals_of(sample, key);
	count += ASK(lists_notes(sample->file, key, &rows));
	must(casefile_owner(sample->file, key, owner));
	count += ASK(lists_transfers_of(sample->file, key, &rows));
	must(lists_is_for_headquarters(sample->file, key, &is));
	count += ASK(lists_late(sample->file, key, 100, &rows));
	return count + ASK(casefile_get(sample->file, "report", key, &rows));
}

static size_t report_page(struct sample *sample, int call)
{
	const char *key = case_of(sample, call);
	json_t *rows = NULL;
	size_t count = ASK(casefile_get(sample->file, "report", key, &rows));

	return count + ASK(lists_messages(sample->file, key, &rows));
}

static size_t search(struct sample *sample, const char *text)
{
	json_t *rows = NULL;

	return ASK(lists_search(sample->file, text, 50, &rows));
}

static size_t search_letter(struct sample *sample, int call)
{
	return search(sample, "m");
}

static size_t search_word(struct sample *sample, int call)
{
	return search(sample, words[call % 20]);
}

static size_t search_words(struct sample *sample, int call)
{
	char text[80];

	snprintf(text, sizeof text, "%s %s %s", words[call % 20], words[(call + 7) % 20],
		words[(call + 3) % 20]);
	return search(sample, text);
}

static size_t search_rare(struct sample *sample, int call)
{
	char text[40];

	snprintf(text, sizeof text, "%d%s", 1000 + call, words[call % 20]);
	return search(sample, text);
}

static size_t search_reference(struct sample *sample, int call)
{
	char text[40];

	snprintf(text, sizeof text, "GUL-%05d", call * 35 + 5);
	return search(sample, text);
}

static size_t search_nothing(struct sample *sample, int call)
{
	return search(sample, "market zebra");
}

static size_t referrals(struct sample *sample, int call)
{
	json_t *received = NULL, *sent = NULL;

	must(referral_list_received(sample->file, LOG, 50, 0, &received));
	must(referral_list_sent(sample->file, LOG, 50, 0, &sent));
	json_array_extend(received, sent);
	json_decref(sent);
	return rows_of(received);
}

static size_t directory(struct sample *sample, int call)
{
	json_t *rows = NULL;

	return ASK(directory_list(
		sample->file, &(struct directory_filter){"legal", "", "", "", "active"}, 50, 0, &rows));
}

static size_t audit_page(struct sample *sample, int call)
{
	const struct trail_wanted wanted = {.limit = 51, .offset = call * 50};
	struct trail_state state;
	json_t *rows = NULL;

	must(trail_state(casefile_db(sample->file), &state));
	return ASK(trail_list(casefile_db(sample->file), &wanted, &rows));
}

static size_t audit_person(struct sample *sample, int call)
{
	const struct trail_wanted wanted = {.who = officers[call % 5], .limit = 51};
	json_t *rows = NULL;

	return ASK(trail_list(casefile_db(sample->file), &wanted, &rows));
}

static const struct {
	const char *name;
	page *ask;
	bool is_coordinators;
} pages[] = {
	{"today, all of it", today, false},
	{"today: counts, on each page", counts, false},
	{"today: new and opened reports", today_reports, false},
	{"today: who waits for an answer", today_messages, false},
	{"today: owed to one, 30 rows", owed_mine, false},
	{"today: owed to all, 200 rows", owed_all, false},
	{"today: conflicts with their values", conflicts, false},
	{"calendar, 200 rows", calendar, false},
	{"cases, open", cases_open, false},
	{"cases, closed", cases_closed, false},
	{"cases, all", cases_all, false},
	{"cases, all, far behind", cases_far, false},
	{"cases kept long enough", cases_past, true},
	{"case page", case_page, true},
	{"report page", report_page, true},
	{"search, one letter", search_letter, false},
	{"search, a frequent word", search_word, false},
	{"search, three words", search_words, false},
	{"search, a rare word", search_rare, false},
	{"search, a reference", search_reference, false},
	{"search, what is not there", search_nothing, false},
	{"referrals, 100 rows with replies", referrals, false},
	{"today: what is in the way of referrals", hindered, false},
	{"directory", directory, false},
	{"audit, all", audit_page, true},
	{"audit, of one person", audit_person, true},
};

static void time_pages(struct sample *sample)
{
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
		double spent[CALLS];
		size_t count = 0;

		casefile_read_as(sample->file, pages[i].is_coordinators ? &coordinator : &officer);
		for (int call = 0; call < CALLS; call++) {
			double start = now();

			count = pages[i].ask(sample, call);
			spent[call] = (now() - start) * 1000;
		}
		printf("%s: %.3f ms (%zu rows)\n", pages[i].name, median(spent, CALLS), count);
	}
	casefile_read_as(sample->file, NULL);
}

/* ---- unlocking ---- */

/* The least that unlocking can do: open the age file to where SQLite takes it. */
struct into {
	int fd;
	uint8_t *to;
	size_t len;
};

static const struct error *take(void *user, uint8_t *to, size_t max, size_t *got)
{
	ssize_t done = read(((struct into *)user)->fd, to, max);

	*got = done > 0 ? (size_t)done : 0;
	return NULL;
}

static const struct error *put(void *user, const uint8_t *from, size_t len)
{
	struct into *place = user;

	memcpy(place->to + place->len, from, len);
	place->len += len;
	return NULL;
}

static double floor_of(const void *context, const struct home *home, const struct vault *vault)
{
	const struct secret *identities[] = {vault->opening};
	double start = now(), spent;
	struct into place = {0};
	sqlite3 *handle;
	off_t size;

	place.fd = open(memory_format(context, "%s/snapshot.age", home->path), O_RDONLY);
	size = lseek(place.fd, 0, SEEK_END);
	lseek(place.fd, 0, SEEK_SET);
	place.to = sqlite3_malloc64((sqlite3_uint64)size);
	must(age_open_stream(identities, 1, take, &place, put, &place));
	close(place.fd);
	sqlite3_open(":memory:", &handle);
	sqlite3_deserialize(
		handle, "main", place.to, (sqlite3_int64)place.len, size, SQLITE_DESERIALIZE_FREEONCLOSE);
	sqlite3_exec(handle, "SELECT count(*) FROM meta", NULL, NULL, NULL);
	spent = now() - start;
	sqlite3_close(handle);
	return spent * 1000;
}

static double ours_of(const void *context, const struct home *home, const struct vault *vault,
	const struct snapshot_place *place)
{
	double start = now(), spent;
	struct casefile *file;

	must(snapshot_read(context, home, vault, place, &file));
	spent = now() - start;
	talloc_free(file);
	return spent * 1000;
}

static void time_snapshot(struct sample *sample)
{
	const struct snapshot_place place = {LOG, 1, 1};
	char folder[] = "/tmp/engabo-bench-XXXXXX";
	struct home home = {.path = folder};
	struct vault *vault CLEANUP(vault_free) = vault_new();
	struct age_recipient recipient;
	struct signer signer;
	double ours[ROUNDS], least[ROUNDS], ratio[ROUNDS], start;

	if (!mkdtemp(folder))
		exit(1);
	if (!vault->opening)
		vault->opening = age_identity_new(&recipient);
	if (!vault->office)
		vault->office = sshsig_seed_new(&signer);
	start = now();
	must(snapshot_write(&home, sample->file, vault, &place));
	printf("snapshot, write: %.0f ms\nmemory, peak: %.1f MB\n", (now() - start) * 1000, peak_mb());
	for (int i = 0; i < ROUNDS; i++) {
		void *context CLEANUP(memory_free) = memory_context(NULL);

		least[i] = floor_of(context, &home, vault);
		ours[i] = ours_of(context, &home, vault, &place);
		ratio[i] = ours[i] / least[i];
	}
	printf("snapshot, read: %.0f ms\n", median(ours, ROUNDS));
	printf("snapshot, floor: %.0f ms\n", median(least, ROUNDS));
	printf("snapshot, ratio: %.2f times\n", median(ratio, ROUNDS));
	remove(memory_format(sample, "%s/snapshot.age", folder));
	remove(memory_format(sample, "%s/snapshot.sig", folder));
	rmdir(folder);
}

static double number(struct sample *sample, const char *sql)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	must(db_prepare(casefile_db(sample->file), &query, sql));
	must(db_step(&query, &row));
	return row ? (double)db_integer(&query, 0) : 0;
}

int main(int argc, char **argv)
{
	double before, start;
	struct casefile *file;
	struct sample *sample;

	setlinebuf(stdout);
	secret_start();
	before = resident_mb();
	start = now();
	must(casefile_new(NULL, LOG, &file));
	sample = sample_fill(file, LOG, argc > 1 ? atoi(argv[1]) : 10000);
	printf("%d cases, %d events\nfilled: %.0f events a second\n", sample->count, sample->events,
		sample->events / (now() - start));
	malloc_trim(0);
	printf("memory, process: %.1f MB\nmemory, before: %.1f MB\n", resident_mb(), before);
	printf("memory, case file: %.1f MB\n",
		number(sample, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size") /
			1e6);
	time_pages(sample);
	time_snapshot(sample);
	return 0;
}
