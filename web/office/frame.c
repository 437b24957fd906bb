/* What is around every page of the office: see frame.h. Office role. */
#include "web/office/frame.h"

#include <string.h>

#include "node/base/text.h"
#include "node/casework/lists.h"
#include "web/office/show.h"
#include "web/office/wording.h"

static json_t *nav_entry(const struct visit *visit, const char *href, const char *label, size_t count)
{
	const char *path = visit->request->path;
	bool is_here = strcmp(href, "/") == 0 ? strcmp(path, "/") == 0 : text_starts(path, href);

	return json_pack("{ss, ss, sb, so}", "href", href, "label", say(visit->request, label), "here",
		is_here, "count", show_count(count));
}

/* To the part about the page that somebody is on: "/help#cases". */
static json_t *help_entry(const struct visit *visit)
{
	const char *path = visit->request->path + 1;
	size_t len = strcspn(path, "/");

	return json_pack("{ss, ss, sb, sn}", "href",
		visit_path(visit, "/help#%.*s", len ? (int)len : (int)strlen("today"), len ? path : "today"),
		"label", say(visit->request, SAY("Help")), "here", text_starts(path, "help"), "count");
}

/* What somebody goes to who does not work on cases. */
static void add_outsider(struct visit *visit, json_t *nav)
{
	const char *own = visit->reader.provider;

	json_array_append_new(nav, nav_entry(visit, "/", SAY("Today"), 0));
	if (visit_may(visit, MAY_ANSWER_REFERRALS))
		json_array_append_new(nav, nav_entry(visit, "/referrals", SAY("Referrals"), 0));
	if (own && *own)
		json_array_append_new(
			nav, nav_entry(visit, visit_path(visit, "/providers/%s", own), SAY("My entry"), 0));
	json_array_append_new(nav, nav_entry(visit, "/principles", SAY("Our principles"), 0));
}

static json_t *nav_of(struct visit *visit)
{
	json_t *counts CLEANUP(json_decref) = NULL, *nav = json_array();

	if (visit_may(visit, MAY_READ_REPORTS)) {
		error_ignore(lists_counts(visit->office->file, &counts));
		json_array_append_new(
			nav, nav_entry(visit, "/", SAY("Today"),
				     (size_t)json_integer_value(json_object_get(counts, "urgent"))));
		json_array_append_new(
			nav, nav_entry(visit, "/reports", SAY("Reports"),
				     (size_t)json_integer_value(json_object_get(counts, "new_reports"))));
		json_array_append_new(nav, nav_entry(visit, "/cases", SAY("Cases"), 0));
		json_array_append_new(nav, nav_entry(visit, "/referrals", SAY("Referrals"), 0));
		json_array_append_new(nav, nav_entry(visit, "/search", SAY("Search"), 0));
	}
	if (!visit_may(visit, MAY_READ_REPORTS))
		add_outsider(visit, nav);
	if (visit_may(visit, MAY_READ_DIRECTORY))
		json_array_append_new(nav, nav_entry(visit, "/providers", SAY("Directory"), 0));
	if (visit_may(visit, MAY_SEE_SYNC))
		json_array_append_new(nav, nav_entry(visit, "/hubs", SAY("Hubs"), 0));
	if (visit_may(visit, MAY_MANAGE_PEOPLE))
		json_array_append_new(nav, nav_entry(visit, "/users", SAY("People"), 0));
	if (visit_may(visit, MAY_SEE_AUDIT))
		json_array_append_new(nav, nav_entry(visit, "/audit", SAY("Audit"), 0));
	if (visit_may(visit, MAY_MANAGE_PEOPLE))
		json_array_append_new(nav, nav_entry(visit, "/settings", SAY("Settings"), 0));
	if (visit_may(visit, MAY_UNLOCK))
		json_array_append_new(nav, nav_entry(visit, "/lock", SAY("Lock"), 0));
	json_array_append_new(nav, help_entry(visit));
	return nav;
}

void frame_add(struct visit *visit)
{
	const char *name = visit->office->home->config->hub.name;
	char once[SESSION_TOKEN_SIZE];

	visit_set(visit, "staff", json_true());
	visit_text(visit, "site", name && *name ? name : say(visit->request, "Hub"));
	wording_offer(visit);
	if (!visit->session)
		return;
	visit_set(visit, "nav", nav_of(visit));
	visit_set(visit, "user", json_pack("{ss}", "name", visit->person.name));
	visit_text(visit, "csrf", visit->session->csrf);
	visit_set(visit, "practice", json_boolean(visit->office->is_practice));
	session_token_new(once);
	visit_text(visit, "once", once);
	if (visit->session->notice)
		visit_text(visit, "notice", visit->session->notice);
	visit->session->notice = NULL;
}
