/* Practice (practice.h): the samples, and the page on which it begins and ends.
 *
 * "What is tried here never reaches the card or another hub": an office with is_practice seals and spools
 * nothing (write.c), and pages that are about the real hub are closed meanwhile (visit.c). Office role. */
#include "web/office/practice.h"

#include <stdlib.h>
#include <string.h>

#include "node/base/clock.h"
#include "node/base/embed.h"
#include "node/base/text.h"
#include "web/office/pages.h"
#include "web/office/visit.h"

EMBED(practice_json, "web/office/practice.json");

struct practice {
	struct casefile *file;
	size_t visits; /* that see it now, slow ones too */
	bool is_over;
};

static void free_unused(struct practice *practice)
{
	if (!practice->is_over || practice->visits)
		return;
	talloc_free(practice->file);
	memory_free(practice);
}

void practice_end(struct practice *practice)
{
	if (!practice)
		return;
	practice->is_over = true;
	free_unused(practice);
}

/* The office as pages see it while they practise: the same, but for the case file. */
static struct office *office_of(const struct visit *visit, struct casefile *file)
{
	struct office *office = memory_new(visit->context, struct office);

	*office = *visit->reception->office;
	office->file = file;
	office->is_practice = true;
	office->sync_db = NULL;
	office->traces = NULL; /* who looks at samples is nobody's business; a list that is not there takes
				  nothing */
	return office;
}

void practice_enter(struct visit *visit)
{
	visit->practice = visit->session->practice;
	if (!visit->practice)
		return;
	visit->practice->visits++;
	visit->office = office_of(visit, visit->practice->file);
}

void practice_leave(struct visit *visit)
{
	if (!visit->practice)
		return;
	visit->office = visit->reception->office;
	visit->practice->visits--;
	free_unused(visit->practice);
	visit->practice = NULL;
}

/* "@-2" is the day before yesterday. */
static json_t *value_of(const json_t *sample)
{
	const char *text = json_is_string(sample) ? json_string_value(sample) : "";
	char day[TEXT_TIME_SIZE];

	if (*text != '@')
		return json_deep_copy(sample);
	text_time(day, clock_wall_seconds() + strtol(text + 1, NULL, 10) * INT64_C(86400));
	day[sizeof "2026-11-23" - 1] = '\0';
	return json_string(day);
}

static const struct error *add_sample(struct batch *batch, const json_t *sample, json_t *keys)
{
	const char *in_case = json_text_or(keys, json_text_or(sample, "case", ""), "");
	json_t *set = json_object(), *value;
	char key[ENTITY_KEY_SIZE];
	const char *name;

	json_object_foreach (json_object_get(sample, "set"), name, value)
		json_object_set_new(set, name, value_of(value));
	write_key_new(key, batch_office(batch));
	json_object_set_new(keys, json_text_or(sample, "id", ""), json_string(key));
	return batch_event(batch, json_text_or(sample, "entity", ""), key, in_case, set, NULL);
}

static const struct error *add_samples(struct batch *batch)
{
	json_t *samples CLEANUP(json_decref) = json_loads(practice_json, 0, NULL), *sample;
	json_t *keys CLEANUP(json_decref) = json_object();
	size_t i;

	json_array_foreach (samples, i, sample)
		TRY(add_sample(batch, sample, keys));
	return batch_commit(batch);
}

static const struct error *start(struct visit *visit)
{
	struct casefile *file;
	const struct error *error;

	TRY(casefile_new(NULL, visit->reception->office->trust.self.log, &file));
	error = add_samples(batch_new(visit->context, office_of(visit, file), visit->person.name));
	if (error) {
		talloc_free(file);
		return error;
	}
	practice_end(visit->session->practice);
	visit->session->practice = memory_new(NULL, struct practice);
	visit->session->practice->file = file;
	return NULL;
}

const struct error *practice_page(struct visit *visit)
{
	visit_set(visit, "is_practising", json_boolean(visit->session->practice != NULL));
	return visit_show(visit, "office-practice", "Practice");
}

/* Forms that were shown before are of the other world from here on (session.h). */
const struct error *practice_change(struct visit *visit)
{
	bool is_over = strcmp(visit_field(visit, "what"), "leave") == 0, was_on = visit->session->practice;

	if (is_over) {
		practice_end(visit->session->practice);
		visit->session->practice = NULL;
	} else {
		TRY(start(visit));
	}
	if (was_on == is_over)
		session_turn(visit->session, !is_over);
	return visit_go(visit, "/",
		is_over ? SAY("Practice is over. Nothing of it was kept.")
			: SAY("Practice has begun: nothing here is real."));
}
