/* Answering a referral: the provider on their own page, or staff of either hub, who write down what the
 * provider said by telephone or in person. A step each, written once.
 *
 * What can be answered now is node/casework/referral's to say, and asked again when the form comes. Office
 * role. */
#include "web/office/pages.h"

#include <string.h>

#include "node/base/text.h"
#include "node/casework/directory.h"
#include "web/office/fields.h"
#include "web/office/rules.h"
#include "web/office/show.h"

#define COLLEAGUES_MOST 500
#define ASKED_MOST 8

static const struct asked accept_asked[] = {
	{"next", NULL,
		SAY("The day by which the sender hears what came of it, or how far it is. Both sides are "
		    "reminded."),
		true, false},
	{"text", SAY("What else to say"), NULL, false, false},
	{0},
};
static const struct asked decline_asked[] = {
	{"why", NULL, NULL, true, false},
	{"text", SAY("In words"), SAY("Needed for another reason."), false, false},
	{0},
};
static const struct asked progress_asked[] = {
	{"text", SAY("How far it is"), NULL, true, false},
	{"next", NULL, NULL, true, false},
	{0},
};
static const struct asked finish_asked[] = {
	{"text", SAY("What came of it"),
		SAY("For those who sent it: what was done, and what is still to do."), true, false},
	{0},
};
static const struct asked propose_asked[] = {
	{"provider", SAY("Who could do it"),
		SAY("Nothing is sent to them: whoever sent this asks the person anew, and sends it on."),
		true, false},
	{"text", SAY("Why they"), NULL, true, false},
	{0},
};
/* Of what staff write down. */
static const struct asked told_asked[] = {
	{"how", NULL, NULL, true, false},
	{"who", SAY("Who said it"), NULL, true, false},
	{"on", SAY("When it was said"), NULL, true, false},
	{0},
};

static const struct kind {
	const char *path, *kind, *heading, *button, *saved;
	const struct asked *asked;
} kinds[] = {
	{"accept", "accepted", SAY("Accept the referral"), SAY("Accept"), SAY("The referral is accepted."),
		accept_asked},
	{"decline", "declined", SAY("Decline the referral"), SAY("Decline"), SAY("The referral is declined."),
		decline_asked},
	{"progress", "progress", SAY("Report progress"), SAY("Save"), SAY("The progress is saved."),
		progress_asked},
	{"finish", "done", SAY("Finish the referral"), SAY("Finish"), SAY("The referral is finished."),
		finish_asked},
	{"propose", "proposal", SAY("Propose a colleague"), SAY("Propose"), SAY("The proposal is saved."),
		propose_asked},
};

static const struct kind *kind_of(const char *path)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i].path, path) == 0)
			return &kinds[i];
	return NULL;
}

struct answer {
	const struct kind *kind;
	struct referral_seen seen;
	struct asked asked[ASKED_MOST];
};

static size_t ask(struct answer *answer, size_t count, const struct asked *list)
{
	for (; list->name; list++)
		answer->asked[count++] = *list;
	return count;
}

static void ask_all(struct answer *answer)
{
	size_t count = ask(answer, 0, answer->kind->asked);

	if (!answer->seen.is_provider)
		ask(answer, count, told_asked);
}

/* ---- the form ---- */

/* Whoever was proposed stands in the directory, is no safe house, and is not the one who was asked. */
static const struct error *find_colleagues(struct visit *visit, const struct answer *answer, json_t **out)
{
	return directory_colleagues(
		visit->office->file, json_text_or(answer->seen.record, "provider", ""), COLLEAGUES_MOST, out);
}

static const struct error *offer_colleagues(struct visit *visit, const struct answer *answer)
{
	const struct field *profession = schema_field(schema_entity("provider"), "profession");
	json_t *rows CLEANUP(json_decref) = NULL, *choices, *row;
	size_t i;

	TRY(find_colleagues(visit, answer, &rows));
	choices = json_array();
	json_array_foreach (rows, i, row) {
		const char *place = json_text_or(row, "organisation", ""),
			   *work = show_value(visit, profession, json_object_get(row, "profession"));

		json_array_append_new(choices,
			json_pack("{ss, ss}", "code", json_text_or(row, "key", ""), "label",
				memory_format(visit->context, "%s%s%s%s%s", json_text_or(row, "name", ""),
					*work ? ", " : "", work, *place ? ", " : "", place)));
	}
	fields_offer(visit, "provider", choices);
	return NULL;
}

static const struct error *show(struct visit *visit, struct answer *answer)
{
	json_t *proposed CLEANUP(json_decref) =
		json_pack("{ss, ss}", "how", "call", "on", show_today(visit->context));
	struct asking asking = {"reply", NULL, proposed, answer->asked};

	TRY(fields_show(visit, &asking));
	fields_offer(visit, "how",
		json_pack("[{ss, ss}, {ss, ss}]", "code", "call", "label", show_choice(visit, "call"), "code",
			"visit", "label", show_choice(visit, "visit")));
	if (strcmp(answer->kind->path, "propose") == 0)
		TRY(offer_colleagues(visit, answer));
	visit_text(visit, "caption",
		answer->seen.is_provider ? "" : say(visit->request, "What the provider told you"));
	return fields_page(visit,
		&(struct fields_page){answer->kind->heading, answer->kind->button,
			visit_path(visit, "/referrals/%s/reply/%s", visit->parts[0], answer->kind->path),
			visit_path(visit, "/referrals/%s", visit->parts[0])});
}

