/* The case file says the same whatever the order in which events come, and nothing that a hub said is lost.
 */
#include "tests/unit/casework/sample.h"

#include <dirent.h>
#include <stdlib.h>
#include <time.h>

#include "node/vault/encoding.h"
#include "node/vault/sshsig.h"

static struct casefile *new_file(const void *context)
{
	struct casefile *file;

	assert_null(casefile_new(context, GULU, &file));
	return file;
}

static void a_report_becomes_a_row_with_a_column_per_field(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = new_file(context);
	const char *key = sample_key(context, GULU, 1);
	json_t *report CLEANUP(json_decref) = NULL;

	assert_int_equal(
		sample_take(file, sample_event(context, GULU, 'i', 1, "report", key, NULL,
					  json_pack("{s:s, s:s, s:[s,s]}", "what", "Beaten at the market",
						  "danger", "yes", "needs", "legal", "medical"),
					  NULL)),
		TAKEN_NEW);
	assert_string_equal(sample_text(context, file, "SELECT what FROM report"), "Beaten at the market");
	assert_string_equal(
		sample_text(context, file, "SELECT needs FROM report"), "[\"legal\",\"medical\"]");
	assert_string_equal(sample_text(context, file, "SELECT state FROM report"), "new");
	assert_int_equal(
		sample_number(file, "SELECT unixepoch(due) - unixepoch(created) FROM report"), 24 * 3600);
	assert_null(casefile_get(file, "report", key, &report));
	assert_string_equal(json_text_or(report, "what", ""), "Beaten at the market");
	assert_string_equal(json_text_or(report, "home", ""), GULU);
	assert_string_equal(json_text_or(report, "state", ""), "new");
	assert_int_equal(json_array_size(json_object_get(report, "needs")), 2);
	assert_int_equal(json_array_size(json_object_get(report, "conflicts")), 0);
	assert_int_equal(
		casefile_get(file, "report", sample_key(context, GULU, 2), &report)->code, ERROR_NOT_FOUND);
	assert_int_equal(casefile_get(file, "sighting", key, &report)->code, ERROR_NOT_FOUND);
}

static json_t *over_one(const char *field, const char *identity)
{
	return json_pack("{s:[s]}", field, identity);
}

static void two_edits_unseen_by_each_other_are_a_conflict_until_somebody_settles_it(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = new_file(context);
	const char *key = sample_key(context, GULU, 1);
	json_t *now = NULL, *over = NULL, *set, *conflict, *history = NULL;
	struct said *made = sample_event(
		context, GULU, 'o', 1, "case", key, NULL, json_pack("{s:s}", "risk", "low"), NULL);

	sample_take(file, made);
	sample_take(file,
		sample_event(context, GULU, 'o', 2, "case", key, NULL, json_pack("{s:s}", "risk", "high"),
			over_one("risk", sample_identity(context, made))));
	sample_take(file, sample_event(context, KAMPALA, 'o', 3, "case", key, NULL,
				  json_pack("{s:s}", "risk", "medium"),
				  over_one("risk", sample_identity(context, made))));
	assert_null(casefile_get(file, "case", key, &now));
	assert_string_equal(json_text_or(now, "risk", ""), "medium");
	conflict = json_array_get(json_object_get(now, "conflicts"), 0);
	assert_string_equal(json_text_or(conflict, "field", ""), "risk");
	assert_int_equal(json_array_size(json_object_get(conflict, "values")), 2);
	assert_string_equal(
		json_text_or(json_array_get(json_object_get(conflict, "values"), 1), "value", ""), "high");
	assert_string_equal(
		json_text_or(json_array_get(json_object_get(conflict, "values"), 0), "hub", ""), KAMPALA);
	assert_int_equal(sample_number(file, "SELECT conflicts FROM case_"), 1);
	json_decref(now);

	set = json_pack("{s:s}", "risk", "high");
	assert_null(casefile_over(file, "case", key, set, &over));
	assert_int_equal(json_array_size(json_object_get(over, "risk")), 2);
	sample_take(file, sample_event(context, GULU, 'o', 4, "case", key, NULL, set, over));
	assert_null(casefile_get(file, "case", key, &now));
	assert_string_equal(json_text_or(now, "risk", ""), "high");
	assert_int_equal(json_array_size(json_object_get(now, "conflicts")), 0);
	assert_int_equal(sample_number(file, "SELECT count(*) FROM conflict"), 0);
	json_decref(now);
	assert_null(casefile_history(file, "case", key, &history));
	assert_int_equal(json_array_size(history), 4);
	assert_string_equal(json_text_or(json_array_get(history, 3), "value", ""), "low");
	json_decref(history);
}

