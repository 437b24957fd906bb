/* The code lists, for people: what each holds, and what headquarters adds for the whole coalition (a hub that
 * works alone, for itself). What a code is and who hears of it is node/casework/added.h's.
 *
 * "A code once used is never removed": it is reworded or retired, and stays on the records that have it.
 * Office role. */
#include "web/office/pages.h"

#include <ctype.h>
#include <string.h>

#include "node/casework/added.h"
#include "web/office/fields.h"
#include "web/office/show.h"

static const struct asked new_asked[] = {
	{"label", NULL, SAY("As it will stand in the list, in the language that most of you read."), true,
		false},
	{"parent", NULL,
		SAY("What holds for that holds for this, too: a unit of the police is the police when "
		    "somebody is "
		    "asked to help."),
		false, false},
	{0},
};
static const struct asked known_asked[] = {
	{"label", NULL,
		SAY("Only better words for the same: records that have it say it in these from now on."),
		true, false},
	{"parent", NULL, NULL, false, false},
	{"state", NULL, SAY("Retired: no form offers it any more, and records that have it keep it."), true,
		false},
	{0},
};

static const char *heading_of(const char *list)
{
	static const struct {
		const char *list, *heading;
	} headings[] = {
		{"acts", SAY("Kinds of violation")},
		{"perpetrators", SAY("Perpetrators")},
		{"themes", SAY("Characteristics and themes")},
		{"needs", SAY("What is needed")},
		{"districts", SAY("Districts")},
		{"violation-status", SAY("How sure it is")},
		{"precision", SAY("How sure the date is")},
		{"places", SAY("Kinds of place")},
		{"professions", SAY("Professions")},
	};

	for (size_t i = 0; i < sizeof headings / sizeof *headings; i++)
		if (strcmp(headings[i].list, list) == 0)
			return headings[i].heading;
	return list;
}

static const struct error *find_list(const struct visit *visit, const char **out)
{
	for (size_t i = 0; (*out = codes_list(i)); i++)
		if (strcmp(*out, visit->parts[0]) == 0)
			return NULL;
	return error_new(ERROR_NOT_FOUND, "there is no such list");
}

static bool is_ruling(const struct visit *visit, const json_t *row)
{
	return office_is_ruled_by(visit->office, json_text_or(row, "home", ""));
}

static bool may_write(const struct visit *visit)
{
	return access_writes(visit->person.role, "code") && office_may_rule(visit->office);
}

/* Who adds to them. */
static void show_rule(struct visit *visit)
{
	visit_set(visit, "may_write", json_boolean(may_write(visit)));
	visit_set(visit, "is_alone", json_boolean(!office_roster(visit->office)));
}

/* ---- what there is ---- */

const struct error *vocabulary_page(struct visit *visit)
{
	json_t *list = json_array();
	const char *name;

	visit_set(visit, "lists", list);
	for (size_t i = 0; (name = codes_list(i)); i++) {
		json_t *added CLEANUP(json_decref) = NULL;

		TRY(added_list(visit->office->file, name, &added));
		json_array_append_new(
			list, json_pack("{ss, ss, so}", "href", visit_path(visit, "/codes/%s", name),
				      "heading", say(visit->request, heading_of(name)), "added",
				      show_count(json_array_size(added))));
	}
	show_rule(visit);
	return visit_show(visit, "office-vocabulary", "Code lists");
}

static void show_added(struct visit *visit, const char *list, json_t *row)
{
	const char *parent = json_text_or(row, "parent", ""), *state = json_text_or(row, "state", "active"),
		   *label = codes_label(visit->codes, list, parent);

	json_object_set_new(row, "under", json_string(label ? say(visit->request, label) : parent));
	json_object_set_new(row, "state_label", json_string(show_choice(visit, state)));
	json_object_set_new(row, "state_class", json_string(show_tag(state)));
	if (!is_ruling(visit, row))
		json_object_set_new(row, "elsewhere",
			json_string(office_hub_name(visit->office, json_text_or(row, "home", ""))));
	else if (may_write(visit))
		json_object_set_new(row, "href",
			json_string(visit_path(visit, "/codes/%s/%s", list, json_text_or(row, "key", ""))));
}

const struct error *vocabulary_list(struct visit *visit)
{
	json_t *added CLEANUP(json_decref) = NULL, *given = json_array(), *row;
	const char *list, *code, *label;
	size_t i;

	visit_set(visit, "given", given);
	TRY(find_list(visit, &list));
	TRY(added_list(visit->office->file, list, &added));
	json_array_foreach (added, i, row)
		show_added(visit, list, row);
	for (i = 0; (code = codes_at(list, i, &label)); i++)
		json_array_append_new(
			given, json_pack("{ss, ss}", "code", code, "label", say(visit->request, label)));
	visit_set(visit, "added", json_array_size(added) ? json_pack("{sO}", "rows", added) : json_null());
	visit_text(visit, "heading", say(visit->request, heading_of(list)));
	visit_text(visit, "new", visit_path(visit, "/codes/%s/new", list));
	visit_text(visit, "back", "/codes");
	show_rule(visit);
	return visit_show(visit, "office-vocabulary-list", heading_of(list));
}

