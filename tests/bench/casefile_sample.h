/* A hub after some years: cases with all that belongs to them, for bench_casefile and bench_office. Twenty
 * events a case. Every fifth case is open; of the others most have nothing open in them, but some do, and
 * plans that rest.
 */
#ifndef ENGABO_BENCH_CASEFILE_SAMPLE_H
#define ENGABO_BENCH_CASEFILE_SAMPLE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/text.h"
#include "node/casework/casefile.h"
#include "node/casework/message.h"
#include "node/casework/trail.h"
#include "node/vault/mailbox.h"

#define HEADQUARTERS "ka00000000000000"
#define TODAY INT64_C(1795478400) /* 2026-11-24 */
#define FIRST INT64_C(1700000000)
#define PROVIDERS 60

static const char *const words[] = {"market", "police", "threat", "meeting", "lawyer", "village", "phone",
	"arrest", "land", "radio", "office", "night", "family", "teacher", "church", "road", "water",
	"school", "letter", "camera"};
static const char *const officers[] = {"akello", "okot", "auma", "odong", "namata"};

struct sample {
	struct casefile *file;
	char log[LOG_ID_SIZE]; /* of the hub that all of it is about */
	struct mailbox *mailbox;
	const char *mailbox_text;
	char (*cases)[ENTITY_KEY_SIZE]; /* a report has the key of its case */
	char providers[PROVIDERS][ENTITY_KEY_SIZE];
	struct trail_end trail;
	char last_id[ULID_SIZE];
	int count, events;
	unsigned random;
};

static void must(const struct error *error)
{
	if (!error)
		return;
	fprintf(stderr, "%s\n", error->message);
	exit(1);
}

static unsigned draw(struct sample *sample, unsigned below)
{
	sample->random = sample->random * 1664525u + 1013904223u;
	return (sample->random >> 8) % below;
}

static const char *prose(struct sample *sample, const void *context, int count)
{
	struct buffer *text = buffer_new(context);

	for (int i = 0; i < count; i++)
		buffer_format(text, "%s%s", i ? " " : "",
			draw(sample, 8) ? words[draw(sample, 20)]
					: memory_format(context, "%u%s", draw(sample, 5000),
						  words[draw(sample, 20)]));
	return (const char *)text->data;
}

static const char *day(const void *context, int64_t days)
{
	char time[TEXT_TIME_SIZE];

	text_time(time, TODAY + days * 86400);
	time[10] = '\0';
	return memory_string(context, time);
}

static void new_key(struct sample *sample, char out[static ENTITY_KEY_SIZE])
{
	char ulid[ULID_SIZE];

	ids_ulid_new(ulid, (uint64_t)(FIRST + sample->events * 400) * 1000);
	ids_key_make(out, sample->log, ulid);
}

/* Takes `set` over. `over`: a field whose value of the event before is replaced. */
static void say_as(struct sample *sample, const void *context, const char *log, char kind, const char *entity,
	const char *key, const char *case_key, json_t *set, const char *over)
{
	struct event_origin origin = {.epoch = 1, .seq = 1, .kind = kind, .roster_version = 1};
	int64_t at = FIRST + sample->events * 400;
	char time[TEXT_TIME_SIZE], id[ULID_SIZE];
	json_t *json CLEANUP(json_decref) = NULL;
	struct event *event;
	enum taken taken;

	memcpy(origin.log, log, LOG_ID_SIZE);
	origin.is_headquarters = strcmp(log, HEADQUARTERS) == 0;
	text_time(time, at);
	ids_ulid_new(id, (uint64_t)at * 1000);
	json = json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:[s, s]}", "v", 1, "id", id, "hlc",
		memory_format(context, "%016llx", (unsigned long long)at * 1000 << 16), "at", time, "clock",
		"sure", "by", kind == 'i' ? "" : officers[sample->events % 5], "entity", entity, "key", key,
		"set", set, "to", sample->log, "hq");
	if (case_key)
		json_object_set_new(json, "case", json_string(case_key));
	if (over)
		json_object_set_new(json, "over",
			json_pack("{s:[s]}", over,
				memory_format(context, "%s/%s", sample->log, sample->last_id)));
	must(event_parse(context, json_line(context, json), &event));
	must(casefile_take(sample->file, event, &origin, &taken));
	if (taken == TAKEN_REFUSED)
		must(error_new(ERROR_INVALID, "an event of the sample was refused: %s", event->line.data));
	if (strcmp(entity, "audit") == 0)
		trail_hash(sample->trail.hash, event->line);
	memcpy(sample->last_id, id, sizeof id);
	sample->events++;
}

