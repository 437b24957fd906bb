/* Coming back with the code: what became of it, answers, and a word in return. The code is typed in, or
 * travels in a hidden field of the page that it opened; never in an address. Turning it into keys happens in
 * the child (pool.c), opening the mailbox in inbox.c. Photos are photo.c's, closing the mailbox closing.c's.
 *
 * Each page that asks for a code or holds one carries a token, "once", and what is sent with it is answered
 * once: a browser that is made to send it again, by Back and "Reload" after this person, gets the question
 * for the code.
 *
 * Invariant: a code and what it opens are gone when the request is. Runs in intake. */
#include "web/intake/messages.h"

#include <string.h>

#include "node/base/clock.h"
#include "node/base/log.h"
#include "node/base/text.h"
#include "node/casework/schema.h"

#define DAY_SIZE 11

const char *messages_title(const struct request *request)
{
	return say(request, "Messages");
}

void messages_once(const struct request *request, json_t *view)
{
	char token[TOKEN_SIZE];

	token_new(token, intake_of(request)->token_key, intake_seconds());
	json_object_set_new(view, "once", json_string(token));
}

/* Whether this was sent before. Only a form of ours can be: without a token there is a person, or a program,
 * that has the code. */
static bool is_repeat(const struct request *request)
{
	const struct intake *intake = intake_of(request);
	const char *once = form_get(request->form, "once");
	char ticket[TICKET_SIZE];

	if (!once)
		return false;
	if (token_is_lost(once, intake->token_key, intake_seconds()))
		return true; /* also what was spent before a restart */
	token_ticket(ticket, once);
	return !spent_take(intake->spent, receipt_id(ticket), clock_boot_ms());
}

/* Whether the message in this form is on the card already. */
static bool is_saved(const struct request *request)
{
	const char *token = form_get(request->form, "token");
	struct secret *none CLEANUP(secret_free) = NULL;
	enum receipt_state state = RECEIPT_UNKNOWN;
	char ticket[TICKET_SIZE];

	token_ticket(ticket, token ? token : "");
	error_ignore(intake_find_receipt(intake_of(request), ticket, &state, &none));
	return state != RECEIPT_UNKNOWN;
}

static json_t *code_view(const struct request *request, bool is_empty)
{
	json_t *view = intake_view(request, messages_title(request));
	const char *code = form_get(request->form, "code"), *text = form_get(request->form, "text");

	messages_once(request, view);
	if (code && !is_empty)
		json_object_set_new(view, "code", json_string(code));
	if (text && *text && !(is_empty && is_saved(request)))
		json_object_set_new(view, "message", json_string(text));
	return view;
}

static bool brings_photo(const struct request *request)
{
	return strcmp(request->path, "/messages/photo") == 0;
}

static const struct error *ask_again(struct request *request)
{
	json_t *view = code_view(request, true);

	json_object_set_new(view, "notice",
		json_string(brings_photo(request)
				    ? say(request, "This page was closed, so that nobody else can open it, "
						   "and nothing was sent just now. Please type your code "
						   "again.")
				    : say(request, "This page was closed, so that nobody else can open it. "
						   "Please type your code again.")));
	return page_show(request, "intake-code", view);
}

/* The page that asks for the code, with what is wrong with it, or with `field` "" something else; and with
 * what became of a photo that came along. */
static const struct error *code_page(struct request *request, const char *field, const char *trouble)
{
	json_t *view = code_view(request, is_repeat(request));
	const char *photo = photo_trouble(request);

	intake_return(request, INTAKE_DESK_SECONDS);
	page_problem(view, field, trouble);
	if (photo)
		page_problem(view, "", photo);
	return page_show(request, "intake-code", view);
}

const struct error *messages_again(struct request *request, const char *trouble)
{
	if (!brings_photo(request))
		return code_page(request, "code", trouble);
	if (request->status == 413 && !request->refusal) /* nothing of it was read */
		trouble = photo_too_large(request);
	return code_page(request, "", trouble);
}

const struct error *messages_show(struct request *request)
{
	return page_show(request, "intake-code", code_view(request, true));
}

const struct error *messages_closed(struct request *request)
{
	intake_return(request, INTAKE_DESK_SECONDS);
	return page_show(request, "intake-closed", intake_view(request, messages_title(request)));
}

struct reporter messages_reporter(const struct coming_back *visit)
{
	return (struct reporter){
		.report = visit->inbox.report,
		.owner = visit->inbox.owner,
		.to = visit->inbox.to,
		.mailbox = visit->mailbox,
	};
}

