/* What several pages of intake need: whether anything can be taken now, the one way onto the card, and what
 * every page shows (intake.h). The pages themselves lie in pages.c, form_pages.c, send.c and messages.c;
 * starting and ending in role.c.
 *
 * Invariant: a report, its mailbox item and its receipt are on the card together or not at all. Runs in
 * intake. */
#include "web/intake/intake.h"

#include <string.h>
#include <unistd.h>

#include "node/base/clock.h"
#include "node/base/embed.h"
#include "node/base/files.h"
#include "node/base/text.h"
#include "node/store/doorbell.h"
#include "sync/mailboxes.h"
#include "sync/state.h"
#include "sync/urgent.h"
#include "web/intake/gate.h"

EMBED(intake_sql, "web/intake/intake.sql");

#define LOOK_MS 250 /* at how far sync is, which takes what is new about once a second */
#define CLOCK_AHEAD (UINT64_C(2000) << 16) /* two seconds of the hybrid clock */

static const struct error *set_up_db(struct db *db, int *roster)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	uint64_t last = 0;
	char *hlc;

	/* A small cache is enough for rows that are only added; what one commit of many reports changes may
	 * go beyond it. */
	TRY(db_run(db, "PRAGMA secure_delete = ON; PRAGMA cache_size = -256; PRAGMA cache_spill = OFF"));
	/* Sixteen megabytes of log: in a busy hour rows come and leave in the same pages (make_room), which
	 * are written to their place once in the log's length. */
	TRY(db_run(db, "PRAGMA wal_autocheckpoint = 32000"));
	TRY(receipts_start(db, intake_seconds()));
	if (!db_meta_get(scratch, db, "hlc", &hlc))
		TRY(clock_hlc_parse(hlc, &last));
	clock_start(last);
	*roster = (int)db_meta_number(db, "roster", 0);
	return NULL;
}

const struct error *intake_open_db(const struct home *home, struct db **out, int *roster)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const char *steps[] = {memory_format(scratch, "%s%s%s", META_SQL, spool_sql, intake_sql), NULL};
	const struct db_schema schema = {steps, SPOOL_DB_VERSION};
	struct db *db CLEANUP(db_close) = NULL;

	TRY(db_open(home_file(scratch, home, "intake.db"), &schema, &db));
	TRY(set_up_db(db, roster));
	*out = db;
	db = NULL;
	return NULL;
}

const struct error *intake_claim_db(const struct home *home, struct db *db)
{
	struct trust trust;

	TRY(trust_read(home, &trust));
	return spool_claim(db, trust.self.log);
}

int64_t intake_seconds(void)
{
	return clock_boot_ms() / 1000;
}

/* What a tap on it dials: the digits of "0800 100 200" and of "Police 999"; "" where it is not one number. */
static char *dialled(const void *context, const char *label)
{
	const char *from = strpbrk(label, "+0123456789");
	char *number = memory_string(context, from ? from : ""), *end = number;

	if (!from || from[strspn(from, "+0123456789 -")])
		return memory_string(context, "");
	for (; *from; from++)
		if (*from != ' ' && *from != '-')
			*end++ = *from;
	*end = '\0';
	return number;
}

/* "0800 100 200, Police 999": [{label, dial}]. */
static json_t *phones(const void *context, const char *text)
{
	json_t *list = json_array();

	while (*text) {
		size_t len = strcspn(text, ",");
		char *label = text_trim(context, memory_string_of(context, text, len));

		if (*label)
			json_array_append_new(list,
				json_pack("{s:s,s:s}", "label", label, "dial", dialled(context, label)));
		text += text[len] ? len + 1 : len;
	}
	return list;
}

/* The language that was chosen on a page travels in its links and forms; NULL: none was. */
static const struct language *chosen_language(const struct request *request)
{
	const char *code = form_get(request->form, "l");

	if (!code)
		code = form_get(request->query, "l");
	return code ? language_find(code) : NULL;
}

const struct language *intake_language(const struct request *request)
{
	const struct language *language = chosen_language(request);

	return language ? language : language_accepted(request_header(request, "Accept-Language"));
}

const char *intake_link(const struct request *request, const char *path)
{
	const struct language *language = chosen_language(request);

	return language ? memory_format(request->context, "%s?l=%s", path, language_code(language)) : path;
}

/* What the office calls itself, or in the reader's language that it does not say. */
static const char *office_name(const struct request *request)
{
	const char *name = intake_of(request)->home->config->intake.name;

	return strcmp(name, "this office") == 0 ? say(request, "this office") : name;
}

/* Of a page that answers something sent: the token it was sent with, so that leaving the page ends it. */
static const char *left_behind(const struct request *request)
{
	const char *token = form_get(request->form, text_starts(request->path, "/form/") ? "token" : "once");

	return request->method == METHOD_POST && token && token_is_whole(token) ? token : NULL;
}

json_t *intake_view(const struct request *request, const char *title)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct config *config = intake_of(request)->home->config;
	const struct language *chosen = chosen_language(request);
	json_t *view = json_pack("{s:s,s:s}", "title", title, "office", office_name(request));

	if (chosen) {
		json_object_set_new(view, "l", json_string(language_code(chosen)));
		json_object_set_new(view, "ask", json_string(intake_link(request, "")));
	}
	if (left_behind(request))
		json_object_set_new(view, "left", json_string(left_behind(request)));
	if (!request->is_secure && gate_is_workshop(request))
		json_object_set_new(view, "is_open", json_true());
	if (*config->intake.phone) {
		json_object_set_new(view, "has_phones", json_true());
		json_object_set_new(view, "phones", phones(scratch, config->intake.phone));
	}
	return view;
}

