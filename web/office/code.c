/* A provider without an account at any hub, with a slip: one code, one referral. They read it, accept or
 * decline, say how it goes, and finish. The code is made by slip.c.
 *
 * "It opens that referral and nothing else": such a session names no person, so every other page sends it
 * away, and these pages ask for no record but the one it is bound to. A code that was used is gone from the
 * case file. Guesses cost what wrong passphrases cost. Office role. */
#include "web/office/code.h"

#include <string.h>

#include "node/base/clock.h"
#include "node/base/text.h"
#include "node/casework/lists.h"
#include "node/vault/words.h"
#include "web/office/catch.h"
#include "web/office/fields.h"
#include "web/office/referred.h"
#include "web/office/show.h"

#define BY "one-time code" /* nobody can be called that: a name has no spaces */
#define CODE_MAX 200

static const struct asked answer_asked[] = {
	{"why", NULL, SAY("If you cannot."), false, false},
	{"text", SAY("What you want to say"), SAY("The office that sent it reads this."), false, false},
	{"next", SAY("When they hear from you next"), NULL, false, false},
	{0},
};

const char *code_verifier(const void *context, const struct secret *code)
{
	char *text = memory_zeroed(context, 2 * DIGEST_LEN + 1, "verifier");
	uint8_t digest[DIGEST_LEN];

	digest_of(digest, (struct bytes){code->data, code->len});
	text_hex(text, digest, sizeof digest);
	return text;
}

/* These pages are for whoever holds a slip, also where staff is signed in in the same browser; what they may
 * see is decided here alone. */
static const struct error *begin(struct visit *visit)
{
	visit->session = NULL;
	if (!visit->reception->is_open)
		return NULL;
	casefile_read_as(visit->office->file, NULL);
	error_ignore(catch_up(visit->office)); /* told on the hubs page */
	return NULL;
}

static struct session *session_of(struct visit *visit)
{
	const struct reception *reception = visit->reception;
	char was[PERSON_NAME_MAX + 1];

	return reception->is_open
		       ? session_find(reception->slips,
				 request_cookie(visit->request, reception->slip_cookie), clock_boot_ms(), was)
		       : NULL;
}

/* ---- the code ---- */

static const struct error *show_form(struct visit *visit)
{
	visit_set(visit, "is_locked", json_boolean(!visit->reception->is_open));
	return visit_show(visit, "office-code", "Code");
}

const struct error *code_form(struct visit *visit)
{
	TRY(begin(visit));
	return show_form(visit);
}

static bool is_sent_here(const struct visit *visit, const json_t *record)
{
	return strcmp(referral_sender(record), visit->office->trust.self.log) == 0;
}

/* The referral, and whether it may still be read: it is not over, the consent it rests on holds, and it is
 * this hub's: of one that went to another hub nothing more is heard here, not even that it was withdrawn. */
static const struct error *find(struct visit *visit, const char *key, json_t **record,
	struct referral_state *state, bool *is_readable)
{
	json_t *consent CLEANUP(json_decref) = NULL;
	const struct error *error;

	TRY(referred_find(visit, key, record, state));
	error = casefile_get(visit->office->file, "consent", json_text_or(*record, "consent", ""), &consent);
	if (error && error->code != ERROR_NOT_FOUND)
		return error;
	*is_readable = state->is_readable && !*json_text_or(consent, "withdrawn", "") &&
		       is_sent_here(visit, *record);
	return NULL;
}

static const struct error *use_code(struct visit *visit, const char *key, const json_t *record)
{
	struct reception *reception = visit->reception;
	struct batch *batch = batch_new(visit->context, visit->office, BY);
	char token[SESSION_TOKEN_SIZE];
	struct session *session;

	TRY(batch_event(batch, "referral", key, json_text_or(record, "case", ""),
		json_pack("{ss}", "pass", ""), NULL));
	TRY(batch_audit(batch, "opened a referral by its one-time code", key));
	TRY(batch_commit(batch));
	session = session_begin(reception->slips, "slip", clock_boot_ms(), token);
	snprintf(session->about, sizeof session->about, "%s", key);
	request_add_header(
		visit->request, "Set-Cookie", visit_cookie(visit->context, reception->slip_cookie, token, 0));
	secret_wipe(token, sizeof token);
	request_redirect(visit->request, "/code/referral");
	return NULL;
}