/* What the office's last word on it means. */
static const char *state_words(const struct request *request, const struct inbox *inbox)
{
	if (strcmp(inbox->state, "closed") == 0)
		return say(request, "Somebody has read it, and it is closed.");
	if (strcmp(inbox->state, "added") == 0)
		return say(request, "Somebody has read it and is working on it.");
	if (json_array_size(inbox->answers))
		return say(request, "Somebody has read it and has answered.");
	if (strcmp(inbox->state, "opened") == 0)
		return say(request, "Somebody has read it.");
	return say(request, "It is saved. Nobody has read it yet.");
}

/* "2026-11-23" of a point in time. */
static void day_of(char day[static DAY_SIZE], const json_t *one)
{
	snprintf(day, DAY_SIZE, "%s", json_text_or(one, "at", ""));
}

static json_t *day_view(const struct request *request, const json_t *one)
{
	char day[DAY_SIZE];

	day_of(day, one);
	return json_string(language_date(request->context, request->language, day));
}

static bool is_same_day(const json_t *one, const json_t *other)
{
	char day[DAY_SIZE], day_of_other[DAY_SIZE];

	day_of(day, one);
	day_of(day_of_other, other);
	return strcmp(day, day_of_other) == 0;
}

static json_t *answers_view(const struct request *request, const json_t *answers)
{
	json_t *view = json_array();
	const json_t *one;
	size_t i;

	json_array_foreach (answers, i, one)
		json_array_append_new(view, json_pack("{s:o,s:s,s:b}", "day", day_view(request, one), "text",
						    json_text_or(one, "text", ""), "is_question",
						    json_is_true(json_object_get(one, "is_question"))));
	return view;
}

static bool is_photo(const json_t *sent)
{
	return strcmp(json_text_or(sent, "what", ""), "photo") == 0;
}

static const char *sent_words(const struct request *request, bool photos, unsigned long count)
{
	return memory_format(request->context,
		photos ? say_many(request, "%lu photo", "%lu photos", count)
		       : say_many(request, "%lu message", "%lu messages", count),
		count);
}

/* A line for each day and kind: "23 November 2026: 2 photos". */
static json_t *sent_view(const struct request *request, const json_t *sent)
{
	json_t *view = json_array();
	const json_t *one, *next;
	unsigned long count = 0;
	size_t i;

	json_array_foreach (sent, i, one) {
		count++;
		next = json_array_get(sent, i + 1);
		if (next && is_photo(next) == is_photo(one) && is_same_day(one, next))
			continue;
		json_array_append_new(view, json_pack("{s:o,s:s}", "day", day_view(request, one), "text",
						    sent_words(request, is_photo(one), count)));
		count = 0;
	}
	return view;
}

const struct error *messages_inbox(struct coming_back *visit, json_t *view)
{
	struct request *request = visit->request;
	struct intake *intake = intake_of(request);
	const struct inbox *inbox = &visit->inbox;
	const char *text = form_get(request->form, "text");
	char token[TOKEN_SIZE];

	token_new(token, intake->token_key, intake_seconds());
	json_object_set_new(view, "token", json_string(token));
	messages_once(request, view);
	intake_return(request, INTAKE_DESK_WRITING_SECONDS);
	json_object_set_new(view, "code", json_string(form_get(request->form, "code")));
	if (photos_token(request))
		json_object_set_new(view, "photo_token", json_string(photos_token(request)));
	json_object_set_new(view, "saved",
		json_string(language_date(request->context, request->language, inbox->saved_at)));
	json_object_set_new(view, "state", json_string(state_words(request, inbox)));
	json_object_set_new(view, "messages", answers_view(request, inbox->answers));
	json_object_set_new(view, "sent", sent_view(request, inbox->sent));
	json_object_set_new(view, "has_sent", json_boolean(json_array_size(inbox->sent)));
	if (text)
		json_object_set_new(view, "message", json_string(text));
	return page_show(request, "intake-messages", view);
}

/* The answer once the message is on the card; made before, so that the writer's thread need not. */
const struct error *messages_sent(struct request *request)
{
	json_t *view = intake_view(request, say(request, "Saved"));

	messages_once(request, view);
	intake_return(request, INTAKE_DESK_SECONDS);
	json_object_set_new(view, "code", json_string(form_get(request->form, "code")));
	return page_show(request, "intake-sent", view);
}

static void saved(struct intake_save *save, const struct error *error)
{
	struct coming_back *visit = (struct coming_back *)save;
	struct request *request = visit->request;

	if (error || !save->is_new)
		quota_report_back(intake_of(request)->quota, request->address);
	if (!error && !save->is_new && !save->is_same)
		error = error_new(ERROR_CONFLICT, "%s",
			say(request, "An earlier version of your message was saved already. If the change "
				     "matters, press Send again: it is saved beside the first."));
	server_resume(request, error);
}

static const struct error *check_text(const struct request *request, const char *text)
{
	const struct field *field = schema_field(schema_entity("message"), "text");

	if (!*text)
		return error_new(ERROR_INVALID, "%s", say(request, "Message: please write something first"));
	if (text_length(text) > field->max)
		return error_new(ERROR_INVALID,
			say(request,
				"Message: this is too long by %zu characters; please say it in two messages"),
			text_length(text) - field->max);
	return NULL;
}

