/* Every request passes here: is it from our own pages, who asks, may they, and is the case file up to date.
 * The pages themselves see only what this lets through; what each role may do is node/casework/access's,
 * which page needs what is routes.c's.
 *
 * "A page of records goes to nobody who is not signed in, active, and allowed." Office role, on the server's
 * thread and the worker's. */
#include "web/office/visit.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "node/base/clock.h"
#include "node/base/log.h"
#include "node/base/text.h"
#include "node/casework/added.h"
#include "web/host.h"
#include "web/office/catch.h"
#include "web/office/devices.h"
#include "web/office/frame.h"
#include "web/office/practice.h"
#include "web/office/wording.h"

const char *visit_field(const struct visit *visit, const char *name)
{
	return form_text(visit->context, visit->form, name);
}

void visit_problem(struct visit *visit, const char *field, const char *text)
{
	page_problem(visit->view, field, say(visit->request, text));
}

bool visit_has_problems(const struct visit *visit)
{
	return page_has_problems(visit->view);
}

bool visit_tell_unsaved(struct visit *visit, const struct error *failed)
{
	bool is_full = failed->code == ERROR_FULL;

	if (!is_full && failed->code != ERROR_SYSTEM)
		return false;
	log_error("not saved: %s", failed->message);
	visit->request->status = is_full ? 507 : 500;
	visit_problem(visit, "",
		is_full ? SAY("There is no room left on this hub, and nothing was saved. What you wrote is "
			      "still "
			      "here: make room, then save it again")
			: SAY("This hub could not save it. What you wrote is still here: try again, and if "
			      "that "
			      "does not help, run engabo doctor on the hub"));
	return true;
}

struct batch *visit_batch(struct visit *visit)
{
	struct batch *batch = batch_new(visit->context, visit->office, visit->person.name);

	if (visit->is_shown_again)
		batch_close(batch);
	return batch;
}

bool visit_may(const struct visit *visit, enum access access)
{
	return access_may(visit->person.role, access);
}

void visit_set(struct visit *visit, const char *name, json_t *value)
{
	json_object_set_new(visit->view, name, value);
}

void visit_text(struct visit *visit, const char *name, const char *text)
{
	visit_set(visit, name, json_string(text));
}

const char *visit_path(const struct visit *visit, const char *format, ...)
{
	va_list arguments;
	char *path;

	va_start(arguments, format);
	path = talloc_vasprintf(visit->context, format, arguments);
	va_end(arguments);
	return path;
}

struct visit *visit_in_english(const struct visit *visit)
{
	struct request *request = memory_new(visit->context, struct request);
	struct visit *english = memory_new(visit->context, struct visit);

	*request = *visit->request;
	request->language = NULL;
	*english = *visit;
	english->request = request;
	return english;
}

char *visit_cookie(const void *context, const char *name, const char *value, int64_t seconds)
{
	const char *age =
		seconds ? memory_format(context, "; Max-Age=%lld", (long long)(seconds > 0 ? seconds : 0))
			: "";

	return memory_format(context, "%s=%s; Path=/; Secure; HttpOnly; SameSite=Strict%s", name, value, age);
}

const struct error *visit_show(struct visit *visit, const char *name, const char *title)
{
	json_t *view = visit->view;

	visit_text(visit, "title", say(visit->request, title));
	frame_add(visit);
	visit->view = NULL;
	return page_show(visit->request, name, view);
}

const struct error *visit_go(struct visit *visit, const char *path, const char *notice)
{
	if (visit->session)
		visit->session->notice = notice ? say(visit->request, notice) : NULL;
	if (visit->session && visit->is_once && strlen(path) < SESSION_PATH_SIZE)
		session_remember(visit->session, visit->once, path);
	request_redirect(visit->request, path);
	return NULL;
}

static bool is_ruling(void *office, const char *log)
{
	return office_is_ruled_by(office, log);
}

