/* To whom: the first step of a referral. The directory's active entries, by what is needed and where; who is
 * not vetted or has no room is marked and not left out, who works at a hub that was revoked is left out.
 * Office role. */
#include "web/office/refer.h"

#include <string.h>

#include "node/casework/lists.h"
#include "web/office/show.h"

#define HELPERS_MOST 200

const char *refer_provider_words(const struct visit *visit, const json_t *provider)
{
	const struct entity *entity = schema_entity("provider");
	json_t *facts CLEANUP(json_decref) =
		show_fields(visit, entity, provider, "name profession organisation");
	struct buffer *text = buffer_new(visit->context);
	json_t *fact;
	size_t i;

	json_array_foreach (facts, i, fact)
		buffer_format(text, "%s%s", i ? ", " : "", json_text_or(fact, "value", ""));
	return (const char *)buffer_bytes(text).data;
}

const char *refer_hub_of(const struct visit *visit, const json_t *provider)
{
	char *log = memory_zeroed(visit->context, LOG_ID_SIZE, "log");

	if (*json_text_or(provider, "user", ""))
		ids_key_log(log, json_text_or(provider, "key", ""));
	return log;
}

bool refer_may_reach(const struct visit *visit, const char *hub)
{
	const struct roster *roster = office_roster(visit->office);
	const struct roster_member *member = roster ? roster_member(roster, hub) : NULL;

	return !*hub || strcmp(hub, visit->office->trust.self.log) == 0 ||
	       (member && member->status == MEMBER_ACTIVE);
}

static const char *asked_for(const struct visit *visit, const char *name)
{
	return form_text(visit->context, visit->request->query, name);
}

static json_t *choices(const struct visit *visit, const char *list, const char *chosen)
{
	json_t *value CLEANUP(json_decref) = json_string(chosen);

	return show_codes(visit, list, value, NULL);
}

static void add_row(const struct visit *visit, json_t *row, const char *address)
{
	const struct entity *entity = schema_entity("provider");
	const char *capacity = json_text_or(row, "capacity", "");

	json_object_set_new(row, "href",
		json_string(visit_path(visit, "%s/%s%s%s", address, json_text_or(row, "key", ""),
			*asked_for(visit, "from") ? "?from=" : "", asked_for(visit, "from"))));
	json_object_set_new(row, "words", json_string(refer_provider_words(visit, row)));
	json_object_set_new(row, "is_unvetted", json_boolean(!*json_text_or(row, "vetted_on", "")));
	json_object_set_new(row, "is_full", json_boolean(strcmp(capacity, "full") == 0));
	json_object_set_new(row, "is_few", json_boolean(strcmp(capacity, "few") == 0));
	json_object_set_new(row, "has_account", json_boolean(*json_text_or(row, "user", "") != 0));
	json_object_set_new(
		row, "facts", show_fields(visit, entity, row, "services districts languages hours"));
}

const struct error *refer_page(struct visit *visit)
{
	struct lists_wish wish = {asked_for(visit, "service"), asked_for(visit, "district"),
		asked_for(visit, "language"), *asked_for(visit, "room") != 0};
	json_t *in_case CLEANUP(json_decref) = NULL, *rows CLEANUP(json_decref) = NULL, *offered, *row;
	const char *key, *from = asked_for(visit, "from");
	size_t i;

	TRY(case_find(visit, visit->parts[0], &in_case));
	key = memory_string(visit->context, json_text_or(in_case, "key", ""));
	TRY(lists_helpers(visit->office->file, &wish, HELPERS_MOST, &rows));
	offered = json_array();
	json_array_foreach (rows, i, row) {
		if (!refer_may_reach(visit, refer_hub_of(visit, row)))
			continue;
		add_row(visit, row, visit_path(visit, "/cases/%s/refer", key));
		json_array_append(offered, row);
	}
	visit_set(visit, "has_providers", json_boolean(json_array_size(offered)));
	visit_set(visit, "providers", offered);
	visit_set(visit, "services", choices(visit, "needs", wish.service));
	visit_set(visit, "districts", choices(visit, "districts", wish.district));
	visit_text(visit, "language", wish.language);
	visit_set(visit, "room", json_boolean(wish.has_room));
	visit_text(visit, "from", ids_is_key(from) ? from : "");
	visit_text(visit, "action", visit_path(visit, "/cases/%s/refer", key));
	case_caption(visit, in_case);
	visit_text(visit, "back", visit_path(visit, "/cases/%s", key));
	return visit_show(visit, "office-refer", "To whom?");
}
