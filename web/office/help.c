/* Help with each page, the guides to print, and what is to be done in a hub's first hour. The words are in
 * the templates. Office role. */
#include "web/office/pages.h"

#include <string.h>

#include "node/casework/lists.h"
#include "sync/state.h"

const struct error *help_page(struct visit *visit)
{
	visit_text(visit, "role", person_role_name(visit->person.role));
	visit_set(visit, "may_practise", json_boolean(visit_may(visit, MAY_READ_CASES)));
	visit_set(visit, "may_manage", json_boolean(visit_may(visit, MAY_MANAGE_PEOPLE)));
	return visit_show(visit, "office-help", "Help");
}

const struct error *guide_page(struct visit *visit)
{
	enum person_role role;

	if (person_role_parse(visit->parts[0], &role))
		return error_new(ERROR_NOT_FOUND, "there is no such page");
	visit_text(visit, "back", "/help");
	return visit_show(visit, visit_path(visit, "office-guide-%s", person_role_name(role)), "Guide");
}

/* ---- the first hour ---- */

static void add_step(
	struct visit *visit, json_t *steps, bool is_done, const char *href, const char *what, const char *why)
{
	json_array_append_new(steps, json_pack("{sb, ss, ss, ss}", "is_done", is_done, "href", href, "what",
					     say(visit->request, what), "why", say(visit->request, why)));
}

/* Who of those that can open this hub may sign in. */
static const struct error *count_keyholders(struct visit *visit, size_t *count)
{
	json_t *users CLEANUP(json_decref) = NULL, *row;
	enum person_role role;
	size_t i;

	*count = 0;
	TRY(lists_users(visit->office->file, &users));
	json_array_foreach (users, i, row)
		if (strcmp(json_text_or(row, "state", ""), "active") == 0 &&
			!person_role_parse(json_text_or(row, "role", ""), &role) &&
			access_may(role, MAY_UNLOCK))
			++*count;
	return NULL;
}

static const struct error *look_at_remotes(struct visit *visit, bool *any, bool *good)
{
	struct db *db = office_sync_db(visit->office);
	json_t *status CLEANUP(json_decref) = NULL, *row;
	size_t i;

	*any = *good = false;
	if (!db)
		return NULL;
	TRY(state_status(db, &status));
	json_array_foreach (json_object_get(status, "remotes"), i, row) {
		*any = true;
		*good |= json_integer_value(json_object_get(row, "last_ok")) > 0;
	}
	return NULL;
}

const struct error *start_page(struct visit *visit)
{
	static const char *const others[] = {
		SAY("The recovery sheet is printed, kept in another house, and its file is deleted."),
		SAY("The poster hangs where people wait, and not where the street can read it."),
		SAY("You have sent a report from a phone of your own, and answered it from here."),
		SAY("The plug was pulled once, and the hub came back by itself, locked."),
		SAY("Two people know how to lock the hub in a hurry."),
	};
	const struct config *config = visit->office->home->config;
	json_t *steps = json_array(), *list = json_array();
	bool has_remote, was_reached;
	size_t keyholders;

	visit_set(visit, "steps", steps);
	visit_set(visit, "others", list);
	TRY(count_keyholders(visit, &keyholders));
	TRY(look_at_remotes(visit, &has_remote, &was_reached));
	add_step(visit, steps, keyholders > 1, "/users/new", SAY("Add a second person who can open the hub"),
		SAY("Alone, a lost passphrase is a lost hub."));
	add_step(visit, steps, config->intake.form != FORM_HTTPS, "/settings",
		SAY("Choose how phones reach the form"),
		SAY("Until then phones show a warning, and people learn to tap it away."));
	add_step(visit, steps, *config->intake.phone != '\0', "/settings",
		SAY("Give the numbers to call in danger"),
		SAY("They are shown to whoever says that somebody is in danger now."));
	add_step(visit, steps, *config->wifi.name != '\0', "",
		SAY("Tell the hub its Wi-Fi ([wifi] in engabo.conf) and print the poster"),
		SAY("People join by a code on the wall."));
	add_step(visit, steps, office_roster(visit->office) != NULL, "/hubs", SAY("Join the coalition"),
		SAY("Alone, nobody else can read or keep what comes in here."));
	add_step(visit, steps, has_remote, "/hubs", SAY("Name a relay (engabo remote add)"),
		SAY("So that copies of the sealed records are elsewhere."));
	add_step(visit, steps, was_reached, "/hubs", SAY("Synchronise once"),
		SAY("What was sent is safe, also when this hub is taken away."));
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		json_array_append_new(list, json_pack("{ss}", "what", say(visit->request, others[i])));
	return visit_show(visit, "office-start", "The first hour");
}