/* What is said in codes, in the words that hold now. */
static const struct error *learn_codes(struct visit *visit)
{
	struct codes *codes = NULL;

	if (visit->office->file)
		TRY(added_codes(visit->context, visit->office->file, is_ruling, visit->office, &codes));
	visit->codes = codes;
	return NULL;
}

/* While a page is made the case file is seen with the eyes of whoever asks; all else the hub does, it does
 * with its own. */
static void read_as(struct visit *visit, const struct reader *reader)
{
	if (visit->office->file)
		casefile_read_as(visit->office->file, reader);
}

struct slow {
	struct visit *visit;
	visit_work *work;
	visit_finish *finish;
	void *job;
};

static void run_slowly(void *user, bool is_ending)
{
	struct slow *slow = user;
	struct visit *visit = slow->visit;
	struct request *request = visit->request;
	const struct error *error;

	if (is_ending) {
		practice_leave(visit);
		json_decref(visit->view);
		server_resume(request, error_new(ERROR_UNAVAILABLE, "the hub is being locked"));
		return;
	}
	pthread_mutex_lock(&visit->reception->slow);
	error = slow->work(visit, slow->job);
	pthread_mutex_unlock(&visit->reception->slow);
	pthread_mutex_lock(&visit->reception->mutex);
	read_as(visit, visit->session ? &visit->reader : NULL);
	error = slow->finish(visit, slow->job, error);
	read_as(visit, NULL);
	practice_leave(visit);
	pthread_mutex_unlock(&visit->reception->mutex);
	json_decref(visit->view);
	server_resume(request, error);
}

const struct error *visit_slowly(struct visit *visit, visit_work *work, visit_finish *finish, void *job)
{
	struct slow *slow = memory_new(visit->context, struct slow);
	struct visit *later = memory_new(visit->context, struct visit);
	const struct error *error;

	*later = *visit;
	*slow = (struct slow){later, work, finish, job};
	server_suspend(visit->request);
	error = worker_submit(visit->reception->worker, run_slowly, slow);
	if (error) {
		server_resume(visit->request, error);
		return NULL;
	}
	visit->practice = NULL; /* the worker's, too */
	visit->view = NULL;	/* the worker's from here on */
	return NULL;
}

/* By names that only this hub has: an address in numbers, localhost, or a name of the local network. A page
 * elsewhere that makes its own name point here (DNS rebinding) is turned away. */
static bool is_own_name(const char *host)
{
	unsigned char address[16];
	char name[HOST_NAME_SIZE];

	if (!host_parse(host, name))
		return false;
	return name[0] == '[' || inet_pton(AF_INET, name, address) == 1 || text_ends(name, ".local") ||
	       !strchr(name, '.');
}

/* SameSite cookies and the form's token do the work; this also covers the sign-in form, which has neither. */
static bool is_from_our_page(const struct request *request)
{
	const char *origin = request_header(request, "Origin"),
		   *site = request_header(request, "Sec-Fetch-Site");
	const char *host = request_header(request, "Host");

	if (site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0)
		return false;
	if (origin)
		return host && text_starts(origin, "https://") &&
		       strcasecmp(origin + strlen("https://"), host) == 0;
	return site != NULL;
}

static const struct error *check_where_from(const struct request *request)
{
	if (!is_own_name(request_header(request, "Host")))
		return error_new(ERROR_DENIED, "this hub does not answer to that name");
	if (request->method == METHOD_POST && !is_from_our_page(request))
		return error_new(
			ERROR_DENIED, "this form did not come from a page of this hub; nothing was changed");
	return NULL;
}

/* Whether the path is one of the pattern; what stands for each '*' goes to `parts`. */
static bool pattern_fits(
	const void *context, const char *pattern, const char *path, const char *parts[static VISIT_PARTS])
{
	size_t count = 0;

	for (; *pattern; pattern++) {
		if (*pattern == '*') {
			size_t len = strcspn(path, "/");

			if (!len || count == VISIT_PARTS)
				return false;
			parts[count++] = memory_string_of(context, path, len);
			path += len;
		} else if (*pattern != *path++) {
			return false;
		}
	}
	return !*path;
}

