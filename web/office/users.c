/* The people of this hub, for its coordinators: who is here as what, adding somebody, a new passphrase,
 * disabling. What that does to keyring and case file is people.c's.
 *
 * A passphrase made here is shown once, in the answer to the form, and is kept nowhere; what changes the
 * keyring asks for the coordinator's own passphrase again. */
#include "web/office/pages.h"

#include <string.h>

#include "node/base/clock.h"
#include "node/casework/lists.h"
#include "node/casework/schema.h"
#include "node/vault/words.h"
#include "web/office/devices.h"
#include "web/office/show.h"

#define WORDS 7

static json_t *role_choices(const struct visit *visit, const char *chosen)
{
	static const struct {
		enum person_role role;
		const char *hint;
	} roles[] = {
		{ROLE_OFFICER, SAY("Reads reports, works on cases; can open the hub.")},
		{ROLE_COORDINATOR, SAY("The same, and looks after people and hubs.")},
		{ROLE_PROVIDER, SAY("A doctor, lawyer, counsellor: sees what is referred to them.")},
		{ROLE_FACILITATOR, SAY("Runs workshops.")},
	};
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
		const char *name = person_role_name(roles[i].role);

		json_array_append_new(list,
			json_pack("{ss, ss, ss, sb}", "code", name, "label", show_choice(visit, name), "hint",
				say(visit->request, roles[i].hint), "selected", strcmp(name, chosen) == 0));
	}
	return list;
}

/* The teams that there are, to choose from while typing: one that is spelled in two ways is two teams. */
static const struct error *add_teams(struct visit *visit)
{
	json_t *teams = NULL;

	TRY(lists_teams(visit->office->file, &teams));
	visit_set(visit, "teams", teams);
	return NULL;
}

static void check_team(struct visit *visit, const char *team)
{
	json_t *text CLEANUP(json_decref) = json_string(team);
	const struct error *error =
		schema_check(schema_field(schema_entity("user"), "team"), text, NULL, NULL);

	if (error)
		visit_problem(visit, "team", error->message);
}

const struct error *users_page(struct visit *visit)
{
	json_t *users = NULL, *row;
	size_t i;

	TRY(lists_users(visit->office->file, &users));
	json_array_foreach (users, i, row) {
		const char *state = json_text_or(row, "state", "");

		json_object_set_new(
			row, "role_label", json_string(show_choice(visit, json_text_or(row, "role", ""))));
		json_object_set_new(row, "is_active", json_boolean(strcmp(state, "active") == 0));
		json_object_set_new(row, "state_label", json_string(show_choice(visit, state)));
		json_object_set_new(row, "state_class", json_string(show_tag(state)));
	}
	visit_set(visit, "users", users);
	return visit_show(visit, "office-users", "People");
}

enum change { CHANGE_ADD, CHANGE_ROLE, CHANGE_TEAM, CHANGE_PASSPHRASE, CHANGE_DISABLE };

/* One change that needs the coordinator's passphrase: opened on the worker's thread, written with the mutex.
 */
struct job {
	enum change change;
	const char *name, *team;
	enum person_role role;
	struct secret *mine; /* the coordinator's passphrase */
	struct signed_in in;
	const struct error *(*again)(struct visit *visit); /* the form, with what was wrong */
};

static const struct error *show_new(struct visit *visit)
{
	visit_text(visit, "name", visit_field(visit, "name"));
	visit_set(visit, "roles", role_choices(visit, visit_field(visit, "role")));
	visit_text(visit, "team", visit_field(visit, "team"));
	TRY(add_teams(visit));
	visit_text(visit, "back", "/users");
	return visit_show(visit, "office-user-new", "Add a person");
}

const struct error *user_new_form(struct visit *visit)
{
	return show_new(visit);
}

static const struct error *show_user(struct visit *visit)
{
	struct person person;

	TRY(people_find(visit->context, visit->office->file, visit->parts[0], &person));
	visit_text(visit, "name", person.name);
	visit_text(visit, "role_label", show_choice(visit, person_role_name(person.role)));
	visit_set(visit, "is_active", json_boolean(person.is_active));
	visit_set(visit, "is_me", json_boolean(strcmp(person.name, visit->person.name) == 0));
	visit_text(visit, "team", visit->form ? visit_field(visit, "team") : person.team);
	visit_set(visit, "has_team", json_boolean(person.is_keyholder));
	TRY(add_teams(visit));
	visit_text(visit, "other_role",
		person_role_name(person.role == ROLE_COORDINATOR ? ROLE_OFFICER
				 : person.role == ROLE_OFFICER	 ? ROLE_COORDINATOR
				 : person.role == ROLE_PROVIDER	 ? ROLE_FACILITATOR
								 : ROLE_PROVIDER));
	visit_text(visit, "back", "/users");
	return visit_show(visit, "office-user", person.name);
}

const struct error *user_page(struct visit *visit)
{
	return show_user(visit);
}

static const struct error *open_mine(struct visit *visit, void *user)
{
	struct job *job = user;
	const struct error *error = people_open(visit->office->home, visit->person.name, job->mine, &job->in);

	secret_free(job->mine);
	job->mine = NULL;
	return error;
}

