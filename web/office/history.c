/* Who changed what, when: the history of one record, newest first. */
#include "web/office/pages.h"

#include <string.h>

#include "node/casework/schema.h"
#include "web/office/show.h"
#include "web/office/traces.h"

static const char *page_of(struct visit *visit, const json_t *record)
{
	const char *entity = visit->parts[0], *case_key = json_text_or(record, "case", "");

	if (strcmp(entity, "report") == 0)
		return visit_path(visit, "/reports/%s", visit->parts[1]);
	if (strcmp(entity, "provider") == 0 || strcmp(entity, "referral") == 0)
		return visit_path(visit, "/%ss/%s", entity, visit->parts[1]);
	if (strcmp(entity, "code") == 0)
		return visit_path(visit, "/codes/%s", json_text_or(record, "list", ""));
	return visit_path(visit, "/cases/%s", strcmp(entity, "case") == 0 ? visit->parts[1] : case_key);
}

/* Changes of one event stand together. */
static json_t *grouped(struct visit *visit, const struct entity *entity, const json_t *history)
{
	json_t *list = json_array(), *group = NULL;
	const json_t *row;
	const char *last = "";
	size_t i;

	json_array_foreach (history, i, row) {
		const struct field *field = schema_field(entity, json_text_or(row, "field", ""));
		const char *event = json_text_or(row, "event", ""), *value;

		if (!field || show_is_for_programs(field) || show_is_identity(entity, field))
			continue;
		if (!group || strcmp(event, last) != 0) {
			group = json_pack("{ss, s[]}", "who", show_who(visit, row), "changes");
			json_array_append_new(list, group);
			last = event;
		}
		value = show_value(visit, field, json_object_get(row, "value"));
		json_array_append_new(json_object_get(group, "changes"),
			json_pack("{ss, ss}", "label", say(visit->request, field->label), "value",
				*value ? value : say(visit->request, "nothing")));
	}
	return list;
}

/* Of a referral to this hub only its page is shown, and that while it may be read. */
static bool is_from_elsewhere(const struct visit *visit, const struct entity *entity)
{
	const char *self = visit->office->trust.self.log;

	return strcmp(entity->name, "reply") == 0 ||
	       (strcmp(entity->name, "referral") == 0 &&
		       strncmp(visit->parts[1], self, LOG_ID_SIZE - 1) != 0);
}

const struct error *history_page(struct visit *visit)
{
	const struct entity *entity = schema_entity(visit->parts[0]);
	json_t *history CLEANUP(json_decref) = NULL, *record CLEANUP(json_decref) = NULL;

	/* Who somebody is, parts.c shows, and writes down who looked. */
	if (!entity || entity->is_local || strcmp(entity->name, "person") == 0 ||
		is_from_elsewhere(visit, entity))
		return error_new(ERROR_NOT_FOUND, "there is no such record here");
	TRY(casefile_get(visit->office->file, entity->name, visit->parts[1], &record));
	TRY(traces_read(visit->office, visit->person.name, entity->name, visit->parts[1],
		json_text_or(record, "case", "")));
	TRY(casefile_history(visit->office->file, entity->name, visit->parts[1], &history));
	visit_set(visit, "history", grouped(visit, entity, history));
	visit_text(visit, "caption", json_text_or(record, "ref", ""));
	visit_text(visit, "back", page_of(visit, record));
	return visit_show(visit, "office-history", "History");
}