static const struct office_page *find_page(struct visit *visit, const char *path, int method)
{
	for (const struct office_page *page = office_pages; page->pattern; page++) {
		for (size_t i = 0; i < VISIT_PARTS; i++)
			visit->parts[i] = "";
		if (page->methods & method && pattern_fits(visit->context, page->pattern, path, visit->parts))
			return page;
	}
	return NULL;
}

/* For the person whose session is over, or, where the hub was locked meanwhile, for whose browser it is. What
 * comes from anybody else is not kept: it could be put under the eyes of somebody who believes it their own.
 */
static const char *keep(struct visit *visit, const char *was)
{
	const struct request *request = visit->request;
	const char *owner = *was ? was : devices_owner(visit);

	if (session_csrf_is_of_practice(form_get(request->form, "csrf")))
		return NULL;
	return owner ? kept_add(visit->reception->kept, owner, request->path, request->form, clock_boot_ms())
		     : NULL;
}

/* To the sign-in page; what was being posted comes back afterwards. Addresses of ours need no escaping in a
 * query but for what a search holds. */
static const struct error *go_to_login(struct visit *visit, const struct office_page *page, const char *was)
{
	struct request *request = visit->request;
	const char *id = page && page->methods & PAGE_TYPED ? keep(visit, was) : NULL;

	if (id)
		request_redirect(request, visit_path(visit, "/login?kept=%s", id));
	else if (request->method == METHOD_GET && strcmp(request->path, "/") != 0)
		request_redirect(request, visit_path(visit, "/login?next=%s", request->path));
	else
		request_redirect(request, "/login");
	return NULL;
}

/* What the logs brought since the last request. A failure is told in the journal and on the hubs page; the
 * pages show what is there. */
static void look_for_news(struct visit *visit)
{
	const struct error *error = catch_up(visit->office);

	if (!error)
		return;
	log_error("catching up: %s", error->message);
	office_trouble(visit->office, visit->office->trust.self.log, error->message);
}

/* The person behind the session, as the case file has them now: whoever was disabled a moment ago is out. */
static bool find_person(struct visit *visit, char was[static PERSON_NAME_MAX + 1])
{
	struct reception *reception = visit->reception;
	const char *token = request_cookie(visit->request, reception->session_cookie);
	const struct error *error;

	visit->session = session_find(reception->sessions, token, clock_boot_ms(), was);
	if (!visit->session || !reception->is_open) {
		visit->session = NULL;
		return false;
	}
	look_for_news(visit);
	error = people_find(visit->context, visit->office->file, visit->session->user, &visit->person);
	if (error || !visit->person.is_active) {
		session_end(visit->session);
		visit->session = NULL;
		return false;
	}
	visit->reader = people_reader(&visit->person);
	reception->staff_seen_ms = clock_boot_ms();
	return true;
}

/* What could not be saved comes back on its own page, which saves nothing while there is a problem. */
static const struct error *shown_again(
	struct visit *visit, const struct office_page *page, const struct error *failed)
{
	if (!failed || !(page->methods & PAGE_TYPED) || visit->is_shown_again)
		return failed;
	json_decref(visit->view);
	visit->view = json_object();
	visit->is_shown_again = true;
	if (failed->code == ERROR_DENIED) { /* it changed hands meanwhile */
		visit->request->status = 403;
		visit_problem(visit, "", failed->message);
	} else if (!visit_tell_unsaved(visit, failed)) {
		return failed;
	}
	return page->page(visit);
}

/* A second press of the button, or a page that was loaded again, is the same form to the last byte, with the
 * same one-time text in it: it leads to where the first one did. */
