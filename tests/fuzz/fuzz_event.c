/* Events come from other hubs, one of which may be stolen. Each line is one: a letter says who carried it (G,
 * M, K: the offices of Gulu, Mbale and headquarters; g, m, k: their intake), the rest is the JSON. Whatever
 * comes, the case file takes it or sets it aside, its records can be shown, and the order in which the lines
 * come makes no difference. */
#include <assert.h>
#include <string.h>
#include <sys/prctl.h>

#include "node/casework/casefile.h"
#include "node/casework/lists.h"
#include "node/casework/schema.h"

#define EVENTS_MAX 16

struct said {
	struct event *event;
	struct event_origin origin;
};

static void must(const struct error *error)
{
	if (error)
		abort();
}

static bool origin_of(char who, int64_t seq, struct event_origin *out)
{
	static const char *const logs[] = {"ga00000000000000", "mba0000000000000", "ka00000000000000"};
	static const char letters[] = "GMKgmk";
	const char *at = who ? strchr(letters, who) : NULL;
	size_t place = at ? (size_t)(at - letters) : 0;

	if (!at)
		return false;
	*out = (struct event_origin){.epoch = 1,
		.seq = seq,
		.kind = place < 3 ? 'o' : 'i',
		.roster_version = 1,
		.is_headquarters = place % 3 == 2};
	memcpy(out->log, logs[place % 3], LOG_ID_SIZE);
	return true;
}

static size_t read_all(const void *context, const uint8_t *data, size_t size, struct said *out)
{
	const uint8_t *end = data + size;
	size_t count = 0;
	int64_t seq = 0;

	while (data < end && count < EVENTS_MAX) {
		const uint8_t *stop = memchr(data, '\n', (size_t)(end - data));

		stop = stop ? stop : end;
		if (stop > data && origin_of((char)*data, ++seq, &out[count].origin) &&
			!event_parse(context, (struct bytes){data + 1, (size_t)(stop - data - 1)},
				&out[count].event))
			count++;
		data = stop + 1;
	}
	return count;
}

static void take(struct casefile *file, const struct said *said)
{
	enum taken taken;

	must(casefile_begin(file));
	must(casefile_take(file, said->event, &said->origin, &taken));
	must(casefile_end(file));
}

/* Every record can be shown, and answered with an event that would replace what is shown. */
static void look(struct casefile *file, const struct event *event)
{
	json_t *now, *history, *over, *found;

	if (!casefile_get(file, event->entity, event->key, &now)) {
		must(casefile_history(file, event->entity, event->key, &history));
		json_decref(history);
		json_decref(now);
	}
	must(casefile_over(file, event->entity, event->key, event->set, &over));
	json_decref(over);
	must(lists_search(file, json_text_or(event->set, "what", "a"), 5, &found));
	json_decref(found);
}

/* Making a case file takes longer than filling it: two are made once and emptied each time. */
static struct casefile *there, *back;

static void empty(struct casefile *file)
{
	must(db_run(casefile_db(file),
		"BEGIN; DELETE FROM search; DELETE FROM conflict; DELETE FROM "
		"overstep; DELETE FROM waiting; DELETE FROM mailbox;"
		"DELETE FROM about; DELETE FROM event; DELETE FROM entity; DELETE "
		"FROM report; DELETE FROM case_; DELETE FROM action_;"
		"DELETE FROM followup_; DELETE FROM note_; DELETE FROM message; DELETE "
		"FROM user; DELETE FROM audit; COMMIT"));
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	secret_start();
	prctl(PR_SET_DUMPABLE, 1); /* so that the leak checker may look */
	must(casefile_new(NULL, "ga00000000000000", &there));
	must(casefile_new(NULL, "ga00000000000000", &back));
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct said *said = memory_array(context, struct said, EVENTS_MAX);
	size_t count = read_all(context, data, size, said);
	uint8_t one[32], other[32];

	if (!count)
		return 0;
	empty(there);
	empty(back);
	for (size_t i = 0; i < count; i++)
		take(there, &said[i]);
	for (size_t i = count; i-- > 0;)
		take(back, &said[i]);
	for (size_t i = 0; i < count; i++)
		look(there, said[i].event);
	must(casefile_digest(there, one));
	must(casefile_digest(back, other));
	assert(memcmp(one, other, sizeof one) == 0);
	return 0;
}