/* ---- adding and changing ---- */

static bool is_new(const struct visit *visit)
{
	return strcmp(visit->parts[1], "new") == 0;
}

/* The list and the code in the address; *record is NULL for a new one, else the caller's. */
static const struct error *find(struct visit *visit, const char **list, json_t **record)
{
	TRY(find_list(visit, list));
	if (!may_write(visit))
		return error_new(
			ERROR_DENIED, "headquarters adds to the code lists, for the whole coalition");
	if (is_new(visit))
		return NULL;
	TRY(casefile_get(visit->office->file, "code", visit->parts[1], record));
	if (strcmp(json_text_or(*record, "list", ""), *list) == 0 && is_ruling(visit, *record))
		return NULL;
	return error_new(ERROR_NOT_FOUND, "there is no such code here");
}

static struct asking asking_of(const struct visit *visit, const json_t *record)
{
	if (is_new(visit))
		return (struct asking){"code", NULL, record, new_asked};
	return (struct asking){"code", visit->parts[1], record, known_asked};
}

static const struct error *show_form(struct visit *visit, const char *list, const json_t *record)
{
	const char *heading = is_new(visit) ? SAY("Add to the list") : SAY("Change it");
	struct asking asking = asking_of(visit, record);

	TRY(fields_show(visit, &asking));
	fields_offer(visit, "parent", codes_choices(NULL, list, NULL, NULL));
	if (record) {
		TRY(settle_show(visit, "code", record, ""));
		visit_text(visit, "history", visit_path(visit, "/history/code/%s", visit->parts[1]));
	}
	visit_text(visit, "caption", say(visit->request, heading_of(list)));
	return fields_page(visit, &(struct fields_page){heading, SAY("Save"),
					  visit_path(visit, "/codes/%s/%s", list, visit->parts[1]),
					  visit_path(visit, "/codes/%s", list)});
}

const struct error *vocabulary_form(struct visit *visit)
{
	json_t *record CLEANUP(json_decref) = NULL;
	const char *list;

	TRY(find(visit, &list, &record));
	return show_form(visit, list, record);
}

/* Whether they read the same: without capitals, and however many spaces there are. */
static bool is_alike(const char *a, const char *b)
{
	while (*a && *b) {
		size_t in_a = strspn(a, " "), in_b = strspn(b, " ");

		if (!in_a != !in_b || (!in_a && tolower((unsigned char)*a) != tolower((unsigned char)*b)))
			return false;
		a += in_a ? in_a : 1;
		b += in_b ? in_b : 1;
	}
	return !a[strspn(a, " ")] && !b[strspn(b, " ")];
}

/* Two that read alike would be counted apart. */
static const struct error *check(struct visit *visit, const char *list)
{
	const char *label = visit_field(visit, "label"), *parent = visit_field(visit, "parent"), *given;
	json_t *added CLEANUP(json_decref) = NULL, *row;
	bool is_known = false;
	size_t i;

	TRY(added_list(visit->office->file, list, &added));
	for (i = 0; codes_at(list, i, &given); i++)
		is_known |= is_alike(given, label);
	json_array_foreach (added, i, row)
		is_known |= is_ruling(visit, row) && is_alike(json_text_or(row, "label", ""), label) &&
			    strcmp(json_text_or(row, "key", ""), visit->parts[1]) != 0;
	if (is_known)
		visit_problem(visit, "label", "Words: these stand in the list already");
	if (*parent && !codes_offers(NULL, list, parent))
		visit_problem(visit, "parent", "Comes under: choose one of the list");
	return NULL;
}

const struct error *vocabulary_save(struct visit *visit)
{
	json_t *record CLEANUP(json_decref) = NULL, *set CLEANUP(json_decref) = NULL,
		       *over CLEANUP(json_decref) = NULL;
	struct batch *batch = visit_batch(visit);
	char key[ENTITY_KEY_SIZE];
	struct asking asking;
	const char *list, *back;

	TRY(find(visit, &list, &record));
	back = visit_path(visit, "/codes/%s", list);
	asking = asking_of(visit, record);
	TRY(check(visit, list));
	TRY(fields_take(visit, &asking, &set, &over));
	if (visit_has_problems(visit))
		return show_form(visit, list, record);
	if (!json_object_size(set))
		return visit_go(visit, back, "Nothing was changed.");
	if (is_new(visit)) {
		json_object_set_new(set, "list", json_string(list));
		write_key_new(key, visit->office);
	}
	TRY(batch_event(batch, "code", is_new(visit) ? key : visit->parts[1], "", json_incref(set),
		is_new(visit) ? NULL : json_incref(over)));
	TRY(batch_commit(batch));
	return visit_go(
		visit, back, is_new(visit) ? SAY("It is added to the list.") : SAY("The change is saved."));
}