static void part(
	struct sample *sample, const void *context, const char *entity, const char *case_key, json_t *set)
{
	char key[ENTITY_KEY_SIZE];

	new_key(sample, key);
	say_as(sample, context, sample->log, 'o', entity, key, case_key, set, NULL);
}

static void tell(struct sample *sample, const void *context, const char *report, bool is_reporter)
{
	json_t *set = json_pack("{ss, ss, ss}", "report", report, "from", is_reporter ? "reporter" : "office",
		"text", prose(sample, context, 12));
	char key[ENTITY_KEY_SIZE];

	new_key(sample, key);
	if (is_reporter)
		message_sign(set, key, sample->mailbox->seed);
	say_as(sample, context, sample->log, is_reporter ? 'i' : 'o', "message", key, NULL, set, NULL);
}

static void audit(struct sample *sample, const void *context, const char *what, const char *record)
{
	char time[TEXT_TIME_SIZE];

	text_time(time, FIRST + sample->events * 400);
	part(sample, context, "audit", NULL,
		json_pack("{ss, ss, ss, ss, ss, ss, sI}", "what", what, "who", officers[draw(sample, 5)],
			"on", "GUL-XXXXX", "record", record, "at", time, "prev", sample->trail.hash, "n",
			(json_int_t)++sample->trail.n));
}

static void refer(struct sample *sample, const void *context, const char *case_key, int number)
{
	json_t *set = json_pack("{ss, ss, ss, ss, ss, ss, ss, ss, ss}", "provider",
		sample->providers[number % PROVIDERS], "hub", sample->log, "service",
		number % 2 ? "legal" : "medical", "urgency", "normal", "state", "sent", "reason",
		prose(sample, context, 15), "sent_at", "2026-10-01T08:00:00Z", "ref", "GUL-XXXXX", "summary",
		prose(sample, context, 30));
	char key[ENTITY_KEY_SIZE];

	new_key(sample, key);
	say_as(sample, context, sample->log, 'o', "referral", key, case_key, set, NULL);
	part(sample, context, "reply", NULL,
		json_pack("{ss, ss, ss, ss}", "referral", key, "kind", "accepted", "text",
			prose(sample, context, 6), "next", day(context, (int64_t)draw(sample, 90) - 30)));
}

/* The things to do of a case. */
static void add_tasks(struct sample *sample, const void *context, const char *key, bool is_open, bool is_left)
{
	for (int i = 0; i < 3; i++) {
		bool owed = (is_open || is_left) && i == 2;
		const char *due = day(context, (int64_t)draw(sample, 90) - 30 - (is_open ? 0 : 400));

		part(sample, context, "action", key,
			json_pack("{ss, ss, ss, ss}", "what", prose(sample, context, 8), "who",
				officers[draw(sample, 5)], "due", due, "state", owed ? "open" : "done"));
		part(sample, context, "followup", key,
			json_pack("{ss, ss, ss, ss, ss}", "due", due, "how", "call", "made", owed ? "" : due,
				"owner", i ? "" : officers[draw(sample, 5)], "text",
				prose(sample, context, 15)));
	}
}