static bool must_wait(struct visit *visit, const struct throttle_who *who)
{
	int64_t wait = throttle_wait_ms(visit->reception->throttle, who, clock_boot_ms());
	unsigned long seconds = (unsigned long)(wait + 999) / 1000;

	if (wait <= 0)
		return false;
	visit->request->status = 429;
	request_add_header(visit->request, "Retry-After", visit_path(visit, "%lu", seconds));
	visit_problem(visit, "code",
		visit_path(visit,
			say_many(visit->request, "Too many wrong tries. Wait %lu second and try again",
				"Too many wrong tries. Wait %lu seconds and try again", seconds),
			seconds));
	return true;
}

const struct error *code_open(struct visit *visit)
{
	const char *typed = form_get(visit->form, "code"), *key;
	struct secret *code CLEANUP(secret_free) = NULL;
	json_t *record CLEANUP(json_decref) = NULL;
	struct throttle_who who = {
		visit_path(visit, "a slip from %s", visit->request->address), visit->request->address, NULL};
	struct referral_state state;
	bool is_there = false;

	TRY(begin(visit));
	if (!visit->reception->is_open) {
		visit->request->status = 503;
		visit_problem(visit, "code", "The hub is locked. Ask an officer to open it, then try again");
	} else if (!typed || !*typed || strlen(typed) > CODE_MAX) {
		visit_problem(visit, "code", "Type the eight words of the slip");
	}
	if (visit_has_problems(visit) || !typed || must_wait(visit, &who))
		return show_form(visit);
	code = words_normal(typed);
	TRY(lists_of_pass(visit->context, visit->office->file, code_verifier(visit->context, code), &key));
	if (*key)
		TRY(find(visit, key, &record, &state, &is_there));
	if (is_there)
		return use_code(visit, key, record);
	visit->request->status = 403;
	if (record && !is_sent_here(visit, record)) {
		visit_problem(visit, "code",
			visit_path(visit,
				say(visit->request,
					"Another office sees to this now: %s. Ask there for a new slip"),
				office_hub_name(visit->office, referral_sender(record))));
		return show_form(visit);
	}
	throttle_failed(visit->reception->throttle, &who, clock_boot_ms());
	visit_problem(visit, "code",
		"This code opens nothing: it is mistyped, or it was used before, or what it was for is over. "
		"Ask the "
		"office for a new slip");
	return show_form(visit);
}

/* ---- the referral ---- */

static json_t *answers(const struct visit *visit, const struct referral_state *state)
{
	static const struct {
		const char *kind, *label;
	} kinds[] = {{"accepted", SAY("I take it on")}, {"declined", SAY("I cannot")},
		{"progress", SAY("It goes on")}, {"done", SAY("It is done")}};
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (referral_takes(state, kinds[i].kind))
			json_array_append_new(
				list, json_pack("{ss, ss, sb}", "code", kinds[i].kind, "label",
					      say(visit->request, kinds[i].label), "selected",
					      strcmp(visit_field(visit, "kind"), kinds[i].kind) == 0));
	return list;
}

/* A referral that is over shows nothing but that. */
static const struct error *show_referral(struct visit *visit, struct session *session)
{
	struct asking asking = {"reply", NULL, NULL, answer_asked};
	json_t *record CLEANUP(json_decref) = NULL;
	struct referral_state state;
	bool is_readable;

	TRY(find(visit, session->about, &record, &state, &is_readable));
	visit_text(visit, "csrf", session->csrf);
	if (session->notice)
		visit_text(visit, "notice", session->notice);
	session->notice = NULL;
	visit_text(visit, "state_label", show_choice(visit, referral_stage_name(state.stage)));
	visit_text(visit, "state_class", show_tag(referral_stage_name(state.stage)));
	visit_set(visit, "is_readable", json_boolean(is_readable));
	if (is_readable) {
		json_t *list = answers(visit, &state);

		referral_shown(visit, record);
		TRY(fields_show(visit, &asking));
		visit_set(visit, "can_answer", json_boolean(json_array_size(list)));
		visit_set(visit, "answers", list);
	}
	return visit_show(visit, "office-code-referral", "Referral");
}