static const struct error *save_once(struct visit *visit, const struct office_page *page)
{
	const struct form *form = visit->form;
	struct digest digest;
	const char *path;

	digest_start(&digest);
	digest_add(&digest, visit->request->path, strlen(visit->request->path) + 1);
	for (size_t i = 0; i < form->count; i++) {
		digest_add(&digest, form->fields[i].name, strlen(form->fields[i].name) + 1);
		digest_add(&digest, form->fields[i].value, strlen(form->fields[i].value) + 1);
	}
	digest_end(&digest, visit->once);
	visit->is_once = *visit_field(visit, "once") != 0;
	path = visit->is_once ? session_done(visit->session, visit->once) : NULL;
	if (!path)
		return page->page(visit);
	request_redirect(visit->request, path);
	return NULL;
}

static const struct error *check_form(const struct visit *visit)
{
	if (!session_csrf_fits(visit->session, form_get(visit->request->form, "csrf")))
		return error_new(ERROR_DENIED,
			"this form is out of date; go back, load the page again and send it again");
	return NULL;
}

static const struct error *check_access(const struct visit *visit, enum access access)
{
	return visit_may(visit, access)
		       ? NULL
		       : error_new(ERROR_DENIED, "your role here does not include this; ask a coordinator");
}

/* What is about the hub and its people, and what would bring files to the card or samples out of here. */
static bool is_closed_in_practice(const struct visit *visit, const struct office_page *page)
{
	return visit->office->is_practice && page->guard == GUARD_ACCESS &&
	       (page->access == MAY_MANAGE_PEOPLE || page->access == MAY_SEE_SYNC ||
		       page->access == MAY_EXPORT || page->access == MAY_SEE_AUDIT ||
		       text_starts(page->pattern, "/files/") || text_starts(page->pattern, "/calendar"));
}

/* A form that was shown before practice began or ended, and is sent after: what was typed is shown again
 * where they are now, and saved nowhere by itself. */
static bool is_of_other_world(const struct visit *visit, const struct office_page *page)
{
	return page->methods & PAGE_TYPED &&
	       session_csrf_was(visit->session, form_get(visit->request->form, "csrf"));
}

static const struct error *show_other_world(struct visit *visit, const struct office_page *page)
{
	if (is_closed_in_practice(visit, page))
		return visit_go(visit, "/practice", "That page is about the real hub: leave practice first.");
	visit->is_shown_again = true;
	visit->request->status = 409;
	visit_problem(visit, "",
		visit->office->is_practice ? SAY("Practice has begun since this page was shown, so this is "
						 "not saved. Leave practice, and "
						 "write it there")
					   : SAY("This page was shown while you practised, so nothing of it "
						 "is saved. If it is real, save "
						 "it again"));
	read_as(visit, &visit->reader);
	return page->page(visit);
}

static const struct error *call_page(struct visit *visit, const struct office_page *page)
{
	const struct request *request = visit->request;
	char was[PERSON_NAME_MAX + 1];

	if (!find_person(visit, was) && page->guard != GUARD_NONE)
		return go_to_login(visit, page, was);
	if (page->guard == GUARD_ACCESS)
		TRY(check_access(visit, page->access));
	if (visit->session && page->guard != GUARD_NONE)
		practice_enter(visit);
	TRY(learn_codes(visit));
	if (visit->session && request->method == METHOD_POST && page->guard != GUARD_NONE) {
		if (is_of_other_world(visit, page))
			return show_other_world(visit, page);
		TRY(check_form(visit));
	}
	if (is_closed_in_practice(visit, page))
		return visit_go(visit, "/practice", "That page is about the real hub: leave practice first.");
	read_as(visit, visit->session ? &visit->reader : NULL);
	return shown_again(
		visit, page, page->methods & PAGE_TYPED ? save_once(visit, page) : page->page(visit));
}

static struct kept_form *take_kept(struct visit *visit, const char *id)
{
	struct kept *kept = visit->reception->kept;
	const char *device = devices_lane(visit, visit->person.name);
	struct kept_form *form = kept_take(visit->context, kept, id, visit->person.name, clock_boot_ms());

	if (!form && device)
		form = kept_take(visit->context, kept, id, device, clock_boot_ms());
	return form;
}

