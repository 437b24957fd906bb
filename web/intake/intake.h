/* What the pages of intake share. All of it is made by intake_start (role.c) before the first request and
 * ends after the last one; what can change guards itself. */
#ifndef ENGABO_WEB_INTAKE_INTAKE_H
#define ENGABO_WEB_INTAKE_INTAKE_H

#include <pthread.h>
#include <stdatomic.h>

#include "node/base/home.h"
#include "node/store/group.h"
#include "web/intake/coalition.h"
#include "web/intake/code_source.h"
#include "web/intake/compose.h"
#include "web/intake/photo.h"
#include "web/intake/questions.h"
#include "web/intake/quota.h"
#include "web/intake/receipts.h"
#include "web/intake/sealer.h"
#include "web/intake/spent.h"
#include "web/intake/token.h"
#include "web/intake/tries.h"
#include "web/page.h"

#define INTAKE_RESERVE (UINT64_C(64) << 20) /* bytes left free, so that the hub can still lock and sync */

struct intake {
	struct home *home;
	struct secret *token_key;
	struct coalition *coalition;
	struct quota *quota;
	struct gate *gate; /* by which way the form is reached */
	struct code_source *codes;
	struct seen *seen;   /* the tickets of all receipts */
	struct spent *spent; /* the tickets of what was left, or taken, and is not shown again */
	struct sealer *sealer;
	struct photos *photos;
	struct tries *tries;
	struct group *group;  /* all writing to intake.db */
	pthread_mutex_t lock; /* for `reader` */
	struct db *reader;    /* intake.db, read only */
	struct server *http, *https;
	struct captive *captive; /* which phones have been here */
	uint64_t clock_kept;	 /* the hybrid clock's value on the card; the writer's thread's own */
	int64_t taken;		 /* by sync, of the spool; the writer's thread's own, too */
	int64_t taken_look_ms;	 /* when to ask again */
	int64_t pruned;		 /* up to here, none of these rows is left */
	bool is_log_marked;	 /* intake.db's log tells of a row that was urgent; the same thread's */
	atomic_bool is_told;	 /* nothing is to be put into wake_fd until it has been read */
	int wake_fd; /* an eventfd: something is on the card, so sync's bell is to be rung, once for many, and
			there will be tidying */
};

/* Opens intake.db, making it where it is missing, and starts this process's clock behind the last event made
 * here. *roster: the highest version accepted so far. */
const struct error *intake_open_db(const struct home *home, struct db **db, int *roster) MUST_CHECK;
/* Before the first record: ERROR_CONFIG when intake.db and trust.json are of two hubs. */
const struct error *intake_claim_db(const struct home *home, struct db *db) MUST_CHECK;

static inline struct intake *intake_of(const struct request *request)
{
	return request->user;
}
int64_t intake_seconds(void); /* on the boot clock */

/* A page's view with what all of them show: title ("Form" is neutral, and already in the page's language),
 * name of the office, phone; when a language was chosen, "l" (its code, for a hidden field of that name in
 * each form) and "ask" ("?l=lg", behind each link); "left" where something sent is answered (leave.c);
 * "is_open" in a workshop, where what is sent is not encrypted. The caller owns it. */
json_t *intake_view(const struct request *request, const char *title);
/* The language chosen on a page before, else the phone's own; NULL: English. */
const struct language *intake_language(const struct request *request);
/* The path with the chosen language behind it, for redirects. On the request's context, or `path` itself. */
const char *intake_link(const struct request *request, const char *path);
/* On the device at the desk, which many use one after the other, this page goes back to the first one by
 * itself; and a receipt's code is shown no longer than that, so that the next person cannot go back to it. */
void intake_return(struct request *request, int seconds);
#define INTAKE_DESK_SECONDS 120		/* to write down twenty digits */
#define INTAKE_DESK_WRITING_SECONDS 600 /* of a page on which somebody may be writing */
bool intake_is_at_desk(const struct request *request);
/* ERROR_FULL, with what to do, when the reserve is touched; ERROR_DENIED when the roster forbids taking
 * anything. */
const struct error *intake_may_take(struct intake *intake) MUST_CHECK;
/* receipts_find through the reader. */
const struct error *intake_find_receipt(struct intake *intake, const char *ticket, enum receipt_state *state,
	struct secret **code) MUST_CHECK;
/* receipts_is_same, too. */
const struct error *intake_is_same(
	struct intake *intake, const char *ticket, struct bytes sent, bool *is_same) MUST_CHECK;

/* Puts `composed` and, with a ticket, its receipt on the card in one transaction; `done` is called on the
 * writer's thread. `composed`, `code` and `sent` must live until then. Before `done` are set: is_new, and
 * is_same when it is not: what had been sent with the ticket was this text. */
struct intake_save {
	const struct composed *composed;
	const char *ticket;	   /* NULL: `engabo report`, which is told its code at once */
	const struct secret *code; /* NULL: a message */
	struct bytes sent;	   /* with a ticket: the text by which it is known again */
	struct receipt receipt;	   /* by intake_save */
	bool is_new, is_same;
	struct intake *intake;
	void (*done)(struct intake_save *save, const struct error *error);
};
void intake_save(struct intake_save *save);
/* How far sync has the spool in the log: these rows need not stay. */
const struct error *intake_taken(const struct intake *intake, int64_t *upto) MUST_CHECK;
/* Within the transaction of an event: what is on the card stays ahead of every event, by up to two seconds,
 * so that not every report writes it. */
const struct error *intake_keep_clock(struct db *db, struct intake *intake) MUST_CHECK;

/* Handlers, by file. */
request_handler welcome_show, privacy_show, safety_show, help_show, forget_style, health_show; /* pages.c */
request_handler leave_show, leave_press;						       /* leave.c */
request_handler form_show;						/* form_pages.c */
request_handler send_report, done_show;					/* send.c */
request_handler messages_show, messages_answer;				/* messages.c */
request_handler messages_close;						/* closing.c */
request_handler photo_send;						/* photo.c */
void pages_problem(struct request *request, const struct error *error); /* pages.c */
/* What a person can do about an error; its details, where they are none of hers, are for the journal and
 * /healthz. pages.c */
const char *pages_advice(const struct request *request, const struct error *error);
const struct error *pages_guard(struct request *request) MUST_CHECK; /* pages.c */
/* TAG_FORM: over https only. TAG_PROBE, TAG_QUIET: not opened by a person. */
enum { TAG_OPEN, TAG_FORM, TAG_PROBE, TAG_QUIET };

/* The form with all that was typed, at "Check your answers", with `token`, or a fresh one where that is none.
 * `notice`: a calm word about why, "" for none; NULL: what is wrong with the answers is said. form_pages.c */
const struct error *form_check_page(
	struct request *request, const char *token, const char *notice) MUST_CHECK;
/* After an error at Send: the same page with all answers that could be read. The one that could not is named;
 * otherwise `trouble` is said. */
const struct error *form_problem(struct request *request, const char *trouble) MUST_CHECK;
struct questionnaire form_questionnaire(const struct request *request);
/* The page that asks for the code, with what was typed. messages.c */
const struct error *messages_again(struct request *request, const char *trouble) MUST_CHECK;

#endif