static void what_lacks_something_waits_and_counts_when_that_arrives(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = new_file(context);
	const char *case_key = sample_key(context, GULU, 1), *action = sample_key(context, GULU, 2);
	struct said *made = sample_event(
		context, GULU, 'o', 1, "action", action, case_key, json_pack("{s:s}", "what", "Call"), NULL);
	struct said *done = sample_event(context, KAMPALA, 'o', 2, "action", action, case_key,
		json_pack("{s:s}", "state", "done"), NULL);

	assert_int_equal(sample_take(file, done), TAKEN_WAITING);
	assert_int_equal(sample_number(file, "SELECT count(*) FROM waiting"), 1);
	assert_int_equal(sample_number(file, "SELECT count(*) FROM action"), 0);
	assert_int_equal(sample_take(file, made), TAKEN_NEW);
	assert_int_equal(sample_number(file, "SELECT count(*) FROM waiting"), 0);
	assert_string_equal(sample_text(context, file, "SELECT state FROM action"), "done");
	assert_string_equal(sample_text(context, file, "SELECT case_key FROM action"), case_key);
	assert_int_equal(sample_take(file, made), TAKEN_KNOWN);
}

static void what_oversteps_is_kept_with_the_reason_and_not_applied(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = new_file(context);
	const char *key = sample_key(context, GULU, 1);
	json_t *oversteps = NULL, *row;

	sample_take(file, sample_event(context, GULU, 'o', 1, "case", key, NULL,
				  json_pack("{s:s}", "risk", "low"), NULL));
	assert_int_equal(sample_take(file, sample_event(context, MBALE, 'o', 2, "case", key, NULL,
						   json_pack("{s:s}", "risk", "high"), NULL)),
		TAKEN_REFUSED);
	assert_string_equal(sample_text(context, file, "SELECT risk FROM case_"), "low");
	assert_null(lists_oversteps(file, 10, &oversteps));
	assert_int_equal(json_array_size(oversteps), 1);
	row = json_array_get(oversteps, 0);
	assert_string_equal(json_text_or(row, "log", ""), MBALE);
	assert_string_equal(json_text_or(row, "key", ""), key);
	assert_string_equal(json_text_or(row, "entity", ""), "case");
	assert_true(strlen(json_text_or(row, "reason", "")) > 10);
	json_decref(oversteps);
}

static void what_this_version_does_not_know_is_kept(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = new_file(context);
	const char *key = sample_key(context, GULU, 1);

	assert_int_equal(sample_take(file, sample_event(context, GULU, 'o', 1, "sighting", key, NULL,
						   json_pack("{s:s}", "to", "x"), NULL)),
		TAKEN_WAITING);
	sample_take(file,
		sample_event(context, GULU, 'o', 2, "case", key, NULL,
			json_pack("{s:s, s:s, s:s}", "alias", "Swallow", "mood", "calm", "risk", "volcanic"),
			NULL));
	assert_string_equal(sample_text(context, file, "SELECT risk FROM case_"), "volcanic");
	assert_string_equal(sample_text(context, file,
				    "SELECT json_extract(line, '$.set.mood') FROM said WHERE standing = 0"),
		"calm");
	assert_int_equal(sample_number(file, "SELECT count(*) FROM event"), 2);
}

static void two_things_under_one_identity_are_both_kept_and_one_counts(void **state)
{
	for (int order = 0; order < 2; order++) {
		void *context CLEANUP(memory_free) = memory_context(NULL);
		struct casefile *file = new_file(context);
		const char *key = sample_key(context, GULU, 1), *other = sample_key(context, GULU, 2);
		struct said *first = sample_event(
			context, GULU, 'o', 7, "case", key, NULL, json_pack("{s:s}", "alias", "One"), NULL);
		struct said *second = sample_event(
			context, GULU, 'o', 7, "case", other, NULL, json_pack("{s:s}", "alias", "Two"), NULL);

		first->origin.seq = 4; /* committed earlier */
		sample_take(file, order ? first : second);
		sample_take(file, order ? second : first);
		assert_int_equal(sample_number(file, "SELECT count(*) FROM event"), 2);
		assert_int_equal(sample_number(file, "SELECT count(*) FROM case_"), 1);
		assert_string_equal(sample_text(context, file, "SELECT alias FROM case_"), "One");
		assert_int_equal(sample_number(file, "SELECT count(*) FROM overstep"), 1);
	}
}

