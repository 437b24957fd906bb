/* One report: reading it, answering whoever sent it, closing it. Opening a case from it is record.c's, what
 * was said to and fro talk.c's.
 *
 * "Opened is an event": the first time somebody here looks, that is said to every hub that holds the report
 * and to the reporter's mailbox, and only what is opened lets the flag of an urgent report down. */
#include "web/office/pages.h"

#include <string.h>

#include "node/base/clock.h"
#include "node/base/text.h"
#include "node/casework/lists.h"
#include "web/office/fields.h"
#include "web/office/show.h"
#include "web/office/state.h"
#include "web/office/told.h"
#include "web/office/traces.h"

static const char facts[] = "what when precision district place who by needs danger contact consent language "
			    "how reason opened_at opened_by";

const struct error *report_find(struct visit *visit, const char *key, json_t **out)
{
	if (!ids_is_key(key))
		return error_new(ERROR_NOT_FOUND, "there is no such report here");
	TRY(casefile_get(visit->office->file, "report", key, out));
	return traces_read(visit->office, visit->person.name, "report", key, "");
}

static const struct error *mark_opened(struct visit *visit, const json_t *report)
{
	const char *key = json_text_or(report, "key", "");
	struct batch *batch = visit_batch(visit);
	char at[TEXT_TIME_SIZE];

	text_time(at, clock_wall_seconds());
	TRY(batch_event(batch, "report", key, "",
		json_pack(
			"{ss, ss, ss}", "state", "opened", "opened_at", at, "opened_by", visit->person.name),
		NULL));
	TRY(talk_tell_state(batch, report, "opened"));
	return batch_commit(batch);
}

/* Two hubs that open a report at once disagree on who was first; that is nothing for people to settle. */
static const struct error *settle_opening(struct visit *visit, const json_t *report)
{
	static const char *const fields[] = {"opened_at", "opened_by"};
	const json_t *conflicts = json_object_get(report, "conflicts"), *conflict;
	json_t *set = json_object();
	struct batch *batch;
	size_t i;

	json_array_foreach (conflicts, i, conflict)
		for (size_t f = 0; f < 2; f++)
			if (strcmp(json_text_or(conflict, "field", ""), fields[f]) == 0)
				json_object_set(set, fields[f], json_object_get(report, fields[f]));
	if (!json_object_size(set)) {
		json_decref(set);
		return NULL;
	}
	batch = visit_batch(visit);
	TRY(batch_event(batch, "report", json_text_or(report, "key", ""), "", set, NULL));
	return batch_commit(batch);
}

static bool is_waiting(const json_t *report)
{
	const char *state = json_text_or(report, "state", "new");

	return strcmp(state, "new") == 0 || strcmp(state, "opened") == 0;
}

static const struct error *add_case(struct visit *visit, const json_t *report)
{
	const char *key = json_text_or(report, "case", "");
	json_t *found CLEANUP(json_decref) = NULL;

	if (*key && !casefile_get(visit->office->file, "case", key, &found))
		visit_set(visit, "case",
			json_pack("{ss, ss, sb}", "key", key, "ref", json_text_or(found, "ref", key),
				"is_added", strcmp(key, json_text_or(report, "key", "")) != 0));
	return NULL;
}

/* When the clock of a report that waits runs out: the case file works that out. */
static const struct error *due_of(struct visit *visit, const char *key, json_t **out)
{
	struct query query CLEANUP(db_finish) = {0};
	bool row;

	TRY(db_prepare(casefile_db(visit->office->file), &query, "SELECT due FROM report WHERE key = ?"));
	db_bind_text(&query, 1, key);
	TRY(db_step(&query, &row));
	*out = row ? show_due(visit, db_text(&query, 0)) : json_null();
	return NULL;
}

/* The page as the report stands now; what was typed into one of its forms stays. */
static const struct error *show(struct visit *visit, const char *key)
{
	const struct entity *entity = schema_entity("report");
	json_t *report CLEANUP(json_decref) = NULL, *clock = NULL;
	const char *state, *seen, *home, *way;
	struct asking asking = {"report", key, NULL, NULL};

	TRY(report_find(visit, key, &report));
	state = json_text_or(report, "state", "new");
	home = json_text_or(report, "home", "");
	TRY(settle_show(visit, "report", report, ""));
	TRY(fields_heads(visit, &asking, "state", &seen));
	TRY(talk_show(visit, report));
	TRY(add_case(visit, report));
	visit_text(visit, "key", key);
	visit_text(visit, "seen_state", seen);
	visit_set(visit, "facts", show_fields(visit, entity, report, facts));
	visit_set(visit, "is_urgent", json_boolean(strcmp(json_text_or(report, "danger", ""), "yes") == 0));
	visit_text(visit, "state_label", show_choice(visit, state));
	visit_text(visit, "state_class", show_tag(state));
	visit_set(visit, "waits", json_boolean(is_waiting(report)));
	if (is_waiting(report)) {
		TRY(due_of(visit, key, &clock));
		visit_set(visit, "clock", clock);
	}
	visit_text(visit, "created_at", show_time(visit, json_text_or(report, "created", "")));
	visit_text(visit, "hub_name", office_hub_name(visit->office, home));
	TRY(told_line(visit, "report", key, key, &way));
	visit_text(visit, "way", way);
	TRY(show_readers(visit, key, false));
	visit_text(visit, "reason", visit_field(visit, "reason"));
	visit_text(visit, "ref", visit_field(visit, "ref"));
	visit_text(visit, "answer", visit_field(visit, "text"));
	visit_text(visit, "words", visit_field(visit, "words"));
	visit_text(visit, "back", "/reports");
	return visit_show(visit, "office-report", "Report");
}