/* ---- saving ---- */

/* A day that is over can only be a slip; after the referral's last day nothing can be answered. */
static void check_next(struct visit *visit, const struct answer *answer)
{
	const char *next = visit_field(visit, "next"), *today = show_today(visit->context),
		   *expires = json_text_or(answer->seen.record, "expires", "");

	if (!text_is_date(next))
		return;
	if (strcmp(next, today) < 0)
		visit_problem(visit, "next", "Next word by: this day has passed");
	else if (*expires && strncmp(next, expires, strlen(expires)) > 0)
		visit_problem(visit, "next",
			visit_path(visit, say(visit->request, "Next word by: the referral ends on %s"),
				show_date(visit, expires)));
}

static void check_how(struct visit *visit)
{
	const char *how = visit_field(visit, "how");

	if (*how && strcmp(how, "call") != 0 && strcmp(how, "visit") != 0)
		visit_problem(visit, "how", "How it was given: choose how you were told");
}

static const struct error *check_colleague(struct visit *visit, const struct answer *answer)
{
	json_t *rows CLEANUP(json_decref) = NULL, *row;
	const char *key = visit_field(visit, "provider");
	size_t i;

	if (!*key)
		return NULL;
	TRY(find_colleagues(visit, answer, &rows));
	json_array_foreach (rows, i, row)
		if (strcmp(json_text_or(row, "key", ""), key) == 0)
			return NULL;
	visit_problem(visit, "provider", "Who could do it: choose somebody of the directory");
	return NULL;
}

/* Only what this form asks is looked at. */
static const struct error *check(struct visit *visit, const struct answer *answer)
{
	json_t *typed CLEANUP(json_decref) = json_object();

	for (const struct asked *asked = answer->asked; asked->name; asked++) {
		json_object_set_new(typed, asked->name, json_string(visit_field(visit, asked->name)));
		if (strcmp(asked->name, "next") == 0)
			check_next(visit, answer);
		else if (strcmp(asked->name, "how") == 0)
			check_how(visit);
		else if (strcmp(asked->name, "provider") == 0)
			TRY(check_colleague(visit, answer));
	}
	rules_hold(visit, "reply", typed);
	return NULL;
}

static const struct error *write_reply(struct visit *visit, const struct answer *answer, json_t *set)
{
	struct batch *batch = visit_batch(visit);
	char key[ENTITY_KEY_SIZE];

	json_object_set_new(set, "referral", json_string(visit->parts[0]));
	json_object_set_new(set, "kind", json_string(answer->kind->kind));
	if (answer->seen.is_provider) {
		json_object_set_new(set, "how", json_string("page"));
		json_object_set_new(set, "on", json_string(show_today(visit->context)));
	}
	write_key_new(key, visit->office);
	TRY(batch_event(batch, "reply", key, "", json_incref(set), NULL));
	return batch_commit(batch);
}

static const struct error *save(struct visit *visit, struct answer *answer)
{
	json_t *set CLEANUP(json_decref) = NULL, *over CLEANUP(json_decref) = NULL;
	struct asking asking = {"reply", NULL, NULL, answer->asked};

	if (!referral_takes(&answer->seen.state, answer->kind->kind)) {
		visit->request->status = 409;
		visit_problem(visit, "",
			visit_path(visit,
				say(visit->request, "This cannot be saved any more: the referral has "
						    "meanwhile changed to "
						    "“%s”"),
				show_choice(visit, referral_stage_name(answer->seen.state.stage))));
	}
	TRY(check(visit, answer));
	TRY(fields_take(visit, &asking, &set, &over));
	if (visit_has_problems(visit))
		return show(visit, answer);
	TRY(write_reply(visit, answer, set));
	return visit_go(visit, visit_path(visit, "/referrals/%s", visit->parts[0]), answer->kind->saved);
}

static const struct error *not_now(struct visit *visit)
{
	return visit_go(
		visit, visit_path(visit, "/referrals/%s", visit->parts[0]), "This cannot be answered now.");
}

static const struct error *form(struct visit *visit, struct answer *answer)
{
	if (!referral_takes(&answer->seen.state, answer->kind->kind))
		return not_now(visit);
	return show(visit, answer);
}

static const struct error *serve(
	struct visit *visit, const struct error *(*page)(struct visit *visit, struct answer *answer))
{
	struct answer answer = {.kind = kind_of(visit->parts[1])};
	const struct error *error;
	bool is_due;

	if (!answer.kind)
		return error_new(ERROR_NOT_FOUND, "there is no such page");
	TRY(referral_see(visit, &answer.seen));
	ask_all(&answer);
	error = principles_are_due(visit, &is_due);
	if (!error && is_due)
		error = referral_ask_principles(visit);
	else if (!error)
		error = answer.seen.is_party ? page(visit, &answer) : not_now(visit);
	referral_seen_free(&answer.seen);
	return error;
}

const struct error *reply_form(struct visit *visit)
{
	return serve(visit, form);
}

const struct error *reply_save(struct visit *visit)
{
	return serve(visit, save);
}
