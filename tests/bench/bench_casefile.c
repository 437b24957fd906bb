/* How fast the case file takes events, what a day's pages cost, and how much memory it all needs. Not a test:
 * prints figures and never fails.
 *
 *   bench_casefile [cases [events a case]]      10000 and 1 by default */
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "node/casework/casefile.h"
#include "node/casework/lists.h"

#define BATCH 1000
#define LOG "ga00000000000000"
#define PAGES 200

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* what others do on this machine does not count */
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(const struct error *error)
{
	if (!error)
		return;
	fprintf(stderr, "%s\n", error->message);
	exit(1);
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

static const char *const words[] = {"market", "police", "threat", "meeting", "lawyer", "village", "phone",
	"arrest", "land", "radio", "office", "night", "family", "teacher", "church", "road", "water",
	"school", "letter", "camera"};

/* One event of case `number`; the first makes it, the others change its risk. */
static struct event *make(const void *context, int number, int nth, const char *before)
{
	static const char *const risks[] = {"low", "medium", "high", "emergency"};
	json_t *json CLEANUP(json_decref) = NULL, *set = json_object();
	char key[64], ulid[ULID_SIZE];
	struct event *event;

	snprintf(key, sizeof key, LOG ".01jd00000000000000%08d", number);
	ids_ulid_new(ulid, 1795000000000 + (uint64_t)number);
	json_object_set_new(set, "risk", json_string(risks[(number + nth) % 4]));
	if (nth == 0) {
		struct buffer *story = buffer_new(context);

		for (int i = 0; i < 40; i++)
			buffer_format(
				story, "%s%d ", words[(number * 7 + i * 13) % 20], (number * 31 + i) % 977);
		json_object_set_new(set, "alias", json_string(words[number % 20]));
		json_object_set_new(set, "summary", json_string((const char *)story->data));
		json_object_set_new(set, "ref", json_string(memory_format(context, "GUL-%05d", number)));
	}
	json = json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:[s, s]}", "v", 1, "id", ulid, "hlc",
		memory_format(context, "%016llx",
			0x019a000000000000ull + (unsigned long long)number * 65536 + (unsigned)nth),
		"at", "2026-11-23T09:12:44Z", "clock", "sure", "by", "akello", "entity", "case", "key", key,
		"set", set, "to", LOG, "hq");
	if (before)
		json_object_set_new(json, "over", json_pack("{s:[s]}", "risk", before));
	must(event_parse(context, json_line(context, json), &event));
	return event;
}

/* All events, in batches; returns the seconds spent in the case file alone. */
static double fill(struct casefile *file, int cases, int each)
{
	struct event_origin origin = {.log = LOG, .epoch = 1, .seq = 1, .kind = 'o', .roster_version = 1};
	double spent = 0;

	for (int first = 0; first < cases * each; first += BATCH) {
		void *context CLEANUP(memory_free) = memory_context(NULL);
		int count = cases * each - first < BATCH ? cases * each - first : BATCH;
		struct event *events[BATCH];
		enum taken taken;
		double start;

		for (int i = 0; i < count; i++) {
			int number = (first + i) / each, nth = (first + i) % each;
			char *before = nth && i ? memory_format(context, LOG "/%s", events[i - 1]->id) : NULL;

			events[i] = make(context, number, nth, before);
		}
		start = now();
		must(casefile_begin(file));
		for (int i = 0; i < count; i++)
			must(casefile_take(file, events[i], &origin, &taken));
		must(casefile_end(file));
		spent += now() - start;
	}
	return spent;
}

static void time_page(const char *name, struct casefile *file,
	const struct error *(*page)(struct casefile *, int, json_t **))
{
	double start = now();
	size_t rows = 0;

	for (int i = 0; i < PAGES; i++) {
		json_t *out = NULL;

		must(page(file, i, &out));
		rows += json_is_array(out) ? json_array_size(out) : 1;
		json_decref(out);
	}
	printf("  %-28s %8.3f ms   (%zu rows)\n", name, (now() - start) * 1000 / PAGES, rows / PAGES);
}

static const struct error *page_cases(struct casefile *file, int i, json_t **out)
{
	return lists_cases(file, "open", 50, i, out);
}

static const struct error *page_counts(struct casefile *file, int i, json_t **out)
{
	return lists_counts(file, "2026-11-24", out);
}

static const struct error *page_case(struct casefile *file, int i, json_t **out)
{
	char key[64];

	snprintf(key, sizeof key, LOG ".01jd00000000000000%08d", i);
	return casefile_get(file, "case", key, out);
}

static const struct error *page_search(struct casefile *file, int i, json_t **out)
{
	return lists_search(file, words[i % 20], 50, out);
}

static const struct error *page_search_rare(struct casefile *file, int i, json_t **out)
{
	char text[40];

	snprintf(text, sizeof text, "%s%d", words[i % 20], i);
	return lists_search(file, text, 50, out);
}

int main(int argc, char **argv)
{
	int cases = argc > 1 ? atoi(argv[1]) : 10000, each = argc > 2 ? atoi(argv[2]) : 1;
	double before, taken, start;
	struct secret *saved = NULL;
	struct casefile *file;

	secret_start();
	before = resident_mb();
	must(casefile_new(NULL, LOG, &file));
	taken = fill(file, cases, each);
	malloc_trim(0);
	printf("%d cases, %d events: %.0f events a second of CPU, %.1f MB resident beyond the program's own "
	       "%.1f\n",
		cases, cases * each, cases * each / taken, resident_mb() - before, before);
	time_page("cases, 50 of them", file, page_cases);
	time_page("counts", file, page_counts);
	time_page("one case", file, page_case);
	time_page("search, beginning of a word", file, page_search);
	time_page("search, rare word", file, page_search_rare);
	start = now();
	must(casefile_save(file, &saved));
	printf("  %-28s %8.3f ms   (%.1f MB)\n", "save", (now() - start) * 1000, (double)saved->len / 1e6);
	secret_free(saved);
	talloc_free(file);
	return 0;
}
