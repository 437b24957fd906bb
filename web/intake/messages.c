/* Coming back with the code: what became of it, answers, and a word in return. The code is typed in, or
 * travels in a hidden field of the page that it opened; never in an address. Turning it into keys happens in
 * the child (pool.c), opening the mailbox in inbox.c.
 *
 * Invariant: a code and what it opens are gone when the request is. Runs in intake. */
#include "web/intake/intake.h"

#include <string.h>

#include "node/base/clock.h"
#include "node/casework/schema.h"
#include "web/intake/inbox.h"

struct visit {
	struct intake_save save; /* first: the writer knows us by it */
	struct request *request;
	struct composed composed;
	struct bytes text;
	char ticket[TICKET_SIZE];
};

static const char *const title = "Messages";
static const char edited[] =
	"An earlier version of your message was saved already. If the change matters, press Send "
	"again: it is saved beside the first.";

static json_t *code_view(const struct request *request)
{
	json_t *view = intake_view(request, title);
	const char *code = form_get(request->form, "code"), *text = form_get(request->form, "text");

	if (code)
		json_object_set_new(view, "code", json_string(code));
	if (text && *text)
		json_object_set_new(view, "message", json_string(text));
	return view;
}

static const struct error *ask_again(struct request *request, const char *trouble)
{
	json_t *view = code_view(request);

	page_problem(view, "code", trouble);
	return page_show(request, "intake-code", view);
}

const struct error *messages_again(struct request *request, const char *trouble)
{
	return ask_again(request, trouble);
}

const struct error *messages_show(struct request *request)
{
	return page_show(request, "intake-code", intake_view(request, title));
}

/* What the office's last word on it means. */
static const char *state_words(const struct inbox *inbox)
{
	if (strcmp(inbox->state, "closed") == 0)
		return "Somebody has read it, and it is closed.";
	if (strcmp(inbox->state, "added") == 0)
		return "Somebody has read it and is working on it.";
	if (json_array_size(inbox->answers))
		return "Somebody has read it and has answered.";
	if (strcmp(inbox->state, "opened") == 0)
		return "Somebody has read it.";
	return "It is saved. Nobody has read it yet.";
}

/* The page behind the code. `view` may already hold problems or a notice. */
static const struct error *show_inbox(struct request *request, const struct inbox *inbox, json_t *view)
{
	struct intake *intake = intake_of(request);
	const char *text = form_get(request->form, "text");
	char token[TOKEN_SIZE];

	token_new(token, intake->token_key, intake_seconds());
	json_object_set_new(view, "token", json_string(token));
	json_object_set_new(view, "code", json_string(form_get(request->form, "code")));
	json_object_set_new(view, "saved", json_string(inbox_day(request->context, inbox->saved_at)));
	json_object_set_new(view, "state", json_string(state_words(inbox)));
	json_object_set(view, "messages", inbox->answers);
	if (text)
		json_object_set_new(view, "message", json_string(text));
	return page_show(request, "intake-messages", view);
}

/* The answer once the message is on the card; made before, so that the writer's thread need not. */
static const struct error *show_sent(struct request *request)
{
	json_t *view = intake_view(request, "Saved");

	json_object_set_new(view, "code", json_string(form_get(request->form, "code")));
	return page_show(request, "intake-sent", view);
}

static void saved(struct intake_save *save, const struct error *error)
{
	struct visit *visit = (struct visit *)save;
	struct request *request = visit->request;

	if (error || !save->is_new)
		quota_report_back(intake_of(request)->quota, request->address);
	if (!error && !save->is_new && !save->is_same)
		error = error_new(ERROR_CONFLICT, edited);
	server_resume(request, error);
}

static const struct error *check_text(const char *text)
{
	const struct field *field = schema_field(schema_entity("message"), "text");
	json_t *value CLEANUP(json_decref) = json_string(text);

	if (!*text)
		return error_new(ERROR_INVALID, "Message: please write something first");
	return schema_check(field, value);
}

/* *waits: the answer comes when the card has it. */
static const struct error *take_message(
	struct visit *visit, const struct mailbox *mailbox, const struct inbox *inbox, bool *waits)
{
	struct request *request = visit->request;
	struct intake *intake = intake_of(request);
	const char *text = form_text(request->context, request->form, "text");
	int minutes;

