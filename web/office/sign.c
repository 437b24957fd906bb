/* Signing in: the first keyholder's passphrase opens the hub, later ones are checked against it. Providers
 * and facilitators have no key: they need a hub that somebody opened. Guessing is throttle.c's, known
 * browsers are devices.c's, sessions are session.c's, what the passphrase opens is people.c's.
 *
 * "A locked hub opens by a keyholder's passphrase alone", and one who was disabled since does not open it
 * though their slot still would. Office role: the slow part on the worker's thread. */
#include "web/office/sign.h"

#include <string.h>
#include <sys/eventfd.h>

#include "node/base/clock.h"
#include "node/base/log.h"
#include "node/base/text.h"
#include "web/office/devices.h"
#include "web/office/urgent.h"

#define PASSPHRASE_MAX 400

static const char *next_of(const struct visit *visit)
{
	const char *kept = form_text(visit->context,
		visit->request->method == METHOD_POST ? visit->form : visit->request->query, "kept");
	const char *next = form_text(visit->context,
		visit->request->method == METHOD_POST ? visit->form : visit->request->query, "next");

	if (*kept && strspn(kept, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
			     strlen(kept))
		return visit_path(visit, "/kept/%s", kept);
	return text_starts(next, "/") && !text_starts(next, "//") && !strchr(next, '\\') ? next : "/";
}

/* Something waits, and since when: nothing else may be known before signing in. */
static void add_urgent(struct visit *visit)
{
	struct urgent_flag flag;
	int64_t waited;

	urgent_here(visit->office, visit->reception->is_open, &flag);
	visit_set(visit, "is_unread", json_boolean(flag.state == URGENT_UNREAD));
	if (flag.state != URGENT_WAITING)
		return;
	waited = flag.since && flag.since < clock_wall_seconds() ? clock_wall_seconds() - flag.since : 0;
	visit_set(visit, "urgent",
		json_pack("{ss, sb}", "waited", urgent_words(visit, waited), "is_again",
			waited >= URGENT_AGAIN_SECONDS));
}

static const struct error *show_form(struct visit *visit)
{
	const struct form *from = visit->request->method == METHOD_POST ? visit->form : visit->request->query;
	const char *kept = form_text(visit->context, from, "kept");

	visit_text(visit, "kept", kept);
	visit_text(visit, "next", form_text(visit->context, from, "next"));
	visit_text(visit, "name", form_text(visit->context, visit->form, "name"));
	visit_set(visit, "is_locked", json_boolean(!visit->reception->is_open));
	add_urgent(visit);
	visit->session = NULL;
	return visit_show(visit, "office-login", "Sign in");
}

const struct error *sign_in_form(struct visit *visit)
{
	if (visit->session)
		return visit_go(visit, next_of(visit), NULL);
	return show_form(visit);
}

/* Opens the locked hub with what the passphrase opened, then asks the case file whether this person still
 * may. The worker has the office to itself: is_opening keeps everybody else out without holding them up. */
static const struct error *unlock(struct reception *reception, const char *name, struct signed_in *in)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct office *office = reception->office;
	const struct error *error;
	struct person person;

	pthread_mutex_lock(&reception->mutex);
	reception->is_opening = true;
	pthread_mutex_unlock(&reception->mutex);
	error = office_unlock(office, in->vault);
	in->vault = NULL; /* the office's, or wiped with it */
	if (!error)
		error = people_find(scratch, office->file, name, &person);
	if (!error)
		error = people_holds(&person, in);
	if (error)
		office_lock(office);
	pthread_mutex_lock(&reception->mutex);
	reception->is_opening = false;
	reception->is_open = !error;
	reception->staff_seen_ms = clock_boot_ms();
	pthread_mutex_unlock(&reception->mutex);
	if (!error && office->rebuilt)
		log_warning(
			"the snapshot was not believed, and the case file was built anew from the log: %s",
			office->rebuilt);
	return error;
}

/* The person of that name, if the hub is open and has one; is_known false else. */
static bool look_up(struct reception *reception, const void *context, const char *name, struct person *person,
	bool *is_open)
{
	bool is_known;

	pthread_mutex_lock(&reception->mutex);
	*is_open = reception->is_open;
	is_known = *is_open && !people_find(context, reception->office->file, name, person);
	pthread_mutex_unlock(&reception->mutex);
	return is_known;
}

const struct error *sign_check(struct reception *reception, const char *name, const struct secret *passphrase)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct signed_in in = {0};
	struct person person = {0};
	const struct error *error;
	bool is_open;
	bool is_known = look_up(reception, scratch, name, &person, &is_open);

	if (is_known && !person.is_keyholder && *person.verifier) {
		TRY(keyring_verify(person.verifier, passphrase));
		return people_holds(&person, &in);
	}
	/* A name that nobody has costs the same time as one that somebody has. */
	error = people_open(reception->office->home, name, passphrase, &in);
	if (!error && !*name)
		error = error_new(ERROR_DENIED, "the printed words are for engabo recover");
	if (!error)
		error = !is_open   ? unlock(reception, name, &in)
			: is_known ? people_holds(&person, &in)
				   : error_new(ERROR_DENIED, "the name or the passphrase is not right");
	people_signed_in_wipe(&in);
	return error;
}

struct sign_in {
	char name[PERSON_NAME_MAX + 1];
	struct secret *passphrase;
	struct throttle_who who;
};