static void add_case(struct sample *sample, int number)
{
	static const char *const risks[] = {"low", "medium", "high", "emergency"};
	void *context CLEANUP(memory_free) = memory_context(NULL);
	bool is_open = number % 5 == 0, is_fresh = number % 50 == 0;
	char *key = sample->cases[number];

	new_key(sample, key);
	say_as(sample, context, sample->log, 'i', "report", key, NULL,
		json_pack("{ss, ss, ss, ss, ss}", "what", prose(sample, context, 60), "place", "Pece",
			"danger", number % 3 ? "no" : "yes", "district", "UG-304", "mailbox",
			sample->mailbox_text),
		NULL);
	say_as(sample, context, sample->log, 'o', "report", key, NULL,
		json_pack("{ss, ss}", "state",
			is_fresh  ? "opened"
			: is_open ? "added"
				  : "closed",
			"opened_by", "akello"),
		NULL);
	say_as(sample, context, sample->log, 'o', "case", key, NULL,
		json_pack("{ss, ss, ss, ss, ss, ss, ss, ss, ss}", "ref",
			memory_format(context, "GUL-%05d", number), "alias",
			memory_format(context, "%s %d", words[number % 20], number), "summary",
			prose(sample, context, 60), "risk", risks[number % 4], "state",
			is_open ? "open" : "closed", "officer", number % 60 ? officers[number / 5 % 5] : "",
			"team", number % 20 == 10 ? "north" : "", "restricted", number % 45 ? "" : "yes",
			"review", day(context, (int64_t)draw(sample, 120) - 30)),
		NULL);
	if (number % 500)
		say_as(sample, context, sample->log, 'o', "case", key, NULL,
			json_pack("{ss}", "risk", risks[(number + 1) % 4]), "risk");
	else /* two hubs disagree */
		say_as(sample, context, HEADQUARTERS, 'o', "case", key, NULL,
			json_pack("{ss}", "risk", risks[(number + 1) % 4]), NULL);
	add_tasks(sample, context, key, is_open, number % 11 == 0);
	part(sample, context, "plan", key,
		json_pack("{ss, ss, ss}", "at_risk", "defender", "measures", prose(sample, context, 40),
			"review", day(context, (int64_t)draw(sample, 120) - 30)));
	part(sample, context, "incident", key,
		json_pack("{ss, ss}", "when", day(context, -50), "text", prose(sample, context, 40)));
	part(sample, context, "consent", key,
		json_pack("{ss, ss, ss}", "purpose", "legal help", "how", "spoken", "given",
			day(context, -40)));
	part(sample, context, "person", key,
		json_pack("{ss, ss}", "part", "defender", "names", prose(sample, context, 2)));
	part(sample, context, "note", key, json_pack("{ss}", "text", prose(sample, context, 30)));
	part(sample, context, "note", key, json_pack("{ss}", "text", prose(sample, context, 30)));
	tell(sample, context, key, true);
	if (number % 10)
		tell(sample, context, key, false);
	audit(sample, context, "looked at", key);
	if (number % 2)
		refer(sample, context, key, number);
}

static void add_others(struct sample *sample)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);

	for (int i = 0; i < PROVIDERS; i++) {
		new_key(sample, sample->providers[i]);
		say_as(sample, context, sample->log, 'o', "provider", sample->providers[i], NULL,
			json_pack("{ss, s[s], ss}", "name", prose(sample, context, 2), "services", "legal",
				"state", "active"),
			NULL);
	}
	for (int i = 0; i < 100; i++) { /* what nobody has looked at yet */
		char key[ENTITY_KEY_SIZE];

		new_key(sample, key);
		say_as(sample, context, sample->log, 'i', "report", key, NULL,
			json_pack("{ss, ss}", "what", prose(sample, context, 60), "danger",
				i % 4 ? "no" : "yes"),
			NULL);
	}
}

/* `count` cases, twenty events each, into the case file of the hub `log`. */
static struct sample *sample_fill(struct casefile *file, const char *log, int count)
{
	struct sample *sample = memory_new(NULL, struct sample);
	struct secret *seed = secret_random(MAILBOX_SEED_LEN);
	char recipient[AGE_RECIPIENT_SIZE];

	sample->file = file;
	snprintf(sample->log, sizeof sample->log, "%s", log);
	must(trail_end(casefile_db(file), &sample->trail));
	sample->count = count;
	sample->cases = (char(*)[ENTITY_KEY_SIZE])memory_array(sample, char, (size_t)count *ENTITY_KEY_SIZE);
	sample->random = 1;
	sample->mailbox = mailbox_of_seed(seed);
	secret_free(seed);
	age_recipient_text(recipient, &sample->mailbox->recipient);
	sample->mailbox_text = memory_format(sample, "%s %s %s", sample->mailbox->id,
		sshsig_public_text(sample, &sample->mailbox->signer), recipient);
	must(casefile_begin(sample->file));
	add_others(sample);
	for (int i = 0; i < count; i++) {
		add_case(sample, i);
		if (i % 50 == 49) {
			must(casefile_end(sample->file));
			must(casefile_begin(sample->file));
		}
	}
	must(casefile_end(sample->file));
	return sample;
}

#endif
