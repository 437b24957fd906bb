/* Referrals: see referral.h.
 *
 * Two hubs write on one referral, each its own part, and either may hear of the other's words late and by a
 * wrong clock. So what has become of it depends on what was said, never on what was said last: done stands
 * above declined, that above progress, that above accepted. Only which of several promised days counts goes
 * by time. Runs in office. */
#include "node/casework/referral.h"

#include <string.h>

#include "node/base/text.h"
#include "node/casework/lists.h"

#define DAY INT64_C(86400)

const char *referral_stage_name(enum referral_stage stage)
{
	static const char *const names[] = {
		[REFERRAL_DRAFT] = "draft",
		[REFERRAL_SENT] = "sent",
		[REFERRAL_RECEIVED] = "received",
		[REFERRAL_ACCEPTED] = "accepted",
		[REFERRAL_IN_PROGRESS] = "in-progress",
		[REFERRAL_DECLINED] = "declined",
		[REFERRAL_DONE] = "done",
		[REFERRAL_WITHDRAWN] = "withdrawn",
		[REFERRAL_EXPIRED] = "expired",
	};

	return names[stage];
}

/* How far a reply of this kind brings it. A proposal brings it nowhere. */
static enum referral_stage stage_of(const char *kind)
{
	static const struct {
		const char *kind;
		enum referral_stage stage;
	} stages[] = {{"accepted", REFERRAL_ACCEPTED}, {"progress", REFERRAL_IN_PROGRESS},
		{"declined", REFERRAL_DECLINED}, {"done", REFERRAL_DONE}};

	for (size_t i = 0; i < sizeof stages / sizeof *stages; i++)
		if (strcmp(stages[i].kind, kind) == 0)
			return stages[i].stage;
	return REFERRAL_SENT;
}

/* Whether `a` was said after `b`. */
static bool is_later(const json_t *a, const json_t *b)
{
	int by_time = strcmp(json_text_or(a, "created", ""), json_text_or(b, "created", ""));

	return by_time ? by_time > 0 : strcmp(json_text_or(a, "key", ""), json_text_or(b, "key", "")) > 0;
}

/* The last day stands for whatever part of a date was given: "2026-11" is all of November. */
static bool is_past(const char *day, const char *today)
{
	return *day && strncmp(today, day, strlen(day)) > 0;
}

/* An answer is owed as soon as a report would have to be looked at. */
static void answer_by(char out[static REFERRAL_DAY_SIZE], const json_t *referral)
{
	const char *urgency = json_text_or(referral, "urgency", "");
	int days = strcmp(urgency, "emergency") == 0 ? 1 : strcmp(urgency, "urgent") == 0 ? 3 : 14;
	char time[TEXT_TIME_SIZE];
	int64_t sent;

	if (text_to_time(json_text_or(referral, "sent_at", ""), &sent))
		return;
	text_time(time, sent + days * DAY);
	memcpy(out, time, REFERRAL_DAY_SIZE - 1);
}

static bool is_unanswered(enum referral_stage stage)
{
	return stage == REFERRAL_SENT || stage == REFERRAL_RECEIVED;
}

bool referral_is_owed(const struct referral_state *state)
{
	return is_unanswered(state->stage) || state->stage == REFERRAL_ACCEPTED ||
	       state->stage == REFERRAL_IN_PROGRESS;
}

static void find_due(struct referral_state *state, const json_t *referral, const json_t *newest)
{
	if (is_unanswered(state->stage))
		answer_by(state->due, referral);
	else if (newest)
		snprintf(state->due, sizeof state->due, "%s", json_text_or(newest, "next", ""));
}

struct referral_state referral_state(const json_t *referral, const json_t *replies, const char *today)
{
	const char *said = json_text_or(referral, "state", "draft");
	bool is_over = is_past(json_text_or(referral, "expires", ""), today);
	struct referral_state state = {.stage = REFERRAL_SENT};
	const json_t *reply, *newest = NULL;
	size_t i;

	json_array_foreach (replies, i, reply) {
		enum referral_stage stage = stage_of(json_text_or(reply, "kind", ""));

		state.stage = stage > state.stage ? stage : state.stage;
		if (*json_text_or(reply, "next", "") && (!newest || is_later(reply, newest)))
			newest = reply;
	}
	if (state.stage == REFERRAL_SENT && json_is_true(json_object_get(referral, "received")))
		state.stage = REFERRAL_RECEIVED;
	if (referral_is_owed(&state) && is_over)
		state.stage = REFERRAL_EXPIRED;
	if (strcmp(said, "withdrawn") == 0)
		state.stage = REFERRAL_WITHDRAWN;
	else if (strcmp(said, "sent") != 0)
		state.stage = REFERRAL_DRAFT;
	if (referral_is_owed(&state))
		find_due(&state, referral, newest);
	state.is_overdue = is_past(state.due, today);
	state.is_readable = !is_over && (referral_is_owed(&state) || state.stage == REFERRAL_DONE);
	return state;
}

bool referral_takes(const struct referral_state *state, const char *kind)
{
	enum referral_stage stage = state->stage;

	if (strcmp(kind, "accepted") == 0)
		return is_unanswered(stage);
	if (strcmp(kind, "declined") == 0)
		return referral_is_owed(state);
	if (strcmp(kind, "progress") == 0 || strcmp(kind, "done") == 0)
		return stage == REFERRAL_ACCEPTED || stage == REFERRAL_IN_PROGRESS;
	/* Whoever cannot act can still name somebody who could. */
	return strcmp(kind, "proposal") == 0 && (referral_is_owed(state) || stage == REFERRAL_DECLINED);
}

