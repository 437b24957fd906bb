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

static const char edited[] =
	"Your answers were saved already, as they were before. Since then you have changed "
	"them. If the change matters, press Send again: it is saved beside the first.";

struct sending {
	struct intake_save save; /* first: the writer knows us by it */
	struct request *request;
	json_t *fields;
	struct bytes sent; /* the fields as text */
	char ticket[TICKET_SIZE];
	struct fresh_code code;
	struct composed composed;
};

static void finish(struct sending *sending, const struct error *error)
{
	struct request *request = sending->request;

	if (error || !sending->save.is_new)
		quota_report_back(intake_of(request)->quota, request->address);
	if (!error && !sending->save.is_new && !sending->save.is_same)
		error = form_check_again(request, NULL, edited);
	else if (!error)
		request_redirect(request, memory_format(request->context, "/done/%s", sending->ticket));
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
		sending->fields, &sending->code, &sending->composed);

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
			"A lot has been sent from here in a short time. Please keep this page open and "
			"press Send again in %d minute%s, or ask at the desk",
			minutes, minutes == 1 ? "" : "s");
	}
	sending = memory_new(request->context, struct sending);
	sending->request = request;
	sending->fields = fields;
	sending->sent = sent;
	memcpy(sending->ticket, ticket, sizeof sending->ticket);
	server_suspend(request);
	intake->codes->take(intake->codes, got_code, sending);
	return NULL;
}

const struct error *send_report(struct request *request)
{
	struct intake *intake = intake_of(request);
	const char *token = form_get(request->form, "token");
	json_t *trial CLEANUP(json_decref) = json_object(), *fields CLEANUP(json_decref) = NULL;
	struct secret *code CLEANUP(secret_free) = NULL;
	enum receipt_state state;
	char ticket[TICKET_SIZE];
	struct bytes sent;
	bool is_same;

	if (form_get(request->form, "go"))
		return form_answer(request);
	if (!token || !token_is_whole(token))
		return form_check_again(request, NULL, "Nothing has been sent yet. Please press Send again.");
	token_ticket(ticket, token);
	TRY(intake_find_receipt(intake, ticket, &state, &code));
	fields = questions_fields(request->form);
	sent = json_line(request->context, fields);
	if (state != RECEIPT_UNKNOWN) {
		TRY(intake_is_same(intake, ticket, sent, &is_same));
		if (!is_same)
			return form_check_again(request, NULL, edited);
		request_redirect(request, memory_format(request->context, "/done/%s", ticket));
		return NULL;
	}
	switch (token_check(
		token, intake->token_key, intake_seconds(), intake->home->config->intake.token_seconds)) {
	case TOKEN_YOUNG:
		return form_check_again(request, token,
			"That was quick. Please look at your answers once more, then press Send again.");
	case TOKEN_STALE:
		return form_check_again(request, NULL,
			"This page was open for a long time. All your answers are still here: please press "
			"Send again.");
	case TOKEN_GOOD:
		break;
	}
	questions_check(trial, request->form, 0);
	if (page_has_problems(trial))
		return form_check_page(request, token, NULL);
	return send_fields(request, ticket, json_incref(fields), sent);
}

const struct error *done_show(struct request *request)
{
	struct intake *intake = intake_of(request);
	struct secret *code CLEANUP(secret_free) = NULL;
	char shown[MAILBOX_SHOWN_SIZE];
	enum receipt_state state;
	json_t *view;

	if (!token_is_ticket(request->rest))
		return error_new(ERROR_NOT_FOUND, "There is nothing at this address");
	TRY(intake_find_receipt(intake, request->rest, &state, &code));
	if (state == RECEIPT_UNKNOWN)
		return error_new(ERROR_NOT_FOUND, "There is nothing at this address any more");
	view = intake_view(request, "Saved");
	if (code) {
		mailbox_code_shown(shown, code);
		json_object_set_new(view, "code", json_stringn(shown, FIRST_LINE));
		json_object_set_new(view, "code_end", json_string(shown + FIRST_LINE + 1));
		secret_wipe(shown, sizeof shown);
	}
	return page_show(request, "intake-done", view);
}