bool intake_is_at_desk(const struct request *request)
{
	return intake_of(request)->home->config->intake.form == FORM_COUNTER;
}

void intake_return(struct request *request, int seconds)
{
	if (intake_is_at_desk(request))
		request_add_header(request, "Refresh", memory_format(request->context, "%d; url=/", seconds));
}

const struct error *intake_may_take(struct intake *intake)
{
	struct coalition_readers readers;
	uint64_t free_space;

	TRY(coalition_readers(intake->coalition, &readers));
	TRY(files_free_space(intake->home->path, &free_space));
	if (free_space < INTAKE_RESERVE)
		return error_new(
			ERROR_FULL, SAY("This hub has no room left, so nothing new can be saved here now. "
					"Please tell the people at the desk: they can make room, or write "
					"down what you say"));
	return NULL;
}

const struct error *intake_find_receipt(
	struct intake *intake, const char *ticket, enum receipt_state *state, struct secret **code)
{
	bool is_at_desk = intake->home->config->intake.form == FORM_COUNTER;
	int64_t now = intake_seconds() + (is_at_desk ? RECEIPT_PAGE_SECONDS - INTAKE_DESK_SECONDS : 0);
	const struct error *error;

	*state = RECEIPT_UNKNOWN;
	*code = NULL;
	if (!seen_find(intake->seen, receipt_id(ticket), NULL))
		return NULL;
	pthread_mutex_lock(&intake->lock);
	error = receipts_find(intake->reader, intake->seen, ticket, now, state, code);
	pthread_mutex_unlock(&intake->lock);
	return error;
}

const struct error *intake_is_same(
	struct intake *intake, const char *ticket, struct bytes sent, bool *is_same)
{
	const struct error *error;
	struct receipt receipt;

	receipt_make(&receipt, ticket, NULL, sent);
	pthread_mutex_lock(&intake->lock);
	error = receipts_is_same(intake->reader, intake->seen, &receipt, is_same);
	pthread_mutex_unlock(&intake->lock);
	return error;
}

const struct error *intake_keep_clock(struct db *db, struct intake *intake)
{
	uint64_t now = clock_next(), ahead = now + CLOCK_AHEAD;
	char hlc[HLC_SIZE];

	if (now < intake->clock_kept)
		return NULL;
	clock_hlc_text(hlc, ahead);
	TRY(db_meta_set(db, "hlc", hlc));
	intake->clock_kept = ahead;
	return NULL;
}

const struct error *intake_taken(const struct intake *intake, int64_t *upto)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct db *mailboxes CLEANUP(db_close) = NULL;
	const struct error *error = db_open_foreign(
		home_file(scratch, intake->home, "mailbox.db"), MAILBOX_DB_VERSION, &mailboxes);

	*upto = 0;
	if (error) /* sync has taken nothing yet */
		return error->code == ERROR_UNAVAILABLE ? NULL : error;
	return state_taken(mailboxes, "intake", upto);
}

/* As many rows leave, of those that sync has taken, as come: these are written over them, where pages would
 * else be filled with zeros first. What is left when nothing more comes is tidied up later (role.c). */
static const struct error *make_room(struct db *db, struct intake *intake, size_t rows)
{
	int64_t now = clock_boot_ms(), upto;

	if (now >= intake->taken_look_ms) {
		intake->taken_look_ms = now + LOOK_MS;
		if (!intake_taken(intake, &upto)) /* else the report is none the worse */
			intake->taken = upto;
	}
	if (intake->pruned >= intake->taken)
		return NULL;
	TRY(spool_prune(db, intake->taken, rows));
	if (!sqlite3_changes(db->handle))
		intake->pruned = intake->taken;
	return NULL;
}

static const struct error *save_work(struct db *db, void *job)
{
	struct intake_save *save = job;
	struct seen *seen = save->intake->seen;

	save->is_new = true;
	if (save->composed->entries[0].urgent)
		save->intake->is_log_marked = true;
	if (save->ticket)
		TRY(receipts_add(db, seen, &save->receipt, intake_seconds(), &save->is_new));
	if (!save->is_new)
		return receipts_is_same(db, seen, &save->receipt, &save->is_same);
	TRY(intake_keep_clock(db, save->intake));
	TRY(make_room(db, save->intake, save->composed->count));
	return compose_spool(db, save->composed);
}

/* Sync's watch sees the mark on the card before anything else is done with the report. */
static void ring_urgent(const struct intake *intake)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);

	doorbell_ring(home_file(scratch, intake->home, URGENT_BELL));
}

static void save_done(void *job, const struct error *error)
{
	struct intake_save *save = job;
	struct intake *intake = save->intake;
	uint64_t one = 1;

	if (!error && save->is_new && !atomic_exchange(&intake->is_told, true)) {
		ssize_t told = write(intake->wake_fd, &one, sizeof one);

		(void)told; /* an eventfd that is full has been told already */
	}
	if (!error && save->is_new && save->composed->entries[0].urgent)
		ring_urgent(intake);
	if (error)
		intake->clock_kept = 0; /* it may have been rolled back with the rest */
	save->done(save, error);
}

void intake_save(struct intake_save *save)
{
	if (save->ticket) {
		receipt_make(&save->receipt, save->ticket, save->code, save->sent);
		seen_expect(save->intake->seen, save->receipt.id);
	}
	group_submit(save->intake->group, save_work, save_done, save);
}
