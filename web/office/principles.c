/* The coalition's guiding principles: shown to everybody here, written by headquarters, and accepted by a
 * provider before the first referral, each year, and when they were changed. Who still has to, is
 * node/casework/directory's.
 *
 * "Nobody accepts what they were not shown": the version travels with the form, and one that is no longer the
 * newest is shown again. Office role. */
#include "web/office/pages.h"

#include <string.h>

#include "node/base/text.h"
#include "node/casework/directory.h"
#include "web/office/fields.h"
#include "web/office/show.h"

/* What stands in the form while nobody has written any: the five that the coalition and its providers agreed
 * on. */
#define PROPOSED                                                                                             \
	SAY("1. We keep confidential what we are told. We tell it to nobody who does not need it to help, "  \
	    "and only what the person agreed to.\n\n"                                                        \
	    "2. Defenders must be safe, and so must those who help them. We agree on a plan for the safety " \
	    "of both, reach people only in the ways they call safe, and take in security personnel only "    \
	    "where nothing else is left.\n\n"                                                                \
	    "3. We keep one another informed of what happens in our areas, so that nobody is caught "        \
	    "unprepared.\n\n"                                                                                \
	    "4. We follow up what was reported to us. Who has agreed to do something says by when they "     \
	    "will "                                                                                          \
	    "give word, and gives it.\n\n"                                                                   \
	    "5. What is too much for us, or not ours to do, we refer to colleagues who can do it. We say "   \
	    "so "                                                                                            \
	    "early, and never leave a person without an answer.")

static const struct asked text_asked[] = {
	{"text", NULL, SAY("In plain words: everybody here reads them, and providers accept them."), true,
		false},
	{0},
};

/* The newest version, or an empty object; the caller's. */
static const struct error *find_newest(struct visit *visit, json_t **out)
{
	json_t *rows CLEANUP(json_decref) = NULL, *row;
	size_t i;

	TRY(directory_principles(visit->office->file, &rows));
	json_array_foreach (rows, i, row)
		if (office_is_ruled_by(visit->office, json_text_or(row, "home", ""))) {
			*out = json_incref(row);
			return NULL;
		}
	*out = json_object();
	return NULL;
}

static json_int_t version_of(const json_t *principles)
{
	return json_integer_value(json_object_get(principles, "version"));
}

/* Their own entry in the directory; NULL when none is tied to them. The caller's. */
static const struct error *own_entry(struct visit *visit, json_t **out)
{
	*out = NULL;
	return *visit->reader.provider
		       ? casefile_get(visit->office->file, "provider", visit->reader.provider, out)
		       : NULL;
}

const struct error *principles_are_due(struct visit *visit, bool *out)
{
	json_t *newest CLEANUP(json_decref) = NULL, *entry CLEANUP(json_decref) = NULL;

	*out = false;
	if (visit->person.role != ROLE_PROVIDER)
		return NULL;
	TRY(find_newest(visit, &newest));
	TRY(own_entry(visit, &entry));
	*out = entry && version_of(newest) &&
	       !directory_has_agreed(entry, version_of(newest), show_today(visit->context));
	return NULL;
}

/* Where they were going: one of their referrals, else nowhere. */
static const char *next_of(const struct visit *visit)
{
	const struct form *from = visit->request->method == METHOD_POST ? visit->form : visit->request->query;
	const char *next = form_text(visit->context, from, "next");

	return text_starts(next, "/referrals/") && ids_is_key(next + strlen("/referrals/")) ? next : "";
}