static void an_event_of_an_office_is_not_pushed_aside_by_intake(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = new_file(context);
	const char *key = sample_key(context, GULU, 1);
	struct said *office = sample_event(
		context, GULU, 'o', 9, "report", key, NULL, json_pack("{s:s}", "what", "by staff"), NULL);
	struct said *forged = sample_event(
		context, GULU, 'i', 9, "report", key, NULL, json_pack("{s:s}", "what", "forged"), NULL);

	forged->origin.seq = 1;
	sample_take(file, forged);
	sample_take(file, office);
	assert_string_equal(sample_text(context, file, "SELECT what FROM report"), "by staff");
}

static void a_restatement_is_passed_over_where_the_originals_are_and_stands_in_where_they_are_not(
	void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	const char *key = sample_key(context, GULU, 1);
	struct said *made = sample_event(context, GULU, 'o', 1, "case", key, NULL,
			    json_pack("{s:s}", "alias", "Swallow"), NULL),
		    *again, *edit;
	const char *original = sample_identity(context, made);
	struct casefile *with = new_file(context), *without = new_file(context);
	json_t *history = NULL, *body = sample_body(context, 5, "okot", "case", key, NULL,
					json_pack("{s:s}", "alias", "Swallow"), over_one("alias", original));

	json_object_set_new(body, "restate", json_true());
	json_object_set_new(body, "from",
		json_pack("[{s:s, s:s, s:s}]", "event", original, "by", "akello", "at",
			"2026-11-18T10:00:00Z"));
	again = sample_json(context, GULU, 'o', 5, body);
	edit = sample_event(context, GULU, 'o', 6, "case", key, NULL, json_pack("{s:s}", "alias", "Heron"),
		over_one("alias", original));

	sample_take(with, made);
	sample_take(with, again);
	sample_take(without, again);
	assert_string_equal(sample_text(context, with, "SELECT author || created FROM case_"),
		"akello2026-11-18T11:07:40Z");
	assert_string_equal(sample_text(context, without, "SELECT alias FROM case_"), "Swallow");
	assert_string_equal(sample_text(context, without, "SELECT author || created FROM case_"),
		"akello2026-11-18T10:00:00Z");
	/* Whoever replaces the original replaces what stands for it. */
	sample_take(with, edit);
	sample_take(without, edit);
	assert_string_equal(sample_text(context, with, "SELECT alias || conflicts FROM case_"), "Heron0");
	assert_string_equal(sample_text(context, without, "SELECT alias || conflicts FROM case_"), "Heron0");
	/* And whoever replaces the restatement replaces the original. */
	edit = sample_event(context, GULU, 'o', 7, "case", key, NULL, json_pack("{s:s}", "alias", "Ibis"),
		json_pack("{s:[s,s]}", "alias", sample_identity(context, again),
			sample_identity(context, edit)));
	sample_take(with, edit);
	sample_take(without, edit);
	assert_string_equal(sample_text(context, with, "SELECT alias || conflicts FROM case_"), "Ibis0");
	assert_string_equal(sample_text(context, without, "SELECT alias || conflicts FROM case_"), "Ibis0");
	assert_null(casefile_history(without, "case", key, &history));
	assert_string_equal(json_text_or(json_array_get(history, 2), "by", ""), "akello");
	json_decref(history);
}