const struct error *messages_may_send(struct request *request)
{
	struct intake *intake = intake_of(request);
	int minutes;

	TRY(intake_may_take(intake));
	minutes = quota_report(intake->quota, request->address, clock_boot_ms());
	if (!minutes)
		return NULL;
	return error_new(ERROR_UNAVAILABLE,
		say_many(request,
			"A lot has been sent from here in a short time. Please try again in %d minute.",
			"A lot has been sent from here in a short time. Please try again in %d minutes.",
			(unsigned long)minutes),
		minutes);
}

/* Only after an office has opened the report: until then the mailbox holds its first item alone, by which a
 * locked headquarters counts what nobody has opened (sync/urgent.c). */
const struct error *messages_note_sent(struct coming_back *visit, const char *what)
{
	const struct reporter reporter = messages_reporter(visit);

	if (strcmp(visit->inbox.state, "new") == 0)
		return NULL;
	return compose_own_item(visit->request->context, &reporter, "sent", json_pack("{s:s}", "what", what),
		&visit->composed);
}

static const struct error *take_message(struct coming_back *visit)
{
	struct request *request = visit->request;
	struct intake *intake = intake_of(request);
	const char *text = form_text(request->context, request->form, "text");
	const struct reporter reporter = messages_reporter(visit);
	const struct error *error;

	TRY(messages_may_send(request));
	error = compose_message(request->context, intake->coalition, &reporter,
		json_pack("{s:s}", "text", text), &visit->composed);
	if (!error)
		error = messages_note_sent(visit, "text");
	if (!error)
		error = messages_sent(request);
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
	*visit->waits = true;
	intake_save(&visit->save);
	return NULL;
}

static const struct error *with_notice(struct coming_back *visit, const char *words)
{
	json_t *view = intake_view(visit->request, messages_title(visit->request));

	json_object_set_new(view, "notice", json_string(words));
	return messages_inbox(visit, view);
}

static const struct error *with_problem(struct coming_back *visit, const char *words)
{
	json_t *view = intake_view(visit->request, messages_title(visit->request));

	page_problem(view, "text", words);
	return messages_inbox(visit, view);
}

static const struct error *answer_message(struct coming_back *visit)
{
	struct request *request = visit->request;
	struct intake *intake = intake_of(request);
	const char *token = form_get(request->form, "token");
	const char *text = form_text(request->context, request->form, "text");
	struct secret *none CLEANUP(secret_free) = NULL;
	enum receipt_state state = RECEIPT_UNKNOWN;
	const struct error *error;
	bool is_same;

	token_ticket(visit->ticket, token ? token : "");
	TRY(intake_find_receipt(intake, visit->ticket, &state, &none));
	visit->text = (struct bytes){(const uint8_t *)text, strlen(text)};
	if (state != RECEIPT_UNKNOWN) {
		TRY(intake_is_same(intake, visit->ticket, visit->text, &is_same));
		if (is_same)
			return messages_sent(request);
		error = check_text(request, text);
		if (error)
			return with_problem(visit, error->message);
		return with_notice(visit,
			say(request, "An earlier version of your message was saved already. If the change "
				     "matters, press Send again: it is saved beside the first."));
	}
	error = check_text(request, text);
	if (error)
		return with_problem(visit, error->message);
	if (!token || token_check(token, intake->token_key, intake_seconds(), 0) == TOKEN_STALE)
		return with_notice(visit,
			say(request, "This page was open for a long time. Your message is still here: please "
				     "press Send again."));
	return take_message(visit);
}

/* The page is there already; whether the office learns that it was read keeps nobody from reading. */
static void told(struct intake_save *save, const struct error *error)
{
	struct coming_back *visit = (struct coming_back *)save;

	if (error)
		log_warning("that an answer was read could not be kept: %s", error->message);
	server_resume(visit->request, NULL);
}

/* "Read on this day", once for each answer; nothing is written where all are known to be read. */
static const struct error *tell_seen(struct coming_back *visit)
{
	struct request *request = visit->request;
	struct intake *intake = intake_of(request);
	const struct reporter reporter = messages_reporter(visit);
	json_t *unseen = visit->inbox.unseen;
	char day[TEXT_TIME_SIZE];

	if (!json_array_size(unseen))
		return NULL;
	TRY(intake_may_take(intake));
	text_time(day, clock_wall_seconds());
	day[10] = '\0';
	TRY(compose_message(request->context, intake->coalition, &reporter,
		json_pack("{s:s,s:s,s:O}", "kind", "seen", "on", day, "answers", unseen), &visit->composed));
	TRY(compose_own_item(request->context, &reporter, "seen", json_pack("{s:O}", "answers", unseen),
		&visit->composed));
	visit->save = (struct intake_save){.composed = &visit->composed, .intake = intake, .done = told};
	*visit->waits = true;
	intake_save(&visit->save);
	return NULL;
}