static const struct error *apply(struct visit *visit, struct job *job, struct secret **words)
{
	struct batch *batch = visit_batch(visit);

	TRY(people_holds(&visit->person, &job->in));
	if (job->change == CHANGE_DISABLE)
		return people_disable(batch, &job->in, job->name);
	if (job->change == CHANGE_ROLE)
		return people_set_role(batch, job->name, job->role);
	if (job->change == CHANGE_TEAM)
		return people_set_team(batch, job->name, job->team);
	*words = words_passphrase(WORDS);
	if (job->change == CHANGE_PASSPHRASE)
		return people_reset_passphrase(batch, &job->in, job->name, *words);
	return people_add(batch, &job->in, &(struct person_new){job->name, job->role, *words, job->team});
}

/* Wrong guesses at a coordinator's passphrase in an open session cost what they cost on the sign-in page. */
static const struct error *tell_wrong(struct visit *visit, struct job *job, const struct error *failed)
{
	struct throttle_who who = {visit->person.name, visit->request->address, NULL};

	if (failed->code == ERROR_DENIED) {
		throttle_failed(visit->reception->throttle, &who, clock_boot_ms());
		visit_problem(visit, "passphrase", "Your passphrase is not right");
	} else if (!visit_tell_unsaved(visit, failed)) {
		visit_problem(visit, job->change == CHANGE_ADD ? "name" : "", failed->message);
	}
	return job->again(visit);
}

static const struct error *done(struct visit *visit, void *user, const struct error *failed)
{
	struct secret *words CLEANUP(secret_free) = NULL;
	struct job *job = user;

	if (!failed)
		failed = apply(visit, job, &words);
	people_signed_in_wipe(&job->in);
	if (failed)
		return tell_wrong(visit, job, failed);
	if (job->change != CHANGE_ADD && job->change != CHANGE_TEAM)
		sessions_end_of(visit->reception->sessions, job->name, visit->session);
	if (job->change == CHANGE_DISABLE)
		error_ignore(devices_prune(visit->office)); /* else at the next sign-in */
	if (!words)
		return visit_go(visit, "/users",
			job->change == CHANGE_ROLE   ? SAY("The role is changed.")
			: job->change == CHANGE_TEAM ? SAY("The team is changed.")
						     : SAY("They may not sign in any more."));
	visit_text(visit, "name", job->name);
	visit_text(visit, "words", (const char *)words->data);
	return visit_show(visit, "office-user-words", "Their passphrase");
}

static const struct error *begin(struct visit *visit, struct job *job)
{
	struct throttle_who who = {visit->person.name, visit->request->address, NULL};
	const char *passphrase = visit->form ? form_get(visit->form, "passphrase") : NULL;
	int64_t wait = throttle_wait_ms(visit->reception->throttle, &who, clock_boot_ms());

	if (wait > 0)
		visit_problem(visit, "passphrase",
			visit_path(visit,
				say_many(visit->request,
					"Too many wrong tries. Wait %lld second and try again",
					"Too many wrong tries. Wait %lld seconds and try again",
					(unsigned long)(wait + 999) / 1000),
				(long long)(wait + 999) / 1000));
	else if (!passphrase || !*passphrase)
		visit_problem(visit, "passphrase", "Type your own passphrase");
	if (visit_has_problems(visit) || !passphrase)
		return job->again(visit);
	job->mine = secret_copy(passphrase, strlen(passphrase) + 1);
	return visit_slowly(visit, open_mine, done, job);
}

const struct error *user_new_save(struct visit *visit)
{
	struct job *job = memory_new(visit->context, struct job);
	const struct error *error;

	job->change = CHANGE_ADD;
	job->again = show_new;
	job->name = visit_field(visit, "name");
	job->team = visit_field(visit, "team");
	check_team(visit, job->team);
	error = people_check_name(job->name);
	if (error)
		visit_problem(visit, "name", error->message);
	if (person_role_parse(visit_field(visit, "role"), &job->role))
		visit_problem(visit, "role", "Choose what they will do here");
	return begin(visit, job);
}

const struct error *user_save(struct visit *visit)
{
	const char *what = visit_field(visit, "what");
	struct job *job = memory_new(visit->context, struct job);
	struct person person;

	TRY(people_find(visit->context, visit->office->file, visit->parts[0], &person));
	job->name = person.name;
	job->again = show_user;
	if (strcmp(what, "role") == 0) {
		job->change = CHANGE_ROLE;
		TRY(person_role_parse(visit_field(visit, "role"), &job->role));
	} else if (strcmp(what, "team") == 0) {
		job->change = CHANGE_TEAM;
		job->team = visit_field(visit, "team");
		check_team(visit, job->team);
	} else if (strcmp(what, "passphrase") == 0) {
		job->change = CHANGE_PASSPHRASE;
	} else if (strcmp(what, "disable") == 0) {
		job->change = CHANGE_DISABLE;
	} else {
		visit_problem(visit, "what", "Choose what is to be done");
	}
	if (strcmp(job->name, visit->person.name) == 0)
		visit_problem(visit, "what",
			"Another coordinator must do this for you; your own passphrase you change with "
			"engabo user passwd");
	return begin(visit, job);
}