const struct error *report_page(struct visit *visit)
{
	json_t *report CLEANUP(json_decref) = NULL;
	const struct error *error;

	TRY(report_find(visit, visit->parts[0], &report));
	if (strcmp(json_text_or(report, "state", "new"), "new") == 0)
		error = mark_opened(visit, report);
	else
		error = settle_opening(visit, report);
	if (error) /* a full card keeps nobody from reading */
		office_trouble(visit->office, visit->office->trust.self.log, error->message);
	told_open(visit, "report", visit->parts[0]);
	return show(visit, visit->parts[0]);
}

/* What the form posts as `name`, as the text of a message; NULL with a problem. The caller's. */
static json_t *message_text(struct visit *visit, const struct asked *asked)
{
	struct field field = *schema_field(schema_entity("message"), "text");

	field.name = asked->name;
	return fields_value(visit, &field, asked, NULL);
}

const struct error *report_close(struct visit *visit)
{
	static const struct asked asked = {.name = "reason", .label = SAY("Reason"), .is_required = true};
	static const struct asked words_asked = {.name = "words", .label = SAY("Words for the reporter")};
	struct asking asking = {"report", visit->parts[0], NULL, NULL};
	json_t *report CLEANUP(json_decref) = NULL, *reason CLEANUP(json_decref) = NULL,
		       *over CLEANUP(json_decref) = NULL, *words CLEANUP(json_decref) = NULL;
	struct batch *batch = visit_batch(visit);
	bool is_closed;

	TRY(report_find(visit, visit->parts[0], &report));
	TRY(talk_is_closed(visit, visit->parts[0], &is_closed));
	reason = fields_value(visit, schema_field(schema_entity("report"), "reason"), &asked, NULL);
	words = message_text(visit, &words_asked);
	TRY(fields_seen(visit, &asking, "state", &over));
	if (!is_waiting(report)) {
		visit->request->status = 409;
		visit_problem(
			visit, "", SAY("This report does not wait any more; what became of it stands below"));
	}
	if (visit_has_problems(visit))
		return show(visit, visit->parts[0]);
	TRY(batch_event(batch, "report", visit->parts[0], "",
		json_pack("{ss, sO}", "state", "closed", "reason", reason), NULL));
	TRY(talk_tell_state(batch, report, "closed"));
	if (json_string_length(words) && !is_closed)
		TRY(talk_say(batch, report, json_string_value(words), false));
	TRY(batch_commit(batch));
	return visit_go(visit, "/reports", SAY("The report is closed."));
}

/* To a case that there is already: somebody tells more of it, or somebody else tells the same. */
const struct error *report_add(struct visit *visit)
{
	struct asking asking = {"report", visit->parts[0], NULL, NULL};
	json_t *report CLEANUP(json_decref) = NULL, *over CLEANUP(json_decref) = NULL,
		       *target CLEANUP(json_decref) = NULL;
	struct batch *batch = visit_batch(visit);

	TRY(report_find(visit, visit->parts[0], &report));
	TRY(fields_seen(visit, &asking, "state", &over));
	if (is_waiting(report)) {
		TRY(state_find_target(visit, "ref", "", &target));
	} else {
		visit->request->status = 409;
		visit_problem(
			visit, "", SAY("This report does not wait any more; what became of it stands below"));
	}
	if (visit_has_problems(visit))
		return show(visit, visit->parts[0]);
	TRY(batch_event(batch, "report", visit->parts[0], "",
		json_pack("{ss, ss}", "state", "added", "case", json_text_or(target, "key", "")), NULL));
	TRY(talk_tell_state(batch, report, "added"));
	TRY(batch_commit(batch));
	return visit_go(visit, visit_path(visit, "/cases/%s", json_text_or(target, "key", "")),
		SAY("The report is added to this case."));
}

const struct error *report_answer(struct visit *visit)
{
	static const struct asked asked = {.name = "text", .label = SAY("Answer"), .is_required = true};
	json_t *report CLEANUP(json_decref) = NULL, *text CLEANUP(json_decref) = NULL;
	bool is_question = strcmp(visit_field(visit, "kind"), "question") == 0, is_closed;
	struct batch *batch = visit_batch(visit);

	TRY(report_find(visit, visit->parts[0], &report));
	TRY(talk_is_closed(visit, visit->parts[0], &is_closed));
	text = message_text(visit, &asked);
	if (is_closed) {
		visit->request->status = 409;
		visit_problem(visit, "",
			SAY("The mailbox of this report was closed meanwhile: nobody would read an answer"));
	}
	if (visit_has_problems(visit))
		return show(visit, visit->parts[0]);
	TRY(talk_say(batch, report, json_string_value(text), is_question));
	TRY(batch_commit(batch));
	return visit_go(visit, visit_path(visit, "/reports/%s", visit->parts[0]),
		is_question ? SAY("The question is on its way to the reporter's mailbox.")
			    : SAY("The answer is on its way to the reporter's mailbox."));
}