static void an_abandoned_batch_leaves_nothing(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = new_file(context);
	struct position position = {.epoch = 1, .seq = 3, .log = GULU, .commit = "abc"};
	struct said *said = sample_event(context, GULU, 'o', 1, "case", sample_key(context, GULU, 1), NULL,
		json_pack("{s:s}", "alias", "x"), NULL);
	uint8_t before[32], after[32];
	enum taken taken;

	assert_null(casefile_digest(file, before));
	assert_null(casefile_begin(file));
	assert_null(casefile_take(file, said->event, &said->origin, &taken));
	assert_null(casefile_set_position(file, &position));
	casefile_abandon(file);
	assert_null(casefile_digest(file, after));
	assert_memory_equal(before, after, 32);
	assert_null(casefile_position(file, GULU, 1, &position));
	assert_int_equal(position.seq, 0);
	assert_int_equal(sample_take(file, said), TAKEN_NEW);
}

static void saved_and_loaded_it_is_the_same_and_takes_more(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = new_file(context), *again;
	struct position position = {.epoch = 1, .seq = 3, .log = GULU, .commit = "abc"};
	struct bytes image;
	uint8_t before[32], after[32];

	sample_take(file, sample_event(context, GULU, 'o', 1, "case", sample_key(context, GULU, 1), NULL,
				  json_pack("{s:s}", "alias", "Swallow"), NULL));
	assert_null(casefile_begin(file));
	assert_null(casefile_set_position(file, &position));
	assert_null(casefile_end(file));
	assert_null(casefile_digest(file, before));
	assert_null(casefile_image(file, &image));
	assert_null(sample_load(context, GULU, image, &again));
	assert_null(casefile_digest(again, after));
	assert_memory_equal(before, after, 32);
	assert_null(casefile_position(again, GULU, 1, &position));
	assert_int_equal(position.seq, 3);
	assert_string_equal(position.commit, "abc");
	for (int i = 0; i < 500; i++)
		sample_take(again,
			sample_event(context, GULU, 'o', 10 + i, "case", sample_key(context, GULU, 10 + i),
				NULL, json_pack("{s:s}", "alias", "Heron"), NULL));
	assert_int_equal(sample_number(again, "SELECT count(*) FROM case_"), 501);
	assert_string_equal(sample_text(context, again, "PRAGMA journal_mode"), "memory");
	assert_string_equal(sample_text(context, again, "PRAGMA integrity_check"), "ok");
	assert_int_equal(sample_load(context, MBALE, image, &again)->code, ERROR_CONFIG);
	assert_non_null(sample_load(context, GULU, (struct bytes){image.data, 100}, &again));
	assert_non_null(sample_load(context, GULU, (struct bytes){image.data, 0}, &again));
}

/* How many files this process has open: journals and temporary files would be among them, even when they have
 * no name. */