static int64_t wait_ms(struct visit *visit, const struct sign_in *job)
{
	return throttle_wait_ms(visit->reception->throttle, &job->who, clock_boot_ms());
}

static void tell_wait(struct visit *visit, int64_t ms)
{
	long long seconds = (long long)(ms + 999) / 1000;

	visit->request->status = 429;
	request_add_header(visit->request, "Retry-After", visit_path(visit, "%lld", seconds));
	visit_problem(visit, "passphrase",
		visit_path(visit,
			say_many(visit->request, "Too many wrong tries. Wait %lld second and try again",
				"Too many wrong tries. Wait %lld seconds and try again",
				(unsigned long)seconds),
			seconds));
}

/* Several tries may have been waiting for the worker together: each is held back by those before it. */
static const struct error *check(struct visit *visit, void *user)
{
	struct sign_in *job = user;
	const struct error *error;
	int64_t wait;

	pthread_mutex_lock(&visit->reception->mutex);
	wait = wait_ms(visit, job);
	pthread_mutex_unlock(&visit->reception->mutex);
	if (wait > 0)
		error = error_new(ERROR_CONFLICT, "too many tries at once");
	else
		error = sign_check(visit->reception, job->name, job->passphrase);
	secret_free(job->passphrase);
	job->passphrase = NULL;
	return error;
}

static const struct error *failed_sign_in(
	struct visit *visit, struct sign_in *job, const struct error *failed)
{
	int64_t wait = wait_ms(visit, job);

	if (failed->code == ERROR_CONFLICT && wait > 0) {
		tell_wait(visit, wait);
		return show_form(visit);
	}
	if (failed->code != ERROR_DENIED && failed->code != ERROR_NOT_FOUND)
		return failed;
	throttle_failed(visit->reception->throttle, &job->who, clock_boot_ms());
	visit->request->status = 403;
	visit_problem(visit, "passphrase", "The name or the passphrase is not right");
	if (!visit->reception->is_open)
		visit_problem(visit, "",
			"The hub is locked. If you have no key to it, ask an officer to open the hub");
	return show_form(visit);
}

static const struct error *remember(struct visit *visit, const struct sign_in *job)
{
	struct person person;

	TRY(devices_prune(visit->office));
	if (job->who.device)
		return NULL;
	TRY(people_find(visit->context, visit->office->file, job->name, &person));
	return devices_remember(visit, &person);
}

static const struct error *finish(struct visit *visit, void *user, const struct error *failed)
{
	struct reception *reception = visit->reception;
	struct sign_in *job = user;
	char token[SESSION_TOKEN_SIZE];

	if (failed)
		return failed_sign_in(visit, job, failed);
	throttle_succeeded(reception->throttle, &job->who);
	error_ignore(remember(visit, job)); /* a full card keeps nobody out */
	session_begin(reception->sessions, job->name, clock_boot_ms(), token);
	reception->staff_seen_ms = clock_boot_ms();
	request_add_header(visit->request, "Set-Cookie",
		visit_cookie(visit->context, reception->session_cookie, token, 0));
	secret_wipe(token, sizeof token);
	request_redirect(visit->request, next_of(visit));
	return NULL;
}

const struct error *sign_in(struct visit *visit)
{
	struct sign_in *job = memory_new(visit->context, struct sign_in);
	char *name = memory_string(visit->context, visit_field(visit, "name"));
	const char *passphrase = form_get(visit->form, "passphrase");
	int64_t wait;

	text_lower(name);
	if (!*name)
		visit_problem(visit, "name", "Type your name");
	else if (strlen(name) > PERSON_NAME_MAX)
		visit_problem(visit, "name", "This name is too long");
	if (!passphrase || !*passphrase)
		visit_problem(visit, "passphrase", "Type your passphrase");
	else if (strlen(passphrase) > PASSPHRASE_MAX)
		visit_problem(visit, "passphrase", "This passphrase is too long");
	if (visit_has_problems(visit) || !passphrase)
		return show_form(visit);
	snprintf(job->name, sizeof job->name, "%s", name);
	job->who = (struct throttle_who){job->name, visit->request->address, devices_lane(visit, job->name)};
	wait = wait_ms(visit, job);
	if (wait > 0) {
		tell_wait(visit, wait);
		return show_form(visit);
	}
	job->passphrase = secret_copy(passphrase, strlen(passphrase) + 1);
	secret_wipe((char *)passphrase, strlen(passphrase));
	return visit_slowly(visit, check, finish, job);
}

const struct error *sign_out(struct visit *visit)
{
	session_end(visit->session);
	visit->session = NULL;
	request_add_header(visit->request, "Clear-Site-Data", "\"cache\", \"storage\"");
	request_add_header(visit->request, "Set-Cookie",
		visit_cookie(visit->context, visit->reception->session_cookie, "", -1));
	return visit_go(visit, "/login", NULL);
}

void sign_ask_lock(struct reception *reception)
{
	reception->wants_lock = true;
	eventfd_write(reception->wake, 1);
}

const struct error *sign_lock_form(struct visit *visit)
{
	return visit_show(visit, "office-lock", "Lock");
}

const struct error *sign_lock(struct visit *visit)
{
	sign_ask_lock(visit->reception);
	visit->session = NULL;
	request_add_header(visit->request, "Clear-Site-Data", "\"cache\", \"storage\"");
	return visit_show(visit, "office-locked", "Locked");
}
