/* A follow-up that nobody made by its day: why, and the day on which it will be. It stays on top of the list
 * of today until somebody says that, or makes it (parts.c). Office role. */
#include "web/office/pages.h"

#include <string.h>

#include "node/base/text.h"
#include "web/office/fields.h"
#include "web/office/show.h"

static const struct asked missed_asked[] = {
	{"missed", NULL, SAY("For instance: nobody could reach her, the road was closed."), true, false},
	{"due", SAY("New day"), NULL, true, false},
	{0},
};

static const struct error *find(struct visit *visit, json_t **in_case, json_t **record)
{
	TRY(case_find(visit, visit->parts[0], in_case));
	TRY(casefile_get(visit->office->file, "followup", visit->parts[1], record));
	if (strcmp(json_text_or(*record, "case", ""), json_text_or(*in_case, "key", "")) != 0)
		return error_new(ERROR_NOT_FOUND, "this case has no such record");
	return NULL;
}

/* The reason is asked anew each time; the day is this person's to choose. */
static const struct error *show(struct visit *visit, const json_t *in_case, const json_t *record)
{
	json_t *now CLEANUP(json_decref) = json_copy((json_t *)record);
	struct asking asking = {"followup", visit->parts[1], now, missed_asked};
	const char *back = visit_path(visit, "/cases/%s/followups/%s", visit->parts[0], visit->parts[1]);

	json_object_del(now, "missed");
	json_object_del(now, "due");
	TRY(fields_show(visit, &asking));
	case_caption(visit, in_case);
	visit_text(visit, "hint",
		memory_format(visit->context, say(visit->request, "It was due on %s."),
			show_date(visit, json_text_or(record, "due", ""))));
	return fields_page(visit, &(struct fields_page){SAY("A follow-up that was not made"), SAY("Save"),
					  visit_path(visit, "%s/missed", back), back});
}

const struct error *missed_form(struct visit *visit)
{
	json_t *in_case CLEANUP(json_decref) = NULL, *record CLEANUP(json_decref) = NULL;

	TRY(find(visit, &in_case, &record));
	return show(visit, in_case, record);
}

const struct error *missed_save(struct visit *visit)
{
	json_t *in_case CLEANUP(json_decref) = NULL, *record CLEANUP(json_decref) = NULL;
	json_t *set CLEANUP(json_decref) = NULL, *over CLEANUP(json_decref) = NULL;
	struct asking asking = {"followup", visit->parts[1], NULL, missed_asked};
	const char *due = visit_field(visit, "due");
	struct batch *batch = visit_batch(visit);

	TRY(find(visit, &in_case, &record));
	asking.now = record;
	TRY(fields_take(visit, &asking, &set, &over));
	if (text_is_date(due) && strcmp(due, show_today(visit->context)) < 0)
		visit_problem(visit, "due", SAY("New day: this one is over"));
	if (*json_text_or(record, "made", "")) {
		visit->request->status = 409;
		visit_problem(visit, "", SAY("Somebody has made this follow-up meanwhile"));
	}
	if (visit_has_problems(visit))
		return show(visit, in_case, record);
	if (json_object_size(set)) {
		TRY(batch_event(batch, "followup", visit->parts[1], json_text_or(in_case, "key", ""),
			json_incref(set), json_incref(over)));
		TRY(batch_commit(batch));
	}
	return visit_go(
		visit, visit_path(visit, "/cases/%s", visit->parts[0]), "The follow-up has a new day.");
}