static int open_files(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

static void check_no_file(void *context, struct casefile *file, int from)
{
	int before = open_files();

	assert_null(casefile_begin(file));
	for (int i = from; i < from + 1000; i++) {
		struct said *said = sample_event(context, GULU, 'o', i, "case", sample_key(context, GULU, i),
			NULL, json_pack("{s:s}", "alias", "Heron"), NULL);
		enum taken taken;

		assert_null(casefile_take(file, said->event, &said->origin, &taken));
		assert_int_equal(open_files(), before);
	}
	assert_null(casefile_end(file));
	assert_string_equal(sample_text(context, file,
				    "SELECT alias FROM case_ ORDER BY summary, alias LIMIT 1 OFFSET 900"),
		"Heron");
	assert_int_equal(open_files(), before);
}

static void plaintext_is_in_no_file(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = new_file(context), *again;
	struct bytes image;

	check_no_file(context, file, 1);
	assert_null(casefile_image(file, &image));
	assert_null(sample_load(context, GULU, image, &again));
	check_no_file(context, again, 2000);
}

static void the_saved_file_reads_with_plain_sqlite3(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct casefile *file = new_file(context);
	struct bytes image;
	char folder[] = "/tmp/engabo-test-XXXXXX", line[200] = "";
	FILE *out, *pipe;

	sample_take(file, sample_event(context, GULU, 'o', 1, "case", sample_key(context, GULU, 1), NULL,
				  json_pack("{s:s, s:s}", "alias", "Swallow", "risk", "high"), NULL));
	assert_null(casefile_image(file, &image));
	assert_non_null(mkdtemp(folder));
	out = fopen(memory_format(context, "%s/cases.db", folder), "w");
	assert_non_null(out);
	assert_int_equal(fwrite(image.data, 1, image.len, out), image.len);
	fclose(out);
	pipe = popen(memory_format(context, "sqlite3 %s/cases.db 'SELECT alias, risk FROM case_'; rm -r %s",
			     folder, folder),
		"r");
	assert_non_null(pipe);
	assert_non_null(fgets(line, sizeof line, pipe));
	pclose(pipe);
	assert_string_equal(line, "Swallow|high\n");
}

/* Everything at once: three hubs, held, refused, doubled, conflicting, restated, signed and forged. */
struct story {
	struct said **said;
	size_t count;
};

static void tell(struct story *story, const void *context, struct said *said)
{
	story->said = memory_resize(context, story->said, struct said *, story->count + 1);
	story->said[story->count++] = said;
}

static const char *const risks[] = {"low", "medium", "high", "emergency"};

static const char *some_log(void)
{
	static const char *const logs[] = {GULU, MBALE, KAMPALA};

	return logs[rand() % 3];
}

static void tell_cases(struct story *story, const void *context)
{
	const char *keys[4];

	for (int i = 0; i < 4; i++)
		keys[i] = sample_key(context, i % 2 ? MBALE : GULU, i);
	for (int i = 0; i < 40; i++) {
		const struct said *seen = story->count ? story->said[(size_t)rand() % story->count] : NULL;
		const char *key = keys[rand() % 4];
		json_t *over = NULL, *body;

		if (seen && rand() % 3)
			over = over_one("risk", sample_identity(context, seen));
		body = sample_body(context, 100 + rand() % 50, "okot", "case", key, NULL,
			json_pack("{s:s, s:s}", "risk", risks[rand() % 4], "alias", risks[rand() % 4]), over);
		if (over && rand() % 4 == 0) {
			json_object_set_new(body, "restate", json_true());
			json_object_set_new(body, "from",
				json_pack("[{s:s, s:s, s:s}]", "event", sample_identity(context, seen), "by",
					"x", "at", "2026-11-18T10:00:00Z"));
		}
		tell(story, context, sample_json(context, some_log(), 'o', 1 + rand() % 9, body));
	}
}

static void tell_children(struct story *story, const void *context)
{
	for (int i = 0; i < 40; i++) {
		const char *key = sample_key(context, some_log(), 20 + rand() % 4);
		const char *case_key = sample_key(context, some_log(), rand() % 2);
		json_t *body = sample_body(context, 200 + rand() % 60, "okot", rand() % 2 ? "action" : "note",
			key, rand() % 8 ? case_key : NULL,
			json_pack("{s:s}", rand() % 2 ? "what" : "text", risks[rand() % 4]), NULL);

		if (rand() % 6 == 0) {
			json_object_set_new(body, "restate", json_true());
			json_object_set_new(body, "from", json_array());
		}
		tell(story, context, sample_json(context, some_log(), 'o', 1 + rand() % 9, body));
	}
}

static void tell_reports(
	struct story *story, const void *context, const struct secret *seed, const char *mailbox)
{
	for (int i = 0; i < 3; i++) {
		const char *report = sample_key(context, i ? GULU : MBALE, 40 + i);

		tell(story, context,
			sample_event(context, i ? GULU : MBALE, 'i', 300 + i, "report", report, NULL,
				json_pack("{s:s, s:s, s:s}", "what", "word", "danger", "yes", "mailbox",
					mailbox),
				NULL));
		tell(story, context,
			sample_event(context, i ? GULU : MBALE, 'i', 310 + i, "report", report, NULL,
				json_pack("{s:s}", "what", "again"), NULL));
		tell(story, context,
			sample_event(context, KAMPALA, 'o', 320 + i, "report", report, NULL,
				json_pack("{s:s}", "state", "opened"), NULL));
		tell(story, context,
			sample_event(context, MBALE, 'i', 330 + i, "report", report, NULL,
				json_pack("{s:s}", "state", "closed"), NULL));
		for (int j = 0; j < 4; j++) {
			const char *key = sample_key(context, some_log(), 50 + 4 * i + j);
			const char *text = memory_format(context, "%s %s %s", key, report, "help");
			uint8_t raw[SSHSIG_RAW_LEN];
			char log[LOG_ID_SIZE];

			ids_key_log(log, key);
			sshsig_sign_raw(raw, seed, "engabo-message",
				(struct bytes){(const uint8_t *)text, strlen(text)});
			tell(story, context,
				sample_event(context, log, 'i', 340 + 4 * i + j, "message", key, NULL,
					json_pack("{s:s, s:s, s:s, s:s}", "report", report, "from",
						"reporter", "text", j ? "help" : "forged", "signature",
						encoding_base64(context, BYTES_OF(raw))),
					NULL));
		}
	}
	tell(story, context,
		sample_event(context, GULU, 'o', 400, "user", sample_key(context, GULU, 60), NULL,
			json_pack("{s:s}", "name", "akello"), NULL));
	tell(story, context,
		sample_event(context, MBALE, 'o', 401, "user", sample_key(context, GULU, 60), NULL,
			json_pack("{s:s}", "role", "coordinator"), NULL));
	tell(story, context,
		sample_event(context, GULU, 'o', 402, "sighting", sample_key(context, GULU, 61), NULL,
			json_pack("{s:s}", "name", "later"), NULL));
}

/* Takes the story in some order, some events more than once, some by another commit, in batches of any size.
 */
static void take_shuffled(const struct story *story, uint8_t digest[static 32])
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	size_t count = story->count * 3 / 2, *order = memory_array(context, size_t, count);
	struct casefile *file = new_file(context);

	for (size_t i = 0; i < count; i++)
		order[i] = i < story->count ? i : (size_t)rand() % story->count;
	for (size_t i = count; i > 1; i--) {
		size_t j = (size_t)rand() % i, swap = order[i - 1];

		order[i - 1] = order[j];
		order[j] = swap;
	}
	assert_null(casefile_begin(file));
	for (size_t i = 0; i < count; i++) {
		const struct said *said = story->said[order[i]];
		enum taken taken;

		assert_null(casefile_take(file, said->event, &said->origin, &taken));
		if (rand() % 12 == 0) {
			assert_null(casefile_end(file));
			assert_null(casefile_begin(file));
		}
	}
	assert_null(casefile_end(file));
	assert_null(casefile_digest(file, digest));
}