/* A form that was kept over a new sign-in: its own page shows it with what was typed, and saves nothing
 * before it is sent again. */
static const struct error *show_kept(struct visit *visit, const char *id)
{
	const struct office_page *page;
	struct kept_form *kept;
	char was[PERSON_NAME_MAX + 1];

	if (!find_person(visit, was))
		return go_to_login(visit, NULL, was);
	kept = take_kept(visit, id);
	if (!kept)
		return visit_go(visit, "/", "What you wrote before signing in is no longer kept.");
	page = find_page(visit, kept->path, METHOD_POST);
	if (!page || (page->guard == GUARD_ACCESS && !visit_may(visit, page->access)))
		return visit_go(visit, "/", NULL);
	visit->form = &kept->form;
	visit->is_shown_again = true;
	visit_problem(visit, "",
		"You were signed out before this was saved. Nothing is lost: look it over and save it "
		"again.");
	visit->request->status = 200;
	practice_enter(visit);
	TRY(learn_codes(visit));
	read_as(visit, &visit->reader);
	return page->page(visit);
}

static const struct error *serve(struct visit *visit)
{
	struct request *request = visit->request;
	const struct office_page *page;

	if (request->method == METHOD_GET && text_starts(request->path, "/kept/"))
		return show_kept(visit, request->path + strlen("/kept/"));
	page = find_page(visit, request->path, (int)request->method);
	if (!page)
		return error_new(ERROR_NOT_FOUND, "there is no such page");
	return call_page(visit, page);
}

static struct visit *visit_new(struct request *request)
{
	struct reception *reception = request->user;
	struct visit *visit = memory_new(request->context, struct visit);

	visit->request = request;
	visit->context = request->context;
	visit->reception = reception;
	visit->office = reception->office;
	visit->form = request->method == METHOD_POST ? request->form : NULL;
	return visit;
}

static const struct error *admit(struct visit *visit, enum access access)
{
	char was[PERSON_NAME_MAX + 1];

	if (visit->reception->is_opening || !find_person(visit, was))
		return error_new(
			ERROR_DENIED, SAY("You were signed out. Sign in, then choose the files once more"));
	TRY(check_access(visit, access));
	TRY(check_form(visit));
	return visit->session->practice
		       ? error_new(ERROR_DENIED, SAY("While you practise, no files are taken"))
		       : NULL;
}

const struct error *visit_admit(struct request *request, enum access access)
{
	struct visit *visit = visit_new(request);
	const struct error *error;

	TRY(check_where_from(request));
	pthread_mutex_lock(&visit->reception->mutex);
	error = admit(visit, access);
	pthread_mutex_unlock(&visit->reception->mutex);
	return error;
}

const struct error *visit_serve(struct request *request)
{
	struct reception *reception = request->user;
	struct visit *visit = visit_new(request);
	const struct error *error;

	request->language = wording_chosen(request);
	TRY(check_where_from(request));
	pthread_mutex_lock(&reception->mutex);
	if (reception->is_opening) {
		pthread_mutex_unlock(&reception->mutex);
		return error_new(ERROR_UNAVAILABLE, "the hub is being opened; try again in a moment");
	}
	visit->view = json_object();
	request->session = visit;
	error = serve(visit);
	read_as(visit, NULL);
	practice_leave(visit);
	json_decref(visit->view);
	visit->view = NULL;
	pthread_mutex_unlock(&reception->mutex);
	return error;
}

void visit_problem_page(struct request *request, const struct error *error)
{
	struct reception *reception = request->user;
	struct visit *visit = request->session;
	json_t *view;

	request->language = wording_chosen(request); /* also where no guard has looked */
	if (visit && visit->session) {
		pthread_mutex_lock(&reception->mutex);
		visit->view = json_object();
		frame_add(visit);
		view = visit->view;
		visit->view = NULL;
		pthread_mutex_unlock(&reception->mutex);
	} else {
		view = json_pack("{sb}", "staff", true);
	}
	page_show_error(request, error, view);
}