static const struct error *look(struct coming_back *visit)
{
	struct request *request = visit->request;
	const struct error *error;

	TRY(messages_inbox(visit, intake_view(request, messages_title(request))));
	error = tell_seen(visit);
	if (error)
		log_warning("that an answer was read could not be kept: %s", error->message);
	return NULL;
}

static const struct error *look_or_send(struct coming_back *visit)
{
	const char *go = form_get(visit->request->form, "go");

	return go && strcmp(go, "send") == 0 ? answer_message(visit) : look(visit);
}

/* On the thread that has asked for the keys. */
static const struct error *answer(struct coming_back *visit, const struct secret *seed)
{
	struct mailbox *mailbox CLEANUP(mailbox_free) = mailbox_of_seed(seed);
	struct request *request = visit->request;
	struct intake *intake = intake_of(request);
	const struct error *error = inbox_read(intake, mailbox, &visit->inbox);

	tries_end(intake->tries, request->address, !error || error->code != ERROR_NOT_FOUND);
	if (error && error->code == ERROR_NOT_FOUND)
		return code_page(request, "code",
			say(request, "We do not know this code here. Please compare it with what you wrote "
				     "down. If you sent your answers at another place, they may need some "
				     "days to get here."));
	if (error)
		return error;
	if (visit->inbox.is_closed)
		return messages_closed(request);
	visit->mailbox = mailbox;
	return visit->then(visit);
}

static void got_seed(void *user, struct secret *seed, const struct error *error)
{
	struct coming_back *visit = user;
	struct request *request = visit->request;
	bool waits = false;

	visit->waits = &waits;
	if (!error)
		error = answer(visit, seed);
	else
		tries_end(intake_of(request)->tries, request->address, true);
	secret_free(seed);
	if (!waits)
		server_resume(request, error);
}

/* What is wrong with a code that cannot be one. */
static const char *mistyped(const struct request *request, const char *typed)
{
	size_t digits;

	if (!mailbox_code_digits(typed, &digits, NULL))
		return say(request, "Please look at the code again: it has only digits.");
	if (!digits)
		return say(request, "Please write the code first.");
	if (digits == MAILBOX_CODE_LEN)
		return say(request, "Please look at the code again: a digit was mistyped.");
	return memory_format(request->context,
		say_many(request, "Please look at the code again: it has 20 digits, and this is %lu.",
			"Please look at the code again: it has 20 digits, and these are %lu.",
			(unsigned long)digits),
		(unsigned long)digits);
}

static int visit_end(struct coming_back *visit)
{
	secret_free(visit->code);
	inbox_cleanup(&visit->inbox);
	return 0;
}

static const struct error *ask_later(struct request *request, int seconds)
{
	return code_page(request, "code",
		memory_format(request->context,
			say_many(request,
				"Many codes are being tried just now. Please wait %d second, then press Open "
				"again.",
				"Many codes are being tried just now. Please wait %d seconds, then press "
				"Open "
				"again.",
				(unsigned long)seconds),
			seconds));
}

static void got_turn(void *user, int seconds)
{
	struct coming_back *visit = user;
	struct request *request = visit->request;
	struct intake *intake = intake_of(request);

	if (seconds)
		server_resume(request, ask_later(request, seconds));
	else
		intake->codes->derive(intake->codes, visit->code, got_seed, visit);
}

const struct error *messages_open(
	struct request *request, const struct error *(*then)(struct coming_back *visit))
{
	struct intake *intake = intake_of(request);
	const char *typed = form_get(request->form, "code");
	struct secret *code;
	struct coming_back *visit;

	if (is_repeat(request))
		return ask_again(request);
	if (mailbox_code_parse(typed ? typed : "", &code))
		return code_page(request, "code", mistyped(request, typed ? typed : ""));
	visit = memory_new(request->context, struct coming_back);
	talloc_set_destructor(visit, visit_end);
	visit->request = request;
	visit->then = then;
	visit->code = code;
	server_suspend(request);
	tries_ask(intake->tries, request->address, got_turn, visit);
	return NULL;
}

const struct error *messages_answer(struct request *request)
{
	return messages_open(request, look_or_send);
}

const struct error *messages_hold(struct request *request, const char *page)
{
	const char *code = form_get(request->form, "code");
	json_t *view;

	if (is_repeat(request))
		return ask_again(request);
	view = intake_view(request, messages_title(request));
	messages_once(request, view);
	json_object_set_new(view, "code", json_string(code ? code : ""));
	intake_return(request, INTAKE_DESK_SECONDS);
	return page_show(request, page, view);
}