/* In full (make soak) a thousand; else a third of them. */
static int rounds(void)
{
	if (getenv("ENGABO_UNDER_VALGRIND"))
		return 1;
	return getenv("ENGABO_FULL") ? 20 : 7;
}

static void any_order_gives_one_case_file(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	unsigned seed = getenv("SEED") ? (unsigned)atol(getenv("SEED")) : (unsigned)time(NULL);
	struct signer signer;
	struct secret *key CLEANUP(secret_free) = sshsig_seed_new(&signer);
	const char *mailbox =
		memory_format(context, "%032d %s age1none", 1, sshsig_public_text(context, &signer));
	uint8_t first[32], next[32];

	print_message("# SEED=%u\n", seed);
	srand(seed);
	for (int round = 0; round < rounds(); round++) {
		struct story story = {0};

		tell_cases(&story, context);
		tell_children(&story, context);
		tell_reports(&story, context, key, mailbox);
		take_shuffled(&story, first);
		for (int i = 0; i < 50; i++) {
			take_shuffled(&story, next);
			assert_memory_equal(first, next, 32);
		}
	}
}

static int start(void **state)
{
	secret_start();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_report_becomes_a_row_with_a_column_per_field),
		cmocka_unit_test(two_edits_unseen_by_each_other_are_a_conflict_until_somebody_settles_it),
		cmocka_unit_test(what_lacks_something_waits_and_counts_when_that_arrives),
		cmocka_unit_test(what_oversteps_is_kept_with_the_reason_and_not_applied),
		cmocka_unit_test(what_this_version_does_not_know_is_kept),
		cmocka_unit_test(two_things_under_one_identity_are_both_kept_and_one_counts),
		cmocka_unit_test(an_event_of_an_office_is_not_pushed_aside_by_intake),
		cmocka_unit_test(
			a_restatement_is_passed_over_where_the_originals_are_and_stands_in_where_they_are_not),
		cmocka_unit_test(an_abandoned_batch_leaves_nothing),
		cmocka_unit_test(saved_and_loaded_it_is_the_same_and_takes_more),
		cmocka_unit_test(plaintext_is_in_no_file),
		cmocka_unit_test(the_saved_file_reads_with_plain_sqlite3),
		cmocka_unit_test(any_order_gives_one_case_file),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start, NULL);
}