static const struct error *show(struct visit *visit, const json_t *newest)
{
	json_t *entry CLEANUP(json_decref) = NULL;
	bool is_due;

	TRY(own_entry(visit, &entry));
	TRY(principles_are_due(visit, &is_due));
	visit_set(visit, "version", show_count((size_t)version_of(newest)));
	visit_text(visit, "text", json_text_or(newest, "text", ""));
	visit_text(visit, "made_at", show_time(visit, json_text_or(newest, "created", "")));
	visit_set(visit, "is_due", json_boolean(is_due));
	if (entry && !is_due)
		visit_text(visit, "agreed_on", show_date(visit, json_text_or(entry, "agreed_on", "")));
	visit_text(visit, "next", next_of(visit));
	visit_set(visit, "may_write",
		json_boolean(
			access_writes(visit->person.role, "principles") && office_may_rule(visit->office)));
	return visit_show(visit, "office-principles", "Our principles");
}

const struct error *principles_page(struct visit *visit)
{
	json_t *newest CLEANUP(json_decref) = NULL;

	TRY(find_newest(visit, &newest));
	return show(visit, newest);
}

const struct error *principles_accept(struct visit *visit)
{
	const char *next = next_of(visit), *shown = visit_field(visit, "version");
	json_t *newest CLEANUP(json_decref) = NULL, *entry CLEANUP(json_decref) = NULL;
	struct batch *batch = visit_batch(visit);

	TRY(find_newest(visit, &newest));
	TRY(own_entry(visit, &entry));
	if (!entry)
		return error_new(ERROR_DENIED,
			"you have no entry in the directory that could say so; ask an officer to make one");
	if (strcmp(shown, visit_path(visit, "%lld", (long long)version_of(newest))) != 0)
		visit_problem(visit, "accept", "They were changed while you were reading. Read them again");
	else if (strcmp(visit_field(visit, "accept"), "yes") != 0)
		visit_problem(visit, "accept", "Tick that you accept these, or ask an officer about them");
	if (visit_has_problems(visit))
		return show(visit, newest);
	TRY(batch_event(batch, "provider", visit->reader.provider, "",
		json_pack("{sI, ss}", "agreed_version", version_of(newest), "agreed_on",
			show_today(visit->context)),
		NULL));
	TRY(batch_commit(batch));
	return visit_go(visit, *next ? next : "/referrals", "You have accepted our principles.");
}

static const struct error *show_form(struct visit *visit, const json_t *now)
{
	struct asking asking = {"principles", NULL, now, text_asked};

	if (!office_may_rule(visit->office))
		return error_new(ERROR_DENIED, "headquarters writes the principles, for the whole coalition");
	TRY(fields_show(visit, &asking));
	visit_text(visit, "caption",
		say(visit->request, "Providers are asked to accept them anew whenever they change."));
	return fields_page(visit, &(struct fields_page){SAY("Write our principles"), SAY("Save"),
					  "/principles/edit", "/principles"});
}

const struct error *principles_form(struct visit *visit)
{
	json_t *newest CLEANUP(json_decref) = NULL;

	TRY(find_newest(visit, &newest));
	if (!version_of(newest))
		json_object_set_new(newest, "text", json_string(say(visit->request, PROPOSED)));
	return show_form(visit, newest);
}

const struct error *principles_save(struct visit *visit)
{
	json_t *newest CLEANUP(json_decref) = NULL, *set CLEANUP(json_decref) = NULL,
		       *over CLEANUP(json_decref) = NULL;
	struct asking asking = {"principles", NULL, NULL, text_asked};
	struct batch *batch = visit_batch(visit);
	char key[ENTITY_KEY_SIZE];

	TRY(find_newest(visit, &newest));
	TRY(fields_take(visit, &asking, &set, &over));
	if (visit_has_problems(visit) || !office_may_rule(visit->office))
		return show_form(visit, newest);
	if (strcmp(json_text_or(set, "text", ""), json_text_or(newest, "text", "")) == 0)
		return visit_go(visit, "/principles", "Nothing was changed.");
	json_object_set_new(set, "version", json_integer(version_of(newest) + 1));
	write_key_new(key, visit->office);
	TRY(batch_event(batch, "principles", key, "", json_incref(set), NULL));
	TRY(batch_commit(batch));
	return visit_go(visit, "/principles", "Our principles are saved.");
}
