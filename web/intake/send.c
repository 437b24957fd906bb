/* Send: the one moment at which something is kept. The request waits, suspended, for a code and for the card;
 * its answer is the address of the receipt. Sending again, also after this process or the whole hub went down
 * in between, leads to the same receipt (receipts.c).
 *
 * Invariant: "saved" is said only after the commit that holds the report has reached the card. Runs in
 * intake. */
#include "web/intake/intake.h"

#include <string.h>

#include "node/base/clock.h"
#include "web/intake/questions.h"

#define FIRST_LINE 14 /* three fours of the code, and two below: as large as a phone can show them */

struct sending {
	struct intake_save save; /* first: the writer knows us by it */
	struct request *request;
	json_t *fields;
	bool is_for_headquarters;
	struct bytes sent; /* the fields as text */
	char ticket[TICKET_SIZE];
	struct fresh_code code;
	struct composed composed;
};

/* Sent with this token was something else: with a new one, this can be sent too. */
static const struct error *ask_edited(struct request *request)
{
	return form_check_page(request, NULL,
		say(request, "Your answers were saved already, as they were before. Since then you have "
			     "changed them. If the change matters, press Send again: it is saved beside the "
			     "first."));
}

static void go_to_receipt(struct request *request, const char *ticket)
{
	request_redirect(request, intake_link(request, memory_format(request->context, "/done/%s", ticket)));
}

static void finish(struct sending *sending, const struct error *error)
{
	struct request *request = sending->request;

	if (error || !sending->save.is_new)
		quota_report_back(intake_of(request)->quota, request->address);
	if (!error && !sending->save.is_new && !sending->save.is_same)
		error = ask_edited(request);
	else if (!error)
		go_to_receipt(request, sending->ticket);
	json_decref(sending->fields);
	secret_free(sending->code.code);
	server_resume(request, error);
}

static void saved(struct intake_save *save, const struct error *error)
{
	finish((struct sending *)save, error);
}

/* On one of the sealer's threads. */
static void seal(void *user)
{
	struct sending *sending = user;
	struct intake *intake = intake_of(sending->request);
	const struct error *error = compose_report(sending->request->context, intake->coalition,
		sending->fields, sending->is_for_headquarters, &sending->code, &sending->composed);

	json_decref(sending->fields);
	sending->fields = NULL;
	if (error) {
		finish(sending, error);
		return;
	}
	sending->save = (struct intake_save){
		.composed = &sending->composed,
		.ticket = sending->ticket,
		.code = sending->code.code,
		.sent = sending->sent,
		.intake = intake,
		.done = saved,
	};
	intake_save(&sending->save);
}

static void got_code(void *user, struct fresh_code *code, const struct error *error)
{
	struct sending *sending = user;

	if (code)
		sending->code = *code;
	if (error)
		finish(sending, error);
	else
		sealer_submit(intake_of(sending->request)->sealer, seal, sending);
}

/* Everything that can be said against it before anything is written. Takes over `fields`, which are `sent` as
 * text. */
static const struct error *send_fields(
	struct request *request, const char *ticket, json_t *fields, struct bytes sent)
{
	struct intake *intake = intake_of(request);
	const struct error *error = compose_check(fields);
	struct sending *sending;
	int minutes;

	if (!error)
		error = intake_may_take(intake);
	if (error) {
		json_decref(fields);
		return error;
	}
	minutes = quota_report(intake->quota, request->address, clock_boot_ms());
	if (minutes) {
		json_decref(fields);
		return error_new(ERROR_UNAVAILABLE,
			say_many(request,
				"A lot has been sent from here in a short time. Please keep this page open "
				"and press Send again in %d minute, or ask at the desk.",
				"A lot has been sent from here in a short time. Please keep this page open "
				"and press Send again in %d minutes, or ask at the desk.",
				(unsigned long)minutes),
			minutes);
	}
	sending = memory_new(request->context, struct sending);
	sending->request = request;
	sending->fields = fields;
	sending->sent = sent;
	sending->is_for_headquarters = questions_are_for_headquarters(request->form);
	memcpy(sending->ticket, ticket, sizeof sending->ticket);
	server_suspend(request);
	intake->codes->take(intake->codes, got_code, sending);
	return NULL;
}

/* By what is sent again is known: the answers, and who is not to see them. */
static struct bytes sent_text(const struct request *request, const json_t *fields)
{
	struct buffer *text = buffer_new(request->context);
	struct bytes line = json_line(request->context, fields);