#define COLUMNS                                                                                              \
	"SELECT r.key, r.case_key, r.provider, p.name AS provider_name, r.hub, r.home, r.sender, "           \
	"r.service, "                                                                                        \
	"r.urgency, r.state, r.sent_at, r.expires, r.ref, r.alias, (SELECT json_group_array(json_object("    \
	"'key', y.key, 'kind', y.kind, 'next', y.next, 'created', y.created)) FROM reply y WHERE "           \
	"y.referral = r.key) AS \"list:replies\""
#define TO_PROVIDER " LEFT JOIN provider p ON p.key = r.provider "
#define FROM_REFERRAL " FROM referral r" TO_PROVIDER
#define OF_CASE "LEFT JOIN case_ c ON c.key = r.case_key "
/* Those of a hub that the reader may see, the newest first. */
#define SEEN(of)                                                                                             \
	COLUMNS FROM_REFERRAL OF_CASE "WHERE " of " AND " SIGHT_CASE                                         \
				      " ORDER BY r.created DESC LIMIT ? OFFSET ?"

static const struct error *page(
	struct casefile *file, const char *sql, const char *of, int limit, int offset, json_t **out)
{
	struct query query;

	TRY(db_prepare(casefile_db(file), &query, sql));
	db_bind_text(&query, 1, of);
	db_bind_integer(&query, 2, limit);
	db_bind_integer(&query, 3, offset);
	return lists_rows(&query, out);
}

const struct error *referral_list_to(struct casefile *file, const char *provider, int limit, json_t **out)
{
	return page(file,
		COLUMNS FROM_REFERRAL
		"WHERE r.provider = ? AND r.state <> 'draft' ORDER BY r.created DESC LIMIT ? OFFSET ?",
		provider, limit, 0, out);
}

const struct error *referral_list_received(
	struct casefile *file, const char *hub, int limit, int offset, json_t **out)
{
	return page(file, SEEN("r.hub = ? AND r.state <> 'draft'"), hub, limit, offset, out);
}

const struct error *referral_list_sent(
	struct casefile *file, const char *hub, int limit, int offset, json_t **out)
{
	return page(file, SEEN("r.sent_by = ?"), hub, limit, offset, out);
}

const struct error *referral_list_hindered(
	struct casefile *file, const char *hub, const char *today, int limit, json_t **out)
{
	struct query query;

	TRY(db_prepare(casefile_db(file), &query,
		COLUMNS
		", c.ref AS case_ref, w.reason, w.agency FROM in_the_way w CROSS JOIN referral r ON r.id = "
		"w.referral" TO_PROVIDER OF_CASE "WHERE w.referral > 0 AND r.sent_by = ?1 AND r.state = "
		"'sent' AND r.until >= ?2 AND " SIGHT_CASE " ORDER BY r.until, r.key LIMIT ?3"));
	db_bind_text(&query, 1, hub);
	db_bind_text(&query, 2, today);
	db_bind_integer(&query, 3, limit);
	return lists_rows(&query, out);
}

const struct error *referral_list_lapsed(struct casefile *file, const char *hub, int limit, json_t **out)
{
	return page(file,
		"SELECT r.key, r.case_key FROM referral r JOIN consent s ON s.key = r.consent WHERE "
		"r.sent_by = ? AND r.state = 'sent' AND s.withdrawn <> '' ORDER BY r.created LIMIT ? OFFSET "
		"?",
		hub, limit, 0, out);
}

const struct error *referral_replies(struct casefile *file, const char *referral, json_t **out)
{
	return page(file,
		"SELECT y.key, y.kind, y.why, y.text, y.next, y.provider, p.name AS provider_name, y.how, "
		"y.who, y.\"on\", y.author AS \"by\", y.home AS hub, y.created FROM reply y LEFT JOIN "
		"provider p ON p.key = y.provider WHERE y.referral = ? ORDER BY y.created, y.key LIMIT ? "
		"OFFSET ?",
		referral, -1, 0, out);
}

const char *referral_sender(const json_t *referral)
{
	const char *sender = json_text_or(referral, "sender", "");

	return *sender ? sender : json_text_or(referral, "home", "");
}

const struct error *referral_hubs(
	struct casefile *file, const char *key, const json_t *set, struct referral_hubs *out)
{
	struct query query CLEANUP(db_finish) = {0};
	const char *state, *hub, *next = json_text_or(set, "sender", "");
	bool row;

	*out = (struct referral_hubs){0};
	ids_key_log(out->sender, key);
	TRY(db_prepare(casefile_db(file), &query, "SELECT state, hub, sent_by FROM referral WHERE key = ?"));
	db_bind_text(&query, 1, key);
	TRY(db_step(&query, &row));
	if (row && ids_is_log(db_text(&query, 2)))
		memcpy(out->sender, db_text(&query, 2), LOG_ID_SIZE);
	if (ids_is_log(next) && strcmp(next, out->sender) != 0)
		memcpy(out->next, next, LOG_ID_SIZE);
	out->is_new = !row;
	state = json_text_or(set, "state", row ? db_text(&query, 0) : "draft");
	hub = json_text_or(set, "hub", row ? db_text(&query, 1) : "");
	if (strcmp(state, "draft") != 0 && strlen(hub) == LOG_ID_SIZE - 1)
		memcpy(out->provider, hub, LOG_ID_SIZE);
	return NULL;
}