	TRY(intake_may_take(intake));
	minutes = quota_report(intake->quota, request->address, clock_boot_ms());
	if (minutes)
		return error_new(ERROR_UNAVAILABLE,
			"A lot has been sent from here in a short time. Please try again in %d minute%s",
			minutes, minutes == 1 ? "" : "s");
	const struct error *error = compose_message(request->context, intake->coalition, inbox->report,
		inbox->owner, text, mailbox, &visit->composed);
	if (!error)
		error = show_sent(request);
	if (error) {
		quota_report_back(intake->quota, request->address);
		return error;
	}
	visit->save = (struct intake_save){
		.composed = &visit->composed,
		.ticket = visit->ticket,
		.sent = visit->text,
		.intake = intake,
		.done = saved,
	};
	*waits = true;
	intake_save(&visit->save);
	return NULL;
}

static const struct error *answer_message(
	struct visit *visit, const struct mailbox *mailbox, const struct inbox *inbox, bool *waits)
{
	struct request *request = visit->request;
	struct intake *intake = intake_of(request);
	const char *token = form_get(request->form, "token");
	const char *text = form_text(request->context, request->form, "text");
	struct secret *none CLEANUP(secret_free) = NULL;
	enum receipt_state state = RECEIPT_UNKNOWN;
	const struct error *error;
	bool is_same;
	json_t *view;

	token_ticket(visit->ticket, token ? token : "");
	TRY(intake_find_receipt(intake, visit->ticket, &state, &none));
	visit->text = (struct bytes){(const uint8_t *)text, strlen(text)};
	if (state != RECEIPT_UNKNOWN) {
		TRY(intake_is_same(intake, visit->ticket, visit->text, &is_same));
		if (is_same)
			return show_sent(request);
		view = intake_view(request, title);
		json_object_set_new(view, "notice", json_string(edited));
		return show_inbox(request, inbox, view);
	}
	error = check_text(text);
	if (!error && token && token_check(token, intake->token_key, intake_seconds(), 0) != TOKEN_STALE)
		return take_message(visit, mailbox, inbox, waits);
	view = intake_view(request, title);
	if (error)
		page_problem(view, "text", error->message);
	else
		json_object_set_new(view, "notice",
			json_string("This page was open for a long time. Your message is still here: please "
				    "press Send again."));
	return show_inbox(request, inbox, view);
}

static const struct error *answer_visit(struct visit *visit, const struct secret *seed, bool *waits)
{
	struct mailbox *mailbox CLEANUP(mailbox_free) = mailbox_of_seed(seed);
	struct request *request = visit->request;
	struct intake *intake = intake_of(request);
	const char *go = form_get(request->form, "go");
	const struct error *error;
	struct inbox inbox;

	error = inbox_read(intake, mailbox, &inbox);
	if (error && error->code == ERROR_NOT_FOUND)
		return ask_again(request, "We do not know this code here. Please compare it with what you "
					  "wrote down. If you sent your answers at "
					  "another place, they may need some days to get here.");
	if (error)
		return error;
	quota_try_back(intake->quota, request->address); /* only guesses count */
	if (go && strcmp(go, "send") == 0)
		error = answer_message(visit, mailbox, &inbox, waits);
	else
		error = show_inbox(request, &inbox, intake_view(request, title));
	json_decref(inbox.answers);
	return error;
}

static void got_seed(void *user, struct secret *seed, const struct error *error)
{
	struct visit *visit = user;
	struct request *request = visit->request;
	bool waits = false;

	if (!error)
		error = answer_visit(visit, seed, &waits);
	secret_free(seed);
	if (!waits)
		server_resume(request, error);
}

const struct error *messages_answer(struct request *request)
{
	struct intake *intake = intake_of(request);
	const char *typed = form_get(request->form, "code");
	struct secret *code CLEANUP(secret_free) = NULL;
	const struct error *error = mailbox_code_parse(typed ? typed : "", &code);
	struct visit *visit;
	int seconds;

	if (error)
		return ask_again(request, memory_format(request->context,
						  "Please look at the code again: %s.", error->message));
	seconds = quota_try(intake->quota, request->address, clock_boot_ms());
	if (seconds)
		return ask_again(request, memory_format(request->context,
						  "There were many tries just now. Please wait %d seconds, "
						  "then press Open again.",
						  seconds));
	visit = memory_new(request->context, struct visit);
	visit->request = request;
	server_suspend(request);
	intake->codes->derive(intake->codes, code, got_seed, visit);
	return NULL;
}