	buffer_add(text, line.data, line.len);
	if (questions_are_for_headquarters(request->form))
		buffer_text(text, " hq");
	return buffer_bytes(text);
}

/* The answers as a report, in the language of the page. */
static json_t *report_fields(const struct request *request, const struct questionnaire *asked)
{
	json_t *fields = questions_fields(asked, request->form);

	json_object_set_new(fields, "language", json_string(language_code(request->language)));
	return fields;
}

static const struct error *send_again(struct request *request, const char *ticket, struct bytes sent)
{
	bool is_same;

	TRY(intake_is_same(intake_of(request), ticket, sent, &is_same));
	if (!is_same)
		return ask_edited(request);
	go_to_receipt(request, ticket);
	return NULL;
}

static void leave_token(const struct request *request, const char *token)
{
	char ticket[TICKET_SIZE];

	token_ticket(ticket, token);
	spent_leave(intake_of(request)->spent, receipt_id(ticket));
}

/* A page that was left is not answered again: whoever has the phone now and presses "Reload" gets the empty
 * form. `before` is the token of the page before, where this one has another. */
const struct error *send_report(struct request *request)
{
	struct intake *intake = intake_of(request);
	const struct questionnaire asked = form_questionnaire(request);
	const char *token = form_get(request->form, "token"), *before = form_get(request->form, "before");
	json_t *trial CLEANUP(json_decref) = json_object(), *fields CLEANUP(json_decref) = NULL, *taken;
	struct secret *code CLEANUP(secret_free) = NULL;
	enum receipt_state state;
	enum token_state age;
	char ticket[TICKET_SIZE];
	struct bytes sent;

	if (before && token_is_whole(before))
		leave_token(request, before);
	token_ticket(ticket, token ? token : "");
	if (token && spent_is_left(intake->spent, receipt_id(ticket))) {
		request_redirect(request, intake_link(request, "/form/1"));
		return NULL;
	}
	if (form_get(request->form, "go")) /* the phone's "Enter" in a line of text */
		return form_check_page(request, token, "");
	if (!token || !token_is_whole(token))
		return form_check_page(
			request, NULL, say(request, "Nothing has been sent yet. Please press Send again."));
	TRY(intake_find_receipt(intake, ticket, &state, &code));
	fields = report_fields(request, &asked);
	sent = sent_text(request, fields);
	if (state != RECEIPT_UNKNOWN)
		return send_again(request, ticket, sent);
	age = token_check(
		token, intake->token_key, intake_seconds(), intake->home->config->intake.token_seconds);
	questions_check(trial, &asked, request->form, fields);
	if (page_has_problems(trial))
		return form_check_page(request, age == TOKEN_STALE ? NULL : token, NULL);
	if (age == TOKEN_YOUNG)
		return form_check_page(request, token,
			say(request, "That was quick. Please look at your answers once more, then press Send "
				     "again."));
	if (age == TOKEN_STALE)
		return form_check_page(request, NULL,
			say(request, "This page was open for a long time. All your answers are still here: "
				     "please press Send again."));
	taken = fields; /* by the thread that seals: two threads never hold one JSON value */
	fields = NULL;
	return send_fields(request, ticket, taken, sent);
}

const struct error *done_show(struct request *request)
{
	struct intake *intake = intake_of(request);
	struct secret *code CLEANUP(secret_free) = NULL;
	char shown[MAILBOX_SHOWN_SIZE];
	enum receipt_state state;
	json_t *view;

	if (!token_is_ticket(request->rest))
		return error_new(ERROR_NOT_FOUND, "%s", say(request, "There is nothing at this address."));
	TRY(intake_find_receipt(intake, request->rest, &state, &code));
	if (state == RECEIPT_UNKNOWN)
		return error_new(
			ERROR_NOT_FOUND, "%s", say(request, "There is nothing at this address any more."));
	view = intake_view(request, say(request, "Saved"));
	json_object_set_new(view, "forget", json_true());
	json_object_set_new(view, "may_close", json_boolean(form_questionnaire(request).has_headquarters));
	json_object_set_new(view, "at_desk", json_boolean(intake_is_at_desk(request)));
	json_object_set_new(view, "left", json_string(request->rest));
	intake_return(request, INTAKE_DESK_SECONDS);
	if (code) {
		mailbox_code_shown(shown, code);
		json_object_set_new(view, "code", json_stringn(shown, FIRST_LINE));
		json_object_set_new(view, "code_end", json_string(shown + FIRST_LINE + 1));
		secret_wipe(shown, sizeof shown);
	}
	return page_show(request, "intake-done", view);
}
