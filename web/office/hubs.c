/* The hubs of the coalition: when each was heard from, what of the logs could not be taken, what hubs tried
 * that they may not. All of it is read; nothing is changed here. How records get there and back is sync.c's.
 */
#include "web/office/pages.h"

#include <string.h>

#include "node/casework/lists.h"
#include "sync/state.h"
#include "web/host.h"
#include "web/office/show.h"

#define OVERSTEPS_MOST 50

/* Members as the roster has them, each with when its log last brought something. */
static json_t *members_of(struct visit *visit, const json_t *logs)
{
	const struct office *office = visit->office;
	const struct roster *roster = office_roster(office);
	json_t *list = json_array(), *row;
	size_t j;

	for (size_t i = 0; roster && i < roster->member_count; i++) {
		const struct roster_member *member = &roster->members[i];
		const char *heard = "";
		bool is_self = strcmp(member->keys.log, office->trust.self.log) == 0;

		json_array_foreach (logs, j, row)
			if (strcmp(json_text_or(row, "log", ""), member->keys.log) == 0)
				heard = show_seconds(visit, json_integer_value(json_object_get(row, "seen")));
		json_array_append_new(list,
			json_pack("{ss, ss, ss, sb, sb}", "name", office_hub_name(office, member->keys.log),
				"role",
				member->keys.role == MEMBER_HEADQUARTERS ? say(visit->request, "Headquarters")
									 : say(visit->request, "Hub"),
				"heard", heard, "is_self", is_self, "is_revoked",
				member->status == MEMBER_REVOKED));
	}
	return list;
}

static json_t *troubles_of(struct visit *visit, const json_t *status)
{
	json_t *list = json_array(), *row;
	size_t i;

	json_array_foreach (json_object_get(status, "trouble"), i, row)
		json_array_append_new(
			list, json_pack("{ss, ss, ss}", "hub_name",
				      office_hub_name(visit->office, json_text_or(row, "log", "")), "reason",
				      json_text_or(row, "reason", ""), "at",
				      show_seconds(visit, json_integer_value(json_object_get(row, "at")))));
	return list;
}

static json_t *own_troubles(struct visit *visit)
{
	json_t *list = json_array(), *row;
	size_t i;

	json_array_foreach (visit->office->troubles, i, row)
		json_array_insert_new(list, 0,
			json_pack("{ss, ss}", "hub_name",
				office_hub_name(visit->office, json_text_or(row, "log", "")), "reason",
				json_text_or(row, "reason", "")));
	return list;
}

static const struct error *add_oversteps(struct visit *visit)
{
	json_t *oversteps = NULL, *row;
	size_t i;

	if (!visit_may(visit, MAY_MANAGE_PEOPLE))
		return NULL;
	TRY(lists_oversteps(visit->office->file, OVERSTEPS_MOST, &oversteps));
	json_array_foreach (oversteps, i, row) {
		json_object_set_new(row, "hub_name",
			json_string(office_hub_name(visit->office, json_text_or(row, "log", ""))));
		json_object_set_new(row, "when", json_string(show_time(visit, json_text_or(row, "at", ""))));
	}
	visit_set(visit, "oversteps", oversteps);
	return NULL;
}

/* Intake's, on the same machine: by the name that brought the reader here. */
static const char *poster_address(const struct visit *visit)
{
	char name[HOST_NAME_SIZE];

	if (!host_parse(request_header(visit->request, "Host"), name))
		return "";
	return memory_format(visit->context, "http://%s:%d/connect/poster", name,
		visit->office->home->config->intake.http);
}

const struct error *hubs_page(struct visit *visit)
{
	struct db *db = office_sync_db(visit->office);
	json_t *status CLEANUP(json_decref) = json_object();

	if (db) {
		json_decref(status);
		status = NULL;
		TRY(state_status(db, &status));
	}
	visit_set(visit, "members", members_of(visit, json_object_get(status, "logs")));
	visit_set(
		visit, "has_members", json_boolean(json_array_size(json_object_get(visit->view, "members"))));
	visit_set(visit, "trouble", troubles_of(visit, status));
	visit_set(visit, "own_troubles", own_troubles(visit));
	visit_text(visit, "self", office_hub_name(visit->office, visit->office->trust.self.log));
	visit_text(visit, "poster", poster_address(visit));
	TRY(add_oversteps(visit));
	return visit_show(visit, "office-hubs", "Hubs");
}