static const struct error *go_to_code(struct visit *visit)
{
	request_redirect(visit->request, "/code");
	return NULL;
}

const struct error *code_page(struct visit *visit)
{
	struct session *session;

	TRY(begin(visit));
	session = session_of(visit);
	return session ? show_referral(visit, session) : go_to_code(visit);
}

static void check_answer(struct visit *visit, const struct referral_state *state, const json_t *set)
{
	const char *kind = visit_field(visit, "kind"), *next = json_text_or(set, "next", "");

	if (!*kind || strcmp(kind, "proposal") == 0)
		visit_problem(visit, "kind", "Choose your answer");
	else if (!referral_takes(state, kind))
		visit_problem(visit, "kind", "This answer does not fit any more: look at the state above");
	if (strcmp(kind, "declined") == 0 && !*visit_field(visit, "why"))
		visit_problem(visit, "why", "Why not: say why you cannot, so that they find somebody else");
	if (strcmp(kind, "done") == 0 && !*visit_field(visit, "text"))
		visit_problem(visit, "text", "Say what came of it");
	if (*next && strcmp(next, show_today(visit->context)) < 0)
		visit_problem(visit, "next", "When they hear from you next: this day has passed");
}

static const struct error *write_answer(
	struct visit *visit, const struct session *session, const json_t *record, json_t *set)
{
	struct batch *batch = batch_new(visit->context, visit->office, BY);
	json_t *provider CLEANUP(json_decref) = NULL;
	char key[ENTITY_KEY_SIZE];

	TRY(casefile_get(visit->office->file, "provider", json_text_or(record, "provider", ""), &provider));
	json_object_set_new(set, "referral", json_string(session->about));
	json_object_set_new(set, "kind", json_string(visit_field(visit, "kind")));
	json_object_set_new(set, "how", json_string("slip"));
	json_object_set_new(set, "who",
		json_string(memory_format(visit->context, "%.100s", json_text_or(provider, "name", ""))));
	json_object_set_new(set, "on", json_string(show_today(visit->context)));
	write_key_new(key, visit->office);
	TRY(batch_event(batch, "reply", key, "", json_incref(set), NULL));
	return batch_commit(batch);
}

const struct error *code_answer(struct visit *visit)
{
	struct asking asking = {"reply", NULL, NULL, answer_asked};
	json_t *record CLEANUP(json_decref) = NULL, *set CLEANUP(json_decref) = NULL,
		       *over CLEANUP(json_decref) = NULL;
	struct referral_state state;
	struct session *session;
	const struct error *failed;
	bool is_readable;

	TRY(begin(visit));
	session = session_of(visit);
	if (!session)
		return go_to_code(visit);
	if (!session_csrf_fits(session, form_get(visit->form, "csrf")))
		return error_new(ERROR_DENIED, "this form is out of date; go back, load the page again");
	TRY(find(visit, session->about, &record, &state, &is_readable));
	if (!is_readable)
		return show_referral(visit, session);
	TRY(fields_take(visit, &asking, &set, &over));
	check_answer(visit, &state, set);
	if (visit_has_problems(visit))
		return show_referral(visit, session);
	failed = write_answer(visit, session, record, set);
	if (failed && visit_tell_unsaved(visit, failed))
		return show_referral(visit, session);
	if (failed)
		return failed;
	session->notice = say(visit->request, "Your answer is saved.");
	request_redirect(visit->request, "/code/referral");
	return NULL;
}
