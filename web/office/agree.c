/* Four eyes: a second person types their own name and passphrase into the form of the first. What they agree
 * to is the caller's, who also writes it down.
 *
 * "Nobody agrees to their own": the name must be another's, and the passphrase must open that person's own
 * slot. Office role; Argon2id on the worker's thread. */
#include "web/office/agree.h"

#include <string.h>

#include "node/base/clock.h"
#include "node/base/text.h"

struct agreeing {
	const char *name, *case_key;
	struct secret *passphrase;
	struct signed_in in;
	struct throttle_who who;
	agree_then *then;
	void *job;
};

static const struct error *open_theirs(struct visit *visit, void *user)
{
	struct agreeing *agreeing = user;
	const struct error *error =
		people_open(visit->office->home, agreeing->name, agreeing->passphrase, &agreeing->in);

	secret_free(agreeing->passphrase);
	agreeing->passphrase = NULL;
	return error;
}

/* The case is looked at with the eyes of each, so that nobody agrees to what they may not read. */
static const struct error *check_person(struct visit *visit, const struct agreeing *agreeing)
{
	json_t *in_case CLEANUP(json_decref) = NULL;
	struct casefile *file = visit->office->file;
	const struct error *error;
	struct person person;
	struct reader theirs;

	TRY(people_find(visit->context, file, agreeing->name, &person));
	TRY(people_holds(&person, &agreeing->in));
	theirs = people_reader(&person);
	casefile_read_as(file, &theirs);
	error = casefile_get(file, "case", agreeing->case_key, &in_case);
	casefile_read_as(file, &visit->reader);
	if (error || !access_may(person.role, MAY_REFER))
		return error_new(ERROR_CONFLICT, "%s", agreeing->name);
	return NULL;
}

static const struct error *finish(struct visit *visit, void *user, const struct error *failed)
{
	struct agreeing *agreeing = user;
	struct throttle *throttle = visit->reception->throttle;

	if (!failed)
		failed = check_person(visit, agreeing);
	people_signed_in_wipe(&agreeing->in);
	if (!failed) {
		throttle_succeeded(throttle, &agreeing->who);
	} else if (failed->code == ERROR_CONFLICT) {
		visit_problem(visit, "second",
			"Second person: they do not work on this case; ask an officer or coordinator who may "
			"read it");
	} else if (failed->code == ERROR_DENIED || failed->code == ERROR_NOT_FOUND) {
		throttle_failed(throttle, &agreeing->who, clock_boot_ms());
		visit_problem(visit, "passphrase", "The second person's name or passphrase is not right");
	} else if (!visit_tell_unsaved(visit, failed)) {
		visit_problem(visit, "", failed->message);
	}
	return agreeing->then(visit, agreeing->job);
}

static void check_wait(struct visit *visit, const struct agreeing *agreeing)
{
	int64_t wait = throttle_wait_ms(visit->reception->throttle, &agreeing->who, clock_boot_ms());
	unsigned long seconds = (unsigned long)(wait + 999) / 1000;

	if (wait > 0)
		visit_problem(visit, "passphrase",
			visit_path(visit,
				say_many(visit->request,
					"Too many wrong tries. Wait %lu second and try again",
					"Too many wrong tries. Wait %lu seconds and try again", seconds),
				seconds));
}

const struct error *agree_ask(struct visit *visit, const char *case_key, agree_then *then, void *job)
{
	struct agreeing *agreeing = memory_new(visit->context, struct agreeing);
	char *name = memory_string(visit->context, visit_field(visit, "second"));
	const char *passphrase = visit->form ? form_get(visit->form, "passphrase") : NULL;

	text_lower(name);
	*agreeing = (struct agreeing){.name = name, .case_key = case_key, .then = then, .job = job};
	agreeing->who = (struct throttle_who){name, visit->request->address, NULL};
	if (visit->office->is_practice)
		visit_problem(visit, "second", "Second person: while you practise, nobody else can agree");
	else if (!*name)
		visit_problem(visit, "second", "Second person: they type their name here");
	else if (strcmp(name, visit->person.name) == 0)
		visit_problem(visit, "second", "Second person: this must be somebody else than you");
	if (!passphrase || !*passphrase)
		visit_problem(visit, "passphrase", "The second person types their own passphrase here");
	if (!visit_has_problems(visit))
		check_wait(visit, agreeing);
	if (visit_has_problems(visit) || !passphrase)
		return then(visit, job);
	agreeing->passphrase = secret_copy(passphrase, strlen(passphrase) + 1);
	return visit_slowly(visit, open_theirs, finish, agreeing);
}
