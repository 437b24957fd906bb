/* Referrals: what has become of one, worked out from what its sender said and what came back (casework.md,
 * "States"); the lists of them; and the two hubs that one is for. The one place that knows. */
#ifndef ENGABO_CASEWORK_REFERRAL_H
#define ENGABO_CASEWORK_REFERRAL_H

#include "node/casework/casefile.h"

enum referral_stage {
	REFERRAL_DRAFT,
	REFERRAL_SENT,
	REFERRAL_RECEIVED, /* the provider's hub has it: its signed log says so */
	REFERRAL_ACCEPTED,
	REFERRAL_IN_PROGRESS,
	REFERRAL_DECLINED,
	REFERRAL_DONE,
	REFERRAL_WITHDRAWN,
	REFERRAL_EXPIRED,
};
#define REFERRAL_DAY_SIZE sizeof "2026-11-23"
struct referral_state {
	enum referral_stage stage;
	char due[REFERRAL_DAY_SIZE]; /* the day by which the provider owes the next word; "" when none */
	bool is_overdue;
	bool is_readable; /* by those whom it was sent to: not withdrawn, declined, or past its last day */
};
/* A function of the set of replies, in whatever order they stand: [{"key","kind","next","created"}], as
 * referral_replies gives them. `referral` has state, expires, sent_at, urgency; "received" is true where the
 * provider's hub is known to have it. */
struct referral_state referral_state(const json_t *referral, const json_t *replies, const char *today);
/* "sent", "in-progress" ...: for show_choice. */
const char *referral_stage_name(enum referral_stage stage);
/* Whether the provider owes the next word: neither answered for good, withdrawn nor past its last day. */
bool referral_is_owed(const struct referral_state *state);
/* Whether a reply of this kind can be given now. */
bool referral_takes(const struct referral_state *state, const char *kind);

/* {"key","case_key","provider","provider_name","hub","home","sender","service","urgency","state","sent_at","expires",
 * "ref","alias","replies":[{"key","kind","next","created"}]} newest first. To this provider, drafts left out:
 * for their own eyes. */
const struct error *referral_list_to(
	struct casefile *file, const char *provider, int limit, json_t **out) MUST_CHECK;
/* To providers of this hub; sent by this hub. */
const struct error *referral_list_received(
	struct casefile *file, const char *hub, int limit, int offset, json_t **out) MUST_CHECK;
const struct error *referral_list_sent(
	struct casefile *file, const char *hub, int limit, int offset, json_t **out) MUST_CHECK;
/* Sent by this hub, neither withdrawn nor past their last day, and with something in the way (table
 * in_the_way, obstacle.h): also "case_ref", "reason" and "agency". Those that end first, first. */
const struct error *referral_list_hindered(
	struct casefile *file, const char *hub, const char *today, int limit, json_t **out) MUST_CHECK;
/* Sent by this hub on a consent that is withdrawn by now: {"key","case_key"}; for the hub itself, not for a
 * page. */
const struct error *referral_list_lapsed(
	struct casefile *file, const char *hub, int limit, json_t **out) MUST_CHECK;
/* {"key","kind","why","text","next","provider","provider_name","how","who","on","by","hub","created"}, oldest
 * first. Whoever asks has opened the referral (casefile_get). */
const struct error *referral_replies(struct casefile *file, const char *referral, json_t **out) MUST_CHECK;

/* The log id of the hub that speaks as its sender; of a record or a row of the lists above. */
const char *referral_sender(const json_t *referral);

/* The hub that sent it: the one in its key, or whom that one named since; the provider's: "" when they have
 * an account at none, or while it is a draft; whom `set` names to be the next sender, or "". `set`: what is
 * being said of the referral now, or NULL. */
struct referral_hubs {
	char sender[LOG_ID_SIZE], provider[LOG_ID_SIZE], next[LOG_ID_SIZE];
	bool is_new; /* not known here yet */
};
const struct error *referral_hubs(
	struct casefile *file, const char *key, const json_t *set, struct referral_hubs *out) MUST_CHECK;

#endif
