/* One request of one person: what every page of the office gets, and what they all share. The table of pages
 * is routes.c's. */
#ifndef ENGABO_WEB_OFFICE_VISIT_H
#define ENGABO_WEB_OFFICE_VISIT_H

#include <pthread.h>

#include "node/casework/codes.h"
#include "web/office/kept.h"
#include "web/office/people.h"
#include "web/office/session.h"
#include "web/office/throttle.h"
#include "web/office/worker.h"
#include "web/page.h"

/* What all requests share. Whoever touches office, sessions, throttle or kept holds the mutex; while
 * `is_opening` the worker has the office to itself without it, so that the pages that need nothing of it
 * still answer. */
struct reception {
	pthread_mutex_t mutex;
	pthread_mutex_t slow; /* one passphrase at a time, so that Argon2id's memory is needed once; taken
				 before mutex */
	struct office *office;
	bool is_open; /* unlocked */
	bool is_opening;
	bool wants_lock;       /* somebody asked for it */
	int wake;	       /* eventfd: the role's loop looks at wants_lock */
	int64_t staff_seen_ms; /* boot clock, of the last request by somebody signed in */
	struct sessions *sessions;
	struct sessions
		*slips; /* of those who typed the one-time code of a slip: they are nobody here (code.c) */
	struct throttle *throttle;
	struct kept *kept;
	struct worker *worker;
	char session_cookie[32], device_cookie[32], slip_cookie[32],
		language_cookie[32]; /* names; cookies ignore ports, so the port is in them */
};

#define VISIT_PARTS 3
struct visit {
	struct request *request;
	void *context; /* the request's */
	struct reception *reception;
	struct office *office;
	struct session *session;	/* NULL on pages before signing in */
	struct practice *practice;	/* while they practise */
	struct person person;		/* who it is; zeroed before signing in */
	struct reader reader;		/* with whose eyes the case file is read for them */
	const struct codes *codes;	/* what was added to the code lists; NULL while locked */
	const char *parts[VISIT_PARTS]; /* what stood for each '*' in the page's pattern; "" when there is no
					   such one */
	bool is_shown_again;		/* a form that was kept over a new sign-in: shown, never saved */
	bool is_once;			/* saving it leads to the same place when the same form comes again */
	uint8_t once[DIGEST_LEN];
	const struct form *form; /* what was posted, also when it is shown again after a new sign-in; NULL on
				    a plain GET */
	json_t *view;		 /* what the page shows */
};

typedef const struct error *visit_page(struct visit *visit);
enum visit_guard {
	GUARD_NONE,   /* before signing in */
	GUARD_PERSON, /* anybody who is signed in */
	GUARD_ACCESS, /* who may do `access` */
};
/* A POST of what somebody typed into a record: sent twice it is written once, and it is kept over a new
 * sign-in. Its page saves by visit_batch alone, and not while there are problems. */
#define PAGE_TYPED 4
struct office_page {
	int methods;	     /* METHOD_GET or METHOD_POST, with PAGE_TYPED */
	const char *pattern; /* '*' stands for one part between slashes */
	visit_page *page;
	enum visit_guard guard;
	enum access access;
};
extern const struct office_page office_pages[]; /* routes.c; ends with a zeroed row */

/* The one handler of the server: finds the page, who is asking, whether they may, and keeps what was typed
 * when their session is over. */
const struct error *visit_serve(struct request *request) MUST_CHECK;
/* Of a form that brings a file, before a byte of it is taken: whether it comes from a page of ours, from
 * somebody who is signed in and may do `access`. Its fields so far are in request->form. */
const struct error *visit_admit(struct request *request, enum access access) MUST_CHECK;
/* For server_options.problem. */
void visit_problem_page(struct request *request, const struct error *error);

/* Shows templates/<name>.html. The title is English and is translated here, as are a notice and a problem:
 * `make strings` finds them in the calls. */
const struct error *visit_show(struct visit *visit, const char *name, const char *title) MUST_CHECK;
/* 303 to `path`, where `notice` (a literal, or SAY) is said once; NULL: nothing to say. */
const struct error *visit_go(struct visit *visit, const char *path, const char *notice) MUST_CHECK;
/* A field of the form, trimmed; "" when there is none. */
const char *visit_field(const struct visit *visit, const char *name);
void visit_problem(struct visit *visit, const char *field, const char *text);
bool visit_has_problems(const struct visit *visit);
/* For a write that the card did not take: the problem in words, and the answer's status. False, and nothing
 * done, for any other failure. */
bool visit_tell_unsaved(struct visit *visit, const struct error *failed);
struct batch *visit_batch(struct visit *visit);
bool visit_may(const struct visit *visit, enum access access);
/* Sets a key of the view. `value` is taken over. */
void visit_set(struct visit *visit, const char *name, json_t *value);
void visit_text(struct visit *visit, const char *name, const char *text);
const char *visit_path(const struct visit *visit, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Slow work for a page: `work` runs on the worker's thread without the mutex, then `finish` with it, and what
 * that shows is the answer. `work`'s error is finish's to tell. Both get `job`, which hangs on the request's
 * context. */
typedef const struct error *visit_work(struct visit *visit, void *job);
typedef const struct error *visit_finish(struct visit *visit, void *job, const struct error *failed);
const struct error *visit_slowly(
	struct visit *visit, visit_work *work, visit_finish *finish, void *job) MUST_CHECK;

/* The same visit in English, whatever language its page is in: for words that go into a record, which people
 * at other hubs read. Its view is the same. */
struct visit *visit_in_english(const struct visit *visit);

/* A cookie's value for Set-Cookie; `seconds` 0: until the browser closes; -1: remove it. */
char *visit_cookie(const void *context, const char *name, const char *value, int64_t seconds);

#endif
